"""What the linter sees in a statement's text: each rule on small statements, and on the published copies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from data.benchmarks import Problem, known_defects, load
from data.lint import Rule, by_goal, by_text, read_tree
from data.lint.compare import differences, duplicates
from data.lint.tree import UnreadableError, binder_groups
from lean_env.values import Theorem

BENCHMARKS = Path(__file__).parents[3] / "shared" / "bench"
needs_files = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason=f"{BENCHMARKS} is not here")


def found(claim: str) -> list[tuple[Rule, str]]:
    return [(one.rule, one.message) for one in by_text(read_tree(f"theorem t {claim} := by"))]


def rules(claim: str) -> set[Rule]:
    return {rule for rule, _ in found(claim)}


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        # Bodies that end too soon, and variables that escape with what is behind.
        ("(n : ℕ) : (∏ k in Finset.Icc 1 n, 1 + (1 : ℝ) / 2 ^ k) < 5 / 2", {Rule.PHANTOM, Rule.BODY}),
        ("(n : ℕ) : ∏ k in Finset.Icc 1 n, (1 + (1 : ℝ) / 2 ^ k) < 5 / 2", set()),
        (": (∏ k in Finset.range 6, 2 * k + 1) % 10 = 5", {Rule.BODY}),
        (": (∏ k in Finset.range 6, (2 * k + 1)) % 10 = 5", set()),
        (": (∑ k in Finset.range 6, k) + 1 = 16", set()),
        (": 16 ∣ ∑ k in Finset.range 6, k + 1", {Rule.BODY}),
        (": 1 + ∑ k in Finset.range 6, k = 16", set()),
        (": (∑ i in Finset.range 2, i + ∑ j in Finset.range 3, j) = 4", set()),
        ("(a : ℕ) (h : (∑ k in Finset.range 3, a * k) = 6) : a = 2", set()),
        # Variables that nobody binds.
        ("(h : x + 1 = 2) : 0 < x", {Rule.PHANTOM}),
        ("(f : ℕ → ℕ) (h : ∀ x, f x = x) : f 1 = y", {Rule.PHANTOM}),
        ("(f : ℕ → ℕ) : (∃ x, f x = 1) ∧ f x = 1", {Rule.PHANTOM}),
        (": 2 < π", set()),
        ("{S : Set ℕ} (h : S = {x : ℕ | x < 3}) : 2 ∈ S", set()),
        (": (fun x : ℕ => x + 1) 1 = 2", set()),
        # Differences and quotients that lose something.
        ("(n : ℕ) : n - 1 + 1 = n", {Rule.SUBTRACTION}),
        ("(n : ℤ) : n - 1 + 1 = n", set()),
        ("(n : ℕ) (x : ℝ) : n - 1 < x", set()),  # coerced at the leaves
        ("(n : ℕ) (x : ℝ) : ((n - 1 : ℕ) : ℝ) < x", {Rule.SUBTRACTION}),
        ("(n : ℕ) (x : ℝ) : (↑(n - 1) : ℝ) < x", {Rule.SUBTRACTION}),
        ("(n : ℕ) : (n : ℝ) - 1 < n", set()),
        (": 5 - 3 = 2", set()),
        (": 3 - 5 = 0", {Rule.SUBTRACTION}),
        (": 6 / 3 = 2", set()),
        (": (1 / 4) ^ 2 = 1 / 16", {Rule.DIVISION}),
        (": (1 / 4 : ℝ) ^ 2 = 1 / 16", set()),
        ("(x : ℝ) : ((11 : ℝ) ^ (1 / 4)) ^ x = 121 / 25", {Rule.DIVISION}),
        ("(x : ℝ) : ((11 : ℝ) ^ (1 / 4 : ℝ)) ^ x = 121 / 25", set()),
        ("(a : ℤ) : a / 2 ≤ a + 1", {Rule.DIVISION}),
        ("(p : ℕ → ℕ) (h : ∀ x, p x = x ^ 2 - x) : p 0 = 0", {Rule.SUBTRACTION}),
        ("(f : ℝ → ℝ) (h : ∀ x, f x = x ^ 2 - x) : f 0 = 0", set()),
        ("(S : Finset ℕ) : S.card - 1 ≤ S.card", {Rule.SUBTRACTION}),
        (": ∑ k in Finset.range 3, (k - 1) = 1", {Rule.SUBTRACTION}),
        (": Real.sqrt (1 / 4) = 1 / 2", set()),
        ("(n : ℕ) : Real.sqrt (n / 2) < (n / 2 : ℝ)", set()),  # what is expected counts as a leaf
        ("(f : ℤ → ℕ) (n : ℕ) : f (n - 1) = n", set()),
        # Variables that look as if a quantifier were missing, hide each other, or do nothing.
        ("(x : ℤ) (f : ℤ → ℤ) (h : f x = x ^ 2) : f 2 = 4", {Rule.LONE}),
        ("(f : ℤ → ℤ) (h : ∀ x, f x = x ^ 2) : f 2 = 4", set()),
        ("(x : ℤ) (f : ℤ → ℤ) (h : f x = 4) : f x < 5", set()),
        ("(n : ℕ) (h : n = 2) (n) (h' : n = 3) : n = 3", {Rule.SHADOWED}),
        ("(n m : ℕ) : n = n", {Rule.UNUSED}),
        ("(n m : ℕ) (h : m = 1) : n = n", {Rule.UNUSED}),
        ("(n m : ℕ) (h : m = 1) (h' : m = n) : n = 1", set()),
        ("(p q : Prop) (hp : p) : q → q", {Rule.UNUSED}),
        ("(α : Type) (x : α) [Inhabited α] : x = x", set()),
    ],
)
def test_each_rule(claim: str, expected: set[Rule]) -> None:
    assert rules(claim) == expected, found(claim)


def test_the_text_at_fault_is_named() -> None:
    assert found("(a d : ℝ) (h : (∑ k in Finset.range 5, a + k * d) = 70) : a = d") == [
        (
            Rule.PHANTOM,
            "k in `ange 5, a + k * d) = 70)` stands outside of what binds it elsewhere in the statement",
        ),
        (Rule.BODY, "the sum `∑ k in Finset.range 5, a` ends before `+`: `k * d` is outside of it"),
    ]
    assert found(": 3 / 2 = 1") == [
        (Rule.DIVISION, "`3 / 2` is a quotient of natural numbers, which is rounded down (it is 1)")
    ]


def test_goals() -> None:
    statement = "theorem t (a d : ℝ) (h : (∑ k in s, a + k * d) = 70) : a = d := by"
    goal = "k a d : ℝ\nh : ∑ k ∈ s, a +\n    k * d = 70\n⊢ a = d"
    assert [one.message for one in by_goal(statement, goal)] == [
        "Lean bound k : ℝ by itself; no binder before the colon names it"
    ]
    assert not list(by_goal(statement, goal.replace("k a d", "a d")))
    assert not list(by_goal("theorem t [Inhabited α] (n) (n : ℕ) : p := by", "n✝ : ℕ\ninst✝ : A\nn : ℕ\n⊢ p"))


@pytest.mark.parametrize(
    "text", ["", "theorem", "theorem t", "theorem t (", "def x := 1", "theorem t : ∑ := by"]
)
def test_what_is_no_statement_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_tree(text)
    assert binder_groups(text) is None or "∑" in text


def test_deep_nesting_is_unreadable() -> None:
    with pytest.raises(UnreadableError):
        read_tree(f"theorem t : {'(' * 100_000} := by")


def test_duplicates_and_differences() -> None:
    statements = {
        "a": "(x y : ℕ) : x + y = y + x",
        "b": ": ∀ n m : Nat, n + m = m + n",
        "c": "(x : ℕ) : x < x + 1",
        "d": "(x y : ℤ) : x + y = y + x",
    }
    problems = [Problem(n, Theorem(n, f"theorem {n} {s} := by")) for n, s in statements.items()]
    assert [(name, one.message) for name, one in duplicates(problems)] == [("b", "says the same as a")]
    other = {
        "a": Problem("a", Theorem("a", "theorem a (x y : ℕ) :\n  x + y = y + x := by -- same")),
        "c": Problem("c", Theorem("c", "theorem c (x : ℕ) : x ≤ x + 1 := by", "open Nat")),
        "e": problems[0],
    }
    assert [(name, one.message) for name, one in differences(problems, other, "B")] == [
        ("c", "B has `x ≤ x` instead of `x < x`"),
        ("c", "B has header: `open Nat` instead of ``"),
    ]


@needs_files
def test_published_copies() -> None:
    """The fifteen that differ; phantoms, bodies and missing quantifiers exactly where they are; and every
    statement is read."""
    deepseek, goedel = (
        load(name, folders=[BENCHMARKS]) for name in ("minif2f-deepseek-v1.5", "minif2f-goedel-v2")
    )
    defects = known_defects(deepseek.sha256)
    others = {one.name: one for one in deepseek.problems}
    differing = [name for name, _ in differences(goedel.problems, others, "deepseek")]
    assert len(set(differing)) == 15
    by_rule = {
        benchmark.name: {
            rule: {
                one.name
                for one in benchmark.problems
                if any(finding.rule is rule for finding in by_text(read_tree(one.theorem.statement)))
            }
            for rule in Rule
        }
        for benchmark in (deepseek, goedel)
    }
    published = by_rule[deepseek.name]
    phantoms = {
        "induction_pord1p1on2powklt5on2",
        "induction_prod1p1onk3le3m1onn",
        "amc12a_2021_p9",
        "mathd_algebra_158",
        "mathd_algebra_342",
    }
    assert published[Rule.PHANTOM] == phantoms
    assert {
        one.name for one in deepseek.problems if list(by_goal(one.theorem.statement, one.goal))
    } == phantoms
    assert published[Rule.BODY] == phantoms | {"mathd_numbertheory_343", "imo_1967_p3"}
    assert published[Rule.LONE] == {"aime_1994_p3"}
    assert len(published[Rule.SHADOWED]) == 5
    assert "mathd_algebra_247" in published[Rule.SHADOWED]
    assert {"mathd_algebra_314", "mathd_algebra_275", "amc12a_2020_p13"} <= published[Rule.DIVISION]
    for rule in (Rule.PHANTOM, Rule.BODY, Rule.LONE):
        assert by_rule[goedel.name][rule] == set()
        assert published[rule] <= defects.keys()
    sizes = Counter({rule: len(names) for rule, names in published.items()})
    assert (sizes[Rule.DIVISION], sizes[Rule.SUBTRACTION], sizes[Rule.UNUSED]) == (6, 34, 0)
