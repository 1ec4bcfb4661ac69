"""`vllm:MODEL`: vLLM in this process, which keeps one large batch full for many search trees.

`MODEL` is a checkpoint's directory, or a name in the local Hugging Face cache; nothing is downloaded. Every
prompt is a request of its own: vLLM adds it to the batch under way, finds the part that it has read before
in its prefix cache, and drops it as soon as the call is cancelled.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prover.policies.affinity import preferred
from prover.policies.base import Completion, Finish, PolicyError, Prompt, PromptError, Sampling
from prover.policies.checkpoint import newest, require_checkpoint
from prover.policies.refusals import NO_TEMPLATE
from prover.policies.vllm_start import WEIGHTS, Started, explain, start
from prover.serving import ServeError
from prover.serving.model import causal_architecture, read_config
from prover.serving.vllm import HOW_TO_INSTALL

CONCURRENCY = 256
"""Requests under way at once: what keeps a large GPU busy, and vLLM's usual largest batch."""
END_SECONDS = 1.0
"""How long the engine's processes may take to end by themselves."""


class VllmPolicy:
    """A checkpoint, served by vLLM in this process."""

    concurrency = CONCURRENCY

    def __init__(self, model: str, *, settings: Mapping[str, Any] | None = None) -> None:
        """`settings` are arguments of vLLM's engine, over those chosen here: a layout over several GPUs.

        Raises `PolicyError` if there is no such model, or no vLLM.
        """
        self.name = f"vllm:{model}"
        try:
            self.path = locate(self.name, model)
            require_checkpoint(self.name, model, self.path, WEIGHTS)
            causal_architecture(read_config(self.path), "its config.json")
            self.version = newest(self.path, WEIGHTS)
        except (OSError, RuntimeError, ValueError) as error:
            raise PolicyError(
                f"{self.name} cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from None
        except ServeError as error:
            raise PolicyError(f"{self.name} cannot be served: {error}") from None
        if find_spec("vllm") is None:
            raise PolicyError(f"{self.name} needs vLLM: {HOW_TO_INSTALL}")
        self._settings = dict(settings or {})
        self.started: Started | None = None
        """The engine, while the policy is open."""
        self._numbers = itertools.count()
        self.prompt_tokens = 0
        """Tokens of all prompts that were answered."""
        self.cached_tokens = 0
        """Those of them that vLLM found in its prefix cache, and so did not compute."""

    async def __aenter__(self) -> Self:
        """Start the engine, which takes a minute. Raises `PolicyError`."""
        starting = asyncio.create_task(asyncio.to_thread(start, self.name, self.path, self._settings))
        try:
            self.started = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self.started = await starting  # There is no way to stop it half-way.
            self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        if self.started is not None:
            self.started.engine.shutdown(timeout=END_SECONDS)
            self.started.log.unlink(missing_ok=True)
            self.started = None

    async def generate(self, prompts: Sequence[Prompt], n: int, sampling: Sampling) -> list[list[Completion]]:
        """`n` completions a prompt; all requests run at once. Raises `PolicyError` as `Policy` says."""
        assert self.started is not None, "use the policy as a context manager"
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._complete(self.started, prompt, n, sampling, place))
                    for place, prompt in enumerate(prompts)
                ]
        except* PolicyError as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _complete(
        self, started: Started, prompt: Prompt, n: int, sampling: Sampling, place: int
    ) -> list[Completion]:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        ids = self._encode(started.tokenizer, prompt)
        if len(ids) >= started.context:
            raise PromptError(
                f"{self.name}: a prompt has {len(ids)} tokens, and the model reads {started.context} at most"
            )
        wanted = SamplingParams(
            n=n,
            temperature=sampling.temperature,
            top_p=sampling.top_p if sampling.temperature else 1.0,
            max_tokens=min(sampling.max_tokens, started.context - len(ids)),
            stop=list(sampling.stop),
            seed=_seed(sampling.seed, place),
            logprobs=0,  # Of the token that was drawn, and of no other.
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        replica = preferred(prompt.theorem.digest, range(started.replicas)) if started.replicas > 1 else None
        answers = started.engine.generate(
            {"prompt_token_ids": ids}, wanted, f"prover-{next(self._numbers)}", data_parallel_rank=replica
        )
        try:
            # Being cancelled while it waits makes vLLM give the request up.
            last = [answer async for answer in answers][-1]
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise PolicyError(self._reason(started, error)) from error
        finally:
            await answers.aclose()
        self.prompt_tokens += len(ids)
        self.cached_tokens += last.num_cached_tokens or 0
        found = sorted(last.outputs, key=lambda output: int(output.index))
        return [self._completion(started, ids, output) for output in found]

    def _encode(self, tokenizer: Any, prompt: Prompt) -> list[int]:
        """The prompt's tokens; a conversation in the model's own layout. Raises `PolicyError`."""
        if not prompt.turns:
            return list(tokenizer(prompt.text)["input_ids"])
        if not getattr(tokenizer, "chat_template", "unknown"):
            raise PolicyError(f"{self.name} has no chat template: {NO_TEMPLATE}")
        turns = [{"role": turn.role, "content": turn.content} for turn in prompt.turns]
        try:
            text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # A template is a program.
            said = " ".join(str(error).split())[:200]
            raise PolicyError(f"{self.name} cannot be asked in a conversation: {said}") from None
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    def _completion(self, started: Started, prompt_ids: list[int], output: Any) -> Completion:
        ids = tuple(int(token) for token in output.token_ids)
        logprobs = tuple(
            min(0.0, float(row[token].logprob))
            for row, token in zip(output.logprobs or (), ids, strict=False)
        )
        finish = {"stop": Finish.STOP, "length": Finish.LENGTH}.get(str(output.finish_reason), Finish.ERROR)
        starts = offsets(started.tokenizer, prompt_ids, ids)
        return Completion(
            text=output.text,
            finish=finish,
            version=self.version,
            tokens=len(ids),
            token_ids=ids,
            logprobs=logprobs,
            offsets=tuple(min(start, len(output.text)) for start in starts[: len(logprobs)]),
            reason=f"vLLM ended it with {output.finish_reason!r}" if finish is Finish.ERROR else "",
        )

    def _reason(self, started: Started, error: Exception) -> str:
        text = explain(error.__cause__ or error, started.log)
        if started.engine.errored:
            return f"{self.name}: the engine has died: {text}"
        return f"{self.name} refuses the request: {text}"


def locate(name: str, model: str) -> Path:
    """The directory of a checkpoint: the one of that path, or what the local Hugging Face cache holds under
    that name. Raises `PolicyError` if there is neither."""
    path = Path(model).expanduser()
    if (
        path.exists()
        or model.count("/") != 1
        or model.startswith((".", "/", "~"))
        or not all(model.split("/"))
    ):
        return path
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(model, local_files_only=True))
    except Exception:  # Not installed, no name that could be one, or not there.
        raise PolicyError(
            f"{name}: there is no such directory, and the Hugging Face cache has no model of that name; "
            "download it first, or give its directory"
        ) from None


def offsets(tokenizer: Any, prompt_ids: Sequence[int], ids: Sequence[int]) -> list[int]:
    """Where each token starts in the text that they continue the prompt with, in characters; half a character
    starts where the whole one does."""
    found, length = [], 0
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        for token in ids:
            found.append(length)
            length += len(tokenizer.decode([token], skip_special_tokens=True))
        return found
    from tokenizers.decoders import DecodeStream

    # As vLLM does it: a tokenizer may begin a text in another way than it goes on.
    stream = DecodeStream(ids=list(prompt_ids), skip_special_tokens=True)
    for token in ids:
        found.append(length)
        try:
            length += len(stream.step(backend, token) or "")
        except Exception:  # Bytes that are no text; vLLM begins anew, too.
            stream = DecodeStream(skip_special_tokens=True)
            length += len(stream.step(backend, token) or "")
    return found


def _seed(seed: int, place: int) -> int:
    """A seed for the prompt in this place of a call. vLLM adds the sample's number to it, so those of
    neighbours must lie far apart."""
    return int.from_bytes(hashlib.sha256(f"{seed} {place}".encode()).digest()[:6])
