"""What one update does to a small policy, and that nothing else does it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lean_env.values import Verdict
from tests.training.rlpaf.policy import (
    ALONE,
    config,
    group,
    groups,
    logprobs,
    policy,
    sampled,
    tokenizer,
    with_rows,
)
from training.corpus.render import Example
from training.errors import TrainError
from training.model import Hidden, Transformer
from training.rlpaf.config import ExpertConfig, RlpafConfig
from training.rlpaf.learner import Learner
from training.rlpaf.objective import group_advantages
from training.rlpaf.values import Group


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(name="start", scope="module")
def fixture_start() -> Transformer:
    return policy()


def learner(start: Transformer, settings: RlpafConfig, reference: Transformer | None = None) -> Learner:
    return Learner(copy.deepcopy(start), tokenizer(), settings, ALONE, copy.deepcopy(reference))


def distance(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest difference between weights."""
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.mark.parametrize("preset", ["paper", "modern"])
def test_proved_completions_become_likelier_and_failed_ones_less_likely(
    start: Transformer, preset: str
) -> None:
    settings = config(preset, rate=2e-3)
    given = sampled(start, [group(1, "+-+-"), group(2, "-++-")])
    learns = learner(start, settings, start)
    for _ in range(4):
        learns.learn(given)
    for rollout in (rollout for each in given for rollout in each.rollouts):
        before, after = sum(rollout.logprobs), sum(logprobs(learns.model, rollout))
        assert (after > before) == (rollout.verdict is Verdict.PROVED)
    assert (learns.version, learns.step) == (4, 4)


def test_at_the_first_step_nothing_has_moved(start: Transformer) -> None:
    """The ratio is 1, nothing is clipped, and the sampler's log-probs are the learner's."""
    given = sampled(start, groups())
    figures = learner(start, config("paper"), start).learn(given)
    for name in ("clipped_low", "clipped_high"):
        assert figures[name] == 0.0
    for name in ("kl_sampler", "kl_reference"):
        assert figures[name] == pytest.approx(0.0, abs=1e-9)
    assert figures["ess"] == pytest.approx(1.0, abs=1e-9)
    # With ratios of 1, each completion's mean is minus its advantage, and advantages add up to zero.
    assert figures["loss"] == pytest.approx(0.0, abs=1e-6)


