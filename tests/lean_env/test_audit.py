"""The strict tier on its own: certificates, the trusted statement, and what it refuses."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lean_env.assemble import assemble
from lean_env.audit import AuditResult, audit, inspect_file, judge
from lean_env.compile import Compilation, compile_text
from lean_env.errors import AuditError, LimitError, StatementError
from lean_env.limits import GIB
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict

SWAP = Theorem("swap", "theorem swap (p q : Prop) (h : p ∧ q) : q ∧ p := by")
EXTENSIONAL = Theorem("ext'", "theorem ext' (p q : Prop) (h : p ↔ q) : p = q := by")

IN_NAMESPACE = replace(SWAP, name="A.swap", header="namespace A\nsection\n", footer="end\nend A\n")
INDUCTION = "induction n with\n| zero => rfl\n| succ n h => rw [Nat.add_succ, h]"


def run(toolchain: Toolchain, theorem: Theorem, proof: str, trust_text: bool = False) -> AuditResult:
    return asyncio.run(
        audit(toolchain, theorem, proof, seconds=30, memory_bytes=6 * GIB, trust_text=trust_text)
    )


def test_certificate(toolchain: Toolchain) -> None:
    result = run(toolchain, EXTENSIONAL, "exact propext h")
    certificate = result.certificate
    assert result.verdict is Verdict.PROVED
    assert certificate is not None
    assert certificate.axioms == ("propext",)
    assert certificate.replayed
    assert toolchain.commit in certificate.toolchain
    source = assemble([(EXTENSIONAL, "exact propext h")], "").text
    assert certificate.source_sha256 == hashlib.sha256(source.encode()).hexdigest()
    assert len(certificate.olean_sha256) == 64
    assert certificate.commands[0] == "prover verify --strict Submission.lean"


def test_the_certificates_second_command_shows_the_axioms(toolchain: Toolchain, tmp_path: Path) -> None:
    certificate = run(toolchain, EXTENSIONAL, "exact propext h").certificate
    assert certificate is not None
    (tmp_path / "Submission.lean").write_text(assemble([(EXTENSIONAL, "exact propext h")], "").text)
    (tmp_path / "prover").write_text(f'#!/bin/sh\nshift\nexec {toolchain.command[0]} "$@"\n')
    (tmp_path / "prover").chmod(0o755)
    shown = subprocess.run(
        ["sh", "-c", certificate.commands[1]],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **toolchain.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'ext'' depends on axioms: [propext]" in shown.stdout


@pytest.mark.parametrize(
    ("theorem", "proof"),
    [
        (SWAP, "exact ⟨h.2, h.1⟩"),
        (IN_NAMESPACE, "exact ⟨h.2, h.1⟩"),
        (replace(SWAP, statement="private " + SWAP.statement), "exact ⟨h.2, h.1⟩"),
        (Theorem("«a b».c'", "theorem «a b».c' : 1 = 1 := by"), "rfl"),
        (Theorem("A.t", "theorem t : n = n := by", header="namespace A variable (n : Nat)\n"), "rfl"),
        (Theorem("t", "theorem t : f 2 = 3 := by", header="def f (n : Nat) : Nat := n + 1\n"), "rfl"),
        (Theorem("t.x", "theorem t.x.{u} (α : Sort u) (a : α) : a = a := by"), "rfl"),
        (Theorem("t", "theorem t (n : Nat) : 0 + n = n := by"), INDUCTION),
    ],
)  # fmt: skip
def test_honest_proofs(toolchain: Toolchain, theorem: Theorem, proof: str) -> None:
    result = run(toolchain, theorem, proof)
    assert (result.verdict, result.reason) == (Verdict.PROVED, "")


def test_a_term_and_cases(toolchain: Toolchain) -> None:
    by_cases = Theorem("t", "theorem t : ∀ n : Nat, n = n\n")
    assert run(toolchain, by_cases, "| 0 => rfl\n| _ + 1 => rfl", trust_text=True).verdict is Verdict.PROVED
    term = Theorem("t", "theorem t : 1 = 1 :=")
    assert run(toolchain, term, " rfl", trust_text=True).verdict is Verdict.PROVED
    assert run(toolchain, term, " sorry", trust_text=True).verdict is Verdict.INCOMPLETE


def test_an_axiom_of_the_header_shows(toolchain: Toolchain) -> None:
    theorem = Theorem("t", "theorem t : 1 = 2 := by", header="axiom no : 1 = 2\n")
    result = run(toolchain, theorem, "exact no")
    assert result.verdict is Verdict.CHEAT
    assert "the axiom no" in result.reason


def test_bad_statements_and_limits(toolchain: Toolchain) -> None:
    with pytest.raises(StatementError, match="does not elaborate"):
        run(toolchain, Theorem("t", "theorem t : (1 : Nope) = 2 := by"), "rfl")
    with pytest.raises(StatementError):
        run(toolchain, Theorem("t", "theorem t : 1 = := by"), "rfl")
    for seconds, memory in ((0, GIB), (-1, GIB), (1, 0), (float("nan"), GIB)):
        with pytest.raises(LimitError):
            asyncio.run(audit(toolchain, SWAP, "simp", seconds=seconds, memory_bytes=memory))


def test_a_broken_toolchain_is_not_the_proofs_fault(toolchain: Toolchain) -> None:
    broken = replace(toolchain, command=("/nonexistent/lean",))
    with pytest.raises((AuditError, StatementError)):
        run(broken, SWAP, "exact ⟨h.2, h.1⟩")


# A candidate that got past the tokens and wrote a compiled file of its own making.


async def forged(
    toolchain: Toolchain, honest: str, forgery: str, directory: Path, name: str
) -> tuple[Verdict, str]:
    compiled: list[Compilation] = []
    for label, text in (("candidate", forgery), ("reference", honest)):
        compiled.append(
            await compile_text(toolchain, text, directory / label, seconds=30, memory_bytes=6 * GIB)
        )
        assert compiled[-1].succeeded, compiled[-1].errors
    inspection = await inspect_file(
        toolchain, compiled[0], compiled[1], [name], memory_bytes=6 * GIB, replay=True
    )
    return judge(inspection, name)


FALSE = "theorem t : 1 = 2 := sorry"
LESS_UNIVERSAL = "theorem t (a : Prop) : a = a := rfl"
OTHER_ORDER = "local instance (priority := 2000) : LT Nat := ⟨Nat.le⟩\ntheorem t : 1 < 1 := Nat.le.refl"


@pytest.mark.parametrize(
    ("honest", "forgery", "reason"),
    [
        (FALSE, "theorem t : 1 = 1 := rfl", "another type"),
        ("theorem t (p : Prop) : p → p := sorry", "theorem t (p : Prop) : True → True := id", "another type"),
        ("theorem t.{u} (a : Sort u) : a = a := sorry", LESS_UNIVERSAL, "another type"),
        ("theorem t (a b : Nat) : a = a := sorry", "theorem t (b a : Nat) : a = a := rfl", "another type"),
        (FALSE, "theorem u : 1 = 1 := rfl", "no theorem t"),
        (FALSE, "def t : Nat := 1", "no theorem t"),
        (FALSE, "axiom t : 1 = 2", "no theorem t"),
        (FALSE, "namespace A theorem t : 1 = 1 := rfl", "no theorem t"),
        (
            "def f : Nat := 1\ntheorem t : f = 2 := sorry",
            "def f : Nat := 2\ntheorem t : f = 2 := rfl",
            "speaks of f, which the compiled file redefines",
        ),
        (
            "def g : Nat := 1\ndef f : Nat := g\ntheorem t : f = 2 := sorry",
            "def g : Nat := 2\ndef f : Nat := g\ntheorem t : f = 2 := rfl",
            "speaks of g",
        ),
        (
            "def f : Nat := 2\ntheorem t : f = 2 := sorry",
            "axiom f : Nat\naxiom h : f = 2\ntheorem t : f = 2 := h",
            "speaks of f",
        ),
        (FALSE, "local instance : OfNat Nat 2 := ⟨1⟩\ntheorem t : 1 = 2 := rfl", "another type"),
        ("theorem t : 1 < 1 := sorry", OTHER_ORDER, "another type"),
        (FALSE, "axiom no : 1 = 2\ntheorem t : 1 = 2 := no", "the axiom no"),
        (
            FALSE,
            "set_option debug.skipKernelTC true in\ntheorem t : 1 = 2 := by decide +kernel",
            "kernel rejects",
        ),
    ],
)  # fmt: skip
def test_forgeries(toolchain: Toolchain, tmp_path: Path, honest: str, forgery: str, reason: str) -> None:
    verdict, said = asyncio.run(forged(toolchain, honest, forgery, tmp_path, "t"))
    assert verdict is Verdict.CHEAT
    assert reason in said


def test_names_of_variables_and_layout_do_not_matter(toolchain: Toolchain, tmp_path: Path) -> None:
    honest = "theorem t (p q : Prop) : p → q → p := sorry"
    same = "theorem t {a b : Prop}   (h : a) : b → a := fun _ => h"
    assert asyncio.run(forged(toolchain, honest, same, tmp_path, "t")) == (Verdict.PROVED, "")
