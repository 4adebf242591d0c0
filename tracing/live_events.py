"""What changed for the claims: which transfer moved how much of whose money from where to where, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.records import UNKNOWN_PREFIX
from tracing.holdings import SINK_OF_KIND
from tracing.legs import Codes, Flags, Ints

EventKind = Literal["moved", "revised", "opened"]
SHIFT = 32
ROW = 0xFFFFFFFF
"""A key is claim << SHIFT | row (or account code); `ROW` is its lower half."""


@dataclass(frozen=True)
class MoneyMoved:
    """A transfer carries another part of a claim's money than was known before.

    source: the account the money lay at; for a voucher bought under an order that somebody else paid, the hub.
    kind: `moved`: a transfer nobody knew to carry any; `revised`: a known one carries more or less; `opened`: the claim is new.
    amount_fen: victims' money more (or, below 0, less) than before. hop: 1 = the disputed payment.
    held_before_fen, held_after_fen: the claim's money at the source, in fen of victims' money, before and after the update;
    target_held_fen: at the target after it. sink: where the money left for good; empty while it is held or moved on.
    is_new_account: none of the claim's money had come to the target before.
    """

    claim: str
    transfer: str
    time_us: int
    kind: EventKind
    source: str
    target: str
    amount_fen: int
    hop: int
    held_before_fen: int
    held_after_fen: int
    target_held_fen: int
    sink: str
    is_new_account: bool


@dataclass(frozen=True)
class Update:
    """What records that came later changed.

    events: by claim, time and transfer. accounts: codes the records name. rematched: slots that were laid out again, wholly or
    at their end. rebuilt: why the whole ledger had to be matched again; empty when it had not. warnings: reports that cannot
    be traced, as in `Trace.warnings`.
    """

    events: tuple[MoneyMoved, ...]
    accounts: tuple[int, ...]
    rematched: int
    rebuilt: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Carried:
    """What transfers carry, ascending by key and origin. key: claim << 32 | transfer row.

    origin: code of the account the money lay at << 1 | whether this is the disputed payment (1) or money on its way (0): both
    may go by one transfer. fen: victims' money. hop: 1 = the disputed payment.
    """

    key: Ints
    origin: Ints
    fen: Ints
    hop: Ints

    def take(self, keep: Flags | Ints) -> "Carried":
        """Some of it."""
        return Carried(self.key[keep], self.origin[keep], self.fen[keep], self.hop[keep])


def gathered(rows: Carried, rank: Ints) -> Carried:
    """Rows in any order, one for every key and origin: their fen added up, with the hop of the one that ranks lowest."""
    if not len(rows.key):
        return rows
    rows = rows.take(np.lexsort([rank, rows.origin, rows.key]))
    first = np.flatnonzero((np.diff(rows.key, prepend=-1) != 0) | (np.diff(rows.origin, prepend=-1) != 0))
    return Carried(rows.key[first], rows.origin[first], np.add.reduceat(rows.fen, first), rows.hop[first])


@dataclass(frozen=True)
class Snapshot:
    """Some claims' money at one moment; keys are claim << 32 | account code, ascending.

    carried: by transfer. held_fen: per account that tracing passes. arrived: accounts money came to.
    """

    carried: Carried
    held: Ints
    held_fen: Ints
    arrived: Ints

    def of(self, claims: Flags) -> "Snapshot":
        """That of some of the claims."""
        held, arrived = (claims[keys >> SHIFT] for keys in (self.held, self.arrived))
        carried = self.carried.take(claims[self.carried.key >> SHIFT])
        return Snapshot(carried, self.held[held], self.held_fen[held], self.arrived[arrived])


def snapshot(pieces: Ints, row: Ints, ends_at: tuple[Codes, Codes], account: Codes, ends: Flags) -> Snapshot:
    """The money of pieces.

    Args:
        pieces: rows of KIND … LINKED. row, ends_at: transfer row, source and target slot of each piece's leg.
        account, ends: per slot.
    """
    from tracing.piece_kernels import BASIS, CARRIED, CLAIM, HOP, KIND, RESTED

    claim, (source, target) = pieces[:, CLAIM] << SHIFT, ends_at
    moved, rests = pieces[:, KIND] == CARRIED, (pieces[:, KIND] == RESTED) & ~ends[target]
    hop = pieces[moved, HOP]
    origin = account[source[moved]].astype(np.int64) << 1 | (hop == 1)
    carried = gathered(Carried(claim[moved] | row[moved], origin, pieces[moved, BASIS], hop), hop)
    held, place = np.unique(claim[rests] | account[target[rests]], return_inverse=True)
    held_fen = np.zeros(len(held), np.int64)
    np.add.at(held_fen, place, pieces[rests, BASIS])
    return Snapshot(carried, held, held_fen, np.unique(claim[moved] | account[target[moved]]))


def value_at(keys: Ints, values: Ints, wanted: Ints) -> Ints:
    """The value of each wanted key; 0 where there is none."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def differences(before: Carried, after: Carried) -> Carried:
    """What is carried more or (below 0) less than before; hop: as it is now, where any is carried now."""
    both = (np.concatenate(parts) for parts in zip(columns_of(after), columns_of(before), strict=True))
    key, origin, fen, hop = both
    was = np.arange(len(key)) >= len(after.key)
    found = gathered(Carried(key, origin, np.where(was, -fen, fen), hop), was.astype(np.int64))
    return found.take(found.fen != 0)


