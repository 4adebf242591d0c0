"""`liushui compact`: one segment per kind instead of one per batch, and old files removed on demand."""

from typing import Annotated, Any

import typer

from api.commands.options import Json, LedgerFolder
from api.commands.output import counted, progress, tell


def compact(
    ledger: LedgerFolder,
    drop: Annotated[
        bool, typer.Option("--drop", help="Also remove the files an earlier compaction replaced; earlier batches are lost.")
    ] = False,
    grace: Annotated[
        str, typer.Option("--grace", metavar="DURATION", help="How long replaced files stay for readers, e.g. PT1H.")
    ] = "PT1H",
    as_json: Json = False,
) -> None:
    """Merge the segments of many batches into one per kind.

    The ledger is the same, row for row, and opens quicker; the compaction is a batch of its own and its manifest rows keep
    the digests of the old segments. Their files stay, and `--as-of-batch` still opens the past.

    With --drop they go: what was published before the compaction can then not be opened as of then any more.

    Example: `liushui compact ledger`
    """
    from api import pipeline
    from api.parameters import duration_us

    with progress("compacting") as show:
        told = pipeline.compact_ledger(ledger, drop, duration_us(grace, "grace") / 1_000_000, show)
    tell(as_json, told, [f"{ledger}: {line}" for line in compact_lines(told, drop)])


def compact_lines(told: dict[str, Any], drop: bool) -> list[str]:
    """What was merged, what was removed, and what that costs."""
    before, after = told["segments_before"], told["segments_after"]
    merged = f"batch {told['batch']} published, {counted(before, 'segment')} became {after:,}"
    lines = [merged if before != after else "nothing to merge"]
    if told["removed_files"]:
        size = f"{counted(told['removed_files'], 'file')} with {told['removed_bytes']:,} bytes"
        lines.append(f"{size} removed; batches before {told['kept_from']} cannot be opened any more")
    elif drop and told["waiting"] is not None:
        lines.append(
            f"the replaced files stay for readers; run again with --drop in {-(-max(told['waiting'], 0) // 60):,.0f} minutes"
        )
    elif drop:
        lines.append("no replaced files to remove")
    return lines
