"""What a model is told about its earlier proof."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.values import Check, Message, Severity, Step, Theorem, Verdict
from prover.formats.feedback import MAX_ERRORS, failure_comment, feedback, valid_place, without_paths
from prover.prompts import make_prompt

STATEMENT = "theorem swap (p q : Prop) : p ∧ q → q ∧ p := by"
THEOREM = Theorem("swap", STATEMENT)
PROOF = "  intro h\n  exact ⟨h.1, h.2⟩"
GOAL = "p q : Prop\nh : p ∧ q\n⊢ q ∧ p"


def error(text: str, line: int, column: int, severity: Severity = Severity.ERROR) -> Message:
    return Message(severity, text, line, column, 12 * (line - 1) + column)


def refused(*messages: Message, proof: str = PROOF) -> Check:
    steps = (Step("intro h", 2, 9, (GOAL,)),)
    return Check(Verdict.FAILED, proof, "Type mismatch", messages, steps, "  intro h")


def test_errors_stand_in_order_with_their_place_and_the_state_before_the_first() -> None:
    late, early = error("second", 2, 14), error("Type mismatch\n  h.1", 2, 9)
    assert feedback(STATEMENT, refused(error("unused", 1, 8, Severity.WARNING), late, early)) == (
        f"Error 1:\n\nCorresponding Code:\n```lean4\n{STATEMENT}\n  intro h\n"
        "  exact ⟨<error>h.1, h.2⟩</error>\n```\n\nError Message: Type mismatch\n  h.1\n\n"
        f"Tactic state before the error:\n```\n{GOAL}\n```\n\n"
        f"Error 2:\n\nCorresponding Code:\n```lean4\n{STATEMENT}\n  intro h\n"
        "  exact ⟨h.1, <error>h.2⟩</error>\n```\n\nError Message: second"
    )


def test_there_are_at_most_so_many_and_so_long() -> None:
    proof = "\n".join(["  simp " + "x" * 5000] * 40)
    check = Check(Verdict.FAILED, proof, messages=tuple(error("e" * 9000, n, 2) for n in range(1, 41)))
    told = feedback(STATEMENT, check)
    assert f"Error {MAX_ERRORS}:" in told
    assert f"Error {MAX_ERRORS + 1}:" not in told
    assert told.endswith(f"... [Omitted {40 - MAX_ERRORS} more errors] ...")
    assert len(told) < 40_000


@pytest.mark.parametrize(
    "path", ["/home/me/run/a.lean", "/tmp/x7/", "file:///srv/lean/Foo.lean:3:4", "/opt/lean-4.9/lib/x.olean"]
)
def test_no_path_is_told(path: str) -> None:
    check = Check(Verdict.FAILED, PROOF, f"crashed at {path}", (error(f"in '{path}' and ({path})", 2, 2),))
    for told in (
        feedback(STATEMENT, check),
        feedback(STATEMENT, Check(Verdict.FAILED, PROOF, f"crashed at {path}")),
        failure_comment(check, 2),
        make_prompt(THEOREM, revises=check).text,
    ):
        assert path.removeprefix("file://").split("/")[1] not in told


def test_division_is_no_path() -> None:
    for text in ("a / b / c", "(x)/y/z = 1", "n/2/3", "/- note -/", "h : a/b = c/d"):
        assert without_paths(text) == text


def test_a_completion_goes_on_where_the_proof_was_right_and_is_told_how_not() -> None:
    prompt = make_prompt(THEOREM, revises=refused(error("Type mismatch:\n  -/ ``` h", 2, 9)))
    assert (prompt.prefix, prompt.goals) == ("  intro h\n", (GOAL,))
    assert prompt.text.endswith(
        f"{STATEMENT}\n  intro h\n"
        "  /- not like this:\n    exact ⟨h.1, h.2⟩\n    error: Type mismatch: - / ` ` ` h\n  -/\n"
        "  /- tactic state:\n    p q : Prop\n    h : p ∧ q\n    ⊢ q ∧ p\n  -/\n"
    )


def test_a_given_place_is_kept() -> None:
    prompt = make_prompt(THEOREM, "  skip", ["⊢ x"], revises=refused(error("no", 2, 2)))
    assert (prompt.prefix, prompt.goals) == ("  skip\n", ("⊢ x",))
    assert "not like this" in prompt.text


def test_a_proof_of_which_nothing_is_right_begins_anew() -> None:
    check = Check(Verdict.FAILED, "  foo", "unknown tactic", (error("unknown tactic", 1, 2),))
    assert valid_place(check) == ("", ())
    text = make_prompt(THEOREM, revises=check).text
    assert text.endswith(f"{STATEMENT}\n  /- not like this:\n    foo\n    error: unknown tactic\n  -/\n")


@given(
    st.text(max_size=60),
    st.text(max_size=60),
    st.integers(-3, 9),
    st.integers(-3, 99),
    st.sampled_from([Verdict.FAILED, Verdict.INCOMPLETE]),
)
def test_nothing_that_lean_says_raises_or_escapes(
    proof: str, text: str, line: int, column: int, verdict: Verdict
) -> None:
    check = Check(verdict, proof, text, (Message(Severity.ERROR, text, line, column, 0),))
    told = feedback(STATEMENT, check)
    assert told.count("```lean4") == 1
    comment = failure_comment(check, 2)
    assert comment.count("/-") == comment.count("-/") == 1
    make_prompt(THEOREM, revises=check)
