"""Open a published ledger: small tables at once, transfers by column when they are asked for."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.accounts import inferred_kinds
from ledger.book import Ledger, frame
from ledger.problems import LiushuiError
from ledger.records import ACCOUNTS, LINKS, REPORTS, WORD
from ledger.store.changes import kept_names
from ledger.store.manifest import State, read_state
from ledger.store.segments import read_columns, require_segments
from ledger.store.stored import StoredTransfers, read_small


def open_ledger(folder: Path, as_of_batch: int | None = None) -> Ledger:
    """Open the last published state, or that of an earlier batch, bit for bit as it was.

    Raises LiushuiError when the folder is no ledger, nothing is published yet, there is no such batch, or a segment is missing.
    """
    folder = Path(folder)
    state = read_state(folder)
    if not state.batches:
        raise LiushuiError("LDG-no-batch", f"{folder} holds no published batch yet")
    if as_of_batch is not None:
        state = state.as_of(as_of_batch)
    require_segments(folder, state.live)
    accounts = read_accounts(folder, state)[0]
    transfers = StoredTransfers(folder, state, accounts["account"].combine_chunks())
    return Ledger(
        digest=state.digest,
        batch=state.batch,
        accounts=frame(accounts),
        reports=frame(_counting(read_small(folder, state, "reports", REPORTS), transfers, "victim")),
        links=frame(_counting(read_small(folder, state, "links", LINKS), transfers, "account")),
        files=tuple(source.name for source in state.sources),
        transfer_count=transfers.count,
        read=transfers.read,
        index_folder=transfers.index_folder,
        fetch=transfers.fetch,
        decisions=frame(transfers.standing),
    )


def _counting(table: pa.Table, transfers: StoredTransfers, named: str) -> pa.Table:
    """A small table that speaks of the transfers and accounts that count: of the witness that stays, of the main name."""
    changes, accounts = transfers.changes, transfers.accounts
    if "transfer" in table.column_names and changes.kept_ids:
        at = table.column_names.index("transfer")
        table = table.set_column(at, table.schema.field(at), kept_names(table["transfer"], changes.kept_ids))
    if accounts is not None and len(changes.names):
        other = np.flatnonzero(changes.names != np.arange(len(changes.names)))
        main = accounts.take(pa.array(changes.names[other])).to_pylist()
        renamed = dict(zip(accounts.take(pa.array(other)).to_pylist(), main, strict=True))
        at = table.column_names.index(named)
        table = table.set_column(at, table.schema.field(at), kept_names(table[named], renamed))
    return table


def read_accounts(folder: Path, state: State) -> tuple[pa.Table, NDArray[np.uint8]]:
    """The accounts by code, later declarations over earlier ones, and which sorts of records name each."""
    segments = state.of_kind("accounts")
    if not segments:
        return ACCOUNTS.empty_table(), np.empty(0, np.uint8)
    names = [*ACCOUNTS.names, "code", "seen"]
    rows = (
        pa.concat_tables([read_columns(folder, segment, names) for segment in segments]).unify_dictionaries().combine_chunks()
    )
    codes, bits = rows["code"].to_numpy(), rows["seen"].to_numpy()
    if len(segments) == 1:
        return rows.select(ACCOUNTS.names).cast(ACCOUNTS), bits
    count = int(codes.max()) + 1 if len(codes) else 0
    seen = np.zeros(count, np.uint8)
    np.bitwise_or.at(seen, codes, bits)
    latest = np.full(count, -1, np.int64)
    declared = np.asarray(rows["declared"].to_numpy(), bool)
    for wanted in (~declared, declared):
        at = np.flatnonzero(wanted)
        latest[codes[at]] = at
    table = rows.take(pa.array(latest))
    return _inferred_again(table, seen), seen


def _inferred_again(table: pa.Table, seen: NDArray[np.uint8]) -> pa.Table:
    """Accounts nobody declared: what they are follows from all batches together."""
    kinds = pc.if_else(
        table["declared"].combine_chunks(),
        table["kind"].combine_chunks().cast(pa.string()),
        inferred_kinds(table["account"].combine_chunks(), seen).cast(pa.string()),
    )
    at = table.column_names.index("kind")
    return table.set_column(at, "kind", kinds.dictionary_encode().cast(WORD)).select(ACCOUNTS.names).cast(ACCOUNTS)
