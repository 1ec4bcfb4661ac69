"""Batched sampling: prompts in, completions with their log-probs out.

Prompts that are equal are read once however many samples they get; each sample then has a row of the
batch. A batch's tensors live in a `State`, of which there are two kinds: shapes that follow the text, or
fixed ones whose steps a GPU replays.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from prover.policies.base import Completion, Finish, PromptError, Sampling, cut_at_stop
from training.generate.distinct import Answers, Walk, draw_distinct
from training.generate.engine import Engine
from training.generate.graphs import Buckets, FixedState
from training.generate.prefill import Read, read_prompts
from training.generate.prefix import PrefixCache
from training.generate.sampling import draw, uniform
from training.generate.state import Draw, GrowingState, State
from training.generate.text import offsets, token_bytes
from training.model import CheckpointError, Transformer, load_checkpoint

BATCH_TOKENS = 65_536
"""Prompt and new tokens that one batch may come to, what its cache must hold: on a CPU."""
CACHE_BYTES = 4 * 2**30
"""What they may take on a GPU, whose memory is there to be used."""
KNOWN_BYTES = 256 * 2**20
"""Size of the prefix cache."""
REPEATS, FRESH = 3, 2**20
"""How often samples that are equal are drawn again, and what is added to their numbers each time."""
LAG = 8
"""Tokens that rows get before anyone looks whether one has ended, where that saves time."""


@dataclass(slots=True)
class _Row:
    """One sample under way."""

    place: int
    limit: int
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    text: bytearray = field(default_factory=bytearray)
    finish: Finish | None = None
    walk: Walk | None = None
    """Through the earlier answers to its prompt, if it is to be a new one."""
    repeated: bool = False
    """Another row of the batch has the same answer."""


class Generator:
    """A model with its tokenizer, that writes. For one thread at a time; keeps what it has read."""

    def __init__(
        self,
        model: Transformer,
        tokenizer: Tokenizer,
        version: str,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
        batch_tokens: int | None = None,
        known_bytes: int = KNOWN_BYTES,
        fixed: bool | None = None,
    ) -> None:
        """Raises `ValueError` for a tokenizer that does not fit the model. `model` is used up: its
        parameters move to `device`.

        `fixed` is whether tensors keep their shapes while a batch is written: by default where this lets
        steps be captured, on a GPU and without sparse experts.
        """
        self._bytes = token_bytes(tokenizer, model.config.vocab_size)
        self._tokenizer = tokenizer
        self._version = version
        self._engine = Engine(model, device, dtype)
        self._config = model.config
        self._context = model.config.max_position_embeddings
        self._end = model.config.eos_token_id
        on_gpu = self._engine.device.type == "cuda"
        if batch_tokens is None:
            batch_tokens = CACHE_BYTES // self._engine.token_bytes if on_gpu else BATCH_TOKENS
        self._batch_tokens = batch_tokens
        self._known = PrefixCache(known_bytes)
        self._answers = Answers()
        fixed = on_gpu and self._engine.capturable if fixed is None else fixed
        self._buckets = Buckets(self._engine) if fixed else None

    def update(self, model: Transformer, version: str) -> None:
        """Go on with the weights of `model`, which stays as it is; completions are `version`'s from now on.

        What was read with the old weights is forgotten, and which answers a prompt has got. Raises
        `ValueError` if the model's configuration is another.
        """
        if model.config != self._config:
            raise ValueError(f"the new weights are of another configuration: {model.config}, {self._config}")
        self._engine.update(model)
        self._version = version
        self._known.clear()
        self._answers = Answers()

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling, stop: threading.Event | None = None
    ) -> list[list[Completion]]:
        """`n` completions a prompt, in order. Setting `stop` ends all of them within a few tokens.

        A sample depends on its prompt, the prompt's place, its own number and the seed, not on the rest of
        the batch, as far as sums of floating-point numbers do not; one that is to be distinct, on all that
        its prompt has got before as well. Raises `PromptError` for one that leaves no room for an answer.
        """
        encoded = [list(self._tokenizer.encode(prompt).ids) for prompt in prompts]
        for ids in encoded:
            if len(ids) >= self._context:
                raise PromptError(
                    f"a prompt has {len(ids)} tokens, and the model reads {self._context} at most"
                )
            if not ids:
                raise PromptError("a prompt is empty, and the tokenizer puts nothing before it")
        jobs = [(index, sample) for index in range(len(prompts)) for sample in range(n)]
        longest = max(map(len, encoded), default=1)
        width = max(1, self._batch_tokens // min(longest + sampling.max_tokens, self._context))
        found: list[list[Completion]] = [[] for _ in prompts]
        for start in range(0, len(jobs), width):
            batch = jobs[start : start + width]
            for (index, _), row in zip(batch, self._rows(encoded, batch, sampling, stop), strict=True):
                found[index].append(self._completion(row, sampling))
        return found

    @torch.inference_mode()
    def score(self, rows: Sequence[Sequence[int]]) -> list[list[float]]:
        """Log-probs, in nats, of all tokens but the first of each row, computed as writing them would; rows
        are equally long."""
        first = [(row[0],) for row in rows]
        distinct = list(dict.fromkeys(first))
        read = dict(zip(distinct, read_prompts(self._engine, distinct, PrefixCache(0)), strict=True))
        told_BL = torch.tensor([row[1:] for row in rows], device=self._engine.device)
        # As if words were drawn from a nucleus: then somebody else is asked for each.
        state = self._state([read[one] for one in first], torch.zeros(*told_BL.shape, 2), Sampling())
        found: list[list[float]] = [[] for _ in rows]
        for told_B in told_BL.unbind(1):
            _, logprobs = state.draw(partial(_told, told_B), 1)
            for row, (logprob,) in zip(found, logprobs, strict=True):
                row.append(logprob)
        return found

    def _rows(
        self,
        encoded: list[list[int]],
        jobs: list[tuple[int, int]],
        sampling: Sampling,
        stop: threading.Event | None,
    ) -> list[_Row]:
        """The samples of `jobs`; if they are to be distinct, those that two rows came to at once are drawn
        again, a few times."""
        rows = self._batch(encoded, jobs, sampling, stop)
        for attempt in range(1, REPEATS + 1):
            again = [place for place, row in enumerate(rows) if row.repeated]
            if not again:
                break
            other = [(jobs[place][0], jobs[place][1] + attempt * FRESH) for place in again]
            for place, row in zip(again, self._batch(encoded, other, sampling, stop), strict=True):
                rows[place] = row
        return rows

    @torch.inference_mode()
    def _batch(
        self,
        encoded: list[list[int]],
        jobs: list[tuple[int, int]],
        sampling: Sampling,
        stop: threading.Event | None,
    ) -> list[_Row]:
        """Write all samples of `jobs`, pairs of a prompt and the sample's number."""
        limits = [min(sampling.max_tokens, self._context - len(encoded[index])) for index, _ in jobs]
        rows = [_Row(place, limit) for place, limit in enumerate(limits)]
        if stop is not None and stop.is_set():  # Reading the prompts would take longer than a few tokens.
            return rows
        chances = torch.stack([uniform(sampling.seed, *job, max(limits)) for job in jobs])
        prompts = list(dict.fromkeys(tuple(encoded[index]) for index, _ in jobs))
        read = dict(zip(prompts, read_prompts(self._engine, prompts, self._known), strict=True))
        live = list(rows)
        distinct = sampling.distinct and sampling.temperature > 0
        if distinct:
            for row, (index, _) in zip(rows, jobs, strict=True):
                row.walk = self._answers.walk(tuple(encoded[index]))
        state = self._state([read[tuple(encoded[index])] for index, _ in jobs], chances, sampling)
        marks = [mark.encode() for mark in sampling.stop]
        choose = _drawing(sampling, live if distinct else None)
        while live and not (stop is not None and stop.is_set()):
            lag = min(LAG, max(row.limit - len(row.ids) for row in live))
            found = state.draw(choose, lag)
            for row, tokens, logprobs in zip(live, *found, strict=True):
                self._append(row, tokens, logprobs, marks)
            ended = [place for place, row in enumerate(live) if row.finish is not None]
            if len(ended) == len(live):
                break
            if ended:
                live[:] = [live[place] for place in state.remove(ended)]
        return rows

    def _state(self, read: list[Read], chances: Tensor, sampling: Sampling) -> State:
        if self._buckets is None:
            return GrowingState(self._engine, read, chances)
        plain = sampling.temperature == 0 or (sampling.top_p == 1 and not sampling.distinct)
        return FixedState(self._buckets, read, chances, sampling.temperature if plain else None)

    def _append(self, row: _Row, tokens: list[int], logprobs: list[float], marks: list[bytes]) -> None:
        """What a row was given next, up to where it ends."""
        tokens = tokens[: row.limit - len(row.ids)]
        if self._end in tokens:
            tokens = tokens[: tokens.index(self._end) + 1]
            row.finish = Finish.STOP
        pieces = [self._bytes[token] for token in tokens]
        before = len(row.text)
        row.text += b"".join(pieces)
        starts = [(row.text.find(mark, max(0, before - len(mark) + 1)), len(mark)) for mark in marks]
        if ends := [start + length for start, length in starts if start >= 0]:
            # The token in which the first mark becomes whole is the last.
            length, count = before, 0
            while length < min(ends):
                length += len(pieces[count])
                count += 1
            tokens = tokens[:count]
            del row.text[length:]
            row.finish = Finish.STOP
        row.ids += tokens
        row.logprobs += logprobs[: len(tokens)]
        if row.finish is None and len(row.ids) >= row.limit:
            row.finish = Finish.LENGTH
        if row.finish is not None and row.walk is not None:
            row.repeated = not row.walk.finish()

    def _completion(self, row: _Row, sampling: Sampling) -> Completion:
        text, _ = cut_at_stop(row.text.decode("utf-8", "replace"), sampling.stop)
        starts = offsets(self._bytes[token] for token in row.ids)
        if starts and starts[-1] > len(text):
            starts = [min(start, len(text)) for start in starts]
        return Completion(
            text=text,
            finish=row.finish or Finish.LENGTH,
            version=self._version,
            tokens=len(row.ids),
            token_ids=tuple(row.ids),
            logprobs=tuple(row.logprobs),
            offsets=tuple(starts),
        )


