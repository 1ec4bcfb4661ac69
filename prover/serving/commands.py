"""The commands that start a layout, one for each node, in vLLM 0.32's own flags.

The first node answers requests; the others run `--headless` and join it. On a CPU vLLM's community build
has no `vllm` program, and is started as a module.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from prover.serving.hardware import GIB
from prover.serving.layout import Layout
from prover.serving.memory import UTILISATION
from prover.serving.vllm import CPU_COMPILATION, GENERATION_CONFIG

HEAD = "NODE0"
"""Stands for the first node's address in commands that are only printed."""
RPC_PORT, MASTER_PORT = 13345, 29501
"""Where nodes meet: data parallel engines, and pipeline stages."""
DTYPES = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}


@dataclass(frozen=True, slots=True)
class Command:
    """What one node runs."""

    node: int
    program: tuple[str, ...]
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables to set on top of the node's own."""

    @property
    def words(self) -> tuple[str, ...]:
        """Program and arguments."""
        return (*self.program, *self.arguments)

    def line(self) -> str:
        """For a shell."""
        variables = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        program = ("python", *self.program[1:]) if self.program[0] == sys.executable else self.program
        return " ".join((*variables, shlex.join((*program, *self.arguments))))


def commands(layout: Layout, port: int, head: str = HEAD) -> list[Command]:
    """A command for each node that the layout uses; `head` is the first one's address."""
    program, model = _program(layout)
    settings = (*model, *_settings(layout))
    environment = _environment(layout)
    return [
        Command(
            node,
            program,
            (*settings, *_joining(layout, node, head), *_answering(layout, node, port)),
            environment,
        )
        for node in range(layout.nodes)
    ]


def _program(layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How vLLM is started, and how it is told the model."""
    if layout.hardware.gpu is None:
        return (sys.executable, "-m", "vllm.entrypoints.openai.api_server"), ("--model", layout.model.target)
    return ("vllm", "serve"), (layout.model.target,)


def _settings(layout: Layout) -> list[str]:
    """What is the same on all nodes."""
    said = ["--served-model-name", layout.model.name, "--dtype", DTYPES[layout.model.dtype]]
    said += ["--max-model-len", str(layout.context), "--enable-prefix-caching"]
    said += ["--generation-config", GENERATION_CONFIG]
    if layout.hardware.gpu is None:
        return [*said, "--enforce-eager", "-cc", json.dumps(CPU_COMPILATION, separators=(",", ":"))]
    said += ["--gpu-memory-utilization", f"{UTILISATION:g}"]
    for flag, size in (("-tp", layout.tensor), ("-pp", layout.pipeline), ("-dp", layout.data)):
        if size > 1:
            said += [flag, str(size)]
    if layout.expert > 1:
        said += ["--enable-expert-parallel", "--all2all-backend", layout.all2all]
    return said


def _joining(layout: Layout, node: int, head: str) -> list[str]:
    """How a node finds the others."""
    if layout.nodes == 1:
        return []
    if layout.pipeline > 1:
        said = ["--nnodes", str(layout.nodes), "--node-rank", str(node)]
        return [*said, "--master-addr", head, "--master-port", str(MASTER_PORT)]
    local = layout.data // layout.nodes
    said = ["--data-parallel-size-local", str(local), "--data-parallel-address", head]
    said += ["--data-parallel-rpc-port", str(RPC_PORT)]
    return said if node == 0 else [*said, "--data-parallel-start-rank", str(node * local)]


def _answering(layout: Layout, node: int, port: int) -> list[str]:
    return ["--port", str(port)] if node == 0 else ["--headless"]


def _environment(layout: Layout) -> dict[str, str]:
    """Variables that vLLM reads."""
    said = {}
    if layout.hardware.gpu is None:
        said["VLLM_CPU_KVCACHE_SPACE"] = str(layout.cache // GIB)
    if layout.model.latent and not layout.latent:
        said["VLLM_MLA_DISABLE"] = "1"
    return said
