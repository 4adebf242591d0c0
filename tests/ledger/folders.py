"""Record files for the ledger's tests: written as a desk would hand them in."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.ingest import IngestResult, ingest
from ledger.problems import Problem

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
BANK = "transfer,time,source,target,amount"

PEAK = """
import json, resource, sys
from pathlib import Path
from ledger.ingest import ingest
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = ingest(Path(sys.argv[1]), [Path(sys.argv[2])])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
told = [(one.file, one.line, one.code) for one in result.problems]
print(json.dumps({"landed": result.landed, "transfers": result.transfers, "told": told, "grown_mib": (peak - before) // 1024}))
"""


def shared(name: str) -> Path:
    """A file of outside data; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.exists():
        if os.environ.get("CI_NO_SKIPS"):
            pytest.fail(f"{name} is absent")
        pytest.skip(f"outside data {name} is absent")
    return path


def bank(count: int, prefix: str = "T", accounts: int = 7) -> str:
    """A sound bank file of that many transfers, one a minute."""
    start = datetime.fromisoformat("2025-03-01T00:00:00+08:00")
    rows = (
        f"{prefix}{n},{(start + timedelta(minutes=n)).isoformat()},"
        f"62220000{n % accounts},62220001{n % (accounts + 1)},{n + 1}.{n % 100:02d}"
        for n in range(count)
    )
    return "\n".join([BANK, *rows]) + "\n"


def put(folder: Path, **files: str | bytes) -> Path:
    """Write files by name (an underscore stands for the last dot)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / ".".join(name.rsplit("_", 1))
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def land(tmp_path: Path, **files: str | bytes) -> IngestResult:
    """Ingest files into the ledger at `tmp_path/ledger`."""
    return ingest(tmp_path / "ledger", [put(tmp_path / "records", **files)])


def codes(problems: Iterable[Problem], *severities: str) -> list[str]:
    """The codes of the problems, all or those of some severities."""
    return [problem.code for problem in problems if not severities or problem.severity in severities]


def in_process(folder: Path) -> dict[str, object]:
    """What an ingest of `folder/records` in a process of its own told, and by how many MiB it grew."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, folder / "ledger", folder / "records"],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result
