"""What the rules look at: the transfers around the accounts a trace reached, or a whole ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger import Ledger
from ledger.book import filled
from ledger.records import HUB_KINDS, UNKNOWN_PREFIX
from tracing.result import Trace

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
VOUCHER_KINDS = ("card", "q_coin")


@dataclass(frozen=True)
class Scope:
    """Transfers that took place, as numpy columns, and what is known of every account of the ledger by its code.

    transfers, in ledger order: row (transfer row of the ledger), time_us, source, target, amount_fen, received_fen, purchase,
        redemption (flags). Failed and taken-back transfers and their reversals are not in it, nor are other currencies than the
        trace's; thresholds count in its minor units.
    transfer_ids: the id of each of these transfers.
    judged: accounts the rules may speak about; all their transfers are here. reached: accounts the trace touched.
    hub, voucher, known (named by the records): flags. holder: number of the holder, own accounts share it.
    first_claim_us: time of the first disputed payment, None without claims. as_of_us: the last instant looked at.
    """

    ledger: Ledger
    trace: Trace | None
    transfers: pd.DataFrame
    transfer_ids: pa.Array
    judged: Flags
    reached: Flags
    hub: Flags
    voucher: Flags
    known: Flags
    holder: Ints
    first_claim_us: int | None
    as_of_us: int

    def ids(self, rows: Ints) -> tuple[str, ...]:
        """Ids of transfers in view, by their ledger rows."""
        place = np.searchsorted(self.transfers["row"].to_numpy(), rows)
        return tuple(self.transfer_ids.take(pa.array(place)).to_pylist())

    def words(self, column: str, rows: Ints) -> list[str | None]:
        """A text column of the ledger at the given rows."""
        values = self.ledger.read((column,))[column].take(pa.array(rows))
        return list(values.cast(pa.string()).to_pylist())

    def name(self, code: int) -> str:
        """The account's id."""
        return str(self.ledger.accounts["account"].iloc[code])

    def dealings(self) -> pd.DataFrame:
        """Transfers between different holders of which neither end is a voucher or unnamed."""
        moves = self.transfers
        source, target = columns(moves, "source", "target")
        apart = self.holder[source] != self.holder[target]
        plain = ~(self.voucher[source] | self.voucher[target]) & self.known[source] & self.known[target]
        dealings: pd.DataFrame = moves[apart & plain]
        return dealings


def scope_of(ledger: Ledger, trace: Trace | None = None, as_of_us: int | None = None, currency: str | None = None) -> Scope:
    """Gather what the rules need: around the trace, or the whole ledger where there is none.

    Args:
        as_of_us, currency: up to when and in which currency; a trace's own where there is one.
    """
    accounts = ledger.accounts
    kind = accounts["kind"].astype("string[pyarrow]")
    hub = accounts["hub"].fillna(False).to_numpy(dtype=bool) | kind.isin(HUB_KINDS).to_numpy(dtype=bool)
    voucher = kind.isin(VOUCHER_KINDS).to_numpy(dtype=bool)
    known = ~accounts["account"].str.startswith(UNKNOWN_PREFIX).to_numpy(dtype=bool)
    holder = holders(accounts)
    as_of_us = trace.parameters.as_of_us if trace is not None else as_of_us
    currency = str(trace.claims["currency"].iloc[0]) if trace is not None and len(trace.claims) else currency
    moves = settled_transfers(ledger, as_of_us, currency)
    if as_of_us is None:
        as_of_us = int(moves["time_us"].max()) if len(moves) else 0
    ordinary = ~hub & ~voucher & known
    reached = np.ones(len(accounts), dtype=np.bool_)
    judged = ordinary
    first_claim_us = None
    if trace is not None:
        reached = touched(trace, len(accounts))
        judged = around(moves, reached & ordinary, ordinary, holder)
        moves = moves[near(moves, judged | (reached & voucher))]
        first = trace.traced.loc[trace.traced["hop"] == 1, "time_us"]
        first_claim_us = int(first.min()) if len(first) else None
    moves = moves.reset_index(drop=True)
    ids = ledger.read(("transfer",))["transfer"].take(pa.array(moves["row"].to_numpy())).combine_chunks()
    return Scope(ledger, trace, moves, ids, judged, reached, hub, voucher, known, holder, first_claim_us, as_of_us)


