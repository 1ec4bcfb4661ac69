"""FP8 against BF16: `python benchmarks/fp8.py [--train STEPS] [--out FILE]`, on a GPU of Hopper's kind.

Products: the three grouped ones of each shape beside `grouped_mm` in BF16, with and without quantisation of
both operands, and the dense ones of `scaled_mm` beside a plain product; the error of each against its
reference in plain PyTorch. Medians of CUDA events. Bar: 1.3 times BF16 without quantisation, at the largest
shape.

`--train` instead: a model of about 100M parameters learns a Markov chain in BF16 with three seeds, in FP8
with the first of these, and in FP8 with gradients in blocks of 128 × 128, which is the recipe not to use.
Bar: the mean loss of the last tenth is within 0.25 % of that in BF16.

`--smoke` runs either at toy sizes, on a CPU with the references alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from common import Bar, report
from torch import Tensor, nn

from training.model import ModelConfig, Transformer
from training.parallel.fp8 import dense, reference
from training.parallel.fp8.backend import products
from training.parallel.fp8.linear import Recipe
from training.parallel.fp8.model import use_fp8
from training.parallel.fp8.tiles import Quantised

GROUPED = ((8, 4096, 4096, 7168), (32, 512, 2048, 1024), (64, 128, 1024, 2048))
"""Experts, rows of each, K, N."""
DENSE = ((8192, 4096, 7168), (8192, 7168, 2048), (4096, 2048, 2048))
"""Rows, K, N."""
WARM, REPEATS, SECONDS = 5, 20, 0.4
"""Before a time is taken; then so often, and for so long: a GPU at its limit of power changes its clock."""
LEARNT = ModelConfig(
    vocab_size=4096,
    hidden_size=512,
    num_hidden_layers=8,
    num_attention_heads=8,
    qk_nope_head_dim=32,
    qk_rope_head_dim=32,
    v_head_dim=64,
    kv_lora_rank=256,
    intermediate_size=1536,
    first_k_dense_replace=1,
    moe_intermediate_size=384,
    n_routed_experts=20,
    num_experts_per_tok=4,
)
TOY = ModelConfig(
    vocab_size=64,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    qk_nope_head_dim=8,
    qk_rope_head_dim=8,
    v_head_dim=16,
    kv_lora_rank=16,
    intermediate_size=48,
    first_k_dense_replace=1,
    moe_intermediate_size=16,
    n_routed_experts=4,
    num_experts_per_tok=2,
)
CLASSES, SUCCESSORS = 4, 8
"""Of the Markov chain: what follows depends on the last token and on the class of the one before."""


class Product(NamedTuple):
    """One product in BF16 and in FP8."""

    name: str
    teraflops: float
    plain: Callable[[], Tensor]
    quantise: Callable[[], tuple[Quantised, Quantised]]
    multiply: Callable[[Quantised, Quantised], Tensor]
    reference: Callable[[Quantised, Quantised], Tensor]


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="toy sizes")
    parser.add_argument("--train", type=int, metavar="STEPS", help="train instead, for so many steps")
    parser.add_argument("--out", type=Path, help="default: build/benchmarks/fp8.json or fp8_train.json")
    told = parser.parse_args()
    gpu = torch.cuda.is_available()
    if not gpu and not told.smoke:
        parser.error("this needs a GPU; --smoke runs without one")
    device = torch.device("cuda" if gpu else "cpu")
    details: dict[str, Any] = {"torch": torch.__version__, "cuda": torch.version.cuda}
    details["device"] = torch.cuda.get_device_name() if gpu else "CPU"
    bars = train(told.train, told.smoke, device, details) if told.train else multiply(told.smoke, device)
    name = "fp8_train" if told.train else "fp8"
    return report(told.out or Path(f"build/benchmarks/{name}.json"), bars, details)


def multiply(smoke: bool, device: torch.device) -> list[Bar]:
    """Speed and error of all products."""
    bars = []
    for index, shape in enumerate(((3, 40, 256, 128),) if smoke else GROUPED):
        for product in grouped(*shape, device):
            bars += measure(product, device, at_least=1.3 if index == 0 and not smoke else None)
    for rows, inputs, outputs in ((48, 512, 128),) if smoke else DENSE:
        if dense.takes_blocks(rows, inputs, outputs, device, torch.bfloat16):
            bars += measure(scaled(rows, inputs, outputs, device), device)
        else:
            print(f"no scaled_mm for blocks here: {rows} × {inputs} × {outputs} left out")
    return bars


def grouped(experts: int, each: int, inputs: int, outputs: int, device: torch.device) -> list[Product]:
    """Forward, gradient of the inputs, gradient of the weights."""
    way = products(device)
    generator = torch.Generator(device).manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=device, dtype=torch.bfloat16)

    rows = experts * each
    x, grad, weight = normal(rows, inputs), normal(rows, outputs), normal(experts, outputs, inputs)
    ends = torch.arange(1, experts + 1, device=device, dtype=torch.int32) * each
    name = f"{experts} × {each}, {inputs} × {outputs}"
    tera = 2 * rows * inputs * outputs / 1e12
    kernel, told = partial(way.multiply, ends_E=ends), partial(reference.multiply, ends_E=ends)
    return [
        Product(
            f"forward {name}",
            tera,
            lambda: F.grouped_mm(x, weight.mT, offs=ends),
            lambda: (way.to_tiles(x), way.to_blocks(weight)),
            partial(kernel, dtype=torch.bfloat16),
            partial(told, dtype=torch.float32),
        ),
        Product(
            f"of inputs {name}",
            tera,
            lambda: F.grouped_mm(grad, weight, offs=ends),
            lambda: (way.to_tiles(grad), way.to_blocks(weight.mT)),
            partial(kernel, dtype=torch.bfloat16),
            partial(told, dtype=torch.float32),
        ),
        Product(
            f"of weights {name}",
            tera,
            lambda: F.grouped_mm(grad.t(), x, offs=ends),
            lambda: (way.to_columns(grad, ends), way.to_columns(x, ends)),
            partial(way.of_weight, ends_E=ends, dtype=torch.bfloat16),
            partial(reference.of_weight, ends_E=ends, dtype=torch.float32),
        ),
    ]


def scaled(rows: int, inputs: int, outputs: int, device: torch.device) -> Product:
    """A linear layer through `scaled_mm`."""
    way, ends = products(device), torch.full((1,), rows, dtype=torch.int32, device=device)
    x = torch.randn(rows, inputs, device=device, dtype=torch.bfloat16)
    weight = torch.randn(outputs, inputs, device=device, dtype=torch.bfloat16)

    def told(x: Quantised, weight: Quantised) -> Tensor:
        whole = Quantised(weight.values[None], weight.scales[None])
        return reference.multiply(x, whole, ends, torch.float32)

    return Product(
        f"dense {rows}, {inputs} × {outputs}",
        2 * rows * inputs * outputs / 1e12,
        lambda: F.linear(x, weight),
        lambda: (way.to_tiles(x), way.to_blocks(weight)),
        dense.multiply,
        told,
    )


def measure(product: Product, device: torch.device, at_least: float | None = None) -> list[Bar]:
    """Error and speed of one product; only the error of FP8 itself without a GPU."""
    operands = product.quantise()
    wanted, exact = product.reference(*operands), product.plain().float()
    loss = ((wanted - exact).norm() / exact.norm()).item()
    bars = [Bar(f"{product.name}: error of FP8, %", loss * 100, at_most=5)]
    if device.type == "cuda":
        found = product.multiply(*operands).float()
        # Both are sums in FP32; one is rounded to BF16, which is good for 0.2 %.
        bars.append(
            Bar(f"{product.name}: off", ((found - wanted).norm() / wanted.norm()).item(), at_most=3e-3)
        )
        del found, wanted, exact
        plain, alone = seconds(product.plain), seconds(lambda: product.multiply(*operands))
        whole = seconds(lambda: product.multiply(*product.quantise()))
        for label, taken in (("BF16", plain), ("FP8", alone), ("FP8 and quantisation", whole)):
            bars.append(Bar(f"{product.name}: {label}, TFLOP/s", product.teraflops / taken))
        bars.append(Bar(f"{product.name}: FP8 / BF16", plain / alone, at_least=at_least))
        bars.append(Bar(f"{product.name}: with quantisation", plain / whole))
    print(product.name, file=sys.stderr, flush=True)
    return bars


def seconds(work: Callable[[], object]) -> float:
    """Median time on the GPU."""
    for _ in range(WARM):
        work()
    taken: list[float] = []
    while len(taken) < REPEATS or sum(taken) < SECONDS:
        events = [(_event(), _event()) for _ in range(REPEATS)]
        for before, after in events:
            before.record()
            work()
            after.record()
        torch.cuda.synchronize()
        taken += [before.elapsed_time(after) / 1e3 for before, after in events]
    return statistics.median(taken)


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def train(steps: int, smoke: bool, device: torch.device, details: dict[str, Any]) -> list[Bar]:
    """Loss in FP8 against BF16 from the same start, beside what another start changes."""
    config, rows, length = (TOY, 4, 16) if smoke else (LEARNT, 16, 512)
    runs: dict[str, tuple[int, Recipe | None]] = {
        "BF16, seed 0": (0, None),
        "FP8, seed 0": (0, Recipe()),
        "BF16, seed 1": (1, None),
        "BF16, seed 2": (2, None),
        "FP8 with gradients in blocks, seed 0": (0, Recipe(square_gradients=True)),
    }
    ends: dict[str, float] = {}
    details["losses"] = {}
    for name, (seed, recipe) in runs.items():
        began = time.monotonic()
        losses = learn(config, chain(config.vocab_size, steps, rows, length, seed, device), seed, recipe)
        ends[name] = statistics.fmean(losses[-max(1, steps // 10) :])
        details["losses"][name] = losses
        print(
            f"{name}: {ends[name]:.4f} after {losses[0]:.4f}, {time.monotonic() - began:.0f} s",
            file=sys.stderr,
        )
    plain = [end for name, end in ends.items() if name.startswith("BF16")]
    gaps = {name: abs(ends[name] / ends["BF16, seed 0"] - 1) * 100 for name in ends if "FP8" in name}
    low, blocks = gaps.values()
    bars = [Bar(f"loss {name}", end) for name, end in ends.items()]
    bars.append(Bar("gap of FP8, %", low, at_most=None if smoke else 0.25))
    bars.append(Bar("gap of FP8 with gradients in blocks, %", blocks))
    bars.append(Bar("spread of the seeds, %", (max(plain) - min(plain)) / statistics.fmean(plain) * 100))
    return bars


def chain(vocabulary: int, steps: int, rows: int, length: int, seed: int, device: torch.device) -> Tensor:
    """Batches of one Markov chain of order 2, (steps, rows, length + 1); the seed is that of the walks."""
    table = torch.randint(
        vocabulary, (CLASSES, vocabulary, SUCCESSORS), generator=torch.Generator().manual_seed(1234)
    ).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    odds = 0.6 ** torch.arange(SUCCESSORS, device=device)
    walks = torch.empty(length + 1, steps * rows, dtype=torch.int64, device=device)
    walks[:2] = torch.randint(vocabulary, (2, steps * rows), generator=generator, device=device)
    for place in range(2, length + 1):
        choice = torch.multinomial(odds, steps * rows, replacement=True, generator=generator)
        walks[place] = table[walks[place - 2] % CLASSES, walks[place - 1], choice]
    return walks.t().reshape(steps, rows, length + 1)


def learn(config: ModelConfig, batches: Tensor, seed: int, recipe: Recipe | None) -> list[float]:
    """The loss of each step. Weights in BF16 follow masters in FP32."""
    model = Transformer.drawn(config, seed)
    model.to(batches.device)
    masters = [nn.Parameter(weight.detach().clone()) for weight in model.parameters()]
    model.bfloat16()
    if recipe is not None:
        use_fp8(model, recipe)
    weights: list[Tensor] = list(model.parameters())
    optimizer = torch.optim.AdamW(masters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    losses = []
    for step, tokens_BL in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 50)
        hidden = model(tokens_BL[:, :-1])
        logits = model.logits(hidden.hidden_BLD).float()
        loss = F.cross_entropy(logits.flatten(0, 1), tokens_BL[:, 1:].flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        for master, weight in zip(masters, weights, strict=True):
            master.grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None
        nn.utils.clip_grad_norm_(masters, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_copy_(weights, [*masters])
        model.update_balance_bias([routing.counts_E for routing in hidden.routing])
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


if __name__ == "__main__":
    raise SystemExit(main())
