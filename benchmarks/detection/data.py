"""Two labelled data sets of the outside data as edges: AMLGentex, and AMLworld's attempts set into generated traffic."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rules.patterns import Edges, edges_of
from rules.scope import Flags
from rules.wording import DAY_US

TRAFFIC, ACCOUNTS, PARTNERS, DAYS = 200_000, 20_000, 4, 18
"""Generated traffic around AMLworld's attempts: transfers, accounts, usual partners of each, days."""
USUAL = 0.8
"""Share of the traffic that goes to a usual partner."""
DOLLARS = {
    "US Dollar": 1.0,
    "Euro": 1.1718,
    "Yuan": 0.1493,
    "Yen": 0.0094878,
    "UK Pound": 1.2922,
    "Ruble": 0.012855,
    "Rupee": 0.013616,
    "Australian Dollar": 0.70781,
    "Canadian Dollar": 0.75798,
    "Mexican Peso": 0.047326,
    "Brazil Real": 0.17711,
    "Swiss Franc": 1.0929,
    "Saudi Riyal": 0.26660,
    "Shekel": 0.29612,
}
"""One unit in US dollars in AMLworld: an attempt changes currency at its hops and keeps its worth."""

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """Transfers with the attempt of each row (-1: ordinary) and the typology of each attempt."""

    name: str
    edges: Edges
    attempt: Numbers
    typology: pd.Series

    def sizes(self) -> pd.Series:
        """Transfers of each attempt."""
        return pd.Series(self.attempt[self.edges.row]).value_counts()

    def ends(self, typology: str) -> pd.Series:
        """When each attempt of a typology ends, in microseconds."""
        attempt = self.attempt[self.edges.row]
        last = pd.Series(self.edges.time_us).groupby(attempt).max()
        return last.reindex(self.typology.index[self.typology == typology]).dropna().astype("int64")

    def borders(self) -> list[int]:
        """Instants that cut the time into quarters with as many ends of attempts each."""
        ends = np.sort(np.concatenate([self.ends(name).to_numpy() for name in sorted(set(self.typology))]))
        return [int(ends[len(ends) * part // 4]) for part in (1, 2, 3)]

    def only(self, keep: Flags) -> "Labelled":
        """Some of the transfers, with the attempts they are of."""
        return replace(self, edges=self.edges.only(keep))


def gentex(folder: Path) -> Labelled:
    """AMLGentex as edges; dates only, so all transfers of a day share one instant."""
    rows = pq.read_table(folder / "amlgentex" / "amlgentex_multi_acct2acct.parquet").to_pandas()
    names = pd.Index(sorted({*rows["src"], *rows["dst"]}))
    day = (pd.to_datetime(rows["ts"]) - pd.Timestamp("2025-01-01")).dt.days.to_numpy(dtype=np.int64)
    fen = (rows["amount"] * 100).round().to_numpy().astype(np.int64)
    source, target = (names.get_indexer(rows[end]).astype(np.int64) for end in ("src", "dst"))
    attempt = pd.to_numeric(rows["pattern_id"], errors="coerce").fillna(-1).to_numpy().astype(np.int64)
    typology = rows.assign(attempt=attempt)[attempt >= 0].groupby("attempt")["pattern_type"].first()
    return Labelled("AMLGentex", edges_of(source, target, day * DAY_US, fen), attempt, typology)


def world(folder: Path, seed: int = 3) -> Labelled:
    """AMLworld's attempts and background rows among generated traffic in which their accounts take part like any other."""
    attempts = pd.read_csv(folder / "amlworld" / "pattern_transactions.csv")
    plain = pd.read_csv(folder / "amlworld" / "background_1000.csv")
    dollars = attempts["amount_paid"] * attempts["currency_paid"].map(DOLLARS)
    plain_keys = (plain["from_account_key"], plain["to_account_key"])
    names = pd.Index(sorted({*attempts["src"], *attempts["dst"], *plain_keys[0], *plain_keys[1]}))
    draw = np.random.default_rng(seed)
    accounts = max(ACCOUNTS, len(names))
    partner = draw.integers(0, accounts, (accounts, PARTNERS))
    source = draw.integers(0, accounts, TRAFFIC)
    usual = partner[source, draw.integers(0, PARTNERS, TRAFFIC)]
    target = np.where(draw.random(TRAFFIC) < USUAL, usual, draw.integers(0, accounts, TRAFFIC))
    begin = pd.Timestamp("2022-09-01")
    times = [
        ((pd.to_datetime(values) - begin) // pd.Timedelta("1us")).to_numpy() for values in (attempts["ts"], plain["timestamp"])
    ]
    numbers = pd.factorize(attempts["pattern_id"])[0]
    size = pd.Series(numbers).map(pd.Series(numbers).value_counts()).to_numpy()
    typology = attempts.assign(attempt=numbers)[size >= 3].groupby("attempt")["pattern_type"].first()
    edges = edges_of(
        np.concatenate([names.get_indexer(attempts["src"]), names.get_indexer(plain_keys[0]), source]),
        np.concatenate([names.get_indexer(attempts["dst"]), names.get_indexer(plain_keys[1]), target]),
        np.concatenate([*times, draw.integers(0, DAYS * DAY_US, TRAFFIC)]),
        np.concatenate(
            [
                (dollars * 100).round().to_numpy(),
                (plain["amount_paid"] * 100).round().to_numpy(),
                draw.lognormal(12.5, 1.7, TRAFFIC) + 1,
            ]
        ).astype(np.int64),
    )
    attempt = np.concatenate([numbers, np.full(len(plain) + TRAFFIC, -1)]).astype(np.int64)
    return Labelled("AMLworld", edges, attempt, typology)
