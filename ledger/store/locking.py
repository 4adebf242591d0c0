"""One writer per ledger; readers need no lock."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.problems import LiushuiError

LOCK = "writer.lock"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the ledger's writer lock; the system gives it back even after kill -9.

    Raises LiushuiError when another process holds it, or the folder cannot be written, at once or later.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _not_writable(folder, error) from error
    try:
        _lock(handle, folder)
        yield
    except OSError as error:
        if error.errno in _NO_ROOM or str(error.filename).startswith(str(folder)):
            raise _not_writable(folder, error) from error
        raise
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace") or "unknown"
        raise LiushuiError(
            "LDG-locked", f"{folder} is being written by another process (number {holder}); try again when it is done"
        ) from error
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())


def _not_writable(folder: Path, error: OSError) -> LiushuiError:
    """What is published stays as it is; the message says so, because the user will wonder."""
    cause = os.strerror(error.errno) if error.errno else str(error)
    return LiushuiError("LDG-not-writable", f"{folder} cannot be written: {cause}; nothing was published")
