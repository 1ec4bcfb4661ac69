"""The files of a run's folder: their names, how they are read back, and what tells contents apart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.errors import TrainError

RUN, RESULT, METRICS = "run.json", "result.json", "metrics.jsonl"
SCORES, PROOFS, CHEATS = "held_out.jsonl", "proofs.jsonl", "cheats.txt"

PIECE = 2**20
PIECES = 256
"""Of a file with more bytes than so many pieces, evenly spaced pieces stand for the whole."""
CHECKPOINT_FILES = (".json", ".safetensors", ".jinja")
"""What a checkpoint consists of, weights and what stands beside them."""


def read_lines(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The lines of a file of JSON objects, each with what it says; none if there is no file.

    A last line that was cut off is left out. Raises `TrainError` for another one that cannot be read.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            text = line.decode()
            fields = json.loads(text)
            if not isinstance(fields, dict):
                raise ValueError("no JSON object")
        except ValueError as error:
            raise TrainError(f"{path}:{number} is damaged: {error}; remove the line to go on") from None
        found.append((text + "\n", fields))
    return found


def replace_text(path: Path, text: str) -> None:
    """Give a file this content, or leave it as it was; other processes may do so too. Raises `OSError`."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing_folder(place: Path, partial: Path) -> Iterator[Path]:
    """The folder `partial`, made to be written into, which takes the place of another behind the block;
    nothing is left of it if that fails. Raises `OSError`."""
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        put_in_place(partial, place)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def put_in_place(partial: Path, place: Path) -> None:
    """Let a folder that is finished take another's place. Raises `OSError`."""
    shutil.rmtree(place, ignore_errors=True)
    os.replace(partial, place)


def checkpoint_files(folder: Path) -> list[Path]:
    """The files of a checkpoint."""
    return sorted(path for path in folder.glob("*") if path.suffix in CHECKPOINT_FILES)


def fingerprint(path: Path) -> str:
    """Tells a file, or a checkpoint's folder, from others of its name; empty if it cannot be read."""
    told = hashlib.sha256()
    try:
        for file in checkpoint_files(path) if path.is_dir() else [path]:
            told.update(f"{file.name if path.is_dir() else ''}\0{file.stat().st_size}\0".encode())
            for piece in _pieces(file):
                told.update(piece)
    except OSError:
        return ""
    return told.hexdigest()[:16]


def _pieces(file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    step = max(PIECE, size // PIECES)
    with file.open("rb") as content:
        for start in range(0, size, step):
            content.seek(start)
            yield content.read(PIECE)
