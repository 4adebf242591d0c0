"""Orders and lists of gift cards as purchases: one per card where the cards are known, else one of the order's own voucher.

A purchase per card is the event `<order>/<card>`. What an order buys beyond its known cards goes to the voucher
`card:order/<order>`, as the event `<order>`; a card that is listed only after its order is paid out of that voucher.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.rejects import Rejects
from ledger.batch.small import Numbered, small_table
from ledger.fields import CARD_LIST, CARD_ORDER, GIFT_CARD, LINK_RECORDS
from ledger.reading import Reading
from ledger.records import CARD_PREFIX, INSTANT
from ledger.store.published import Published
from ledger.store.quarantine import lines_of
from ledger.text.lines import BadLine
from ledger.text.texts import extras
from ledger.vouchers.cardbook import LISTED, ORDER_VOUCHER, Known, known_orders
from ledger.vouchers.shares import UNKNOWN, Shares, Whole, shares


def _schema(texts: str, money: str) -> pa.Schema:
    fields = [pa.field(name, pa.string()) for name in texts.split()] + [pa.field(name, pa.int64()) for name in money.split()]
    return pa.schema([*fields, pa.field("time", INSTANT), pa.field("file", pa.int32()), pa.field("line", pa.int32())])


_ORDERS = _schema("order account issuer reference extra", "face quantity amount discount")
_CARDS = _schema("card order issuer extra", "face")
_EVENTS = _schema("event operation card issuer account order reference extra", "face amount").append(
    pa.field("sequence", pa.int32())
)
_AFTER_ORDERS = 1 << 30
"""Added to the line of a card that is paid out of its order's voucher: at one time the order comes first, on whatever line."""


def settle_orders(numbered: Numbered, before: Published, rejects: Rejects) -> None:
    """Turn a run's orders and lists of cards into gift-card events and links, file by file."""
    orders = small_table(numbered, CARD_ORDER.name, _ORDERS, {})
    cards = small_table(numbered, CARD_LIST.name, _CARDS, {})
    if not orders.num_rows and not cards.num_rows:
        return
    orders = _timed(orders, cards, dict(numbered))
    known = known_orders(before, pa.concat_arrays([_text(orders, "order"), _text(cards, "order")]))
    bought = _purchases(orders, _members(cards, known), rejects)
    late = _late(cards, orders, bought, known, rejects)
    for number, reading in numbered:
        rows = reading.rows
        if reading.kind is CARD_ORDER:
            reading.kind, reading.chunks = GIFT_CARD, [_of_file(bought.events, number)]
            reading.derived += reading.rows - rows
        elif reading.kind is CARD_LIST:
            mine = cards.filter(pc.equal(cards["file"], number)).combine_chunks()
            reading.kind, reading.chunks, reading.side = LINK_RECORDS, [_links(mine)], _accounts(mine)
            reading.beside[GIFT_CARD.name] = _of_file(late, number)


def _timed(orders: pa.Table, cards: pa.Table, readings: dict[int, Reading]) -> pa.Table:
    """The orders with a time: their own, else that of their first card. Orders without any are refused."""
    first = cards.group_by("order").aggregate([("time", "min")])
    at = pc.index_in(_text(orders, "order"), value_set=_text(first, "order"))
    time = pc.coalesce(orders["time"].combine_chunks(), first["time_min"].combine_chunks().cast(INSTANT).take(at))
    orders = orders.set_column(orders.column_names.index("time"), "time", time)
    for number, reading in readings.items():
        mine = orders.filter(pc.and_(time.is_null(), pc.equal(orders["file"], number)))
        if mine.num_rows:
            _refuse(reading, mine["line"].to_pylist())
    return orders.filter(time.is_valid()).combine_chunks()


def _refuse(reading: Reading, lines: list[int]) -> None:
    raw = lines_of(reading.path, set(lines))
    cause = "the order has no time, and no list of its cards has one"
    reading.refuse([BadLine(line, raw.get(line, b""), "LDG-missing-value", cause) for line in lines])
    gone = pa.array(lines, pa.int32())
    reading.chunks = [chunk.filter(pc.invert(pc.is_in(chunk["line"], value_set=gone))) for chunk in reading.chunks]


@dataclass(frozen=True)
class _Bought:
    """The purchases of a run's orders; whole: orders that went to their voucher undivided although cards are known."""

    events: pa.Table
    whole: pa.Array


