"""Evidence an officer can check: amounts in yuan, times with their offset, put into sentences column by column."""

from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Part = Any
"""Text, or a column of as many texts or numbers as there are rows."""

AMBIGUOUS = "Not unique: "
"""How the evidence of an ambiguous decision begins; an applied one that begins so was applied by an officer."""
WITHDRAWN = "Withdrawn: "
"""How the evidence begins when we take a decision back ourselves; any other `off` is an officer's and stays."""
LONGEST = 80
"""Characters of a name that are quoted; the whole name stands in a column of its own."""
_CHINA_S = 8 * 3600


def sentence(*parts: Part) -> pa.Array:
    """The parts run together row by row; a null is left out."""
    columns = [pa.scalar(part) if isinstance(part, str) else pc.fill_null(_whole(part).cast(pa.string()), "") for part in parts]
    return _whole(pc.binary_join_element_wise(*columns, ""))


def listed(*parts: pa.Array) -> pa.Array:
    """The parts of a row with commas between them; nulls are left out."""
    some = reduce(pc.or_, (pc.is_valid(part) for part in parts))
    first = pc.if_else(some, parts[0], "")  # Arrow would leave out a row of nulls alone, and every row behind it would shift
    return _whole(pc.binary_join_element_wise(first, *parts[1:], ", ", null_handling="skip"))


def clipped(names: Part) -> pa.Array:
    """Names short enough to be read."""
    return _whole(pc.utf8_slice_codeunits(names, 0, LONGEST))


def yuan(fen: NDArray[np.int64]) -> pa.Array:
    """Fen as text with two decimals."""
    size = np.abs(fen.astype(np.int64))
    rest = pc.utf8_lpad(pa.array(size % 100).cast(pa.string()), 2, "0")
    sign = pa.array(np.where(fen < 0, "-", "").astype(object), pa.string())
    return sentence(sign, pa.array(size // 100), ".", rest)


def moments(time_us: NDArray[np.int64]) -> pa.Array:
    """Times as text to the second, at +08:00."""
    local = pa.array(time_us // 1_000_000 + _CHINA_S).cast(pa.timestamp("s"))
    return sentence(pc.strftime(local, "%Y-%m-%d %H:%M:%S"), "+08:00")


def apart(span_us: NDArray[np.int64]) -> pa.Array:
    """Spans as text in the unit that fits."""
    seconds = np.abs(span_us) // 1_000_000
    whole = np.select(
        [seconds < 120, seconds < 7200, seconds < 172_800], [seconds, seconds // 60, seconds // 3600], seconds // 86_400
    )
    unit = np.select([seconds < 120, seconds < 7200, seconds < 172_800], [" s", " min", " h"], " d")
    return sentence(pa.array(whole), pa.array(unit.astype(object), pa.string()))


def yuan_text(fen: int) -> str:
    """One amount as text."""
    size = abs(fen)
    return f"{'-' if fen < 0 else ''}{size // 100}.{size % 100:02d}"


def moment_text(time_us: int) -> str:
    """One time as text."""
    return str(moments(np.array([time_us], np.int64))[0].as_py())


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
