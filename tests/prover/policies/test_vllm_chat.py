"""Conversations with a real vLLM on the CPU, in this process and behind its server: `make test-vllm`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from prover.formats.policy import FormattedPolicy
from prover.policies import Completion, Prompt, Sampling, open_policy
from prover.policies.vllm_engine import VllmPolicy
from tests.prover.policies.test_vllm_server import serving
from tests.prover.policies.vllm_models import difference_after, prompts, random_checkpoint

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm", reason="vLLM is not installed: `make test-vllm` installs it")

FORM = "deepseek-prover-v2-non-cot"
BEGIN = "</s>"
TEMPLATE = (
    f"{BEGIN}{{% for turn in messages %}}<{{{{ turn.role }}}}>{{{{ turn.content }}}}{{% endfor %}}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
SAMPLING = Sampling(seed=3)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model whose tokenizer begins every text with a token, which its template does too: whoever
    forgets that begins a conversation with two."""
    path = random_checkpoint(tmp_path_factory.mktemp("chat") / "random")
    file = path / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file))
    begin = (BEGIN, tokenizer.token_to_id(BEGIN))
    tokenizer.post_processor = TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[begin])
    tokenizer.save(str(file))
    config = path / "tokenizer_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "chat_template": TEMPLATE}))
    assert AutoTokenizer.from_pretrained(path)("a")["input_ids"][0] == begin[1]
    return path


def turns(prompt: Prompt) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in prompt.turns]


def expected(checkpoint: Path, asked: Sequence[Prompt]) -> list[list[int]]:
    """The prompts' tokens as transformers lays them out."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    rows: list[list[int]] = [
        tokenizer.apply_chat_template(turns(prompt), add_generation_prompt=True, return_dict=False)
        for prompt in asked
    ]
    assert [row.count(tokenizer.convert_tokens_to_ids(BEGIN)) for row in rows] == [1] * len(rows)
    return rows


class Heard:
    """What a policy below a format is asked first, and answers."""

    def __init__(self, policy: FormattedPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
        self._generate = policy.policy.generate
        self.prompts: list[Prompt] = []
        self.rows: list[list[Completion]] = []
        monkeypatch.setattr(policy.policy, "generate", self.generate)

    async def generate(self, asked: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        rows = await self._generate(asked, n, sampling)
        if not self.prompts:
            self.prompts, self.rows = list(asked), rows
        return rows


def formatted(spec: str) -> FormattedPolicy:
    """As `--policy SPEC --format FORM` opens it."""
    policy = open_policy(spec, FORM)
    assert isinstance(policy, FormattedPolicy)
    return policy


def agree(checkpoint: Path, heard: Heard) -> None:
    """The replies' log-probs are those after the tokens that transformers makes of the conversations."""
    for row in heard.rows:
        for one in row:
            assert len(one.token_ids) == len(one.logprobs) == one.tokens > 0
            assert list(one.offsets) == sorted(one.offsets)
    difference = difference_after(checkpoint, expected(checkpoint, heard.prompts), heard.rows)
    print(f"largest difference in conversations: {difference:.2e}")
    assert difference < 1e-3


def test_a_conversation_in_this_process(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        policy = formatted(f"vllm:{checkpoint}")
        heard = Heard(policy, monkeypatch)
        async with policy:
            inner: Any = policy.policy
            assert isinstance(inner, VllmPolicy)
            assert inner.started
            await policy.generate(prompts(2), 2, SAMPLING)
            told = [inner._encode(inner.started.tokenizer, prompt) for prompt in heard.prompts]
        assert told == expected(checkpoint, heard.prompts)
        agree(checkpoint, heard)

    asyncio.run(work())


def test_a_conversation_with_a_server(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(url: str) -> None:
        policy = formatted(f"openai:{url}#random")
        heard = Heard(policy, monkeypatch)
        async with policy, httpx.AsyncClient(base_url=url) as client:
            await policy.generate(prompts(2), 2, SAMPLING)
            orders = [{"model": "random", "messages": turns(prompt)} for prompt in heard.prompts]
            told = [(await client.post("/tokenize", json=order)).json()["tokens"] for order in orders]
        assert told == expected(checkpoint, heard.prompts)
        agree(checkpoint, heard)

    with serving(checkpoint, "random", tmp_path / "server.log") as url:
        asyncio.run(work(url))
