"""Layouts that must come out well, those that must be refused, and where experts and their tokens go."""

from __future__ import annotations

import random
from itertools import product

import pytest

from prover.serving import ServeError
from prover.serving.hardware import GIB, GPUS, MIB, Gpu, Hardware
from prover.serving.layout import Layout, plan
from prover.serving.memory import UTILISATION
from prover.serving.model import Experts, find_model, known_models
from prover.serving.placement import expected_nodes, expert_nodes, groups_are_whole, node_spread
from prover.serving.reasons import ENOUGH
from prover.serving.tensors import Part

LAPTOP = Hardware(None, 0, 1, 16 * GIB, 8)


def on(gpu: str, gpus: int, nodes: int = 1) -> Hardware:
    return Hardware(GPUS[gpu], gpus, nodes, GPUS[gpu].memory)


def sizes(layout: Layout) -> tuple[int, int, int, int]:
    return layout.tensor, layout.pipeline, layout.data, layout.expert


def test_671b_on_four_nodes_of_h800() -> None:
    layout = plan(find_model("DeepSeek-Prover-V2-671B"), on("h800", 8, 4))
    assert sizes(layout) == (1, 1, 32, 32)
    assert layout.all2all == "deepep_high_throughput"
    assert layout.latent
    # Eight experts of each of 58 layers: three FP8 matrices of 7,168 × 2,048, a scale for each 128 × 128.
    expert = 3 * (7168 * 2048 + 4 * 56 * 16)
    assert {share.name: share.bytes for share in layout.shares}[Part.ROUTED] == 8 * 58 * expert
    # The checkpoint without MTP: all but the experts on each GPU, as attention is data parallel.
    bytes_ = find_model("DeepSeek-Prover-V2-671B").bytes
    rest = sum(bytes_.values()) - bytes_[Part.ROUTED] - bytes_[Part.MTP]
    absorbed = 61 * 128 * (128 + 128) * 512 * 2
    assert layout.weights == 8 * 58 * expert + rest + absorbed
    assert layout.kv_token == 70_272
    assert layout.tokens == layout.cache // 70_272
    assert layout.requests > 32 * ENOUGH
    assert layout.spread
    assert round(layout.spread.uniform, 2) == 2.93
    assert round(layout.spread.routed, 1) == 3.1
    assert layout.spread.most == 4


def test_32b_on_eight_gpus() -> None:
    layout = plan(find_model("Goedel-Prover-V2-32B"), on("h800", 8))
    assert sizes(layout) == (2, 1, 4, 1)
    assert layout.context == 40_960
    assert not layout.all2all
    # Half of everything but the norms.
    norms = find_model("Goedel-Prover-V2-32B").bytes[Part.NORM]
    assert layout.weights == (65_524_246_528 - norms) // 2 + norms
    assert layout.kv_token == 64 * 2 * 4 * 128 * 2


def test_a_7b_on_one() -> None:
    layout = plan(find_model("DeepSeek-Prover-V1.5-RL"), on("rtx4090", 1))
    assert sizes(layout) == (1, 1, 1, 1)
    assert layout.context == 4096
    assert layout.weights == 13_820_731_392


def test_ours_on_a_cpu() -> None:
    layout = plan(find_model("default"), LAPTOP)
    assert sizes(layout) == (1, 1, 1, 1)
    assert not layout.latent
    assert layout.model.dtype == "F32"
    assert layout.weights == 6_786_876 * 4
    assert layout.kv_token == 6 * 2 * 4 * 128 * 4
    assert layout.context == 2048
    assert layout.cache % GIB == 0
    assert 64 <= layout.requests < 128


def test_ours_on_gpus_keeps_its_latent() -> None:
    layout = plan(find_model("default"), on("h200", 4))
    assert sizes(layout) == (1, 1, 4, 4)
    assert layout.latent
    assert layout.all2all == "allgather_reducescatter"
    assert layout.spread is None


def test_a_dense_model_that_no_node_holds_is_cut_into_stages() -> None:
    layout = plan(find_model("Kimina-Prover-72B"), on("a100", 1, 4))
    assert sizes(layout) == (1, 4, 1, 1)
    whole = sum(find_model("Kimina-Prover-72B").bytes.values())
    assert whole / 4 < layout.weights < whole / 3


def test_without_deepep_the_default_exchange_is_used() -> None:
    layout = plan(find_model("DeepSeek-Prover-V2-671B"), on("h200", 4, 4))
    assert layout.all2all == "allgather_reducescatter"


def test_a_shorter_context_is_chosen_if_none_is_asked_for() -> None:
    model = find_model("DeepSeek-Prover-V2-7B")
    layout = plan(model, on("rtx4090", 1))
    assert layout.context == 8192
    assert "because no more fits" in layout.notes[-1]
    with pytest.raises(ServeError, match=r"--context 10240, or 2 such GPUs would do"):
        plan(model, on("rtx4090", 1), 16384)


