"""Fee ladder 连环收费: one payer, a few payees never paid before, fee after fee, and nothing ever comes back."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Ints, Scope, among, columns, parts
from rules.windows import Entries, best_per, distinct, sorted_entries, sorting, spread, sums
from rules.wording import DAY_US, counted, yuan

WINDOW_US = 10 * DAY_US
"""Grade S."""
LEAST_FEES, MOST_PAYEES = 3, 3
"""Grade S. Equal payments are rents and instalments, and payments to a new payee each are a life, not fee after fee (P)."""
LEAST_FEE_FEN = 1_000_00
"""Smaller payments are not steps of a ladder. Grade P."""
LEAST_TOTAL_FEN = 10_000_00
"""Grade S: brushing and handling fees above 10,000."""
MOST_INCOME_BP = 5_000
"""A payer who received more than half of the ladder from others at the same time passes money on: no victim. Grade P."""
LOAN_PER_FEE, ROUND_LOAN_FEN = 5, 10_000_00
"""A fee of 20 % of a round loan makes the finding stronger: 60,000 of 300,000. Grade S+P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees of ladders: the accounts the fees went to, not the payer."""
    fees = steps(scope)
    payer, target = columns(fees, "payer", "target")
    amount, time_us = columns(fees, "amount_fen", "time_us")
    entries = sorted_entries(payer, target, time_us, amount, columns(fees, "row")[0])
    start, end = ladders(scope, entries)
    inside, ladder = spread(start, end)
    table = pd.DataFrame(
        {"ladder": ladder, "payee": entries.other[inside], "row": entries.row[inside], "fee": entries.fen[inside]}
    )
    table["round"] = table["fee"] * LOAN_PER_FEE % ROUND_LOAN_FEN == 0
    table["steps"] = table.groupby("ladder")["row"].transform("size")
    table["whole"] = table.groupby("ladder")["fee"].transform("sum")
    table = table[scope.judged[entries.other[inside]]]
    paid = table.groupby("payee")["fee"].sum()
    kept, problems = strongest(RULE.code, paid.to_numpy(dtype=np.int64), scope.most_findings)
    chosen = paid.index[kept].to_numpy(dtype=np.int64)
    return [finding(scope, part) for part in parts(table, "payee", chosen)], problems


def ladders(scope: Scope, entries: Entries) -> tuple[Ints, Ints]:
    """Where the largest ladder of each payer begins and ends among his payments."""
    here, end = np.arange(len(entries)), entries.end_of(WINDOW_US)
    total = sums(entries.fen, here, end)
    at = np.flatnonzero((end - here >= LEAST_FEES) & (total >= LEAST_TOTAL_FEN))
    at = at[best_per(entries.account[at], total[at])]
    inside, window = spread(at, end[at])
    differ = distinct(window, entries.fen[inside], len(at)) > 1
    payees = distinct(window, scope.holder[entries.other[inside]], len(at))
    income = incomes(scope, entries.account[at], entries.time_us[at])
    fits = differ & (payees <= MOST_PAYEES) & (payees < end[at] - at)
    at = at[fits & (income * FULL <= total[at] * MOST_INCOME_BP)]
    return at, end[at]


def incomes(scope: Scope, payer: Ints, start_us: Ints) -> Ints:
    """What each paying holder received from others, loans apart, from a day before its ladder to the ladder's end."""
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    paying = np.zeros(scope.holders, dtype=np.bool_)
    paying[payer] = True
    moves = moves[~scope.kind("loan")[source] & paying[scope.holder[target]]]
    source, target, time_us, fen, row = columns(moves, "source", "target", "time_us", "received_fen", "row")
    entries = sorted_entries(scope.holder[target], source, time_us, fen, row)
    return sums(entries.fen, entries.before(payer, start_us - DAY_US), entries.behind(payer, start_us + WINDOW_US))


