"""One writer per ledger; readers need no lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.problems import LiushuiError

LOCK = "writer.lock"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the ledger's writer lock; the system gives it back even after kill -9.

    Raises LiushuiError when another process holds it, or the folder cannot be written.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise LiushuiError("LDG-not-writable", f"{folder} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    except BlockingIOError as error:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace") or "unknown"
        raise LiushuiError(
            "LDG-locked", f"{folder} is being written by another process (number {holder}); try again when it is done"
        ) from error
    finally:
        os.close(handle)
