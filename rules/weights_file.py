"""Calibrated weights as files: weights.toml, reliability.csv and reliability.json."""

import csv
import io
import json
from pathlib import Path

from rules.calibration import Calibration
from rules.weights import SECTIONS, Weights

BIN_COLUMNS = ("from", "to", "accounts", "predicted", "observed")


def write_calibration(made: Calibration, out: Path) -> tuple[Path, ...]:
    """Write the three files into a folder that is made where it does not exist; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.DictWriter(table, BIN_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(made.report["bins"])
    told = json.dumps(made.report | {"weights_digest": made.weights.digest}, ensure_ascii=False, indent=2, sort_keys=True)
    texts = {
        "weights.toml": toml_of(made.weights, set(made.kept), made.report),
        "reliability.csv": table.getvalue(),
        "reliability.json": told + "\n",
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return tuple(out / name for name in texts)


def toml_of(weights: Weights, kept: set[str], report: dict[str, object]) -> str:
    """The weights as a file `load_weights` reads; every name is one of ours, so none needs escaping."""
    lines = [
        f"# Fitted by liushui calibrate on {report['accounts']} labelled accounts, held back by {report['held_back_by']}:",
        f"# average precision {report['average_precision']}, Brier {report['brier']}; reliability.json has the rest.",
    ]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        for name, points in sorted(getattr(weights, section).items()):
            note = "shipped: too few labelled accounts show it" if f"{section}:{name}" in kept else ""
            lines.append(f'"{name}" = {{ points = {points}, grade = "P", note = "{note}" }}')
    if weights.dealings is not None:
        model = weights.dealings
        lines += ["", "[dealings]", f"points = {model.points}", f"intercept = {model.intercept!r}", "", "[dealings.figures]"]
        lines += [
            f'"{name}" = {{ coefficient = {one!r}, usual = {model.usual[name]!r} }}'
            for name, one in sorted(model.coefficients.items())
        ]
    if weights.probability is not None:
        lines += [
            "",
            "[probability]",
            f"intercept = {weights.probability.intercept!r}",
            f"slope = {weights.probability.slope!r}",
        ]
    return "\n".join(lines) + "\n"
