"""From a learner to an engine: weights go over, and nothing goes on unless the probe agrees."""

from __future__ import annotations

import contextlib
import copy
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import torch

from training.model import Transformer
from training.transfer.control import Control
from training.transfer.errors import TransferError
from training.transfer.means import Means
from training.transfer.probe import DRIFT, RECENT, STRANGERS, Disagreement, Probe, Scores


class WeightLink:
    """Keeps an engine's weights equal to a model's. An asynchronous context manager."""

    def __init__(
        self, control: Control, model: Transformer, means: Means, *, dtype: torch.dtype | None = None
    ) -> None:
        """`model` must hold the weights that the engine was started with; `dtype` is the engine's type of
        numbers, in which weights are sent and compared (None: the model's own)."""
        self._control, self._means, self._dtype = control, means, dtype
        self._first: Transformer | None = model
        self._replicas = 1
        self._broken = ""
        self.version = ""
        """Of the weights that the engine has been shown to hold; empty for those it was started with."""
        self.noise = Disagreement(0.0, 0.0, (), ())
        """What rounding alone does: the largest disagreement of those accepted last."""
        self._accepted: deque[Disagreement] = deque(maxlen=RECENT)

    async def __aenter__(self) -> Self:
        """Connect, and compare the engine's weights with the model's. Raises `TransferError`."""
        assert self._first is not None, "a link is opened once"
        model = self._as_sent(self._first)
        self._first = None
        self._probe = Probe(model)
        _, self._replicas = await self._control.world()
        found = await self._compare(self._probe.score(model))
        self._at_opening = self._accept(found)
        if self.noise.mean > STRANGERS:
            raise TransferError(
                f"the engine holds other weights than the sender from the start: log-probs differ by "
                f"{self.noise.mean:.2g} nats"
            )
        await self._means.open(self._control)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to release: the engine ends the connection with itself."""

    async def send(self, model: Transformer, version: str) -> Disagreement:
        """Give the engine the model's weights, which are `version` from now on; the largest disagreement of
        its replicas. Requests under way stop meanwhile and go on with the new weights.

        Raises `TransferError` if the weights did not arrive or the probe disagrees. The engine's weights are
        then unknown: its requests stay frozen, what it wrote meanwhile is worth nothing, and every further
        call is refused.
        """
        if self._broken:
            raise TransferError(f"the engine cannot be used any more: {self._broken}")
        model = self._as_sent(model)
        scores = self._probe.score(model)
        await self._control.pause()
        try:
            await self._means.send(self._control, model)
            await self._control.resume()
            found = await self._compare(scores)
            for replica, one in enumerate(found):
                why = one.exceeds(self.noise) or one.exceeds(self._at_opening, DRIFT)
                if not why and one.mean > STRANGERS:
                    why = f"log-probs differ by {one.mean:.2g} nats"
                if why:
                    where = f" on replica {replica}" if len(found) > 1 else ""
                    raise TransferError(f"the engine does not hold the weights that were sent{where}: {why}")
        except BaseException as error:  # Cancelled half-way, too: who knows what the engine holds.
            self._broken = str(error) or "the transfer was interrupted"
            with contextlib.suppress(TransferError):
                await self._control.pause()
            raise
        self.version = version
        return self._accept(found)

    def _accept(self, found: Sequence[Disagreement]) -> Disagreement:
        """The largest of the replicas' disagreements, which counts as rounding from now on."""
        self._accepted.append(max(found, key=_mean))
        self.noise = max(self._accepted, key=_mean)
        return self._accepted[-1]

    async def _compare(self, scores: Scores) -> list[Disagreement]:
        """The disagreement of each replica with the sender."""
        return [
            scores.compare(await self._control.logprobs(self._probe.rows, replica))
            for replica in range(self._replicas)
        ]

    def _as_sent(self, model: Transformer) -> Transformer:
        """The model in the engine's type of numbers, which is what both can agree on."""
        if self._dtype is None or model.embed_tokens.weight.dtype == self._dtype:
            return model
        return copy.deepcopy(model).to(self._dtype)


def _mean(disagreement: Disagreement) -> float:
    return disagreement.mean
