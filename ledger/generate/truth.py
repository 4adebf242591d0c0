"""Reports and links as a desk gets them, and the truth that it does not get."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from ledger.generate.assembly import Book
from ledger.generate.columns import ACCOUNT_KINDS, KINDS, OPERATIONS, STATUSES, Accounts
from ledger.generate.draft import Draft, Report
from ledger.generate.identified import Movement
from ledger.generate.lots import Lot
from ledger.generate.places import Claim, Place
from ledger.generate.replay import METHODS, replay
from ledger.generate.writing import times, write_slices, yuan


def write_reports(out: Path, book: Book, names: pa.Array, draft: Draft) -> tuple[int, str]:
    """reports.csv in the order of arrival; returns the number of reports and the instant at which the story ends."""
    reports = ordered_reports(draft)
    reported = np.array([report.reported for _, report in reports], dtype=np.int64)
    amount = np.array([report.amount for _, report in reports], dtype=np.int64)
    columns = {
        "report": pa.array([name for name, _ in reports], pa.string()),
        "victim": names.take(pa.array([report.victim for _, report in reports], pa.int64())),
        "transfer": book.ids.take(pa.array(book.place[[report.row for _, report in reports]])),
        "amount": yuan(amount, amount > 0),
        "reported": times(reported),
    }
    columns["scam"] = pa.array([report.scenario for _, report in reports], pa.string())
    for name in ("phone", "messenger", "app", "url"):
        columns[name] = pa.array([getattr(report, name) or None for _, report in reports], pa.string())
    write_slices(out / "reports.csv", iter([pa.table(columns)]))
    end = max([int(book.rows.time[-1]), *reported.tolist()])
    return len(reports), str(times(np.array([end + 60]))[0].as_py())


def ordered_reports(draft: Draft) -> list[tuple[str, Report]]:
    """Reports by time of arrival with their ids."""
    arrived = sorted(draft.reports, key=lambda report: (report.reported, report.row))
    return [(f"R{number:05d}", report) for number, report in enumerate(arrived, start=1)]


def write_links(out: Path, names: pa.Array, draft: Draft) -> int:
    """links.csv, sorted."""
    accounts = names.take(pa.array([account for _, _, account in draft.links], pa.int64())).to_pylist()
    rows = sorted({(kind, identifier, name) for (kind, identifier, _), name in zip(draft.links, accounts, strict=True)})
    write_table(out / "links.csv", ("kind", "identifier", "account"), rows)
    return len(rows)


def write_truth(out: Path, book: Book, names: pa.Array, draft: Draft) -> None:
    """The truth folder: who is who and what belongs together; the replay adds what each method traces."""
    out.mkdir(exist_ok=True)
    known = names.take(pa.array(list(draft.roles), pa.int64())).to_pylist()
    roles = zip(known, draft.roles.values(), strict=True)
    rows = sorted((name, role.role, role.tier or "", role.ring or "") for name, role in roles)
    write_table(out / "roles.csv", ("account", "role", "tier", "ring"), rows)
    reports = ordered_reports(draft)
    scenarios = [(name, report.scenario, report.cash_out, draft.roles[report.victim].ring) for name, report in reports]
    write_table(out / "scenarios.csv", ("claim", "scenario", "cash_out", "ring"), scenarios)
    write_rings(out / "rings.csv", draft)
    links = sorted(conversion_links(book, names, draft))
    write_table(out / "conversion_links.csv", ("payout", "redemption", "recycler", "rate", "face", "ring"), links)


def write_rings(path: Path, draft: Draft) -> None:
    """rings.csv: per ring its accounts by role, its reports and what they dispute."""
    accounts = Counter((role.ring, role.role) for role in draft.roles.values() if role.ring)
    reports = Counter(draft.roles[report.victim].ring for report in draft.reports)
    lost: Counter[int] = Counter()
    for report in draft.reports:
        lost[draft.roles[report.victim].ring] += report.amount or draft.rows[report.row].amount
    words = ("victim", "mule", "collector", "gift_card_recycler", "q_coin_recycler", "voucher")
    rows = [(ring, reports[ring], money(lost[ring]), *(accounts[ring, word] for word in words)) for ring in sorted(reports)]
    write_table(path, ("ring", "reports", "claimed", *words), rows)


def conversion_links(book: Book, names: pa.Array, draft: Draft) -> list[tuple[str, str, str, str, str, int]]:
    """Payouts with the redemptions they paid for, those of innocent sellers too."""
    payouts = draft.payouts
    paid = book.ids.take(pa.array(book.place[[payout.payout for payout in payouts]])).to_pylist()
    redeemed = book.ids.take(pa.array(book.place[[payout.redemption for payout in payouts]])).to_pylist()
    recyclers = names.take(pa.array([payout.recycler for payout in payouts], pa.int64())).to_pylist()
    return [
        (payout_id, redemption_id, recycler, payout.rate, money(payout.face), payout.ring)
        for payout_id, redemption_id, recycler, payout in zip(paid, redeemed, recyclers, payouts, strict=True)
    ]


def write_replays(out: Path, book: Book, accounts: Accounts, names: pa.Array, draft: Draft) -> None:
    """What each method traces, holds and loses: traced_, held_ and sinks_<method>.csv, and the claims without overlaps."""
    movements = movements_of(book, names, draft)
    places = places_of(book, accounts, names)
    reports = ordered_reports(draft)
    claims = [Claim(name, movements[int(book.place[report.row])].transfer, report.amount or None) for name, report in reports]
    for method in METHODS:
        done = replay(movements, places, claims, method)
        write_table(out / f"traced_{method}.csv", ("claim", "transfer", "traced", "basis"), told(done.traced))
        write_table(out / f"held_{method}.csv", ("claim", "account", "held", "basis"), told(done.held))
        sinks = [(claim, sink, account, money(fen)) for (claim, sink, account), fen in sorted(done.sinks.items())]
        write_table(out / f"sinks_{method}.csv", ("claim", "sink", "account", "amount"), sinks)


def told(lots: Mapping[tuple[str, str], Lot]) -> list[tuple[str, str, str, str]]:
    """Rows of (claim, transfer or account, quantity, basis), sorted."""
    return [(*key, money(lot.quantity), money(lot.basis)) for key, lot in sorted(lots.items())]


def movements_of(book: Book, names: pa.Array, draft: Draft) -> list[Movement]:
    """The rows in ledger order as the replay reads them."""
    ids, accounts, rows = book.ids.to_pylist(), names.to_pylist(), book.rows
    movements = []
    for at in range(len(rows)):
        drafted = draft.rows[rows.draft[at]] if rows.draft[at] >= 0 else None
        fen = int(rows.amount[at])
        movement = Movement(ids[at], accounts[rows.source[at]], accounts[rows.target[at]], fen, fen, KINDS[rows.kind[at]])
        movement = movement._replace(operation=OPERATIONS[rows.operation[at]], status=STATUSES[rows.status[at]])
        if drafted:
            taken_back = ids[int(book.place[drafted.reverses])] if drafted.reverses >= 0 else ""
            movement = movement._replace(reverses=taken_back, reference=drafted.reference, order=drafted.order)
        movements.append(movement)
    return movements


def places_of(book: Book, accounts: Accounts, names: pa.Array) -> dict[str, Place]:
    """Kind, hub and reported opening of every account."""
    return {
        name: Place(ACCOUNT_KINDS[accounts.kind[at]], bool(accounts.hub[at]), int(book.opening[at]) if book.known[at] else None)
        for at, name in enumerate(names.to_pylist())
    }


def money(fen: int) -> str:
    """Fen as decimal text."""
    return f"{fen // 100}.{fen % 100:02d}"


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A small CSV file."""
    lines = [",".join(header), *(",".join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
