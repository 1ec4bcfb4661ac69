"""The statement generators: reproducible, varied, well formed, and true where that can be decided."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import Callable
from itertools import islice

import pytest

from data.generate import KINDS, Generated, statements
from data.generate.arithmetic import identity
from data.generate.explore import explore
from data.generate.lemmas import renamed, split_relation
from data.generate.library import Library
from data.generate.normal import normal_form
from data.generate.propositions import implications, rearrangement
from data.generate.render import Style, text
from data.generate.signature import OPS, exists, forall, literal, make
from data.generate.terms import ALPHA, INT, NAT, PROP, App, Goal, Term, Var, free, fun, list_of
from data.generate.theories import THEORIES
from data.generate.transform import STEPS
from data.generate.worlds import Frame
from lean_env.errors import StatementError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain
from lean_env.values import Theorem, Verdict

P, Q, R = (Var(name, PROP) for name in "pqr")
N, M = Var("n", NAT), Var("m", NAT)
XS, X = Var("xs", list_of(ALPHA)), Var("x", ALPHA)


def shown(term: Term) -> str:
    names = {name: name for name in ("p", "q", "r", "n", "m", "xs", "x", "f", "P", "i")}
    return text(term, Style(names))


@pytest.fixture(scope="module")
def sample() -> list[Generated]:
    return list(islice(statements(11), 400))


def test_same_seed_same_stream(sample: list[Generated]) -> None:
    assert list(islice(statements(11), 30)) == sample[:30]
    assert next(statements(12, ["linear"])) != next(statements(11, ["linear"]))


def test_distinct_up_to_names(sample: list[Generated]) -> None:
    assert len({normal_form(item.statement) for item in sample}) == len(sample)
    assert len({item.name for item in sample}) == len(sample)


def test_a_kind_does_not_depend_on_the_others() -> None:
    alone = list(islice(statements(3, ["linear"]), 5))
    beside = [item for item in islice(statements(3, ["linear", "identity"]), 30) if item.kind == "linear"]
    bodies = [item.statement.split(" ", 2)[2] for item in alone]
    assert bodies == [item.statement.split(" ", 2)[2] for item in beside][:5]


def test_one_line_with_name_and_tactic_mode(sample: list[Generated]) -> None:
    for item in sample:
        assert item.statement.startswith(f"theorem {item.name} ")
        assert item.statement.endswith(" := by")
        assert "\n" not in item.statement
        assert item.domain in ("prop", "fol", "nat", "int", "list", "misc")


def test_varied(sample: list[Generated]) -> None:
    kinds = Counter(item.kind for item in sample)
    assert len(kinds) > 25
    assert max(kinds.values()) < 0.25 * len(sample)
    both = [re.search(r"\) : |^theorem \S+ : ", item.statement) for item in sample]
    assert any("∀" in item.statement.split(" : ", 1)[1] for item in sample)
    assert sum(match is not None for match in both) > 0.8 * len(sample)
    for symbol in ("∧", "∨", "→", "↔", "¬", "∃", "∀", "≤", "∣", "++", "::", "some", "if ", "∈", "^"):
        assert any(symbol in item.statement for item in sample), symbol


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no such kind: nonsense; known are proposition"):
        statements(0, ["nonsense"])
    with pytest.raises(ValueError, match="no such kind"):
        statements(0, [])


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (make("eq", make("nat_add", N, make("nat_add", N, M)), M), "n + (n + m) = m"),
        (make("nat_sub", make("nat_sub", N, M), N), "n - m - n"),
        (make("nat_pow", make("nat_pow", N, M), M), "(n ^ m) ^ m"),
        (make("not", make("and", P, Q)), "¬(p ∧ q)"),
        (make("eq", make("not", P), Q), "(¬p) = q"),
        (make("and", make("not", P), Q), "¬p ∧ q"),
        (make("imp", make("imp", P, Q), make("imp", P, R)), "(p → q) → p → r"),
        (make("iff", make("iff", P, Q), R), "(p ↔ q) ↔ r"),
        (make("mem", X, make("nil", type_=list_of(ALPHA))), "x ∈ ([] : List α)"),
        (make("eq", make("append", XS, make("cons", X, XS)), XS), "xs ++ x :: xs = xs"),
        (make("length", make("append", XS, XS)), "(xs ++ xs).length"),
        (make("and", exists(N, make("nat_lt", N, M)), P), "(∃ n, n < m) ∧ p"),
        (make("and", P, exists(N, make("nat_lt", N, M))), "p ∧ ∃ n, n < m"),
        (forall(XS, make("eq", XS, XS)), "∀ xs : List α, xs = xs"),
        (make("eq", make("int_neg", make("int_neg", Var("i", INT))), Var("i", INT)), "-(-i) = i"),
        (make("eq", literal(1, INT), literal(2, INT)), "(1 : Int) = 2"),
        (make("ite", P, make("ite", Q, N, M), M), "if p then if q then n else m else m"),
    ],
)
def test_parentheses(term: Term, expected: str) -> None:
    assert shown(term) == expected


def evaluate(term: Term, values: dict[str, bool]) -> bool:
    """A reading of propositional terms of our own, beside that of `worlds.py`."""
    if isinstance(term, Var):
        return values[term.name]
    assert isinstance(term, App)
    arguments = [evaluate(arg, values) for arg in term.args]
    table: dict[str, Callable[..., bool]] = {
        "not": lambda a: not a,
        "and": lambda a, b: a and b,
        "or": lambda a, b: a or b,
        "imp": lambda a, b: b if a else True,
        "iff": lambda a, b: a is b,
        "eq": lambda a, b: a is b,
        "true": lambda: True,
        "false": lambda: False,
    }
    return bool(table[term.op.name](*arguments))


def is_tautology(goal: Goal) -> bool:
    names = [f"v{index}" for index in range(8)]
    for row in itertools.product((False, True), repeat=len(names)):
        values = dict(zip(names, row, strict=True))
        assumed = all(evaluate(term, values) for term in goal.hypotheses)
        if assumed and not evaluate(goal.conclusion, values):
            return False
    return True


def test_propositions_are_tautologies() -> None:
    rng = random.Random(5)
    goals = [implications(rng) for _ in range(40)] + [rearrangement(rng) for _ in range(40)]
    for theory in THEORIES:
        if theory.kind == "proposition":
            goals += explore(theory, rng)
    assert len(goals) > 100
    assert all(is_tautology(goal) for goal in goals)


def number(term: Term, values: dict[str, int]) -> int:
    """The value of a term on natural numbers, read without `worlds.py`."""
    if isinstance(term, Var):
        return values[term.name]
    assert isinstance(term, App)
    if not term.args:
        return int(term.op.text)
    first, *rest = (number(arg, values) for arg in term.args)
    return {
        "nat_succ": lambda: first + 1,
        "nat_add": lambda: first + rest[0],
        "nat_mul": lambda: first * rest[0],
        "nat_sub": lambda: max(first - rest[0], 0),
        "nat_pow": lambda: first ** rest[0],
    }[term.op.name]()


def test_identities_hold_for_other_numbers() -> None:
    rng = random.Random(7)
    for _ in range(60):
        relation = identity(rng).conclusion
        assert isinstance(relation, App)
        for _ in range(3):
            values = {f"v{index}": rng.randrange(6) for index in range(6)}
            left, right = (number(arg, values) for arg in relation.args)
            assert {"eq": left == right, "nat_le": left <= right, "nat_lt": left < right}[relation.op.name]


def test_transformations_keep_goals_true() -> None:
    """Each step applied to explored goals, and the result evaluated in fresh worlds."""
    rng = random.Random(2)
    theories = [theory for theory in THEORIES if theory.kind in ("order", "append", "equality", "pair")]
    done: Counter[str] = Counter()
    wrong = 0
    for goal in [goal for theory in theories for goal in explore(theory, rng)]:
        for _, step in STEPS:
            changed = step(goal, rng)
            if changed is None:
                continue
            whole = changed.conclusion
            for hypothesis in reversed(changed.hypotheses):
                whole = make("imp", hypothesis, whole)
            variables = list(free(whole))
            frame = Frame(rng, variables, inhabited=True, count=40)
            truth = frame.holds(whole)
            if truth is not None:
                done[step.__name__] += 1
                wrong += truth != frame.everywhere
    # A few goals are false, and a witness may lie outside of what quantifiers try.
    assert wrong <= 0.04 * done.total(), (wrong, done.total())
    assert len(done) >= 9, done


def test_exploration_refutes_what_is_false() -> None:
    frame = Frame(random.Random(0), [N, M], count=50, thorough=True)
    assert frame.holds(make("nat_le", N, make("nat_add", N, M))) == frame.everywhere
    assert frame.holds(make("nat_le", make("nat_add", N, M), N)) != frame.everywhere
    assert frame.holds(make("nat_lt", N, make("nat_pow", literal(2), N))) == frame.everywhere
    function = Var("f", fun(ALPHA, ALPHA))
    frame = Frame(random.Random(0), [function, X], count=50)
    assert frame.holds(make("eq", make("apply", function, X), X)) not in (frame.everywhere, 0)


def test_library_lemmas_are_read() -> None:
    about = Library.read().about
    lemmas = [lemma for found in about.values() for lemma in found]
    assert len(lemmas) > 900
    assert all(lemma.domain == domain for domain, found in about.items() for lemma in found)
    assert all(about.values())
    assert all("Sort" not in text and "⟨" not in text for lemma in lemmas for text in lemma.texts)


def test_text_is_renamed_by_tokens() -> None:
    assert renamed("xs.length + x ≤ (x + 1).succ", {"x": "y", "xs": "ys"}) == "ys.length + y ≤ (y + 1).succ"
    assert split_relation("a + b = b + a") == ("a + b", "=", "b + a")
    assert split_relation("p ∧ q ↔ (q = p)") == ("p ∧ q", "↔", "(q = p)")
    assert split_relation("∀ x, p x = q x") is None
    assert split_relation("a = b → b = a") is None


def test_normal_form_forgets_names() -> None:
    first = normal_form("theorem a (x y : Nat) (h : x = y) : y = x := by")
    assert first == normal_form("theorem b (n m : Nat) (hab : n = m) : m = n := by")
    assert first == normal_form("theorem b (n m : Nat) (hab : n = m) : m = n := by").replace("  ", " ")
    assert first != normal_form("theorem b (n m : Nat) (hab : m = n) : m = n := by")


def test_every_operator_has_both_meanings() -> None:
    for name, op in OPS.items():
        assert op.python, name
        assert op.text or op.form in ("apply", "list", "pair", "if"), name


def test_every_kind_elaborates(toolchain: Toolchain) -> None:
    items = [item for kind in KINDS for item in islice(statements(21, [kind]), 4)]

    async def refused() -> list[str]:
        found = []
        async with CheckPool(toolchain, workers=1, limits=Limits(seconds=10)) as pool:

            async def one(item: Generated) -> None:
                try:
                    await pool.validate(Theorem(item.name, item.statement))
                except StatementError as error:
                    found.append(f"{item.statement} {error}")

            await asyncio.gather(*(one(item) for item in items))
        return found

    errors = asyncio.run(refused())
    assert len(errors) <= 0.02 * len(items), errors


def test_linear_facts_are_proved(toolchain: Toolchain) -> None:
    """What Lean decides by itself."""
    items = list(islice(statements(4, ["linear"]), 12))

    async def proved() -> int:
        async with CheckPool(toolchain, workers=1, limits=Limits(seconds=10)) as pool:
            checks = await pool.check_many(
                [(Theorem(item.name, item.statement), "intros; omega") for item in items]
            )
        return sum(check.verdict is Verdict.PROVED for check in checks)

    assert asyncio.run(proved()) >= 10
