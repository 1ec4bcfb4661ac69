"""The audit with real Lean, and the command."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from data.benchmarks import load
from data.lint import Rule
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from prover.lint import Report, lint_text, lint_with_lean
from prover.lint_command import _text
from tests.prover.command import prover, refusal

BENCHMARKS = Path(__file__).parents[3] / "shared" / "bench"
needs_files = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason=f"{BENCHMARKS} is not here")
HEADER = "import Mathlib\n\nopen Nat\n\n"
STATEMENTS = {
    "sound": "(n : ℕ) (h : 0 < n) : 1 ≤ n",
    "vacuous": "(n : ℕ) (h : n < 3) (h' : 5 < n) : n = 100",
    "missing_positive": "(n : ℕ) (p : ℕ → ℕ) (h₀ : ∀ x, p x = x ^ 2 - x + 41)\n"
    "  (h₁ : 1 < Nat.gcd (p n) (p (n + 1))) : 41 ≤ n",
    "one_value": "(x : ℤ) (f : ℤ → ℤ) (h0 : f x + f (x - 1) = x ^ 2) (h1 : f 19 = 94) : f 94 % 1000 = 561",
    "off_by_one": "(a b : ℤ) (h : a < b) : a + 2 ≤ b",
    "needless": "(n m : ℕ) (h : n < 5) (h' : n < m) : n < 7",
    "real": "(x : ℝ) (h : 0 < x) : 0 ≤ x",
}


def write(path: Path, statements: dict[str, str], header: str = HEADER) -> Path:
    lines = (
        json.dumps({"name": name, "statement": f"theorem {name} {text} := by", "header": header})
        for name, text in statements.items()
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def audit(toolchain: Toolchain, path: Path, **options: str) -> Report:
    report = lint_text(load(path, **options))  # type: ignore[arg-type]

    async def run() -> None:
        async with CheckPool(toolchain, workers=2, limits=Limits(seconds=20)) as pool:
            await lint_with_lean(report, pool)

    asyncio.run(run())
    return report


def test_what_lean_finds(toolchain: Toolchain, tmp_path: Path) -> None:
    report = audit(toolchain, write(tmp_path / "b.jsonl", STATEMENTS))
    with_proof = {name: {one.rule for one in found if one.proof} for name, found in report.findings.items()}
    assert with_proof == {
        "sound": set(),
        "vacuous": {Rule.CONTRADICTION},
        "missing_positive": {Rule.FALSE},
        "one_value": {Rule.FALSE},
        "off_by_one": {Rule.FALSE},
        "needless": {Rule.UNUSED},
        "real": set(),
    }
    assert report.not_asked.keys() == {"real"}
    assert "real numbers" in report.not_asked["real"]


def test_a_lean_that_cannot_be_asked_finds_nothing(toolchain: Toolchain, tmp_path: Path) -> None:
    path = write(tmp_path / "b.jsonl", {"sound": STATEMENTS["sound"]})
    report = audit(replace(toolchain, command=("/no/such/lean",)), path)
    assert report.findings == {"sound": []}
    assert report.not_asked["sound"].startswith("the statement could not be checked: ")
    told = list(_text(report, None, asked=True))
    assert not any("Mathlib" in line for line in told)
    assert any("1 statements (sound), since the statement could not be checked" in line for line in told)


def test_statements_of_no_library(toolchain: Toolchain, tmp_path: Path) -> None:
    """Without a header Lean binds unknown names by itself, and the goal it shows says so."""
    path = write(
        tmp_path / "b.jsonl",
        {"phantom": "(h : foo = 1) : foo < 2", "broken": ": 1 + = 2", "typo": ": Foo.bar"},
        "",
    )
    report = audit(toolchain, path)
    assert [one.message for one in report.findings["phantom"]] == [
        "Lean bound foo : Nat by itself; no binder before the colon names it"
    ]
    for name in ("broken", "typo"):
        assert [one.rule for one in report.findings[name]] == [Rule.ELABORATION]


@needs_files
def test_published_statements_that_are_false(toolchain: Toolchain, tmp_path: Path) -> None:
    """Of the statements that were corrected Lean disproves those that it can read and that are false."""
    names = ("aime_1994_p3", "mathd_numbertheory_618", "mathd_algebra_314", "mathd_numbertheory_328")
    for file, disproved in (
        ("minif2f_deepseek_v15", {"aime_1994_p3", "mathd_numbertheory_618"}),
        ("minif2f_goedel_v2", set[str]()),
    ):
        lines = (BENCHMARKS / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()
        part = tmp_path / f"{file}.jsonl"
        part.write_text("\n".join(line for line in lines if json.loads(line)["name"] in names))
        report = audit(toolchain, part)
        assert {
            name for name, found in report.findings.items() if any(one.rule is Rule.FALSE for one in found)
        } == disproved


def test_command(toolchain: Toolchain, tmp_path: Path) -> None:
    path = write(tmp_path / "b.jsonl", STATEMENTS)
    told = prover("lint", path)
    assert (told.returncode, told.stderr) == (1, "")
    assert "negation-provable: a statement that Lean accepts a disproof of (3)" in told.stdout
    assert "b.jsonl: 7 statements, something suspicious about 5" in told.stdout
    assert "not checked by the published goal: 7 statements have none" in told.stdout
    assert "not checked with Lean" in told.stdout
    assert "1 statements (real), which need Mathlib" in told.stdout
    lines = [json.loads(line) for line in prover("lint", path, "--json").stdout.splitlines()]
    assert [line["name"] for line in lines] == list(STATEMENTS)
    assert lines[1]["findings"][0]["rule"] == "contradictory-hypotheses"
    assert lines[1]["findings"][0]["proof"]
    assert lines[-1]["lean_not_asked"].startswith("needs Mathlib")


def test_command_without_lean_and_two_copies(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", {"a": ": 1 = 1", "b": "(n : ℕ) : n < n + 1"})
    two = write(tmp_path / "two.jsonl", {"a": ": 1 = 1", "b": "(n : ℕ) : n ≤ n + 1"})
    told = prover("lint", one, two, "--no-lean")
    assert (told.returncode, told.stderr) == (1, "")
    assert "b: two.jsonl has `n ≤ n` instead of `n < n`" in told.stdout
    assert "compared with two.jsonl: 2 statements are in both, 1 differ" in told.stdout
    assert "not checked with Lean: " in told.stdout
    assert prover("lint", one, "--no-lean").returncode == 0


def test_names_do_not_command_the_terminal(toolchain: Toolchain, tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    names = ("a\x1b[31m\nb", "c\x9bd\0e")
    lines = (json.dumps({"name": name, "statement": "theorem t : 1 = 1 := by"}) for name in names)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    told = prover("lint", path, "--no-lean").stdout
    assert "  c\ufffdd\ufffde: says the same as a\ufffd[31m b\n" in told
    run = tmp_path / "run"
    told = prover("eval", path, "--samples", "1", "--workers", "1", "--out", run).stdout
    assert all(f" {name} — " in told for name in ("a\ufffd[31m b", "c\ufffdd\ufffde"))


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "b.jsonl", {"a": ": 1 = 1"})
    with path.open("a", encoding="utf-8") as file:
        file.write("{\n")
    assert f"{path}, line 2: not JSON" in refusal(prover("lint", path, "--no-lean"))
    told = prover("lint", path, "--no-lean", "--keep-going")
    assert told.returncode == 1
    assert "not used: line 2: not JSON" in told.stdout
    assert "beyond the end" in refusal(prover("lint", path, "--keep-going", "--limit", "2"))
    assert "has no split" in refusal(prover("lint", path, "--keep-going", "--split", "test"))
    assert "does not exist" in refusal(prover("lint", tmp_path / "none.jsonl"))
    assert "must be positive" in refusal(prover("lint", path, "--keep-going", "--workers", "0"))
    assert "must be positive" in refusal(prover("lint", path, "--keep-going", "--timeout", "0"))
