"""Two names of one account in one row, such as a card and its account number: decided once per pair, with the evidence."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ledger.statements.notes import MOST_DECISIONS, Decisions, capped
from ledger.statements.parties import spelt
from ledger.statements.profile import Profile
from ledger.statements.templates import rendered

OTHER_NAME, HOLDER = "#other_name", "#own_holder"
MOST_CARDS = 5
"""A number that stands beside more cards than this is a placeholder or a pooled account, not another name. Grade P."""
_NUMBER = r"^[0-9]{8,}$"
_FILLER = r"^(?:0*|1*|9*|0?1?2?3456789?0?)$"


def name_notes(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> dict[str, pa.Array]:
    """Per row the other name of its own account, and whose account it is as far as the row says so."""
    if not profile.other_names:
        return {}
    other = spelt(profile, rendered(profile.other_names, cells, rows))
    usual = pc.and_(pc.match_substring_regex(other, _NUMBER), pc.invert(pc.match_substring_regex(other, _FILLER)))
    return {
        OTHER_NAME: pc.if_else(pc.fill_null(usual, False), other, pa.scalar(None, pa.string())),
        HOLDER: rendered(["{own_holder}", "{holder}", "{id}", "{own_name}", "{name}"], cells, rows),
    }


def name_decisions(table: pa.Table, own: str, file: str) -> Decisions:
    """`same_account` for every pair of names.

    Args:
        table: rows with the notes and `line`. own: the column with the account's name.
    Returns:
        `applied`; `ambiguous` where the holders differ, or the number stands beside more than `MOST_CARDS` accounts.
    """
    plain = table.select([own, OTHER_NAME, HOLDER, "line"]).rename_columns(["account", "other", "holder", "line"])
    plain = plain.set_column(0, "account", plain["account"].cast(pa.string()))
    plain = plain.filter(pc.fill_null(pc.not_equal(plain["account"], plain["other"]), False))
    lines = plain.group_by(["account", "other"]).aggregate([("line", "min"), ("line", "count")])
    holders = plain.group_by("other").aggregate([("holder", "distinct"), ("account", "distinct")]).to_pylist()
    doubts = {row["other"]: _doubt(row["account_distinct"], row["holder_distinct"]) for row in holders}
    pairs = lines.sort_by([("account", "ascending"), ("other", "ascending")]).slice(0, MOST_DECISIONS).to_pylist()
    return capped([_decision(pair, doubts[pair["other"]], file) for pair in pairs], "same_account", lines.num_rows)


def _doubt(accounts: Sequence[str], holders: Sequence[str | None]) -> str:
    named = {holder for holder in holders if holder}
    if len(accounts) > MOST_CARDS:
        return f"it stands beside {len(accounts):,} accounts"
    return f"its {len(named)} holders differ" if len(named) > 1 else ""


def _decision(pair: Mapping[str, object], doubt: str, file: str) -> dict[str, object]:
    told = f"{file}:{pair['line_min']}: {pair['account']} and {pair['other']} stand in one row as card and account number"
    told += f" (rows: {pair['line_count']:,})" + (f"; but {doubt}" if doubt else "")
    return {
        "kind": "same_account",
        "state": "ambiguous" if doubt else "applied",
        "account": pair["account"],
        "other_account": pair["other"],
        "evidence": told,
    }
