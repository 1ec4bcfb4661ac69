"""A search's trace on disk: appended as it happens, and read back to go on.

A process that is killed leaves a last line that is cut off at worst. Opening the trace again removes
that line and replays the rest, so that no finished rollout is lost and none is done twice. A file that
is no trace is never changed, and two runs never write to the same one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lean_env.errors import LeanEnvError
from lean_env.values import Theorem
from prover.locking import claim_lock
from search import Budget, Event, Rule, Search, TraceError, read, replay, to_line

_BEGINNING = '{"event":"start",'


class TrailError(LeanEnvError):
    """A trace that cannot be gone on with: unreadable, damaged, in use, or of another search."""


def read_trace(path: Path) -> list[Event]:
    """The events of a trace file. Raises `TrailError`."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return _events(path, file)
    except OSError as error:
        raise TrailError(f"{path} cannot be read: {error.strerror}") from error


class Tape:
    """A trace in memory, for a search that runs far from its file: `hear` gets each new line."""

    def __init__(self, text: str, hear: Callable[[str], None]) -> None:
        """Go on with the trace `text`, whole lines only; empty for a new one."""
        self._lines = text.splitlines(keepends=True)  # A trace is ASCII, without other line breaks.
        self._hear = hear

    def events(self) -> list[Event]:
        """What is on it. Raises `TraceError`."""
        return list(read(self._lines))

    def write(self, line: str) -> None:
        """Add a line."""
        self._lines.append(line)
        self._hear(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""


class Relay:
    """The file of a trace whose search runs elsewhere: its text so far, and a place for more lines.

    Raises `TrailError`, as `Trail` does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="utf-8", newline="\n")
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error
        try:
            if not claim_lock(self._file):
                raise TrailError(f"{path} is in use by another run; name another file")
            self._file.seek(0)
            _events(path, self._file)
            _drop_cut_line(self._file)
            self._file.seek(0)
            self.text = self._file.read()
        except OSError as error:
            self._file.close()
            raise _unwritable(path, error) from error
        except BaseException:
            self._file.close()
            raise

    def add(self, lines: Sequence[str]) -> None:
        """Append lines; they are in the system's hands when this returns."""
        try:
            self._file.write("".join(lines))
            self._file.flush()
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # A full disk; `add` has said so.
            self._file.close()


class Trail:
    """Where a search's events go. Without a file they go nowhere."""

    def __init__(self, path: Path | None, file: IO[str] | Tape | None) -> None:
        self._path = path
        self._file = file

    @classmethod
    def follow(
        cls, path: Path | Tape | None, theorem: Theorem, rule: Rule, budget: Budget, goals: tuple[str, ...]
    ) -> tuple[Search, Trail]:
        """The search that the file or tape holds, or a new one, and the trail that goes on with it.

        Raises `TrailError` if the file is no trace, about another theorem or another algorithm, or if
        another process is writing to it.
        """
        new = Search(theorem, rule, budget, goals)
        if path is None:
            return new, cls(None, None)
        if isinstance(path, Tape):
            return cls._of_tape(path, new)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8", newline="\n")
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error
        try:
            if not claim_lock(file):
                raise TrailError(f"{path} is in use by another run; name another file")
            file.seek(0)
            events = _events(path, file)
            _drop_cut_line(file)
            trail = cls(path, file)
            if events:
                return replay(events, budget, theorem, rule), trail
            trail.add(new.start)
        except TraceError as error:
            file.close()
            raise TrailError(f"{path}: {error}; name another file") from error
        except OSError as error:
            file.close()
            raise _unwritable(path, error) from error
        except BaseException:
            file.close()
            raise
        return new, trail

    @classmethod
    def _of_tape(cls, tape: Tape, new: Search) -> tuple[Search, Trail]:
        trail = cls(None, tape)
        try:
            if events := tape.events():
                return replay(events, new.budget, new.theorem, new.rule), trail
        except TraceError as error:
            raise TrailError(f"the trace of {new.theorem.name} cannot be gone on with: {error}") from error
        trail.add(new.start)
        return new, trail

    def add(self, event: Event) -> None:
        """Append an event; it is in the system's hands when this returns. Raises `TrailError`."""
        if self._file is None:
            return
        try:
            self._file.write(to_line(event))
            self._file.flush()
        except OSError as error:
            assert self._path is not None
            raise _unwritable(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # A full disk; `add` has said so.
                self._file.close()


def _events(path: Path, file: IO[str]) -> list[Event]:
    """The events of a file that was opened; none if it is empty, or was cut off in its first line."""
    try:
        begins = file.read(len(_BEGINNING))
        if not _BEGINNING.startswith(begins):
            raise TraceError("it does not begin like one")
        file.seek(0)
        return list(read(file))
    except (TraceError, UnicodeDecodeError) as error:
        raise TrailError(f"{path} is no trace of a search: {error}") from error


def _drop_cut_line(file: IO[str]) -> None:
    """Remove a last line that was cut off."""
    file.seek(0)
    whole = sum(len(line.encode()) for line in file if line.endswith("\n"))
    file.truncate(whole)


def _unwritable(path: Path, error: OSError | ValueError) -> TrailError:
    return TrailError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}")
