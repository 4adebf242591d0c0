"""What the rules look at: the transfers around the accounts a trace reached, or a whole ledger."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ledger import Ledger
from ledger.records import HUB_KINDS, UNKNOWN_PREFIX
from rules.settled import settled_transfers
from tracing.result import Trace

if TYPE_CHECKING:
    from rules.patterns.edges import Edges

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Kept = TypeVar("Kept")
VOUCHER_KINDS = ("card", "q_coin")
NEVER = 2**62
"""An instant no record reaches."""
MOST_FINDINGS = 10_000
"""More findings of one rule are counted, not listed: nobody reads them. Grade P."""


@dataclass(frozen=True)
class Scope:
    """Transfers that took place, as numpy columns, and what is known of every account of the ledger by its code.

    transfers, in ledger order: row (transfer row of the ledger), time_us, source, target, amount_fen, received_fen, purchase,
        redemption (flags), as `rules.settled` tells what took place and stayed; none in other currencies than the trace's;
        thresholds count in its minor units.
    transfer_ids: the id of each of these transfers.
    judged: accounts the rules may speak about; all their transfers are here. reached: accounts the trace touched. whole: all
        accounts of the ledger are judged, and all its transfers are here. currency: the only one looked at, None: all.
    hub, voucher, known (named by the records): flags. holder: number of the holder, own accounts share it.
    first_claim_us: time of the first disputed payment, None without claims. as_of_us: the last instant looked at. first_us:
        where the records of the ledger begin.
    most_findings: how many findings of one rule are listed, the strongest first.
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
    first_us: int
    currency: str | None = None
    whole: bool = True
    most_findings: int = MOST_FINDINGS
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, name: str, make: Callable[[], Kept]) -> Kept:
        """What `make` gives, made the first time it is asked for: several rules look at the same sorted columns."""
        if name not in self.kept:
            self.kept[name] = make()
        kept: Kept = self.kept[name]
        return kept

    def ids(self, rows: Ints) -> tuple[str, ...]:
        """Ids of transfers by their ledger rows, in view or not (a payment that came back is in none)."""
        seen = self.once("row", lambda: columns(self.transfers, "row")[0])
        place = np.searchsorted(seen, rows)
        if len(seen) and (seen[np.minimum(place, len(seen) - 1)] == rows).all():
            return tuple(self.transfer_ids.take(pa.array(place)).to_pylist())
        return tuple(str(identifier) for identifier in self.words("transfer", rows))

    def words(self, column: str, rows: Ints) -> list[str | None]:
        """A text column of the ledger at the given rows."""
        values = self.ledger.read((column,))[column].take(pa.array(rows))
        return list(values.cast(pa.string()).to_pylist())

    def name(self, code: int) -> str:
        """The account's id."""
        return str(self.ledger.accounts["account"].iloc[code])

    @property
    def holders(self) -> int:
        """Holder numbers are below this."""
        return 2 * len(self.holder)

    def kind(self, *kinds: str) -> Flags:
        """Which accounts are of one of these kinds."""
        found = self.ledger.accounts["kind"].astype("string[pyarrow]").isin(kinds)
        return np.asarray(found.to_numpy(dtype=bool), dtype=np.bool_)

    def opened_us(self) -> Ints:
        """When each account was opened; `NEVER` where the records do not say."""
        return np.asarray(
            self.ledger.accounts["opened"].astype("int64[pyarrow]").fillna(NEVER).to_numpy(dtype=np.int64), dtype=np.int64
        )

    def dealings(self) -> pd.DataFrame:
        """Transfers between different holders of which neither end is a voucher or unnamed."""
        return self.once("dealings", self.between_holders)

    def between_holders(self) -> pd.DataFrame:
        """As `dealings`, made anew."""
        moves = self.transfers
        source, target = columns(moves, "source", "target")
        apart = self.holder[source] != self.holder[target]
        plain = ~(self.voucher[source] | self.voucher[target]) & self.known[source] & self.known[target]
        chosen = apart & plain
        dealings: pd.DataFrame = moves if chosen.all() else moves[chosen]
        return dealings

    @cached_property
    def edges(self) -> "Edges":
        """The dealings of which neither end is a hub, indexed for the pattern finders; built once."""
        from rules.patterns.edges import edges_of

        source, target, time_us, fen, row = columns(self.dealings(), "source", "target", "time_us", "amount_fen", "row")
        plain = ~(self.hub[source] | self.hub[target])
        return edges_of(source[plain], target[plain], time_us[plain], fen[plain], row[plain])


