"""Which process does what: pipelines, copies of them that share the data, and groups that share the experts.

Processes are numbered as `torchrun` does, node after node. Neighbours have the same stages and other data:
what they exchange, tokens for experts, is most of the traffic, and inside a node links are fastest. A
pipeline goes across them, with little to send.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.distributed as dist

from training.model.config import ModelConfig
from training.parallel.experts import Place, one_hop, two_hops
from training.parallel.pipeline import Channels
from training.parallel.spread import Groups


@dataclass(frozen=True, slots=True)
class Mesh:
    """All processes, in `pipeline` rows of `ways` columns: a row has the same stages, a column is a
    pipeline."""

    processes: int
    pipeline: int = 1
    """Places of each pipeline."""
    experts: int = 1
    """Neighbours in a row that share the experts of a layer."""
    node: int = 8
    """Processes of one node."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, in one line, for numbers that do not fit together."""
        for name in ("processes", "pipeline", "experts", "node"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
        least = self.pipeline * self.experts
        what = f"pipelines of {self.pipeline} places with experts on {self.experts} processes"
        if self.processes < least:
            raise ValueError(f"{what} need {least} processes, and there are {self.processes}")
        if self.processes % least:
            raise ValueError(f"{what} need a multiple of {least} processes, and there are {self.processes}")
        small, large = sorted((self.experts, self.node))
        if self.processes > self.node and large % small:
            raise ValueError(
                f"experts on {self.experts} processes must fill whole nodes of {self.node}, or equal parts "
                "of one"
            )

    @property
    def ways(self) -> int:
        """Pipelines side by side, each with data of its own."""
        return self.processes // self.pipeline

    def place(self, rank: int) -> int:
        """Of a process, in its pipeline."""
        return rank // self.ways

    def way(self, rank: int) -> int:
        """The pipeline that a process belongs to."""
        return rank % self.ways

    def column(self, way: int) -> list[int]:
        """The processes of a pipeline, in its order."""
        return [self.ways * place + way for place in range(self.pipeline)]

    def sharers(self) -> list[list[int]]:
        """The groups that share experts."""
        return [list(range(first, first + self.experts)) for first in range(0, self.processes, self.experts)]


@dataclass(frozen=True, slots=True)
class Member:
    """A process's place in a mesh, with what it needs to talk to the others."""

    mesh: Mesh
    place: int
    way: int
    channels: Channels
    experts: Place | None
    """None if each process has all experts."""

    def key(self, name: str) -> str:
        """Equal for parameters that are copies of each other; of experts it says which."""
        if self.experts is None or ".experts." not in name:
            return name
        first, number = self.experts.first, self.experts.number
        return f"{name}[{first}:{first + number}]"


def join_mesh(
    mesh: Mesh, config: ModelConfig, device: torch.device, *, blocks: int = 0, fast_rows: int = 0
) -> Member:
    """This process's place; all processes must call this. `blocks`: multiprocessors of a GPU that an exchange
    of tokens may take; 0: as many as NCCL likes. `fast_rows`: as in `one_hop`. Raises `ValueError` if the
    experts cannot be divided evenly, or the world is not as large as the mesh."""
    if dist.get_world_size() != mesh.processes:
        raise ValueError(f"the mesh has {mesh.processes} processes, and there are {dist.get_world_size()}")
    rank = dist.get_rank()
    experts = _experts(mesh, config, device, blocks, fast_rows) if mesh.experts > 1 else None
    channels = Channels([mesh.column(way) for way in range(mesh.ways)], device)
    return Member(mesh, mesh.place(rank), mesh.way(rank), channels, experts)


def _experts(mesh: Mesh, config: ModelConfig, device: torch.device, blocks: int, fast_rows: int) -> Place:
    """One hop inside a node; from node to node first if the experts are on several."""
    if mesh.experts <= mesh.node:
        return one_hop(config, _mine(mesh.sharers(), blocks), device, fast_rows)
    if fast_rows:
        raise ValueError(f"fast is for experts in one host of {mesh.node} processes, not on {mesh.experts}")
    nodes = range(0, mesh.processes, mesh.node)
    inside = _mine([list(range(first, first + mesh.node)) for first in nodes], blocks)
    columns = [ranks[index :: mesh.node] for ranks in mesh.sharers() for index in range(mesh.node)]
    return two_hops(config, _mine(columns, blocks), inside, device)


def _mine(ranks: list[list[int]], blocks: int) -> Groups:
    """The groups among these that have this process. All must be made everywhere."""
    found: Groups | None = None
    for members in ranks:
        groups = Groups(*(dist.new_group(members, pg_options=_options(blocks)) for _ in Groups._fields))
        if dist.get_rank() in members:
            found = groups
    assert found is not None, "every process has its group"
    return found


def _options(blocks: int) -> dist.ProcessGroupNCCL.Options | None:
    """Of one group, which torch writes its name into."""
    if not blocks or dist.get_backend() != dist.Backend.NCCL:
        return None
    options = dist.ProcessGroupNCCL.Options()
    options.config.max_ctas = blocks
    return options
