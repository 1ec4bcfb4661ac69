"""The folder of a run: whose it is, what is written there, and under which names."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from prover.locking import claim_lock
from training.errors import TrainError
from training.files import RESULT, RUN, put_in_place, replace_text, replacing_folder
from training.model import ModelConfig
from training.model.checkpoint import save_description, save_index, save_share, save_state
from training.parallel.shards import SHARDS
from training.settings import difference
from training.sft import checkpoint
from training.sft.world import World

LOCK = ".lock"
LAYOUT = ("mesh.", "batch.accumulation")
"""Settings that say who computes what, and not what comes out: a run may go on with others."""
FREE = "model.sizes."
"""Where a configuration may name anything: what was not there before is new."""


@contextmanager
def alone_in(path: Path) -> Iterator[None]:
    """Keep other processes from training in a run's folder. It is made, and removed again if nothing was
    written there. Raises `TrainError` if another process trains there, or nobody can."""
    lock = path / LOCK
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = lock.open("a")
    except OSError as error:
        raise TrainError(f"{error.filename or path}: {error.strerror}; use another --out") from error
    with file:
        if not claim_lock(file):
            raise TrainError(f"another process trains in {path}; wait for it, or use another --out")
        try:
            yield
        finally:
            with suppress(OSError):  # Somebody may have removed it: what ended the run is what counts.
                if list(path.iterdir()) == [lock]:
                    lock.unlink()
                    path.rmdir()


class RunFolder:
    """Where one run keeps everything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model = path / "model"
        """The model in BF16, with its tokenizer: what is used and shipped."""
        self._partial = path / ".model.partial"
        self._tokenizer = path / "tokenizer"

    def claim(self, told: Mapping[str, Any], keep_tokenizer: Callable[[Path], None]) -> None:
        """Make the folder that of the run that was told this; `keep_tokenizer` writes what its checkpoints
        need beside the weights. Raises `TrainError` if it holds checkpoints of another run."""
        path = self.path / RUN
        try:
            if checkpoint.places(self.path) and (
                differing := difference(_lasting(_told_before(told, path)), _lasting(told))
            ):
                raise TrainError(
                    f"{self.path} holds another run: {differing}; use another --out, or the old value"
                )
            self.path.mkdir(parents=True, exist_ok=True)
            _write(path, told)
            keep_tokenizer(self._tokenizer)
        except OSError as error:
            raise TrainError(f"{error.filename or path}: {error.strerror}; use another --out") from error
        except ValueError as error:
            raise TrainError(f"{path} is damaged: {error}; use another --out") from error

    def save(
        self,
        step: int,
        fields: Mapping[str, Any],
        config: ModelConfig,
        state: Mapping[str, Tensor],
        moments: checkpoint.Moments,
        keep: int,
    ) -> None:
        """Write a checkpoint. Raises `TrainError`."""
        checkpoint.save(self.path, step, fields, config, state, moments, self._tokenizer, keep)

    def save_shards(
        self,
        step: int,
        fields: Mapping[str, Any],
        config: ModelConfig,
        write: Callable[[Path], None],
        keep: int,
        world: World,
    ) -> None:
        """Write a checkpoint whose weights `write` puts where it is told, on all processes at once: it must
        fail on all if it does on one. Raises `TrainError`, on all of them and as the leading one has it."""
        if not world.leads:
            _heed(world)
            with suppress(OSError):  # The leading process has it, too, and says it.
                write(checkpoint.partial_place(self.path, step) / SHARDS)
            _heed(world)
            return
        try:
            with checkpoint.writing(self.path, step, fields, keep) as partial:
                save_description(config, partial, self._tokenizer, torch.float32)
                world.tell("")
                write(partial / SHARDS)
        except TrainError as error:
            world.tell(str(error))
            raise
        world.tell("")

    def export(self, config: ModelConfig, state: Mapping[str, Tensor]) -> None:
        """Write the model as it is used. Raises `TrainError`."""
        try:
            with replacing_folder(self.model, self._partial) as partial:
                save_state(_as_used(state), config, partial, self._tokenizer)
        except (OSError, SafetensorError) as error:
            raise TrainError(f"{self.model} cannot be written: {error}") from error

    def export_shares(self, config: ModelConfig, found: Mapping[str, Tensor], world: World) -> None:
        """The same of a model of which each process has the parts `found`, to a file for each; all must call
        this. What several have, one of them writes. Raises `TrainError`, on all of them."""
        names = world.hear(sorted(found))
        writer = {part: rank for rank in reversed(range(world.size)) for part in names[rank]}
        writers = sorted(set(writer.values()))
        files = {
            rank: f"model-{place:05}-of-{len(writers):05}.safetensors"
            for place, rank in enumerate(writers, 1)
        }
        mine = {part: value for part, value in found.items() if writer[part] == world.rank}

        def make() -> None:
            if world.leads:
                shutil.rmtree(self._partial, ignore_errors=True)
                self._partial.mkdir(parents=True)

        def write() -> dict[str, int]:
            return save_share(_as_used(mine), config, self._partial / files[world.rank]) if mine else {}

        def finish() -> None:
            if world.leads:
                save_index({files[rank]: shares[rank] for rank in writers}, self._partial)
                save_description(config, self._partial, self._tokenizer, torch.bfloat16)
                put_in_place(self._partial, self.model)

        try:
            world.together(make)
            shares = world.together(write)
            world.together(finish)
        except OSError as error:
            if world.leads:
                shutil.rmtree(self._partial, ignore_errors=True)
            raise TrainError(f"{self.model} cannot be written: {error}") from error

    @property
    def is_finished(self) -> bool:
        """Whether there is a result, which is written last, and the model that it is of."""
        return (self.path / RESULT).is_file() and (self.model / "config.json").is_file()

    def write_result(self, figures: Mapping[str, Any]) -> None:
        """Write what a model card says about the run."""
        result = {
            **figures,
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
            "processes": int(os.environ.get("WORLD_SIZE", "1")),
        }
        _write(self.path / RESULT, result)


def _as_used(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In BF16, but for the balance biases, whose steps would be lost."""
    return {
        name: value if name.endswith("e_score_correction_bias") else value.to(torch.bfloat16)
        for name, value in values.items()
    }


def _heed(world: World) -> None:
    """Wait for the leading process; raise `TrainError` if it tells of a failure."""
    if failure := world.tell(""):
        raise TrainError(failure)


def _lasting(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if not name.startswith(LAYOUT)}


def _told_before(now: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """What a run was told; a setting that it did not know yet is as it is now."""
    return {name: value for name, value in now.items() if not name.startswith(FREE)} | _read(path)


def _read(path: Path) -> dict[str, Any]:
    fields = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(fields, dict):
        raise ValueError("no JSON object")
    return fields


def _write(path: Path, value: Mapping[str, Any]) -> None:
    replace_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
