"""How good the chances are that money is still there, on rings they were not made from.

    python -m benchmarks.dwell            the table of docs/scoring.md: seeds 201 … 208
    python -m benchmarks.dwell --fit      fits the shipped curves on seeds 101 … 108 and writes rules/dwell_prior.json

`--slow 6` makes every ring of the report six times slower than those the shipped curves were made from: what they cost where
the world is another one.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rests import INSTANTS, Moment, moments
from benchmarks.survival import by_group, chance_still_there
from rules.chance import chances_of, thinned
from rules.hazard import fit_curves
from rules.rule import FULL
from rules.scope import columns
from rules.wording import MINUTE_US

TUNING, REPORT = range(101, 109), range(201, 209)
LATENCIES = (10, 30, 120)
MOST_FITTED = 6_000
PRIOR = Path(__file__).parents[1] / "rules" / "dwell_prior.json"


def main() -> None:
    """Fit or measure."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--fit", action="store_true", help="fit the shipped curves on the tuning seeds")
    words.add_argument("--slow", type=int, default=1, metavar="TIMES", help="stretch every time of the report's rings")
    asked = words.parse_args()
    seeds = TUNING if asked.fit else REPORT
    seen = []
    for seed in seeds:
        print(f"ring {seed}", file=sys.stderr, flush=True)
        seen += [slowed(one, asked.slow) for one in moments(seed)]
    if asked.fit:
        PRIOR.write_text(fitted(seen), encoding="utf-8")
        print(f"{PRIOR.name}: {PRIOR.stat().st_size:,} bytes")
        return
    print(report(predictions(seen)))


def fitted(seen: list[Moment]) -> str:
    """The shipped curves: rests alive at an instant, watched from their age then, with the roles a desk knew then.

    Watching from the instant keeps out what the instant itself selects: an account is a mule because it has sent money on.
    """
    lots = pd.concat([one.lots for one in seen], ignore_index=True)
    age, more = columns(lots, "age_us", "more_us")
    curves = fit_curves(lots.assign(dwell_us=age + more), age, most=MOST_FITTED)
    assert curves is not None, "the tuning rings move money"
    made = f"python -m benchmarks.dwell --fit: {len(lots)} lots of generated rings, seeds {min(TUNING)}-{max(TUNING)}"
    note = f"{made}, {INSTANTS} instants each, demo scenario"
    return json.dumps({"grade": "P", "provenance": note} | thinned(curves), indent=1, sort_keys=True) + "\n"


def slowed(one: Moment, times: int) -> Moment:
    """The same moment in a world where everything takes so many times as long."""
    if times == 1:
        return one
    lots = one.lots.assign(age_us=one.lots["age_us"] * times, more_us=one.lots["more_us"] * times)
    return replace(one, seen=one.seen.assign(dwell_us=one.seen["dwell_us"] * times), lots=lots)


def predictions(seen: list[Moment]) -> pd.DataFrame:
    """Every model's chance for every lot: model, latency, chance, stayed, fen. Lots whose end no record tells are left out."""
    found = []
    for one in seen:
        for latency in LATENCIES:
            latency_us = latency * MINUTE_US
            stayed = (one.lots["more_us"] > latency_us).to_numpy(dtype=bool)
            known = stayed | one.lots["left"].to_numpy(dtype=bool)
            for model, chance in chances(one, latency_us).items():
                table = {"model": model, "latency": latency, "chance": chance, "stayed": stayed, "fen": one.lots["basis_fen"]}
                found.append(pd.DataFrame(table)[known])
    return pd.concat(found, ignore_index=True)


def chances(one: Moment, latency_us: int) -> dict[str, np.ndarray]:
    """The chance of every lot by every model."""
    (age,) = columns(one.lots, "age_us")
    shipped = chances_of(one.seen)
    survival = by_group(one.seen)
    return {
        "constant rate": np.full(len(age), constant_rate(one.seen, latency_us)),
        "Kaplan–Meier by role or kind": np.asarray(
            [chance_still_there(survival, row.role, row.kind, row.age_us, latency_us) / FULL for row in one.lots.itertuples()]
        ),
        "Cox, the case alone": age * 0.0 + 0.5 if shipped.own is None else shipped.own.stays(one.lots, age, latency_us),
        "shipped curves alone": shipped.prior.stays(one.lots, age, latency_us),
        "Cox with shipped curves": shipped.stays(one.lots, age, latency_us),
    }


def constant_rate(seen: pd.DataFrame, latency_us: int) -> float:
    """Departures over the time all rests lasted, whatever the rest; one half where none left."""
    departures = int(seen["left"].sum())
    return float(np.exp(-departures / max(int(seen["dwell_us"].sum()), 1) * latency_us)) if departures else 0.5


def report(table: pd.DataFrame) -> str:
    """Brier score and log loss per latency and model, and how often the product's chances came true, by tenths."""
    chance = table["chance"].clip(0.001, 0.999)
    stayed = table["stayed"].astype(float)
    table = table.assign(brier=(table["chance"] - stayed) ** 2, loss=-np.log(np.where(table["stayed"], chance, 1 - chance)))
    lines = ["| latency | model | Brier | log loss | Brier by fen | log loss by fen |", "|---:|---|---:|---:|---:|---:|"]
    for (latency, model), part in table.groupby(["latency", "model"], sort=False):
        fen = part["fen"].to_numpy(dtype=np.float64)
        cells = [part["brier"].mean(), part["loss"].mean(), np.average(part["brier"], weights=fen)]
        cells.append(np.average(part["loss"], weights=fen))
        lines.append(f"| {latency} min | {model} | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")
    lines += ["", "| chance said | lots | mean chance | truly still there |", "|---|---:|---:|---:|"]
    mine = table[table["model"] == "Cox with shipped curves"]
    for tenth, part in mine.groupby(np.minimum((mine["chance"] * 10).astype(int), 9)):
        said = f"{int(tenth) * 10}–{int(tenth) * 10 + 10} %"
        lines.append(f"| {said} | {len(part):,} | {part['chance'].mean():.3f} | {part['stayed'].mean():.3f} |")
    lots = len(mine) // len(LATENCIES)
    return "\n".join([*lines, "", f"{lots:,} lots of {len(REPORT)} rings; the second table holds all three latencies."])


if __name__ == "__main__":
    main()
