"""vLLM's layouts on the GPUs of one host: `python benchmarks/serve_layouts.py [--out FILE] [--only NAME…]`.

A random DeepSeek-V3-architecture model of about 1B parameters (preset `1b`) is served through the policy
`vllm:` on one GPU, with tensor parallelism, with tensor and expert parallelism, and with data parallelism
and experts: tokens a second at 32 and 512 requests, CUDA graphs on; log-probs against our own forward pass
in BF16, beside what BF16 does to our own; then new weights go into the running engine, as they are and with
two experts of one layer exchanged on the way, which the probe must notice. Weights travel over NCCL where a
GPU is left for the sender, and as a checkpoint where the engine fills the host. At last the shipped model,
served by vLLM and by our own generator. Each engine has a process of its own. `--smoke`: toy sizes, for a
machine without GPUs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from common import Bar, report
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from lean_env.values import Theorem
from prover.policies.base import Prompt, Sampling
from prover.policies.vllm_engine import VllmPolicy
from training.generate import load_generator
from training.model import Transformer, load_checkpoint, save_checkpoint
from training.model.config import ModelConfig
from training.sft.presets import PRESETS
from training.transfer import (
    CheckpointReload,
    Control,
    Disagreement,
    EngineControl,
    Means,
    NcclBroadcast,
    Probe,
    TransferError,
    WeightLink,
)

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "models" / "core-7m"
VOCABULARY = 32768
PROMPT_CHARACTERS, NEW_TOKENS = 128, 256
REQUESTS = (32, 512)
REPEATS = 2
"""The faster of so many runs counts; the first also warms up."""
SECONDS = 240
"""For one engine, from its start to its end."""


@dataclass(frozen=True)
class Layout:
    """One way to lay the model out."""

    name: str
    settings: dict[str, Any]
    gpus: int = 1
    sender: bool = False
    """Whether a GPU is left for the sender of weights."""


TENSOR_PARALLEL = {
    "tensor_parallel_size": 2,
    # vLLM would compile flashinfer's fused all-reduce with nvcc while it starts, for minutes.
    "compilation_config": {"pass_config": {"fuse_allreduce_rms": False}},
}
LAYOUTS = (
    Layout("one", {}, sender=True),
    Layout("tp2", TENSOR_PARALLEL, 2),
    Layout("tp2-ep", {**TENSOR_PARALLEL, "enable_expert_parallel": True}, 2),
    Layout("dp2-ep", {"data_parallel_size": 2, "enable_expert_parallel": True}, 2),
)


def main() -> int:
    """Run every layout that the host has GPUs for, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="toy sizes, on a CPU")
    parser.add_argument(
        "--only", nargs="+", default=[], help="names of layouts, and `shipped`; FILE keeps the rest"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/serve_layouts.json"))
    parser.add_argument("--layout", help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.layout:
        print(json.dumps(asyncio.run(measure(arguments.layout, arguments.model, arguments.smoke))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        random_checkpoint(path, arguments.smoke)
        names = arguments.only or [
            *(one.name for one in LAYOUTS if arguments.smoke or one.gpus <= torch.cuda.device_count()),
            "shipped",
        ]
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
        details = {"device": device, "torch": torch.__version__, "smoke": arguments.smoke}
        results = earlier(arguments.out, details)
        for name in names:
            results[name] = in_its_own_process(name, path, arguments.smoke)
            code = report(arguments.out, bars(results), {**details, "layouts": results})
    return code


def earlier(out: Path, details: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The layouts that the file has from earlier runs on such a device."""
    try:
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found["layouts"] if all(found.get(key) == value for key, value in details.items()) else {}


def in_its_own_process(name: str, path: Path, smoke: bool) -> dict[str, Any]:
    """The figures of one layout, or why there are none."""
    command = [sys.executable, __file__, "--layout", name, "--model", str(path)]
    command += ["--smoke"] if smoke else []
    started = time.monotonic()
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        out, errors = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return {"error": f"not done within {SECONDS} s"}
    finally:  # The engine's workers too: left alone, they would keep the GPUs from the next layout.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    lines = out.strip().splitlines()
    if child.returncode or not lines:
        return {"error": (errors.strip().splitlines() or ["died"])[-1], "trace": errors[-4000:]}
    figures: dict[str, Any] = json.loads(lines[-1]) | {"process_seconds": time.monotonic() - started}
    print(name, json.dumps(figures), file=sys.stderr, flush=True)
    return figures


async def measure(name: str, path: Path, smoke: bool) -> dict[str, Any]:
    """Serve, measure, send weights."""
    if name == "shipped":
        return await shipped(smoke)
    layout = next(one for one in LAYOUTS if one.name == name)
    settings = dict(layout.settings)
    if not smoke:
        settings |= {"gpu_memory_utilization": 0.6, "max_model_len": 1024, "max_num_seqs": 512}
        if layout.sender:
            settings["weight_transfer_config"] = {"backend": "nccl"}
    started = time.monotonic()
    async with VllmPolicy(str(path), settings=settings) as policy:
        assert policy.started is not None, "the policy is open"
        figures: dict[str, Any] = {"start_seconds": round(time.monotonic() - started, 1)}
        for requests in REQUESTS if not smoke else (4,):
            figures[f"tokens_per_second_{requests}"] = await speed(policy, requests, smoke)
        figures |= await weights(EngineControl(policy.started.engine), path, layout, smoke)
    return figures


async def speed(policy: VllmPolicy, requests: int, smoke: bool) -> float:
    """Tokens written a second, `requests` prompts at once, each of its own theorem."""
    best = 0.0
    for repeat in range(REPEATS):
        sampling = Sampling(max_tokens=8 if smoke else NEW_TOKENS, top_p=1.0, stop=(), seed=repeat)
        texts = prompts(requests, seed=repeat)
        started = time.monotonic()
        answers = await policy.generate(texts, 1, sampling)
        tokens = sum(completion.tokens for (completion,) in answers)
        best = max(best, tokens / (time.monotonic() - started))
    return round(best, 1)


def prompts(requests: int, seed: int) -> list[Prompt]:
    """Prompts that begin in nothing alike, so that no prefix is shared."""
    letters = random.Random(seed)
    texts = [
        "".join(letters.choice("abcdefghijklmnop") for _ in range(PROMPT_CHARACTERS)) for _ in range(requests)
    ]
    return [Prompt(text, Theorem(f"t{at}", f"theorem t{at} : True := by")) for at, text in enumerate(texts)]


async def weights(control: Control, path: Path, layout: Layout, smoke: bool) -> dict[str, Any]:
    """What rounding makes of log-probs, and what the probe says to weights sent rightly and wrongly."""
    device = "cpu" if smoke else "cuda:1" if layout.sender and torch.cuda.device_count() > 1 else "cuda:0"
    model = load_checkpoint(path, device)
    over_nccl = device == "cuda:1"
    means = Mistaken(NcclBroadcast(device) if over_nccl else CheckpointReload())
    found: dict[str, Any] = {"means": type(means.means).__name__, "sent_bytes": sent_bytes(model)}
    exact = Probe(model)
    own = exact.score(copy.deepcopy(model).float()).compare(exact.score(model).logprobs_RL.tolist())
    found["own_rounding"] = summary(own)
    try:
        async with WeightLink(control, model, means) as link:
            found["parity"] = summary(link.noise)
            new = stepped(model)
            seconds = []
            for version in ("1", "2"):  # The second finds everything warm.
                started = time.monotonic()
                found[f"sent_{version}"] = summary(await link.send(new, version))
                seconds.append(round(time.monotonic() - started, 3))
            found["send_and_probe_seconds"] = seconds
            means.exchanges = True
            try:
                await link.send(stepped(new), "3")
                found["exchange_noticed"] = ""
            except TransferError as error:
                found["exchange_noticed"] = str(error)
    except TransferError as error:
        found["transfer_error"] = str(error)
    return found


async def shipped(smoke: bool) -> dict[str, Any]:
    """The shipped model: vLLM beside our own generator, the same prompts."""
    figures: dict[str, Any] = {}
    settings = {} if smoke else {"gpu_memory_utilization": 0.5, "max_num_seqs": 512}
    counts = (4,) if smoke else (*REQUESTS, 2048)
    async with VllmPolicy(str(SHIPPED), settings=settings) as policy:
        for requests in counts:
            figures[f"vllm_{requests}"] = await speed(policy, requests, smoke)
    device = "cpu" if smoke else "cuda"
    generator = load_generator(SHIPPED, "shipped", device=device)
    for requests in counts:
        rates = []
        for repeat in range(REPEATS):
            sampling = Sampling(max_tokens=8 if smoke else NEW_TOKENS, top_p=1.0, stop=(), seed=repeat)
            texts = [prompt.text for prompt in prompts(requests, repeat)]
            started = time.monotonic()
            answers = generator.generate(texts, 1, sampling)
            rates.append(sum(completion.tokens for (completion,) in answers) / (time.monotonic() - started))
        figures[f"ours_{requests}"] = round(max(rates), 1)
    return figures


def summary(found: Disagreement) -> dict[str, float]:
    """The figures of a disagreement."""
    mean, layer, expert = found.worst_expert
    return {"mean": found.mean, "expert_mean": mean, "layer": layer, "expert": expert}


class Mistaken:
    """A way to send weights that can be told to exchange two experts."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.exchanges = False

    async def open(self, control: Control) -> None:
        await self.means.open(control)

    async def send(self, control: Control, model: Transformer) -> None:
        await self.means.send(control, exchange_experts(model) if self.exchanges else model)


def stepped(model: Transformer) -> Transformer:
    """The model after a step of training, so to speak: every weight moved by a tenth of its spread."""
    model = copy.deepcopy(model)
    generator = torch.Generator(model.norm.weight.device).manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, device=parameter.device)
            parameter += (0.1 * model.config.initializer_range * noise).to(parameter.dtype)
    return model


def exchange_experts(model: Transformer) -> Transformer:
    """The model with two experts of its middle layer in each other's place."""
    model = copy.deepcopy(model)
    experts = model.layers[len(model.layers) // 2].mlp.experts
    for parameter in experts.parameters():
        parameter.data[[0, 1]] = parameter.data[[1, 0]]
    return model


def sent_bytes(model: Transformer) -> int:
    """Bytes of all parameters."""
    return sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())


def random_checkpoint(path: Path, smoke: bool) -> None:
    """A random model in BF16, and a tokenizer of bytes and fillers."""
    path.mkdir(parents=True)
    sizes = PRESETS["tiny" if smoke else "1b"]
    vocabulary = 512 if smoke else VOCABULARY
    config = ModelConfig(
        **sizes,
        vocab_size=vocabulary,
        eos_token_id=vocabulary - 1,
        initializer_range=0.1 if smoke else 0.02,
    )
    model = Transformer.drawn(config, 0)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = alphabet + [f"Ġfiller{number}" for number in range(vocabulary - 1 - len(alphabet))] + ["</s>"]
    tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["</s>"])
    tokenizer.save(str(path / "tokenizer.json"))
    (path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}), encoding="utf-8"
    )
    save_checkpoint(model.to(torch.float32 if smoke else torch.bfloat16), path)


def bars(results: dict[str, dict[str, Any]]) -> list[Bar]:
    """What must hold of every layout that ran, and the speeds."""
    found: list[Bar] = []
    for name, figures in results.items():
        found.append(Bar(f"{name}: ran", float("error" not in figures), at_least=1))
        for key, value in figures.items():
            if key.startswith(("tokens_per_second", "vllm_", "ours_")):
                found.append(Bar(f"{name}: {key}", value))
        if "parity" in figures:
            ratio = figures["parity"]["mean"] / max(figures["own_rounding"]["mean"], 1e-6)
            found.append(Bar(f"{name}: log-probs off, in our own BF16 rounding", ratio, at_most=2))
        if "means" in figures:
            right = "transfer_error" not in figures and "sent_2" in figures
            found.append(Bar(f"{name}: weights sent, probe passes", float(right), at_least=1))
            found.append(
                Bar(f"{name}: exchange noticed", float(bool(figures.get("exchange_noticed"))), at_least=1)
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
