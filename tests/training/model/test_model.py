"""Packing, experts, balance and compilation of the model, each against a slow direct way."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.training.model.tiny import TINY, tiny_model, tokens
from training.model.experts import Experts
from training.model.metrics import max_violation, nodes_per_token, noise_floor, router_metrics
from training.model.router import Router, sequence_balance_loss
from training.model.transformer import document_starts


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_packed_documents_do_not_see_each_other() -> None:
    model = tiny_model()
    batch = tokens(2, 30)
    segments = torch.tensor([[0] * 11 + [1] * 19, [4] * 7 + [5] * 8 + [9] * 10 + [-1] * 5])
    packed = model(batch, segments_BL=segments).hidden_BLD
    for row in range(2):
        for segment in segments[row].unique().tolist():
            inside = segments[row] == segment
            alone = model(batch[row, inside][None]).hidden_BLD[0]
            torch.testing.assert_close(packed[row, inside], alone, rtol=0, atol=1e-4)
    assert document_starts(segments)[1].tolist() == [0] * 7 + [7] * 8 + [15] * 10 + [25] * 5


def test_padding_counts_nowhere() -> None:
    model = tiny_model()
    batch = tokens(2, 20)
    padded = torch.cat([batch, tokens(2, 9, seed=1)], dim=1)
    segments = torch.tensor([[0] * 20 + [-1] * 9] * 2)
    for alone, packed in zip(model(batch).routing, model(padded, segments_BL=segments).routing, strict=True):
        torch.testing.assert_close(alone.counts_E, packed.counts_E)
        torch.testing.assert_close(alone.balance_loss, packed.balance_loss, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("chosen", ["spread", "one expert", "some expert without tokens"])
def test_grouped_experts_equal_the_loop(dtype: torch.dtype, chosen: str) -> None:
    torch.manual_seed(0)
    experts = Experts(TINY)
    for parameter in experts.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    experts.to(dtype)
    x_ND = torch.randn(50, TINY.hidden_size, dtype=dtype, requires_grad=True)
    pool = {"spread": 8, "one expert": 3, "some expert without tokens": 6}[chosen]
    chosen_NK = torch.rand(50, pool).topk(3).indices
    weights_NK = torch.rand(50, 3, requires_grad=True)
    results = []
    for way in (experts.grouped, experts.loop):
        out_ND = way(x_ND, chosen_NK, weights_NK)
        out_ND.square().sum().backward()
        results.append([out_ND.detach(), x_ND.grad, weights_NK.grad, *(p.grad for p in experts.parameters())])
        x_ND.grad = weights_NK.grad = None
        experts.zero_grad()
    tolerance = 1e-4 if dtype == torch.float32 else 0.1
    for grouped, loop in zip(*results, strict=True):
        torch.testing.assert_close(grouped, loop, rtol=tolerance, atol=tolerance)


def test_no_token_is_dropped_whatever_the_load() -> None:
    """All tokens to the same experts: each gets its full sum."""
    torch.manual_seed(0)
    experts = Experts(TINY)
    for parameter in experts.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    x_ND, weights_NK = torch.randn(64, TINY.hidden_size), torch.rand(64, 3)
    chosen_NK = torch.tensor([[5, 0, 2]]).expand(64, -1)
    together = experts.loop(x_ND, chosen_NK, weights_NK)
    for row in range(64):
        alone = experts.loop(x_ND[row : row + 1], chosen_NK[:1], weights_NK[row : row + 1])
        torch.testing.assert_close(together[row], alone[0], rtol=1e-4, atol=1e-5)


def test_the_router_obeys_groups_and_bias() -> None:
    """Against the definition, token by token."""
    torch.manual_seed(0)
    router = Router(TINY)
    torch.nn.init.normal_(router.weight, std=0.3)
    router.e_score_correction_bias.normal_(std=0.3)
    x_BLD = torch.randn(2, 25, TINY.hidden_size)
    weights_BLK, routing = router(x_BLD)
    weights_BLK = weights_BLK.detach()
    scores = (x_BLD @ router.weight.T).sigmoid()
    for row, scores_E in enumerate(scores.detach().flatten(0, 1)):
        biased = (scores_E + router.e_score_correction_bias).tolist()
        groups = [sorted(biased[start : start + 2])[::-1] for start in (0, 2, 4, 6)]
        open_groups = sorted(range(4), key=lambda group: sum(groups[group][:2]))[-2:]
        allowed = [expert for expert in range(8) if expert // 2 in open_groups]
        best = sorted(allowed, key=lambda expert: biased[expert])[-3:]
        assert sorted(routing.chosen_BLK.flatten(0, 1)[row].tolist()) == sorted(best)
        total = sum(float(scores_E[expert]) for expert in best)
        for slot, expert in enumerate(routing.chosen_BLK.flatten(0, 1)[row].tolist()):
            wanted = 2.5 * float(scores_E[expert]) / total
            assert float(weights_BLK.flatten(0, 1)[row, slot]) == pytest.approx(wanted, abs=1e-5)
    assert routing.counts_E.sum() == 50 * 3
    assert nodes_per_token(routing.chosen_BLK, TINY) == 2


def test_the_sequence_balance_loss_is_the_papers() -> None:
    """Eq. 17-20, written out."""
    torch.manual_seed(0)
    scores = torch.rand(2, 7, 8, requires_grad=True)
    loss = sequence_balance_loss(scores, 3, torch.ones(2, 7, dtype=torch.bool))
    wanted = 0.0
    for s in scores:
        for i in range(8):
            f = 8 / (3 * 7) * sum(int(i in s[t].topk(3).indices.tolist()) for t in range(7))
            p = sum(s[t, i] / s[t].sum() for t in range(7)) / 7
            wanted += f * p / 2
    torch.testing.assert_close(loss, torch.as_tensor(wanted))
    loss.backward()
    assert scores.grad is not None
    assert scores.grad.abs().sum() > 0


def test_the_bias_evens_the_load_out() -> None:
    """Tokens that prefer two experts are spread once the biases have moved, up to the noise of so few."""
    torch.manual_seed(0)
    router = Router(replace(TINY, n_group=1, topk_group=1, num_experts_per_tok=2))
    torch.nn.init.normal_(router.weight, std=0.1)
    router.weight.data[:2] += 0.1
    violations = []
    for _ in range(400):
        _, routing = router(torch.randn(1, 512, TINY.hidden_size) + 0.5)
        violations.append(max_violation(routing.counts_E))
        router.update_bias(routing.counts_E, 1e-3)
    assert violations[0] > 0.5
    assert sum(violations[-20:]) / 20 < 2.5 * noise_floor(8, 2, 512)


def test_the_noise_floor_is_that_of_a_random_router() -> None:
    # Independent draws: what a simulation of 64 experts gives at mean loads of 128 and 4,096.
    assert noise_floor(64, 1, 128 * 64) == pytest.approx(0.217, rel=0.03)
    assert noise_floor(64, 1, 4096 * 64) == pytest.approx(0.036, rel=0.03)
    torch.manual_seed(0)
    draws = torch.rand(400, 256, 16).topk(4, dim=-1).indices.flatten(1)
    counts = torch.zeros(400, 16).scatter_add(1, draws, torch.ones_like(draws, dtype=torch.float32))
    simulated = float((counts.max(1).values / counts.mean(1) - 1).mean())
    assert noise_floor(16, 4, 256) == pytest.approx(simulated, rel=0.05)
    assert noise_floor(8, 8, 100) == 0


def test_router_metrics_of_a_batch() -> None:
    metrics = router_metrics(tiny_model()(tokens(4, 50)).routing, TINY)
    assert metrics.worst_violation >= metrics.max_violation > metrics.noise_floor > 0
    assert [sum(load_E) / 8 for load_E in metrics.load_LE] == pytest.approx([1, 1])
    assert metrics.nodes_per_token * metrics.experts_per_node == pytest.approx(3)


def test_a_block_compiles_without_a_break() -> None:
    """In BF16, which is the way with grouped GEMMs; forward and backward."""
    model = tiny_model().to(torch.bfloat16)
    segments = torch.tensor([[0] * 10 + [1] * 6])
    batch = tokens(1, 16)
    context = model.context(batch, segments, None)
    x_BLD = model.embed_tokens(batch)
    block = model.layers[1]
    found, _ = torch.compile(block, fullgraph=True, backend="aot_eager")(x_BLD, context)
    found.float().square().sum().backward()
    torch.testing.assert_close(found, block(x_BLD, context)[0], rtol=0.05, atol=0.05)


@pytest.mark.slow
def test_inductor_compiles_a_block() -> None:
    model = tiny_model().to(torch.bfloat16)
    batch = tokens(2, 16)
    context = model.context(batch, None, None)
    x_BLD = model.embed_tokens(batch)
    compiled = torch.compile(model.layers[1], fullgraph=True)
    torch.testing.assert_close(
        compiled(x_BLD, context)[0], model.layers[1](x_BLD, context)[0], rtol=0.1, atol=0.1
    )
