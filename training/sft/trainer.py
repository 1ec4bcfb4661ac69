"""`prover train sft`: from a configuration to a model, through as many interruptions as there are.

The run folder holds everything: what it was told (`run.json`), checkpoints, figures, and at the end the
model in BF16 (`model/`) with its result. Calling it again with the same configuration goes on where the
last checkpoint is; with another one it is refused.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from training.errors import TrainError
from training.model import Drawn, ModelConfig, Origin, Transformer
from training.parallel.fp8.backend import check_device
from training.parallel.learner import MeshLearner
from training.parallel.mesh import Mesh
from training.settings import flat
from training.sft import checkpoint
from training.sft.config import SftConfig
from training.sft.dataset import keep_tokenizer, load_dataset
from training.sft.folder import RunFolder, alone_in
from training.sft.interval import Interval
from training.sft.learner import Figures, Learner, memory_advice
from training.sft.monitor import Monitor, short
from training.sft.optimizer import learning_rate
from training.sft.patience import patience
from training.sft.presets import model_config
from training.sft.proving import Proving
from training.sft.stream import START, Position, RowStream
from training.sft.trouble import explained
from training.sft.world import World, join


def train(config: SftConfig, out: Path) -> None:
    """Train, or go on training, in the run folder `out`. Raises `TrainError`; what was kept stays intact.

    Ctrl-C ends a run of one process behind the step under way, with a checkpoint, and `KeyboardInterrupt`.
    """
    with (
        join() as world,
        alone_in(out) if world.leads else nullcontext(),
        explained(world, out, memory_advice(config)),
    ):
        _Training(config, out, world).run()


@dataclass(frozen=True, slots=True)
class Progress:
    """What a checkpoint says besides model and moments. There is no state of random numbers: rows are a
    function of seed and epoch, and a step draws none."""

    steps: int
    """Of the whole run."""
    position: Position
    """Where the next row is taken."""
    seconds: float
    """Spent on the steps that are done."""

    @classmethod
    def of(cls, resumed: checkpoint.Resumed) -> Progress:
        """As a checkpoint has it. Raises `TrainError`."""
        fields = resumed.fields
        try:
            position = Position(*map(int, fields["position"]))
            return cls(int(fields["steps"]), position, float(fields["seconds"]))
        except (LookupError, TypeError, ValueError) as error:
            what = f"{resumed.place} does not say how far the run was"
            raise TrainError(f"{what}; remove it to go on from the one before") from error


class _Training:
    def __init__(self, config: SftConfig, out: Path, world: World) -> None:
        self.config, self.world = config, world
        _check_mesh(config, world)
        self.rows = _rows_a_step(config, world)
        self.data = load_dataset(config.data, config.model.checkpoint, config.seed)
        self.folder = RunFolder(out)
        self.proving = Proving(config, self.data, self._warn if world.leads else None)
        size, origin = _start(config, self.data.tokenizer.get_vocab_size())
        if world.leads:
            told = {**flat(config), "corpus": self.data.digest}
            self.folder.claim(told, partial(keep_tokenizer, self.data))
        world.wait()
        resumed = checkpoint.latest(out, size, self._warn, world)
        self.learner = _learner(size, origin if resumed is None else resumed.origin(), config, world)
        if resumed is not None:
            self.learner.resume(resumed)
        before = Progress.of(resumed) if resumed else Progress(0, START, 0.0)
        self.done = resumed.step if resumed else 0
        self.steps, self.position, self.seconds = before.steps, before.position, before.seconds

    def _warn(self, text: str) -> None:
        if self.world.leads:
            print(f"prover: {text}", file=sys.stderr)

    def run(self) -> None:
        """Learn until the last step is done, then export the model and validate it."""
        run = self.config.run
        with RowStream(self.data, self.position) as stream:
            if stream.too_long:
                self._warn(f"{stream.too_long} examples are longer than data.length and are left out")
            self.steps = self.steps or run.steps or max(1, round(run.epochs * stream.epoch_rows / self.rows))
            if self.done == self.steps and self.world.tell(self.folder.is_finished):
                self._warn(f"the run is finished: the model is in {self.folder.model}")
                return
            with Monitor(self.folder.path, self.steps, self.done, silent=not self.world.leads) as monitor:
                self._learn(stream, monitor)
                self._finish(monitor)

    def _learn(self, stream: RowStream, monitor: Monitor) -> None:
        run = self.config.run
        interval = Interval(time.monotonic())
        with patience(self.world) as interrupted:
            while self.done < self.steps:
                rows = stream.take(self.rows)
                rate = learning_rate(self.config.optimizer, self.done, self.steps)
                figures = self.learner.step(rows, rate)
                self.done += 1
                interval.count(rows, figures, self.learner.size)
                last = self.done == self.steps
                if self.done % run.log_every == 0 or last:
                    self._log(interval, figures, rate, monitor)
                    interval = Interval(time.monotonic())
                save = self.done % run.checkpoint_every == 0 or last or interrupted()
                validate = bool(run.validate_every) and self.done % run.validate_every == 0 and not last
                prove = self.proving.due(self.done) and not last
                if save or validate or prove:
                    with self._pause(interval):
                        if save:
                            self._checkpoint(stream.position)
                        if interrupted() and not last:
                            raise KeyboardInterrupt
                        if validate:
                            self._validate(monitor)
                        if prove:
                            self.learner.export(self.folder)
                            self._prove(monitor)

    @contextmanager
    def _pause(self, interval: Interval) -> Iterator[None]:
        """What happens inside takes no time away from the steps."""
        if self.world.device.type == "cuda":
            torch.cuda.synchronize()
        began = time.monotonic()
        yield
        interval.began += time.monotonic() - began

    def _log(self, interval: Interval, figures: Figures, rate: float, monitor: Monitor) -> None:
        """Wait for the device, and say how the last steps went."""
        seconds, values = interval.values(figures, self.learner.size, self.world)
        self.seconds += seconds
        if not math.isfinite(values["loss"]):
            raise TrainError(
                f"the loss is {values['loss']} by step {self.done}: lower optimizer.learning_rate or "
                "optimizer.clip, with another --out; earlier checkpoints are intact"
            )
        monitor.record(self.done, {**values, "learning_rate": rate, "seconds": self.seconds})
        words = f"loss {values['loss']:.3f}  {short(values['tokens_per_second'])} tokens/s"
        monitor.show(self.done, f"{words}  MFU {values['mfu']:.1%}" if "mfu" in values else words)

    def _checkpoint(self, position: Position) -> None:
        fields = asdict(Progress(self.steps, position, self.seconds))
        self.learner.save(self.folder, self.done, fields)
        self.world.wait()

    def _validate(self, monitor: Monitor) -> float | None:
        """The held-out loss, if anything is held out."""
        rows = self.data.validation()
        if not len(rows):
            return None
        loss = self.learner.validate(rows)
        monitor.record(self.done, {"validation_loss": loss})
        monitor.say(f"step {self.done}: validation loss {loss:.4f}")
        return loss

    def _prove(self, monitor: Monitor) -> float | None:
        """The share of held-out statements that the exported model proves, if that is asked for and
        possible."""
        share: float | None = None
        if self.world.leads and self.proving.count:
            share = self.proving.run(self.folder.model)
            if share is not None:
                monitor.record(self.done, {"proved": share})
                monitor.say(
                    f"step {self.done}: proves {share:.1%} of {self.proving.count} held-out statements"
                )
        self.world.wait()
        return share

    def _finish(self, monitor: Monitor) -> None:
        """Export the model and write what came out."""
        loss = self._validate(monitor)
        self.learner.export(self.folder)
        proved = self._prove(monitor)
        if self.world.leads:
            seconds = round(self.seconds, 1)
            self.folder.write_result(
                {
                    "steps": self.done,
                    "training_seconds": seconds,
                    "validation_loss": loss,
                    "proved": proved,
                }
            )
            monitor.say(f"the model is in {self.folder.model}; use it with --policy moe:{self.folder.model}")
        self.world.wait()


def _start(config: SftConfig, vocabulary: int) -> tuple[ModelConfig, Origin]:
    """The size of the model, and what it is to begin with. Raises `TrainError`."""
    origin: Origin
    if config.model.checkpoint is not None:
        origin = stored = checkpoint.start_from(config.model.checkpoint, vocabulary)
        size = stored.config
    else:
        size = model_config(config.model, vocabulary)
        origin = Drawn(size, config.seed)
    if config.data.length > size.max_position_embeddings:
        raise TrainError(
            f"data.length = {config.data.length} is more than the model's "
            f"{size.max_position_embeddings} positions"
        )
    return size, origin


def _learner(size: ModelConfig, origin: Origin, config: SftConfig, world: World) -> Learner | MeshLearner:
    """Who learns. Raises `TrainError` for a mesh that cannot be, a device that has no FP8, and weights that
    cannot be read."""
    try:
        if config.run.fp8:
            check_device(world.device)
        if config.mesh.divides:
            return MeshLearner(size, origin, config, world)
        dtype = torch.bfloat16 if config.run.dtype == "bf16-pure" else torch.float32
        return Learner(Transformer.build(size, origin, dtype=dtype), config, world)
    except ValueError as error:
        raise TrainError(str(error)) from error


def _check_mesh(config: SftConfig, world: World) -> None:
    """Raise `TrainError` for processes that do not make up the mesh, before anything is written."""
    told = config.mesh
    try:
        if told.divides:
            Mesh(world.size, told.pipeline, told.experts, told.node)
    except ValueError as error:
        raise TrainError(str(error)) from error


def _rows_a_step(config: SftConfig, world: World) -> int:
    """Rows of one step of all processes. Raises `TrainError` if they cannot be divided."""
    length, accumulation = config.data.length, config.batch.accumulation
    # The places of a pipeline share its rows.
    divided = length * accumulation * max(1, world.size // config.mesh.pipeline)
    if config.batch.tokens % divided:
        raise TrainError(
            f"batch.tokens = {config.batch.tokens} must be a multiple of {divided}, which is data.length × "
            f"batch.accumulation × {'pipelines' if config.mesh.divides else 'processes'}"
        )
    return config.batch.tokens // length
