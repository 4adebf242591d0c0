"""From instances to findings: the largest instance of every judged account."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ledger.problems import Problem
from rules.patterns.edges import Edges, Instances
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Flags, Ints, Scope
from rules.windows import best_per
from rules.wording import yuan


@dataclass(frozen=True)
class Told:
    """One account's largest instance: its edges in the order of the pattern, payers and payees by number."""

    account: int
    edge: Ints
    payers: int
    payees: int
    accounts: int
    fen: int
    first_fen: int


def largest(scope: Scope, edges: Edges, found: Instances, fits: Flags, middle_only: bool) -> Iterator[Told]:
    """For every judged account the largest fitting instance it is in, by account.

    middle_only: only accounts that are paid and pay within the instance.
    """
    owner = found.owner()
    kept = fits[owner]
    owner, edge = owner[kept], found.edge[kept]
    paid = np.unique(owner * edges.accounts + edges.target[edge])
    pays = np.unique(owner * edges.accounts + edges.source[edge])
    member = np.intersect1d(paid, pays) if middle_only else np.union1d(paid, pays)
    instance, account = member // max(edges.accounts, 1), member % max(edges.accounts, 1)
    judged = scope.judged[account]
    instance, account = instance[judged], account[judged]
    for at in best_per(account, found.fen(edges)[instance]).tolist():
        of = found.of(int(instance[at]))
        source, target = edges.source[of], edges.target[of]
        fen = edges.fen[of]
        sizes = len(np.unique(source)), len(np.unique(target)), len(np.unique(np.concatenate([source, target])))
        yield Told(int(account[at]), of, *sizes, int(fen.sum()), int(fen[0]))


def told_findings(
    rule: Rule, scope: Scope, searched: tuple[Edges, Instances, Flags], middle_only: bool, sentence: Callable[[Told], str]
) -> tuple[list[Finding], list[Problem]]:
    """A finding per judged account of a fitting instance, and a problem where searches were given up or a limit was hit."""
    edges, found, fits = searched
    every_told = list(largest(scope, edges, found, fits, middle_only))
    worth = np.asarray([told.fen for told in every_told], dtype=np.int64)
    kept, left_out = strongest(rule.code, worth, scope.most_findings)
    findings = [
        rule.finding(
            told.account,
            min(FULL, 5_000 + 500 * told.accounts),
            {"accounts": told.accounts, "transfers": len(told.edge), "moved": yuan(told.fen)},
            scope.ids(edges.row[told.edge[:EVIDENCE]]),
            sentence(told),
        )
        for told in (every_told[at] for at in kept.tolist())
    ]
    given_up = [not_evaluated(rule.code, f"{found.cut} of the searches were given up at their work bound")] if found.cut else []
    return findings, given_up + left_out


def every(found: Instances) -> Flags:
    """All instances fit."""
    return np.ones(len(found), dtype=np.bool_)
