"""Small runs with real Lean, as tests make and look at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.errors import TrainError
from training.rlpaf.config import load_config
from training.rlpaf.learner import Learner
from training.rlpaf.run import train


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
