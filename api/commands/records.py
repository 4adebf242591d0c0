"""`liushui generate` and `liushui ingest`: record folders and ledgers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import Json, LedgerFolder
from api.commands.output import counted, progress, tell

SHOWN = 10


def generate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the records; made if missing.")],
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="Which case to tell; an unknown name lists them.")
    ] = "demo",
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bytes.")] = 1,
    transfers: Annotated[int | None, typer.Option("--transfers", min=1, metavar="N", help="How many transfers, about.")] = None,
    as_json: Json = False,
) -> None:
    """Make a record folder and, under truth/, its answers.

    Example: `liushui generate records --scenario refund_impostor --seed 7 --transfers 10000`
    """
    from api import pipeline

    with progress("generating") as show:
        made = pipeline.generate_records(out, scenario, seed, transfers, show)
    rows = ", ".join(f"{name} {number:,}" for name, number in made["counts"].items() if number)
    truth = f"truth: {out / 'truth'}" + (f" ({made['note']})" if made["note"] else "")
    tell(as_json, made, [f"{out}: {rows}", f"{counted(made['rings'], 'ring')}, {counted(made['reports'], 'report')}; {truth}"])


def ingest(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Record files or folders of them.")],
    profile: Annotated[
        list[Path] | None,
        typer.Option("--profile", metavar="FILE", help="TOML profile for a bank's own export; repeat for more."),
    ] = None,
    manifest: Annotated[
        str | None,
        typer.Option(
            "--manifest", metavar="URL", help="A new ledger's manifest in PostgreSQL: postgresql+psycopg://user@host/database."
        ),
    ] = None,
    supersede: Annotated[
        bool, typer.Option("--supersede", help="Rows whose id is published with other content take its place: corrections.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when there is any problem at all.")] = False,
    as_json: Json = False,
) -> None:
    """Read record files into a ledger.

    The kind of a file is recognised by its header.

    Every line becomes a row or a problem: see LEDGER/problems.csv and LEDGER/quarantine/. The same file again changes nothing.

    Example: `liushui ingest ledger bank.csv wallet.csv.gz reports.jsonl --profile mybank.toml`
    """
    from api import pipeline

    with progress("reading") as show:
        summary, problems = pipeline.ingest_records(
            ledger, paths, tuple(profile or ()), show, manifest=manifest, supersede=supersede
        )
    lines = [summary_line(ledger, summary), *problem_lines(ledger, problems)]
    tell(as_json, summary | {"problems": [one.__dict__ for one in problems]}, lines)
    if not summary["usable"] or (strict and problems):
        raise typer.Exit(1)


def summary_line(ledger: Path, summary: dict[str, Any]) -> str:
    """What became of the files, in one line."""
    if summary["published"]:
        rows = ", ".join(counted(number, kind.removesuffix("s")) for kind, number in summary["rows"].items())
        return f"{ledger}: batch {summary['batch']} published with {rows}"
    return f"{ledger}: nothing new; everything was there already" if summary["usable"] else f"{ledger}: nothing could be taken"


def problem_lines(ledger: Path, problems: list[Any]) -> list[str]:
    """The first problems, and where the rest are."""
    lines = [f"  {one.severity} {one.code} {one.file}:{one.line} {one.message}" for one in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"  … {counted(len(problems), 'problem')} in all: {ledger / 'problems.csv'}")
    return lines
