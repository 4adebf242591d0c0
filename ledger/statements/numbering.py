"""Ids of one mapped file: made from the content where a row has none, numbered `#2`, `#3` where they repeat; all told."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.hashing import possible_repeats
from ledger.batch.repeats import find_repeats
from ledger.reading import Reading
from ledger.records import WORD
from ledger.statements.profile import Profile

NAMELESS = "#nameless"
"""Where the file gives a row no id."""
_HASHED = ("source", "target", "time", "amount", "currency", "source_balance", "target_balance")
_SEEN_OTHERWISE = ("time", "date", "clock", "amount", "debit", "credit", "balance", "partner_balance", "currency", "direction")


def content_texts(profile: Profile, cells: Mapping[str, pa.Array], fields: Sequence[str], rows: int) -> pa.Array:
    """What tells one row from another beside its amount, time and accounts: the cells of its fields, by their names."""
    named = [name for name in sorted(fields) if name not in _SEEN_OTHERWISE and name not in profile.volatile]
    parts = [pc.fill_null(pc.binary_join_element_wise(name, cells[name], "="), "") for name in named]
    return pc.binary_join_element_wise(*parts, "\x1f") if parts else pa.repeat(pa.scalar(""), rows)


def key_cells(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """16 hex digits of what the profile's key fields hold, for ids that need several columns."""
    parts = [pc.fill_null(cells[name], "") if name in cells else pa.repeat(pa.scalar(""), rows) for name in profile.key]
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    return pa.array([_digest(text) for text in joined.to_pylist()], pa.string())


def with_content_ids(table: pa.Table, profile: Profile, texts: pa.Array, key: str = "transfer") -> pa.Table:
    """Give rows without an id one made from what they say, so that two exports of one statement agree about it.

    Args:
        table: checked rows with `#nameless`. texts: of `content_texts`, per row. key: the column of the id.
    """
    nameless = np.flatnonzero(table[NAMELESS].to_numpy(zero_copy_only=False))
    if not len(nameless):
        return table
    rows = table.select([name for name in _HASHED if name in table.column_names]).take(pa.array(nameless))
    numbers = [rows[name].cast(pa.int64()) if name == "time" else rows[name] for name in rows.column_names]
    plain = [pc.fill_null(column.cast(pa.string()), "") for column in numbers]
    joined = pc.binary_join_element_wise(*plain, texts.take(pa.array(nameless)), "\x1f")
    made = pa.array([f"{profile.name}:{_digest(text)}" for text in joined.to_pylist()], pa.string())
    at = np.arange(table.num_rows)
    at[nameless] = table.num_rows + np.arange(len(nameless))
    both = pa.concat_arrays([table[key].combine_chunks(), made])
    return table.set_column(table.column_names.index(key), key, both.take(pa.array(at)))


def number_repeats(table: pa.Table, reading: Reading, profile: Profile) -> pa.Table:
    """Number the second and later rows of an id, in order of time and content.

    Rows without an id of their own count each: two that say the same are two transfers. Where the profile expects repeats
    every row counts; where it says that its ids tell rows apart none does, and the batch keeps the first; else rows of equal
    content keep their id (they are the same row twice, which the batch drops) and each row of other content is a problem.
    """
    rows, _ = possible_repeats(table["transfer"], pa.chunked_array([], pa.string()))
    if not len(rows) or profile.repeats == "refused":
        return table
    plain = _plain(table.take(pa.array(rows)))
    nameless = plain[NAMELESS].to_numpy(zero_copy_only=False)
    if profile.repeats == "reported":
        keep = nameless | _of_other_content(plain)
        rows, plain, nameless = rows[keep], plain.filter(pa.array(keep)), nameless[keep]
    order = pc.sort_indices(plain, sort_keys=[(name, "ascending") for name in ("transfer", "time", *_content(plain), "line")])
    rows, nameless = rows[order.to_numpy()], nameless[order.to_numpy()]
    ids = plain["transfer"].combine_chunks().take(order)
    ordinal = _ordinals(ids)
    numbered = pc.binary_join_element_wise(ids, pa.array(ordinal).cast(pa.string()), "#")
    _tell(reading, profile, (ids, numbered), table["line"].to_numpy()[rows], (ordinal > 1, nameless))
    later = np.flatnonzero(ordinal > 1)
    everything = np.arange(table.num_rows)
    everything[rows[later]] = table.num_rows + later
    both = pa.concat_arrays([table["transfer"].combine_chunks(), numbered])
    return table.set_column(table.column_names.index("transfer"), "transfer", both.take(pa.array(everything)))


def _tell(
    reading: Reading,
    profile: Profile,
    names: tuple[pa.Array, pa.Array],
    lines: NDArray[np.int32],
    marks: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    ids, numbered = names
    later, nameless = marks
    expected = int((later & ~nameless).sum())
    if expected and profile.repeats == "expected":
        told = f"{expected:,} rows carry the id of an earlier row; they are numbered #2, #3, …"
        reading.complain(0, "LDG-id-numbered", told)
    elif expected:
        for row in np.flatnonzero(later & ~nameless):
            told = f"the id {ids[int(row)].as_py()!r} repeats with other content; this row is {numbered[int(row)].as_py()!r}"
            reading.complain(int(lines[row]), "LDG-id-repeated", told)
    if (later & nameless).any():
        told = (
            f"{int((later & nameless).sum()):,} rows without an id say the same as an earlier one; they are numbered #2, #3, …"
        )
        reading.complain(0, "LDG-id-numbered", told)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in table.schema]))


def _content(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name not in ("transfer", "line", "file") and not name.startswith("#")]


def _of_other_content(table: pa.Table) -> NDArray[np.bool_]:
    """The first row of each id, and those that differ from it."""
    filed = table.append_column("file", pa.array(np.zeros(table.num_rows, np.int32)))
    found = find_repeats(filed, filed.slice(0, 0), "transfer", _content(filed))
    keep = np.ones(table.num_rows, bool)
    keep[found.rows[found.same]] = False
    return keep


def _ordinals(ids: pa.Array) -> NDArray[np.int64]:
    """1, 2, 3 … within each id; equal ids stand together."""
    if not len(ids):
        return np.empty(0, np.int64)
    starts = np.concatenate([[True], pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)])
    first: NDArray[np.int64] = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    return np.arange(len(ids)) - first + 1
