"""Roles on a Ray cluster: the same run, whatever dies meanwhile, and one line when nothing is left."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from lean_env.errors import StatementError
from lean_env.values import Theorem, Verdict
from prover.policies.base import Completion, Finish
from prover.prompts import make_prompt
from tests.prover.command import PROVER, environment, prover, refusal
from tests.training.rlpaf.tiny import RIGHT, THEOREMS, WRONG, model, write
from training.errors import TrainError
from training.rlpaf.config import RlpafConfig, load_config
from training.rlpaf.sampler import ModelSampler, Written

ray = pytest.importorskip("ray")
GUARD = 100.0
ENDLESS = "repeat (have := trivial)"
T = TypeVar("T")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is configured."""
    return write(tmp_path_factory.mktemp("told"))


@pytest.fixture(scope="module")
def config(told: Path) -> RlpafConfig:
    """Two samplers and two judges."""
    found = load_config(told)
    return replace(
        found,
        sampling=replace(found.sampling, samplers=2),
        lean=replace(found.lean, judges=2, seconds=3.0),
    )


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    """A cluster that has no CPU yet."""
    from ray.cluster_utils import Cluster

    found: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    yield found
    found.shutdown()


@contextmanager
def with_nodes(cluster: Any, count: int, cpus: int, **variables: str) -> Iterator[list[Any]]:
    """The cluster with so many nodes; those that are left go at the end."""
    nodes = [cluster.add_node(num_cpus=cpus, env_vars=variables) for _ in range(count)]
    try:
        yield nodes
    finally:
        for node in nodes:
            if node in cluster.list_all_nodes():
                cluster.remove_node(node, allow_graceful=False)


def actors(kind: str, root: int | None = None) -> list[psutil.Process]:
    """The processes of the actors of a kind that this process, or another one, has brought about."""
    found = []
    for child in psutil.Process(root).children(recursive=True):
        with suppress(psutil.Error):  # It may have ended.
            if any(f"ray::{kind}" in word for word in child.cmdline()):
                found.append(child)
    return found


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, GUARD))


def written(theorem: Theorem, *proofs: str) -> list[Written]:
    """Completions of a theorem."""
    prompt = make_prompt(theorem)
    return [
        Written(prompt, Completion(f"  {proof}\n", Finish.STOP, "0", 1, (1,), (-1.0,)), 0) for proof in proofs
    ]


def texts(answers: list[list[Written]]) -> list[list[tuple[int, ...]]]:
    return [[one.completion.token_ids for one in answer] for answer in answers]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_outlives_its_actors_and_leaves_what_one_in_a_single_process_leaves(
    told: Path, tmp_path: Path
) -> None:
    alone, spread = tmp_path / "alone", tmp_path / "spread"
    assert prover("train", "rlpaf", told, "--out", alone).returncode == 0
    command = [PROVER, "train", "rlpaf", str(told), "--out", str(spread), "--ray", "local"]
    said = []
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if "step 1/" in line:
                for kind in ("SamplerActor", "JudgeActor"):
                    (victim,) = actors(kind, process.pid)
                    victim.kill()
    assert process.returncode == 0, said
    for name in ("sampler", "judge"):
        assert sum(f"the {name} on node" in line and "was lost" in line for line in said) == 1, said
    assert sorted(path.name for path in alone.iterdir()) == sorted(path.name for path in spread.iterdir())
    figures, others = lines(alone / "metrics.jsonl"), lines(spread / "metrics.jsonl")
    assert [line["step"] for line in figures] == [line["step"] for line in others] == [0, 1, 2, 3, 3]
    assert [line.keys() for line in figures] == [line.keys() for line in others]
    for figure in others:
        assert figure.get("fault_share", 0.0) == 0.0
        assert figure.get("probe", 0.0) < 1e-4
    assert len(lines(spread / "held_out.jsonl")) == len(lines(alone / "held_out.jsonl"))
    assert lines(spread / "proofs.jsonl")
    assert json.loads((spread / "result.json").read_text())["batches"] == 3


