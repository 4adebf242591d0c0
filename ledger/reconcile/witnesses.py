"""The decisions `both_sides`: one transfer with two witnesses, and the rows that could be witnesses but are not unique."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.both_sides import BY_REFERENCE, BY_TIME, IN_ORDER, WITH_FEE, Doubt, Match, Verdict, match_sides, payments
from ledger.reconcile.candidates import Book
from ledger.reconcile.pairing import MOST_PARTNERS, Pairs, mixed
from ledger.reconcile.rows import Ints, without
from ledger.reconcile.sentences import AMBIGUOUS, apart, clipped, moments, sentence, yuan
from ledger.reconcile.standing import Row, drafted, settled
from ledger.reconcile.told_twice import told_twice
from ledger.reconcile.wallet_cards import BY_WALLET, match_cards

LISTED_PARTNERS = 5
"""Possible second witnesses of a row that are listed, the nearest first."""
LISTED_ROWS = 100
"""Doubtful rows of one account and amount that are listed; beyond, they are counted."""
RECORD = "record"
_GROUNDS = {
    BY_REFERENCE: "both rows carry one reference and the same amount",
    BY_TIME: "no other row of either account fits: same amount, times in the window, and a row names the account of the other",
    IN_ORDER: "the two accounts' statements tell equally many such payments, taken in the order of their times",
    WITH_FEE: "the payee's amount is the payer's with the fee that was split off; no other row fits",
    BY_WALLET: "the wallet's bill and the card's bank tell one payment by this card; no other row fits",
    RECORD: "two files tell a transfer with the same accounts, amount and reference",
}


def witnesses(book: Book, standing: Mapping[str, Row]) -> tuple[list[pa.Table], list[Match]]:
    """All decisions of this kind, and the matches among them."""
    source, target, both = payments(book.rows)
    refused, confirmed = (_pairs(book, standing, state) for state in (False, True))
    matches, drafts = _confirmed(confirmed)
    gone = [match.other for match in matches] + [match.stays for match in matches]
    stays, others, doubtful = told_twice(book, both)
    keep = ~np.isin(stays * book.rows.count + others, _packed(book, refused))
    matches.append(Match(stays[keep], others[keep], RECORD))
    drafts.append(_repeated(book, doubtful))
    both = without(both, others[keep])
    source, target = (without(side, np.concatenate([*gone, both[:0]])) for side in (source, target))
    payees = match_sides(book, both, target, refused)
    payers = _turned(match_sides(book, source, both, [(other, one) for one, other in refused]))
    source, target = without(source, payers.others), without(target, payees.others)
    sides = match_sides(book, source, target, refused)
    for verdict in (payees, payers, sides):
        matches += verdict.matches
        drafts += _doubts(book, verdict.doubt)
    cards, unclear = match_cards(book, _free(book, matches, sides))
    keep = ~np.isin(cards.stays * book.rows.count + cards.other, _packed(book, refused))
    matches.append(Match(cards.stays[keep], cards.other[keep], BY_WALLET))
    drafts.append(_listed(book, unclear))
    return [_told(book, match) for match in matches] + drafts, matches


def _free(book: Book, matches: list[Match], sides: Verdict) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    free = np.ones(book.rows.count, bool)
    for match in matches:
        free[match.stays] = free[match.other] = False
    free[sides.doubt.found.pairs.left] = free[sides.doubt.crowded] = free[sides.doubt.found.pairs.right] = False
    return free


def _pairs(book: Book, standing: Mapping[str, Row], confirmed: bool) -> list[tuple[int, int]]:
    """Pairs of rows an officer settled, as far as both rows are here."""
    told = [
        (row["transfer"], row["other"])
        for row in settled(standing, "both_sides", confirmed)
        if row["transfer"] and row["other"]
    ]
    if not told:
        return []
    ids = book.rows.table["transfer"].combine_chunks()
    found = pc.fill_null(pc.index_in(pa.array([name for pair in told for name in pair]), value_set=ids), -1)
    at = found.to_numpy().reshape(-1, 2)
    return [(int(one), int(other)) for one, other in at if one >= 0 and other >= 0]


def _packed(book: Book, pairs: list[tuple[int, int]]) -> Ints:
    return np.array([one * book.rows.count + other for one, other in pairs], np.int64)


def _confirmed(pairs: list[tuple[int, int]]) -> tuple[list[Match], list[pa.Table]]:
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return ([Match(rows[:, 0], rows[:, 1], BY_TIME)] if pairs else []), []


def _turned(verdict: Verdict) -> Verdict:
    """The same with the right row as the one that stays."""
    return Verdict(tuple(Match(match.other, match.stays, match.how) for match in verdict.matches), verdict.doubt)


def _told(book: Book, match: Match) -> pa.Table:
    """Applied decisions, their evidence in one sentence."""
    rows, one, other = book.rows, match.stays, match.other
    gap = rows.time_us[other] - rows.time_us[one]
    shared = book.references.shared(one, other)
    carried = _reference(book, one, other, shared)
    evidence = sentence(
        yuan(rows.arrived[one]),
        " ",
        rows.text("currency", one),
        ", ",
        moments(rows.time_us[one]),
        " (line ",
        rows.text("line", one),
        ") ",
        _sides(book, one),
        " and ",
        moments(rows.time_us[other]),
        " (line ",
        rows.text("line", other),
        ") ",
        _sides(book, other),
        ", ",
        apart(gap),
        " apart",
        carried,
        ": ",
        _GROUNDS[match.how],
    )
    return _draft(book, "applied", evidence, one, other)


def _sides(book: Book, rows: Ints) -> pa.Array:
    return sentence(clipped(book.rows.named(book.rows.source[rows])), " -> ", clipped(book.rows.named(book.rows.target[rows])))


def _reference(book: Book, one: Ints, other: Ints, shared: Ints) -> pa.Array:
    """The reference that both rows carry, as the first one spells it."""
    ours = book.references.reference[one] == shared
    spelt = pc.if_else(pa.array(ours), book.rows.text("reference", one), book.rows.text("order", one))
    told = sentence(", reference ", clipped(spelt))
    return pc.if_else(pa.array(shared >= 0), told, "")


def _draft(book: Book, state: str, evidence: pa.Array, one: Ints, other: Ints) -> pa.Table:
    rows = book.rows
    return drafted(
        "both_sides",
        state,
        evidence,
        transfer=rows.text("transfer", one),
        other=rows.text("transfer", other),
        from_time=np.minimum(rows.time_us[one], rows.time_us[other]),
        to_time=np.maximum(rows.time_us[one], rows.time_us[other]),
        amount_fen=rows.arrived[one],
    )


def _doubts(book: Book, doubt: Doubt) -> list[pa.Table]:
    """Possible pairs, the nearest first; of an account and amount with very many doubtful rows only their number."""
    rows, pairs = book.rows, doubt.found.pairs
    lefts = np.unique(np.concatenate([pairs.left, doubt.crowded]))
    if not len(lefts):
        return []
    _, group = np.unique(
        mixed(book.names.main[rows.source[lefts]], rows.arrived[lefts], rows.currency[lefts]), return_inverse=True
    )
    crowded = np.isin(lefts, doubt.crowded)
    many = (np.bincount(group) > LISTED_ROWS) | (np.bincount(group, crowded) > 0)
    counted = lefts[many[group]]
    return [_counted(book, counted, group[many[group]]), _listed(book, pairs.only(~np.isin(pairs.left, counted)))]


def _counted(book: Book, lefts: Ints, group: Ints) -> pa.Table:
    rows = book.rows
    kinds, first, count = np.unique(group, return_index=True, return_counts=True)
    one = lefts[first]
    last = np.full(len(kinds), 0, np.int64)
    np.maximum.at(last, np.searchsorted(kinds, group), rows.time_us[lefts])
    evidence = sentence(
        AMBIGUOUS,
        pa.array(count),
        " rows like this one: ",
        yuan(rows.arrived[one]),
        " ",
        rows.text("currency", one),
        " out of ",
        clipped(rows.named(rows.source[one])),
        " between ",
        moments(rows.time_us[one]),
        " and ",
        moments(last),
        f" with too many possible second witnesses to list (more than {MOST_PARTNERS} a row, or more than {LISTED_ROWS} rows)",
    )
    names = rows.named(rows.source[one])
    return drafted(
        "both_sides",
        "ambiguous",
        evidence,
        transfer=rows.text("transfer", one),
        account=names,
        from_time=rows.time_us[one],
        to_time=last,
        amount_fen=rows.arrived[one],
    )


def _listed(book: Book, pairs: Pairs) -> pa.Table:
    rows = book.rows
    gap = np.abs(rows.time_us[pairs.right] - rows.time_us[pairs.left])
    order = np.lexsort((pairs.right, gap, pairs.left))
    left, right = pairs.left[order], pairs.right[order]
    start = np.searchsorted(left, left)
    keep = np.arange(len(left)) - start < LISTED_PARTNERS
    count = np.bincount(left, minlength=rows.count)[left], np.bincount(right, minlength=rows.count)[right]
    left, right = left[keep], right[keep]
    evidence = sentence(
        AMBIGUOUS,
        yuan(rows.arrived[left]),
        " ",
        rows.text("currency", left),
        ", ",
        moments(rows.time_us[left]),
        " (line ",
        rows.text("line", left),
        ") ",
        _sides(book, left),
        " may be ",
        moments(rows.time_us[right]),
        " (line ",
        rows.text("line", right),
        ") ",
        _sides(book, right),
        ", but ",
        pa.array(count[0][keep]),
        " rows fit the first and ",
        pa.array(count[1][keep]),
        " the second",
    )
    record = rows.side[right] == 0
    return _draft(book, "ambiguous", evidence, np.where(record, right, left), np.where(record, left, right))


def _repeated(book: Book, first: Ints) -> pa.Table:
    rows = book.rows
    evidence = sentence(
        AMBIGUOUS,
        "several files tell ",
        yuan(rows.arrived[first]),
        " ",
        rows.text("currency", first),
        " ",
        _sides(book, first),
        " with the reference ",
        clipped(rows.text("reference", first)),
        ", and one of them more than once or at times too far apart",
    )
    return drafted("both_sides", "ambiguous", evidence, transfer=rows.text("transfer", first), amount_fen=rows.arrived[first])
