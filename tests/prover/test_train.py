"""`prover train sft` on the command line: what it refuses, and how it is interrupted."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prover import train_commands
from prover.cli import app
from tests.prover.command import PROVER, environment
from tests.training.sft.tiny import write, write_config


def refusal(*arguments: object) -> str:
    """The one line with which the command refuses."""
    result = CliRunner().invoke(app, ["train", "sft", *map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.startswith("prover: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_refuses_bad_input_in_one_line(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    assert "missing.toml cannot be read" in refusal(tmp_path / "missing.toml", *out)
    assert "unknown key 'run.stepz'" in refusal(write(tmp_path, run__stepz=1), *out)
    impossible = write(tmp_path, model__sizes__n_group=3)
    assert "n_group = 3 equal groups" in refusal(impossible, *out)
    unreachable = write(tmp_path, model__sizes__num_experts_per_tok=5)
    assert "num_experts_per_tok = 5, but topk_group = 2" in refusal(unreachable, *out)
    assert "model.preset must be one of tiny," in refusal(write(tmp_path, model__preset="huge"), *out)
    assert "unexpected keyword argument 'width'" in refusal(write(tmp_path, model__sizes__width=3), *out)
    small = write(tmp_path, model__sizes__vocab_size=64)
    assert "model.sizes.vocab_size is 64, but the tokenizer has" in refusal(small, *out)
    assert "data.tokenizer: " in refusal(write(tmp_path, data__tokenizer="nowhere"), *out)
    assert "more than the model's 2048 positions" in refusal(
        write(tmp_path, data__length=4096, batch__tokens=4096), *out
    )
    assert not (tmp_path / "out").exists()


def test_says_what_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_commands, "find_spec", lambda name: None if name == "tensorboard" else name)
    said = refusal(write(tmp_path), "--out", tmp_path / "out")
    assert said == "prover: training needs tensorboard (pip install 'rmax-prover[train]')\n"
    assert not (tmp_path / "out").exists()


def test_refuses_bad_corpora_in_one_line(tmp_path: Path) -> None:
    config = write(tmp_path)
    corpus = tmp_path / "corpus.jsonl"
    good = corpus.read_text()
    corpus.write_text(good + '{"name": "half\n')
    assert "corpus.jsonl:61: " in refusal(config, "--out", tmp_path / "out")
    corpus.write_text(good.replace('"proof"', '"prof"', 1))
    assert "corpus.jsonl:1: unknown field 'prof'" in refusal(config, "--out", tmp_path / "out")
    corpus.write_text("")
    assert "has no proof" in refusal(config, "--out", tmp_path / "out")
    corpus.unlink()
    assert "corpus.jsonl cannot be read" in refusal(config, "--out", tmp_path / "out")


def test_refuses_a_run_that_differs(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["train", "sft", str(write(tmp_path)), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "step 6/6  loss " in result.stderr
    assert result.stdout == ""
    assert "seed was 7 and is now 1" in refusal(tmp_path / "sft.toml", "--seed", 1, "--out", tmp_path / "out")
    changed = write_config(tmp_path, run__steps=7)
    assert "run.steps was 6 and is now 7" in refusal(changed, "--out", tmp_path / "out")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refusal(write(tmp_path), "--out", tmp_path / "file" / "out")


def test_interrupted_it_keeps_what_was_learnt(tmp_path: Path) -> None:
    config = write(tmp_path, run__steps=100_000, run__log_every=1, run__checkpoint_every=100_000)
    command = (PROVER, "train", "sft", str(config), "--out", str(tmp_path / "out"))
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("step 3/"):
            assert line.startswith("step "), line
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "Traceback" not in rest
    (place,) = (tmp_path / "out" / "checkpoints").iterdir()
    assert int(place.name.removeprefix("step-")) >= 3


@pytest.mark.parametrize("arguments", [["train"], ["train", "--help"], ["train", "sft", "--help"]])
def test_help(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert "sft" in result.output
