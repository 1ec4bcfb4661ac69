"""A model behind a server that speaks the completions API: vLLM, SGLang, llama.cpp, and others.

One request a prompt, `POST {URL}/v1/completions` (for a conversation `/v1/chat/completions`, where the server
applies the model's template) with `n` samples, streamed, so that cancelling closes the connection and the
server stops generating at once. Requests that fail for a reason that may pass are
repeated with back-off; what arrived damaged becomes a completion with `Finish.ERROR`.

Several servers may have the same model. All requests of one theorem go to the same one, and to the same
engine of a vLLM that runs several, since its cache knows the beginning; if it dies, to another.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from prover.policies.base import Completion, PolicyError, Prompt, Sampling
from prover.policies.choices import Broken, Choices
from prover.policies.refusals import EXPECTED, DeadError, PassingError, explain, refusal
from prover.policies.replicas import REST_SECONDS, Replica, engines, in_order
from prover.policies.sse import StreamError, events

ATTEMPTS = 5
BACKOFF_SECONDS = 0.5
"""Wait before the second attempt; doubled before each further one, and shortened at random by up to half."""
MAX_BACKOFF_SECONDS = 30.0
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0
"""How long a server may send nothing: it may have queued the request behind many others."""
CONNECTIONS = 256
"""Requests under way at once at one server: as many as keep a large one busy."""
MOST_CONNECTIONS = 512
"""At all servers together: a process may have 1,024 files open, usually."""
COMPLETIONS, CONVERSATIONS = "/v1/completions", "/v1/chat/completions"


class OpenAIPolicy:
    """`openai:URL#MODEL`, or `openai:URL,URL#MODEL` for several servers with the same model; without
    `#MODEL`, the only one that they have."""

    def __init__(
        self,
        address: str,
        *,
        stream: bool = True,
        attempts: int = ATTEMPTS,
        backoff_seconds: float = BACKOFF_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        """Raises `PolicyError` if `address` is no URL; the server is asked on entering the context."""
        urls, _, model = address.partition("#")
        bases = [url.strip().rstrip("/").removesuffix("/v1") for url in urls.split(",")]
        for base in bases:
            try:
                parsed = httpx.URL(base)
            except (httpx.InvalidURL, ValueError) as error:
                raise PolicyError(f"openai:{address} has a bad URL: {error}") from None
            if parsed.scheme not in ("http", "https") or not parsed.host:
                raise PolicyError(f"openai:{address} needs a URL such as http://localhost:8000")
        self.name = f"openai:{address}"
        self.model = model
        self._replicas = [Replica(base) for base in dict.fromkeys(bases)]
        self.concurrency = min(CONNECTIONS * len(self._replicas), MOST_CONNECTIONS)
        self._stream = stream
        self._attempts = attempts
        self._backoff = backoff_seconds
        self._silence = silence_seconds
        self._client: httpx.AsyncClient | None = None

    @property
    def version(self) -> str:
        """The model's name on its server."""
        return self.model

    async def __aenter__(self) -> Self:
        """Connect, and find the model on every server. Raises `PolicyError`."""
        key = os.environ.get("OPENAI_API_KEY", "")
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(self._silence, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency),
        )
        try:
            for replica in self._replicas:
                self.model = self._choose(replica, await self._models(replica))
                if replica.is_vllm:
                    replica.ranks = await self._engines(replica)
        except BaseException:
            await self._client.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt; all requests run at once. Raises `PolicyError` as `Policy` says."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._complete(prompt, n, sampling, index))
                    for index, prompt in enumerate(prompts)
                ]
        except* PolicyError as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _models(self, replica: Replica) -> list[str]:
        """The names of the server's models."""
        answer = await self._request(replica, "GET", "/v1/models", None)
        try:
            models = answer.json()["data"]
            replica.is_vllm = any(model.get("owned_by") == "vllm" for model in models)
            if replica.is_vllm:
                replica.context = min(int(model.get("max_model_len") or 0) for model in models)
            return [str(model["id"]) for model in models]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise PolicyError(
                f"{replica.base} speaks another API: /v1/models lists no models; {EXPECTED}"
            ) from None

    async def _engines(self, replica: Replica) -> int:
        """How many engines a vLLM server says that it runs."""
        try:
            return engines((await self._request(replica, "GET", "/metrics", None, 1)).text)
        except PolicyError:  # It keeps no metrics, or keeps them to itself.
            return 1

    def _choose(self, replica: Replica, models: list[str]) -> str:
        if self.model in models or (not self.model and len(models) == 1):
            return self.model or models[0]
        if not models:
            raise PolicyError(f"{replica.base} has no model: load one in the server")
        known = ", ".join(models[:5])
        if self.model:
            raise PolicyError(f"{replica.base} has no model {self.model!r}; it has {known}")
        raise PolicyError(
            f"{replica.base} has several models: write openai:{replica.base}#MODEL, one of {known}"
        )

    async def _complete(self, prompt: Prompt, n: int, sampling: Sampling, index: int) -> list[Completion]:
        path, body = self._asked(prompt, n, sampling, index)
        clock = asyncio.get_running_loop().time
        order = in_order(self._replicas, prompt.theorem, clock())
        for replica in order:
            wanted = body | replica.additions(sampling.max_tokens)
            try:
                return await self._ask(replica, path, wanted, prompt, n, last=replica is order[-1])
            except DeadError as error:
                replica.rests_until = clock() + REST_SECONDS
                if replica is order[-1]:
                    others = f"; none of the {len(order)} servers answers" if len(order) > 1 else ""
                    raise PolicyError(f"{error}{others}") from None
        raise AssertionError("the last server answers or raises")

    async def _ask(
        self, replica: Replica, path: str, body: dict[str, Any], prompt: Prompt, n: int, *, last: bool
    ) -> list[Completion]:
        """One server's samples; one that is not the `last` to be asked is given up at once if nobody
        is there. Raises `DeadError` if there is no hope for an answer, `PolicyError` for what another server
        would not answer either."""
        headers = replica.headers(prompt.theorem)
        for attempt in range(self._attempts):
            choices = Choices(n, self.version)
            try:
                if self._stream:
                    await self._receive(replica, path, body, choices, headers)
                else:
                    answer = await self._request(replica, "POST", path, body, 1, headers)
                    choices.add_json(answer.content)
            except (PassingError, httpx.TransportError) as error:
                # What came before the connection broke is lost with it: a part of a sample is none.
                away = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not last
                if away or attempt + 1 == self._attempts:
                    raise DeadError(explain(replica.base, error, self._silence)) from None
                await asyncio.sleep(self._pause(attempt, error))
                continue
            except (StreamError, Broken) as error:
                choices.fail(str(error))
            return choices.completions()
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, prompt: Prompt, n: int, sampling: Sampling, index: int) -> tuple[str, dict[str, Any]]:
        """Where to send the request for one prompt, and what: a conversation has an address of its own."""
        body = {
            "model": self.model,
            "n": n,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "stop": list(sampling.stop),
            "seed": (sampling.seed + index) % 2**31,
            "stream": self._stream,
        }
        if not prompt.turns:
            return COMPLETIONS, {**body, "prompt": prompt.text, "logprobs": 1}
        turns = [{"role": turn.role, "content": turn.content} for turn in prompt.turns]
        if not sampling.stop:
            del body["stop"]  # Some servers take no empty list.
        return CONVERSATIONS, {**body, "messages": turns, "logprobs": True}

    async def _receive(
        self, replica: Replica, path: str, body: dict[str, Any], choices: Choices, headers: dict[str, str]
    ) -> None:
        """Read a streamed answer into `choices`."""
        assert self._client is not None, "use the policy as a context manager"
        async with self._client.stream(
            "POST", f"{replica.base}{path}", json=body, headers=headers
        ) as response:
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise refusal(replica.base, response)
            if "json" in response.headers.get("content-type", ""):  # It does not stream.
                choices.add_json(await response.aread())
                return
            async for event in events(response.aiter_bytes()):
                if event.strip() == "[DONE]":
                    return
                choices.add_chunk(event)
        if not choices.complete:
            raise Broken("the server ended the stream too early")

    async def _request(
        self,
        replica: Replica,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        attempts: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One request with its answer, repeated while there is hope. Raises `PolicyError`."""
        assert self._client is not None, "use the policy as a context manager"
        attempts = self._attempts if attempts is None else attempts
        for attempt in range(attempts):
            try:
                response = await self._client.request(
                    method, f"{replica.base}{path}", json=body, headers=headers
                )
                if response.status_code != httpx.codes.OK:
                    raise refusal(replica.base, response)
                return response
            except (DeadError, PassingError, httpx.TransportError) as error:
                if body is not None:
                    raise  # Completions count their attempts themselves.
                if attempt + 1 == attempts or isinstance(error, DeadError):
                    raise PolicyError(explain(replica.base, error, self._silence)) from None
                await asyncio.sleep(self._pause(attempt, error))
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, attempt: int, error: Exception) -> float:
        """Seconds to wait after a failed attempt; the server's own wish if it said one."""
        if isinstance(error, PassingError) and error.retry_after.isdecimal():
            return min(float(error.retry_after), MAX_BACKOFF_SECONDS)
        longest: float = min(self._backoff * 2.0**attempt, MAX_BACKOFF_SECONDS)
        return longest * random.uniform(0.5, 1)
