"""How many innocent people a ranking points at: `python -m benchmarks.innocents [--seeds 301-308] [--transfers 3000]`.

By kind of innocent: accounts in the records, ranked ones, a score of 40 or more, stop payments and freezes in the plan.
"""

import argparse
import csv
import sys
import tempfile
from pathlib import Path

import pandas as pd

from ledger import Ledger
from ledger.generate import generate
from ledger.ingest import ingest
from ledger.store.opening import open_ledger
from rules.catalogue import apply_rules
from rules.plan import plan_freezes
from rules.score import rank_accounts
from tracing import trace_claims

KINDS = (
    "payroll", "rent", "merchants and couriers", "recyclers' customers", "good-faith sellers", "victims", "own accounts",
    "other innocents",
)  # fmt: skip
HIGH_SCORE = 40
CUSTOMERS = ("innocent", "end_buyer")
COLUMNS = ["accounts", "ranked", "high", "stopped", "frozen", "unheld"]


def main() -> None:
    """Measure and print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seeds", default="301-308", help="first-last")
    words.add_argument("--transfers", type=int, default=3000, help="rows of one case")
    asked = words.parse_args()
    first, _, last = asked.seeds.partition("-")
    parts = []
    for seed in range(int(first), int(last or first) + 1):
        print(f"case {seed}", file=sys.stderr, flush=True)
        parts.append(measured(seed, asked.transfers))
    table = sum(parts[1:], parts[0])
    print("| innocents | accounts | ranked | score ≥ 40 | stop payments | freezes |\n|---|---:|---:|---:|---:|---:|")
    for kind, row in table.iterrows():
        cells = [f"{row['accounts']:,}", *(f"{row[name]:,}" for name in ("ranked", "high", "stopped", "frozen"))]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    print(f"\nStop payments where no victim's money is held: {table['unheld'].sum()}")


def measured(seed: int, transfers: int | None, folder: Path | None = None) -> pd.DataFrame:
    """One generated case: by kind the accounts, how many are ranked, scored high, stopped, frozen, stopped without cause."""
    with tempfile.TemporaryDirectory(prefix="liushui-innocents-") as place:
        at = folder or Path(place)
        generate(at / "records", "demo", seed, transfers)
        ingest(at / "ledger", [at / "records"])
        return counted(open_ledger(at / "ledger"), at / "records" / "truth")


def counted(ledger: Ledger, truth: Path) -> pd.DataFrame:
    """The counts of an opened case with its truth."""
    trace = trace_claims(ledger)
    result = rank_accounts(ledger, trace, *apply_rules(ledger, trace))
    plan = plan_freezes(result)
    kind = kinds(ledger, truth)
    ranked = result.frame.set_index("account_code")
    lines = plan[plan["target_kind"] == "account"]
    stopped, frozen = (set(lines.loc[lines["act"] == act, "account_code"]) for act in ("stop_payment", "freeze"))
    holding = set(trace.held.loc[trace.held["held_fen"] > 0, "account_code"])
    high = set(ranked.index[ranked["score"] >= HIGH_SCORE])
    parts = {name: set(kind.index[kind == name]) for name in KINDS}
    rows = {
        name: [len(codes), *(len(codes & part) for part in (set(ranked.index), high, stopped, frozen, stopped - holding))]
        for name, codes in parts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS)


def kinds(ledger: Ledger, truth: Path) -> "pd.Series[str]":
    """The kind of innocent per account code; members of the ring, its suppliers and vouchers have none."""
    with (truth / "roles.csv").open(encoding="utf-8") as file:
        roles = {row["account"]: row["role"] for row in csv.DictReader(file)}
    accounts = ledger.accounts["account"].astype(str)
    role = accounts.map(roles).fillna("innocent").to_numpy(dtype=object)
    kind = ledger.accounts["kind"].astype(str).to_numpy(dtype=object)
    found = pd.Series("", index=range(len(accounts)), dtype=object)
    found[(role == "innocent") | (role == "end_buyer")] = "other innocents"
    found[pd.Series(kind).isin(["merchant", "courier", "issuer", "clearing"]).to_numpy()] = "merchants and couriers"
    found[pd.Series(kind).isin(["cash", "card", "q_coin", "loan"]).to_numpy()] = ""
    for word, name in (("victim", "victims"), ("own_account", "own accounts"), ("good_faith_recipient", "good-faith sellers")):
        found[role == word] = name
    moves = ledger.transfers("source", "target", "remark")
    source, target = moves["source"].to_numpy(dtype="int64"), moves["target"].to_numpy(dtype="int64")
    recycler = pd.Series(role).str.endswith("_recycler").to_numpy(dtype=bool)
    plain = pd.Series(role).isin(CUSTOMERS).to_numpy() & (found == "other innocents").to_numpy()
    remark = moves["remark"].astype(object)
    for chosen, name in (
        ((remark == "工资").to_numpy(), "payroll"),
        ((remark == "房租").to_numpy(), "rent"),
        (recycler[source] | recycler[target], "recyclers' customers"),
    ):
        ends = {*source[chosen].tolist(), *target[chosen].tolist()}
        found[[code in ends for code in found.index] & plain] = name
    return found.astype(str)


if __name__ == "__main__":
    main()
