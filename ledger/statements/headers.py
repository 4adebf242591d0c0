"""Which profile fits a file: its header is looked for by name, in every encoding and with every delimiter it may have."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from ledger.problems import LiushuiError
from ledger.statements.profile import Profile, column_names, plain_name

DELIMITERS = (",", "\t", ";", "|")
"""Tried after the profile's own: a sheet that came as tab-separated text may come as a workbook as well."""


@dataclass(frozen=True)
class Fit:
    """A profile that fits a file: in which encoding, where its header stands, what it calls its columns.

    said: what the lines above the header (and below the table) say, by the profile's `preamble`.
    """

    profile: Profile
    encoding: str
    header_line: int
    names: tuple[str, ...]
    found: dict[str, int]
    said: dict[str, str]
    delimiter: str = ","

    @property
    def rank(self) -> tuple[int, int, int]:
        """How well it fits: columns used, fields found, names that tell it from its variants."""
        return len(set(self.found.values())), len(self.found), len(self.profile.distinct) + len(self.profile.without)


@dataclass
class _Head:
    """The first lines of a file, decoded and split once per encoding and delimiter."""

    start: bytes
    most_lines: int
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    headers: dict[tuple[str, str, str], list[tuple[int, list[str], Mapping[str, int]]]] = field(default_factory=dict)

    def decoded(self, encoding: str, errors: str) -> list[str]:
        """The lines; none where the bytes are not of that encoding and `errors` is strict."""
        if (encoding, errors) not in self.lines:
            try:
                text = self.start.decode(encoding, errors)
            except UnicodeDecodeError:
                text = ""
            except LookupError as error:
                raise LiushuiError("LDG-bad-profile", f"there is no encoding {encoding!r}") from error
            self.lines[encoding, errors] = list(islice(io.StringIO(text, newline=None), self.most_lines))
        return self.lines[encoding, errors]

    def possible(self, encoding: str, errors: str, delimiter: str) -> list[tuple[int, list[str], Mapping[str, int]]]:
        """Every line of several cells as a header: its number, its cells, and where each plain name stands."""
        key = (encoding, errors, delimiter)
        if key not in self.headers:
            split = enumerate((_cells(line, delimiter) for line in self.decoded(encoding, errors)), start=1)
            self.headers[key] = [(number, cells, _positions(cells)) for number, cells in split if len(cells) > 1]
        return self.headers[key]


def fitting(start: bytes, profiles: Sequence[Profile]) -> Fit | None:
    """The one profile whose columns stand in the first lines. A user's own profile goes before a shipped one.

    Raises LiushuiError when two fit equally.
    """
    head = _Head(start[: start.rfind(b"\n") + 1], max((profile.header_lines for profile in profiles), default=0))
    fits = [fit for profile in profiles if (fit := _fit(head, profile))]
    fits = [fit for fit in fits if fit.profile.own] or fits
    fits = [fit for fit in fits if not fit.profile.fallback] or fits
    most = max((fit.rank for fit in fits), default=None)
    best = [fit for fit in fits if fit.rank == most]
    if len(best) > 1:
        names = " and ".join(fit.profile.name for fit in best)
        raise LiushuiError("LDG-ambiguous-header", f"the profiles {names} fit the header equally")
    return best[0] if best else None


def said_by(profile: Profile, text: str) -> dict[str, str]:
    """What lines around the table say, by the profile's patterns; `period_from` and `period_to` among them."""
    patterns = {**profile.preamble, "period_from": profile.period_from, "period_to": profile.period_to}
    matches = {name: re.search(pattern, text) for name, pattern in patterns.items() if pattern}
    return {name: match.group(1).strip() for name, match in matches.items() if match and match.group(1).strip()}


def _fit(head: _Head, profile: Profile) -> Fit | None:
    """Encodings the bytes are sound in go first; a file with some spoilt lines is read in the one its header is in."""
    for encoding, delimiter, errors in _ways(profile):
        if errors == "replace" and head.decoded(encoding, "strict"):
            continue
        for number, cells, positions in head.possible(encoding, errors, delimiter):
            found = profile.find(positions) if number <= profile.header_lines else None
            if found:
                above = "".join(head.decoded(encoding, errors)[: number - 1])
                return Fit(profile, encoding, number, column_names(cells), found, said_by(profile, above), delimiter)
    return None


def _ways(profile: Profile) -> Iterator[tuple[str, str, str]]:
    delimiters = (profile.delimiter, *(mark for mark in DELIMITERS if mark != profile.delimiter))
    for errors in ("strict", "replace"):
        for encoding in dict.fromkeys((*profile.encodings, "utf-8-sig")):
            for delimiter in delimiters:
                yield encoding, delimiter, errors


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _positions(cells: Sequence[str]) -> dict[str, int]:
    return {name: at for at, name in reversed(list(enumerate(map(_plain, column_names(cells)))))}


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return plain_name(name)
