"""`liushui verify` of traces that follow inferred links: the estimate is made again from the records of its batch."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from api.verification import verify_folder
from tests.api.small import here
from tracing.result import ENGINE_VERSION

HEADER = "transfer,time,source,target,amount\n"


def recycler_files(folder: Path) -> Path:
    """A recycler who buys cards at 97 %, eight batches; one card was bought with a victim's money."""
    random, bank, cards = np.random.default_rng(5), [HEADER], ["event,time,operation,card,issuer,face,amount,account,order\n"]
    bank.append("V,2025-03-01T07:00:00+08:00,victim,buyer1,3000.00\n")
    for day in range(1, 9):
        face = 0
        for number in range(int(random.integers(1, 5))):
            card, value, minute = f"K{day}{number}", int(random.choice([500, 1000])), 10 + number
            at = f"2025-03-{day:02d}T08:{minute}:00+08:00"
            cards.append(f"B{card},{at},purchase,{card},suning,{value}.00,{value}.00,buyer{day % 3 or 3},\n")
            cards.append(f"R{card},{at.replace('T08', 'T10')},redemption,{card},suning,{value}.00,,store,\n")
            face += value
        bank.append(f"P{day},2025-03-{day:02d}T18:00:00+08:00,purse,middleman,{round(face * 0.97)}.00\n")
    accounts = "account,kind,holder,opening_balance\nstore,wallet,h,\npurse,bank,h,900000.00\n"
    folder.mkdir(parents=True)
    files = {"bank.csv": "".join(bank), "gift_card.csv": "".join(cards), "accounts.csv": accounts}
    for name, text in (files | {"reports.csv": "report,victim,transfer\nR1,victim,V\n"}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    here("ingest", folder / "ledger", recycler_files(folder / "records"))
    here("trace", folder / "ledger", "--out", folder / "out", "--inferred")
    return folder / "ledger"


@pytest.fixture
def ledger(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "ledger"))


def rewritten(stored: Path, name: str, old: str, new: str) -> None:
    """Change a file of a stored trace, and its digest with it."""
    path = stored / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    told = json.loads((stored / "trace.json").read_text(encoding="utf-8"))
    if name != "trace.json":
        told["files"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
        (stored / "trace.json").write_text(json.dumps(told), encoding="utf-8")


def links_check(ledger: Path) -> dict[str, object]:
    return next(check for check in verify_folder(ledger) if str(check["check"]).startswith("inferred links"))


def test_links_and_amounts_are_made_again_and_come_out_the_same(ledger: Path) -> None:
    check = links_check(ledger)
    assert (check["ok"], check["problems"]) == (True, [])
    count = int(str(check["told"]).split()[0])
    assert count >= 6
    assert str(check["told"]).endswith("links estimated again from batch 1, every amount traced again")


def test_a_probability_nobody_estimated_is_found_with_right_digests(ledger: Path) -> None:
    (stored,) = (ledger / "traces").glob("*")
    line = (stored / "inferred_links.csv").read_text().splitlines()[-1]
    rewritten(stored, "inferred_links.csv", line, line.rpartition(",")[0] + ",0.9999")
    check = links_check(ledger)
    assert (check["ok"], check["problems"]) == (False, ["inferred_links.csv comes out otherwise"])
    assert "FAIL inferred links of trace" in here("verify", ledger, status=1)[0]


def test_records_that_came_later_do_not_change_what_is_estimated_again(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text(HEADER + "X,2025-03-09T18:00:00+08:00,purse,middleman,970.00\n")
    here("ingest", ledger, tmp_path / "later.csv")
    assert links_check(ledger)["ok"] is True


def test_what_another_engine_made_is_said_not_to_be_verified(ledger: Path) -> None:
    (stored,) = (ledger / "traces").glob("*")
    rewritten(stored, "trace.json", f'"engine_version": "{ENGINE_VERSION}"', '"engine_version": "1"')
    check = links_check(ledger)
    assert (check["ok"], check["told"]) == (True, f"NOT estimated again: engine 1 made it, this is {ENGINE_VERSION}")


def test_a_batch_that_is_gone_is_said_not_to_be_verified(ledger: Path) -> None:
    (stored,) = (ledger / "traces").glob("*")
    rewritten(stored, "trace.json", '"batch": 1', '"batch": 7')
    check = links_check(ledger)
    assert check["ok"] is True
    assert str(check["told"]).startswith("NOT estimated again: ")
