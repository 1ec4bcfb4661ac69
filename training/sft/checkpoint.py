"""Checkpoints of a run: model, optimiser and what else it must know; whole on disk, or not there.

    OUT/checkpoints/step-00000500/   config.json, model.safetensors, the tokenizer: a model like any other
                                     optimizer.pt: the moments by parameter name
                                     or, of a mesh, weights and moments in sharded/ (training.parallel.shards)
                                     state.json: step, the run's own fields, and every file's SHA-256

A checkpoint is written beside its place and renamed, so one that is cut off while it is written is never
found. One that was damaged later is passed over for the one before it. Of several processes the leading one
chooses which to go on from: a file system may show a new one to some of them only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from training.errors import TrainError
from training.model import ModelConfig, Transformer
from training.model.checkpoint import CheckpointError, load_checkpoint, read_config, save_state
from training.parallel.shards import SHARDS, read_whole
from training.sft.world import World

FOLDER = "checkpoints"
STATE, OPTIMIZER = "state.json", "optimizer.pt"

Moments = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Resumed:
    """A checkpoint that was read."""

    step: int
    """Steps that are done."""
    fields: Mapping[str, Any]
    """What the run has written with it."""
    model: Transformer
    """On the CPU."""
    moments: Moments
    shards: Path | None
    """Where both still are, if they are in shards and were not asked for."""


def save(
    out: Path,
    step: int,
    fields: Mapping[str, Any],
    config: ModelConfig,
    state: Mapping[str, Tensor],
    moments: Moments,
    tokenizer: Path,
    keep: int,
) -> Path:
    """Write a checkpoint, remove all but the newest `keep`, and return its place. `fields`, which JSON must
    know, come back in `Resumed`. Raises `TrainError`."""
    with writing(out, step, fields, keep) as partial:
        save_state(state, config, partial, tokenizer)
        torch.save(moments, partial / OPTIMIZER)
    return _place(out, step)


@contextmanager
def writing(out: Path, step: int, fields: Mapping[str, Any], keep: int) -> Iterator[Path]:
    """A folder to write a checkpoint into, which takes its place behind the block. Raises as `save` does."""
    place, partial = _place(out, step), partial_place(out, step)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        files = sorted(file for file in partial.rglob("*") if file.is_file())
        digests = {file.relative_to(partial).as_posix(): _digest(file) for file in files}
        told = {"step": step, "fields": fields, "files": digests}
        (partial / STATE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        os.replace(partial, place)
    except (OSError, RuntimeError, SafetensorError) as error:  # How each library says that a disk is full.
        shutil.rmtree(partial, ignore_errors=True)
        raise TrainError(f"{place} cannot be written: {error}; earlier checkpoints are intact") from error
    for old in places(out)[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def partial_place(out: Path, step: int) -> Path:
    """Where `writing` lets a checkpoint be written."""
    return out / FOLDER / f".{_place(out, step).name}.partial"


def _place(out: Path, step: int) -> Path:
    return out / FOLDER / f"step-{step:08}"


def places(out: Path) -> list[Path]:
    """The checkpoints of a run folder, newest first."""
    return sorted((out / FOLDER).glob("step-*"), reverse=True)


def latest(
    out: Path,
    config: ModelConfig,
    dtype: torch.dtype,
    warn: Callable[[str], None],
    world: World,
    *,
    leave_shards: bool = False,
) -> Resumed | None:
    """The newest checkpoint that the leading process can read; None if the run has none yet. All processes
    must call this. `leave_shards`: a model in shards comes back without its weights, for a mesh whose
    processes read theirs.

    Each one that is passed over is told to `warn`. Raises `TrainError` if there are some and none can be
    read, for one of another architecture or vocabulary, and on a process that cannot read what the leading
    one could.
    """

    def read(place: Path) -> Resumed:
        return _read(place, config, dtype, leave_shards=leave_shards)

    found: Resumed | None = None
    refusal = ""
    if world.leads:
        try:
            found = _newest(out, read, warn)
        except TrainError as error:
            refusal = str(error)
    step, refusal = world.tell((None if found is None else found.step, refusal))
    if refusal:
        raise TrainError(refusal)
    if world.leads or step is None:
        return found
    place = _place(out, step)
    try:
        return read(place)
    except _UNREADABLE as error:
        why = " ".join(str(error).split())
        raise TrainError(
            f"process {world.rank} cannot read {place}, which the leading process could ({why}); "
            "start the run again",
            alone=True,
        ) from error


_UNREADABLE = OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, EOFError


def _newest(out: Path, read: Callable[[Path], Resumed], warn: Callable[[str], None]) -> Resumed | None:
    """As `latest`, of this process alone."""
    reason = ""
    for place in places(out):
        try:
            return read(place)
        except _UNREADABLE as error:
            why = " ".join(str(error).split())
            reason = reason or why
            warn(f"{place.name} cannot be read and is passed over: {why}")
    if reason:
        raise TrainError(f"no checkpoint in {out / FOLDER} can be read; use another --out ({reason})")
    return None


def start_from(path: Path, vocabulary: int, dtype: torch.dtype) -> Transformer:
    """A model to begin with. Raises `TrainError` if it is none, or knows too few tokens."""
    try:
        model = load_checkpoint(path, "cpu", dtype)
    except CheckpointError as error:
        raise TrainError(f"model.checkpoint: {error}") from error
    if model.config.vocab_size < vocabulary:
        raise TrainError(
            f"model.checkpoint: {path} has a vocabulary of {model.config.vocab_size}, the tokenizer one of "
            f"{vocabulary}; use the tokenizer that the model was trained with"
        )
    return model


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(place: Path, config: ModelConfig, dtype: torch.dtype, *, leave_shards: bool) -> Resumed:
    told: dict[str, Any] = json.loads((place / STATE).read_text(encoding="utf-8"))
    for name, digest in told["files"].items():
        if _digest(place / name) != digest:
            raise ValueError(f"{name} is damaged")
    step, fields = int(told["step"]), dict(told["fields"])
    shards = place / SHARDS
    if shards.is_dir():
        _compare(place, read_config(place), config)
        if leave_shards:
            return Resumed(step, fields, Transformer(config), {}, shards)
        model, moments = read_whole(shards, config)
        count = torch.tensor(float(step))
        return Resumed(
            step, fields, model, {name: {"step": count, **of} for name, of in moments.items()}, None
        )
    model = load_checkpoint(place, "cpu", dtype)
    _compare(place, model.config, config)
    try:
        moments = torch.load(place / OPTIMIZER, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise ValueError(f"{OPTIMIZER} is damaged") from None
    return Resumed(step, fields, model, moments, None)


def _compare(place: Path, there: ModelConfig, here: ModelConfig) -> None:
    before, now = asdict(there), asdict(here)
    if differing := [name for name in now if before[name] != now[name]]:
        name = differing[0]
        raise TrainError(
            f"{place} is of another model: {name} is {before[name]!r} there, {now[name]!r} here; "
            "use another --out"
        )
