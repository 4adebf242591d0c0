"""Where the money is: what each account still holds of each claim, and where it left for good."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.book import Ledger
from tracing.flags import ANY_FLAG, flagged, told_flags
from tracing.follow import Followed, Pieces, joined
from tracing.holders import member_slots, shared_out, target_accounts
from tracing.legs import INFERRED, Flags, Ints, ending_accounts, unknown_accounts
from tracing.lots import LotAxis
from tracing.openings import SOURCES, Openings

Names = NDArray[np.object_]
SINK_OF_KIND = {"cash": "cash", "merchant": "merchant", "issuer": "merchant"}
HELD_COLUMNS = [
    "claim", "account", "account_code", "tier", "held_fen", "basis_fen", "balance_fen", "opening_fen", "opening_source",
    "since_us", "flags", "probability_bp", "inferred_fen",
]  # fmt: skip


@dataclass(frozen=True)
class Resting:
    """Pieces no debit spends, the slot of an account where each rests, and whether tracing ends there."""

    pieces: Pieces
    slot: Ints
    ended: Flags


def resting(ledger: Ledger, axis: LotAxis, followed: Followed) -> Resting:
    """The pieces no debit spends. At holder level they are laid over the accounts of the holder, see `holders.shared_out`."""
    pieces, slot = followed.rested, axis.target(followed.rested.leg)
    if axis.apart is not None:
        pieces, slot = laid_over(ledger, axis, pieces, slot, followed.allocates)
    return Resting(pieces, slot, axis.slots.ends[slot] | ending_accounts(ledger)[axis.slots.account[slot]])


def laid_over(ledger: Ledger, axis: LotAxis, pieces: Pieces, slot: Ints, allocates: bool) -> tuple[Pieces, Ints]:
    """The pieces cut where the accounts of their pools cut them, and the slot of the account of each."""
    assert axis.apart is not None
    apart, names = axis.apart, ledger.accounts["account"].to_numpy(dtype=object)
    shared = np.zeros(len(axis.slots), dtype=np.bool_)
    shared[apart.pool[apart.pooled]] = True
    order = np.lexsort([pieces.start_fen, pieces.leg, pieces.claim, slot])
    pieces, slot = pieces.take(order), slot[order]
    parts, slots = [pieces.take(~shared[slot])], [slot[~shared[slot]]]
    pieces, slot = pieces.take(shared[slot]), slot[shared[slot]]
    # a method that shares nothing out lays the whole balance over the accounts once for every claim
    change = (slot[1:] != slot[:-1]) | ((pieces.claim[1:] != pieces.claim[:-1]) & (not allocates))
    bounds = [0, *(1 + np.flatnonzero(change)).tolist(), len(slot)] if len(slot) else []
    members = np.argsort(apart.pool, kind="stable")
    for begin, end in pairwise(bounds):
        mine = pieces.take(np.arange(begin, end))
        low, high = np.searchsorted(apart.pool[members], [slot[begin], slot[begin] + 1])
        member = members[low:high]
        shares = shared_out(mine.fen, member, apart.balance_fen[member], names[axis.slots.account[member]])
        parts.append(parts_of(mine.take(shares.piece), shares.begin, shares.length))
        slots.append(shares.slot)
    return joined(parts), np.concatenate(slots)


def parts_of(whole: Pieces, begin: Ints, length: Ints) -> Pieces:
    """A part of each piece, from `begin` on; basis is split by cumulative floor over the piece."""
    basis = length.copy()
    for at in np.flatnonzero(whole.basis_fen != whole.fen).tolist():  # behind a conversion; the products may need 128 bits
        total, fen, first = int(whole.basis_fen[at]), int(whole.fen[at]), int(begin[at])
        basis[at] = (first + int(length[at])) * total // fen - first * total // fen
    return replace(whole, start_fen=whole.start_fen + begin, fen=length, basis_fen=basis)


def paid_slots(ledger: Ledger, axis: LotAxis, leg: Ints) -> Ints:
    """The slot of the account each leg pays into; at holder level that account's own, not the pool's."""
    slot = axis.target(leg)
    if axis.apart is None or not len(leg):
        return slot
    plain = slot < len(axis.apart.pool)
    account = target_accounts(ledger, axis.row(leg[plain]))
    found = slot.copy()
    found[plain] = member_slots(axis.apart, axis.slots, slot[plain], account)
    return found


def own_figures(axis: LotAxis) -> tuple[Ints, Openings, Ints]:
    """Balance, opening and number of debits of every slot by itself; at holder level of the accounts, not of the pools.

    Where the balances of a holder's accounts do not add up to that of the pool (an account overdrawn by its own declared
    balance, money of which the pool covers), every one of them shows the pool's.
    """
    if axis.apart is None:
        return axis.balance_fen, axis.openings, axis.debits
    apart, plain = axis.apart, len(axis.apart.pool)
    carried = np.zeros(len(axis.slots), dtype=np.int64)
    np.add.at(carried, apart.pool, np.maximum(apart.balance_fen, 0))
    short = (carried < axis.balance_fen)[apart.pool]
    balance, fen = axis.balance_fen.copy(), axis.openings.fen.copy()
    source, debits = axis.openings.source.copy(), axis.debits.copy()
    balance[:plain] = np.where(short, axis.balance_fen[apart.pool], apart.balance_fen)
    fen[:plain] = np.where(short, axis.openings.fen[apart.pool], apart.openings.fen)
    source[:plain] = np.where(short, axis.openings.source[apart.pool], apart.openings.source)
    debits[:plain] = apart.debits
    return balance, replace(axis.openings, fen=fen, source=source), debits


def held_of(ledger: Ledger, axis: LotAxis, followed: Followed, names: Names) -> pd.DataFrame:
    """The `held` table: per claim and account what is still there, beside the account's whole balance."""
    found = resting(ledger, axis, followed)
    pieces, slot = found.pieces.take(~found.ended), found.slot[~found.ended]
    by_piece = pd.DataFrame(
        {
            "claim": pieces.claim,
            "account_code": axis.slots.account[slot],
            "currency": axis.slots.currency[slot],
            "tier": pieces.tier,
            "held_fen": pieces.fen,
            "basis_fen": pieces.basis_fen,
            "since_us": transfer_times(ledger, axis.row(pieces.leg)),
            "inferred_fen": np.where(pieces.flags & INFERRED > 0, pieces.fen, 0),
            **flagged(pieces.flags),
        }
    )
    parts = by_piece.groupby(["claim", "account_code", "currency"])
    sums = dict.fromkeys(("held_fen", "basis_fen", "inferred_fen"), "sum")
    table = told_flags(parts.agg({"tier": "min", **sums, "since_us": "max", **ANY_FLAG}).reset_index())
    table = table.merge(balances(axis), on=["account_code", "currency"], how="left")
    over = (
        table.groupby(["account_code", "currency"])["held_fen"].sum()
        > table.groupby(["account_code", "currency"])["balance_fen"].first()
    )
    assert not (followed.allocates and over.any()), (
        f"accounts that hold more of victims' money than their balance: {list(over.index[over])}"
    )
    account = ledger.accounts["account"].to_numpy(dtype=object)
    table = table.assign(claim=names[table["claim"]], account=account[table["account_code"]])
    return table[HELD_COLUMNS].sort_values(["claim", "account"], ignore_index=True)


