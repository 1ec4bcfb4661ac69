"""The role that learns: groups of judged rollouts in, moved weights and figures out.

A batch is scored once with the weights that it meets: their log-probs are the old ones of the clipped ratio,
and the choice of experts that was made then is replayed if the configuration says so. Then come `epochs`
times `minibatches` optimiser steps, each on its share of the completions. The gradient is that of a sum over
all tokens of a step with weights that were fixed before, so any division into micro-batches and ranks gives
the same one up to rounding.

The routers' balance biases never move here: a policy whose routing shifts for the sake of even load would no
longer be the one that was scored.

Shapes: N tokens of completions.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from training.corpus.render import Example
from training.errors import TrainError
from training.model import Transformer
from training.rlpaf.batching import Experience, harvest, micro_batches, shuffled_parts
from training.rlpaf.config import RlpafConfig
from training.rlpaf.objective import (
    Tokens,
    clipped,
    effective_sample_size,
    importance_weights,
    k3,
    policy_loss,
    token_weights,
)
from training.rlpaf.scoring import Scorer, Scores, TokenLoss
from training.rlpaf.values import Group
from training.sft.checkpoint import Moments
from training.sft.dataset import tokenized
from training.sft.objective import Batch
from training.sft.optimizer import (
    clip_gradients,
    learning_rate,
    make_optimizer,
    optimizer_state,
    restore_optimizer,
)
from training.sft.packing import TokenExample, fits
from training.sft.weights import Weights
from training.sft.world import World


@dataclass(frozen=True, slots=True)
class _Part:
    """A micro-batch, ready to learn from."""

    batch: Batch
    loss: TokenLoss
    routing: tuple[Tensor, ...] | None = None
    tokens: Tokens | None = None
    """Of a batch of rollouts."""


class Learner:
    """A policy that learns; on each rank one, all of which are given the same.

    `reference` is the model that the KL term pulls towards, needed if there is one. It is taken over like
    `model`, and never moves. Raises `ValueError` if it is missing.
    """

    def __init__(
        self,
        model: Transformer,
        tokenizer: Tokenizer,
        config: RlpafConfig,
        world: World,
        reference: Transformer | None = None,
    ) -> None:
        if config.algorithm.kl and reference is None:
            raise ValueError("algorithm.kl needs a reference model")
        self.tokenizer, self.config, self.world = tokenizer, config, world
        self.version = 0
        """How many batches were learnt from."""
        self.step = 0
        """Optimiser steps taken."""
        self._scorer = Scorer(model.to(world.device))
        dtype, compile_ = config.run.dtype, config.run.compile
        self.weights = Weights(self._scorer, model, dtype, world, compile_=compile_)
        if config.algorithm.routing == "frozen":
            for router in model.routers():
                router.weight.requires_grad_(False)
        self.optimizer = make_optimizer(self.weights.masters, config.optimizer)
        self._reference: Scorer | None = None
        if config.algorithm.kl and reference is not None:
            kind = torch.bfloat16 if dtype == "bf16" else torch.float32
            self._reference = Scorer(reference.to(world.device, kind).requires_grad_(False))

    @property
    def model(self) -> Transformer:
        """The model that computes, sharded if there are several ranks."""
        return self._scorer.model

    def full_state(self) -> dict[str, Tensor]:
        """The model's state dict with FP32 weights, on the CPU, unsharded. All ranks must ask."""
        return self.weights.full_state()

    def moments(self) -> Moments:
        """The optimiser's state by parameter name, on the CPU, unsharded. All ranks must ask."""
        return optimizer_state(self.optimizer, self.weights.masters)

    def restore(self, version: int, step: int, moments: Moments) -> None:
        """Go on behind an earlier run, whose weights the model was made with."""
        restore_optimizer(self.optimizer, self.weights.masters, moments)
        self.version, self.step = version, step

    def learn(self, groups: Sequence[Group]) -> dict[str, float]:
        """Learn from judged rollouts, and say how it went. The version rises by one, whatever they held.

        `reward`, `zero_variance` and `too_long` are of all that was judged, the other figures of what was
        learnt from; `loss` and `gradient_norm` are means over the optimiser steps, and what is said of tokens
        means over them. `kl_reference` is there only if the objective has a KL term. Raises `TrainError` if a
        loss or a gradient is not finite, before the optimiser step that it belongs to.
        """
        began = time.monotonic()
        found = harvest(groups, self.tokenizer, self.config.algorithm, self.config.batch.length)
        rng = random.Random(f"{self.config.seed}:{self.version}")
        cut = shuffled_parts(found.experiences, self.config.algorithm.minibatches, rng)
        scored = torch.zeros(4, device=self.world.device)
        steps = [self._score(experiences, scored) for experiences in cut]
        moved = torch.zeros(3, device=self.world.device)
        taken = [self._move(parts, moved) for parts in steps * self.config.algorithm.epochs]
        self.version += 1
        kl_sampler, entropy, weights, squares = self.world.add_up(scored).tolist()
        moved /= self.config.algorithm.epochs
        low, high, kl_reference = self.world.add_up(moved).tolist()
        learnt = found.experiences
        tokens = sum(len(experience.logprobs) for experience in learnt)
        figures = {
            "loss": _mean([loss for loss, _ in taken]),
            "reward": found.reward,
            "advantage_abs": _mean([abs(experience.advantage) for experience in learnt]),
            "kl_sampler": kl_sampler / max(1, tokens),
            "ess": effective_sample_size(weights, squares, tokens),
            "clipped_low": low / max(1, tokens),
            "clipped_high": high / max(1, tokens),
            "gradient_norm": _mean([norm for _, norm in taken]),
            "entropy": entropy / max(1, tokens),
            "tokens": float(tokens),
            "rollouts": float(len(learnt)),
            "zero_variance": found.zero_variance,
            "too_long": float(found.too_long),
        }
        if self._reference is not None:
            figures["kl_reference"] = kl_reference / max(1, tokens)
        return {**figures, "seconds": time.monotonic() - began}

    def imitate(self, examples: Sequence[Example]) -> dict[str, float]:
        """Expert iteration: cross-entropy on completions, in `expert.steps` steps that see each example once.

        The version is that of the batch which was learnt from before: nobody has got its weights yet. Raises
        `TrainError` as `learn` does.
        """
        began = time.monotonic()
        every = list(tokenized(self.tokenizer, examples, all_of_it=False))
        fitting = [example for example in every if fits(example, self.config.batch.length)]
        rng = random.Random(f"{self.config.seed}:{self.version}:imitate")
        losses, norms = [], []
        for chosen in shuffled_parts(fitting, self.config.expert.steps, rng):
            targets = _targets(chosen)
            values_NK = np.zeros((targets, 0), np.float32)
            cross_entropy = partial(_cross_entropy, targets=targets)
            parts = [_Part(batch, cross_entropy) for batch, _ in self._cut(chosen, values_NK)]
            loss, norm = self._move(parts, torch.zeros(3, device=self.world.device))
            losses.append(loss)
            norms.append(norm)
        return {
            "loss": _mean(losses),
            "gradient_norm": _mean(norms),
            "tokens": float(_targets(fitting)),
            "examples": float(len(fitting)),
            "too_long": float(len(every) - len(fitting)),
            "seconds": time.monotonic() - began,
        }

    @torch.no_grad()
    def _score(self, experiences: Sequence[Experience], sums: Tensor) -> list[_Part]:
        """One step's micro-batches, scored with the weights of now. Adds up, over this rank's tokens, k3 to
        the sampler, entropy, corrections and their squares."""
        algorithm, sampling = self.config.algorithm, self.config.sampling
        lengths = torch.tensor([len(experience.logprobs) for experience in experiences])
        sequences_N = torch.arange(len(experiences)).repeat_interleave(lengths)
        weights_N = token_weights(
            sequences_N, len(experiences), algorithm.normaliser, sampling.max_tokens
        ).numpy()
        advantages_S = np.array([experience.advantage for experience in experiences], np.float32)
        sampler_N = np.concatenate([experience.logprobs for experience in experiences])
        values_NK = np.stack([sampler_N, advantages_S[sequences_N.numpy()], weights_N], 1).astype(np.float32)
        parts = []
        for batch, known_NK in self._cut([experience.example for experience in experiences], values_NK):
            sampler, advantages, weights = known_NK.unbind(1)
            scores: Scores = self._scorer(batch)
            old = scores.logprobs_N
            corrections = importance_weights(old, sampler, algorithm.tis_cap)
            reference = None
            if self._reference is not None:
                reference = self._reference(batch).logprobs_N
            tokens = Tokens(old, advantages, weights, corrections, reference)
            routing = scores.routing if algorithm.routing == "replay" else None
            parts.append(_Part(batch, self._loss(tokens), routing, tokens))
            sums += torch.stack(
                [k3(sampler, old).sum(), scores.entropy, corrections.sum(), corrections.square().sum()]
            )
        return parts

    def _loss(self, tokens: Tokens) -> TokenLoss:
        algorithm = self.config.algorithm

        def loss(logprobs_C: Tensor, part: slice) -> Tensor:
            return policy_loss(
                logprobs_C,
                tokens.part(part),
                clip_low=algorithm.clip_low,
                clip_high=algorithm.clip_high,
                kl=algorithm.kl,
            )

        return loss

    def _move(self, parts: Sequence[_Part], sums: Tensor) -> tuple[float, float]:
        """One optimiser step; the loss, and the gradient's norm before clipping. Adds up, over this rank's
        tokens, what `_reach` says."""
        total = torch.zeros((), device=self.world.device)
        for part in parts:
            scores: Scores = self._scorer(part.batch, part.loss, part.routing)
            # FSDP takes the mean over ranks where the sum is wanted.
            (scores.loss * self.world.size).backward()  # type: ignore[no-untyped-call]
            total += scores.loss.detach()
            if part.tokens is not None:
                sums += self._reach(scores.logprobs_N, part.tokens)
        norm = float(clip_gradients(self.weights.masters, self.config.optimizer.clip))
        loss = float(self.world.add_up(total))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self.optimizer.zero_grad()
            raise TrainError(
                f"the loss is {loss} and its gradient {norm} in optimiser step {self.step + 1}: lower "
                "optimizer.learning_rate or algorithm.tis_cap; this step has not moved the weights"
            )
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.weights.publish()
        self.step += 1
        return loss, norm

    def _reach(self, logprobs_N: Tensor, tokens: Tokens) -> Tensor:
        """How many tokens are clipped below, and above, and the sum of k3 to the reference."""
        algorithm = self.config.algorithm
        low_N, high_N = clipped(
            logprobs_N, tokens.old_N, tokens.advantages_N, algorithm.clip_low, algorithm.clip_high
        )
        reference_N = logprobs_N if tokens.reference_N is None else tokens.reference_N
        return torch.stack([low_N.sum(), high_N.sum(), k3(logprobs_N, reference_N).sum()])

    def _cut(
        self, examples: Sequence[TokenExample], values_NK: NDArray[np.float32]
    ) -> Iterator[tuple[Batch, Tensor]]:
        batch, full = self.config.batch, self.config.run.compile
        return micro_batches(
            examples, values_NK, length=batch.length, rows=batch.rows, full=full, world=self.world
        )

    def _rate(self) -> float:
        run, expert, algorithm = self.config.run, self.config.expert, self.config.algorithm
        steps = run.steps * algorithm.minibatches * algorithm.epochs
        steps += run.steps // expert.every * expert.steps if expert.every else 0
        return learning_rate(self.config.optimizer, min(self.step, steps - 1), steps)


def _cross_entropy(logprobs_C: Tensor, _: slice, *, targets: int) -> Tensor:
    return -logprobs_C / targets


def _targets(examples: Sequence[TokenExample]) -> int:
    return sum(len(example.tokens) - example.prompt for example in examples)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))
