"""From a verified proof to training text: the prompts that a search will ask, and the answers that prove.

A prompt is made by `prover.prompts.make_prompt` and by nothing else, so that training and search agree to
the letter. The paper trains on whole proofs and on "truncate-and-resume" (arXiv 2408.08152, section 3.1):
the proof is cut behind one of its steps, the state there is shown as a comment, and the rest is the
answer. Both come in two styles, without and with a comment before each tactic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from data.records import CorpusRecord, StepState
from lean_env.lexer import words_of
from lean_env.steps import boundaries
from prover.policies.base import Prompt
from prover.prompts import make_prompt, next_column, proof_block, with_hints
from training.corpus.comments import with_comments
from training.corpus.rename import with_other_names

CLOSING = "\n```"
"""Ends an answer: the fence that the prompt has opened; the search stops there."""
COT_SHARE = 0.25
"""How often a record is rendered in the style with comments too. They say little that the tactics do not,
and a small model pays for every token."""


_NAMES = (
    "add all and append aux cancel cases comm cons core demo dvd elim eq ex exercise foo goal id iff imp"
    " intro key le left lemma length lt main map mem misc mul my ne nil none not of one or pow problem"
    " prop reverse right self simple some step sub succ swap symm t test th thm trans two zero"
)
WORDS = tuple(_NAMES.split())
"""What names of theorems are made of; chosen at random, so that nothing can be learnt from them."""


class Example(NamedTuple):
    """A text to train on."""

    prompt: str
    """Is given; no loss is taken on it."""
    completion: str
    """Is to be learnt; ends in the closing fence. An end-of-sequence token belongs behind it."""


def examples(record: CorpusRecord, rng: random.Random) -> Iterator[Example]:
    """The examples of one record in one pass over the corpus: the whole proof, if it is good as a whole,
    and the proof cut at a random step, if Lean was asked for the states; with probability `COT_SHARE`
    the same in the other style. Another pass with another `rng` cuts elsewhere, under another name.
    """
    record = renamed(record, rng)
    styles = (False, True) if rng.random() < COT_SHARE else (False,)
    for cot in styles:
        if record.start == 0:
            yield whole(record, cot=cot)
        if places := cuts(record):
            yield resumed(record, rng.choice(places), cot=cot)


def renamed(record: CorpusRecord, rng: random.Random) -> CorpusRecord:
    """The record under names that say nothing: a generator's theorem names would tell of which kind a
    statement is, and no user's theorem has such a name; the variables' are drawn anew as well. A proof by
    recursion, which says its theorem's name, keeps it."""
    words = rng.choices(WORDS, k=rng.choice((1, 2, 2, 3)))
    if rng.random() < 0.5:
        words.insert(rng.randrange(len(words) + 1), str(rng.randrange(rng.choice((10, 100, 1000)))))
    name = "_".join(words) if words[0].isalpha() else f"{rng.choice(WORDS)}_{'_'.join(words)}"
    own = record.statement[slice(*record.name_span())]
    recursive = own in record.proof and any(word.text == own for word in words_of(record.proof))
    return with_other_names(record if recursive else record.named(name), rng)


def cuts(record: CorpusRecord) -> list[StepState]:
    """The steps behind which the proof may be cut: some goal is left, and some proof to be learnt. What
    another program calls a step, such as a part of `a <;> b`, may be none behind which a proof goes on."""
    end = len(record.proof.rstrip())
    steps = [step for step in record.steps or () if step[1] and record.start <= step[0] < end]
    ends = {step.end for step in boundaries(record.proof)} if steps else ()
    return [step for step in steps if step[0] in ends]


def whole(record: CorpusRecord, *, cot: bool = False) -> Example:
    """The statement, and its proof as the answer."""
    proof, _ = with_comments(record.proof, record.steps or ()) if cot else (record.proof, ())
    prompt = _hinted(make_prompt(record.theorem, cot=cot), record, 0)
    return Example(prompt.text, proof_block(proof).rstrip() + CLOSING)


def resumed(record: CorpusRecord, cut: StepState, *, cot: bool = False) -> Example:
    """The statement with the proof up to a step and the state there, and the rest as the answer."""
    proof, end = record.proof, cut[0]
    if cot:
        proof, places = with_comments(proof, record.steps or ())
        end = places[end]
    place = 1 + (record.steps or ()).index(cut)
    prompt = _hinted(make_prompt(record.theorem, proof[:end], cut[1], cot=cot), record, place)
    rest = proof_block(proof)[len(prompt.prefix.rstrip()) :].rstrip()
    return Example(prompt.text, _continued(prompt.prefix, rest) + CLOSING)


def _hinted(prompt: Prompt, record: CorpusRecord, place: int) -> Prompt:
    """The prompt with the hints that belong before the first step, or behind step number `place`."""
    return with_hints(prompt, record.hints[place]) if record.hints else prompt


def _continued(block: str, rest: str) -> str:
    """The rest as it stands below `block`: a tactic behind a `;` gets a line of its own."""
    same_line, _, below = rest.partition("\n")
    tactic = same_line.strip().removeprefix(";").strip()
    if not tactic:
        return below.lstrip("\n")
    return " " * next_column(block) + tactic + (f"\n{below}" if below else "")
