"""A ledger made of tables in memory: for stories in tests and for callers that already hold their records."""

import hashlib
from collections.abc import Sequence

import pyarrow as pa

from ledger.book import Ledger, frame
from ledger.records import ACCOUNTS, LINKS, REPORTS, TRANSFERS


def ledger_of(
    transfers: pa.Table,
    accounts: pa.Table,
    reports: pa.Table | None = None,
    links: pa.Table | None = None,
    files: Sequence[str] = ("memory",),
) -> Ledger:
    """Open tables that already follow the canonical schemas; the transfers are put into ledger order here."""
    ordered = transfers.cast(TRANSFERS).sort_by([("time", "ascending"), ("line", "ascending"), ("transfer", "ascending")])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ordered.schema) as writer:
        writer.write_table(ordered.combine_chunks())
    return Ledger(
        digest=hashlib.sha256(sink.getvalue()).hexdigest(),
        batch=1,
        accounts=frame(accounts.cast(ACCOUNTS)),
        reports=frame((reports or REPORTS.empty_table()).cast(REPORTS)),
        links=frame((links or LINKS.empty_table()).cast(LINKS)),
        files=tuple(files),
        transfer_count=ordered.num_rows,
        read=lambda names: ordered.select(list(names)),
    )
