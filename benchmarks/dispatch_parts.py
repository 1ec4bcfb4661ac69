"""What `expert_dispatch.py` measures, part by part; each runs on all processes of a world of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from training.parallel import stage
from training.parallel.fast import FastHop
from training.parallel.spread import Arrived, Groups, Hop
from training.parallel.traffic import counted, expected_places, expected_ratio

EXPERTS, CHOICES = 64, 8
HOPS = ("plain", "fast")
SMALL, LARGE = (0.5, 1, 4), (16, 64, 256)
"""MB a process."""
COPIED = 256
"""MB of a copy between GPUs."""
ROUNDS = 200

Tell = Callable[[str, float], None]
"""Prints a figure and keeps it."""


def world() -> dist.ProcessGroup:
    """All processes."""
    assert dist.group.WORLD is not None
    return dist.group.WORLD


def both() -> Groups:
    """The same for both passes, which here are never under way together."""
    return Groups(world(), world())


def owners(device: torch.device) -> Tensor:
    """Each expert's process: equal shares, in order."""
    return torch.arange(EXPERTS, device=device) * dist.get_world_size() // EXPERTS


class Given(NamedTuple):
    """What a hop is given."""

    x_ND: Tensor
    chosen_NK: Tensor
    weights_NK: Tensor


def drawn(rows: int, hidden: int, device: torch.device, limit: int | None = None) -> Given:
    """Rows, choices without preferences, and weights; with a limit, of so many processes, drawn first."""
    peers, rank = dist.get_world_size(), dist.get_rank()
    generator = torch.Generator(device).manual_seed(rank)
    liking = torch.rand(rows, EXPERTS, generator=generator, device=device)
    if limit is not None:
        nodes = torch.rand(rows, peers, generator=generator, device=device)
        open_ = torch.zeros_like(nodes).scatter_(1, nodes.topk(limit, dim=1).indices, 1)
        liking += open_[:, owners(device)]
    chosen_NK = liking.topk(CHOICES, dim=1).indices
    x_ND = torch.randn(rows, hidden, generator=generator, device=device).bfloat16()
    return Given(x_ND, chosen_NK, torch.rand(rows, CHOICES, generator=generator, device=device))


