"""How fast the shipped policy writes: `python benchmarks/generation.py [CHECKPOINT] [--device cuda]`.

On a CPU: sixty tokens for each of 1, 8, 16 and 32 prompts of a search (a statement, the beginning of a proof
and its state; no two alike), sampled by `training.generate` and by transformers' `generate` on the same
weights, in FP32, with the same number of threads, in turns; reading the prompts is included, and nothing is
known of them from before. Medians of tokens a second, proof attempts a second in a batch of 16, and the
ratio of both programs. Without a checkpoint the weights are random, of the shipped size; how long a step
takes does not depend on them. The bars are for two CPU cores: 5 attempts a second, and twice transformers'
speed in every batch.

On a GPU, in BF16: what capturing steps as CUDA graphs gains, for sixty tokens in each of 32, 512 and 2048
rows. Prompts have about 128 tokens and eight samples each, drawn from the whole distribution, as
reinforcement learning asks; then the same from a nucleus, and with a prompt for each row. The bars are an
H200's: ten times what it wrote when all steps were started operation by operation.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from common import Bar, report
from tokenizers import Tokenizer

from lean_env.values import Theorem
from prover.policies.base import Sampling
from prover.prompts import make_prompt
from training.generate import Generator
from training.model import Transformer, load_checkpoint, save_checkpoint
from training.sft.config import ModelTable
from training.sft.presets import model_config
from training.tokenizer import save_tokenizer, train_tokenizer

TOKENS = 60
BATCHES = {"cpu": (1, 8, 16, 32), "cuda": (32, 512, 2048)}
PROMPT_TOKENS, GROUP = 128, 8
"""On a GPU: tokens of a prompt, and its samples."""
GPU_BARS = {32: 18_000, 512: 49_000}
"""Tokens a second, by rows."""
ATTEMPTS_BATCH = 16
REPEATS = 5
VOCABULARY = 4096


Program = Callable[[int], None]
"""Writes so many rows."""


def prompts(count: int) -> list[str]:
    """Different statements, as a search asks about them."""
    found = []
    for index in range(count):
        theorem = Theorem(
            f"t{index}",
            f"theorem t{index} (p q r : Prop) (hp : p) (hq : q{index}) : (p ∧ q) ∨ r → q ∧ p := by",
        )
        goal = f"p q r : Prop\nhp : p\nhq : q{index}\nh : (p ∧ q) ∨ r\n⊢ q ∧ p"
        found.append(make_prompt(theorem, "  intro h\n", [goal]).text)
    return found


def random_checkpoint(path: Path) -> None:
    """A model of the shipped size that has learnt nothing."""
    tokenizer = train_tokenizer(prompts(8), VOCABULARY)
    save_tokenizer(tokenizer, path)
    model = Transformer.drawn(model_config(ModelTable(preset="shipped"), VOCABULARY), 0)
    save_checkpoint(model.to(torch.bfloat16), path)


def our_generator(path: Path, device: str, fixed: bool | None = None) -> Generator:
    """It knows no end here, so that all attempts are of one length, and remembers no prompts."""
    model = load_checkpoint(path)
    model.config = replace(model.config, eos_token_id=None)
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    return Generator(model, tokenizer, "benchmark", device=device, known_bytes=0, fixed=fixed)


def our_program(generator: Generator, texts: Callable[[int], list[str]], n: int, top_p: float) -> Program:
    """`training.generate`, `n` samples a prompt."""
    sampling = Sampling(max_tokens=TOKENS, stop=(), top_p=top_p)

    def run(rows: int) -> None:
        found = generator.generate(texts(rows // n), n, sampling)
        assert [sample.tokens for row in found for sample in row] == [TOKENS] * rows

    return run


def gpu_programs(path: Path) -> dict[str, Program]:
    """`training.generate` in its ways."""
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))

    @cache
    def texts(count: int) -> list[str]:
        """Begun proofs that go on until a prompt is long enough."""
        found = []
        for text in prompts(count):
            while len(tokenizer.encode(text).ids) < PROMPT_TOKENS:
                text += "  skip\n"
            found.append(text)
        return found

    captured, eager = (our_generator(path, "cuda", fixed) for fixed in (True, False))
    return {
        "captured": our_program(captured, texts, GROUP, 1.0),
        "eager": our_program(eager, texts, GROUP, 1.0),
        "captured, nucleus": our_program(captured, texts, GROUP, 0.95),
        "captured, no two prompts alike": our_program(captured, texts, 1, 1.0),
    }


def their_program(path: Path) -> Program:
    """transformers, with the prompts padded on the left."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
    model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()

    def run(rows: int) -> None:
        batch = tokenizer(prompts(rows), return_tensors="pt", padding=True)
        found = model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            do_sample=True,
            top_p=0.95,
            top_k=0,
            min_new_tokens=TOKENS,
            max_new_tokens=TOKENS,
        )
        assert found.shape[1] == batch["input_ids"].shape[1] + TOKENS

    return run


def measure(programs: dict[str, Program], batch: int) -> dict[str, list[float]]:
    """Seconds of each program for one batch, in turns, so that what disturbs one disturbs the other."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for repeat in range(REPEATS + 1):
        for name, run in programs.items():
            started = time.perf_counter()
            run(batch)
            if repeat:  # The first run warms up.
                seconds[name].append(time.perf_counter() - started)
    return seconds


def cpu_bars(seconds: dict[int, dict[str, list[float]]]) -> list[Bar]:
    """Our program against transformers."""
    bars = []
    for batch, found in seconds.items():
        ours, theirs = (statistics.median(found[name]) for name in ("ours", "transformers"))
        bars.append(Bar(f"tokens a second, batch of {batch}", batch * TOKENS / ours))
        bars.append(Bar(f"the same, transformers' generate, batch of {batch}", batch * TOKENS / theirs))
        bars.append(Bar(f"ratio, batch of {batch}", theirs / ours, at_least=2))
        if batch == ATTEMPTS_BATCH:
            bars.append(Bar(f"attempts of {TOKENS} tokens a second", batch / ours, at_least=5))
    return bars


def gpu_bars(seconds: dict[int, dict[str, list[float]]]) -> list[Bar]:
    """Captured steps against eager ones."""
    bars = []
    for rows, found in seconds.items():
        median = {name: statistics.median(times) for name, times in found.items()}
        for name, took in median.items():
            bar = GPU_BARS.get(rows) if name == "captured" else None
            bars.append(Bar(f"tokens/s, {rows} rows, {name}", rows * TOKENS / took, at_least=bar))
        bars.append(Bar(f"gain, {rows} rows", median["eager"] / median["captured"]))
    return bars


def main() -> int:
    """Measure; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "checkpoint", nargs="?", type=Path, help="default: random weights of the shipped size"
    )
    parser.add_argument("--device", choices=tuple(BATCHES), default="cpu")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--out", type=Path, default=Path("build/generation.json"))
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as scratch:
        path = given.checkpoint or Path(scratch)
        if given.checkpoint is None:
            random_checkpoint(path)
        if given.device == "cuda":
            programs = gpu_programs(path)
        else:
            ours = our_program(our_generator(path, "cpu"), prompts, 1, Sampling().top_p)
            programs = {"ours": ours, "transformers": their_program(path)}
        seconds = {batch: measure(programs, batch) for batch in BATCHES[given.device]}
    bars = (cpu_bars if given.device == "cpu" else gpu_bars)(seconds)
    return report(given.out, bars, {"device": given.device, "threads": given.threads, "seconds": seconds})


if __name__ == "__main__":
    sys.exit(main())
