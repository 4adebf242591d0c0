"""`liushui calibrate`: points fitted on accounts of which the truth is known."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import AsOf, Json, OutFolder
from api.commands.output import counted, progress, tell


def calibrate(
    ledgers: Annotated[list[Path], typer.Argument(metavar="LEDGER...", help="One ledger folder for each case.")],
    labels: Annotated[
        list[Path],
        typer.Option(
            "--labels", metavar="FILE", help="CSV: account, label (0, 1 or a role), group if known. One for all, or one each."
        ),
    ],
    out: OutFolder,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Fit the points of a score on labelled accounts.

    Writes weights.toml for `rank --weights`, and reliability.csv and reliability.json: what it is worth on held-back rings,
    cases or times.

    Example: `liushui calibrate ledger --labels labels.csv --out weights`
    """
    from api import pipeline
    from api.parameters import BadWord

    if len(labels) not in (1, len(ledgers)):
        many = f"{counted(len(labels), 'file')} for {counted(len(ledgers), 'ledger')}"
        raise BadWord("labels", f"{many}; give one for all, or one each")
    with progress("calibrating") as show:
        files = labels if len(labels) > 1 else labels * len(ledgers)
        told = pipeline.calibrate_ledgers(ledgers, files, out, as_of, show)
    tell(as_json, told | {"out": str(out)}, [*calibration_lines(told), f"files: {out}"])


def calibration_lines(told: dict[str, Any]) -> list[str]:
    """What the fit is worth, for people."""
    labels = told["labels"]
    shipped = told["average_precision_of_the_shipped_score"]
    left_out = ", ".join(f"{number} {why}" for why, number in labels["left_out"].items() if number)
    return [
        f"{counted(told['accounts'], 'labelled account')}: {labels['members']} members, {labels['others']} others"
        + (f"; left out: {left_out}" if left_out else ""),
        f"held back by {told['held_back_by']}, {counted(told['folds'], 'fold')}",
        f"average precision {told['average_precision']:.3f}, of the shipped score {shipped:.3f}",
        f"Brier {told['brier']:.4f} (the share alone {told['brier_of_the_share']:.4f}), log loss {told['log_loss']:.4f}",
        *(
            f"  said {one['from']} to {one['to']}: {counted(one['accounts'], 'account')}, mean {one['predicted']:.2f}, "
            f"true {one['observed']:.2f}"
            for one in told["bins"]
        ),
    ]
