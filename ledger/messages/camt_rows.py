"""Good camt entries and their details as transfers: who paid whom, references, remarks, charges split off."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import Field
from ledger.messages.message_rows import (
    NULL,
    Mask,
    Sides,
    bare,
    fees_split,
    ids_where,
    joined_texts,
    kept_extras,
    mask_of,
    taken,
    unless_same,
    whole,
    witness_words,
    word,
    words,
)
from ledger.messages.statement_heads import Head
from ledger.messages.xml_columns import XmlBlock
from ledger.text.cells import check_column

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class GoodEntries:
    """The good entries of a block: their number in it, their checked cells with `line`, and the heads they stand under."""

    block: XmlBlock
    entry: Rows
    table: pa.Table
    heads: list[Head]
    head: Rows

    def texts(self, name: str, rows: pa.Array) -> pa.Array:
        """A checked column as plain text, for some of the entries."""
        return whole(self.table[name]).take(rows).cast(pa.string())


@dataclass(frozen=True)
class _Row:
    """Columns of the rows to be: `entry` is the position of a good entry, `detail` a detail of the block or -1."""

    good: GoodEntries
    entry: Rows
    detail: Rows

    def checked(self, name: str) -> pa.Array:
        return taken(whole(self.good.table[name]), self.entry)

    def of_entry(self, name: str, identifies: bool = False) -> pa.Array:
        block = self.good.block
        column = (block.reference if identifies else block.column)(name, block.entry_of, block.entries)
        return taken(column, self.good.entry[self.entry])

    def of_detail(self, name: str, identifies: bool = False) -> pa.Array:
        block = self.good.block
        return (block.reference if identifies else block.column)(name, self._row_of, len(self.detail))

    def all_of_detail(self, name: str) -> pa.Array:
        return self.good.block.joined(name, self._row_of, len(self.detail))

    @cached_property
    def _row_of(self) -> Rows:
        """Per mark the row its detail became; -1 for details that are none."""
        block = self.good.block
        row = np.full(len(block.at("detail")) + 1, -1, np.int64)
        row[self.detail] = np.arange(len(self.detail))
        row[-1] = -1
        return row[block.detail_of]

    def parties(self, side: str) -> Sides:
        name = pc.coalesce(self.of_detail(f"{side}_name"), self.of_detail(f"{side}_account_name"))
        agent = pc.coalesce(self.of_detail(f"{side}_agent"), self.of_detail(f"{side}_agent_name"))
        return Sides(bare(self.of_detail(f"{side}_account")), name, agent)

    def of_head(self, *names: str) -> pa.Array:
        told = [next((head.fields[name] for name in names if name in head.fields), None) for head in self.good.heads]
        return pa.array(told, pa.string()).take(pa.array(self.good.head[self.entry]))

    def charges(self) -> Rows:
        """How many charges the detail of each row has."""
        return self.good.block.counted("detail_charge", self._row_of, len(self.detail))

    @cached_property
    def is_split(self) -> Mask:
        """Rows of entries that give several."""
        return np.bincount(self.entry, minlength=1)[self.entry] > 1


def transfers_of(good: GoodEntries, entry: Rows, detail: Rows) -> tuple[pa.Table, list[Sides]]:
    """Rows, and what they say of accounts.

    Args:
        entry, detail: per row the position of its entry and its detail (-1: none).
    Returns:
        transfers with the helper columns `#own`, `#out`, `#statement`, `#made` (the id comes from the content).
    """
    row = _Row(good, entry, detail)
    side = row.checked("side").cast(pa.string())
    told = pc.fill_null(row.of_detail("detail_side"), side)
    side = pc.if_else(pa.array(row.is_split), told, side)
    out = mask_of(pc.equal(side, "DBIT"))
    reversal = mask_of(pc.is_in(row.of_entry("reversal"), pa.array(["true", "1"])))
    own = bare(row.checked("account"))
    debtor, creditor = row.parties("debtor"), row.parties("creditor")
    other = _other(own, (debtor, creditor), pa.array(out != reversal))
    label = other.label(own)
    reference = _reference(row)
    columns = {
        "time": row.checked("time"),
        "source": words(pc.if_else(pa.array(out), own, label)),
        "target": words(pc.if_else(pa.array(out), label, own)),
        "amount": _amount(row),
        "currency": row.checked("currency"),
        "status": word("done", len(out)),
        "channel": words(_channel(row)),
        "operation": words(pc.if_else(pa.array(reversal), "refund", NULL)),
        "reference": reference,
        "remark": _remark(row),
        "witness": witness_words(out),
        "line": row.checked("line"),
    }
    extra = kept_extras(_kept(row, reference) | _parties_aside(own, debtor, creditor, out != reversal))
    given = _ids(row, own)
    content = [columns["time"], side, columns["amount"], label, reference, columns["remark"]]
    ids = ids_where(given, pc.binary_join_element_wise("camt:", own, "/", ""), [own, *content])
    notes = {"#own": words(own), "#out": pa.array(out), "#statement": pa.array(good.head[entry].astype(np.int32))}
    table = pa.table({"transfer": ids, **columns, **notes, "#made": given.is_null()})
    table = table if extra is None else table.append_column("extra", extra)
    owner = Sides(own, row.of_head("owner"), row.of_head("servicer", "servicer_name"))
    return _without_fees(row, table, owner), [other, owner]


def _other(own: pa.Array, parties: tuple[Sides, Sides], pays_creditor: pa.Array) -> Sides:
    """The other side. In a reversal debtor and creditor are those of the payment that is given back.

    Where the account that should be the other one is the own account, only the name is left.
    """
    debtor, creditor = parties
    other = creditor.chosen(pays_creditor, debtor)
    return Sides(unless_same(other.account, own), other.name, other.agent)


def _parties_aside(own: pa.Array, debtor: Sides, creditor: Sides, pays_creditor: Mask) -> dict[str, pa.Array]:
    """The party on the own side, where the message says something of it that is not the own account."""
    mine = debtor.chosen(pa.array(pays_creditor), creditor)
    return {"own_side_account": unless_same(mine.account, own), "own_side_name": mine.name}


def _reference(row: _Row) -> pa.Array:
    return pc.coalesce(*(row.of_detail(name, identifies=True) for name in ("uetr", "end_to_end", "transaction")))


def _amount(row: _Row) -> pa.Array:
    """The entry's amount; the detail's where the entry is split."""
    amount, split = row.checked("amount"), row.is_split
    if not split.any():
        return amount
    details = check_column(Field("amount", "amount"), row.of_detail("detail_amount")).values
    return pc.if_else(pa.array(split), details, amount)


def _channel(row: _Row) -> pa.Array:
    """The bank transaction code: of the ISO list where it is given, else the bank's own."""
    domain = joined_texts([row.of_entry(name) for name in ("domain", "family", "sub_family")], "-")
    return pc.coalesce(domain, row.of_entry("proprietary"))


