"""Whether an engine computes what the sender's model computes: the log-probs of the same tokens, compared.

An engine that took wrong weights answers as readily as one that took the right ones, and an expert in the
wrong place changes little but what its own tokens come to. So the probe holds many tokens for every expert
of every layer, and looks at each expert's tokens apart: their mean difference stands out where the mean
over all tokens would hide it. What rounding alone does is measured when a link opens, while both hold the
same checkpoint, and later differences are judged by it, in standard errors.

Shapes: R rows, L tokens each, K experts a token, E experts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.model import Transformer
from training.transfer.errors import TransferError

ROWS, LENGTH, MAX_ROWS = 4, 128, 64
"""Rows that a probe begins with, their tokens, and rows at most."""
AT_ONCE = 16
"""Rows that are computed together."""
EXPERT_TOKENS = 256
"""A probe grows until every expert gets so many tokens, or it has `MAX_ROWS` rows."""
SLACK = 1.1
"""How much larger rounding may become from one set of weights to the next."""
DRIFT = 2.0
"""How much larger than when the link opened it may ever become: many small steps would add up."""
SIGMAS = 6.0
"""Standard errors by which a mean, of all tokens or of an expert's, may exceed that: there are thousands of
experts, and of updates."""
RECENT = 8
"""Disagreements accepted last, of which the largest says what rounding does: each set of weights has its
own."""
FLOOR = 1e-3
"""A difference of so many nats is never held against anybody."""
STRANGERS = 0.1
"""Mean difference, in nats, beyond which two models that should be one are not."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Absolute differences of log-probs, in nats."""

    mean: float
    """Over all tokens."""
    deviation: float
    """Standard deviation of a token's."""
    expert_means: tuple[Tensor, ...]
    """For each mixture-of-experts layer the mean over each expert's tokens, (E); 0 where it has none."""
    expert_tokens: tuple[Tensor, ...]
    """How many tokens those are, (E)."""
    tokens: int = 0
    """Of all experts together, each token once."""

    @property
    def worst_expert(self) -> tuple[float, int, int]:
        """The largest mean of an expert, its layer among those with experts, and its number."""
        found = [
            (float(mean_E.max()), at, int(mean_E.argmax())) for at, mean_E in enumerate(self.expert_means)
        ]
        return max(found, default=(0.0, -1, -1))

    def exceeds(self, noise: Disagreement, slack: float = SLACK) -> str:
        """Why this is more than rounding, which makes `noise`, times `slack`; empty if it is not."""
        error = noise.deviation * math.sqrt(1 / max(1, self.tokens) + 1 / max(1, noise.tokens))
        if self.mean > slack * noise.mean + SIGMAS * error + FLOOR:
            return f"log-probs differ by {self.mean:.2g} nats, {noise.mean:.2g} were rounding before"
        layers = zip(
            self.expert_means, self.expert_tokens, noise.expert_means, noise.expert_tokens, strict=True
        )
        for layer, (mean_E, tokens_E, noise_E, before_E) in enumerate(layers):
            error_E = noise.deviation * (1 / tokens_E.clamp(min=1) + 1 / before_E.clamp(min=1)).sqrt()
            usual_E = torch.where(before_E > 0, noise_E, noise.mean)
            over_E = mean_E - slack * usual_E - SIGMAS * error_E - FLOOR
            expert = int(over_E.argmax())
            if over_E[expert] > 0:
                return (
                    f"log-probs of the tokens of expert {expert} in mixture layer {layer} differ by "
                    f"{float(mean_E[expert]):.2g} nats, {float(usual_E[expert]):.2g} were rounding before"
                )
        return ""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the sender's model makes of a probe."""

    logprobs_RL: Tensor
    """Of all tokens but each row's first, FP32 (R, L - 1)."""
    chosen: tuple[Tensor, ...]
    """For each mixture-of-experts layer the experts that computed the position that predicts the token,
    (R, L - 1, K)."""
    experts: int

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
        means, counts = [], []
        for chosen_RLK in self.chosen:
            zeros_E = torch.zeros(self.experts, device=off_RL.device)
            tokens_E = self.tokens_of(chosen_RLK)
            off_P = off_RL[..., None].expand_as(chosen_RLK).flatten()
            means.append(zeros_E.index_add(0, chosen_RLK.flatten(), off_P) / tokens_E.clamp(min=1))
            counts.append(tokens_E)
        mean, deviation = float(off_RL.mean()), float(off_RL.std())
        return Disagreement(mean, deviation, tuple(means), tuple(counts), off_RL.numel())

    def tokens_of(self, chosen_RLK: Tensor) -> Tensor:
        """How many tokens each expert of a layer has, (E)."""
        return torch.bincount(chosen_RLK.flatten(), minlength=self.experts)


class Probe:
    """Tokens, random but fixed, that together visit all experts of a model."""

    def __init__(self, model: Transformer, seed: int = 0) -> None:
        """Raises `TransferError` if the model's own log-probs are not finite."""
        generator = torch.Generator().manual_seed(seed)
        length = min(LENGTH, model.config.max_position_embeddings - 1)
        self.tokens_RL = torch.empty(0, length, dtype=torch.long)
        while len(self.tokens_RL) < MAX_ROWS:
            more = (max(ROWS, len(self.tokens_RL)), length)  # Twice as many each time.
            fresh_RL = torch.randint(model.config.vocab_size, more, generator=generator)
            self.tokens_RL = torch.cat([self.tokens_RL, fresh_RL])[:MAX_ROWS]
            scores = self.score(model)
            if all(int(scores.tokens_of(layer).min()) >= EXPERT_TOKENS for layer in scores.chosen):
                break

    @property
    def rows(self) -> list[list[int]]:
        """The token ids, a list for each row."""
        return self.tokens_RL.tolist()

    @torch.no_grad()
    def score(self, model: Transformer) -> Scores:
        """What `model` makes of the tokens. Raises `TransferError` if its log-probs are not finite."""
        logprobs: list[Tensor] = []
        chosen: list[list[Tensor]] = []
        for tokens_RL in torch.split(self.tokens_RL.to(model.embed_tokens.weight.device), AT_ONCE):
            hidden = model(tokens_RL)
            logits_RLV = model.logits(hidden.hidden_BLD)[:, :-1].float()
            logprobs.append(logits_RLV.log_softmax(-1).gather(-1, tokens_RL[:, 1:, None])[..., 0])
            layers = hidden.routing[: len(hidden.routing) - (model.mtp is not None)]
            chosen.append([routing.chosen_BLK[:, :-1] for routing in layers])
        logprobs_RL = torch.cat(logprobs)
        if not bool(logprobs_RL.isfinite().all()):
            raise TransferError("the sender's own log-probs of the probe are not finite")
        layers_of = tuple(torch.cat(rows) for rows in zip(*chosen, strict=True))
        return Scores(logprobs_RL, layers_of, model.config.n_routed_experts)
