"""The decisions of a ledger: kept as a table, shown as reconciliation.csv, switched off and on again."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ledger.formulas import guarded
from ledger.problems import LiushuiError
from ledger.records import DECISION_KINDS, DECISIONS
from ledger.store.changes import SWITCH
from ledger.store.locking import writing
from ledger.store.manifest import create, read_state, state_of
from ledger.store.publishing import publish_tables
from ledger.store.stored import StoredTransfers

RECONCILIATION = "reconciliation.csv"
COLUMNS = (
    "decision",
    "kind",
    "state",
    "transfer",
    "transfer_at",
    "other",
    "other_at",
    "account",
    "other_account",
    "from_time",
    "to_time",
    "amount",
    "evidence",
)
"""Columns of reconciliation.csv; `transfer_at` and `other_at` are the file and line of the two rows."""


@dataclass(frozen=True)
class Switched:
    """What a change of switches did. batch: the new batch, None when nothing was different before."""

    batch: int | None
    changed: int
    decisions: int


def decision_rows(rows: Iterable[dict[str, object]]) -> pa.Table:
    """Rows in the form of `DECISIONS`; missing values are null."""
    return pa.Table.from_pylist([{name: row.get(name) for name in DECISIONS.names} for row in rows], DECISIONS)


def switch(folder: Path, off: Sequence[str] = (), on: Sequence[str] = ()) -> Switched:
    """Switch decisions off or on again, by kind or by id; published as a batch of its own, so that the past stays as it was.

    Raises LiushuiError when a name is neither a kind nor a decision in force, or the ledger cannot be written.
    """
    folder = Path(folder)
    read_state(folder)  # a folder that is no ledger is not made one
    with writing(folder):
        engine = create(folder)
        try:
            state = state_of(engine)
            standing = StoredTransfers(folder, state).standing
            rows = [*_changed(standing, off, ("applied",), "off"), *_changed(standing, on, ("off", "ambiguous"), "applied")]
            if rows:
                state = publish_tables(folder, engine, state, {"reconciliation": decision_rows(rows)})
            return Switched(state.batch if rows else None, len(rows), standing.num_rows)
        finally:
            engine.dispose()


def _changed(standing: pa.Table, names: Sequence[str], before: Sequence[str], after: str) -> list[dict[str, object]]:
    """The named decisions that are in another state, in their new one."""
    rows = []
    held = {row["decision"]: row for row in standing.to_pylist()} if names else {}
    for name in names:
        key = SWITCH + name if name in DECISION_KINDS else name
        row = held.get(key)
        if row is None and name not in DECISION_KINDS:
            kinds = ", ".join(DECISION_KINDS)
            raise LiushuiError("LDG-decision", f"{name!r} is neither a decision of this ledger nor one of the kinds {kinds}")
        if row is None and after == "off":
            row = {"decision": key, "kind": name, "state": "applied", "evidence": "the whole kind, switched by hand"}
        if row is not None and row["state"] in before:
            rows.append(row | {"state": after})
        elif row is not None and row["state"] == "noted":
            raise LiushuiError("LDG-decision", f"{name!r} only notes something; it changes nothing that could be switched")
    return rows


def write_reconciliation(folder: Path) -> Path:
    """Replace LEDGER/reconciliation.csv by the decisions in force, each with the file and line of its rows."""
    state = read_state(folder)
    stored = StoredTransfers(folder, state)
    files = [source.name for source in state.sources]
    places = _places(stored, files)
    temporary = folder / f".{RECONCILIATION}.tmp"
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        for batch in stored.standing.to_batches(max_chunksize=1 << 16):
            writer.writerows(_shown(row, places) for row in batch.to_pylist())
    return temporary.replace(folder / RECONCILIATION)


def _places(stored: StoredTransfers, files: Sequence[str]) -> dict[str, str]:
    """File and line of every transfer a decision names; the later row where an id was corrected."""
    columns = [stored.standing["transfer"], stored.standing["other"]]
    ids = pc.unique(pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string()).drop_null())
    rows = stored.rows_of(ids)
    told = stored.fetch_stored(rows, ["transfer", "file", "line"])
    return {row["transfer"]: f"{files[row['file']]}:{row['line']}" for row in told.to_pylist()}


def _shown(row: dict[str, object], places: dict[str, str]) -> list[str]:
    shown = dict(row)
    for name in ("transfer", "other"):
        shown[f"{name}_at"] = places.get(str(row[name]), "")
    for name in ("from_time", "to_time"):
        time = row[name]
        shown[name] = time.isoformat() if isinstance(time, datetime) else ""
    amount = row["amount_fen"]
    texts = {name: guarded(str(shown.get(name) or "")) for name in COLUMNS}
    return list((texts | {"amount": _yuan(amount) if isinstance(amount, int) else ""}).values())


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
