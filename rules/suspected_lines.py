"""Lines of the plan for money of victims who have not reported yet: stop payments only, so that the payers can be called."""

from typing import Any

import numpy as np
import pandas as pd

from rules.arrivals import arrivals_of_held, payment_details
from rules.blocked import Free
from rules.lines import LEAST_LIEN_FEN, PREFIXES, Line, currency_of
from rules.rule import FULL
from rules.scope import records
from rules.score import NEVER_BLOCKED, RankingResult
from rules.suspected import PREFIX, Suspected
from rules.wording import counted, percent, span, yuan

SPARED = (*NEVER_BLOCKED, "good_faith_recipient")
"""Roles whose holders are not asked to wait for somebody else's report."""


def suspected_lines(ranking: RankingResult, suspected: Suspected, free: Free | None = None) -> list[Line]:
    """A stop payment for every account and voucher where suspected claims' money rests, beyond what the exact line asks for."""
    places = suspected_places(ranking, suspected, free)
    arrivals = arrivals_of_held(suspected.trace)
    arrivals = arrivals[arrivals["claim"].str.startswith(PREFIX).to_numpy(dtype=bool)]
    details = payment_details(suspected.scope.ledger, arrivals)
    return [line_of(row, details[int(row.account_code)], suspected) for row in records(places)]


def suspected_places(ranking: RankingResult, suspected: Suspected, free: Free | None) -> pd.DataFrame:
    """Per account with suspected money worth asking for: lien, its arithmetic, role, payers.

    What is suspected is what the trace of reported and suspected claims together holds beyond the exact trace, so that no fen
    is asked for twice. At an account with blocks it is what is free of it beside them.

    Args:
        ranking: from which the blocks are taken off.
    """
    both = suspected.trace.held
    mine = both[both["claim"].str.startswith(PREFIX).to_numpy(dtype=bool)]
    codes = np.unique(mine["account_code"].to_numpy(dtype=np.int64))
    held = both.groupby("account_code")["held_fen"].sum().reindex(codes)
    exact = ranking.trace.held.groupby("account_code")["held_fen"].sum().reindex(codes, fill_value=0)
    asked = ranking.frame.set_index("account_code")["lien_fen"].reindex(codes, fill_value=0).to_numpy(dtype=np.int64)
    beyond = np.clip(held.to_numpy(dtype=np.int64) - exact.to_numpy(dtype=np.int64), 0, None)
    beside = (free or Free()).frame.reindex(codes)
    beyond = np.where(beside["suspected_fen"].isna(), beyond, beside["suspected_fen"].fillna(0)).astype(np.int64)
    balance = both.groupby("account_code")["balance_fen"].first().astype("Int64").reindex(codes)
    balance = balance - beside["blocked_fen"].fillna(0).astype("int64")
    room = np.clip(balance.fillna(2**62).to_numpy(dtype=np.int64) - asked, 0, None)
    facts = ranking.ledger.accounts.iloc[codes]
    words = {
        name: facts[name].astype("string[pyarrow]").fillna("").to_numpy(dtype=object)
        for name in ("account", "kind", "institution", "holder_name")
    }
    role = suspected.roles.set_index("account_code")["role"].reindex(codes, fill_value="unknown")
    table = pd.DataFrame(
        {
            "account_code": codes,
            "lien_fen": np.minimum(beyond, room),
            "beyond_fen": beyond,
            "exact_lien_fen": asked,
            "balance_fen": balance.array,
            "since_us": mine.groupby("account_code")["since_us"].max().reindex(codes).to_numpy(dtype=np.int64),
            "role": role.to_numpy(dtype=object),
            "claims": mine.groupby("account_code")["claim"].agg(lambda ids: sorted(set(ids))).reindex(codes).array,
            **words,
        }
    )
    return table[(table["lien_fen"] >= LEAST_LIEN_FEN) & ~table["role"].isin(SPARED)].reset_index(drop=True)


def line_of(row: Any, details: dict[str, object], suspected: Suspected) -> Line:
    """One line."""
    age_us = max(suspected.scope.as_of_us - int(row.since_us), 0)
    chance = suspected.chance_bp[int(row.account_code)]
    expected = int(row.lien_fen) * chance // FULL
    prefix, target_kind = PREFIXES.get(row.kind, ("", "account"))
    return {
        "act": "stop_payment",
        "target_kind": target_kind,
        "target": row.account.removeprefix(prefix),
        "account_code": int(row.account_code),
        "institution": row.institution,
        "holder_name": row.holder_name,
        "lien_fen": int(row.lien_fen),
        "currency": currency_of(suspected.trace),
        "reports": ";".join(row.claims),
        **details,
        "reason": f"{reason_of(row, suspected, age_us)} Expected {yuan(expected)} = lien × chance {percent(chance, FULL)}.",
        "expected_recovery_fen": expected,
        "suspected": True,
    }


def reason_of(row: Any, suspected: Suspected, age_us: int) -> str:
    """Not reported, the arithmetic, and whom to call."""
    paid = suspected.claims[suspected.claims["report"].isin(row.claims)]
    payers, over = counted(paid["victim"].nunique(), "payer"), yuan(int(paid["amount_fen"].sum()))
    known = "not known" if pd.isna(row.balance_fen) else yuan(int(row.balance_fen))
    least = (
        f"min(suspected money held {yuan(row.beyond_fen)}, balance {known} - reported money's lien {yuan(row.exact_lien_fen)})"
    )
    return (
        f"Suspected, not reported: {row.role.replace('_', ' ')}: lien {yuan(row.lien_fen)} = {least}; newest of it "
        f"{span(age_us)} old. Comes from {payers} over {over} who dealt with an account of the ring for the first time: call "
        f"them within the 48 h, lift what none of them reports."
    )
