"""How often a layer with experts launches, waits and communicates: `python benchmarks/launches.py`.

On a GPU small steps are bound by these. They are counted on a CPU, in seconds: of a layer of the preset
`tiny` in BF16, alone and with its experts on two processes over gloo. An operation that computes is one
launch, though a sort or a scan is several kernels; views and allocations are none. Backward passes leave the
weights' part for later, as pipelines do (`training.parallel.split`).

Shapes as in `training.model.experts` and `training.parallel.spread`.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.distributed as dist
from common import Bar, report
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from training.model import Transformer
from training.model.experts import MoE
from training.parallel.experts import SpreadExperts, one_hop, spread_experts
from training.parallel.split import WeightQueue, make_splittable
from training.parallel.spread import Arrived, Groups, Hop
from training.sft.config import ModelTable
from training.sft.objective import cross_entropy, cross_entropy_chunk
from training.sft.presets import model_config

PROCESSES, ROWS, LENGTH, VOCABULARY = 2, 2, 64, 512
ALLOCATIONS = {
    f"aten::{name}"
    for name in ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "_unsafe_view")
}
WAITS = {"aten::_local_scalar_dense", "aten::nonzero"}


@dataclass
class Counts:
    """Of one piece of work."""

    launches: int = 0
    waits: int = 0
    """Of the host for the device."""
    collectives: int = 0


Work = Callable[..., tuple[Tensor, ...]]
Table = dict[str, Counts]


@contextmanager
def counted() -> Iterator[Counts]:
    """Count what is done inside, backward passes included."""
    counts = Counts()
    with _Operations(counts), _Lists(counts):
        yield counts


class _Operations(TorchDispatchMode):
    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self._counts = counts

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name().split(".")[0]
        if func.namespace == "c10d":
            self._counts.collectives += 1
        elif not (func.is_view or name in ALLOCATIONS):
            self._counts.launches += 1
            masked = name == "aten::index" and any(i is not None and i.dtype == torch.bool for i in args[1])
            self._counts.waits += name in WAITS or masked
        return func(*args, **kwargs or {})


class _Lists(TorchFunctionMode):
    """A tensor of the CPU becomes a list without any operation."""

    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self._counts = counts

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._counts.waits += func is Tensor.tolist
        return func(*args, **kwargs or {})


def main() -> int:
    """Count, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/launches.json"))
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_work, (folder,), nprocs=PROCESSES)  # type: ignore[no-untyped-call]
        found: Table = pickle.loads((Path(folder) / "found").read_bytes())
    print(f"{'':40}{'launches':>10}{'waits':>10}{'collectives':>14}")
    for name, counts in found.items():
        print(f"{name:40}{counts.launches:10}{counts.waits:10}{counts.collectives:14}")
    return report(told.out, bars(found), {"counts": {name: asdict(one) for name, one in found.items()}})


def bars(found: Mapping[str, Counts]) -> list[Bar]:
    """What a layer with spread experts may do at most: wait once, for the sizes; launch little more than it
    did when this was written."""
    forward, backward = (found[f"spread: the layer, {way}"] for way in ("forward", "backward"))
    return [
        Bar("spread, forward: waits", forward.waits, at_most=1),
        Bar("spread, forward: collectives", forward.collectives, at_most=4),
        Bar("spread, forward: launches", forward.launches, at_most=78),
        Bar("spread, backward: waits", backward.waits, at_most=0),
        Bar("spread, backward: collectives", backward.collectives, at_most=2),
        Bar("spread, backward: launches", backward.launches, at_most=61),
    ]


def _work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=PROCESSES)
    # It adds up numbers on the host alone.
    with mock.patch.object(Hop, "count"):
        found = alone() | spread()
    if rank == 0:
        (Path(folder) / "found").write_bytes(pickle.dumps(found))
    dist.destroy_process_group()


