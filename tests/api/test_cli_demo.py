"""The demo: one command, ten lines, the same files every time."""

import hashlib
import re

import pytest

from tests.api.small import here, liushui


def digests(folder):
    kept = [path for path in sorted(folder.rglob("*")) if path.is_file() and "ledger" not in path.relative_to(folder).parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    return folder, liushui("demo", folder).stdout


def test_the_demo_tells_what_was_found_in_about_ten_lines(demo):
    folder, text = demo
    lines = text.splitlines()
    assert 8 <= len(lines) <= 14
    heads = "victims lost path now gone freeze saves roles rates files next"
    assert [line.split()[0] for line in lines] == heads.split()
    assert lines[-1].split(maxsplit=1)[1] == f"liushui serve {folder / 'ledger'}"
    assert "held + sinks = claim for every claim: yes" in text


def test_the_demo_writes_what_it_names(demo):
    folder, _ = demo
    for name in (
        "diagram.svg",
        "diagram.png",
        "result/traced.csv",
        "result/ranking.csv",
        "result/findings.csv",
        "freeze/batch.json",
        "records/truth",
    ):
        assert (folder / name).exists(), name


def test_both_recyclers_rates_are_estimated_within_a_hundredth(demo):
    rates = [
        float(rate) for rate in re.findall(r"0\.\d+", next(line for line in demo[1].splitlines() if line.startswith("rates")))
    ]
    assert any(abs(rate - 0.97) <= 0.01 for rate in rates)
    assert any(abs(rate - 0.86) <= 0.01 for rate in rates)


def test_the_demo_again_gives_the_same_files(demo):
    folder, text = demo
    before = digests(folder)
    assert here("demo", folder)[0] == text
    assert digests(folder) == before


def test_the_demos_ledger_verifies(demo):
    assert "checks hold" in here("verify", demo[0] / "ledger")[0]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "holds other files" in here("demo", tmp_path, status=1)[1]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
