"""Ledgers and traces from a few lines of text, so that a test reads like the case it is about.

One line per transfer, times on one day unless a date is given:

    opening mule 100                       reported opening balance, yuan
    account shop merchant institution=ICBC holder=h1
    09:00 victim -> mule 50000 bank        # claim
    09:04 mule -> card:1 1000 gift_card    # a voucher: kind follows from the name
    09:05 card:1 -> recycler 1000=>970     # a conversion: given => received
    09:06 mule -> shop 20 ref=R1 id=T9 status=failed reverses=T1 currency=USD
    2025-03-02 09:00 mule -> b 5           # claim V2 30      (report id, part of the amount; phone=… besides)
    link device D1 mule                    an identifier of an account

Transfers are named T1, T2, … in the order of the lines; claims C1, C2, … unless named.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa

from ledger import records
from ledger.book import Ledger
from ledger.memory import ledger_of

CHINA = timezone(timedelta(hours=8))
DAY = "2025-03-01"
LINE = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d) +)?(?P<time>\d\d:\d\d(?::\d\d)?) +(?P<source>\S+) *-> *(?P<target>\S+) +"
    r"(?P<amount>[\d.]+)(?:=>(?P<received>[\d.]+))?(?P<rest>[^#]*)(?:#\s*(?P<note>.*))?$"
)


def fen(text: str) -> int:
    """Yuan as text to integer fen."""
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


@dataclass
class Story:
    """Rows gathered from the lines, in the shape of the canonical tables."""

    transfers: list[dict[str, Any]] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)

    def account(self, name: str) -> int:
        if name not in self.accounts:
            self.accounts[name] = {
                "account": name,
                "kind": inferred_kind(name),
                "hub": False,
                "declared": False,
                "opening_fen": None,
                "code": len(self.accounts),
            }
        return int(self.accounts[name]["code"])

    def ledger(self) -> Ledger:
        return ledger_of(
            rows(self.transfers, records.TRANSFERS),
            rows(list(self.accounts.values()), records.ACCOUNTS),
            rows(self.reports, records.REPORTS),
            rows(self.links, records.LINKS),
        )


def inferred_kind(name: str) -> str:
    if name.startswith("card:"):
        return "card"
    return "q_coin" if name.startswith("qq:") else "bank"


def rows(values: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.table({f.name: pa.array([value.get(f.name) for value in values], f.type) for f in schema}, schema=schema)


def story(text: str) -> Ledger:
    """The ledger a story tells."""
    told = Story()
    for number, raw in enumerate(text.strip().splitlines(), start=1):
        tell(told, raw.strip(), number)
    return told.ledger()


def tell(told: Story, line: str, number: int) -> None:
    word, _, rest = line.partition(" ")
    if not line or line.startswith("#"):
        return
    if word == "opening":
        name, amount = rest.split()
        told.account(name)
        told.accounts[name]["opening_fen"] = -fen(amount[1:]) if amount.startswith("-") else fen(amount)
    elif word == "account":
        declare(told, rest)
    elif word == "link":
        kind, identifier, account = rest.split()
        told.links.append({"kind": kind, "identifier": identifier, "account": account, "file": 0, "line": number})
    else:
        transfer(told, line, number)


def declare(told: Story, rest: str) -> None:
    name, *words = rest.split()
    told.account(name)
    attributes = told.accounts[name]
    attributes["declared"] = True
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            attributes["kind"] = key
        elif key == "opened":
            attributes["opened"] = datetime.fromisoformat(value).replace(tzinfo=CHINA)
        else:
            attributes[key] = value == "true" if key == "hub" else value


def transfer(told: Story, line: str, number: int) -> None:
    match = LINE.match(line)
    assert match, f"line {number} of the story is not understood: {line}"
    row: dict[str, Any] = {
        "transfer": f"T{len(told.transfers) + 1}",
        "time": datetime.fromisoformat(f"{match['day'] or DAY}T{match['time']}").replace(tzinfo=CHINA),
        "source": told.account(match["source"]),
        "target": told.account(match["target"]),
        "amount_fen": fen(match["amount"]),
        "received_fen": fen(match["received"]) if match["received"] else None,
        "currency": "CNY",
        "kind": "bank",
        "status": "done",
        "file": 0,
        "line": number,
    }
    voucher = next((n for n in (match["target"], match["source"]) if n.startswith(("card:", "qq:"))), None)
    if voucher:
        row["kind"] = "gift_card" if voucher.startswith("card:") else "q_coin"
        row["operation"] = "purchase" if voucher == match["target"] else "redemption"
    names = {"id": "transfer", "ref": "reference", "op": "operation"}
    for word in match["rest"].split():
        key, equals, value = word.partition("=")
        if equals:
            row[names.get(key, key)] = fen(value) if key.endswith("_fen") else value
        else:
            row["kind"] = key
    told.transfers.append(row)
    if (match["note"] or "").startswith("claim"):
        report(told, match["note"].split()[1:], row, match["source"])


def report(told: Story, words: list[str], row: dict[str, Any], victim: str) -> None:
    phones = [word.removeprefix("phone=") for word in words if word.startswith("phone=")]
    words = [word for word in words if "=" not in word]
    told.reports.append(
        {
            "phone": phones[0] if phones else None,
            "report": words[0] if words else f"C{len(told.reports) + 1}",
            "victim": victim,
            "transfer": row["transfer"],
            "amount_fen": fen(words[1]) if len(words) > 1 else None,
            "reported": row["time"] + timedelta(hours=1),
            "file": 0,
            "line": len(told.reports) + 1,
        }
    )
