"""What a profile and its name columns say about the accounts of a file."""

import pyarrow as pa
import pyarrow.compute as pc

from ledger.profile import Profile

HINTS = pa.schema(
    [
        ("account", pa.string()),
        ("kind", pa.string()),
        ("institution", pa.string()),
        ("hub", pa.bool_()),
        ("holder_name", pa.string()),
    ]
)


def hinted_accounts(table: pa.Table, profile: Profile) -> pa.Table:
    """Accounts of the rows that a hint or a name speaks of; sorted, one row each.

    Args:
        table: rows with source and target, and `#source_name`, `#target_name` where the file has names.
    """
    accounts, names = _named(table)
    kind, institution = pa.nulls(len(accounts), pa.string()), pa.nulls(len(accounts), pa.string())
    hub = pa.nulls(len(accounts), pa.bool_())
    for hint in profile.accounts:
        fits = pc.and_(pc.match_substring_regex(accounts, hint.match), kind.is_null())
        kind = pc.if_else(fits, hint.kind, kind)
        institution = pc.if_else(fits, hint.institution or pa.scalar(None, pa.string()), institution)
        hub = pc.if_else(fits, hint.hub, hub)
    told = pa.table([accounts, kind, institution, hub, names], schema=HINTS)
    return told.filter(pc.or_(kind.is_valid(), names.is_valid()))


def _named(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Every account in sorted order, with the first of its names in sorted order."""
    pairs = []
    for side in ("source", "target"):
        name = table[f"#{side}_name"] if f"#{side}_name" in table.column_names else pa.nulls(table.num_rows, pa.string())
        pairs.append(pa.table({"account": table[side].cast(pa.string()), "name": name}))
    smallest = pa.concat_tables(pairs).group_by("account").aggregate([("name", "min")]).sort_by([("account", "ascending")])
    return smallest["account"].combine_chunks(), smallest["name_min"].combine_chunks()
