"""The command line, run as a process: exit codes, what goes to which stream, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from lean_env.toolchain import Toolchain
from tests.prover.command import PROVER, environment, prover, refusal

COMMANDS = ("doctor", "eval", "lean", "lint", "plan", "prove", "report", "train sft", "verify", "view")


def test_version() -> None:
    result = prover("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, "prover 0.1.0\n", "")


def test_help_on_every_level() -> None:
    overview = prover("--help")
    assert overview.returncode == 0
    for command in COMMANDS:
        assert command.split()[0] in overview.stdout
    for command in ("doctor", "verify"):
        result = prover(command, "--help")
        assert (result.returncode, result.stderr) == (0, "")
        assert "--project" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("conjure", "No such command 'conjure'; see `prover --help`"),
        ("evla", "No such command 'evla'. Did you mean 'eval'?; see `prover --help`"),
        ("--conjure", "No such option: --conjure; see `prover --help`"),
        ("train conjure", "No such command 'conjure'; see `prover train --help`"),
        ("verify", "Missing argument 'FILE...'; see `prover verify --help`"),
        ("verify f --workers x", "Invalid value for '--workers': "),
        ("verify f --workers", "Option '--workers' requires an argument; see `prover "),
        ("eval f --limit x", "Invalid value for '--limit': "),
        ("eval f --search x", "--search must be one of rmaxts, best-first, sampling, self-"),
        ("prove f --search x", "--search must be one of rmaxts, best-first, sampling, self-"),
        ("lint f g h", "Got unexpected extra argument"),
        ("report", "Missing argument 'DIR...'; see `prover report --help`"),
        ("plan", "Missing argument 'CONFIG'; see `prover plan --help`"),
        ("train sft", "Missing argument 'CONFIG'; see `prover train sft --help`"),
        ("doctor --json=yes", "Option '--json' does not take a value; see `prover "),
    ],
)
def test_wrong_usage_is_one_line(arguments: str, message: str) -> None:
    assert refusal(prover(*arguments.split())).startswith(f"prover: {message}")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_an_unknown_option_of_every_command(command: str) -> None:
    if command != "lean":  # Its options are Lean's.
        told = refusal(prover(*command.split(), "--xyzzy"))
        assert (
            told
            == f"prover: No such option: --xyzzy; see `{' '.join(('prover', *command.split()))} --help`\n"
        )


@pytest.mark.parametrize("rich", ["0", "1"])
@pytest.mark.parametrize("command", [(), ("train",)])
def test_without_arguments_the_help_is_shown(command: tuple[str, ...], rich: str) -> None:
    result = prover(*command, env=environment(TYPER_USE_RICH=rich))
    assert (result.returncode, result.stderr) == (2, "")
    assert "Usage: prover" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--workers", "0"), "workers must be positive and finite, not 0"),
        (("--workers", "-1"), "workers must be positive and finite, not -1"),
        (("--timeout", "0"), "timeout must be positive and finite, not 0"),
        (("--timeout", "nan"), "timeout must be positive and finite, not nan"),
        (("--memory", "-0.5"), "memory must be positive and finite, not -0.5"),
        (("--memory", "inf"), "memory must be positive and finite, not inf"),
        (("--project", "nowhere"), "nowhere does not exist"),
        (("--project", ".", "--lean-on-path"), "exclude each other"),
    ],
)
def test_limits_and_projects_that_make_no_sense(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.lean").write_text("theorem t : True := by\n  trivial\n")
    assert message in refusal(prover("verify", "a.lean", *arguments, cwd=tmp_path))


def test_a_setting_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "prover.toml").write_text("wrokers = 3\n")
    assert "unknown setting 'wrokers'" in refusal(prover("doctor", cwd=tmp_path))


def test_no_lean_on_the_path(tmp_path: Path) -> None:
    result = prover("verify", "a.lean", "--lean-on-path", env=environment(PATH=str(tmp_path)))
    assert "no lean on the PATH" in refusal(result)


def test_lean_itself(toolchain: Toolchain, tmp_path: Path) -> None:
    version = prover("lean", "--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert f"version {toolchain.version}" in version.stdout
    assert "--stdin" in prover("lean", "--help").stdout  # Lean's own help, not ours.
    (tmp_path / "right.lean").write_text("theorem t : True := by\n  trivial\n#print axioms t\n")
    right = prover("lean", "right.lean", cwd=tmp_path)  # In the user's directory.
    assert (right.returncode, right.stdout) == (0, "'t' does not depend on any axioms\n")
    (tmp_path / "wrong.lean").write_text("theorem t : False := by\n  trivial\n")
    wrong = prover("lean", "--json", "wrong.lean", cwd=tmp_path)
    assert wrong.returncode == 1
    assert '"severity":"error"' in wrong.stdout


def test_lean_of_a_project_that_is_not_there() -> None:
    result = prover("lean", "--version", env=environment(PROVER_PROJECT="/no/such/project"))
    assert "/no/such/project does not exist" in refusal(result)


def test_interrupted_while_the_library_compiles(tmp_path: Path) -> None:
    with subprocess.Popen(
        (PROVER, "doctor"), env=environment(PROVER_CACHE=str(tmp_path)), stdout=-1, stderr=-1, text=True
    ) as process:
        while not list(tmp_path.glob("lean/*.tmp-*/lib/lean/**/*.olean")):
            assert process.poll() is None
        helpers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in errors
    assert psutil.wait_procs(helpers, timeout=10)[1] == []
    assert list(tmp_path.glob("lean/*.tmp-*")) == []


def test_a_reader_that_goes_away() -> None:
    result = subprocess.run(f"{PROVER} --help | true", shell=True, capture_output=True, text=True)
    assert "Traceback" not in result.stderr


EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_examples_that_are_proofs(toolchain: Toolchain) -> None:
    result = prover("verify", EXAMPLES / "basics.lean", EXAMPLES / "proofs.jsonl", "--json", "--workers", "1")
    assert (result.returncode, result.stderr) == (0, "")
    outcomes = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(outcomes) == 8
    assert {outcome["verdict"] for outcome in outcomes} == {"PROVED"}


def test_the_examples_that_are_not(toolchain: Toolchain) -> None:
    result = prover("verify", EXAMPLES / "not_proofs.jsonl", "--json", "--workers", "1")
    assert (result.returncode, result.stderr) == (1, "")
    outcomes = [json.loads(line) for line in result.stdout.splitlines()]
    assert {outcome["name"]: outcome["verdict"] for outcome in outcomes} == {
        "wrong": "FAILED",
        "unfinished": "INCOMPLETE",
        "admitted": "INCOMPLETE",
        "assumed": "CHEAT",
        "swallowed": "FAILED",
    }


def test_a_proof_that_takes_too_long(toolchain: Toolchain) -> None:
    result = prover("verify", EXAMPLES / "proofs.jsonl", "--json", "--timeout", "0.000001")
    assert result.returncode == 1
    assert {json.loads(line)["verdict"] for line in result.stdout.splitlines()} == {"TIMEOUT"}


def test_memory_that_does_not_suffice(toolchain: Toolchain) -> None:
    result = prover("verify", EXAMPLES / "proofs.jsonl", "--json", "--memory", "0.1")
    assert "PROVED" not in result.stdout
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
