"""Writing in fixed shapes, on a GPU as captured graphs, against shapes that follow the text."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import torch

from prover.policies.base import Completion, Finish, Sampling
from tests.training.model.tiny import tiny_checkpoint, tiny_model
from training.generate import Generator, graphs, load_generator
from training.generate.engine import Engine
from training.generate.graphs import Buckets, size_of

PROMPTS = [
    "theorem u (p q : Prop) (hp : p) : p ∨ q := by\n",
    "theorem t : True := by\n",
    "x\n",
    "theorem u (p q : Prop) (hp : p) : p ∨ q := by\n  skip\n",
    "x\n",
]
SAMPLINGS = {
    "from the whole distribution": Sampling(max_tokens=40, top_p=1.0, stop=()),
    "hotter": Sampling(max_tokens=40, top_p=1.0, temperature=1.3, stop=()),
    "from a nucleus": Sampling(max_tokens=40, top_p=0.95, stop=()),
    "most likely": Sampling(max_tokens=40, temperature=0, stop=()),
    "stop strings": Sampling(max_tokens=40, top_p=1.0, stop=("ab", *"defghijkl"), seed=2),
    "stop strings, nucleus": Sampling(max_tokens=40, top_p=0.95, stop=tuple("defgh"), seed=2),
    "distinct": Sampling(max_tokens=3, top_p=1.0, stop=tuple("defgh"), distinct=True),
    "one token": Sampling(max_tokens=1, top_p=1.0, stop=()),
}
SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "latent queries": {"q_lora_rank": 12},
    "many experts": {"n_routed_experts": 32},
    "tied, wide groups": {"tie_word_embeddings": True, "n_group": 2, "topk_group": 1, "n_shared_experts": 2},
}
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

Found = list[list[Completion]]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("graphs") / "tiny")


@pytest.fixture
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a batch moves often, for its rows and for its columns."""
    monkeypatch.setattr(graphs, "ROWS", 1)
    monkeypatch.setattr(graphs, "COLUMNS", 8)
    monkeypatch.setattr(graphs, "ROOM", 5)


def same(one: Found, other: Found, *, abs_error: float = 1e-5) -> None:
    """The same completions, log-probs up to rounding."""
    for mine, theirs in zip(chain(*one), chain(*other), strict=True):
        assert mine.logprobs == pytest.approx(theirs.logprobs, abs=abs_error)
        assert replace(mine, logprobs=()) == replace(theirs, logprobs=())


@pytest.mark.usefixtures("small_buckets")
@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
def test_fixed_shapes_change_nothing(sampling: Sampling, checkpoint: Path) -> None:
    growing = load_generator(checkpoint, "v", fixed=False)
    fixed = load_generator(checkpoint, "v", fixed=True)
    for _ in range(2):  # The second time, buckets hold what the first left there.
        same(fixed.generate(PROMPTS, 4, sampling), growing.generate(PROMPTS, 4, sampling))


@pytest.mark.parametrize("shape", SHAPES)
def test_fixed_shapes_of_other_models(shape: str, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path, **SHAPES[shape])
    sampling = Sampling(max_tokens=80, top_p=1.0, stop=())
    found = [load_generator(path, "v", fixed=fixed).generate(PROMPTS, 3, sampling) for fixed in (True, False)]
    same(*found)


