"""A whole step: a schedule laid over stages, timed by the simulator, with memory, traffic and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

from training.errors import TrainError
from training.flops import Parameters, Work, count_parameters, step_flops
from training.model import ModelConfig
from training.parallel.mesh import Mesh
from training.parallel.plan.chunk import TERA, Chunk, Clock, action_seconds, parts
from training.parallel.plan.config import MOST_WORK, PlanConfig, ScheduleName
from training.parallel.plan.layout import lay_out
from training.parallel.plan.links import Exchange, Sent, exchange, message
from training.parallel.plan.memory import GIB, Memory, exchanged, moved, rank_memory, rank_weights
from training.parallel.schedule import Part, Schedule
from training.parallel.schedules import SCHEDULES
from training.parallel.simulate import Timeline, course

TRILLION = 1e12
LESS = 0.9
HOUR, DAY = 3600.0, 86400.0
SPLIT = {
    (Part.FORWARD,): "forward",
    (Part.INPUT,): "inputs",
    (Part.WEIGHT,): "weights",
    (Part.FORWARD, Part.BACKWARD): "paired",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What a step under one schedule comes to."""

    told: PlanConfig
    config: ModelConfig
    schedule: Schedule
    layers: tuple[range, ...]
    """Of each stage."""
    exchange: Exchange | None
    """Of a token in one layer with experts; None if each GPU has all experts."""
    message: Sent
    """Of a micro-batch, from one place of the pipeline to the next."""
    split: Mapping[str, float]
    """Seconds of the mean rank: forward, inputs and weights alone, and paired."""
    pipeline: float
    """Seconds of forward and backward."""
    imbalance: float
    """Seconds that the mean rank waits because another has more to do."""
    optimizer: float
    """Seconds of the rank that takes longest; nothing is hidden."""
    memory: tuple[Memory, ...]
    """Of each rank of a pipeline."""
    optimizer_sent: Sent
    """By the GPU that sends most."""

    @property
    def seconds(self) -> float:
        """The whole step."""
        return self.pipeline + self.optimizer

    @property
    def bubble(self) -> float:
        """Seconds that the mean rank waits in the pipeline."""
        return self.pipeline - sum(self.split.values())

    @property
    def bubble_share(self) -> float:
        """Of the step."""
        return self.bubble / self.seconds

    @property
    def tokens(self) -> int:
        """Of the step."""
        return self.told.batch.sequences * self.told.batch.length

    @property
    def parameters(self) -> Parameters:
        """Of the model."""
        return count_parameters(self.config)

    def flops(self, *, causal: bool) -> float:
        """Operations of the step: of the model without its module for multi-token prediction, as published;
        attention counted by its causal half, or in full."""
        batch = self.told.batch
        pairs = batch.sequences * batch.length**2 * (1 if causal else 2)
        plain = replace(self.config, num_nextn_predict_layers=0)
        return step_flops(plain, Work(self.tokens, pairs, self.tokens))

    def mfu(self, *, causal: bool) -> float:
        """Share of the dense BF16 peak."""
        cluster = self.told.cluster
        return self.flops(causal=causal) / (self.seconds * cluster.gpus * cluster.bf16_tflops * TERA)

    @property
    def hours(self) -> float:
        """GPU hours a trillion tokens."""
        return self.told.cluster.gpus * self.seconds / HOUR * TRILLION / self.tokens

    @property
    def tokens_a_day(self) -> float:
        """Of the whole cluster."""
        return self.tokens / self.seconds * DAY

    @property
    def fullest(self) -> int:
        """The rank with most in memory."""
        return max(range(len(self.memory)), key=lambda rank: self.memory[rank].total)

    @property
    def fits(self) -> bool:
        """Whether memory suffices."""
        return self.memory[self.fullest].total <= self.told.cluster.memory_gib * GIB

    def sent(self) -> dict[str, Sent]:
        """Bytes of a GPU and step: to experts and back, along the pipeline, and by the optimiser. Averages
        over ranks, but for the last."""
        found = {"optimizer": self.optimizer_sent}
        own = self.told.tokens * self.told.micro_batches / self.told.mesh.pipeline
        if self.exchange is not None:
            routed = self.config.num_hidden_layers - self.config.first_k_dense_replace
            routed += self.config.num_nextn_predict_layers
            found["experts"] = self.exchange.both * (2 * routed * own)
        ranks = len(self.schedule.ranks)
        hops = self.schedule.stages - 1
        if self.schedule.name == "DualPipeV":
            hops -= 1  # Where it folds, both stages lie on one rank.
        found["pipeline"] = self.message * (2 * hops * self.told.micro_batches / ranks)
        return found


