"""Running balances over all statements of an account: breaks, implied opening balances, seams between statements."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.candidates import Book
from ledger.reconcile.rows import BY_SOURCE, TWO_SIDED, Bools, Ints
from ledger.reconcile.sentences import moments, sentence, yuan
from ledger.reconcile.standing import Row, drafted

BREAK = "Balance chain: "
"""How the evidence of a break that we found begins; readers tell others."""
MOST_BREAKS = 1000
"""Breaks of one account that are listed; a chain with more is no statement."""


@dataclass(frozen=True)
class Chain:
    """The rows that tell of one account in one currency, in ledger order, a fee before the payment it belongs to.

    change: what the account gains. after: its balance, where `known`. seams: neighbouring rows of different files, of which the
    second does not start where the first ended.
    """

    account: int
    rows: Ints
    change: Ints
    after: Ints
    known: Bools
    seams: list[tuple[int, int]]

    def balance(self, row: int) -> int | None:
        """The balance after a row, where the statement gives it."""
        at = np.flatnonzero((self.rows == row) & self.known)
        return int(self.after[at[0]]) if len(at) else None

    def opening(self, row: int) -> int | None:
        """The balance before a row, where the statement gives it."""
        at = np.flatnonzero((self.rows == row) & self.known)
        return int(self.after[at[0]] - self.change[at[0]]) if len(at) else None

    def around(self, book: Book, end: int, start: int) -> tuple[int, int]:
        """The last row up to one time and the first row from another on; -1 for none."""
        times = book.rows.time_us[self.rows]
        before, after = int(np.searchsorted(times, end, "right")), int(np.searchsorted(times, start, "left"))
        return (int(self.rows[before - 1]) if before else -1), (int(self.rows[after]) if after < len(times) else -1)


@dataclass(frozen=True)
class Chains:
    """All chains behind each other. account: per chain; starts, ends: its place; seam, broken: places of (row, row before)."""

    account: Ints
    starts: Ints
    ends: Ints
    rows: Ints
    change: Ints
    after: Ints
    known: Bools
    seam: tuple[Ints, Ints]
    broken: tuple[Ints, Ints]

    def chain(self, at: int) -> Chain:
        """One of them."""
        part = slice(int(self.starts[at]), int(self.ends[at]))
        mine = (self.seam[0] >= part.start) & (self.seam[0] < part.stop)
        now, before = (self.rows[at[mine]].tolist() for at in self.seam)
        seams = list(zip(before, now, strict=True))
        return Chain(int(self.account[at]), self.rows[part], self.change[part], self.after[part], self.known[part], seams)

    @property
    def seamed(self) -> Ints:
        """Chains with seams."""
        return np.unique(np.searchsorted(self.starts, self.seam[0], "right") - 1)


def chains_of(book: Book) -> Chains:
    """The rows of every account with statements, and where their balances do not follow."""
    rows = book.rows
    told = np.flatnonzero(rows.live & (rows.side != TWO_SIDED))
    account = book.names.main[rows.own[told]]
    fee = rows.fee_of[told] >= 0
    order = np.lexsort((told, ~fee, rows.place[told], rows.time_us[told], rows.currency[told], account))
    told, account = told[order], account[order]
    new = (account[1:] != account[:-1]) | (np.diff(rows.currency[told]) != 0)
    starts = np.flatnonzero(np.concatenate([[True], new]))[: len(told)]
    change, after, known = _moves(book, told)
    seam, broken = _breaks(book, told, starts, (change, after, known))
    return Chains(
        account[starts], starts, np.append(starts[1:], len(told))[: len(starts)], told, change, after, known, seam, broken
    )


def _moves(book: Book, told: Ints) -> tuple[Ints, Ints, Bools]:
    rows = book.rows
    outward = rows.side[told] == BY_SOURCE
    change = np.where(outward, -rows.amount[told], rows.arrived[told])
    change[rows.source[told] == rows.target[told]] = 0
    balances = [rows.table[name].combine_chunks().take(told) for name in ("source_balance_fen", "target_balance_fen")]
    balance = pc.if_else(outward, balances[0], balances[1])
    return change, pc.fill_null(balance, 0).to_numpy(), np.asarray(balance.is_valid().to_numpy(False), bool)


def _breaks(
    book: Book, told: Ints, starts: Ints, moves: tuple[Ints, Ints, Bools]
) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Seams and breaks as places (row, row before) in `told`.

    A balance follows when it follows from the row before it in the account, or from the row before it in its own file.
    """
    file = book.rows.table["file"].to_numpy().astype(np.int64)[told]
    group = np.searchsorted(starts, np.arange(len(told)), "right") - 1
    level = moves[1] - _running(moves[0], group, starts)
    at = np.flatnonzero(moves[2])
    same = group[at[1:]] == group[at[:-1]]
    now, last = at[1:][same], at[:-1][same]
    off = (level[now] != level[last]) & ~_follows_in_file(moves, at, file, group)[now]
    now, last = now[off], last[off]
    between = file[now] != file[last]
    ended = between & _last_of_file(at, file, group)[last]
    return (now[ended], last[ended]), (now[~between], last[~between])


