"""Which new transfers are handed to reconciliation, and how they look."""

from pathlib import Path

import pyarrow as pa

from ledger.batch.assemble import assemble
from ledger.batch.loose import LOOSE, collecting
from ledger.batch.rejects import Rejects
from ledger.containers import Limits, scratch_in
from ledger.reading import Reading
from ledger.sources import read_file
from ledger.store.manifest import State
from ledger.store.published import Published
from tests.ledger.folders import put

HEADER = "transfer,time,source,target,amount,status,reverses,reference,operation"
LINES = """T1,2025-03-01T09:00:00Z,a,b,1,done,,,payment
T2,2025-03-01T09:01:00Z,a,b,2,failed,,,payment
T3,2025-03-01T09:02:00Z,a,b,3,reversed,,,payment
T4,2025-03-01T09:03:00Z,b,a,3,,T3,,payment
T5,2025-03-01T09:04:00Z,b,a,1,done,,,refund
T6,2025-03-01T09:05:00Z,a,b,1,done,,R1,transfer
"""


def candidates(tmp_path: Path, **files: str) -> pa.Table:
    """The candidates of a run over these files."""
    folder = put(tmp_path / "records", **files)
    with scratch_in(tmp_path, Limits()) as scratch, collecting(scratch) as loose:
        readings = [
            read_file(Reading(path, path.name, path.stat().st_size, sink=loose.take), (), lambda *_: None)
            for path in sorted(folder.iterdir())
        ]
        rejects = Rejects([reading.name for reading in readings], dict(enumerate(readings)))
        return assemble(loose, readings, 0, Published(tmp_path, State()), rejects).candidates


def test_odd_rows_are_candidates_with_all_columns_as_text(tmp_path: Path) -> None:
    found = candidates(tmp_path, w_csv=f"{HEADER}\n{LINES}T4,2025-03-01T09:03:00Z,b,a,3,,T3,,payment\n")
    assert found["transfer"].to_pylist() == ["T2", "T3", "T4", "T5"]
    assert found.schema.names == LOOSE.names
    row = found.to_pylist()[2]
    told = [row[name] for name in ("source", "target", "status", "currency", "kind", "operation", "amount_fen", "file", "line")]
    assert told == ["b", "a", "done", "CNY", "wallet", "payment", 300, 0, 5]


def test_a_reference_matters_where_another_file_may_tell_of_the_same_transfer(tmp_path: Path) -> None:
    bank = "transfer,time,source,target,amount\nB1,2025-03-01T08:00:00Z,x,y,5\n"
    assert candidates(tmp_path, a_csv=bank, w_csv=f"{HEADER}\n{LINES}")["transfer"].to_pylist() == [
        "T2",
        "T3",
        "T4",
        "T5",
        "T6",
    ]


def test_plain_rows_are_no_candidates(tmp_path: Path) -> None:
    assert candidates(tmp_path, w_csv=f"{HEADER}\n{LINES.splitlines()[0]}\n").num_rows == 0
