"""The strategies: each names slots and amounts, the most urgent first, from what a desk knows at a moment."""

import numpy as np
import pandas as pd

from benchmarks.recovery.desk import Desk, Request
from benchmarks.recovery.game import Strategy
from benchmarks.recovery.oracle import oracle
from benchmarks.recovery.parcels import CLEAN
from rules.blocked import free_of_blocks

HOUR_US = 3_600_000_000
ANYTHING = 2**50
"""More fen than any account gets."""


def first_layer(desk: Desk) -> list[Request]:
    """Today's practice: the payee of each disputed payment, over its amount, the newest payment first."""
    paid = desk.disputed[~desk.ends(desk.disputed["target_code"])]
    sums = paid.groupby("target_code").agg(fen=("traced_fen", "sum"), last=("time_us", "max")).reset_index()
    sums = sums.sort_values(["last", "target_code"], ascending=[False, True])
    return [(desk.slot(int(row.target_code)), int(row.fen)) for row in sums.itertuples()]


def newest_inflow(desk: Desk) -> list[Request]:
    """Accounts by the newest traced arrival, over that arrival, unless something was asked for there since."""
    came = desk.trace.traced[~desk.ends(desk.trace.traced["target_code"])]
    came = came.sort_values(["time_us", "transfer_row"], ascending=False).drop_duplicates("target_code")
    found = []
    for row in came.itertuples():
        slot = desk.slot(int(row.target_code))
        if desk.bank.last_filed_us(slot) < int(row.time_us):
            found.append((slot, desk.bank.asked(slot) + int(row.traced_fen)))
    return found


def poison_by_volume(desk: Desk) -> list[Request]:
    """Every account suspect money reached, over its whole balance, the largest suspect inflow first."""
    suspect = desk.poison
    balance = suspect.held.groupby("account_code")["balance_fen"].max()
    moves = suspect.traced.drop_duplicates("transfer_row")
    volume = moves.groupby("target_code")["traced_fen"].sum().reindex(balance.index, fill_value=0)
    sums = pd.DataFrame({"balance_fen": balance, "volume_fen": volume}).reset_index(names="account_code")
    sums = sums.sort_values(["volume_fen", "account_code"], ascending=[False, True])
    return [(desk.slot(int(row.account_code)), int(row.balance_fen)) for row in sums.itertuples()]


def poison_by_balance(desk: Desk) -> list[Request]:
    """As before, the largest balance first."""
    sums = desk.poison.held.groupby("account_code")["balance_fen"].max().reset_index()
    sums = sums.sort_values(["balance_fen", "account_code"], ascending=[False, True])
    return [(desk.slot(int(row.account_code)), int(row.balance_fen)) for row in sums.itertuples()]


def top_held(desk: Desk) -> list[Request]:
    """Accounts by what they hold of victims' money beside what is blocked, told the banks' answers as our plan is."""
    held = desk.trace.held.groupby("account_code")["held_fen"].sum()
    beside = free_of_blocks(desk.ledger, desk.trace, desk.blocks).frame["reported_fen"]
    sums = beside.combine_first(held).astype("int64").rename("held_fen").rename_axis("account_code").reset_index()
    sums = sums.sort_values(["held_fen", "account_code"], ascending=[False, True])
    places = ((desk.slot(int(row.account_code)), int(row.held_fen)) for row in sums.itertuples())
    return [(slot, desk.bank.blocked(slot) + fen) for slot, fen in places]


