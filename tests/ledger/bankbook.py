"""What a bank statement becomes: its transfers as texts, to be laid beside the statement."""

import csv
import io
from pathlib import Path
from zoneinfo import ZoneInfo

from ledger import open_ledger
from ledger.ingest import IngestResult, ingest

SHANGHAI = ZoneInfo("Asia/Shanghai")
AMOUNTS = ("source_balance", "target_balance")
COLUMNS = ("time", "source", "target", "amount", *AMOUNTS, "currency")
WORDS = ("status", "operation", "channel", "witness", "reference", "remark", "sequence", "line")
ABOUT = ("account", "kind", "holder_name", "institution", "hub")
Text = dict[str, str]


def read(tmp_path: Path, *paths: Path) -> tuple[IngestResult, list[Text]]:
    """Ingest into a fresh ledger; every transfer in ledger order, times as the bank's clock shows them."""
    result = ingest(tmp_path / "ledger", paths)
    return result, landed(tmp_path / "ledger") if result.batch else []


def landed(folder: Path) -> list[Text]:
    """The transfers of a ledger as texts."""
    ledger = open_ledger(folder)
    names = ledger.accounts["account"].to_list()
    fen = ("amount_fen", *(f"{name}_fen" for name in AMOUNTS))
    wanted = ("transfer", "time", "source", "target", "currency", *fen, *WORDS)
    rows = []
    for row in ledger.read(wanted).to_pylist():
        text = {name: "" if row[name] is None else str(row[name]) for name in ("transfer", "currency", *WORDS)}
        text |= {name.removesuffix("_fen"): _yuan(row[name]) for name in fen}
        text["time"] = row["time"].astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        rows.append(text | {side: names[row[side]] for side in ("source", "target")})
    return rows


def laid_out(result: IngestResult, rows: list[Text], folder: Path) -> bytes:
    """Rows, then accounts, then problems, as one CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *WORDS))
    writer.writerows([row[name] for name in (*COLUMNS, *WORDS)] for row in rows)
    writer.writerow(())
    accounts = open_ledger(folder).accounts.sort_values("account")[list(ABOUT)].astype(object)
    writer.writerow(ABOUT)
    writer.writerows(accounts.where(accounts.notna(), "").itertuples(index=False))
    writer.writerow(())
    writer.writerow(("severity", "code", "line", "message"))
    writer.writerows((p.severity, p.code, p.line, p.message) for p in result.problems)
    return text.getvalue().encode()


def _yuan(fen: int | None) -> str:
    if fen is None:
        return ""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
