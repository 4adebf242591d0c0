"""Which profiles nearly fit a file, and what each of them misses in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ledger.statements.headers import DELIMITERS
from ledger.statements.profile import Profile, column_names, plain_name

SHOWN = 3
LINES = 200


@dataclass(frozen=True)
class Nearly:
    """A profile and the header line of a file that comes nearest to it.

    found: columns it knows. missing: names it wants and does not find, the first of each field's aliases.
    barred: columns of the file that tell it is another variant.
    """

    profile: str
    title: str
    line: int
    found: tuple[str, ...]
    missing: tuple[str, ...]
    barred: tuple[str, ...] = ()


def nearly_fitting(start: bytes, profiles: Sequence[Profile]) -> tuple[Nearly, ...]:
    """The profiles that know at least half of what they need in some line of the file, the nearest first.

    Args:
        start: the file's first bytes; a profile that fits wholly is among the answers, with nothing missing.
    """
    lines: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    near = []
    for profile in profiles:
        for encoding in dict.fromkeys((*profile.encodings, "utf-8-sig")):
            if encoding not in lines:
                lines[encoding] = list(_headers(start, encoding))
            near += [_compared(profile, number, names) for number, names in lines[encoding]]
    near = [one for one in near if len(one.found) > max(2, len(one.missing))]
    near.sort(key=lambda one: (len(one.missing) + len(one.barred), -len(one.found), one.profile, one.line))
    best = {one.profile: one for one in reversed(near)}
    return tuple(islice((one for one in near if best[one.profile] is one), SHOWN))


def _headers(start: bytes, encoding: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every first line that could be a header, split at every delimiter that stands in it."""
    for number, line in enumerate(start.decode(encoding, "replace").splitlines()[:LINES], start=1):
        for delimiter in DELIMITERS:
            if delimiter in line:
                yield number, column_names([cell.strip().strip('"') for cell in line.split(delimiter)])


def _compared(profile: Profile, number: int, names: Sequence[str]) -> Nearly:
    there = {plain_name(name): name for name in names}
    known: dict[str, str] = {}
    missing = []
    for field, aliases in profile.columns.items():
        column = next((there[plain] for plain in map(plain_name, aliases) if plain in there), None)
        if column is not None:
            known[field] = column
        elif field not in profile.optional:
            missing.append(aliases[0])
    missing += [name for name in profile.distinct if plain_name(name) not in there]
    barred = tuple(there[plain] for plain in map(plain_name, profile.without) if plain in there)
    return Nearly(profile.name, profile.title, number, tuple(known.values()), tuple(missing), barred)
