"""The samples of one request, put together from a completions server's answer or its chunks.

In a conversation a server may hand over a model's reasoning apart from its answer. It is put back in front,
between `<think>` and `</think>`, where the model wrote it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from prover.policies.base import Completion, Finish

BROKEN = "\ufffd"


class Broken(ValueError):  # noqa: N818 (says what the answer is)
    """An answer that is no completion."""


@dataclass(slots=True)
class _Sample:
    """One sample, as far as it came."""

    pieces: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: str = ""


class Choices:
    """Collects `n` samples."""

    def __init__(self, n: int, version: str) -> None:
        self._samples = [_Sample() for _ in range(n)]
        self._version = version
        self._failure = ""

    @property
    def complete(self) -> bool:
        """Whether every sample has ended."""
        return all(sample.finish for sample in self._samples)

    def fail(self, reason: str) -> None:
        """Say what is wrong with the samples that have not ended."""
        self._failure = reason

    def add_json(self, content: bytes) -> None:
        """Take a whole answer. Raises `Broken`."""
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise Broken("the answer is not UTF-8") from None
        self.add_chunk(text)
        if not self.complete:
            self.fail("the answer has too few samples, or samples without an end")

    def add_chunk(self, text: str) -> None:
        """Take one chunk of a stream. Raises `Broken`."""
        try:
            chunk = json.loads(text)
            if isinstance(chunk, dict) and "error" in chunk and "choices" not in chunk:
                raise Broken(f"the server reports an error: {_one_line(chunk['error'])}")
            for choice in chunk["choices"]:
                self._add(choice)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, Broken):
                raise
            raise Broken(f"the server sent a malformed chunk: {_one_line(text)}") from None

    def _add(self, choice: dict[str, Any]) -> None:
        index = choice.get("index", 0)
        if not isinstance(index, int) or not 0 <= index < len(self._samples):
            raise Broken(f"the server sent a sample that nobody asked for: {_one_line(index)}")
        sample = self._samples[index]
        told = choice.get("logprobs") or {}
        if "text" in choice:
            sample.pieces.append(_text(choice["text"]))
            tokens, values = told.get("tokens") or [], told.get("token_logprobs") or []
        else:
            message = choice["delta"] if "delta" in choice else choice["message"]
            reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
            sample.reasoning.append(_text(reasoning))
            sample.pieces.append(_text(message.get("content") or ""))
            each = told.get("content") or []
            tokens, values = [one["token"] for one in each], [one["logprob"] for one in each]
        if len(tokens) != len(values):
            raise ValueError
        for token, value in zip(tokens, values, strict=True):
            if value is None or not math.isfinite(value) or value > 1e-3:
                raise ValueError
            sample.tokens.append(str(token))
            sample.logprobs.append(min(0.0, float(value)))
        sample.ids += [int(token) for token in choice.get("token_ids") or []]
        if choice.get("finish_reason"):
            sample.finish = str(choice["finish_reason"])

    def completions(self) -> list[Completion]:
        """The samples; what has not ended, or ended in an error, is marked as such."""
        return [self._completion(sample) for sample in self._samples]

    def _completion(self, sample: _Sample) -> Completion:
        text, reasoning = "".join(sample.pieces), "".join(sample.reasoning)
        logprobs = sample.logprobs
        if reasoning:
            text = f"<think>{reasoning}</think>{text}"
            logprobs = []  # The marks are tokens too, or not: where a token starts cannot be told.
        finish = {"stop": Finish.STOP, "length": Finish.LENGTH}.get(sample.finish, Finish.ERROR)
        reason = ""
        if finish is Finish.ERROR:
            reason = self._failure or f"the server ended the sample with {sample.finish or 'nothing'!r}"
        known = len(sample.tokens)
        return Completion(
            text=text,
            finish=finish,
            version=self._version,
            tokens=known or len(sample.ids),
            token_ids=tuple(sample.ids),
            logprobs=tuple(logprobs),
            offsets=tuple(_offsets(sample.tokens, text)[: len(logprobs)]),
            reason=reason,
        )


def _offsets(tokens: list[str], text: str) -> list[int]:
    """Where each token starts in `text`, in characters.

    A token that ends inside of a character is told with replacement characters, as many as it has bytes, and
    so are the tokens with the rest of that character: they all start where the character does.
    """
    found: list[int] = []
    place, inside = 0, False
    for token in tokens:
        whole = token.strip(BROKEN)
        if not inside and (whole == token or (not whole and text.startswith(token, place))):
            found.append(min(place, len(text)))
            place += len(token)
        elif not whole:
            found.append(min(place, len(text)))
            inside = True
        else:
            start = text.find(whole, place)
            start = place if start < 0 else start
            found.append(min(place if token.startswith(BROKEN) else start, len(text)))
            place, inside = start + len(whole), token.endswith(BROKEN)
    return found


def _text(value: object) -> str:
    """Raises `TypeError` for what is no text."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _one_line(value: object) -> str:
    text = value.get("message", value) if isinstance(value, dict) else value
    return " ".join(str(text).split())[:100]
