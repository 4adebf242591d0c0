"""The documentation does what it says: the tour's commands give the tour's output, links lead somewhere, nothing leaks."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("datasets/*.md")])


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "api", *words], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tour_of_the_readme_gives_the_output_it_shows(tmp_path: Path) -> None:
    (tour,) = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    steps = re.split(r"^\$ liushui ", tour, flags=re.M)[1:]
    assert len(steps) == 7
    for step in steps:
        command, _, shown = step.partition("\n")
        assert run(shlex.split(command), tmp_path).strip() == shown.strip(), command


def test_the_demo_of_the_readme_is_what_demo_prints(tmp_path: Path) -> None:
    shown = re.search(r"```\n(victims .*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert shown
    assert run(["demo", "demo"], tmp_path).strip() == shown[1].strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]
    assert missing == []


def test_every_page_named_in_the_architecture_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`((?:ledger|tracing|rules|api|docs|datasets|tests)/[\w/]+\.(?:py|md|toml))`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_error_code_of_every_step_has_a_row() -> None:
    sources = [path for room in ("tracing", "rules", "api") for path in (ROOT / room).rglob("*.py")]
    used = {code for path in sources for code in re.findall(r'"((?:API|TRC|RUL)-[a-z-]+)"', path.read_text("utf-8"))}
    page = (ROOT / "docs" / "problems.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `((?:API|TRC|RUL)-[a-z-]+)` \|", page, re.M))
    assert used == documented
