"""Pipelines over several processes learn what one process learns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.training.model.tiny import tiny_model, tokens
from tests.training.parallel.processes import together
from training.model import Transformer
from training.parallel.dualpipe import dualpipe, dualpipev
from training.parallel.experts import one_hop, spread_experts
from training.parallel.pipeline import Channels, Pipeline
from training.parallel.pipelines import chimera, one_forward_one_backward, zb1p
from training.parallel.schedule import Schedule
from training.parallel.split import make_splittable
from training.parallel.stages import Stages, layers_of
from training.sft.objective import Batch, Losses, Objective, Targets

MAKERS: dict[str, Callable[[int, int], Schedule]] = {
    "1F1B": one_forward_one_backward,
    "ZB1P": zb1p,
    "Chimera": chimera,
    "DualPipe": dualpipe,
    "DualPipeV": dualpipev,
}
LAYERS, BATCHES = 8, 8


def model_of(layers: int = LAYERS) -> Transformer:
    return tiny_model(num_hidden_layers=layers, num_nextn_predict_layers=1, tie_word_embeddings=True)


def batch_of(seed: int) -> Batch:
    """Two documents in a row of two, padding behind them."""
    generator = torch.Generator().manual_seed(seed)
    segments_BL = torch.tensor([[0] * 9 + [1] * 6 + [-1] * 2, [0] * 17])

    def targets() -> Targets:
        index_N = torch.randperm(30, generator=generator)[:11].sort().values
        return Targets(index_N, torch.randint(0, 257, (11,), generator=generator))

    return Batch(tokens(2, 17, seed), segments_BL, None, targets(), targets())


def loss_of(losses: Losses) -> Tensor:
    return losses.next / 100 + 0.3 * losses.second / 100 + 0.01 * losses.balance / 16


def expected(batches: list[Batch]) -> tuple[Transformer, Losses]:
    """One process: its model with gradients, and the sums of the losses."""
    objective = Objective(model_of(), compile_=False)
    sums = []
    for batch in batches:
        losses = objective(batch)
        loss_of(losses).backward()
        sums.append(Losses(*(value.detach() for value in losses)))
    added = (torch.stack(values).sum(0) for values in zip(*sums, strict=True))
    return objective.model, Losses(*added)


def compare(rank: int, ranks: int, ways: int) -> dict[str, float]:
    """The largest relative error of losses and gradients for each schedule, over a pipeline of `ranks`, each
    of whose places is `ways` processes that share the experts and have micro-batches of their own."""
    place, way = divmod(rank, ways)
    channels = [Channels([ways * other + index for other in range(ranks)]) for index in range(ways)][way]
    peers = [dist.new_group(list(range(ways * other, ways * (other + 1)))) for other in range(ranks)][place]
    every = [[batch_of(BATCHES * index + number) for number in range(BATCHES)] for index in range(ways)]
    wanted = expected([batch for batches in every for batch in batches])
    found = {}
    for name, make in MAKERS.items():
        schedule = make(ranks, BATCHES)
        found[name] = error(schedule, place, channels, peers, every[way], wanted)
    return found


def error(
    schedule: Schedule,
    place: int,
    channels: Channels,
    peers: dist.ProcessGroup,
    batches: list[Batch],
    wanted: tuple[Transformer, Losses],
) -> float:
    """Of one schedule."""
    whole, losses = wanted
    model = model_of()
    make_splittable(model)
    experts = one_hop(model.config, peers, torch.device("cpu"))
    if dist.get_world_size(peers) > 1:
        spread_experts(model, experts)
    stages = Stages(model, schedule.stages, schedule.stages_of(place))
    found = Pipeline(stages, schedule, place, channels).step(batches, loss_of)
    mine = dict(stages.model.named_parameters())
    worst = 0.0
    for full_name, parameter in whole.named_parameters():
        # What several processes hold is added up; each takes part, also those without the parameter.
        part = mine.get(full_name)
        assert parameter.grad is not None
        grad = torch.zeros_like(parameter)
        if part is not None and part.grad is not None:
            here = slice(experts.first, experts.first + experts.number)
            (grad[here] if ".experts." in full_name else grad).copy_(part.grad)
        dist.all_reduce(grad)
        worst = max(worst, float((grad - parameter.grad).norm() / parameter.grad.norm()))
    added = torch.zeros(3)
    for own in found.values():
        added += torch.stack([own.next, own.second, own.balance])
    dist.all_reduce(added)
    right = torch.stack([losses.next, losses.second, losses.balance])
    return max(worst, float(((added - right) / right).abs().max()))


@pytest.mark.parametrize(("ranks", "ways"), [(4, 1), (2, 2)])
def test_any_pipeline_learns_what_one_process_learns(ranks: int, ways: int) -> None:
    for found in together(compare, ranks * ways, ranks, ways):
        assert found.keys() == MAKERS.keys()
        assert all(worst < 1e-6 for worst in found.values()), found


def test_layers_are_spread_evenly() -> None:
    config = model_of().config
    assert [len(layers) for layers in layers_of(config, 3)] == [3, 3, 2]
    for stages in range(1, LAYERS + 1):
        found = layers_of(config, stages)
        assert [layer for layers in found for layer in layers] == list(range(LAYERS))
        assert {len(layers) for layers in found} <= {LAYERS // stages, LAYERS // stages + 1}
    with pytest.raises(ValueError, match="8 layers cannot be cut into 9 stages"):
        layers_of(config, 9)
