"""What has been read already: the latents of prompts' beginnings, shared by all prompts that begin alike.

Search asks about the same theorem again and again, each time a little further. Prompts are cut into blocks
of 16 tokens; a block is found by everything up to its end, so equal beginnings are computed once. The
blocks that were not asked for longest go first.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor

BLOCK = 16
"""Tokens of a block."""


class PrefixCache:
    """Latents by beginning; each block is (layers, 16, E). For one thread."""

    def __init__(self, limit: int) -> None:
        """`limit` is the bytes that the blocks may hold together."""
        self._limit = limit
        self._bytes = 0
        self._blocks: OrderedDict[bytes, Tensor] = OrderedDict()

    def __len__(self) -> int:
        """The number of blocks."""
        return len(self._blocks)

    def clear(self) -> None:
        """Forget everything."""
        self._blocks.clear()
        self._bytes = 0

    def find(self, keys: Sequence[bytes]) -> list[Tensor]:
        """The blocks of the longest known beginning."""
        found = []
        for key in keys:
            block = self._blocks.get(key)
            if block is None:
                break
            found.append(block)
        for key in reversed(keys[: len(found)]):  # A beginning outlives what goes on from it.
            self._blocks.move_to_end(key)
        return found

    def add(self, keys: Sequence[bytes], latents: Tensor) -> None:
        """Keep the latents (layers, at least 16 · keys, E) of a beginning, as far as they are new."""
        if not self._limit:
            return
        for place, key in reversed(list(enumerate(keys))):
            if key not in self._blocks:
                block = latents[:, place * BLOCK : (place + 1) * BLOCK].clone()
                self._blocks[key] = block
                self._bytes += block.nbytes
            self._blocks.move_to_end(key)
        while self._bytes > self._limit:
            _, block = self._blocks.popitem(last=False)
            self._bytes -= block.nbytes


def block_keys(ids: Sequence[int]) -> list[bytes]:
    """The key of each whole block of a prompt, but for the block of the last token: that is always read,
    for what follows it. A key says everything from the prompt's first token on."""
    keys, key = [], b""
    for end in range(BLOCK, len(ids), BLOCK):
        key = hashlib.blake2b(key + array("I", ids[end - BLOCK : end]).tobytes(), digest_size=16).digest()
        keys.append(key)
    return keys
