"""Batched sampling: prompts in, completions with their log-probs out.

Prompts that are equal are read once however many samples they get; each sample then has a row of the
batch. All rows write into the same column of the cache, step by step; the last row takes the place of one
that has ended, so the batch shrinks without copying.

Shapes: B rows still written, S columns of the cache, V vocabulary.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from prover.policies.base import Completion, Finish, Sampling, cut_at_stop
from training.generate.distinct import Answers, Walk, draw_distinct
from training.generate.engine import Engine
from training.generate.prefill import Read, read_prompts
from training.generate.prefix import PrefixCache
from training.generate.sampling import draw, uniform
from training.generate.text import offsets, token_bytes
from training.model import CheckpointError, Transformer, load_checkpoint

BATCH_TOKENS = 65_536
"""Prompt and new tokens that one batch may come to: what its cache must hold."""
KNOWN_BYTES = 256 * 2**20
"""Size of the prefix cache."""
REPEATS, FRESH = 3, 2**20
"""How often samples that are equal are drawn again, and what is added to their numbers each time."""
ROOM = 64
"""Columns by which the cache grows."""


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
        batch_tokens: int = BATCH_TOKENS,
        known_bytes: int = KNOWN_BYTES,
    ) -> None:
        """Raises `ValueError` for a tokenizer that does not fit the model. `model` is used up: its
        parameters move to `device`."""
        self._bytes = token_bytes(tokenizer, model.config.vocab_size)
        self._tokenizer = tokenizer
        self._version = version
        self._engine = Engine(model, device, dtype)
        self._context = model.config.max_position_embeddings
        self._end = model.config.eos_token_id
        self._batch_tokens = batch_tokens
        self._known = PrefixCache(known_bytes)
        self._answers = Answers()

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling, stop: threading.Event | None = None
    ) -> list[list[Completion]]:
        """`n` completions a prompt, in order. Setting `stop` ends all of them at the next token.

        A sample depends on its prompt, the prompt's place, its own number and the seed, not on the rest of
        the batch, as far as sums of floating-point numbers do not; one that is to be distinct, on all that
        its prompt has got before as well. Raises `ValueError` for a prompt that leaves no room for an answer.
        """
        encoded = [list(self._tokenizer.encode(prompt).ids) for prompt in prompts]
        for ids in encoded:
            if len(ids) >= self._context:
                raise ValueError(
                    f"a prompt has {len(ids)} tokens, and the model reads {self._context} at most"
                )
            if not ids:
                raise ValueError("a prompt is empty, and the tokenizer puts nothing before it")
        jobs = [(index, sample) for index in range(len(prompts)) for sample in range(n)]
        longest = max(map(len, encoded), default=1)
        width = max(1, self._batch_tokens // min(longest + sampling.max_tokens, self._context))
        found: list[list[Completion]] = [[] for _ in prompts]
        for start in range(0, len(jobs), width):
            batch = jobs[start : start + width]
            for (index, _), row in zip(batch, self._rows(encoded, batch, sampling, stop), strict=True):
                found[index].append(self._completion(row, sampling))
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
        chances = torch.stack([uniform(sampling.seed, *job, max(limits)) for job in jobs])
        prompts = list(dict.fromkeys(tuple(encoded[index]) for index, _ in jobs))
        read = dict(zip(prompts, read_prompts(self._engine, prompts, self._known), strict=True))
        state = _State(self._engine, [read[tuple(encoded[index])] for index, _ in jobs], chances)
        live = list(rows)
        distinct = sampling.distinct and sampling.temperature > 0
        if distinct:
            for row, (index, _) in zip(rows, jobs, strict=True):
                row.walk = self._answers.walk(tuple(encoded[index]))
        while live and not (stop is not None and stop.is_set()):
            heat = sampling.temperature, sampling.top_p
            if distinct:
                walks = [row.walk for row in live if row.walk is not None]
                tokens_B, logprobs_B = draw_distinct(state.logits_BV, state.chances()[:, 0], *heat, walks)
            else:
                tokens_B, logprobs_B = draw(state.logits_BV, state.chances(), *heat)
            for row, token, logprob in zip(live, tokens_B.tolist(), logprobs_B.tolist(), strict=True):
                self._append(row, token, logprob, sampling)
            for place in reversed(range(len(live))):
                if live[place].finish is not None:
                    live[place] = live[-1]
                    live.pop()
                    tokens_B = state.remove(place, tokens_B)
            if live:
                state.advance(tokens_B)
        return rows

    def _append(self, row: _Row, token: int, logprob: float, sampling: Sampling) -> None:
        row.ids.append(token)
        row.logprobs.append(logprob)
        before = len(row.text)
        row.text += self._bytes[token]
        if token == self._end or any(
            row.text.find(mark, max(0, before - len(mark) + 1)) >= 0
            for mark in (mark.encode() for mark in sampling.stop)
        ):
            row.finish = Finish.STOP
        elif len(row.ids) >= row.limit:
            row.finish = Finish.LENGTH
        if row.finish is not None and row.walk is not None:
            row.repeated = not row.walk.finish()

    def _completion(self, row: _Row, sampling: Sampling) -> Completion:
        text, _ = cut_at_stop(row.text.decode("utf-8", "replace"), sampling.stop)
        starts = offsets(self._bytes[token] for token in row.ids)
        return Completion(
            text=text,
            finish=row.finish or Finish.LENGTH,
            version=self._version,
            tokens=len(row.ids),
            token_ids=tuple(row.ids),
            logprobs=tuple(row.logprobs),
            offsets=tuple(min(start, len(text)) for start in starts),
        )


class _State:
    """The tensors of a batch: row b of each belongs to the sample in place b."""

    def __init__(self, engine: Engine, read: list[Read], chances: Tensor) -> None:
        self._engine = engine
        lengths = [prompt.latents.shape[1] for prompt in read]
        self._end = max(lengths)
        self._cache = engine.new_cache(len(read), self._end + ROOM)
        self._bias_B1S = torch.zeros(len(read), 1, self._end + ROOM, dtype=engine.dtype, device=engine.device)
        for row, (prompt, length) in enumerate(zip(read, lengths, strict=True)):
            self._cache[:, row, self._end - length : self._end] = prompt.latents
            self._bias_B1S[row, :, : self._end - length] = float("-inf")
        self._padded = min(lengths) < self._end
        self._positions_B = torch.tensor(lengths, device=engine.device)
        self._chances = chances.to(engine.device)
        self._step = 0
        self.logits_BV = torch.stack([prompt.logits_V for prompt in read])

    def chances(self) -> Tensor:
        """The number with which each row draws its next token."""
        return self._chances[:, self._step]

    def remove(self, place: int, tokens_B: Tensor) -> Tensor:
        """Give up the row in `place`: the last one moves there. The tokens, changed in the same way."""
        last = len(tokens_B) - 1
        if place < last:
            self._cache[:, place, : self._end] = self._cache[:, last, : self._end]
            for rows in (self._bias_B1S, self._positions_B, self._chances, tokens_B):
                rows[place] = rows[last]
        self._cache = self._cache[:, :last]
        self._bias_B1S, self._positions_B = self._bias_B1S[:last], self._positions_B[:last]
        self._chances = self._chances[:last]
        return tokens_B[:last]

    def advance(self, tokens_B: Tensor) -> None:
        """Read the tokens just drawn."""
        if self._end == self._cache.shape[2]:
            self._grow()
        bias = self._bias_B1S[..., : self._end + 1] if self._padded else None
        self.logits_BV = self._engine.advance(
            tokens_B[:, None], self._positions_B[:, None], self._cache, self._end, bias
        )
        self._end += 1
        self._step += 1
        self._positions_B += 1

    def _grow(self) -> None:
        """Room in steps that grow with the batch, so that copying stays a small share."""
        rows, columns = len(self._positions_B), self._end + max(ROOM, self._end // 2)
        cache = self._engine.new_cache(rows, columns)
        cache[:, :, : self._end] = self._cache
        bias = torch.zeros(rows, 1, columns, dtype=cache.dtype, device=cache.device)
        bias[..., : self._end] = self._bias_B1S[..., : self._end]
        self._cache, self._bias_B1S = cache, bias


def load_generator(
    path: Path | str,
    version: str,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    batch_tokens: int = BATCH_TOKENS,
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
        return Generator(model, tokenizer, version, device=device, dtype=dtype, batch_tokens=batch_tokens)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
