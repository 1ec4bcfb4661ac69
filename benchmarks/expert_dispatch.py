"""Dispatch and combine inside a host, plain and fast: `python benchmarks/expert_dispatch.py [--processes N]`.

Starts a process for each GPU (or N). First the fast hop must do what the plain one does: rows, choices and
weights bit for bit, sums and gradients, with every kind of routing, a stage that grows, and processes that
are late. Then times, layout and permutation included: CUDA events, the median of many, the slowest process.
A process has so many MB of BF16 rows, each with 8 of 64 experts; *wire bytes* are those of rows sent to
others, and rates are shares of a copy between GPUs, measured in the same run with all GPUs at once. Beside
them: `all_to_all_single` with the permutation already done. Last, what node-limited routing saves if each
process is a node, beside what is expected.

Each part runs in processes of its own, so that one that fails or hangs does not take the others with it.
`--device cpu` runs a small part of it over gloo, without the fast hop.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from common import Bar, report
from dispatch_parts import HOPS, LARGE, SMALL, Tell, ceilings, check, large, nodes, small, tiny, tuning

LIMIT_SECONDS = 120
"""For a part."""


def main() -> int:
    """Measure, print, write; 1 if a bar is missed or a part has failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--processes", type=int, help="default: one for each GPU; 4 without")
    parser.add_argument("--only", nargs="*", choices=list(PARTS), help="parts; default: all")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/expert_dispatch.json"))
    told = parser.parse_args()
    gpu = told.device == "cuda"
    processes = told.processes or (torch.cuda.device_count() if gpu else 4)
    if processes < 2 or (gpu and processes > torch.cuda.device_count()):
        parser.error(f"{processes} processes: needs two, and as many GPUs (--device cpu does without)")
    # Neither path multicasts, so nobody needs to set it up.
    os.environ |= {"NCCL_NVLS_ENABLE": "0", "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1"}
    parts = told.only or (
        ["ceilings", "check", "small", "large", "nodes", "tuning"] if gpu else ["tiny", "nodes"]
    )
    found: dict[str, Any] = {}
    bars = []
    # Processes take long to start, and over gloo nothing hangs.
    for together in [[part] for part in parts] if gpu else [parts]:
        failed = run(together, processes, told.device, found)
        if failed:
            print(f"{', '.join(together)}: {failed}", flush=True)
        bars.append(Bar(f"{', '.join(together)}: failed", float(bool(failed)), at_most=0))
    bars = [*judged(found, gpu), *bars]
    name = torch.cuda.get_device_name() if gpu else "CPU"
    details = {"device": name, "processes": processes, "torch": torch.__version__, "found": found}
    return report(told.out, bars, details)


def run(parts: Sequence[str], processes: int, device: str, found: dict[str, Any]) -> str:
    """Add what the parts find to `found`. How they failed; empty if they did not."""
    with tempfile.TemporaryDirectory() as folder:
        context = torch.multiprocessing.spawn(  # type: ignore[no-untyped-call]
            work, (folder, processes, device, list(parts)), nprocs=processes, join=False
        )
        failed = ""
        end = time.monotonic() + LIMIT_SECONDS * len(parts)
        try:
            while not context.join(timeout=1):
                if time.monotonic() > end:
                    failed = f"not done after {LIMIT_SECONDS * len(parts)} s"
                    break
        except Exception as error:  # of any kind: the other parts are to run
            failed = str(error)
        finally:
            for process in context.processes:
                process.kill()
                process.join()
        lines = Path(folder) / "found"
        if lines.exists():
            found |= dict(json.loads(line) for line in lines.read_text().splitlines())
    return failed


def work(rank: int, folder: str, processes: int, device: str, parts: Sequence[str]) -> None:
    """One process's share of some parts."""
    torch.set_num_threads(1)
    gpu = device == "cuda"
    if gpu:
        torch.cuda.set_device(rank)
    place = torch.device("cuda", rank) if gpu else torch.device("cpu")
    dist.init_process_group(
        "nccl" if gpu else "gloo",
        f"file://{folder}/meeting",
        rank=rank,
        world_size=processes,
        timeout=timedelta(seconds=LIMIT_SECONDS),
        device_id=place if gpu else None,
    )

    def tell(name: str, value: float) -> None:
        if rank == 0:
            print(f"{name:60}{value:12.5g}", flush=True)
            with (Path(folder) / "found").open("a") as lines:
                lines.write(json.dumps([name, value]) + "\n")

    for part in parts:
        try:
            PARTS[part](place, tell)
        except Exception:
            traceback.print_exc()
            raise
    if gpu:
        torch.cuda.synchronize()
    dist.barrier()
    dist.destroy_process_group()


def judged(found: dict[str, Any], gpu: bool) -> list[Bar]:
    """The figures, with their bars."""
    bars = []
    if "check: differences" in found:
        bars.append(Bar("fast hop: differences from the plain one", found["check: differences"], at_most=0))
    wire = found.get("copy between GPUs, GB/s")
    for size in (*SMALL, *LARGE):
        ways = [f"{way} {task}" for way in HOPS for task in ("dispatch", "combine")]
        taken = {way: found.get(f"{way}, {size:g} MB, µs") for way in (*ways, "all_to_all_single")}
        for way, figure in taken.items():
            if figure is not None:
                bars.append(Bar(f"{way}, {size:g} MB, µs", figure))
        if wire is not None:
            for way, least in (("fast dispatch", 0.85), ("fast combine", 0.85), ("all_to_all_single", 0.8)):
                rate = found.get(f"{way}, {size:g} MB, GB/s")
                if rate is not None:
                    large = size == 256 or (size == 64 and way.startswith("fast"))
                    bar = least if large else None
                    bars.append(Bar(f"{way}, {size:g} MB: share of a copy", rate / wire, at_least=bar))
        if None not in taken.values():
            for way in ("dispatch", "combine"):
                gain = taken[f"plain {way}"] / taken[f"fast {way}"]
                bars.append(Bar(f"{way}, {size:g} MB: plain / fast", gain))
            gain = sum(taken[way] for way in ways[:2]) / sum(taken[way] for way in ways[2:])
            bar = 3 if size in SMALL else None
            bars.append(Bar(f"both, {size:g} MB: plain / fast", gain, at_least=bar))
    if "nodes: rows, ratio" in found:
        ratio, expected = found["nodes: rows, ratio"], found["nodes: rows, expected ratio"]
        bars.append(Bar("node-limited: rows over the wire, ratio", ratio))
        off = abs(ratio - expected)
        bars.append(Bar("node-limited: rows over the wire − expected", off, at_most=0.02))
    ratios = {way: found.get(f"nodes: {way}, time ratio") for way in HOPS if gpu}
    bars += [Bar(f"node-limited: {way}, time ratio", ratio) for way, ratio in ratios.items() if ratio]
    return bars


PARTS: dict[str, Callable[[torch.device, Tell], None]] = {
    part.__name__: part for part in (ceilings, check, tiny, small, large, nodes, tuning)
}


if __name__ == "__main__":
    sys.exit(main())
