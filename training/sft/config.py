"""The settings of supervised fine-tuning; each part of the trainer owns one table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from training.parallel.layers import check_counts
from training.settings import read_settings, require

MAX_VOCABULARY = 1_000_000
"""Nobody has a use for a larger one, and the library that learns it ends the process for want of memory."""

BF16_STEP = 2**-8
"""A BF16 number that loses a smaller share of itself may be rounded back to what it was, for ever."""


@dataclass(frozen=True, slots=True)
class ModelTable:
    """What is trained: a new model, or one that exists."""

    preset: str = ""
    """A size of `training.sft.presets`."""
    sizes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `ModelConfig`; they come before the preset's."""
    checkpoint: Path | None = None
    """A model in Hugging Face's layout to start from, instead of random weights."""

    def __post_init__(self) -> None:
        sources = bool(self.checkpoint) + bool(self.preset or self.sizes)
        require(sources == 1, "preset or model.sizes must be given, or model.checkpoint, and not both")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What to learn from."""

    corpus: tuple[Path, ...]
    """JSON Lines files of verified proofs (`data.records`)."""
    tokenizer: Path | None = None
    """A folder with a `tokenizer.json`; none: one is learnt from the corpus."""
    vocabulary: int = 4096
    """Size of a tokenizer that is learnt."""
    length: int = 1024
    """Tokens in a row; longer examples are left out, and their number is said."""
    cot_share: float = 0.25
    """How often a record is rendered in the style with comments (chain of thought) too."""
    resumed_share: float = 1.0
    """How often its proof is also cut, to go on behind a random step with the tactic state as a comment."""
    automation_share: float = 1.0
    """How often a pass shows a proof of one step that is no hint: Lean's automation, which is most of a
    corpus, and the least to learn from."""
    hints: bool = False
    """Whether prompts show library lemmas that may help; a search then shows them to the model as well."""
    made_up_lemmas: float = 0.0
    """How often the lemmas that a prompt shows get made-up names, so that the model learns to copy them."""
    pretraining_epochs: int = 0
    """The first so many passes learn prompts as well as answers. A model that starts from nothing learns to
    copy names there; from answers alone, one token in fifteen, it hardly does."""
    held_out: float = 0.01
    """Share of the statements, chosen by their hash, that is kept for validation."""

    def __post_init__(self) -> None:
        require(bool(self.corpus), "corpus must name at least one file")
        require(self.length >= 16, f"length must be at least 16, not {self.length}")
        require(
            300 <= self.vocabulary <= MAX_VOCABULARY,
            f"vocabulary must lie between 300 and {MAX_VOCABULARY}, not {self.vocabulary}",
        )
        for name in ("cot_share", "resumed_share", "automation_share", "made_up_lemmas"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"{name} must lie in [0, 1], not {value:g}")
        require(self.pretraining_epochs >= 0, "pretraining_epochs must not be negative")
        require(0 <= self.held_out < 1, f"held_out must lie in [0, 1), not {self.held_out:g}")


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How much goes into one step."""

    tokens: int = 65536
    """Tokens of one optimiser step, over all devices and micro-batches, padding included."""
    accumulation: int = 1
    """Micro-batches of one step on each device; more of them take less memory."""

    def __post_init__(self) -> None:
        require(self.tokens > 0, f"tokens must be positive, not {self.tokens}")
        require(self.accumulation > 0, f"accumulation must be positive, not {self.accumulation}")


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """AdamW (arXiv 1711.05101) and its learning rate over time."""

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.95
    weight_decay: float = 0.1
    """On matrices only: a gain or a bias is not pulled to zero."""
    moments: Literal["fp32", "bf16"] = "fp32"
    """As what a mesh keeps them between steps; they are used in FP32. Without a mesh: as `run.dtype` says."""
    clip: float = 1.0
    """Largest norm of the whole gradient."""
    warmup: int = 100
    """Steps in which the rate rises linearly."""
    schedule: Literal["cosine", "wsd"] = "cosine"
    """After the warm-up: half a cosine, or warm-up-stable-decay (arXiv 2404.06395) with a linear decay."""
    decay_share: float = 0.2
    """For `wsd`: the share of the steps in which the rate falls."""
    final_share: float = 0.1
    """The rate at the end, as a share of `learning_rate`."""

    def __post_init__(self) -> None:
        for name in ("learning_rate", "clip"):
            value = getattr(self, name)
            require(0 < value < math.inf, f"{name} must be positive and finite, not {value:g}")
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must lie in [0, 1), not {value:g}")
            slow = self.moments == "bf16" and 1 - value < BF16_STEP
            require(not slow, f"{name} = {value:g} is too slow for moments = 'bf16': take 0.996 at most")
        for name in ("decay_share", "final_share"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"{name} must lie in [0, 1], not {value:g}")
        require(self.weight_decay >= 0, f"weight_decay must not be negative, but is {self.weight_decay:g}")
        require(self.warmup >= 0, f"warmup must not be negative, but is {self.warmup}")


