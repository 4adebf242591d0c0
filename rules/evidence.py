"""Labelled accounts of judged cases, and what is known of them: what points are fitted on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.labels import Label
from rules.scope import Ints, records
from rules.score import NEVER_BLOCKED, RankingResult
from rules.teaching import Taught, teach

FOLDS = 5
LEFT_OUT = (*NEVER_BLOCKED, "voucher")
"""Nobody needs a score to know these."""


class Case(NamedTuple):
    """A judged case, its labelled accounts, and transfers that launder (or do not), where a desk names some."""

    result: RankingResult
    labels: Sequence[Label]
    transfers: Mapping[str, bool] = {}


@dataclass(frozen=True)
class Evidence:
    """Labelled accounts and what is known of them.

    strength: one row per account, one column per `section:name`, 1 = full strength. member: the truth. group: ring, case or
    stretch of time. score: by the shipped weights. place: number of the case and account code. taught: the dealings of each
    case. left_out: how many labels could not be used, by reason.
    """

    strength: pd.DataFrame
    member: NDArray[np.bool_]
    group: NDArray[np.object_]
    score: NDArray[np.int64]
    place: Ints
    taught: Sequence[Taught] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


def gather(cases: Sequence[Case]) -> Evidence:
    """The labelled accounts of every case that are ranked there; groups are rings where the labels name them.

    Where the whole ledger was judged, an account that nothing names is one with nothing against it.
    """
    rows: list[dict[str, float]] = []
    facts: list[tuple[bool, str, int, int, int]] = []
    left_out = {"not ranked": 0, "victim, hub or voucher": 0}
    taught = []
    for number, case in enumerate(cases):
        scope, ranked = case.result.scope, {row.account: row for row in records(case.result.frame)}
        taught.append(teach(scope, {row.account_code: row.role for row in ranked.values()}, case.labels, case.transfers))
        times = taught[-1].first_us() | first_arrivals(case.result)
        code = {str(name): at for at, name in enumerate(scope.ledger.accounts["account"])}
        for label in case.labels:
            row, at = ranked.get(label.account), code.get(label.account, -1)
            unnamed = row is None and scope.whole and at >= 0 and bool(scope.judged[at])
            if not unnamed and (row is None or row.role in LEFT_OUT):
                left_out["not ranked" if row is None else "victim, hub or voucher"] += 1
                continue
            rows.append(strengths(case.result, at))
            belongs = f"{number}:{label.group}" if label.group else f"{number}@{times.get(at, 0)}"
            facts.append((label.member, belongs, 0 if row is None else int(row.score), number, at))
    strength = pd.DataFrame(rows, index=range(len(rows))).fillna(0.0).sort_index(axis=1)
    member = np.asarray([fact[0] for fact in facts], dtype=np.bool_)
    group = np.asarray([fact[1] for fact in facts], dtype=object)
    score = np.asarray([fact[2] for fact in facts], dtype=np.int64)
    place = np.asarray([fact[3:] for fact in facts], dtype=np.int64).reshape(len(facts), 2)
    return Evidence(strength, member, group, score, place, taught, left_out)


def strengths(result: RankingResult, code: int) -> dict[str, float]:
    """What an account's score is made of, by name."""
    found: dict[str, float] = {}
    for term in result.terms.get(code, []):
        name = f"{term.section}:{term.name}"
        found[name] = found.get(name, 0.0) + term.strength / 10_000
    return found


def first_arrivals(result: RankingResult) -> dict[int, int]:
    """When victims' money first came to each account, in microseconds."""
    first = result.trace.traced.groupby("target_code")["time_us"].min()
    return {int(str(code)): int(when) for code, when in first.items()}


def folds_of(group: NDArray[np.object_]) -> tuple[Ints, str]:
    """The fold of every account, and what it is cut by: rings where they are named, else cases, else time.

    Beside named rings an account of none is held back with those of its time.
    """
    unnamed = np.asarray(["@" in name for name in group], dtype=np.bool_)
    rings = sorted(set(group[~unnamed]))
    cases = sorted({name.partition("@")[0] for name in group[unnamed]})
    fold = np.zeros(len(group), dtype=np.int64)
    place = {name: at % FOLDS for at, name in enumerate(rings or cases)}
    by_name = unnamed if not rings and len(cases) > 1 else ~unnamed
    fold[by_name] = [place[name.partition("@")[0]] for name in group[by_name]]
    rest = np.flatnonzero(~by_name)
    times = np.asarray([int(name.partition("@")[2] or 0) for name in group[rest]], dtype=np.int64)
    fold[rest[np.argsort(times, kind="stable")]] = np.arange(len(rest)) * FOLDS // max(len(rest), 1)
    return fold, "ring" if rings else "case" if len(cases) > 1 else "time"
