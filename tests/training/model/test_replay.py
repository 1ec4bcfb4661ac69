"""Routing that is replayed: the experts of before, with the scores of now."""

from __future__ import annotations

import pytest
import torch

from tests.training.model.tiny import TINY, tiny_model, tokens


@pytest.mark.parametrize("mtp", [0, 1])
def test_replay_of_a_models_own_choice_changes_no_bit(mtp: int) -> None:
    model = tiny_model(num_nextn_predict_layers=mtp)
    batch, segments = tokens(2, 30), torch.tensor([[0] * 11 + [1] * 19, [0] * 25 + [-1] * 5])
    free = model(batch, segments_BL=segments)
    chosen = [routing.chosen_BLK for routing in free.routing]
    assert len(chosen) == 2 + mtp
    replayed = model(batch, segments_BL=segments, routing=chosen)
    assert torch.equal(replayed.hidden_BLD, free.hidden_BLD)
    if mtp:
        assert torch.equal(replayed.mtp_hidden_BLD, free.mtp_hidden_BLD)
    for one, other in zip(replayed.routing, free.routing, strict=True):
        assert torch.equal(one.chosen_BLK, other.chosen_BLK)
        assert torch.equal(one.counts_E, other.counts_E)


def test_each_layer_replays_its_own_choice_with_the_scores_of_now() -> None:
    model = tiny_model()
    batch = tokens(2, 30)
    with torch.no_grad():
        before = model(batch)
    chosen = [routing.chosen_BLK for routing in before.routing]
    for router in model.routers():  # Takes part in the choice alone.
        router.e_score_correction_bias.copy_(torch.randn(TINY.n_routed_experts))
    assert not torch.equal(model(batch).hidden_BLD, before.hidden_BLD)
    assert torch.equal(model(batch, routing=chosen).hidden_BLD, before.hidden_BLD)
    assert not torch.equal(model(batch, routing=chosen[::-1]).hidden_BLD, before.hidden_BLD)
    hidden = model(batch, routing=chosen).hidden_BLD
    hidden.square().sum().backward()
    for router in model.routers():
        assert router.weight.grad is not None
        assert router.weight.grad.any()
    with torch.no_grad():
        for router in model.routers():
            router.weight.mul_(1.5)
        moved = model(batch, routing=chosen)
    assert not torch.equal(moved.hidden_BLD, before.hidden_BLD)
    assert all(torch.equal(one.chosen_BLK, other) for one, other in zip(moved.routing, chosen, strict=True))