def _members(cards: pa.Table, known: Known) -> pa.Table:
    """The cards every order is divided among, sorted, each once.

    An order that is published stays divided as it is; a new one takes the run's lists and those of earlier batches.
    """
    fresh = pa.concat_tables([cards.select(["order", "card", "face"]), known.listed])
    fresh = fresh.filter(pa.array(~_among(_text(fresh, "order"), [known.orders])))
    table = pa.concat_tables([known.divided.select(["order", "card", "face"]), fresh])
    table = table.sort_by([("order", "ascending"), ("card", "ascending"), ("face", "ascending")]).combine_chunks()
    pairs = _joined([_text(table, "order"), _text(table, "card")], "\0")
    return table.take(pa.array(np.sort(np.unique(_codes(pairs), return_index=True)[1])))


def _purchases(orders: pa.Table, members: pa.Table, rejects: Rejects) -> _Bought:
    row, at = _pairs(_text(orders, "order"), _text(members, "order"))
    unit = _whole(orders["face"])
    card_face = np.where(_whole(members["face"])[at] == UNKNOWN, unit[row], _whole(members["face"])[at])
    made = shares(_whole(orders["amount"]), unit, _whole(orders["quantity"]), row, card_face)
    _tell_sums(orders, made, np.bincount(row, minlength=orders.num_rows), rejects)
    split = made.split[row]
    one = _events(orders, row[split], _text(members, "card").take(pa.array(at[split])), made.paid[split], card_face[split])
    rest = np.flatnonzero(made.has_rest)
    whole = _events(orders, rest, None, made.rest_paid[rest], made.rest_face[rest])
    return _Bought(pa.concat_tables([one, whole]), _text(orders, "order").filter(pa.array(~made.split)))


def _events(orders: pa.Table, row: NDArray[np.int64], card: pa.Array | None, paid: Whole, face: Whole) -> pa.Table:
    """Purchases of one card each, or of the voucher of the order."""
    told = orders.take(pa.array(row))
    order = _text(told, "order")
    return _table(
        {name: told[name] for name in _EVENTS.names if name in told.column_names}
        | {
            "event": order if card is None else _joined([order, card], "/"),
            "card": _joined([pa.scalar(ORDER_VOUCHER), order]) if card is None else card,
            "face": _fen(face),
            "amount": _fen(paid),
            "sequence": pa.nulls(len(row), pa.int32()),
        }
    )


def _late(cards: pa.Table, orders: pa.Table, bought: _Bought, known: Known, rejects: Rejects) -> pa.Table:
    """Cards listed after their order: each is paid out of the order's voucher. Cards without any order are told."""
    ordered, own = _text(cards, "order"), _text(orders, "order")
    for row in np.flatnonzero(~_among(ordered, [known.orders, own])):
        place = (cards["file"][row].as_py(), cards["line"][row].as_py())
        rejects.doubt(*place, "LDG-order-missing", f"the order {ordered[row].as_py()!r} is not in the ledger yet")
    event = _joined([ordered, _text(cards, "card")], "/")
    is_late = _among(ordered, [known.orders, bought.whole]) & ~_among(event, [known.events, _text(bought.events, "event")])
    rows = np.flatnonzero(is_late)
    rows = rows[np.sort(np.unique(_codes(event.take(pa.array(rows))), return_index=True)[1])]
    told, order = cards.take(pa.array(rows)), ordered.take(pa.array(rows))
    at = pc.index_in(order, value_set=own)
    face = pc.coalesce(told["face"].combine_chunks(), orders["face"].combine_chunks().take(at))
    bought_at = pc.coalesce(
        known.times.take(pc.index_in(order, value_set=known.orders)), orders["time"].combine_chunks().take(at)
    )
    return _table(
        {name: told[name] for name in ("card", "order", "issuer", "extra", "file", "line")}
        | {
            "event": event.take(pa.array(rows)),
            "account": _joined([pa.scalar(CARD_PREFIX + ORDER_VOUCHER), order]),
            "reference": pa.nulls(len(rows), pa.string()),
            "face": face,
            "amount": face,
            "time": _later(bought_at, told["time"].combine_chunks()),
            "sequence": pc.add(told["line"].combine_chunks(), pa.scalar(_AFTER_ORDERS, pa.int32())),
        }
    )


def _later(one: pa.Array, other: pa.Array) -> pa.Array:
    """The later of two times; where one is missing, the other."""
    return pc.max_element_wise(one.cast(pa.int64()), other.cast(pa.int64())).cast(INSTANT)


