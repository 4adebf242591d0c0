"""Loop 资金回流: on one day money goes through several accounts and comes back to the first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.calendar import local_day
from rules.rule import FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Flags, Ints, Scope, among, columns
from rules.windows import best_per, spread
from rules.wording import yuan

LEAST_ACCOUNTS, MOST_ACCOUNTS = 3, 6
"""Grade C; longer loops are not looked for. Grade P."""
LEAST_FEN = 1_000_00
"""Smallest payment of a loop. Grade P."""
LEAST_LEG_BP = 5_000
"""Smallest payment of a loop over its largest: the same money goes round. Grade P."""
MOST_PATHS = 2_000_000
"""Open paths looked at for one length: a bound on the work. What it cuts off is a problem."""
PRUNINGS = 20


@dataclass(frozen=True)
class Steps:
    """Payments that may be part of a loop, sorted by (start, row). start, stop: number of (day, account)."""

    start: Ints
    stop: Ints
    source: Ints
    target: Ints
    fen: Ints
    row: Ints


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Every account of a loop whose payments follow one another within a local day; hubs and own accounts do not count."""
    steps = pruned(scope)
    loops, cut = closed(steps)
    problems = [
        not_evaluated(RULE.code, f"more than {MOST_PATHS} open paths of one length; some loops were not followed")
    ] * cut
    if not loops:
        return [], problems
    table = pd.concat([members_of(steps, path) for path in loops], ignore_index=True)
    table = table[scope.judged[columns(table, "account")[0]]]
    table = table.iloc[best_per(*columns(table, "account", "least"))]
    kept, left_out = strongest(RULE.code, columns(table, "least")[0], scope.most_findings)
    return [finding(scope, steps, row) for row in table.iloc[kept].to_dict("records")], problems + left_out


def pruned(scope: Scope) -> Steps:
    """Payments whose payer was paid and whose payee pays on the same day, again and again until nothing falls away."""
    moves = scope.dealings()
    source, target, fen, row, time_us = columns(moves, "source", "target", "amount_fen", "row", "time_us")
    keep = np.flatnonzero((fen >= LEAST_FEN) & ~scope.hub[source] & ~scope.hub[target])
    day = local_day(time_us[keep])
    start, stop = (day * len(scope.hub) + account[keep] for account in (source, target))
    for _ in range(PRUNINGS):
        alive = among(start, stop) & among(stop, start)
        if alive.all():
            break
        keep, start, stop = keep[alive], start[alive], stop[alive]
    order = np.lexsort([row[keep], start])
    keep = keep[order]
    return Steps(start[order], stop[order], source[keep], target[keep], fen[keep], row[keep])


def closed(steps: Steps) -> tuple[list[Ints], int]:
    """Loops as positions of their payments, one array per length, and for how many lengths paths were cut off."""
    path = np.arange(len(steps.row))[:, None]
    loops, cut = [], 0
    for length in range(2, MOST_ACCOUNTS + 1):
        here = path[:, -1]
        begin, end = (np.searchsorted(steps.start, steps.stop[here], side=side) for side in ("left", "right"))
        enough = int(np.searchsorted(np.cumsum(end - begin), MOST_PATHS, side="right"))
        cut += enough < len(here)
        after, number = spread(begin[:enough].astype(np.int64), end[:enough].astype(np.int64))
        path = np.column_stack([path[number], after])
        path = path[later_and_alike(steps, path)]
        back = steps.target[path[:, -1]] == steps.source[path[:, 0]]
        if length >= LEAST_ACCOUNTS and back.any():
            loops.append(path[back])
        path = path[~back & fresh(steps, path)]
    return loops, cut


def later_and_alike(steps: Steps, path: Ints) -> Flags:
    """Paths whose last payment follows the one before, with no payment below half of another."""
    fen = steps.fen[path]
    alike = fen.min(axis=1) * FULL >= fen.max(axis=1) * LEAST_LEG_BP
    return np.asarray(alike & (steps.row[path[:, -1]] > steps.row[path[:, -2]]), dtype=np.bool_)


def fresh(steps: Steps, path: Ints) -> Flags:
    """Paths that come to an account they have not been at."""
    met = steps.source[path] == steps.target[path[:, -1]][:, None]
    return np.asarray(~met.any(axis=1), dtype=np.bool_)


def members_of(steps: Steps, path: Ints) -> pd.DataFrame:
    """account, least (smallest payment), path for every account of every loop of one length."""
    least = steps.fen[path].min(axis=1)
    return pd.DataFrame(
        {
            "account": steps.source[path].ravel(),
            "least": np.repeat(least, path.shape[1]),
            "path": [tuple(one) for one in np.repeat(path, path.shape[1], axis=0).tolist()],
        }
    )


def finding(scope: Scope, steps: Steps, row: "dict[object, object]") -> Finding:
    """The finding of one account with the loop that brought the most back."""
    path, account = np.asarray(row["path"], dtype=np.int64), int(str(row["account"]))
    names = [scope.name(int(code)) for code in steps.source[path]]
    least = yuan(int(steps.fen[path].min()))
    return RULE.finding(
        account,
        min(FULL, 5_000 + 1_000 * len(path)),
        {"accounts": names, "smallest_payment": least},
        scope.ids(np.sort(steps.row[path])),
        f"On one day at least {least} went through {len(path)} accounts and came back: {' → '.join([*names, names[0]])}.",
    )


RULE = Rule(
    code="RUL-LOOP",
    title="Loop",
    title_zh="资金回流",
    grade="C",
    source="public monitoring rule",
    threshold="3 to 6 accounts closed the same day by payments of ≥ 1000.00 in time order, the smallest ≥ 50 % of the largest",
    points=15,
    evaluate=evaluate,
)
