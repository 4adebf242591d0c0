"""MT940 as a stream of statement lines: tags told apart, tag 61 read, whatever cannot be read set aside with its own text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.messages.mt940_details import Details, read_details
from ledger.messages.statement_heads import Head
from ledger.text.lines import BadLine

TAG = re.compile(r"^:([0-9]{2}[A-Z]?|NS):(.*)$")
_LINE = re.compile(
    r"^(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>R[DC]|E[DC]|[DC])(?P<funds>[A-Z])?(?P<amount>[0-9]+,[0-9]*)"
    r"(?:(?P<type>[A-Z][A-Z0-9]{3})(?P<reference>.*?)(?://(?P<bank>.*))?)?$"
)
_BALANCE = re.compile(r"^(?P<side>[DC])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})(?P<amount>[0-9]+,[0-9]*)$")
_IBAN = re.compile(r"^([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}?)([A-Z]{3})?$")
_ENVELOPE = re.compile(r"^(?:-|-}.*|{.*|}|\x03|\x1a)$")
MOST_LINES = 200
"""Lines of one tag; more belong to no bank's statement."""
_PIVOT = 80
"""Years of two digits from here on are of the last century."""


@dataclass
class Tagged:
    """A tag with all its lines, and where it stands."""

    tag: str
    lines: list[str]
    at: int
    cut: bool = False

    @property
    def raw(self) -> str:
        """The tag as it stands in the file."""
        return f":{self.tag}:" + "\n".join(self.lines)


@dataclass(frozen=True)
class StatementLine:
    """One tag 61 with its tag 86. statement: position of its head. day: booking date, ISO; value: value date."""

    line: int
    statement: int
    day: str
    value: str
    mark: str
    amount: str
    kind: str
    reference: str
    bank: str
    more: str
    raw: str
    details: Details


@dataclass
class Mt940:
    """Reads tags one after the other. heads: the statements so far. bad: what could not be read. entries: tags 61 so far."""

    heads: list[Head] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    entries: int = 0
    waiting: StatementLine | None = None

    def lines_of(self, lines: Iterator[tuple[int, str]]) -> Iterator[StatementLine]:
        """Statement lines, each when all its tags have been seen."""
        for tagged in _tags(lines, self.bad):
            done = self._take(tagged)
            if done:
                yield done
        if self.waiting:
            yield self.waiting

    def _take(self, tagged: Tagged) -> StatementLine | None:
        """The line that is complete now, if any."""
        if tagged.tag == "86" and self.waiting and not tagged.cut:
            complete = replace(self.waiting, details=read_details(tagged.lines), raw=f"{self.waiting.raw}\n{tagged.raw}")
            self.waiting = None
            return complete
        done, self.waiting = self.waiting, None
        if tagged.cut:
            self._refuse(tagged, f"tag {tagged.tag} runs over more than {MOST_LINES} lines")
        elif tagged.tag == "20":
            self.heads.append(Head("mt940", {"statement": tagged.lines[0].strip()}))
        elif not self.heads:
            self._refuse(tagged, f"tag {tagged.tag} stands before the first tag 20")
        elif tagged.tag == "61":
            self.entries += 1
            self.waiting = self._line(tagged)
        else:
            self._head(tagged)
        return done

    def _head(self, tagged: Tagged) -> None:
        head, text = self.heads[-1], tagged.lines[0].strip()
        if tagged.tag in ("25", "25P"):
            head.fields.setdefault("account", text)
        elif tagged.tag in ("28", "28C"):
            head.fields["statement"] = f"{head.fields['statement']} {text}"
        elif tagged.tag[:2] in ("60", "62"):
            found = _BALANCE.match(text)
            if not found:
                self._refuse(tagged, f"tag {tagged.tag} holds no balance")
                return
            head.balances.append(
                {
                    "balance_code": "OPBD" if tagged.tag.startswith("60") else "CLBD",
                    "balance_amount": found["amount"].replace(",", "."),
                    "balance_side": "DBIT" if found["side"] == "D" else "CRDT",
                    "balance_currency": found["currency"],
                }
            )
            head.fields.setdefault("account_currency", found["currency"])

    def _line(self, tagged: Tagged) -> StatementLine | None:
        head = self.heads[-1]
        found = _LINE.match(tagged.lines[0].strip())
        value = _day(found["value"]) if found else None
        booked = _entry_day(value, found["entry"]) if found and value else None
        if not found or not value or not booked:
            cause = "has a date that does not exist" if found else "is no statement line"
            self._refuse(tagged, f"tag 61 {cause}")
            head.refused += 1
            head.entries += 1
            head.first_line = head.first_line or tagged.at
            return None
        head.entries += 1
        head.first_line = head.first_line or tagged.at
        return StatementLine(
            line=tagged.at,
            statement=len(self.heads) - 1,
            day=booked.isoformat(),
            value=value.isoformat(),
            mark=found["mark"],
            amount=found["amount"].replace(",", "."),
            kind=found["type"] or "",
            reference=(found["reference"] or "").strip(),
            bank=(found["bank"] or "").strip(),
            more=" ".join(" ".join(tagged.lines[1:]).split()),
            raw=tagged.raw,
            details=Details(),
        )

    def _refuse(self, tagged: Tagged, cause: str) -> None:
        self.bad.append(BadLine(tagged.at, tagged.raw.encode(), "LDG-bad-statement", cause))


def own_account(head: Head) -> str | None:
    """The account of tag 25: an IBAN without the bank before it or the currency behind it, else the number as it stands."""
    text = head.account
    if text is None:
        return None
    iban = _IBAN.match(text.rpartition("/")[2])
    if not iban:
        return text
    currency = head.fields.get("account_currency")
    return iban[1] if iban[2] == currency or iban[2] is None else iban[1] + iban[2]


def _tags(lines: Iterator[tuple[int, str]], bad: list[BadLine]) -> Iterator[Tagged]:
    """Tags with the lines that go on with them; text that belongs to none is set aside."""
    current: Tagged | None = None
    for at, text in lines:
        found = TAG.match(text)
        if found or _ENVELOPE.match(text.strip()):
            if current:
                yield current
            current = Tagged(found[1], [found[2]], at) if found else None
        elif current and len(current.lines) < MOST_LINES:
            current.lines.append(text)
        elif current:
            current.cut = True
        elif text.strip():
            bad.append(BadLine(at, text.encode(), "LDG-bad-statement", "the line belongs to no tag"))
    if current:
        yield current


def _day(text: str) -> date | None:
    year = int(text[:2])
    try:
        return date(year + (1900 if year >= _PIVOT else 2000), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


def _entry_day(value: date, text: str | None) -> date | None:
    """The booking date, whose year is the one that brings it nearest to the value date."""
    if text is None:
        return value
    found = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    return min(found, key=lambda day: abs((day - value).days), default=None)
