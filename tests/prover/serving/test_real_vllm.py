"""The shipped model in a real vLLM on this machine's CPU, started as a user starts it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from prover.serving.model import make_model
from prover.serving.vllm import MLA_CPU
from tests.prover.command import environment

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-c", "from prover.cli import main; main()", "serve", "default", "--gpus", "0")
GUARD = 60.0
needs_vllm = pytest.mark.skipif(
    find_spec("vllm") is None, reason="needs vLLM for CPUs in this Python's environment"
)

COMMON: dict[str, Any] = {
    "dtype": "bfloat16",
    "vocab_size": 512,
    "hidden_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 512,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
DEEPSEEK: dict[str, Any] = {
    **COMMON,
    "architectures": ["DeepseekV3ForCausalLM"],
    "model_type": "deepseek_v3",
    "num_key_value_heads": 8,
    "q_lora_rank": 96,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "n_routed_experts": 8,
    "n_shared_experts": 1,
    "moe_intermediate_size": 64,
    "num_experts_per_tok": 2,
    "first_k_dense_replace": 1,
    "moe_layer_freq": 1,
    "n_group": 4,
    "topk_group": 2,
    "num_nextn_predict_layers": 0,
    "routed_scaling_factor": 1.0,
    "norm_topk_prob": True,
    "topk_method": "noaux_tc",
    "scoring_func": "sigmoid",
}
SMALL: dict[str, dict[str, Any]] = {
    "Llama": {**COMMON, "architectures": ["LlamaForCausalLM"], "model_type": "llama"},
    "Qwen2": {**COMMON, "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2"},
    "Qwen3": {**COMMON, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 64},
    "DeepSeek-V3": {**DEEPSEEK, "kv_lora_rank": 512},
    "DeepSeek-V3, MLA off": {**DEEPSEEK, "kv_lora_rank": 256},
}
KV_GIB = 1
COUNT = """
import sys
from vllm import LLM
if __name__ == "__main__":
    more = {"skip_tokenizer_init": True, "max_model_len": 256, "enforce_eager": True}
    model = LLM(model=sys.argv[1], load_format="dummy", **more)
    cache = model.llm_engine.vllm_config.cache_config
    print("counted", cache.num_gpu_blocks, cache.block_size)
"""


@pytest.mark.slow
@needs_vllm
@pytest.mark.parametrize("kind", SMALL)
def test_vllm_finds_room_for_as_many_tokens_as_reckoned(kind: str, tmp_path: Path) -> None:
    """How many tokens vLLM fits into a gibibyte of cache, to the last whole block."""
    (tmp_path / "config.json").write_text(json.dumps(SMALL[kind]))
    (tmp_path / "count.py").write_text(COUNT)
    model = make_model(SMALL[kind], kind, kind, kind)
    latent = model.latent is not None and model.latent.cached in MLA_CPU
    assert latent is (kind == "DeepSeek-V3")
    env = environment(
        VLLM_ENABLE_V1_MULTIPROCESSING="0",
        VLLM_CPU_KVCACHE_SPACE=str(KV_GIB),
        VLLM_MLA_DISABLE=str(int(model.latent is not None and not latent)),
        OMP_NUM_THREADS="1",
    )
    said = subprocess.run(
        [sys.executable, str(tmp_path / "count.py"), str(tmp_path)], env=env, capture_output=True, text=True
    )
    found = re.search(r"counted (\d+) (\d+)", said.stdout)
    assert found, said.stderr[-2000:]
    blocks, size = map(int, found.groups())
    assert blocks == KV_GIB * 2**30 // (model.kv_bytes(latent=latent) * size)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, dict[str, Any]]]:
    """`prover serve` with its logs in `folder`, once it is ready; its port, and what it promised."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    env = environment(PYTHONPATH=str(ROOT), TMPDIR=str(folder), OMP_NUM_THREADS="1")
    process = subprocess.Popen(
        [*PROGRAM, "--port", str(port), "--json"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    try:
        promised = json.loads(process.stdout.readline())
        assert process.stderr.readline() == f"openai:http://127.0.0.1:{port}#default\n"
        yield process, port, promised
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate()


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end within seconds (zombies of a vanished parent count as ended)."""
    assert processes
    _, alive = psutil.wait_procs(processes, timeout=GUARD)
    return all(one.status() == psutil.STATUS_ZOMBIE for one in alive)


@pytest.mark.slow
@needs_vllm
def test_the_shipped_model_is_served_with_the_cache_that_was_promised(tmp_path: Path) -> None:
    """vLLM finds room for exactly the tokens of the table, completes, and ends with all its processes."""
    with serving(tmp_path) as (process, port, promised):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=GUARD) as client:
            info = re.search(r'kv_cache_size_tokens="(\d+)"', client.get("/metrics").text)
            assert info
            assert int(info[1]) == promised["kv_tokens"]
            order = {
                "model": "default",
                "prompt": "theorem",
                "max_tokens": 8,
                "temperature": 0,
                "logprobs": 1,
            }
            choice = client.post("/v1/completions", json=order).json()["choices"][0]
            assert len(choice["logprobs"]["token_logprobs"]) == 8
        servers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=GUARD)
        assert process.returncode == 130
        assert gone(servers)
        assert not list(tmp_path.glob("prover-serve-*"))


@pytest.mark.slow
@needs_vllm
def test_vllm_ends_with_all_its_processes_when_its_parent_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _, _):
        servers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate()
        assert gone(servers)
