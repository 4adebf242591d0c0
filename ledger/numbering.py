"""Ids of one mapped file that repeat: numbered `#2`, `#3`, so that no row is lost, and told."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.hashing import possible_repeats
from ledger.profile import Profile
from ledger.reading import Reading
from ledger.records import WORD
from ledger.repeats import find_repeats


def number_repeats(table: pa.Table, reading: Reading, profile: Profile) -> pa.Table:
    """Number the second and later rows of an id in file order.

    Where the profile expects repeats every row counts; else rows of equal content keep their id (they are the same
    row twice, which the batch drops) and each row of other content is a problem.
    """
    rows, _ = possible_repeats(table["transfer"], pa.chunked_array([], pa.string()))
    if not len(rows):
        return table
    if profile.repeats == "reported":
        rows = _of_other_content(table.take(pa.array(rows)), rows)
    ids = table["transfer"].combine_chunks().take(pa.array(rows))
    ordinal = _ordinals(ids)
    numbered = pc.binary_join_element_wise(ids, pa.array(ordinal).cast(pa.string()), "#")
    later = np.flatnonzero(ordinal > 1)
    if profile.repeats == "expected":
        reading.complain(
            0, "LDG-id-numbered", f"{len(later):,} rows carry the id of an earlier row; they are numbered #2, #3, …"
        )
    else:
        lines = table["line"].to_numpy()
        for row in later:
            message = f"the id {ids[int(row)].as_py()!r} repeats with other content; this row is {numbered[int(row)].as_py()!r}"
            reading.complain(int(lines[rows[row]]), "LDG-id-repeated", message)
    everything = np.arange(table.num_rows)
    everything[rows[later]] = table.num_rows + later
    both = pa.concat_arrays([table["transfer"].combine_chunks(), numbered])
    return table.set_column(table.column_names.index("transfer"), "transfer", both.take(pa.array(everything)))


def _of_other_content(table: pa.Table, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of each id, and those that differ from it."""
    plain = table.cast(pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in table.schema]))
    plain = plain.append_column("file", pa.array(np.zeros(len(rows), np.int32)))
    content = [name for name in plain.column_names if name not in ("transfer", "line", "file")]
    found = find_repeats(plain, plain.slice(0, 0), "transfer", content)
    keep = np.ones(len(rows), bool)
    keep[found.rows[found.same]] = False
    return rows[keep]


def _ordinals(ids: pa.Array) -> NDArray[np.int64]:
    """1, 2, 3 … within each id, in the order given."""
    codes = ids.dictionary_encode().indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[True], codes[order][1:] != codes[order][:-1]]) if len(codes) else np.empty(0, bool)
    first = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    ordinal = np.empty(len(codes), np.int64)
    ordinal[order] = np.arange(len(codes)) - first + 1
    return ordinal
