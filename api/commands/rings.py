"""`liushui rings`: which claims belong together, and a page on each ring."""

from typing import Any

from api.commands.options import AsOf, AsOfBatch, Json, LedgerFolder, OutFolder, Reports
from api.commands.output import counted, progress, sum_text, tell
from api.commands.trace import traced_with

SHOWN = 5


def rings(
    ledger: LedgerFolder,
    out: OutFolder,
    reports: Reports = None,
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    as_json: Json = False,
) -> None:
    """Find the rings behind the reports, and write a page on each.

    Writes ring-001.json, the ring with most claims first, and so on, and rings.csv.

    Claims are tied by accounts their money shared, by devices, telephones and other identifiers, by number segments. A tie
    carries no amount.

    Example: `liushui rings ledger --out rings --as-of 2026-03-01T18:00:00+08:00`
    """
    from api import pipeline

    opened, traced = traced_with(ledger, {"reports": reports, "as_of": as_of}, as_of_batch)
    with progress("finding rings"):
        found = pipeline.find_and_write_rings(opened, traced, out)
    tell(as_json, found | {"out": str(out)}, [*ring_lines(found), f"files: {out}"])


def ring_lines(found: dict[str, Any]) -> list[str]:
    """The rings in a few lines, for people."""
    several = f"{found['of_several_claims']:,} of several claims"
    lines = [f"{counted(found['claims'], 'claim')} in {counted(found['rings'], 'ring')}, {several}"]
    lines += [
        f"{one['page']}  {counted(one['claims'], 'claim')}  {counted(one['victims'], 'victim')}  lost {sum_text(one['lost'])}  "
        f"held {sum_text(one['held'])}  {counted(one['accounts'], 'account')}"
        for one in found["largest"][:SHOWN]
    ]
    unused = sum(tie["ties"] for tie in found["ties"] if tie["state"] in {"too_common", "public"})
    return lines + ([f"{counted(unused, 'identifier')} too common to tie anybody"] if unused else [])
