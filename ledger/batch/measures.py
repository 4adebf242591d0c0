"""Seizures that accounts are under already: several for one account become one attribute of it, `measures`."""

import json
from collections import defaultdict

import pyarrow as pa

from ledger.batch.small import Numbered
from ledger.fields import MEASURE
from ledger.reading import Reading

SIDE = pa.schema([("account", pa.string()), ("extra", pa.string())])


def settle_measures(numbered: Numbered) -> None:
    """Give the first file of measures an account row for every account of all such files; the list is sorted, each once."""
    files = [reading for _, reading in numbered if reading.kind is MEASURE]
    found: defaultdict[str, set[str]] = defaultdict(set)
    for reading in files:
        for account, measure in _measures(reading):
            found[account].add(measure)
    if files:
        accounts = sorted(found)
        lists = [f'{{"measures":[{",".join(sorted(found[account]))}]}}' for account in accounts]
        files[0].side = pa.table([pa.array(accounts, pa.string()), pa.array(lists, pa.string())], schema=SIDE)


def _measures(reading: Reading) -> list[tuple[str, str]]:
    """Account and measure, as JSON, of every row."""
    table = pa.concat_tables(reading.chunks, promote_options="default")
    names = sorted(field.name for field in MEASURE.fields if field.name in table.column_names and field.name != "account")
    rows = table.select(["account", *names]).to_pylist()
    return [
        (row.pop("account"), json.dumps({name: text for name, text in row.items() if text}, ensure_ascii=False)) for row in rows
    ]
