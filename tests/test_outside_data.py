"""Real input that nobody here made, from the command line to the picture: two thefts, wallet bills, a bank's entries."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ledger import open_ledger
from tests.outside import outside
from tracing import reach


def liushui(*words: object) -> str:
    """Run the command; its standard output."""
    done = subprocess.run([sys.executable, "-m", "api", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def theft(folder: Path, cluster: str) -> Path:
    """A ledger of the theft's flows in which every outflow of a source address is reported."""
    data = outside(f"onchain/{cluster}")
    ledger_folder = folder / "ledger"
    liushui("ingest", ledger_folder, data / "flow_records.csv")
    sources = set((data / "source_addresses.csv").read_text().split())
    ledger = open_ledger(ledger_folder)
    account = ledger.accounts["account"].to_numpy(dtype=object)
    transfers = ledger.transfers("transfer", "source")
    paid = zip(transfers["transfer"], account[transfers["source"].to_numpy()], strict=True)
    lost = [(identifier, payer) for identifier, payer in paid if payer in sources]
    with (folder / "reports.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["report", "victim", "transfer"])
        writer.writerows([f"R{number:04d}", victim, identifier] for number, (identifier, victim) in enumerate(lost, start=1))
    liushui("ingest", ledger_folder, folder / "reports.csv")
    return ledger_folder


@pytest.mark.parametrize(
    ("cluster", "claims", "lost", "reached", "depth", "at_rest"),
    [("cluster_3", 32, "9685530.16", 33, 20, 31), ("cluster_5", 71, "575011.93", 449, 11, 254)],
)
def test_a_real_theft_is_followed_to_its_terminals(
    tmp_path: Path, cluster: str, claims: int, lost: str, reached: int, depth: int, at_rest: int
) -> None:
    folder = theft(tmp_path, cluster)
    data = outside(f"onchain/{cluster}")
    terminals = set((data / "terminal_addresses.csv").read_text().split())
    sources = set((data / "source_addresses.csv").read_text().split())
    ledger = open_ledger(folder)
    starts = np.flatnonzero(ledger.accounts["account"].isin(sources).to_numpy(dtype=bool)).astype(np.int32)
    found = reach(ledger, starts)
    assert len(terminals & set(found["account"])) == reached
    assert found["hop"].max() == depth

    told = json.loads(liushui("trace", folder, "--out", tmp_path / "out", "--json"))
    assert (told["totals"]["claims"], told["totals"]["amount"], told["totals"]["identity"]) == (claims, lost, True)
    assert told["reach"]["terminals"] == at_rest
    verified = liushui("verify", folder)
    assert "0 mismatches" in verified


@pytest.mark.parametrize(("name", "rows"), [("wechat", 27), ("alipay", 10)])
def test_every_line_of_a_wallet_bill_is_a_row_or_a_problem(tmp_path: Path, name: str, rows: int) -> None:
    told = json.loads(liushui("ingest", tmp_path / "ledger", outside(f"statements/{name}"), "--json"))
    (source,) = told["files"]
    assert source["lines"] == rows
    assert source["published"] - source["derived"] + source["rejected"] == rows


def test_a_real_banks_entries_land_but_for_the_broken_last_line(tmp_path: Path) -> None:
    told = json.loads(liushui("ingest", tmp_path / "ledger", outside("berka/trans_part.asc.gz"), "--json"))
    assert told["rows"]["transfers"] == 49_102
    with (tmp_path / "ledger" / "problems.csv").open(newline="") as lines:
        problems = list(csv.DictReader(lines))
    assert [(p["line"], p["severity"]) for p in problems if p["severity"] == "error"] == [("49104", "error")]
    assert any(p["code"] == "LDG-balance-chain" for p in problems)
    assert "all 2 checks hold" in liushui("verify", tmp_path / "ledger")
