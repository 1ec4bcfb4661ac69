"""Every statement of the public benchmark of elementary theorems elaborates in the embedded library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lean_env.toolchain import Toolchain
from lean_env.values import Severity
from tests.lean_env.test_library import run_lean

BENCHMARK = Path(__file__).parents[3] / "shared" / "bench" / "core_public.jsonl"


@pytest.mark.skipif(not BENCHMARK.is_file(), reason=f"{BENCHMARK} is not here")
def test_every_statement_elaborates(toolchain: Toolchain, tmp_path: Path) -> None:
    """Each ends with `sorry` on a line of its own: one warning each, and no error."""
    items = [json.loads(line) for line in BENCHMARK.read_text(encoding="utf-8").splitlines() if line.strip()]
    statements = [str(item["statement"]) for item in items]
    assert statements
    assert not any("\n" in statement for statement in statements)
    source = tmp_path / "statements.lean"
    source.write_text("".join(f"{statement}\n  sorry\n" for statement in statements), encoding="utf-8")
    messages = run_lean(toolchain, source, "-Dlinter.all=false", "-DautoImplicit=false")
    errors = [m for m in messages if m.severity is Severity.ERROR]
    assert [f"{items[(m.line - 1) // 2]['name']}: {m.summary}" for m in errors] == []
    assert sum(m.severity is Severity.WARNING and "sorry" in m.text for m in messages) == len(statements)
