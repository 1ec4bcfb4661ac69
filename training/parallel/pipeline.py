"""One training step on a pipeline: a schedule's actions, done in order, with messages between the ranks.

A stage's output goes to whoever has the next stage of that micro-batch as soon as it is there, its gradient
comes back the same way. Messages of one kind and direction have a group of processes of their own: on it two
ranks send and receive in the same order, whatever else they exchange, so they cannot wait for each other
for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from threading import Lock
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from training.parallel.gradients import share_between_streams
from training.parallel.lanes import Handed, Lanes
from training.parallel.schedule import Action, Part, Schedule, Work
from training.parallel.split import WeightQueue
from training.parallel.stages import Stages
from training.sft.objective import Batch, Losses

Loss = Callable[[Losses], Tensor]
"""What of a stage's losses is minimised: a number, as a part of the step's."""


class Channels:
    """The groups over which outputs and gradients travel, up and down the ranks.

    NCCL connects two ranks of a group at their first message, for which both must be there: so all neighbours
    are connected at the start, in the order of the ranks.
    """

    def __init__(self, pipelines: Sequence[Sequence[int]], device: torch.device) -> None:
        """`pipelines`: the ranks of each, in their order; all processes must call this."""
        me = dist.get_rank()
        for ranks in pipelines:
            groups = {
                (part, down): dist.new_group(list(ranks))
                for part in (Part.FORWARD, Part.INPUT)
                for down in (True, False)
                if len(ranks) > 1
            }
            if me in ranks:
                self.ranks, self._groups = list(ranks), groups
        here, token = self.ranks.index(me), torch.zeros(1, device=device)
        for low in range(max(0, here - 1), min(here + 1, len(self.ranks) - 1)):
            for part, down in self._groups:
                if (here == low) is down:
                    self.send(token, part, here, low + down).wait()
                else:
                    self.receive(token, part, here, low + (not down)).wait()

    def send(self, x: Tensor, part: Part, here: int, there: int) -> dist.Work:
        """Give a tensor to a place of the pipeline."""
        work = dist.isend(x.contiguous(), self.ranks[there], group=self._groups[part, there > here])
        assert work is not None, "this process is one of the pipeline's"
        return work

    def receive(self, x: Tensor, part: Part, here: int, there: int) -> dist.Work:
        """Fill a tensor from a place of the pipeline."""
        work = dist.irecv(x, self.ranks[there], group=self._groups[part, here > there])
        assert work is not None, "this process is one of the pipeline's"
        return work


class _Live(NamedTuple):
    """A micro-batch between its forward and its backward, at one stage."""

    x_BLD: Tensor | None
    out_BLD: Tensor | None
    loss: Tensor


class Pipeline:
    """One place of a pipeline."""

    def __init__(
        self, stages: Stages, schedule: Schedule, place: int, channels: Channels, *, overlap: bool = False
    ) -> None:
        """`overlap`: do the two halves of a pair side by side; else one after the other."""
        self.stages, self.schedule, self.place, self.channels = stages, schedule, place, channels
        mine, device = schedule.stages_of(place), next(stages.parameters()).device
        self.lanes = Lanes(mine, device) if overlap else None
        if overlap and device.type == "cuda" and stages.shares_embedding(mine):
            share_between_streams(stages.model.embed_tokens.weight)
        self._places = {
            (work.stage, work.batch): rank
            for rank in range(len(schedule.ranks))
            for work in schedule.works(rank)
        }

    def step(self, batches: Sequence[Batch], loss: Loss) -> dict[int, Losses]:
        """Forward and backward of all micro-batches, which are the same at every place; the sums of the
        losses of each stage that is here. Gradients are added to the parameters'."""
        assert len(batches) == self.schedule.batches, "the schedule is made for this many"
        step = _Step(self, batches, loss)
        with self.lanes.open() if self.lanes else nullcontext():
            for action in self.schedule.ranks[self.place]:
                step.act(action)
        return step.end()

    @torch.no_grad()
    def evaluate(self, batches: Sequence[Batch]) -> dict[int, Losses]:
        """As `step`, forward alone: each micro-batch in turn through the stages that are here."""
        assert len(batches) == self.schedule.batches, "the schedule is made for this many"
        step = _Step(self, batches, lambda losses: losses.next)
        for batch in range(len(batches)):
            for stage in self.schedule.stages_of(self.place):
                if self._places[stage, batch] == self.place:
                    step.look(stage, batch)
        return step.end()


