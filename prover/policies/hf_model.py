"""Sampling from a transformers model: the only module of the policies that imports torch.

Our own loop instead of `model.generate`: it draws each sample from a generator of its own, so that
a sample does not depend on which others share its batch; it keeps the log-probs of the distribution
before temperature and nucleus, as training needs them; and it can be stopped at any token.
Shapes: B rows of a batch, T tokens so far, V words of the vocabulary.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from prover.policies.base import Completion, Finish, PolicyError, Prompt, Sampling, cut_at_stop

WINDOW = 16
"""Tokens that are decoded to see what the last of them adds to the text."""


@dataclass(slots=True)
class _Row:
    """One sample under way."""

    place: int
    generator: torch.Generator
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None


def load(path: Path, version: str, batch_tokens: int) -> Model:
    """The model and tokenizer in `path`, on a GPU if there is one. Raises `PolicyError`."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(path, local_files_only=True, dtype="auto")
    except Exception as error:  # transformers raises anything at all for a damaged checkpoint
        said = " ".join(str(error).split())[:200]
        raise PolicyError(f"hf:{path} cannot be loaded: {said}") from None
    model = cast(Any, model)
    return Model(model.to(device).eval(), tokenizer, version, batch_tokens)


class Model:
    """A causal language model with its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, version: str, batch_tokens: int) -> None:
        self._model, self._tokenizer, self._version = model, tokenizer, version
        self._batch_tokens = batch_tokens
        self._context = int(getattr(model.config, "max_position_embeddings", 0) or 2**31)
        end = model.generation_config.eos_token_id if model.generation_config else None
        end = tokenizer.eos_token_id if end is None else end
        self._end = frozenset([] if end is None else [end] if isinstance(end, int) else end)

    def generate(
        self, prompts: Sequence[Prompt], n: int, sampling: Sampling, stop: threading.Event
    ) -> list[list[Completion]]:
        """`n` samples a prompt, in batches as large as the key-value cache may be."""
        encoded = [self._encode(prompt) for prompt in prompts]
        for ids in encoded:
            if len(ids) >= self._context:
                raise PolicyError(
                    f"a prompt has {len(ids)} tokens, and the model reads {self._context} at most"
                )
        jobs = [(index, sample) for index in range(len(prompts)) for sample in range(n)]
        longest = max((len(ids) for ids in encoded), default=1)
        width = max(1, self._batch_tokens // (longest + sampling.max_tokens))
        found: dict[int, list[Completion]] = {index: [] for index in range(len(prompts))}
        for start in range(0, len(jobs), width):
            batch = jobs[start : start + width]
            rows = self._batch([encoded[index] for index, _ in batch], batch, sampling, stop)
            for (index, _), row in zip(batch, rows, strict=True):
                found[index].append(self._completion(row, sampling))
        return [found[index] for index in range(len(prompts))]

    def _encode(self, prompt: Prompt) -> list[int]:
        """The prompt's tokens; a conversation by the model's own template, up to where it is to answer.
        Raises `PolicyError` for a model without one."""
        text, special = prompt.text, True
        if prompt.turns:
            turns = [{"role": turn.role, "content": turn.content} for turn in prompt.turns]
            try:
                text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            except Exception as error:  # There is none, or it is anybody's program and refuses the turns.
                said = " ".join(str(error).split())[:200]
                raise PolicyError(f"the model holds no such conversation: {said}") from None
            special = False  # The template writes them.
        ids: list[int] = self._tokenizer(text, add_special_tokens=special)["input_ids"]
        return ids

    @torch.inference_mode()
    def _batch(
        self, prompts: list[list[int]], jobs: list[tuple[int, int]], sampling: Sampling, stop: threading.Event
    ) -> list[_Row]:
        """Continue all prompts together; rows that have ended leave the batch."""
        rows = [_Row(place, _generator(sampling.seed, *job)) for place, job in enumerate(jobs)]
        device = self._model.device
        longest = max(map(len, prompts))
        pads = [longest - len(ids) for ids in prompts]
        tokens_bt = torch.tensor(
            [[0] * pad + ids for pad, ids in zip(pads, prompts, strict=True)], device=device
        )
        mask_bt = torch.tensor([[0] * pad + [1] * (longest - pad) for pad in pads], device=device)
        positions_bt = (mask_bt.cumsum(-1) - 1).clamp(min=0)
        limit = min(sampling.max_tokens, self._context - longest)
        live, cache = list(rows), None
        for _ in range(limit):
            if stop.is_set():
                break
            answer = self._model(
                input_ids=tokens_bt,
                attention_mask=mask_bt,
                position_ids=positions_bt,
                past_key_values=cache,
                use_cache=True,
            )
            cache = answer.past_key_values
            logits_bv = answer.logits[:, -1].float().cpu()
            self._draw(live, logits_bv, sampling)
            kept = [place for place, row in enumerate(live) if row.finish is None]
            if not kept:
                break
            if len(kept) < len(live):
                index = torch.tensor(kept, device=device)
                cache.batch_select_indices(index)
                mask_bt, positions_bt = mask_bt[index], positions_bt[index]
                live = [live[place] for place in kept]
            tokens_bt = torch.tensor([[row.ids[-1]] for row in live], device=device)
            mask_bt = torch.cat([mask_bt, mask_bt.new_ones(len(live), 1)], dim=1)
            positions_bt = positions_bt[:, -1:] + 1
        return rows

    def _draw(self, rows: list[_Row], logits_bv: torch.Tensor, sampling: Sampling) -> None:
        """One token for each row."""
        logprobs_bv = torch.log_softmax(logits_bv, -1)
        for row, logits_v, logprobs_v in zip(rows, logits_bv, logprobs_bv, strict=True):
            if sampling.temperature == 0:
                token = int(logits_v.argmax())
            else:
                chances_v = nucleus(torch.softmax(logits_v / sampling.temperature, -1), sampling.top_p)
                token = int(torch.multinomial(chances_v, 1, generator=row.generator))
            row.ids.append(token)
            row.logprobs.append(float(logprobs_v[token]))
            if token in self._end or (sampling.stop and self._stopped(row.ids, sampling)):
                row.finish = Finish.STOP

    def _stopped(self, ids: list[int], sampling: Sampling) -> bool:
        """Whether a stop string ends in the last token; it may have begun some tokens before."""
        longest = max(map(len, sampling.stop))
        tail: str = self._tokenizer.decode(ids[-(longest + 4) :], skip_special_tokens=True)
        return any(stop in tail for stop in sampling.stop)

    def _completion(self, row: _Row, sampling: Sampling) -> Completion:
        ends = row.finish is Finish.STOP and row.ids[-1] in self._end
        whole: str = self._tokenizer.decode(row.ids[:-1] if ends else row.ids, skip_special_tokens=True)
        text, _ = cut_at_stop(whole, sampling.stop)
        return Completion(
            text=text,
            finish=row.finish or Finish.LENGTH,
            version=self._version,
            tokens=len(row.ids),
            token_ids=tuple(row.ids),
            logprobs=tuple(row.logprobs),
            offsets=tuple(min(offset, len(text)) for offset in self._offsets(row.ids)),
        )

    def _offsets(self, ids: list[int]) -> list[int]:
        """Where each token starts in the decoded text; half a character starts where the whole one does."""
        offsets, length = [], 0
        for end in range(1, len(ids) + 1):
            offsets.append(length)
            start = max(0, end - WINDOW)
            length += self._length(ids[start:end]) - self._length(ids[start : end - 1])
        return offsets

    def _length(self, ids: list[int]) -> int:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True) if ids else ""
        return len(text.rstrip("\ufffd"))


def nucleus(chances_v: torch.Tensor, top_p: float) -> torch.Tensor:
    """The distribution restricted to the fewest words that have probability `top_p`, and normalised."""
    if top_p >= 1:
        return chances_v
    ordered_v, order_v = chances_v.sort(descending=True)
    before_v = ordered_v.cumsum(-1) - ordered_v
    ordered_v = torch.where(before_v < top_p, ordered_v, torch.zeros_like(ordered_v))
    return torch.zeros_like(chances_v).scatter(-1, order_v, ordered_v / ordered_v.sum())


def _generator(seed: int, index: int, sample: int) -> torch.Generator:
    digest = hashlib.sha256(f"{seed} {index} {sample}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7]))
