"""The Triton kernels against the references, bit by bit where rounding is defined.

On a GPU they run as they are, those of `hopper` on Hopper. Without one they need Triton's interpreter, which
has nothing for `hopper`:

    pip install --no-deps triton
    TRITON_INTERPRET=1 python -m pytest tests/training/parallel/fp8/test_kernels.py
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from training.parallel.fp8 import dense, reference
from training.parallel.fp8.tiles import Quantised
from training.parallel.fp8.wire import pack, unpack

triton = pytest.importorskip("triton")
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if DEVICE.type == "cpu" and not triton.knobs.runtime.interpret:
    pytest.skip("without a GPU this needs TRITON_INTERPRET=1", allow_module_level=True)

from training.parallel.fp8 import gpu, kernels  # noqa: E402

WAYS = kernels.WAYS if DEVICE.type == "cuda" else [kernels.WAYS[0], kernels.WAYS[-1]]
HOPPER = DEVICE.type == "cuda" and torch.cuda.get_device_capability() == (9, 0)
GROUPS = [[128, 128], [0, 1, 130, 0, 60], [0, 0, 5], [200]]


@pytest.fixture(autouse=True)
def mended_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its casts to FP8 lose the carry of a rounding, and new versions of NumPy break the bounds of loops."""
    if DEVICE.type == "cuda":
        return
    use(kernels.WAYS[0], monkeypatch)  # There is nothing to find out which is the fastest.
    from triton import language as tl
    from triton.runtime import interpreter

    convert, patch = interpreter._convert_float, interpreter._patch_lang_tensor

    def converted(data: Any, source: Any, target: Any, rounding: Any) -> Any:
        if (source, target) != (tl.float32, tl.float8e4nv):
            return convert(data, source, target, rounding)
        return torch.from_numpy(np.array(data)).to(torch.float8_e4m3fn).view(torch.uint8).numpy()

    def patched(tensor: Any, scope: Any) -> None:
        patch(tensor, scope)
        scope.set_attr(tensor, "__index__", lambda self: int(self.handle.data.item()))

    monkeypatch.setattr(interpreter, "_convert_float", converted)
    monkeypatch.setattr(interpreter, "_patch_lang_tensor", patched)


