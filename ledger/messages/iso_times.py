"""Dates and times of bank messages as instants: those without an offset are taken in China's time, and that is told."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import Field
from ledger.records import INSTANT
from ledger.text.cells import check_column

OFFSET = "+08:00"
ZONE = "Asia/Shanghai"
"""The zone of a time that names none, as in the profiles. A message does not say in which zone its bank keeps its books."""
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DAY_OFFSET = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})$"
_CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?$"
_NANO = r"([.][0-9]{6})[0-9]+"


@dataclass(frozen=True)
class IsoTimes:
    """instants: UTC, null where nothing readable stands. unreadable: cells that are no date. zoneless: without an offset."""

    instants: pa.Array
    unreadable: NDArray[np.bool_]
    zoneless: NDArray[np.bool_]


def iso_times(text: pa.Array) -> IsoTimes:
    """Read ISO dates and times; every different text is looked at once."""
    coded = text.dictionary_encode()
    words = coded.dictionary
    day, clock = pc.match_substring_regex(words, _DAY), pc.match_substring_regex(words, _CLOCK)
    full = pc.if_else(day, pc.binary_join_element_wise(words, f"T00:00:00{OFFSET}", ""), words)
    full = pc.if_else(clock, pc.binary_join_element_wise(words, OFFSET, ""), full)
    full = pc.replace_substring_regex(full, _DAY_OFFSET, r"\1T00:00:00\2")
    full = pc.replace_substring_regex(full, _NANO, r"\1")
    values = check_column(Field("time", "instant"), full).values
    instants = values.take(coded.indices) if len(words) else pa.nulls(len(text), INSTANT)
    zoneless = pc.fill_null(pc.or_(day, clock).take(coded.indices), False) if len(words) else pa.repeat(False, len(text))
    given = _mask(text.is_valid())
    return IsoTimes(instants, given & _mask(instants.is_null()), _mask(zoneless))


def _mask(array: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(array.to_numpy(zero_copy_only=False), bool)
