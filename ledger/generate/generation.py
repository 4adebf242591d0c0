"""From a scenario's name to a record folder with its truth."""

import calendar
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ledger.generate.assembly import READABLE, Book, assemble
from ledger.generate.background import Town, background_rows, found_town, town_accounts
from ledger.generate.columns import Accounts, drafted_accounts, drafted_rows, join_accounts, join_rows
from ledger.generate.decoys import add_decoys
from ledger.generate.draft import DAY, Draft
from ledger.generate.parameters import Parameters, Scenario, load_scenario
from ledger.generate.recycling import recycle
from ledger.generate.ring import Ring, open_hubs, recruit
from ledger.generate.schemes import SCHEMES
from ledger.generate.suppliers import DAYS_BEFORE
from ledger.generate.truth import write_links, write_replays, write_reports, write_truth
from ledger.generate.writing import Progress, account_names, write_accounts, write_both_sides, write_rows

RING_DAYS = 9
"""A ring's story fits in so many days."""


@dataclass(frozen=True)
class GeneratedSummary:
    """What was written. counts: data rows by file name; now: the instant the story ends, ISO 8601; seconds: time it took.

    truth: False where the set is too large for the slow replay; `note` says so.
    """

    folder: Path
    scenario: str
    seed: int
    transfers: int
    accounts: int
    reports: int
    rings: int
    now: str
    truth: bool
    note: str
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """(name, plain value) pairs: `dict(summary)` can be written as JSON."""
        return iter((asdict(self) | {"folder": str(self.folder)}).items())


def generate(
    out: Path,
    scenario: str = "demo",
    seed: int = 1,
    transfers: int | None = None,
    progress: Progress | None = None,
    *,
    surroundings: Mapping[str, Any] | None = None,
) -> GeneratedSummary:
    """Write a canonical record folder and its truth; the same arguments and version give the same bytes.

    Args:
        transfers: how many rows of all kinds; None gives a case that can be read. Rings scale with it, one per 10,000; a
            number below what one ring needs gives one ring.
        progress: called with (step, done, total).
        surroundings: values instead of those of `scenarios/ring.toml`, by name: what every ring has beside its schemes.
    Errors:
        LiushuiError for an unknown scenario.
    """
    begun = time.perf_counter()
    told = load_scenario(scenario)
    life = load_scenario("background")
    out.mkdir(parents=True, exist_ok=True)
    large = transfers is not None and transfers > READABLE
    days = life.parameters.count("large_days" if large else "days")
    start = calendar.timegm(time.strptime(life.parameters.text("start"), "%Y-%m-%d"))
    rings = max(1, (transfers or 0) // life.parameters.count("rows_per_ring"))
    around = load_scenario("ring").parameters.with_values(surroundings or {})
    draft = tell_rings(told, rings, seed, (start, days), around, progress)
    rest = told.background if transfers is None else max(transfers - len(draft.rows), 0)
    town = found_town(rest, len(draft.accounts), life.parameters)
    accounts, book = settle_down(draft, town, rest, (start, days), seed, life)
    names = account_names(accounts, draft, seed)
    written = {"accounts.csv": write_accounts(out, accounts, names, draft, book, (start, seed))}
    written |= write_rows(out, book, names, draft, progress)
    written["bank_both_sides.csv"] = write_both_sides(out, book, names, draft, life.parameters.number("both_sides_share"))
    written["reports.csv"], now = write_reports(out, book, names, draft)
    written["links.csv"] = write_links(out, names, draft)
    truth = len(book.rows) <= READABLE
    write_truth(out / "truth", book, names, draft)
    if truth:
        write_replays(out / "truth", book, accounts, names, draft)
    return GeneratedSummary(
        folder=out,
        scenario=scenario,
        seed=seed,
        transfers=len(book.rows),
        accounts=written["accounts.csv"],
        reports=written["reports.csv"],
        rings=rings,
        now=now,
        truth=truth,
        note="" if truth else f"traced amounts are not in truth/: the slow replay is for up to {READABLE:,} transfers",
        counts=written,
        seconds=time.perf_counter() - begun,
    )


def tell_rings(
    told: Scenario, rings: int, seed: int, span: tuple[int, int], around: Parameters, progress: Progress | None
) -> Draft:
    """All rings of the set, each with its own random numbers, spread over the days; the single ring comes near the end."""
    draft = Draft(np.random.default_rng([seed, 0]))
    hubs = open_hubs(draft)
    start, days = span
    for number in range(1, rings + 1):
        draft.random = np.random.default_rng([seed, number])
        last = days - RING_DAYS
        first = last if rings == 1 else int(draft.random.integers(DAYS_BEFORE, last + 1))
        tell(told, draft, recruit(draft, number, start + first * DAY, hubs, around))
        if progress:
            progress("rings", number, rings)
    return draft


def tell(told: Scenario, draft: Draft, ring: Ring) -> None:
    """One ring: its schemes, then how the vouchers become money, then the innocent things around it."""
    for part in told.parts:
        SCHEMES[part.scenario](draft, ring, load_scenario(part.scenario).parameters, part.victims)
    recycle(draft, ring)
    add_decoys(draft, ring)


def settle_down(draft: Draft, town: Town, rest: int, span: tuple[int, int], seed: int, life: Scenario) -> tuple[Accounts, Book]:
    """Put the rings among the ordinary rows of the town."""
    start, days = span
    random = np.random.default_rng([seed, 7_000])
    accounts = join_accounts([drafted_accounts(draft), town_accounts(town, draft.people, random, life.parameters)])
    background = background_rows(town, rest, start, days, seed, life.parameters)
    overdrawn = {code: account.overdrawn for code, account in enumerate(draft.accounts) if account.overdrawn}
    return accounts, assemble(join_rows([drafted_rows(draft), background]), accounts, overdrawn)
