"""What a run is told: presets, and everything that is refused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from training.errors import TrainError
from training.rlpaf.algorithm import PRESETS
from training.rlpaf.config import RlpafConfig, load_config
from training.settings import difference, flat

LEAST = '[model]\ncheckpoint = "m"\n[theorems]\ngenerated = 1\n[run]\nsteps = 1\n'


def read(folder: Path, text: str, seed: int | None = None) -> RlpafConfig:
    (folder / "x.toml").write_text(text)
    return load_config(folder / "x.toml", seed)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_up_what_the_file_leaves_out(tmp_path: Path, preset: str) -> None:
    config = read(tmp_path, LEAST + f'[algorithm]\npreset = "{preset}"\nkl = 0.5\nminibatches = 3\n')
    expected = {
        **PRESETS[preset],
        "preset": preset,
        "kl": 0.5,
        "minibatches": 3,
        "epochs": 1,
        "unlikeliness": 0.0,
        "pass_at": 1,
    }
    assert asdict(config.algorithm) == expected


def test_defaults_and_paths(tmp_path: Path) -> None:
    config = read(tmp_path, LEAST.replace("generated = 1", 'files = ["a.jsonl", "/b.jsonl"]'), seed=9)
    assert (config.seed, config.algorithm.preset) == (9, "modern")
    assert config.model.checkpoint == tmp_path / "m"
    assert config.theorems.files == (tmp_path / "a.jsonl", Path("/b.jsonl"))


@pytest.mark.parametrize("path", sorted(Path("configs").glob("rlpaf-*.toml")), ids=lambda path: path.stem)
def test_ours_can_be_read(path: Path) -> None:
    config = load_config(path)
    assert config.model.checkpoint.is_dir()
    again = load_config(path, seed=config.seed + 1)
    assert difference(flat(config), flat(config)) == ""
    assert difference(flat(config), flat(again)) == f"seed was {config.seed} and is now {config.seed + 1}"


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("theorems", "generated = 0", "theorems.corpus, theorems.files or theorems.generated must name"),
        ("theorems", "generated = -1", "theorems.generated must lie between 0 and 10,000,000, not -1"),
        ("theorems", "generated = 1.0", "theorems.generated must be a whole number, not 1.0"),
        ("theorems", "generated = true", "theorems.generated must be a whole number, not True"),
        ("theorems", "generated = 1\nmutated_share = nan", "theorems.mutated_share must be finite, not nan"),
        ("theorems", "corpus = [1]", "theorems.corpus must be a path, not 1"),
        ("theorems", "files = 3", "theorems.files must be a list"),
        ("curriculum", "group = 1", "curriculum.group must be at least 2, not 1: one proof has no equal"),
        ("curriculum", "theorems = 0", "curriculum.theorems must be positive, not 0"),
        ("curriculum", "low = 0.9\nhigh = 0.1", "curriculum.low = 0.9 and high = 0.1 leave nothing"),
        ("curriculum", "fresh_share = 0.8\nrevisited_share = 0.3", "must be shares of one batch"),
        ("sampling", "max_tokens = 0", "sampling.max_tokens must be positive, not 0"),
        ("sampling", 'policy = "gpt"', "sampling.policy must be one of own, vllm, not 'gpt'"),
        ("sampling", "gpu_memory_utilization = 0", "gpu_memory_utilization must lie in (0, 1], not 0"),
        ("sampling", "search_share = 2", "sampling.search_share must lie in [0, 1], not 2"),
        ("algorithm", 'preset = "new"', "algorithm.preset must be one of paper, modern, not 'new'"),
        ("algorithm", "preset = []", "algorithm.preset must be one of paper, modern, not []"),
        ("algorithm", "clip_low = 1.0", "algorithm.clip_low must be less than 1, not 1"),
        ("algorithm", "kl = -1", "algorithm.kl must not be negative, but is -1"),
        ("algorithm", "minibatches = 0", "algorithm.minibatches must be positive, not 0"),
        ("algorithm", 'scale_rewards = "yes"', "algorithm.scale_rewards must be true or false, not 'yes'"),
        ("batch", "length = 4", "batch.length must be at least 16, not 4"),
        ("batch", "width = 4", "unknown key 'batch.width'; known are length, rows"),
        ("expert", "every = -1", "expert.every must not be negative, but is -1"),
        ("lean", "seconds = 0", "lean.seconds must be positive, not 0"),
        ("lean", "audit_share = 1.5", "lean.audit_share must lie in [0, 1], not 1.5"),
        ("evaluation", "samples = 0", "evaluation.samples must lie between 1 and 65,536, not 0"),
        ("run", "steps = 0", "run.steps must be positive, not 0"),
        ("run", "steps = 1\nstaleness = -1", "run.staleness must not be negative, but is -1"),
        ("run", "staleness = 1", "run.steps is missing"),
        ("model", "", "model.checkpoint is missing"),
    ],
)
def test_refuses_in_one_line(tmp_path: Path, table: str, line: str, said: str) -> None:
    parts = dict(part.split("]\n", 1) for part in LEAST[1:].split("\n["))
    text = "\n".join(f"[{name}]\n{body}" for name, body in {**parts, table: line}.items())
    with pytest.raises(TrainError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'x.toml'}: ")
    assert "\n" not in str(caught.value)


def test_refuses_what_is_no_configuration(tmp_path: Path) -> None:
    for text, said in (
        ("a = ", "is not TOML"),
        ("[[algorithm]]\n" + LEAST, "algorithm must be a table"),
        ("seed = -1\n" + LEAST, "seed must lie between"),
        (LEAST + '[optimizer]\nmoments = "bf16"\n', "optimizer.moments = 'bf16' needs a mesh, which only"),
        ('seed = "a"\n' + LEAST, "seed must be a whole number, not 'a'"),
        ("model = 3\n" + LEAST.replace('[model]\ncheckpoint = "m"\n', ""), "model must be a table"),
    ):
        with pytest.raises(TrainError, match=said):
            read(tmp_path, text)
    with pytest.raises(TrainError, match="cannot be read: Is a directory"):
        load_config(tmp_path)
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TrainError, match="is not TOML"):
        load_config(tmp_path / "x.toml")
