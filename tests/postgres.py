"""A PostgreSQL server of the tests' own: one cluster per session, on a socket in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest


@dataclass(frozen=True)
class Server:
    """A running cluster; it can be stopped and started again like that of a desk."""

    home: Path
    binaries: Path
    account: str | None

    @property
    def url(self) -> str:
        """Where a manifest can be kept."""
        return f"postgresql+psycopg://desk@/postgres?host={quote(str(self.home), safe='')}"

    def run(self, program: str, *words: str) -> None:
        """Run one of the server's programs as its account, which must not be root."""
        command = [str(self.binaries / program), *words]
        log = self.home / "programs.log"
        with log.open("ab") as stream:
            done = subprocess.run(command, user=self.account, cwd=self.home, stdout=stream, stderr=stream, check=False)
        assert done.returncode == 0, log.read_text("utf-8", "replace")[-2000:]

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-k {self.home} -c listen_addresses= -c fsync=off -c max_connections=60"
        self.run("pg_ctl", "start", "-w", "-D", str(self.home / "data"), "-l", str(self.home / "server.log"), "-o", options)

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.home / "data"))

    def stop_if_running(self) -> None:
        """Stop it where a test has not done so already."""
        if (self.home / "data" / "postmaster.pid").exists():
            self.stop()


def binaries() -> Path | None:
    """The folder of initdb and postgres."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "postgres").exists()), None)


def new_server() -> Server:
    """A cluster that runs; the test is skipped where PostgreSQL is not installed."""
    folder = binaries()
    if folder is None:
        pytest.skip("tool missing: PostgreSQL (initdb, postgres)")
    home = Path(tempfile.mkdtemp(prefix="liushui-pg-"))
    account = None
    if os.geteuid() == 0:
        account = "nobody"
        shutil.chown(home, account)
    server = Server(home, folder, account)
    server.run("initdb", "-D", str(home / "data"), "-U", "desk", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
    server.start()
    return server