@pytest.mark.slow
def test_samplers_share_the_prompts_and_survive(config: RlpafConfig, head: Any) -> None:
    from training.rlpaf.cluster.handles import PART_SEED_STRIDE
    from training.rlpaf.cluster.remote import open_cluster

    prompts = [make_prompt(theorem) for theorem in THEOREMS[:5]]
    state = {name: value + 0.1 for name, value in model().state_dict().items()}

    async def alone() -> list[Any]:
        async with ModelSampler(config.model.checkpoint, config.sampling, "cpu") as sampler:
            await sampler.load(state, 7)
            first = await sampler.write(prompts[:3], 2, 11)
            return first + await sampler.write(prompts[3:], 2, 11 + PART_SEED_STRIDE)

    async def spread() -> None:
        async with open_cluster(config, "cpu", head.address) as (sampler, _):
            assert await sampler.write([], 2, 0) == []
            first = await sampler.write(prompts, 2, 11)
            assert {one.version for answer in first for one in answer} == {0}
            assert await sampler.load(state, 7) < 1e-4
            found = await sampler.write(prompts, 2, 11)
            assert texts(found) == expected != texts(first)
            one, other = actors("SamplerActor")
            one.kill()  # While nobody asks it.
            assert texts(await sampler.write(prompts, 2, 11)) == expected
            tasks = [asyncio.create_task(sampler.write(prompts, 2, 11)) for _ in range(3)]
            await asyncio.sleep(0.05)
            for victim in actors("SamplerActor"):  # All of them, while they write.
                victim.kill()
            for task in tasks:
                answers = await task
                assert texts(answers) == expected
                assert {one.version for answer in answers for one in answer} == {7}
            assert not psutil.wait_procs([other], timeout=60)[1]

    expected = texts(run(alone()))
    with with_nodes(head, 2, 2):
        run(spread())
    assert not actors("SamplerActor")


@pytest.mark.slow
def test_judges_share_the_groups_and_survive(config: RlpafConfig, head: Any) -> None:
    from training.rlpaf.cluster.remote import open_cluster

    async def spread() -> None:
        async with open_cluster(config, "cpu", head.address) as (sampler, judge):
            groups = await asyncio.gather(*(judge.judge(one, written(one, RIGHT, WRONG)) for one in THEOREMS))
            assert [group.theorem for group in groups] == list(THEOREMS)
            assert all(group.rewards == (1.0, 0.0) for group in groups)
            tally = await judge.tally()
            assert (tally.checks, tally.known, tally.cheats) == (2 * len(THEOREMS), 0, ())
            nonsense = Theorem("none", "theorem none : 1 + := by")
            with pytest.raises(StatementError):
                await judge.judge(nonsense, written(nonsense, RIGHT))
            group = await judge.search(THEOREMS[0], sampler, 4, 3)
            assert {one.source for one in group.rollouts} == {"search"}
            slow = asyncio.create_task(judge.judge(THEOREMS[0], written(THEOREMS[0], ENDLESS, RIGHT)))
            while not slow.done():
                await asyncio.sleep(0.2)
                for victim in actors("JudgeActor"):
                    if victim.children():  # It has started Lean, so it judges.
                        victim.kill()
            group = await slow
            assert {one.verdict for one in group.rollouts} == {Verdict.FAULT}
            assert "its judge was lost, 3 times" in group.rollouts[0].reason
            group = await judge.judge(THEOREMS[0], written(THEOREMS[0], ENDLESS, RIGHT))
            assert [one.verdict for one in group.rollouts] == [Verdict.TIMEOUT, Verdict.PROVED]

    with with_nodes(head, 2, 2):
        run(spread())


