"""Rows in which a bank answers an inquiry instead of telling a transaction: no such account, nothing in the period."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.reading import Reading
from ledger.statements.profile import Profile
from ledger.statements.templates import rendered

SHOWN = 200
"""Characters of an answer that are told."""
_NOTHING = r"^[+-]?[0,]*\.?0*$"


def answers(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> NDArray[np.bool_]:
    """The rows that hold the profile's `answer` and move nothing."""
    if not profile.answer:
        return np.zeros(rows, bool)
    none = pa.nulls(rows, pa.string())
    answered = np.asarray(rendered([profile.answer], cells, rows).is_valid().to_numpy(zero_copy_only=False), bool)
    for name in ("amount", "debit", "credit"):
        moves = pc.invert(pc.match_substring_regex(cells.get(name, none), _NOTHING))
        answered &= ~np.asarray(pc.fill_null(moves, False).to_numpy(zero_copy_only=False), bool)
    return answered


def told_answers(reading: Reading, profile: Profile, cells: Mapping[str, pa.Array], lines: NDArray[np.int32]) -> None:
    """Tell the answers line by line."""
    if not len(lines):
        return
    asked = rendered(profile.own_account, cells, len(lines)).to_pylist()
    said = rendered([profile.answer], cells, len(lines)).to_pylist()
    for line, account, answer in zip(lines.tolist(), asked, said, strict=True):
        message = f"no transaction of {account or 'an unnamed account'}; the bank answers {answer[:SHOWN]!r}"
        reading.complain(line, "LDG-bank-answer", message)
