"""An explanation in words and numbers: the way of the money, a page per account, and the sum at the end."""

from collections.abc import Sequence

from api.csv_tables import instant
from api.results import share
from tracing.explain import Entry, Explanation, Page, Record, Step
from tracing.purse import CLEAN, Part
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


def explanation_lines(found: Explanation, every: bool = False) -> list[str]:
    """For people: every line with its record."""
    method = found.parameters.method
    where = "ended" if found.ends else "rests"
    basis = sum(part.basis for part in found.rests)
    stands = "" if basis == found.held_fen else f"; this stands for {yuan(basis)} of the disputed payment"
    claim = f"{found.report}, {yuan(found.claim_fen)} {found.currency}"
    place = named(found.accounts) if found.parameters.level == "holder" else found.account
    lines = [f"{claim}: {yuan(found.held_fen)} of it {where} at {place}{stands}", f"by {method}: {RULES[method]}"]
    if not found.rests:
        return [*lines, f"no money of {found.report} {where} at {place}"]
    if any(step.by_link for step in found.steps):
        least = share(found.probability_bp)
        lines.append(f"over inferred links, the least sure of them {least}: an estimate, no record says so")
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
    made += f", by an inferred link of probability {share(step.probability_bp)}" if step.by_link else ""
    return f"{payment(step.record)}, of it {yuan(own)} of {found.report}{told}{made} [{place(step.record)}]"


def payment(record: Record) -> str:
    """A transfer in one line; what arrives is told where a conversion changes it."""
    got = "" if record.received_fen == record.amount_fen else f" (arrives as {yuan(record.received_fen)})"
    head = f"{record.transfer} {instant(record.time_us)} {record.source} -> {record.target}"
    exchanged = " (exchanged at this redemption, by the link)" if record.exchanged else ""
    return f"{head} {yuan(record.amount_fen)}{got}{exchanged}"


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
    if page.by_link:
        kind = f" (kept apart: an inferred link of probability {share(page.probability_bp)} ties it to a payout)"
    lines = [
        f"Account {named(page.accounts)}{kind}: opening {yuan(page.opening_fen)} ({page.opening_source}), clean, the oldest"
    ]
    entries: list[str] = []
    for entry in page.entries:
        entries += entry_lines(found, entry, every)
    lines += cut_short(entries, every, "line")
    return [*lines, f"  left in it: {parts_told(found, page.rests, every) or '0.00'}"]


def named(accounts: Sequence[str]) -> str:
    """The accounts that are one balance."""
    if len(accounts) == 1:
        return accounts[0]
    more = f" and {len(accounts) - PARTS:,} more" if len(accounts) > PARTS else ""
    return f"{', '.join(accounts[:PARTS])}{more} (one holder, one balance)"


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
    place = "the holder's accounts" if len(found.accounts) > 1 else found.account
    return f"check: {' + '.join(shown)} = {yuan(found.held_fen)} {where} at {place}, as the trace finds"
