"""What links and reports say of claims: rows of (kind, value, claim, account_code, state); account_code -1 for a report."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.identifiers import NUMBER_DIGITS, SEGMENT_DIGITS, SEGMENT_START, normal
from tracing.result import Trace

COLUMNS = ["kind", "value", "claim", "account_code", "state"]
REPORTED = ("phone", "messenger", "app", "url")
LONGEST_NUMBER = 15
"""Digits of a telephone number (E.164); longer ones have no neighbours. Grade A."""


def said_by_links(ledger: Ledger, touched: pd.DataFrame, most: Mapping[str, int]) -> pd.DataFrame:
    """Identifiers of the accounts a claim's money passed. `most`: accounts of the ledger that may share one, by kind."""
    links = ledger.links
    if not len(links):
        return nothing()
    account = pd.Index(ledger.accounts["account"].astype(object)).get_indexer(links["account"].astype(object))
    rows = spelled(links["kind"].astype(object), links["identifier"].astype(object))
    rows["account_code"] = account.astype(np.int64)
    rows["account"] = links["account"].astype(object).to_numpy()
    rows = rows[rows["value"] != ""].drop_duplicates(["kind", "value", "account"])
    shared = rows.groupby(["kind", "value"])["account"].transform("size").to_numpy(dtype=np.int64)
    most_here = rows["kind"].map(most).fillna(0).to_numpy(dtype=np.int64)
    rows["state"] = np.where(rows["public"], "public", np.where(shared > most_here, "too_common", "joins"))
    return rows[rows["account_code"] >= 0].merge(touched, on="account_code")[COLUMNS]


def said_by_reports(ledger: Ledger, trace: Trace, most: int) -> pd.DataFrame:
    """What victims told: the number that called, the messenger, the app, the address. `most`: cases that may name one."""
    claims = pd.Index(trace.claims["claim"].astype(object))
    reports = ledger.reports
    claim = claims.get_indexer(reports["report"].astype(object)).astype(np.int64)
    parts = []
    for kind in REPORTED:
        told = np.flatnonzero((claim >= 0) & reports[kind].notna().to_numpy(dtype=bool))
        values = reports[kind].iloc[told].astype(object)
        rows = spelled(pd.Series([kind] * len(told), dtype=object), values)
        parts.append(rows.assign(claim=claim[told], account_code=-1))
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["value"] != ""].drop_duplicates(["kind", "value", "claim"])
    named = rows.groupby(["kind", "value"])["claim"].transform("size").to_numpy(dtype=np.int64)
    rows["state"] = np.where(rows["public"].astype(bool), "public", np.where(named > most, "too_common", "joins"))
    return rows[COLUMNS]


def said_by_victims(trace: Trace) -> pd.DataFrame:
    """Several reports of one victim."""
    victim = trace.claims["victim"].astype(object).to_numpy()
    claim = np.arange(len(victim), dtype=np.int64)
    return pd.DataFrame({"kind": "victim", "value": victim, "claim": claim, "account_code": -1, "state": "joins"})


def segments(trace: Trace, reported: pd.DataFrame, least: int) -> pd.DataFrame:
    """Cases called from one leased segment, or from numbers that follow one another: of at least `least` victims each."""
    calls = reported[(reported["kind"] == "phone") & (reported["state"] != "public")]
    number = calls["value"].astype(object)
    leased = (number.str.startswith(SEGMENT_START) & (number.str.len() >= NUMBER_DIGITS)).to_numpy(dtype=bool)
    by_segment = calls[leased].assign(kind="segment", value=number[leased].str.slice(0, SEGMENT_DIGITS))
    parts = [by_segment, runs(calls[~leased & (number.str.len() <= LONGEST_NUMBER).to_numpy(dtype=bool)], least)]
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(["kind", "value", "claim"])
    rows["victim"] = trace.claims["victim"].astype(object).to_numpy()[rows["claim"].to_numpy(dtype=np.int64)]
    enough = rows.groupby(["kind", "value"])["victim"].transform("nunique") >= least
    return rows[enough.to_numpy(dtype=bool)].assign(state="joins", account_code=-1)[COLUMNS]


def runs(calls: pd.DataFrame, least: int) -> pd.DataFrame:
    """Runs of at least `least` consecutive numbers of one length; the value is first-last."""
    if not len(calls):
        return calls
    width = calls["value"].str.len().to_numpy(dtype=np.int64)
    number = calls["value"].astype("int64").to_numpy()
    order = np.lexsort((number, width))
    calls, width, number = calls.iloc[order], width[order], number[order]
    # Length comes first: 0138 and 138 are different numbers, though equal as integers.
    begins = np.ones(len(calls), dtype=np.bool_)
    begins[1:] = (width[1:] != width[:-1]) | (np.diff(number) > 1)
    run = np.cumsum(begins) - 1
    values = calls["value"].to_numpy(dtype=object)
    first = values[np.flatnonzero(begins)]
    last = values[np.append(np.flatnonzero(begins)[1:], len(calls)) - 1]
    distinct = np.bincount(run[np.append(True, np.diff(number) != 0) | begins], minlength=len(first))
    names = np.array([f"{a}-{b}" for a, b in zip(first, last, strict=True)], dtype=object)
    found: pd.DataFrame = calls.assign(kind="consecutive", value=names[run])[(distinct >= least)[run]]
    return found


def spelled(kind: "pd.Series[str]", text: "pd.Series[str]") -> pd.DataFrame:
    """Kinds and identifiers in one spelling, with whether each is public: every distinct pair is looked at once."""
    rows = pd.DataFrame({"kind": kind.to_numpy(dtype=object), "text": text.to_numpy(dtype=object)})
    number = rows.groupby(["kind", "text"], sort=False).ngroup().to_numpy(dtype=np.int64)
    distinct = rows.iloc[np.unique(number, return_index=True)[1]] if len(rows) else rows
    found = [normal(str(one), str(words)) for one, words in zip(distinct["kind"], distinct["text"], strict=True)]
    values = np.array([value for value, _ in found], dtype=object)
    public = np.array([is_public for _, is_public in found], dtype=np.bool_)
    return pd.DataFrame({"kind": rows["kind"], "value": values[number], "public": public[number]})


def nothing() -> pd.DataFrame:
    """No rows."""
    return pd.DataFrame({name: pd.Series(dtype="int64" if name in {"claim", "account_code"} else "object") for name in COLUMNS})
