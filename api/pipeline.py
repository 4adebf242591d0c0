"""The straight line from records to a freeze batch and a picture; the command line, REST and the demo all walk it here.

    ingest -> open_ledger -> trace_claims -> apply_rules -> rank_accounts -> plan_freezes -> write_freeze_batch, write_diagram

Clock, environment and randomness stay outside: `now` and seeds are passed in.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from api.blocks import read_blocks
from api.explain import explanation_lines
from api.explanation_files import FORMATS as EXPLANATION_FORMATS
from api.explanation_files import explanation_told, write_explanation
from api.exports import export_for, write_diagram
from api.freezing.batch import write_freeze_batch
from api.judgement import USUAL, Choices, Judged, cuts_told, judge, judged_told, ranking_lines, write_judged
from api.parameters import moment_of, one_of, parameters_from
from api.results import store_trace, write_trace, write_traces
from api.returns import write_returns
from api.rings import find_rings, write_rings
from api.summary import last_moment_us, summary
from ledger.book import Ledger
from ledger.ingest import ingest
from ledger.problems import LiushuiError, Problem
from ledger.reconcile.decisions import switch, write_reconciliation
from ledger.store.compaction import compact
from ledger.store.manifest import is_ledger
from ledger.store.opening import open_ledger
from ledger.store.verify import verify_store
from rules.calibration import calibrate
from rules.evidence import Case, gather
from rules.inferred import infer_links
from rules.labels import read_labels, read_transfer_labels
from rules.weights_file import write_calibration
from tracing.explain import Explanation, check_explainable, explain_held
from tracing.index import build_index, drop_other_indexes
from tracing.result import Parameters, Trace
from tracing.tie_range import with_tie_ranges
from tracing.trace import trace_claims, trace_methods

__all__ = [
    "EXPLANATION_FORMATS",
    "Choices",
    "Judged",
    "cuts_told",
    "explanation_lines",
    "explanation_told",
    "judge",
    "judged_told",
    "open_ledger",
    "ranking_lines",
    "read_blocks",
    "summary",
    "write_explanation",
    "write_judged",
    "write_returns",
    "write_trace",
]


def ingest_records(
    folder: Path,
    paths: Sequence[Path],
    profiles: Sequence[Path] = (),
    show: Callable[..., None] | None = None,
    **choices: Any,
) -> tuple[dict[str, Any], list[Problem]]:
    """Ingest files and folders and build the lot index; what was published, and the problems.

    `choices` go on to `ledger.ingest.ingest`. `usable` is false when nothing was published and nothing was there already.
    """
    result = ingest(folder, paths, profiles=profiles, progress=show, **choices)
    if result.batch is not None:
        index(folder)
        write_reconciliation(folder)
    told = {
        "published": result.batch is not None,
        "usable": result.landed,
        "batch": result.batch,
        "digest": result.digest,
        "rows": {"accounts": result.accounts, "transfers": result.transfers, "reports": result.reports},
        "files": [asdict(source) for source in result.sources],
        "known": list(result.known),
    }
    return told, list(result.problems)


def reconcile_ledger(folder: Path, off: Sequence[str], on: Sequence[str]) -> dict[str, Any]:
    """Switch decisions, write reconciliation.csv, and count what is in force by kind and state."""
    switched = switch(folder, off, on)
    if switched.batch is not None:
        index(folder)
    path = write_reconciliation(folder)
    decisions = open_ledger(folder).decisions
    counts = Counter(zip(decisions["kind"], decisions["state"], strict=True))
    kinds = [{"kind": kind, "state": state, "decisions": number} for (kind, state), number in sorted(counts.items())]
    return {"batch": switched.batch, "changed": switched.changed, "kinds": kinds, "file": str(path)}


def index(folder: Path) -> None:
    """Build the lot index of the last state and drop those of earlier ones."""
    ledger = open_ledger(folder)
    build_index(ledger)
    drop_other_indexes(ledger)


def generate_records(
    out: Path, scenario: str, seed: int, transfers: int | None, show: Callable[..., None] | None = None
) -> dict[str, Any]:
    """Make a record folder with its truth; what was written, without the time it took."""
    from ledger.generate import generate, scenario_names

    one_of(scenario, scenario_names(), "scenario")
    made = asdict(generate(out, scenario, seed, transfers, show))
    return {name: str(value) if isinstance(value, Path) else value for name, value in made.items() if name != "seconds"}


def open_if_any(folder: Path) -> Ledger | None:
    """The ledger, or None before its first batch."""
    return open_ledger(folder) if is_ledger(folder) else None


def compact_ledger(folder: Path, drop: bool, grace_seconds: float, show: Callable[..., None] | None = None) -> dict[str, Any]:
    """Merge the segments of many batches, and build the lot index of the state after it; what was done."""
    done = compact(folder, drop=drop, grace_seconds=grace_seconds, progress=show)
    if done.batch is not None:
        index(folder)
    return asdict(done)


def store_problems(folder: Path, show: Callable[..., None] | None = None) -> tuple[int, list[str]]:
    """How many things of the published records were checked, and what of it does not hold."""
    checks = verify_store(folder, show)
    return len(checks), [f"{one.name}: {one.detail}" for one in checks if not one.sound]


def trace_ledger(ledger: Ledger, parameters: Parameters) -> Trace:
    """Follow the reported money; where inferred links are asked for, estimate them first."""
    links, met = inferred_links(ledger, parameters)
    trace = trace_claims(ledger, parameters, links)
    return replace(trace, warnings=trace.warnings + met) if met else trace


def inferred_links(ledger: Ledger, parameters: Parameters) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """The inferred links of the whole ledger as the trace sees it, and what bounded their search; none unless asked for."""
    if not parameters.inferred:
        return None, ()
    found = infer_links(ledger, parameters.as_of_us)
    return found.links, tuple(problem.message for problem in found.problems)


def explained(ledger: Ledger, account: str, report: str, parameters: Parameters, every: bool) -> Explanation:
    """How a report's money came to rest at an account; where inferred links are asked for, estimate them first."""
    check_explainable(parameters)
    return explain_held(ledger, account, report, parameters, every, inferred_links(ledger, parameters)[0])


