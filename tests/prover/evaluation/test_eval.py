"""`prover eval` as a user runs it: what is written, told and refused; faults, skipped problems, Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from lean_env.toolchain import Toolchain
from prover.evaluation.reading import read_run
from tests.prover.command import PROVER, environment, prover, refusal
from tests.prover.evaluation.runs import (
    PROBLEMS,
    REPEATS,
    SAMPLES,
    TRUE,
    arguments,
    observations,
    results,
    write_benchmark,
)
from tests.prover.policies.server import Server, Wire, chunk, refuses, streams

GUARD = 120.0
FIELDS = {"name", "verdict", "proof", "axioms", "samples", "seconds", "search", "policy", "toolchain", "seed"}
MATHLIB = {
    "name": "real",
    "statement": "theorem real (x : ℝ) : 0 ≤ x ^ 2 := by",
    "header": "import Mathlib\nopen Real\n",
}
NONSENSE = {"name": "nonsense", "statement": 'theorem nonsense : (0 : Nat) = "zero" := by'}
UNREADABLE = '{"name": "x", "statement": '


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    return write_benchmark(tmp_path / "toys.jsonl")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A true and a false statement."""
    path = write_benchmark(tmp_path / "few.jsonl")
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    return path


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_benchmark_is_measured_and_a_second_time_is_only_told(
    toolchain: Toolchain, benchmark: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    first = prover(*arguments(benchmark, out))
    assert (first.returncode, first.stderr) == (0, "")
    told = rows(first.stdout)
    assert all(row.keys() >= FIELDS for row in told)
    assert {(row["name"], row["repeat"]) for row in told} == {
        (name, repeat) for name in PROBLEMS for repeat in range(REPEATS)
    }
    run = read_run(out)
    samples = observations(out)
    for one in run.results:
        assert one.verdict == ("PROVED" if one.name in TRUE else "FAILED")
        mine = samples[Path(one.trace).name]
        assert one.samples == len(mine) == sum(one.verdicts.values())
        assert one.tokens == sum(event["sample"]["tokens"] for event in mine)
        assert one.samples == SAMPLES or one.verdict == "PROVED"
        if one.verdict == "PROVED":
            assert one.certificate is not None
            assert one.certificate["proof"] == one.proof
            assert set(one.axioms) <= {"propext", "Quot.sound", "Classical.choice"}
    assert sum(one.lean_seconds for one in run.results) > 0
    assert sum(one.policy_seconds for one in run.results) > 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    second = prover(*arguments(benchmark, out, workers=1))
    assert sorted(second.stdout.splitlines()) == sorted(first.stdout.splitlines())
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_repeats_differ_and_early_stop_begins_none_behind_a_proof(
    toolchain: Toolchain, benchmark: Path, tmp_path: Path
) -> None:
    whole, early = tmp_path / "whole", tmp_path / "early"
    prover(*arguments(benchmark, whole))
    found = prover(*arguments(benchmark, early, "--stop-early"))
    assert found.returncode == 0
    first, second = observations(whole)["00001-square-0.jsonl"], observations(whole)["00001-square-1.jsonl"]
    assert [one["proof"] for one in first] != [one["proof"] for one in second]
    expected = results(whole)
    for (name, repeat), result in results(early).items():
        if repeat and name in TRUE:
            assert (result["verdict"], result["samples"], result["trace"]) == ("STOPPED", 0, "")
        else:
            assert result == expected[name, repeat]
    assert len(results(early)) == len(expected)


def test_what_cannot_be_attempted_is_skipped_counted_and_listed(
    toolchain: Toolchain, few: Path, tmp_path: Path
) -> None:
    with few.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(MATHLIB)}\n{json.dumps(NONSENSE)}\n")
    out = tmp_path / "run"
    command = [one for one in arguments(few, out) if one != "--json"]
    for found in (prover(*command), prover(*command)):  # The folder remembers.
        assert found.returncode == 0
        assert "1 of 2 proved, 2 skipped" in found.stderr
        assert "real — skipped: needs Mathlib" in found.stdout
        assert "nonsense — skipped: the statement does not elaborate" in found.stdout
    skipped = {problem.name: problem.skipped for problem in read_run(out).problems if problem.skipped}
    assert skipped.keys() == {"real", "nonsense"}
    assert {name for name, _ in results(out)} == {"swap", "square"}
    told = [row for row in rows(prover(*command, "--json").stdout) if row["verdict"] == "SKIPPED"]
    assert {row["name"]: row["reason"] for row in told} == skipped


