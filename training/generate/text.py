"""Tokens as bytes, so that stop strings and offsets need no tokenizer while text is being written.

Byte-level tokenizers (GPT-2's scheme, which DeepSeek's and ours share) spell each token with one letter a
byte; the end of a token may lie inside of a character.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from itertools import accumulate

from tokenizers import Tokenizer


def token_bytes(tokenizer: Tokenizer, size: int) -> list[bytes]:
    """The bytes of each token of a vocabulary of `size`; none for special tokens and unused numbers.

    Raises `ValueError` for a tokenizer that is not byte-level, or has more tokens than that.
    """
    kinds = json.dumps(json.loads(tokenizer.to_str()).get("decoder") or {})
    if '"ByteLevel"' not in kinds:
        raise ValueError("the tokenizer is not byte-level, and this program writes with no other")
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if highest >= size:
        raise ValueError(f"the tokenizer has tokens up to number {highest}, but the model knows {size}")
    letters = _byte_letters()
    found = [b""] * size
    for token, number in tokenizer.get_vocab(with_added_tokens=False).items():
        # A word that is none of bytes is special, or was added and follows below.
        found[number] = bytes(letters[letter] for letter in token) if set(token) <= letters.keys() else b""
    for number, added in tokenizer.get_added_tokens_decoder().items():
        found[number] = b"" if added.special else added.content.encode()
    return found


def offsets(pieces: Iterable[bytes]) -> list[int]:
    """Where each piece starts in the decoded text, in characters; half a character starts where the whole
    one does."""
    pieces = list(pieces)
    if all(map(bytes.isascii, pieces)):
        return list(accumulate(map(len, pieces[:-1]), initial=0)) if pieces else []
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    found, length = [], 0
    for piece in pieces:
        found.append(length)
        length += len(decoder.decode(piece))
    return found


def _byte_letters() -> dict[str, int]:
    """The byte that each letter stands for: printable bytes stand for themselves, the others follow from
    letter 256 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}
