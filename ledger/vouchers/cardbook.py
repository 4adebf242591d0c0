"""What earlier batches hold about orders of gift cards: which are bought, how they were divided, which cards are listed."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.fields import Field
from ledger.records import CARD_PREFIX, INSTANT, LINKS
from ledger.store.published import Published
from ledger.store.segments import read_columns
from ledger.store.stored import read_small
from ledger.text.cells import check_column

ORDER_VOUCHER = "order/"
"""What the voucher of a whole order is called among the cards."""
LISTED = "card list"
"""Marks the links that tell which cards an order bought."""
_LISTED = pa.schema([("order", pa.string()), ("card", pa.string()), ("face", pa.int64())])
_COLUMNS = ["transfer", "time", "kind", "operation", "source", "target", "amount_fen", "received_fen", "order"]


@dataclass(frozen=True)
class Known:
    """What is published about the orders of a run.

    orders, times: those that are bought, each once, and when. divided: their cards that were bought straight from the buyer.
    listed: cards of orders, bought or not. events: ids of the purchases.
    """

    orders: pa.Array
    times: pa.Array
    divided: pa.Table
    listed: pa.Table
    events: pa.Array


def known_orders(before: Published, wanted: pa.Array) -> Known:
    """Look up the orders among the published purchases and links."""
    bought = _purchases(before, wanted)
    buyer, card = _named(before, bought["source"]), _named(before, bought["target"])
    voucher = CARD_PREFIX + ORDER_VOUCHER
    paid_for = bought.filter(pc.invert(pc.starts_with(buyer, voucher)))
    first = paid_for.group_by("order").aggregate([("time", "min")])
    straight = pc.invert(pc.or_(pc.starts_with(buyer, voucher), pc.starts_with(card, voucher)))
    cards = {"order": bought["order"], "card": _number(card), "face": pc.coalesce(bought["received_fen"], bought["amount_fen"])}
    return Known(
        orders=first["order"].combine_chunks(),
        times=first["time_min"].combine_chunks().cast(INSTANT),
        divided=pa.table(cards, schema=_LISTED).filter(straight),
        listed=_listed(before, wanted),
        events=bought["transfer"].combine_chunks(),
    )


def _purchases(before: Published, wanted: pa.Array) -> pa.Table:
    parts = [_wanted(read_columns(before.folder, segment, _COLUMNS), wanted) for segment in before.state.of_kind("transfers")]
    empty = pa.schema([(name, pa.int64() if name.endswith("_fen") else pa.string()) for name in _COLUMNS])
    empty = empty.set(1, pa.field("time", INSTANT))
    for name in ("source", "target"):
        empty = empty.set(empty.get_field_index(name), pa.field(name, pa.int32()))
    return pa.concat_tables([empty.empty_table(), *parts], promote_options="permissive").combine_chunks()


def _wanted(rows: pa.Table, wanted: pa.Array) -> pa.Table:
    mine = rows.filter(pc.is_in(rows["order"], value_set=wanted))
    for name in ("kind", "operation"):
        mine = mine.set_column(mine.column_names.index(name), name, mine[name].cast(pa.string()))
    return mine.filter(pc.and_(pc.equal(mine["kind"], "gift_card"), pc.equal(mine["operation"], "purchase")))


def _named(before: Published, codes: pa.ChunkedArray) -> pa.Array:
    return before.accounts["account"].combine_chunks().take(codes.combine_chunks())


def _number(account: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(account, len(CARD_PREFIX))


def _listed(before: Published, wanted: pa.Array) -> pa.Table:
    """The cards that published lists name under the orders; a face is read from the link's own details."""
    links = read_small(before.folder, before.state, "links", LINKS)
    links = links.filter(pc.and_(pc.equal(links["kind"], "order"), pc.is_in(links["identifier"], value_set=wanted)))
    details = [json.loads(text or "{}") for text in links["extra"].to_pylist()]
    mine = pa.array(np.flatnonzero([detail.get("told by") == LISTED for detail in details]))
    faces = pa.array([detail.get("face") for detail in details], pa.string()).take(mine)
    columns = {
        "order": links["identifier"].take(mine),
        "card": _number(links["account"].combine_chunks().take(mine)),
        "face": check_column(Field("face", "amount"), faces).values,
    }
    return pa.table(columns, schema=_LISTED)
