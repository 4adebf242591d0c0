"""Refunds and reversals tied to the payment they give back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.both_sides import Match
from ledger.reconcile.candidates import Book
from ledger.reconcile.pairing import MOST_PARTNERS, Entries, Pairs, degrees, distinct, mixed, near, together
from ledger.reconcile.rows import BY_SOURCE, BY_TARGET, DAY_US, Bools, Ints, Rows, without
from ledger.reconcile.sentences import AMBIGUOUS, apart, clipped, moments, sentence, yuan
from ledger.reconcile.standing import Row, drafted, settled
from ledger.reconcile.wording import REFUND_WORDS

LATEST_US = 180 * DAY_US
"""A refund comes within so much of its payment (P)."""
SEPARATORS = r"[_\-*.]"
LAST_PART = r"[_\-*.][^_\-*.]*$"
"""What is cut off an id to come to that of its original (RE2)."""
MOST_CUTS = 8
OPERATIONS = ("refund", "reversal", "return")
BY_ID, BY_REFERENCE, BY_AMOUNT = "its id begins with the payment's", "both carry one order or reference", "the wording says so"


@dataclass(frozen=True)
class Parties:
    """Payer and payee of every row after its second witness was heard: codes, a wallet's purses under their owner."""

    payer: Ints
    payee: Ints
    unknown: Bools


def reversals(book: Book, matches: Iterable[Match], standing: Mapping[str, Row]) -> list[pa.Table]:
    """Decisions that tie a refund without `reverses` to its one possible original; several originals are ambiguous.

    Tried in turn: the id begins with the original's; order or reference are equal; equal amount between the same two. The
    last two need wording that tells a refund. Refunds of one payment never give back more than it.
    """
    rows = book.rows
    done = rows.live & (rows.fee_of < 0)
    parties = _parties(book, matches, done)
    reverses = rows.table["reverses"].combine_chunks()
    open_refunds = np.flatnonzero(done & np.asarray(reverses.is_null().to_numpy(False)))
    worded = open_refunds[_worded(rows)[open_refunds]]
    originals = without(np.flatnonzero(done), worded)
    given = _given_back(rows, reverses)
    drafts = []
    refused = {(row["transfer"], row["other"]) for row in settled(standing, "reversal", confirmed=False)}
    steps = ((BY_ID, open_refunds), (BY_REFERENCE, worded), (BY_AMOUNT, worded))
    for how, refunds in steps:
        refunds = without(refunds, given.tied)
        pairs = _fitting(book, parties, _pairs(book, parties, how, refunds, originals), how != BY_AMOUNT, given.left)
        pairs = pairs.only(_not_refused(rows, pairs, refused))
        sole = degrees(pairs, rows.count)[0][pairs.left] == 1
        sole &= ~given.overdrawn(pairs.left[sole], pairs.right[sole], rows, sole)
        given.take(pairs.left[sole], pairs.right[sole], rows)
        drafts += [_told(book, pairs.only(sole), how, "applied"), _told(book, pairs.only(~sole), how, "ambiguous")]
        drafts.append(_crowded(book, without(pairs.crowded_left, pairs.left)))
        given.tied = np.concatenate([given.tied, pairs.left, pairs.crowded_left])
    return drafts


@dataclass
class Given:
    """What has been given back so far. left: fen per payment; tied: refunds that need no further look."""

    left: Ints
    tied: Ints

    def overdrawn(self, refunds: Ints, originals: Ints, rows: Rows, sole: Bools) -> Bools:
        """Per pair of `sole` whether the refunds of its payment together give back more than is left of it."""
        total = np.zeros(rows.count, np.int64)
        np.add.at(total, originals, rows.arrived[refunds])
        found = np.zeros(len(sole), bool)
        found[sole] = total[originals] > self.left[originals]
        return found

    def take(self, refunds: Ints, originals: Ints, rows: Rows) -> None:
        """Book refunds against their payments."""
        np.subtract.at(self.left, originals, rows.arrived[refunds])


