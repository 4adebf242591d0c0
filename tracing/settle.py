"""The legs a trace works on: transfers with every identified link on a balance of its own, in trace order."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.book import Ledger, filled
from tracing.holders import pooled, without_own_moves
from tracing.identified import Identified, identify_orders, identify_reversals
from tracing.inferred import with_inferred
from tracing.legs import Codes, Flags, Ints, Legs, Slots, mask, plain_legs
from tracing.result import Level

COLUMNS = ("time", "source", "target", "amount_fen", "received_fen", "currency", "status", "reverses", "channel")


def traceable_legs(
    ledger: Ledger, as_of_us: int | None = None, level: Level = "account", inferred: pd.DataFrame | None = None
) -> Legs:
    """The legs of all transfers up to `as_of_us`, in trace order apart from ties.

    Identified links beat every method (tracing.md section 1), so each of them gets a slot to itself; then inferred ones, where
    a table of them is given, take what is not identified.
    """
    table = filled(ledger.read(COLUMNS))
    if as_of_us is not None:
        time_us = np.asarray(table["time"].cast("int64").to_numpy())
        table = table.slice(0, int(np.searchsorted(time_us, as_of_us, side="right")))
    legs = plain_legs(ledger, table)
    if level == "holder":
        legs = without_own_moves(ledger, legs)
    legs = with_links(legs, identify_reversals(ledger, legs, table["reverses"]))
    legs = with_links(legs, identify_orders(ledger, legs))
    fee = fees(table)
    legs = with_fee_sinks(legs, fee)
    if inferred is not None and len(inferred):
        legs = with_inferred(ledger, legs, inferred)
    if level == "holder":
        legs = pooled(ledger, legs, traceable_legs(ledger, as_of_us, inferred=inferred))
    return replace(legs, order=time_order(legs, fee))


def fees(table: pa.Table) -> Flags | None:
    """Which transfers are fees; None when none is."""
    channel = table["channel"]
    if channel.null_count == len(channel):
        return None
    found = mask(pc.equal(channel.cast(pa.string()), "fee"))
    return found if found.any() else None


def with_fee_sinks(legs: Legs, fee: Flags | None) -> Legs:
    """Fees to accounts where tracing does not end anyway get a slot per payee where it does: nobody follows a bank's income."""
    if fee is None:
        return legs
    every = np.arange(len(legs.time_us))
    slots = legs.slots
    leg = every[fee[legs.row(every)] & ~slots.ends[legs.target] & ~slots.identified[legs.target] & (legs.received_fen > 0)]
    payee, slot = np.unique(legs.target[leg], return_inverse=True)
    always = np.zeros(len(leg), dtype=np.int64)
    credit = np.ones(len(leg), dtype=np.bool_)
    sinks = Identified(leg, slot.astype(np.int32), credit, legs.received_fen[leg], always, slots.account[payee])
    linked = with_links(legs, sinks)
    ends = linked.slots.ends.copy()
    ends[len(slots) :] = True
    return replace(linked, slots=replace(linked.slots, ends=ends))


def with_links(legs: Legs, links: Identified) -> Legs:
    """Give every identified link a slot of its own, splitting a payment of which only a part is identified.

    The identified part of a payment is its first fen: what came in first goes back first.
    """
    legs = replace(legs, warnings=legs.warnings + links.warnings)
    if not len(links.leg):
        return legs
    slot = (len(legs.slots) + links.slot).astype(np.int32)
    currency = legs.slots.currency[np.where(links.is_credit, legs.target[links.leg], legs.source[links.leg])]
    source, target, time_us = legs.source.copy(), legs.target.copy(), legs.time_us.copy()
    split = links.is_credit & (links.fen < legs.received_fen[links.leg])
    rest = replace_parts(legs, links.leg[split], links.fen[split])
    target[links.leg[links.is_credit]] = slot[links.is_credit]
    source[links.leg[~links.is_credit]] = slot[~links.is_credit]
    np.maximum.at(time_us, links.leg, links.not_before_us)
    linked = replace(legs, source=source, target=target, time_us=time_us, slots=more_slots(legs.slots, links, currency))
    return with_rest(linked, rest, links.leg[split], links.fen[split])


def more_slots(slots: Slots, links: Identified, currency: Codes) -> Slots:
    """The slots with one more for every identified link."""
    count = len(links.account)
    new_currency = np.zeros(count, dtype=np.int32)
    new_currency[links.slot] = currency
    return replace(
        slots,
        account=np.concatenate([slots.account, links.account.astype(np.int32)]),
        currency=np.concatenate([slots.currency, new_currency]),
        ends=np.concatenate([slots.ends, np.zeros(count, dtype=np.bool_)]),
        identified=np.concatenate([slots.identified, np.ones(count, dtype=np.bool_)]),
    )


def replace_parts(legs: Legs, leg: Ints, fen: Ints) -> Legs:
    """Legs for what is left of each payment behind its first `fen`."""
    return replace(
        legs,
        time_us=legs.time_us[leg],
        source=legs.source[leg],
        target=legs.target[leg],
        given_fen=legs.given_fen[leg] - fen,
        received_fen=legs.received_fen[leg] - fen,
    )


def with_rest(legs: Legs, rest: Legs, leg: Ints, fen: Ints) -> Legs:
    """The legs with the split ones shortened to their first `fen` and their rest behind all others."""
    if not len(leg):
        return legs
    given, received = legs.given_fen.copy(), legs.received_fen.copy()
    given[leg], received[leg] = fen, fen
    return replace(
        legs,
        time_us=np.concatenate([legs.time_us, rest.time_us]),
        source=np.concatenate([legs.source, rest.source]),
        target=np.concatenate([legs.target, rest.target]),
        given_fen=np.concatenate([given, rest.given_fen]),
        received_fen=np.concatenate([received, rest.received_fen]),
        extra_row=np.concatenate([legs.extra_row, legs.row(leg)]),
        extra_part_fen=np.concatenate([legs.extra_part_fen, fen]),
    )


def time_order(legs: Legs, fee: Flags | None) -> Codes | None:
    """The legs by time, then principals before fees, then transfer row, then part; None when they are so already."""
    if fee is None and not len(legs.extra_row) and np.all(legs.time_us[1:] >= legs.time_us[:-1]):
        return None
    leg = np.arange(len(legs.time_us))
    row = legs.row(leg)
    last = np.zeros(len(leg), dtype=np.bool_) if fee is None else fee[row]
    return np.lexsort([leg, row, last, legs.time_us]).astype(np.int32)