def _table(columns: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    rows = len(columns["event"])
    columns["operation"] = pa.repeat(pa.scalar("purchase"), rows)
    return pa.table([columns[name] for name in _EVENTS.names], schema=_EVENTS)


def _of_file(events: pa.Table, number: int) -> pa.Table:
    mine = events.filter(pc.equal(events["file"], number)).drop_columns(["file"])
    return mine.sort_by([("line", "ascending"), ("event", "ascending")]).combine_chunks()


def _links(cards: pa.Table) -> pa.Table:
    """Every listed card belongs to its order, whether or not the order is known."""
    rows = cards.num_rows
    details = {
        "face": _yuan(cards["face"].combine_chunks()),
        "issued": pc.strftime(cards["time"].combine_chunks().cast(pa.timestamp("s", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ"),
        "issuer": _text(cards, "issuer"),
        "told by": pa.repeat(pa.scalar(LISTED), rows),
    }
    return pa.table(
        {
            "kind": pa.repeat(pa.scalar("order"), rows),
            "identifier": cards["order"],
            "account": _joined([pa.scalar(CARD_PREFIX), _text(cards, "card")]),
            "extra": extras(details),
            "line": cards["line"],
        }
    )


def _accounts(cards: pa.Table) -> pa.Table:
    """The cards as accounts, in the order of the list."""
    rows = cards.num_rows
    return pa.table(
        {
            "account": _joined([pa.scalar(CARD_PREFIX), _text(cards, "card")]),
            "kind": pa.repeat(pa.scalar("card"), rows),
            "institution": cards["issuer"],
            "opened": cards["time"],
            "extra": cards["extra"],
        }
    )


def _tell_sums(orders: pa.Table, made: Shares, cards: NDArray[np.int64], rejects: Rejects) -> None:
    """The faces of an order are its amount, less a stated discount; the cards of a complete list are its faces."""
    amount, discount = _whole(orders["amount"]), _whole(orders["discount"])
    discount[discount == UNKNOWN] = 0
    quantity = _whole(orders["quantity"])
    paid = np.asarray((amount != UNKNOWN) & (made.total_face != UNKNOWN) & (made.total_face - discount != amount), bool)
    complete = (made.listed_face > made.total_face) | ((quantity == cards * 100) & (made.listed_face != made.total_face))
    listed = np.asarray((made.listed_face != UNKNOWN) & (made.total_face != UNKNOWN) & complete, bool)
    for rows, cause in ((paid, "pays {0} for faces of {1} in all"), (listed, "lists {3} cards of {2} in all for faces of {1}")):
        for row in np.flatnonzero(rows):
            sums = [_shown(fen) for fen in (amount[row], made.total_face[row], made.listed_face[row])]
            message = f"the order {orders['order'][row].as_py()!r} " + cause.format(*sums, cards[row])
            rejects.doubt(orders["file"][row].as_py(), orders["line"][row].as_py(), "LDG-order-sum", message)


def _pairs(orders: pa.Array, members: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every order with each of its cards: rows of both tables. The members are sorted by order."""
    codes = _codes(members)
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(codes)), bool), codes[1:] != codes[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(codes)]]))
    group = pc.fill_null(pc.index_in(orders, value_set=members.take(pa.array(starts))), -1).to_numpy(zero_copy_only=False)
    count = np.where(group >= 0, sizes[group], 0) if len(sizes) else np.zeros(len(orders), np.int64)
    row = np.repeat(np.arange(len(orders)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, (starts[group[row]] if len(starts) else row) + within


def _whole(column: pa.ChunkedArray) -> Whole:
    return np.asarray(pc.fill_null(column.combine_chunks(), UNKNOWN).to_numpy(zero_copy_only=False)).astype(object)


def _fen(values: Whole) -> pa.Array:
    return pa.array([None if value == UNKNOWN else value for value in values], pa.int64())


def _yuan(fen: pa.Array) -> pa.Array:
    return pa.array([None if value is None else _shown(value) for value in fen.to_pylist()], pa.string())


def _shown(fen: int) -> str:
    return "?" if fen == UNKNOWN else f"{fen // 100}.{fen % 100:02d}"


def _text(table: pa.Table, name: str) -> pa.Array:
    return table[name].combine_chunks().cast(pa.string())


def _among(values: pa.Array, sets: list[pa.Array]) -> NDArray[np.bool_]:
    return np.asarray(pc.is_in(values, value_set=pa.concat_arrays(sets)).to_numpy(zero_copy_only=False), bool)


def _joined(pieces: list[pa.Array | pa.Scalar], between: str = "") -> pa.Array:
    return pc.binary_join_element_wise(*pieces, between)


def _codes(values: pa.Array) -> NDArray[np.int32]:
    return np.asarray(values.dictionary_encode().indices.to_numpy())