REFUSED = {
    "671B on a node": (
        ("DeepSeek-Prover-V2-671B", on("h800", 8), None),
        "79.5 GiB of weights.* has 71.7 GiB to fill; 2 nodes of 8 such GPUs would do",
    ),
    "32B on 40 GB": (
        ("Goedel-Prover-V2-32B", on("a100-40", 1), None),
        "61.0 GiB of weights.* has 36.0 GiB to fill; 2 such GPUs would do",
    ),
    "32B on 40 GB, whole context": (
        ("Goedel-Prover-V2-32B", on("a100-40", 1), 40960),
        "10.0 GiB of KV cache for one request of 40,960 tokens.*; 4 such GPUs would do",
    ),
    "FP8 on A100": (("DeepSeek-Prover-V2-671B", on("a100", 8, 8), None), "A100 80 GB does not multiply FP8"),
    "FP8 on a CPU": (("DeepSeek-Prover-V2-671B", LAPTOP, None), "a CPU does not multiply FP8"),
    "32B on a laptop": (("Goedel-Prover-V2-32B", LAPTOP, None), "61.0 GiB of weights.*16.0 GiB are free"),
    "a context too long": (
        ("Goedel-Prover-V2-8B", on("h100", 1), 100_000),
        "takes at most 40,960 tokens, not 100,000: --context 40960",
    ),
    "experts that do not divide": (
        ("default", on("h100", 8), None),
        "12 experts cannot be divided evenly over 8 GPUs: take --gpus 1 or 2 or 3 or 4 or 6",
    ),
    "experts over three nodes": (
        ("DeepSeek-Prover-V2-671B", on("h800", 8, 3), None),
        "256 experts .* over 24 GPUs: take --nodes 1 or 2$",
    ),
    "groups that straddle nodes": (
        ("DeepSeek-Prover-V2-671B", on("h800", 8, 16), None),
        "8 expert groups cannot lie whole on 16 nodes.*--nodes 1 or 2 or 4 or 8",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_impossible_is_refused_with_the_reason(case: str) -> None:
    (name, hardware, context), said = REFUSED[case]
    with pytest.raises(ServeError, match=said) as error:
        plan(find_model(name), hardware, context)
    assert "\n" not in str(error.value)


def test_an_unknown_gpu_is_not_trusted_with_fp8() -> None:
    unknown = Gpu("GPU of 192 GiB", 192 * GIB, None, None)
    with pytest.raises(ServeError, match="of which --gpu tells nothing"):
        plan(find_model("DeepSeek-Prover-V2-671B"), Hardware(unknown, 8, 1, unknown.memory))


@pytest.mark.parametrize("name", known_models())
def test_every_layout_keeps_the_rules(name: str) -> None:
    model = find_model(name)
    for gpu, gpus, nodes in product(("a100-40", "h800", "h200"), (1, 2, 3, 4, 6, 8), (1, 2, 4)):
        hardware = on(gpu, gpus, nodes)
        try:
            layout = plan(model, hardware)
        except ServeError:
            continue
        assert model.heads % layout.tensor == 0
        assert hardware.gpus % layout.tensor == 0
        assert layout.used <= hardware.total
        filled = layout.weights + layout.reserve + layout.tokens * layout.kv_token
        assert filled <= UTILISATION * hardware.memory
        assert layout.tokens >= layout.context
        # All weights are somewhere: what GPUs hold together is no less than the checkpoint.
        assert layout.used * layout.weights >= sum(model.served().bytes.values())
        if model.experts and hardware.total > 1:
            assert layout.expert == hardware.total
            assert groups_are_whole(model.experts, expert_nodes(model.experts, gpus, nodes)) or nodes == 1


@pytest.mark.parametrize("nodes", [1, 2, 4, 8])
def test_groups_lie_whole_on_nodes(nodes: int) -> None:
    experts = Experts(256, 8, 8, 4)
    placed = expert_nodes(experts, 8, nodes)
    assert groups_are_whole(experts, placed)
    assert [placed.count(node) for node in range(nodes)] == [256 // nodes] * nodes
    assert not groups_are_whole(experts, expert_nodes(experts, 8, 16))


@pytest.mark.parametrize(
    ("experts", "gpus", "nodes"),
    [
        (Experts(256, 8, 8, 4), 8, 4),
        (Experts(256, 8, 8, 4), 8, 8),
        (Experts(256, 8, 8, 4), 8, 2),
        (Experts(12, 4, 4, 2), 3, 2),
        (Experts(128, 8, 1, 1), 8, 4),
    ],
)
def test_expected_nodes_are_those_of_a_simulation(experts: Experts, gpus: int, nodes: int) -> None:
    placed, draw = expert_nodes(experts, gpus, nodes), random.Random(1)
    size, tokens, visited = experts.count // experts.groups, 10_000, 0
    for _ in range(tokens):
        groups = draw.sample(range(experts.groups), experts.top_groups)
        candidates = [group * size + one for group in groups for one in range(size)]
        visited += len({placed[one] for one in draw.sample(candidates, experts.per_token)})
    # Four standard errors: a token's number of nodes deviates by less than one.
    assert abs(visited / tokens - expected_nodes(experts, nodes)) < 0.04


@pytest.mark.parametrize(("gpus", "nodes"), [(8, 2), (8, 4), (8, 8)])
def test_the_router_visits_as_many_nodes_as_it_does_in_torch(gpus: int, nodes: int) -> None:
    torch = pytest.importorskip("torch")
    experts = Experts(256, 8, 8, 4)
    placed = torch.tensor(expert_nodes(experts, gpus, nodes))
    scores = torch.rand(20_000, 256, generator=torch.Generator().manual_seed(0))
    groups = scores.view(-1, 8, 32).topk(2).values.sum(-1).topk(4).indices
    mask = torch.zeros(len(scores), 8).scatter_(1, groups, 1).repeat_interleave(32, 1)
    chosen = placed[(scores * mask).topk(8).indices]
    visited = torch.zeros(len(scores), nodes).scatter_(1, chosen, 1).sum(1)
    spread = node_spread(experts, gpus, nodes)
    assert visited.max().item() <= spread.most == min(4, nodes)
    assert abs(visited.mean().item() - spread.routed) < 0.04
    assert spread.uniform < spread.routed


def test_memory_is_counted_in_mib_as_the_driver_does() -> None:
    assert GPUS["h800"].memory == 81559 * MIB
