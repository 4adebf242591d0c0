"""Where the money is: what each account still holds of each claim, and where it left for good."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.book import Ledger
from tracing.flags import ANY_FLAG, flagged, told_flags
from tracing.follow import Followed, Pieces, joined
from tracing.legs import Flags, Ints, ending_accounts, unknown_accounts
from tracing.lots import LotAxis
from tracing.openings import SOURCES

Names = NDArray[np.object_]
SINK_OF_KIND = {"cash": "cash", "merchant": "merchant", "issuer": "merchant"}
HELD_COLUMNS = [
    "claim", "account", "account_code", "tier", "held_fen", "basis_fen", "balance_fen", "opening_fen", "opening_source",
    "since_us", "flags",
]  # fmt: skip


def resting(ledger: Ledger, axis: LotAxis, followed: Followed) -> tuple[Pieces, Flags]:
    """The pieces no debit spends, and which of them came to rest where tracing ends."""
    pieces = followed.rested
    return pieces, ending_accounts(ledger)[axis.slots.account[axis.target(pieces.leg)]]


def held_of(ledger: Ledger, axis: LotAxis, followed: Followed, names: Names) -> pd.DataFrame:
    """The `held` table: per claim and account what is still there, beside the account's whole balance."""
    pieces, ended = resting(ledger, axis, followed)
    pieces = pieces.take(~ended)
    slot = axis.target(pieces.leg)
    by_piece = pd.DataFrame(
        {
            "claim": pieces.claim,
            "account_code": axis.slots.account[slot],
            "currency": axis.slots.currency[slot],
            "tier": pieces.tier,
            "held_fen": pieces.fen,
            "basis_fen": pieces.basis_fen,
            "since_us": transfer_times(ledger, axis.row(pieces.leg)),
            **flagged(pieces.flags),
        }
    )
    parts = by_piece.groupby(["claim", "account_code", "currency"])
    table = parts.agg({"tier": "min", "held_fen": "sum", "basis_fen": "sum", "since_us": "max", **ANY_FLAG}).reset_index()
    table = told_flags(table)
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
    slots = pd.DataFrame(
        {
            "account_code": axis.slots.account,
            "currency": axis.slots.currency,
            "balance_fen": axis.balance_fen,
            "opening_fen": axis.openings.fen,
            "opening_source": axis.openings.source,
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
    pieces, ended = resting(ledger, axis, followed)
    ends = pieces.take(ended)
    parts = [(ends, sink_names(ledger, axis, ends)), (followed.overdrawn, named("overdraft", followed.overdrawn))]
    parts.append((followed.lost, named("discount", followed.lost)))
    parts += [(cut, named("dust" if limit == "min_amount" else "out_of_view", cut)) for limit, cut in followed.cut]
    pieces = joined([part for part, _ in parts])
    by_piece = pd.DataFrame(
        {
            "claim": pieces.claim,
            "sink": np.concatenate([sinks for _, sinks in parts]),
            "account_code": axis.slots.account[axis.target(pieces.leg)],
            "amount_fen": pieces.basis_fen,
            **flagged(pieces.flags),
        }
    )
    table = by_piece.groupby(["claim", "sink", "account_code"]).agg({"amount_fen": "sum", **ANY_FLAG}).reset_index()
    table = told_flags(table)
    account = ledger.accounts["account"].to_numpy(dtype=object)
    table = table.assign(claim=names[table["claim"]], account=account[table["account_code"]])
    columns = ["claim", "sink", "account", "account_code", "amount_fen", "flags"]
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
