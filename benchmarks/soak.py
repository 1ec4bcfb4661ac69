"""Whether workers keep their size: `python benchmarks/soak.py [--checks N] [--out FILE]`.

Ten thousand checks, single ones with states and batches, right proofs and wrong ones, through one pool.
The resident memory of every Lean process after a tenth of the checks is compared with that after all of
them. Also counts wrong verdicts, of which there must be none. Exits with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from check_service import proofs
from common import Bar, report

from lean_env.pool import CheckPool
from lean_env.toolchain import find_toolchain
from lean_env.values import Verdict
from lean_env.worker import resident_bytes

ROUND = 100


async def soak(checks: int) -> tuple[dict[int, int], dict[int, int], int]:
    """Resident bytes by process after a tenth and at the end, and how many verdicts were wrong."""
    early: dict[int, int] = {}
    wrong = 0
    pairs = [(theorem, proof, Verdict.PROVED) for theorem, proof in proofs(ROUND)]
    pairs = [
        (theorem, "exact False.elim _" if index % 3 == 0 else proof, verdict)
        for index, (theorem, proof, verdict) in enumerate(pairs)
    ]
    async with CheckPool(find_toolchain(), workers=2) as pool:
        for start in range(0, checks, ROUND):
            steps = start // ROUND % 2 == 0
            found = await pool.check_many([(theorem, proof) for theorem, proof, _ in pairs], steps=steps)
            wrong += sum(
                (index % 3 == 0) == (check.verdict is Verdict.PROVED) for index, check in enumerate(found)
            )
            if start < checks // 10 <= start + ROUND:
                early = {pid: resident_bytes(pid) for pid in pool.pids}
        late = {pid: resident_bytes(pid) for pid in pool.pids}
    return early, late, wrong


def main() -> int:
    """Measure, print, write; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/soak.json"))
    arguments = parser.parse_args()
    early, late, wrong = asyncio.run(soak(arguments.checks))
    for pid, size in late.items():
        before = early.get(pid, 0)
        print(f"process {pid}: {before / 1e6:.0f} MB after a tenth, {size / 1e6:.0f} MB at the end")
    growth = max(late[pid] / early.get(pid, 1) - 1 for pid in late)
    bars = [
        Bar("largest growth of a process, share", growth, at_most=0.1),
        Bar("processes that were replaced", len(early.keys() - late.keys()), at_most=0),
        Bar("wrong verdicts", wrong, at_most=0),
    ]
    return report(arguments.out, bars, {"checks": arguments.checks})


if __name__ == "__main__":
    sys.exit(main())
