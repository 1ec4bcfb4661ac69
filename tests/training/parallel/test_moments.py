"""Moments that are kept in BF16: half the memory, nearly the same steps, and exactly the same ones again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from tests.training.parallel.processes import together
from tests.training.sft.tiny import write, write_config, written
from training.errors import TrainError
from training.model import Drawn, ModelConfig, Transformer
from training.parallel import zero
from training.parallel.learner import MeshLearner
from training.parallel.zero import MODEL, MOMENTS, ShardedAdamW
from training.sft import checkpoint
from training.sft.config import BatchConfig, MeshConfig, OptimizerConfig, SftConfig, load_config
from training.sft.dataset import load_dataset
from training.sft.folder import RunFolder
from training.sft.learner import Learner
from training.sft.presets import model_config
from training.sft.world import World

STEPS, RATE = 30, 1e-2
SHAPES = {"a": (20, 30), "b": (30, 20), "gain": (31,), "own": (40, 10)}
"""Of which process 1 alone has the last; the others make three buckets of at most 700 numbers."""
Values = dict[str, dict[str, Tensor]]


class Run:
    """One process's parameters, moved by gradients that are the same in each run."""

    def __init__(
        self, rank: int, moments: Literal["fp32", "bf16"], start: dict[str, Tensor] | None = None
    ) -> None:
        generator = torch.Generator().manual_seed(0)
        values = {key: torch.randn(shape, generator=generator) for key, shape in SHAPES.items()}
        self.rank = rank
        values |= start or {}
        self.held = {key: nn.Parameter(value) for key, value in values.items() if rank or key != "own"}
        self.optimizer = ShardedAdamW(self.held, OptimizerConfig(moments=moments))

    def step(self, number: int) -> None:
        """Gradients with a drift, of sizes that differ by thousands."""
        generator = torch.Generator().manual_seed(1000 * self.rank + number)
        for parameter in self.held.values():
            count = parameter.numel()
            scale = torch.logspace(-3, 0, count).view_as(parameter)
            noise = torch.randn(parameter.shape, generator=generator)
            (parameter * (scale * (noise + torch.linspace(-1, 1, count).view_as(parameter)))).sum().backward()
        self.optimizer.step(RATE)

    def moments(self) -> list[dict[str, Tensor]]:
        """As they are kept, by bucket."""
        states = [bucket._adamw.state[bucket.master] for bucket in self.optimizer._buckets]
        return [{kind: state[kind] for kind in MOMENTS if kind in state} for state in states]

    def in_fp32(self) -> int:
        """Buckets whose moments are."""
        return sum(torch.float32 in {value.dtype for value in state.values()} for state in self.moments())

    def values(self) -> Values:
        """Of all keys that this process holds."""
        found: Values = {}
        for kind in (MODEL, *MOMENTS):
            told: list[Any] = [None] * dist.get_world_size()
            dist.all_gather_object(told, self.optimizer.values(kind))
            found[kind] = {key: value for part in told for key, value in part.items() if key in self.held}
        return found

    def flat(self) -> Tensor:
        """The weights."""
        return torch.cat([parameter.detach().flatten() for parameter in self.held.values()])


def course(rank: int, moments: Literal["fp32", "bf16"], instead: float | None = None) -> Tensor:
    """Where many steps lead from the start (STEPS, N); `instead`: with this as every moment before each."""
    run = Run(rank, moments)
    start, found = run.flat(), []
    for number in range(STEPS):
        if number and instead is not None:
            whole = {key: torch.full_like(value, instead) for key, value in run.held.items()}
            run.optimizer.restore(number, dict.fromkeys(MOMENTS, whole))
        run.step(number)
        found.append(run.flat() - start)
    return torch.stack(found)


def courses(rank: int) -> dict[str, Tensor]:
    zero.BUCKET = 700
    return {
        "fp32": course(rank, "fp32"),
        "bf16": course(rank, "bf16"),
        "zeros": course(rank, "bf16", instead=0.0),
        "ones": course(rank, "bf16", instead=1.0),
    }


