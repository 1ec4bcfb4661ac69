"""Commands: each node's part of a layout, and that vLLM's own parser takes every one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prover.policies import vllm_start
from prover.serving.commands import HEAD, Command, commands
from prover.serving.hardware import GIB, GPUS, Hardware
from prover.serving.layout import plan
from prover.serving.model import find_model

CASES = {
    "671B": ("DeepSeek-Prover-V2-671B", Hardware(GPUS["h800"], 8, 4, GPUS["h800"].memory)),
    "671B, TP": ("DeepSeek-Prover-V2-671B", Hardware(GPUS["h800"], 8, 2, GPUS["h800"].memory)),
    "671B, one node": ("DeepSeek-Prover-V2-671B", Hardware(GPUS["h200"], 8, 1, GPUS["h200"].memory)),
    "32B": ("Goedel-Prover-V2-32B", Hardware(GPUS["h800"], 8, 1, GPUS["h800"].memory)),
    "32B, two nodes": ("Goedel-Prover-V2-32B", Hardware(GPUS["h800"], 8, 2, GPUS["h800"].memory)),
    "7B": ("DeepSeek-Prover-V1.5-RL", Hardware(GPUS["rtx4090"], 1, 1, GPUS["rtx4090"].memory)),
    "72B, stages": ("Kimina-Prover-72B", Hardware(GPUS["a100"], 2, 2, GPUS["a100"].memory)),
    "ours": ("default", Hardware(None, 0, 1, 16 * GIB, 4)),
    "ours, GPUs": ("default", Hardware(GPUS["h200"], 2, 1, GPUS["h200"].memory)),
}


def made(case: str) -> list[Command]:
    name, hardware = CASES[case]
    return commands(plan(find_model(name), hardware), 8001)


def value(command: Command, flag: str) -> str:
    return command.arguments[command.arguments.index(flag) + 1]


@pytest.mark.parametrize("case", ["671B", "671B, TP", "32B, two nodes"])
def test_data_parallel_ranks_are_numbered_node_by_node(case: str) -> None:
    orders = made(case)
    local = int(value(orders[0], "--data-parallel-size-local"))
    assert local * len(orders) == int(value(orders[0], "-dp"))
    for node, order in enumerate(orders):
        assert order.program == ("vllm", "serve")
        assert value(order, "--data-parallel-address") == HEAD
        assert ("--headless" in order.arguments) is (node > 0)
        assert ("--port" in order.arguments) is (node == 0)
        if node:
            assert value(order, "--data-parallel-start-rank") == str(node * local)


def test_stages_know_their_node() -> None:
    first, second = made("72B, stages")
    assert (value(first, "-pp"), value(first, "--nnodes"), value(first, "--node-rank")) == ("2", "2", "0")
    assert value(second, "--node-rank") == "1"
    assert second.arguments[-1] == "--headless"


def test_experts_are_parallel_only_where_there_are_several_gpus() -> None:
    (ours,) = made("ours")
    assert "--enable-expert-parallel" not in ours.arguments
    (spread,) = made("ours, GPUs")
    assert value(spread, "--all2all-backend") == "allgather_reducescatter"
    assert spread.environment == {}


def test_a_line_can_be_given_to_a_shell() -> None:
    (ours,) = made("ours")
    line = ours.line()
    assert "VLLM_MLA_DISABLE=1 python -m vllm.entrypoints.openai.api_server --model /" in line
    assert """-cc '{"custom_ops":["all","-rotary_embedding"]}'""" in line


def test_a_server_and_the_engine_in_this_process_have_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_start, "free_memory", lambda: 64 * GIB)
    inside = vllm_start._settings("vllm:m", tmp_path, on_cpu=True)
    (dense,) = commands(plan(find_model("Goedel-Prover-V2-8B"), Hardware(None, 0, 1, 64 * GIB, 4)), 8001)
    assert json.loads(value(dense, "-cc")) == inside["compilation_config"]
    assert value(dense, "--generation-config") == inside["generation_config"] == "vllm"
    assert ("--enforce-eager" in dense.arguments) is inside["enforce_eager"]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_vllm_takes_every_command(case: str) -> None:
    """vLLM's own parser and its own check of what was parsed; needs vLLM 0.32, of either kind."""
    pytest.importorskip("vllm")
    from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    for order in made(case):
        parsed = make_arg_parser(FlexibleArgumentParser()).parse_args(list(order.arguments))
        validate_parsed_serve_args(parsed)
        name, _ = CASES[case]
        assert parsed.served_model_name == [find_model(name).name]
        assert (parsed.model_tag or parsed.model) == find_model(name).target
        assert parsed.headless is (order.node > 0)
        assert parsed.enable_prefix_caching is True


@pytest.mark.slow
def test_vllm_places_experts_as_the_layout_says() -> None:
    """vLLM's own expert map of each rank, against the nodes that the layout reckons with."""
    pytest.importorskip("vllm")
    from vllm.model_executor.layers.fused_moe.expert_map_manager import determine_expert_map

    from prover.serving.placement import expert_nodes

    layout = plan(find_model(CASES["671B"][0]), CASES["671B"][1])
    experts = layout.model.experts
    assert experts
    placed = expert_nodes(experts, 8, 4)
    for rank in range(layout.expert):
        held, chart, _ = determine_expert_map(layout.expert, rank, experts.count)
        mine = [expert for expert in range(experts.count) if chart[expert] >= 0]
        assert len(mine) == held == 8
        assert {placed[expert] for expert in mine} == {rank // 8}
