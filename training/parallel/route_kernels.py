"""Triton kernels of the fast path in one host: where rows go, and what all its kernels know of the peers.

A peer's memory is reached by its address. It begins with a word for each peer, the last operation that this
peer has begun, and with tables for counts; `stage` says what follows. Rows are sent in chunks of
BR, and a chunk that has arrived is marked with the operation's number, released at system scope after the
rows: who acquires the mark sees the rows. `m[a, b]` is how many rows a sends to b in the operation; the
combine's is the dispatch's transposed. Rows that stay on a process are not staged.

Names as in spread.py; rows are ROW words of 32 bits, or D elements. Powers of two that hold W, C and K are
WP, CP and KP.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls

from __future__ import annotations

import triton
import triton.language as tl

COUNTS_AT = tl.constexpr(128)
"""Bytes from the start of a peer's memory to two tables, for even and odd operations, of 2 × W × W counts, of
rows and of choices."""


@triton.jit
def _await(mark, epoch):
    """Until the mark is of this operation, or of a later one."""
    while tl.atomic_add(mark, 0, sem="acquire", scope="sys") < epoch:
        pass


@triton.jit
def _words(addresses_W, peer, offset):
    """In a peer's memory, where `offset` is a multiple of 128 bytes."""
    there = tl.load(addresses_W + peer) + offset
    return tl.multiple_of(there.to(tl.pointer_type(tl.int32)), 16)


@triton.jit
def _matrix(counts_WW, W: tl.constexpr, WP: tl.constexpr, BACK: tl.constexpr):
    first = tl.arange(0, WP)[:, None]
    second = tl.arange(0, WP)[None, :]
    place = second * W + first if BACK else first * W + second
    return tl.load(counts_WW + place, mask=(first < W) & (second < W), other=0)


@triton.jit
def _span(m, origin, target, WP: tl.constexpr):
    """How many rows go from one peer to another, how many of its rows go to peers before that one, and how
    many from peers before itself go there."""
    first = tl.arange(0, WP)[:, None]
    second = tl.arange(0, WP)[None, :]
    number = tl.sum(tl.sum(tl.where((first == origin) & (second == target), m, 0), 1), 0)
    leaving = tl.sum(tl.sum(tl.where((first == origin) & (second < target), m, 0), 1), 0)
    arriving = tl.sum(tl.sum(tl.where((first < origin) & (second == target), m, 0), 1), 0)
    return number, leaving, arriving


@triton.jit
def _owners(chosen_NK, owner_E, n, rows, K: tl.constexpr, KP: tl.constexpr):
    """The peer of each choice of rows n; -1 for none."""
    k = tl.arange(0, KP)[None, :]
    expert = tl.load(chosen_NK + n[:, None] * K + k, mask=(n < rows)[:, None] & (k < K), other=-1)
    return tl.load(owner_E + expert, mask=expert >= 0, other=-1)


@triton.jit(do_not_specialize=["rows"])
def count(
    chosen_NK, owner_E, blocks_B2W, rows, W: tl.constexpr, K: tl.constexpr, KP: tl.constexpr, BN: tl.constexpr
):
    """How many of each block of BN rows go to each peer; and behind them, how many of their choices."""
    block = tl.program_id(0)
    owner = _owners(chosen_NK, owner_E, block * BN + tl.arange(0, BN), rows, K, KP)
    for w in tl.static_range(W):
        hits = (owner == w).to(tl.int32)
        tl.store(blocks_B2W + block * 2 * W + w, tl.sum(tl.max(hits, axis=1), axis=0))
        tl.store(blocks_B2W + block * 2 * W + W + w, tl.sum(tl.sum(hits, axis=1), axis=0))


@triton.jit(do_not_specialize=["rows", "blocks", "me", "epoch"])
def plan(
    chosen_NK,
    owner_E,
    blocks_B2W,
    rows_S,
    slots_NC,
    counts_2WW,
    addresses_W,
    rows,
    blocks,
    me,
    epoch,
    W: tl.constexpr,
    WP: tl.constexpr,
    C: tl.constexpr,
    K: tl.constexpr,
    KP: tl.constexpr,
    BN: tl.constexpr,
    BP: tl.constexpr,
):
    """`rows_S` and `slots_NC` of a `Route`, and every peer's counts, which the peers tell each other.

    A program a block; BP, a power of two, holds their number. Is it 1, then `blocks_B2W` is not read.
    """
    block = tl.program_id(0)
    n = block * BN + tl.arange(0, BN)
    owner = _owners(chosen_NK, owner_E, n, rows, K, KP)
    peers = tl.arange(0, WP)
    totals = tl.zeros([WP], tl.int32)
    choices = tl.zeros([WP], tl.int32)
    before = tl.zeros([WP], tl.int32)
    for w in tl.static_range(W):
        if BP == 1:
            hits = (owner == w).to(tl.int32)
            totals += tl.where(peers == w, tl.sum(tl.max(hits, axis=1), axis=0), 0)
            choices += tl.where(peers == w, tl.sum(tl.sum(hits, axis=1), axis=0), 0)
        else:
            b = tl.arange(0, BP)
            counted = tl.load(blocks_B2W + b * 2 * W + w, mask=b < blocks, other=0)
            chosen = tl.load(blocks_B2W + b * 2 * W + W + w, mask=b < blocks, other=0)
            totals += tl.where(peers == w, tl.sum(counted, axis=0), 0)
            choices += tl.where(peers == w, tl.sum(chosen, axis=0), 0)
            before += tl.where(peers == w, tl.sum(tl.where(b < block, counted, 0), axis=0), 0)
    table = COUNTS_AT + (epoch % 2) * 2 * W * W * 4
    if block == 0:
        for w in tl.static_range(W):
            there = (tl.load(addresses_W + w) + table).to(tl.pointer_type(tl.int32))
            tl.store(there + me * W + peers, totals, mask=peers < W)
            tl.store(there + W * W + me * W + peers, choices, mask=peers < W)
        tl.debug_barrier()
        for w in tl.static_range(W):
            tl.atomic_xchg(_words(addresses_W, w, 0) + me, epoch, sem="release", scope="sys")

    column = tl.zeros([BN], tl.int32)
    all_of_it = 0
    for w in tl.static_range(W):
        goes = tl.max((owner == w).to(tl.int32), axis=1)
        start = all_of_it + tl.sum(tl.where(peers == w, before, 0), axis=0)
        slot = start + tl.cumsum(goes, axis=0) - goes
        tl.store(rows_S + slot, n, mask=goes > 0)
        tl.store(slots_NC + n * C + column, slot, mask=goes > 0)
        column += goes
        all_of_it += tl.sum(tl.where(peers == w, totals, 0), axis=0)
    for c in tl.static_range(C):
        tl.store(slots_NC + n * C + c, tl.zeros([BN], tl.int32) + all_of_it, mask=(n < rows) & (column <= c))

    if block == 0:
        for w in tl.static_range(W):
            _await(_words(addresses_W, me, 0) + w, epoch)
        first = peers[:, None]
        place = first * W + peers[None, :]
        told = (first < W) & (peers[None, :] < W)
        here = (tl.load(addresses_W + me) + table).to(tl.pointer_type(tl.int32))
        for kind in tl.static_range(2):
            m = tl.load(here + kind * W * W + place, mask=told, other=0, cache_modifier=".cg")
            tl.store(counts_2WW + kind * W * W + place, m, mask=told)
