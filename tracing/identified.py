"""Identified links: payments that a record ties together, so that no method has to decide.

A reversal returns the lots of its own payment. An order number at a hub says which onward payment, or which voucher, a
payment into the hub became; the pooled balance of the hub says nothing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.batch.names import occurring
from ledger.book import Ledger
from tracing.legs import Codes, Flags, Ints, Legs, mask

UNFIT = "reversals do not fit the payment they name (missing, other accounts, more than was paid); traced as payments"
"""A warning; how many stands before it."""
VOUCHER_KINDS = ("gift_card", "q_coin")
SIDES = ("leg", "hub", "reference", "is_credit", "payer", "time_us", "bought")


@dataclass(frozen=True)
class Identified:
    """k sides of identified links over s private slots.

    leg: the leg. slot: which link, 0 … s-1. is_credit: the side that pays into the link. fen: how much of the leg belongs
    to it. not_before_us: when the leg counts at the earliest, 0 = when it says. account: account code of each link.
    """

    leg: Ints
    slot: Codes
    is_credit: Flags
    fen: Ints
    not_before_us: Ints
    account: Codes
    warnings: tuple[str, ...] = ()


def no_links(*warnings: str) -> Identified:
    """No identified link."""
    none = np.zeros(0, dtype=np.int64)
    return Identified(none, none.astype(np.int32), none.astype(np.bool_), none, none, none.astype(np.int32), warnings)


def identify_reversals(ledger: Ledger, legs: Legs, reverses: pa.ChunkedArray) -> Identified:
    """Tie each reversing transfer to the payment it names, as far as the payment's amount reaches.

    Args:
        reverses: id of the payment each row reverses, or null.
    """
    pairs, unfit = reversals(ledger, legs, reverses)
    warnings = (f"{unfit} {UNFIT}",) if unfit else ()
    if pairs.empty:
        return no_links(*warnings)
    totals = pairs.groupby("paid")["fen"].sum()
    slot = np.searchsorted(totals.index.to_numpy(), pairs["paid"].to_numpy())
    count = len(totals) + len(pairs)
    return Identified(
        leg=np.concatenate([totals.index.to_numpy(dtype=np.int64), pairs["back"].to_numpy(dtype=np.int64)]),
        slot=np.concatenate([np.arange(len(totals)), slot]).astype(np.int32),
        is_credit=np.arange(count) < len(totals),
        fen=np.concatenate([totals.to_numpy(dtype=np.int64), pairs["fen"].to_numpy(dtype=np.int64)]),
        not_before_us=np.zeros(count, dtype=np.int64),
        account=legs.slots.account[legs.target[totals.index]],
        warnings=warnings,
    )


def reversals(ledger: Ledger, legs: Legs, reverses: pa.ChunkedArray) -> tuple[pd.DataFrame, int]:
    """Reversing rows with the payment each gives back, and how many name none that they fit.

    Returns:
        back and paid (rows of the legs, a leg per transfer), fen; in the order of `back`. No payment gives back more than it
        was.
    """
    backs = np.flatnonzero(mask(pc.is_valid(reverses)) & (legs.given_fen[: legs.rows] > 0))
    ids = reverses.take(pa.array(backs)).to_pylist()
    paid_row = rows_by_id(ledger, set(ids)) if ids else {}
    paid = np.array([paid_row.get(identifier, -1) for identifier in ids], np.int64)
    pairs = pd.DataFrame({"back": backs, "paid": paid, "fen": legs.given_fen[backs]})
    pairs = pairs[fits(legs, backs, paid)]
    returned = pairs.groupby("paid")["fen"].cumsum().to_numpy()
    pairs = pairs[returned <= legs.received_fen[pairs["paid"]]]
    return pairs, len(backs) - len(pairs)


def fits(legs: Legs, back: Ints, paid: Ints) -> Flags:
    """Whether each reversing leg mirrors an earlier payment, and neither is a conversion."""
    same = (legs.source[back] == legs.target[paid]) & (legs.target[back] == legs.source[paid])
    plain = (legs.given_fen[paid] == legs.received_fen[paid]) & (legs.given_fen[back] == legs.received_fen[back])
    return np.asarray((paid >= 0) & (paid < back) & same & plain & (legs.given_fen[paid] > 0), dtype=np.bool_)


def rows_by_id(ledger: Ledger, ids: set[str]) -> dict[str, int]:
    """Transfer row of each of the ids that is in the ledger."""
    column = ledger.read(("transfer",))["transfer"]
    rows = np.flatnonzero(occurring(column, pa.array(sorted(ids), pa.string())))
    return dict(zip(column.take(pa.array(rows)).to_pylist(), rows.tolist(), strict=True))


def identify_orders(ledger: Ledger, legs: Legs) -> Identified:
    """Tie payments into a hub to onward payments and voucher purchases that carry the same reference or order number.

    A number that several accounts paid under identifies nobody and ties nothing. A voucher bought under the order is the
    same payment seen twice: it is paid from the order, not once more from the buyer's account. It counts from the payment
    on, whatever the shop's clock says.
    """
    ends = legs.slots.ends
    if not (ends[legs.source].any() or ends[legs.target].any()):
        return no_links()
    references = order_numbers(ledger, legs.rows)
    if references is None:
        return no_links()
    payments = by_one_payer(hub_side(legs, references, legs.target, is_credit=True))
    onward = hub_side(legs, references, legs.source, is_credit=False)
    sides = tied(pd.concat([payments, onward, bought_side(ledger, legs, references, payments)], ignore_index=True))
    if sides.empty:
        return no_links()
    by_link = sides.groupby(["hub", "reference"], sort=True)
    leg, credit = sides["leg"].to_numpy(dtype=np.int64), sides["is_credit"].to_numpy(dtype=np.bool_)
    paid_us = sides["time_us"].where(sides["is_credit"]).groupby(by_link.ngroup()).transform("min").to_numpy(dtype=np.int64)
    return Identified(
        leg=leg,
        slot=by_link.ngroup().to_numpy().astype(np.int32),
        is_credit=credit,
        fen=np.where(credit, legs.received_fen[leg], legs.given_fen[leg]),
        not_before_us=np.where(sides["bought"].to_numpy(dtype=np.bool_), paid_us, 0),
        account=by_link["hub"].first().to_numpy(dtype=np.int32),
    )


def order_numbers(ledger: Ledger, rows: int) -> Ints | None:
    """A number per distinct order number or reference of each row, -1 where a row has neither; None when no row has."""
    table = ledger.read(("reference", "order")).slice(0, rows)
    if all(column.null_count == rows for column in table.columns):
        return None
    encoded = pc.coalesce(table["order"], table["reference"]).dictionary_encode().combine_chunks()
    return np.asarray(encoded.indices.fill_null(-1).to_numpy(), dtype=np.int64)


def hub_side(legs: Legs, references: Ints, slot: Codes, *, is_credit: bool) -> pd.DataFrame:
    """Legs into (or out of) hubs that carry a reference; columns `SIDES`, hub and payer are account codes."""
    slot = slot[: legs.rows]
    leg = np.flatnonzero(legs.slots.ends[slot] & (references >= 0) & (legs.given_fen[: legs.rows] > 0))
    account = legs.slots.account
    values = (leg, account[slot[leg]], references[leg], is_credit, account[legs.source[leg]], legs.time_us[leg], False)
    return pd.DataFrame(dict(zip(SIDES, values, strict=True)))


def by_one_payer(payments: pd.DataFrame) -> pd.DataFrame:
    """The payments whose reference at the hub is one account's alone."""
    payers = payments.groupby(["hub", "reference"])["payer"].transform("nunique")
    return payments[payers == 1]


