"""What a row says about its other side, held against the account whose statement tells the other row."""

import numpy as np
from numpy.typing import NDArray

from ledger.reconcile.known import MASKED, PERSON, Names
from ledger.reconcile.rows import Bools, Ints
from ledger.reconcile.wording import names_agree

AGAINST, SILENT, BY_NAME, BY_MASK, BY_NUMBER = -1, 0, 1, 2, 3
"""Another account is named; nothing is said; the holder's name or the wallet's; visible digits of it; the account itself."""
MOST_COMPARED = 500_000
"""Different pairs of names that are compared letter by letter; the rest count as speaking against each other."""


def agreement(names: Names, own: Ints, told: Ints, account: Ints) -> NDArray[np.int8]:
    """How far what a row says of its other side speaks for an account.

    Args:
        own: code of the row's own account. told: what it says of the other side. account: the account in question.
    """
    same = names.main[told] == names.main[account]
    silent = names.points_to[told] >= 0
    silent &= names.main[np.maximum(names.points_to[told], 0)] == names.main[own]
    found = np.full(len(told), AGAINST, np.int8)
    found[silent] = SILENT
    masked = np.flatnonzero((names.sort[told] == MASKED) & ~same)
    found[masked[_shown(names, told[masked], account[masked])]] = BY_MASK
    person = np.flatnonzero((names.sort[told] == PERSON) & ~same & ~silent)
    found[person] = _person(names, told[person], account[person])
    found[same] = BY_NUMBER
    return found


def _shown(names: Names, told: Ints, account: Ints) -> Bools:
    """Where a strong mask shows digits of the account."""
    pairs, at = _distinct(told, account)
    fits = np.zeros(len(pairs), bool)
    for place, (one, other) in enumerate(pairs[:MOST_COMPARED].tolist()):
        mask = names.masks.get(one)
        fits[place] = mask is not None and mask.strong and mask.fits(names.text[other].as_py())
    return fits[at]


def _person(names: Names, told: Ints, account: Ints) -> NDArray[np.int8]:
    """A mere name agrees with the holder's, or is the clearing account of the wallet, or speaks against it."""
    said, holder = names.said[told], names.holder[account]
    clearing, wallet = names.clearing[told], names.wallet[account]
    found = np.where((said < 0) | ((holder < 0) & (clearing == 0)), SILENT, AGAINST).astype(np.int8)
    found[(clearing > 0) & (clearing == wallet)] = BY_NAME
    unlike = np.flatnonzero((said >= 0) & (holder >= 0))
    pairs, at = _distinct(said[unlike], holder[unlike])
    agree = pairs[:, 0] == pairs[:, 1]
    for place in np.flatnonzero(~agree)[:MOST_COMPARED].tolist():
        agree[place] = names_agree(names.words[int(pairs[place, 0])].as_py(), names.words[int(pairs[place, 1])].as_py())
    found[unlike[agree[at]]] = BY_NAME
    return found


def _distinct(one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Every pair of codes once, and which of them each row has."""
    packed, at = np.unique(one * 2**31 + other, return_inverse=True)
    return np.column_stack([packed // 2**31, packed % 2**31]), at
