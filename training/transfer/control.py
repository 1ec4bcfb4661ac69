"""A running vLLM engine as whoever sends it weights sees it, in this process or behind its server.

What vLLM offers for weights are methods of its workers, which both kinds of engine can call on all of them
at once: `init_weight_transfer_engine`, `start_weight_update`, `update_weights`, `finish_weight_update`,
`reload_weights`. A server does so only if it was started with `VLLM_SERVER_DEV_MODE=1`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any, Protocol

import httpx

from lean_env.values import one_line
from training.transfer.errors import TransferError

SECONDS = 600.0
"""How long a server may take for one call: loading a large model's weights takes minutes."""
OLD_CACHE = "vLLM kept keys and values of the old weights"
_numbers = itertools.count()


class Control(Protocol):
    """The calls that sending weights takes. All raise `TransferError`."""

    async def world(self) -> tuple[int, int]:
        """How many workers the engine has in all, and in how many replicas (data parallel)."""
        ...

    async def rpc(self, method: str, **arguments: object) -> None:
        """Call a method of every worker."""
        ...

    async def pause(self) -> None:
        """Freeze the requests under way where they are."""
        ...

    async def resume(self) -> None:
        """Forget all keys and values of the old weights, and go on with the requests."""
        ...

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        """Log-probs of all tokens but the first of each row, in nats, from one replica."""
        ...


class EngineControl:
    """An `AsyncLLM` in this process."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    async def world(self) -> tuple[int, int]:
        """From the engine's own configuration."""
        parallel = self._engine.vllm_config.parallel_config
        return parallel.world_size_across_dp, parallel.data_parallel_size

    async def rpc(self, method: str, **arguments: object) -> None:
        """Call a method of every worker."""
        try:
            await self._engine.collective_rpc(method, kwargs=arguments)
        except Exception as error:
            raise TransferError(f"vLLM's {method} failed: {_line(error)}") from error

    async def pause(self) -> None:
        """Freeze the requests under way where they are."""
        try:
            await self._engine.pause_generation(mode="keep", clear_cache=False)
        except Exception as error:
            raise TransferError(f"vLLM did not pause: {_line(error)}") from error

    async def resume(self) -> None:
        """Forget all keys and values of the old weights, and go on with the requests."""
        try:
            if not await self._engine.reset_prefix_cache(reset_running_requests=True):
                raise TransferError(OLD_CACHE)
            await self._engine.resume_generation()
        except TransferError:
            raise
        except Exception as error:
            raise TransferError(f"vLLM did not go on: {_line(error)}") from error

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        """Log-probs of all tokens but the first of each row, in nats, from one replica."""
        return list(await asyncio.gather(*(self._row(row, replica) for row in rows)))

    async def _row(self, ids: Sequence[int], replica: int) -> list[float]:
        from vllm import SamplingParams

        how = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)
        request = f"probe-{next(_numbers)}"
        prompt = {"prompt_token_ids": list(ids)}
        try:
            answers = [
                answer
                async for answer in self._engine.generate(prompt, how, request, data_parallel_rank=replica)
            ]
        except Exception as error:
            raise TransferError(f"vLLM did not answer the probe: {_line(error)}") from error
        if not answers or not answers[-1].prompt_logprobs:
            raise TransferError("vLLM did not answer the probe")
        told = answers[-1].prompt_logprobs[1:]
        return [float(one[token].logprob) for token, one in zip(ids[1:], told, strict=True)]


class ServerControl:
    """A vLLM server, started with `VLLM_SERVER_DEV_MODE=1`. An asynchronous context manager."""

    def __init__(self, url: str, model: str, *, seconds: float = SECONDS) -> None:
        self._url, self._model = url.rstrip("/").removesuffix("/v1"), model
        self._client = httpx.AsyncClient(base_url=self._url, timeout=seconds)

    async def __aenter__(self) -> ServerControl:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def world(self) -> tuple[int, int]:
        """All workers, and how many times those of one replica fit into them."""
        every = (await self._call("GET", "/get_world_size"))["world_size"]
        one = (await self._call("GET", "/get_world_size", params={"include_dp": "false"}))["world_size"]
        return every, every // one

    async def rpc(self, method: str, **arguments: object) -> None:
        """Call a method of every worker."""
        await self._call("POST", "/collective_rpc", json={"method": method, "kwargs": arguments})

    async def pause(self) -> None:
        """Freeze the requests under way where they are."""
        await self._call("POST", "/pause", params={"mode": "keep", "clear_cache": "false"})

    async def resume(self) -> None:
        """Forget all keys and values of the old weights, and go on with the requests."""
        answer = await self._call("POST", "/reset_prefix_cache", params={"reset_running_requests": "true"})
        if isinstance(answer, dict) and answer.get("success") is False:  # Older versions say nothing.
            raise TransferError(OLD_CACHE)
        await self._call("POST", "/resume")

    async def logprobs(self, rows: Sequence[Sequence[int]], replica: int) -> list[list[float]]:
        """Log-probs of all tokens but the first of each row, in nats, from one replica."""
        body = {
            "model": self._model,
            "prompt": [list(row) for row in rows],
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": 0,
        }
        headers = {"X-data-parallel-rank": str(replica)}  # Without one, the server would choose.
        answer = await self._call("POST", "/v1/completions", json=body, headers=headers)
        try:
            choices = sorted(answer["choices"], key=lambda choice: choice["index"])
            return [
                [float(told[str(token)]["logprob"]) for token, told in zip(row[1:], told_row, strict=True)]
                for row, told_row in zip(
                    rows, (choice["prompt_logprobs"][1:] for choice in choices), strict=True
                )
            ]
        except (LookupError, TypeError, ValueError):
            raise TransferError(f"{self._url} gives no log-probs of prompts: it must be vLLM") from None

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        try:
            response = await self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise TransferError(f"{self._url}{path} does not answer: {_line(error)}") from error
        if response.status_code == httpx.codes.NOT_FOUND:
            raise TransferError(f"{self._url} has no {path}: start vLLM's server with VLLM_SERVER_DEV_MODE=1")
        if response.is_error:
            raise TransferError(f"{self._url}{path} answers {response.status_code}: {response.text[:200]}")
        return response.json() if response.content else None


def _line(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")
