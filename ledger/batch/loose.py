"""The transfers of one run while they are collected: coded piece by piece, in memory or on the disk, in no order yet."""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.names import Codes, Hashes, Key, Names, new_key, text_hashes
from ledger.batch.spill import Kept, Room, Shelf
from ledger.containers import Scratch
from ledger.problems import LiushuiError
from ledger.reading import Reading
from ledger.records import TRANSFERS, WORD

Rows = NDArray[np.int64]

LOOSE = pa.schema([pa.field(f.name, WORD) if f.name in ("source", "target") else f.remove_metadata() for f in TRANSFERS])
"""Transfers before their accounts have codes."""
PLAIN = pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in LOOSE])
"""The same with their words as text."""
WORDS = tuple(f.name for f in TRANSFERS if f.type == WORD and f.name != "kind")
DEFAULTS = {"currency": "CNY", "status": "done"}
_RENAMED = {"amount": "amount_fen", "source_balance": "source_balance_fen", "target_balance": "target_balance_fen"}
_WAITING = 16
"""Chunks read but not yet coded."""


class StoppedError(Exception):
    """The run cannot go on, whatever file is being read; `error` says why."""

    def __init__(self, error: LiushuiError | OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def collecting(scratch: Scratch) -> Iterator["Loose"]:
    """Collect the transfers of a run.

    Raises LiushuiError and OSError for what stops the run, whatever file was being read.
    """
    loose = Loose(Room(scratch.next_path, scratch.limits.rows_bytes))
    try:
        yield loose
    except StoppedError as stopped:
        raise stopped.error from stopped
    finally:
        loose.close()


@dataclass
class Piece:
    """Some rows of one file, in its order, their texts as codes of this run.

    kept: columns of `TRANSFERS` that have values; words are int32, -1 where there is none; accounts int32. Without `file`
    where all rows are of one `reading`, whose number becomes known when all files are read.
    time_us, place, hashes: what the order and the search for repeated ids need; handed over when all rows are together.
    own: rows that have one account as source and target. columns: those that have values.
    """

    reading: Reading | None
    kind: str
    kept: Kept
    columns: frozenset[str]
    time_us: Rows
    place: Codes
    hashes: Hashes
    own: Rows
    file: int = -1

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.kept.rows


@dataclass
class Loose:
    """Collects the transfers of a run."""

    room: Room
    key: Key = field(default_factory=new_key)
    pieces: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts = Names(self.key)
        self.words = {name: Names(self.key) for name in WORDS}
        self.shelf = Shelf(self.room)
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def take(self, reading: Reading, chunk: pa.Table) -> None:
        """Add rows of a file that is still being read; they are coded in another thread."""
        assert reading.kind is not None
        self._waiting.append(self._thread.submit(self.add, reading, reading.kind.name, chunk))
        while len(self._waiting) > _WAITING:
            self._finish()

    def settle(self) -> None:
        """Wait until all rows are coded. Raises StoppedError."""
        while self._waiting:
            self._finish()

    def _finish(self) -> None:
        try:
            self._waiting.popleft().result()
        except (LiushuiError, OSError) as error:  # not the fault of the file that is being read
            raise StoppedError(error) from error

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def add(self, reading: Reading | None, kind: str, chunk: pa.Table) -> None:
        """Add rows: columns of a payment kind, or of `LOOSE`; `file` and `line` name their place."""
        names = [_RENAMED.get(name, name) for name in chunk.column_names]
        given = {name: _whole(column) for name, column in zip(names, chunk.columns, strict=True)}
        columns = {name: values for name, values in ((f.name, self._coded(f, given)) for f in LOOSE) if values is not None}
        place = columns["line"] if "sequence" not in columns else pc.coalesce(columns["sequence"], columns["line"])
        source, target = columns["source"].to_numpy(), columns["target"].to_numpy()
        piece = Piece(
            reading=reading,
            kind=kind,
            kept=self.shelf.put(pa.table(columns)),
            columns=frozenset(columns),
            time_us=columns["time"].cast(pa.int64()).to_numpy(),
            place=place.to_numpy(),
            hashes=text_hashes(columns["transfer"], self.key),
            own=np.flatnonzero(source == target),
        )
        self.pieces.append(piece)

    def _coded(self, wanted: pa.Field, given: Mapping[str, pa.Array]) -> pa.Array | None:
        """One column; None where it says nothing."""
        values = given.get(wanted.name)
        if values is None or wanted.name == "kind" or values.null_count == len(values):
            return None
        if wanted.name in ("source", "target"):
            return pa.array(self.accounts.codes(values))
        if wanted.name in WORDS:
            return pa.array(self._words(wanted.name, values))
        return values.cast(wanted.type)

    def _words(self, name: str, values: pa.Array) -> Codes:
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        codes = self.words[name].codes(values)
        if values.null_count and name in DEFAULTS:
            codes[codes < 0] = self.default(name)
        return codes

    def default(self, name: str) -> int:
        """The code of a word that stands where a file has none."""
        return int(self.words[name].codes(pa.array([DEFAULTS[name]]))[0])

    def gather(self, numbers: Mapping[int, int]) -> None:
        """Put the pieces into the order in which they begin, each with the number of its file.

        Args:
            numbers: file numbers by id() of their readings.
        """
        for piece in self.pieces:
            piece.file = -1 if piece.reading is None else numbers[id(piece.reading)]
        self.pieces.sort(key=lambda piece: (int(piece.time_us[0]), piece.file, int(piece.place[0])))

    def decoded(self, piece: Piece, table: pa.Table) -> pa.Table:
        """Rows of a piece in the form of `PLAIN`."""
        rows = table.num_rows
        named = {"kind": pa.repeat(pa.scalar(piece.kind), rows)}
        if piece.reading is not None:
            named["file"] = pa.array(np.full(rows, piece.file, np.int32))
        for name in table.column_names:
            texts = self.words[name] if name in WORDS else self.accounts if name in ("source", "target") else None
            named[name] = table[name] if texts is None else texts.named(table[name].to_numpy())
        for name, word in DEFAULTS.items():
            named.setdefault(name, pa.repeat(pa.scalar(word), rows))
        return pa.table([named.get(f.name, pa.nulls(rows, f.type)) for f in PLAIN], schema=PLAIN)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return (column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column).combine_chunks()
