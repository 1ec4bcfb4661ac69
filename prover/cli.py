"""The command line: parses, resolves settings, and calls the module that does the work.

Exit codes: 0 all proved or done; 1 something not proved; 2 wrong usage, unreadable input or missing
environment, after one line on standard error that says what to do; 130 interrupted. Commands import
what they need when they run, so that `prover --help` stays quick.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from lean_env.errors import LeanEnvError
from prover import train_commands
from prover.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from lean_env.toolchain import Progress, Toolchain

N = TypeVar("N", int, float)

CORE_GIB, MATHLIB_GIB = 6.0, 16.0
"""Default address space of one Lean process; `import Mathlib` alone takes 9 GiB since Lean 4.26."""
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

ProjectFlag = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="A built Lake project to work in [PROVER_PROJECT]."),
]
PathFlag = Annotated[
    bool, typer.Option("--lean-on-path", help="Use the `lean` found on the PATH instead of the embedded one.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON to standard output, and nothing else.")]


WorkersFlag = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help="Lean processes [PROVER_WORKERS; default: one a core]."),
]
TimeoutFlag = Annotated[
    float | None,
    typer.Option("--timeout", metavar="S", help="Seconds for one check [PROVER_TIMEOUT; default: 60]."),
]
MemoryFlag = Annotated[
    float | None,
    typer.Option(
        "--memory",
        metavar="GIB",
        help="Address space of one Lean process, in GiB [PROVER_MEMORY; default: 6, with Mathlib 16].",
    ),
]


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
    processes, seconds, gibibytes = _limits(settings, workers, timeout, memory)
    toolchain = _toolchain(settings, project, lean_on_path)
    from prover.verify import run

    code = run(
        files,
        toolchain=toolchain,
        strict=strict,
        as_json=as_json,
        workers=processes,
        seconds=seconds,
        memory_bytes=_bytes(gibibytes, toolchain),
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
        raise SettingsError("name files to prove, or give a --statement, and not both")
    if search not in RULES:
        raise SettingsError(f"--search must be one of {', '.join(RULES)}, not {search!r}")
    settings = load_settings()
    processes, seconds, gibibytes = _limits(settings, workers, timeout, memory)
    budget = Budget(
        _positive("samples", samples, 0),
        _positive("time", time, 0.0) or None,
        _positive("tokens", tokens, 0) or None,
    )
    toolchain = _toolchain(settings, project, lean_on_path)
    from lean_env.limits import Limits
    from prover.driver import Settings as Search
    from prover.prove import Order, run

    order = Order(
        files=tuple(files or ()),
        statement=statement,
        policy=settings.get("policy", policy, str) or "tactics",
        settings=Search(rule=RULES[search](), budget=budget, seed=seed, workers=processes, cot=cot),
        limits=Limits(seconds=seconds, memory_bytes=_bytes(gibibytes, toolchain)),
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
            lambda: _toolchain(settings, project, lean_on_path),
            environ=_environment(settings),
            as_json=as_json,
        )
    )


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def lean(context: typer.Context) -> None:
    """Run Lean itself: all arguments go to it unchanged (`prover lean --help` is Lean's own help)."""
    toolchain = _toolchain(load_settings(), None, False)
    sys.stdout.flush()
    command = (*toolchain.command, *context.args)
    try:
        os.execve(command[0], command, {**os.environ, **toolchain.environment})
    except OSError as error:
        raise LeanEnvError(f"{command[0]} cannot be started: {error.strerror}") from error


def _limits(
    settings: Settings, workers: int | None, timeout: float | None, memory: float | None
) -> tuple[int, float, float]:
    """Lean processes, seconds a check, and GiB a process (0: by the toolchain), from flags and settings."""
    return (
        _positive("workers", settings.get("workers", workers, int), os.cpu_count() or 1),
        _positive("timeout", settings.get("timeout", timeout, float), 60.0),
        _positive("memory", settings.get("memory", memory, float), 0.0),
    )


def _bytes(gibibytes: float, toolchain: Toolchain) -> int:
    """The limit on a Lean process's address space."""
    from lean_env.limits import GIB

    return int((gibibytes or (MATHLIB_GIB if toolchain.has_mathlib else CORE_GIB)) * GIB)


def _positive(name: str, value: N | None, default: N) -> N:
    """`value`, or `default` if there is none. Raises `SettingsError` unless it is positive and finite."""
    if value is not None and not 0 < value < math.inf:
        raise SettingsError(f"{name} must be positive and finite, not {value:g}")
    return default if value is None else value


def _toolchain(settings: Settings, project: Path | None, lean_on_path: bool) -> Toolchain:
    """The toolchain that flags and settings name."""
    from lean_env.toolchain import find_toolchain

    if not lean_on_path:
        project = settings.get("project", project, Path)
    with _build_progress() as progress:
        return find_toolchain(project, lean_on_path, _environment(settings), progress)


def _environment(settings: Settings) -> dict[str, str]:
    """The process's environment, with the cache directory that `prover.toml` may name."""
    cache = settings.get("cache", None, Path)
    return {**os.environ, "PROVER_CACHE": str(cache)} if cache else dict(os.environ)


@contextmanager
def _build_progress() -> Iterator[Progress]:
    """A bar on standard error, drawn only if the embedded library is really being compiled."""
    shown = None

    def show(done: int, total: int, module: str) -> None:
        nonlocal shown
        if shown is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            bar = Bar(*columns, console=Console(stderr=True))
            bar.start()
            shown = bar, bar.add_task("", total=None)
        bar, task = shown
        if total:
            bar.update(task, description="Compiling the Lean library, once", completed=done, total=total)
        else:
            bar.update(task, description="Waiting for another process to compile the Lean library")

    try:
        yield show
    finally:
        if shown:
            shown[0].stop()