@pytest.mark.usefixtures("small_buckets")
def test_how_far_rows_run_ahead_does_not_show(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = Sampling(max_tokens=30, top_p=1.0, stop=(*"abcde", "f g"), seed=4)
    found = []
    for lag in (1, 3, 8, 100):
        monkeypatch.setattr("training.generate.generator.LAG", lag)
        found.append(load_generator(checkpoint, "v", fixed=True).generate(PROMPTS, 6, sampling))
    for other in found[1:]:
        same(found[0], other)
    finished = [completion.finish for row in found[0] for completion in row]
    assert {Finish.STOP, Finish.LENGTH} == set(finished)
    assert len({completion.tokens for row in found[0] for completion in row}) > 5


@pytest.mark.usefixtures("small_buckets")
def test_batches_and_the_context_bound_it_alike(checkpoint: Path) -> None:
    sampling = Sampling(max_tokens=100, top_p=1.0, stop=())
    prompts = ["x" * 500, "y" * 40]
    found = [
        load_generator(checkpoint, "v", fixed=fixed, batch_tokens=1200).generate(prompts, 3, sampling)
        for fixed in (True, False)
    ]
    same(*found)
    assert max(completion.tokens for completion in found[0][0]) <= 12


def test_a_set_event_ends_it(checkpoint: Path) -> None:
    stop = threading.Event()
    stop.set()
    (row,) = load_generator(checkpoint, "v", fixed=True).generate(PROMPTS[:1], 1, Sampling(top_p=1), stop)
    assert row[0].tokens == 0


def test_sizes_of_buckets() -> None:
    assert [size_of(needed, 8) for needed in (1, 8, 9, 16, 17, 24, 25, 33, 49, 64, 65)] == [
        *(8, 8, 16, 16, 32, 32, 32, 64, 64, 64, 128)
    ]


def test_buckets_are_kept_up_to_their_bytes() -> None:
    engine = Engine(tiny_model())
    size = graphs.ROWS * graphs.COLUMNS * engine.token_bytes
    buckets = Buckets(engine, held_bytes=3 * size)
    first, _ = buckets.take(32, 256, 1.0)
    assert buckets.take(3, 20, 0.0)[0] is first
    buckets.take(64, 256, 1.0)
    assert len(buckets) == 2
    buckets.take(128, 256, 1.0)
    assert len(buckets) == 2, "the one before the last is still read"
    assert buckets.take(1, 1, 1.0)[0] is not first


def test_a_taken_bucket_holds_nothing_of_earlier_batches() -> None:
    buckets = Buckets(Engine(tiny_model()))
    bucket, _ = buckets.take(8, 64, 1.0)
    bucket.cache.fill_(float("nan"))
    assert not buckets.take(8, 64, 1.0)[0].cache.isnan().any()


@pytest.mark.parametrize("temperature", [1.0, 0.7, 0.0, None])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_that_is_captured_looks_at_no_values(shape: str, temperature: float | None) -> None:
    """It runs on tensors that have none, and on one device."""
    engine = Engine(tiny_model(**SHAPES[shape]), "meta", torch.float32)
    _, step = Buckets(engine).take(8, 64, temperature)
    if engine.capturable:
        step()
    else:
        with pytest.raises((NotImplementedError, RuntimeError), match="meta"):
            step()


@pytest.mark.parametrize("temperature", [1.0, None])
def test_a_step_writes_at_fixed_addresses(temperature: float | None) -> None:
    bucket, step = Buckets(Engine(tiny_model())).take(8, 64, temperature)
    step()

    def addresses() -> dict[str, int]:
        return {name: of.data_ptr() for name, of in vars(bucket).items() if isinstance(of, torch.Tensor)}

    before = addresses()
    step()
    assert addresses() == before
    assert bucket.column.item() == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_an_update_moves_no_weights(shape: str) -> None:
    engine = Engine(tiny_model(**SHAPES[shape]))
    held = [of for layer in engine._layers for of in layer.tensors()]
    addresses = [of.data_ptr() for of in held]
    engine.update(tiny_model(1, **SHAPES[shape]))
    assert [of.data_ptr() for layer in engine._layers for of in layer.tensors()] == addresses


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_updated_weights_write_as_a_new_generator_does(shape: str, fixed: bool, tmp_path: Path) -> None:
    paths = [tiny_checkpoint(tmp_path / str(seed), seed, **SHAPES[shape]) for seed in (0, 1)]
    generator, wanted = (load_generator(path, f"v{seed}", fixed=fixed) for seed, path in enumerate(paths))
    model = tiny_model(1, **SHAPES[shape])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    samplings = [Sampling(max_tokens=20, top_p=1.0), Sampling(max_tokens=2, top_p=0.9, distinct=True)]
    for sampling in samplings:
        generator.generate(PROMPTS, 3, sampling)
    generator.update(model, "v1")
    for sampling in samplings:
        same(generator.generate(PROMPTS, 3, sampling), wanted.generate(PROMPTS, 3, sampling))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_an_update_is_a_copy(checkpoint: Path) -> None:
    generator, model = load_generator(checkpoint, "v0"), tiny_model(1)
    generator.update(model, "v1")
    sampling = Sampling(max_tokens=20)
    first = generator.generate(PROMPTS, 2, sampling)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    same(generator.generate(PROMPTS, 2, sampling), first)


def test_other_shapes_are_no_update(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="another configuration"):
        load_generator(checkpoint, "v0").update(tiny_model(num_hidden_layers=2), "v1")


def on_gpu(path: Path, fixed: bool | None) -> Generator:
    return load_generator(path, "v", device="cuda", dtype=torch.float32, fixed=fixed)


@GPU
@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
def test_captured_steps_change_nothing(sampling: Sampling, checkpoint: Path) -> None:
    growing, captured = on_gpu(checkpoint, False), on_gpu(checkpoint, None)
    for repeat in range(3):
        asked = replace(sampling, seed=repeat)
        same(captured.generate(PROMPTS, 12, asked), growing.generate(PROMPTS, 12, asked), abs_error=1e-4)


@GPU
@pytest.mark.usefixtures("small_buckets")
def test_captured_steps_survive_moves_updates_and_lost_buckets(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing, captured = on_gpu(checkpoint, False), on_gpu(checkpoint, None)
    monkeypatch.setattr(captured._buckets, "_held_bytes", 2**20)
    monkeypatch.setattr(graphs, "GRAPHS", 2)
    sampling = Sampling(max_tokens=60, top_p=1.0, stop=tuple("abcdef"))
    for seed in range(2):
        model = tiny_model(seed)
        for generator in (growing, captured):
            generator.update(model, f"v{seed}")
        for temperature in (1.0, 0.5, 0.0, 1.0):
            asked = replace(sampling, seed=seed, temperature=temperature)
            same(captured.generate(PROMPTS, 20, asked), growing.generate(PROMPTS, 20, asked), abs_error=1e-4)


@GPU
def test_steps_in_bf16_are_captured(checkpoint: Path) -> None:
    generator = load_generator(checkpoint, "v", device="cuda")
    rows = generator.generate(PROMPTS, 64, Sampling(max_tokens=100, top_p=1.0))
    assert all(completion.tokens for row in rows for completion in row)
    assert generator._buckets is not None
    assert all(bucket.graphs for bucket in generator._buckets._buckets.values())