def _remark(row: _Row) -> pa.Array:
    said = joined_texts([row.all_of_detail("remittance"), row.all_of_detail("structured")], " / ")
    return pc.coalesce(said, row.of_detail("detail_information"), row.of_entry("entry_information"))


def _ids(row: _Row, own: pa.Array) -> pa.Array:
    """The bank's own reference of the entry, counted on where the entry is split; else that of the detail."""
    entry = row.of_entry("bank_reference", identifies=True)
    number = np.arange(len(row.entry)) - np.searchsorted(row.entry, row.entry) + 1
    counted = pc.binary_join_element_wise(entry, pa.array(number).cast(pa.string()), "/")
    reference = pc.coalesce(
        pc.if_else(pa.array(row.is_split), counted, entry), row.of_detail("detail_reference", identifies=True)
    )
    return pc.binary_join_element_wise(pc.binary_join_element_wise("camt:", own, ""), reference, "/")


def _kept(row: _Row, reference: pa.Array) -> dict[str, pa.Array]:
    """Fields without a column of their own."""
    end_to_end, transaction = (row.of_detail(name, identifies=True) for name in ("end_to_end", "transaction"))
    currency = row.of_detail("instructed_currency")
    charge = pc.coalesce(row.of_detail("detail_charge"), row.of_entry("charge"))
    charge_currency = pc.coalesce(row.of_detail("detail_charge_currency"), row.of_entry("charge_currency"))
    return {
        "end_to_end": unless_same(end_to_end, reference),
        "transaction": unless_same(transaction, reference),
        "instruction": row.of_detail("instruction", identifies=True),
        "mandate": row.of_detail("mandate", identifies=True),
        "entry_reference": row.of_entry("entry_reference", identifies=True),
        "batch": row.of_entry("batch", identifies=True),
        "batch_count": row.of_entry("batch_count"),
        "value_date": row.of_entry("valued"),
        "instructed_amount": pc.binary_join_element_wise(currency, row.of_detail("instructed"), " "),
        "detail_amount": pc.if_else(pa.array(row.is_split), NULL, _other_money(row)),
        "charge": pc.binary_join_element_wise(charge_currency, charge, " "),
        "debtor_behind": row.of_detail("debtor_behind"),
        "creditor_behind": row.of_detail("creditor_behind"),
        "return_reason": row.of_detail("return_reason"),
    }


def _other_money(row: _Row) -> pa.Array:
    """The amount of a detail in another currency than its entry's."""
    currency = unless_same(row.of_detail("detail_currency"), row.checked("currency").cast(pa.string()))
    return pc.binary_join_element_wise(currency, row.of_detail("detail_amount"), " ")


def _without_fees(row: _Row, table: pa.Table, owner: Sides) -> pa.Table:
    """The rows with charges taken out of what went out, each followed by its charge as a row.

    Only a single charge, in the currency of the row, of which the message says that the amount includes it.
    """
    block = row.good.block
    included = pc.coalesce(
        row.of_detail("detail_charge_included"), pc.if_else(pa.array(row.is_split), NULL, row.of_entry("charge_included"))
    )
    if included.null_count == len(included):
        return table
    text = pc.coalesce(row.of_detail("detail_charge"), row.of_entry("charge"))
    currency = pc.coalesce(row.of_detail("detail_charge_currency"), row.of_entry("charge_currency"))
    several = block.counted("charge", block.entry_of, block.entries)[row.good.entry[row.entry]] > 1
    several |= row.charges() > 1
    fen = pc.fill_null(check_column(Field("fee", "amount"), text).values, 0).to_numpy()
    amount = table["amount"].to_numpy()
    charged = mask_of(pc.is_in(included, pa.array(["true", "1"]))) & (fen > 0) & (fen < amount) & ~several
    charged &= mask_of(pc.equal(currency, row.checked("currency").cast(pa.string()))) & mask_of(whole(table["#out"]))
    return fees_split(table, charged, fen, owner)
