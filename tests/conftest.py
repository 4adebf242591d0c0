"""What all tests share: golden files and the switch that renews them."""

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers share the cores: threads of small regressions only wait


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; review them in git")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with a golden file, or write it with --update-golden."""

    def check(name: str, content: bytes) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        assert path.exists(), f"{name} does not exist; write it with --update-golden"
        assert content == path.read_bytes(), f"{name} differs; look at it, then --update-golden"

    return check


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, "pytest.CallInfo[None]", None]:
    """Under LIUSHUI_SKIPS_FAIL a test that skips because a tool is missing fails instead."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("LIUSHUI_SKIPS_FAIL") and "tool missing" in str(report.longrepr):
        report.outcome = "failed"
