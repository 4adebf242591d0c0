"""Dealings whose truth labels tell, and the model of likeness fitted on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rules.labels import Label
from rules.likeness import Floats, Likeness, recent_figures
from rules.logistic import fit
from rules.patterns.figures import FIGURES, NAMES, Figures
from rules.scope import Flags, Ints, Scope, among, columns

LEAST_COEFFICIENT = 1e-6
"""Less than this is nothing."""
LEAST_DEALINGS = 20
"""Dealings of each of the two kinds that carry a model, at least. Grade P."""
VICTIMS = ("victim", "own_account")
"""Whom a member was paid by out of a fraud."""


@dataclass(frozen=True)
class Taught:
    """The dealings of one case. label: 1 launders, 0 does not, -1 nobody says, per row of the figures' table."""

    figures: Figures
    label: Ints

    def first_us(self) -> dict[int, int]:
        """When each account first dealt with a stranger in the days looked at."""
        table = self.figures.table
        ends = pd.concat([table[[end, "time_us"]].set_axis(["code", "time_us"], axis=1) for end in ("source", "target")])
        first = ends.groupby("code")["time_us"].min()
        return {int(str(code)): int(when) for code, when in first.items()}


def teach(scope: Scope, roles: Mapping[int, str], labels: Sequence[Label], named: Mapping[str, bool]) -> Taught:
    """What labels of accounts, and of transfers where a desk has them, say of the recent dealings.

    A dealing launders between two members, and from a victim or a victim's own account to a member. It does not where both
    ends are labelled and it is none of these. Where transfers are named, only those named so launder.

    Args:
        roles: by account code, as the ranking has them. named: transfer ids that launder, or do not.
    """
    made = recent_figures(scope)
    code = {name: at for at, name in enumerate(scope.ledger.accounts["account"].astype(str))}
    member, known, victim = (np.zeros(len(scope.judged), dtype=np.bool_) for _ in range(3))
    for label in labels:
        if label.account in code:
            known[code[label.account]] = True
            member[code[label.account]] = label.member
    victim[[at for at, role in roles.items() if role in VICTIMS]] = True
    source, target = columns(made.table, "source", "target")
    launders = member[target] & (member[source] | victim[source])
    label_of = np.where(launders & (not named), 1, np.where(known[source] & known[target], 0, -1))
    if named:
        for value in (False, True):
            rows = rows_of(scope, [transfer for transfer in named if named[transfer] == value])
            label_of[among(columns(made.table, "row")[0], rows)] = value
    return Taught(made, label_of.astype(np.int64))


def rows_of(scope: Scope, transfers: Sequence[str]) -> Ints:
    """Ledger rows of transfer ids; ids the ledger does not hold have none."""
    column = scope.ledger.read(("transfer",))["transfer"]
    there = pc.is_in(column, value_set=pa.array(transfers, type=column.type))
    return np.flatnonzero(there.to_numpy(zero_copy_only=False)).astype(np.int64)


def fit_likeness(taught: Sequence[Taught], kept: Sequence[Flags] | None = None) -> Likeness | None:
    """The model of all labelled dealings, or of those kept per case; None where they are too few. Its points are not set.

    Figures are brought to one width first, so that the penalty is as heavy on each.
    """
    tables, labels = [], []
    for number, one in enumerate(taught):
        chosen = one.label >= 0 if kept is None else (one.label >= 0) & kept[number]
        tables.append(one.figures.table.loc[chosen, list(NAMES)].to_numpy(dtype=np.float64))
        labels.append(one.label[chosen] > 0)
    design, launders = np.concatenate(tables), np.concatenate(labels)
    if min(int(launders.sum()), int((~launders).sum())) < LEAST_DEALINGS:
        return None
    centre, width = design.mean(axis=0), design.std(axis=0)
    width[width == 0] = 1
    sign = np.asarray([float(figure.sign) for figure in FIGURES])
    intercept, found = fit((design - centre) / width, launders, sign)
    coefficients = found / width
    used = {name: at for at, name in enumerate(NAMES) if abs(coefficients[at]) > LEAST_COEFFICIENT}
    return Likeness(
        0,
        round(intercept - float(coefficients @ centre), 6),
        {name: round(float(coefficients[at]), 6) for name, at in used.items()},
        {name: round(float(centre[at]), 6) for name, at in used.items()},
    )


def held_back(taught: Sequence[Taught], place: Ints, fold: Ints) -> Floats | None:
    """The chance of every labelled account by a model that saw no dealing of any account of its fold; None: too few dealings.

    Args:
        place: case and account code of each labelled account. fold: its fold.
    """
    chance = np.zeros(len(fold))
    for number in sorted(set(fold.tolist())):
        kept, held = [], fold == number
        for case, one in enumerate(taught):
            inside = np.zeros(one.figures.accounts, dtype=np.bool_)
            inside[place[held & (place[:, 0] == case), 1]] = True
            source, target = columns(one.figures.table, "source", "target")
            kept.append(~(inside[source] | inside[target]))
        model = fit_likeness(taught, kept)
        if model is None:
            return None
        for case, one in enumerate(taught):
            here = held & (place[:, 0] == case)
            chance[here] = model.of_accounts(one.figures)[place[here, 1]]
    return chance
