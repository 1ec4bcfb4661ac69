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
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from training.errors import TrainError
from training.files import replacing_folder
from training.model import CheckpointError, ModelConfig, Origin
from training.model.checkpoint import StoredModel, save_state
from training.model.disk import read_config
from training.model.parts import parts
from training.parallel.shards import SHARDS, Shards
from training.parallel.zero import MODEL, MOMENTS
from training.sft.world import World

FOLDER = "checkpoints"
STATE, OPTIMIZER = "state.json", "optimizer.pt"

Moments = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Resumed:
    """A checkpoint that was found; what is in it is read when it is asked for."""

    step: int
    """Steps that are done."""
    fields: Mapping[str, Any]
    """What the run has written with it."""
    place: Path

    def origin(self, kind: str = MODEL) -> Origin:
        """Of the model, or of one of the `MOMENTS`, by the model's parts. Raises `TrainError`."""
        try:
            if (shards := self.place / SHARDS).is_dir():
                return Shards(shards, kind)
            return StoredModel(self.place) if kind == MODEL else _Moments(self.place / OPTIMIZER, kind)
        except (OSError, ValueError) as error:
            text = f"{self.place} cannot be read: {error}; start the run again"
            raise TrainError(text, alone=True) from error

    def moments(self, parameters: Mapping[str, Tensor]) -> Moments:
        """The state of whole parameters, on the CPU; of theirs only names and shapes are used."""
        if not (self.place / SHARDS).is_dir():
            return _load(self.place / OPTIMIZER)
        found: dict[str, dict[str, Tensor]] = {
            name: {"step": torch.tensor(float(self.step))} for name in parameters
        }
        for kind in MOMENTS:
            wanted: dict[str, Tensor] = {}
            for name, value in parameters.items():
                found[name][kind] = torch.empty(value.shape)
                wanted.update(parts(name, found[name][kind]))
            self.origin(kind).fill(wanted)
        return found


class _Moments:
    """One of the moments that one process has written, as an `Origin`."""

    def __init__(self, file: Path, kind: str) -> None:
        self._state, self._kind = _load(file), kind

    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        """As `Origin`."""
        for part, tensor in wanted.items():
            name, _, number = part.partition("/")
            value = self._state[name][self._kind]
            tensor.copy_(value[int(number)] if number else value)


def _load(file: Path) -> Moments:
    """Raises `ValueError` for what cannot be read."""
    try:
        found: Moments = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except (UnpicklingError, RuntimeError):
        raise ValueError(f"{file.name} is damaged") from None
    return found


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
    place = _place(out, step)
    try:
        with replacing_folder(place, partial_place(out, step)) as partial:
            yield partial
            files = sorted(file for file in partial.rglob("*") if file.is_file())
            names = [file.relative_to(partial).as_posix() for file in files]
            told = {"step": step, "fields": fields, "files": _digests(partial, names)}
            (partial / STATE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    except (OSError, RuntimeError, SafetensorError) as error:  # How each library says that a disk is full.
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


def latest(out: Path, config: ModelConfig, warn: Callable[[str], None], world: World) -> Resumed | None:
    """The newest checkpoint that the leading process finds undamaged; None if the run has none yet. All
    processes must call this.

    Each one that is passed over is told to `warn`. Raises `TrainError` if there are some and all are damaged,
    for one of another architecture or vocabulary, and on a process that has not got what the leading one has.
    """
    found: Resumed | None = None
    refusal = ""
    if world.leads:
        try:
            found = _newest(out, config, warn)
        except TrainError as error:
            refusal = str(error)
    step, refusal = world.tell((None if found is None else found.step, refusal))
    if refusal:
        raise TrainError(refusal)
    if world.leads or step is None:
        return found
    place = _place(out, step)
    try:
        return _read(place, config, whole=False)
    except _UNREADABLE as error:
        why = " ".join(str(error).split())
        raise TrainError(
            f"process {world.rank} cannot read {place}, which the leading process could ({why}); "
            "start the run again",
            alone=True,
        ) from error


_UNREADABLE = OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, EOFError


def _newest(out: Path, config: ModelConfig, warn: Callable[[str], None]) -> Resumed | None:
    """As `latest`, of this process alone."""
    reason = ""
    for place in places(out):
        try:
            return _read(place, config, whole=True)
        except _UNREADABLE as error:
            why = " ".join(str(error).split())
            reason = reason or why
            warn(f"{place.name} cannot be read and is passed over: {why}")
    if reason:
        raise TrainError(f"no checkpoint in {out / FOLDER} can be read; use another --out ({reason})")
    return None


def start_from(path: Path, vocabulary: int) -> StoredModel:
    """A model to begin with. Raises `TrainError` if it is none, or knows too few tokens."""
    try:
        stored = StoredModel(path)
    except CheckpointError as error:
        raise TrainError(f"model.checkpoint: {error}") from error
    if stored.config.vocab_size < vocabulary:
        raise TrainError(
            f"model.checkpoint: {path} has a vocabulary of {stored.config.vocab_size}, the tokenizer one of "
            f"{vocabulary}; use the tokenizer that the model was trained with"
        )
    return stored


def _digests(folder: Path, names: Collection[str]) -> dict[str, str]:
    """The SHA-256 of files, several at a time."""
    with ThreadPoolExecutor() as threads:
        return dict(zip(names, threads.map(lambda name: _digest(folder / name), names), strict=True))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(place: Path, config: ModelConfig, *, whole: bool) -> Resumed:
    """What is there. `whole`: with a look at every byte, and not only whether the files are there."""
    told: dict[str, Any] = json.loads((place / STATE).read_text(encoding="utf-8"))
    written: dict[str, str] = told["files"]
    for name in written:
        (place / name).stat()
    if whole:
        found = _digests(place, written)
        if damaged := [name for name, digest in written.items() if found[name] != digest]:
            raise ValueError(f"{damaged[0]} is damaged")
    _compare(place, read_config(place), config)
    return Resumed(int(told["step"]), dict(told["fields"]), place)


def _compare(place: Path, there: ModelConfig, here: ModelConfig) -> None:
    before, now = asdict(there), asdict(here)
    if differing := [name for name in now if before[name] != now[name]]:
        name = differing[0]
        raise TrainError(
            f"{place} is of another model: {name} is {before[name]!r} there, {now[name]!r} here; "
            "use another --out"
        )
