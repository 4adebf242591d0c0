"""`liushui calibrate`: points fitted on accounts of which the truth is known."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import Json, OutFolder, Whole
from api.commands.output import counted, progress, tell


def calibrate(  # noqa: PLR0913, PLR0917 - what a case is made of
    ledgers: Annotated[list[Path], typer.Argument(metavar="LEDGER...", help="One ledger folder for each case.")],
    labels: Annotated[
        list[Path],
        typer.Option(
            "--labels", metavar="FILE", help="CSV: account, label (0, 1 or a role), group if known. One for all, or one each."
        ),
    ],
    out: OutFolder,
    transfers: Annotated[
        list[Path] | None,
        typer.Option("--transfers", metavar="FILE", help="CSV: transfer, label (1: launders, or 0). One for all, or one each."),
    ] = None,
    as_of: Annotated[
        list[str] | None,
        typer.Option("--as-of", metavar="TIME", help="Only transfers up to this instant exist. One for all, or one each."),
    ] = None,
    whole: Whole = False,
    as_json: Json = False,
) -> None:
    """Fit the points of a score on labelled accounts.

    Writes weights.toml for `rank --weights`, and reliability.csv and reliability.json: what it is worth on held-back rings,
    cases or times. The same ledger may be given several times, until different instants, each with the labels known then.

    Example: `liushui calibrate ledger --labels labels.csv --out weights`
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only wait for each other, 70 times as long
    from api import pipeline

    columns = (
        one_each("labels", labels, ledgers),
        one_each("transfers", transfers or [None], ledgers),
        one_each("as_of", as_of or [None], ledgers),
    )
    with progress("calibrating") as show:
        told = pipeline.calibrate_ledgers(list(zip(ledgers, *columns, strict=True)), out, whole, show)
    tell(as_json, told | {"out": str(out)}, [*calibration_lines(told), f"files: {out}"])


def one_each(name: str, given: list[Any], ledgers: list[Path]) -> list[Any]:
    """What was given, for each ledger: one for all, or one each. Raises: BadWord."""
    from api.parameters import BadWord

    if len(given) not in (1, len(ledgers)):
        many = f"{counted(len(given), 'value' if name == 'as_of' else 'file')} for {counted(len(ledgers), 'ledger')}"
        raise BadWord(name, f"{many}; give one for all, or one each")
    return given if len(given) > 1 else given * len(ledgers)


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
        dealings_line(told),
        f"Brier {told['brier']:.4f} (the share alone {told['brier_of_the_share']:.4f}), log loss {told['log_loss']:.4f}",
        *(
            f"  said {one['from']} to {one['to']}: {counted(one['accounts'], 'account')}, mean {one['predicted']:.2f}, "
            f"true {one['observed']:.2f}"
            for one in told["bins"]
        ),
    ]


def dealings_line(told: dict[str, Any]) -> str:
    """What the labels tell of dealings, and what their figures add."""
    dealings = told["dealings"]
    counts = f"labelled dealings: {dealings['laundering']} launder, {dealings['others']} do not"
    if not dealings["used"]:
        return f"{counts}; too few, so their figures are not used"
    return f"{counts}; without their figures average precision {told['average_precision_without_dealings']:.3f}"