def balances(axis: LotAxis) -> pd.DataFrame:
    """Balance and opening per account and currency: account_code, currency, balance_fen, opening_fen, opening_source."""
    balance, openings, _ = own_figures(axis)
    slots = pd.DataFrame(
        {
            "account_code": axis.slots.account,
            "currency": axis.slots.currency,
            "balance_fen": balance,
            "opening_fen": openings.fen,
            "opening_source": openings.source,
            "identified": axis.slots.identified,
            "ends": axis.slots.ends,
        }
    )
    own = slots[~slots["identified"]].drop(columns=["identified", "ends"])
    private = slots[slots["identified"] & ~slots["ends"]]
    linked = private.groupby(["account_code", "currency"])["balance_fen"].sum().clip(lower=0)
    if len(linked):
        key = pd.MultiIndex.from_frame(own[["account_code", "currency"]])
        own = own.assign(balance_fen=own["balance_fen"] + linked.reindex(key, fill_value=0).to_numpy())
    return own.assign(opening_source=np.asarray(SOURCES, dtype=object)[own["opening_source"]])


def transfer_times(ledger: Ledger, rows: Ints) -> Ints:
    """Time of each transfer row, UTC microseconds."""
    return np.asarray(ledger.read(("time",))["time"].take(pa.array(rows)).cast(pa.int64()).to_numpy())


def sinks_of(ledger: Ledger, axis: LotAxis, followed: Followed, names: Names) -> pd.DataFrame:
    """The `sinks` table: victims' money per claim, sink and account where it left for good."""
    found = resting(ledger, axis, followed)
    ends = found.pieces.take(found.ended)
    parts = [(ends, sink_names(ledger, axis, ends)), (followed.overdrawn, named("overdraft", followed.overdrawn))]
    parts.append((followed.lost, named("discount", followed.lost)))
    parts += [(cut, named("dust" if limit == "min_amount" else "out_of_view", cut)) for limit, cut in followed.cut]
    pieces = joined([part for part, _ in parts])
    by_piece = pd.DataFrame(
        {
            "claim": pieces.claim,
            "sink": np.concatenate([sinks for _, sinks in parts]),
            "account_code": axis.slots.account[paid_slots(ledger, axis, pieces.leg)],
            "amount_fen": pieces.basis_fen,
            **flagged(pieces.flags),
        }
    )
    grouped = by_piece.groupby(["claim", "sink", "account_code"])
    table = told_flags(grouped.agg({"amount_fen": "sum", **ANY_FLAG}).reset_index())
    account = ledger.accounts["account"].to_numpy(dtype=object)
    table = table.assign(claim=names[table["claim"]], account=account[table["account_code"]])
    columns = ["claim", "sink", "account", "account_code", "amount_fen", "flags", "probability_bp"]
    return table[columns].sort_values(["claim", "sink", "account"], ignore_index=True)


def named(sink: str, pieces: Pieces) -> Names:
    """The same sink for all pieces."""
    return np.full(len(pieces), sink, dtype=object)


def sink_names(ledger: Ledger, axis: LotAxis, ends: Pieces) -> Names:
    """Which sink each piece ended in: fee by channel, else by the account's kind."""
    account = axis.slots.account[axis.target(ends.leg)]
    kind = ledger.accounts["kind"].astype(object).to_numpy(dtype=object)[account]
    sink = np.asarray([SINK_OF_KIND.get(k, "hub") for k in kind], dtype=object)
    sink[unknown_accounts(ledger.accounts)[account]] = "out_of_view"
    channel = ledger.read(("channel",))["channel"].take(pa.array(axis.row(ends.leg))).cast(pa.string())
    sink[np.asarray(pc.fill_null(pc.equal(channel, "fee"), False).to_numpy(), dtype=bool)] = "fee"
    return sink
