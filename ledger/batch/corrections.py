"""Corrections: a row whose id is published with other content takes its place; the old row stays where it was written."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.repeats import Repeats, find_repeats
from ledger.store.stored import SUPERSEDED

Rows = NDArray[np.int64]


def counting(old: pa.Table, superseded: pa.Table) -> pa.Table:
    """Of published rows those that count: where an id was corrected, the row of its last correction.

    Args:
        old: columns transfer, file and line at least. superseded: `SUPERSEDED` rows in order of publication.
    """
    if not superseded.num_rows:
        return old
    last = {row["transfer"]: (row["file"], row["line"]) for row in superseded.to_pylist()}
    places = zip(*(old[name].to_pylist() for name in ("transfer", "file", "line")), strict=True)
    return old.filter(pa.array([last.get(name, (file, line)) == (file, line) for name, file, line in places], pa.bool_()))


def settled(new: pa.Table, old: pa.Table, content: Sequence[str], *, supersede: bool) -> tuple[Repeats, Rows]:
    """Which new rows do not stay, as `find_repeats` says, and which take the place of a published row.

    Args:
        new, old: the candidate rows, plain text and integers; old: those that count, as `counting` gives them.
        supersede: whether a new row with other content takes the place of the published one, or is refused.
    Returns:
        the new rows that do not stay, and those that supersede a published row, ascending. Of several new rows with one id
        and other content than the published one, that with the lowest (line, content) stays.
    """
    found = find_repeats(new, old, "transfer", content)
    if not supersede:
        return found, np.empty(0, np.int64)
    published = pc.is_in(new["transfer"].take(pa.array(found.rows)), value_set=old["transfer"].combine_chunks())
    other = np.sort(found.rows[~found.same & np.asarray(published.to_numpy(zero_copy_only=False), bool)])
    if not len(other):
        return found, other
    among = find_repeats(new.take(pa.array(other)), old.slice(0, 0), "transfer", content)
    stays = ~np.isin(found.rows, other)
    rest = Repeats(
        np.concatenate([found.rows[stays], other[among.rows]]),
        np.concatenate([found.same[stays], among.same]),
        np.concatenate([found.kept_file[stays], among.kept_file]),
        np.concatenate([found.kept_line[stays], among.kept_line]),
    )
    return rest, np.delete(other, among.rows)


def superseded_rows(parts: Sequence[pa.Table]) -> pa.Table:
    """The segment of a run's corrections: the ids, each with the place of the row that counts since."""
    if not parts:
        return SUPERSEDED.empty_table()
    return pa.concat_tables(parts).cast(SUPERSEDED).sort_by([("transfer", "ascending")]).combine_chunks()
