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
class Snapshot:
    """Some claims' money at one moment, by transfer row and by account, keys ascending: claim << 32 | row or account code.

    carried_fen, hop: per transfer row. held_fen: per account that tracing passes. arrived: accounts money came to.
    """

    carried: Ints
    carried_fen: Ints
    hop: Ints
    held: Ints
    held_fen: Ints
    arrived: Ints

    def of(self, claims: Flags) -> "Snapshot":
        """That of some of the claims."""
        carried, held, arrived = (claims[keys >> SHIFT] for keys in (self.carried, self.held, self.arrived))
        return Snapshot(
            self.carried[carried],
            self.carried_fen[carried],
            self.hop[carried],
            self.held[held],
            self.held_fen[held],
            self.arrived[arrived],
        )


def snapshot(pieces: Ints, row: Ints, target: Codes, account: Codes, ends: Flags) -> Snapshot:
    """The money of pieces.

    Args:
        pieces: rows of KIND … LINKED. row, target: transfer row and target slot of each piece's leg.
        account, ends: per slot.
    """
    from tracing.piece_kernels import BASIS, CARRIED, CLAIM, HOP, KIND, RESTED

    claim = pieces[:, CLAIM] << SHIFT
    moved, rests = pieces[:, KIND] == CARRIED, (pieces[:, KIND] == RESTED) & ~ends[target]
    carried, place = np.unique(claim[moved] | row[moved], return_inverse=True)
    fen, hop = np.zeros(len(carried), np.int64), np.full(len(carried), np.iinfo(np.int64).max)
    np.add.at(fen, place, pieces[moved, BASIS])
    np.minimum.at(hop, place, pieces[moved, HOP])
    held, place = np.unique(claim[rests] | account[target[rests]], return_inverse=True)
    held_fen = np.zeros(len(held), np.int64)
    np.add.at(held_fen, place, pieces[rests, BASIS])
    return Snapshot(carried, fen, hop, held, held_fen, np.unique(claim[moved] | account[target[moved]]))


def value_at(keys: Ints, values: Ints, wanted: Ints) -> Ints:
    """The value of each wanted key; 0 where there is none."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def differences(before: Snapshot, after: Snapshot) -> tuple[Ints, Ints]:
    """The keys (claim and transfer row) that carry another amount than before, and by how much."""
    keys = np.union1d(before.carried, after.carried)
    change = value_at(after.carried, after.carried_fen, keys) - value_at(before.carried, before.carried_fen, keys)
    return keys[change != 0], change[change != 0]


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
    """What the records say of some transfers: ids, times, account codes, and which of them are fees."""

    transfer: list[str]
    time_us: Ints
    source: Ints
    target: Ints
    is_fee: Flags


def events_of(
    sides: tuple[Snapshot, Snapshot],
    changed: tuple[Ints, Ints],
    told: Told,
    claims: tuple[Sequence[str], Flags],
    words: AccountWords,
) -> tuple[MoneyMoved, ...]:
    """The events between two snapshots, by claim, time and transfer.

    Args:
        sides: before and after. changed: their `differences`. told: of these transfers, in the same order.
        claims: per claim its id, and whether it is new.
    """
    (before, after), (keys, change), (names, opened) = sides, changed, claims
    claim = keys >> SHIFT
    at_source, at_target = claim << SHIFT | told.source, claim << SHIFT | told.target
    known, now = np.isin(keys, before.carried), np.isin(keys, after.carried)
    hop = np.where(now, value_at(after.carried, after.hop, keys), value_at(before.carried, before.hop, keys))
    sink = words.sink[told.target]
    sink[told.is_fee] = "fee"
    columns = (
        [names[one] for one in claim.tolist()],
        told.transfer,
        told.time_us.tolist(),
        ["revised" if old else "opened" if new else "moved" for old, new in zip(known, opened[claim], strict=True)],
        words.name[told.source].tolist(),
        words.name[told.target].tolist(),
        change.tolist(),
        hop.tolist(),
        value_at(before.held, before.held_fen, at_source).tolist(),
        value_at(after.held, after.held_fen, at_source).tolist(),
        value_at(after.held, after.held_fen, at_target).tolist(),
        sink.tolist(),
        (~np.isin(at_target, before.arrived)).tolist(),
    )
    made = [MoneyMoved(*values) for values in zip(*columns, strict=True)]
    return tuple(sorted(made, key=lambda event: (event.claim, event.time_us, event.hop, event.transfer)))
