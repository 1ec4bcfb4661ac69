"""Training texts: what a search would ask, and an answer that completes the proof."""

from __future__ import annotations

import random

import pytest

from data.records import CorpusRecord
from lean_env.source import parse_statement
from lean_env.steps import boundaries
from prover.policies import Completion, Finish
from prover.prompts import make_prompt
from prover.replies import Reply, read_reply
from training.corpus.comments import comment, with_comments
from training.corpus.render import COT_SHARE, cuts, examples, renamed, resumed, whole

STATEMENT = "theorem t (p q : Prop) : p ∧ q → q ∧ p := by"
STATES = (
    ("p q : Prop\nh : p ∧ q\n⊢ q ∧ p",),
    ("case left\n⊢ q", "case right\n⊢ p"),
    ("case right\n⊢ p",),
    (),
)


def record(proof: str, start: int = 0) -> CorpusRecord:
    ends = [step.end for step in boundaries(proof)]
    return CorpusRecord("t", STATEMENT, proof, start=start, steps=tuple(zip(ends, STATES, strict=False)))


FLAT = record("  intro h\n  constructor\n  exact h.2\n  exact h.1")
DOTS = record("  intro h\n  constructor\n  · exact h.2\n  · exact h.1")
ROW = record("  intro h; constructor\n  exact h.2\n  exact h.1")


def answered(one: CorpusRecord, prompt: str, completion: str, *, cot: bool = False) -> str:
    """The proof that the driver would read from the completion."""
    places = [("", ()), *((one.proof[: step[0]], step[1]) for step in cuts(one))]
    if cot:
        text, ends = with_comments(one.proof, one.steps or ())
        places = [("", ()), *((text[: ends[step[0]]], step[1]) for step in cuts(one))]
    prompts = [make_prompt(one.theorem, *place, cot=cot) for place in places]
    (asked,) = [made for made in prompts if made.text == prompt]
    reply = read_reply(asked, Completion(completion.removesuffix("```"), Finish.STOP, "", 0))
    assert isinstance(reply, Reply)
    return reply.proof


@pytest.mark.parametrize("one", [FLAT, DOTS, ROW])
def test_prompt_and_answer_make_the_proof(one: CorpusRecord) -> None:
    example = whole(one)
    assert example.completion == one.proof + "\n```"
    assert answered(one, *example) == one.proof
    for cut in cuts(one):
        proof = answered(one, *resumed(one, cut))
        assert proof.replace("\n", ";").split() == one.proof.replace("\n", ";").replace("; ", ";  ").split()


@pytest.mark.parametrize("one", [FLAT, DOTS, ROW])
@pytest.mark.parametrize("cot", [False, True])
def test_a_proof_that_is_not_indented_gives_the_same_examples(one: CorpusRecord, cot: bool) -> None:
    bare = record("\n".join(line[2:] for line in one.proof.split("\n")))
    assert whole(bare, cot=cot) == whole(one, cot=cot)
    for cut, other in zip(cuts(bare), cuts(one), strict=True):
        assert resumed(bare, cut, cot=cot) == resumed(one, other, cot=cot)


@pytest.mark.parametrize("one", [FLAT, DOTS, ROW])
def test_comments_stand_above_tactics_and_change_none(one: CorpusRecord) -> None:
    text, ends = with_comments(one.proof, one.steps or ())
    assert [line for line in text.split("\n") if not line.strip().startswith("--")] == one.proof.split("\n")
    assert all(text[:new].endswith(one.proof[:old].rpartition("\n")[2]) for old, new in ends.items())
    assert answered(one, *whole(one, cot=True), cot=True) == text
    for cut in cuts(one):
        assert answered(one, *resumed(one, cut, cot=True), cot=True).split()[-2:] == text.split()[-2:]


def test_a_part_of_a_step_is_no_place_to_cut() -> None:
    proof = "  constructor <;> intro h\n  simp\n  simp"
    ends = [proof.index(text) + len(text) for text in ("constructor", "intro h", "si", "simp")]
    one = CorpusRecord("t", STATEMENT, proof, steps=tuple((end, ("a",)) for end in ends))
    assert [end for end, _ in cuts(one)] == [ends[1], ends[3]]


def test_a_detour_is_never_learnt() -> None:
    detour = record(FLAT.proof, start=9)
    drawn = [example for seed in range(50) for example in examples(detour, random.Random(seed))]
    assert drawn
    assert all("intro h" not in example.completion for example in drawn)


def test_a_pass_is_reproducible_and_cuts_vary() -> None:
    passes = [tuple(examples(FLAT, random.Random(seed))) for seed in range(100)]
    assert passes == [tuple(examples(FLAT, random.Random(seed))) for seed in range(100)]
    assert len({example.completion for one in passes for example in one}) == 8
    styles = sum(len(one) > 2 for one in passes) / 100
    assert abs(styles - COT_SHARE) < 0.15


def test_names_say_nothing_and_change_nothing_else() -> None:
    drawn = [renamed(FLAT, random.Random(seed)) for seed in range(200)]
    assert len({one.name for one in drawn}) > 150
    for one in drawn:
        assert parse_statement(one.statement).name == one.name
        p, q = one.statement.partition("(")[2].partition(" :")[0].split()
        assert one.statement == f"theorem {one.name} ({p} {q} : Prop) : {p} ∧ {q} → {q} ∧ {p} := by"
        assert one.proof == FLAT.proof


def test_a_proof_that_names_its_theorem_keeps_the_name() -> None:
    recursive = CorpusRecord("all", "theorem all : ∀ n, n = n := by", "  intro n\n  exact all n")
    assert all(renamed(recursive, random.Random(seed)).name == "all" for seed in range(20))
    other = CorpusRecord("al", "theorem al : ∀ n, n = n := by", "  exact all")
    assert "al" not in {renamed(other, random.Random(seed)).name for seed in range(20)}


def test_a_step_of_a_finished_focus_is_no_place_to_cut() -> None:
    assert [end for end, _ in cuts(FLAT)] == [9, 23, 35]
    assert not cuts(CorpusRecord("t", STATEMENT, "  trivial", steps=((9, ()),)))
    assert not cuts(CorpusRecord("t", STATEMENT, "  trivial"))


@pytest.mark.parametrize(
    ("tactic", "goal", "said"),
    [
        ("constructor", "h : p ∧ q\n⊢ (p → q) ∧ r", "prove both parts"),
        ("constructor", "⊢ p ∧ q ↔ r", "prove both directions"),
        ("intro x", "⊢ ∀ x, p x", "let it be given"),
        ("intro h", "⊢ ¬p", "assume the opposite"),
        ("rw [Nat.add_comm, ← h]", "", "rewrite with Nat.add_comm, h"),
        ("simp at h", "", "simplify in h"),
        ("rintro ⟨x, hx⟩", "⊢ ∀ x, p x", "let it be given"),
        ("refine Classical.byContradiction fun h => ?_", "⊢ p", "assume the opposite"),
        ("· exact h.2", "", "this is h.2"),
        ("induction n with", "", "by induction on n"),
        ("cases h <;> simp_all", "", "by cases on h, then simplify everything"),
        ("all_goals omega", "", "linear arithmetic"),
        ("| zero => rfl", "", "go on"),
    ],
)
def test_comments_say_what_happens(tactic: str, goal: str, said: str) -> None:
    assert comment(tactic, [goal] if goal else []) == said
