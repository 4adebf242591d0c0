"""The freeze plan: which amount to ask for, at which account, order or voucher, by which act, in which order."""

from typing import Any

import numpy as np
import pandas as pd

from ledger import Ledger
from rules.arrivals import arrivals_of_held, payment_details
from rules.blocked import Free
from rules.lines import LEAST_LIEN_FEN, PREFIXES, Line, currency_of
from rules.orders import unsettled_orders
from rules.refill import expected_refills
from rules.rule import FULL
from rules.scope import records
from rules.score import RankingResult, by_estimate
from rules.suspected import Suspected
from rules.suspected_lines import suspected_lines
from rules.wording import DAY_US, HOUR_US, percent, span, yuan
from tracing.result import Trace

STOP_US = 48 * HOUR_US
"""A stop payment carries 48 h: for money that came within them. Older money gets the six-month freeze. Grade A."""
WATCH_US, WATCH_ARRIVALS = 7 * DAY_US, 2
"""An emptied account is watched when victims' money came at least twice, the last time within a week. Grade P."""
WATCHED_ROLES = ("mule", "collector", "middleman")
HEARD_FIRST = ("good_faith_recipient", "unknown")
"""Holders who may have given something for the money: hours, never months, so that they can be heard. Grade P."""
HEARING_COST_BP = 2_500
"""A fen asked for at such a holder is weighed against as a quarter of a fen: it may be an innocent's. Grade P."""
ORDER_CHANCE_BP = 5_000
"""That goods of an order have not been handed over yet no record says: one half. Grade P."""
COLUMNS = [
    "act", "target_kind", "target", "account_code", "institution", "holder_name", "lien_fen", "currency", "reports",
    "payer_account", "payment_time_us", "payment_amount_fen", "channel", "reference", "evidence", "reason", "priority",
    "expected_recovery_fen", "suspected",
]  # fmt: skip


def plan_freezes(
    ranking: RankingResult, limit: int | None = None, *, suspected: Suspected | None = None, free: Free | None = None
) -> pd.DataFrame:
    """One line per request, those with the highest value first: expected recovery less what an innocent may lose.

    Args:
        limit: how many lines to keep. Held lots are disjoint, so the money of two lines is never the same money and the best
            K lines that block are simply the K of highest value. Accounts to watch come last, in the order of what is expected
            to pass them, each fen once (`expected_refills`).
        suspected: claims nobody reported yet, as `suspect` finds them: lines of their own, stop payments only. None: none.
        free: what is free beside blocks, already taken off the ranking; None: nothing is blocked.
    Returns:
        act (stop_payment freeze watch), target_kind (account order card qq), target (without its prefix), account_code,
        institution, holder_name, lien_fen (≤ what is held of victims' money and ≤ the balance), currency, reports and
        evidence (';'-joined), payer_account, payment_time_us, payment_amount_fen, channel and reference of the newest
        payment that brought held money, reason, priority (1 = first), expected_recovery_fen,
        suspected (the money is of claims nobody reported yet).
    """
    ledger, trace = ranking.ledger, ranking.trace
    as_of_us = last_instant(ledger, trace)
    lines: list[Line] = []
    if len(trace.traced):
        lines += held_lines(ledger, trace, ranking.frame, as_of_us)
        lines += order_lines(ledger, trace, as_of_us)
        lines += watch_lines(ledger, trace, ranking.frame, as_of_us)
    if suspected is not None:
        lines += suspected_lines(ranking, suspected, free)
    lines = [{"suspected": False, "refill_fen": 0, "value_fen": line["expected_recovery_fen"], **line} for line in lines]
    frame = pd.DataFrame(lines, columns=[name for name in COLUMNS if name != "priority"] + ["refill_fen", "value_fen"])
    # Two lines for one account are one call to its bank: they stand together, where their sum puts them.
    sums = frame.groupby(["target_kind", "target"])[["value_fen", "lien_fen"]].transform("sum")
    frame = frame.assign(watch=frame["act"] == "watch", value_sum=sums["value_fen"], lien_sum=sums["lien_fen"])
    order = ["watch", "value_sum", "refill_fen", "lien_sum", "target", "value_fen", "suspected"]
    frame = frame.sort_values(order, ascending=[True, False, False, False, True, False, True], ignore_index=True)
    frame["priority"] = np.arange(1, len(frame) + 1)
    return frame.head(limit)[COLUMNS] if limit is not None else frame[COLUMNS]


def left_out(ranking: RankingResult, lines: pd.DataFrame) -> tuple[int, int]:
    """Accounts with a lien no line asks for (below `LEAST_LIEN_FEN`, or beyond a limit): how many, and their liens in fen."""
    frame = ranking.frame
    asked = lines.loc[lines["lien_fen"] > 0, "account_code"]
    rest = frame[(frame["lien_fen"] > 0) & ~frame["account_code"].isin(asked)]
    return len(rest), int(rest["lien_fen"].sum())


def last_instant(ledger: Ledger, trace: Trace) -> int:
    """As of when the trace sees: its parameter, else the last transfer."""
    if trace.parameters.as_of_us is not None:
        return trace.parameters.as_of_us
    import pyarrow.compute as pc

    newest = pc.max(ledger.read(("time",))["time"].cast("int64")).as_py()
    return int(newest or 0)


