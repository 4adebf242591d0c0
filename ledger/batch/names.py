"""Texts that occur again and again (account numbers, words) as codes: given once per run, in order of appearance."""

import os
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.problems import LiushuiError

Codes = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Key = NDArray[np.uint64]

MOST_NAME_BYTES = 2**31 - 1
_FIRST_SLOTS = 1 << 12
_EMPTY = np.uint64(2**64 - 1)
_LONG = 1 << 20
_MARKS = 1 << 20


def new_key() -> Key:
    """A key for hashing, other in every run: it decides nothing but which texts are compared with which.

    Account numbers and ids are written by strangers; with a fixed key they could all be made to meet in one slot.
    """
    return np.frombuffer(os.urandom(32), np.uint64) | np.uint64(1)


def text_hashes(texts: pa.Array, key: Key) -> Hashes:
    """64 bits per text; equal texts have equal hashes under one key."""
    from ledger.text.text_kernels import hash_texts

    found = np.empty(len(texts), np.uint64)
    hash_texts(*_laid(texts), key, found)
    return found


def occurring(column: pa.ChunkedArray, few: pa.Array) -> NDArray[np.bool_]:
    """Whether each text of a column is one of a few. In a long column most are ruled out by some bits of their hash."""
    if len(column) < _LONG:
        return np.asarray(pc.is_in(column, value_set=few).to_numpy(), bool)
    key, marks = new_key(), np.zeros(_MARKS, bool)
    marks[text_hashes(few, key) % np.uint64(_MARKS)] = True
    found = []
    for chunk in column.chunks:
        hit = marks[text_hashes(chunk, key) % np.uint64(_MARKS)]
        rows = np.flatnonzero(hit)
        hit[rows] = pc.is_in(chunk.take(pa.array(rows)), value_set=few).to_numpy(zero_copy_only=False)
        found.append(hit)
    return np.concatenate(found)


def _laid(texts: pa.Array) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Offsets and bytes of an array of text."""
    if not len(texts):
        return np.zeros(1, np.int32), np.empty(0, np.uint8)
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return places, np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)


@dataclass
class Names:
    """A growing table of texts; a text's code is its place in it."""

    key: Key
    count: int = 0
    slots: Hashes = field(default_factory=lambda: np.full(_FIRST_SLOTS, _EMPTY))
    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_FIRST_SLOTS // 2 + 1, np.int64))
    pool: NDArray[np.uint8] = field(default_factory=lambda: np.empty(16 * _FIRST_SLOTS, np.uint8))

    def codes(self, texts: pa.Array) -> Codes:
        """The code of every text (plain or dictionary-encoded); -1 for nulls."""
        if pa.types.is_dictionary(texts.type):
            of_word = np.append(self.codes(texts.dictionary.cast(pa.string())), np.int32(-1))
            return np.asarray(of_word[texts.indices.fill_null(-1).to_numpy()])
        found = self._coded(texts)
        if texts.null_count:
            found[texts.is_null().to_numpy(zero_copy_only=False)] = -1
        return found

    def _coded(self, texts: pa.Array) -> Codes:
        from ledger.text.text_kernels import code_texts

        laid = _laid(texts)
        found, done = np.empty(len(texts), np.int32), 0
        while True:
            table = (self.slots, self.starts, self.pool)
            done, self.count, _ = code_texts(laid, self.key, *table, self.count, found, done)
            if done == len(texts):
                return found
            self._grow(int(laid[0][done + 1] - laid[0][done]))

    def _grow(self, needed: int) -> None:
        """Room for twice as many texts, and for one more of `needed` bytes."""
        from ledger.text.text_kernels import fill_slots

        if 2 * (self.count + 1) > len(self.slots) or self.count + 1 >= len(self.starts):
            self.slots = np.full(2 * len(self.slots), _EMPTY)
            fill_slots(self.starts, self.pool, self.key, self.count, self.slots)
            self.starts = np.concatenate([self.starts, np.zeros(len(self.starts), np.int64)])
        used = int(self.starts[self.count])
        if used + needed > MOST_NAME_BYTES:
            told = "the account numbers of one ingest take more than 2 GB: hand in fewer files at a time"
            raise LiushuiError("LDG-too-many-names", told)
        if used + needed > len(self.pool):
            wider = np.empty(min(MOST_NAME_BYTES, max(2 * len(self.pool), used + needed)), np.uint8)
            wider[:used] = self.pool[:used]
            self.pool = wider

    def named(self, codes: Codes) -> pa.Array:
        """The texts of some codes, null for -1; only these texts are copied."""
        some, at = np.unique(codes, return_inverse=True)
        some, none = some[some >= 0], len(some) - int((some >= 0).sum())
        texts = pa.array([self.pool[self.starts[code] : self.starts[code + 1]].tobytes() for code in some], pa.binary())
        return texts.cast(pa.string()).take(pa.array(at - none, mask=at < none))

    def texts(self) -> pa.Array:
        """All texts by code."""
        ends = self.starts[: self.count + 1].astype(np.int32)
        data = self.pool[: ends[-1]].copy()
        return pa.StringArray.from_buffers(self.count, pa.py_buffer(ends), pa.py_buffer(data))
