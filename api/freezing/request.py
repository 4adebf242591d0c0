"""Requests of a freeze batch: one row per line of the plan, worded and identified."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd

from api.exports.wording import yuan
from api.freezing.acts import act_named, missing_fields, valid_until

COLUMNS = (
    "request_id",
    "act",
    "target_kind",
    "target",
    "holder_name",
    "lien_amount",
    "currency",
    "victim_reports",
    "payer_account",
    "payment_time",
    "payment_amount",
    "channel",
    "reference",
    "evidence_transfers",
    "reason",
    "legal_basis",
    "valid_from",
    "valid_until",
    "missing_mandatory_fields",
    "priority",
)
AMOUNTS = ("lien_amount", "payment_amount")
LISTS = ("victim_reports", "evidence_transfers", "missing_mandatory_fields")
PLAIN = ("target_kind", "target", "holder_name", "currency", "payer_account", "channel", "reference", "reason", "institution")
CHINA = timezone(timedelta(hours=8))

Request = dict[str, str]


def requests_of(lines: pd.DataFrame, case: str, now: datetime) -> list[Request]:
    """The requests in the order banks should see them: priority, then id. Each also carries its case and institution.

    Args:
        lines: the plan of `rules.plan_freezes`; lien_fen and payment_amount_fen in fen, payment_time_us in UTC microseconds.
        now: instant with an offset, from which the acts run.
    """
    rows = lines.to_dict("records")
    requests = [_request({str(name): value for name, value in row.items()}, case, now.astimezone(CHINA)) for row in rows]
    return sorted(requests, key=lambda request: (int(request["priority"] or 1 << 30), request["request_id"]))


def _request(line: dict[str, Any], case: str, now: datetime) -> Request:
    act = act_named(_word(line["act"]))
    request = {name: _word(line[name]) for name in PLAIN}
    request |= {
        "case": case,
        "act": act.name,
        "lien_amount": _amount(line["lien_fen"]),
        "victim_reports": ";".join(_list(line["reports"])),
        "payment_time": _time(line["payment_time_us"]),
        "payment_amount": _amount(line["payment_amount_fen"]),
        "evidence_transfers": ";".join(_list(line["evidence"])),
        "legal_basis": act.legal_basis,
        "valid_from": now.isoformat(),
        "valid_until": valid_until(act, now).isoformat(),
        "priority": _word(line["priority"]),
    }
    # Not a column: the sheets say it in the reason and by the ids of the claims, the list of files counts by it.
    request["suspected"] = "yes" if line.get("suspected") is True else ""
    request["missing_mandatory_fields"] = ";".join(missing_fields(act, request))
    return request | {"request_id": _identity(request)}


def _identity(request: Request) -> str:
    """Same case, act, target, lots and moment: same request."""
    names = ("case", "act", "target_kind", "target", "victim_reports", "evidence_transfers", "valid_from")
    return "FR-" + hashlib.sha256("\x1f".join(request[name] for name in names).encode("utf-8", "replace")).hexdigest()[:20]


def _word(value: Any) -> str:
    """Text of a cell; nothing for a null. A whole number read as a float loses its point."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _amount(value: Any) -> str:
    word = _word(value)
    return yuan(int(word)) if word else ""


def _time(value: Any) -> str:
    word = _word(value)
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(word))).astimezone(CHINA).isoformat() if word else ""


def _list(value: Any) -> list[str]:
    """A list, or its parts joined by `;`."""
    parts: Iterable[Any] = value if isinstance(value, (list, tuple)) or hasattr(value, "tolist") else _word(value).split(";")
    return [str(part) for part in parts if str(part)]
