"""Self-correction: which proofs are corrected, when, and that the observations alone decide it."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from lean_env.values import Check, Verdict
from search import (
    ROOT,
    Budget,
    Event,
    Expansion,
    Observation,
    RMaxTS,
    Rule,
    Sample,
    Sampling,
    Search,
    SelfCorrection,
    read,
    replay,
    to_line,
)
from tests.search.world import THEOREM, automaton

WORLD = automaton(3)


def refused(proof: str, verdict: Verdict = Verdict.FAILED) -> Check:
    return Check(verdict, proof, "wrong")


def propose(search: Search) -> Expansion:
    expansion = search.propose(random.Random(search.next_id))
    assert expansion is not None
    return expansion


def step(search: Search, proof: str, verdict: Verdict = Verdict.FAILED) -> Expansion:
    """One rollout that comes to this."""
    expansion = propose(search)
    search.observe(expansion, refused(proof, verdict), Sample(tokens=3))
    return expansion


def asked(expansion: Expansion) -> tuple[str, int]:
    assert (expansion.path, expansion.prefix) == ((ROOT,), "")
    return expansion.revises, expansion.round


def test_a_chain_is_finished_before_the_next_one_begins() -> None:
    search = Search(THEOREM, SelfCorrection(2))
    steps = [step(search, proof) for proof in ("a", "b", "c", "d", "e")]
    assert [asked(one) for one in steps] == [("", 0), ("a", 1), ("b", 2), ("", 0), ("d", 1)]


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_lean_explained_is_corrected(verdict: Verdict) -> None:
    search = Search(THEOREM, SelfCorrection())
    search.observe(propose(search), refused("a", verdict))
    search.proof = None
    explained = verdict in (Verdict.FAILED, Verdict.INCOMPLETE)
    assert asked(propose(search)) == (("a", 1) if explained else ("", 0))


def test_a_reply_without_a_proof_ends_its_chain() -> None:
    search = Search(THEOREM, SelfCorrection())
    assert [asked(step(search, proof))[1] for proof in ("", "a", " \n", "b")] == [0, 0, 1, 0]


def test_what_is_given_up_is_corrected_by_the_next_rollout() -> None:
    search = Search(THEOREM, SelfCorrection())
    step(search, "a")
    first = propose(search)
    assert asked(first) == ("a", 1)
    assert asked(propose(search)) == ("", 0)
    search.abandon(first)
    assert asked(propose(search)) == ("a", 1)


def test_rounds_are_counted_and_the_proofs_told() -> None:
    search = Search(THEOREM, SelfCorrection(2), Budget(samples=9))
    for proof in ("a", "b"):
        step(search, proof)
    assert search.statistics.corrections == 1
    assert step(search, "c", Verdict.PROVED).revises == "b"
    found = search.statistics
    assert (found.samples, found.corrections, found.proof_round, found.tokens) == (3, 2, 2, 9)


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_endings_corrects_each_proof_once(workers: int, seed: int) -> None:
    """Every refused proof but those of the last round, exactly once, and by the right round."""
    search, rng = Search(THEOREM, SelfCorrection(2)), random.Random(seed)
    under_way: list[Expansion] = []
    rounds: dict[str, int] = {}
    corrected: Counter[str] = Counter()
    for number in range(200):
        while len(under_way) < workers:
            under_way.append(propose(search))
        ended = under_way.pop(rng.randrange(len(under_way)))
        if rng.random() < 0.1:
            search.abandon(ended)
            continue
        if ended.revises:
            corrected[ended.revises] += 1
            assert ended.round == rounds[ended.revises] + 1
        proof = f"proof {number}"
        rounds[proof] = ended.round
        search.observe(ended, refused(proof))
    assert set(corrected.values()) == {1}
    due = {proof for proof, told in rounds.items() if told < 2}
    left = due - set(corrected)
    assert set(corrected) <= due
    assert len(left) <= 2 * workers


RULES: list[Rule] = [SelfCorrection(1), SelfCorrection(2), RMaxTS(feedback=True), RMaxTS(), Sampling()]


def recorded(rule: Rule, count: int) -> list[Event]:
    """The trace of `count` rollouts, one at a time."""
    search = Search(THEOREM, rule, goals=WORLD.show(WORLD.start))
    return [search.start, *go_on(search, count)]


def go_on(search: Search, count: int) -> list[Event]:
    events: list[Event] = []
    for _ in range(count):
        search.proof = None
        expansion = propose(search)
        proof, sample = WORLD.write(expansion, random.Random(f"policy {expansion.id}"))
        events += [expansion, search.observe(expansion, WORLD.check(proof), sample)]
    return events


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_trace_cut_anywhere_goes_on_as_if_nothing_had_happened(rule: Rule, cut: int) -> None:
    whole = recorded(rule, 20)
    search = replay(read([to_line(event) for event in whole[:cut]]))
    done = sum(isinstance(event, Observation) for event in whole[:cut])
    assert go_on(search, 20 - done) == whole[1 + 2 * done :]


def test_traces_that_were_written_before_are_read_and_others_look_the_same() -> None:
    lines = [to_line(event) for event in recorded(Sampling(), 3)]
    assert not any("revises" in line or "round" in line for line in lines)
    old = json.loads(to_line(recorded(RMaxTS(), 1)[0]))
    del old["settings"]["feedback"]
    assert replay(read([json.dumps(old) + "\n"]), rule=RMaxTS()).rule == RMaxTS()


def test_with_feedback_a_rollout_learns_what_failed_last_in_the_same_state() -> None:
    search = Search(THEOREM, RMaxTS(feedback=True), goals=WORLD.show(WORLD.start))
    latest: dict[str, str] = {}
    told = 0
    for _ in range(60):
        search.proof = None
        expansion = propose(search)
        assert expansion.revises == latest.get(expansion.node, "")
        told += bool(expansion.revises)
        proof, sample = WORLD.write(expansion, random.Random(f"policy {expansion.id}"))
        event = search.observe(expansion, WORLD.check(proof), sample)
        assert isinstance(event, Observation)
        if event.verdict in (Verdict.FAILED, Verdict.INCOMPLETE):
            latest[event.visits[-1].node if event.visits else ROOT] = proof
    assert told > 10
    assert search.statistics.corrections == told
    search = Search(THEOREM, RMaxTS(), goals=WORLD.show(WORLD.start))
    go_on(search, 20)
    assert search.statistics.corrections == 0


def test_no_round_at_all_is_sampling() -> None:
    with pytest.raises(ValueError, match="it is `sampling`"):
        SelfCorrection(0)
