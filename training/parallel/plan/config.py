"""What a plan is told: model, cluster, mesh, batch, precision, and constants that say where they are from.

Link rates and peaks are the data sheet's, a direction and GPU; what of them is reached are the constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from training.model import ModelConfig
from training.parallel.layers import check_counts
from training.settings import read_settings, require
from training.sft.config import ModelTable
from training.sft.presets import model_config

MOST_GPUS = 1 << 20
"""More than anybody has: a slip of the keyboard."""
MOST_WORK = 1 << 17
"""Micro-batches of all ranks in one step: some seconds of the simulator's."""
LARGEST = {"num_hidden_layers": 1 << 12, "n_routed_experts": 1 << 14}
LARGEST_SIZE = 1 << 24
"""Other sizes of a model beyond this make no sense."""
SIZES, LEAST = 1e6, 1e-3
"""Other rates, in the units that the tables have, and smaller shares are a slip of the keyboard too."""
ScheduleName = Literal["1F1B", "ZB1P", "DualPipe", "DualPipeV"]


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """The model's size."""

    preset: str = ""
    """A size of `training.sft.presets`."""
    sizes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `ModelConfig`; they come before the preset's."""
    vocabulary: int = 0
    """Tokens, for a preset; `sizes.vocab_size` otherwise."""

    def __post_init__(self) -> None:
        require(bool(self.preset or self.sizes), "preset or model.sizes must be given")
        known = {part.name for part in fields(ModelConfig)}
        if unknown := self.sizes.keys() - known:
            raise ValueError(f"sizes.{min(unknown)} is no size; known are {', '.join(sorted(known))}")
        for name, value in self.sizes.items():
            most = LARGEST.get(name, LARGEST_SIZE)
            fine = not isinstance(value, int | float) or not value > most
            require(fine, f"sizes.{name} is at most {most:,}, not {value}")
        require(self.vocabulary <= LARGEST_SIZE, f"vocabulary is at most {LARGEST_SIZE:,}")
        require(self.vocabulary >= 0, f"vocabulary must not be negative, but is {self.vocabulary}")
        both = self.vocabulary > 0 and "vocab_size" in self.sizes
        require(not both, "vocabulary and model.sizes.vocab_size exclude each other")
        one = self.vocabulary > 0 or "vocab_size" in self.sizes
        require(one, "vocabulary must be given, or model.sizes.vocab_size")

    def config(self) -> ModelConfig:
        """Raises `TrainError` for sizes that do not fit together."""
        return model_config(ModelTable(self.preset, self.sizes), self.vocabulary)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The hardware."""

    gpu: str
    """Its name, for the report."""
    gpus: int
    memory_gib: float
    memory_gbs: float
    """GB/s of its memory."""
    bf16_tflops: float
    """Dense peak. MFU is a share of this one, whatever the precision."""
    nvlink_gbs: float
    """GB/s a direction, inside a node."""
    network_gbs: float = 0.0
    """GB/s a direction and GPU, between nodes; not needed for one."""
    fp8_tflops: float = 0.0
    """Dense peak; not needed for BF16."""
    node: int = 8
    """GPUs of a node."""
    price: float = 0.0
    """Of a GPU and hour, in dollars; 0: nothing is said of cost."""

    def __post_init__(self) -> None:
        for name in ("gpus", "node"):
            value = getattr(self, name)
            require(0 < value <= MOST_GPUS, f"{name} must lie between 1 and {MOST_GPUS:,}, not {value}")
        for name in ("memory_gib", "memory_gbs", "bf16_tflops", "nvlink_gbs"):
            value = getattr(self, name)
            fine = LEAST <= value <= SIZES
            require(fine, f"{name} must lie between {LEAST:g} and {SIZES:g}, not {value:g}")
        for name in ("network_gbs", "fp8_tflops", "price"):
            value = getattr(self, name)
            fine = value == 0 or LEAST <= value <= SIZES
            require(fine, f"{name} must be 0, or lie between {LEAST:g} and {SIZES:g}, not {value:g}")
        whole = self.gpus <= self.node or self.gpus % self.node == 0
        require(whole, f"gpus must fill whole nodes of {self.node}, and are {self.gpus}")
        reached = self.gpus <= self.node or self.network_gbs > 0
        require(reached, f"network_gbs must be given: {self.gpus} GPUs are {self.gpus // self.node} nodes")


@dataclass(frozen=True, slots=True)
class MeshTable:
    """How the model lies on the GPUs (`training.parallel.mesh`)."""

    schedule: ScheduleName
    pipeline: int = 1
    """Places of each pipeline."""
    experts: int = 1
    """GPUs that share the experts of a layer."""
    layers: tuple[int, ...] = ()
    """Of each stage; none: laid out so that the rank with most to do has least, as for other schedules."""

    def __post_init__(self) -> None:
        for name in ("pipeline", "experts"):
            value = getattr(self, name)
            require(0 < value <= MOST_GPUS, f"{name} must lie between 1 and {MOST_GPUS:,}, not {value}")
        check_counts(self.layers, self.pipeline)


@dataclass(frozen=True, slots=True)
class BatchTable:
    """One step's data; each sequence is one document."""

    sequences: int
    length: int
    """Tokens of a sequence."""
    micro: int = 1
    """Sequences of a micro-batch."""

    def __post_init__(self) -> None:
        for name in ("sequences", "length", "micro"):
            value = getattr(self, name)
            require(0 < value <= 1 << 30, f"{name} must lie between 1 and 2^30, not {value}")


