"""LeanDojo exports as a source of theorems: in the layout of `leandojo_benchmark_4`, with real Lean."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from data.benchmarks import Problem, load
from data.benchmarks.leandojo import read_premises, used_premises
from lean_env.errors import SourceError
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from prover.statements import usable

SOURCE = """\
open Nat

namespace Demo

/-- Twice a number. -/
def double (n : Nat) : Nat := n + n

variable (n : Nat)

/-- Half of it is the number. -/
theorem double_eq : double n = 2 * n := by
  unfold double; omega

section Inner

end Inner

theorem Deep.pos (h : 0 < n) : 0 < double n := by
  have := double_eq n
  omega

end Demo
"""


def place(text: str) -> list[int]:
    """Line and column, from 1, of what stands there, as LeanDojo counts."""
    before = SOURCE[: SOURCE.index(text)]
    return [before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1]


def export(folder: Path, **changes: object) -> Path:
    """An export of one file with a definition and two theorems, and its sources."""
    premises = [
        ("Demo.double", "def double (n : Nat) : Nat := n + n", "commanddeclaration", "def double"),
        ("Demo.double_eq", "theorem double_eq : double n = 2 * n", "commanddeclaration", "theorem double_eq"),
        (
            "Demo.Deep.pos",
            "theorem Deep.pos (h : 0 < n) : 0 < double n := by",
            "commanddeclaration",
            "theorem Deep",
        ),
    ]
    file = {
        "path": "Demo/Basic.lean",
        "imports": [".lake/packages/lean4/src/lean/Init.lean", "Demo/Other.lean"],
        "premises": [
            {"full_name": name, "code": code, "kind": kind, "start": place(at), "end": place(at)}
            for name, code, kind, at in premises
        ],
    }
    entries = [
        {
            "url": "https://example.org/demo",
            "commit": "0" * 40,
            "file_path": "Demo/Basic.lean",
            "full_name": name,
            "start": place(at),
            "end": place(at),
            "traced_tactics": [
                {
                    "tactic": "have := double_eq n",
                    "annotated_tactic": [
                        "have := <a>double_eq</a> n",
                        [{"full_name": "Demo.double_eq", "def_path": "Demo/Basic.lean", "def_pos": [11, 9]}],
                    ],
                    "state_before": "n : Nat",
                    "state_after": "n : Nat",
                }
            ],
        }
        for name, _, _, at in premises[1:]
    ]
    (folder / "random").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(json.dumps(file) + "\n", encoding="utf-8")
    (folder / "random" / "train.json").write_text(json.dumps(entries[:1]), encoding="utf-8")
    (folder / "random" / "test.json").write_text(
        json.dumps([*entries[1:], *changes.values()]), encoding="utf-8"
    )
    (folder / "sources" / "Demo").mkdir(parents=True)
    (folder / "sources" / "Demo" / "Basic.lean").write_text(SOURCE, encoding="utf-8")
    return folder


def test_an_export_is_a_benchmark(tmp_path: Path) -> None:
    folder = export(tmp_path / "leandojo_benchmark_4")
    benchmark = load(folder)
    assert benchmark.name == "leandojo_benchmark_4/random"
    first, second = benchmark.problems
    assert (first.name, first.split, first.source) == (
        "Demo.double_eq",
        "train",
        "Demo/Basic.lean Demo.double_eq",
    )
    assert first.theorem.statement == "theorem double_eq : double n = 2 * n := by"
    assert first.theorem.header == "import Init\nimport Demo.Other\n\nnamespace Demo\n\n"
    assert second.theorem.statement == "theorem Deep.pos (h : 0 < n) : 0 < double n := by"
    assert second.theorem.footer == "end Demo\n"
    assert load(folder, split="test").problems == (second,)
    assert load(folder / "random", limit=1).problems == (first,)


def test_with_its_sources_every_statement_elaborates(toolchain: Toolchain, tmp_path: Path) -> None:
    folder = export(tmp_path / "e")
    benchmark = load(folder, sources=folder / "sources")
    assert benchmark.problems[0].theorem.header.endswith("variable (n : Nat)\n\n")  # but for its own comment
    assert benchmark.problems[1].theorem.footer == "end Demo\n"

    async def run() -> list[str]:
        async with CheckPool(toolchain, workers=1) as pool:
            found = [await usable(one, pool) for one in benchmark.problems]
            assert all(isinstance(one, Problem) for one in found), found
            proofs = ("unfold double; omega", "have := double_eq n\nomega")
            checks = [
                await pool.check(one.theorem, proof)
                for one, proof in zip(benchmark.problems, proofs, strict=True)
            ]
            return [check.verdict for check in checks]

    assert asyncio.run(run()) == ["PROVED", "PROVED"]


def test_premises(tmp_path: Path) -> None:
    folder = export(tmp_path / "e")
    premises = list(read_premises(folder / "corpus.jsonl"))
    assert [one.full_name for one in premises] == ["Demo.double", "Demo.double_eq", "Demo.Deep.pos"]
    assert (premises[0].line, premises[0].path) == (6, "Demo/Basic.lean")
    (entry,) = json.loads((folder / "random" / "test.json").read_text())
    assert used_premises(entry) == ("Demo.double_eq",)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (
            {"full_name": "Demo.none", "file_path": "Demo/Basic.lean", "start": [1, 1]},
            "corpus.jsonl has no Demo.none",
        ),
        ({"full_name": "Demo.double"}, "no LeanDojo theorem: the field 'file_path' is missing"),
        ({"full_name": "Demo.double", "file_path": "Demo/Basic.lean", "start": [1, 1]}, "is no theorem"),
        ({"full_name": "Demo.double_eq", "file_path": "Demo/Basic.lean", "start": [1, 1]}, "occurs twice"),
        ("text", "no LeanDojo theorem"),
    ],
)
def test_bad_theorems(tmp_path: Path, entry: object, reason: str) -> None:
    folder = export(tmp_path / "e", bad=entry)
    with pytest.raises(SourceError, match=reason) as caught:
        load(folder)
    assert "test.json, theorem 2: " in str(caught.value)
    benchmark = load(folder, keep_going=True)
    assert len(benchmark.problems) == 2
    assert [bad.line for bad in benchmark.bad_lines] == [2]


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="neither a LeanDojo export nor"):
        load(tmp_path)
    folder = export(tmp_path / "e")
    with pytest.raises(SourceError, match="does not exist"):
        load(folder, sources=tmp_path / "elsewhere")
    (folder / "random" / "test.json").write_text("{}")
    with pytest.raises(SourceError, match="no list of theorems"):
        load(folder)
    (folder / "corpus.jsonl").write_text("{}\n")
    with pytest.raises(
        SourceError, match=r"corpus.jsonl, line 1: no LeanDojo premises: the field 'premises'"
    ):
        load(folder)


def test_a_traced_repository(tmp_path: Path) -> None:
    """A trace as LeanDojo writes it, cut down to one theorem; read by LeanDojo's own classes."""
    pytest.importorskip("lean_dojo")
    (tmp_path / "Demo.lean").write_text(SOURCE, encoding="utf-8")

    def node(tag: str, begin: str, end: str, inside: str = "", **more: str) -> str:
        last = place(end)
        attributes = "".join(f' {name}="{value}"' for name, value in more.items())
        return (
            f'<{tag} start="{tuple(place(begin))}" end="({last[0]}, {last[1] + len(end)})"{attributes}>'
            f"{inside}</{tag}>"
        )

    proof = node("AtomNode", ":= by\n  have", ":=", val=":=") + node(
        "OtherNode", "by\n  have", "omega\n\nend Demo"
    )
    atom = node("AtomNode", "theorem Deep", "theorem Deep", val="theorem")
    theorem = node(
        "CommandTheoremNode",
        "theorem Deep",
        "omega\n\nend Demo",
        atom * 3 + f"<CommandDeclvalsimpleNode>{proof}</CommandDeclvalsimpleNode>",
        name="Deep.pos",
        full_name="Demo.Deep.pos",
    )
    md5 = hashlib.md5(SOURCE.encode()).hexdigest()
    (tmp_path / ".lake" / "build" / "ir").mkdir(parents=True)
    (tmp_path / ".lake" / "build" / "ir" / "Demo.trace.xml").write_text(
        f'<TracedFile path="Demo.lean" md5="{md5}"><FileNode>{theorem}</FileNode><Comments/></TracedFile>'
    )
    (one,) = load(tmp_path).problems
    assert (one.name, one.source) == ("Demo.Deep.pos", "Demo.lean Demo.Deep.pos")
    assert one.theorem.statement == "theorem Deep.pos (h : 0 < n) : 0 < double n := by"
    assert one.theorem.header == SOURCE[: SOURCE.index("theorem Deep")]
    assert one.theorem.footer == "end Demo\n"


def test_a_traced_repository_needs_the_extra(tmp_path: Path) -> None:
    (tmp_path / "A.trace.xml").write_text("<TracedFile/>")
    with pytest.raises(SourceError, match=r"rmax-prover\[lean-dojo\]|cannot read it"):
        load(tmp_path)
