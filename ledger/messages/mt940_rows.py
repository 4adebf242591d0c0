"""MT940 statement lines as rows, in blocks."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.fields import Field, RecordKind
from ledger.messages.iso_times import iso_times
from ledger.messages.message_rows import (
    NULL,
    Sides,
    content_ids,
    kept_extras,
    named_accounts,
    unless_same,
    whole,
    witness_words,
    word,
    words,
)
from ledger.messages.mt940_details import Details
from ledger.messages.mt940_lines import StatementLine, own_account
from ledger.messages.statement_heads import Head
from ledger.text.cells import Reason
from ledger.text.parse import Header, Parsed, check_cells

LINE = RecordKind(
    "line",
    (
        Field("time", "instant", required=True),
        Field("amount", "amount", required=True),
        Field("currency", "word", required=True),
        Field("account", "text", required=True),
    ),
)
_NO_REFERENCE = ("", "NONREF", "NOTPROVIDED", "EREF", "KREF", "MREF", "PREF")


def mt940_rows(lines: list[StatementLine], heads: list[Head]) -> tuple[Parsed, pa.Table]:
    """Rows of statement lines (with the helper columns of `finish_rows`), and what they tell of accounts."""
    mark = [line.mark for line in lines]
    own = [own_account(heads[line.statement]) for line in lines]
    cells = {
        "time": iso_times(pa.array([line.day for line in lines], pa.string())).instants,
        "amount": pa.array([line.amount for line in lines], pa.string()),
        "currency": pa.array([heads[line.statement].fields.get("account_currency") for line in lines], pa.string()),
        "account": pa.array(own, pa.string()),
    }
    expected = np.array([one.startswith("E") for one in mark], bool)
    more = (Reason("LDG-not-booked", "mark", "is expected and not booked: no money has moved yet", expected),)
    numbers = np.array([line.line for line in lines], np.int32)
    header = Header(tuple(field.name for field in LINE.fields), LINE)
    shown = {**cells, "mark": pa.array(mark, pa.string())}
    checked = check_cells(header, shown, numbers, lambda row: lines[row].raw.encode(), more)
    good = np.searchsorted(numbers, checked.rows["line"].to_numpy())
    rows, sides = _transfers([lines[at] for at in good.tolist()], checked.rows)
    return Parsed(rows, checked.bad, checked.doubts, checked.blank), named_accounts(sides)


def _transfers(lines: list[StatementLine], checked: pa.Table) -> tuple[pa.Table, list[Sides]]:
    out = np.array([line.mark in ("D", "RC") for line in lines], bool)
    reversal = pa.array([line.mark in ("RC", "RD") for line in lines], pa.bool_())
    own = whole(checked["account"])
    told = {name: pa.array([getattr(line.details, name) for line in lines], pa.string()) for name in Details.__annotations__}
    other = Sides(unless_same(told["account"], own), told["name"], told["agent"])
    label = other.label(own)
    reference, bank, more, value, kind = (
        pa.array([getattr(line, name) or None for line in lines], pa.string())
        for name in ("reference", "bank", "more", "value", "kind")
    )
    customer = pc.if_else(pc.is_in(reference, pa.array(_NO_REFERENCE)), NULL, reference)
    joining = pc.coalesce(told["end_to_end"], customer)
    columns = {
        "time": whole(checked["time"]),
        "source": words(pc.if_else(pa.array(out), own, label)),
        "target": words(pc.if_else(pa.array(out), label, own)),
        "amount": whole(checked["amount"]),
        "currency": whole(checked["currency"]),
        "status": word("done", len(lines)),
        "channel": words(pc.coalesce(told["code"], kind)),
        "operation": words(pc.if_else(reversal, "refund", NULL)),
        "reference": joining,
        "remark": pc.coalesce(told["remark"], more),
        "witness": witness_words(out),
        "line": whole(checked["line"]),
    }
    kept = {
        "bank_reference": bank,
        "customer_reference": unless_same(customer, joining),
        "mandate": told["mandate"],
        "value_date": value,
        "return_reason": told["return_reason"],
        "behind": told["behind"],
        "supplement": unless_same(more, columns["remark"]),
        "reversal": pc.if_else(reversal, "true", NULL),
    }
    side = pa.array([line.mark for line in lines], pa.string())
    content = [own, columns["time"], side, columns["amount"], label, joining, bank, value, columns["remark"], more]
    ids = content_ids(pc.binary_join_element_wise("mt940:", own, "/", ""), content)
    notes = {
        "#own": words(own),
        "#out": pa.array(out),
        "#statement": pa.array([line.statement for line in lines], pa.int32()),
        "#made": pa.repeat(True, len(lines)),
    }
    table = pa.table({"transfer": ids, **columns, **notes})
    extra = kept_extras(kept)
    owned = Sides(own, pa.nulls(len(own), pa.string()), pa.nulls(len(own), pa.string()))
    return table if extra is None else table.append_column("extra", extra), [other, owned]
