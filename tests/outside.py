"""Where the outside data lies; tests that need it skip with one line where it is absent."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def outside(name: str) -> Path:
    """The folder or file of that name in the outside data."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"outside data {name} is not here")
    return path
