"""The benchmarks that the program knows by name, and where a downloaded copy of one is found.

A name stands for the very bytes of one published file: two copies of miniF2F differ in fifteen statements,
and a figure on one says nothing about the other. The files themselves are no part of this package.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lean_env.errors import SourceError
from lean_env.source import read_bytes

VARIABLE = "PROVER_BENCHMARKS"
"""Names a folder with downloaded benchmarks."""


@dataclass(frozen=True, slots=True)
class Known:
    """A published benchmark."""

    name: str
    title: str
    url: str
    """Where the file can be downloaded; else where it is described."""
    revision: str
    """Of the repository that published it."""
    licence: str
    sha256: str
    """Of the file's bytes, in hexadecimal."""
    files: tuple[str, ...]
    """What a downloaded copy may be called."""
    counts: Mapping[str, int]
    """How many problems each split has."""
    aliases: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many problems it has."""
        return sum(self.counts.values())


KNOWN: tuple[Known, ...] = (
    Known(
        name="minif2f-deepseek-v1.5",
        title="miniF2F for Lean 4 as published with DeepSeek-Prover-V1.5 (Lean 4.9, Mathlib)",
        url="https://raw.githubusercontent.com/deepseek-ai/DeepSeek-Prover-V1.5/"
        "2c4ba9119eef74d0d611f494261b2c5bae98c69a/datasets/minif2f.jsonl",
        revision="deepseek-ai/DeepSeek-Prover-V1.5 2c4ba9119eef",
        licence="code MIT; miniF2F Apache-2.0 and MIT",
        sha256="d6654c88476ff14db19d57dea25bd955a240525fb52171e460f89d98f83d7dd5",
        files=("minif2f_deepseek_v15.jsonl", "minif2f.jsonl"),
        counts={"valid": 244, "test": 244},
        aliases=("minif2f",),
    ),
    Known(
        name="minif2f-goedel-v2",
        title="miniF2F for Lean 4, test split, 15 statements changed, as published with Goedel-Prover-V2",
        url="https://raw.githubusercontent.com/Goedel-LM/Goedel-Prover-V2/main/dataset/minif2f.jsonl",
        revision="Goedel-LM/Goedel-Prover-V2 main",
        licence="miniF2F Apache-2.0 and MIT",
        sha256="47ca505cd60a503a77165e84bbf34c662f9a8c650d09fc33fb4c000179eee8f3",
        files=("minif2f_goedel_v2.jsonl", "minif2f.jsonl"),
        counts={"test": 244},
    ),
    Known(
        name="core-public",
        title="statements over Lean's core library, from Lean 4, the Natural Number Game and TPiL",
        url="",
        revision="leanprover/lean4, leanprover-community/NNG4 fdef6fe55f31, "
        "leanprover/theorem_proving_in_lean4 4e28129fdd58",
        licence="Apache-2.0",
        sha256="4981ce0076891b159b66a18369ab9623833295911ef4f82b7308f2530a47eede",
        files=("core_public.jsonl",),
        counts={"": 283},
    ),
)


def known(name: str) -> Known | None:
    """The benchmark of a name or alias; None for a name that nobody registered."""
    return next((one for one in KNOWN if name.lower() in (one.name, *one.aliases)), None)


def known_by_hash(sha256: str) -> Known | None:
    """The benchmark that a file is a copy of."""
    return next((one for one in KNOWN if one.sha256 == sha256), None)


def find_copy(benchmark: Known, folders: Iterable[Path]) -> Path:
    """A downloaded copy with the right hash. Raises `SourceError` that says where to get one."""
    searched = [*dict.fromkeys(folders)]
    other: tuple[Path, str] | None = None
    for path in (folder / name for folder in searched for name in benchmark.files):
        if not os.path.isfile(path):
            continue
        found = hashlib.sha256(read_bytes(path)).hexdigest()
        if found == benchmark.sha256:
            return path
        if known_by_hash(found) is None:  # Another published copy under the same name is no mistake.
            other = other or (path, found)
    if other is not None:
        path, found = other
        raise SourceError(
            f"{path} is not {benchmark.name}: its SHA-256 is {found[:12]}…, not {benchmark.sha256[:12]}…; "
            f"{_instead(benchmark)}, or name the file itself to use it as it is"
        )
    places = ", ".join(map(str, searched))
    raise SourceError(
        f"no copy of {benchmark.name} ({' or '.join(benchmark.files)}) in {places}; {_instead(benchmark)} "
        f"into one of these folders, or name the folder that has it (--benchmarks DIR, or {VARIABLE})"
    )


def default_folders(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Where copies are looked for: the folder that `PROVER_BENCHMARKS` names, the working directory, and
    `benchmarks` in the program's cache directory."""
    from lean_env.embedded import cache_directory

    environ = os.environ if environ is None else environ
    named = (Path(os.path.expanduser(environ[VARIABLE])),) if environ.get(VARIABLE) else ()
    return (*named, Path(), cache_directory(environ) / "benchmarks")


def _instead(benchmark: Known) -> str:
    return f"download {benchmark.url}" if benchmark.url else f"put the file ({benchmark.title})"