def alone() -> Table:
    """A layer and its parts with all experts on one process, and the model's end."""
    model, layer, x_BLD = start()
    x_ND, chosen_NK, weights_NK = routed(layer, x_BLD)
    targets_N, head_VD = torch.zeros(len(x_ND), dtype=torch.int64), model.lm_head.weight
    works: dict[str, tuple[Work, tuple[Tensor, ...]]] = {
        "router": (lambda x: _differentiable(layer.gate(x)), (x_BLD,)),
        "experts": (lambda x, weights: (layer.experts(x, chosen_NK, weights),), (x_ND, weights_NK)),
        "the layer": (lambda x: _differentiable(layer(x)), (x_BLD,)),
        "head and loss": (
            lambda x: (cross_entropy(x, head_VD, targets_N, chunk=cross_entropy_chunk),),
            (x_ND,),
        ),
    }
    found: Table = {}
    for name, work in works.items():
        found |= passes(f"alone: {name}", *work)
    return found


def spread() -> Table:
    """A layer and its parts with the experts on all processes."""
    model, layer, x_BLD = start()
    group = dist.group.WORLD
    assert group is not None
    spread_experts(model, one_hop(model.config, Groups(group, group), x_BLD.device))
    experts = layer.experts
    assert isinstance(experts, SpreadExperts)
    (hop,) = experts.place.hops
    x_ND, chosen_NK, weights_NK = routed(layer, x_BLD)
    with torch.no_grad():
        arrived = hop.go(x_ND, chosen_NK, weights_NK)
    here_RK, pairs = arrived.chosen_RK - experts.place.first, arrived.pairs
    works: dict[str, tuple[Work, tuple[Tensor, ...]]] = {
        "dispatch": (lambda x, weights: _moved(hop.go(x, chosen_NK, weights)), (x_ND, weights_NK)),
        "experts": (
            lambda x, weights: (experts.here(x, None, here_RK, weights, pairs, ()),),
            (arrived.x_RD, arrived.weights_RK),
        ),
        "combine": (lambda y: (hop.back(y, arrived.route),), (arrived.x_RD,)),
        "the layer": (lambda x: _differentiable(layer(x)), (x_BLD,)),
    }
    with counted() as route:
        plan = hop.plan(chosen_NK)
        assert plan is not None, "a plain hop makes one"
        plan.finish()
    found = {"spread: where rows go, of dispatch": route}
    for name, work in works.items():
        found |= passes(f"spread: {name}", *work)
    return found


def start() -> tuple[Transformer, MoE, Tensor]:
    """A model, a layer of its, and what the layer is given."""
    model = Transformer.drawn(model_config(ModelTable(preset="tiny"), VOCABULARY), 0).bfloat16()
    make_splittable(model)
    layer = next(module for module in model.modules() if isinstance(module, MoE))
    return model, layer, torch.randn(ROWS, LENGTH, model.config.hidden_size).bfloat16()


def routed(layer: MoE, x_BLD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The tokens, their choices and the choices' weights, in one row (N)."""
    with torch.no_grad():
        weights_BLK, routing = layer.gate(x_BLD)
    return x_BLD.flatten(0, 1), routing.chosen_BLK.flatten(0, 1), weights_BLK.flatten(0, 1)


def passes(name: str, work: Work, given: tuple[Tensor, ...]) -> Table:
    """Of some work's forward pass, of the inputs' gradients, and of the weights' if there are any."""
    leaves = [one.detach().requires_grad_() for one in given]
    with counted() as forward:
        outs = work(*leaves)
    grads = [torch.ones_like(out) for out in outs]
    queue = WeightQueue()
    with counted() as backward, queue.collect():
        torch.autograd.backward(outs, grads)
    found = {f"{name}, forward": forward, f"{name}, backward": backward}
    if len(queue):
        with counted() as weights:
            queue.run()
        found[f"{name}, weights"] = weights
    return found


def _moved(arrived: Arrived) -> tuple[Tensor, ...]:
    return arrived.x_RD, arrived.weights_RK


def _differentiable(told: tuple[Tensor, Any]) -> tuple[Tensor, ...]:
    out, routing = told
    return out, routing.balance_loss


if __name__ == "__main__":
    sys.exit(main())
