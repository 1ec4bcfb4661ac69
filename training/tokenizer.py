"""The tokenizer: byte-level BPE, learnt from the corpus so that goals and tactics stay short.

A small model on a CPU pays for every token, so what every prompt repeats is one token each (the fixed
heads, the line above a state), a line end goes together with the indentation behind it, and a symbol of
Lean is one token however many bytes it has. Digits stay single, so that numbers have one spelling. Bytes
are the alphabet, so any text survives the way there and back.

    python -m training.tokenizer CORPUS --out DIRECTORY

writes `tokenizer.json` and `tokenizer_config.json`, which transformers and vLLM read as they are.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from data.records import CorpusError, CorpusRecord, read_corpus
from prover.prompts import COT, NON_COT
from training.corpus.render import CLOSING, examples

BOS, EOS, PAD = "<|begin|>", "<|end|>", "<|pad|>"
SPECIAL = (BOS, EOS, PAD)
"""Their ids are 0, 1 and 2."""
PHRASES = (NON_COT, COT, "\n  /- tactic state:", "\n  -/\n", CLOSING)
"""What prompts and answers repeat word for word: one token each, the last ids."""
VOCABULARY = 4096
SYMBOLS = (
    "∀∃∄∧∨¬→↔←↦⟨⟩·∘×⊕⊢≤≥≠≡≈∣∤∈∉⊆⊂⊇⊃∪∩∅⊥⊤∑∏∫√∞λΠΣℕℤℚℝℂ▸⁻¹²³ⁿ✝₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₙₘ"
    "αβγδεζηθικμνξπρστυφχψωΓΔΘΛΞΦΨΩ‹›«»⌊⌋⌈⌉∥↑↓⇒⇔•∙…"
)
"""Letters of the alphabet beside the bytes."""

_SPLIT = pre_tokenizers.Split(
    Regex(
        "|".join(
            (
                r"\n+ *",
                r" ?[\p{L}_][\p{L}_'!?₀-₉✝]*(?:\.[\p{L}_][\p{L}_'!?₀-₉]*)*",
                r" ?[0-9]",
                r"\.[0-9]",
                r" {2,}",
                r" ?[^\s\p{L}_0-9]+",
                r"\s",
            )
        )
    ),
    behavior="isolated",
)
"""Where tokens may begin and end: merges happen inside of a piece only."""
_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
_LETTER_OF = {symbol: chr(0xE000 + place) for place, symbol in enumerate(SYMBOLS)}
"""A letter for private use stands for each symbol while merges are learnt: some symbols are themselves
the letter of a byte in the byte-level spelling."""
_SYMBOL_OF = {letter: symbol for symbol, letter in _LETTER_OF.items()}


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """A tokenizer of at most `vocabulary` tokens; of fewer, if the texts do not repeat so many.

    The same texts give the same tokenizer. Raises `ValueError` for a vocabulary that has no room for
    bytes, symbols and special tokens.
    """
    counts = Counter(piece for text in texts for piece, _ in _SPLIT.pre_tokenize_str(_plain(text)))
    letters, joins = _letters()
    room = vocabulary - len(SPECIAL) - len(PHRASES) - len(letters)
    if room < 0:
        raise ValueError(f"a vocabulary of {vocabulary} is too small; it needs at least {vocabulary - room}")
    merges = joins + _learn(counts, room)
    tokens = dict.fromkeys([*SPECIAL, *letters, *(left + right for left, right in merges)])
    tokenizer = Tokenizer(models.BPE(vocab={token: id_ for id_, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([_SPLIT, _BYTES])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.add_tokens([AddedToken(phrase, normalized=False) for phrase in PHRASES])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, directory: Path, context: int = 4096) -> None:
    """Write what transformers and vLLM read. `context` is the model's longest text, in tokens."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
    }
    text = json.dumps(config, indent=2) + "\n"
    (directory / "tokenizer_config.json").write_text(text, encoding="utf-8")


def load_tokenizer(directory: Path) -> Tokenizer:
    """The tokenizer that `save_tokenizer` wrote, without transformers, which takes seconds to import.

    Raises `ValueError` for a file that is missing, no tokenizer, or none of ours.
    """
    path = directory / "tokenizer.json"
    if not path.is_file():
        raise ValueError(f"{path} does not exist; write it with `python -m training.tokenizer`")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # The library raises nothing more specific.
        raise ValueError(f"{path} is no tokenizer: {' '.join(str(error).split())}") from None
    if [tokenizer.token_to_id(token) for token in SPECIAL] != list(range(len(SPECIAL))):
        raise ValueError(f"{path} is not of this project: its first tokens are not {', '.join(SPECIAL)}")
    return tokenizer


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """A prompt's tokens, with the one that begins a text."""
    return list(tokenizer.encode(prompt).ids)


