"""The settings of a run of reinforcement learning; each part owns one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.rlpaf.algorithm import AlgorithmConfig, with_preset
from training.settings import read_settings, require
from training.sft.config import OptimizerConfig


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What learns."""

    checkpoint: Path
    """The model to start from, which is the reference of the KL term too."""


@dataclass(frozen=True, slots=True)
class TheoremsConfig:
    """What is to be proved."""

    corpus: tuple[Path, ...] = ()
    """Corpora of proofs whose statements are used; their proofs are not."""
    files: tuple[Path, ...] = ()
    """JSON Lines files of statements, as benchmarks come."""
    generated: int = 0
    """New statements that a run begins with, made by `data.generate`; more are made as they are needed."""
    generator_seed: int = 1_000_003
    """Of the stream that they come from."""
    mutated_share: float = 0.25
    """Of further new statements, how many are variants of proved ones."""
    benchmarks: tuple[Path, ...] = ()
    """Files of statements that nothing to learn from may equal or be an instance of."""

    def __post_init__(self) -> None:
        sources = bool(self.corpus) + bool(self.files) + bool(self.generated)
        require(sources > 0, "corpus, theorems.files or theorems.generated must name some statements")
        require(
            0 <= self.generated <= 10**7, f"generated must lie between 0 and 10,000,000, not {self.generated}"
        )
        require(0 <= self.mutated_share <= 1, f"mutated_share must lie in [0, 1], not {self.mutated_share:g}")


