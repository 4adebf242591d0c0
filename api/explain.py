"""An explanation in words and numbers: the way of the money, a page per account, and the sum at the end."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from api.csv_tables import COUNT, MONEY, TEXT, TIME, csv_bytes, instant
from api.results import json_bytes, money, parameters_told, write_whole
from ledger.book import Ledger
from tracing.explain import Entry, Explanation, Page, Record, Step, explain_held
from tracing.purse import CLEAN, Part
from tracing.result import Parameters
from tracing.returns import yuan

PARTS, LINES, PAGES = 6, 40, 20
"""How many parts of a line, lines of a list and pages are shown unless all are asked for."""
RULES = {
    "fifo": "what came in first goes out first",
    "lifo": "what came in last goes out first, as one block that keeps its order",
    "pro_rata": "every claim and the clean money goes out by its share of the balance, to the fen by the largest remainder",
    "clean_first": "clean money goes out first, then the claims' money, oldest first",
    "taint_first": "the claims' money goes out first, oldest first, then clean money",
}
COLUMNS = {
    "account": ("account", TEXT),
    "time": ("time_us", TIME),
    "transfer": ("transfer", TEXT),
    "direction": ("direction", TEXT),
    "other": ("other", TEXT),
    "amount": ("amount_fen", MONEY),
    "of_claim": ("of_claim_fen", MONEY),
    "parts": ("parts", TEXT),
    "balance": ("balance_fen", MONEY),
    "claim_left": ("own_fen", MONEY),
    "leads": ("leads", TEXT),
    "lines": ("lines", COUNT),
    "file": ("file", TEXT),
    "line": ("line", COUNT),
}
FORMATS = (".txt", ".csv", ".json")


def explained(ledger: Ledger, account: str, report: str, parameters: Parameters, every: bool) -> Explanation:
    """See `explain_held`."""
    return explain_held(ledger, account, report, parameters, every)


def write_explanation(found: Explanation, path: Path, every: bool, clean: Callable[[str], str]) -> None:
    """Write it as text, CSV or JSON by the file's extension; `clean` takes control characters out of a line."""
    made = {
        ".txt": lambda: "".join(f"{clean(line)}\n" for line in explanation_lines(found, every)).encode(),
        ".csv": lambda: csv_bytes(entry_table(found), COLUMNS),
        ".json": lambda: json_bytes(explanation_told(found)),
    }
    content = made[path.suffix.lower()]()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def explanation_lines(found: Explanation, every: bool = False) -> list[str]:
    """For people: every line with its record."""
    method = found.parameters.method
    where = "ended" if found.ends else "rests"
    basis = sum(part.basis for part in found.rests)
    stands = "" if basis == found.held_fen else f"; this stands for {yuan(basis)} of the disputed payment"
    claim = f"{found.report}, {yuan(found.claim_fen)} {found.currency}"
    lines = [
        f"{claim}: {yuan(found.held_fen)} of it {where} at {found.account}{stands}",
        f"by {method}: {RULES[method]}",
    ]
    if not found.rests:
        return [*lines, f"no money of {found.report} {where} at {found.account}"]
    steps = [step_line(found, step, every) for step in found.steps]
    lines += ["", "The way of the money", *cut_short([f"  {n}. {text}" for n, text in enumerate(steps, 1)], every, "payment")]
    pages = found.pages if every else found.pages[:PAGES]
    for page in pages:
        lines += ["", *page_lines(found, page, every)]
    if len(pages) < len(found.pages):
        lines += ["", f"… {len(found.pages) - len(pages):,} more accounts; --all shows them"]
    return [*lines, "", sum_line(found, every)]


def step_line(found: Explanation, step: Step, every: bool) -> str:
    """A payment on the way."""
    own = sum(part.fen for part in step.parts)
    come = sum(until - start for start, until in step.ranges)
    told = f"; {yuan(come)} of the disputed payment ends there by it ({ranges_told(step.ranges, every)})" if come else ""
    made = ", identified by reference" if step.linked else ""
    return f"{payment(step.record)}, of it {yuan(own)} of {found.report}{told}{made} [{place(step.record)}]"


