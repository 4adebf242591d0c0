"""Who pays whom: the dealings in view sorted by payer and payee, and which of them are a first contact."""

from dataclasses import dataclass

import numpy as np

from rules.scope import Flags, Ints, Scope, columns
from rules.windows import Entries, sorting


@dataclass(frozen=True)
class Pairs:
    """Payments between accounts that are no hubs, sorted by payer, payee, then ledger order.

    entries: account is the number of the pair, other the payee, fen what he was paid. payer: account code of each payment.
    """

    entries: Entries
    payer: Ints


def pairs_in(scope: Scope) -> Pairs:
    """The payments in view by pair, sorted once."""
    return scope.once("pairs", lambda: pairs_of(scope))


def pairs_of(scope: Scope) -> Pairs:
    """As `pairs_in`, made anew."""
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    plain = ~(scope.hub[source] | scope.hub[target])
    row, time_us, fen = (values[plain] for values in columns(moves, "row", "time_us", "amount_fen"))
    source, target = source[plain], target[plain]
    order, number = grouped(source, target)
    return Pairs(Entries(number, target[order], time_us[order], fen[order], row[order]), source[order])


def grouped(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Positions sorted by (first, second), equal ones in their order; and the number of the group of each."""
    order = sorting(second)
    order = order[sorting(first[order])]
    changes = np.zeros(len(order), dtype=np.int64)
    one, other = first[order], second[order]
    changes[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return order, np.cumsum(changes)


def first_contacts(scope: Scope) -> Flags:
    """Which of the dealings are the first between their two holders, in either direction."""
    return scope.once("first contacts", lambda: first_contacts_of(scope))


def first_contacts_of(scope: Scope) -> Flags:
    """As `first_contacts`, made anew."""
    source, target = columns(scope.dealings(), "source", "target")
    one, other = scope.holder[source], scope.holder[target]
    order, number = grouped(np.minimum(one, other), np.maximum(one, other))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = number[1:] != number[:-1]
    found = np.zeros(len(order), dtype=np.bool_)
    found[order[first]] = True
    return found
