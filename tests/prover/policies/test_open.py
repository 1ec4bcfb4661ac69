"""`open_policy`: names, errors, and what it does not import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from prover.policies import PolicyError, open_policy


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "known are default, tactics"),
        ("gpt", "known are default, tactics"),
        ("tactics:x", "known are default, tactics"),
        ("moe:/does/not/exist", "no such directory"),
        (f"moe:{'x' * 5000}", "cannot be read: File name too long"),
        ("moe:~no-such-user/model", "cannot be read: Could not determine home directory"),
        ("vllm:/does/not/exist", "no such directory"),
        ("vllm:nobody/nothing", "the Hugging Face cache has no model of that name"),
        ("hf:/does/not/exist", "no such directory"),
        ("openai:nowhere", "needs a URL"),
    ],
)
def test_what_cannot_be_opened_is_one_clear_line(spec: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said) as caught:
        open_policy(spec)
    assert "\n" not in str(caught.value)


def test_policies_say_what_they_are() -> None:
    tactics, server = open_policy("tactics"), open_policy("openai:http://localhost:1/v1#m")
    assert (tactics.name, server.name) == ("tactics", "openai:http://localhost:1/v1#m")
    assert tactics.version


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, prover.policies, prover.prompts, prover.replies\n"
        "prover.policies.open_policy('tactics')\n"
        "assert not {'torch', 'transformers', 'httpx', 'numpy'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
