"""The FLOP convention, against PyTorch's own count and by hand."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from training.flops import Work, count_parameters, peak_flops, step_flops
from training.model import ModelConfig, Transformer
from training.sft.config import ModelTable
from training.sft.presets import PRESETS, model_config


@pytest.fixture(name="config")
def fixture_config() -> ModelConfig:
    return model_config(ModelTable("tiny"), 512)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("mtp", [0, 1])
def test_total_is_what_the_model_has(preset: str, mtp: int) -> None:
    config = model_config(ModelTable(preset, {"num_nextn_predict_layers": mtp}), 4096)
    with torch.device("meta"):
        model = Transformer(config)
    matrices = sum(value.numel() for value in model.parameters() if value.dim() > 1)
    assert count_parameters(config).total == matrices


@pytest.mark.parametrize(
    "changes", [{}, {"q_lora_rank": 24}, {"num_nextn_predict_layers": 1}, {"first_k_dense_replace": 0}]
)
def test_forward_is_what_torch_counts(config: ModelConfig, changes: dict[str, int]) -> None:
    config = replace(config, **changes)
    model = Transformer.drawn(config, 0)
    tokens = torch.zeros(2, 32, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        hidden = model(tokens)
        model.logits(hidden.hidden_BLD)
        if hidden.mtp_hidden_BLD is not None:
            model.logits(hidden.mtp_hidden_BLD)
    seconds = 64 if config.num_nextn_predict_layers else 0
    # torch counts attention in full, where the convention counts the causal half.
    ours = step_flops(config, Work(64, 2 * (2 * 32 * 32), 64, seconds)) / 3
    assert ours == counter.get_total_flops()


def test_by_hand(config: ModelConfig) -> None:
    parameters = count_parameters(config)
    work = Work(tokens=1000, pairs=1000 * 100, targets=400)
    attention = 6 * 2 * 2 * (32 + 16) * 1000 * 100 / 2
    without = 6 * parameters.active * 1000 + attention
    assert step_flops(config, work, head=False) == without
    assert step_flops(config, work) == without + 6 * 512 * 64 * 400


def test_sizes_are_what_they_are_called() -> None:
    large = model_config(ModelTable("1b"), 32768)
    assert 0.95e9 < count_parameters(large).total < 1.1e9
    assert 0.24e9 < count_parameters(large).active < 0.27e9
    shipped = model_config(ModelTable("shipped"), 2048)
    parameters = count_parameters(shipped)
    on_disk = parameters.total + shipped.tie_word_embeddings * parameters.head  # The head is written apart.
    assert 2 * on_disk < 15.5e6, asdict(shipped)


def test_peaks() -> None:
    assert peak_flops("NVIDIA H200") == peak_flops("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_flops("CPU") is None
