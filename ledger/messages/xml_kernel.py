"""The compiled scan of plain XML; importing it costs half a second, so only `xml_scan.py` beside it does, for large files.

It knows elements, attributes, text and the five named entities. Whatever else stands in a file, and whatever is not well
formed, makes it give up: then the file is read anew by libxml2, which decides.
"""

from typing import Any

import numba
import numpy as np

MORE, ODD = 0, 1
"""How a scan ended: at the end of the block, or at something that libxml2 has to judge."""
DEPTH = 60
TEXT_BYTES = 10_000_000
"""The longest text libxml2 takes."""
_LT, _GT, _SLASH, _AMP, _QUOTE, _TICK, _EQUAL, _COLON = 60, 62, 47, 38, 34, 39, 61, 58
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)

_LETTERS = (*range(65, 91), *range(97, 123), 95)
_SORT = np.zeros(256, np.uint8)
"""Per byte 2 where a name may start with it, 1 where it may stand further on in a name."""
_SORT[[*range(48, 58), 45, 46, _COLON]] = 1
_SORT[list(_LETTERS)] = 2
_LOOK = np.zeros(256, np.bool_)
"""Bytes in a text that have to be looked at."""
_LOOK[[*(byte for byte in range(32) if byte not in (9, 10, 13)), _LT, _AMP, _GT, 0xEF]] = True


@numba.njit(cache=True)
def hashed(data: Any, start: Any, end: Any) -> Any:
    """FNV-1a of some bytes; a name found by it is compared byte by byte all the same."""
    value = _BASIS
    for at in range(start, end):
        value = (value ^ np.uint64(data[at])) * _PRIME
    return value


@numba.njit(cache=True)
def _is_blank(byte: Any) -> Any:
    return byte == 32 or byte == 10 or byte == 13 or byte == 9


@numba.njit(cache=True)
def _name_end(data: Any, start: Any, stop: Any) -> Any:
    """Where the ASCII name at `start` ends; -1 where none stands there, `stop` where the block ends in it."""
    at = start
    if at < stop and _SORT[data[at]] != 2:
        return -1
    while at < stop and _SORT[data[at]]:
        at += 1
    return at


@numba.njit(cache=True)
def _entity_end(data: Any, at: Any, stop: Any) -> Any:
    """Behind the named entity whose ampersand stands at `at`; -1 where it is none of the five, `stop` where the block ends."""
    end = at + 1
    while end < stop and end - at < 7 and data[end] != 59:
        end += 1
    if end >= stop:
        return stop
    size = end - at - 1
    one, two = data[at + 1], data[at + 2]
    if size == 2 and (one == 108 or one == 103) and two == 116:
        return end + 1
    if size == 3 and one == 97 and two == 109 and data[at + 3] == 112:
        return end + 1
    if size == 4 and one == 97 and two == 112 and data[at + 3] == 111 and data[at + 4] == 115:
        return end + 1
    if size == 4 and one == 113 and two == 117 and data[at + 3] == 111 and data[at + 4] == 116:
        return end + 1
    return -1


@numba.njit(cache=True)
def _text_end(data: Any, start: Any, stop: Any, inside: Any) -> Any:
    """The next `<`; -1 where the text before it is not plain, `stop` where the block ends in it."""
    at = start
    while at < stop and data[at] != _LT:
        if not inside and not _is_blank(data[at]):
            return -1
        if not _LOOK[data[at]]:
            at += 1
            continue
        byte = data[at]
        if byte == _AMP:
            at = _entity_end(data, at, stop)
            if at < 0:
                return -1
            continue
        if byte < 32 or (byte == _GT and at > start and data[at - 1] == 93):
            return -1
        if byte == 0xEF and at + 2 < stop and data[at + 1] == 0xBF and data[at + 2] >= 0xBE:
            return -1
        at += 1
    return at


@numba.njit(cache=True)
def _local(data: Any, start: Any, end: Any, prefix: Any) -> Any:
    """Where the local name starts; -1 where the prefix is another than the root's."""
    for at in range(start, end):
        if data[at] == _COLON:
            return at + 1 if hashed(data, start, at) == prefix and at + 1 < end else -1
    return start


@numba.njit(cache=True)
def _number(data: Any, start: Any, end: Any, value: Any, names: Any) -> Any:
    """The number of a local name with this hash; -1 for names that no path has."""
    slots, numbers, letters, offsets = names
    at = np.int64(value & np.uint64(len(slots) - 1))
    while numbers[at] >= 0:
        if slots[at] == value:
            first, last = offsets[numbers[at]], offsets[numbers[at] + 1]
            same = last - first == end - start
            for byte in range(last - first if same else 0):
                same = same and letters[first + byte] == data[start + byte]
            if same:
                return np.int64(numbers[at])
        at = (at + 1) & (len(slots) - 1)
    return np.int64(-1)


@numba.njit(cache=True)
def _attribute(data: Any, at: Any, stop: Any, known: Any) -> Any:
    """One attribute at `at`: (end of its name, start and end of its value); end -1 for odd ones, `stop` at the block's end."""
    end = _name_end(data, at, stop)
    if end < 0 or end >= stop:
        return end, at, end
    for colon in range(at, end):
        if data[colon] == _COLON:
            size = colon - at
            space = size == 5 and data[at] == 120 and data[at + 1] == 109 and data[at + 4] == 115
            schema = size == 3 and data[at] == 120 and data[at + 1] == 115 and data[at + 2] == 105 and known
            if not (space or schema):
                return end, at, -1
    value = end
    while value < stop and _is_blank(data[value]):
        value += 1
    if value < stop and data[value] != _EQUAL:
        return end, at, -1
    value += 1
    while value < stop and _is_blank(data[value]):
        value += 1
    if value >= stop:
        return end, value, stop
    quote = data[value]
    if quote != _QUOTE and quote != _TICK:
        return end, at, -1
    last = value + 1
    while last < stop and data[last] != quote:
        byte = data[last]
        if _LOOK[byte] and byte != _GT:
            return end, at, -1
        last += 1
    return end, value + 1, last


