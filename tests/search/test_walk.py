"""What of a checked proof becomes nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lean_env.values import Check, Step, Verdict
from search.walk import Reached, closing_prefix, walk

A, B = ("⊢ A",), ("⊢ B",)


def check(
    verdict: Verdict, *steps: tuple[str, tuple[str, ...]], rest: str = "", separator: str = "\n"
) -> Check:
    """A check of a proof made of these steps, each with the goals behind it, and of a wrong rest."""
    proof, placed = "", list[Step]()
    for line, goals in steps:
        proof += separator if proof else ""
        text = line.strip()
        start = len(proof) + line.index(text)
        proof += line
        placed.append(Step(text, start, len(proof), goals))
    valid = proof
    return Check(verdict, proof + rest, steps=tuple(placed), valid_prefix=valid)


def states(found: Check, **options: int | None) -> list[tuple[str, ...] | str]:
    return ["no goals" if reached.proved else reached.goals for reached in walk(found, A, **options)]


def test_the_valid_part_is_walked_step_by_step() -> None:
    found = check(Verdict.FAILED, ("  intro", B), ("  intro", A), rest="\n  wrong")
    assert walk(found) == (
        Reached(B, len("  intro"), shows_all=True),
        Reached(A, len("  intro\n  intro"), shows_all=True),
    )


def test_a_step_that_changes_nothing_reaches_nothing() -> None:
    found = check(Verdict.INCOMPLETE, ("skip", A), ("intro", B), ("skip", B), ("undo", A))
    assert states(found) == [B, A]


def test_without_the_initial_goals_the_first_state_is_new() -> None:
    assert len(walk(check(Verdict.INCOMPLETE, ("skip", A)))) == 1


def test_steps_behind_the_valid_prefix_are_not_walked() -> None:
    found = check(Verdict.FAILED, ("intro", B), ("intro", A))
    cut = Check(found.verdict, found.proof, steps=found.steps, valid_prefix="intro")
    assert states(cut) == [B]


def test_the_last_step_of_a_proof_is_the_state_no_goals() -> None:
    found = check(Verdict.PROVED, ("intro", B), ("exact h", ()))
    assert walk(found, A)[-1] == Reached((), len(found.proof), proved=True)
    assert states(found) == [B, "no goals"]


def test_a_proof_whose_steps_are_not_known_is_one_step() -> None:
    assert states(Check(Verdict.PROVED, "simp", valid_prefix="simp")) == ["no goals"]
    assert states(check(Verdict.PROVED, ("constructor", B))) == [B, "no goals"]


def test_every_finished_focus_is_a_state_and_none_is_the_end() -> None:
    bullets = ("constructor", B), ("· exact a", ()), ("· exact b", ())
    assert states(check(Verdict.FAILED, *bullets, rest="\nwrong")) == [B, (), ()]
    assert states(check(Verdict.PROVED, *bullets)) == [B, (), "no goals"]


@pytest.mark.parametrize("verdict", [Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY, Verdict.FAULT])
def test_where_nothing_is_known_about_a_proof_there_are_no_states(verdict: Verdict) -> None:
    assert states(check(verdict, ("intro", B))) == []


def test_a_cheat_has_the_states_before_it_and_none_if_its_place_is_unknown() -> None:
    assert states(check(Verdict.CHEAT, ("intro", B), rest="\nrun_tac cheat")) == [B]
    assert states(check(Verdict.CHEAT, ("intro", B))) == []
    assert states(check(Verdict.CHEAT, ("intro", B), rest="\n")) == []


@pytest.mark.parametrize("word", ["sorry", "exact sorry", "admit", "have : A := by sorry"])
def test_nothing_behind_a_sorry_is_a_state(word: str) -> None:
    assert states(check(Verdict.INCOMPLETE, ("intro", B), (word, A), ("intro", B))) == [B]


@pytest.mark.parametrize("word", ["exact not_sorry", "exact h.sorry'", "exact sorry_free"])
def test_a_name_that_contains_sorry_is_harmless(word: str) -> None:
    assert states(check(Verdict.INCOMPLETE, ("intro", B), (word, A))) == [B, A]


def test_prefixes_that_are_too_long_are_no_states() -> None:
    found = check(Verdict.INCOMPLETE, ("intro", B), ("intro", A))
    assert states(found, max_prefix=5) == [B]
    assert states(found, max_prefix=11) == [B, A]
    assert states(check(Verdict.PROVED, ("intro", B), ("intro", ())), max_prefix=5) == [B, "no goals"]


def test_a_proof_with_words_too_many_is_tried_without_them() -> None:
    assert closing_prefix(check(Verdict.FAILED, ("simp", ()), rest="\nlinarith")) == "simp"


def test_without_states_lean_says_that_there_were_words_too_many() -> None:
    said = Check(Verdict.FAILED, "simp\nlinarith", "No goals to be solved", valid_prefix="simp")
    assert closing_prefix(said) == "simp"
    assert closing_prefix(replace(said, valid_prefix="")) is None
    assert closing_prefix(replace(said, reason="linarith failed")) is None


@pytest.mark.parametrize(
    "found",
    [
        check(Verdict.FAILED, ("simp", A), rest="\nlinarith"),
        check(Verdict.FAILED, ("simp", ()), rest=" \n"),
        check(Verdict.FAILED, rest="linarith"),
        check(Verdict.INCOMPLETE, ("simp", ()), rest="\nlinarith"),
        check(Verdict.PROVED, ("simp", ())),
        check(Verdict.CHEAT, ("simp", ()), rest="\nrun_tac cheat"),
    ],
)
def test_nothing_else_is_tried_again(found: Check) -> None:
    assert closing_prefix(found) is None


@pytest.mark.parametrize(
    ("line", "shows_all"),
    [
        ("  rw [h]", True),
        ("  cases h <;> simp", True),
        ("  exact foo.by_contra", True),
        ("    rw [h]", False),
        ("  · rw [h]", False),
        ("  . rw [h]", False),
        ("  | inl a => simp", False),
        ("  case inl => rw [h]", False),
        ("  next => rw [h]", False),
        ("  case inl", False),
        ("  have h : p := by", False),
        ("  have h : p := by rw [h]", False),
        ("  constructor ·", False),
    ],
)
def test_which_states_show_all_goals(line: str, shows_all: bool) -> None:
    way = walk(check(Verdict.FAILED, ("  constructor", A), (line, B)))
    assert way[0].shows_all
    assert way[1].shows_all is shows_all


def test_a_step_on_the_line_of_another_may_be_in_focus() -> None:
    way = walk(check(Verdict.FAILED, ("constructor", A), ("· rw [h]", B), ("simp", A), separator="; "))
    assert [reached.shows_all for reached in way] == [True, False, False]


def test_a_state_without_goals_never_shows_all() -> None:
    assert not walk(check(Verdict.FAILED, ("simp", ()), rest="\nwrong"))[0].shows_all
