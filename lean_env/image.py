"""Reads the memory image that a compiled Lean file is, without Lean.

An `.olean` holds a header, then objects that point at one another with addresses relative to a base
in the header (`runtime/compact.cpp`, `runtime/object.h`). Every address is checked before it is
followed, so a damaged or forged file ends in an `OleanError` and in nothing else.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from lean_env.names import Name

Buffer = bytes | mmap.mmap

_HEADERS = {1: 56, 2: 88}
"""Bytes before the first object, by the format's version."""
_ARRAY, _STRING, _BIGNUM = 246, 249, 250


class OleanError(Exception):
    """The file is no compiled Lean file that we can read."""


class Image:
    """The objects of one module, addressed as they point at one another."""

    def __init__(self, parts: Sequence[Buffer]) -> None:
        self._regions: list[tuple[int, Buffer]] = []
        """Where each part lies in memory, by its own account, and its bytes."""
        for data in parts:
            if bytes(data[:5]) != b"olean" or len(data) < 96:
                raise OleanError("not a compiled Lean file")
            header = _HEADERS.get(data[5])
            if header is None:
                raise OleanError(f"compiled by a Lean whose file format {data[5]} is unknown here")
            self._regions.append((word(data, header - 8), data))
        self._size = sum(len(data) for data in parts)
        if not parts:
            raise OleanError("no file")
        self._names: dict[int, Name] = {1: ()}
        self._root = self._find_root(parts[-1])

    @classmethod
    def read(cls, path: Path) -> Self:
        """The module at `path`; raises `OleanError`, also if it cannot be read.

        A module that begins with the word `module` is compiled into three files, of which the first
        shows theorems as axioms; the last one has everything, and points into the others.
        """
        parts = []
        try:
            for suffix in ("", ".server", ".private"):
                part = path.with_name(path.name + suffix)
                if suffix and not part.exists():
                    break
                with part.open("rb") as file:
                    parts.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            return cls(parts)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise OleanError(f"{path} cannot be read: {error}") from None

    # Objects: a pointer's lowest bit tells a small number from an address.

    def _place(self, pointer: int) -> tuple[Buffer, int]:
        """The part that an address lies in, and the offset there."""
        for base, data in self._regions:
            if 0 <= pointer - base <= len(data) - 8 and not pointer & 7:
                return data, pointer - base
        raise OleanError("an address lies outside of the file")

    def _tag(self, pointer: int) -> int:
        data, offset = self._place(pointer)
        return data[offset + 7]

    def _fields(self, pointer: int) -> list[int]:
        """The object fields of a constructor."""
        data, offset = self._place(pointer)
        if data[offset + 7] > 244:
            raise OleanError("a constructor was expected")
        count = data[offset + 6]
        if offset + 8 + 8 * count > len(data):
            raise OleanError("an object reaches beyond the end of the file")
        return list(struct.unpack_from(f"<{count}Q", data, offset + 8))

    def _scalars(self, pointer: int, size: int) -> bytes:
        """What follows the object fields of a constructor."""
        data, offset = self._place(pointer)
        start = offset + 8 + 8 * data[offset + 6]
        return bytes(data[start : start + size])

    def _array(self, pointer: int) -> list[int]:
        data, offset = self._place(pointer)
        if data[offset + 7] != _ARRAY:
            raise OleanError("an array was expected")
        size = word(data, offset + 8)
        if size > (len(data) - offset - 24) // 8:
            raise OleanError("an array reaches beyond the end of the file")
        return list(struct.unpack_from(f"<{size}Q", data, offset + 24))

    def _list(self, pointer: int) -> Iterator[int]:
        seen = 0
        while not pointer & 1:
            head, pointer = take(self._fields(pointer), 2)
            yield head
            seen += 1
            if seen > self._size:
                raise OleanError("a list without end")

    def _string(self, pointer: int) -> str:
        data, offset = self._place(pointer)
        size = word(data, offset + 8)
        if data[offset + 7] != _STRING or not 0 < size <= len(data) - offset - 32:
            raise OleanError("a string was expected")
        try:
            return bytes(data[offset + 32 : offset + 31 + size]).decode()
        except UnicodeDecodeError:
            raise OleanError("a string is not UTF-8") from None

    def _natural(self, pointer: int) -> int:
        if pointer & 1:
            return pointer >> 1
        data, offset = self._place(pointer)
        if data[offset + 7] != _BIGNUM or offset + 24 > len(data):
            raise OleanError("a number was expected")
        size: int = struct.unpack_from("<i", data, offset + 12)[0]
        limbs, start = self._place(word(data, offset + 16))
        if size < 0 or start + 8 * size > len(limbs):
            raise OleanError("a number reaches beyond the end of the file")
        return int.from_bytes(limbs[start : start + 8 * size], "little")

    def name(self, pointer: int) -> Name:
        """The `Lean.Name` at an address."""
        chain: list[int] = []
        while pointer not in self._names:
            if len(chain) > 10_000:
                raise OleanError("a name without end")
            chain.append(pointer)
            pointer = take(self._fields(pointer), 1)[0]
        name = self._names[pointer]
        for link in reversed(chain):
            part = take(self._fields(link), 2)[1]
            name = (*name, self._natural(part) if self._tag(link) == 2 else self._string(part))
            self._names[link] = name
        return name

    def _find_root(self, data: Buffer) -> int:
        """The `Lean.ModuleData`: its address stands before all objects, or behind them in older files."""
        for place in (_HEADERS[data[5]], len(data) - 8):
            pointer = word(data, place)
            try:
                fields = self._fields(pointer) if not pointer & 7 else []
                if len(fields) >= 4 and all(self._tag(field) == _ARRAY for field in fields[:3]):
                    return pointer
            except OleanError:
                continue
        raise OleanError("no module data where they should be")


def word(data: Buffer, offset: int) -> int:
    if not 0 <= offset <= len(data) - 8:
        raise OleanError("an address lies outside of the file")
    return int.from_bytes(data[offset : offset + 8], "little")


def take(fields: list[int], count: int) -> list[int]:
    if len(fields) < count:
        raise OleanError("an object has too few fields")
    return fields[:count]