class _Step:
    def __init__(self, pipeline: Pipeline, batches: Sequence[Batch], loss: Loss) -> None:
        self._pipeline, self._batches, self._loss = pipeline, batches, loss
        self._live: dict[tuple[int, int], _Live] = {}
        self._here: dict[tuple[Part, int, int], Handed] = {}
        """Outputs and gradients that are for this very place."""
        self._queues: dict[tuple[int, int], WeightQueue] = {}
        self._sent: list[tuple[dist.Work, Tensor]] = []
        """Messages on their way, which must be kept until they have arrived."""
        self._keeping = Lock()
        self._losses: dict[int, list[Losses]] = {}

    def act(self, action: Action) -> None:
        """One action: its pieces of work side by side, if there are lanes and they are of two stages."""
        lanes = self._pipeline.lanes
        if lanes is not None and len({work.stage for work in action}) == 2:
            forward, backward = action
            lanes.both(lambda: self._do(forward), lambda: self._do(backward))
            return
        for work in action:
            self._do(work)

    def _do(self, work: Work) -> None:
        with self._pipeline.lanes.of(work.stage) if self._pipeline.lanes else nullcontext():
            self._part(work)

    def _part(self, work: Work) -> None:
        if work.part is Part.FORWARD:
            self._forward(work.stage, work.batch)
        elif work.part is Part.WEIGHT:
            self._queues.pop((work.stage, work.batch)).run()
        else:
            self._backward(work.stage, work.batch, split=work.part is Part.INPUT)

    def look(self, stage: int, batch: int) -> None:
        """Forward, with no backward to follow."""
        self._forward(stage, batch)
        del self._live[stage, batch]

    def end(self) -> dict[int, Losses]:
        """Wait for the last messages; the sums of the losses by stage."""
        for sent, _ in self._sent:
            sent.wait()
        left = len(self._live) + len(self._here) + len(self._queues)
        assert not left, "the schedule has done all"
        return {
            stage: Losses(*(torch.stack(values).sum(0) for values in zip(*found, strict=True)))
            for stage, found in sorted(self._losses.items())
        }

    def _forward(self, stage: int, batch: int) -> None:
        stages = self._pipeline.stages
        x_BLD = self._take(Part.FORWARD, stage, stage - 1, batch) if stage else None
        passed = stages(stage, None if x_BLD is None else x_BLD.requires_grad_(), self._batches[batch])
        self._live[stage, batch] = _Live(x_BLD, passed.out_BLD, self._loss(passed.losses))
        losses = Losses(*(value.detach() for value in passed.losses))
        self._losses.setdefault(stage, []).append(losses)
        if passed.out_BLD is not None:
            self._give(Part.FORWARD, passed.out_BLD.detach(), stage + 1, batch)

    def _backward(self, stage: int, batch: int, *, split: bool) -> None:
        x_BLD, out_BLD, loss = self._live.pop((stage, batch))
        outs: list[Tensor] = [loss] if loss.requires_grad else []
        grads: list[Tensor | None] = [None] * len(outs)
        if out_BLD is not None:
            outs.append(out_BLD)
            grads.append(self._take(Part.INPUT, stage, stage + 1, batch))
        if split:
            queue = self._queues[stage, batch] = WeightQueue()
            with queue.collect():
                torch.autograd.backward(outs, grads)
        else:
            torch.autograd.backward(outs, grads)
        if x_BLD is not None:
            assert x_BLD.grad is not None, "every stage depends on its input"
            self._give(Part.INPUT, x_BLD.grad, stage - 1, batch)

    def _give(self, part: Part, x_BLD: Tensor, stage: int, batch: int) -> None:
        """Hand a tensor to whoever has the stage of that micro-batch."""
        pipeline = self._pipeline
        there = pipeline._places[stage, batch]
        if there == pipeline.place:
            self._here[part, stage, batch] = Handed(x_BLD)
            return
        message = pipeline.channels.send(x_BLD, part, pipeline.place, there)
        with self._keeping:
            self._sent = [(sent, kept) for sent, kept in self._sent if not sent.is_completed()]
            self._sent.append((message, x_BLD))

    def _take(self, part: Part, stage: int, giver: int, batch: int) -> Tensor:
        """What the stage `giver` has for this one; waits for it."""
        pipeline = self._pipeline
        there = pipeline._places[giver, batch]
        if there == pipeline.place:
            return self._here.pop((part, stage, batch)).take()
        parameter = next(pipeline.stages.parameters())
        tokens_BL = self._batches[batch].tokens_BL
        hidden = pipeline.stages.model.config.hidden_size
        x_BLD = torch.empty(*tokens_BL.shape, hidden, dtype=parameter.dtype, device=parameter.device)
        pipeline.channels.receive(x_BLD, part, pipeline.place, there).wait()
        return x_BLD
