"""A real vLLM writes for the learner, and takes its weights."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from lean_env.values import Theorem
from prover.prompts import make_prompt
from tests.training.model.tiny import tiny_model, tiny_tokenizer
from training.model import Transformer, save_checkpoint
from training.rlpaf.config import SamplingConfig
from training.rlpaf.sampler import ModelSampler, Written

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm")

SIZES = {"hidden_size": 64, "qk_nope_head_dim": 32, "qk_rope_head_dim": 32, "v_head_dim": 32}
DENSE = {"kv_lora_rank": 32, "moe_intermediate_size": 32, "first_k_dense_replace": 3}
THEOREMS = [Theorem(f"t{number}", f"theorem t{number} : {number} = {number} := by") for number in range(3)]


def moved(model: Transformer) -> Transformer:
    """The model after a step of training, so to speak."""
    model = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=generator)
    return model


def agree(model: Transformer, tokenizer: Tokenizer, written: list[list[Written]]) -> None:
    """Every completion's log-probs are those of the model."""
    for one in (one for answer in written for one in answer):
        prompt = tokenizer.encode(one.prompt.text).ids
        tokens = torch.tensor([[*prompt, *one.completion.token_ids]])
        with torch.no_grad():
            logprobs = model.logits(model(tokens).hidden_BLD)[0].log_softmax(-1)
        own = logprobs[len(prompt) - 1 : -1].gather(1, tokens[0, len(prompt) :, None])[:, 0]
        assert torch.allclose(own, torch.tensor(one.completion.logprobs), atol=1e-3)


def test_what_vllm_writes_is_the_learners_policy_before_and_after_an_update(tmp_path: Path) -> None:
    tiny_tokenizer(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    model = tiny_model(**SIZES, **DENSE)
    save_checkpoint(model, tmp_path)
    later = moved(model)

    async def run() -> tuple[list[list[Written]], float, list[list[Written]]]:
        config = SamplingConfig(max_tokens=12, policy="vllm")
        async with ModelSampler(tmp_path, config, "cpu") as sampler:
            prompts = [make_prompt(theorem) for theorem in THEOREMS]
            before = await sampler.write(prompts, 4, 1)
            probe = await sampler.load(later.state_dict(), 7)
            return before, probe, await sampler.write(prompts, 4, 1)

    before, probe, after = asyncio.run(run())
    assert {one.version for answer in before for one in answer} == {0}
    assert {one.version for answer in after for one in answer} == {7}
    assert [len(answer) for answer in before] == [4, 4, 4]
    assert probe < 1e-4
    agree(model, tokenizer, before)
    agree(later, tokenizer, after)
