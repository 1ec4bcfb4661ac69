"""Rows in FP8 as bytes."""

from __future__ import annotations

import pytest
import torch

from training.parallel.fp8.tiles import from_tiles, to_tiles
from training.parallel.fp8.wire import pack, unpack


@pytest.mark.parametrize(
    ("rows", "width", "packed_bytes"),
    [(5, 256, 272), (3, 200, 208), (1, 1, 16), (0, 256, 272), (0, 32, 48), (2, 512, 528), (2, 7168, 7392)],
)
def test_rows_arrive_as_they_were_quantised(rows: int, width: int, packed_bytes: int) -> None:
    x_ND = torch.randn(rows, width, generator=torch.Generator().manual_seed(0)).bfloat16()
    packed = pack(x_ND)
    assert packed.dtype == torch.uint8
    assert packed.shape == (rows, packed_bytes), "D + 4 for each 128, up to a multiple of 16"
    sent, got = to_tiles(x_ND, power_of_two=True), unpack(packed.flip(0).flip(0), width)
    assert torch.equal(got.scales, sent.scales)
    assert torch.equal(from_tiles(got), from_tiles(sent))


def test_rows_keep_their_own_scales_in_any_order() -> None:
    x_ND = torch.randn(6, 130) * torch.arange(1, 7)[:, None]
    order = torch.tensor([4, 0, 5, 5, 1])
    assert torch.equal(from_tiles(unpack(pack(x_ND)[order], 130)), from_tiles(unpack(pack(x_ND), 130))[order])


def test_what_is_not_finite_arrives_as_such() -> None:
    x_ND = torch.ones(2, 128)
    x_ND[1, 0] = torch.inf
    assert from_tiles(unpack(pack(x_ND), 128)).isnan().any(1).tolist() == [False, True]


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="130 numbers are packed into 144 bytes, not 112"):
        unpack(pack(torch.ones(2, 100)), 130)
