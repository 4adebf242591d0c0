"""Compiled loops over texts: hashes and codes; imported lazily, see `ledger/kernels.py`."""

from typing import Any

import numba
import numpy as np

_NONE = np.uint64(2**64 - 1)
_LOW = np.uint64(2**32 - 1)
_WORD_BYTES = np.uint64(8)
_AHEAD = 128


@numba.njit(nogil=True, inline="always")
def _word(data: Any, at: Any) -> Any:
    """Eight bytes as a number, least significant first."""
    word = np.uint64(0)
    for place in range(8):
        word |= np.uint64(data[at + np.uint64(place)]) << np.uint64(8 * place)
    return word


@numba.njit(cache=True, nogil=True)
def _hash(data: Any, start: Any, end: Any, key: Any) -> Any:
    """64 bits of a text; without the key nobody can write texts that share them."""
    mixed = key[0] ^ (end - start)
    at = start
    while at + _WORD_BYTES <= end:
        mixed = ((mixed ^ _word(data, at)) + key[1]) * key[2]
        mixed = (mixed ^ (mixed >> np.uint64(32))) * key[3]
        at += _WORD_BYTES
    rest, shift = np.uint64(0), np.uint64(0)
    while at < end:
        rest |= np.uint64(data[at]) << shift
        shift += _WORD_BYTES
        at += np.uint64(1)
    mixed = ((mixed ^ rest) + key[1]) * key[2]
    mixed = (mixed ^ (mixed >> np.uint64(32))) * key[3]
    return mixed ^ (mixed >> np.uint64(29))


@numba.njit(cache=True, nogil=True)
def hash_texts(offsets: Any, data: Any, key: Any, found: Any) -> None:
    """The hash of every text."""
    for row in range(len(found)):
        found[row] = _hash(data, np.uint64(offsets[row]), np.uint64(offsets[row + 1]), key)


@numba.njit(cache=True, nogil=True)
def _same(one: Any, at: Any, other: Any, place: Any, length: Any) -> Any:
    done = np.uint64(0)
    while done + _WORD_BYTES <= length:
        if _word(one, at + done) != _word(other, place + done):
            return False
        done += _WORD_BYTES
    while done < length:
        if one[at + done] != other[place + done]:
            return False
        done += np.uint64(1)
    return True


@numba.njit(cache=True, nogil=True)
def _look_ahead(texts: Any, key: Any, slots: Any, starts: Any, pool: Any, first: Any, hashes: Any) -> Any:
    """Hash some texts, and touch what their lookups will need: side by side these are waited for once, not one by one."""
    offsets, data = texts
    mask = np.uint64(len(slots) - 1)
    touched = np.uint64(0)
    for row in range(len(hashes)):
        hashes[row] = _hash(data, np.uint64(offsets[first + row]), np.uint64(offsets[first + row + 1]), key)
    for row in range(len(hashes)):
        touched ^= slots[hashes[row] & mask]
    for row in range(len(hashes)):
        slot = slots[hashes[row] & mask]
        touched ^= np.uint64(starts[slot & _LOW if slot != _NONE else np.uint64(0)])
    for row in range(len(hashes)):
        slot = slots[hashes[row] & mask]
        begin = starts[slot & _LOW if slot != _NONE else np.uint64(0)]
        touched ^= np.uint64(pool[np.uint64(min(begin, len(pool) - 1))])
    return touched


@numba.njit(cache=True, nogil=True)
def code_texts(texts: Any, key: Any, slots: Any, starts: Any, pool: Any, count: Any, found: Any, first: Any) -> Any:
    """Give every text its code, new texts the next ones: how many rows are done, how many codes there are, a number to ignore.

    Stops early when the table or the pool is full. A slot holds the upper half of a text's hash and its code.

    Args:
        texts: offsets and bytes. starts, pool: the coded texts, back to back.
    """
    offsets, data = texts
    mask = np.uint64(len(slots) - 1)
    hashes, ahead, touched = np.empty(_AHEAD, np.uint64), first, np.uint64(0)
    some = hashes
    for row in range(first, len(found)):
        if row == ahead:
            some = hashes[: min(_AHEAD, len(found) - row)]
            touched ^= _look_ahead(texts, key, slots, starts, pool, row, some)
            ahead += len(some)
        start, end = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        length = end - start
        mixed = hashes[row - ahead + len(some)]
        at, high = mixed & mask, mixed & ~_LOW
        while True:
            slot = slots[at]
            if slot == _NONE:
                room = np.uint64(starts[count]) + length <= np.uint64(len(pool))
                if not room or count + 1 >= len(starts) or 2 * (count + 1) > len(slots):
                    return row, count, touched
                to = np.uint64(starts[count])
                for place in range(length):
                    pool[to + np.uint64(place)] = data[start + np.uint64(place)]
                starts[count + 1] = np.int64(to + length)
                slots[at] = high | np.uint64(count)
                found[row] = count
                count += 1
                break
            code = slot & _LOW
            begin = np.uint64(starts[code])
            alike = slot & ~_LOW == high and np.uint64(starts[code + np.uint64(1)]) - begin == length
            if alike and _same(pool, begin, data, start, length):
                found[row] = np.int32(code)
                break
            at = (at + np.uint64(1)) & mask
    return len(found), count, touched


@numba.njit(cache=True, nogil=True)
def fill_slots(starts: Any, pool: Any, key: Any, count: Any, slots: Any) -> None:
    """Enter all codes into an empty table of another size."""
    mask = np.uint64(len(slots) - 1)
    for code in range(count):
        mixed = _hash(pool, np.uint64(starts[code]), np.uint64(starts[code + 1]), key)
        at = mixed & mask
        while slots[at] != _NONE:
            at = (at + np.uint64(1)) & mask
        slots[at] = (mixed & ~_LOW) | np.uint64(code)
