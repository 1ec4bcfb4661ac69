"""What a model is to be served on: so many nodes with so many equal GPUs, or one machine's CPU.

Told by flags, or seen with `nvidia-smi`: a layout for four nodes can be worked out on a laptop.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from prover.serving import ServeError

GIB = 2**30
MIB = 2**20
FP8_CAPABILITY = 8.9
"""Compute capability from which on tensor cores multiply FP8: Ada, Hopper, Blackwell."""
SECONDS = 30.0
"""How long `nvidia-smi` may take; without its daemon it wakes each GPU first."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A kind of GPU."""

    name: str
    memory: int
    """Bytes, as `nvidia-smi` reports them in total."""
    fp8: bool | None
    """Whether it multiplies FP8; None: not known."""
    nvlink: int | None
    """GB/s to the other GPUs of a node, both directions together (the maker's figure); 0: only PCIe;
    None: not known."""


GPUS = {
    "a100": Gpu("A100 80 GB", 81920 * MIB, False, 600),
    "a100-40": Gpu("A100 40 GB", 40960 * MIB, False, 600),
    "b200": Gpu("B200", 183359 * MIB, True, 1800),
    "h100": Gpu("H100 80 GB", 81559 * MIB, True, 900),
    "h20": Gpu("H20", 97871 * MIB, True, 900),
    "h200": Gpu("H200", 143771 * MIB, True, 900),
    "h800": Gpu("H800 80 GB", 81559 * MIB, True, 400),
    "l40s": Gpu("L40S", 46068 * MIB, True, 0),
    "rtx4090": Gpu("RTX 4090", 24564 * MIB, True, 0),
}
"""By the name that `--gpu` takes; SXM modules where there are several forms."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """Equal nodes."""

    gpu: Gpu | None
    """None: no GPU, the CPU computes."""
    gpus: int
    """A node's; 0 without a GPU."""
    nodes: int
    memory: int
    """Bytes: of a GPU, or without one what the machine has free."""
    cores: int = 0
    """CPU cores, if it is the CPU that computes."""

    @property
    def total(self) -> int:
        """GPUs of all nodes."""
        return self.gpus * self.nodes

    @property
    def has_deepep(self) -> bool:
        """Whether DeepEP's kernels between nodes run: eight GPUs a node, NVLink, Hopper or newer."""
        return self.gpu is not None and self.gpus == 8 and bool(self.gpu.nvlink) and self.gpu.fp8 is True

    def describe(self) -> str:
        """Such as `4 nodes × 8 × H800 80 GB (79.6 GiB each)`."""
        if self.gpu is None:
            return f"CPU, {self.cores} cores, {self.memory / GIB:.1f} GiB free"
        nodes = f"{self.nodes} nodes × " if self.nodes > 1 else ""
        return f"{nodes}{self.gpus} × {self.gpu.name} ({self.memory / GIB:.1f} GiB each)"


def find_hardware(gpus: int | None, gpu: str | None, memory_gib: float | None, nodes: int) -> Hardware:
    """What flags say, and what they leave open as this machine has it. Raises `ServeError`."""
    if gpus == 0:
        if gpu or memory_gib or nodes > 1:
            raise ServeError("--gpus 0 means this machine's CPU: leave the other GPU and node flags out")
        return cpu()
    if gpu is not None:
        if gpu.lower() not in GPUS:
            raise ServeError(
                f"no GPU is known as {gpu}; known are {', '.join(GPUS)}; for others give --gpu-memory"
            )
        kind = GPUS[gpu.lower()]
    elif memory_gib:
        kind = Gpu(f"GPU of {memory_gib:g} GiB", int(memory_gib * GIB), None, None)
    else:
        seen = seen_gpus()
        if not seen and (gpus or nodes > 1):
            raise ServeError(
                "this machine has no GPU to look at: say of what kind they are, with --gpu or --gpu-memory"
            )
        if not seen:
            return cpu()
        if len(set(seen)) > 1:
            raise ServeError(
                f"this machine's GPUs differ ({', '.join(sorted({one.name for one in seen}))}): choose equal "
                "ones with CUDA_VISIBLE_DEVICES, and say which with --gpus and --gpu"
            )
        if gpus and gpus > len(seen):
            raise ServeError(
                f"this machine has {len(seen)} × {seen[0].name}, not {gpus}; --gpu says what another one has"
            )
        kind, gpus = seen[0], gpus or len(seen)
    if memory_gib:
        kind = replace(kind, memory=int(memory_gib * GIB))
    return Hardware(kind, gpus or 1, nodes, kind.memory)


def seen_gpus() -> list[Gpu]:
    """This machine's GPUs as `nvidia-smi` lists them; none without it. Raises `ServeError`."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = "--query-gpu=name,memory.total,compute_cap"
    try:
        done = subprocess.run(
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServeError(f"nvidia-smi does not answer ({error}); --gpus 0 takes the CPU") from None
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())
        raise ServeError(f"nvidia-smi fails ({said}); --gpus 0 takes the CPU")
    return [_gpu(line) for line in done.stdout.splitlines() if line.strip()]


def _gpu(line: str) -> Gpu:
    """A line such as `NVIDIA H200, 143771, 9.0`. Raises `ServeError`."""
    try:
        name, memory, capability = (field.strip() for field in line.split(","))
        size, fp8 = int(memory) * MIB, float(capability) >= FP8_CAPABILITY
    except ValueError:
        raise ServeError(f"nvidia-smi says of a GPU {line!r}: give --gpu or --gpu-memory") from None
    words = name.lower().replace("-", " ").split()
    known = [GPUS[key] for key in GPUS if key in words]
    return Gpu(name.removeprefix("NVIDIA "), size, fp8, known[0].nvlink if known else None)


def cpu() -> Hardware:
    """This machine without GPUs."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Hardware(None, 0, 1, free_memory(), cores)


def free_memory() -> int:
    """Bytes that a program could take now, as far as the kernel and the container's limit tell."""
    free = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free.append(int(fields["MemAvailable"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        pass
    try:
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        free.append(max(0, limit - int((group / "memory.current").read_text())))
    except (OSError, ValueError):  # No such group, or `max`.
        pass
    return min(free)
