"""Segments: some rows of a file of many row groups."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from ledger.store.segments import ROW_GROUP, read_rows, write_segment


def test_rows_of_a_segment_of_several_row_groups_are_those_asked_for_in_the_columns_asked_for(tmp_path: Path) -> None:
    count = 2 * ROW_GROUP + 1000
    number = np.arange(count)
    words = pa.DictionaryArray.from_arrays(pa.array((number % 3).astype(np.int32)), ["a", "b", "c"])
    table = pa.table({"transfer": pa.array(number).cast(pa.string()), "amount_fen": number * 7, "currency": words})
    segment = write_segment(tmp_path, 1, "transfers", table)
    every = np.sort(np.random.default_rng(1).choice(count, 500, replace=False))
    for rows in (every, every[-1:], every[every >= ROW_GROUP], np.array([0, ROW_GROUP - 1, ROW_GROUP, count - 1])):
        for names in (["transfer", "amount_fen", "currency"], ["currency", "transfer"]):
            found = read_rows(tmp_path, segment, rows, names)
            assert found.to_pylist() == table.select(names).take(pa.array(rows)).to_pylist()