@numba.njit(cache=True)
def _tag(data: Any, start: Any, stop: Any, known: Any, seen: Any) -> Any:
    """The attributes behind a tag's name: (position behind `>`, whether it closes itself, Ccy's start and end).

    The position is -1 for odd tags and 0 where the block ends in the tag.
    """
    at, count, first, last = start, 0, -1, -1
    while True:
        behind = at
        while at < stop and _is_blank(data[at]):
            at += 1
        if at >= stop or (data[at] == _SLASH and at + 1 >= stop):
            return np.int64(0), False, first, last
        if data[at] == _GT:
            return np.int64(at + 1), False, first, last
        if data[at] == _SLASH:
            return np.int64(at + 2 if data[at + 1] == _GT else -1), True, first, last
        end, value, value_end = _attribute(data, at, stop, known)
        if at == behind or value_end < 0 or end < 0 or count == len(seen):
            return np.int64(-1), False, first, last
        if value_end >= stop:
            return np.int64(0), False, first, last
        seen[count] = hashed(data, at, end)
        for other in range(count):
            if seen[other] == seen[count]:
                return np.int64(-1), False, first, last
        count += 1
        if end - at == 3 and data[at] == 67 and data[at + 1] == 99 and data[at + 2] == 121:
            first, last = value, value_end
            for byte in range(value, value_end):
                if data[byte] < 32:
                    return np.int64(-1), False, first, last
        at = value_end + 1


@numba.njit(cache=True)
def scan(data: Any, spans: Any, names: Any, machine: Any, state: Any, out: Any) -> Any:
    """Walk a block and note texts and places.

    Args:
        data: bytes. spans: (start, stop, hash of the root's prefix, whether `xsi` is declared).
        names: table of local names. machine: steps, text, currency, mark, container of the trie; code of `close`, of `entry`.
        state: hashes and nodes of the open elements, and [depth, 1 once the root has been closed]; moved on to the end.
        out: code, start and end of what is noted, in the order of the document.
    Returns:
        (how it ended, notes, position): nothing behind the position has been read; entries are noted whole or not at all.
    """
    start, stop, prefix, known = spans
    steps, texts, currencies, marks, containers, close, entry = machine
    hashes, nodes, at_depth = state
    codes, starts, ends = out
    seen = np.zeros(8, np.uint64)
    noted_at = np.zeros(DEPTH + 1, np.int64)
    depth, count, at = at_depth[0], 0, start
    inside, fresh, opened = np.int64(-1), False, start
    safe = (count, at)
    while True:
        lt = _text_end(data, at, stop, depth > 0)
        if lt < 0 or lt - at > TEXT_BYTES:
            return ODD, count, at
        if lt + 1 >= stop:
            return MORE, safe[0], safe[1]
        closing = data[lt + 1] == _SLASH
        name = lt + 2 if closing else lt + 1
        end = _name_end(data, name, stop)
        if end < 0:
            return ODD, count, at
        if end >= stop:
            return MORE, safe[0], safe[1]
        value = hashed(data, name, end)
        empty = False
        if not closing:
            behind, empty, ccy, ccy_end = _tag(data, end, stop, known, seen)
            local = _local(data, name, end, prefix)
            if behind < 0 or local < 0 or depth >= DEPTH or (depth == 0 and at_depth[1]):
                return ODD, count, at
            if behind == 0:
                return MORE, safe[0], safe[1]
            node = np.int64(nodes[depth - 1]) if depth else np.int64(1)
            own = value if local == name else hashed(data, local, end)
            number = _number(data, local, end, own, names) if node else np.int64(-1)
            node = np.int64(steps[node, number]) if number >= 0 else np.int64(1 if node == 1 else 0)
            hashes[depth], nodes[depth], noted_at[depth] = value, node, count
            depth += 1
            if marks[node] >= 0:
                codes[count], starts[count], ends[count] = marks[node], lt, containers[node]
                count += 1
                inside = depth - 1 if marks[node] == entry else inside
            if ccy >= 0 and currencies[node] >= 0:
                codes[count], starts[count], ends[count] = currencies[node], ccy, ccy_end
                count += 1
            at, fresh, opened = behind, True, behind
        if closing or empty:
            if closing:
                behind = end
                while behind < stop and _is_blank(data[behind]):
                    behind += 1
                if behind >= stop:
                    return MORE, safe[0], safe[1]
                if data[behind] != _GT or not depth or hashes[depth - 1] != value:
                    return ODD, count, at
                at = behind + 1
            depth -= 1
            node = np.int64(nodes[depth])
            if texts[node] >= 0 and fresh and closing and lt > opened:
                codes[count], starts[count], ends[count] = texts[node], opened, lt
                count += 1
            if containers[node] >= 0:
                codes[count], starts[count], ends[count] = close, at, containers[node]
                count += 1
            if inside == depth:
                ends[noted_at[depth]] = at
                inside = np.int64(-1)
            fresh = False
            at_depth[1] = 1 if depth == 0 else at_depth[1]
        if inside < 0 and (not fresh or texts[nodes[depth - 1]] < 0):
            safe, at_depth[0] = (count, at), depth
