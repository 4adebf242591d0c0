"""The result files of one trace: five tables and the parameters, exact, with the same bytes for the same trace.

Money is written as decimal strings with two decimals, times as ISO 8601 in UTC with the offset `+00:00`. A text cell that a
spreadsheet would take for a formula gets a leading apostrophe.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from api.csv_tables import csv_bytes, instant
from api.result_columns import ENVELOPE, FLAGGED, ON_OCCASION, columns_of
from ledger.book import Ledger
from tracing.envelope import envelope
from tracing.inferred import sets_of
from tracing.result import Limit, Parameters, Trace


def write_trace(ledger: Ledger, trace: Trace, out: Path) -> dict[str, Any]:
    """Write traced.csv, held.csv, sinks.csv, frontier.csv (backward also origins.csv) and, last, trace.json; what that holds.

    Every file appears whole or not at all; trace.json carries the SHA-256 of the others. overlaps.csv, ties.csv and
    inferred_sets.csv are there when they have rows, inferred_links.csv where inferred links were asked for.
    """
    out.mkdir(parents=True, exist_ok=True)
    tables = {
        "traced": trace.traced,
        "held": trace.held,
        "sinks": per_account(trace.sinks),
        "frontier": statements(trace.frontier),
    }
    if trace.origins is not None:
        tables["origins"] = trace.origins
    seldom = {"overlaps": trace.overlaps, "ties": trace.ties}
    if trace.inferred is not None:
        tables |= {name: with_probability(tables[name]) for name in FLAGGED if name in tables}
        alone = sets_of(trace.inferred) < 0
        tables["inferred_links"] = links_told(trace.inferred[alone])
        seldom["inferred_sets"] = sets_told(trace.inferred[~alone])
    tables |= {name: frame for name, frame in seldom.items() if frame is not None and len(frame)}
    for name in ON_OCCASION.keys() - tables.keys():
        (out / f"{name}.csv").unlink(missing_ok=True)  # of an earlier trace in this folder
    columns = columns_of(trace)
    digests = {}
    for name, frame in tables.items():
        content = csv_bytes(frame, columns[name])
        write_whole(out / f"{name}.csv", content)
        digests[f"{name}.csv"] = hashlib.sha256(content).hexdigest()
    description = describe(ledger, trace) | {"files": digests}
    write_whole(out / "trace.json", json_bytes(description))
    return description


def write_traces(ledger: Ledger, traces: Mapping[str, Trace], out: Path) -> dict[str, Any]:
    """Write each method's result files into a folder of its own, and envelope.csv over them; how far they disagree."""
    for method, trace in traces.items():
        write_trace(ledger, trace, out / method)
    table = envelope(traces)
    write_whole(out / "envelope.csv", csv_bytes(table, ENVELOPE))
    apart = (table["most_fen"] - table["least_fen"]).to_numpy()
    return {"holdings": len(table), "disagree": int((apart > 0).sum()), "widest": money(int(apart.max(initial=0)))}


def store_trace(ledger: Ledger, trace: Trace, root: Path) -> Path:
    """Keep the trace under `root/<trace id>/`; a trace that is already there is left as it is."""
    folder = root / trace_id(trace)
    if (folder / "trace.json").exists():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        write_trace(ledger, trace, waiting)
        waiting.chmod(0o755)
        waiting.rename(folder)
    except OSError:
        shutil.rmtree(waiting, ignore_errors=True)
        if not (folder / "trace.json").exists():
            raise
    return folder


def trace_id(trace: Trace) -> str:
    """The name of a trace: 16 hexadecimal digits over the records, the parameters and the engine."""
    told = {"ledger": trace.ledger_digest, "engine": trace.engine_version, "parameters": parameters_told(trace.parameters)}
    return hashlib.sha256(json_bytes(told)).hexdigest()[:16]


def describe(ledger: Ledger, trace: Trace) -> dict[str, Any]:
    """Everything trace.json says about a trace except the digests of the other files."""
    totals = trace.totals()
    rows = claims_told(trace, totals)
    return {
        "trace": trace_id(trace),
        "engine_version": trace.engine_version,
        "ledger_digest": trace.ledger_digest,
        "batch": trace.batch,
        "transfers": ledger.transfer_count,
        "parameters": parameters_told(trace.parameters),
        "totals": {
            "claims": len(rows),
            "amount": money(int(totals["claim_fen"].sum())),
            "held": money(int(totals["held_fen"].sum())),
            "sinks": money(int(totals["sinks_fen"].sum())),
            "identity": all(row["identity"] for row in rows) if trace.allocates else None,
        },
        "claims": rows,
        "limits": [
            {"name": limit.name, "value": limit_value(limit), "pieces": limit.pieces, "basis": money(limit.basis_fen)}
            for limit in trace.limits
        ],
        "warnings": list(trace.warnings),
    } | ({} if trace.origins is None else {"origins": origins_told(trace.origins)})


def origins_told(origins: pd.DataFrame) -> dict[str, str]:
    """What each kind of origin comes to, over all starts of a trace backward."""
    sums = origins.groupby("origin", sort=True)["amount_fen"].sum()
    return {str(word): money(int(fen)) for word, fen in sums.items()}