def held_lines(ledger: Ledger, trace: Trace, ranked: pd.DataFrame, as_of_us: int) -> list[Line]:
    """A line for every account and voucher with a lien worth asking for."""
    chosen = ranked[ranked["lien_fen"] >= LEAST_LIEN_FEN]
    arrivals = arrivals_of_held(trace)
    details = payment_details(ledger, arrivals)
    held = trace.held.groupby("account_code")["claim"].agg(lambda claims: ";".join(sorted(set(claims))))
    lines: list[Line] = []
    for row in records(chosen):
        code = int(row.account_code)
        prefix, target_kind = PREFIXES.get(row.kind, ("", "account"))
        lines.append(
            {
                "act": act_of(row, as_of_us),
                "target_kind": target_kind,
                "target": row.account.removeprefix(prefix),
                "account_code": code,
                "institution": row.institution,
                "holder_name": row.holder_name,
                "lien_fen": int(row.lien_fen),
                "currency": currency_of(trace),
                "reports": held[code],
                **details[code],
                "reason": reason_of(row, as_of_us),
                "expected_recovery_fen": int(row.expected_recovery_fen),
                "value_fen": int(row.expected_recovery_fen) - hearing_cost(row),
            }
        )
    return lines


def act_of(row: Any, as_of_us: int) -> str:
    """Stop payment for money that came within 48 h, for vouchers, and where the holder must be heard; else freeze."""
    if row.kind in PREFIXES or row.role in HEARD_FIRST or as_of_us - int(row.since_us) <= STOP_US:
        return "stop_payment"
    return "freeze"


def reason_of(row: Any, as_of_us: int) -> str:
    """The arithmetic of the lien and who the account is, in one sentence or two."""
    word = row.role.replace("_", " ")
    place = f"{word}, tier {row.tier}" if row.tier else word
    known = "not known" if pd.isna(row.balance_fen) else yuan(int(row.balance_fen))
    least = f"min(victims' money held {yuan(row.held_fen)}, balance {known})"
    beside = f", both beside {yuan(int(row.blocked_fen))} that is blocked already" if row.blocked_fen else ""
    text = f"{place}: lien {yuan(row.lien_fen)} = {least}{beside}; newest of it {span(as_of_us - int(row.since_us))} old."
    expected = yuan(row.expected_recovery_fen)
    text += f" Expected {expected} = lien × chance {percent(int(row.chance_bp), FULL)} that it is still there."
    text += f" {by_estimate(row)}" if row.inferred_fen else ""
    if row.role not in HEARD_FIRST:
        return text
    cost = f"weighs {yuan(hearing_cost(row))} ({percent(HEARING_COST_BP, FULL)} of the lien) against the line"
    return f"{text} Hear the holder: the money may have been paid for something, which {cost}."


def hearing_cost(row: Any) -> int:
    """What speaks against blocking money of a holder who may be innocent, in fen."""
    return int(row.lien_fen) * HEARING_COST_BP // FULL if row.role in HEARD_FIRST else 0


def order_lines(ledger: Ledger, trace: Trace, as_of_us: int) -> list[Line]:
    """A stop payment by order for disputed payments that rest at a merchant or courier, which only the order identifies."""
    lines: list[Line] = []
    for row in unsettled_orders(ledger, trace, as_of_us).to_dict("records"):
        open_fen = int(row["open_fen"])
        rests = f"{yuan(open_fen)} of the disputed payment rests at {row['hub']} under this order"
        lines.append(
            {
                **{name: row[name] for name in COLUMNS if name in row},
                "act": "stop_payment",
                "target_kind": "order",
                "lien_fen": open_fen,
                "currency": currency_of(trace),
                "reason": f"{rests}; only the order can be stopped, never the merchant's account.",
                "expected_recovery_fen": open_fen * ORDER_CHANCE_BP // FULL,
            }
        )
    return lines


def watch_lines(ledger: Ledger, trace: Trace, ranked: pd.DataFrame, as_of_us: int) -> list[Line]:
    """Emptied accounts that victims' money reached again and again until lately: movement alerts, nothing blocked."""
    traced = trace.traced
    arrivals = traced.groupby("target_code").agg(count=("transfer_row", "nunique"), last_us=("time_us", "max"))
    busy = arrivals[(arrivals["count"] >= WATCH_ARRIVALS) & (arrivals["last_us"] >= as_of_us - WATCH_US)]
    emptied = ranked[
        ranked["role"].isin(WATCHED_ROLES) & (ranked["lien_fen"] < LEAST_LIEN_FEN) & ranked["account_code"].isin(busy.index)
    ]
    newest = traced[traced["target_code"].isin(emptied["account_code"])]
    details = payment_details(ledger, newest)
    claims = newest.groupby("target_code")["claim"].agg(lambda names: ";".join(sorted(set(names))))
    refills = dict(expected_refills(trace, ranked, emptied["account_code"].tolist()))
    lines: list[Line] = []
    for row in records(emptied):
        code = int(row.account_code)
        refill = yuan(refills[code])
        empty = "nothing free beside what is blocked" if row.blocked_fen else "emptied"
        count, ago = int(busy["count"][code]), span(as_of_us - int(busy["last_us"][code]))
        lines.append(
            {
                "act": "watch",
                "target_kind": "account",
                "target": row.account,
                "account_code": code,
                "institution": row.institution,
                "holder_name": row.holder_name,
                "lien_fen": 0,
                "currency": currency_of(trace),
                "reports": claims[code],
                **details[code],
                "reason": f"{row.role}, {empty}, but victims' money came {count} times, last {ago} ago: may be filled again. "
                f"{refill} of what is held elsewhere is expected to come here and passes no account watched before it.",
                "expected_recovery_fen": 0,
                "refill_fen": refills[code],
            }
        )
    return lines
