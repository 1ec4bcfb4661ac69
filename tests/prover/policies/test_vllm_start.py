"""`vllm:` before an engine runs: names, what is missing, offsets, and what failures mean."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from prover.policies import PolicyError, open_policy, vllm_engine, vllm_start
from prover.policies.vllm_engine import locate, offsets
from prover.policies.vllm_start import _cpu_environment, _environment, _printing_to, explain
from tests.training.model.tiny import tiny_checkpoint, tiny_tokenizer


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("vllm") / "tiny")


def test_without_vllm_one_is_told_how_to_get_it(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_engine, "find_spec", lambda name: None)
    with pytest.raises(
        PolicyError, match=r"needs vLLM: with GPUs pip install 'rmax-prover\[vllm\]'; on a CPU pip"
    ) as caught:
        open_policy(f"vllm:{checkpoint}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "there is no such directory"),
        ("missing", "there is no such directory"),
        ("a/b/c", "there is no such directory"),
        ("nobody/nothing", "the Hugging Face cache has no model of that name"),
        ("x" * 5000, "File name too long"),
        ("~no-such-user/model", "Could not determine home directory"),
    ],
)
def test_models_that_are_nowhere(spec: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said) as caught:
        open_policy(f"vllm:{spec}")
    assert "\n" not in str(caught.value)


def test_directories_that_are_no_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="is no checkpoint"):
        open_policy(f"vllm:{tmp_path}")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(PolicyError, match="no weights"):
        open_policy(f"vllm:{tmp_path}")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"architectures": ["BertForMaskedLM"]}, "BertForMaskedLM is no causal language model"),
        (
            {"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True},
            "T5ForConditionalGeneration is no causal language model",
        ),
        ({}, "names no architecture"),
        ([], "is not a model's configuration"),
    ],
)
def test_checkpoints_of_what_writes_no_text(config: object, said: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_text("weights")
    with pytest.raises(PolicyError, match=f"^vllm:.* cannot be served: .*{said}") as caught:
        open_policy(f"vllm:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_a_name_in_the_hugging_face_cache(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = tmp_path / "models--some--prover"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / commit).symlink_to(checkpoint, target_is_directory=True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert locate("vllm:some/prover", "some/prover").resolve() == checkpoint.resolve()


def test_offsets_are_characters_and_halves_start_where_the_whole_does(tmp_path: Path) -> None:
    tiny_tokenizer(tmp_path)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    before = tokenizer("intro h")["input_ids"]
    ids = tokenizer("a ∀ b⟩")["input_ids"]
    assert offsets(tokenizer, before, ids) == [0, 1, 2, 2, 2, 3, 4, 5, 5, 5]
    end = tokenizer.convert_tokens_to_ids("</s>")
    assert offsets(tokenizer, before, [*ids[:3], end]) == [0, 1, 2, 2]


DIED = """\
(EngineCore pid=7) ERROR 11-22 18:00:00 [core.py:1] EngineCore failed to start.
(EngineCore pid=7) ERROR 11-22 18:00:00 [core.py:1]     raise ValueError(
(EngineCore pid=7) ERROR 11-22 18:00:00 [core.py:1] ValueError: No available memory for the cache blocks.
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""


def test_the_cause_is_what_the_engines_process_raised(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(DIED)
    error = RuntimeError("Engine core initialization failed. See root cause above.")
    said = explain(error, log)
    assert said.startswith("too little memory (ValueError: No available memory for the cache blocks.)")
    log.write_text("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n")
    assert explain(error, log).startswith("too little memory (torch.OutOfMemoryError: CUDA out of memory.")
    log.write_text("")
    assert explain(ValueError("this\nand that"), log) == "this and that"
    assert explain(KeyError(), tmp_path / "nowhere") == "KeyError"


def test_printing_and_environment_are_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROVER_TEST_MINE", "user")
    log = tmp_path / "log"
    with log.open("w") as file, _printing_to(file.fileno()):
        os.write(1, b"chatter ")
        print("more", file=sys.__stderr__, flush=True)
    os.write(1, b"answer")
    assert capfd.readouterr().out == "answer"
    assert "chatter" in log.read_text()
    with _environment({"PROVER_TEST_MINE": "vllm", "PROVER_TEST_OTHER": "vllm"}):
        assert (os.environ["PROVER_TEST_MINE"], os.environ["PROVER_TEST_OTHER"]) == ("user", "vllm")
    assert "PROVER_TEST_OTHER" not in os.environ


@pytest.mark.parametrize(("rank", "disabled"), [(512, "0"), (256, "1")])
def test_latent_attention_only_where_a_cpu_has_kernels(rank: int, disabled: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"kv_lora_rank": rank, "qk_rope_head_dim": 64}))
    assert _cpu_environment(tmp_path)["VLLM_MLA_DISABLE"] == disabled


def test_a_model_beyond_the_memory_that_a_container_leaves_is_refused(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_start, "free_memory", lambda: vllm_start.GIB // 2)
    with pytest.raises(PolicyError, match=r"weights, and 0\.5 GiB of memory are free: take a smaller model"):
        vllm_start._settings("vllm:tiny", checkpoint, on_cpu=True)
