"""Every problem code the ledger can report stands in the catalogue and in docs/problems.md, and nowhere else."""

import re
from dataclasses import fields
from pathlib import Path

import ledger
from ledger.catalogue import PROBLEM_KINDS
from ledger.statements.profile import SHIPPED, Profile

ROOT = Path(__file__).resolve().parents[2]


def test_every_problem_kind_has_its_row_in_the_docs() -> None:
    rows = [
        tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        for line in (ROOT / "docs" / "problems.md").read_text("utf-8").splitlines()
        if line.startswith("| `LDG-")
    ]
    assert [row[:3] for row in rows] == [(kind.code, kind.severity, kind.meaning) for kind in PROBLEM_KINDS]
    assert all(len(row) == 4 and row[3] for row in rows)


def test_codes_in_the_code_and_in_the_catalogue_are_the_same() -> None:
    files = (file for file in (ROOT / "ledger").rglob("*.py") if "generate" not in file.parts)
    used = {code for file in files for code in re.findall(r'"(LDG-[a-z-]+)"', file.read_text("utf-8"))}
    assert used == {kind.code for kind in PROBLEM_KINDS}


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(ledger, name) for name in ledger.__all__)


def test_every_key_of_a_profile_stands_in_the_docs() -> None:
    text = (ROOT / "docs" / "profiles.md").read_text("utf-8")
    keys = {field.name for field in fields(Profile)} - {"own"}
    assert [key for key in sorted(keys) if not re.search(rf"`\[*{key}\]*`", text)] == []
    assert [path.stem for path in sorted(SHIPPED.glob("*.toml")) if f"| `{path.stem}` |" not in text] == []