def completion_ids(tokenizer: Tokenizer, completion: str) -> list[int]:
    """An answer's tokens, with the one that ends a text. Tokenized apart from its prompt, because that is
    how it is written."""
    ids = tokenizer.encode(completion, add_special_tokens=False).ids
    return [*ids, SPECIAL.index(EOS)]


def _letters() -> tuple[list[str], list[tuple[str, str]]]:
    """The bytes, in the byte-level spelling, and the symbols with the pieces on the way to them; and the
    merges that make symbols of bytes."""
    joins: dict[tuple[str, str], None] = {}
    for symbol in SYMBOLS:
        spelling = _spelling(symbol)
        joins.update(((spelling[:place], spelling[place]), None) for place in range(1, len(spelling)))
    made = dict.fromkeys(left + right for left, right in joins)
    return [*sorted(pre_tokenizers.ByteLevel.alphabet()), *made], list(joins)


def _learn(counts: Counter[str], size: int) -> list[tuple[str, str]]:
    """The `size` most useful merges in the byte-level spelling.

    While they are learnt a symbol is one letter, so nothing is ever merged with a half of one.
    """
    alphabet = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *_SYMBOL_OF]
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + size, min_frequency=2, show_progress=False, initial_alphabet=alphabet
    )
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    learner.train_from_iterator((f"{_word(piece)} " * count for piece, count in counts.items()), trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [(_spelled(left), _spelled(right)) for left, right in merges]


def _word(piece: str) -> str:
    """A piece with each of its symbols as one letter, and everything else byte by byte."""
    return "".join(_LETTER_OF.get(character) or _spelling(character) for character in piece)


def _spelled(token: str) -> str:
    """A learnt token in the byte-level spelling."""
    return "".join(_spelling(_SYMBOL_OF[letter]) if letter in _SYMBOL_OF else letter for letter in token)


@cache
def _spelling(character: str) -> str:
    """The bytes of a character, each as the letter that stands for it."""
    ((spelling, _),) = _BYTES.pre_tokenize_str(character)
    return spelling


def _plain(text: str) -> str:
    """A text without what has tokens of its own."""
    for phrase in PHRASES:
        text = text.replace(phrase, "")
    return text


def corpus_texts(records: Sequence[CorpusRecord], seed: int = 0) -> Iterator[str]:
    """One pass over the training texts, to learn the tokenizer from."""
    for index, record in enumerate(records):
        for example in examples(record, random.Random(f"{seed}:{index}")):
            yield example.prompt
            yield example.completion


def lengths(tokenizer: Tokenizer, records: Sequence[CorpusRecord]) -> dict[str, tuple[float, float]]:
    """By kind of text, the mean number of tokens of one, and of tokens a character."""
    kinds = {
        "statement": [record.statement for record in records],
        "proof": [record.proof for record in records],
        "tactic": [line.strip() for record in records for line in record.proof.split("\n")],
        "goal": [goal for record in records for _, goals in record.steps or () for goal in goals],
    }
    found = {}
    for kind, texts in kinds.items():
        tokens = sum(len(encoding) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False))
        found[kind] = tokens / max(1, len(texts)), tokens / max(1, sum(map(len, texts)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn a tokenizer, write it, and print how long texts become; 2 for a corpus that cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m training.tokenizer", description="Learn a tokenizer.")
    parser.add_argument("corpus", type=Path, help="a .jsonl file of corpus records")
    parser.add_argument("--out", type=Path, required=True, help="directory to write to")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY, help="largest number of tokens")
    given = parser.parse_args(arguments)
    try:
        records = read_corpus(given.corpus)
        tokenizer = train_tokenizer(corpus_texts(records), given.vocabulary)
        save_tokenizer(tokenizer, given.out)
    except (CorpusError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{given.out}: {tokenizer.get_vocab_size()} tokens, learnt from {len(records):,} records")
    for kind, (tokens, share) in lengths(tokenizer, records).items():
        print(f"{kind:10}{tokens:7.1f} tokens, {share:.3f} a character")
    return 0


if __name__ == "__main__":
    sys.exit(main())