def plan(told: PlanConfig) -> Step:
    """The step of the configuration's own schedule. Raises `TrainError` for what cannot be trained so."""
    return _plan(told, told.mesh.schedule)


def compare(told: PlanConfig) -> dict[str, Step | str]:
    """Steps by schedule; or why one cannot be."""
    found: dict[str, Step | str] = {}
    for name in get_args(ScheduleName):
        try:
            found[name] = _plan(told, name)
        except TrainError as error:
            found[name] = str(error)
    return found


def sensitivity(step: Step) -> dict[str, float]:
    """By constant, by what share the step would be longer if the constant were a tenth less."""
    told, found = step.told, {}
    for name, constant in told.constants.all().items():
        less = replace(constant, value=LESS * constant.value)
        other = plan(replace(told, constants=replace(told.constants, **{name: less})))
        found[name] = other.seconds / step.seconds - 1
    return found


def _plan(told: PlanConfig, name: str) -> Step:
    config = told.model.config()
    try:
        return _step(told, config, name)
    except ValueError as error:
        raise TrainError(str(error)) from error


def _step(told: PlanConfig, config: ModelConfig, name: str) -> Step:
    mesh = Mesh(told.cluster.gpus, told.mesh.pipeline, told.mesh.experts, told.cluster.node)
    if told.batch.length > config.max_position_embeddings:
        raise ValueError(
            f"batch.length is {told.batch.length}, and the model's max_position_embeddings "
            f"{config.max_position_embeddings}"
        )
    if mesh.experts > 1 and not config.has_experts:
        raise ValueError(f"mesh.experts is {mesh.experts}, and the model has no experts")
    if mesh.pipeline * told.micro_batches > MOST_WORK:
        raise ValueError(
            f"{mesh.pipeline} places times {told.micro_batches} micro-batches are more than the "
            f"{MOST_WORK:,} that are simulated; take a larger batch.micro"
        )
    schedule = SCHEDULES[name](mesh.pipeline, told.micro_batches)
    sent = exchange(told, config, mesh) if mesh.experts > 1 else None
    kinds = parts(told, config, sent)
    layers = lay_out(told, config, schedule, kinds)
    chunks = [kinds.stage(mine, stage == schedule.stages - 1) for stage, mine in enumerate(layers)]
    hop = message(told, config, mesh)
    seconds = partial(action_seconds, chunks=chunks, told=told)
    timeline = course(schedule, seconds, hop.seconds(told))
    ranks = range(len(schedule.ranks))
    stages_of = [schedule.stages_of(rank) for rank in ranks]
    weights = [rank_weights(config, mesh, layers, stages_of, rank) for rank in ranks]
    updates = [
        sum(one.seconds(told) for one in exchanged(told, mine)) + Clock(told).bytes(moved(told, mine))
        for mine in weights
    ]
    slowest = max(ranks, key=updates.__getitem__)
    return Step(
        told,
        config,
        schedule,
        tuple(layers),
        sent,
        hop,
        _split(timeline, chunks),
        timeline.seconds,
        max(map(timeline.busy, ranks)) - sum(map(timeline.busy, ranks)) / len(ranks),
        updates[slowest],
        tuple(rank_memory(told, config, schedule, layers, sent, rank, weights[rank]) for rank in ranks),
        sum(exchanged(told, weights[slowest]), Sent()),
    )


def _split(timeline: Timeline, chunks: Sequence[Chunk]) -> dict[str, float]:
    """The mean rank's seconds by kind of work. A whole backward that is alone counts as its two parts."""
    found = dict.fromkeys(SPLIT.values(), 0.0)
    for spans in timeline.ranks:
        for span in spans:
            whole = span.end - span.begin
            if len(span.action) == 1 and span.action[0].part is Part.BACKWARD:
                weights = chunks[span.action[0].stage].weights
                found["weights"] += weights
                found["inputs"] += whole - weights
            else:
                kind = tuple(sorted((work.part for work in span.action), key="FBIW".index))
                found[SPLIT[kind]] += whole
    return {name: seconds / len(timeline.ranks) for name, seconds in found.items()}
