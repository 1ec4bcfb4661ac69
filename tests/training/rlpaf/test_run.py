"""Whole runs with real Lean: what they leave behind, and how they go on after anything that can happen."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from lean_env.values import Theorem
from tests.training.rlpaf.tiny import THEOREMS, checkpoint, write, write_config, write_theorems
from training.errors import TrainError
from training.model.checkpoint import load_checkpoint
from training.rlpaf import heldout
from training.rlpaf.config import load_config
from training.rlpaf.learner import Learner
from training.rlpaf.run import train
from training.rlpaf.values import Group


def run(config: Path, out: Path) -> None:
    train(load_config(config), out)


def refusal(config: Path, out: Path) -> str:
    """The one line that ends a run."""
    with pytest.raises(TrainError) as caught:
        run(config, out)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def checkpoints(out: Path) -> list[int]:
    return sorted(int(place.name.removeprefix("step-")) for place in (out / "checkpoints").glob("step-*"))


def assert_each_once(out: Path, steps: int) -> None:
    """Every batch, every evaluation and every proof is there once."""
    metrics = lines(out / "metrics.jsonl")
    assert [line["step"] for line in metrics if "reward" in line] == list(range(1, steps + 1))
    evaluated = [line["step"] for line in metrics if any(name.startswith("pass@") for name in line)]
    assert evaluated == sorted(set(evaluated))
    scores = [(line["batch"], line["name"]) for line in lines(out / "held_out.jsonl")]
    assert sorted(scores) == [(batch, name) for batch in evaluated for name in ("t6", "t7")]
    proofs = [(line["name"], line["proof"].split()) for line in lines(out / "proofs.jsonl")]
    assert all(proofs.count(proof) == 1 for proof in proofs)


@pytest.fixture(name="straight", scope="module")
def fixture_straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A configuration, and the folder of its run of three batches."""
    folder = tmp_path_factory.mktemp("straight")
    config = write(folder)
    run(config, folder / "out")
    return config, folder / "out"


class Killed(BaseException):
    """What nothing handles."""


