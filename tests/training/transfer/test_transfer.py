"""Weights that are sent are probed: what did not arrive, or arrived in the wrong place, is refused."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
import torch

from tests.training.model.tiny import stepped as stepped_by
from tests.training.model.tiny import tiny_model
from training.model import Transformer, load_checkpoint
from training.transfer import CheckpointReload, Control, Disagreement, Probe, TransferError, WeightLink
from training.transfer.probe import DRIFT, EXPERT_TOKENS, FLOOR

Harm = Callable[[Transformer], None]


class Engine:
    """An engine with a model of its own, which takes a checkpoint as vLLM does, and may do it wrong."""

    def __init__(self, model: Transformer, *, replicas: int = 1, dtype: torch.dtype = torch.float32) -> None:
        self.models = [copy.deepcopy(model).to(dtype) for _ in range(replicas)]
        self.harm: Harm | None = None
        self.frozen = False
        self.calls: list[str] = []

    async def world(self) -> tuple[int, int]:
        return len(self.models), len(self.models)

    async def rpc(self, method: str, **arguments: object) -> None:
        assert self.frozen, "weights were replaced under running requests"
        self.calls.append(method)
        if method != "reload_weights":
            raise TransferError(f"vLLM's {method} failed: there is none")
        folder = str(arguments["weights_path"])
        dtype = self.models[0].embed_tokens.weight.dtype
        self.models = [load_checkpoint(folder, dtype=dtype) for _ in self.models]
        if self.harm is not None:
            self.harm(self.models[-1])

    async def pause(self) -> None:
        self.calls.append("pause")
        self.frozen = True

    async def resume(self) -> None:
        self.calls.append("resume")
        self.frozen = False

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        model = self.models[replica]
        with torch.no_grad():
            tokens_RL = torch.tensor(rows)
            logits_RLV = model.logits(model(tokens_RL).hidden_BLD)[:, :-1].float()
        return logits_RLV.log_softmax(-1).gather(-1, tokens_RL[:, 1:, None])[..., 0].tolist()


def learner(seed: int = 0) -> Transformer:
    """A model whose experts and attention matter: weights ten times as large as usual."""
    return tiny_model(seed, initializer_range=0.2)


stepped = partial(stepped_by, size=0.02, biases=0.1, seed=7)
"""The model after a step of training."""


def mixtures(model: Transformer) -> list[torch.nn.Module]:
    return [block.mlp.experts for block in model.layers if hasattr(block.mlp, "experts")]


def swap_experts(model: Transformer) -> None:
    """One expert of one layer changes places with its neighbour."""
    experts = mixtures(model)[-1]
    for parameter in experts.parameters():
        parameter.data[[0, 1]] = parameter.data[[1, 0]]


def forget_bias(model: Transformer) -> None:
    for router in model.routers():
        router.e_score_correction_bias.zero_()


def turn_heads(model: Transformer) -> None:
    """Queries of one layer in another order, which no shape tells."""
    weight = model.layers[0].self_attn.o_proj.weight
    weight.data = weight.data.roll(weight.shape[1] // 2, dims=1)


def poison(model: Transformer) -> None:
    model.norm.weight.data[0] = float("nan")


async def sent(engine: Engine, *, dtype: torch.dtype | None = None) -> Disagreement:
    first = learner()
    async with WeightLink(engine, first, CheckpointReload(), dtype=dtype) as link:
        return await link.send(stepped(first), "step-1")


def test_an_engine_is_a_control() -> None:
    control: Control = Engine(learner())
    assert asyncio.run(control.world()) == (1, 1)


@pytest.mark.parametrize("replicas", [1, 3])
def test_weights_that_arrive_are_believed(replicas: int) -> None:
    engine = Engine(learner(), replicas=replicas)
    found = asyncio.run(sent(engine))
    assert found.mean < 1e-5
    assert engine.calls == ["pause", "reload_weights", "resume"]
    assert not engine.frozen


def test_rounding_is_not_held_against_an_engine() -> None:
    """The engine computes in BF16, the learner holds FP32: they differ by far more than `FLOOR`, always."""
    engine = Engine(learner(), dtype=torch.bfloat16)
    found = asyncio.run(sent(engine))
    assert 1e-3 < found.mean < 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("harm", [swap_experts, forget_bias, turn_heads])
@pytest.mark.parametrize("replicas", [1, 2])
def test_weights_in_the_wrong_place_are_refused(harm: Harm, replicas: int, dtype: torch.dtype) -> None:
    engine = Engine(learner(), replicas=replicas, dtype=dtype)
    engine.harm = harm
    with pytest.raises(TransferError, match="does not hold the weights that were sent"):
        asyncio.run(sent(engine, dtype=dtype))
    assert engine.frozen


def test_a_swapped_expert_is_named() -> None:
    engine = Engine(learner())
    engine.harm = swap_experts
    first = learner()

    async def attempt() -> Disagreement:
        async with WeightLink(engine, first, CheckpointReload()):
            pass
        swap_experts(engine.models[0])
        probe = Probe(first)
        return probe.score(first).compare(await engine.logprobs(probe.rows, 0))

    found = asyncio.run(attempt())
    _, layer, expert = found.worst_expert
    assert layer == len(mixtures(first)) - 1
    assert expert in (0, 1)


def test_what_is_no_number_is_refused() -> None:
    engine = Engine(learner())
    engine.harm = poison
    with pytest.raises(TransferError, match="not finite"):
        asyncio.run(sent(engine))


def test_a_sender_that_diverged_is_refused() -> None:
    first = learner()

    async def attempt() -> None:
        async with WeightLink(Engine(first), first, CheckpointReload()) as link:
            broken = copy.deepcopy(first)
            poison(broken)
            await link.send(broken, "step-1")

    with pytest.raises(TransferError, match="sender's own log-probs"):
        asyncio.run(attempt())


def test_after_a_refusal_nothing_goes_on() -> None:
    engine, first = Engine(learner()), learner()
    engine.harm = swap_experts

    async def attempt() -> str:
        async with WeightLink(engine, first, CheckpointReload()) as link:
            with pytest.raises(TransferError):
                await link.send(stepped(first), "step-1")
            engine.harm = None
            with pytest.raises(TransferError, match="cannot be used any more"):
                await link.send(stepped(first), "step-2")
            return link.version

    assert asyncio.run(attempt()) == ""


def interrupt(model: Transformer) -> None:
    raise KeyError(model.config.vocab_size)  # Whatever nobody thought of.


def test_after_an_interruption_nothing_goes_on_either() -> None:
    engine, first = Engine(learner()), learner()
    engine.harm = interrupt

    async def attempt() -> None:
        async with WeightLink(engine, first, CheckpointReload()) as link:
            with pytest.raises(KeyError):
                await link.send(stepped(first), "step-1")
            engine.harm = None
            with pytest.raises(TransferError, match="cannot be used any more"):
                await link.send(stepped(first), "step-2")

    asyncio.run(attempt())
    assert engine.frozen


class Drifting(Engine):
    """An engine that is a little further off with every set of weights."""

    off = 0.01

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        told = await super().logprobs(rows, replica)
        off, self.off = self.off, self.off * 1.09
        return [[logprob - off for logprob in row] for row in told]


def test_small_steps_do_not_add_up_to_another_model() -> None:
    first = learner()

    means: list[float] = []

    async def attempt() -> None:
        async with WeightLink(Drifting(first), first, CheckpointReload()) as link:
            while len(means) < 20:
                means.append(link.noise.mean)
                await link.send(first, f"step-{len(means)}")

    with pytest.raises(TransferError, match="does not hold the weights that were sent"):
        asyncio.run(attempt())
    assert len(means) > 5, "a step alone is believed"
    assert max(means) <= DRIFT * means[0] + FLOOR


class Rounding(Engine):
    """An engine whose numbers are as rough as BF16's on a GPU: other ones with every set of weights."""

    def __init__(self, model: Transformer) -> None:
        super().__init__(model)
        self._luck = torch.Generator().manual_seed(5)

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        told = torch.tensor(await super().logprobs(rows, replica))
        size = 0.04 * math.exp(0.05 * float(torch.randn((), generator=self._luck)))
        return (told + size * torch.randn(told.shape, generator=self._luck)).tolist()


