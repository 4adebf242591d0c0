"""What one file alone decides: rows that failed, fees split off, the order of events, the period a statement is for."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.statements.profile import Profile

MOST_DECISIONS = 100_000
"""Decisions of one kind that one file lists; a further one then tells how many there are."""
MOST_ACCOUNTS = 10_000
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d")
_CLOCKS = (" %H:%M:%S", " %H:%M", "%H%M%S", " %H%M%S", "")

Decisions = list[dict[str, object]]


def failed_decisions(table: pa.Table, name: str) -> Decisions:
    """One decision per row that moves nothing because it failed.

    Args:
        table: mapped rows, with `#state` where the file has such a column. name: of the file.
    """
    rows = np.flatnonzero(pc.equal(table["status"].cast(pa.string()), "failed").to_numpy(zero_copy_only=False))
    told = table.select([c for c in ("transfer", "line", "amount", "time", "#state") if c in table.column_names])
    made: Decisions = [
        {
            "kind": "failed",
            "state": "applied",
            "transfer": row["transfer"],
            "from_time": row["time"],
            "amount_fen": row["amount"],
            "evidence": f"{name}:{row['line']}: the statement says {row.get('#state') or 'that it failed'!r}; nothing moved",
        }
        for row in told.take(pa.array(rows[:MOST_DECISIONS])).to_pylist()
    ]
    return capped(made, "failed", len(rows))


def part_decisions(parts: pa.Table, kind: str, told: str) -> Decisions:
    """One decision per row made beside the file's own: `<id>/fee`, `<id>/refund`.

    Args:
        parts: the rows made. told: why, after the line.
    """
    made: Decisions = [
        {
            "kind": kind,
            "state": "applied",
            "transfer": row["transfer"],
            "other": row["transfer"].rsplit("/", 1)[0],
            "from_time": row["time"],
            "amount_fen": row["amount"],
            "evidence": f"line {row['line']}: {told}",
        }
        for row in parts.select(["transfer", "line", "amount", "time"]).slice(0, MOST_DECISIONS).to_pylist()
    ]
    return capped(made, kind, parts.num_rows)


def capped(made: Decisions, kind: str, number: int) -> Decisions:
    """The decisions, and one more that tells of those that are not listed."""
    if number > len(made):
        made.append(
            {"kind": kind, "state": "noted", "evidence": f"{number:,} in this file, the first {len(made):,} are listed"}
        )
    return made


def periods(profile: Profile, said: Mapping[str, str], own: pa.ChunkedArray) -> list[tuple[str, int, int]]:
    """For each own account the period the statement is for, in UTC microseconds; none where the file does not say it.

    A period's last day is whole. A wallet's bill says nothing about the rest of what its owner's bank cards did.
    """
    start, end = (_moment(profile, said.get(key, ""), key == "period_to") for key in ("period_from", "period_to"))
    if start is None or end is None or end < start:
        return []
    hints = profile.accounts if profile.kind == "wallet" else ()
    kinds = ((account, next((hint.kind for hint in hints if re.search(hint.match, account)), "")) for account in _named(own))
    accounts = [account for account, kind in kinds if kind != "bank"]
    return [(account, start, end) for account in accounts[:MOST_ACCOUNTS]]


def _named(own: pa.ChunkedArray) -> list[str]:
    return sorted(account for account in pc.unique(own).to_pylist() if account is not None)


def _moment(profile: Profile, text: str, whole_day: bool) -> int | None:
    for day in _DATES:
        for clock in _CLOCKS:
            try:
                moment = datetime.strptime(text.strip("[]【】 "), day + clock).replace(tzinfo=ZoneInfo(profile.zone))
            except ValueError:
                continue
            if whole_day and not clock:
                moment += timedelta(days=1, microseconds=-1)
            return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return None
