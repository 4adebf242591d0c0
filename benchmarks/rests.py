"""Held lots of generated rings at random instants, and what truly happened to them: the material of `benchmarks.dwell`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.generate import generate
from ledger.ingest import ingest
from ledger.store.opening import open_ledger
from rules.catalogue import apply_to, signs
from rules.dwell import dwell_times, with_circumstances
from rules.roles import name_roles
from rules.scope import scope_of
from rules.wording import HOUR_US
from tracing import Parameters, trace_claims

INSTANTS = 10
"""Moments per ring: half after a report arrived, with the reports known then; half after a disputed payment."""


@dataclass(frozen=True)
class Moment:
    """What a desk sees at one instant, and what it cannot see.

    seen: every rest up to the instant with its circumstances, censored at it. lots: the rests that are alive at the instant,
    with `age_us`, and of what follows `more_us` (how much longer it truly rested) and `left` (False: to the records' end).
    """

    seed: int
    seen: pd.DataFrame
    lots: pd.DataFrame


def moments(seed: int, count: int = INSTANTS, scenario: str = "demo") -> list[Moment]:
    """One generated ring, looked at `count` times."""
    with tempfile.TemporaryDirectory(prefix="liushui-dwell-") as folder:
        place = Path(folder)
        generate(place / "records", scenario, seed)
        ingest(place / "ledger", [place / "records"])
        ledger = open_ledger(place / "ledger")
        random = np.random.default_rng([seed, 42])
        found = [moment(ledger, seed, *one) for one in instants(ledger, random, count)]
    return [one for one in found if one is not None]


def instants(ledger: Ledger, random: np.random.Generator, count: int) -> list[tuple[int, tuple[str, ...] | None]]:
    """Instants in microseconds, each with the reports known then (None: all whose payment is before it)."""
    reported = ledger.reports["reported"].astype("int64").to_numpy(dtype=np.int64)
    moves = ledger.transfers("transfer", "time").set_index("transfer")["time"].astype("int64")
    paid = moves.reindex(ledger.reports["transfer"]).dropna().to_numpy(dtype=np.int64)
    names = ledger.reports["report"].to_numpy(dtype=object)
    found: list[tuple[int, tuple[str, ...] | None]] = []
    for number in range(count):
        if number % 2 == 0:
            at = int(random.choice(reported)) + int(random.integers(0, HOUR_US))
            found.append((at, tuple(sorted(names[reported <= at].tolist()))))
        else:
            found.append((int(random.choice(paid)) + int(random.integers(0, 2 * HOUR_US)), None))
    return found


def moment(ledger: Ledger, seed: int, at_us: int, reports: tuple[str, ...] | None) -> Moment | None:
    """The view at one instant beside the truth; None where nothing of the reported money rests anywhere."""
    then = trace_claims(ledger, Parameters(as_of_us=at_us, reports=reports))
    if not len(then.traced):
        return None
    scope = scope_of(ledger, then)
    roles = name_roles(scope, signs(apply_to(scope)[0]))
    seen = with_circumstances(scope, dwell_times(scope), roles)
    later = scope_of(ledger, trace_claims(ledger, Parameters(reports=tuple(sorted(then.claims["claim"])))))
    rests = with_circumstances(later, dwell_times(later), roles)
    until = rests["arrived_us"] + rests["dwell_us"]
    lots = rests[(rests["arrived_us"] <= at_us) & (until > at_us) & ~rests["role"].isin(["victim", "own_account"])]
    lots = lots.assign(age_us=at_us - lots["arrived_us"], more_us=until[lots.index] - at_us).reset_index(drop=True)
    return Moment(seed, seen, lots) if len(lots) else None