def test_rounding_that_differs_from_update_to_update_is_believed() -> None:
    first = learner()

    async def attempt() -> set[float]:
        async with WeightLink(Rounding(first), first, CheckpointReload()) as link:
            return {(await link.send(first, f"step-{number}")).mean for number in range(100)}

    means = asyncio.run(attempt())
    assert max(means) > 1.2 * min(means)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    async def attempt() -> None:
        async with WeightLink(Engine(learner()), learner(), CheckpointReload(tmp_path / "gone")) as link:
            with pytest.raises(TransferError, match=r"the checkpoint cannot be written: .*No such file"):
                await link.send(learner(), "step-1")

    asyncio.run(attempt())


def test_an_engine_with_other_weights_is_refused_at_once() -> None:
    async def attempt() -> None:
        async with WeightLink(Engine(learner(1)), learner(0), CheckpointReload()):
            pass

    with pytest.raises(TransferError, match="from the start"):
        asyncio.run(attempt())


def test_a_probe_visits_every_expert() -> None:
    model = learner()
    scores = Probe(model).score(model)
    assert len(scores.chosen) == len(mixtures(model))
    for chosen_RLK in scores.chosen:
        assert int(scores.tokens_of(chosen_RLK).min()) >= EXPERT_TOKENS


def test_an_answer_of_another_length_is_refused() -> None:
    model = learner()
    probe = Probe(model)
    with pytest.raises(TransferError, match="another length"):
        probe.score(model).compare([[0.0]] * len(probe.rows))
