"""A run folder on disk: begun in one piece, appended to line by line, read back after any interruption.

Whoever writes holds a lock on the folder. A result is one write and one fsync, and what a write leaves
behind that fails (a full disk) is taken back, so that there is never anything but whole lines, and at
worst a last one that a crash cut off.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lean_env.errors import SourceError
from prover.evaluation.reading import PROBLEMS, RESULTS, SETTINGS, Run, read_run
from prover.evaluation.records import ProblemLine, Result, RunSettings
from prover.locking import claim_lock
from search import RULES

TRACES = "traces"
MAX_NAME = 80
"""Of a problem's name, so many characters go into the names of its traces."""
MAX_SHOWN = 60
"""Of a setting's value, so many characters are shown."""


class RunFolder:
    """A run folder that this process alone writes to; made by `claim`, and a context manager."""

    def __init__(self, path: Path, lock: int, run: Run | None, *, made: bool = False) -> None:
        self.path = path
        self._made = made
        self._lock = lock
        self._file = -1
        self._size = 0
        self._run = run

    @classmethod
    def claim(cls, path: Path) -> Self:
        """Lock the folder, which is made if it is not there, and read what it holds.

        Raises `SourceError` if another process has it, if it holds something else or is damaged.
        """
        try:
            made = not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error
        try:
            if not claim_lock(lock):
                raise SourceError(f"{path} is in use by another run; name another --out")
            if (path / SETTINGS).exists():
                return cls(path, lock, read_run(path))
            strangers = [entry.name for entry in path.iterdir() if not _is_beginning(entry)]
            if strangers:
                raise SourceError(
                    f"{path} is not empty and holds no run ({min(strangers)}); name another --out"
                )
            return cls(path, lock, None, made=made)
        except OSError as error:
            os.close(lock)
            raise SourceError(f"{path} cannot be read: {error.strerror}; name another --out") from error
        except BaseException:
            os.close(lock)
            raise

    @property
    def run(self) -> Run | None:
        """What was there when it was claimed, or what has begun since; None for a new folder."""
        return self._run

    def begin(self, settings: RunSettings, problems: Sequence[ProblemLine]) -> Run:
        """Write down what is going to be measured. It is there as a whole or not at all."""
        assert self._run is None
        try:
            _replace(self.path / PROBLEMS, "".join(map(_line, problems)))
            _replace(self.path / RESULTS, "")
            (self.path / TRACES).mkdir(exist_ok=True)
            _replace(self.path / SETTINGS, json.dumps(asdict(settings), ensure_ascii=False, indent=1) + "\n")
            os.fsync(self._lock)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._run = read_run(self.path)
        return self._run

    def resume(self, settings: RunSettings) -> Run:
        """What was begun with the very same settings. Raises `SourceError` that names the differences."""
        assert self._run is not None
        if told := differences(self._run.settings, settings):
            raise SourceError(f"{self.path} was begun with {told}; go on so, or name another --out")
        return self._run

    def add(self, result: Result) -> None:
        """Append a result: it will outlive this process, and the machine's, once this returns.

        Raises `SourceError` if it cannot be written; the folder is as before then.
        """
        try:
            if result.trace:
                _sync(self.path / result.trace)
            self._open()
            data = _line(result).encode()
            if os.write(self._file, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
            self._size += len(data)
        except OSError as error:
            if self._file >= 0:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, self._size)
            raise _unwritable(self.path / RESULTS, error) from error

    def trace(self, problem: ProblemLine, repeat: int) -> str:
        """The path, inside of the folder, of the trace of a problem's repeat."""
        safe = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in problem.name)
        return f"{TRACES}/{problem.index:05}-{safe[:MAX_NAME]}-{repeat}.jsonl"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file >= 0:
            os.close(self._file)
        if self._made and self._run is None:  # It was not even begun.
            with contextlib.suppress(OSError):
                self.path.rmdir()
        os.close(self._lock)

    def _open(self) -> None:
        """Open the results for appending, without the line that a crash may have cut off."""
        if self._file >= 0:
            return
        self._file = os.open(self.path / RESULTS, os.O_RDWR | os.O_APPEND)
        self._size = _whole(self._file)
        os.ftruncate(self._file, self._size)


def differences(old: RunSettings, new: RunSettings) -> str:
    """Where two runs' settings differ, such as `samples 64, not 128`; empty if they are the same."""
    kind = RULES.get(old.search)
    if kind is not None:  # A rule may have got fields since: what was begun without them had their defaults.
        old = replace(old, rule={**asdict(kind()), **old.rule})
    before, after = _flat(old), _flat(new)
    told = [
        f"{name} {_short(before.get(name))}, not {_short(after.get(name))}"
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]
    return "; ".join(told)


def _short(value: object) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _flat(settings: RunSettings) -> dict[str, Any]:
    """The settings as JSON gives them back, those within others by names such as `sampling.top_p`."""
    found: dict[str, Any] = {}
    for name, value in json.loads(json.dumps(asdict(settings))).items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            found[name] = value
    return found


def _line(value: ProblemLine | Result) -> str:
    return json.dumps(asdict(value), ensure_ascii=False, separators=(",", ":")) + "\n"


def _is_beginning(entry: Path) -> bool:
    """Whether a file may be what `RunFolder.begin` left behind when it was killed."""
    if entry.name == TRACES:
        return entry.is_dir() and not any(entry.iterdir())
    if entry.name == RESULTS:
        return not entry.stat().st_size
    return entry.name == PROBLEMS or entry.name.startswith(".new-")


def _whole(file: int) -> int:
    """How many bytes there are up to the last line end."""
    size = os.fstat(file).st_size
    position = size
    while position > 0:
        start = max(0, position - 65536)
        found = os.pread(file, position - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0


def _replace(path: Path, text: str) -> None:
    """Write a file in one piece, so that it outlives a crash of the machine."""
    new = path.with_name(f".new-{path.name}")
    try:
        new.write_text(text, encoding="utf-8", newline="\n")
        _sync(new)
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _unwritable(path: Path, error: OSError | ValueError) -> SourceError:
    return SourceError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}")
