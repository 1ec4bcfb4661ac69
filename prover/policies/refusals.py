"""What it means that a completions server refuses, fails or is not there; in one line each."""

from __future__ import annotations

import httpx

from prover.policies.base import PolicyError

EXPECTED = "give the base URL of a server with the completions API"
NO_TEMPLATE = "it cannot be asked in a conversation; take a format that completes, as --format completion"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Status codes for which the same request may succeed later."""
DEAD = ("EngineCore encountered an issue", "EngineDeadError")
"""What vLLM's server says when its engine has died; no request will succeed until it is started again."""


class PassingError(Exception):
    """A refusal that may pass."""

    def __init__(self, text: str, retry_after: str) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class DeadError(Exception):
    """A server from which no answer is to be hoped for."""


def refusal(base: str, response: httpx.Response) -> Exception:
    """What the status of this answer, which is not 200, means for requests to the server at `base`."""
    said = _message(response)
    status = response.status_code
    if any(word in said for word in DEAD):
        return DeadError(f"the engine of {base} has died ({status}): start the server again")
    if status in PASSING:
        return PassingError(f"answers {status}: {said}", response.headers.get("retry-after", ""))
    if status in (401, 403):
        return PolicyError(f"{base} refuses access ({status}): set OPENAI_API_KEY")
    if status in (404, 405) and "model" not in said.lower():
        path = response.request.url.path
        return PolicyError(f"{base} speaks another API: {path} answers {status}; {EXPECTED}")
    if "chat template" in said.lower():
        return PolicyError(f"{base} has no chat template for the model ({status}): {NO_TEMPLATE}")
    return PolicyError(f"{base} refuses the request ({status}): {said}")


def explain(base: str, error: Exception, silence: float) -> str:
    """Why there was no answer in the end; `silence` is for how many seconds the server was heard out."""
    if isinstance(error, DeadError):
        return str(error)
    if isinstance(error, PassingError):
        return f"{base} {error}"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return f"no server answers at {base}: start it, or correct the URL"
    if isinstance(error, httpx.TimeoutException):
        return f"{base} sent nothing for {silence:g} s"
    said = str(error)[:100]
    if isinstance(error, httpx.RemoteProtocolError):
        return f"{base} breaks the connection or does not speak HTTP ({said or 'closed'})"
    return f"the connection to {base} failed: {said or type(error).__name__}"


def _message(response: httpx.Response) -> str:
    """What the server says about its refusal, in one line."""
    try:
        answer = response.json()
        found = answer.get("error", answer.get("message", answer)) if isinstance(answer, dict) else answer
        text = str(found.get("message", found) if isinstance(found, dict) else found)
    except (ValueError, RecursionError):
        text = response.text
    return " ".join(text.split())[:200] or response.reason_phrase
