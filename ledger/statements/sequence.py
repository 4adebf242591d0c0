"""The order of events inside one file: newest-first files turned round, rows of one time put in order by their balances."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ledger.complaints import LISTED

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
AS_IT_STANDS, TURNED, BY_BALANCE, OPEN = 0, 1, 2, 3
"""How the rows of one account and time came into order; OPEN: no order of them chains, they stay as they stand."""


@dataclass(frozen=True)
class Statement:
    """Rows of one file that tell of own accounts, in file order, as plain arrays of one length.

    account: code of the own account, -1 where none is known. names: account by code. change: fen the own account gains (below
    zero: pays). after: its balance after the row, where `known`. line: the row's place in the file, ascending.
    """

    account: NDArray[np.int32]
    names: Sequence[str]
    time_us: Rows
    change: Rows
    after: Rows
    known: Mask
    line: NDArray[np.int32]


@dataclass(frozen=True)
class Order:
    """The order of events found. sequence: place per row, comparable within rows of one time; None where it is the line.

    decisions: rows of `DECISIONS` without their id, kind `order_of_day`.
    """

    sequence: NDArray[np.int32] | None = None
    newest_first: bool = False
    decisions: list[dict[str, object]] = field(default_factory=list)


def sequenced(rows: Statement, order: str = "detect", chain: bool = True) -> Order:
    """Find the order of events of one file.

    Args:
        order: `newest_first`, `oldest_first` or `detect` (by whether times fall or rise down the file).
        chain: whether rows of one account and time are put in order by their balances: each starts where the last ended.
            The order as it stands is kept where it chains, else the one turned round, else the first Eulerian path over the
            balances in file order; time linear in the rows.
    """
    if not len(rows.line):
        return Order()
    newest = order == "newest_first" or (order == "detect" and is_newest_first(rows))
    place = _places(rows, newest)
    decisions = _turned_decision(rows, place) if newest else []
    if chain and rows.known.any():
        decisions += _chained(rows, place)
    return Order(None if (place == rows.line).all() else place, newest, decisions)


def is_newest_first(rows: Statement) -> bool:
    """Whether times fall more often than they rise from one row of an account to its next."""
    step = np.sign(np.diff(rows.time_us))
    same = rows.account[1:] == rows.account[:-1]
    inside = step[same]
    return int((inside if inside.any() else step).sum()) < 0


def _places(rows: Statement, newest: bool) -> NDArray[np.int32]:
    """Per row its place: its line, those of one time changed round in newest-first files."""
    repeated = bool((np.diff(rows.line) <= 0).any())
    line = np.arange(1, len(rows.line) + 1, dtype=np.int32) if repeated else rows.line
    if not newest:
        return line.copy()
    rising = np.lexsort((line, rows.time_us))
    falling = np.lexsort((-line, rows.time_us))
    place = np.empty_like(line)
    place[falling] = line[rising]
    return place


def _turned_decision(rows: Statement, place: NDArray[np.int32]) -> list[dict[str, object]]:
    moved = np.flatnonzero(place != rows.line)
    if not len(moved):
        return []
    told = f"the file stands newest first: {len(moved):,} rows that share their time with others are read from the last line up"
    return [_decision(rows, "", (int(rows.time_us[moved].min()), int(rows.time_us[moved].max())), told)]


def _chained(rows: Statement, place: NDArray[np.int32]) -> list[dict[str, object]]:
    """Put rows of one account and time into the order their balances chain in, inside `place`; what was decided."""
    from ledger.kernels import order_chains

    known = np.flatnonzero(rows.known & (rows.account >= 0))
    known = known[np.lexsort((place[known], rows.time_us[known], rows.account[known]))]
    account, time = rows.account[known], rows.time_us[known]
    starts = np.flatnonzero(np.concatenate([[True], (account[1:] != account[:-1]) | (time[1:] != time[:-1])]))
    ends = np.append(starts[1:], len(known))
    if not (ends - starts > 1).any():
        return []
    after = rows.after[known]
    nodes, codes = np.unique(np.concatenate([after - rows.change[known], after]), return_inverse=True)
    codes = codes.reshape(-1).astype(np.int64)
    chosen = np.arange(len(known))
    how = np.zeros(len(starts), np.int8)
    order_chains(account, starts, ends, (codes[: len(known)], codes[len(known) :]), len(nodes), (chosen, how))
    slots = place[known]
    place[known[chosen]] = slots
    changed = np.flatnonzero((how == TURNED) | (how == BY_BALANCE))
    decisions = [_day(rows, known[chosen[starts[at] : ends[at]]], int(how[at])) for at in changed[:LISTED]]
    if len(changed) > LISTED:
        span = (int(time[starts[changed]].min()), int(time[starts[changed]].max()))
        decisions.append(_decision(rows, "", span, f"{len(changed):,} groups of rows in all, the first {LISTED:,} are listed"))
    return decisions


def _day(rows: Statement, order: Rows, how: int) -> dict[str, object]:
    lines = ", ".join(str(line) for line in rows.line[order[:12]]) + (", …" if len(order) > 12 else "")
    first, last = order[0], order[-1]
    before = yuan(int(rows.after[first] - rows.change[first]))
    way = "turned round" if how == TURNED else "ordered by their balances"
    told = f"{len(order)} rows of one time, {way}: lines {lines}; balances chain from {before} to {yuan(int(rows.after[last]))}"
    time = int(rows.time_us[first])
    return _decision(rows, rows.names[rows.account[first]], (time, time), told)


def _decision(rows: Statement, account: str, span: tuple[int, int], evidence: str) -> dict[str, object]:
    start, end = (instant(time) for time in span)
    names = sorted({rows.names[code] for code in np.unique(rows.account) if code >= 0})
    return {
        "kind": "order_of_day",
        "state": "applied",
        "account": account or (names[0] if len(names) == 1 else None),
        "from_time": start,
        "to_time": end,
        "evidence": evidence,
    }


def instant(time_us: int) -> datetime:
    """UTC microseconds as a moment."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


def yuan(fen: int) -> str:
    """Fen as decimals of yuan."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
