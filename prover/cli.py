"""The command line: parses, resolves settings, and calls the module that does the work.

Exit codes: 0 all proved or done; 1 something not proved; 2 wrong usage, unreadable input or missing
environment, after one line on standard error that says what to do; 130 interrupted. Commands import
what they need when they run, so that `prover --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lean_env.errors import LeanEnvError
from prover import lint_command, train_commands
from prover.options import (
    JsonFlag,
    MemoryFlag,
    PathFlag,
    ProjectFlag,
    TimeoutFlag,
    WorkersFlag,
    environment,
    memory_bytes,
    open_toolchain,
    positive,
    read_limits,
)
from prover.settings import SettingsError, load_settings

EXIT_ENVIRONMENT = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="prover",
    help="Proves Lean 4 theorems, and checks proofs of them without being fooled.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(train_commands.app)
app.command("lint")(lint_command.lint)


def main() -> None:
    """Entry point of the `prover` command."""
    try:
        app()
    except (LeanEnvError, SettingsError) as error:
        print(f"prover: {error}", file=sys.stderr)
        sys.exit(EXIT_ENVIRONMENT)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"prover {version('rmax-prover')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="`.lean` or `.jsonl` files.")],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Audit each proof too: fresh process, type, axioms."),
    ] = False,
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
    workers: WorkersFlag = None,
    timeout: TimeoutFlag = None,
    memory: MemoryFlag = None,
) -> None:
    """Check proofs: a verdict for every theorem."""
    settings = load_settings()
    processes, seconds, gibibytes = read_limits(settings, workers, timeout, memory)
    toolchain = open_toolchain(settings, project, lean_on_path)
    from prover.verify import run

    code = run(
        files,
        toolchain=toolchain,
        strict=strict,
        as_json=as_json,
        workers=processes,
        seconds=seconds,
        memory_bytes=memory_bytes(gibibytes, toolchain),
    )
    raise typer.Exit(code)


@app.command()
def prove(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="`.lean` or `.jsonl` files.")
    ] = None,
    statement: Annotated[
        str, typer.Option("--statement", metavar="TEXT", help="A statement to prove instead of files.")
    ] = "",
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="P",
            help="Who writes: `tactics` (symbolic; the default), `model` (comes with the program), `mixed` "
            "(both by turns), `moe:PATH`, `hf:PATH`, `openai:URL#MODEL`.",
        ),
    ] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="A", help="`rmaxts`, `best-first` or `sampling`.")
    ] = "rmaxts",
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", help="Proofs to try for one theorem.")
    ] = 512,
    time: Annotated[
        float | None,
        typer.Option("--time", metavar="S", help="Seconds for one theorem; no limit by default."),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="T", help="Tokens to write for one theorem; no limit by default."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="K", help="Of all that is random.")] = 0,
    cot: Annotated[bool, typer.Option("--cot", help="Ask a language model for comments too.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the completed file, and certificates.")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            "--trace",
            metavar="FILE",
            help="Keep the search, and go on with one that is there; a folder for several theorems.",
        ),
    ] = None,
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
    workers: WorkersFlag = None,
    timeout: TimeoutFlag = None,
    memory: MemoryFlag = None,
) -> None:
    """Prove every theorem whose proof is `sorry` or missing."""
    from search import RULES, Budget

    if bool(files) == bool(statement):
        raise typer.BadParameter("name files, or give a --statement")
    if search not in RULES:
        raise typer.BadParameter(f"--search must be one of {', '.join(RULES)}, not {search}")
    settings = load_settings()
    processes, seconds, gibibytes = read_limits(settings, workers, timeout, memory)
    budget = Budget(
        positive("samples", samples, 0),
        positive("time", time, 0.0) or None,
        positive("tokens", tokens, 0) or None,
    )
    toolchain = open_toolchain(settings, project, lean_on_path)
    from lean_env.limits import Limits
    from prover.driver import Settings as Search
    from prover.prove import Order, run

    order = Order(
        files=tuple(files or ()),
        statement=statement,
        policy=settings.get("policy", policy, str) or "tactics",
        settings=Search(rule=RULES[search](), budget=budget, seed=seed, workers=processes, cot=cot),
        limits=Limits(seconds=seconds, memory_bytes=memory_bytes(gibibytes, toolchain)),
        as_json=as_json,
        out=out,
        trace=trace,
    )
    raise typer.Exit(run(order, toolchain))


@app.command()
def view(
    trace: Annotated[
        Path, typer.Argument(metavar="TRACE", help="What `prove --trace` wrote: a file, or a folder of them.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write the page, if not beside the trace."),
    ] = None,
) -> None:
    """Show a search tree as one HTML page that opens offline."""
    from prover.view import run

    raise typer.Exit(run(trace, out))


@app.command()
def doctor(
    project: ProjectFlag = None,
    lean_on_path: PathFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Say what is installed, what is missing, and whether proving works here."""
    from prover.doctor import run

    settings = load_settings()
    raise typer.Exit(
        run(
            lambda: open_toolchain(settings, project, lean_on_path),
            environ=environment(settings),
            as_json=as_json,
        )
    )


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def lean(context: typer.Context) -> None:
    """Run Lean itself: all arguments go to it unchanged (`prover lean --help` is Lean's own help)."""
    toolchain = open_toolchain(load_settings(), None, False)
    sys.stdout.flush()
    command = (*toolchain.command, *context.args)
    try:
        os.execve(command[0], command, {**os.environ, **toolchain.environment})
    except OSError as error:
        raise LeanEnvError(f"{command[0]} cannot be started: {error.strerror}") from error
