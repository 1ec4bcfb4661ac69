"""AdamW over processes that hold parts of a model, some of them the same parts (ZeRO-1, arXiv 1910.02054).

Who holds what is found out, not told: a parameter has a key, and processes with the same key hold copies of
it. That is what data parallel replicas are, and the two directions of DualPipe, and an embedding that is tied
to the head of another stage, and an expert that several groups have. All parameters with the same holders are
one bucket: its gradients are added up and cut into equal shares, each holder moves its share in FP32 and has
the only moments for it, and the shares are put together again. So every number is counted once in the norm
that clips, whoever holds it. Weights may be turned to BF16 behind the making of the optimiser: what is moved
is FP32. Moments may be kept in BF16 (arXiv 2412.19437, section 3.3.3): one bucket after the other has them in
FP32, while it is moved.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.parallel.gradients import GradientSums
from training.sft.config import OptimizerConfig
from training.sft.optimizer import make_adamw

NORM_EPS = 1e-6
"""As torch clips."""
BUCKET = 2**28
"""Numbers of a bucket at most, but for a larger parameter: they are exchanged at once, which takes memory."""
MODEL, MOMENTS = "model", ("exp_avg", "exp_avg_sq")
"""Kinds of values: what is moved, and by what."""
_KEPT = {"fp32": torch.float32, "bf16": torch.bfloat16}
"""As what moments are kept between steps."""
# As torch calls them since 2.13, which warns of the names before.
_reduce_scatter = getattr(dist, "reduce_scatter_single", None) or dist.reduce_scatter_tensor
_all_gather = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor


class ShardedAdamW:
    """The optimiser of what one process holds; all processes must make it, and step, together."""

    def __init__(self, held: Mapping[str, nn.Parameter], config: OptimizerConfig) -> None:
        """`held`: this process's parameters by key. Raises `ValueError` if holders of a key differ in it."""
        self._clip = config.clip
        self._buckets = [
            _Bucket(keys, [held[key] for key in keys], group, config) for keys, group in _share_out(held)
        ]
        if not self._buckets:
            raise ValueError("this process has nothing to train")

    @torch.no_grad()
    def step(self, rate: float) -> Tensor:
        """Move all parameters by the gradients that their holders have, and forget those; the norm of the
        whole gradient before clipping."""
        for bucket in self._buckets:
            bucket.add_up()
        squares = torch.stack([bucket.gradient.square().sum() for bucket in self._buckets]).sum()
        dist.all_reduce(squares)
        norm = squares.sqrt()
        scale = (self._clip / (norm + NORM_EPS)).clamp(max=1.0)
        for bucket in self._buckets:
            bucket.gradient.mul_(scale)
            bucket.move(rate)
            bucket.publish()
        return norm

    @torch.no_grad()
    def values(self, kind: str) -> dict[str, Tensor]:
        """By key, on the CPU in FP32: the weights (`MODEL`), or one of the `MOMENTS`. Each key is given by
        one of its holders; all processes must ask."""
        found: dict[str, Tensor] = {}
        for bucket in self._buckets:
            found.update(bucket.mine(bucket.master.detach() if kind == MODEL else bucket.moment(kind)))
        return found

    @torch.no_grad()
    def restore(self, step: int, values: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Be as it was behind so many steps: for each of the `MOMENTS` what this process holds, by key. The
        parameters have had their values when this was made."""
        for bucket in self._buckets:
            bucket.restore(step, {kind: bucket.share(values[kind]) for kind in MOMENTS})


class _Bucket:
    """Parameters with the same holders, as one row of numbers, of which this process moves its share."""

    def __init__(
        self,
        keys: Sequence[str],
        parameters: Sequence[nn.Parameter],
        group: dist.ProcessGroup | None,
        config: OptimizerConfig,
    ) -> None:
        """`group`: the holders; None if this process is the only one."""
        self.keys, self._parameters, self._group = keys, parameters, group
        self._holders, self._place = 1, 0
        if group is not None:
            self._holders, self._place = dist.get_world_size(group), dist.get_rank(group)
        self._padding = -sum(parameter.numel() for parameter in parameters) % self._holders
        self._sums = GradientSums(parameters, self._padding)
        self.master = nn.Parameter(
            self.share({key: p.detach() for key, p in zip(keys, parameters, strict=True)})
        )
        shares, none = [self.master], list[nn.Parameter]()
        decays = parameters[0].dim() > 1
        self._adamw = make_adamw(*((shares, none) if decays else (none, shares)), config)
        self._kept = _KEPT[config.moments]

    @property
    def gradient(self) -> Tensor:
        """Of the share."""
        assert self.master.grad is not None, "gradients are added up first"
        return self.master.grad

    def add_up(self) -> None:
        """The share's gradient, of all holders; a parameter that took no part counts as zeros."""
        if self._group is None:
            self.master.grad = self._sums.flat
            return
        self.master.grad = torch.empty_like(self.master)
        _reduce_scatter(self.master.grad, self._sums.flat, group=self._group)

    def move(self, rate: float) -> None:
        """A step of AdamW on the share, by its gradient."""
        for group in self._adamw.param_groups:
            group["lr"] = rate
        self._turn_moments(torch.float32)
        self._adamw.step()
        self._turn_moments(self._kept)

    def moment(self, kind: str) -> Tensor:
        """One of the share's `MOMENTS`, in FP32."""
        found: Tensor | None = self._adamw.state[self.master].get(kind)
        return torch.zeros_like(self.master) if found is None else found.float()

    def restore(self, step: int, moments: Mapping[str, Tensor]) -> None:
        """Have the share's moments behind so many steps."""
        count = torch.tensor(float(step), device=self.master.device if self.master.is_cuda else None)
        self._adamw.state[self.master] = {"step": count, **moments}
        self._turn_moments(self._kept)

    def publish(self) -> None:
        """Give the parameters what their holders' shares have become, and forget their gradients."""
        self.master.grad = None
        self._sums.flat.zero_()
        share = self.master.detach().to(self._parameters[0].dtype)
        for parameter, value in zip(self._parameters, self._whole(share), strict=True):
            parameter.copy_(value)

    def share(self, values: Mapping[str, Tensor]) -> Tensor:
        """This process's part of one value for each parameter, in FP32."""
        here = self._sums.flat.device
        flat = [values[key].flatten().to(here, torch.float32) for key in self.keys]
        whole = torch.cat([*flat, flat[0].new_zeros(self._padding)])
        return whole.chunk(self._holders)[self._place].clone()

    def mine(self, share: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Undo `share`, with the holders' parts: of each holder's turn some values, so that each is given
        once. All holders must ask."""
        for index, (key, value) in enumerate(zip(self.keys, self._whole(share), strict=True)):
            if index % self._holders == self._place:
                yield key, value.to("cpu", copy=True)

    def _turn_moments(self, dtype: torch.dtype) -> None:
        state = self._adamw.state[self.master]
        for kind in state.keys() & set(MOMENTS):  # None before the first step.
            state[kind] = state[kind].to(dtype)

    def _whole(self, share: Tensor) -> list[Tensor]:
        """What all holders have, by parameter."""
        whole = share
        if self._group is not None:
            whole = share.new_empty(len(share) * self._holders)
            _all_gather(whole, share, group=self._group)
        sizes = [parameter.numel() for parameter in self._parameters]
        parts = torch.split(whole[: len(whole) - self._padding], sizes)
        return [part.view_as(own) for part, own in zip(parts, self._parameters, strict=True)]


def _share_out(held: Mapping[str, nn.Parameter]) -> list[tuple[list[str], dist.ProcessGroup | None]]:
    """This process's keys by who holds them, matrices apart from the rest, and the groups of the holders."""
    told: list[dict[str, tuple[tuple[int, ...], str]]] = [{} for _ in range(dist.get_world_size())]
    mine = {key: (tuple(value.shape), str(value.dtype)) for key, value in held.items() if value.requires_grad}
    dist.all_gather_object(told, mine)
    holders: dict[str, list[int]] = defaultdict(list)
    for rank, keys in enumerate(told):
        for key, kind in keys.items():
            holders[key].append(rank)
            first = told[holders[key][0]][key]
            if kind != first:
                raise ValueError(
                    f"{key} is {' '.join(map(str, first))} in process {holders[key][0]} and "
                    f"{' '.join(map(str, kind))} in process {rank}"
                )
    buckets: dict[tuple[tuple[int, ...], bool, str], list[str]] = defaultdict(list)
    for key in sorted(holders):
        shape, dtype = told[holders[key][0]][key]
        buckets[tuple(holders[key]), len(shape) > 1, dtype].append(key)
    # Groups are made in one order everywhere, also by those that are not in them.
    sets = sorted({ranks for ranks, _, _ in buckets if len(ranks) > 1})
    groups = {ranks: dist.new_group(list(ranks)) for ranks in sets}
    me = dist.get_rank()
    return [
        (part, groups.get(ranks))
        for (ranks, _, _), keys in sorted(buckets.items())
        if me in ranks
        for part in _parts(keys, told[me])
    ]


def _parts(keys: list[str], told: Mapping[str, tuple[tuple[int, ...], str]]) -> Iterator[list[str]]:
    """Keys in runs of no more than `BUCKET` numbers."""
    part: list[str] = []
    numbers = 0
    for key in keys:
        size = math.prod(told[key][0])
        if part and numbers + size > BUCKET:
            yield part
            part, numbers = [], 0
        part.append(key)
        numbers += size
    yield part
