"""From corpus files to rows: which statements are held out, how records become examples, in which order.

Everything here is a function of the files, the configuration and the number of the epoch, so a resumed
run, or another rank, makes the same rows without having been told.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from data.records import CorpusError, CorpusRecord, read_corpus
from prover.policies.prompting import write_prompting
from training.corpus.hint import with_hints_looked_up
from training.corpus.rename_lemmas import with_other_lemmas
from training.corpus.render import Example, cuts, renamed, resumed, whole
from training.errors import TrainError
from training.sft.config import DataConfig
from training.sft.packing import Rows, TokenExample, pack
from training.tokenizer import EOS, SPECIAL, load_tokenizer, save_tokenizer, train_tokenizer

HELD_OUT_EPOCH = -1
"""The number of the one epoch of held-out rows: a stream of random numbers of its own."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Records apart, and the tokenizer that they are read with."""

    config: DataConfig
    seed: int
    tokenizer: Tokenizer
    train: tuple[CorpusRecord, ...]
    held_out: tuple[CorpusRecord, ...]
    digest: str
    """SHA-256 of the corpus files' bytes."""

    def epoch(self, number: int) -> tuple[Rows, int]:
        """The rows of one pass over the training records, in order, and how many examples were too long."""
        return self._rows(self.train, number)

    def validation(self) -> Rows:
        """The rows of the held-out records, the same whenever asked."""
        return self._rows(self.held_out, HELD_OUT_EPOCH)[0]

    def _rows(self, records: Sequence[CorpusRecord], epoch: int) -> tuple[Rows, int]:
        rng = random.Random(f"{self.seed}:{epoch}")
        texts = [example for record in records for example in self._examples(record, rng)]
        rng.shuffle(texts)
        all_of_it = 0 <= epoch < self.config.pretraining_epochs
        rows, too_long = pack(tokenized(self.tokenizer, texts, all_of_it=all_of_it), self.config.length)
        # The packer fills early rows best, so their order says something about their content.
        order = np.random.default_rng([self.seed, epoch - HELD_OUT_EPOCH]).permutation(len(rows))
        return rows[order.astype(np.int32)], too_long

    def _examples(self, record: CorpusRecord, rng: random.Random) -> Iterator[Example]:
        """What one pass shows of a record: its proof in full, if it is good as a whole, and cut."""
        if _is_automation(record) and rng.random() >= self.config.automation_share:
            return
        record = renamed(record, rng)
        if record.hints and rng.random() < self.config.made_up_lemmas:
            record = with_other_lemmas(record, rng)
        places = cuts(record)
        for cot in (False, True) if rng.random() < self.config.cot_share else (False,):
            if record.start == 0:
                yield whole(record, cot=cot)
            if places and (record.start > 0 or rng.random() < self.config.resumed_share):
                yield resumed(record, rng.choice(places), cot=cot)


def load_dataset(config: DataConfig, checkpoint: Path | None, seed: int) -> Dataset:
    """Read the corpus, and the tokenizer: the named one, else that of the model to start from, else one is
    learnt. Raises `TrainError`."""
    records, digest = _read(config.corpus)
    if config.hints:
        records = with_hints_looked_up(records)
    else:
        records = [replace(record, hints=()) for record in records]
    train, held_out = split(records, config.held_out)
    if not train:
        raise TrainError("data.held_out leaves no statement to train on; lower it")
    try:
        if (folder := config.tokenizer or checkpoint) is not None:
            tokenizer = load_tokenizer(folder)
        else:
            tokenizer = train_tokenizer(_texts(train, seed), config.vocabulary)
    except ValueError as error:
        raise TrainError(f"data.tokenizer: {error}") from error
    return Dataset(config, seed, tokenizer, train, held_out, digest)


def _is_automation(record: CorpusRecord) -> bool:
    """Whether the proof is one step, and none that uses a lemma which the prompt shows."""
    shown = record.hints[0] if record.hints else ()
    return len(record.steps or ()) == 1 and record.proof.strip() not in shown


def keep_tokenizer(dataset: Dataset, folder: Path) -> None:
    """Write to `folder`, for the model's checkpoints, the tokenizer and what prompts it is to be given."""
    save_tokenizer(dataset.tokenizer, folder)
    write_prompting(folder, hints=dataset.config.hints)


def split(
    records: Sequence[CorpusRecord], share: float
) -> tuple[tuple[CorpusRecord, ...], tuple[CorpusRecord, ...]]:
    """Records for training, and those of the held-out statements.

    All proofs of a statement are on one side, and always on the same one, however the corpus grows.
    """
    held = [_fraction(record) < share for record in records]
    return (
        tuple(record for record, out in zip(records, held, strict=True) if not out),
        tuple(record for record, out in zip(records, held, strict=True) if out),
    )


def _fraction(record: CorpusRecord) -> float:
    """A number in [0, 1) that depends on the statement's text alone, without its name."""
    start, end = record.name_span()
    head, rest = record.statement[:start].removesuffix(" "), record.statement[end:]
    text = f"{record.header}\0{head}\0{rest}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def _read(paths: Sequence[Path]) -> tuple[list[CorpusRecord], str]:
    digest = hashlib.sha256()
    records: list[CorpusRecord] = []
    for path in paths:
        try:
            records += read_corpus(path)
            digest.update(path.read_bytes())
        except (CorpusError, OSError) as error:
            raise TrainError(f"data.corpus: {error}") from error
    if not records:
        raise TrainError(f"data.corpus: {paths[0]} has no proof; build the corpus first")
    return records, digest.hexdigest()


def _texts(records: Sequence[CorpusRecord], seed: int) -> Iterator[str]:
    """What a tokenizer learns from: both parts of each proof's examples."""
    rng = random.Random(f"{seed}:tokenizer")
    for record in (renamed(record, rng) for record in records):
        yield "".join(whole(record))
        if places := cuts(record):
            yield "".join(resumed(record, rng.choice(places)))


def tokenized(tokenizer: Tokenizer, texts: Sequence[Example], *, all_of_it: bool) -> Iterator[TokenExample]:
    """Prompt and completion are encoded apart, since a prompt stands alone when the model is asked.

    With `all_of_it` the prompt is to be learnt as well, but for the token that begins a text.
    """
    prompts = tokenizer.encode_batch_fast([text.prompt for text in texts])
    completions = tokenizer.encode_batch_fast([text.completion for text in texts], add_special_tokens=False)
    end = SPECIAL.index(EOS)
    for prompt, completion in zip(prompts, completions, strict=True):
        yield TokenExample((*prompt.ids, *completion.ids, end), 1 if all_of_it else len(prompt.ids))
