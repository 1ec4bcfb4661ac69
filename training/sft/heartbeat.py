"""Who of a run's processes is still there.

A process that is killed says nothing, and the others would wait for it until a time-out that must be long. So
each tells a store that all share, once a second, that it lives, and looks at the others; one that ends says
so. A process that is silent for too long is named by one of those that are left, and the run ends: within
seconds if the network says that somebody is gone, and otherwise when those who watch have waited long enough.
A store of `torchrun`'s that is gone means that so is that: nobody but those who are in the run can end it.
"""

from __future__ import annotations

import math
import os
import socket
import sys
import threading
import time
from datetime import timedelta

from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

BEAT_SECONDS = 1.0
SILENT_SECONDS = 120.0
"""A process that has not been heard of for so long is taken for dead; a library may hold it up for less."""
GONE_SECONDS = 5.0
"""The same if the network says that somebody is."""
EXIT_LOST = 2
ADVICE = "the run ends; start it again, and it goes on from its last checkpoint"
_DONE, _FAILED = b"done", b"failed"


class Heartbeats:
    """This process's beats, and what it hears of the others'."""

    def __init__(self, rank: int, size: int) -> None:
        """Reads where the store is from what `torchrun` sets; all processes must make one. `OSError` and
        `RuntimeError` if there is no store."""
        host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        self._rank = rank
        self._of_torchrun = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        """Whether it has the store; it is process 0's otherwise."""
        # A connection of its own: another thread may wait on the one that torch has.
        store = TCPStore(host, port, is_master=False, timeout=timedelta(seconds=SILENT_SECONDS))
        self._store = PrefixStore("heartbeat", store)
        self._store.set(f"who/{rank}", f"process {rank} ({socket.gethostname()}, pid {os.getpid()})")
        self._store.set(str(rank), "0")
        self._others = [other for other in range(size) if other != rank]
        self._names = {other: self._store.get(f"who/{other}").decode() for other in self._others}
        self._keys = [str(other) for other in self._others]
        self._heard = {other: (b"", time.monotonic()) for other in self._others}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self, *, failed: bool = False) -> None:
        """This process ends, in good order or after it has said what is wrong."""
        self._ended.set()
        self._thread.join()
        try:
            self._store.set(str(self._rank), (_FAILED if failed else _DONE).decode())
        except RuntimeError:
            return  # The store went first.

    def gone(self) -> str | None:
        """Why the network says that somebody is gone, once it has: who no longer answers; empty if it is not
        for this process to say; None if all are there."""
        time.sleep(GONE_SECONDS + 2 * BEAT_SECONDS)
        lost = self._lost(GONE_SECONDS)
        if lost:
            return self._said(lost)
        return "" if any(beat == _FAILED for beat, _ in self._heard.values()) else None

    def _beat(self) -> None:
        number, store_lost = 0, math.inf
        while not self._ended.wait(BEAT_SECONDS):
            number += 1
            now = time.monotonic()
            try:
                self._store.set(str(self._rank), str(number))
                said = self._store.multi_get(self._keys)
            except RuntimeError:  # The store went with whoever had it.
                store_lost = min(store_lost, now)
                said = [self._heard[other][0] for other in self._others]
            for other, beat in zip(self._others, said, strict=True):
                if self._heard[other][0] != beat:
                    self._heard[other] = beat, now
            if self._of_torchrun and now - store_lost > GONE_SECONDS and not self._ended.is_set():
                if os.environ.get("LOCAL_RANK", "0") == "0":
                    print(f"prover: torchrun no longer answers; {ADVICE}", file=sys.stderr, flush=True)
                os._exit(EXIT_LOST)
            failed = [at for beat, at in self._heard.values() if beat == _FAILED]
            lost = self._lost(SILENT_SECONDS)
            if lost and (text := self._said(lost)):
                print(f"prover: {text}", file=sys.stderr, flush=True)
            if (lost or (failed and now - min(failed) > SILENT_SECONDS)) and not self._ended.is_set():
                os._exit(EXIT_LOST)  # The main thread waits in a library that nothing else ends.

    def _lost(self, seconds: float) -> list[int]:
        now = time.monotonic()
        return [
            other
            for other, (beat, heard) in self._heard.items()
            if now - heard > seconds and beat not in (_DONE, _FAILED)
        ]

    def _said(self, lost: list[int]) -> str:
        """What the first of those that are left says of it."""
        if any(other < self._rank and other not in lost for other in self._others):
            return ""
        return f"{', '.join(self._names[other] for other in lost)} no longer answers; {ADVICE}"