def test_steps_are_nearly_those_with_moments_in_fp32(two: list[Outcome]) -> None:
    """A rounding is wrong by 2^-9 of a number at most, in either direction; of a whole way 0.2 % were found,
    and twice as much is the bound. Moments that are lost or wrong lead elsewhere."""
    for found in (outcome.courses for outcome in two):
        right = found["fp32"]
        assert torch.equal(found["bf16"][0], right[0]), "moments are made and used in FP32"
        assert not torch.equal(found["bf16"][1], right[1])
        for step in range(1, STEPS):
            assert float((found["bf16"][step] - right[step]).norm() / right[step].norm()) < 2**-8
        for lost in ("zeros", "ones"):
            assert float((found[lost][-1] - right[-1]).norm() / right[-1].norm()) > 0.2, lost


def memory(rank: int) -> tuple[list[int], list[int], int]:
    """Bytes of all moments, FP32 and BF16; how many buckets have them in FP32 while each is moved; and of how
    many numbers this process has the moments."""
    zero.BUCKET = 700
    sizes, seen = [], []
    for kind in ("fp32", "bf16"):
        run = Run(rank, kind)
        run.step(0)
        for bucket in run.optimizer._buckets:
            bucket._adamw.register_step_post_hook(lambda *_, run=run: seen.append(run.in_fp32()))
        run.step(1)
        sizes.append(sum(of.untyped_storage().nbytes() for state in run.moments() for of in state.values()))
    numbers = sum(bucket.master.numel() for bucket in run.optimizer._buckets)
    return sizes, seen, numbers


def test_moments_take_half_the_memory_and_one_bucket_at_a_time_more(two: list[Outcome]) -> None:
    for rank, (sizes, seen, numbers) in enumerate(outcome.memory for outcome in two):
        assert sizes == [2 * 4 * numbers, 2 * 2 * numbers]
        buckets = 3 + rank
        assert seen == [buckets] * buckets + [1] * buckets


def again(rank: int) -> bool:
    """Whether a run that stops and goes on ends where one does that does not."""
    zero.BUCKET = 700
    straight = Run(rank, "bf16")
    for number in range(5):
        straight.step(number)
    values = straight.values()
    assert all(value.dtype == torch.float32 for part in values.values() for value in part.values())
    resumed = Run(rank, "bf16", values[MODEL])
    resumed.optimizer.restore(5, values)
    for number in range(5, 10):
        straight.step(number)
        resumed.step(number)
    same = straight.values(), resumed.values()
    return all(
        torch.equal(same[0][kind][key], same[1][kind][key]) for kind in same[0] for key in straight.held
    )


def test_a_run_goes_on_bit_for_bit(two: list[Outcome]) -> None:
    assert [outcome.again for outcome in two] == [True, True]


class Outcome(NamedTuple):
    """What each of two processes finds."""

    courses: dict[str, Tensor]
    memory: tuple[list[int], list[int], int]
    again: bool


def work(rank: int) -> Outcome:
    return Outcome(courses(rank), memory(rank), again(rank))


@pytest.fixture(scope="module")
def two() -> list[Outcome]:
    return together(work, 2)


MESHES = [
    (MeshConfig(pipeline=2, schedule="DualPipeV", layers=(0, 1, 1, 0)), 4),
    (MeshConfig(pipeline=2, schedule="DualPipeV", layers=(0, 1, 1, 0)), 4),
    (MeshConfig(experts=2), 1),
]
"""That follow each other, and micro-batches."""


def beginning(folder: Path) -> tuple[SftConfig, ModelConfig, Any]:
    config = load_config(folder / "sft.toml")
    data = load_dataset(config.data, None, 0)
    size = model_config(config.model, data.tokenizer.get_vocab_size())
    return replace(config, batch=BatchConfig(128 * 8, 1)), size, data.epoch(0)[0]


