"""Statements of published benchmarks that do not say what the problem says, and where they are put right.

A figure on such a benchmark can be given twice: as published, and without the defective statements or with
the corrected ones of another copy. Each entry was checked by hand; for some, `prover lint` finds a disproof
that Lean accepts. The list is what is known, not all that there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from data.benchmarks.registry import known


class Kind(StrEnum):
    """What is wrong with a statement as published."""

    FALSE = "false"
    """It has counterexamples: nobody can prove it."""
    VACUOUS = "vacuous"
    """Its hypotheses contradict each other: it holds for no reason."""
    OTHER = "other"
    """It says something else than the problem, and that can be proved."""
    SPELLING = "spelling"
    """It says the same as the corrected one, in a notation that is harder to work with."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What is known about one statement."""

    kind: Kind
    reason: str
    """One line."""
    source: str
    """Who put it right: an address, or a name of the registry."""
    corrected_in: str = "minif2f-goedel-v2"
    """The registry's name of a copy that has the corrected statement under the same name; empty if there is
    none."""


_GOEDEL = "https://github.com/Goedel-LM/Goedel-Prover-V2 (dataset/minif2f.jsonl)"
_ISSUE = "https://github.com/deepseek-ai/DeepSeek-Prover-V1.5/issues/26"
_UPSTREAM = "https://github.com/yangky11/miniF2F-lean4/pull/33"
_UPSTREAM_VALID = "https://github.com/yangky11/miniF2F-lean4/pull/24"
_NOBODY = "none published that we know of; found by `prover lint`"
_ESCAPES = "the body ends before `+`, so that its variable is another one, bound outside of everything"

_DEEPSEEK: dict[str, Defect] = {
    "amc12a_2020_p10": Defect(
        Kind.FALSE,
        "`0 < n` admits n = 1, where both sides are 0 since the logarithm of 0 is 0, and the digit sum is 1",
        _GOEDEL,
    ),
    "aime_1994_p3": Defect(
        Kind.FALSE,
        "the equation is assumed for one x only, which leaves f 94 open; `∀ x` is missing",
        _UPSTREAM,
    ),
    "induction_pord1p1on2powklt5on2": Defect(
        Kind.OTHER, f"{_ESCAPES}: it says 1 + 1 / 2 ^ k < 5 / 2 for every k", _ISSUE
    ),
    "induction_prod1p1onk3le3m1onn": Defect(
        Kind.FALSE, f"{_ESCAPES}: it says 1 + 1 / k ^ 3 ≤ 3 - 1 / n for every real k", _ISSUE
    ),
    "mathd_numbertheory_343": Defect(
        Kind.FALSE, "the product's body ends before `+`: the left side is (0 + 1) % 10, which is 1", _GOEDEL
    ),
    "mathd_algebra_275": Defect(
        Kind.VACUOUS,
        "`1 / 4` in the exponent is a quotient of natural numbers, 0: the hypothesis says 1 = 1 / 5",
        _GOEDEL,
    ),
    "amc12a_2020_p7": Defect(
        Kind.FALSE, "`a (k ^ 2)` instead of `(a k) ^ 2` speaks of values that nothing determines", _GOEDEL
    ),
    "mathd_numbertheory_618": Defect(
        Kind.FALSE, "n = 0 is a counterexample, since p 0 = p 1 = 41; `n > 0` is missing", _UPSTREAM
    ),
    "amc12a_2021_p18": Defect(
        Kind.SPELLING, "`25 /. 11` is the quotient of integers in ℚ, the same number as `25 / 11`", _GOEDEL
    ),
    "amc12a_2021_p9": Defect(
        Kind.FALSE, f"{_ESCAPES}: it says 2 ^ 127 + 3 ^ 2 ^ k = 3 ^ 128 - 2 ^ 128 for every k", _ISSUE
    ),
    "algebra_ineq_nto1onlt2m1on": Defect(Kind.FALSE, "for n = 1 both sides are 1; `≤` is meant", _UPSTREAM),
    "algebra_cubrtrp1oncubrtreq3_rcubp1onrcubeq5778": Defect(
        Kind.FALSE,
        "a negative r satisfies the hypothesis, since its real power is |r| ^ (1 / 3) / 2, and r ^ 3 < 0; "
        "`r ≥ 0` is missing",
        _GOEDEL,
    ),
    "mathd_algebra_342": Defect(
        Kind.FALSE, f"{_ESCAPES}: 5 a + k d = 70 and 10 a + k d = 210 give a = 28", _ISSUE
    ),
    "mathd_algebra_158": Defect(Kind.VACUOUS, f"{_ESCAPES}: 57 - (5 a + 2 k) = 4 has no even a", _ISSUE),
    "mathd_algebra_314": Defect(
        Kind.OTHER, "`1 / 4` is a quotient of natural numbers: the statement says 0 = 0", _ISSUE
    ),
}
_DEEPSEEK_VALID: dict[str, Defect] = {
    "induction_sum_odd": Defect(
        Kind.FALSE, "the sum's body ends before `+`: for n = 0 it says 1 = 0", _UPSTREAM_VALID, ""
    ),
    "mathd_algebra_247": Defect(
        Kind.FALSE,
        "n is bound twice, and only the first one, which is any integer, matters",
        _UPSTREAM_VALID,
        "",
    ),
    "mathd_numbertheory_35": Defect(
        Kind.VACUOUS, "every number is assumed to divide 14, and nothing about S", _UPSTREAM_VALID, ""
    ),
    "mathd_algebra_282": Defect(
        Kind.FALSE, "`8 ^ (1 / 3)` is 8 ^ 0, and the problem's number is -2: the sum is 78", _NOBODY, ""
    ),
    "imo_1967_p3": Defect(
        Kind.FALSE,
        "the product's body ends before `- c k`: for k, m, n = 1, 3, 2 it says 12 ∣ 598",
        _NOBODY,
        "",
    ),
    "amc12a_2020_p13": Defect(
        Kind.FALSE,
        "all exponents are quotients of natural numbers, 0: the hypothesis says 1 = 1",
        _NOBODY,
        "",
    ),
}
_DEFECTS: Mapping[str, Mapping[str, Defect]] = {"minif2f-deepseek-v1.5": _DEEPSEEK | _DEEPSEEK_VALID}


def known_defects(benchmark_sha256: str) -> Mapping[str, Defect]:
    """The defective statements of the benchmark with this hash, by problem; empty if none are known."""
    by_hash = {entry.sha256: name for name in _DEFECTS if (entry := known(name)) is not None}
    return _DEFECTS.get(by_hash.get(benchmark_sha256, ""), {})
