"""Rows out of bank messages: what camt entries, payments and MT940 lines share on their way to transfers."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import BANK, Field, RecordKind
from ledger.records import UNKNOWN_PREFIX, WORD
from ledger.text.texts import extras

Mask = NDArray[np.bool_]
NULL = pa.scalar(None, pa.string())
MESSAGE = RecordKind("bank", (*BANK.fields, Field("operation", "word")))
"""What rows of bank messages are recorded as."""
FEE_CHANNEL = "fee"
FEES_PREFIX = "fees:"
"""The account bank charges go to, followed by the bank (or the account) that takes them."""


@dataclass(frozen=True)
class Sides:
    """Who stands on one side of a row: account number, name, and the bank of the account; null where the message is silent."""

    account: pa.Array
    name: pa.Array
    agent: pa.Array

    def chosen(self, mask: pa.Array, other: "Sides") -> "Sides":
        """Row by row this side where the mask is set, else the other one."""
        pairs = ((self.account, other.account), (self.name, other.name), (self.agent, other.agent))
        return Sides(*(pc.if_else(mask, one, two) for one, two in pairs))

    def label(self, fallback: pa.Array) -> pa.Array:
        """The account; where none is given `unknown:` and the name, else `unknown:` and the fallback."""
        named = pc.binary_join_element_wise(UNKNOWN_PREFIX, pc.coalesce(self.name, fallback), "")
        return pc.coalesce(self.account, named, pa.scalar(UNKNOWN_PREFIX + "?"))


def bare(account: pa.Array) -> pa.Array:
    """Account numbers without blanks inside."""
    if not pc.any(pc.match_substring(account, " ")).as_py():
        return account
    return pc.replace_substring_regex(account, r"\s+", "")


def joined_texts(parts: Sequence[pa.Array], mark: str) -> pa.Array:
    """The texts of a row that are there, with the mark between them; null where there is none."""
    joined = parts[0]
    for part in parts[1:]:
        joined = pc.coalesce(pc.binary_join_element_wise(joined, part, mark), joined, part)
    return joined


def words(values: pa.Array) -> pa.Array:
    """Texts as a dictionary column."""
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode().cast(WORD)


def word(value: str | None, rows: int) -> pa.Array:
    """One word (or null) for every row."""
    return words(pa.repeat(pa.scalar(value, pa.string()), rows))


def witness_words(out: Mask) -> pa.Array:
    """Whose statement tells it: that of the source where the money goes out."""
    return pa.DictionaryArray.from_arrays(pa.array((~out).astype(np.int32)), pa.array(["source", "target"]))


def kept_extras(columns: Mapping[str, pa.Array]) -> pa.Array | None:
    """Further fields as one JSON object per row; None when no row has any."""
    filled = {name: column for name, column in columns.items() if column.null_count < len(column)}
    return extras(filled) if filled else None


def content_ids(prefix: pa.Array, columns: Sequence[pa.Array]) -> pa.Array:
    """Ids made of what a row says: the prefix and 16 hexadecimal digits; rows that say the same have the same id."""
    parts = [pc.fill_null(column.cast(pa.string()), "\x1e") for column in columns]
    texts = pc.binary_join_element_wise(*parts, "\x1f").to_pylist()
    digits = pa.array([hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts], pa.string())
    return pc.binary_join_element_wise(prefix, digits, "")


def named_accounts(sides: Sequence[Sides]) -> pa.Table:
    """What a block tells of accounts: name and bank, every different saying once."""
    parts = [
        pa.table({"account": side.account, "holder_name": side.name, "institution": side.agent}).filter(side.account.is_valid())
        for side in sides
    ]
    return pa.concat_tables(parts).group_by(["account", "holder_name", "institution"], use_threads=False).aggregate([])


def told_accounts(parts: Sequence[pa.Table], more: Sequence[Mapping[str, object]]) -> pa.Table | None:
    """One row per account of which a file says something, sorted.

    Args:
        parts: as `named_accounts` gives them. more: what else is known (kind, hub), keys as in `hints.HINTS`.
    """
    from ledger.statements.hints import HINTS

    known = [pa.Table.from_pylist([dict(row) for row in more], schema=HINTS)]
    known += [
        pa.table(
            [part[f.name] if f.name in part.column_names else pa.nulls(part.num_rows, f.type) for f in HINTS], schema=HINTS
        )
        for part in parts
    ]
    table = pa.concat_tables(known)
    others = [name for name in HINTS.names if name != "account"]
    least = table.group_by("account", use_threads=False).aggregate([(name, "min") for name in others])
    least = least.rename_columns(["account", *others]).select(HINTS.names).sort_by([("account", "ascending")])
    says = pc.or_(pc.or_(least["kind"].is_valid(), least["holder_name"].is_valid()), least["institution"].is_valid())
    return least.filter(says).combine_chunks() if least.num_rows else None


def ids_where(given: pa.Array, prefix: pa.Array, content: Sequence[pa.Array]) -> pa.Array:
    """The ids that are given; ids made of the content for the other rows."""
    rows = np.flatnonzero(mask_of(given.is_null()))
    if not len(rows):
        return given
    at = pa.array(rows)
    made = content_ids(prefix.take(at), [column.take(at) for column in content])
    place = np.arange(len(given))
    place[rows] = len(given) + np.arange(len(rows))
    return pa.concat_arrays([given, made]).take(pa.array(place))


def fees_split(table: pa.Table, charged: Mask, fee_fen: NDArray[np.int64], owner: Sides) -> pa.Table:
    """Take fees out of their rows and put each behind its own, with `/fee` at its id, to the account of the bank's fees.

    Args:
        charged: the rows whose amount includes a fee. owner: account and bank of the own side, per row.
    """
    if not charged.any():
        return table
    amount = table["amount"].to_numpy()
    principal = _set(table, "amount", pa.array(np.where(charged, amount - fee_fen, amount)))
    rows = np.flatnonzero(charged)
    at = pa.array(rows)
    fees = principal.take(at)
    bank = pc.binary_join_element_wise(FEES_PREFIX, pc.coalesce(owner.agent, owner.account), "").take(at)
    fees = _set(fees, "transfer", pc.binary_join_element_wise(whole(fees["transfer"]), "/fee", ""))
    fees = _set(fees, "amount", pa.array(fee_fen[rows]))
    fees = _set(fees, "target", words(bank))
    fees = _set(fees, "channel", word(FEE_CHANNEL, len(rows)))
    fees = _set(fees, "operation", word(None, len(rows)))
    both = pa.concat_tables([principal, fees]).unify_dictionaries().combine_chunks()
    return both.take(pa.array(np.argsort(np.concatenate([np.arange(len(amount)), rows]), kind="stable"))).combine_chunks()


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def unless_same(text: pa.Array, other: pa.Array) -> pa.Array:
    """The text where it is not what stands in the other column, else null."""
    return pc.if_else(pc.fill_null(pc.equal(text, other), False), NULL, text)


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def taken(column: pa.Array, rows: NDArray[np.int64]) -> pa.Array:
    """Some rows of a column; the column itself where they are all of them as they stand."""
    if len(rows) == len(column) and bool((rows == np.arange(len(rows))).all()):
        return column
    return column.take(pa.array(rows))


def mask_of(array: pa.Array | pa.ChunkedArray) -> Mask:
    """True where the cell is true; null counts as false."""
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)
