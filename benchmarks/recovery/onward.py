"""Money does not rest for ever: what ring members keep is drawn after a while, by role."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.memory import ledger_of
from ledger.records import ACCOUNTS, TRANSFERS

HOUR_US = 3_600_000_000
LEAST_FEN = 100_00
"""Less than this is left behind."""


@dataclass(frozen=True)
class Rests:
    """How long money rests, by role: median hours and the sigma of the logarithm."""

    hours: dict[str, tuple[float, float]]


def moving_on(ledger: Ledger, roles: dict[str, str], rests: Rests, seed: int) -> Ledger:
    """The ledger with the payments by which ring members draw what they would otherwise keep for ever."""
    random = np.random.default_rng([seed, 77])
    table = ledger.read(tuple(TRANSFERS.names))
    names = ledger.accounts["account"].tolist()
    cash = int(np.flatnonzero((ledger.accounts["kind"].astype(str) == "cash").to_numpy())[0])
    time_us = np.asarray(table["time"].cast(pa.int64()).to_numpy())
    source, target = (np.asarray(table[name].to_numpy()) for name in ("source", "target"))
    done = np.asarray(table["status"].cast(pa.string()).to_pylist(), dtype=object) == "done"
    fen = np.where(done, np.asarray(table["amount_fen"].to_numpy()), 0)
    rows = []
    for code, name in enumerate(names):
        role = roles.get(str(name), "")
        if role in rests.hours:
            mine = np.flatnonzero(((source == code) | (target == code)) & (source != target) & (fen > 0))
            change = np.where(target[mine] == code, fen[mine], -fen[mine])
            rows += [(when, code, amount) for when, amount in draws(time_us[mine], change, rests.hours[role], random)]
    rows.sort()
    return with_rows(ledger, table, rows, cash)


def draws(
    time_us: NDArray[np.int64],
    change: NDArray[np.int64],
    rest: tuple[float, float],
    random: np.random.Generator,
) -> list[tuple[int, int]]:
    """When and how much an account draws: after each arrival and a rest, what no later payment of its own needs."""
    found: list[tuple[int, int]] = []
    change = change.copy()
    for at in np.flatnonzero(change > 0).tolist():
        when = int(time_us[at] + rest[0] * HOUR_US * np.exp(rest[1] * random.standard_normal()))
        balance = np.cumsum(change)
        before = int(np.searchsorted(time_us, when, side="right"))
        free = int(balance[max(before - 1, 0) :].min()) // 100 * 100
        if free >= LEAST_FEN:
            found.append((when, free))
            time_us = np.insert(time_us, before, when)
            change = np.insert(change, before, -free)
    return found


def with_rows(ledger: Ledger, table: pa.Table, rows: list[tuple[int, int, int]], cash: int) -> Ledger:
    """The ledger with these payments to the cash account (time, source, fen)."""
    values = [
        {
            "transfer": f"draw-{number:06d}", "time": when, "source": code, "target": cash, "amount_fen": fen,
            "currency": "CNY", "kind": "bank", "channel": "atm", "status": "done", "file": 0, "line": 10_000_000 + number,
        }
        for number, (when, code, fen) in enumerate(rows)
    ]  # fmt: skip
    more = pa.table({f.name: pa.array([value.get(f.name) for value in values], f.type) for f in TRANSFERS}, schema=TRANSFERS)
    whole = pa.concat_tables([table.cast(TRANSFERS), more])
    made = ledger_of(whole, accounts_table(ledger), None, None, ledger.files)
    return replace(made, accounts=ledger.accounts, reports=ledger.reports, links=ledger.links)


def accounts_table(ledger: Ledger) -> pa.Table:
    """The accounts as a table again."""
    return pa.Table.from_pandas(ledger.accounts, preserve_index=False).cast(ACCOUNTS)