def _given_back(rows: Rows, reverses: pa.Array) -> Given:
    """What rows give back that name their original themselves."""
    left = rows.amount.copy()
    told = np.flatnonzero(reverses.is_valid().to_numpy(False) & rows.live)
    at = pc.fill_null(
        pc.index_in(reverses.take(pa.array(told)), value_set=rows.table["transfer"].combine_chunks()), -1
    ).to_numpy()
    np.subtract.at(left, at[at >= 0], rows.arrived[told[at >= 0]])
    return Given(left, told)


def _parties(book: Book, matches: Iterable[Match], done: Bools) -> Parties:
    """Also takes second witnesses out of `done`."""
    rows, names = book.rows, book.names
    source, target = rows.source.copy(), rows.target.copy()
    for match in matches:
        done[match.other] = False
        both = (rows.side[match.stays] == BY_SOURCE) & (rows.side[match.other] == BY_TARGET)
        target[match.stays[both]] = rows.target[match.other[both]]
    silent = names.points_to >= 0
    owner = _owners(book)
    return Parties(owner[names.main[source]], owner[names.main[target]], silent[source] | silent[target])


def _owners(book: Book) -> Ints:
    """Per name the code of its holder in its wallet; a purse counts as its owner."""
    text = book.names.text
    wallet = np.flatnonzero(book.names.wallet > 0)
    owners = pc.replace_substring_regex(text.take(pa.array(wallet)), r"/[^/]*$", "")
    codes = np.arange(len(text), dtype=np.int64)
    codes[wallet] = len(text) + owners.dictionary_encode().indices.to_numpy()
    return codes


def _worded(rows: Rows) -> Bools:
    said = np.zeros(rows.count, bool)
    for name in ("remark", "channel", "operation"):
        text = pc.utf8_lower(rows.table[name].combine_chunks())
        said |= np.asarray(pc.fill_null(pc.match_substring_regex(text, REFUND_WORDS), False).to_numpy(False), bool)
    operation = pc.is_in(rows.table["operation"].combine_chunks(), value_set=pa.array(OPERATIONS))
    return np.asarray(said | operation.to_numpy(False), bool)


def _pairs(book: Book, parties: Parties, how: str, refunds: Ints, originals: Ints) -> Pairs:
    rows = book.rows
    if how == BY_ID:
        return _by_id(rows, refunds, originals)
    if how == BY_REFERENCE:
        codes = [(one, other) for one in ("reference", "order") for other in ("reference", "order")]
        return together(
            [
                _near(rows, refunds, originals, getattr(book.references, one), getattr(book.references, other))
                for one, other in codes
            ]
        )
    back = mixed(parties.payee, parties.payer, rows.arrived, rows.currency)
    out = mixed(parties.payer, parties.payee, rows.amount, rows.currency)
    return _near(rows, refunds, originals, back, out, keyed=True)


def _near(rows: Rows, refunds: Ints, originals: Ints, back: Ints, out: Ints, keyed: bool = False) -> Pairs:
    one, other = (refunds, originals) if keyed else (refunds[back[refunds] >= 0], originals[out[originals] >= 0])
    return near(Entries(one, back[one], rows.time_us[one]), Entries(other, out[other], rows.time_us[other]), LATEST_US, 0)


def _by_id(rows: Rows, refunds: Ints, originals: Ints) -> Pairs:
    """Refunds whose id is the original's, a separator and something more; the longest such original counts."""
    known = rows.text("transfer", originals)
    none = np.empty(0, np.int64)
    found = [(none, none)]
    rest = rows.text("transfer", refunds)
    for _ in range(MOST_CUTS):
        cut = np.flatnonzero(pc.match_substring_regex(rest, SEPARATORS).to_numpy(False))
        if not len(cut):
            break
        refunds, rest = refunds[cut], pc.replace_substring_regex(rest.take(pa.array(cut)), LAST_PART, "")
        at = pc.fill_null(pc.index_in(rest, value_set=known), -1).to_numpy()
        found.append((refunds[at >= 0], originals[at[at >= 0]]))
        refunds, rest = refunds[at < 0], rest.filter(pa.array(at < 0))
    left, right = (np.concatenate(side) for side in zip(*found, strict=True))
    return distinct(Pairs(left, right, none, none))


