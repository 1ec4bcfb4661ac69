"""Compiled files read as data: what they declare, equality of constants, and damaged files."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lean_env.compile import compile_text
from lean_env.embedded import find_shared_library
from lean_env.image import OleanError
from lean_env.inspector import Library, axioms, resolve
from lean_env.limits import GIB
from lean_env.names import components, parse, show
from lean_env.olean import ConstantKind, Olean
from lean_env.toolchain import Toolchain

TEXT = """
inductive Tree where
  | leaf
  | node (left : Tree) (value : Nat) (right : Tree)
def size : Tree → Nat
  | .leaf => 0
  | .node l _ r => size l + 1 + size r
theorem uses (p q : Prop) (h : p ↔ q) : p = q := propext h
private theorem hidden : 36893488147419103232 + 1 = 36893488147419103233 := by decide
theorem text : "é𝔸" = "é𝔸" := rfl
theorem open_ : 1 = 2 := by sorry
theorem universes.{u, v} (α : Sort u) (β : Sort (max u v + 1)) (a : α) (b : β) : a = a ∧ b = b := ⟨rfl, rfl⟩
axiom own : 1 = 2
theorem rests : 1 = 2 := own
unsafe def wild : Nat := 1
"""


def compiled(toolchain: Toolchain, text: str, directory: Path) -> Path:
    result = asyncio.run(compile_text(toolchain, text, directory, seconds=60, memory_bytes=6 * GIB))
    assert result.succeeded, result.errors
    return result.olean


@pytest.fixture(scope="module")
def path(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(toolchain, TEXT, tmp_path_factory.mktemp("olean") / "one")


def libraries(toolchain: Toolchain) -> list[Path]:
    return [Path(toolchain.environment["LEAN_PATH"])]


def test_constants(path: Path) -> None:
    olean = Olean.read(path)
    kinds = {show(name): olean[name].kind for name in olean.index}
    assert kinds["Tree"] is ConstantKind.INDUCTIVE
    assert kinds["Tree.node"] is ConstantKind.CONSTRUCTOR
    assert kinds["Tree.rec"] is ConstantKind.RECURSOR
    assert kinds["size"] is ConstantKind.DEFINITION
    assert kinds["uses"] is ConstantKind.THEOREM
    assert kinds["own"] is ConstantKind.AXIOM
    assert kinds["_private.Submission.0.hidden"] is ConstantKind.THEOREM
    assert olean.is_unsafe(olean[("wild",)])
    assert not olean.is_unsafe(olean[("size",)])
    assert olean.imports
    assert olean.imports[0] == ("Init",)


def test_axioms(path: Path, toolchain: Toolchain) -> None:
    olean = Olean.read(path)
    library = Library(libraries(toolchain), olean.imports)
    for name, expected in {
        "uses": {("propext", False)},
        "open_": {("sorryAx", False)},
        "rests": {("own", True)},
        "text": set(),
        "hidden": set(),
    }.items():
        constant = resolve(name, "Submission", olean)
        assert constant is not None
        assert {(show(axiom), own) for axiom, own in axioms(constant, olean, library)} == expected


def test_digests_tell_constants_apart_and_are_the_same_for_the_same(
    path: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    one = Olean.read(path)
    again = Olean.read(compiled(toolchain, "-- moved\n\n" + TEXT, tmp_path / "again"))
    other = Olean.read(compiled(toolchain, TEXT.replace("+ 1 + size", "+ 2 + size"), tmp_path / "other"))
    plain = [name for name in one.index if name != ("open_",)]  # a `sorry` knows its place
    digests = [one.digest(one[name]) for name in plain]
    assert len(set(digests)) == len(digests)
    assert digests == [again.digest(again[name]) for name in plain]
    changed = {name for name in plain if one.digest(one[name]) != other.digest(other[name])}
    assert changed
    assert all(name[0] == "size" for name in changed)
    assert one.type_digest(one[("size",)]) == other.type_digest(other[("size",)])
    assert one.type_digest(one[("open_",)]) != one.type_digest(one[("text",)])


def test_damaged_files_end_in_an_error_or_in_constants(path: Path) -> None:
    """Never in another exception, and never in an endless loop."""
    data = path.read_bytes()
    chance = random.Random(0)
    refused = 0
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 1, 4, 16))):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 255, chance.randrange(256)))
        if chance.random() < 0.1:
            del damaged[chance.randrange(len(damaged)) :]
        try:
            olean = Olean([bytes(damaged)])
            for name in olean.index:
                olean.digest(olean[name])
                olean.used_by(olean[name])
                olean.is_unsafe(olean[name])
        except OleanError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("data", [b"", b"olean", b"not a compiled file" * 10, b"olean\x07" + b"\0" * 200])
def test_what_is_no_compiled_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.olean").write_bytes(data)
    with pytest.raises(OleanError):
        Olean.read(tmp_path / "x.olean")


def test_a_module_of_three_files_hides_nothing(toolchain: Toolchain, tmp_path: Path) -> None:
    """The first file of a `module` shows its theorems as axioms; the third has the proofs."""
    text = (
        "module\nprelude\npublic section\nset_option bootstrap.inductiveCheckResultingUniverse false\n"
        "set_option genCtorIdx false\nset_option genSizeOf false\n"
        "inductive Yes : Prop where | yes : Yes\naxiom no : Yes\n"
        "theorem rests : Yes := no\ntheorem clean : Yes := Yes.yes\n"
    )
    path = compiled(toolchain, text, tmp_path / "module")
    assert path.with_name(path.name + ".private").exists()
    olean = Olean.read(path)
    assert olean[("clean",)].kind is ConstantKind.THEOREM
    library = Library([], olean.imports)
    assert [show(name) for name, _ in axioms(("rests",), olean, library)] == ["no"]
    assert not list(axioms(("clean",), olean, library))


REPLAY = """
import sys
from pathlib import Path
from lean_env.olean import Olean
from lean_env.replay import Kernel
kernel = Kernel(Path(sys.argv[1]))
done = set()
def check(path):
    if path in done:
        return
    done.add(path)
    olean = Olean.read(path)
    for name in olean.imports:
        check(Path(sys.argv[2]).joinpath(*name[:-1], name[-1] + ".olean"))
    rejected = kernel.check(path, olean)
    assert not rejected, rejected
for path in [*Path(sys.argv[2]).rglob("*.olean"), Path(sys.argv[3])]:
    check(path)
print(len(done))
"""


def test_the_kernel_accepts_all_of_the_library_from_nothing(path: Path, toolchain: Toolchain) -> None:
    """Every definition, inductive type, recursor and proof of the embedded library, checked once more."""
    library = libraries(toolchain)[0]
    command = [sys.executable, "-c", REPLAY, str(find_shared_library()), str(library), str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) == 1 + len(list(library.rglob("*.olean")))


def test_names() -> None:
    assert components("a.«b.c».d") == ["a", "«b.c»", "d"]
    assert parse("A.«b c».d'") == ("A", "b c", "d'")
    assert show(("A", "b c", "d'", 0)) == "A.«b c».d'.0"
