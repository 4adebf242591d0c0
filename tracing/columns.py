"""Where accounts stand in a flow diagram: victims, hops, one exchange column, who redeemed vouchers, exit points."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ledger.records import UNKNOWN_PREFIX

COLUMN_KINDS = ("victims", "hop", "exchange", "redeemed", "onward", "exit")
ARRIVED = 10
"""An account stands at the first hop by which one part in so many of its victims' money had arrived: a few yuan that came
by a shorter way move nothing. Our proposal."""

ColumnKey = tuple[int, str, int]
"""Place from left to right, kind, and the hop (redeemed and onward: steps after the exchange)."""


@dataclass(frozen=True)
class _Ways:
    """The flows by account: who pays whom, and what arrived."""

    payers: dict[str, dict[str, int]]
    payees: dict[str, list[str]]


def column_keys(nodes: pd.DataFrame, moves: pd.DataFrame) -> list[ColumnKey]:
    """Column of every node: `nodes` carry account, state, tier, out_fen; `moves` source, target, hop, received_fen.

    Vouchers share one column, where it leaves the fewest flows leading back and then the shortest flows. Who got most of
    the victims' money from vouchers, or from accounts that did, stands after it by steps. Cash, and hubs that passed nothing
    on, stand last.
    """
    rows: list[Any] = list(nodes[["account", "state", "tier", "out_fen"]].itertuples(index=False))
    ways = _ways(moves)
    vouchers = {row.account for row in rows if row.state == "voucher"}
    exits = {row.account for row in rows if _leaves(row)}
    victims = {row.account for row in rows if row.tier == 0}
    steps = _steps(ways, vouchers, exits | victims)
    hops = _arrival(moves, {row.account: 0 for row in rows if row.tier == 0})
    last, most = max(hops.values(), default=0), max(steps.values(), default=0)

    def placed(after: int) -> Callable[[str], ColumnKey]:
        def key(account: str) -> ColumnKey:
            if account in exits:
                return (last + most + 2, "exit", 0)
            if account in vouchers:
                return (after + 1, "exchange", 0)
            step, hop = steps.get(account, 0), hops[account]
            if step:
                return (after + 1 + step, "redeemed" if step == 1 else "onward", step - 1)
            return (hop + (most + 1 if hop > after else 0), "hop" if hop else "victims", hop)

        return key

    pairs = _distinct(ways, vouchers)
    best = min(range(last + 1), key=lambda after: (*_cost(pairs, placed(after)), -after)) if vouchers else last
    return [placed(best)(row.account) for row in rows]


def voucher_group(kind: str, buyers: list[str], redeemers: list[str]) -> str:
    """Vouchers of one kind with the same buyers and the same redeemers are one."""
    return f"{kind}|{sorted(buyers)}|{sorted(redeemers)}"


def _leaves(row: Any) -> bool:
    """Whether the trace ends there: cash, a hub or an unknown account that passed nothing on."""
    ends = row.state in ("cash_out", "hub") or row.account.startswith(UNKNOWN_PREFIX)
    return bool(row.tier and ends and row.out_fen == 0)


def _ways(moves: pd.DataFrame) -> _Ways:
    flows = moves.groupby(["source", "target"], sort=True, as_index=False)["received_fen"].sum()
    payers: dict[str, dict[str, int]] = defaultdict(dict)
    payees: dict[str, list[str]] = defaultdict(list)
    for source, target, received in flows.itertuples(index=False, name=None):
        if source != target:
            payers[target][source] = int(received)
            payees[source].append(target)
    return _Ways(payers, payees)


def _arrival(moves: pd.DataFrame, known: dict[str, int]) -> dict[str, int]:
    """Per account the first hop by which one part in `ARRIVED` of its money had come; `known` stay as they are."""
    came = moves.groupby(["target", "hop"], sort=True, as_index=False)["received_fen"].sum()
    whole = came.groupby("target")["received_fen"].transform("sum")
    enough = came[came.groupby("target")["received_fen"].cumsum() * ARRIVED >= whole]
    first = enough.groupby("target")["hop"].min()
    return {str(account): int(hop) for account, hop in first.items()} | known


def _steps(ways: _Ways, vouchers: set[str], fixed: set[str]) -> dict[str, int]:
    """Steps after the exchange of every account most of whose money came through vouchers; others are not in it."""
    steps = dict.fromkeys(vouchers, 0)
    found = {payee for voucher in vouchers for payee in ways.payees[voucher]}
    while found:
        entered = []
        for account in sorted(found - steps.keys() - fixed):
            paid = ways.payers[account]
            through = sum(fen for payer, fen in paid.items() if payer in steps)
            if 2 * through > sum(paid.values()):
                entered.append((account, 1 + min(steps[payer] for payer in paid if payer in steps)))
        steps.update(entered)
        found = {payee for account, _ in entered for payee in ways.payees[account]}
    return {account: step for account, step in steps.items() if step}


def _distinct(ways: _Ways, vouchers: set[str]) -> list[tuple[str, str]]:
    """Every flow once, vouchers that share a box taken for one."""
    one: dict[str, str] = {}
    for voucher in sorted(vouchers):
        one.setdefault(voucher_group("any", list(ways.payers[voucher]), ways.payees[voucher]), voucher)
    kept = set(one.values())
    pairs = [(source, target) for source, targets in ways.payees.items() for target in targets]
    return [(a, b) for a, b in pairs if not ({a, b} & vouchers) or {a, b} & kept]


def _cost(pairs: list[tuple[str, str]], key: Callable[[str], ColumnKey]) -> tuple[int, int]:
    """Flows that lead back, and the columns all flows pass."""
    places = [(key(source)[0], key(target)[0]) for source, target in pairs]
    return sum(target < source for source, target in places), sum(abs(target - source) for source, target in places)
