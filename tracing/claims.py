"""Claims: what victims report, as the piece of the disputed payment it stands for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.follow import Pieces, joined
from tracing.legs import Ints
from tracing.lots import LotAxis
from tracing.result import Parameters

REMAINDERS = 1 << 16
"""Legs are told apart by their remainder before they are searched for: of many pieces few are left."""


@dataclass(frozen=True)
class Claims:
    """table: one row per claim that is traced, sorted by claim; the columns of `Trace.claims` before overlaps are known, and
    paid_fen, payer_code (the account the payment left) and reported_us.

    warnings: reports that cannot be traced, and why.
    """

    table: pd.DataFrame
    warnings: tuple[str, ...]


def claims_of(ledger: Ledger, axis: LotAxis, parameters: Parameters) -> Claims:
    """The reports to trace, joined to the payments they dispute.

    A report of an unknown payment, of one that did not take place by `as_of`, or in another currency is left out with a
    warning; an amount above the payment is cut to the payment.
    """
    warnings: list[str] = []
    reports = chosen_reports(ledger, axis, parameters)
    reports = dropped(reports, reports["transfer_row"] < 0, "names a payment that is not in the ledger", warnings)
    rows = reports["transfer_row"].to_numpy(dtype=np.int64)
    reports = reports.assign(**payments(ledger, rows).set_index(reports.index))
    reports = dropped(reports, pd.Series(rows >= axis.rows, reports.index), "names a payment later than as-of", warnings)
    rows = reports["transfer_row"].to_numpy(dtype=np.int64)
    idle = pd.Series(np.isin(rows, axis.idle_row), reports.index)
    reports = dropped(reports, idle, "names a payment that failed or was undone", warnings)
    currency = parameters.currency or commonest(reports["currency"])
    reports = dropped(reports, reports["currency"] != currency, f"is not in {currency}", warnings)
    asked = reports["amount_fen"].fillna(reports["paid_fen"]).to_numpy(dtype=np.int64)
    paid = reports["paid_fen"].to_numpy(dtype=np.int64)
    for report in reports["report"][asked > paid]:
        warnings.append(f"report {report} claims more than the payment; the payment's amount is traced")
    table = pd.DataFrame(
        {
            "claim": reports["report"].astype(object),
            "victim": reports["victim"].astype(object),
            "transfer": reports["transfer"].astype(object),
            "transfer_row": reports["transfer_row"].to_numpy(dtype=np.int64),
            "currency": reports["currency"].astype(object),
            "reported_fen": np.minimum(asked, paid),
            "paid_fen": paid,
            "payer_code": reports["payer_code"].to_numpy(dtype=np.int64),
            "reported_us": reports["reported"].astype("int64[pyarrow]").fillna(2**62).to_numpy(dtype=np.int64),
        }
    )
    return Claims(table.sort_values("claim", ignore_index=True), tuple(warnings))


def chosen_reports(ledger: Ledger, axis: LotAxis, parameters: Parameters) -> pd.DataFrame:
    """The reports asked for, with their transfer_row. Raises: LiushuiError TRC-report for one that does not exist."""
    reports = ledger.reports.reset_index(drop=True).assign(transfer_row=axis.report_row)
    if parameters.reports is None:
        return reports
    if missing := sorted(set(parameters.reports) - set(reports["report"])):
        raise LiushuiError("TRC-report", f"not in the ledger: report {', '.join(missing)}")
    return reports[reports["report"].isin(parameters.reports).to_numpy(dtype=bool)]


def payments(ledger: Ledger, rows: Ints) -> pd.DataFrame:
    """paid_fen, payer_code and currency of the transfer rows."""
    found = ledger.rows(rows, "amount_fen", "source", "currency")
    numbers = {"paid_fen": found["amount_fen"], "payer_code": found["source"]}
    return pd.DataFrame(
        {name: column.to_numpy(dtype=np.int64) for name, column in numbers.items()}
        | {"currency": found["currency"].astype(object)}
    )


def dropped(reports: pd.DataFrame, where: "pd.Series[bool]", why: str, warnings: list[str]) -> pd.DataFrame:
    """The reports without those that cannot be traced; each of those becomes a warning."""
    for report in sorted(reports["report"][where.to_numpy(dtype=bool)]):
        warnings.append(f"report {report} {why}")
    return reports[~where.to_numpy(dtype=bool)]


def commonest(currencies: "pd.Series[str]") -> str:
    """The most frequent currency, the alphabetically first among equals; CNY where there is none."""
    counts = currencies.value_counts()
    return str(min(counts.index[counts == counts.max()])) if len(counts) else "CNY"


def seeds_of(claims: pd.DataFrame, axis: LotAxis) -> Pieces:
    """The disputed payments as pieces: hop 1, disjoint where several reports dispute one payment.

    The report made first has the first fen; what reports ask beyond the payment is left off the later ones.

    Args:
        claims: `Claims.table`. A trace of one claim takes microseconds, so it is read column by column.
    """
    columns = ("transfer_row", "reported_us", "reported_fen", "paid_fen")
    rows, reported_us, fen, paid = (claims[name].to_numpy(dtype=np.int64) for name in columns)
    order = np.lexsort([reported_us, rows])  # the table is sorted by claim, which decides between reports of one instant
    rows, fen = rows[order], fen[order]
    parts = legs_of_rows(axis, rows, paid[order])
    begin = asked_before(rows, fen)
    end = begin + fen
    start = np.maximum(begin[parts.at], parts.begin) - parts.begin
    until = np.minimum(end[parts.at], parts.end) - parts.begin
    return pieces_at(order[parts.at], parts.leg, start, until)


def asked_before(rows: Ints, fen: Ints) -> Ints:
    """What the reports of one payment that stand before each other ask together; equal `rows` stand side by side."""
    before = np.cumsum(fen) - fen
    is_first = np.append(True, rows[1:] != rows[:-1])[: len(rows)]
    return np.asarray(before - before[is_first][np.cumsum(is_first) - 1], dtype=np.int64)


@dataclass(frozen=True)
class RowLegs:
    """The legs that make up some transfer rows: leg, and the fen of the amount it carries, begin … end; sorted by row, begin.

    at: which of the rows asked for.
    """

    at: Ints
    leg: Ints
    begin: Ints
    end: Ints


def legs_of_rows(axis: LotAxis, rows: Ints, paid_fen: Ints) -> RowLegs:
    """The legs that make up each transfer row, in the order of `rows`."""
    at, none = np.arange(len(rows)), np.zeros(len(rows), dtype=np.int64)
    extra = np.flatnonzero(np.isin(axis.extra_row, rows))
    if not len(extra):
        return RowLegs(at, rows, none, paid_fen)
    extra = extra[np.argsort(axis.extra_row[extra], kind="stable")]
    first = np.searchsorted(axis.extra_row[extra], rows, side="left")
    count = np.searchsorted(axis.extra_row[extra], rows, side="right") - first
    split = extra[np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())]
    at = np.concatenate([at, np.repeat(at, count)])
    leg = np.concatenate([rows, axis.extra_legs[split]])
    begin = np.concatenate([none, axis.extra_part_fen[split]])
    order = np.lexsort([begin, at])
    at, leg, begin = at[order], leg[order], begin[order]
    is_last = np.append(at[1:] != at[:-1], True)
    return RowLegs(at, leg, begin, np.where(is_last, paid_fen[at], np.append(begin[1:], 0)))


def pieces_at(claim: Ints, leg: Ints, start: Ints, end: Ints) -> Pieces:
    """Seed pieces for the intervals that are not empty."""
    some = end > start
    claim, leg, start, end = claim[some], leg[some], start[some], end[some]
    one = np.ones(len(claim), dtype=np.int64)
    return Pieces(claim, leg, start, end - start, end - start, one, one, one, one * 0)


def without_overlaps(seeds: Pieces, carried: Pieces) -> Pieces:
    """The seeds less what other claims' money already was: the first claim on a piece of money wins.

    Args:
        carried: every piece of a trace of these very seeds (the seeds themselves have hop 1).
    """
    others = arrivals_on(seeds.leg, carried)
    if not len(others):
        return seeds
    others = others.take(np.argsort(others.leg, kind="stable"))
    low, high = np.searchsorted(others.leg, seeds.leg, side="left"), np.searchsorted(others.leg, seeds.leg, side="right")
    claim, leg, start, end = [], [], [], []
    for k in np.flatnonzero(high > low):
        at = slice(low[k], high[k])
        for begin, until in gaps(seeds.start_fen[k], seeds.start_fen[k] + seeds.fen[k], others.start_fen[at], others.fen[at]):
            claim.append(seeds.claim[k])
            leg.append(seeds.leg[k])
            start.append(begin)
            end.append(until)
    left = pieces_at(*(np.asarray(values, dtype=np.int64) for values in (claim, leg, start, end)))
    return joined([seeds.take(high == low), left])


def arrivals_on(legs: Ints, carried: Pieces) -> Pieces:
    """The carried pieces, hop 1 left out, that are on one of the legs."""
    is_near = np.zeros(REMAINDERS, dtype=np.bool_)
    is_near[legs % REMAINDERS] = True
    near = np.flatnonzero(is_near[carried.leg % REMAINDERS] & (carried.hop > 1))
    return carried.take(near[np.isin(carried.leg[near], legs)])


def gaps(begin: int, end: int, start: Ints, fen: Ints) -> list[tuple[int, int]]:
    """The parts of begin … end that no interval covers."""
    free, at = [], begin
    for k in np.argsort(start, kind="stable"):
        if start[k] >= end:
            break
        if start[k] > at:
            free.append((at, int(start[k])))
        at = max(at, int(start[k] + fen[k]))
    return [*free, (at, end)] if at < end else free
