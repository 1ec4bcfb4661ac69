"""Backward passes in two parts, against whole ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.training.model.tiny import tiny_model, tokens
from training.model import Transformer
from training.parallel.split import WeightQueue, make_splittable

MATRICES = ("proj", "lm_head")
"""In the names of all parameters whose gradients wait."""


def loss_of(model: Transformer, seed: int) -> Tensor:
    hidden = model(tokens(2, 19, seed)).hidden_BLD
    return model.logits(hidden).float().square().mean()


def gradients(model: Transformer) -> dict[str, Tensor | None]:
    return {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}


def splittable(dtype: torch.dtype) -> tuple[Transformer, Transformer]:
    """The same model twice, the second one with gradients that can wait."""
    whole, split = (tiny_model(0, q_lora_rank=24).to(dtype) for _ in range(2))
    make_splittable(split)
    return whole, split


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_a_queue_nothing_changes(dtype: torch.dtype) -> None:
    whole, split = splittable(dtype)
    for model in (whole, split):
        loss_of(model, 0).backward()
    for (name, one), other in zip(gradients(whole).items(), gradients(split).values(), strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=0, msg=name)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_wait_until_they_are_run_and_then_equal(dtype: torch.dtype) -> None:
    whole, split = splittable(dtype)
    queues = [WeightQueue(), WeightQueue()]
    expected = []
    for seed in (0, 1):
        loss_of(whole, seed).backward()
        expected.append(gradients(whole))
    for seed in (0, 1):
        loss = loss_of(split, seed)
        with queues[seed].collect():
            loss.backward()
    found = gradients(split)
    assert len(queues[0]) == len(queues[1]) > 20
    for name, grad in found.items():
        assert (grad is None) == any(part in name for part in MATRICES), name
    for seed in (0, 1):
        queues[seed].run()
        assert not len(queues[seed])
        for (name, one), other in zip(expected[seed].items(), gradients(split).values(), strict=True):
            if found[name] is None:
                torch.testing.assert_close(other, one, rtol=0, atol=0, msg=name)
    for (name, one), other in zip(expected[1].items(), gradients(split).values(), strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=0, msg=name)


def test_the_gradient_of_the_inputs_does_not_wait() -> None:
    _, split = splittable(torch.float32)
    layer = split.layers[1]
    x_BLD = torch.randn(2, 7, 32, requires_grad=True)
    context = split.context(tokens(2, 7))
    alone = []
    for collects in (False, True):
        out_BLD, _ = layer(x_BLD, context)
        if collects:
            with WeightQueue().collect():
                out_BLD.sum().backward()
        else:
            out_BLD.sum().backward()
        alone.append(x_BLD.grad)
        x_BLD.grad = None
    torch.testing.assert_close(alone[1], alone[0], rtol=0, atol=0)


def test_frozen_weights_leave_nothing_behind() -> None:
    layer = nn.Sequential(nn.Linear(3, 4, bias=False), nn.Linear(4, 2, bias=False))
    make_splittable(layer)
    layer[1].requires_grad_(False)
    queue = WeightQueue()
    with queue.collect():
        layer(torch.randn(5, 3)).sum().backward()
    queue.run()
    assert layer[0].weight.grad is not None
    assert layer[1].weight.grad is None


def test_an_error_ends_the_collecting() -> None:
    queue = WeightQueue()
    with pytest.raises(RuntimeError), queue.collect():
        raise RuntimeError
    layer = nn.Linear(3, 3, bias=False)
    make_splittable(layer)
    layer(torch.randn(2, 3)).sum().backward()
    assert layer.weight.grad is not None