def _running(change: Ints, group: Ints, starts: Ints) -> Ints:
    total = np.cumsum(change)
    return total - (total[starts] - change[starts])[group] if len(total) else total


def _follows_in_file(moves: tuple[Ints, Ints, Bools], at: Ints, file: Ints, group: Ints) -> Bools:
    """Rows whose balance follows from the row before them in their own file."""
    order = np.lexsort((np.arange(len(file)), file, group))
    moved = np.cumsum(moves[0][order])
    place = np.empty(len(file), np.int64)
    place[order] = np.arange(len(file))
    known = at[np.argsort(place[at], kind="stable")]
    level = moves[1][known] - moved[place[known]]
    same = (file[known[1:]] == file[known[:-1]]) & (group[known[1:]] == group[known[:-1]])
    found = np.zeros(len(file), bool)
    found[known[1:][same & (level[1:] == level[:-1])]] = True
    return found


def _last_of_file(at: Ints, file: Ints, group: Ints) -> Bools:
    """Rows after which their file gives no further balance of the account."""
    found = np.zeros(len(file), bool)
    if len(at):
        key = (group[at] * (file.max() + 1) + file[at])[::-1]
        found[at[::-1][np.unique(key, return_index=True)[1]]] = True
    return found


def implied_openings(book: Book, chains: Chains) -> pa.Table:
    """What every account with statements held before its first row, and the least that its debits need."""
    rows, starts = book.rows, chains.starts
    group = np.repeat(np.arange(len(starts)), chains.ends - starts)
    running = _running(chains.change, group, starts)
    least = np.maximum(0, -np.minimum.reduceat(running, starts)) if len(starts) else starts
    known = np.flatnonzero(chains.known)
    with_balance, at = np.unique(group[known], return_index=True)
    one = np.full(len(starts), -1)
    one[with_balance] = known[at]
    stated = one >= 0
    opening = np.where(stated, chains.after[one] - running[one], least) if len(one) else least
    first, last = chains.rows[starts], chains.rows[chains.ends - 1]
    currency, line = rows.text("currency", first), rows.text("line", chains.rows[one])
    told = sentence("balance ", yuan(chains.after[one]), " in line ", line, " less what moved up to it leaves ", yuan(opening))
    told = pc.if_else(
        pa.array(stated), told, sentence("no balance is given; the least that covers every debit is ", yuan(opening))
    )
    count = pa.array(chains.ends - starts)
    evidence = sentence(
        told, " ", currency, " before ", moments(rows.time_us[first]), "; ", count, " rows need at least ", yuan(least)
    )
    return drafted(
        "implied_opening",
        "noted",
        evidence,
        account=book.names.text.take(pa.array(chains.account)),
        other_account=pc.if_else(pc.equal(currency, "CNY"), pa.scalar(None, pa.string()), currency),
        from_time=rows.time_us[first],
        to_time=rows.time_us[last],
        amount_fen=opening,
    )


def balance_breaks(book: Book, chains: Chains, standing: Mapping[str, Row]) -> pa.Table:
    """Balances that do not follow from the row before, where the file's reader has not told them already."""
    rows = book.rows
    now, last = chains.broken
    chain = np.searchsorted(chains.starts, now, "right") - 1
    keep = np.arange(len(now)) - np.searchsorted(chain, chain) < MOST_BREAKS
    read = [
        row["transfer"] for row in standing.values() if row["kind"] == "balance_break" and not row["evidence"].startswith(BREAK)
    ]
    ids = rows.text("transfer", chains.rows[now])
    keep &= ~np.asarray(pc.is_in(ids, value_set=pa.array(read, pa.string())).to_numpy(False), bool)
    now, last = now[keep], last[keep]
    moved = np.cumsum(chains.change)
    before = chains.after[now] - chains.change[now]
    expected = chains.after[last] + moved[now] - chains.change[now] - moved[last] if len(now) else before
    one, other = chains.rows[now], chains.rows[last]
    evidence = sentence(
        BREAK,
        yuan(expected),
        " should stand before line ",
        rows.text("line", one),
        " (",
        moments(rows.time_us[one]),
        "), which gives ",
        yuan(chains.after[now]),
        " after ",
        yuan(chains.change[now]),
        ", so ",
        yuan(before),
        " before; the balance before is in line ",
        rows.text("line", other),
    )
    return drafted(
        "balance_break",
        "noted",
        evidence,
        transfer=rows.text("transfer", one),
        account=rows.named(rows.own[one]),
        from_time=rows.time_us[other],
        to_time=rows.time_us[one],
        amount_fen=before - expected,
    )
