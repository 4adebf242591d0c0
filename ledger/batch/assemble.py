"""Readings of one run as the tables of one batch: ids settled, accounts coded, rows in ledger order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ledger.batch.corrections import superseded_rows
from ledger.batch.declared import account_rows, declared_accounts
from ledger.batch.loose import PLAIN, Loose
from ledger.batch.names import Hashes, text_hashes
from ledger.batch.rejects import Rejects
from ledger.batch.repeated import Ids, drop_repeated, ids_of
from ledger.batch.repeats import find_repeats
from ledger.batch.settled import FinalAccounts, final_accounts, stream
from ledger.batch.small import Numbered, small_table
from ledger.batch.survey import Survey, surveyed
from ledger.fields import PAYMENT_KINDS, VOUCHER_KINDS
from ledger.reading import Reading
from ledger.records import LINKS, REPORTS, TRANSFERS, WORD
from ledger.store.published import Published
from ledger.store.segments import Stream
from ledger.vouchers.conversions import conversions
from ledger.vouchers.sets import settle_sets

CANONICAL = ("csv", "parquet", "jsonl")
"""Formats whose records name both sides; a statement names its own."""


@dataclass(frozen=True)
class Tables:
    """The tables of one batch, by segment kind; empty ones are left out.

    candidates: new transfers that reconciliation may want, in the form of `PLAIN`, in no particular order.
    """

    segments: dict[str, pa.Table | Stream] = field(default_factory=dict)
    candidates: pa.Table = field(default_factory=PLAIN.empty_table)


def assemble(loose: Loose, readings: Sequence[Reading], first_file: int, before: Published, rejects: Rejects) -> Tables:
    """Put a run's readings together.

    Args:
        loose: the transfers that were handed on while files were read; used up when the tables are written.
        readings: sorted; the first has file number `first_file`.
        rejects: told of every row that does not stay, and of doubts that only all files together show.
    """
    numbered = list(enumerate(readings, start=first_file))
    settle_sets(numbered, before, rejects)
    issuers = _collected(loose, numbered, before, rejects)
    reports = _reports(numbered, before, rejects)
    disputed = text_hashes(reports["transfer"].combine_chunks(), loose.key)
    ids, keep = _settled_ids(loose, disputed, before, rejects)
    _tell_unknown(reports, ids.known(disputed), rejects)
    survey = surveyed(loose, keep, references=sum(_names_both_sides(reading) for reading in readings) > 1)
    _tell_self_transfers(survey, rejects)
    declared = declared_accounts(numbered, rejects)
    known = before.accounts["account"].combine_chunks()
    accounts = final_accounts(loose, survey.seen, declared["account"].combine_chunks(), known)
    tables = {
        "accounts": account_rows(declared, accounts.fresh, before, accounts.seen, issuers),
        "transfers": _transfers(loose, accounts, keep),
        "reports": reports,
        "links": _links(numbered),
        "superseded": superseded_rows(rejects.superseding),
    }
    return Tables({kind: table for kind, table in tables.items() if table.num_rows}, survey.candidates)


def _names_both_sides(reading: Reading) -> bool:
    return reading.kind is not None and reading.kind.name in PAYMENT_KINDS and reading.format in CANONICAL


def _collected(loose: Loose, numbered: Numbered, before: Published, rejects: Rejects) -> pa.Table:
    """Add the transfers that are not in `loose` yet, vouchers' events among them; the issuers of cards."""
    loose.settle()
    for _, reading in numbered:
        if reading.kind and reading.kind.name in PAYMENT_KINDS:
            for chunk in reading.handed_on():
                loose.add(reading, reading.kind.name, chunk)
    issuers = pa.table({"card": pa.array([], pa.string()), "issuer": pa.array([], pa.string())})
    for kind in VOUCHER_KINDS:
        events = _events(numbered, kind)
        converted = _converted(kind, events, before, rejects) if events.num_rows else events
        if converted.num_rows:
            loose.add(None, kind, converted)
        if events.num_rows and "issuer" in events.column_names:
            issuers = events.select(["card", "issuer"])
    loose.gather({id(reading): number for number, reading in numbered})
    return issuers


def _settled_ids(loose: Loose, disputed: Hashes, before: Published, rejects: Rejects) -> tuple[Ids, NDArray[np.bool_] | None]:
    """The ids of the run, and which rows stay (None: all)."""
    ids = ids_of(loose, disputed, before)
    keep = drop_repeated(loose, ids, before, rejects)
    for piece in loose.pieces:
        piece.hashes = np.empty(0, np.uint64)
    return ids, keep


def _transfers(loose: Loose, accounts: FinalAccounts, keep: NDArray[np.bool_] | None) -> pa.Table | Stream:
    return stream(loose, accounts, keep) if loose.pieces else TRANSFERS.empty_table()


def _tell_self_transfers(survey: Survey, rejects: Rejects) -> None:
    for file, (number, line) in sorted(survey.own.items()):
        message = f"{number:,} transfers have one account as source and target, the first in this line"
        rejects.doubt(file, line, "LDG-self-transfer", message)


def _events(numbered: Numbered, kind: str) -> pa.Table:
    """Events of one voucher kind from all files, in order of (time, line, event)."""
    parts = [
        chunk.append_column("file", pa.array(np.full(chunk.num_rows, number, np.int32)))
        for number, reading in numbered
        for chunk in reading.of_kind(kind)
    ]
    if not parts:
        return pa.table({})
    plain = [
        part.cast(pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in part.schema]))
        for part in parts
    ]
    table = pa.concat_tables(plain, promote_options="default").combine_chunks()
    return table.sort_by([(name, "ascending") for name in ("time", "line", "event", "file")]).combine_chunks()


def _converted(kind: str, events: pa.Table, before: Published, rejects: Rejects) -> pa.Table:
    purchased, redeemed = before.cards
    made = conversions(kind, events, purchased, redeemed)
    files, lines = events["file"].to_numpy(), events["line"].to_numpy()
    for doubt in made.doubts:
        for row in np.flatnonzero(doubt.rows):
            rejects.doubt(int(files[row]), int(lines[row]), doubt.code, doubt.message)
    for row in np.flatnonzero(made.refused.rows):
        rejects.refuse(int(files[row]), int(lines[row]), made.refused.code, made.refused.message)
    return made.transfers.filter(pa.array(~made.refused.rows))


def _reports(numbered: Numbered, before: Published, rejects: Rejects) -> pa.Table:
    table = small_table(numbered, "reports", REPORTS, {"amount": "amount_fen"})
    if not table.num_rows:
        return table
    content = [name for name in REPORTS.names if name not in ("report", "file", "line")]
    gone = find_repeats(table, before.reports, "report", content)
    rejects.repeats(gone, table, "report")
    keep = np.ones(table.num_rows, bool)
    keep[gone.rows] = False
    return table.filter(pa.array(keep)).sort_by([("report", "ascending")])


def _tell_unknown(reports: pa.Table, known: NDArray[np.bool_], rejects: Rejects) -> None:
    for row in np.flatnonzero(~known):
        place = (reports["file"][row].as_py(), reports["line"][row].as_py())
        name = reports["transfer"][row].as_py()
        rejects.doubt(*place, "LDG-unknown-transfer", f"the disputed transfer {name!r} is not in the ledger yet")


def _links(numbered: Numbered) -> pa.Table:
    table = small_table(numbered, "links", LINKS, {})
    return table.sort_by([(name, "ascending") for name in ("kind", "identifier", "account", "file", "line")])
