"""A search's trace on disk: appended as it happens, and read back to go on.

A process that is killed leaves a last line that is cut off at worst. Opening the trace again removes
that line and replays the rest, so that no finished rollout is lost and none is done twice.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from lean_env.errors import LeanEnvError
from lean_env.values import Theorem
from search import Budget, Event, Rule, Search, TraceError, read, replay, to_line


class TrailError(LeanEnvError):
    """A trace that cannot be gone on with: unreadable, damaged, or of another search."""


def read_trace(path: Path) -> list[Event]:
    """The events of a trace file. Raises `TrailError`."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return list(read(file))
    except OSError as error:
        raise TrailError(f"{path} cannot be read: {error.strerror}") from error
    except (TraceError, UnicodeDecodeError) as error:
        raise TrailError(f"{path} is no trace of a search: {error}") from error


class Trail:
    """Where a search's events go. Without a path they go nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = None if path is None else path.open("a", encoding="utf-8", newline="\n")

    @classmethod
    def follow(
        cls, path: Path | None, theorem: Theorem, rule: Rule, budget: Budget, goals: tuple[str, ...]
    ) -> tuple[Search, Trail]:
        """The search that `path` holds, or a new one, and the trail that goes on with it.

        Raises `TrailError` if the file is about another theorem or another algorithm.
        """
        if path is None:
            return Search(theorem, rule, budget, goals), cls(None)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and _cut(path):
                events = read_trace(path)
                return replay(events, budget, theorem, rule), cls(path)
            trail = cls(path)
        except TraceError as error:
            raise TrailError(f"{path}: {error}; name another file") from error
        except OSError as error:
            raise TrailError(f"{path} cannot be written: {error.strerror}") from error
        search = Search(theorem, rule, budget, goals)
        trail.add(search.start)
        return search, trail

    def add(self, event: Event) -> None:
        """Append an event; it is in the system's hands when this returns."""
        if self._file is not None:
            self._file.write(to_line(event))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _cut(path: Path) -> bool:
    """Remove a last line that was cut off; says whether anything is left."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
    return whole > 0
