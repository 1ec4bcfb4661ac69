"""LeanDojo exports as a source of theorems: in the layout of `leandojo_benchmark_4`, with real Lean."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from data.benchmarks import Problem, load
from data.benchmarks.leandojo import origin, read_premises, used_premises
from lean_env.errors import SourceError
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from prover.statements import usable
from tests.data.exports import SOURCE, export, place


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
    assert first.theorem.header == "import Init\n\nnamespace Demo\n\n"
    assert second.theorem.statement == "theorem Deep.pos (h : 0 < n) : 0 < double n := by"
    assert second.theorem.footer == "end Demo\n"
    assert load(folder, split="test").problems == (second,)
    assert load(folder / "random", limit=1).problems == (first,)
    other = load(folder / "novel_premises")
    assert [one.split for one in other.problems] == ["train", "test"]
    assert [one.theorem for one in other.problems] == [second.theorem, first.theorem]
    assert str(origin(folder / "random")) == "https://example.org/demo at 29dcec074de1"


def test_with_its_sources_every_statement_elaborates(toolchain: Toolchain, tmp_path: Path) -> None:
    folder = export(tmp_path / "e")
    benchmark = load(folder, sources=folder / "sources")
    assert benchmark.sha256 != load(folder).sha256  # Other headers are other statements.
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
    with pytest.raises(SourceError, match=r"has no split 'valid'; it has train, val, test"):
        load(folder, split="valid")
    with pytest.raises(SourceError, match="does not exist"):
        load(folder, sources=tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="--sources is for an export"):
        load(folder / "corpus.jsonl", sources=folder / "sources")
    source = folder / "sources" / "Demo" / "Basic.lean"
    source.write_text("\n" * 5 + SOURCE)
    with pytest.raises(SourceError, match=r"line \d+ of the source does not say `theorem double_eq`"):
        load(folder, sources=folder / "sources")
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
