"""Whole runs with real Lean: what they leave behind, and how they go on after anything that can happen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.rlpaf.runs import Killed, assert_each_once, checkpoints, killed, lines, refusal, run
from tests.training.rlpaf.tiny import THEOREMS, checkpoint, write, write_config
from training.model.checkpoint import load_checkpoint
from training.rlpaf import heldout
from training.rlpaf.learner import Learner
from training.rlpaf.values import Group


def test_leaves_everything_in_its_folder(straight: tuple[Path, Path]) -> None:
    config, out = straight
    start, end = load_checkpoint(config.parent / "start"), load_checkpoint(out / "model")
    assert {parameter.dtype for parameter in end.parameters()} == {torch.bfloat16}
    moved = [(old - new).abs().max() for old, new in zip(start.parameters(), end.parameters(), strict=True)]
    assert max(moved) > 1e-3
    assert (out / "model" / "tokenizer.json").is_file()
    assert not (out / "model" / "prover.json").exists()
    assert checkpoints(out) == [2, 3]
    assert_each_once(out, 3)
    metrics = [line for line in lines(out / "metrics.jsonl") if "reward" in line]
    shares = ("proved_share", "failed_share", "fault_share", "incomplete_share", "timeout_share")
    for line in metrics:
        assert 0 < line["proved_share"] < 1
        assert sum(line[name] for name in shares) == pytest.approx(1)
        assert line["fault_share"] == 0
        assert line["probe"] < 1e-3
    result = json.loads((out / "result.json").read_text())
    assert (result["batches"], result["optimizer_steps"], result["statements_refused"]) == (3, 3, 0)
    proved = {line["name"] for line in lines(out / "proofs.jsonl")}
    assert result["theorems_proved"] == len(proved) > 0
    assert {line["proof"].strip() for line in lines(out / "proofs.jsonl")} >= {"rfl"}


def test_a_run_that_has_ended_does_not_start_over(
    straight: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = straight
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    run(config, out)
    assert "this run has ended; the model is in" in capsys.readouterr().err
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed <= {"run.json", "tokenizer.json"}


@pytest.mark.parametrize(("method", "after"), [("learn", 0), ("learn", 2), ("moments", 1), ("full_state", 6)])
def test_goes_on_where_the_last_checkpoint_is(
    straight: tuple[Path, Path], tmp_path: Path, method: str, after: int
) -> None:
    config, _ = straight
    killed(config, tmp_path, method, after)
    run(config, tmp_path)
    assert_each_once(tmp_path, 3)
    assert checkpoints(tmp_path) == [2, 3]
    assert json.loads((tmp_path / "result.json").read_text())["batches"] == 3


def test_evaluations_are_made_once_or_made_up_for(
    straight: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("start", "theorems.jsonl", "held_out.jsonl"):
        (tmp_path / name).symlink_to(straight[0].parent / name)
    config = write_config(tmp_path, evaluation__every=1, run__steps=2)
    write_scores = heldout.write_scores

    def lost(out: Path, batch: int, scores: Sequence[Any]) -> None:
        write_scores(out, batch, scores)
        if scores and batch == 1:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(heldout, "write_scores", lost)
        with pytest.raises(Killed):
            run(config, tmp_path / "out")
    assert checkpoints(tmp_path / "out") == [1]
    run(config, tmp_path / "out")
    assert_each_once(tmp_path / "out", 2)
    assert {line["batch"] for line in lines(tmp_path / "out" / "held_out.jsonl")} == {0, 1, 2}


def test_a_learner_without_memory_is_one_line(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, _ = straight

    def no_room(self: Learner, groups: Sequence[Group]) -> dict[str, float]:
        raise torch.OutOfMemoryError("no room for 1 GiB")

    killed(config, tmp_path, "learn", 1, Killed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "learn", no_room)
        said = refusal(config, tmp_path)
    assert said.endswith("lower batch.rows (now 4) or batch.length; step-00000001 is intact")
    assert checkpoints(tmp_path) == [1]


@pytest.mark.parametrize(
    "sizes",
    [{"num_nextn_predict_layers": 1}, {"first_k_dense_replace": 2}],
)
def test_models_of_other_kinds(tmp_path: Path, sizes: dict[str, Any]) -> None:
    config = write(tmp_path, run__steps=1)
    checkpoint(tmp_path / "start", **sizes)
    run(config, tmp_path / "out")
    assert_each_once(tmp_path / "out", 1)


@pytest.mark.parametrize("staleness", [0, 2])
def test_searches_imitation_and_audits_in_one_run(tmp_path: Path, staleness: int) -> None:
    config = write(
        tmp_path,
        sampling__search_share=0.5,
        expert__every=1,
        expert__steps=1,
        lean__audit_share=0.5,
        algorithm__preset="paper",
        run__staleness=staleness,
        run__steps=2,
        curriculum__theorems=4,
        curriculum__retire_after=1,
    )
    run(config, tmp_path / "out")
    assert_each_once(tmp_path / "out", 2)
    metrics = [line for line in lines(tmp_path / "out" / "metrics.jsonl") if "reward" in line]
    for line in metrics:
        assert line["imitation_examples"] > 0
        assert line["kl_reference"] >= 0
        assert line["refused"] == 0
    assert not (tmp_path / "out" / "cheats.txt").exists()
    newest = tmp_path / "out" / "checkpoints" / "step-00000002" / "state.json"
    fields = json.loads(newest.read_text())["fields"]
    assert (fields["version"], fields["alarm"]["refused"]) == (2, [])
    assert {len(line) for line in fields["store"]["times"]} == {len(THEOREMS[0].digest)}


def test_an_interrupted_run_keeps_what_was_learnt(
    straight: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("start", "theorems.jsonl", "held_out.jsonl"):
        (tmp_path / name).symlink_to(straight[0].parent / name)
    config = write_config(tmp_path, run__checkpoint_every=100)
    learn: Callable[..., dict[str, float]] = Learner.learn

    def learns(self: Learner, groups: Sequence[Group]) -> dict[str, float]:
        import signal

        signal.raise_signal(signal.SIGINT)
        return learn(self, groups)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "learn", learns)
        with pytest.raises(KeyboardInterrupt):
            run(config, tmp_path / "out")
    assert checkpoints(tmp_path / "out") == [1]
    run(config, tmp_path / "out")
    assert_each_once(tmp_path / "out", 3)
