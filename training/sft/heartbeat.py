"""Who of a run's processes is still there.

A process that is killed says nothing, and the others would wait for it until a time-out that must be long. So
each tells a store that all share, once a second, that it lives, and looks at the others. One that is silent
for too long is named, and the run ends: by whoever was told by the network that somebody is gone, within
seconds; and otherwise by those who watch.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from datetime import timedelta

from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

BEAT_SECONDS = 1.0
SILENT_SECONDS = 60.0
"""A process that has not been heard of for so long is taken for dead."""
GONE_SECONDS = 5.0
"""The same if the network says that somebody is."""
EXIT_LOST = 2


class Heartbeats:
    """This process's beats, and what it hears of the others'."""

    def __init__(self, rank: int, size: int) -> None:
        """Reads where the store is from what `torchrun` sets; all processes must make one. `OSError` and
        `RuntimeError` if there is no store."""
        host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        self._rank = rank
        # A connection of its own: another thread may wait on the one that torch has.
        store = TCPStore(host, port, is_master=False, timeout=timedelta(seconds=SILENT_SECONDS))
        self._store = PrefixStore("heartbeat", store)
        self._store.set(f"who/{rank}", f"process {rank} ({socket.gethostname()}, pid {os.getpid()})")
        self._store.set(str(rank), "0")
        self._others = [other for other in range(size) if other != rank]
        self._names = [self._store.get(f"who/{other}").decode() for other in self._others]
        self._keys = [str(other) for other in self._others]
        self._heard = {other: (b"", time.monotonic()) for other in self._others}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """This process ends in good order."""
        self._ended.set()
        self._thread.join()

    def gone(self) -> str:
        """Which processes are no longer there, once the network has said that some are; empty if all are."""
        time.sleep(GONE_SECONDS + 2 * BEAT_SECONDS)
        return self._silent(GONE_SECONDS)

    def _beat(self) -> None:
        number = 0
        while not self._ended.wait(BEAT_SECONDS):
            number += 1
            try:
                self._store.set(str(self._rank), str(number))
                said = self._store.multi_get(self._keys)
            except RuntimeError:  # The store went with the process that had it.
                continue
            now = time.monotonic()
            for other, beat in zip(self._others, said, strict=True):
                if self._heard[other][0] != beat:
                    self._heard[other] = beat, now
            if (silent := self._silent(SILENT_SECONDS)) and not self._ended.is_set():
                print(f"prover: {silent}; {ADVICE}", file=sys.stderr, flush=True)
                os._exit(EXIT_LOST)  # The main thread waits in a library that nothing else ends.

    def _silent(self, seconds: float) -> str:
        now = time.monotonic()
        ages = [now - self._heard[other][1] for other in self._others]
        lost = [name for name, age in zip(self._names, ages, strict=True) if age > seconds]
        if len(lost) == len(self._others) > 1:
            # Who hears of nobody has lost the store, and with it the process that has it, the first.
            lost = lost[:1]
        return f"{', '.join(lost)} no longer answers" if lost else ""


ADVICE = "the run ends; start it again, and it goes on from its last checkpoint"