def claims_told(trace: Trace, totals: pd.DataFrame) -> list[dict[str, Any]]:
    """Per claim: what was reported, what of it is traced, and where it ended; `identity` is held + sinks = amount.

    Poison is an upper bound that shares nothing out: it has no identity (null).
    """
    told = trace.claims.set_index("claim")[["transfer", "currency", "reported_fen", "overlap_fen"]].join(totals)
    return [
        {
            "claim": str(claim),
            "transfer": str(transfer),
            "currency": str(currency),
            "reported": money(int(reported)),
            "overlap": money(int(overlap)),
            "amount": money(int(amount)),
            "held": money(int(held)),
            "sinks": money(int(sinks)),
            "identity": bool(held + sinks == amount) if trace.allocates else None,
        }
        for claim, transfer, currency, reported, overlap, amount, held, sinks in told.itertuples(name=None)
    ]


def limit_value(limit: Limit) -> str:
    """A limit's value in the words of the command line."""
    told = {"hop_window": duration, "min_amount": money}.get(limit.name)
    return told(int(limit.value)) if told else limit.value


def parameters_told(parameters: Parameters) -> dict[str, Any]:
    """The parameters in the words of the command line."""
    window, reach = parameters.hop_window_us, parameters.overdraft_window_us
    return {
        "method": parameters.method,
        "as_of": None if parameters.as_of_us is None else instant(parameters.as_of_us),
        "reports": None if parameters.reports is None else list(parameters.reports),
        "currency": parameters.currency,
        "opening": parameters.opening,
        "ties": parameters.ties,
        "direction": parameters.direction,
        "accounts": None if parameters.accounts is None else list(parameters.accounts),
        "transfers": None if parameters.transfers is None else list(parameters.transfers),
        "overdraft": parameters.overdraft,
        "overdraft_window": None if reach is None else duration(reach),
        "level": parameters.level,
        "inferred": parameters.inferred,
        **({"probability": share(parameters.probability_bp)} if parameters.inferred else {}),
        "max_hops": parameters.max_hops,
        "hop_window": None if window is None else duration(window),
        "min_amount": money(parameters.min_amount_fen),
    }


def money(fen: int) -> str:
    """Fen as yuan with two decimals.

    >>> money(-5), money(4995000)
    ('-0.05', '49950.00')
    """
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def share(bp: int) -> str:
    """Basis points as a share with four decimals.

    >>> share(9700), share(10000)
    ('0.9700', '1.0000')
    """
    return f"{bp // 10_000}.{bp % 10_000:04d}"


def duration(us: int) -> str:
    """Microseconds as an ISO 8601 duration in hours, minutes and seconds.

    >>> duration(72 * 3600 * 1_000_000), duration(90 * 1_000_000)
    ('PT72H', 'PT1M30S')
    """
    seconds, rest = divmod(us, 1_000_000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    last = f"{seconds % 60}" + (f".{rest:06d}" if rest else "")
    parts = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{last}S" if last != "0" else "")
    return "PT" + (parts or "0S")


def per_account(sinks: pd.DataFrame) -> pd.DataFrame:
    """One row per claim, sink and account."""
    keys = ["claim", "sink", "account"]
    grouped = sinks.groupby(keys, as_index=False, sort=True, dropna=False, observed=True)
    return grouped.agg(amount_fen=("amount_fen", "sum"), flags=("flags", "max"), probability_bp=("probability_bp", "min"))


def with_probability(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the smallest probability of the inferred links on each row's way; empty where there is none."""
    told = zip(table["flags"].tolist(), table["probability_bp"].tolist(), strict=True)
    return table.assign(probability=[share(int(bp)) if "inferred" in flags.split(";") else "" for flags, bp in told])


def links_told(links: pd.DataFrame) -> pd.DataFrame:
    """The followed links with their redemptions in one cell, rates and probability as decimal strings."""
    return links.assign(redeemed=[";".join(batch) for batch in links["redemptions"]], **shares_of(links))


def shares_of(links: pd.DataFrame) -> dict[str, list[str]]:
    """Rates and probabilities in basis points as decimal strings."""
    return {name: [share(int(value)) for value in links[f"{name}_bp"]] for name in ("rate", "low", "high", "probability")}


def sets_told(links: pd.DataFrame) -> pd.DataFrame:
    """One row per followed set: its payouts and redemptions, each in one cell in the order of the links."""
    by_set = links.groupby(sets_of(links), sort=False)
    same = {name: (name, "first") for name in ("payer", "payee", "kind", "rate_bp", "low_bp", "high_bp")}
    found = by_set.agg(
        payouts=("transfer", ";".join),
        redeemed=("redemptions", lambda batches: ";".join(one for batch in batches for one in batch)),
        face_fen=("face_fen", "sum"),
        payout_fen=("payout_fen", "sum"),
        probability_bp=("probability_bp", "min"),
        **same,
    )
    return found.assign(**shares_of(found))


def statements(frontier: pd.DataFrame) -> pd.DataFrame:
    """One row per statement to ask for: the claims that stop at an account for the same reason are one request."""
    keys = ["account", "institution", "why"]
    grouped = frontier.groupby(keys, as_index=False, sort=True, dropna=False, observed=True)
    return grouped.agg(from_us=("from_us", "min"), to_us=("to_us", "max"), traced_fen=("traced_fen", "sum"))


def json_bytes(value: Any) -> bytes:
    """JSON with a fixed layout: indented, UTF-8, keys in the order given."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def write_whole(path: Path, content: bytes) -> None:
    """Put the content at `path` at once: written beside it, flushed to disk, then renamed."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with waiting.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