def _told(tokens_B: Tensor, logits_BV: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens that are given, as if they had been drawn."""
    return tokens_B, logits_BV.log_softmax(-1).gather(-1, tokens_B[:, None])[:, 0]


def _drawing(sampling: Sampling, distinct: list[_Row] | None) -> Draw:
    """How rows' tokens are drawn; `distinct` are the rows still written, if no answer is to come twice."""
    heat = sampling.temperature, sampling.top_p
    if distinct is None:
        return lambda logits_BV, uniform_B2: draw(logits_BV, uniform_B2, *heat)
    return lambda logits_BV, uniform_B2: draw_distinct(
        logits_BV, uniform_B2[:, 0], *heat, [row.walk for row in distinct if row.walk is not None]
    )


def load_generator(
    path: Path | str,
    version: str,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    batch_tokens: int | None = None,
    fixed: bool | None = None,
) -> Generator:
    """The model and tokenizer in the directory `path`. Raises `CheckpointError`."""
    path = Path(path)
    model = load_checkpoint(path, device, dtype)
    try:
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    except Exception as error:  # The library raises nothing more specific.
        raise CheckpointError(
            f"{path}: tokenizer.json cannot be read: {' '.join(str(error).split())}"
        ) from None
    try:
        return Generator(
            model, tokenizer, version, device=device, dtype=dtype, batch_tokens=batch_tokens, fixed=fixed
        )
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