def trace_to_keep(ledger: Ledger, parameters: Parameters) -> Trace:
    """Follow the reported money, and say where the order within an instant matters."""
    return with_tie_ranges(ledger, {parameters.method: trace_ledger(ledger, parameters)})[parameters.method]


def trace_by_all(ledger: Ledger, parameters: Parameters, out: Path) -> tuple[Trace, dict[str, Any]]:
    """Follow the reported money by every method, write each; the FIFO trace, and how far the methods disagree."""
    links, met = inferred_links(ledger, parameters)
    traces = with_tie_ranges(ledger, trace_methods(ledger, parameters, inferred=links))
    traces = {method: replace(trace, warnings=trace.warnings + met) for method, trace in traces.items()}
    return traces["fifo"], write_traces(ledger, traces, out)


def keep_trace(ledger: Ledger, trace: Trace, folder: Path) -> Path:
    """Keep the trace beside the ledger, for `verify`."""
    return store_trace(ledger, trace, folder / "traces")


def judge_trace(
    ledger: Ledger,
    trace: Trace,
    now: datetime | None = None,
    limit: int | None = None,
    choices: Choices = USUAL,
) -> Judged:
    """Findings, ranking and freeze lines; without `now` for the moment the records end. See `judge`."""
    return judge(ledger, trace, records_end_us(ledger, trace), now, limit, choices)


def calibrate_ledgers(
    cases: Sequence[tuple[Path, Path, Path | None, str | None]], out: Path, whole: bool, show: Callable[..., None]
) -> dict[str, Any]:
    """Fit points on the labelled accounts of every case and write them with their reliability; the report.

    Args:
        cases: ledger, labels of accounts, labels of transfers, and until when, of each.
    """
    told = [
        (read_labels(labels), {} if transfers is None else read_transfer_labels(transfers), parameters_from({"as_of": as_of}))
        for _, labels, transfers, as_of in cases
    ]
    judged = []
    for number, (labels, transfers, parameters) in enumerate(told):
        show(number, len(cases))
        ledger = open_ledger(cases[number][0])
        trace = trace_ledger(ledger, parameters)
        judged.append(Case(judge_trace(ledger, trace, choices=Choices(whole=whole)).result, labels, transfers))
    made = calibrate(gather(judged))
    write_calibration(made, out)
    return made.report | {"weights_digest": made.weights.digest}


def find_and_write_rings(ledger: Ledger, trace: Trace, out: Path) -> dict[str, Any]:
    """Tie the claims to rings and write a page on each; the rings in numbers."""
    if not len(trace.claims):
        why = trace.warnings[0] if trace.warnings else "the ledger holds no reports"
        raise LiushuiError("API-no-claims", f"no report can be traced: {why}")
    return write_rings(find_rings(ledger, trace), out)


def records_end(ledger: Ledger, trace: Trace) -> datetime:
    """The end of the records the trace saw: as_of, or else the last transfer or report."""
    return moment_of(records_end_us(ledger, trace))


def records_end_us(ledger: Ledger, trace: Trace) -> int:
    """As `records_end`, in UTC microseconds."""
    as_of = trace.parameters.as_of_us
    return as_of if as_of is not None else last_moment_us(ledger)


def check_drawable(path: Path) -> None:
    """Refuse a picture format that does not exist, before any work.

    Raises: LiushuiError that names the formats.
    """
    export_for(path.suffix)


def draw(ledger: Ledger, trace: Trace, path: Path, *, title: str, judged: Judged | None = None) -> None:
    """Draw the flow diagram in the format of the file's extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_diagram(ledger, trace, path, title=title, roles=None if judged is None else judged.roles())


def write_batch(ledger: Ledger, trace: Trace, judged: Judged, out: Path, *, now: datetime, case: str) -> dict[str, Any]:
    """Write the freeze batch folder, its acts valid from `now`; what batch.json says."""
    write_freeze_batch(out, ledger, trace, judged.lines, now=now, case=case)
    told: dict[str, Any] = json.loads((out / "batch.json").read_text(encoding="utf-8"))
    return told
