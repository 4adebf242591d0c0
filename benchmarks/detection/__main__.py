"""How well laundering is detected: `python -m benchmarks.detection [typologies accounts rings] [--python OTHER] [--out FILE]`.

typologies: instances of each on AMLGentex and AMLworld. accounts: AMLGentex's accounts ranked beside boosting on snapml
features, which needs `--python`, an interpreter with snapml and scikit-learn. rings: generated rings, with reports and without.
"""

import argparse
from pathlib import Path

from benchmarks.detection import accounts, rings, typologies

PARTS = ("typologies", "accounts", "rings")


def main() -> None:
    """Print the tables asked for, all by default."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)} (default: all)")
    words.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "data")
    words.add_argument("--python", type=Path, help="a Python that has snapml and scikit-learn")
    words.add_argument("--seed", type=int, action="append", help="seeds of the generated rings (default: 11, 12, 13)")
    words.add_argument("--out", type=Path, help="also write the tables to this file")
    asked = words.parse_args()
    if wrong := [part for part in asked.parts if part not in PARTS]:
        words.error(f"unknown part {wrong[0]}; there are {', '.join(PARTS)}")
    text = ""
    for part in asked.parts or PARTS:
        if part == "typologies":
            text += typologies.report(asked.data)
        elif part == "accounts":
            text += accounts.report(asked.data, asked.python)
        else:
            text += rings.report(asked.seed or [11, 12, 13])
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
