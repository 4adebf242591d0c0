"""A desk calibrates on its labels and ranks with the weights: with reports and without, by accounts and by transfers."""

import csv
import json

import pytest

from tests.api.small import here, told_here
from tests.rules import labelled


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A ledger of gangs that are known, one of others that are not, both without reports, and the labels of the first."""
    folder = tmp_path_factory.mktemp("desk")
    for name, seed in (("known", 1), ("new", 2)):
        rows, labels, launders = labelled.bank(seed)
        (folder / name).mkdir()
        numbered = [(f"T{number}", *row) for number, row in enumerate(rows)]
        write(folder / name / "bank.csv", ("transfer", "time", "source", "target", "amount"), numbered)
        accounts = [(one.account, int(one.member), one.group) for one in labels]
        write(folder / f"{name}.csv", ("account", "label", "group"), accounts)
        write(folder / f"{name}-transfers.csv", ("transfer", "label"), [(f"T{row}", 1) for row in sorted(launders)])
        told_here("ingest", folder / f"{name}-ledger", folder / name)
    return folder


@pytest.fixture(scope="module")
def weights(desk):
    """Weights fitted on the labels of accounts, and what calibrate said."""
    words = ("--labels", desk / "known.csv", "--out", desk / "weights", "--whole")
    return desk / "weights" / "weights.toml", told_here("calibrate", desk / "known-ledger", *words)


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def ranking(folder):
    with (folder / "ranking.csv").open(encoding="utf-8") as file:
        return {row["account"]: row for row in csv.DictReader(file)}


def test_weights_fitted_on_old_gangs_name_new_ones_in_a_ledger_without_reports(desk, weights, tmp_path):
    path, made = weights
    assert (made["held_back_by"], made["dealings"]["used"], made["dealings"]["laundering"]) == ("ring", True, 84)
    assert made["average_precision"] > 0.95 > made["average_precision_without_dealings"]
    told = told_here("rank", desk / "new-ledger", "--out", tmp_path, "--whole", "--weights", path)
    rows = ranking(tmp_path)
    gang = [name for name, row in rows.items() if int(row["score"]) >= 40]
    assert (len(gang), {name[0] for name in gang}) == (70, {"g"})
    assert all("RUL-LIKENESS: Most of all T" in rows[name]["explanation"] for name in gang)
    assert (told["recoverable"], json.loads((tmp_path / "ranking.json").read_text("utf-8"))["whole"]) == ("0.00", True)


def test_a_ledger_may_be_given_until_several_instants_and_transfers_be_named(desk, tmp_path):
    ledger, labels = desk / "known-ledger", ("--labels", desk / "known.csv", "--transfers", desk / "known-transfers.csv")
    times = ("--as-of", "2025-02-20T00:00:00+08:00", "--as-of", "2025-03-10T00:00:00+08:00")
    made = told_here("calibrate", ledger, ledger, *labels, "--out", tmp_path, "--whole", *times)
    assert (made["dealings"]["used"], made["dealings"]["laundering"]) == (True, 42 + 84)
    done = here("calibrate", ledger, ledger, ledger, *labels, "--out", tmp_path, *times, status=2)
    assert "2 values for 3 ledgers" in str(done)


def test_without_reports_a_ranking_must_be_asked_for_over_the_whole_ledger(desk, tmp_path):
    done = here("rank", desk / "new-ledger", "--out", tmp_path, status=1)
    assert "no report can be traced" in str(done)
    assert told_here("rank", desk / "new-ledger", "--out", tmp_path, "--whole")["recoverable"] == "0.00"


def test_a_traced_account_gets_points_for_its_dealings(desk, weights, tmp_path):
    rows, _, launders = labelled.bank(2)
    first = min(launders)
    write(tmp_path / "reports.csv", ("report", "victim", "transfer"), [("R1", rows[first][1], f"T{first}")])
    told_here("ingest", tmp_path / "ledger", desk / "new", tmp_path / "reports.csv")
    told_here("rank", tmp_path / "ledger", "--out", tmp_path / "r", "--weights", weights[0])
    told_here("rank", tmp_path / "ledger", "--out", tmp_path / "w", "--weights", weights[0], "--whole")
    near, whole = ranking(tmp_path / "r"), ranking(tmp_path / "w")
    mule = rows[first][2]
    assert "RUL-LIKENESS" in near[mule]["explanation"]
    assert len(near) < 10 < len(whole)
    assert near[mule]["lien"] == whole[mule]["lien"] != "0.00"
    likeness = [row[mule]["explanation"].partition("RUL-LIKENESS")[2].partition(" %)")[0] for row in (near, whole)]
    assert likeness[0] == likeness[1]
