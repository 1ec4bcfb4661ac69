"""What cannot be planned is refused with one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.training.parallel.plan.plans import CONFIGS
from training.errors import TrainError
from training.parallel.plan import compare, load_config, plan

TEXT = (CONFIGS / "plan-deepseek-v3.toml").read_text()


def edited(folder: Path, old: str, new: str) -> Path:
    assert TEXT.count(old) >= 1, old
    path = folder / "plan.toml"
    path.write_text(TEXT.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gpus = 2048", "gpus = 0", "cluster.gpus must lie between 1 and"),
        ("gpus = 2048", "gpus = 2044", "cluster.gpus must fill whole nodes of 8, and are 2044"),
        ("gpus = 2048", "gpus = 2056", "need a multiple of 1024 processes, and there are 2056"),
        ("gpus = 2048", "gpus = 512", "with experts on 64 processes need 1024 processes, and there are 512"),
        ("node = 8", "node = 0", "cluster.node must lie between"),
        ("node = 8", "node = 0.5", "cluster.node must be a whole number, not 0.5"),
        (
            "memory_gib = 79.6",
            "memory_gib = -1",
            "cluster.memory_gib must lie between 0.001 and 1e+06, not -1",
        ),
        ("memory_gbs = 3350", "memory_gbs = nan", "cluster.memory_gbs must be finite, not nan"),
        ("network_gbs = 50\n", "", "cluster.network_gbs must be given: 2048 GPUs are 256 nodes"),
        (
            "nvlink_gbs = 200",
            "nvlink_gbs = 2e11",
            "cluster.nvlink_gbs must lie between 0.001 and 1e+06, not 2e+11",
        ),
        ("fp8_tflops = 1979\n", "", "cluster.fp8_tflops must be given for a precision of fp8"),
        ("price = 2.0", "price = -2", "cluster.price must be 0, or lie between 0.001 and 1e+06, not -2"),
        ('"DualPipe"', '"Chimera"', "mesh.schedule must be one of 1F1B, ZB1P, DualPipe, DualPipeV"),
        ("pipeline = 16", "pipeline = 0", "mesh.pipeline must lie between"),
        ("experts = 64\n", "experts = 48\n", "need a multiple of 768 processes"),
        ("experts = 64\n", "experts = 4\nnodes = 3\n", "unknown key 'mesh.nodes'"),
        ("4, 1]", "4, 2]", "mesh.layers has 62 layers, and the model has 61"),
        ("[4, 4, 4,", "[8, 4,", "mesh.layers has 15 stages, and DualPipe over 16 ranks has 16"),
        ("sequences = 15360", "sequences = 15361", "15361 sequences cannot be shared out evenly to 128 pipe"),
        ("sequences = 15360", "sequences = 64", "64 sequences cannot be shared out evenly to 128 pipelines"),
        ("sequences = 15360", "sequences = 3968", "DualPipe needs an even number of micro-batches, not 31"),
        ("sequences = 15360", "sequences = 3840", "DualPipe over 16 ranks needs 32 micro-batches, not 30"),
        ("sequences = 15360", "sequences = 1073741824", "more than the 131,072 that are simulated"),
        ("length = 4096", "length = 8192", "the model's max_position_embeddings 4096"),
        ("micro = 1", "micro = 0", "batch.micro must lie between"),
        ('matmul = "fp8"', 'matmul = "fp4"', "precision.matmul must be one of fp8, bf16, not 'fp4'"),
        (
            "gemm = { value = 0.56",
            "gemm = { value = 1.2",
            "constants.gemm.value must lie in [0.001, 1], not 1.2",
        ),
        ("gemm = { value = 0.56", "gemm = { value = 0", "constants.gemm.value must lie in [0.001, 1], not 0"),
        ("overlap = { value = 1.0", "overlap = { value = 1.1", "constants.overlap.value must lie in [0, 1]"),
        (
            "sm_share = { value = 0.152",
            "sm_share = { value = 1",
            "constants.sm_share.value must lie in [0, 1)",
        ),
        ('source = "measured", by', 'source = "guessed", by', "must be one of measured, published, calib"),
        ('by = "40 of 50 GB/s, arXiv 2505.09343"', 'by = ""', "constants.network.by must say by what"),
        ("num_hidden_layers = 61", "num_hidden_layers = 9999999", "sizes.num_hidden_layers is at most 4,096"),
        ("num_hidden_layers = 61", "num_hidden_layers = 8", "mesh.layers has 61 layers, and the model has 8"),
        ("hidden_size = 7168", "hidden_size = -1", "hidden_size must be positive: -1"),
        ("hidden_size = 7168", "hidden_sizes = 7168", "model.sizes.hidden_sizes is no size"),
        ("n_group = 8", "n_group = 7", "256 experts cannot form n_group = 7 equal groups"),
        ("n_routed_experts = 256", "n_routed_experts = 264", "264 experts cannot be divided evenly among 64"),
        ("[model.sizes]", '[model]\npreset = "2b"\n[model.sizes]', "model.preset must be one of tiny"),
        ("vocab_size = 129280\n", "", "model.vocabulary must be given, or model.sizes.vocab_size"),
        ("[published]", "[published]\nmfa = 1", "unknown key 'published.mfa'"),
        ("bubble = 2.06", "bubble = -2", "published.bubble must not be negative"),
    ],
)
def test_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(TrainError, match=re.escape(said)) as caught:
        plan(load_config(edited(tmp_path, old, new)))
    assert "\n" not in str(caught.value)


def test_other_schedules_say_why_not(tmp_path: Path) -> None:
    """With 31 micro-batches only DualPipe cannot be; the file's own schedule can."""
    told = load_config(edited(tmp_path, "sequences = 15360", "sequences = 3968"))
    with pytest.raises(TrainError, match="even number"):
        plan(told)
    found = compare(told)
    assert isinstance(found["DualPipe"], str)
    assert isinstance(found["DualPipeV"], str), "32 micro-batches"
    assert not isinstance(found["ZB1P"], str)
