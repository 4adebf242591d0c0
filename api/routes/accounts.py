"""GET /v1/accounts/{account}: what the records say about one account."""

from typing import Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request

from api.csv_tables import instant
from api.results import money
from api.routes.gate import Caller, caller_of
from api.routes.models import AccountOut
from api.routes.problem import Refused
from api.routes.sight import ledger_of
from ledger.book import Ledger

ROUTER = APIRouter(prefix="/v1/accounts", tags=["accounts"])


@ROUTER.get("/{account:path}", response_model=AccountOut, summary="One account")
def one_account(request: Request, account: str) -> dict[str, Any]:
    """Kind, holder, credits and debits per currency (done transfers), first and last movement, reports that name it."""
    ledger = ledger_of(request)
    codes = np.flatnonzero(ledger.accounts["account"].to_numpy() == account)
    if not len(codes):
        raise Refused("not_found", "no account with this number in the records")
    code = int(codes[0])
    return (
        declared(ledger.accounts.iloc[code], caller_of(request)) | moved(ledger, code) | {"reports": reported(ledger, account)}
    )


def declared(row: "pd.Series[Any]", caller: Caller) -> dict[str, Any]:
    """The account's own row; the holder's name only for the institution that keeps the account."""
    institution = text_or_none(row["institution"])
    named = caller.institution is None or caller.institution == institution
    return {
        "account": row["account"],
        "kind": row["kind"],
        "institution": institution,
        "holder": text_or_none(row["holder"]),
        "holder_name": text_or_none(row["holder_name"]) if named else None,
        "hub": bool(row["hub"]),
        "declared": bool(row["declared"]),
        "opened": None if pd.isna(row["opened"]) else row["opened"].isoformat(),
    }


def moved(ledger: Ledger, code: int) -> dict[str, Any]:
    """Count and sum of done credits and debits per currency, first and last time."""
    table = ledger.read(("source", "target"))
    sources, targets = table["source"].to_numpy(), table["target"].to_numpy()
    rows = np.flatnonzero((sources == code) | (targets == code))
    columns = ("source", "target", "amount_fen", "received_fen", "currency", "status", "time")
    found = ledger.transfers(*columns).iloc[rows] if len(rows) else ledger.transfers(*columns).iloc[:0]
    found = found[(found["status"] == "done").to_numpy(dtype=bool)]
    times = found["time"].astype("int64[pyarrow]") if len(found) else None
    return {
        "credits": sums(found[(found["target"] == code).to_numpy(dtype=bool)], "received_fen"),
        "debits": sums(found[(found["source"] == code).to_numpy(dtype=bool)], "amount_fen"),
        "first": None if times is None else instant(int(times.min())),
        "last": None if times is None else instant(int(times.max())),
    }


def sums(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    """Count and total per currency."""
    grouped = rows.groupby(rows["currency"].astype("string"), sort=True)[column].agg(["count", "sum"])
    return {
        str(currency): {"count": int(n), "total": money(int(total))} for currency, n, total in grouped.itertuples(name=None)
    }


def reported(ledger: Ledger, account: str) -> list[str]:
    """Reports whose victim is this account."""
    mine = (ledger.reports["victim"] == account).to_numpy(dtype=bool, na_value=False)
    return sorted(ledger.reports["report"][mine])


def text_or_none(value: Any) -> str | None:
    """The text, or None for an empty cell."""
    return None if pd.isna(value) else str(value)
