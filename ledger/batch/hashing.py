"""Which ids occur more than once: ten million are compared as 64-bit hashes, only candidates as text."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]

_PRIME = np.uint64(0x100000001B3)
_MIXER = np.uint64(0x9E3779B97F4A7C15)


def possible_repeats(new: pa.ChunkedArray, old: pa.ChunkedArray) -> tuple[Rows, Rows]:
    """Rows of new and old whose id may occur more than once; the caller compares the ids themselves."""
    fresh, published = id_hashes(new), id_hashes(old)
    ordered = np.sort(np.concatenate([fresh, published]))
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.flatnonzero(np.isin(fresh, repeated)), np.flatnonzero(np.isin(published, repeated))


def id_hashes(ids: pa.ChunkedArray) -> Hashes:
    """One hash per id; equal ids have equal hashes."""
    parts = [_hashes(chunk.cast(pa.string())) for chunk in ids.chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def _hashes(ids: pa.Array) -> Hashes:
    """Eight bytes of every id at a time; ids that have ended take no further part."""
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1].astype(np.int64)
    start, end = int(offsets[0]), int(offsets[-1])
    data = np.zeros(end - start + 8, np.uint8)
    data[:-8] = np.frombuffer(ids.buffers()[2] or b"", np.uint8)[start:end]
    words = np.ndarray((len(data) - 7,), np.dtype("<u8"), data, strides=(1,))
    left, at = np.diff(offsets), offsets[:-1] - start
    hashes = left.astype(np.uint64) * _MIXER + np.uint64(1)
    rows: Rows | None = None
    while len(at):
        bits = np.uint64(8) * np.minimum(left, 8).astype(np.uint64)
        word = words[at] & (np.uint64(2**64 - 1) >> (np.uint64(64) - np.maximum(bits, np.uint64(8))))
        mixed = ((hashes if rows is None else hashes[rows]) ^ np.where(left > 0, word, np.uint64(0))) * _PRIME * _MIXER
        mixed ^= mixed >> np.uint64(29)
        if rows is None:
            hashes = mixed
        else:
            hashes[rows] = mixed
        going = np.flatnonzero(left > 8)
        rows = going if rows is None else rows[going]
        at, left = at[going] + 8, left[going] - 8
    return hashes
