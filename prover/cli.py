"""The command line: parses, resolves settings, and calls the module that does the work.

Exit codes: 0 all proved or done; 1 something not proved; 2 wrong usage, unreadable input or missing
environment, after one line on standard error that says what to do; 130 interrupted. Commands import
what they need when they run, so that `prover --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, NoReturn, cast

import typer

from lean_env.errors import LeanEnvError
from prover import (
    eval_command,
    lint_command,
    plan_command,
    proof_commands,
    report_command,
    serve_command,
    train_commands,
)
from prover.flags import JsonFlag, PathFlag, ProjectFlag, chosen_toolchain, environment
from prover.settings import SettingsError, load_settings

EXIT_ENVIRONMENT = 2
EXIT_INTERRUPTED = 130
_USAGE_ERROR = cast(type[Exception], typer.BadParameter.__base__)
"""What all of Typer's own complaints are; Typer exports no name for it."""

app = typer.Typer(
    name="prover",
    help="Proves Lean 4 theorems, and checks proofs of them without being fooled.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(train_commands.app)
for command in (proof_commands.verify, proof_commands.prove, proof_commands.view):
    app.command()(command)
app.command("eval")(eval_command.evaluate)
app.command("lint")(lint_command.lint)
app.command("plan")(plan_command.plan)
app.command("report")(report_command.report)
app.command("serve")(serve_command.serve)


def main() -> None:
    """Entry point of the `prover` command."""
    try:
        sys.exit(app(prog_name=app.info.name, standalone_mode=False))
    except (LeanEnvError, SettingsError) as error:
        _give_up(str(error))
    except _USAGE_ERROR as error:
        _give_up(_wrong_usage(error))
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _give_up(message: str) -> NoReturn:
    print(f"prover: {message}", file=sys.stderr)
    sys.exit(EXIT_ENVIRONMENT)


def _wrong_usage(error: Any) -> str:
    """Typer's complaint as one line, with the help to turn to.

    Where there are no arguments at all the help is the complaint; Typer has printed it, or left it to us.
    """
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message, end="")
        sys.exit(EXIT_ENVIRONMENT)
    command = error.ctx.command_path if error.ctx else app.info.name
    return f"{' '.join(message.split()).rstrip('.')}; see `{command} --help`"


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
            lambda: chosen_toolchain(settings, project, lean_on_path),
            environ=environment(settings),
            as_json=as_json,
        )
    )


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def lean(context: typer.Context) -> None:
    """Run Lean itself: all arguments go to it unchanged (`prover lean --help` is Lean's own help)."""
    toolchain = chosen_toolchain(load_settings(), None, False)
    sys.stdout.flush()
    command = (*toolchain.command, *context.args)
    try:
        os.execve(command[0], command, {**os.environ, **toolchain.environment})
    except OSError as error:
        raise LeanEnvError(f"{command[0]} cannot be started: {error.strerror}") from error
