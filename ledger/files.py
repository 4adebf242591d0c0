"""Which files an ingest reads: files as given, folders with everything below them."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger.complaints import Complaints

TRUTH = "truth"
"""Generated record folders keep their answers in a sub-folder of this name: never records."""


def find_files(paths: Sequence[Path], complaints: Complaints) -> list[tuple[Path, str]]:
    """Every record file with the name it is told by, sorted by that name; a file given twice counts once."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = list(_below(path, complaints))
            if not inside:
                complaints.add(shown_name(path), 0, "LDG-no-records", "the folder holds no record file")
            found |= dict.fromkeys(inside)
        elif _is_readable(path, shown_name(path), complaints):
            found[path] = None
    unique = {os.path.realpath(path): path for path in sorted(found, reverse=True)}
    return sorted(((path, name) for path, name in _named(list(unique.values()))), key=lambda item: (item[1], str(item[0])))


def shown_name(path: Path) -> str:
    """A path as text that can be written anywhere: bytes that are no UTF-8 are shown as they are escaped."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_readable(path: Path, name: str, complaints: Complaints) -> bool:
    """A file with bytes of its own. A pipe is none: whoever opens it may wait forever."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        broken = "the link leads nowhere" if path.is_symlink() else "there is no such file or folder"
        cause = broken if isinstance(error, FileNotFoundError) else f"it cannot be looked at: {error.strerror}"
        complaints.add(name, 0, "LDG-missing-path", cause)
        return False
    except ValueError:
        complaints.add(name, 0, "LDG-missing-path", "no path can be written so")
        return False
    if stat.S_ISDIR(mode):
        complaints.add(name, 0, "LDG-not-a-file", "a link to a folder is not followed; give the folder itself")
    elif not stat.S_ISREG(mode):
        complaints.add(name, 0, "LDG-not-a-file", "a pipe, a socket or a device holds no records")
    return stat.S_ISREG(mode)


def _below(top: Path, complaints: Complaints) -> Iterator[Path]:
    """The files of a folder and of those in it, however deep."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            complaints.add(shown_name(folder), 0, "LDG-missing-path", f"the folder cannot be read: {error.strerror}")
            continue
        for entry in entries:
            name = shown_name(Path(entry.path).relative_to(top.parent))
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False) and entry.name == TRUTH:
                complaints.add(name, 0, "LDG-truth-skipped", "a folder of answers, not of records")
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif _is_readable(Path(entry.path), name, complaints):
                yield Path(entry.path)


def _named(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The file name; with its folder's name in front where two files share it, and so on upwards."""
    names = {path: path.name for path in paths}
    for depth in range(2, 20):
        shared = {name for name, number in Counter(names.values()).items() if number > 1}
        if not shared:
            break
        names = {path: "/".join(path.resolve().parts[-depth:]) if name in shared else name for path, name in names.items()}
    yield from ((path, shown_name(Path(name))) for path, name in names.items())
