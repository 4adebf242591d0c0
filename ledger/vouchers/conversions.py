"""Gift-card and Q-coin events as conversions between an account and the voucher's own account."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.records import CARD_PREFIX, INSTANT, QQ_PREFIX, UNKNOWN_PREFIX, WORD

Mask = NDArray[np.bool_]
PURCHASES = pa.schema([("card", pa.string()), ("face", pa.int64()), ("time", INSTANT)])
"""Purchases of earlier batches, by card account."""


@dataclass(frozen=True)
class Doubt:
    """Rows of an event table about which something is to be said."""

    code: str
    message: str
    rows: Mask


@dataclass(frozen=True)
class Conversions:
    """Transfers made of events, row for row; `doubts` and `refused` speak of rows of the event table."""

    transfers: pa.Table
    refused: Doubt
    doubts: tuple[Doubt, ...]


def conversions(kind: str, events: pa.Table, purchased: pa.Table, redeemed: pa.Array) -> Conversions:
    """Turn events into transfers: a purchase pays into the voucher, a redemption takes its face out.

    Args:
        events: columns of the kind with `line`, in order of (time, line); values in fen.
        purchased: `PURCHASES` of earlier batches. redeemed: card accounts redeemed in earlier batches, one entry each.
    Returns:
        amount_fen is what left the source (paid, or face), received_fen what arrived (face, or paid out).
    """
    card = _voucher(kind, events)
    is_purchase = _mask(pc.equal(events["operation"].combine_chunks().cast(pa.string()), "purchase"))
    face = _column(events, "face" if kind == "gift_card" else "quantity", pa.int64())
    amount = _column(events, "amount", pa.int64())
    bought = pa.concat_tables([purchased, _purchases(card, face, amount, events, is_purchase)])
    at = pc.index_in(card, value_set=bought["card"].combine_chunks())
    if kind == "gift_card":
        face = pc.if_else(pa.array(is_purchase), face, pc.coalesce(face, bought["face"].combine_chunks().take(at)))
    account = _column(events, "account", pa.string())
    nameless = _mask(account.is_null())
    account = pc.coalesce(account, pc.binary_join_element_wise(UNKNOWN_PREFIX, events["event"].combine_chunks(), ""))
    assumed = _mask(face.is_null()) | (is_purchase & _mask(amount.is_null()))
    nothing = _mask(face.is_null()) & _mask(amount.is_null())
    whole = pc.coalesce(face, amount)
    purchase = pa.array(is_purchase)
    given = pc.if_else(purchase, pc.coalesce(amount, face), whole)
    received = pc.if_else(purchase, whole, pc.coalesce(amount, whole))
    transfers = {
        "transfer": events["event"],
        "time": events["time"],
        "source": _word(pc.if_else(purchase, account, card)),
        "target": _word(pc.if_else(purchase, card, account)),
        "amount_fen": given,
        "received_fen": pc.if_else(pc.equal(given, received), pa.scalar(None, pa.int64()), received),
        "operation": events["operation"],
    }
    for name in ("order", "reference", "extra", "sequence", "file", "line"):
        if name in events.column_names:
            transfers[name] = events[name]
    refused = Doubt("LDG-no-value", "the event names neither a face nor an amount", nothing)
    doubts = (
        Doubt("LDG-face-assumed", "face and amount are taken to be equal: one of them is not known", assumed & ~nothing),
        Doubt("LDG-voucher-account-missing", "the event names no account; an unknown one stands in", nameless),
        *(_invariants(card, is_purchase, events, bought, redeemed) if kind == "gift_card" else ()),
    )
    return Conversions(pa.table(transfers), refused, doubts)


def _voucher(kind: str, events: pa.Table) -> pa.Array:
    name, prefix = ("card", CARD_PREFIX) if kind == "gift_card" else ("qq", QQ_PREFIX)
    return pc.binary_join_element_wise(prefix, _column(events, name, pa.string()), "")


def _purchases(card: pa.Array, face: pa.Array, amount: pa.Array, events: pa.Table, is_purchase: Mask) -> pa.Table:
    time = events["time"].combine_chunks()
    table = pa.table({"card": card, "face": pc.coalesce(face, amount), "time": time}, schema=PURCHASES)
    return table.filter(pa.array(is_purchase))


def _invariants(card: pa.Array, is_purchase: Mask, events: pa.Table, bought: pa.Table, redeemed: pa.Array) -> Sequence[Doubt]:
    """A card is redeemed at most once, and not before it is bought."""
    rows = np.flatnonzero(~is_purchase)
    cards = pa.concat_arrays([redeemed, card.take(pa.array(rows))]).dictionary_encode().indices.to_numpy()
    first = np.zeros(len(cards), bool)
    first[np.unique(cards, return_index=True)[1]] = True
    again = np.zeros(len(card), bool)
    again[rows] = ~first[len(redeemed) :]
    at = pc.index_in(card, value_set=bought["card"].combine_chunks())
    early = _mask(pc.less(events["time"].combine_chunks(), bought["time"].combine_chunks().take(at))) & ~is_purchase
    return (
        Doubt("LDG-card-redeemed-twice", "the card was redeemed before", again),
        Doubt("LDG-redeemed-before-purchase", "the card is redeemed before it is bought", early),
    )


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    return table[name].combine_chunks().cast(kind)


def _word(values: pa.Array) -> pa.Array:
    return values.dictionary_encode().cast(WORD)


def _mask(array: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)