@dataclass(frozen=True, slots=True)
class LossConfig:
    """What is added to the cross-entropy, and how the experts' load is kept even."""

    bias_rate: float = 1e-3
    """Step of the balance bias, the loss-free way (arXiv 2412.19437, section 2.1.2); 0 leaves it alone."""
    sequence_weight: float = 1e-4
    """Of the sequence-wise balance loss (the same paper's equation 17)."""
    mtp_weight: float = 0.3
    """Of multi-token prediction (its equation 25), if the model has it."""

    def __post_init__(self) -> None:
        for name in ("bias_rate", "sequence_weight", "mtp_weight"):
            value = getattr(self, name)
            require(0 <= value < math.inf, f"{name} must not be negative, but is {value:g}")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How long, how precisely, and what is kept."""

    steps: int = 0
    """Optimiser steps; 0: as many as `epochs` give."""
    epochs: float = 0.0
    """Passes over the corpus, if `steps` is 0."""
    dtype: Literal["bf16", "bf16-pure", "float32"] = "bf16"
    """`bf16`: FP32 weights, BF16 arithmetic (autocast); `bf16-pure`: BF16 weights and moments, too."""
    fp8: bool = False
    """Multiply in FP8 with BF16 copies around it (`training.parallel.fp8`), for GPUs of Hopper's kind.
    Experts that processes share get their tokens in FP8, too, and answer in BF16."""
    compile: bool = False
    """Compile the blocks: minutes at first, then faster steps."""
    log_every: int = 10
    checkpoint_every: int = 500
    keep: int = 2
    """Checkpoints kept beside each other."""
    validate_every: int = 250
    """Steps between two held-out losses; 0: only at the end."""

    def __post_init__(self) -> None:
        require(self.steps >= 0, f"steps must not be negative, but is {self.steps}")
        require(0 <= self.epochs < math.inf, f"epochs must not be negative, but is {self.epochs:g}")
        require(self.dtype == "bf16" or not self.fp8, f"fp8 goes with dtype = 'bf16', not {self.dtype!r}")
        require(not (self.fp8 and self.compile), "fp8 and run.compile do not go together")
        require((self.steps > 0) != (self.epochs > 0), "steps or run.epochs must be given, and not both")
        for name in ("log_every", "checkpoint_every", "keep"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")
        require(self.validate_every >= 0, f"validate_every must not be negative: {self.validate_every}")


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """How several processes share a model; without it each has its part of every weight (FSDP2). With it, the
    optimiser's state is divided (ZeRO-1), and `batch.accumulation` counts the micro-batches of a pipeline."""

    pipeline: int = 1
    """Places of a pipeline, each with some of the layers."""
    experts: int = 1
    """Processes that share the experts of a layer."""
    schedule: Literal["1F1B", "ZB1P", "Chimera", "DualPipe", "DualPipeV"] = "1F1B"
    """In which order a place does its work; DualPipe and Chimera have every weight twice."""
    layers: tuple[int, ...] = ()
    """Of each stage; none: in equal numbers, or one more. `prover plan` chooses them by what each takes."""
    node: int = 8
    """Processes of one machine: experts on several are reached across machines first."""
    overlap: bool = True
    """Where a forward is paired with a backward, exchange tokens of the one while the other computes."""
    blocks: int = 0
    """Multiprocessors of a GPU that may exchange tokens; 0: as many as NCCL likes."""
    fast: bool = False
    """Exchange tokens through the memory of one host's GPUs (`training.parallel.fast`) and not by NCCL."""

    def __post_init__(self) -> None:
        for name in ("pipeline", "experts", "node"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")
        check_counts(self.layers, self.pipeline)
        require(self.blocks >= 0, f"blocks must not be negative, but is {self.blocks}")
        alone = self.experts == 1
        require(not (alone and self.fast), "fast is a way to share experts, and mesh.experts is 1")
        require(not (alone and self.blocks), "blocks is for sharing experts, and mesh.experts is 1")

    @property
    def divides(self) -> bool:
        """Whether there is any such sharing."""
        return self.pipeline > 1 or self.experts > 1


@dataclass(frozen=True, slots=True)
class ProvingConfig:
    """Validation by proving: sampling search on held-out statements, judged by Lean."""

    statements: int = 0
    """How many; 0 turns it off."""
    samples: int = 8
    """Proofs tried for one statement."""
    every: int = 0
    """Steps between two; 0: only at the end."""
    max_tokens: int = 256
    """Tokens of one sample at most."""

    def __post_init__(self) -> None:
        for name in ("statements", "every"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must not be negative, but is {value}")
        for name in ("samples", "max_tokens"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be positive, not {value}")


@dataclass(frozen=True, slots=True)
class SftConfig:
    """A whole run of supervised fine-tuning (here: of training from nothing)."""

    data: DataConfig
    model: ModelTable
    batch: BatchConfig = field(default_factory=BatchConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    run: RunConfig = field(default_factory=RunConfig)
    proving: ProvingConfig = field(default_factory=ProvingConfig)
    mesh: MeshConfig = field(default_factory=MeshConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        require(0 <= self.seed < 2**63, f"seed must lie between 0 and 2^63 - 1, not {self.seed}")
        fine = self.optimizer.moments == "fp32" or self.mesh.divides
        require(fine, "optimizer.moments = 'bf16' needs a mesh: mesh.pipeline or mesh.experts beyond 1")


def load_config(path: Path, seed: int | None = None) -> SftConfig:
    """Read a run's configuration; `seed` replaces the file's. Raises `TrainError`."""
    return read_settings(SftConfig, path, seed)
