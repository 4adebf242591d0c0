"""Rows that wait: in memory as long as a run's budget lasts, beyond it in the run's scratch folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa


@dataclass
class Room:
    """What a run may keep in memory. next_path: a path for the rest, nothing lies at it yet."""

    next_path: Callable[[], Path]
    memory_bytes: int
    used_bytes: int = 0


@dataclass
class Shelf:
    """A list of tables in the order they came; those beyond the budget lie one after the other in one file."""

    room: Room
    path: Path | None = None
    size: int = 0
    kept: list["Kept"] = field(default_factory=list)

    def put(self, table: pa.Table) -> "Kept":
        """Add a table. Raises OSError when the disk is full."""
        size = table.nbytes
        if self.room.used_bytes + size <= self.room.memory_bytes:
            self.room.used_bytes += size
            kept = Kept(self, table.num_rows, table, size)
        else:
            kept = Kept(self, table.num_rows, place=self._write(table))
        self.kept.append(kept)
        return kept

    def _write(self, table: pa.Table) -> tuple[int, int]:
        """Where it begins and ends."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        written = sink.getvalue()
        self.path = self.path or self.room.next_path()
        with self.path.open("ab") as stream:
            stream.write(written)
        begin, self.size = self.size, self.size + written.size
        return begin, self.size

    def taken(self) -> Iterator[pa.Table]:
        """All tables in order, each forgotten as soon as it is handed out; in the end the file is gone."""
        for kept in self.kept:
            yield kept.take()
        self.kept.clear()
        if self.path is not None:
            self.path.unlink()
            self.path = None


@dataclass
class Kept:
    """A table that waits."""

    shelf: Shelf
    rows: int
    table: pa.Table | None = None
    bytes: int = 0
    place: tuple[int, int] = (0, 0)

    def read(self) -> pa.Table:
        """The table."""
        if self.table is not None:
            return self.table
        assert self.shelf.path is not None
        with self.shelf.path.open("rb") as stream:
            stream.seek(self.place[0])
            return pa.ipc.open_stream(pa.py_buffer(stream.read(self.place[1] - self.place[0]))).read_all()

    def take(self) -> pa.Table:
        """The table, which is not kept in memory any longer."""
        table = self.read()
        if self.table is not None:
            self.table = None
            self.shelf.room.used_bytes -= self.bytes
        return table
