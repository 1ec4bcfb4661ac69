"""Whether an engine computes what the sender's model computes: the log-probs of the same tokens, compared.

An engine that took wrong weights answers as readily as one that took the right ones, and an expert in the
wrong place changes only what its own tokens come to. So the probe holds tokens for every expert of every
layer, and looks at each expert's tokens apart: their mean difference stands out where the mean over all
tokens would hide it. What rounding alone does is measured when a link opens, while both hold the same
checkpoint, and later differences are judged by it.

Shapes: R rows, L tokens each, K experts a token, E experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.model import Transformer
from training.transfer.errors import TransferError

ROWS, LENGTH, MAX_ROWS = 4, 128, 64
"""Rows that a probe begins with, their tokens, and rows at most."""
EXPERT_TOKENS = 8
"""A probe grows until every expert gets so many tokens, or it has `MAX_ROWS` rows."""
FACTOR = 2.0
"""How many times the rounding noise a difference may be."""
FLOOR = 1e-3
"""A difference of so many nats is never held against anybody."""
STRANGERS = 0.1
"""Mean difference, in nats, beyond which two models that should be one are not."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Absolute differences of log-probs, in nats."""

    mean: float
    """Over all tokens."""
    expert_mean: float
    """Over the tokens of the expert where it is largest; 0 for a model without experts."""
    layer: int = -1
    """Which of the mixture-of-experts layers that expert is in, from 0."""
    expert: int = -1

    def exceeds(self, noise: Disagreement) -> str:
        """Why this is more than rounding, which makes `noise`; empty if it is not."""
        if self.mean > FACTOR * noise.mean + FLOOR:
            return f"log-probs differ by {self.mean:.2g} nats, {noise.mean:.2g} were rounding before"
        if self.expert_mean > FACTOR * noise.expert_mean + FLOOR:
            return (
                f"log-probs of the tokens of expert {self.expert} in mixture layer {self.layer} differ by "
                f"{self.expert_mean:.2g} nats, {noise.expert_mean:.2g} were rounding before"
            )
        return ""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the sender's model makes of a probe."""

    logprobs_RL: Tensor
    """Of all tokens but each row's first, FP32 (R, L - 1)."""
    visits: tuple[Tensor, ...]
    """For each mixture-of-experts layer, which experts computed the position that predicts the token: ones
    and zeros, (R, L - 1, E)."""

    def compare(self, received: Sequence[Sequence[float]]) -> Disagreement:
        """How far `received`, a log-prob for each token of each row but its first, is from the model's.

        Raises `TransferError` for a row of another length, and for what is no finite number.
        """
        if [len(row) for row in received] != [self.logprobs_RL.shape[1]] * len(self.logprobs_RL):
            raise TransferError("the engine's answer to the probe has another length than the probe")
        received_RL = torch.tensor(received, device=self.logprobs_RL.device)
        if not bool(received_RL.isfinite().all()):
            raise TransferError("the engine's log-probs of the probe are not finite")
        off_RL = (self.logprobs_RL - received_RL).abs()
        worst = Disagreement(float(off_RL.mean()), 0.0)
        for layer, visits_RLE in enumerate(self.visits):
            tokens_E = visits_RLE.sum((0, 1))
            mean_E = (off_RL[..., None] * visits_RLE).sum((0, 1)) / tokens_E.clamp(min=EXPERT_TOKENS)
            expert = int(mean_E.argmax())
            if float(mean_E[expert]) > worst.expert_mean:
                worst = Disagreement(worst.mean, float(mean_E[expert]), layer, expert)
        return worst


class Probe:
    """Tokens, random but fixed, that together visit all experts of a model."""

    def __init__(self, model: Transformer, seed: int = 0) -> None:
        """Raises `TransferError` if the model's own log-probs are not finite."""
        generator = torch.Generator().manual_seed(seed)
        length = min(LENGTH, model.config.max_position_embeddings - 1)
        pieces: list[Tensor] = []
        while True:
            pieces.append(
                torch.randint(model.config.vocab_size, (max(ROWS, len(pieces)), length), generator=generator)
            )
            self.tokens_RL = torch.cat(pieces)[:MAX_ROWS]
            visits = self.score(model).visits
            if len(self.tokens_RL) == MAX_ROWS or all(
                int(layer_RLE.sum((0, 1)).min()) >= EXPERT_TOKENS for layer_RLE in visits
            ):
                return

    @property
    def rows(self) -> list[list[int]]:
        """The token ids, a list for each row."""
        return self.tokens_RL.tolist()

    @torch.no_grad()
    def score(self, model: Transformer) -> Scores:
        """What `model` makes of the tokens. Raises `TransferError` if its log-probs are not finite."""
        device = model.embed_tokens.weight.device
        logprobs: list[Tensor] = []
        chosen: list[list[Tensor]] = []
        for tokens_L in self.tokens_RL.to(device):
            hidden = model(tokens_L[None])
            logits_LV = model.logits(hidden.hidden_BLD)[0, :-1].float()
            logprobs.append(logits_LV.log_softmax(-1).gather(-1, tokens_L[1:, None])[:, 0])
            layers = hidden.routing[: len(hidden.routing) - (model.mtp is not None)]
            chosen.append([routing.chosen_BLK[0, :-1] for routing in layers])
        logprobs_RL = torch.stack(logprobs)
        if not bool(logprobs_RL.isfinite().all()):
            raise TransferError("the sender's own log-probs of the probe are not finite")
        visits = []
        for rows in zip(*chosen, strict=True):
            chosen_RLK = torch.stack(rows)
            shape = (*chosen_RLK.shape[:-1], model.config.n_routed_experts)
            visits.append(torch.zeros(shape, device=device).scatter(-1, chosen_RLK, 1.0))
        return Scores(logprobs_RL, tuple(visits))
