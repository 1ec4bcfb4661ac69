"""Hardware from flags, and from what a scripted `nvidia-smi` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.serving import ServeError
from prover.serving.hardware import GIB, GPUS, MIB, find_hardware, seen_gpus


def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, status: int = 0) -> None:
    """Let `nvidia-smi` print this; it checks that it is asked for these three things."""
    program = tmp_path / "nvidia-smi"
    (tmp_path / "said").write_text(text)
    program.write_text(
        "#!/bin/sh\n"
        '[ "$*" = "--query-gpu=name,memory.total,compute_cap --format=csv,noheader,nounits" ] || exit 9\n'
        f'while IFS= read -r line; do echo "$line"; done < {tmp_path / "said"}\nexit {status}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_gpus_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(tmp_path, monkeypatch, "NVIDIA H200, 143771, 9.0\n" * 2)
    found = find_hardware(None, None, None, 1)
    assert (found.gpus, found.nodes, found.memory) == (2, 1, 143_771 * MIB)
    assert found.gpu
    assert (found.gpu.name, found.gpu.fp8, found.gpu.nvlink) == ("H200", True, 900)
    assert find_hardware(1, None, None, 1).gpus == 1
    assert find_hardware(None, None, None, 4).total == 8
    with pytest.raises(ServeError, match="this machine has 2 × H200, not 3"):
        find_hardware(3, None, None, 1)


def test_ampere_has_no_fp8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(tmp_path, monkeypatch, "NVIDIA A100-SXM4-40GB, 40960, 8.0\nNVIDIA RTX A6000, 49140, 8.6\n")
    first, second = seen_gpus()
    assert (first.fp8, first.nvlink, first.memory) == (False, 600, 40 * GIB)
    assert (second.fp8, second.nvlink) == (False, None)
    with pytest.raises(ServeError, match="GPUs differ"):
        find_hardware(None, None, None, 1)


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("couldn't communicate with the NVIDIA driver\n", 9, "nvidia-smi fails .*; --gpus 0 takes the CPU"),
        ("NVIDIA H200, [N/A], 9.0\n", 0, "give --gpu or --gpu-memory"),
    ],
)
def test_what_nvidia_smi_cannot_tell(
    text: str, status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tmp_path, monkeypatch, text, status)
    with pytest.raises(ServeError, match=said):
        find_hardware(None, None, None, 1)


def test_without_gpus_it_is_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_hardware(None, None, None, 1)
    assert found.gpu is None
    assert found.cores >= 1
    assert found.memory > GIB // 4
    with pytest.raises(ServeError, match="no GPU to look at"):
        find_hardware(8, None, None, 1)
    with pytest.raises(ServeError, match="no GPU to look at"):
        find_hardware(None, None, None, 2)


def test_flags_need_no_gpu() -> None:
    found = find_hardware(8, "H800", None, 4)
    assert (found.gpu, found.total, found.memory) == (GPUS["h800"], 32, 81_559 * MIB)
    assert find_hardware(2, None, 48.0, 1).memory == 48 * GIB
    assert find_hardware(2, "h100", 40.0, 1).memory == 40 * GIB
    assert find_hardware(None, "h100", None, 1).gpus == 1
