"""What a ledger holds, row for row, as one digest: the same however the rows are spread over segments."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.declared import STORED
from ledger.batch.order import ledger_order
from ledger.records import TRANSFERS
from ledger.store.chain import State
from ledger.store.opening import read_accounts
from ledger.store.segments import ROW_GROUP, column_names, read_columns
from ledger.store.stored import StoredTransfers

WINDOW = 8 * ROW_GROUP
"""Transfers held in memory at a time."""


class RowsDigest:
    """SHA-256 over the values of tables that come piece by piece; where a piece ends changes nothing."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[hashlib._Hash, hashlib._Hash]] = {}

    def add(self, table: pa.Table) -> None:
        """Take the next rows in."""
        for name in table.column_names:
            lengths, values = self._columns.setdefault(name, (hashlib.sha256(), hashlib.sha256()))
            for chunk in table[name].chunks:
                _add(chunk, lengths, values)

    def hexdigest(self) -> str:
        """The digest of all rows so far; columns count by their names, not by their order."""
        lines = [f"{name} {one.hexdigest()} {two.hexdigest()}" for name, (one, two) in sorted(self._columns.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _add(chunk: pa.Array, lengths: "hashlib._Hash", values: "hashlib._Hash") -> None:
    """Fixed-width values with their nulls, or texts with their lengths; -1 is the length of a null."""
    if not len(chunk):
        return
    if pa.types.is_dictionary(chunk.type):
        chunk = chunk.cast(chunk.type.value_type)
    if pa.types.is_string(chunk.type):
        told = pc.fill_null(pc.binary_length(chunk), -1)
        lengths.update(told.to_numpy().astype(np.int32).tobytes())
        plain = pc.fill_null(chunk, "")
        offsets = np.frombuffer(plain.buffers()[1], np.int32)[plain.offset : plain.offset + len(plain) + 1]
        if plain.buffers()[2] is not None:
            values.update(memoryview(plain.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
        return
    lengths.update(chunk.is_valid().to_numpy(zero_copy_only=False).tobytes())
    number = chunk.cast(pa.int64()) if not pa.types.is_boolean(chunk.type) else chunk.cast(pa.int8()).cast(pa.int64())
    values.update(pc.fill_null(number, 0).to_numpy().astype(np.int64).tobytes())


def transfer_pieces(folder: Path, state: State) -> Iterator[pa.Table]:
    """The published transfers in ledger order, corrected ones included, in pieces of `WINDOW` rows."""
    stored = StoredTransfers(folder, state)
    order = published_order(folder, state)
    for start in range(0, stored.published, WINDOW):
        stop = min(start + WINDOW, stored.published)
        yield stored.fetch_stored(np.arange(start, stop) if order is None else order[start:stop], TRANSFERS.names)


def published_order(folder: Path, state: State) -> NDArray[np.int64] | None:
    """From ledger order to the segments laid end to end, before any decision; None when they are the same."""
    segments = state.of_kind("transfers")
    if len(segments) < 2:
        return None
    keys = pa.concat_tables([read_columns(folder, one, ("time", "sequence", "line", "transfer")) for one in segments])
    place = pc.coalesce(keys["sequence"], keys["line"]).to_numpy()
    return ledger_order(keys["time"].cast(pa.int64()).to_numpy(), place, keys["transfer"])


def account_table(folder: Path, state: State) -> pa.Table:
    """Every account once, by code, as a segment keeps it."""
    accounts, seen = read_accounts(folder, state)
    codes = pa.array(np.arange(accounts.num_rows, dtype=np.int32))
    return accounts.append_column("code", codes).append_column("seen", pa.array(seen)).cast(STORED)


def small_rows(folder: Path, state: State, kind: str) -> pa.Table:
    """All rows of a small table in order of publication, with all their columns."""
    parts = [read_columns(folder, one, column_names(folder, one)) for one in state.of_kind(kind)]
    return pa.concat_tables(parts, promote_options="default").unify_dictionaries().combine_chunks()


def content_digest(digests: Iterable[tuple[str, str]]) -> str:
    """One digest of a whole ledger from the digests of its kinds."""
    return hashlib.sha256("\n".join(f"{kind} {digest}" for kind, digest in sorted(digests)).encode()).hexdigest()


def pieces_of(folder: Path, state: State, kind: str) -> Iterator[pa.Table]:
    """The rows of one kind, as a compaction writes them and as their digest is made."""
    if kind == "transfers":
        yield from transfer_pieces(folder, state)
    else:
        yield account_table(folder, state) if kind == "accounts" else small_rows(folder, state, kind)


def state_content(folder: Path, state: State) -> str:
    """The content digest of a published state."""
    told = []
    for kind in sorted({segment.kind for segment in state.live}):
        digest = RowsDigest()
        for piece in pieces_of(folder, state, kind):
            digest.add(piece)
        told.append((kind, digest.hexdigest()))
    return content_digest(told)
