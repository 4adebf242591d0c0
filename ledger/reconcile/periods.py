"""Which period a statement covers, and the holes between the statements of one account."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from ledger.reconcile.candidates import Book
from ledger.reconcile.known import code_of
from ledger.reconcile.rows import DAY_US
from ledger.reconcile.sentences import moment_text, yuan_text
from ledger.reconcile.standing import Row
from ledger.reconcile.statements import Chain, Chains

LONGEST_SEAM_US = DAY_US
"""One statement ends on a day and the next begins on the day after: no hole."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Period:
    """A statement of an account speaks of everything between two times; balances at both ends where it gives them."""

    account: str
    from_time: datetime
    to_time: datetime
    file: int = -1
    opening_fen: int | None = None
    closing_fen: int | None = None


@dataclass(frozen=True)
class Covered:
    """A stretch of time without a hole, in microseconds, and the balances stated at its ends."""

    start: int
    end: int
    opening: int | None
    closing: int | None


def period_gaps(book: Book, chains: Chains, periods: Iterable[Period], standing: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Holes between the periods of an account's statements, and seams at which the balances do not meet.

    A hole that stands is kept while neither a row nor a period lies in it: the periods of earlier batches are not given again.
    """
    names = book.names
    told: dict[int, list[Period]] = defaultdict(list)
    given = list(periods)
    for period, code in zip(given, code_of(names, [one.account for one in given]).tolist(), strict=True):
        if code >= 0:
            told[int(names.main[code])].append(period)
    held: dict[int, list[Row]] = defaultdict(list)
    rows = [row for row in standing.values() if row["kind"] == "period_gap" and row["state"] == "noted"]
    for row, code in zip(rows, code_of(names, [row["account"] for row in rows]).tolist(), strict=True):
        if code >= 0:
            held[int(names.main[code])].append(row)
    wanted = np.union1d(chains.seamed, np.flatnonzero(np.isin(chains.account, [*told, *held])))
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for chain in map(chains.chain, wanted.tolist()):
        covered = _covered(told[chain.account])
        gaps = [*_holes(book, covered, chain), *_starts(book, told[chain.account], chain), *_seams(book, chain)]
        for row in [*gaps, *_kept(book, covered, chain, held[chain.account])]:
            found.setdefault((row["transfer"], row["other"], row["account"]), row)
    return list(found.values())


def _micro(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def _covered(periods: Iterable[Period]) -> list[Covered]:
    """The periods of one account run together, in order of time."""
    found: list[Covered] = []
    ordered = sorted(periods, key=lambda one: (_micro(one.from_time), _micro(one.to_time), one.opening_fen or 0))
    for period in ordered:
        start, end = _micro(period.from_time), _micro(period.to_time)
        if found and start - found[-1].end <= LONGEST_SEAM_US:
            last = found.pop()
            later = end > last.end
            found.append(Covered(last.start, max(end, last.end), last.opening, period.closing_fen if later else last.closing))
        else:
            found.append(Covered(start, end, period.opening_fen, period.closing_fen))
    return found


def _holes(book: Book, covered: Sequence[Covered], chain: Chain) -> Iterable[dict[str, Any]]:
    for one, other in pairwise(covered):
        before, after = chain.around(book, one.end, other.start)
        closing = one.closing if one.closing is not None else chain.balance(before)
        opening = other.opening if other.opening is not None else chain.opening(after)
        yield _gap(
            book, (chain.account, before, after), (one.end, other.start), (closing, opening), "no statement covers the time"
        )


def _starts(book: Book, periods: Iterable[Period], chain: Chain) -> Iterable[dict[str, Any]]:
    """A statement whose first row does not start from the opening balance it states."""
    for period in periods:
        start, end = _micro(period.from_time), _micro(period.to_time)
        after = chain.around(book, start - 1, start)[1]
        opening = chain.opening(after)
        if period.opening_fen is not None and opening is not None and opening != period.opening_fen:
            time = int(book.rows.time_us[after])
            if time <= end:
                yield _gap(
                    book,
                    (chain.account, -1, after),
                    (start, time),
                    (period.opening_fen, opening),
                    "rows are missing at the start",
                )


def _seams(book: Book, chain: Chain) -> Iterable[dict[str, Any]]:
    for before, after in chain.seams:
        ends = int(book.rows.time_us[before]), int(book.rows.time_us[after])
        balances = chain.balance(before), chain.opening(after)
        yield _gap(book, (chain.account, before, after), ends, balances, "one statement does not continue the other")


def _kept(book: Book, covered: Sequence[Covered], chain: Chain, held: Iterable[Row]) -> Iterable[dict[str, Any]]:
    times = book.rows.time_us[chain.rows]
    for row in held:
        start, end = _micro(row["from_time"]), _micro(row["to_time"])
        empty = not ((times > start) & (times < end)).any()
        if empty and not any(one.start <= start and one.end >= end for one in covered):
            yield dict(row) | {"from_time": start, "to_time": end}


def _gap(
    book: Book, rows: tuple[int, int, int], times: tuple[int, int], balances: tuple[int | None, int | None], why: str
) -> dict[str, Any]:
    account, before, after = rows
    told = f"{why} from {moment_text(times[0])} to {moment_text(times[1])}"
    closing, opening = balances
    if closing is not None and opening is not None:
        moved = (
            "the balances agree, so what is missing cancels out"
            if closing == opening
            else f"{yuan_text(opening - closing)} moved unseen"
        )
        told += f"; balance {yuan_text(closing)} before, {yuan_text(opening)} after: {moved}"
    ids = book.rows.table["transfer"]
    return {
        "kind": "period_gap",
        "state": "noted",
        "transfer": ids[after].as_py() if after >= 0 else None,
        "other": ids[before].as_py() if before >= 0 else None,
        "account": book.names.text[account].as_py(),
        "from_time": times[0],
        "to_time": times[1],
        "amount_fen": None if closing is None or opening is None else opening - closing,
        "evidence": told,
    }
