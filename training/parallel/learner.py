"""One training step of many processes: data, pipeline and experts in parallel, on one mesh.

It takes the rows that `training.sft.learner` would take, and makes the same step of them up to rounding: the
gradient is that of the mean over all targets, wherever they lie, the norm that clips is the whole one, and
the balance biases move by the counts of all.

Shapes: M layers with experts, E experts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from training.errors import TrainError
from training.model import ModelConfig, Origin, Transformer
from training.model.parts import parts, parts_of
from training.parallel import shards
from training.parallel.experts import spread_experts
from training.parallel.fast import check_rows
from training.parallel.fp8.model import use_fp8
from training.parallel.layers import layers_of
from training.parallel.mesh import Mesh, join_mesh
from training.parallel.pipeline import Pipeline
from training.parallel.schedule import split_pairs
from training.parallel.schedules import SCHEDULES
from training.parallel.split import make_splittable
from training.parallel.stages import Stages
from training.parallel.zero import MODEL, MOMENTS, ShardedAdamW
from training.sft.checkpoint import Resumed
from training.sft.config import SftConfig
from training.sft.folder import RunFolder
from training.sft.learner import Figures, Share
from training.sft.objective import Batch, Losses, make_batch
from training.sft.packing import IGNORED, Rows, concatenate, empty_rows
from training.sft.world import World

_DTYPES = {"bf16": torch.bfloat16, "float32": torch.float32}
"""Of the weights that are computed with, and so of the rows that travel."""


class MeshLearner:
    """One process's part of a model that learns."""

    def __init__(self, size: ModelConfig, origin: Origin, config: SftConfig, world: World) -> None:
        """A model of this size, of which this process has its part, and takes no more than that from
        `origin`. Raises `ValueError` for a mesh, a schedule or a kind of numbers that cannot be, and as
        `Origin.fill` does."""
        self.size, self.config, self.world = size, config, world
        if config.run.dtype not in _DTYPES:
            raise ValueError("run.dtype must be 'bf16' or 'float32': what is moved is FP32 in any case")
        shared = config.mesh
        mesh = Mesh(world.size, shared.pipeline, shared.experts, shared.node)
        schedule = SCHEDULES[shared.schedule](mesh.pipeline, config.batch.accumulation)
        layers = layers_of(size.num_hidden_layers, schedule, shared.layers)
        pairs = any(len(action) > 1 for actions in schedule.ranks for action in actions)
        # Without an exchange of tokens there is nothing to hide.
        overlap = shared.overlap and pairs and mesh.experts > 1
        if overlap and shared.fast:
            raise ValueError(
                f"mesh.fast is for one pass at a time: {schedule.name} needs mesh.overlap = false"
            )
        split = bool(split_pairs(schedule))
        if split and config.run.compile:
            raise ValueError(
                f"run.compile undoes the split backward passes of {schedule.name}; 1F1B has none"
            )
        if shared.fast:
            check_rows(size.hidden_size, _DTYPES[config.run.dtype])
        rows = config.batch.tokens // (mesh.ways * config.batch.accumulation)
        room = rows * min(size.num_experts_per_tok, mesh.experts) if shared.fast else 0
        self.member = join_mesh(mesh, size, world.device, blocks=shared.blocks, fast_rows=room)
        with torch.device("meta"):
            model = Transformer(size)
        if split:
            make_splittable(model)
        if self.member.experts is not None:
            spread_experts(model, self.member.experts)
        if config.run.fp8:
            use_fp8(model)
        mine = schedule.stages_of(self.member.place)
        self.stages = Stages(model, layers, mine, compile_=config.run.compile)
        model.allocate(world.device)
        self._fill(origin, parts_of(model, self._first))
        self.pipeline = Pipeline(
            self.stages, schedule, self.member.place, self.member.channels, overlap=overlap
        )
        held = dict(model.named_parameters())
        self._names = {self.member.key(name): name for name in held}
        self._held = {key: held[name] for key, name in self._names.items()}
        """Parameters by the key that says who else has them."""
        self.optimizer = ShardedAdamW(self._held, config.optimizer)
        for parameter in self._held.values():
            parameter.data = parameter.data.to(_DTYPES[config.run.dtype])

    def step(self, rows: Rows, rate: float) -> Figures:
        """Learn from the rows of one step, of which each pipeline computes its part."""
        told, second = self.config.loss, self.size.num_nextn_predict_layers > 0
        share = Share.of(rows, second=second)
        batches = self._batches(rows, second=second)
        done = self._over_ranks(self.pipeline.step(batches, partial(share.loss, told=told)))
        norm = self.optimizer.step(rate)
        if len(done.counts_ME) and told.bias_rate:
            self.stages.update_balance_bias(done.counts_ME, told.bias_rate)
        return share.figures(done, norm)

    @torch.no_grad()
    def validate(self, rows: Rows) -> float:
        """Mean cross-entropy on the targets of any number of rows, nats; NaN without a target."""
        length = rows.tokens_RL.shape[1]
        at_once = max(1, self.config.batch.tokens // length)
        missing = -len(rows) % at_once
        filled = concatenate([rows, empty_rows(missing, length)]) if missing else rows
        total = torch.zeros((), device=self.world.device)
        for start in range(0, len(filled), at_once):
            batches = self._batches(filled[start : start + at_once], second=False)
            total += self._over_ranks(self.pipeline.evaluate(batches)).next
        targets = int((rows.targets_RL != IGNORED).sum())
        return float(total) / targets if targets else float("nan")

    def save(self, folder: RunFolder, step: int, fields: Mapping[str, Any]) -> None:
        """Write a checkpoint behind so many steps, of which each process writes a part; all must call this.
        Raises `TrainError`."""
        found = {f"{MODEL}/{part}": value for part, value in self._parts(MODEL).items()}
        for kind in MOMENTS:
            found |= {f"{kind}/{part}": value for part, value in self._parts(kind).items()}
        write = partial(shards.write, found=found)
        folder.save_shards(step, fields, self.size, write, self.config.run.keep, self.world)

    def resume(self, resumed: Resumed) -> None:
        """Go on from a checkpoint of any layout, of whose model this learner was made; all processes must
        call this. Raises `TrainError`."""
        values: dict[str, dict[str, Tensor]] = {}
        try:
            for kind in MOMENTS:
                values[kind] = {key: torch.empty(self._held[key].shape) for key in self._held}
                wanted: dict[str, Tensor] = {}
                for key, value in values[kind].items():
                    wanted.update(parts(self._names[key], value, self._first))
                self._fill(resumed.origin(kind), wanted)
        except ValueError as error:
            raise TrainError(f"{error}; use another --out") from error
        self.optimizer.restore(resumed.step, values)

    def export(self, folder: RunFolder) -> None:
        """Write the model as it is used, of which each process writes a part; all must call this. Raises
        `TrainError`."""
        folder.export_shares(self.size, self._parts(MODEL), self.world)

    def _fill(self, origin: Origin, wanted: Mapping[str, Tensor]) -> None:
        """Fill tensors, or raise `ValueError` on all processes if one cannot."""
        try:
            self.world.together(lambda: origin.fill(wanted))
        except OSError as error:
            raise ValueError(str(error)) from error

    @property
    def _first(self) -> int:
        """The first of the experts that are here."""
        return 0 if self.member.experts is None else self.member.experts.first

    def _parts(self, kind: str) -> dict[str, Tensor]:
        """The parts that this process gives, of those that several have; balance biases, which are no
        parameters, each of them gives. All must ask."""
        found: dict[str, Tensor] = {}
        if kind == MODEL:
            found.update((name, bias.cpu()) for name, bias in self.stages.model.named_buffers())
        for key, value in self.optimizer.values(kind).items():
            found.update(parts(self._names[key], value, self._first))
        return found

    def _batches(self, rows: Rows, *, second: bool) -> list[Batch]:
        """The micro-batches of this pipeline."""
        ways, count = self.member.mesh.ways, self.config.batch.accumulation
        micro = len(rows) // (ways * count)
        starts = range(self.member.way * micro, len(rows), ways * micro)
        return [make_batch(rows[at : at + micro], self.world.device, second=second) for at in starts]

    def _over_ranks(self, found: Mapping[int, Losses]) -> Losses:
        """The sums over all stages of all pipelines, in one exchange."""
        added = self.stages.added(found)
        flat = self.world.add_up(torch.cat([value.flatten() for value in added]))
        return Losses(flat[0], flat[1], flat[2], flat[3:].view_as(added.counts_ME))
