"""What only a whole mapped file shows: repeated ids, the order of events, balance breaks, fees, refunds, its accounts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reading import Reading
from ledger.statements.balances import break_decisions, break_messages, chain_breaks, statement_of
from ledger.statements.fees import split_fees
from ledger.statements.headers import Fit
from ledger.statements.hints import hinted_accounts
from ledger.statements.notes import failed_decisions, part_decisions, periods
from ledger.statements.numbering import number_repeats
from ledger.statements.other_names import OTHER_NAME, name_decisions
from ledger.statements.profile import TRANSFER_KINDS, Profile
from ledger.statements.refunds import tied_refunds, with_refunds
from ledger.statements.sequence import sequenced
from ledger.statements.templates import rendered


def finished(reading: Reading, fit: Fit, links: Sequence[pa.Table]) -> None:
    """Settle a file that has been read to its end."""
    profile = fit.profile
    table = pa.concat_tables(reading.chunks, promote_options="default").unify_dictionaries().combine_chunks()
    if links:
        told = pa.concat_tables(links).group_by(["kind", "identifier", "account"]).aggregate([("line", "min")])
        reading.beside["links"] = told.rename_columns(["kind", "identifier", "account", "line"])
    rows = table.num_rows
    if profile.kind in TRANSFER_KINDS:
        table = number_repeats(table, reading, profile)
        if "#refunded" in table.column_names:
            table = tied_refunds(table)
        table = _ordered(table, reading, profile)
        reading.side = hinted_accounts(table, profile)
        reading.decisions += failed_decisions(table, reading.name)
        reading.periods += periods(profile, fit.said, table["#own"]) if profile.amount_sign != "two_sided" else []
        table = _with_parts(table, reading, profile)
    if OTHER_NAME in table.column_names:
        reading.decisions += name_decisions(table, "#own" if "#own" in table.column_names else "account", reading.name)
    reading.derived = table.num_rows - rows
    reading.chunks = [table.drop_columns([name for name in table.column_names if name.startswith("#")])]


def _ordered(table: pa.Table, reading: Reading, profile: Profile) -> pa.Table:
    """The table with `sequence` where it is not the line; breaks of the balance chain told."""
    rows = statement_of(table)
    order = sequenced(rows, profile.order, bool(profile.balance_check))
    reading.decisions += order.decisions
    if profile.balance_check:
        breaks = chain_breaks(rows, order.sequence)
        for line, message in break_messages(rows, breaks):
            reading.complain(line, "LDG-balance-chain", message)
        reading.decisions += break_decisions(rows, breaks, table["transfer"])
    if order.sequence is None:
        return table
    return table.append_column("sequence", pa.array(order.sequence, mask=order.sequence == rows.line))


def _with_parts(table: pa.Table, reading: Reading, profile: Profile) -> pa.Table:
    """The rows followed by the fees and refunds they tell of."""
    rows = table.num_rows
    if "#refunded" in table.column_names:
        made = with_refunds(table)
        reading.decisions += part_decisions(made, "reversal", "told beside the amount; no row of the file gives it back")
        for line in made["line"].to_pylist():
            told = "a refund is told beside the amount and has no row: made, at the time of its original"
            reading.complain(line, "LDG-refund-untimed", told)
        table = pa.concat_tables([table, made.select(table.column_names)]).unify_dictionaries().combine_chunks()
    if profile.fee and "#fee" in table.column_names:
        fee = pc.if_else(pa.array(np.arange(table.num_rows) < rows), table["#fee"], pa.scalar(None, pa.string()))
        before = table.num_rows
        table = split_fees(table, profile, fee, table["#fee_target"])
        reading.decisions += part_decisions(table.slice(before), "fee", "a fee told beside the amount, split off")
    return table


def linked(profile: Profile, cells: Mapping[str, pa.Array], at: pa.Array, line: pa.ChunkedArray) -> list[pa.Table]:
    """The links that rows tell of beside themselves.

    Args:
        at: which of the cells' rows are meant. line: of these.
    """
    tables = []
    for link in profile.links:
        identifier, account = (
            rendered([text], cells, len(next(iter(cells.values())))) for text in (link.identifier, link.account)
        )
        kind = pa.repeat(pa.scalar(link.kind), len(at))
        table = pa.table({"kind": kind, "identifier": identifier.take(at), "account": account.take(at), "line": line})
        tables.append(table.filter(pc.and_(table["identifier"].is_valid(), table["account"].is_valid())))
    return tables
