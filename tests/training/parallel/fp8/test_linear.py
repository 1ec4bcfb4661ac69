"""Layers in FP8 against the same layers in their own type."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.model.tiny import TINY, tiny_model, tokens
from training.model.experts import Experts
from training.model.router import Router
from training.parallel.experts import Place, SpreadExperts, spread_experts
from training.parallel.fp8.backend import on_gpu
from training.parallel.fp8.experts import Fp8Experts
from training.parallel.fp8.linear import Fp8Linear, Recipe
from training.parallel.fp8.model import use_fp8
from training.parallel.split import WeightQueue, make_splittable


def apart(found: Tensor | None, wanted: Tensor | None) -> float:
    assert found is not None
    assert wanted is not None
    return ((found.float() - wanted.float()).norm() / wanted.float().norm()).item()


def linear(inputs: int, outputs: int, dtype: torch.dtype, recipe: Recipe) -> tuple[nn.Linear, Fp8Linear]:
    torch.manual_seed(0)
    plain = nn.Linear(inputs, outputs, bias=False).to(dtype)
    low = Fp8Linear(inputs, outputs, bias=False).to(dtype)
    low.load_state_dict(plain.state_dict())
    low.recipe = recipe
    return plain, low


def experts(dtype: torch.dtype) -> tuple[Experts, Fp8Experts]:
    torch.manual_seed(0)
    pair = Experts(TINY), Fp8Experts(TINY)
    for one, other in zip(*(each.parameters() for each in pair), strict=True):
        nn.init.normal_(one, std=0.2)
        other.data.copy_(one.data)
    return pair[0].to(dtype), pair[1].to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("recipe", [Recipe(), Recipe(power_of_two=True), Recipe(square_gradients=True)])
@pytest.mark.parametrize(("inputs", "outputs"), [(128, 256), (130, 70)])
def test_a_linear_layer_and_its_gradients_are_within_the_noise(
    dtype: torch.dtype, recipe: Recipe, inputs: int, outputs: int
) -> None:
    pair = linear(inputs, outputs, dtype, recipe)
    x = torch.randn(2, 75, inputs).to(dtype)
    weigh = torch.randn(2, 75, outputs).to(dtype)
    results: list[list[Tensor | None]] = []
    for layer in pair:
        here = x.clone().requires_grad_()
        out = layer(here)
        assert out.dtype == dtype
        (out * weigh).sum().backward()
        results.append([out.detach(), here.grad, layer.weight.grad])
    for plain, low in zip(*results, strict=True):
        assert plain is not None
        assert low is not None
        assert (low.dtype, low.shape) == (plain.dtype, plain.shape)
        assert 0.005 < apart(low, plain) < 0.06


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_experts_and_their_gradients_are_within_the_noise(dtype: torch.dtype) -> None:
    pair = experts(dtype)
    x_ND = torch.randn(90, TINY.hidden_size).to(dtype)
    chosen_NK = torch.rand(90, TINY.n_routed_experts - 1).topk(3).indices  # The last expert gets nothing.
    weights_NK = torch.rand(90, 3)
    results: list[list[Tensor | None]] = []
    for layer in pair:
        here = x_ND.clone().requires_grad_()
        out_ND = layer(here, chosen_NK, weights_NK)
        out_ND.float().square().sum().backward()
        results.append([out_ND.detach(), here.grad, *(weight.grad for weight in layer.parameters())])
        assert layer.down_proj.grad is not None
        assert (layer.down_proj.grad[-1] == 0).all()
    for plain, low in zip(*results, strict=True):
        assert 0.005 < apart(low, plain) < 0.1


def test_no_tokens_at_all() -> None:
    layer, low = experts(torch.float32)[1], linear(128, 128, torch.float32, Recipe())[1]
    none = torch.zeros(0, 3, dtype=torch.int64)
    out = layer(torch.zeros(0, TINY.hidden_size), none, torch.zeros(0, 3)).sum()
    (out + low(torch.zeros(1, 0, 128)).sum()).backward()
    for weight in (layer.down_proj, layer.gate_up_proj, low.weight):
        assert weight.grad is not None
        assert (weight.grad == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_that_wait_get_the_same_gradients(dtype: torch.dtype) -> None:
    whole, split = (tiny_model(0, q_lora_rank=24).to(dtype) for _ in range(2))
    use_fp8(whole)
    make_splittable(split)
    use_fp8(split)
    queue = WeightQueue()
    for seed in (0, 1):
        batch = tokens(2, 19, seed)
        whole.logits(whole(batch).hidden_BLD).float().square().mean().backward()
        loss = split.logits(split(batch).hidden_BLD).float().square().mean()
        with queue.collect():
            loss.backward()
    waiting = {name for name, weight in split.named_parameters() if weight.grad is None}
    assert waiting == {name for name, _ in split.named_parameters() if "proj" in name or "lm_head" in name}
    queue.run()
    for (name, one), other in zip(whole.named_parameters(), split.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=0, atol=0, msg=name)


def test_exactly_the_matrices_of_mlps_experts_and_attention_change() -> None:
    model = tiny_model(q_lora_rank=24, num_nextn_predict_layers=1)
    before = {name: (type(module), module.state_dict().keys()) for name, module in model.named_modules()}
    recipe = Recipe(power_of_two=True)
    use_fp8(model, recipe)
    use_fp8(model, recipe)
    changed = {name for name, module in model.named_modules() if type(module) is not before[name][0]}
    attention = ("q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj")
    dense = ("gate_proj", "up_proj", "down_proj")
    blocks = ["layers.0", "layers.1", "layers.2", "mtp.block"]
    wanted = {f"{block}.self_attn.{name}" for block in blocks for name in attention}
    wanted |= {f"layers.0.mlp.{name}" for name in dense}
    wanted |= {f"{block}.mlp.shared_experts.{name}" for block in blocks[1:] for name in dense}
    wanted |= {f"{block}.mlp.experts" for block in blocks[1:]}
    assert changed == wanted
    for name, module in model.named_modules():
        assert module.state_dict().keys() == before[name][1]
        assert isinstance(module, (Fp8Linear, Fp8Experts)) == (name in wanted)
        if isinstance(module, (Fp8Linear, Fp8Experts)):
            assert module.recipe == recipe
    assert type(model.lm_head) is nn.Linear
    assert any(type(module) is Router for module in model.modules())


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_what_is_not_finite_reaches_the_loss(bad: float) -> None:
    model = tiny_model()
    use_fp8(model)
    with torch.no_grad():
        model.layers[0].mlp.down_proj.weight[3, 3] = bad
    assert model.logits(model(tokens(1, 9)).hidden_BLD).float().mean().isnan()


def test_kernels_without_triton_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] == "triton":
            raise ModuleNotFoundError("No module named 'triton'")
        return find(name, *rest, **named)

    import training.parallel.fp8 as package

    for name in ("gpu", "kernels", "casts"):
        monkeypatch.delitem(sys.modules, f"training.parallel.fp8.{name}", raising=False)
        monkeypatch.delattr(package, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RuntimeError, match=r"need Triton 3\.4 or newer: pip install triton"):
        on_gpu()


def test_spread_experts_multiply_in_fp8_too() -> None:
    whole, spread = tiny_model(), tiny_model()
    spread_experts(spread, Place([], 0, TINY.n_routed_experts))
    for model in (whole, spread):
        use_fp8(model)
    experts_of = spread.layers[1].mlp.experts
    assert isinstance(experts_of, SpreadExperts)
    found, wanted = (model(tokens(2, 9)).hidden_BLD for model in (spread, whole))
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)
    x_ND, weights_NK = torch.randn(5, TINY.hidden_size), torch.rand(5, 2)
    elsewhere_NK = torch.tensor([[0, -1], [-1, -1], [3, 1], [-1, 2], [7, 0]])
    out_ND = experts_of.compute(x_ND, elsewhere_NK, weights_NK, pairs=int((elsewhere_NK >= 0).sum()))
    assert (out_ND[1] == 0).all()
    mine_NK = torch.where(elsewhere_NK < 0, 0, weights_NK)
    wanted_ND = whole.layers[1].mlp.experts(x_ND, elsewhere_NK.clamp(min=0), mine_NK)
    torch.testing.assert_close(out_ND, wanted_ND)
