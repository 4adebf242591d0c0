"""Loan then out 贷后即转: a fresh loan goes to a payee the borrower never paid before, through the borrower's own accounts."""

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns
from rules.wording import DAY_US, percent, yuan

LEAST_LOAN_FEN = 10_000_00
"""Grade S."""
LEAST_SHARE_BP = 9_000
"""Share of the loan that goes to one first-time payee. Grade S."""
WINDOW_US = DAY_US
"""Grade S: lands one day, gone the same."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees of fresh loans. The borrower is a holder: the hop from wallet to own card in between is not a payment."""
    lends = scope.kind("loan")
    if not lends.any():
        return [], [not_evaluated(RULE.code, "no account of kind loan is in the ledger")]
    moves = scope.transfers
    source, target = columns(moves, "source", "target")
    is_loan = lends[source] & ~scope.hub[target] & (moves["amount_fen"].to_numpy() >= LEAST_LOAN_FEN)
    loans = moves[is_loan].assign(borrower=scope.holder[target[is_loan]])
    payments_ = payments(scope, columns(loans, "borrower")[0])
    pairs = loans[["borrower", "time_us", "received_fen", "row", "target"]].merge(
        payments_, on="borrower", suffixes=("_loan", "")
    )
    since = pairs["time_us"] - pairs["time_us_loan"]
    pairs = pairs[(since >= 0) & (since <= WINDOW_US) & (pairs["first_us"] >= pairs["time_us_loan"])]
    keys = ["payee", "row_loan", "received_fen_loan", "target_loan"]
    totals = pairs.groupby(keys, as_index=False).agg(
        paid=("amount_fen", "sum"), account=("target", "first"), rows=("row", list)
    )
    fits = (totals["paid"] * FULL >= totals["received_fen_loan"] * LEAST_SHARE_BP) & scope.judged[
        totals["account"].to_numpy(dtype=np.int64)
    ]
    best = totals[fits].sort_values(["account", "paid", "row_loan"], ascending=[True, False, True])
    groups = best.groupby("account")
    paid = groups["paid"].sum()
    kept, problems = strongest(RULE.code, paid.to_numpy(dtype=np.int64), scope.most_findings)
    return [finding(scope, account, groups.get_group(account)) for account in paid.index[kept].tolist()], problems


def payments(scope: Scope, borrowers: "np.typing.NDArray[np.int64]") -> pd.DataFrame:
    """Payments of the borrowers to others, with the first time this borrower paid this payee."""
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    mine = np.isin(scope.holder[source], borrowers) & ~scope.hub[target]
    paid = moves[mine].assign(borrower=scope.holder[source[mine]], payee=scope.holder[target[mine]])
    return paid.assign(first_us=paid.groupby(["borrower", "payee"])["time_us"].transform("min"))


def finding(scope: Scope, account: int, group: pd.DataFrame) -> Finding:
    """The finding of one payee over all loans that came to it."""
    loan, paid = int(group["received_fen_loan"].sum()), int(group["paid"].sum())
    rows = sorted({int(row) for row in group["row_loan"]} | {int(row) for rows in group["rows"] for row in rows})
    borrowers = sorted({scope.name(int(code)) for code in group["target_loan"]})
    return RULE.finding(
        account,
        min(FULL, 8_000 + 500 * len(group)),
        {"loans": len(group), "loan": yuan(loan), "paid_on": yuan(paid), "loan_accounts": borrowers},
        scope.ids(np.asarray(rows, dtype=np.int64)),
        f"{yuan(paid)} of {yuan(loan)} freshly lent ({percent(paid, loan)}) came here within 24 h, from a borrower who had "
        "never paid this account.",
    )


RULE = Rule(
    code="RUL-LOAN-OUT",
    title="Loan then out",
    title_zh="贷后即转",
    grade="S",
    source="case reports: the victim borrows, withdraws to the own card, and it is emptied",
    threshold="loan ≥ 10000.00, ≥ 90 % of it to one first-time payee within 24 h, own accounts of the borrower seen as one",
    points=25,
    evaluate=evaluate,
)
