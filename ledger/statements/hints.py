"""What a profile and its name columns say about the accounts of a file."""

import pyarrow as pa
import pyarrow.compute as pc

from ledger.statements.profile import Profile

HINTS = pa.schema(
    [
        ("account", pa.string()),
        ("kind", pa.string()),
        ("institution", pa.string()),
        ("hub", pa.bool_()),
        ("holder_name", pa.string()),
        ("holder", pa.string()),
    ]
)
_TOLD = ("name", "holder", "institution")


def hinted_accounts(table: pa.Table, profile: Profile) -> pa.Table:
    """Accounts of the rows that a hint, a name, a holder or an institution speaks of; sorted, one row each.

    Args:
        table: rows with source and target, and `#source_name`, `#target_holder`, … where the file has such columns.
    """
    told = _named(table)
    accounts = told["account"].combine_chunks()
    kind, institution = pa.nulls(len(accounts), pa.string()), pa.nulls(len(accounts), pa.string())
    hub = pa.nulls(len(accounts), pa.bool_())
    for hint in profile.accounts:
        fits = pc.and_(pc.match_substring_regex(accounts, hint.match), kind.is_null())
        kind = pc.if_else(fits, hint.kind, kind)
        institution = pc.if_else(fits, hint.institution or pa.scalar(None, pa.string()), institution)
        hub = pc.if_else(fits, hint.hub, hub)
    names, holders, institutions = (told[f"{what}_min"].combine_chunks() for what in _TOLD)
    hinted = pa.table([accounts, kind, pc.coalesce(institutions, institution), hub, names, holders], schema=HINTS)
    return hinted.filter(pc.or_(pc.or_(kind.is_valid(), names.is_valid()), pc.or_(holders.is_valid(), institutions.is_valid())))


def _named(table: pa.Table) -> pa.Table:
    """Every account in sorted order, with the first of its names, holders and institutions in sorted order."""
    pairs = []
    for side in ("source", "target"):
        columns = {"account": table[side].cast(pa.string())}
        for what in _TOLD:
            note = f"#{side}_{what}"
            columns[what] = table[note] if note in table.column_names else pa.nulls(table.num_rows, pa.string())
        pairs.append(pa.table(columns))
    both = pa.concat_tables(pairs)
    return both.group_by("account").aggregate([(what, "min") for what in _TOLD]).sort_by([("account", "ascending")])