def learn(rank: int, folder: Path) -> list[dict[str, Tensor]]:
    """The leading process's weights behind a step of each mesh that goes on from what the one before has
    written; and last, of the first mesh that took two steps without a stop."""
    config, size, rows = beginning(folder)
    world = World(rank, 2, torch.device("cpu"))
    run, found = RunFolder(folder), []
    learner: MeshLearner | None = None
    for step, (mesh, accumulation) in enumerate(MESHES):
        told = replace(config, mesh=mesh, batch=BatchConfig(128 * 8, accumulation))
        resumed = checkpoint.latest(folder, size, print, world)
        origin = Drawn(size, 0) if resumed is None else resumed.origin()
        first, learner = learner, MeshLearner(size, origin, told, world)
        if resumed is not None:
            learner.resume(resumed)
        learner.step(rows[8 * step : 8 * step + 8], RATE)
        learner.save(run, step + 1, {})
        world.wait()
        found.append(written(folder, size).state_dict())
        world.wait()
        if step == 1:
            assert first is not None
            first.step(rows[8:16], RATE)
            first.save(RunFolder(folder / "straight"), 2, {})
            world.wait()
            straight = written(folder / "straight", size).state_dict()
    return [*found, straight]


def test_checkpoints_go_on_bit_for_bit_and_in_any_layout(tmp_path: Path) -> None:
    write(tmp_path, optimizer__moments="bf16", mesh__experts=2, model__sizes__num_hidden_layers=2)
    (tmp_path / "tokenizer").mkdir()
    _, resumed, third, straight = together(learn, 2, tmp_path)[0]
    assert resumed.keys() == straight.keys()
    assert all(torch.equal(resumed[name], straight[name]) for name in straight)
    # One process goes on from what the mesh has written, too, with moments in FP32.
    config, size, rows = beginning(tmp_path)
    found = checkpoint.latest(tmp_path, size, print, World(0, 1, torch.device("cpu")))
    assert found is not None
    model = Transformer.build(size, found.origin())
    assert all(torch.equal(value, third[name]) for name, value in model.state_dict().items())
    read = found.moments(dict(model.named_parameters()))
    moments = [of[kind] for of in read.values() for kind in MOMENTS]
    assert all(torch.equal(value, value.bfloat16().float()) for value in moments)
    assert any(bool(value.any()) for value in moments)
    alone = Learner(model, config, World(0, 1, torch.device("cpu")))
    alone.resume(found)
    assert float(alone.step(rows[24:32], RATE).loss) > 0


def test_another_setting_is_another_run(tmp_path: Path) -> None:
    before, now = ({"optimizer.moments": kind, "mesh.layers": []} for kind in ("fp32", "bf16"))
    folder = RunFolder(tmp_path)
    folder.claim(before, lambda _: None)
    (tmp_path / "checkpoints" / "step-00000001").mkdir(parents=True)
    folder.claim(before | {"mesh.layers": [2, 1]}, lambda _: None)
    with pytest.raises(TrainError, match=r"optimizer\.moments was 'fp32' and is now 'bf16'"):
        folder.claim(now, lambda _: None)


def test_what_is_too_slow_would_never_be_forgotten() -> None:
    numbers = torch.arange(128, 256) / 128
    assert (numbers * 0.996).bfloat16().float().lt(numbers).all()
    assert (numbers * 0.999).bfloat16().float().eq(numbers).any()
    OptimizerConfig(beta2=0.996, moments="bf16")
    with pytest.raises(ValueError, match=r"beta2 = 0\.999 is too slow for moments = 'bf16': take 0\.996"):
        OptimizerConfig(beta2=0.999, moments="bf16")


def test_moments_in_bf16_need_a_mesh(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"optimizer\.moments = 'bf16' needs a mesh: [^\n]*$"):
        load_config(write_config(tmp_path, optimizer__moments="bf16"))
    assert load_config(write_config(tmp_path, optimizer__moments="bf16", mesh__pipeline=2)).mesh.divides
