"""What is only noted: transfers between accounts of one holder, and transfers that failed."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.candidates import Book
from ledger.reconcile.known import Names
from ledger.reconcile.pairing import mixed
from ledger.reconcile.rows import Bools, Ints
from ledger.reconcile.sentences import clipped, moments, sentence, yuan
from ledger.reconcile.standing import Row, drafted


def own_account_hops(book: Book, dropped: Ints) -> pa.Table:
    """One decision per two accounts of one holder: how often and how much went from the one to the other.

    One holder means the same holder's id, or purses of one wallet; an equal name alone is a namesake.

    Args:
        dropped: rows that are second witnesses and do not count.
    """
    rows, names = book.rows, book.names
    counts = rows.live.copy()
    counts[dropped] = False
    source, target = names.main[rows.source], names.main[rows.target]
    hop = np.flatnonzero(counts & (source != target) & _one_holder(names, rows.source, rows.target))
    if not len(hop):
        return drafted("own_account_hop", "noted", pa.array([], pa.string()))
    _, first, group = np.unique(mixed(source[hop], target[hop], rows.currency[hop]), return_index=True, return_inverse=True)
    total, last = np.zeros(len(first), np.int64), np.zeros(len(first), np.int64)
    np.add.at(total, group, rows.amount[hop])
    np.maximum.at(last, group, rows.time_us[hop])
    one = hop[first]
    sides = [names.text.take(pa.array(codes[one])) for codes in (source, target)]
    evidence = sentence(
        pa.array(np.bincount(group)),
        " transfers of ",
        yuan(total),
        " ",
        rows.text("currency", one),
        " together from ",
        clipped(sides[0]),
        " to ",
        clipped(sides[1]),
        " between ",
        moments(rows.time_us[one]),
        " and ",
        moments(last),
        ": both are accounts of ",
        _holder(book, one),
    )
    return drafted(
        "own_account_hop",
        "noted",
        evidence,
        account=sides[0],
        other_account=sides[1],
        from_time=rows.time_us[one],
        to_time=last,
        amount_fen=total,
    )


def _one_holder(names: Names, source: Ints, target: Ints) -> Bools:
    holder, owner = _holders(names), _owners(names)
    one, other = names.main[source], names.main[target]
    same = (holder[one] >= 0) & (holder[one] == holder[other])
    return np.asarray(same | ((owner[source] >= 0) & (owner[source] == owner[target])))


def _holders(names: Names) -> Ints:
    """Code of the holder's id per name, -1 for none; a name without one has that of its main name."""
    told = names.attributes["holder"].combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    order = np.flatnonzero(told >= 0)
    of_main = np.full(len(told), -1, np.int64)
    of_main[names.main[order[::-1]]] = told[order[::-1]]
    return np.where(told >= 0, told, of_main[names.main])


def _owners(names: Names) -> Ints:
    """Code of the wallet a purse belongs to, -1 for anything else."""
    owner = pc.struct_field(pc.extract_regex(names.text, r"^(?P<owner>(?:wechat|alipay|jd):.*)/[^/]*$"), "owner")
    known = pc.and_(names.text.is_valid(), pc.not_equal(pc.fill_null(owner, ""), ""))
    known = pc.and_(known, pc.invert(pc.match_substring_regex(pc.fill_null(owner, ""), r"^[a-z]+:\?$")))
    codes = owner.dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    return np.where(np.asarray(known.to_numpy(False), bool), codes, -1)


def _holder(book: Book, rows: Ints) -> pa.Array:
    names = book.names
    told = names.attributes["holder"].combine_chunks().take(pa.array(names.main[book.rows.source[rows]]))
    return sentence(pc.if_else(told.is_valid(), sentence("holder ", clipped(told)), "one wallet's owner"))


def failed_transfers(book: Book, standing: Mapping[str, Row]) -> pa.Table:
    """Every transfer that failed, unless its file's reader has told it."""
    rows = book.rows
    at = np.flatnonzero(~rows.live)
    read = [row["transfer"] for row in standing.values() if row["kind"] == "failed" and not _is_ours(row)]
    known = pc.is_in(rows.text("transfer", at), value_set=pa.array(read, pa.string()))
    at = at[~np.asarray(known.to_numpy(False), bool)]
    evidence = sentence(
        yuan(rows.amount[at]),
        " ",
        rows.text("currency", at),
        " from ",
        clipped(rows.named(rows.source[at])),
        " to ",
        clipped(rows.named(rows.target[at])),
        " on ",
        moments(rows.time_us[at]),
        " (line ",
        rows.text("line", at),
        ") failed: it moved nothing",
    )
    return drafted(
        "failed",
        "noted",
        evidence,
        transfer=rows.text("transfer", at),
        from_time=rows.time_us[at],
        to_time=rows.time_us[at],
        amount_fen=rows.amount[at],
    )


def _is_ours(row: Row) -> bool:
    return row["account"] is None and str(row["evidence"]).endswith("failed: it moved nothing")