@dataclass(frozen=True, slots=True)
class Precision:
    """What numbers are kept as. Embedding, head, router and attention are BF16 in any case."""

    matmul: Literal["fp8", "bf16"] = "bf16"
    """Of the linear layers and experts."""
    dispatch: Literal["fp8", "bf16"] = "bf16"
    """Of the rows that go to experts, and of the gradients that do; what comes back of either is BF16."""
    gradients: Literal["fp32", "bf16"] = "fp32"
    """As which they are added up and sent."""
    moments: Literal["fp32", "bf16"] = "fp32"
    recompute: bool = False
    """Whether backward computes norms, up-projections of the latents and SwiGLU again (arXiv 2412.19437,
    section 3.2.3)."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that cannot be worked out."""

    value: float
    source: Literal["measured", "published", "calibrated", "assumed"]
    by: str
    """By which benchmark, where, on what, or why."""

    def __post_init__(self) -> None:
        require(bool(self.by), "by must say by what it was measured, where it is published, or why so much")


@dataclass(frozen=True, slots=True)
class Constants:
    """Shares, from 0 to 1."""

    gemm: Constant
    """Of the peak, in dense matrix products in `precision.matmul`."""
    grouped: Constant
    """The same in those of the experts."""
    gemm_bf16: Constant
    """Of the BF16 peak, in router and head."""
    attention: Constant
    """Of the BF16 peak, forward, counting the causal half."""
    attention_backward: Constant
    """The same backward, where scores are computed again: 2.5 times the forward's operations."""
    memory: Constant
    """Of the memory's rate, in what is bound by it: norms, activations, permutations, conversions."""
    nvlink: Constant
    """Of the rate inside a node."""
    network: Constant
    """Of the rate between nodes."""
    overlap: Constant
    """Of an interleaved pair's communication, how much hides under its computation."""
    sm_share: Constant
    """Of a GPU's multiprocessors, how many move data while a pair is computed."""

    def __post_init__(self) -> None:
        for name, value in self.values().items():
            if name == "sm_share":
                require(0 <= value < 1, f"{name}.value must lie in [0, 1), not {value:g}")
            elif name == "overlap":
                require(0 <= value <= 1, f"{name}.value must lie in [0, 1], not {value:g}")
            else:
                require(LEAST <= value <= 1, f"{name}.value must lie in [{LEAST:g}, 1], not {value:g}")

    def all(self) -> dict[str, Constant]:
        """By name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def values(self) -> dict[str, float]:
        """The bare numbers."""
        return {name: constant.value for name, constant in self.all().items()}


@dataclass(frozen=True, slots=True)
class Published:
    """What a plan is to be compared with; 0: not published."""

    by: str
    step: float = 0.0
    """Seconds, as those below: of a step, and of its parts, of the mean rank."""
    forward: float = 0.0
    inputs: float = 0.0
    weights: float = 0.0
    paired: float = 0.0
    bubble: float = 0.0
    optimizer: float = 0.0
    mfu: float = 0.0
    """With attention counted in full, as the next one with its causal half."""
    mfu_causal: float = 0.0
    hours: float = 0.0
    """GPU hours a trillion tokens."""

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            require(part.name == "by" or value >= 0, f"{part.name} must not be negative, but is {value}")


@dataclass(frozen=True, slots=True)
class PlanConfig:
    """A whole plan."""

    model: PlannedModel
    cluster: Cluster
    mesh: MeshTable
    batch: BatchTable
    constants: Constants
    precision: Precision = field(default_factory=Precision)
    published: Published | None = None

    def __post_init__(self) -> None:
        wants = "fp8" in (self.precision.matmul, self.precision.dispatch)
        has = self.cluster.fp8_tflops > 0
        require(not wants or has, "cluster.fp8_tflops must be given for a precision of fp8")

    @property
    def tokens(self) -> int:
        """Of a micro-batch."""
        return self.batch.micro * self.batch.length

    @property
    def micro_batches(self) -> int:
        """Of one pipeline and step. Raises `ValueError` if sequences cannot be shared out."""
        pipelines = self.cluster.gpus // self.mesh.pipeline
        each, left = divmod(self.batch.sequences, pipelines * self.batch.micro)
        if left or not each:
            raise ValueError(
                f"{self.batch.sequences} sequences cannot be shared out evenly to {pipelines} pipelines in "
                f"micro-batches of {self.batch.micro}"
            )
        return each


def load_config(path: Path) -> PlanConfig:
    """Read a plan's configuration. Raises `TrainError`."""
    return read_settings(PlanConfig, path)
