"""Lean's shared library, looked into: its symbols, and the objects that its constants hold."""

from __future__ import annotations

import bisect
import ctypes
import subprocess
import sys
from pathlib import Path


class SharedLibrary:
    """libleanshared.so, initialised in this process: its symbols and the objects they hold."""

    def __init__(self, path: Path) -> None:
        listing = subprocess.run(
            ["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True, check=True
        ).stdout
        pairs = [line.split()[-2:] for line in listing.splitlines()]
        self.functions = {name for kind, name in pairs if kind == "T"}
        self.data = {name for kind, name in pairs if kind in "DB"}
        self.handle = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        # Any call of lean_main initialises every module, and with it every constant.
        arguments = (ctypes.c_char_p * 3)(b"lean", b"--short-version", None)
        self.handle.lean_main.argtypes = [ctypes.c_int, ctypes.c_void_p]
        sys.stdout.flush()
        self.handle.lean_main(2, ctypes.cast(arguments, ctypes.c_void_p))
        self.mapped = sorted(
            tuple(int(bound, 16) for bound in line.split()[0].split("-"))
            for line in Path("/proc/self/maps").read_text(encoding="ascii").splitlines()
            if line.split()[1].startswith("r")
        )

    def is_object(self, address: int | None) -> bool:
        """Whether the word is a pointer into mapped memory (a boxed scalar is odd)."""
        if not address or address & 7:
            return False
        i = bisect.bisect_right(self.mapped, (address, sys.maxsize)) - 1
        return i >= 0 and address + 16 <= self.mapped[i][1]

    def value(self, symbol: str) -> int | None:
        """The object that a constant holds, or None where it holds a scalar."""
        address = ctypes.c_void_p.in_dll(self.handle, symbol).value
        return address if self.is_object(address) else None


def tag(address: int) -> int:
    return ctypes.c_ubyte.from_address(address + 7).value


def fields(address: int) -> list[int | None]:
    count = ctypes.c_ubyte.from_address(address + 6).value
    return [ctypes.c_void_p.from_address(address + 8 + 8 * i).value for i in range(count)]


def read_string(address: int) -> str:
    size = ctypes.c_size_t.from_address(address + 8).value
    return ctypes.string_at(address + 32, size - 1).decode()


def read_name(library: SharedLibrary, address: int | None) -> tuple[str, ...]:
    """The components of a Lean.Name object; raises ValueError where it is none."""
    components: list[str] = []
    while library.is_object(address):
        assert address is not None
        parts = fields(address)
        if tag(address) not in (1, 2) or len(parts) != 2 or parts[1] is None:
            raise ValueError("not a name")
        if tag(address) == 2:
            components.append(str(parts[1] >> 1))
        elif library.is_object(parts[1]) and tag(parts[1]) == 249:
            components.append(read_string(parts[1]))
        else:
            raise ValueError("not a name")
        address = parts[0]
    return tuple(reversed(components))
