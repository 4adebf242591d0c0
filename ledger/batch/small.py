"""The small kinds of a run (accounts, reports, links) as one table each."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from ledger.reading import Reading

Numbered = Sequence[tuple[int, Reading]]
"""Readings with their file numbers."""


def small_table(numbered: Numbered, kind: str, schema: pa.Schema, renamed: Mapping[str, str]) -> pa.Table:
    """All rows of a small kind with the schema's columns; missing columns are null."""
    parts = []
    for number, reading in numbered:
        for chunk in reading.of_kind(kind):
            named = chunk.rename_columns([renamed.get(name, name) for name in chunk.column_names])
            named = named.append_column("file", pa.array(np.full(chunk.num_rows, number, np.int32)))
            columns = [
                named[f.name].cast(f.type) if f.name in named.column_names else pa.nulls(named.num_rows, f.type) for f in schema
            ]
            parts.append(pa.table(columns, schema=schema))
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks() if parts else schema.empty_table()