def scope_of(
    ledger: Ledger,
    trace: Trace | None = None,
    as_of_us: int | None = None,
    currency: str | None = None,
    *,
    most_findings: int = MOST_FINDINGS,
    whole: bool = False,
) -> Scope:
    """Gather what the rules need: around the trace, or the whole ledger where there is none.

    Args:
        as_of_us, currency: up to when and in which currency; a trace's own where there is one.
        whole: the whole ledger with a trace, too.
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
    first_us = int(moves["time_us"].iloc[0]) if len(moves) else as_of_us
    ordinary = ~hub & ~voucher & known
    reached = np.ones(len(accounts), dtype=np.bool_)
    judged = ordinary
    first_claim_us = None
    if trace is not None:
        reached = touched(trace, len(accounts))
        if not whole:
            judged = around(moves, reached & ordinary, ordinary, holder)
            moves = moves[near(moves, judged | (reached & voucher))]
        first = trace.traced.loc[trace.traced["hop"] == 1, "time_us"]
        first_claim_us = int(first.min()) if len(first) else None
    moves = moves.reset_index(drop=True)
    ids = taken(ledger.read(("transfer",))["transfer"], moves["row"].to_numpy()).combine_chunks()
    flags = (judged, reached, hub, voucher, known)
    spans = (first_claim_us, as_of_us, first_us, currency, whole or trace is None)
    return Scope(ledger, trace, moves, ids, *flags, holder, *spans, most_findings)


def taken(column: pa.ChunkedArray, rows: Ints) -> pa.ChunkedArray:
    """The column at these rows, which are all different and ascending; not copied where they are all."""
    return column if len(rows) == len(column) else column.take(pa.array(rows))


def holders(accounts: pd.DataFrame) -> Ints:
    """A number per account that own accounts of one holder share; an account without a holder is its own."""
    holder = accounts["holder"]
    codes, _ = pd.factorize(holder)
    numbers = np.asarray(codes, dtype=np.int64)
    alone = holder.isna().to_numpy(dtype=bool) | (holder == "").fillna(True).to_numpy(dtype=bool)
    numbers[alone] = len(numbers) + np.flatnonzero(alone)
    return numbers


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as named tuples, index first: for the few rows that become sentences."""
    yield from frame.itertuples()


def parts(frame: pd.DataFrame, name: str, chosen: Ints) -> Iterator[dict[str, NDArray[Any]]]:
    """The rows of each of the chosen values of a column, as arrays by column, in their order: for what becomes sentences."""
    ordered = frame.sort_values(name, kind="stable")
    arrays = {str(column): ordered[column].to_numpy() for column in ordered}
    edges = zip(*(np.searchsorted(arrays[name], chosen, side=side).tolist() for side in ("left", "right")), strict=True)
    for begin, end in edges:
        yield {column: values[begin:end] for column, values in arrays.items()}


def among(values: Ints, wanted: Ints) -> Flags:
    """Which of the values are among those wanted, whatever their range; many values want few wanted ones."""
    there = np.sort(wanted)
    if not len(there):
        return np.zeros(len(values), dtype=np.bool_)
    place = np.minimum(np.searchsorted(there, values), len(there) - 1)
    return np.asarray(there[place] == values, dtype=np.bool_)


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