@dataclass(frozen=True, slots=True)
class CurriculumConfig:
    """Which theorems are tried next."""

    theorems: int = 64
    """In one batch."""
    group: int = 16
    """Proofs tried for each."""
    low: float = 0.05
    high: float = 0.9
    """Success rates between which a theorem is moderate, and preferred."""
    fresh_share: float = 0.3
    """Of a batch, theorems that were never tried."""
    revisited_share: float = 0.05
    """Of a batch, theorems that were retired: because they are always proved, or never."""
    retire_after: int = 2
    """Groups in a row without variance that retire a theorem."""

    def __post_init__(self) -> None:
        for name in ("theorems", "retire_after"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")
        require(self.group >= 2, f"group must be at least 2, not {self.group}: one proof has no equal")
        proofs = self.theorems * self.group
        require(proofs <= 10**7, f"theorems × group is {proofs:,} proofs, more than a batch can hold")
        require(0 <= self.low < self.high <= 1, f"low = {self.low:g} and high = {self.high:g} leave nothing")
        shares = self.fresh_share, self.revisited_share
        require(
            all(share >= 0 for share in shares) and sum(shares) <= 1,
            f"fresh_share = {shares[0]:g} and revisited_share = {shares[1]:g} must be shares of one batch",
        )


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How proofs are written: at temperature 1, without nucleus, so that a sampler's log-probs are those of
    the distribution that it drew from."""

    max_tokens: int = 192
    """Of one completion."""
    search_share: float = 0.0
    """Of a batch's theorems, how many are searched with RMaxTS, as many rollouts as a group has."""
    policy: Literal["own", "vllm"] = "own"
    """Who writes: our generator, or vLLM."""
    gpu_memory_utilization: float = 0.5
    """Of a GPU's memory, how much vLLM may fill: on one GPU the learner needs the rest."""
    samplers: int = 1
    """How many on a cluster."""

    def __post_init__(self) -> None:
        for name in ("max_tokens", "samplers"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")
        require(0 <= self.search_share <= 1, f"search_share must lie in [0, 1], not {self.search_share:g}")
        share = self.gpu_memory_utilization
        require(0 < share <= 1, f"gpu_memory_utilization must lie in (0, 1], not {share:g}")


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How a batch is cut for the device."""

    length: int = 640
    """Tokens of a packed row; longer rollouts are left out, and their number is said."""
    rows: int = 64
    """Rows of one micro-batch on one device."""

    def __post_init__(self) -> None:
        require(self.length >= 16, f"length must be at least 16, not {self.length}")
        require(0 < self.rows <= 2**16, f"rows must lie between 1 and 65,536, not {self.rows}")


@dataclass(frozen=True, slots=True)
class ExpertConfig:
    """Expert iteration: imitation of the proofs that the run has found, as one more stage of it."""

    every: int = 0
    """Batches between two such stages; 0: none."""
    steps: int = 4
    """Optimiser steps of a stage."""
    proofs: int = 256
    """Proofs in each of them, drawn from the store: rarely proved theorems first."""

    def __post_init__(self) -> None:
        require(self.every >= 0, f"every must not be negative, but is {self.every}")
        for name in ("steps", "proofs"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")


@dataclass(frozen=True, slots=True)
class LeanConfig:
    """The judges."""

    workers: int = 0
    """Lean processes of one judge; 0: one for each processor."""
    judges: int = 1
    """How many pools of them on a cluster."""
    seconds: float = 20.0
    """For one check."""
    heartbeats: int = 0
    """Of Lean's, for one proof; 0: as many as Lean allows. Few of them make slow proofs worth nothing, on any
    machine the same ones, which a policy would else learn to like."""
    audit_share: float = 0.01
    """Of what the fast tier calls proved, how much the strict audit judges again."""
    max_disagreement: float = 0.02
    """Share of audited proofs that the audit may refuse before the run stops."""

    def __post_init__(self) -> None:
        require(0 <= self.workers <= 2**10, f"workers must lie between 0 and 1,024, not {self.workers}")
        require(self.judges > 0, f"judges must be positive, not {self.judges}")
        require(self.heartbeats >= 0, f"heartbeats must not be negative, but are {self.heartbeats}")
        require(self.seconds > 0, f"seconds must be positive, not {self.seconds:g}")
        for name in ("audit_share", "max_disagreement"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"{name} must lie in [0, 1], not {value:g}")


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """Held-out proving, by independent samples."""

    every: int = 0
    """Batches between two; 0: only before the first and behind the last."""
    files: tuple[Path, ...] = ()
    """JSON Lines files of statements."""
    generated: int = 0
    """Statements made for it, of another stream than those to learn from."""
    generator_seed: int = 2_000_003
    samples: int = 8
    """For each statement: pass@1 to pass@samples are estimated."""

    def __post_init__(self) -> None:
        for name in ("every", "generated"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must not be negative, but is {value}")
        require(0 < self.samples <= 2**16, f"samples must lie between 1 and 65,536, not {self.samples}")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How long, how precisely, how far ahead, and what is kept."""

    steps: int
    """Batches to learn from."""
    staleness: int = 1
    """By how many updates the policy that wrote a batch may be older than the one that learns from it."""
    dtype: Literal["bf16", "float32"] = "bf16"
    compile: bool = False
    checkpoint_every: int = 20
    keep: int = 2

    def __post_init__(self) -> None:
        for name in ("steps", "checkpoint_every", "keep"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")
        require(self.staleness >= 0, f"staleness must not be negative, but is {self.staleness}")


@dataclass(frozen=True, slots=True)
class RlpafConfig:
    """A whole run."""

    model: ModelConfig
    theorems: TheoremsConfig
    algorithm: AlgorithmConfig
    run: RunConfig
    optimizer: OptimizerConfig = field(
        default_factory=lambda: OptimizerConfig(learning_rate=5e-6, weight_decay=0.0, warmup=0)
    )
    curriculum: CurriculumConfig = field(default_factory=CurriculumConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    expert: ExpertConfig = field(default_factory=ExpertConfig)
    lean: LeanConfig = field(default_factory=LeanConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        k, group = self.algorithm.pass_at, self.curriculum.group
        require(k <= group, f"algorithm.pass_at = {k} cannot be told from curriculum.group = {group} proofs")
        require(0 <= self.seed < 2**63, f"seed must lie between 0 and 2^63 - 1, not {self.seed}")
        plain = self.optimizer.moments == "fp32"
        require(plain, "optimizer.moments = 'bf16' needs a mesh, which only prover train sft has")


def load_config(path: Path, seed: int | None = None) -> RlpafConfig:
    """Read a run's configuration; `seed` replaces the file's. Raises `TrainError`."""
    return read_settings(RlpafConfig, path, seed, with_preset)
