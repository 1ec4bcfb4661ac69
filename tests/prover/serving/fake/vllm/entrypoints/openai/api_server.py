"""A scripted server: what it does is in the variable FAKE_VLLM, what it was told in the file FAKE_TOLD.

`healthy` answers after a moment; `dies` fails as vLLM does at its start; `late` dies after it was asked for
its models; `wrong` serves another model; `stranger` lists none; `never` does not get ready; `deaf` ignores
Ctrl-C. All but `dies` have a child process that ignores Ctrl-C, as an engine may.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHILD = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)"
DEATH = """\
(APIServer pid=7) INFO 11-22 10:00:00 [core.py:93] Initializing a V1 LLM engine
(EngineCore pid=8) ERROR 11-22 10:00:01 [core.py:1100] EngineCore failed to start.
(EngineCore pid=8) ERROR 11-22 10:00:01 [core.py:1100] Traceback (most recent call last):
(EngineCore pid=8) ERROR 11-22 10:00:01 [core.py:1100] ValueError: No available memory for the cache blocks.
(APIServer pid=7) Traceback (most recent call last):
(APIServer pid=7) RuntimeError: Engine core initialization failed. See root cause above.
"""


def option(name: str) -> str:
    """The value of an option."""
    return sys.argv[sys.argv.index(name) + 1]


def main() -> None:
    """Serve, or not."""
    manner = os.environ.get("FAKE_VLLM", "healthy")
    if told := os.environ.get("FAKE_TOLD"):
        names = ("VLLM_CPU_KVCACHE_SPACE", "VLLM_MLA_DISABLE")
        words = {"arguments": sys.argv[1:], "environment": {name: os.environ.get(name) for name in names}}
        with Path(told).open("a") as file:
            file.write(json.dumps(words) + "\n")
    if manner == "dies":
        sys.stderr.write(DEATH)
        sys.exit(1)
    child = subprocess.Popen([sys.executable, "-c", CHILD])
    print(f"child {child.pid}", flush=True)
    if manner == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if manner in ("never", "deaf") or "--headless" in sys.argv:
        time.sleep(600)
    model = {"wrong": "another"}.get(manner, option("--served-model-name"))

    class Answers(BaseHTTPRequestHandler):
        """The two addresses that are asked."""

        def do_GET(self) -> None:
            """Answer."""
            body = b""
            if self.path == "/v1/models":
                body = b"{}" if manner == "stranger" else json.dumps({"data": [{"id": model}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if manner == "late" and body:
                threading.Timer(0.3, self.die).start()

        def die(self) -> None:
            """End as an engine that runs out of memory."""
            os.write(2, b"torch.OutOfMemoryError: CUDA out of memory.\n")
            os._exit(1)

        def log_message(self, form: str, *words: object) -> None:
            """Say nothing."""

    time.sleep(0.3)
    ThreadingHTTPServer(("", int(option("--port"))), Answers).serve_forever()


if __name__ == "__main__":
    main()
