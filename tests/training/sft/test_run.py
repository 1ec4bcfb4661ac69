"""Whole runs: what they leave behind, and how they go on after anything that can happen to them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.sft.tiny import write, write_config
from training.errors import TrainError
from training.model.checkpoint import load_checkpoint, save_checkpoint
from training.sft.config import load_config
from training.sft.learner import Figures, Learner
from training.sft.packing import Rows
from training.sft.trainer import train

NO_PLACE = '{"files": {}, "position": "ab", "step": 6, "steps": 6, "seconds": 1}'


def run(config: Path, out: Path) -> dict[str, torch.Tensor]:
    """Train, and return the weights of the last checkpoint."""
    train(load_config(config), out)
    return load_checkpoint(newest(out)).state_dict()


def newest(out: Path) -> Path:
    return max((out / "checkpoints").glob("step-*"))


def interrupted(config: Path, out: Path, after: int) -> None:
    """Train for so many steps, then lose the process."""
    learn = Learner.step
    steps = 0

    def step(self: Learner, rows: Rows, rate: float) -> Figures:
        nonlocal steps
        if steps == after:
            raise torch.OutOfMemoryError("no room for 1 GiB")
        steps += 1
        return learn(self, rows, rate)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "step", step)
        with pytest.raises(TrainError) as caught:
            train(load_config(config), out)
    assert "out of memory: raise batch.accumulation (now 1) or lower batch.tokens (now 512)" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)
    assert ("step-00000003 is intact" in str(caught.value)) == (after >= 3)


@pytest.fixture(name="straight", scope="module")
def fixture_straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A configuration, and the folder of its run of six steps."""
    folder = tmp_path_factory.mktemp("straight")
    config = write(folder)
    run(config, folder / "out")
    return config, folder / "out"


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_leaves_model_figures_and_result(straight: tuple[Path, Path]) -> None:
    _, out = straight
    exported = load_checkpoint(out / "model")
    assert {parameter.dtype for parameter in exported.parameters()} == {torch.bfloat16}
    assert (out / "model" / "tokenizer.json").is_file()
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 6]
    assert {"loss", "learning_rate", "gradient_norm", "tokens_per_second"} <= lines[0].keys()
    assert {"max_violation", "max_violation_floor", "sequence_balance"} <= lines[0].keys()
    assert lines[2]["loss"] < lines[0]["loss"]
    result = json.loads((out / "result.json").read_text())
    assert (result["steps"], result["proved"]) == (6, None)
    assert result["validation_loss"] == lines[3]["validation_loss"]
    board = EventAccumulator(str(out / "tensorboard"))
    board.Reload()
    assert [event.step for event in board.Scalars("loss")] == [2, 4, 6]


@pytest.mark.parametrize("after", [2, 3, 5])
def test_resumes_bit_exactly(straight: tuple[Path, Path], tmp_path: Path, after: int) -> None:
    config, whole = straight
    interrupted(config, tmp_path, after)
    assert_equal(run(config, tmp_path), load_checkpoint(newest(whole)).state_dict())
    steps = [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)
    assert steps.count(4) == 1


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.pt", "state.json", "config.json"])
def test_a_damaged_checkpoint_is_passed_over(
    straight: tuple[Path, Path], tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    damaged = newest(tmp_path / "out") / file
    damaged.write_bytes(damaged.read_bytes()[:-20])
    assert_equal(run(config, tmp_path / "out"), load_checkpoint(newest(whole)).state_dict())
    warning = capsys.readouterr().err.splitlines()[0]
    assert warning.startswith("prover: step-00000006 cannot be read and is passed over: ")


@pytest.mark.parametrize(
    ("file", "text"),
    [("state.json", "[]"), ("state.json", "{}"), ("state.json", NO_PLACE), ("optimizer.pt", "x")],
)
def test_a_checkpoint_that_was_overwritten_is_passed_over(
    straight: tuple[Path, Path], tmp_path: Path, file: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    damaged = newest(tmp_path / "out") / file
    damaged.write_text(text * damaged.stat().st_size if file == "optimizer.pt" else text)
    assert_equal(run(config, tmp_path / "out"), load_checkpoint(newest(whole)).state_dict())
    warning = capsys.readouterr().err.splitlines()[0]
    assert warning.startswith("prover: step-00000006 cannot be read and is passed over: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file or directory"),
        ("{", "is damaged: Expecting"),
        ("[]", "is damaged: no JSON object"),
    ],
)
def test_refuses_checkpoints_of_nobody_knows_what_run(
    straight: tuple[Path, Path], tmp_path: Path, text: str | None, said: str
) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "run.json").unlink()
    if text is not None:
        (tmp_path / "out" / "run.json").write_text(text)
    with pytest.raises(TrainError, match=rf"run\.json.*{said}.*; use another --out$"):
        run(config, tmp_path / "out")


