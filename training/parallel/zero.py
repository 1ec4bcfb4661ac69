"""AdamW over processes that hold parts of a model, some of them the same parts (ZeRO-1, arXiv 1910.02054).

Who holds what is found out, not told: a parameter has a key, and processes with the same key hold copies of
it. That is what data parallel replicas are, and the two directions of DualPipe, and an embedding that is tied
to the head of another stage, and an expert that several groups have. All parameters with the same holders are
one bucket: its gradients are added up and cut into equal shares, each holder moves its share in FP32 and has
the only moments for it, and the shares are put together again. So every number is counted once in the norm
that clips, whoever holds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.sft.config import OptimizerConfig

NORM_EPS = 1e-6
"""As torch clips."""


class ShardedAdamW:
    """The optimiser of what one process holds; all processes must make it, and step, together."""

    def __init__(self, held: Mapping[str, nn.Parameter], config: OptimizerConfig) -> None:
        """`held`: this process's parameters by key. Raises `ValueError` if holders of a key differ in it."""
        self._clip = config.clip
        self._buckets = [_Bucket([held[key] for key in keys], group) for keys, group in _share_out(held)]
        groups = [
            {"params": [one.master for one in self._buckets if one.decays is decays], "weight_decay": decay}
            for decays, decay in ((True, config.weight_decay), (False, 0.0))
        ]
        betas = (config.beta1, config.beta2)
        self._optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas)

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
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad()
        for bucket in self._buckets:
            bucket.publish()
        return norm


class _Bucket:
    """Parameters with the same holders, as one row of numbers, of which this process moves its share."""

    def __init__(self, parameters: Sequence[nn.Parameter], group: dist.ProcessGroup | None) -> None:
        """`group`: the holders; None if this process is the only one."""
        self._parameters, self._group = parameters, group
        self.decays = parameters[0].dim() > 1
        holders, place = (1, 0) if group is None else (dist.get_world_size(group), dist.get_rank(group))
        self._size = sum(parameter.numel() for parameter in parameters)
        self._padding = -self._size % holders
        share = (self._size + self._padding) // holders
        whole = self._flat([parameter.detach() for parameter in parameters])
        self.master = nn.Parameter(whole[place * share : (place + 1) * share].clone())

    @property
    def gradient(self) -> Tensor:
        """Of the share."""
        assert self.master.grad is not None, "gradients are added up first"
        return self.master.grad

    def add_up(self) -> None:
        """The share's gradient, of all holders; a parameter that took no part counts as zeros."""
        grads = [
            torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            for parameter in self._parameters
        ]
        for parameter in self._parameters:
            parameter.grad = None
        flat = self._flat(grads)
        if self._group is None:
            self.master.grad = flat
            return
        self.master.grad = torch.empty_like(self.master)
        dist.reduce_scatter_tensor(self.master.grad, flat, group=self._group)

    def publish(self) -> None:
        """Give the parameters what their holders' shares have become."""
        kind = self._parameters[0].dtype
        share = self.master.detach().to(kind)
        whole = share
        if self._group is not None:
            whole = share.new_empty(self._size + self._padding)
            dist.all_gather_into_tensor(whole, share, group=self._group)
        start = 0
        for parameter in self._parameters:
            end = start + parameter.numel()
            parameter.copy_(whole[start:end].view_as(parameter))
            start = end

    def _flat(self, values: Sequence[Tensor]) -> Tensor:
        """FP32, padded to equal shares."""
        flat = [value.flatten().float() for value in values]
        return torch.cat([*flat, flat[0].new_zeros(self._padding)])


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
    return [(keys, groups.get(ranks)) for (ranks, _, _), keys in sorted(buckets.items()) if me in ranks]