def test_faults_of_ours_are_apart_and_tried_again(toolchain: Toolchain, few: Path, tmp_path: Path) -> None:
    """The policy's server refuses everything in the first run, and is well in the second."""
    out = tmp_path / "run"
    proof = streams(chunk("  exact ⟨h.2, h.1⟩", finish="stop"), "data: [DONE]\n\n")
    broken = True

    async def script(wire: Wire) -> None:
        await (refuses(400, "no") if broken else proof)(wire)

    async def evaluate(*command: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            PROVER, *command, env=environment(), stdin=-3, stdout=-3, stderr=-1
        )
        _, errors = await process.communicate()
        return process.returncode, errors.decode()

    async def scenario() -> None:
        nonlocal broken
        async with asyncio.timeout(GUARD), Server(script) as server:
            command = arguments(few, out)
            command[command.index("--policy") + 1] = f"openai:{server.url}#m"
            assert await evaluate(*command) == (1, "")
            assert {result["verdict"] for result in results(out).values()} == {"FAULT"}
            assert all("no" in result["error"] for result in results(out).values())
            tries = len(server.requests)
            broken = False
            assert await evaluate(*command) == (0, "")
            assert len(server.requests) > tries >= 2 * REPEATS * 3  # Each was tried three times.
            verdicts = {(one.name, one.repeat): one.verdict for one in read_run(out).results}
            asked = len(server.requests)
            assert await evaluate(*command) == (0, "")
            assert len(server.requests) == asked
        assert verdicts == {
            (name, repeat): "PROVED" if name == "swap" else "FAILED"
            for name in ("swap", "square")
            for repeat in range(REPEATS)
        }

    asyncio.run(scenario())


def test_bad_lines_are_named_and_the_rest_is_used_on_request(
    toolchain: Toolchain, few: Path, tmp_path: Path
) -> None:
    with few.open("a", encoding="utf-8") as file:
        file.write(UNREADABLE + "\n")
    out = tmp_path / "run"
    assert "few.jsonl, line 3: not JSON" in refusal(prover(*arguments(few, out)))
    assert not out.exists()
    found = prover(*arguments(few, out, "--keep-going"))
    assert found.returncode == 0
    assert found.stderr.startswith(f"prover: {few}, line 3: not JSON")
    assert found.stderr.count("\n") == 1
    assert len(results(out)) == 2 * REPEATS


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--limit", "7"), "--limit 7 is beyond the end: toys.jsonl has 6 problems"),
        (("--split", "test"), "toys.jsonl has no split 'test'"),
        (("--repeats", "0"), "repeats must be positive"),
        (("--repeats", "10001"), "repeats must be at most 10,000, not 10,001"),
        (("--rollouts", "0"), "rollouts must be positive"),
        (("--workers", "100000"), "workers must be at most 1,024"),
        (("--memory", "1e300"), "memory must be less than"),
        (("--memory", "8589934592"), "memory must be less than"),
        (("--seed", "-1"), "seed must not be negative"),
        (("--policy", "nobody"), "there is no policy 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_leaves_nothing(
    benchmark: Path, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    assert message in refusal(prover(*arguments(benchmark, tmp_path / "run", *more)))
    assert not (tmp_path / "run").exists()


def test_a_folder_of_other_settings_and_a_benchmark_that_has_changed(
    toolchain: Toolchain, few: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert prover(*arguments(few, out)).returncode == 0
    said = refusal(prover(*arguments(few, out, "--seed", "5")))
    assert f"{out} was begun with seed 0, not 5; go on so, or name another --out" in said
    few.write_text(few.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "was begun with benchmark_sha256" in refusal(prover(*arguments(few, out)))
    (out / "results.jsonl").write_text('{"problem": 0}\n')
    assert "results.jsonl, line 1: the field" in refusal(prover(*arguments(few, out)))


def test_a_disk_that_is_full_is_one_line_and_the_run_goes_on_later(
    toolchain: Toolchain, few: Path, tmp_path: Path
) -> None:
    """No file may grow beyond a limit, which ends a write as the end of a disk does."""
    few.write_text(few.read_text(encoding="utf-8").splitlines(keepends=True)[1], encoding="utf-8")
    out, whole = tmp_path / "run", tmp_path / "whole"
    assert prover(*arguments(few, whole)).returncode == 0
    bound = max(path.stat().st_size for path in whole.glob("traces/*")) // 2
    found = subprocess.run(
        [PROVER, *arguments(few, out)],
        env=environment(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bound, bound)),
    )
    assert found.returncode == 2, found
    assert "cannot be written: File too large" in found.stderr
    assert found.stderr.count("\n") == 1
    assert results(out) == {}
    assert prover(*arguments(few, out)).returncode == 0
    assert results(out) == results(whole)
    assert observations(out) == observations(whole)


def test_ctrl_c_keeps_what_was_finished_and_two_runs_on_a_folder_are_refused(
    toolchain: Toolchain, benchmark: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = arguments(benchmark, out)
    command[command.index("--samples") + 1] = "1000000"
    process = subprocess.Popen(
        [PROVER, *command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    told = [json.loads(process.stdout.readline()) for _ in range(len(TRUE) * REPEATS)]
    assert {row["name"] for row in told} == TRUE
    assert "is in use by another run" in refusal(prover(*command))
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=GUARD)
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in errors
    assert not psutil.wait_procs(children, timeout=GUARD)[1]
    assert {name for name, _ in results(out)} == TRUE
    assert sum(map(len, observations(out).values())) > 0
