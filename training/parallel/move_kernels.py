"""Triton kernels of the fast path in one host: moving rows, and adding up what came back.

Where they go, and how a peer's memory is laid out, is in `route_kernels`.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls

from __future__ import annotations

import triton
import triton.language as tl

from training.parallel.route_kernels import _await, _matrix, _span, _words


@triton.jit
def _copy(source, from_rows, target, to_rows, moves, ROW: tl.constexpr, BW: tl.constexpr):
    source += from_rows.to(tl.int64)[:, None] * ROW
    target += to_rows.to(tl.int64)[:, None] * ROW
    for start in range(0, ROW, BW):
        word = start + tl.arange(0, BW)[None, :]
        inside = moves[:, None] & (word < ROW)
        tl.store(target + word, tl.load(source + word, mask=inside, cache_modifier=".cg"), mask=inside)


@triton.jit
def _send(
    index,
    programs,
    to,
    source,
    rows_S,
    chosen_NK,
    owner_E,
    weights_NK,
    addresses_W,
    m,
    me,
    epoch,
    limit,
    marks_at,
    rows_at,
    chosen_at,
    weights_at,
    chunks,
    WP: tl.constexpr,
    K: tl.constexpr,
    KP: tl.constexpr,
    ROW: tl.constexpr,
    BR: tl.constexpr,
    BW: tl.constexpr,
    GATHER: tl.constexpr,
    CHOICES: tl.constexpr,
    WEIGHTS: tl.constexpr,
):
    """This process's rows for one peer, chunk after chunk; none if any process's rows exceed the limit."""
    number, leaving, arriving = _span(m, me, to, WP)
    most = tl.maximum(tl.max(tl.sum(m, 0), 0), tl.max(tl.sum(m, 1), 0))
    number = tl.where(most > limit, 0, number)
    marks = _words(addresses_W, to, marks_at) + me * chunks
    stage = _words(addresses_W, to, rows_at)
    k = tl.arange(0, KP)[None, :]
    chunk = index
    while chunk * BR < number:
        place = chunk * BR + tl.arange(0, BR)
        moves = place < number
        row = leaving + place
        if GATHER:
            row = tl.load(rows_S + row, mask=moves, other=0)
        _copy(source, row, stage, arriving + place, moves, ROW, BW)
        if WEIGHTS:
            inside = moves[:, None] & (k < K)
            there = (arriving + place)[:, None] * K + k
            weight = tl.load(weights_NK + row[:, None] * K + k, mask=inside)
            target = _words(addresses_W, to, weights_at).to(tl.pointer_type(tl.float32))
            tl.store(target + there, weight, mask=inside)
            if CHOICES:
                expert = tl.load(chosen_NK + row[:, None] * K + k, mask=inside, other=-1)
                owner = tl.load(owner_E + expert, mask=expert >= 0, other=-1)
                told = tl.where(owner == to, expert, -1).to(tl.int32)
                tl.store(_words(addresses_W, to, chosen_at) + there, told, mask=inside)
        tl.debug_barrier()
        tl.atomic_xchg(marks + chunk, epoch, sem="release", scope="sys")
        chunk += programs


@triton.jit
def _begin(addresses_W, me, epoch, W: tl.constexpr):
    """Tell the peers that this operation has begun here, and with it that the one before has ended."""
    for w in tl.static_range(W):
        tl.atomic_xchg(_words(addresses_W, w, 0) + me, epoch, sem="release", scope="sys")


@triton.jit
def _begun(addresses_W, me, epoch, W: tl.constexpr):
    """Until all peers have begun this operation."""
    for w in tl.static_range(W):
        if w != me:
            _await(_words(addresses_W, me, 0) + w, epoch)


@triton.jit(do_not_specialize=["senders", "me", "epoch", "limit", "chunks"])
def dispatch(
    x_ND,
    out_RD,
    rows_S,
    chosen_NK,
    chosen_RK,
    owner_E,
    weights_NK,
    weights_RK,
    counts_WW,
    addresses_W,
    senders,
    me,
    epoch,
    limit,
    marks_at,
    rows_at,
    chosen_at,
    weights_at,
    chunks,
    W: tl.constexpr,
    WP: tl.constexpr,
    K: tl.constexpr,
    KP: tl.constexpr,
    ROW: tl.constexpr,
    BR: tl.constexpr,
    BW: tl.constexpr,
    TOLD: tl.constexpr,
):
    """Rows to the peers, and from the stage to where they stay as they arrive; TOLD: choices and weights too.

    The first `senders` programs send, the others receive; senders wait for nothing. All that receive must
    find room on the device beside one that sends, here and on the peers.
    """
    program = tl.program_id(0)
    m = _matrix(counts_WW, W, WP, False)
    if program < senders:
        if W > 1:
            if program == 0:
                _begin(addresses_W, me, epoch, W)
            others: tl.constexpr = W - 1
            to = (me + 1 + program % others) % W
            _send(
                program // others,
                senders // others,
                to,
                x_ND,
                rows_S,
                chosen_NK,
                owner_E,
                weights_NK,
                addresses_W,
                m,
                me,
                epoch,
                limit,
                marks_at,
                rows_at,
                chosen_at,
                weights_at,
                chunks,
                WP,
                K,
                KP,
                ROW,
                BR,
                BW,
                True,
                TOLD,
                TOLD,
            )
    else:
        if program == senders:
            _begun(addresses_W, me, epoch, W)
        origin = (program - senders) % W
        index = (program - senders) // W
        programs = (tl.num_programs(0) - senders) // W
        number, leaving, arriving = _span(m, origin, me, WP)
        marks = _words(addresses_W, me, marks_at) + origin * chunks
        stage = _words(addresses_W, me, rows_at)
        k = tl.arange(0, KP)[None, :]
        chunk = index
        while chunk * BR < number:
            place = chunk * BR + tl.arange(0, BR)
            moves = place < number
            here = arriving + place
            inside = moves[:, None] & (k < K)
            meta = here[:, None] * K + k
            if origin == me:
                row = tl.load(rows_S + leaving + place, mask=moves, other=0)
                _copy(x_ND, row, out_RD, here, moves, ROW, BW)
                if TOLD:
                    theirs = row[:, None] * K + k
                    expert = tl.load(chosen_NK + theirs, mask=inside, other=-1)
                    owner = tl.load(owner_E + expert, mask=expert >= 0, other=-1)
                    tl.store(chosen_RK + meta, tl.where(owner == me, expert, -1), mask=inside)
                    tl.store(weights_RK + meta, tl.load(weights_NK + theirs, mask=inside), mask=inside)
            else:
                _await(marks + chunk, epoch)
                _copy(stage, here, out_RD, here, moves, ROW, BW)
                if TOLD:
                    staged = _words(addresses_W, me, chosen_at)
                    told = tl.load(staged + meta, mask=inside, cache_modifier=".cg")
                    tl.store(chosen_RK + meta, told.to(tl.int64), mask=inside)
                    staged_weights = _words(addresses_W, me, weights_at).to(tl.pointer_type(tl.float32))
                    weight = tl.load(staged_weights + meta, mask=inside, cache_modifier=".cg")
                    tl.store(weights_RK + meta, weight, mask=inside)
            chunk += programs


@triton.jit
def _add(stage, local, slot, mine, width: tl.constexpr, column, inside):
    """To a tile, what stands for its rows in one of their slots: staged, or on this process."""
    start, number, leaving, total = mine
    at_home = (slot >= start) & (slot < start + number)
    away = (slot < total) & ((slot < start) | (slot >= start + number))
    staged = slot.to(tl.int64)[:, None] * width + column
    kept = (leaving + slot - start).to(tl.int64)[:, None] * width + column
    a = tl.load(stage + staged, mask=away[:, None] & inside, other=0.0, cache_modifier=".cg")
    b = tl.load(local + kept, mask=at_home[:, None] & inside, other=0.0)
    return a.to(tl.float32) + b.to(tl.float32)


@triton.jit(do_not_specialize=["rows", "senders", "me", "epoch", "limit", "chunks"])
def combine(
    y_words,
    y_RD,
    out_ND,
    slots_NC,
    weights_RK,
    weights_NK,
    counts_WW,
    addresses_W,
    rows,
    senders,
    me,
    epoch,
    limit,
    marks_at,
    rows_at,
    weights_at,
    chunks,
    W: tl.constexpr,
    WP: tl.constexpr,
    C: tl.constexpr,
    CP: tl.constexpr,
    K: tl.constexpr,
    KP: tl.constexpr,
    D: tl.constexpr,
    ROW: tl.constexpr,
    BR: tl.constexpr,
    BW: tl.constexpr,
    WEIGHTS: tl.constexpr,
):
    """Answers back to the peers, and for each row the sum in FP32 of those to it; WEIGHTS: likewise of K
    numbers a row. `y_words` is `y_RD`. The first `senders` programs send, the others add."""
    program = tl.program_id(0)
    m = _matrix(counts_WW, W, WP, True)
    if program < senders:
        if W > 1:
            if program == 0:
                _begin(addresses_W, me, epoch, W)
            others: tl.constexpr = W - 1
            to = (me + 1 + program % others) % W
            _send(
                program // others,
                senders // others,
                to,
                y_words,
                slots_NC,
                slots_NC,
                slots_NC,
                weights_RK,
                addresses_W,
                m,
                me,
                epoch,
                limit,
                marks_at,
                rows_at,
                weights_at,
                weights_at,
                chunks,
                WP,
                K,
                KP,
                ROW,
                BR,
                BW,
                False,
                False,
                WEIGHTS,
            )
    else:
        if program == senders:
            _begun(addresses_W, me, epoch, W)
        marks = _words(addresses_W, me, marks_at)
        stage = _words(addresses_W, me, rows_at).to(tl.pointer_type(y_RD.dtype.element_ty))
        staged_weights = _words(addresses_W, me, weights_at).to(tl.pointer_type(tl.float32))
        second = tl.arange(0, WP)[None, :]
        total = tl.sum(tl.sum(tl.where(second == me, m, 0), 1), 0)
        number, leaving, start = _span(m, me, me, WP)
        mine = (start, number, leaving, total)
        c = tl.arange(0, CP)[None, :]
        k = tl.arange(0, KP)[None, :]
        block = program - senders
        while block * BR < rows:
            n = block * BR + tl.arange(0, BR)
            real = n < rows
            slots = tl.load(slots_NC + n[:, None] * C + c, mask=real[:, None] & (c < C), other=total)
            for peer in range(W):
                if peer != me:
                    theirs, _, first = _span(m, peer, me, WP)
                    place = slots - first
                    inside = (place >= 0) & (place < theirs)
                    low = tl.min(tl.min(tl.where(inside, place, theirs), 1), 0)
                    high = tl.max(tl.max(tl.where(inside, place + 1, 0), 1), 0)
                    chunk = low // BR
                    while chunk * BR < high:
                        _await(marks + peer * chunks + chunk, epoch)
                        chunk += 1
            for column in range(0, D, BW):
                d = column + tl.arange(0, BW)[None, :]
                inside = real[:, None] & (d < D)
                acc = tl.zeros([BR, BW], tl.float32)
                for which in tl.static_range(C):
                    slot = tl.load(slots_NC + n * C + which, mask=real, other=total)
                    acc += _add(stage, y_RD, slot, mine, D, d, inside)
                out = out_ND + n.to(tl.int64)[:, None] * D + d
                tl.store(out, acc.to(out_ND.dtype.element_ty), mask=inside)
            if WEIGHTS:
                inside = real[:, None] & (k < K)
                acc = tl.zeros([BR, KP], tl.float32)
                for which in tl.static_range(C):
                    slot = tl.load(slots_NC + n * C + which, mask=real, other=total)
                    acc += _add(staged_weights, weights_RK, slot, mine, K, k, inside)
                tl.store(weights_NK + n[:, None] * K + k, acc, mask=inside)
            block += tl.num_programs(0) - senders
