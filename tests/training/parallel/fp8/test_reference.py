"""The products of quantised matrices against exact ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.parallel.fp8.reference import multiply, of_weight
from training.parallel.fp8.tiles import Quantised, from_blocks, from_tiles, to_blocks, to_columns, to_tiles

GROUPS = [[128, 128], [0, 1, 130, 0, 255, 77], [0, 0, 5], [300]]


def case(
    counts: list[int], inputs: int, outputs: int, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows, weights, gradients, and where groups end."""
    generator = torch.Generator().manual_seed(seed)
    rows, experts = sum(counts), len(counts)
    x_PK = torch.randn(rows, inputs, generator=generator)
    weight_EOK = torch.randn(experts, outputs, inputs, generator=generator)
    grad_PO = torch.randn(rows, outputs, generator=generator)
    return x_PK, weight_EOK, grad_PO, torch.tensor(counts).cumsum(0).to(torch.int32)


def exact(x_PK: Tensor, weight_EOK: Tensor, ends_E: Tensor) -> Tensor:
    parts = x_PK.double().tensor_split(ends_E[:-1].long())
    return torch.cat([part @ weight.double().t() for part, weight in zip(parts, weight_EOK, strict=True)])


def exact_of_weight(grad_PO: Tensor, x_PK: Tensor, ends_E: Tensor) -> Tensor:
    grads, parts = (each.double().tensor_split(ends_E[:-1].long()) for each in (grad_PO, x_PK))
    return torch.stack([grad.t() @ part for grad, part in zip(grads, parts, strict=True)])


def apart(found: Tensor, wanted: Tensor) -> float:
    return ((found.double() - wanted).norm() / wanted.norm()).item()


@pytest.mark.parametrize("counts", GROUPS)
@pytest.mark.parametrize(("inputs", "outputs"), [(256, 128), (200, 140)])
def test_three_products_are_within_the_error_of_fp8(counts: list[int], inputs: int, outputs: int) -> None:
    x, weight, grad, ends = case(counts, inputs, outputs)
    forward = multiply(to_tiles(x), to_blocks(weight), ends, torch.float32)
    of_input = multiply(to_tiles(grad), to_blocks(weight.mT), ends, torch.float32)
    of_weights = of_weight(to_columns(grad, ends), to_columns(x, ends), ends, torch.float32)
    # Each side of a product is off by 2.6 % of its size on average.
    assert apart(forward, exact(x, weight, ends)) < 0.045
    assert apart(of_input, exact(grad, weight.mT, ends)) < 0.045
    assert apart(of_weights, exact_of_weight(grad, x, ends)) < 0.045


@pytest.mark.parametrize("counts", GROUPS)
def test_products_are_those_of_what_was_quantised(counts: list[int]) -> None:
    x, weight, _, ends = case(counts, 200, 140)
    tiles, blocks = to_tiles(x), to_blocks(weight)
    wanted = exact(from_tiles(tiles), from_blocks(blocks), ends)
    assert apart(multiply(tiles, blocks, ends, torch.float32), wanted) < 1e-6


def test_products_are_exact_where_fp32_is() -> None:
    """Whole numbers with scales that are powers of two: no sum is rounded, so every bit must be right."""
    generator = torch.Generator().manual_seed(0)
    ends = torch.tensor([150, 150, 290], dtype=torch.int32)

    def whole(*shape: int) -> Tensor:
        return torch.randint(-8, 9, shape, generator=generator).to(torch.float8_e4m3fn)

    def powers(*shape: int) -> Tensor:
        return 2.0 ** torch.randint(-3, 4, shape, generator=generator)

    tiles = Quantised(whole(290, 300), powers(290, 3))
    blocks = Quantised(whole(3, 140, 300), powers(3, 2, 3))
    found = multiply(tiles, blocks, ends, torch.float32)
    assert torch.equal(found.double(), exact(from_tiles(tiles), from_blocks(blocks), ends))
    grad, x = (Quantised(whole(rows, 5 * 128), powers(rows, 5)) for rows in (140, 300))
    found = of_weight(grad, x, ends, torch.float32)
    spans = [slice(0, 256), slice(256, 256), slice(256, 512)]
    for expert, span in enumerate(spans):
        wanted = from_tiles(grad)[:, span].double() @ from_tiles(x)[:, span].double().t()
        assert torch.equal(found[expert].double(), wanted)


def test_an_expert_without_rows_has_a_gradient_of_zero() -> None:
    x, _, grad, ends = case([10, 0, 20], 130, 128)
    found = of_weight(to_columns(grad, ends), to_columns(x, ends), ends, torch.float32)
    assert (found[1] == 0).all()


def test_what_is_not_finite_stays_with_its_row_forward_and_its_expert_backward() -> None:
    x, weight, grad, ends = case([100, 50], 200, 140)
    x[3, 7] = torch.inf
    forward = multiply(to_tiles(x), to_blocks(weight), ends, torch.float32)
    assert forward.isnan().any(1).nonzero().flatten().tolist() == [3]
    assert forward[3].isnan().all()
    backward = of_weight(to_columns(grad, ends), to_columns(x, ends), ends, torch.float32)
    assert backward[0, :, 7].isnan().all()
    assert backward.isnan().sum() == 140
