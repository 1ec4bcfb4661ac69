"""Decoding in fixed shapes, so that a step can be captured once as a CUDA graph and replayed.

A step of a small model is some hundred operations, each done in microseconds: to start them one by one from
Python takes ten times as long as to do them. A graph starts all of them at once, but its tensors' shapes and
addresses never change. So a batch lives in a *bucket*, tensors with as many rows and columns as the next
size has; the column that is written is itself a tensor, and columns that are not yet written are hidden by
the bias. Rows that have ended stay until half of the bucket is free; then the others move to a smaller one.
Buckets and their graphs outlive the batch.

Where words are drawn from the whole distribution, drawing is part of the graph, and several steps are
replayed before anything is read back; what a row got behind its end is thrown away.

Shapes: B rows of a bucket, S its columns, T tokens a sample at most, V vocabulary.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from training.generate.engine import Engine
from training.generate.prefill import Read, lay_out
from training.generate.sampling import draw as draw_tokens
from training.generate.state import ROOM, Draw

ROWS, COLUMNS = 32, 256
"""The smallest bucket. Each has twice the rows or columns of the one before: a capture takes as long as a
hundred steps, and a step over rows or columns that nobody needs hardly longer."""
HELD_BYTES = 8 * 2**30
"""What all buckets may hold together; the one in use, and the one it moves to, may be more."""
GRAPHS = 4
"""Graphs of one bucket: one for each temperature, and one without drawing."""
WARM_UP = 2
"""Steps before a capture, in which libraries choose kernels and get their workspaces."""


def size_of(needed: int, least: int) -> int:
    """The smallest size of a bucket that holds `needed`: `least` times a power of two."""
    size = least
    while size < needed:
        size *= 2
    return size


class Bucket:
    """Tensors of one shape, and the step over them."""

    def __init__(self, engine: Engine, rows: int, columns: int) -> None:
        self._engine = engine
        self.rows, self.columns = rows, columns
        self.cache = engine.new_cache(rows, columns)
        on = engine.device
        self.bias_B1S = torch.zeros(rows, 1, columns, dtype=engine.dtype, device=on)
        self.tokens_B1 = torch.zeros(rows, 1, dtype=torch.int64, device=on)
        """To be read next."""
        self.positions_B1 = torch.zeros(rows, 1, dtype=torch.int64, device=on)
        self.column = torch.zeros(1, dtype=torch.int64, device=on)
        """Into which the next step writes, (1)."""
        self.logits_BV: Tensor | None = None
        """Behind the token read last, if the step does not draw."""
        self.chances_BS = torch.zeros(rows, columns, device=on)
        """The random number with which the step that writes into a column draws."""
        self.drawn_BS = torch.zeros(rows, columns, dtype=torch.int64, device=on)
        """The token that this step drew."""
        self.logprobs_BS = torch.zeros(rows, columns, device=on)
        self.graphs: OrderedDict[float | None, torch.cuda.CUDAGraph] = OrderedDict()
        """The captured steps, by temperature."""

    @property
    def nbytes(self) -> int:
        """Of its large tensors."""
        return self.cache.nbytes + (0 if self.logits_BV is None else self.logits_BV.nbytes)

    def clear(self) -> None:
        """As new: what an earlier batch left, were it NaN, would show through the bias."""
        for tensor in (self.cache, self.tokens_B1, self.positions_B1, self.column, self.chances_BS):
            tensor.zero_()
        self.bias_B1S.fill_(float("-inf"))

    def step(self, temperature: float | None) -> None:
        """Read a token for each row, and draw the next unless `temperature` is None."""
        self.bias_B1S.index_fill_(2, self.column, 0)
        logits_BV = self._engine.step(
            self.tokens_B1, self.positions_B1, self.cache, self.column, self.bias_B1S
        )
        if temperature is None:
            if self.logits_BV is None:  # Before a capture, whose own memory others write to as well.
                self.logits_BV = torch.empty_like(logits_BV)
            self.logits_BV.copy_(logits_BV)
        else:
            chances_B1 = self.chances_BS.index_select(1, self.column)
            tokens_B, logprobs_B = draw_tokens(logits_BV, chances_B1, temperature, 1.0)
            self.tokens_B1.copy_(tokens_B[:, None])
            self.drawn_BS.index_copy_(1, self.column, tokens_B[:, None])
            self.logprobs_BS.index_copy_(1, self.column, logprobs_B[:, None])
        self.positions_B1 += 1
        self.column += 1


class Buckets:
    """The buckets of an engine; one batch at a time is written in them."""

    def __init__(self, engine: Engine, held_bytes: int = HELD_BYTES) -> None:
        self.engine = engine
        self._held_bytes = held_bytes
        self._buckets: OrderedDict[tuple[int, int], Bucket] = OrderedDict()
        captures = engine.device.type == "cuda" and engine.capturable
        self._stream = torch.cuda.Stream(engine.device) if captures else None  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        """The number of buckets held."""
        return len(self._buckets)

    def take(self, rows: int, columns: int, temperature: float | None) -> tuple[Bucket, Callable[[], None]]:
        """A cleared bucket that holds so many, and its step. The bucket taken before stays valid until the
        next call."""
        shape = size_of(rows, ROWS), size_of(columns, COLUMNS)
        bucket = self._buckets.get(shape)
        if bucket is None:
            self._make_room(shape)
            bucket = self._buckets[shape] = Bucket(self.engine, *shape)
        self._buckets.move_to_end(shape)
        bucket.clear()
        if self._stream is None:
            return bucket, lambda: bucket.step(temperature)
        if temperature not in bucket.graphs:
            if len(bucket.graphs) == GRAPHS:
                self._wait()
                bucket.graphs.popitem(last=False)
            bucket.graphs[temperature] = self._capture(bucket, temperature, self._stream)
            bucket.clear()
        bucket.graphs.move_to_end(temperature)
        return bucket, bucket.graphs[temperature].replay

    def _make_room(self, shape: tuple[int, int]) -> None:
        """For a bucket of this shape: those go that were not used for longest, but not the last one."""
        needed = self.engine.token_bytes * shape[0] * shape[1]
        held = sum(bucket.nbytes for bucket in self._buckets.values())
        while len(self._buckets) > 1 and held + needed > self._held_bytes:
            self._wait()
            _, bucket = self._buckets.popitem(last=False)
            held -= bucket.nbytes

    def _wait(self) -> None:
        """Until no graph is running: only then one may go."""
        if self._stream is not None:
            torch.cuda.synchronize(self.engine.device)

    def _capture(
        self, bucket: Bucket, temperature: float | None, stream: torch.cuda.Stream
    ) -> torch.cuda.CUDAGraph:
        """The step as a graph. All graphs share their inner memory: none runs beside another, and what one
        leaves is in its bucket."""
        device = self.engine.device
        with torch.cuda.device(device):
            stream.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(stream):
                for _ in range(WARM_UP):
                    bucket.step(temperature)
            torch.cuda.current_stream(device).wait_stream(stream)
            others = [graph for bucket in self._buckets.values() for graph in bucket.graphs.values()]
            graph = torch.cuda.CUDAGraph()
            # Other threads may train on the same device meanwhile: only this one's calls are watched.
            with torch.cuda.graph(
                graph,
                pool=others[0].pool() if others else None,
                stream=stream,
                capture_error_mode="thread_local",
            ):
                bucket.step(temperature)
        return graph


class FixedState:
    """A batch in buckets. Rows that go on keep their order."""

    def __init__(
        self, buckets: Buckets, read: Sequence[Read], chances_BT2: Tensor, temperature: float | None
    ) -> None:
        """`temperature` is that of words drawn from the whole distribution, None if `draw` is to be asked for
        each."""
        self._buckets, self._temperature = buckets, temperature
        self._device = buckets.engine.device
        self._chances_BT2 = chances_BT2.to(self._device)
        self._places = list(range(len(read)))
        """For each row that goes on, the bucket's row in which it is."""
        self._rows = list(range(len(read)))
        """And that of `_chances_BT2`."""
        self._which: tuple[Tensor, Tensor] | None = None
        self._drawn = 0
        lengths = [prompt.length for prompt in read]
        self._end = max(lengths)
        self._logits_BV: Tensor | None = torch.stack([prompt.logits_V for prompt in read])
        self._bucket, self._step = buckets.take(len(read), self._end + self._room(), temperature)
        lay_out(read, self._bucket.cache[:, : len(read)], self._end)
        lengths_B = torch.tensor(lengths, device=self._device)
        columns = torch.arange(self._end, device=self._device)
        seen_BS = columns >= self._end - lengths_B[:, None]
        self._bucket.bias_B1S[: len(read), 0, : self._end].masked_fill_(seen_BS, 0)
        self._bucket.positions_B1[: len(read), 0] = lengths_B
        self._bucket.column.fill_(self._end)
        self._lay_out_chances(1)

    def draw(self, draw: Draw, count: int) -> tuple[list[list[int]], list[list[float]]]:
        """Up to `count` tokens; only one where `draw` is asked."""
        if self._logits_BV is None and self._end == self._bucket.columns:
            self._move()
        if self._logits_BV is None and self._temperature is not None:
            return self._run(min(count, self._bucket.columns - self._end))
        places, rows = self._indices()
        if self._logits_BV is None:
            self._step()
            self._end += 1
            assert self._bucket.logits_BV is not None
            logits_BV = self._bucket.logits_BV[places]
        else:
            logits_BV, self._logits_BV = self._logits_BV, None
        tokens_B, logprobs_B = draw(logits_BV, self._chances_BT2[rows, self._drawn])
        self._bucket.tokens_B1[places] = tokens_B[:, None]
        self._drawn += 1
        return tokens_B[:, None].tolist(), logprobs_B[:, None].tolist()

    def remove(self, places: Sequence[int]) -> list[int]:
        """Only noted, until half of the bucket is free."""
        gone = set(places)
        order = [place for place in range(len(self._places)) if place not in gone]
        self._places = [self._places[place] for place in order]
        self._rows = [self._rows[place] for place in order]
        self._which = None
        if self._bucket.rows > ROWS and 2 * len(order) <= self._bucket.rows:
            self._move()
        return order

    def _run(self, count: int) -> tuple[list[list[int]], list[list[float]]]:
        for _ in range(count):
            self._step()
        columns = slice(self._end, self._end + count)
        self._end += count
        self._drawn += count
        tokens = self._bucket.drawn_BS[:, columns].tolist()
        logprobs = self._bucket.logprobs_BS[:, columns].tolist()
        return [tokens[place] for place in self._places], [logprobs[place] for place in self._places]

    def _move(self) -> None:
        """To a bucket that suits the rows and columns there are now."""
        old, rows = self._bucket, len(self._places)
        places, _ = self._indices()
        self._bucket, self._step = self._buckets.take(rows, self._end + self._room(), self._temperature)
        new = self._bucket
        for into, layer in zip(new.cache, old.cache, strict=True):
            into[:rows, : self._end] = layer[places, : self._end]
        new.bias_B1S[:rows, :, : self._end] = old.bias_B1S[places, :, : self._end]
        new.tokens_B1[:rows] = old.tokens_B1[places]
        new.positions_B1[:rows] = old.positions_B1[places]
        new.column.fill_(self._end)
        self._places, self._which = list(range(rows)), None
        self._lay_out_chances(self._drawn)

    def _room(self) -> int:
        """Columns wanted behind the last one."""
        return min(ROOM, max(1, self._chances_BT2.shape[1] - 1 - self._drawn))

    def _lay_out_chances(self, first: int) -> None:
        """The numbers of the draws from `first` on, beside the columns behind which they come."""
        _, rows = self._indices()
        numbers_BT = self._chances_BT2[rows, first:, 0]
        numbers_BT = numbers_BT[:, : self._bucket.columns - self._end]
        columns = slice(self._end, self._end + numbers_BT.shape[1])
        self._bucket.chances_BS[: len(self._rows), columns] = numbers_BT

    def _indices(self) -> tuple[Tensor, Tensor]:
        """`_places` and `_rows` on the device."""
        if self._which is None:
            places, rows = (torch.tensor(of, device=self._device) for of in (self._places, self._rows))
            self._which = places, rows
        return self._which
