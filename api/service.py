"""What a running server works on: one ledger folder, its database, and the ledger as last published."""

import fcntl
import hashlib
import os
import re
import threading
from pathlib import Path

from api import pipeline
from api.results import write_whole
from api.settings import Settings
from api.storage.store import Store, open_store
from ledger.book import Ledger
from ledger.problems import LiushuiError, Problem

UPLOADS, TRACES, VIEWS = "uploads", "traces", "service"


class Service:
    """The ledger folder a server owns: one server per folder, one writer of records at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.ledger
        self.folder.mkdir(parents=True, exist_ok=True)
        self._owned = own(self.folder)
        self.store: Store = open_store(self.folder)
        self._writing = threading.Lock()
        self._opening = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._ledger: Ledger | None = None

    def ledger(self) -> Ledger | None:
        """The ledger as last published, also by another program; None before the first records."""
        with self._opening:
            state = published_state(self.folder)
            if state != self._seen or self._ledger is None:
                self._ledger = pipeline.open_if_any(self.folder)
                self._seen = state
            return self._ledger

    def take(self, name: str, content: bytes) -> tuple[dict[str, object], list[Problem]]:
        """Keep an upload as evidence, ingest it, and return what became of it and its problems."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.folder / UPLOADS / digest[:16] / safe_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_whole(path, content)
        with self._writing:
            return pipeline.ingest_records(self.folder, [path])

    def close(self) -> None:
        """Give the database and the folder back."""
        self.store.close()
        os.close(self._owned)


def own(folder: Path) -> int:
    """Lock the folder for one server; a second one is refused. The lock ends with the process, however it ends."""
    handle = os.open(folder / "service.lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise LiushuiError("API-ledger-busy", f"{folder}: another server works on this ledger; stop it first") from None
    return handle


def safe_name(name: str) -> str:
    """A file name from an uploader's words: its last part, plain characters only.

    >>> safe_name("../../etc/pass wd.csv")
    'pass_wd.csv'
    """
    last = re.sub(r"[^\w.\-]", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".")
    return last[-100:] or "upload"


def published_state(folder: Path) -> tuple[object, ...]:
    """Changes whenever a batch is published: size and time of the manifest's files."""
    found = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("service."))
    return tuple((path.name, stat.st_size, stat.st_mtime_ns) for path in found for stat in [path.stat()])
