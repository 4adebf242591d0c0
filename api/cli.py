"""The command `liushui`. Exit status: 0 done, 2 unusable arguments, 1 the job could not be done."""

import json
import sys
from typing import Annotated

import typer

from api.commands import (
    calibrate,
    compact,
    demo,
    explain,
    formats,
    reconcile,
    records,
    returns,
    rings,
    serve,
    trace,
    verify,
    watch,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Start with `liushui demo`, or with your own records: `liushui ingest LEDGER FILE...` and "
    "`liushui trace LEDGER --out DIR`.",
)
_RECORDS = ("LDG-scenario", "LDG-unknown-batch", "LDG-decision", "LDG-manifest-url", "LDG-missing-path")
_TRACES = ("TRC-report", "TRC-account", "TRC-transfer", "TRC-backward", "TRC-overdraft", "TRC-explain")
_JUDGED = ("API-blocks", "RUL-labels", "RUL-weights")
ARGUMENTS = ("API-diagram-format", "API-bad-setting", "API-keys-file", "API-open-server", *_RECORDS, *_TRACES, *_JUDGED)
"""Codes of errors that are about the arguments or settings, not about the job."""

for command in (
    demo.demo,
    records.generate,
    records.ingest,
    formats.inspect,
    formats.sources,
    reconcile.reconcile,
    compact.compact,
    trace.trace,
    trace.rank,
    trace.freeze,
    calibrate.calibrate,
    trace.diagram,
    rings.rings,
    explain.explain,
    returns.returns,
    watch.watch,
    serve.serve,
    verify.verify,
):
    app.command()(command)


def main() -> None:
    """Run the command line; an expected failure is one line on stderr."""
    try:
        app(prog_name="liushui")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        fail(f"{error.filename or 'file system'}: {error.strerror or error}", "API-file-system", 1)
    except Exception as error:
        tell_expected(error)
        raise


def tell_expected(error: Exception) -> None:
    """Tell what was expected to go wrong, and end. Imports here, because they are heavy and rarely needed."""
    from api.parameters import BadWord
    from ledger.problems import LiushuiError

    if isinstance(error, BadWord):
        fail(f"--{error.name.replace('_', '-')}: {error}", "API-bad-argument", 2)
    if isinstance(error, LiushuiError):
        fail(str(error), error.code, 2 if error.code in ARGUMENTS else 1)


def fail(message: str, code: str, status: int) -> None:
    """One line on stderr, with `--json` an error document on stdout too; then the end."""
    from api.commands.output import plain

    typer.echo(f"liushui: {plain(' '.join(message.split()))} [{code}]", err=True)
    if "--json" in sys.argv:
        typer.echo(json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False))
    sys.exit(status)


def print_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"liushui {version('liushui')}")
        except PackageNotFoundError:
            typer.echo("liushui (not installed)")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Follow victims' money through mule accounts, wallets, gift cards and Q-coins.

    To the fen, and with a plan of what to freeze first.
    """
