"""Weights that go into a real vLLM: what arrives is believed, and what vLLM silently spoils is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from prover.policies.vllm_engine import VllmPolicy
from tests.training.model.tiny import stepped, tiny_model, tiny_tokenizer
from training.model import Transformer, save_checkpoint
from training.transfer import CheckpointReload, Disagreement, EngineControl, TransferError, WeightLink

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm")

SIZES = {"hidden_size": 64, "qk_nope_head_dim": 32, "qk_rope_head_dim": 32, "v_head_dim": 32}
SIZES |= {"kv_lora_rank": 32, "moe_intermediate_size": 32}


async def send(folder: Path, model: Transformer) -> tuple[Disagreement, Disagreement]:
    """What rounding makes, and what the probe says of new weights that vLLM reloaded from a checkpoint."""
    tiny_tokenizer(folder)
    save_checkpoint(model, folder)
    async with VllmPolicy(str(folder), settings={"max_model_len": 256}) as policy:
        assert policy.started is not None
        async with WeightLink(EngineControl(policy.started.engine), model, CheckpointReload()) as link:
            noise = link.noise
            return noise, await link.send(stepped(model), "step-1")


def test_a_dense_model_takes_new_weights(tmp_path: Path) -> None:
    noise, found = asyncio.run(send(tmp_path, tiny_model(first_k_dense_replace=3, **SIZES)))
    assert noise.mean < 1e-5
    assert found.mean < 1e-5


def test_a_mixture_on_a_cpu_does_not_and_is_refused(tmp_path: Path) -> None:
    """vLLM packs a mixture's experts for CPUs when it loads, not when it reloads, and says nothing."""
    with pytest.raises(TransferError, match="does not hold the weights that were sent"):
        asyncio.run(send(tmp_path, tiny_model(**SIZES)))
