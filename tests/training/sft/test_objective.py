"""The chunked cross-entropy against torch's, and packed rows against examples alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.training.sft.tiny import write
from training.model import Transformer
from training.sft.config import load_config
from training.sft.dataset import load_dataset
from training.sft.objective import Objective, cross_entropy, cross_entropy_chunk, make_batch
from training.sft.packing import IGNORED, PADDING, TokenExample, pack
from training.sft.presets import model_config

CPU = torch.device("cpu")


def inputs(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(50, 16, generator=generator).to(dtype).requires_grad_()
    weight = torch.randn(40, 16, generator=generator).to(dtype).requires_grad_()
    return hidden, weight, torch.randint(0, 40, (50,), generator=generator)


@pytest.mark.parametrize("size", [7, 50, 64])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_chunked_cross_entropy_is_torchs(size: int, dtype: torch.dtype, tolerance: float) -> None:
    hidden, weight, targets = inputs(dtype)
    loss = cross_entropy(hidden, weight, targets, chunk=cross_entropy_chunk, size=size)
    (3 * loss).backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        without = cross_entropy(hidden, weight, targets, chunk=cross_entropy_chunk, size=size)
    exact_hidden, exact_weight = (value.detach().float().requires_grad_() for value in (hidden, weight))
    exact = F.cross_entropy(exact_hidden @ exact_weight.t(), targets, reduction="sum")
    (3 * exact).backward()  # type: ignore[no-untyped-call]
    for found, expected in (
        (loss, exact),
        (without, exact),
        (hidden.grad, exact_hidden.grad),
        (weight.grad, exact_weight.grad),
    ):
        assert found is not None
        assert expected is not None
        assert (found.float() - expected).norm() <= tolerance * expected.norm()


@pytest.mark.parametrize("mtp", [0, 1])
def test_a_packed_row_costs_what_its_examples_cost_alone(tmp_path: Path, mtp: int) -> None:
    config = load_config(write(tmp_path, model__sizes__num_nextn_predict_layers=mtp))
    data = load_dataset(config.data, None, 0)
    model = Transformer.drawn(model_config(config.model, data.tokenizer.get_vocab_size()), 0)
    objective = Objective(model, False)
    rows = data.epoch(0)[0][:4]
    packed = objective(make_batch(rows, CPU, second=bool(mtp)))
    alone_next, alone_second, counts = 0.0, 0.0, 0.0
    for row in range(len(rows)):
        segments = rows.segments_RL[row]
        for number in range(segments.max() + 1):
            here = segments == number
            ids, targets = rows.tokens_RL[row, here], rows.targets_RL[row, here]
            prompt = int((targets == IGNORED).sum()) + 1
            alone, _ = pack([TokenExample([*ids, targets[-1]], prompt)], len(ids))
            losses = objective(make_batch(alone, CPU, second=bool(mtp)))
            alone_next += float(losses.next.detach())
            alone_second += float(losses.second.detach())
            counts = counts + losses.counts_ME
    assert float(packed.next.detach()) == pytest.approx(alone_next, rel=1e-5)
    assert float(packed.second.detach()) == pytest.approx(alone_second, rel=1e-5)
    assert torch.equal(packed.counts_ME, counts)
    assert (rows.segments_RL == PADDING).any()


def test_rows_of_one_document_need_no_mask() -> None:
    rows, _ = pack([TokenExample(list(range(17)), 1)] * 2, 16)
    batch = make_batch(rows, CPU, second=False)
    assert batch.segments_BL is None
    assert batch.next.index_N.tolist() == list(range(32))
