"""`liushui reconcile`: what was decided about the records, and switching a decision off or on again."""

from typing import Annotated

import typer

from api.commands.options import Json, LedgerFolder
from api.commands.output import counted, progress, tell


def reconcile(
    ledger: LedgerFolder,
    off: Annotated[
        list[str] | None,
        typer.Option("--off", metavar="NAME", help="Switch this decision, or this kind, off; repeat for more."),
    ] = None,
    on: Annotated[list[str] | None, typer.Option("--on", metavar="NAME", help="Switch it on again; repeat for more.")] = None,
    as_json: Json = False,
) -> None:
    """Show what was decided about the records, and switch decisions off or on.

    Decisions never change a record: two witnesses of one transfer, a masked number, a refund tied to its payment are kept
    beside the records and applied when the ledger is opened. LEDGER/reconciliation.csv has each with its evidence.

    A switch is a batch of its own: `--as-of-batch` still gives the earlier answer.

    Example: `liushui reconcile ledger --off both_sides --on 3f9a0c1be2d47788`
    """
    from api import pipeline

    with progress("reconciling"):
        told = pipeline.reconcile_ledger(ledger, off or (), on or ())
    lines = [f"{one['kind']}: {counted(one['decisions'], 'decision')} {one['state']}" for one in told["kinds"]]
    if told["batch"]:
        lines.append(f"{counted(told['changed'], 'decision')} switched; published as batch {told['batch']}")
    tell(as_json, told, [*(lines or ["no decisions"]), f"files: {told['file']}"])