def payment(record: Record) -> str:
    """A transfer in one line; what arrives is told where a conversion changes it."""
    got = "" if record.received_fen == record.amount_fen else f" (arrives as {yuan(record.received_fen)})"
    head = f"{record.transfer} {instant(record.time_us)} {record.source} -> {record.target}"
    return f"{head} {yuan(record.amount_fen)}{got}"


def place(record: Record) -> str:
    """Where the record was read."""
    return f"{record.file} line {record.line}"


def ranges_told(ranges: Sequence[tuple[int, int]], every: bool) -> str:
    """Which fen, counted from 0."""
    shown = ranges if every else ranges[:PARTS]
    more = f" and {len(ranges) - len(shown):,} more ranges" if len(shown) < len(ranges) else ""
    return "fen " + ", ".join(f"{start} to {until}" for start, until in shown) + more


def page_lines(found: Explanation, page: Page, every: bool) -> list[str]:
    """An account's page: opening, lines, what is left."""
    kind = " (kept apart: identified by a reference)" if page.identified else ""
    lines = [f"Account {page.account}{kind}: opening {yuan(page.opening_fen)} ({page.opening_source}), clean, the oldest"]
    entries: list[str] = []
    for entry in page.entries:
        entries += entry_lines(found, entry, every)
    lines += cut_short(entries, every, "line")
    return [*lines, f"  left in it: {parts_told(found, page.rests, every) or '0.00'}"]


def entry_lines(found: Explanation, entry: Entry, every: bool) -> list[str]:
    """A line of a page, and under pro rata the shares."""
    left = f"balance {yuan(entry.balance_fen)}, of it {found.report} {yuan(entry.own_fen)}"
    record = entry.record
    if record is None:
        count = f"{entry.lines:,} payment{'' if entry.lines == 1 else 's'}"
        return [f"  … {count} without money of {found.report}: in {yuan(entry.in_fen)}, out {yuan(entry.out_fen)}; {left}"]
    way, other = ("in", f"from {record.source}") if entry.incoming else ("out", f"to {record.target}")
    fen = record.received_fen if entry.incoming else record.amount_fen
    parts = parts_told(found, entry.parts, every)
    lines = [f"  {record.transfer} {way} {yuan(fen)} {other}: {parts}; {left} [{place(record)}]"]
    return lines + shares_told(found, entry, every) if entry.before else lines


def shares_told(found: Explanation, entry: Entry, every: bool) -> list[str]:
    """The division behind a payment under pro rata, with its remainders."""
    assert entry.record is not None
    total = sum(part.fen for part in entry.before)
    fen = min(entry.record.amount_fen, total)
    lines = []
    for part in entry.before:
        whole, rest = divmod(part.fen * fen, total)
        name = label(found, part)
        lines.append(
            f"      {name}: {yuan(part.fen)} × {yuan(fen)} / {yuan(total)} = {yuan(whole)}, remainder {rest}/{total} fen"
        )
    return cut_short(lines, every, "share")


def label(found: Explanation, part: Part) -> str:
    """Whose money a part is."""
    return "clean" if part.claim == CLEAN else found.claims[part.claim]


def parts_told(found: Explanation, parts: Sequence[Part], every: bool) -> str:
    """Parts in their order: amount, whose, and for the report explained which fen of the disputed payment."""
    shown = parts if every else parts[:PARTS]
    told = []
    for part in shown:
        where = f" (fen {part.basis_from} to {part.basis_from + part.basis})" if part.basis_from >= 0 else ""
        told.append(f"{yuan(part.fen)} {label(found, part)}{where}")
    rest = parts[len(shown) :]
    more = f" and {len(rest):,} more parts with {yuan(sum(part.fen for part in rest))}" if rest else ""
    return ", ".join(told) + more


def cut_short(lines: list[str], every: bool, what: str) -> list[str]:
    """The lines, of many the first and the last ones and how many are left out."""
    if every or len(lines) <= LINES:
        return lines
    half = LINES // 2
    return [*lines[:half], f"  … {len(lines) - 2 * half:,} more {what}s; --all shows them", *lines[-half:]]


