"""Any number of readers while a writer publishes: each sees whole batches, whichever database keeps the manifest."""

import subprocess
import sys
from pathlib import Path

from ledger import open_ledger
from ledger.ingest import ingest
from ledger.store.compaction import compact
from tests.ledger.folders import bank, put

READER = """
import sys, time
from pathlib import Path
from ledger import open_ledger
folder, rows, batches, tracing = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "trace"
if tracing:
    from tracing.result import Parameters
    from tracing.trace import trace_claims
opened, last, deadline = 0, 0, time.monotonic() + 120
while last < batches and time.monotonic() < deadline:
    ledger = open_ledger(folder)
    whole, rest = divmod(len(ledger.files), 2)
    assert rest == 0 and ledger.transfer_count == len(ledger.transfers("transfer")) == rows * whole, "a torn batch"
    assert whole >= last, "the past came back"
    claimed = trace_claims(ledger, Parameters()).totals()["claim_fen"].sum() if tracing else 100 * len(ledger.reports)
    assert int(claimed) == 100 * whole, "a claim is missing"
    last, opened = whole, opened + 1
    time.sleep(0.1)
print(last, opened)
"""
READERS, TRACERS, BATCHES, ROWS = 8, 2, 20, 40


def test_eight_readers_see_whole_batches_while_twenty_are_published(tmp_path: Path, manifest: str | None) -> None:
    folder = tmp_path / "ledger"
    _publish(tmp_path, 0, manifest)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(folder), str(ROWS), str(BATCHES), "trace" if number < TRACERS else "open"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(READERS)
    ]
    for number in range(1, BATCHES):
        _publish(tmp_path, number, manifest)
        if number % 7 == 0:
            compact(folder)
    for reader in readers:
        told, failed = reader.communicate(timeout=180)
        assert reader.returncode == 0, failed.decode()
        assert told.split()[0] == str(BATCHES).encode()
    assert open_ledger(folder).transfer_count == ROWS * BATCHES


def _publish(tmp_path: Path, number: int, manifest: str | None) -> None:
    """A file of transfers, and one with a report of one yuan."""
    report = f'{{"report": "R{number}", "victim": "v", "transfer": "P{number}-9", "amount": "1.00"}}\n'
    files = {f"p{number}_csv": bank(ROWS, f"P{number}-"), f"r{number}_jsonl": report}
    ingest(tmp_path / "ledger", [put(tmp_path / f"r{number}", **files)], manifest=manifest)
