"""Payments of pacs.008 as rows: both sides are named, so no statement stands behind them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import Field, RecordKind
from ledger.messages.iso_times import iso_times
from ledger.messages.message_rows import (
    Mask,
    Sides,
    bare,
    ids_where,
    joined_texts,
    kept_extras,
    named_accounts,
    unless_same,
    whole,
    word,
    words,
)
from ledger.messages.statement_heads import Head
from ledger.messages.xml_columns import XmlBlock
from ledger.text.cells import Reason
from ledger.text.lines import BadLine
from ledger.text.parse import Header, Parsed, check_cells

Rows = NDArray[np.int64]
PAYMENTS = "pacs.008"
PAYMENT = RecordKind(
    "payment",
    (
        Field("time", "instant", required=True),
        Field("amount", "amount", required=True),
        Field("currency", "word", required=True),
    ),
)


@dataclass(frozen=True)
class Payments:
    """The payments of a block. rows: transfers with `line`. zoneless: how many times have no offset."""

    parsed: Parsed
    told: pa.Table
    zoneless: int


def payment_rows(block: XmlBlock, heads: list[Head], head: Rows, places: tuple[int, Rows]) -> Payments:
    """Make rows of the payments of a block; arguments as for `camt_rows`."""
    first, taken = places
    cells = _Cells(block, taken)
    made = [
        pa.array([one.fields.get(name) for one in heads], pa.string()).take(pa.array(head[taken]))
        for name in ("settled", "made")
    ]
    given = pc.coalesce(cells.text("accepted"), cells.text("settlement_date"), *made)
    times = iso_times(given)
    shown = {
        "time": times.instants,
        "amount": cells.text("settlement"),
        "currency": cells.text("settlement_currency"),
        "settlement time": given,
    }
    more = (Reason("LDG-bad-time", "settlement time", "is not an ISO 8601 date or time", times.unreadable),)
    header = Header(tuple(field.name for field in PAYMENT.fields), PAYMENT)
    lines = (taken + first).astype(np.int32)
    checked = check_cells(header, shown, lines, lambda row: block.raw(int(taken[row])), more)
    good = _Cells(block, checked.rows["line"].to_numpy().astype(np.int64) - first)
    rows, sides = _transfers(
        good, checked.rows, pa.array([one.fields.get("message") for one in heads], pa.string()).take(pa.array(head[good.entry]))
    )
    bad = tuple(
        BadLine(b.line, b.raw, b.code, f"payment {b.line} (line {block.marks.line[b.line - first]} of the file): {b.cause}")
        for b in checked.bad
    )
    return Payments(Parsed(rows, bad, checked.doubts, checked.blank), named_accounts(sides), int(times.zoneless.sum()))


@dataclass(frozen=True)
class _Cells:
    """Fields of some payments of a block."""

    block: XmlBlock
    entry: Rows

    def text(self, name: str) -> pa.Array:
        return self.block.column(name, self.block.entry_of, self.block.entries).take(pa.array(self.entry))

    def every(self, name: str) -> pa.Array:
        return self.block.joined(name, self.block.entry_of, self.block.entries).take(pa.array(self.entry))

    def reference(self, name: str) -> pa.Array:
        return self.block.reference(name, self.block.entry_of, self.block.entries).take(pa.array(self.entry))

    def parties(self, side: str) -> Sides:
        name = pc.coalesce(self.text(f"{side}_name"), self.text(f"{side}_account_name"))
        agent = pc.coalesce(self.text(f"{side}_agent"), self.text(f"{side}_agent_name"))
        return Sides(bare(self.text(f"{side}_account")), name, agent)


def _transfers(cells: _Cells, checked: pa.Table, message: pa.Array) -> tuple[pa.Table, list[Sides]]:
    debtor, creditor = cells.parties("debtor"), cells.parties("creditor")
    source, target = (side.label(side.agent) for side in (debtor, creditor))
    uetr, end_to_end, transaction, instruction = (
        cells.reference(name) for name in ("uetr", "end_to_end", "transaction", "instruction")
    )
    reference = pc.coalesce(uetr, end_to_end, transaction)
    rows = checked.num_rows
    columns = {
        "time": whole(checked["time"]),
        "source": words(source),
        "target": words(target),
        "amount": whole(checked["amount"]),
        "currency": whole(checked["currency"]),
        "status": word("done", rows),
        "channel": word(PAYMENTS, rows),
        "operation": word(None, rows),
        "reference": reference,
        "remark": joined_texts([cells.every("remittance"), cells.every("structured")], " / "),
        "witness": word(None, rows),
        "line": whole(checked["line"]),
    }
    given = pc.coalesce(
        pc.binary_join_element_wise("pacs:", uetr, ""),
        pc.binary_join_element_wise(
            pc.binary_join_element_wise("pacs:", pc.coalesce(debtor.agent, message), ""), transaction, "/"
        ),
    )
    content = [columns[name] for name in ("time", "source", "target", "amount", "reference", "remark")]
    currency = cells.text("instructed_currency")
    charge = pc.binary_join_element_wise(cells.text("detail_charge_currency"), cells.text("detail_charge"), " ")
    extra = kept_extras(
        {
            "end_to_end": unless_same(end_to_end, reference),
            "transaction": unless_same(transaction, reference),
            "instruction": instruction,
            "message": message,
            "instructed_amount": pc.binary_join_element_wise(currency, cells.text("instructed"), " "),
            "charge": charge,
            "charges_borne_by": cells.text("borne_by"),
            "purpose": cells.text("purpose"),
            "settlement_date": cells.text("settlement_date"),
            "debtor_behind": cells.text("debtor_behind"),
            "creditor_behind": cells.text("creditor_behind"),
            "debtor_bank": debtor.agent,
            "creditor_bank": creditor.agent,
        }
    )
    ids = ids_where(given, pa.repeat(pa.scalar("pacs:"), rows), content)
    table = pa.table({"transfer": ids, **columns, **_no_statement(rows), "#made": given.is_null()})
    return table if extra is None else table.append_column("extra", extra), [debtor, creditor]


def _no_statement(rows: int) -> dict[str, pa.Array]:
    """The helper columns of rows that no statement stands behind."""
    none: Mask = np.zeros(rows, bool)
    return {"#own": word(None, rows), "#out": pa.array(none), "#statement": pa.array(np.full(rows, -1, np.int32))}
