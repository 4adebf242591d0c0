"""Fee ladder 连环收费: one payer, a few payees never paid before, fee after fee, and nothing ever comes back."""

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import FULL, Finding, Rule
from rules.scope import Ints, Scope, columns
from rules.windows import Entries, best_per, distinct, sorted_entries, spread, sums
from rules.wording import DAY_US, counted, yuan

WINDOW_US = 10 * DAY_US
"""Grade S."""
LEAST_FEES, MOST_PAYEES = 3, 3
"""Grade S."""
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
    judged = table[scope.judged[entries.other[inside]]]
    return [finding(scope, payee, judged[judged["payee"] == payee]) for payee in np.unique(judged["payee"]).tolist()], []


def ladders(scope: Scope, entries: Entries) -> tuple[Ints, Ints]:
    """Where the largest ladder of each payer begins and ends among his payments."""
    here, end = np.arange(len(entries)), entries.end_of(WINDOW_US)
    total = sums(entries.fen, here, end)
    at = np.flatnonzero((end - here >= LEAST_FEES) & (total >= LEAST_TOTAL_FEN))
    at = at[best_per(entries.account[at], total[at])]
    inside, window = spread(at, end[at])
    payees = distinct(window, scope.holder[entries.other[inside]], len(at))
    income = incomes(scope, entries.account[at], entries.time_us[at])
    at = at[(payees <= MOST_PAYEES) & (income * FULL <= total[at] * MOST_INCOME_BP)]
    return at, end[at]


def incomes(scope: Scope, payer: Ints, start_us: Ints) -> Ints:
    """What each paying holder received from others, loans apart, from a day before its ladder to the ladder's end."""
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    lends = (scope.ledger.accounts["kind"].astype("string[pyarrow]") == "loan").to_numpy(dtype=bool)
    moves = moves[~lends[source] & np.isin(scope.holder[target], payer)]
    source, target, time_us, fen, row = columns(moves, "source", "target", "time_us", "received_fen", "row")
    entries = sorted_entries(scope.holder[target], source, time_us, fen, row)
    return sums(entries.fen, entries.before(payer, start_us - DAY_US), entries.behind(payer, start_us + WINDOW_US))


def steps(scope: Scope) -> pd.DataFrame:
    """Payments by holders in view to holders that never paid them anything and were first paid within the window before.

    A payer who redeems vouchers pays for vouchers: not a ladder.
    """
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    size = int(scope.holder.max()) + 1 if len(scope.holder) else 1
    pair = scope.holder[source] * size + scope.holder[target]
    back = scope.holder[target] * size + scope.holder[source]
    first_us = moves["time_us"].groupby(pair).transform("min")
    one_way = ~np.isin(pair, np.unique(back)) & ~scope.hub[target] & scope.judged[source]
    redeemers = scope.transfers.loc[scope.transfers["redemption"], "target"].to_numpy(dtype=np.int64)
    trade = np.isin(scope.holder[source], scope.holder[redeemers])
    recent = (moves["time_us"] - first_us <= WINDOW_US).to_numpy(dtype=bool)
    large = (moves["amount_fen"] >= LEAST_FEE_FEN).to_numpy(dtype=bool)
    fees = moves[one_way & recent & large & ~trade]
    return fees.assign(payer=scope.holder[fees["source"].to_numpy(dtype=np.int64)])


def finding(scope: Scope, account: int, group: pd.DataFrame) -> Finding:
    """The finding of one payee over all ladders that led to it."""
    payers, total = group["ladder"].nunique(), int(group["fee"].sum())
    whole = int(group.drop_duplicates("ladder")["whole"].sum())
    steps_count = int(group.drop_duplicates("ladder")["steps"].sum())
    fifth = [yuan(int(fee)) for fee in group.loc[group["round"], "fee"]]
    told = f"; {fifth[0]} is 20 % of a round loan" if fifth else ""
    return RULE.finding(
        account,
        min(FULL, 7_000 + 500 * steps_count + (1_000 if fifth else 0)),
        {
            "payers": int(payers),
            "steps": steps_count,
            "ladder": yuan(whole),
            "paid_here": yuan(total),
            "fifth_of_a_round_loan": fifth,
        },
        scope.ids(np.sort(group["row"].to_numpy(dtype=np.int64))),
        f"{counted(int(payers), 'payer')} paid {yuan(whole)} in {counted(steps_count, 'step')} within 10 days to payees new to "
        f"them, {yuan(total)} of it here, and nothing ever came back{told}.",
    )


RULE = Rule(
    code="RUL-FEE-LADDER",
    title="Fee ladder",
    title_zh="连环收费",
    grade="S",
    source="case reports: a fake loan of 300,000 and fees of 297,123 in 3 to 7 transfers",
    threshold="≥ 3 payments of ≥ 1000.00, together ≥ 10000.00, in 10 d to ≤ 3 new payees that never paid back",
    points=20,
    evaluate=evaluate,
)
