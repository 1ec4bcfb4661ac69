"""A model behind a server that speaks the completions API: vLLM, SGLang, llama.cpp, and others.

One request a prompt, `POST {URL}/v1/completions` (for a conversation `/v1/chat/completions`, where the server
applies the model's template) with `n` samples, streamed, so that cancelling closes the connection and the
server stops generating at once. Requests that fail for a reason that may pass are
repeated with back-off; what arrived damaged becomes a completion with `Finish.ERROR`.
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
from prover.policies.sse import StreamError, events

ATTEMPTS = 5
BACKOFF_SECONDS = 0.5
"""Wait before the second attempt; doubled before each further one, and shortened at random by up to half."""
MAX_BACKOFF_SECONDS = 30.0
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0
"""How long a server may send nothing: it may have queued the request behind many others."""
CONNECTIONS = 64
COMPLETIONS, CONVERSATIONS = "/v1/completions", "/v1/chat/completions"
EXPECTED = "give the base URL of a server with the completions API"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Status codes for which the same request may succeed later."""


class OpenAIPolicy:
    """`openai:URL#MODEL`; without `#MODEL`, the only model that the server has."""

    concurrency = CONNECTIONS

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
        url, _, model = address.partition("#")
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise PolicyError(f"openai:{address} has a bad URL: {error}") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise PolicyError(f"openai:{address} needs a URL such as http://localhost:8000")
        self.name = f"openai:{address}"
        self.model = model
        self._base = url.rstrip("/").removesuffix("/v1")
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
        """Connect, and find the model. Raises `PolicyError`."""
        key = os.environ.get("OPENAI_API_KEY", "")
        self._client = httpx.AsyncClient(
            base_url=self._base,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(self._silence, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )
        try:
            self.model = self._choose(await self._models())
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

    async def _models(self) -> list[str]:
        """The names of the server's models."""
        answer = await self._request("GET", "/v1/models", None)
        try:
            return [str(model["id"]) for model in answer.json()["data"]]
        except (ValueError, LookupError, TypeError):
            raise PolicyError(
                f"{self._base} speaks another API: /v1/models lists no models; {EXPECTED}"
            ) from None

    def _choose(self, models: list[str]) -> str:
        if self.model in models or (not self.model and len(models) == 1):
            return self.model or models[0]
        if not models:
            raise PolicyError(f"{self._base} has no model: load one in the server")
        known = ", ".join(models[:5])
        if self.model:
            raise PolicyError(f"{self._base} has no model {self.model!r}; it has {known}")
        raise PolicyError(f"{self._base} has several models: write openai:{self._base}#MODEL, one of {known}")

    async def _complete(self, prompt: Prompt, n: int, sampling: Sampling, index: int) -> list[Completion]:
        path, body = self._asked(prompt, n, sampling, index)
        for attempt in range(self._attempts):
            choices = Choices(n, self.version)
            try:
                if self._stream:
                    await self._receive(path, body, choices)
                else:
                    choices.add_json((await self._request("POST", path, body, 1)).content)
            except (_PassingError, httpx.TransportError) as error:
                # What came before the connection broke is lost with it: a part of a sample is none.
                if attempt + 1 == self._attempts:
                    raise PolicyError(self._explain(error)) from None
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

    async def _receive(self, path: str, body: dict[str, Any], choices: Choices) -> None:
        """Read a streamed answer into `choices`."""
        assert self._client is not None, "use the policy as a context manager"
        async with self._client.stream("POST", path, json=body) as response:
            if response.status_code != httpx.codes.OK:
                await response.aread()
                self._refuse(response)
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
        self, method: str, path: str, body: dict[str, Any] | None, attempts: int | None = None
    ) -> httpx.Response:
        """One request with its answer, repeated while there is hope. Raises `PolicyError`."""
        assert self._client is not None, "use the policy as a context manager"
        attempts = self._attempts if attempts is None else attempts
        for attempt in range(attempts):
            try:
                response = await self._client.request(method, path, json=body)
                if response.status_code != httpx.codes.OK:
                    self._refuse(response)
                return response
            except (_PassingError, httpx.TransportError) as error:
                if body is not None:
                    raise  # Completions count their attempts themselves.
                if attempt + 1 == attempts:
                    raise PolicyError(self._explain(error)) from None
                await asyncio.sleep(self._pause(attempt, error))
        raise AssertionError("the last attempt returns or raises")

    def _refuse(self, response: httpx.Response) -> None:
        """Raise what a status other than 200 means."""
        said = _message(response)
        status = response.status_code
        if status in PASSING:
            raise _PassingError(f"answers {status}: {said}", response.headers.get("retry-after", ""))
        if status in (401, 403):
            raise PolicyError(f"{self._base} refuses access ({status}): set OPENAI_API_KEY")
        if status in (404, 405) and "model" not in said.lower():
            path = response.request.url.path
            raise PolicyError(f"{self._base} speaks another API: {path} answers {status}; {EXPECTED}")
        raise PolicyError(f"{self._base} refuses the request ({status}): {said}")

    def _pause(self, attempt: int, error: Exception) -> float:
        """Seconds to wait after a failed attempt; the server's own wish if it said one."""
        if isinstance(error, _PassingError) and error.retry_after.isdecimal():
            return min(float(error.retry_after), MAX_BACKOFF_SECONDS)
        longest: float = min(self._backoff * 2.0**attempt, MAX_BACKOFF_SECONDS)
        return longest * random.uniform(0.5, 1)

    def _explain(self, error: Exception) -> str:
        if isinstance(error, _PassingError):
            return f"{self._base} {error}"
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"no server answers at {self._base}: start it, or correct the URL"
        if isinstance(error, httpx.TimeoutException):
            return f"{self._base} sent nothing for {self._silence:g} s"
        if isinstance(error, httpx.RemoteProtocolError):
            return (
                f"{self._base} breaks the connection or does not speak HTTP ({str(error)[:100] or 'closed'})"
            )
        return f"the connection to {self._base} failed: {str(error)[:100] or type(error).__name__}"


class _PassingError(Exception):
    """A refusal that may pass."""

    def __init__(self, text: str, retry_after: str) -> None:
        super().__init__(text)
        self.retry_after = retry_after


def _message(response: httpx.Response) -> str:
    """What the server says about its refusal, in one line."""
    try:
        answer = response.json()
        found = answer.get("error", answer.get("message", answer)) if isinstance(answer, dict) else answer
        text = str(found.get("message", found) if isinstance(found, dict) else found)
    except ValueError:
        text = response.text
    return " ".join(text.split())[:200] or response.reason_phrase
