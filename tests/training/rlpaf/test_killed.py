"""`prover train rlpaf` as a process of its own: killed, interrupted, asked for help."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from prover.cli import app
from tests.prover.command import PROVER, environment
from tests.training.rlpaf.test_run import assert_each_once, checkpoints
from tests.training.rlpaf.tiny import write

SECONDS = 120.0


def begin(config: Path, out: Path) -> subprocess.Popen[str]:
    command = (PROVER, "train", "rlpaf", str(config), "--out", str(out))
    return subprocess.Popen(command, env=environment(OMP_NUM_THREADS="1"), stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    said = []
    while not (line := process.stderr.readline()).startswith(words):
        assert line, said
        said.append(line)


def assert_gone(processes: list[psutil.Process]) -> None:
    """Lean's processes end with the one that has begun them."""
    _, alive = psutil.wait_procs(processes, timeout=SECONDS)
    assert alive == []


def test_goes_on_after_being_killed(tmp_path: Path) -> None:
    config = write(tmp_path, run__steps=40, evaluation__every=5, optimizer__learning_rate=1e-5)
    out = tmp_path / "out"
    with begin(config, out) as process:
        wait_for(process, "step 3/")
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.kill()
    assert_gone(children)
    done = max(checkpoints(out))
    assert done >= 2
    with begin(config, out) as process:
        wait_for(process, f"step {done + 1}/40")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        rest = process.stderr.read()
        assert process.wait(SECONDS) == 130
    assert "Traceback" not in rest
    assert max(checkpoints(out)) > done
    write_shorter(config, max(checkpoints(out)) + 1, out)
    with begin(config, out) as process:
        assert process.wait(SECONDS) == 0
    assert_each_once(out, max(checkpoints(out)))


def write_shorter(config: Path, steps: int, out: Path) -> None:
    """Let the run end sooner: nothing but the rate depends on its length."""
    for path in (config, out / "run.json"):
        text = path.read_text()
        changed = re.sub(r'(^steps = |"run.steps": )\d+', rf"\g<1>{steps}", text, flags=re.MULTILINE)
        assert changed != text
        path.write_text(changed)


@pytest.mark.slow
def test_goes_on_after_being_killed_at_any_moment(tmp_path: Path) -> None:
    config = write(tmp_path, run__steps=16, evaluation__every=2, optimizer__learning_rate=1e-5)
    out = tmp_path / "out"
    rng = random.Random(0)
    kills = 0
    while True:
        with begin(config, out) as process:
            assert process.stderr is not None
            if not any(line.startswith("step ") for line in process.stderr):
                assert process.wait(SECONDS) == 0  # Nothing was left to do.
                break
            children = psutil.Process(process.pid).children(recursive=True)
            time.sleep(rng.uniform(0, 2))
            process.kill()
            kills += 1
        assert_gone(children)
        assert kills < 30
    assert kills >= 3
    assert_each_once(out, 16)
    assert checkpoints(out) == [15, 16]


def test_refuses_in_one_line(tmp_path: Path) -> None:
    config = write(tmp_path)

    def refusal(*arguments: object) -> str:
        result = CliRunner().invoke(app, ["train", "rlpaf", *map(str, arguments)])
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        assert result.stderr.startswith("prover: ")
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr

    out = ("--out", tmp_path / "out")
    text = config.read_text()

    def changed(old: str, new: str) -> Path:
        assert old in text
        config.write_text(text.replace(old, new))
        return config

    assert "missing.toml cannot be read" in refusal(tmp_path / "missing.toml", *out)
    assert "unknown key 'run.stepz'" in refusal(changed("steps = 3", "stepz = 3"), *out)
    assert "algorithm.preset must be one of paper, modern, not 'x'" in refusal(
        changed("[curriculum]", '[algorithm]\npreset = "x"\n[curriculum]'), *out
    )
    assert "theorems.files: " in refusal(changed("theorems.jsonl", "nowhere.jsonl"), *out)
    assert "model.checkpoint: " in refusal(changed('"start"', '"nowhere"'), *out)
    assert "seed must lie between" in refusal(changed("seed = 3", "seed = 4"), "--seed", -1, *out)
    assert not (tmp_path / "out" / "checkpoints").exists()
    (tmp_path / "file").write_text("")
    config.write_text(text)
    assert "Not a directory" in refusal(config, "--out", tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--help"], ("sft", "rlpaf", "Learn from what Lean says of the policy's own proofs")),
        (["train", "rlpaf", "--help"], ("CONFIG", "--out", "--seed", "torchrun --nproc-per-node")),
    ],
)
def test_help(arguments: list[str], words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    assert result.exit_code == 0
    assert [word for word in words if word not in result.output] == []