def use(way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the products this way only."""
    for kernel in (kernels._multiply_kernel, kernels._of_weight_kernel):
        monkeypatch.setattr(kernel, "configs", [way])
        monkeypatch.setattr(kernel, "cache", {})


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).bfloat16().to(DEVICE)


def ends_of(counts: list[int]) -> Tensor:
    return torch.tensor(counts, device=DEVICE).cumsum(0).to(torch.int32)


def same(found: Quantised, wanted: Quantised) -> None:
    torch.testing.assert_close(found.scales, wanted.scales, rtol=0, atol=0, equal_nan=True)
    values = found.values.float(), wanted.values.float()
    # What a NaN of the scale makes of the values does not matter.
    torch.testing.assert_close(*(each.nan_to_num(0) for each in values), rtol=0, atol=0)


@pytest.mark.parametrize("power_of_two", [False, True])
@pytest.mark.parametrize(("rows", "columns"), [(70, 256), (3, 200), (1, 1), (0, 128)])
def test_tiles(rows: int, columns: int, power_of_two: bool) -> None:
    x = normal(rows, columns) * 100
    same(gpu.to_tiles(x, power_of_two=power_of_two), reference.to_tiles(x, power_of_two=power_of_two))
    turned = normal(columns, rows).t()
    same(gpu.to_tiles(turned), reference.to_tiles(turned))


@pytest.mark.parametrize(("rows", "columns"), [(128, 256), (200, 130), (1, 1)])
def test_blocks(rows: int, columns: int) -> None:
    weight = normal(2, rows, columns)
    for each in (weight, weight.mT, weight[1], weight[1].t()):
        same(gpu.to_blocks(each), reference.to_blocks(each))


@pytest.mark.parametrize("power_of_two", [False, True])
@pytest.mark.parametrize("counts", [*GROUPS, [0]])
def test_columns(counts: list[int], power_of_two: bool) -> None:
    x, ends = normal(sum(counts), 140), ends_of(counts)
    named = {"power_of_two": power_of_two}
    same(gpu.to_columns(x, ends, **named), reference.to_columns(x, ends, **named))
    tiles = unpack(pack(x), x.shape[1])
    same(gpu.to_columns(tiles, ends, **named), reference.to_columns(tiles, ends, **named))


@pytest.mark.parametrize("bad", [torch.inf, -torch.inf, torch.nan, 0.0])
def test_what_is_not_finite_and_zeros(bad: float) -> None:
    x, ends = normal(40, 256), ends_of([10, 30])
    x[3, 130] = bad
    x[5] = 0
    same(gpu.to_tiles(x), reference.to_tiles(x))
    same(gpu.to_tiles(x, power_of_two=True), reference.to_tiles(x, power_of_two=True))
    same(gpu.to_columns(x, ends), reference.to_columns(x, ends))
    same(gpu.to_blocks(x), reference.to_blocks(x))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("counts", GROUPS)
@pytest.mark.parametrize(("inputs", "outputs"), [(256, 128), (200, 300)])
def test_products(
    counts: list[int], inputs: int, outputs: int, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(way, monkeypatch)
    check_products(kernels, counts, inputs, outputs, monkeypatch)


@pytest.mark.skipif(not HOPPER, reason="instructions of Hopper only")
@pytest.mark.parametrize("counts", [*GROUPS, [0, 0], [300, 0, 1, 2500], [1] * 70])
@pytest.mark.parametrize(("inputs", "outputs"), [(256, 128), (200, 300), (1, 1), (1030, 520)])
def test_products_on_hopper(
    counts: list[int], inputs: int, outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.parallel.fp8 import hopper

    assert gpu._way(DEVICE, 0) is kernels
    assert gpu._way(DEVICE, 10**12) is hopper
    check_products(hopper, counts, inputs, outputs, monkeypatch)


@pytest.mark.parametrize(("rows", "tiles"), [(1, 1), (5, 3), (70, 9), (128, 20)])
def test_scales_are_loaded_from_multiples_of_16_bytes(rows: int, tiles: int) -> None:
    pytest.importorskip("triton", minversion="3.6")
    from training.parallel.fp8.lines import lines
    from training.parallel.fp8.schedule import in_lines

    numbers = torch.arange(rows * tiles, dtype=torch.float32, device=DEVICE).view(tiles, rows)
    for scales_MT in (numbers.t(), numbers.t().contiguous()):
        four = lines(scales_MT)
        for place in range(rows * tiles):
            begins = in_lines.fn(place, four.shape[1])
            assert begins % 4 == 0
            left = min(four.shape[1] - place // 4 * 4, rows * tiles - place)
            expected = torch.arange(place, place + left, dtype=torch.float32, device=DEVICE)
            assert torch.equal(four.flatten()[begins : begins + left], expected)


def check_products(
    found_by: ModuleType, counts: list[int], inputs: int, outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "_way", lambda *_: found_by)
    x, grad, ends = normal(sum(counts), inputs), normal(sum(counts), outputs, seed=1), ends_of(counts)
    tiles, blocks = reference.to_tiles(x), reference.to_blocks(normal(len(counts), outputs, inputs, seed=2))
    columns = reference.to_columns(grad, ends), reference.to_columns(x, ends)
    for mine, theirs, operands in (
        (gpu.multiply, reference.multiply, (tiles, blocks)),
        (gpu.of_weight, reference.of_weight, columns),
    ):
        found, wanted = (each(*operands, ends, torch.float32) for each in (mine, theirs))
        # The tensor core keeps fewer bits than FP32 inside the 128 terms of a tile.
        torch.testing.assert_close(
            found, wanted, rtol=1e-3, atol=1e-3 * wanted.abs().amax().item() if wanted.numel() else 0
        )


def test_a_row_that_is_not_finite_stays_alone() -> None:
    x, ends = normal(40, 128), ends_of([10, 30])
    x[10, 3] = torch.inf
    found = gpu.multiply(gpu.to_tiles(x), gpu.to_blocks(normal(2, 64, 128)), ends, torch.float32)
    assert found.isnan().any(1).nonzero().flatten().tolist() == [10]


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(256, 512, 256), (48, 1024, 128), (2048, 512, 640)])
def test_scaled_mm(rows: int, inputs: int, outputs: int) -> None:
    if not dense.takes_blocks(rows, inputs, outputs, DEVICE, torch.bfloat16):
        pytest.skip("torch has no scaled_mm for blocks here")
    x, weight, grad = normal(rows, inputs), normal(outputs, inputs, seed=1), normal(rows, outputs, seed=2)
    ends = ends_of([rows])
    tiles, blocks = gpu.to_tiles(x), gpu.to_blocks(weight[None])
    wanted = reference.multiply(tiles, blocks, ends, torch.float32)
    found = dense.multiply(tiles, Quantised(blocks.values[0], blocks.scales[0]))
    assert (found.float() - wanted).norm() / wanted.norm() < 0.005
    columns = gpu.to_columns(grad, ends), gpu.to_columns(x, ends)
    wanted = reference.of_weight(*columns, ends, torch.float32)[0]
    assert (dense.of_weight(*columns).float() - wanted).norm() / wanted.norm() < 0.005