def killed(config: Path, out: Path, method: str, after: int, with_: type[BaseException] = Killed) -> None:
    """Run until the learner was asked so often for something, then lose the process."""
    ask = getattr(Learner, method)
    calls = 0

    def asked(self: Learner, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise with_("no room for 1 GiB")
        return ask(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, method, asked)
        with pytest.raises(with_ if with_ is Killed else TrainError):
            run(config, out)


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
        assert (line["fault_share"], line["stale_groups"] % 1) == (0, 0)
        assert line["probe"] < 1e-3
    result = json.loads((out / "result.json").read_text())
    assert (result["batches"], result["optimizer_steps"]) == (3, 3)
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


def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint(
    straight: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = straight
    killed(config, tmp_path, "learn", 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for place, said in (
        ("training.model.checkpoint.save_file", "step-00000002 cannot be written: "),
        ("training.rlpaf.trainer.write_scores", "No space left on device; earlier checkpoints are intact"),
        ("training.sft.monitor.Monitor.record", "No space left on device; earlier checkpoints are intact"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            assert said in refusal(config, tmp_path)
        assert checkpoints(tmp_path) == [1]
    run(config, tmp_path)
    assert_each_once(tmp_path, 3)


def test_without_lean_it_says_so(
    straight: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVER_PROJECT", str(tmp_path / "nowhere"))
    said = refusal(straight[0], tmp_path / "out")
    assert said.startswith("proofs cannot be judged here: ")


def test_refuses_checkpoints_of_another_run(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, _ = straight
    shutil.copytree(config.parent, tmp_path / "copy")
    folder, out = tmp_path / "copy", tmp_path / "copy" / "out"
    before = (out / "checkpoints" / "step-00000003" / "model.safetensors").read_bytes()
    assert "curriculum.group was 4 and is now 5" in refusal(write_config(folder, curriculum__group=5), out)
    changed = folder / "start" / "tokenizer.json"
    text = changed.read_text()
    changed.write_text(text.replace(" exact", " exat", 1) if " exact" in text else text + "\n")
    assert "tokenizer was '" in refusal(write_config(folder), out)
    changed.write_text(text)
    checkpoint(folder / "start", hidden_size=24)
    assert "is of another model: hidden_size is 16 there, 24 here" in refusal(config_in(folder), out)
    assert (out / "checkpoints" / "step-00000003" / "model.safetensors").read_bytes() == before


def config_in(folder: Path) -> Path:
    return folder / "rlpaf.toml"


def test_refuses_rows_longer_than_the_model_reads(straight: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(straight[0].parent / "start", tmp_path / "start")
    config = write_config(tmp_path, batch__length=1024, theorems__generated=3, theorems__files=[])
    said = refusal(config, tmp_path / "out")
    assert said == "batch.length = 1024 is more than the model's 512 positions"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "value"), [("curriculum", {}), ("statements", 3), ("alarm", None)])
def test_a_state_of_somebody_else_is_one_line(
    straight: tuple[Path, Path], tmp_path: Path, name: str, value: Any
) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "result.json").unlink()
    place = tmp_path / "out" / "checkpoints" / "step-00000003" / "state.json"
    told = json.loads(place.read_text())
    told["fields"] |= {name: value}
    if value is None:
        del told["fields"][name]
    place.write_text(json.dumps(told))
    assert "step-00000003 has no state that this program can go on from" in refusal(config, tmp_path / "out")
    shutil.rmtree(place.parent)
    run(config, tmp_path / "out")
    assert_each_once(tmp_path / "out", 3)


FALSE = tuple(Theorem(f"f{n}", f"theorem f{n} : {n} + 1 = {n + 9} := by") for n in range(3))


def nonsense(name: str) -> Theorem:
    return Theorem(name, f"theorem {name} : Nonsense {len(name)} := by")


def long(name: str) -> Theorem:
    """Longer than the model reads."""
    return Theorem(name, f"theorem {name} : {' + '.join('1' * (400 + len(name)))} = 400 := by")


def only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    """No new statements are made."""
    monkeypatch.setattr("training.rlpaf.statements.Statements.more", lambda self, count, solved=(): [])


def test_statements_that_cannot_be_used_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(monkeypatch)
    config = write(tmp_path, (nonsense("n"), long("l"), *THEOREMS[:4]), curriculum__fresh_share=0.5)
    write_theorems(tmp_path / "held_out.jsonl", (THEOREMS[6], nonsense("none"), long("long")))
    run(config, tmp_path / "out")
    metrics = [line for line in lines(tmp_path / "out" / "metrics.jsonl") if "reward" in line]
    assert sum(line["unusable_theorems"] for line in metrics) == 2
    assert all(line["fault_share"] == 0 for line in metrics)
    scores = {line["name"]: line for line in lines(tmp_path / "out" / "held_out.jsonl")}
    assert scores.keys() == {"t6", "long"}, "a statement that is none is no theorem to prove"
    assert (scores["long"]["proved"], scores["long"]["judged"]) == (0, 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "they are too hard; name easier ones in theorems.corpus, or train the model on proofs"),
        ({"algorithm__preset": "paper", "run__steps": 4}, ""),
    ],
)
def test_false_statements_are_retired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    only_these(monkeypatch)
    config = write(tmp_path, FALSE, curriculum__retire_after=1, **changes)
    if said:
        assert refusal(config, tmp_path / "out").endswith(said)
        return
    run(config, tmp_path / "out")
    last = [line for line in lines(tmp_path / "out" / "metrics.jsonl") if "reward" in line][-1]
    assert (last["reward"], last["proved_share"], last["gradient_norm"]) == (0, 0, pytest.approx(0, abs=1))
    assert last["curriculum_theorems_unsolved"] >= 2


def test_no_usable_theorem_at_all_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(monkeypatch)
    config = write(tmp_path, (nonsense("n"), long("l")))
    assert refusal(config, tmp_path / "out").startswith("no theorem is left to try; name others")


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
