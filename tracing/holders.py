"""Holder level: all accounts of one known holder in one currency are one balance, a pool.

Slots keep their numbers: a pool is the first of its members' slots, the others stand empty. What every account holds by
itself is kept beside it, so that a result can name accounts.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ledger.book import Ledger
from tracing.identified import rows_by_id
from tracing.legs import Codes, Flags, Ints, Legs, Slots, ending_accounts
from tracing.openings import SOURCES, Openings
from tracing.result import Level

ALONE = ("card", "q_coin", "cash")
"""Kinds of accounts that are never pooled; those where tracing ends are not either."""


@dataclass(frozen=True)
class Apart:
    """The accounts by themselves, beside the pools: one entry per slot of an account, identified slots have none.

    pool: the slot that stands for each. balance_fen, openings, debits: as they are at the level of accounts.
    """

    pool: Codes
    balance_fen: Ints
    openings: Openings
    debits: Ints

    @property
    def pooled(self) -> Flags:
        """Which slots share a pool with another one."""
        return np.asarray(np.bincount(self.pool, minlength=len(self.pool))[self.pool] > 1)


def pools_of(ledger: Ledger, slots: Slots) -> tuple[Codes, Flags]:
    """For each slot the first slot of the same holder and currency, itself where it stays alone; and which have a holder."""
    names, may = known_holders(ledger)
    known = may[slots.account] & ~slots.ends & ~slots.identified
    number = np.arange(len(slots), dtype=np.int64)
    _, holder = np.unique(names[slots.account].astype(str), return_inverse=True)
    key = holder.astype(np.int64) * len(slots.currencies) + slots.currency
    key = np.where(known, key, -1 - number)
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    return first[back].astype(np.int32), np.asarray(known, dtype=np.bool_)


def known_holders(ledger: Ledger) -> tuple[NDArray[np.object_], Flags]:
    """Per account its holder, empty where nobody knows it, and whether it may be pooled."""
    accounts = ledger.accounts
    alone = accounts["kind"].astype(object).isin(ALONE).to_numpy(dtype=bool) | ending_accounts(ledger)
    names = accounts["holder"].astype(object).where(accounts["holder"].notna(), "").to_numpy(dtype=object)
    return names, np.asarray((names != "") & ~alone, dtype=np.bool_)


def one_balance(ledger: Ledger, account: int, level: Level) -> Ints:
    """Codes of the accounts whose balance is one with an account's, itself among them; only itself at the level of accounts."""
    names, may = known_holders(ledger)
    if level != "holder" or not may[account]:
        return np.asarray([account], dtype=np.int64)
    return np.flatnonzero(may & (names == names[account]))


def without_own_moves(ledger: Ledger, legs: Legs) -> Legs:
    """The legs with moves inside a pool made to move nothing, unless a report disputes one or it converts."""
    pool, known = pools_of(ledger, legs.slots)
    own = (pool[legs.source] == pool[legs.target]) & known[legs.source] & (legs.given_fen == legs.received_fen)
    disputed = rows_by_id(ledger, set(ledger.reports["transfer"]))
    rows = np.asarray([row for row in disputed.values() if row < legs.rows], dtype=np.int64)
    own[rows] = False
    return replace(
        legs,
        given_fen=np.where(own, 0, legs.given_fen),
        received_fen=np.where(own, 0, legs.received_fen),
        idle_row=np.union1d(legs.idle_row, np.flatnonzero(own)),
    )


def pooled(ledger: Ledger, legs: Legs, apart: Legs) -> Legs:
    """The legs between pools. apart: the same transfers between accounts."""
    pool, _ = pools_of(ledger, legs.slots)
    return replace(legs, source=pool[legs.source], target=pool[legs.target], apart=apart)


def declared_in_pools(pool: Codes, apart: Openings, slots: Slots) -> Openings:
    """Openings of pools before the flow is looked at: declared where every member's is; their sum."""
    size = len(slots)
    known = np.bincount(pool[~apart.known], minlength=size) == 0  # identified slots too: they start empty
    fen = np.zeros(size, dtype=np.int64)
    np.add.at(fen, pool, apart.fen)
    source = np.full(size, SOURCES.index("implied"), dtype=np.int8)
    source[: len(pool)] = np.where(known[: len(pool)], apart.source, SOURCES.index("implied"))
    return Openings(np.where(known, fen, 0), source, known)


