"""The tables of a trace backward: the transfers on the way, and where each start's fen came from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.exchanges import AS_RECORDED, HIDDEN, made_by_link, paid_from
from tracing.flags import ANY_FLAG, DOUBT, flagged, met, told_flags
from tracing.frontier import FRONTIER_COLUMNS
from tracing.holders import opening_parts
from tracing.holdings import HELD_COLUMNS, SINK_OF_KIND, Names, balances, transfer_times
from tracing.inferred import doubts_by_row
from tracing.legs import INFERRED, Codes, Flags, Ints, ending_accounts, unknown_accounts
from tracing.lots import LotAxis
from tracing.result import LIMITS, Limit, Parameters, Trace
from tracing.starts import Asked
from tracing.trace import with_transfers

GOES_ON, CLAIMED, OPENING, SOURCE, CUT = -2, 0, 1, 2, 3
"""As in `tracing.back_kernels`; `CUT + k` is the k-th limit."""
OTHER = -1
"""Money of no claim, under a method that knows no more of it."""
RESTING = ("claim", "opening", "other")
"""Origins told in the held table; the others are sinks in the words of a trace forward."""
ANY_OF_ENDS = {word: (word, how) for word, how in ANY_FLAG.items()}
ORIGIN_COLUMNS = ["start", "origin", "claim", "account", "transfer", "amount_fen", "flags", "probability_bp"]
CARRIED_COLUMNS = ["start", "leg", "low", "fen", "basis", "hop", "tier", "linked", "flags"]
ENDED_COLUMNS = ["what", "start", "claim", "slot", "leg", "low", "fen", "basis", "hop", "tier", "flags"]


@dataclass(frozen=True)
class Behind:
    """What is behind the starts, one row per piece.

    carried: start, leg, low, fen, basis, hop, tier, linked, flags: fen of the leg's given amount from low on, basis of them fen
    of the start. ended: what, start, claim, slot (-1: the leg's payer), leg (-1: it never left), low, fen, basis, hop, tier,
    flags. Flags are those of what lies between the start and there.
    """

    carried: pd.DataFrame
    ended: pd.DataFrame


def told_back(asked: Asked, behind: Behind) -> Trace:
    """The result tables; per start held + sinks is its amount, asserted. Poison shares nothing out: it has origins only."""
    ledger, axis, starts = asked.ledger, asked.axis, asked.starts.table
    names = starts["claim"].to_numpy(dtype=object)
    ends = with_places(asked, behind.ended)
    own = starts[["claim", "victim", "transfer", "transfer_row", "currency"]]
    shared = ends if asked.parameters.method != "poison" else ends.iloc[:0]
    trace = Trace(
        parameters=asked.parameters,
        ledger_digest=ledger.digest,
        batch=ledger.batch,
        claims=own.assign(reported_fen=starts["fen"], overlap_fen=0, claim_fen=starts["fen"]),
        traced=traced_back_of(asked, behind.carried, names),
        held=held_back(axis, shared, names),
        sinks=sinks_back(shared, names),
        frontier=frontier_back(ledger, axis, shared, names),
        limits=limits_back(asked.parameters, ends),
        warnings=axis.warnings + asked.warnings,
        origins=origins_of(ends, names),
    )
    unbalanced = trace.unbalanced()
    assert unbalanced.empty or not trace.allocates, f"starts that do not balance: {unbalanced.to_dict('index')}"
    return trace


def with_places(asked: Asked, ended: pd.DataFrame) -> pd.DataFrame:
    """The ends with origin, account, account_code, transfer, claim's name and time_us; flags as columns."""
    ledger, axis = asked.ledger, asked.axis
    leg, slot = ended["leg"].to_numpy(dtype=np.int64), ended["slot"].to_numpy(dtype=np.int64)
    row, what = axis.row(np.maximum(leg, 0)), ended["what"].to_numpy(dtype=np.int64)
    facts = ledger.rows(row, "transfer", "source")
    by_link, payer = made_by_link(ledger, axis, leg), facts["source"].to_numpy(dtype=np.int64).copy()
    arrived = axis.target(leg[by_link])
    payer[by_link] = axis.slots.account[arrived]
    code = opened_by(asked, ended, np.where(slot >= 0, axis.slots.account[slot], payer))
    origin = words_of(ledger, what, code)
    if axis.slots.inferred is not None:  # what a recycler keeps of his vouchers' face comes from nobody
        kept = np.flatnonzero(by_link)[~axis.slots.inferred[arrived]]
        origin[kept[what[kept] == SOURCE]] = "discount"
    claim = np.append(asked.claims.table["claim"].to_numpy(dtype=object), "")[ended["claim"].to_numpy(dtype=np.int64)]
    by_transfer = (leg >= 0) & ~np.isin(what, (OPENING, OTHER))
    return ended.assign(
        origin=origin,
        account_code=code,
        account=ledger.accounts["account"].to_numpy(dtype=object)[code],
        transfer=np.where(by_transfer, facts["transfer"].to_numpy(dtype=object), ""),
        claimant=np.where(what == CLAIMED, claim, ""),
        time_us=np.where(leg >= 0, transfer_times(ledger, row) if len(row) else 0, axis.end_us),
        **flagged(met(ended["flags"].to_numpy(dtype=np.int64), flags_of_links(asked, leg, by_link))),
    )


def flags_of_links(asked: Asked, leg: Ints, by_link: Flags) -> Ints:
    """The flags of legs that an inferred link made, doubt included; 0 of all others."""
    doubts, found = doubts_by_row(asked.ledger, asked.inferred), np.zeros(len(leg), dtype=np.int64)
    rows = asked.axis.row(leg[by_link]).tolist()
    found[by_link] = [INFERRED | doubts[row] << DOUBT for row in rows]
    return found


def opening_parts_of(asked: Asked) -> tuple[Ints, Codes]:
    """Where the openings of pools are cut: see `holders.opening_parts`."""
    axis, names = asked.axis, asked.ledger.accounts["account"].to_numpy(dtype=object)
    return opening_parts(axis.apart, axis.slots, axis.openings, axis.slot_start, names)


def opened_by(asked: Asked, ended: pd.DataFrame, code: Ints) -> Ints:
    """The account codes, in openings of pools those of the accounts whose opening it is."""
    begin, account = opening_parts_of(asked)
    if asked.axis.apart is None or not len(begin):
        return code
    pool = asked.axis.apart.pool[asked.axis.apart.pooled]
    opened = (ended["what"].to_numpy() == OPENING) & np.isin(ended["slot"].to_numpy(dtype=np.int64), pool)
    found = code.copy()
    found[opened] = account[np.searchsorted(begin, ended["low"].to_numpy(dtype=np.int64)[opened], side="right") - 1]
    return found


def words_of(ledger: Ledger, what: Ints, code: Ints) -> Names:
    """The origin in words: of a payer nothing explains its kind where it is a hub, else its bank's overdraft."""
    kind = ledger.accounts["kind"].astype(object).to_numpy(dtype=object)[code]
    hub = np.asarray([SINK_OF_KIND.get(k, "hub") for k in kind], dtype=object)
    hub[unknown_accounts(ledger.accounts)[code]] = "out_of_view"
    source = np.where(ending_accounts(ledger)[code], hub, "overdraft")
    limit = np.where(what == CUT + LIMITS.index("min_amount"), "dust", "out_of_view")
    chosen = [what == OTHER, what == CLAIMED, what == OPENING, what == SOURCE]
    return np.asarray(np.select(chosen, ["other", "claim", "opening", source], limit), dtype=object)


def traced_back_of(asked: Asked, carried: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The `traced` table: one row per start and transfer; a fen two pieces share counts once in traced, by parts in basis.

    What an inferred link exchanged is told as in a trace forward, see `tracing.exchanges`.
    """
    ledger, axis, lengths = asked.ledger, asked.axis, covered(carried)
    leg = carried["leg"].to_numpy(dtype=np.int64)
    of_link = flags_of_links(asked, leg, made_by_link(ledger, axis, leg))
    carried = carried.assign(**flagged(met(carried["flags"].to_numpy(dtype=np.int64), of_link)))
    how = {"hop": "min", "tier": "min", "basis": "sum", "linked": "min", **ANY_FLAG}
    table = carried.groupby(["start", "leg"], sort=True).agg(how).assign(traced_fen=lengths).reset_index()
    leg = table["leg"].to_numpy(dtype=np.int64)
    payer, by_link = paid_from(axis, leg), made_by_link(ledger, axis, leg)
    table = table.assign(transfer_row=axis.row(leg), payer_code=np.where(by_link & (payer == AS_RECORDED), HIDDEN, payer))
    table = table.rename(columns={"basis": "basis_fen"})
    table = table[table["payer_code"] != HIDDEN]
    how = {"hop": "min", "tier": "min", "traced_fen": "sum", "basis_fen": "sum", "linked": "min", **ANY_FLAG}
    whole = told_flags(table.groupby(["start", "transfer_row", "payer_code"], sort=True).agg(how).reset_index())
    return with_transfers(ledger, whole.assign(claim=names[whole["start"].to_numpy(dtype=np.int64)]))


def covered(carried: pd.DataFrame) -> Ints:
    """Fen of each leg that the pieces of a start cover together; by start, then leg."""
    if carried.empty:
        return np.zeros(0, dtype=np.int64)
    ordered = carried.sort_values(["start", "leg", "low"], kind="stable")
    low = ordered["low"].to_numpy(dtype=np.int64)
    end = low + ordered["fen"].to_numpy(dtype=np.int64)
    keys = ordered[["start", "leg"]].to_numpy(dtype=np.int64)
    fresh = np.append(True, (keys[1:] != keys[:-1]).any(axis=1))
    group = np.cumsum(fresh) - 1
    before = pd.Series(end).groupby(group).cummax().to_numpy(dtype=np.int64)
    reached = np.where(fresh, low, np.append(0, before[:-1]))
    totals = np.zeros(int(group[-1]) + 1, dtype=np.int64)
    np.add.at(totals, group, np.maximum(end - np.maximum(low, reached), 0))
    return totals


def held_back(axis: LotAxis, ends: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The `held` table: what rests in openings, with the claims' victims, and other money of an account."""
    resting = ends[ends["origin"].isin(RESTING)]
    resting = resting.assign(inferred_fen=resting["fen"].where(resting["inferred"], 0))
    parts = resting.groupby(["start", "account_code"], sort=True)
    table = parts.agg(
        account=("account", "first"),
        tier=("tier", "min"),
        held_fen=("fen", "sum"),
        basis_fen=("basis", "sum"),
        since_us=("time_us", "max"),
        inferred_fen=("inferred_fen", "sum"),
        **ANY_OF_ENDS,
    ).reset_index()
    facts = balances(axis).drop_duplicates("account_code").drop(columns="currency")
    table = table.merge(facts, on="account_code", how="left")
    table = told_flags(table).assign(claim=names[table["start"].to_numpy(dtype=np.int64)])
    return table[HELD_COLUMNS].sort_values(["claim", "account"], ignore_index=True)


def sinks_back(ends: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The `sinks` table: sources that explain nothing further, and what limits cut off."""
    left = ends[~ends["origin"].isin(RESTING)]
    table = left.groupby(["start", "origin", "account_code"], sort=True).agg(
        account=("account", "first"), amount_fen=("basis", "sum"), **ANY_OF_ENDS
    )
    table = told_flags(table.reset_index().rename(columns={"origin": "sink"}))
    table = table.assign(claim=names[table["start"].to_numpy(dtype=np.int64)])
    columns = ["claim", "sink", "account", "account_code", "amount_fen", "flags", "probability_bp"]
    return table[columns].sort_values(["claim", "sink", "account"], ignore_index=True)


def origins_of(ends: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The `origins` table: per start what its fen are, claims first."""
    named = ends.assign(start=names[ends["start"].to_numpy(dtype=np.int64)], claim=ends["claimant"])
    keys = ["start", "origin", "claim", "account", "transfer"]
    table = told_flags(named.groupby(keys, sort=True).agg(amount_fen=("basis", "sum"), **ANY_OF_ENDS).reset_index())
    rank = (table["origin"] != "claim").to_numpy()
    order = np.lexsort(
        [
            *(table[key].astype(str).to_numpy(dtype=str) for key in reversed(keys[1:])),
            rank,
            table["start"].astype(str).to_numpy(dtype=str),
        ]
    )
    return table.iloc[order][ORIGIN_COLUMNS].reset_index(drop=True)


def frontier_back(ledger: Ledger, axis: LotAxis, ends: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Whose record would lead further: accounts whose money is older than the records, hubs without a reference."""
    older = (ends["what"] == OPENING).to_numpy()
    hub = ((ends["what"] == SOURCE) & ~ends["origin"].isin(("cash", "overdraft", "discount"))).to_numpy()
    asked = ends[older | hub].assign(
        why=np.where(older, "its money is older than the records", "no reference says what paid for it")[older | hub]
    )
    first = int(transfer_times(ledger, np.zeros(1, dtype=np.int64))[0]) if axis.rows else 0
    asked = asked.assign(from_us=np.where(asked["what"] == OPENING, first, asked["time_us"]))
    parts = asked.groupby(["start", "account_code", "why"], sort=True)
    table = parts.agg(
        account=("account", "first"), from_us=("from_us", "min"), to_us=("from_us", "max"), traced_fen=("basis", "sum")
    ).reset_index()
    institution = ledger.accounts["institution"].astype(object).where(ledger.accounts["institution"].notna(), None).to_numpy()
    table = table.assign(
        claim=names[table["start"].to_numpy(dtype=np.int64)],
        institution=institution[table["account_code"].to_numpy(dtype=np.int64)],
    )
    return table[FRONTIER_COLUMNS].sort_values(["claim", "account", "from_us"], ignore_index=True)


def limits_back(parameters: Parameters, ends: pd.DataFrame) -> tuple[Limit, ...]:
    """The limits that cut something off."""
    value = {"max_hops": parameters.max_hops, "hop_window": parameters.hop_window_us, "min_amount": parameters.min_amount_fen}
    cut = {name: ends[ends["what"] == CUT + at] for at, name in enumerate(LIMITS)}
    return tuple(Limit(name, str(value[name]), len(part), int(part["basis"].sum())) for name, part in cut.items() if len(part))
