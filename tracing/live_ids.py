"""Rows of an opened ledger by their ids: hashed once, so that looking a few up does not read the whole column again."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ledger.batch.names import Key, new_key, text_hashes
from ledger.book import Ledger
from tracing.legs import Codes

FEWEST_BITS, MOST_BITS = 4, 30


@dataclass(frozen=True)
class IdIndex:
    """Rows in buckets by the first bits of their id's hash. last: of each bucket; before: that before each row."""

    ledger: Ledger
    key: Key
    bits: int
    last: Codes
    before: Codes

    @classmethod
    def of(cls, ledger: Ledger) -> "IdIndex":
        """The index of a ledger."""
        from tracing.live_id_kernels import bucketed

        key, column = new_key(), ledger.read(("transfer",))["transfer"]
        hashes = np.concatenate([np.zeros(0, np.uint64), *(text_hashes(chunk, key) for chunk in column.chunks)])
        bits = min(max(len(hashes).bit_length(), FEWEST_BITS), MOST_BITS)
        return cls(ledger, key, bits, *bucketed(hashes, bits))

    def find(self, ids: set[str]) -> dict[str, int]:
        """Row of each of the ids that is in the ledger."""
        wanted = text_hashes(pa.array(sorted(ids), pa.string()), self.key)
        open_rows, rows = self.last[(wanted >> np.uint64(64 - self.bits)).astype(np.int64)], []
        while len(open_rows := open_rows[open_rows >= 0]):
            rows.append(open_rows)
            open_rows = self.before[open_rows]
        some = np.unique(np.concatenate([self.last[:0], *rows]))
        names = self.ledger.read(("transfer",))["transfer"].take(pa.array(some)).to_pylist()
        return {name: row for name, row in zip(names, some.tolist(), strict=True) if name in ids}