def test_refuses_if_no_checkpoint_is_left(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    for place in (tmp_path / "out" / "checkpoints").iterdir():
        (place / "model.safetensors").write_bytes(b"")
    with pytest.raises(TrainError, match=r"^no checkpoint in .* can be read; use another --out") as caught:
        run(config, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_half_a_checkpoint_is_never_found(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    newest(tmp_path / "out").rename(tmp_path / "out" / "checkpoints" / ".step-00000006.partial")
    assert_equal(run(config, tmp_path / "out"), load_checkpoint(newest(whole)).state_dict())


def test_keeps_the_newest_checkpoints(tmp_path: Path) -> None:
    run(write(tmp_path, run__checkpoint_every=1, run__keep=2), tmp_path / "out")
    assert sorted(place.name for place in (tmp_path / "out" / "checkpoints").iterdir()) == [
        "step-00000005",
        "step-00000006",
    ]


def test_refuses_another_configuration(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    before = load_checkpoint(newest(whole)).state_dict()
    for changes, words in (
        ({"optimizer__learning_rate": 1e-3}, "optimizer.learning_rate was 0.003 and is now 0.001"),
        ({"seed": 8}, "seed was 7 and is now 8"),
        ({"model__preset": "shipped"}, "model.preset was 'tiny' and is now 'shipped'"),
    ):
        shutil.copy(config.parent / "corpus.jsonl", tmp_path)
        with pytest.raises(TrainError) as caught:
            run(write_config(tmp_path, **changes), tmp_path / "out")
        assert words in str(caught.value)
    write(tmp_path, count=61)
    with pytest.raises(TrainError, match="corpus was '"):
        run(write_config(tmp_path), tmp_path / "out")
    assert_equal(load_checkpoint(newest(tmp_path / "out")).state_dict(), before)


def test_refuses_checkpoints_of_another_model(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    place = newest(tmp_path / "out")
    text = (place / "config.json").read_text()
    changed = text.replace('"rope_theta": 10000.0', '"rope_theta": 5000.0')
    assert changed != text
    state = json.loads((place / "state.json").read_text())
    (place / "config.json").write_text(changed)
    state["files"]["config.json"] = hashlib.sha256(changed.encode()).hexdigest()
    (place / "state.json").write_text(json.dumps(state))
    with pytest.raises(TrainError, match=r"is of another model: rope_theta is 5000\.0 there, 10000\.0 here"):
        run(config, tmp_path / "out")


def test_starts_from_a_model(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    text = config.read_text().replace('preset = "tiny"', f'checkpoint = "{whole / "model"}"')
    shutil.copy(config.parent / "corpus.jsonl", tmp_path)
    (tmp_path / "more.toml").write_text(text.replace("warmup = 2", "warmup = 0"))
    first = json.loads((whole / "metrics.jsonl").read_text().splitlines()[0])["loss"]
    run(tmp_path / "more.toml", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "metrics.jsonl").read_text().splitlines()[0])["loss"] < first - 1


def test_refuses_models_that_do_not_fit(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    shutil.copy(config.parent / "corpus.jsonl", tmp_path)
    foreign = tmp_path / "foreign"
    shutil.copytree(whole / "model", foreign)
    text = config.read_text().replace('preset = "tiny"', 'checkpoint = "foreign"')
    (tmp_path / "sft.toml").write_text(text)

    def refusal() -> str:
        with pytest.raises(TrainError) as caught:
            run(tmp_path / "sft.toml", tmp_path / "out")
        assert "\n" not in str(caught.value)
        return str(caught.value)

    fields = json.loads((foreign / "config.json").read_text())
    (foreign / "config.json").write_text(json.dumps({**fields, "model_type": "llama"}))
    assert "the model type is 'llama'" in refusal()
    (foreign / "config.json").write_text(json.dumps(fields))
    weights = (foreign / "model.safetensors").read_bytes()
    (foreign / "model.safetensors").write_bytes(weights[:-100])
    assert "is damaged or cut off" in refusal()
    small = load_checkpoint(whole / "model")
    small.embed_tokens.weight = small.lm_head.weight = torch.nn.Parameter(small.lm_head.weight[:300])
    object.__setattr__(small.config, "vocab_size", 300)
    save_checkpoint(small, foreign)
    assert "has a vocabulary of 300, the tokenizer one of" in refusal()


def test_a_size_that_was_not_named_before_is_another_run(straight: tuple[Path, Path], tmp_path: Path) -> None:
    _, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    with pytest.raises(TrainError, match=r"model\.sizes\.num_hidden_layers was None and is now 4"):
        run(write(tmp_path, model__sizes__num_hidden_layers=4), tmp_path / "out")
    run(write(tmp_path), tmp_path / "out")


def test_a_finished_run_is_left_as_it_is(
    straight: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    before = (whole / "metrics.jsonl").read_text()
    run(config, tmp_path / "out")
    assert f"the run is finished: the model is in {tmp_path / 'out' / 'model'}" in capsys.readouterr().err
    assert (tmp_path / "out" / "metrics.jsonl").read_text() == before


def test_a_checkpoint_that_does_not_say_how_far_it_is(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "result.json").unlink()
    for state in (tmp_path / "out" / "checkpoints").glob("step-*/state.json"):
        state.write_text(json.dumps({**json.loads(state.read_text()), "fields": {}}))
    with pytest.raises(TrainError, match=r"step-00000006 does not say how far the run was; remove it to go"):
        run(config, tmp_path / "out")


def test_figures_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    config = write(tmp_path)
    (tmp_path / "out" / "metrics.jsonl").mkdir(parents=True)
    with pytest.raises(TrainError, match=r"metrics\.jsonl.*: Is a directory; no checkpoint was") as caught:
        run(config, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_refuses_batches_that_cannot_be_divided(tmp_path: Path) -> None:
    config = write(tmp_path, batch__accumulation=3)
    with pytest.raises(TrainError, match="must be a multiple of"):
        run(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_fits_no_memory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"is out of memory: .* a smaller model; no checkpoint") as caught:
        run(write(tmp_path, model__sizes__vocab_size=10**15), tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    config = write(tmp_path, optimizer__learning_rate=1e30, optimizer__warmup=0, run__log_every=1)
    with pytest.raises(TrainError, match=r"the loss is nan by step \d: lower optimizer.learning_rate"):
        run(config, tmp_path / "out")


def test_epochs_decide_how_many_steps(tmp_path: Path) -> None:
    run(write(tmp_path, run__steps=0, run__epochs=0.2), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "result.json").read_text())["steps"] in range(2, 6)