def hop_window(desk: Desk) -> list[Request]:
    """As Brazil's MED 2.0 follows money: 24 hours, five hops, no transfer below 200.00; whole transfers, nearest first."""
    moves = desk.ledger.transfers("time", "source", "target", "amount_fen", "status")
    moves = moves[moves["status"].astype(str) == "done"]
    time_us = moves["time"].astype("int64[pyarrow]").to_numpy(dtype=np.int64)
    source, target = moves["source"].to_numpy(dtype=np.int64), moves["target"].to_numpy(dtype=np.int64)
    fen = moves["amount_fen"].to_numpy(dtype=np.int64)
    amounts: dict[int, int] = {}
    for paid in desk.disputed.itertuples():
        layer = {int(paid.target_code): int(paid.time_us)}
        amounts[int(paid.target_code)] = amounts.get(int(paid.target_code), 0) + int(paid.traced_fen)
        seen = set(layer)
        for _ in range(4):
            after: dict[int, int] = {}
            for account, since in layer.items():
                inside = (source == account) & (time_us >= since) & (time_us <= paid.time_us + 24 * HOUR_US) & (fen >= 200_00)
                for row in np.flatnonzero(inside).tolist():
                    to = int(target[row])
                    if to in seen:
                        continue
                    after[to] = min(after.get(to, 2**62), int(time_us[row]))
                    amounts[to] = amounts.get(to, 0) + int(fen[row])
            layer = after
            seen |= set(after)
    stops = desk.ends(pd.Series(list(amounts), dtype="int64"))
    return [(desk.slot(account), fen) for (account, fen), stop in zip(amounts.items(), stops, strict=True) if not stop]


def ours(desk: Desk) -> list[Request]:
    """The product's freeze plan with suspected claims, in the plan's order; the lines for one account are one request."""
    return asked_by(desk, desk.judged(suspected=True).lines)


def ours_without(desk: Desk) -> list[Request]:
    """The product's freeze plan as it is by default."""
    return asked_by(desk, desk.judged(suspected=False).lines)


def asked_by(desk: Desk, lines: pd.DataFrame) -> list[Request]:
    """The requests of a plan: its liens on top of what is blocked. Watching blocks nothing and is no request here."""
    sums: dict[int, int] = {}
    for line in lines[lines["lien_fen"] > 0].itertuples():
        order = line.target_kind == "order"
        for slot in order_slots(desk, str(line.reports)) if order else [desk.slot(int(line.account_code))]:
            sums[slot] = sums.get(slot, 0 if order else desk.bank.blocked(slot)) + int(line.lien_fen)
    return list(sums.items())


def order_slots(desk: Desk, report: str) -> list[int]:
    """Private balances of the orders a disputed payment paid."""
    legs, seeds = desk.case.settled.legs, desk.case.seeds
    claim = sorted(desk.case.ledger.reports["report"].tolist()).index(report)
    slots = legs.target[seeds.leg[seeds.claim == claim]]
    return sorted({int(slot) for slot in slots if legs.slots.identified[slot]})


def all_victims_known(desk: Desk) -> list[Request]:
    """A ceiling without foresight: every victims' fen that is anywhere now, reported or not, where the most are first."""
    bank, ends = desk.bank, desk.case.settled.legs.slots.ends
    there = {
        slot: sum(lot.fen for lot in lots if lot.label != CLEAN) for slot, lots in enumerate(bank.play.lots) if not ends[slot]
    }
    places = sorted((slot for slot, fen in there.items() if fen), key=lambda slot: (-there[slot], slot))
    return [(slot, bank.blocked(slot) + there[slot]) for slot in places]


def blocked_ahead(desk: Desk) -> list[Request]:
    """A ceiling without foresight, whoever it hits: where any victims' money is now, then where it was, the latest first.

    Each request is over whatever may have come when it lands.
    """
    bank, ends = desk.bank, desk.case.settled.legs.slots.ends
    last = {way.slot: way.time_us for way in bank.play.ways if not ends[way.slot]}
    there = [slot for slot, _ in all_victims_known(desk)]
    ahead = sorted(last.keys() - set(there), key=lambda slot: (-last[slot], slot))
    return [(slot, bank.blocked(slot) + ANYTHING) for slot in (*there, *ahead) if bank.asked(slot) == bank.blocked(slot)]


FIRST, POISON, OURS, ORACLE = "first layer only", "poison by volume", "ours", "oracle"
PRESENT, AHEAD = "every victim known", "every victim known and blocked ahead"
STRATEGIES: dict[str, Strategy] = {
    FIRST: first_layer,
    "newest inflow": newest_inflow,
    POISON: poison_by_volume,
    "poison by balance": poison_by_balance,
    "top held": top_held,
    "hop window (MED style)": hop_window,
    "ours without suspected claims": ours_without,
    OURS: ours,
    PRESENT: all_victims_known,
    AHEAD: blocked_ahead,
    ORACLE: oracle,
}