def settled_in_pools(pool: Codes, apart: Openings, declared: Openings, lowest_fen: Ints) -> Openings:
    """Openings of pools: not declared in full, they are what the records report of members, and cover every debit."""
    reported = apart.source == SOURCES.index("reported")
    parts, any_reported = np.zeros(len(declared.fen), dtype=np.int64), np.zeros(len(declared.fen), dtype=np.bool_)
    np.add.at(parts, pool, np.where(reported, apart.fen, 0))
    any_reported[pool[reported]] = True
    stated = ~declared.known & any_reported & (parts >= -lowest_fen)
    fen = np.where(declared.known, declared.fen, np.maximum(parts, -lowest_fen))
    return Openings(fen, np.where(stated, SOURCES.index("reported"), declared.source).astype(np.int8), declared.known)


def member_slots(apart: Apart, slots: Slots, pool: Ints, account: Ints) -> Ints:
    """The slot of each account in the currency of its pool."""
    currencies, plain = len(slots.currencies), len(apart.pool)
    key = slots.account[:plain].astype(np.int64) * currencies + slots.currency[:plain]  # ascending, see `slots_of`
    return np.searchsorted(key, account.astype(np.int64) * currencies + slots.currency[pool])


def own_slots(slots: Slots, accounts: Ints, currency: int) -> Ints:
    """The slots whose balances are the accounts': their own and those of their identified links.

    What they were paid in fees is in none of them: it ended there.
    """
    return np.flatnonzero(np.isin(slots.account, accounts) & (slots.currency == currency) & ~slots.ends)


def opening_parts(
    apart: Apart | None, slots: Slots, openings: Openings, begin: Ints, names: NDArray[np.object_]
) -> tuple[Ints, Codes]:
    """Where on the axis the opening of each account of a pool begins, and which account; sorted. None at the level of accounts.

    The largest opening lies first, then the account's name; what no account's opening carries is the last one's.

    Args:
        openings: of the pools. begin: where each slot begins on the axis. names: of all accounts.
    """
    if apart is None or not apart.pooled.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    slot = np.flatnonzero(apart.pooled)
    account, pool = slots.account[slot], apart.pool[slot].astype(np.int64)
    fen = np.maximum(apart.openings.fen[slot], 0)
    order = np.lexsort([names[account].astype(str), -fen, pool])
    account, fen, pool = account[order], fen[order], pool[order]
    before = np.cumsum(fen) - fen
    before -= before[np.searchsorted(pool, pool, side="left")]
    first = np.append(True, pool[1:] != pool[:-1])
    some = first | ((fen > 0) & (before < openings.fen[pool]))
    return (begin[pool] + before)[some], account[some].astype(np.int32)


def target_accounts(ledger: Ledger, row: Ints) -> Ints:
    """Account code each transfer row pays into."""
    return np.asarray(ledger.read(("target",))["target"].take(pa.array(row)).to_numpy(), dtype=np.int64)


@dataclass(frozen=True)
class Shares:
    """Parts of pieces, each at one member of a pool: which piece, from which fen of it on, how many, which slot."""

    piece: Ints
    begin: Ints
    length: Ints
    slot: Ints


def shared_out(fen: Ints, member: Ints, balance_fen: Ints, names: NDArray[np.object_]) -> Shares:
    """Lay pieces of a pool, in their order, over its members: the largest balance is filled first, then the account's name.

    What no balance carries goes to the largest. Args: member, balance_fen, names: slot, balance, account of each member.
    """
    ranked = sorted(range(len(member)), key=lambda at: (-int(balance_fen[at]), names[at]))
    room = np.maximum(balance_fen[ranked], 0)
    total = int(fen.sum())
    slot = np.append(member[ranked], member[ranked[0]])
    until = np.cumsum(np.append(room, max(total - int(room.sum()), 0)))
    ends = np.cumsum(fen)
    stops = np.unique(np.concatenate([ends, until[until < total]]))
    stops = stops[stops > 0]
    starts = np.concatenate([[0], stops[:-1]]).astype(np.int64)[: len(stops)]
    piece = np.searchsorted(ends, starts, side="right")
    begin = starts - (ends[piece] - fen[piece])
    return Shares(piece, begin, stops - starts, slot[np.searchsorted(until, starts, side="right")])