def bought_side(ledger: Ledger, legs: Legs, references: Ints, payments: pd.DataFrame) -> pd.DataFrame:
    """Voucher purchases that a payment to a hub paid for; columns `SIDES`.

    Either the buyer paid the hub under the purchase's reference, or the purchase names an order that was paid at one hub
    only, by whomever, and all purchases under it cost no more than was paid: a victim who scans a code pays for another.
    """
    table = ledger.read(("kind", "operation", "order")).slice(0, legs.rows)
    kinds, operation = table["kind"].cast(pa.string()), table["operation"].cast(pa.string())
    purchase = mask(pc.and_(pc.is_in(kinds, value_set=pa.array(VOUCHER_KINDS)), pc.equal(operation, "purchase")))
    leg = np.flatnonzero(purchase & (references >= 0) & ~legs.slots.ends[legs.source[: legs.rows]])
    payer = legs.slots.account[legs.source[leg]]
    purchases = pd.DataFrame({"leg": leg, "payer": payer, "reference": references[leg], "time_us": legs.time_us[leg]})
    purchases = purchases.assign(cost_fen=legs.given_fen[leg], ordered=mask(pc.is_valid(table["order"]))[leg])
    own = purchases.merge(
        payments.drop_duplicates(["payer", "reference"])[["payer", "reference", "hub"]], on=["payer", "reference"]
    )
    paid = payments.assign(paid_fen=legs.received_fen[payments["leg"]]).groupby("reference")
    orders = paid.agg(hub=("hub", "first"), hubs=("hub", "nunique"), paid_fen=("paid_fen", "sum"))
    cost = purchases.groupby("reference")["cost_fen"].transform("sum")
    others = (
        purchases[purchases["ordered"] & ~purchases["leg"].isin(own["leg"])].assign(total_fen=cost).join(orders, on="reference")
    )
    others = others[(others["hubs"] == 1) & (others["total_fen"] <= others["paid_fen"])].astype({"hub": "int64"})
    return pd.concat([own, others]).assign(is_credit=False, bought=True)[list(SIDES)]


def tied(sides: pd.DataFrame) -> pd.DataFrame:
    """Only the references that have both a payment in and something onward, by leg."""
    key = sides["hub"].to_numpy(dtype=np.int64) << 32 | sides["reference"].to_numpy(dtype=np.int64)
    credit = sides["is_credit"].to_numpy(dtype=np.bool_)
    both = np.intersect1d(key[credit], key[~credit])
    return sides[np.isin(key, both)].sort_values(["leg", "is_credit"], ignore_index=True)