def steps(scope: Scope) -> pd.DataFrame:
    """Payments by holders in view to holders that never paid them anything and were first paid within the window before."""
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    payer, payee = scope.holder[source], scope.holder[target]
    fees = possible(scope)
    paying, paid = (np.zeros(scope.holders, dtype=np.bool_) for _ in range(2))
    paying[payer[fees]], paid[payee[fees]] = True, True
    pair = payer[fees] * scope.holders + payee[fees]
    there, back = np.flatnonzero(paying[payer] & paid[payee]), np.flatnonzero(paying[payee] & paid[payer])
    earlier = payer[there] * scope.holders + payee[there]
    there, earlier = there[among(earlier, pair)], earlier[among(earlier, pair)]
    order = np.argsort(earlier, kind="stable")  # ledger order within a pair: its first payment is its earliest
    first = there[order[np.searchsorted(earlier[order], pair)]]
    first_us = columns(moves, "time_us")[0][first]
    answers = payee[back] * scope.holders + payer[back]
    chosen = moves.iloc[fees].assign(payer=payer[fees])
    recent = columns(chosen, "time_us")[0] - first_us <= WINDOW_US
    return chosen[recent & ~among(pair, answers[among(answers, pair)])]


def possible(scope: Scope) -> Ints:
    """Large payments within ten days of enough others by their payer, as positions in the dealings.

    A payer who redeems vouchers pays for vouchers: not a ladder.
    """
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    redeemers = scope.transfers.loc[scope.transfers["redemption"], "target"].to_numpy(dtype=np.int64)
    trades = np.zeros(scope.holders, dtype=np.bool_)
    trades[scope.holder[redeemers]] = True
    large = columns(moves, "amount_fen")[0] >= LEAST_FEE_FEN
    at = np.flatnonzero(large & scope.judged[source] & ~scope.hub[target] & ~trades[scope.holder[source]])
    at = at[sorting(scope.holder[source[at]])]
    payer = scope.holder[source[at]]
    time_us, fen = (values[at] for values in columns(moves, "time_us", "amount_fen"))
    entries = Entries(payer, target[at], time_us, fen, at)
    here, end = np.arange(len(at)), entries.end_of(WINDOW_US)
    fits = (end - here >= LEAST_FEES) & (sums(fen, here, end) >= LEAST_TOTAL_FEN)
    inside = np.zeros(len(at) + 1, dtype=np.int64)
    np.add.at(inside, here[fits], 1)
    np.add.at(inside, end[fits], -1)
    return np.sort(at[np.cumsum(inside)[:-1] > 0])


def finding(scope: Scope, group: dict[str, Any]) -> Finding:
    """The finding of one payee over all ladders that led to it."""
    ladder, fee, row, whole_fen, steps_of = (group[name] for name in ("ladder", "fee", "row", "whole", "steps"))
    first = np.unique(ladder, return_index=True)[1]
    payers, total, whole, steps_count = len(first), int(fee.sum()), int(whole_fen[first].sum()), int(steps_of[first].sum())
    fifth = [yuan(one) for one in fee[group["round"]].tolist()]
    told = f"; {fifth[0]} is 20 % of a round loan" if fifth else ""
    return RULE.finding(
        int(group["payee"][0]),
        min(FULL, 7_000 + 500 * steps_count + (1_000 if fifth else 0)),
        {
            "payers": payers,
            "steps": steps_count,
            "ladder": yuan(whole),
            "paid_here": yuan(total),
            "fifth_of_a_round_loan": fifth,
        },
        scope.ids(np.sort(row)[:EVIDENCE]),
        f"{counted(payers, 'payer')} paid {yuan(whole)} in {counted(steps_count, 'step')} within 10 days to payees new to "
        f"them, {yuan(total)} of it here, and nothing ever came back{told}.",
    )


RULE = Rule(
    code="RUL-FEE-LADDER",
    title="Fee ladder",
    title_zh="连环收费",
    grade="S",
    source="case reports: a fake loan of 300,000 and fees of 297,123 in 3 to 7 transfers",
    threshold=(
        "≥ 3 payments of ≥ 1000.00, not all equal, together ≥ 10000.00, in 10 d to ≤ 3 new payees, one of them again, that "
        "never paid back"
    ),
    points=20,
    evaluate=evaluate,
)
