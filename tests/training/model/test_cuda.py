"""The ways that only a GPU takes: grouped GEMMs in BF16, compiled blocks, generation. Skipped without one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from prover.policies.base import Sampling
from tests.training.model.tiny import TINY, tiny_checkpoint, tiny_model, tokens
from training.generate import load_generator
from training.model.experts import Experts

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def test_grouped_experts_equal_the_loop() -> None:
    torch.manual_seed(0)
    experts = Experts(TINY)
    for parameter in experts.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    experts.to("cuda", torch.bfloat16)
    x_ND = torch.randn(200, TINY.hidden_size, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    chosen_NK = torch.rand(200, 6, device="cuda").topk(3).indices
    weights_NK = torch.rand(200, 3, device="cuda")
    results = []
    for way in (experts.grouped, experts.loop):
        out_ND = way(x_ND, chosen_NK, weights_NK)
        out_ND.float().square().mean().backward()
        results.append([out_ND.detach(), x_ND.grad, *(p.grad for p in experts.parameters())])
        x_ND.grad = None
        experts.zero_grad()
    for grouped, loop in zip(*results, strict=True):
        error = (grouped.float() - loop.float()).norm() / loop.float().norm()
        assert error < 0.01


@pytest.mark.parametrize("packed", [False, True])
def test_compiled_blocks_compute_the_same(packed: bool) -> None:
    model = tiny_model(v_head_dim=16).to("cuda", torch.bfloat16)
    batch = tokens(2, 64).cuda()
    segments = torch.arange(64, device="cuda").expand(2, -1) // 20 if packed else None
    plain = model(batch, segments_BL=segments).hidden_BLD.float()
    for block in model.layers:
        block.compile(fullgraph=True)
    compiled = model(batch, segments_BL=segments).hidden_BLD.float()
    compiled.square().mean().backward()
    # Rounding may send a token to another expert; most must agree.
    close = (plain - compiled).abs().amax(-1) < 0.2
    assert close.float().mean() > 0.9


def test_training_steps_repeat_bit_by_bit() -> None:
    gradients = []
    for _ in range(2):
        model = tiny_model().to("cuda", torch.bfloat16)
        model(tokens(4, 64).cuda()).hidden_BLD.float().square().mean().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for first, second in zip(*gradients, strict=True):
        assert first is None or torch.equal(first, second)


@pytest.mark.parametrize("experts", [8, 32])
def test_generation_agrees_with_the_cpu(experts: int, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path, n_routed_experts=experts)
    prompts = ["theorem t : True := by\n", "theorem u (p : Prop) (hp : p) : p := by\n"]
    sampling = Sampling(max_tokens=20, temperature=0, stop=())
    ours = load_generator(path, "v").generate(prompts, 1, sampling)
    theirs = load_generator(path, "v", device="cuda", dtype=torch.float32).generate(prompts, 1, sampling)
    assert [row[0].token_ids for row in ours] == [row[0].token_ids for row in theirs]
    (row,) = load_generator(path, "v", device="cuda").generate(prompts[:1], 64, Sampling(max_tokens=20))
    assert len(row) == 64