def columns_of(carried: Carried) -> tuple[Ints, Ints, Ints, Ints]:
    """Key, origin, fen and hop."""
    return carried.key, carried.origin, carried.fen, carried.hop


@dataclass(frozen=True)
class AccountWords:
    """Per account code its name, and the sink money that comes to it leaves by; empty where tracing goes on."""

    name: NDArray[np.object_]
    sink: NDArray[np.object_]


def account_words(accounts: pd.DataFrame, ends: Flags) -> AccountWords:
    """The words of all accounts, as `tracing.holdings` names sinks. ends: per account whether tracing ends there."""
    name = accounts["account"].to_numpy(dtype=object)
    sink = np.full(len(name), "", dtype=object)
    at = np.flatnonzero(ends)
    kinds = accounts["kind"].iloc[at].astype(object)
    sink[at] = [
        "out_of_view" if one.startswith(UNKNOWN_PREFIX) else SINK_OF_KIND.get(kind, "hub")
        for one, kind in zip(name[at], kinds, strict=True)
    ]
    return AccountWords(name, sink)


@dataclass(frozen=True)
class Told:
    """What the records say of some transfers: ids, times, account codes of the payees, and which of them are fees."""

    transfer: list[str]
    time_us: Ints
    target: Ints
    is_fee: Flags


def events_of(
    sides: tuple[Snapshot, Snapshot],
    changed: Carried,
    told: Told,
    claims: tuple[Sequence[str], Flags],
    words: AccountWords,
) -> tuple[MoneyMoved, ...]:
    """The events between two snapshots, by claim, time and transfer.

    Args:
        sides: before and after. changed: the `differences` of what they carry. told: of these transfers, in the same order.
        claims: per claim its id, and whether it is new.
    """
    (before, after), (names, opened) = sides, claims
    claim, source = changed.key >> SHIFT, changed.origin >> 1
    at_source, at_target = claim << SHIFT | source, claim << SHIFT | told.target
    known = np.isin(changed.key, before.carried.key)
    sink = words.sink[told.target]
    sink[told.is_fee] = "fee"
    columns = (
        [names[one] for one in claim.tolist()],
        told.transfer,
        told.time_us.tolist(),
        ["revised" if old else "opened" if new else "moved" for old, new in zip(known, opened[claim], strict=True)],
        words.name[source].tolist(),
        words.name[told.target].tolist(),
        changed.fen.tolist(),
        changed.hop.tolist(),
        value_at(before.held, before.held_fen, at_source).tolist(),
        value_at(after.held, after.held_fen, at_source).tolist(),
        value_at(after.held, after.held_fen, at_target).tolist(),
        sink.tolist(),
        (~np.isin(at_target, before.arrived)).tolist(),
    )
    made = [MoneyMoved(*values) for values in zip(*columns, strict=True)]
    return tuple(sorted(made, key=lambda event: (event.claim, event.time_us, event.hop, event.transfer, event.source)))