def holders(accounts: pd.DataFrame) -> Ints:
    """A number per account that own accounts of one holder share; an account without a holder is its own."""
    holder = accounts["holder"]
    codes, _ = pd.factorize(holder)
    numbers = np.asarray(codes, dtype=np.int64)
    alone = holder.isna().to_numpy(dtype=bool) | (holder == "").fillna(True).to_numpy(dtype=bool)
    numbers[alone] = len(numbers) + np.flatnonzero(alone)
    return numbers


def settled_transfers(ledger: Ledger, as_of_us: int | None, currency: str | None = None) -> pd.DataFrame:
    """Transfers that took place and stayed, up to `as_of_us`, in one currency or in all."""
    wanted = (
        "transfer",
        "time",
        "source",
        "target",
        "amount_fen",
        "received_fen",
        "currency",
        "operation",
        "status",
        "reverses",
    )
    table = filled(ledger.read(wanted))
    time_us = np.asarray(table["time"].cast(pa.int64()).to_numpy())
    keep = mask(pc.equal(table["status"].cast(pa.string()), "done")) & mask(pc.is_null(table["reverses"]))
    taken_back = pc.unique(table["reverses"].drop_null())
    if len(taken_back):
        keep &= ~mask(pc.is_in(table["transfer"], value_set=taken_back.cast(table["transfer"].type)))
    if as_of_us is not None:
        keep &= time_us <= as_of_us
    if currency is not None:
        keep &= mask(pc.equal(table["currency"].cast(pa.string()), currency))
    row = np.flatnonzero(keep)
    operation = table["operation"].cast(pa.string())
    return pd.DataFrame(
        {
            "row": row,
            "time_us": time_us[row],
            "source": np.asarray(table["source"].to_numpy())[row].astype(np.int64),
            "target": np.asarray(table["target"].to_numpy())[row].astype(np.int64),
            "amount_fen": np.asarray(table["amount_fen"].to_numpy())[row],
            "received_fen": np.asarray(table["received_fen"].to_numpy())[row],
            "purchase": mask(pc.equal(operation, "purchase"))[row],
            "redemption": mask(pc.equal(operation, "redemption"))[row],
        }
    )


def mask(values: pa.ChunkedArray) -> Flags:
    """An Arrow boolean column as numpy; null is false."""
    return np.array(pc.fill_null(values, False).to_numpy(), dtype=np.bool_)


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as named tuples, index first: for the few rows that become sentences."""
    yield from frame.itertuples()


def columns(frame: pd.DataFrame, *names: str) -> tuple[Ints, ...]:
    """Integer columns of a frame as numpy arrays."""
    return tuple(frame[name].to_numpy(dtype=np.int64) for name in names)


def touched(trace: Trace, accounts: int) -> Flags:
    """The accounts through which traced money passed."""
    flags = np.zeros(accounts, dtype=np.bool_)
    for column in ("source_code", "target_code"):
        flags[trace.traced[column].to_numpy(dtype=np.int64)] = True
    return flags


def around(moves: pd.DataFrame, reached: Flags, ordinary: Flags, holder: Ints) -> Flags:
    """Reached accounts, other accounts of their holders, and whom the redeemers among these pay (off the trace)."""
    own = np.isin(holder, np.unique(holder[reached])) & ordinary
    source, target = columns(moves, "source", "target")
    redeemer = np.unique(holder[target[moves["redemption"].to_numpy(dtype=bool) & own[target]]])
    pays = np.isin(holder, redeemer) & own
    judged = own.copy()
    judged[target[pays[source]]] = True
    return judged & ordinary


def near(moves: pd.DataFrame, inside: Flags) -> Flags:
    """Transfers that touch the accounts, and the purchases of every voucher they redeemed."""
    source, target = columns(moves, "source", "target")
    redeemed = np.zeros(len(inside), dtype=np.bool_)
    redeemed[source[moves["redemption"].to_numpy(dtype=bool) & inside[target]]] = True
    return np.asarray(inside[source] | inside[target] | redeemed[target], dtype=np.bool_)
