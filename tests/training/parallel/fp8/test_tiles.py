"""What quantisation keeps of a tensor, and what it does with numbers that it cannot keep."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from training.parallel.fp8.tiles import (
    LARGEST,
    SMALLEST,
    Quantised,
    from_blocks,
    from_tiles,
    group_tiles,
    most_tiles,
    to_blocks,
    to_columns,
    to_tiles,
)

Way = Callable[[Tensor], Tensor]
TILES: Way = lambda x: from_tiles(to_tiles(x))  # noqa: E731
BLOCKS: Way = lambda x: from_blocks(to_blocks(x))  # noqa: E731
ROUND: Way = lambda x: from_tiles(to_tiles(x, power_of_two=True))  # noqa: E731
SIZES = st.integers(1, 300)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.integers(-100, 100), st.integers(0, 9), st.sampled_from([TILES, BLOCKS, ROUND]))
def test_no_number_is_off_by_more_than_half_a_step(
    rows: int, columns: int, power: int, seed: int, way: Way
) -> None:
    x = normal(rows, columns, seed=seed) * 2.0**power
    # 3 bits behind the point; below 2^-6 of the scale, steps of 2^-9, and a scale is at most twice too large.
    bound = x.abs() / 16 + x.abs().max() * 2 / LARGEST * 2.0**-10
    assert ((way(x) - x).abs() <= bound * 1.0001).all()


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.integers(0, 9))
def test_shapes_and_scales(rows: int, columns: int, seed: int) -> None:
    x = normal(rows, columns, seed=seed)
    tiles, blocks = to_tiles(x), to_blocks(x)
    assert tiles.values.shape == blocks.values.shape == x.shape
    assert tiles.scales.shape == (rows, -(-columns // 128))
    assert blocks.scales.shape == (-(-rows // 128), -(-columns // 128))
    torch.testing.assert_close(tiles.scales[0, 0], x[0, :128].abs().max() / LARGEST)
    torch.testing.assert_close(
        blocks.scales[-1, -1],
        x[-(-rows // 128) * 128 - 128 :, :][:, -(-columns // 128) * 128 - 128 :].abs().max() / LARGEST,
    )


def test_scales_are_powers_of_two_that_do_not_overflow() -> None:
    plain, rounded = to_tiles(normal(50, 300)), to_tiles(normal(50, 300), power_of_two=True)
    mantissa, _ = rounded.scales.frexp()
    assert (mantissa == 0.5).all()
    assert ((rounded.scales >= plain.scales) & (rounded.scales < 2 * plain.scales)).all()


def test_a_power_of_two_stays_what_it_is() -> None:
    x = torch.full((1, 128), LARGEST / 4)
    assert to_tiles(x, power_of_two=True).scales.item() == 0.25


def test_blocks_of_experts_are_those_of_each_and_turn_with_them() -> None:
    weight = normal(3, 200, 150)
    blocks = to_blocks(weight)
    for expert in range(3):
        one = to_blocks(weight[expert])
        assert torch.equal(one.values.float(), blocks.values[expert].float())
        assert torch.equal(one.scales, blocks.scales[expert])
    turned = to_blocks(weight.mT)
    assert torch.equal(turned.values.float(), blocks.values.mT.float())
    assert torch.equal(turned.scales, blocks.scales.mT)


@pytest.mark.parametrize("way", [to_tiles, to_blocks])
def test_zeros_and_what_is_next_to_zero_have_a_scale_of_one(way: Callable[[Tensor], Quantised]) -> None:
    x = torch.zeros(3, 256)
    x[:, 128:] = SMALLEST / 2
    quantised = way(x)
    assert (quantised.scales == 1).all()
    assert (quantised.values.float() == 0).all()


@pytest.mark.parametrize("largest", [torch.finfo(torch.float32).max, SMALLEST])
def test_the_ends_of_the_range_come_back(largest: float) -> None:
    x = torch.full((1, 128), largest)
    torch.testing.assert_close(TILES(x), x)


@pytest.mark.parametrize("bad", [torch.inf, -torch.inf, torch.nan])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_number_that_is_not_finite_shows_in_its_tile_and_nowhere_else(
    bad: float, dtype: torch.dtype
) -> None:
    x = normal(5, 300).to(dtype)
    x[2, 130] = bad
    seen = from_tiles(to_tiles(x)).isnan()
    assert seen[2, 128:256].all()
    assert seen.sum() == 128
    assert from_tiles(to_tiles(x, power_of_two=True)).isnan().sum() == 128
    assert from_blocks(to_blocks(x)).isnan().sum() == 5 * 128


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=5), st.integers(1, 150))
def test_columns_keep_groups_apart(counts: list[int], channels: int) -> None:
    ends_E = torch.tensor(counts).cumsum(0).to(torch.int32)
    x_PC = normal(sum(counts), channels)
    columns = to_columns(x_PC, ends_E)
    tiles = most_tiles(sum(counts), len(counts))
    assert columns.values.shape == (channels, 128 * tiles)
    assert columns.scales.shape == (channels, tiles)
    back, start, first = from_tiles(columns), 0, 0
    for count, last in zip(counts, group_tiles(ends_E).tolist(), strict=True):
        group = x_PC[start : start + count]
        if count:
            assert torch.equal(back[:, 128 * first : 128 * first + count], from_tiles(to_tiles(group.t())))
        assert (back[:, 128 * first + count : 128 * last] == 0).all()
        start, first = start + count, last
    assert first <= tiles
    assert (back[:, 128 * first :] == 0).all()


def test_blocks_lose_more_than_tiles_of_gradients_with_outliers_at_some_tokens() -> None:
    """What DeepSeek-V3 found to diverge (appendix B.2)."""
    grad = normal(512, 512)
    grad[::32] *= 1e5
    quiet = torch.ones(512, dtype=torch.bool)
    quiet[::32] = False
    losses = [
        ((from_tiles(to_tiles(grad, square=square)) - grad)[quiet].norm() / grad[quiet].norm()).item()
        for square in (False, True)
    ]
    assert losses[0] < 0.03
    assert losses[1] > 5 * losses[0]