def test_the_step_is_that_of_the_plain_policy_gradient(start: Transformer) -> None:
    """Against autograd on all logits of one rollout after the other."""
    settings = config("modern", tis_cap=0.0)
    given = sampled(start, groups())
    model = copy.deepcopy(start)
    total, used = torch.zeros(()), [each for each in given if each.informative]
    for each in used:
        rewards = torch.tensor(each.rewards)
        advantages = group_advantages(rewards, torch.zeros(len(rewards)).long(), scale_rewards=False)
        for rollout, advantage in zip(each.judged, advantages, strict=True):
            prompt = tokenizer().encode(rollout.prompt).ids
            hidden = model(torch.tensor([[*prompt, *rollout.ids]])).hidden_BLD[0, len(prompt) - 1 : -1]
            own = model.logits(hidden).log_softmax(-1)
            total = total - advantage * own.gather(1, torch.tensor(rollout.ids)[:, None]).sum()
    count = sum(len(each.judged) for each in used)
    (total / (count * settings.sampling.max_tokens)).backward()
    gradients = [value.grad for value in model.parameters() if value.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    learns = learner(start, settings)
    figures = learns.learn(given)
    assert figures["gradient_norm"] == pytest.approx(float(norm), rel=1e-4)
    # AdamW's first step moves each weight by the rate against the sign of its gradient.
    state = learns.full_state()
    for name, value in model.named_parameters():
        assert value.grad is not None
        large = value.grad.abs() > 1e-6
        moved = (state[name] - start.state_dict()[name])[large]
        torch.testing.assert_close(moved, -1e-3 * value.grad.sign()[large], rtol=0.05, atol=1e-6)


def test_figures(start: Transformer) -> None:
    settings = config("modern")
    given = sampled(start, groups())
    figures = learner(start, settings).learn(given)
    used = [rollout for each in given if each.informative for rollout in each.judged]
    assert figures["rollouts"] == len(used) == 10
    assert figures["tokens"] == sum(len(rollout.ids) for rollout in used)
    assert figures["reward"] == pytest.approx(5 / 14)
    assert figures["zero_variance"] == 0.25
    assert figures["advantage_abs"] == pytest.approx((3 * 4 / 9 + 5 * 0.48 + 2 * 0.5) / 10, rel=1e-5)
    assert 0 < figures["entropy"] < torch.tensor(float(start.config.vocab_size)).log()
    assert figures["gradient_norm"] > 0
    assert "kl_reference" not in figures


def test_a_sampler_that_computes_otherwise_is_noticed_and_corrected(start: Transformer) -> None:
    given = sampled(start, [group(1, "+-+-")])
    shifted = [
        Group(
            each.theorem,
            tuple(
                replace(
                    r, logprobs=tuple(lp - (1.5 if place % 2 else 0.0) for place, lp in enumerate(r.logprobs))
                )
                for r in each.rollouts
            ),
        )
        for each in given
    ]
    figures = learner(start, config("modern")).learn(shifted)
    lengths = [len(rollout.ids) for rollout in given[0].rollouts]
    odd, count = sum(length // 2 for length in lengths), sum(lengths)
    # Every second token's weight is e^1.5, cut down to 2.
    weights, squares = count - odd + 2 * odd, count - odd + 4 * odd
    assert figures["ess"] == pytest.approx(weights**2 / (count * squares), rel=1e-4)
    assert figures["kl_sampler"] == pytest.approx(odd / count * (2.718281828**1.5 - 2.5), rel=1e-3)


def test_faults_do_not_matter(start: Transformer) -> None:
    given = sampled(start, groups())
    without = [replace(each, rollouts=each.judged) for each in given if each.judged]
    states, figures = [], []
    for batch in (given, without):
        learns = learner(start, config("modern"))
        figures.append(learns.learn(batch))
        states.append(learns.full_state())
    assert distance(*states) == 0.0
    for name in figures[0].keys() - {"seconds"}:
        assert figures[0][name] == figures[1][name]


@pytest.mark.parametrize("preset", ["paper", "modern"])
def test_micro_batches_of_any_size_give_one_step(start: Transformer, preset: str) -> None:
    given = sampled(start, groups())
    states, figures = [], []
    for rows in (1, 3, 64):
        learns = learner(start, with_rows(config(preset, minibatches=2), rows), policy(1))
        figures.append(learns.learn(given))
        states.append(learns.full_state())
        assert learns.step == 2
    assert distance(states[0], dict(start.state_dict())) > 1e-3
    for state, figure in zip(states[1:], figures[1:], strict=True):
        assert distance(states[0], state) < 5e-5
        for name in figure.keys() - {"seconds"}:
            assert figure[name] == pytest.approx(figures[0][name], rel=1e-3, abs=1e-6)


def test_later_steps_of_a_batch_are_clipped(start: Transformer) -> None:
    given = sampled(start, [group(n, "+-+-") for n in range(8)])
    # All completions are of one prompt and its routers, so what one step moves the next one finds moved.
    figures = learner(start, config("modern", rate=0.03, minibatches=8, clip_low=0.05, clip_high=0.05)).learn(
        given
    )
    assert figures["clipped_low"] + figures["clipped_high"] > 0.05


def test_a_batch_is_learnt_from_as_often_as_is_told(start: Transformer) -> None:
    """In a second pass the ratio is no longer one; with wide borders two passes go further than one."""
    given = sampled(start, groups())
    wide = {"clip_low": 0.99, "clip_high": 99.0}
    moved, clipped = [], []
    for epochs, borders in ((1, wide), (2, wide), (4, {"clip_low": 0.01, "clip_high": 0.01})):
        learns = learner(start, config("modern", rate=0.01, minibatches=2, epochs=epochs, **borders))
        figures = learns.learn(given)
        assert (learns.version, learns.step) == (1, 2 * epochs)
        moved.append(distance(learns.full_state(), dict(start.state_dict())))
        clipped.append(figures["clipped_low"] + figures["clipped_high"])
    assert moved[1] > 1.5 * moved[0]
    assert clipped[0] == 0
    assert clipped[1] < 0.05 < clipped[2] <= 1


def test_a_reference_pulls_back(start: Transformer) -> None:
    """Where no rollout did better, only the KL term is left."""
    reference = policy(1)
    given = sampled(start, [group(3, "----")])
    before = copy.deepcopy(reference.state_dict())
    learns = Learner(copy.deepcopy(start), tokenizer(), config("paper", kl=0.5), ALONE, reference)
    divergences = [learns.learn(given)["kl_reference"] for _ in range(6)]
    assert divergences[-1] < 0.9 * divergences[0]
    assert distance(dict(reference.state_dict()), before) == 0.0
    with pytest.raises(ValueError, match="reference"):
        learner(start, config("paper"))


def test_balance_biases_stay_and_frozen_routers_too(start: Transformer) -> None:
    given = sampled(start, groups())
    for routing in ("free", "frozen", "replay"):
        learns = learner(start, config("modern", routing=routing))
        learns.learn(given)
        state = learns.full_state()
        for name, value in start.state_dict().items():
            moved = not torch.equal(state[name], value)
            if name.endswith("e_score_correction_bias"):
                assert not moved
            elif name.endswith("mlp.gate.weight"):
                assert moved == (routing != "frozen")
        learns.moments()


@pytest.mark.parametrize("routing", ["free", "frozen", "replay"])
def test_only_replay_keeps_the_experts_that_a_batch_was_scored_with(start: Transformer, routing: str) -> None:
    learns = learner(start, config("modern", rate=0.05, minibatches=2, routing=routing))
    passes: list[tuple[bool, list[Tensor]]] = []

    def watch(_: object, __: object, told: dict[str, object], hidden: Hidden) -> None:
        chosen = [routed.chosen_BLK for routed in hidden.routing]
        passes.append((told["routing"] is not None, chosen))

    learns.model.register_forward_hook(watch, with_kwargs=True)
    learns.learn(sampled(start, [group(1, "+-+-"), group(2, "+-+-")]))
    scored, moved = passes[: len(passes) // 2], passes[len(passes) // 2 :]
    assert not any(replayed for replayed, _ in scored)
    assert all(replayed == (routing == "replay") for replayed, _ in moved)
    same = [
        torch.equal(one, other)
        for (_, before), (_, after) in zip(scored, moved, strict=True)
        for one, other in zip(before, after, strict=True)
    ]
    assert all(same) == (routing == "replay")  # The second step is not routed as before the first one.


def test_a_state_that_was_asked_for_stays(start: Transformer) -> None:
    learns = learner(start, config("modern"))
    state, before = learns.full_state(), copy.deepcopy(learns.full_state())
    learns.learn(sampled(start, groups()))
    assert distance(state, before) == 0.0 < distance(learns.full_state(), before)


def test_a_batch_with_nothing_to_learn_moves_nothing(start: Transformer) -> None:
    learns = learner(start, config("modern"))
    figures = learns.learn([group(3, "----"), group(5, "?")])
    assert distance(learns.full_state(), dict(start.state_dict())) == 0.0
    assert (learns.version, learns.step) == (1, 0)
    assert (figures["rollouts"], figures["loss"], figures["ess"]) == (0.0, 0.0, 1.0)
    assert figures["zero_variance"] == 1.0


def test_a_run_goes_on_where_it_was(start: Transformer) -> None:
    batches = [sampled(start, [group(n, "+-+-"), group(n + 1, "-+")]) for n in (10, 20, 30)]
    settings = config("modern", minibatches=3)
    whole = learner(start, settings)
    first = learner(start, settings)
    for batch in batches:
        whole.learn(batch)
    for batch in batches[:2]:
        first.learn(batch)
    model = copy.deepcopy(start)
    model.load_state_dict(first.full_state())
    again = Learner(model, tokenizer(), settings, ALONE)
    again.restore(first.version, first.step, first.moments())
    again.learn(batches[2])
    assert (again.version, again.step) == (whole.version, whole.step) == (3, 9)
    assert distance(again.full_state(), whole.full_state()) == 0.0


def test_a_loss_that_is_no_number_stops_the_run_before_the_weights_move(start: Transformer) -> None:
    given = sampled(start, [group(1, "+-+-")])
    broken = replace(given[0].rollouts[0], logprobs=(float("nan"),) * len(given[0].rollouts[0].ids))
    bad = [Group(given[0].theorem, (broken, *given[0].rollouts[1:]))]
    learns, other = learner(start, config("modern")), learner(start, config("modern"))
    with pytest.raises(TrainError, match="learning_rate"):
        learns.learn(bad)
    assert distance(learns.full_state(), dict(start.state_dict())) == 0.0
    # Nothing of it is left in the next step.
    learns.learn(given)
    other.learn(given)
    assert distance(learns.full_state(), other.full_state()) == 0.0


def test_imitation_learns_texts_by_heart(start: Transformer) -> None:
    settings = replace(config("modern", rate=3e-3), expert=ExpertConfig(every=1, steps=2))
    learns = learner(start, settings)
    examples = [Example("theorem a : b := by", "\n  simp"), Example("theorem c : d := by", "\n  rfl")]
    long = Example("theorem long : d := by", " rfl" * 50)
    losses = [learns.imitate([*examples, long])["loss"] for _ in range(12)]
    assert losses[-1] < 0.3 * losses[0]
    figures = learns.imitate(examples)
    ends = [len(tokenizer().encode(text.completion, add_special_tokens=False).ids) + 1 for text in examples]
    assert (figures["tokens"], figures["examples"], figures["too_long"]) == (sum(ends), 2, 0)
    assert learns.imitate([long])["too_long"] == 1
    assert (learns.version, learns.step) == (0, 26), "no weights were given out in between"


def test_bf16_learns_with_fp32_masters(start: Transformer) -> None:
    given = sampled(start, [group(1, "+-+-")])
    settings = config("modern", rate=1e-6, routing="frozen")
    learns = learner(start, replace(settings, run=replace(settings.run, dtype="bf16")))
    figures = learns.learn(given)
    assert abs(figures["kl_sampler"]) < 0.01
    state = learns.full_state()
    assert {parameter.dtype for parameter in learns.model.parameters()} == {torch.bfloat16}
    moved = (state["norm.weight"] - start.state_dict()["norm.weight"]).abs()
    assert float(moved.max()) == pytest.approx(1e-6, rel=0.1)
    coarse = learner(start, replace(config("modern"), run=replace(settings.run, dtype="bf16")))
    coarse.learn(given)
    state = coarse.full_state()
    for name, parameter in coarse.model.named_parameters():
        assert torch.equal(parameter.detach(), state[name].to(torch.bfloat16))
    assert not torch.equal(coarse.model.lm_head.weight, start.lm_head.weight.to(torch.bfloat16))
