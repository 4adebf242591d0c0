"""Gather-scatter 先聚后散: many pay one account, which then pays it on to many."""

import numpy as np

from ledger.problems import Problem
from rules.patterns.gather_scatter import gather_scatters
from rules.patterns.telling import Told, told_findings
from rules.rule import FULL, Finding, Rule
from rules.scope import Scope
from rules.wording import DAY_US, yuan

WINDOW_US = DAY_US
"""Before, and from, the first payment out. Grade P."""
LEAST_PAYERS, LEAST_PAYEES = 3, 3
"""Different accounts on either side. Grade C (AMLworld)."""
LEAST_FEN = 1_000_00
"""Smaller transfers are not looked at. Grade P."""
LEAST_SHARE_BP, MOST_SHARE_BP = 8_000, 11_000
"""Paid out of what came in. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts that gathered from several and then scattered nearly all of it."""
    edges = scope.edges.only(scope.edges.fen >= LEAST_FEN)
    found = gather_scatters(edges, WINDOW_US, LEAST_PAYERS, LEAST_PAYEES)
    owner = found.owner()
    middle = edges.target[found.edge[found.start[:-1]]]  # credits stand first
    comes_in = edges.target[found.edge] == middle[owner]
    credit = np.zeros(len(found), dtype=np.int64)
    np.add.at(credit, owner[comes_in], edges.fen[found.edge[comes_in]])
    debit = found.fen(edges) - credit
    fits = (debit * FULL >= credit * LEAST_SHARE_BP) & (debit * FULL <= credit * MOST_SHARE_BP)
    findings, problems = told_findings(RULE, scope, (edges, found, fits), True, sentence)
    own = set(np.unique(middle[fits]).tolist())
    return [finding for finding in findings if finding.account_code in own], problems


def sentence(told: Told) -> str:
    """What happened, for one account."""
    return f"{told.payers - 1} accounts paid in, then {told.payees - 1} were paid within a day; {yuan(told.fen)} moved in all."


RULE = Rule(
    code="RUL-GATHER-SCATTER",
    title="Gather-scatter",
    title_zh="先聚后散",
    grade="C",
    source="AMLworld typologies (IBM)",
    threshold="≥ 3 payers within 1 d before, ≥ 3 payees within 1 d from the first debit on, each ≥ 1000.00, out 80–110 % of in",
    points=15,
    evaluate=evaluate,
)