def _fitting(book: Book, parties: Parties, pairs: Pairs, partial: bool, left: Ints) -> Pairs:
    """Pairs of opposite direction between the same two, the refund later, not larger, in one currency."""
    rows, one, other = book.rows, pairs.left, pairs.right
    gap = rows.time_us[one] - rows.time_us[other]
    keep = (gap >= 0) & (gap <= LATEST_US) & (one != other) & (rows.currency[one] == rows.currency[other])
    keep &= (rows.place[one] > rows.place[other]) | (gap > 0)
    payer, payee = parties.payer[other] == parties.payee[one], parties.payee[other] == parties.payer[one]
    unknown = parties.unknown[one] | parties.unknown[other]
    keep &= (payer & payee) | ((payer | payee) & unknown & partial)
    same = rows.arrived[one] == rows.amount[other]
    keep &= (rows.arrived[one] <= rows.amount[other]) if partial else same
    return pairs.only(keep & (left[other] >= rows.arrived[one]))


def _not_refused(rows: Rows, pairs: Pairs, refused: set[tuple[str, str]]) -> Bools:
    if not refused:
        return np.ones(len(pairs.left), bool)
    ids = zip(rows.text("transfer", pairs.left).to_pylist(), rows.text("transfer", pairs.right).to_pylist(), strict=True)
    return np.array([pair not in refused for pair in ids], bool)


def _crowded(book: Book, refunds: Ints) -> pa.Table:
    """Refunds with too many possible originals to list: counted per account and amount."""
    rows = book.rows
    key = mixed(rows.source[refunds], rows.target[refunds], rows.arrived[refunds], rows.currency[refunds])
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    one = np.sort(refunds[first])
    evidence = sentence(
        AMBIGUOUS,
        pa.array(count[np.argsort(refunds[first])]),
        " refunds of ",
        yuan(rows.arrived[one]),
        " ",
        rows.text("currency", one),
        " from ",
        clipped(rows.named(rows.source[one])),
        " to ",
        clipped(rows.named(rows.target[one])),
        f", each with more than {MOST_PARTNERS} payments it may give back",
    )
    return drafted("reversal", "ambiguous", evidence, transfer=rows.text("transfer", one), amount_fen=rows.arrived[one])


def _told(book: Book, pairs: Pairs, how: str, state: str) -> pa.Table:
    rows, one, other = book.rows, pairs.left, pairs.right
    count = np.bincount(one, minlength=rows.count)[one]
    doubt = sentence(AMBIGUOUS, pa.array(count), " payments fit, or its refunds exceed the payment: ")
    evidence = sentence(
        doubt if state == "ambiguous" else "",
        yuan(rows.arrived[one]),
        " ",
        rows.text("currency", one),
        " back on ",
        moments(rows.time_us[one]),
        " (line ",
        rows.text("line", one),
        ") of ",
        yuan(rows.amount[other]),
        " paid on ",
        moments(rows.time_us[other]),
        " (line ",
        rows.text("line", other),
        "), ",
        apart(rows.time_us[one] - rows.time_us[other]),
        " before, between ",
        clipped(rows.named(rows.source[other])),
        " and ",
        clipped(rows.named(rows.target[other])),
        ": ",
        how,
    )
    return drafted(
        "reversal",
        state,
        evidence,
        transfer=rows.text("transfer", one),
        other=rows.text("transfer", other),
        from_time=rows.time_us[other],
        to_time=rows.time_us[one],
        amount_fen=rows.arrived[one],
    )
