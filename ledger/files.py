"""Which files an ingest reads: files as given, folders with everything below them."""

import os
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
            inside = list(_below(path, path, complaints))
            if not inside:
                complaints.add(str(path), 0, "LDG-no-records", "the folder holds no record file")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            complaints.add(str(path), 0, "LDG-missing-path", "there is no such file or folder")
    unique = {path.resolve(): path for path in found}
    return sorted(((path, name) for path, name in _named(list(unique.values()))), key=lambda item: (item[1], str(item[0])))


def _below(folder: Path, top: Path, complaints: Complaints) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        complaints.add(str(folder), 0, "LDG-missing-path", f"the folder cannot be read: {error.strerror}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False) and entry.name == TRUTH:
            complaints.add(str(path.relative_to(top.parent)), 0, "LDG-truth-skipped", "a folder of answers, not of records")
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(path, top, complaints)
        elif entry.is_file():
            yield path


def _named(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The file name; with its folder's name in front where two files share it, and so on upwards."""
    names = {path: path.name for path in paths}
    for depth in range(2, 20):
        shared = {name for name, number in Counter(names.values()).items() if number > 1}
        if not shared:
            break
        names = {path: "/".join(path.resolve().parts[-depth:]) if name in shared else name for path, name in names.items()}
    yield from names.items()
