"""Which weights compute, and which are moved.

BF16 cannot hold a small change to a large weight, so with `bf16` the optimiser moves FP32 masters, and the
model computes with BF16 copies of them. On one device the masters lie beside the model; on several,
FSDP2 keeps them as its shards and makes the copies when it gathers them, and adds gradients in FP32.
Router biases and rotary frequencies are buffers and stay FP32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from training.model import Transformer
from training.sft.world import World


class Weights:
    """What the optimiser moves, by the model's names for it; and the copies that compute."""

    def __init__(
        self, objective: nn.Module, model: Transformer, dtype: str, world: World, *, compile_: bool
    ) -> None:
        """`objective` is the module around `model` whose forward pass uses all of its weights."""
        blocks: list[nn.Module] = [*model.layers, *([model.mtp.block] if model.mtp is not None else [])]
        if compile_:
            for block in blocks:
                block.compile(dynamic=False)  # Shapes are always the same.
        self._copies: list[Tensor] = []
        if dtype == "bf16-pure":
            _to_bf16(model.parameters())
        if world.size > 1:
            _shard([*blocks, objective], torch.bfloat16 if dtype == "bf16" else None)
        self.masters = dict(model.named_parameters())
        if dtype == "bf16" and world.size == 1:
            copies = self.masters
            self.masters = {name: nn.Parameter(copy.detach().clone()) for name, copy in copies.items()}
            _to_bf16(copies.values())
            for name, copy in copies.items():
                add = _adding_to(self.masters[name])
                copy.register_post_accumulate_grad_hook(add)  # type: ignore[no-untyped-call]
            self._copies = list(copies.values())
        self._model = model

    @torch.no_grad()
    def publish(self) -> None:
        """Bring the copies up to date, after the masters have moved."""
        if self._copies:
            torch._foreach_copy_(self._copies, list(self.masters.values()))

    def full_state(self) -> dict[str, Tensor]:
        """The model's state dict with the masters in it, on the CPU, unsharded. All ranks must ask."""
        found = self._model.state_dict()
        state = {name: whole(self.masters.get(name, value)) for name, value in found.items()}
        if self._model.config.tie_word_embeddings:  # One weight under two names, of which masters have one.
            state["lm_head.weight"] = state["embed_tokens.weight"]
        return state


def whole(value: Tensor) -> Tensor:
    """A copy of a tensor, or of all shards of one, on the CPU, which later steps do not change."""
    value = value.detach()
    return (value.full_tensor() if isinstance(value, DTensor) else value).to("cpu", copy=True)


def _to_bf16(parameters: Iterable[nn.Parameter]) -> None:
    for parameter in parameters:
        parameter.data = parameter.data.to(torch.bfloat16)


def _adding_to(master: nn.Parameter) -> Callable[[Tensor], None]:
    """A hook that adds a copy's gradient to its master's in FP32, micro-batch by micro-batch."""

    def add(copy: Tensor) -> None:
        assert copy.grad is not None
        if master.grad is None:
            master.grad = copy.grad.float()
        else:
            master.grad += copy.grad
        copy.grad = None

    return add


def _shard(modules: list[nn.Module], dtype: torch.dtype | None) -> None:
    """Shard each of the modules, the one that holds the others last."""
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    # Inputs are not cast: rotary angles must stay FP32.
    policy = MixedPrecisionPolicy(
        param_dtype=dtype, reduce_dtype=torch.float32 if dtype else None, cast_forward_inputs=False
    )
    for module in modules:
        fully_shard(module, mp_policy=policy)
