"""One generated ring as the game plays it: legs in trace order, who is innocent, which fen are whose."""

import csv
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.recovery.onward import Rests, moving_on
from ledger import open_ledger
from ledger.book import Ledger
from ledger.generate import generate
from ledger.ingest import ingest
from ledger.records import TRANSFERS
from tracing.claims import claims_of, seeds_of
from tracing.follow import Pieces
from tracing.lots import Settled, axis_of, settled_legs
from tracing.result import Parameters

INNOCENT = ("innocent", "good_faith_recipient", "victim", "own_account", "genuine_seller", "hub", "")
"""Roles of `truth/roles.csv` whose money nobody may block; an account without a role is ordinary background."""


@dataclass(frozen=True)
class Case:
    """A ring and its town.

    settled: legs in trace order. seeds: victims' fen of disputed legs. reported_us: per report of the ledger, when it arrives.
    innocent: per account code. slot_of: main slot per account code. table: the transfers as published.
    """

    ledger: Ledger
    settled: Settled
    seeds: Pieces
    reported_us: NDArray[np.int64]
    innocent: NDArray[np.bool_]
    slot_of: NDArray[np.int64]
    table: pa.Table

    @property
    def requested_fen(self) -> int:
        """What the victims ask for, each fen once."""
        return int(self.seeds.fen.sum())


def generated_case(scenario: str, seed: int, rests: Rests | None = None, transfers: int | None = None) -> Case:
    """Generate, ingest and open one case; the folder is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    try:
        generate(folder / "records", scenario, seed, transfers)
        ingest(folder / "ledger", [folder / "records"])
        ledger = in_memory(open_ledger(folder / "ledger"))
        roles = truth_roles(folder / "records" / "truth" / "roles.csv")
    finally:
        shutil.rmtree(folder)
    if rests is not None:
        ledger = moving_on(ledger, roles, rests, seed)
    return case_of(ledger, roles)


def in_memory(ledger: Ledger) -> Ledger:
    """The ledger with its transfers in memory and no folder behind it."""
    table = ledger.read(tuple(TRANSFERS.names)).combine_chunks()
    return replace(ledger, read=lambda names: table.select(list(names)), fetch=None, index_folder=None)


def truth_roles(path: Path) -> dict[str, str]:
    """Role per account as the generator knows it."""
    with path.open(newline="", encoding="utf-8") as lines:
        return {row["account"]: row["role"] for row in csv.DictReader(lines)}


def case_of(ledger: Ledger, roles: dict[str, str]) -> Case:
    """The case of an opened ledger."""
    settled = settled_legs(ledger)
    axis = axis_of(ledger, settled)
    claims = claims_of(ledger, axis, Parameters())
    slots = settled.legs.slots
    slot_of = np.zeros(len(ledger.accounts), np.int64)
    own = np.flatnonzero(~slots.identified)
    slot_of[slots.account[own][::-1]] = own[::-1]
    names = ledger.accounts["account"].tolist()
    return Case(
        ledger=ledger,
        settled=settled,
        seeds=seeds_of(claims.table, axis),
        reported_us=ledger.reports["reported"].astype("int64[pyarrow]").to_numpy(dtype=np.int64),
        innocent=np.asarray([roles.get(str(name), "") in INNOCENT for name in names], np.bool_),
        slot_of=slot_of,
        table=ledger.read(tuple(TRANSFERS.names)),
    )