def test_the_learners_gpus_are_not_given_to_samplers(head: Any) -> None:
    """Ray believes in GPUs that are not there."""
    import ray

    from prover.ray_cluster import alive_nodes, connect
    from training.rlpaf.cluster.placement import Placement
    from training.rlpaf.cluster.reserved import Keeper, keep_gpus

    async def kept(node: str, count: int) -> tuple[int, list[Any], list[Any]]:
        placement = Placement(alive_nodes)
        keepers = await keep_gpus(placement, node, count)
        held = [await keeper.here.remote() for keeper in keepers]
        seats = [placement.seat_sampler((), share=False) for _ in range(4)]
        others = [seat for seat in seats if seat is not None and seat.gpus]
        given: Any = ray.remote(Keeper)
        rest = [given.options(num_cpus=0, num_gpus=1).remote() for _ in others]
        return len(others), sorted(held), sorted([await one.here.remote() for one in rest])

    node = head.add_node(num_cpus=2, num_gpus=3)
    connect(head.address)
    try:
        (name,) = [one["NodeID"] for one in alive_nodes() if one["Resources"].get("GPU")]
        assert asyncio.run(kept(name, 2)) == (1, [[0], [1]], [[2]])
        assert asyncio.run(kept(name, 3)) == (3, [], [[0], [1], [2]]), "there is no other"
        assert asyncio.run(kept(name, 0)) == (3, [], [[0], [1], [2]])
    finally:
        ray.shutdown()
        head.remove_node(node, allow_graceful=False)


@pytest.mark.slow
def test_lost_nodes(config: RlpafConfig, head: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """What stood on one goes on another, as long as there is one."""
    from training.rlpaf.cluster.remote import open_cluster

    small = replace(
        config, sampling=replace(config.sampling, samplers=1), lean=replace(config.lean, judges=1)
    )
    prompts = [make_prompt(theorem) for theorem in THEOREMS]

    async def spread(nodes: list[Any]) -> None:
        async with open_cluster(small, "cpu", head.address) as (sampler, judge):
            await asyncio.to_thread(head.remove_node, nodes[0], allow_graceful=False)
            await asyncio.sleep(2)  # Its actors outlive a node for a moment.
            answers = await sampler.write(prompts, 1, 0)
            groups = await asyncio.gather(*map(judge.judge, THEOREMS, answers))
            assert all(len(group.judged) == 1 for group in groups)
            await asyncio.to_thread(head.remove_node, nodes[1], allow_graceful=False)
            await asyncio.sleep(2)
            with pytest.raises(TrainError, match="no node of the Ray cluster is left for a judge"):
                await judge.judge(THEOREMS[0], written(THEOREMS[0], RIGHT))
            with pytest.raises(TrainError, match="no node of the Ray cluster is left for a sampler"):
                await sampler.write(prompts, 1, 0)

    with with_nodes(head, 2, 1) as nodes:
        run(spread(nodes))
    assert capfd.readouterr().err.count("was lost; its work is done again") == 3


def refused(config: RlpafConfig, address: str) -> str:
    """The one line that says why a cluster cannot be used."""
    from training.rlpaf.cluster.remote import open_cluster

    async def spread() -> None:
        async with open_cluster(config, "cpu", address):
            pass

    with pytest.raises(TrainError) as caught:
        run(spread())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.slow
def test_nodes_that_lack_something(config: RlpafConfig, head: Any, tmp_path: Path) -> None:
    # A node that an earlier test has ended may be known for a moment longer: then its end is told too.
    assert refused(config, head.address).startswith("the Ray cluster has no CPU to spare for sampler ")
    with with_nodes(head, 1, 4, PROVER_PROJECT=str(tmp_path / "none")):
        assert "of the Ray cluster: proofs cannot be judged here: " in refused(config, head.address)
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")
    with with_nodes(head, 1, 4, PYTHONPATH=str(tmp_path)):
        said = refused(config, head.address)
    assert said.startswith("node ")
    assert said.endswith("No module named 'torch'; every node needs `pip install 'rmax-prover[train,ray]'`")


def test_clusters_that_are_not_there(told: Path, config: RlpafConfig, tmp_path: Path) -> None:
    command = ("train", "rlpaf", told, "--out", tmp_path / "run", "--ray", "127.0.0.1:9")
    assert "there is no Ray cluster at 127.0.0.1:9: " in refusal(prover(*command))
    assert "wants the address of a cluster's head" in refused(config, "ray://127.0.0.1:1")
