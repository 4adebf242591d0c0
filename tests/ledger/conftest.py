"""Both kinds of manifest: what holds for one must hold for the other."""

from collections.abc import Iterator

import pytest

from tests.postgres import Server, new_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running PostgreSQL of the session's own."""
    import shutil

    server = new_server()
    yield server
    server.stop()
    shutil.rmtree(server.home)


@pytest.fixture(params=["sqlite", "postgresql"])
def manifest(request: pytest.FixtureRequest) -> str | None:
    """What `--manifest` is given: nothing for the manifest in the folder, or the url of the session's PostgreSQL."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres").url
    return url
