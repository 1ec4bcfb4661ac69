"""The ways in which weights travel: broadcast from GPU to GPUs, or a checkpoint that every worker reads.

Both send what a checkpoint would hold, tensor by tensor under Hugging Face's names: vLLM cuts it for its
own layout. The broadcast is unpacked, the one form that means the same in every version of vLLM's API.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from lean_env.values import one_line
from training.model import Transformer, save_checkpoint
from training.model.disk import disk_tensors
from training.transfer.control import Control
from training.transfer.errors import TransferError

T = TypeVar("T")
RENDEZVOUS_SECONDS = 120.0
"""How long sender and workers may take to find each other."""
BROADCAST_SECONDS = 600.0
"""How long one set of weights may take."""


class Means(Protocol):
    """One way to send weights to an engine."""

    async def open(self, control: Control) -> None:
        """Connect to every worker. Raises `TransferError`."""
        ...

    async def send(self, control: Control, model: Transformer) -> None:
        """Replace the weights of every worker by those of `model`. Raises `TransferError`."""
        ...


class CheckpointReload:
    """Writes a checkpoint to a folder that all workers see, and has them read it. Works wherever vLLM does,
    except where it is silently wrong: on CPUs it does not repack a mixture's experts."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: on a disk that all nodes share; None: a temporary one, for a single node."""
        self._folder = folder

    async def open(self, control: Control) -> None:
        """Nothing to do: there is no connection."""

    async def send(self, control: Control, model: Transformer) -> None:
        """Write, and reload."""
        try:
            with tempfile.TemporaryDirectory(prefix="weights-", dir=self._folder) as folder:
                await asyncio.to_thread(save_checkpoint, model, folder)
                await control.rpc("reload_weights", weights_path=folder)
        except OSError as error:
            raise TransferError(f"the checkpoint cannot be written: {error}") from error


class NcclBroadcast:
    """vLLM's weight transfer over NCCL: the sender is rank 0 of a group with all workers. The sender's GPU
    must be none of the engine's, and the engine be started with `weight_transfer_config` of backend nccl."""

    def __init__(self, device: torch.device | str, address: str = "127.0.0.1", port: int = 0) -> None:
        """`device`: the sender's GPU; `address`: of this machine, as the engine's nodes reach it; `port` 0:
        any that is free."""
        self._device, self._address, self._port = torch.device(device), address, port
        self._group: Any = None

    async def open(self, control: Control) -> None:
        """Meet all workers. Raises `TransferError`."""
        workers, _ = await control.world()
        port = self._port or free_port()
        told = {
            "master_address": self._address,
            "master_port": port,
            "rank_offset": 1,
            "world_size": workers + 1,
        }
        self._group = await meet(
            control.rpc("init_weight_transfer_engine", init_info=told),
            lambda: self._join(port, workers + 1),
            seconds=RENDEZVOUS_SECONDS,
        )

    async def send(self, control: Control, model: Transformer) -> None:
        """Broadcast every tensor, while every worker takes it."""
        tensors = [
            (name, tensor.contiguous()) for name, tensor in disk_tensors(model.state_dict(), model.config)
        ]
        told = {
            "names": [name for name, _ in tensors],
            "dtype_names": [str(tensor.dtype).removeprefix("torch.") for _, tensor in tensors],
            "shapes": [list(tensor.shape) for _, tensor in tensors],
        }
        await control.rpc("start_weight_update")
        await meet(
            control.rpc("update_weights", update_info=told),
            lambda: self._broadcast([tensor for _, tensor in tensors]),
            seconds=BROADCAST_SECONDS,
        )
        await control.rpc("finish_weight_update")

    def _join(self, port: int, world: int) -> Any:
        from vllm.distributed.device_communicators.pynccl import PyNcclCommunicator
        from vllm.distributed.utils import StatelessProcessGroup

        torch.cuda.set_device(self._device)  # Of this thread: each has one of its own.
        group = StatelessProcessGroup.create(host=self._address, port=port, rank=0, world_size=world)
        return PyNcclCommunicator(group, device=self._device)

    def _broadcast(self, tensors: Sequence[Tensor]) -> None:
        torch.cuda.set_device(self._device)
        stream = torch.cuda.current_stream()
        for tensor in tensors:
            self._group.broadcast(tensor, src=0, stream=stream)
        stream.synchronize()


async def meet(call: Awaitable[object], work: Callable[[], T], *, seconds: float) -> T:
    """Run `work` in a thread while the engine does `call`; its result.

    If one of them fails, the other waits in vain for its partner: nobody waits for it, the thread is left to
    itself. Raises `TransferError`, also after so many seconds.
    """
    there = asyncio.ensure_future(call)
    here: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def run() -> None:
        try:
            result, error = work(), None
        except Exception as raised:
            result, error = None, raised
        with contextlib.suppress(RuntimeError):  # The loop has ended, and nobody waits any more.
            loop.call_soon_threadsafe(settle, result, error)

    def settle(result: Any, error: Exception | None) -> None:
        if not here.done():
            here.set_exception(error) if error else here.set_result(result)

    loop = asyncio.get_running_loop()
    threading.Thread(target=run, daemon=True).start()
    both: list[asyncio.Future[Any]] = [there, here]
    await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    failed = next((task.exception() for task in both if task.done() and task.exception()), None)
    if failed is None and there.done() and here.done():
        return here.result()
    there.cancel()
    here.cancel()
    if failed is None:
        raise TransferError(f"sender and engine did not meet within {seconds:g} s")
    if isinstance(failed, TransferError):
        raise failed
    raise TransferError(f"the transfer failed: {one_line(str(failed))}") from failed


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("", 0))
        return int(found.getsockname()[1])
