"""What a configuration may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.sft.tiny import write_config
from training.errors import TrainError
from training.settings import difference, flat
from training.sft.config import SftConfig, load_config


def test_reads_every_table(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, run__epochs=0.0, optimizer__schedule="wsd"))
    assert config.seed == 7
    assert config.data.corpus == (tmp_path / "corpus.jsonl",)
    assert config.batch.tokens == 512
    assert config.optimizer.schedule == "wsd"
    assert config.loss.bias_rate == 1e-3


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, optimizer__clip=2))
    assert (config.optimizer.clip, type(config.optimizer.clip)) == (2.0, float)


def test_seed_from_outside(tmp_path: Path) -> None:
    assert load_config(write_config(tmp_path), seed=3).seed == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"run__stepz": 3}, "unknown key 'run.stepz'; known are"),
        ({"speed": 3}, "unknown key 'speed'"),
        ({"run__steps": "many"}, "run.steps must be a whole number, not 'many'"),
        ({"run__steps": 1.5}, "run.steps must be a whole number, not 1.5"),
        ({"run__steps": True}, "run.steps must be a whole number, not True"),
        ({"run__compile": 1}, "run.compile must be true or false"),
        ({"run__dtype": "fp8"}, "run.dtype must be one of bf16, bf16-pure, float32, not 'fp8'"),
        ({"run__epochs": 2.0}, "run.steps or run.epochs must be given, and not both"),
        ({"run__steps": 0}, "run.steps or run.epochs must be given, and not both"),
        ({"run__keep": 0}, "run.keep must be positive"),
        ({"seed": -1}, "seed must lie between 0 and 2^63 - 1, not -1"),
        ({"seed": 2**70}, "seed is larger than any that makes sense"),
        ({"data__vocabulary": 10**9}, "data.vocabulary must lie between 300 and 1000000, not 1000000000"),
        ({"data__length": 8}, "data.length must be at least 16"),
        ({"data__held_out": 1.0}, "data.held_out must lie in [0, 1)"),
        ({"data__corpus": 3}, "data.corpus must be a list"),
        ({"data__corpus": []}, "data.corpus must name at least one file"),
        ({"optimizer__learning_rate": -1.0}, "optimizer.learning_rate must be positive"),
        ({"optimizer__beta2": 1.0}, "optimizer.beta2 must lie in [0, 1)"),
        ({"batch__accumulation": 0}, "batch.accumulation must be positive"),
        ({"loss__bias_rate": -1e-3}, "loss.bias_rate must not be negative"),
        ({"proving__samples": 0}, "proving.samples must be positive"),
        (
            {"model__checkpoint": "somewhere"},
            "model.preset or model.sizes must be given, or model.checkpoint",
        ),
    ],
)
def test_refuses(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(TrainError) as caught:
        load_config(write_config(tmp_path, **changes))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_what_is_no_file_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="cannot be read"):
        load_config(tmp_path / "missing.toml")
    (tmp_path / "broken.toml").write_text("[run\n")
    with pytest.raises(TrainError, match="is not TOML"):
        load_config(tmp_path / "broken.toml")
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(TrainError, match="data is missing"):
        load_config(tmp_path / "empty.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainError, match="is not TOML"):
        load_config(tmp_path / "binary.toml")


def test_difference_names_the_key(tmp_path: Path) -> None:
    old, new = (load_config(write_config(tmp_path, run__steps=steps)) for steps in (6, 8))
    assert difference(flat(old), flat(old)) == ""
    assert difference(flat(old), flat(new)) == "run.steps was 6 and is now 8"


def test_a_run_may_move_to_another_folder(tmp_path: Path) -> None:
    def told(folder: Path) -> dict[str, object]:
        folder.mkdir()
        config: SftConfig = load_config(write_config(folder))
        return flat(config)

    assert told(tmp_path / "here") == told(tmp_path / "there")


@pytest.mark.parametrize("name", ["sft-core-7m", "sft-tiny"])
def test_the_configurations_that_come_along_are_sound(name: str) -> None:
    root = Path(__file__).parents[3]
    config = load_config(root / "configs" / f"{name}.toml")
    places = {"sft-core-7m": "data/corpus/corpus.jsonl.xz", "sft-tiny": "data/corpus/sample.jsonl"}
    assert config.data.corpus[0].resolve() == root / places[name]
    assert config.batch.tokens % config.data.length == 0