def sum_line(found: Explanation, every: bool) -> str:
    """The identity the explanation ends with."""
    where = "ended" if found.ends else "held"
    parts = [yuan(part.fen) for part in found.rests]
    shown = parts if every or len(parts) <= LINES else [*parts[:PARTS], f"… ({len(parts) - PARTS:,} more)"]
    return f"check: {' + '.join(shown)} = {yuan(found.held_fen)} {where} at {found.account}, as the trace finds"


def entry_table(found: Explanation) -> pd.DataFrame:
    """Every line of every page; a run of lines without the claim's money is one row that says how many they are."""
    rows = []
    for page in found.pages:
        for entry in page.entries:
            record = entry.record
            rows.append(
                {
                    "account": page.account,
                    "time_us": None if record is None else record.time_us,
                    "transfer": None if record is None else record.transfer,
                    "direction": "both" if record is None else "in" if entry.incoming else "out",
                    "other": None if record is None else record.source if entry.incoming else record.target,
                    "amount_fen": entry.in_fen - entry.out_fen if record is None else sum(p.fen for p in entry.parts),
                    "of_claim_fen": sum(p.fen for p in entry.parts if is_own(found, p)),
                    "parts": parts_told(found, entry.parts, True),
                    "balance_fen": entry.balance_fen,
                    "own_fen": entry.own_fen,
                    "leads": "yes" if entry.leads else "",
                    "lines": entry.lines,
                    "file": None if record is None else record.file,
                    "line": None if record is None else record.line,
                }
            )
    return pd.DataFrame(rows, columns=[column for column, _ in COLUMNS.values()], dtype=object)


def is_own(found: Explanation, part: Part) -> bool:
    """Whether a part is money of the report explained."""
    return part.claim != CLEAN and found.claims[part.claim] == found.report


def explanation_told(found: Explanation) -> dict[str, Any]:
    """For machines: everything, nothing cut short."""
    return {
        "report": found.report,
        "account": found.account,
        "currency": found.currency,
        "claim": money(found.claim_fen),
        "held": money(found.held_fen),
        "ends": found.ends,
        "parts": [part_told(found, part) for part in found.rests],
        "steps": [
            record_told(step.record)
            | {"hop": step.hop, "made_by": "reference" if step.linked else "method"}
            | {"parts": [part_told(found, part) for part in step.parts], "ends_there_fen": [list(r) for r in step.ranges]}
            for step in found.steps
        ],
        "accounts": [page_told(found, page) for page in found.pages],
        "parameters": parameters_told(found.parameters),
        "ledger_digest": found.ledger_digest,
    }


def page_told(found: Explanation, page: Page) -> dict[str, Any]:
    """An account's page."""
    return {
        "account": page.account,
        "identified": page.identified,
        "opening": money(page.opening_fen),
        "opening_source": page.opening_source,
        "entries": [entry_told(found, entry) for entry in page.entries],
        "left": [part_told(found, part) for part in page.rests],
    }


def entry_told(found: Explanation, entry: Entry) -> dict[str, Any]:
    """A line of a page."""
    after = {"balance": money(entry.balance_fen), "of_report": money(entry.own_fen)}
    if entry.record is None:
        return {"passed_over": entry.lines, "in": money(entry.in_fen), "out": money(entry.out_fen)} | after
    told = record_told(entry.record) | {"direction": "in" if entry.incoming else "out", "leads": entry.leads}
    before = {"before": [part_told(found, part) for part in entry.before]} if entry.before else {}
    return told | {"parts": [part_told(found, part) for part in entry.parts]} | before | after


def record_told(record: Record) -> dict[str, Any]:
    """A transfer and where it was read."""
    return {
        "transfer": record.transfer,
        "time": instant(record.time_us),
        "source": record.source,
        "target": record.target,
        "amount": money(record.amount_fen),
        "received": money(record.received_fen),
        "file": record.file,
        "line": record.line,
    }


def part_told(found: Explanation, part: Part) -> dict[str, Any]:
    """A part: whose, how much, and which fen of the disputed payment."""
    told: dict[str, Any] = {"claim": None if part.claim == CLEAN else found.claims[part.claim], "amount": money(part.fen)}
    if part.basis_from >= 0:
        told |= {"from_fen": part.basis_from, "until_fen": part.basis_from + part.basis}
    return told
