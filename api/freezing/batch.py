"""A freeze batch: one folder with what every institution is asked to do, and a signed-off list of its files."""

import hashlib
import json
import re
import shutil
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from api.freezing.acts import ACTS
from api.freezing.request import CHINA, Request, requests_of
from api.freezing.sheets import csv_sheet, json_sheet, xlsx_sheet
from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.result import Trace

UNKNOWN = "unknown-institution"
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|batch)", re.IGNORECASE)
"""Names some systems keep for devices, and our own list of files."""


@dataclass(frozen=True)
class BatchSummary:
    """What was written: batch id, its folder, requests, institutions and the sum of liens by currency in fen."""

    id: str
    folder: Path
    requests: int
    institutions: tuple[str, ...]
    lien_fen: dict[str, int]
    files: tuple[str, ...]


def write_freeze_batch(
    out: Path, ledger: Ledger, trace: Trace, lines: pd.DataFrame, *, now: datetime, case: str
) -> BatchSummary:
    """Write the batch folder `out`: `batch.json` and per institution `.csv`, `.xlsx` and `.json`; whole or not at all.

    Args:
        lines: act, target_kind, target, account_code, institution, holder_name, lien_fen, currency, reports, payer_account,
            payment_time_us, payment_amount_fen, channel, reference, evidence, reason, priority, expected_recovery_fen.
        now: instant with an offset; the acts run from it and the same `now` gives the same bytes.
    Errors: API-batch-exists when `out` already holds anything but this very batch.
    """
    assert now.tzinfo is not None, "now carries an offset"
    requests = requests_of(lines, case, now)
    heading = _heading(requests, ledger, trace, now, case)
    sheets = _sheets(requests, heading, now)
    files = sheets | {"batch.json": _list_of_files(heading, requests, sheets)}
    _publish(out, files)
    liens = {str(currency): int(part.sum()) for currency, part in lines["lien_fen"].groupby(lines["currency"].astype(str))}
    institutions = tuple(sorted({request["institution"] for request in requests}))
    return BatchSummary(heading["id"], out, len(requests), institutions, liens, tuple(sorted(files)))


def _heading(requests: Sequence[Request], ledger: Ledger, trace: Trace, now: datetime, case: str) -> dict[str, str]:
    assert trace.ledger_digest == ledger.digest, "the trace is of this ledger"
    moment = now.astimezone(CHINA).isoformat()
    ids = [request["request_id"] for request in requests]
    identity = "\x1f".join([case, moment, trace.parameters.method, ledger.digest, *ids])
    return {
        "id": "FB-" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:20],
        "case": case,
        "created": moment,
        "now": moment,
        "method": trace.parameters.method,
        "engine_version": trace.engine_version,
        "ledger_digest": ledger.digest,
    }


def _sheets(requests: Sequence[Request], heading: dict[str, str], now: datetime) -> dict[str, bytes]:
    """Three files per institution, by file name."""
    by_institution: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        by_institution[request["institution"]].append(request)
    sheets: dict[str, bytes] = {}
    for institution, name in _file_names(sorted(by_institution)).items():
        rows = by_institution[institution]
        head = {"batch": heading["id"], "case": heading["case"], "institution": institution, "now": heading["now"]}
        sheets[f"{name}.csv"] = csv_sheet(rows)
        sheets[f"{name}.json"] = json_sheet(rows, head)
        sheets[f"{name}.xlsx"] = xlsx_sheet(rows, head, now)
    return sheets


def _file_names(institutions: Sequence[str]) -> dict[str, str]:
    """A safe file name per institution; names that would fall together get a piece of the institution's hash."""
    slugs = {institution: _slug(institution) for institution in institutions}
    taken = Counter(slug.casefold() for slug in slugs.values())
    return {
        institution: slug if taken[slug.casefold()] == 1 else f"{slug}-{hashlib.sha256(institution.encode()).hexdigest()[:8]}"
        for institution, slug in slugs.items()
    }


def _slug(institution: str) -> str:
    name = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", institution)).strip("-_")[:40].strip("-_")
    if not name:
        return UNKNOWN
    return f"institution-{name}" if RESERVED.fullmatch(name) else name


def _list_of_files(heading: dict[str, str], requests: Sequence[Request], sheets: dict[str, bytes]) -> bytes:
    """batch.json: who, when, how, the totals, and the SHA-256 of every other file."""
    beside = [request for request in requests if request["suspected"]]
    acts = Counter(request["act"] for request in requests)
    totals: dict[str, Any] = {
        "requests": len(requests),
        "institutions": len({request["institution"] for request in requests}),
        **{act.name: acts[act.name] for act in ACTS},
        "lien_amount": _liens(requests),
    }
    if beside:
        totals["suspected"] = {"requests": len(beside), "lien_amount": _liens(beside)}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(sheets.items())}
    document = json.dumps(heading | {"totals": totals, "files": digests}, ensure_ascii=False, indent=1)
    return f"{document}\n".encode("utf-8", "replace")


def _liens(requests: Sequence[Request]) -> dict[str, str]:
    """The sum asked for per currency, in yuan."""
    liens: Counter[str] = Counter()
    for request in requests:
        liens[request["currency"]] += int(request["lien_amount"].replace(".", "") or 0)
    return {currency: f"{fen // 100}.{fen % 100:02d}" for currency, fen in sorted(liens.items())}


def _publish(out: Path, files: dict[str, bytes]) -> None:
    """Write beside the target and rename; the same files again change nothing."""
    if out.exists() and not out.is_dir():
        raise LiushuiError("API-batch-exists", f"{out} is a file; a freeze batch needs a folder of its own")
    there = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if there:
        same = there == sorted(files) and all((out / name).read_bytes() == content for name, content in files.items())
        if same:
            return
        raise LiushuiError("API-batch-exists", f"{out} already holds other files; a batch is never changed, give a new folder")
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, content in files.items():
        (draft / name).write_bytes(content)
    draft.replace(out)
