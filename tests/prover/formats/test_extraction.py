"""Replies of reasoning models: what is read as a proof, what is refused and why, and that nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.values import Theorem
from prover.formats.chat import DEEPSEEK_V2
from prover.formats.extraction import Extracted, Refused, extract
from prover.policies.base import Completion, Finish
from prover.prompts import make_prompt
from prover.replies import Reply, Unusable, read_reply

SWAP = "theorem swap (p q : Prop) : p ∧ q → q ∧ p := by"
THEOREM = Theorem("Logic.swap", SWAP, header="theorem given : True := trivial\n\n")
PROOF = "intro h\n  exact ⟨h.2, h.1⟩"


def block(code: str, language: str = "lean4") -> str:
    return f"```{language}\n{code}\n```\n"


WHOLE = block(f"{SWAP}\n  {PROOF}")
OTHER = block("theorem other : True := by\n  trivial")
CHANGED = block("theorem swap (p q : Prop) : p ∧ q → p := by\n  intro h\n  exact h.1")
TERM = SWAP.removesuffix(" by")


def lines(found: Extracted | Refused) -> list[str]:
    """The tactics without blanks; fails for none."""
    assert isinstance(found, Extracted), found
    return [line.strip() for line in found.tactics.split("\n") if line.strip()]


MEANT = {
    "one block": WHOLE,
    "a plan before and words behind": f"### Plan\nFirst we swap.\n\n{WHOLE}\nThis proof works since `h.2`.",
    "the last of several": block(f"{SWAP}\n  simp") + "Better:\n" + WHOLE,
    "a sketch before": block(f"{SWAP}\n  have h : q := by sorry\n  sorry") + WHOLE,
    "the bare statement once more behind": WHOLE + block(f"{SWAP}\n  sorry"),
    "another theorem behind": WHOLE + OTHER,
    "a changed statement behind": WHOLE + CHANGED,
    "behind the reasoning": f"<think>\n{block(f'{SWAP}{chr(10)}  simp')}</think>\n{WHOLE}",
    "reasoning that the template began": f"{block(f'{SWAP}{chr(10)}  simp')}</think>\n{WHOLE}",
    "another word for lean": block(f"{SWAP}\n  {PROOF}", "lean"),
    "no language": block(f"{SWAP}\n  {PROOF}", ""),
    "capitals": block(f"{SWAP}\n  {PROOF}", "Lean4"),
    "python before": block("print(1)", "python") + WHOLE,
    "blocks in a block": f"````markdown\n{WHOLE}````\n",
    "a fence that was never closed before": f"```lean4\n{SWAP}\n  simp\nNo, better:\n{WHOLE}",
    "a fence behind the code": f"```lean4\n{SWAP}\n  {PROOF}```\n",
    "fences in a comment": block(f"/-- so:\n```\nswap\n```\n-/\n{SWAP}\n  {PROOF}"),
    "the header once more": block(
        f"import Mathlib\nopen Nat\n\ntheorem given : True := trivial\n\n{SWAP}\n  {PROOF}"
    ),
    "a lemma that is not used": block(f"lemma idle : True := trivial\n\n{SWAP}\n  {PROOF}"),
    "as a lemma": block(f"lemma{SWAP.removeprefix('theorem')}\n  {PROOF}"),
    "other blanks and comments": block(
        f"theorem swap  (p q : Prop) :  -- said\n    p ∧ q → q ∧ p :=\n  by\n  {PROOF}"
    ),
    "in its namespace": block(f"namespace Logic\n\n{SWAP}\n  {PROOF}\n\nend Logic"),
    "the full name": block(f"{SWAP.replace('swap', 'Logic.swap')}\n  {PROOF}"),
    "another in a comment": block(f"-- theorem swap : False := by\n/- {SWAP} simp -/\n{SWAP}\n  {PROOF}"),
    "no block": f"The proof is\n\n{SWAP}\n  {PROOF}",
    "windows": WHOLE.replace("\n", "\r\n"),
    "tactics alone": block(PROOF.replace("\n  ", "\n")),
}


@pytest.mark.parametrize("name", MEANT)
def test_what_is_evidently_meant(name: str) -> None:
    found = extract(THEOREM, MEANT[name])
    assert lines(found) == ["intro h", "exact ⟨h.2, h.1⟩"]
    assert isinstance(found, Extracted)
    assert found.whole == (name != "tactics alone")


REFUSED = {
    "changes the statement": CHANGED,
    "states the theorem without a proof": block("theorem swap (p q : Prop) : p ∧ q → q ∧ p"),
    "by cases": block("theorem swap (p q : Prop) : p ∧ q → q ∧ p\n  | ⟨a, b⟩ => ⟨b, a⟩"),
    "uses aid, which the reply declares": block(f"lemma aid : True := trivial\n\n{SWAP}\n  exact aid"),
    "uses twice, which": block(f"def twice (n : Nat) := 2 * n\n\n{SWAP}\n  simp [twice]"),
    "is about other": OTHER,
    "holds no Lean block": "I cannot prove this.",
    "holds comments only": block("-- nothing\n"),
    "ends inside of its reasoning": f"<think>{WHOLE}",
    "does not end": "```lean4\nsimp\nno",
    "longer than": "x" * 1_000_001,
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_refused_and_why(reason: str) -> None:
    found = extract(THEOREM, REFUSED[reason])
    assert isinstance(found, Refused)
    assert reason in found.reason
    assert "\n" not in found.reason


def test_a_theorem_in_a_comment_is_none() -> None:
    found = extract(THEOREM, block(f"-- {SWAP} simp\ntheorem other : True := by trivial"))
    assert found == Refused("the reply's Lean block is about other, not about Logic.swap")


def test_a_block_that_the_token_limit_cuts_keeps_its_whole_lines() -> None:
    cut = f"Plan.\n```lean4\n{SWAP}\n  intro h\n  exact ⟨h.2, h."
    assert lines(extract(THEOREM, cut, cut=True)) == ["intro h"]
    assert lines(extract(THEOREM, cut + "1⟩")) == ["intro h", "exact ⟨h.2, h.1⟩"]
    assert lines(extract(THEOREM, WHOLE + cut, cut=True)) == ["intro h", "exact ⟨h.2, h.1⟩"]


def test_a_proof_by_a_term_becomes_one_by_tactics() -> None:
    assert lines(extract(THEOREM, block(f"{TERM} fun h =>\n  ⟨h.2, h.1⟩"))) == [
        "exact fun h =>",
        "⟨h.2, h.1⟩",
    ]
    assert lines(extract(THEOREM, block(f"{TERM}\n  fun h => ⟨h.2, h.1⟩"))) == ["exact fun h => ⟨h.2, h.1⟩"]


def answer(text: str, prefix: str = "", finish: Finish = Finish.STOP) -> Reply | Unusable:
    """What is checked of a reply."""
    prompt = make_prompt(THEOREM, prefix)
    completion = Completion(text, finish, "v", 7, (1, 2), (-0.5, -0.25), (0, 1))
    read = DEEPSEEK_V2.read(prompt, completion)
    assert read.tokens == 7
    assert (read.token_ids, read.logprobs, read.offsets) == ((), (), ())
    assert bool(read.text) != bool(read.reason)
    return read_reply(prompt, read)


def proof(text: str, prefix: str = "") -> str:
    reply = answer(text, prefix)
    assert isinstance(reply, Reply), reply
    return reply.proof.rstrip()


def test_a_proof_that_goes_on_from_the_prefix_and_one_that_does_not() -> None:
    whole = "  intro h\n  exact ⟨h.2, h.1⟩"
    assert proof(WHOLE) == proof(WHOLE, "intro h") == proof(WHOLE, "rintro ⟨a, b⟩") == whole
    assert proof(block("exact ⟨h.2, h.1⟩"), "intro h") == whole
    assert answer(block(f"{SWAP}\n  intro h"), "intro h") == Unusable(
        "the reply adds nothing to the proof's beginning"
    )


FENCES = ["```", "```lean4\n", "````", "~~~", "\n", "  ", "<think>", "</think>", "/-", "-/", "--"]
WORDS = ["lemma", ":=", "sorry", "| x => y", "def swap", "example", "where", "by", "end\n", "namespace A\n"]
ODD = ["«", "»", '"', "\0", "\r", "⟨", "\ud800", "example : True := by", "theorem swap"]
PIECES = st.sampled_from([SWAP, PROOF, *FENCES, *WORDS, *ODD])


@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=30).map("".join), st.booleans())
def test_nothing_raises(text: str, cut: bool) -> None:
    found = extract(THEOREM, text, cut=cut)
    assert isinstance(found, Extracted | Refused)
    answer(text, "intro h" if cut else "", Finish.LENGTH if cut else Finish.STOP)


PARTS = ["(p q : Prop)", "(p q r : Prop)", "(q p : Prop)", "{p q : Prop}", ": p ∧ q → q ∧ p", ": p ∧ q → p",
         ": True", ": q ∧ p → q ∧ p", "[Fact False]"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))
def test_a_changed_statement_never_passes_for_the_theorem(parts: list[str]) -> None:
    """Neither fenced nor bare, however much of the statement it keeps."""
    statement = f"theorem swap {' '.join(parts)} := by"
    for text in (block(f"{statement}\n  {PROOF}"), f"{statement}\n  {PROOF}"):
        found = extract(THEOREM, text)
        assert isinstance(found, Extracted) == (statement == SWAP)
