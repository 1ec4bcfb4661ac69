"""Starting vLLM in this process: its settings, its silence, and what its failures mean.

vLLM reads settings from environment variables, prints to standard output, and starts processes that
inherit both. All of that is arranged here and undone when the engine runs: the variables are set back,
and what vLLM and its processes print goes to a file, where the cause of a failure is looked up.

Works with vLLM 0.24 to 0.32, and asks what there is, not which version.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from prover.policies.base import PolicyError
from prover.policies.checkpoint import weight_files
from prover.serving.hardware import GIB, free_memory
from prover.serving.model import read_config
from prover.serving.vllm import (
    CPU_COMPILATION,
    GENERATION_CONFIG,
    HOW_TO_INSTALL,
    MLA_CPU,
    errors,
    is_aftermath,
)

WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin")
CPU_BLOCK = 32
"""Tokens of one block of the cache on a CPU. vLLM shares whole blocks only, and would take 128, which is a
whole prompt of a short theorem; its CPU kernels want multiples of 32."""
CPU_THREADS = 8

QUIET = {
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_LOGGING_COLOR": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # A fork of a process with threads may hang.
}
"""Environment of the engine, unless the user has set a variable."""

_MEMORY = (
    "out of memory",
    "outofmemory",
    "memory utilization",
    "no available memory",
    "kv cache",
    "free memory",
)


@dataclass(frozen=True, slots=True)
class Started:
    """An engine that runs."""

    engine: Any
    """vLLM's `AsyncLLM`."""
    tokenizer: Any
    context: int
    """Tokens that a prompt and its answer may have together."""
    replicas: int
    log: Path
    """What vLLM printed, and prints from now on."""


def start(name: str, path: Path, settings: Mapping[str, Any]) -> Started:
    """Start an engine for the checkpoint at `path`, with `settings` over those chosen here; takes a minute.

    Raises `PolicyError` with one line that says what to do. The caller ends the engine, and removes the log.
    """
    handle, log = tempfile.mkstemp(prefix="prover-vllm-", suffix=".log")
    try:
        with _printing_to(handle), _environment(QUIET):
            on_cpu = _probe(name)
            chosen = _settings(name, path, on_cpu) | dict(settings)
            with _environment(_cpu_environment(path) if on_cpu else {}):
                return _start(name, chosen, Path(log))
    except PolicyError:
        os.unlink(log)
        raise
    except Exception as error:  # vLLM raises anything at all, and often in another process
        reason = explain(error, Path(log))
        os.unlink(log)
        raise PolicyError(f"{name} cannot be started: {reason}") from None
    finally:
        os.close(handle)


def explain(error: BaseException, log: Path) -> str:
    """One line on what went wrong: what the engine's processes raised, else `error`."""
    try:
        printed = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        printed = ""
    raised = errors(printed)
    own = " ".join(str(error).split())
    if raised and (not own or is_aftermath(type(error).__name__) or is_aftermath(own)):
        own = raised[-1]
    elif type(error).__name__ == "ValidationError":  # pydantic's: a heading, the field, then the reason
        own = own.partition("Value error, ")[2].partition(" [type=")[0] or own
    text = " ".join(own.split())[:300] or type(error).__name__
    if any(word in text.lower() for word in _MEMORY):
        return f"too little memory ({text}); give it a shorter context or fewer weights a device"
    return text


def _probe(name: str) -> bool:
    """Whether vLLM runs on a CPU here. Raises `PolicyError` if there is no vLLM that can run."""
    try:
        import vllm  # noqa: F401
        from vllm.platforms import current_platform
        from vllm.v1.engine.async_llm import AsyncLLM  # noqa: F401
    except ModuleNotFoundError as error:
        missing = error.name or str(error)
        told = "" if missing == "vllm" else f" ({missing} is missing)"
        raise PolicyError(f"{name} needs vLLM{told}: {HOW_TO_INSTALL}") from None
    except (ImportError, OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:200]
        raise PolicyError(f"{name}: vLLM does not run here ({said}): {HOW_TO_INSTALL}") from None
    if not current_platform.device_type:
        raise PolicyError(f"{name}: this vLLM is built for GPUs, and finds none: {HOW_TO_INSTALL}")
    return bool(current_platform.is_cpu())


def _settings(name: str, path: Path, on_cpu: bool) -> dict[str, Any]:
    """The engine's settings. Raises `PolicyError` if the memory of a CPU cannot hold the model."""
    chosen: dict[str, Any] = {
        "model": str(path),
        "runner": "generate",
        "enable_prefix_caching": True,
        "logprobs_mode": "raw_logprobs",
        "generation_config": GENERATION_CONFIG,
    }
    if not on_cpu:
        return chosen
    bytes_ = sum(found.stat().st_size for found in weight_files(path, WEIGHTS))
    free = free_memory()
    if bytes_ + GIB > free:
        raise PolicyError(
            f"{name} has {bytes_ / GIB:.1f} GiB of weights, and {free / GIB:.1f} GiB of memory are free: "
            "take a smaller model, or GPUs"
        )
    return chosen | {
        # FP32 where there is room: CPUs without BF16 units are slower in BF16, and less exact.
        "dtype": "float32" if 2 * bytes_ < free / 4 else "auto",
        "enforce_eager": True,
        "compilation_config": CPU_COMPILATION,
        "block_size": CPU_BLOCK,
        "kv_cache_memory_bytes": int(min(max(free / 16, GIB / 2), 16 * GIB)),
    }


def _cpu_environment(path: Path) -> dict[str, str]:
    config = read_config(path)
    rank, rope = config.get("kv_lora_rank"), config.get("qk_rope_head_dim")
    has_kernels = isinstance(rank, int) and isinstance(rope, int) and rank + rope in MLA_CPU
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "VLLM_MLA_DISABLE": "0" if has_kernels else "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        # Half of the processors, since Lean checks proofs on the others meanwhile.
        "OMP_NUM_THREADS": str(max(1, min(CPU_THREADS, processors // 2))),
    }


def _start(name: str, settings: dict[str, Any], log: Path) -> Started:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    known = {field.name for field in fields(AsyncEngineArgs)}
    if unknown := settings.keys() - known:
        raise PolicyError(f"{name}: this vLLM has no setting {', '.join(sorted(unknown))}")
    # The policy ends the engine; ending it once more while Python exits would print a traceback.
    quiet: Any = type("Engine", (AsyncLLM,), {"__del__": lambda self: None})
    engine: Any = quiet.from_engine_args(AsyncEngineArgs(**settings))
    _log_to(log)
    tokenizer = engine.get_tokenizer()
    parallel = engine.vllm_config.parallel_config
    return Started(
        engine, tokenizer, int(engine.model_config.max_model_len), int(parallel.data_parallel_size), log
    )


def _log_to(log: Path) -> None:
    """Let vLLM's log of this process go on in the file when standard error is the user's again."""
    stream = log.open("a", encoding="utf-8")
    for handler in logging.getLogger("vllm").handlers:
        if type(handler) is logging.StreamHandler:  # Its own, and none that somebody has added.
            handler.setStream(stream)


@contextmanager
def _printing_to(handle: int) -> Iterator[None]:
    """Send what this process, and those that it starts, print into the file of this handle."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    for number in kept:
        os.dup2(handle, number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set the variables that the user has not set, and remove them again."""
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
