"""Proofs without what they do not need; Lean's part is played by a rule that is easy to see."""

from __future__ import annotations

import asyncio

import pytest

from training.corpus.attempt import prefixes
from training.corpus.shorten import shortened, simpler_tactics


def result(proof: str, *needed: str, start: int = 0) -> tuple[str, int]:
    """The shortened proof, where all that contains `needed` in this order is a proof, and the checks."""
    asked: list[str] = []

    async def accepts(text: str) -> bool:
        asked.append(text)
        place = 0
        for part in needed:
            place = text.find(part, place) + 1
            if not place:
                return False
        return True

    return asyncio.run(shortened(proof, accepts, start)), len(asked)


@pytest.mark.parametrize(
    ("proof", "needed", "short"),
    [
        ("  intro h\n  skip\n  exact h", ["intro h", "exact h"], "  intro h\n  exact h"),
        ("  skip\n  skip\n  rfl\n  skip", ["rfl"], "  rfl"),
        ("  simp_all <;> omega", ["omega"], "  omega"),
        ("  simp_all <;> omega", ["simp_all"], "  simp_all"),
        ("  simp_all <;> omega", ["simp_all", "<;>", "omega"], "  simp_all <;> omega"),
        ("  simp [a, b, c] at h\n  skip", ["simp", "b", "at h"], "  simp [b] at h"),
        ("  intro x; simp [a]; omega", ["intro x", "simp"], "  intro x; simp"),
        ("  rw [a]", ["rw [a]"], "  rw [a]"),
    ],
)
def test_what_can_go_goes(proof: str, needed: list[str], short: str) -> None:
    assert result(proof, *needed)[0] == short


def test_a_beginning_is_left_alone() -> None:
    proof = "  skip\n  skip\n  skip\n  rfl"
    assert result(proof, "rfl", start=6)[0] == "  skip\n  rfl"


def test_few_checks_are_enough() -> None:
    assert result("  rfl", "rfl") == ("  rfl", 0)
    assert result("  intro h\n  cases h\n  rfl", "intro h", "cases h", "rfl")[1] == 3
    long = "\n".join("  skip" for _ in range(30))
    assert result(long, "skip") == (long, 0)


def test_simpler_tactics() -> None:
    assert simpler_tactics("simp [a, b]") == ["simp", "simp [b]", "simp [a]"]
    assert simpler_tactics("simp_all [a]") == ["simp_all"]
    assert simpler_tactics("rw [a, b]") == []
    assert simpler_tactics("(intro h <;> simp) <;> omega") == []


def test_prefixes() -> None:
    assert prefixes("  a\n  b; c") == ["", "  a", "  a\n  b"]