def measured(device: torch.device, repeats: int, task: Callable[..., object], *arguments: Any) -> float:
    """Microseconds of the slowest process: the median of many."""
    for _ in range(max(1, repeats // 5)):
        task(*arguments)
    if device.type == "cuda":
        pairs = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(repeats)]
        torch.cuda.synchronize()
        dist.barrier()
        for start, end in pairs:
            start.record()
            task(*arguments)
            end.record()
        torch.cuda.synchronize()
        times = [start.elapsed_time(end) * 1e3 for start, end in pairs]
    else:
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            task(*arguments)
            times.append((time.perf_counter() - began) * 1e6)
    slowest = torch.tensor(statistics.median(times), device=device)
    dist.all_reduce(slowest, dist.ReduceOp.MAX)
    return float(slowest)


def ceilings(device: torch.device, tell: Tell) -> None:
    """A copy to the next GPU, all GPUs at once: into symmetric memory, and as messages."""
    from torch.distributed import _symmetric_memory as symmetric

    rank, peers = dist.get_rank(), dist.get_world_size()
    size = COPIED * 2**20
    mine = symmetric.empty(size, dtype=torch.uint8, device=device)
    shared = symmetric.rendezvous(mine, world())
    there = shared.get_buffer((rank + 1) % peers, (size,), torch.uint8)
    source = torch.randint(0, 256, (size,), dtype=torch.uint8, device=device)
    taken = measured(device, 30, there.copy_, source)
    tell("copy between GPUs, GB/s", size / taken / 1e3)
    here = torch.empty_like(source)

    def messages() -> None:
        sent = dist.P2POp(dist.isend, source, (rank + 1) % peers)
        received = dist.P2POp(dist.irecv, here, (rank - 1) % peers)
        for request in dist.batch_isend_irecv([sent, received]):
            request.wait()

    taken = measured(device, 30, messages)
    tell("send and receive, GB/s", size / taken / 1e3)


def check(device: torch.device, tell: Tell) -> None:
    """The fast hop against the plain one; then the same at full speed with processes that are late."""
    owner_E = owners(device)
    plain, quick = Hop(both(), owner_E), FastHop(world(), owner_E, 16)
    wrong: list[str] = []
    for seed in range(30):
        generator = torch.Generator(device).manual_seed(1000 * seed + dist.get_rank())
        rows = [300, 1, 0 if dist.get_rank() else 77, 1500, 0][seed % 5]
        liking = torch.rand(rows, EXPERTS, generator=generator, device=device)
        if seed % 3 == 1:
            liking[:, : EXPERTS // dist.get_world_size()] += 2  # all to the first process
        elif seed % 3 == 2:
            liking *= torch.arange(EXPERTS, device=device) ** 2
        chosen_NK = liking.topk(CHOICES, dim=1).indices.masked_fill(liking[:, :CHOICES] < 0.1, -1)
        dtype = (torch.bfloat16, torch.float32, torch.float16)[seed % 3]
        x_ND = torch.randn(rows, (256, 264)[seed % 2], generator=generator, device=device).to(dtype)
        weights_NK = torch.rand(rows, CHOICES, generator=generator, device=device)
        if seed % 4 == 3:
            weights_NK = weights_NK.bfloat16()
        case = f"case {seed}, {rows} rows, {dtype}"
        wrong += [f"{case}: {what}" for what in differences(plain, quick, x_ND, chosen_NK, weights_NK)]
        with torch.no_grad():
            bytes_ND = x_ND.view(torch.uint8)
            if not torch.equal(
                plain.go(bytes_ND, chosen_NK, weights_NK).x_RD, quick.go(bytes_ND, chosen_NK, weights_NK).x_RD
            ):
                wrong.append(f"{case}: bytes")
    wrong += late(plain, quick, device)
    for what in wrong[:20]:
        print(f"process {dist.get_rank()}: {what}", flush=True)
    number = torch.tensor(len(wrong), device=device)
    dist.all_reduce(number)
    tell("check: rows of the stage at the end", quick.stage.layout.rows)
    tell("check: differences", int(number))


def differences(plain: Hop, quick: Hop, x_ND: Tensor, chosen_NK: Tensor, weights_NK: Tensor) -> list[str]:
    """What is not as with the plain hop, forward and backward."""
    told: list[tuple[Arrived, list[Tensor]]] = []
    for hop in (plain, quick):
        leaves = [one.clone().requires_grad_() for one in (x_ND, weights_NK)]
        arrived = hop.go(leaves[0], chosen_NK, leaves[1])
        scale_R = (arrived.weights_RK * (arrived.chosen_RK >= 0)).sum(1)
        y_ND = hop.back((arrived.x_RD * scale_R[:, None]).to(x_ND.dtype), arrived.route)
        direction_ND = torch.linspace(-1, 1, y_ND.numel(), device=y_ND.device).view_as(y_ND)
        (y_ND * direction_ND).sum().backward()
        told.append((arrived, [y_ND.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]))
    (expected, results), (found, quick_results) = told
    names = ("x_RD", "chosen_RK", "weights_RK")
    wrong = [name for name in names if not torch.equal(getattr(expected, name), getattr(found, name))]
    if not torch.equal(expected.route.slots_NC, found.route.slots_NC.long()):
        wrong.append("slots")
    if not torch.equal(plain.sent_W, quick.sent_W):
        wrong.append("accounting")
    for name, a, b in zip(("sum", "gradient of x", "of weights"), results, quick_results, strict=True):
        # Two terms have one sum; more can be added in another order.
        exact = dist.get_world_size() == 2
        off = float((a.float() - b.float()).norm() / a.float().norm().clamp(min=1e-30))
        if a.dtype != b.dtype or off > (0 if exact else 1e-3):
            wrong.append(f"{name}, by {off:.2g}")
    return wrong


@torch.no_grad()
def late(plain: Hop, quick: Hop, device: torch.device) -> list[str]:
    """Operations one after the other, where at times one process waits first: does any overtake?"""
    rounds = []
    for seed in range(ROUNDS):
        generator = torch.Generator(device).manual_seed(7000 + 10 * seed + dist.get_rank())
        rows = (37 * seed + 101 * dist.get_rank()) % 400
        chosen_NK = torch.rand(rows, EXPERTS, generator=generator, device=device).topk(CHOICES).indices
        weights_NK = torch.rand(rows, CHOICES, generator=generator, device=device)
        x_ND = torch.randn(rows, 1024, generator=generator, device=device).bfloat16()
        arrived = plain.go(x_ND, chosen_NK, weights_NK)
        rounds.append(((x_ND, chosen_NK, weights_NK), arrived, plain.back(arrived.x_RD, arrived.route)))
    results = []
    for seed, (given, _, _) in enumerate(rounds):
        if (seed + dist.get_rank()) % 3 == 0:
            torch.cuda._sleep(100_000 * (1 + seed % 7))
        arrived = quick.go(*given)
        if (seed // 2 + dist.get_rank()) % 3 == 0:
            torch.cuda._sleep(100_000 * (1 + seed % 5))
        results.append((arrived, quick.back(arrived.x_RD, arrived.route)))
    wrong = []
    for seed, ((_, expected, y_ND), (arrived, quick_ND)) in enumerate(zip(rounds, results, strict=True)):
        if not all(torch.equal(a, b) for a, b in zip(expected[:3], arrived[:3], strict=True)):
            wrong.append(f"late, round {seed}: dispatch")
        if not torch.allclose(y_ND, quick_ND, 0 if dist.get_world_size() == 2 else 1e-2, 0):
            wrong.append(f"late, round {seed}: combine")
    return wrong


@torch.no_grad()
def times(sizes: Sequence[float], device: torch.device, tell: Tell) -> None:
    """Of both hops, and of the plain collective, for some sizes."""
    for size in sizes:
        hidden = 2048 if size in SMALL else 7168
        given = drawn(int(size * 2**20) // (2 * hidden), hidden, device)
        repeats = 100 if size < 64 else 30
        every: dict[str, Hop] = {"plain": Hop(both(), owners(device))}
        if device.type == "cuda":
            room = len(given[0]) * dist.get_world_size()
            every["fast"] = FastHop(world(), owners(device), room)
        for way, hop in every.items():
            x_RD, _, _, route, *_ = hop.go(*given)
            tasks = {
                f"{way} dispatch": measured(device, repeats, hop.go, *given),
                f"{way} combine": measured(device, repeats, hop.back, x_RD, route),
            }
            if way == "plain":
                sizes_of = route.received_W, route.sent_W
                x_SD, exchange = given.x_ND[route.rows_S], dist.all_to_all_single
                tasks["all_to_all_single"] = measured(device, repeats, exchange, x_RD, x_SD, *sizes_of)
            wire = (sum(route.sent_W) - route.sent_W[hop.me]) * hidden * 2
            for name, taken in tasks.items():
                tell(f"{name}, {size:g} MB, µs", taken)
                tell(f"{name}, {size:g} MB, GB/s", wire / taken / 1e3)


def tiny(device: torch.device, tell: Tell) -> None:
    """The smallest size."""
    times(SMALL[:1], device, tell)


def small(device: torch.device, tell: Tell) -> None:
    """Where what counts is how often something is started and waited for."""
    times(SMALL, device, tell)


def large(device: torch.device, tell: Tell) -> None:
    """Where what counts is the wire."""
    times(LARGE, device, tell)


@torch.no_grad()
def nodes(device: torch.device, tell: Tell) -> None:
    """Node-limited against free routing, each process a node, at most half of them (1 of 2, 2 of 4)."""
    peers = dist.get_world_size()
    limit = max(1, peers // 2)
    gpu = device.type == "cuda"
    rows, hidden = 4096, 7168 if gpu else 16
    sent = {}
    taken: dict[tuple[str, int | None], float] = {}
    for most in (limit, None):
        given = drawn(rows, hidden, device, most)
        for way in HOPS if gpu else HOPS[:1]:
            hop = Hop(both(), owners(device))
            if way == "fast":
                hop = FastHop(world(), owners(device), rows * peers)
            x_RD, _, _, route, *_ = hop.go(*given)
            if way == "plain":
                told = torch.tensor(counted(hop).rows, device=device)
                dist.all_reduce(told)
                sent[most] = int(told)
            taken[way, most] = measured(device, 20, hop.go, *given)
            taken[way, most] += measured(device, 20, hop.back, x_RD, route)
            name = "free" if most is None else f"at most {most} of {peers} nodes"
            tell(f"nodes: {way}, {name}, µs", taken[way, most])
        places = expected_places(EXPERTS, peers, CHOICES, most)
        tell(f"nodes: {name}, rows over the wire a token", sent[most] / rows / peers)
        tell(f"nodes: {name}, expected", places * (peers - 1) / peers)
    tell("nodes: rows, ratio", sent[limit] / sent[None])
    tell("nodes: rows, expected ratio", expected_ratio(EXPERTS, peers, CHOICES, limit))
    for way in HOPS if gpu else HOPS[:1]:
        tell(f"nodes: {way}, time ratio", taken[way, limit] / taken[way, None])


@torch.no_grad()
def tuning(device: torch.device, tell: Tell) -> None:
    """What the fast path's constants do, and where the time of a small message goes."""
    for size, hidden in ((1, 2048), (64, 7168)):
        given = drawn(int(size * 2**20) // (2 * hidden), hidden, device)
        for chunk in (2, 4, 8):
            for programs in (32, 64, 128, 192):
                if chunk != 4 and programs != 128:
                    continue
                stage.CHUNK_ROWS = chunk
                hop = FastHop(world(), owners(device), len(given[0]) * dist.get_world_size())
                hop.programs = programs
                x_RD, _, _, route, *_ = hop.go(*given)
                what = f"tuning: {size} MB, {programs} programs, chunks of {chunk}"
                tell(f"{what}, dispatch, µs", measured(device, 30, hop.go, *given))
                tell(f"{what}, combine, µs", measured(device, 30, hop.back, x_RD, route))
    stage.CHUNK_ROWS = 4
    given = drawn(256, 2048, device)
    hop = FastHop(world(), owners(device), 256 * dist.get_world_size())
    x_RD, _, _, route, *_ = hop.go(*given)
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        for _ in range(20):
            hop.back(hop.go(*given).x_RD, route)
        torch.cuda.synchronize()
    if dist.get_rank() == 0:
        print(profile.key_averages().table(sort_by="cpu_time_total", row_limit=30), flush=True)
