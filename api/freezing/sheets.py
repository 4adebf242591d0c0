"""The requests to one institution as CSV, XLSX and JSON, byte for byte the same for the same requests."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from api.exports.cells import csv_bytes
from api.freezing.request import AMOUNTS, COLUMNS, LISTS, Request

LONGEST_CELL = 32_000
"""XLSX refuses cells of more than 32,767 characters; what is cut is whole in the JSON."""
WIDTHS = {"request_id": 26, "target": 28, "holder_name": 18, "evidence_transfers": 34, "reason": 44, "legal_basis": 50}
CUT = " … (whole in the JSON file)"


def csv_sheet(requests: Sequence[Request]) -> bytes:
    """One row per request, columns in the contract's order, formulas guarded."""
    return csv_bytes(COLUMNS, ([request[name] for name in COLUMNS] for request in requests), AMOUNTS)


def json_sheet(requests: Sequence[Request], heading: dict[str, str]) -> bytes:
    """The heading (batch, case, institution) and the requests; lists are lists."""
    rows = [{name: _listed(name, request[name]) for name in COLUMNS} for request in requests]
    return (json.dumps(heading | {"requests": rows}, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def xlsx_sheet(requests: Sequence[Request], heading: dict[str, str], now: datetime) -> bytes:
    """A workbook of one sheet, everything text: account numbers stay whole and nothing is calculated."""
    import xlsxwriter

    target = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(target, options) as book:
        created = now.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": f"Freeze batch {heading['batch']}", "author": "liushui", "created": created})
        sheet = book.add_worksheet("requests")
        head = book.add_format({"bold": True, "num_format": "@", "bg_color": "#E3EDFB", "bottom": 1})
        text = book.add_format({"num_format": "@"})
        for column, name in enumerate(COLUMNS):
            sheet.set_column(column, column, WIDTHS.get(name, 17), text)
            sheet.write_string(0, column, name, head)
            for row, request in enumerate(requests, start=1):
                sheet.write_string(row, column, _cell(request[name]), text)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(requests), 1), len(COLUMNS) - 1)
    return target.getvalue()


def _listed(name: str, value: str) -> str | list[str]:
    return [part for part in value.split(";") if part] if name in LISTS else value


def _cell(value: str) -> str:
    value = value.encode("utf-8", "replace").decode()
    return value if len(value) <= LONGEST_CELL else value[:LONGEST_CELL] + CUT
