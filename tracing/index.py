"""The lot links of a published ledger, kept beside it so that opening it needs no work: arrays on disk, mapped into memory.

The axis (FIFO) is made with every batch; what only LIFO or a trace backward needs is made when it is first asked for.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ledger.book import Ledger
from tracing.legs import Slots
from tracing.links import Inverse, Links, inverse_of, lifo_links
from tracing.lots import Conversions, LotAxis, lot_axis, settled_legs
from tracing.openings import Openings
from tracing.result import ENGINE_VERSION

PARTS = {"slots": Slots, "openings": Openings, "conversions": Conversions}


def indexed_axis(ledger: Ledger) -> LotAxis:
    """The lot links of the whole ledger: from its index folder, where they are put when they are not there yet."""
    if ledger.index_folder is None:
        return lot_axis(ledger)
    folder = ledger.index_folder / f"lots-{ENGINE_VERSION}"
    if not folder.is_dir():
        build_index(ledger)
    return load_axis(folder) if folder.is_dir() else lot_axis(ledger)


def build_index(ledger: Ledger) -> None:
    """Build the lot links and keep them; a folder that cannot be written to stays without."""
    if ledger.index_folder is None or (ledger.index_folder / f"lots-{ENGINE_VERSION}").is_dir():
        return
    axis = lot_axis(ledger)
    keep(ledger.index_folder, f"lots-{ENGINE_VERSION}", lambda folder: save_axis(axis, folder))


def indexed_lifo(ledger: Ledger, axis: LotAxis) -> Links:
    """The links of last in, first out of the whole ledger, kept once they were made."""
    return kept(ledger, f"lifo-{ENGINE_VERSION}", Links, lambda: lifo_links(axis, settled_legs(ledger)))


def indexed_inverse(ledger: Ledger, axis: LotAxis, links: Links, method: str) -> Inverse:
    """The way back through the links of the whole ledger, kept once it was made."""
    return kept(ledger, f"back-{method}-{ENGINE_VERSION}", Inverse, lambda: inverse_of(axis, links))


T = TypeVar("T", Links, Inverse)


def kept(ledger: Ledger, name: str, kind: type[T], make: Callable[[], T]) -> T:
    """Arrays of an index folder; made, and put there where that is possible, when they are not there yet."""
    if ledger.index_folder is None:
        return make()
    folder = ledger.index_folder / name
    if not folder.is_dir():
        made = make()
        keep(ledger.index_folder, name, lambda place: save_arrays(arrays_in(made), place))
        return made
    return kind(**mapped(folder))


def keep(index: Path, name: str, save: Callable[[Path], None]) -> None:
    """Fill a folder of the index and put it in its place at once; a disk that cannot be written to stays without."""
    try:
        index.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=index))
    except OSError:
        return
    try:
        save(unfinished)
        unfinished.replace(index / name)
    except OSError:  # no room, or another process was first; its index is the same
        shutil.rmtree(unfinished, ignore_errors=True)


def drop_other_indexes(ledger: Ledger) -> None:
    """Remove the indexes of earlier states; they can be built again from the segments."""
    if ledger.index_folder is None:
        return
    for folder in ledger.index_folder.parent.iterdir():
        if folder.is_dir() and folder != ledger.index_folder:
            shutil.rmtree(folder, ignore_errors=True)


def save_axis(axis: LotAxis, folder: Path) -> None:
    """Write every array of the axis to a file of its own and the rest to axis.json."""
    rest = {"end_us": axis.end_us, "warnings": list(axis.warnings), "currencies": list(axis.slots.currencies)}
    (folder / "axis.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")
    save_arrays(arrays_of(axis), folder)


Arrays = dict[str, "np.ndarray[tuple[int], np.dtype[np.generic]]"]


def save_arrays(arrays: Arrays, folder: Path) -> None:
    """Every array in a file of its own."""
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)


def arrays_of(axis: LotAxis) -> Arrays:
    """All arrays of the axis and its parts by name."""
    found = arrays_in(axis)
    for name in PARTS:
        found |= {f"{name}.{part}": values for part, values in arrays_in(getattr(axis, name)).items()}
    return found


def arrays_in(owner: Any) -> Arrays:
    """The arrays among an object's fields."""
    values = {part.name: getattr(owner, part.name) for part in fields(owner)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def mapped(folder: Path) -> dict[str, Any]:
    """The arrays of a folder, mapped: plain arrays, which compiled code takes fastest."""
    return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray) for path in folder.glob("*.npy")}


def load_axis(folder: Path) -> LotAxis:
    """The axis with its arrays mapped from the files."""
    rest = json.loads((folder / "axis.json").read_text(encoding="utf-8"))
    arrays = mapped(folder)
    parts = {
        name: kind(
            **{key.removeprefix(f"{name}."): values for key, values in arrays.items() if key.startswith(f"{name}.")}, **more
        )
        for (name, kind), more in zip(PARTS.items(), ({"currencies": tuple(rest["currencies"])}, {}, {}), strict=True)
    }
    own = {name: values for name, values in arrays.items() if "." not in name}
    return LotAxis(**own, **parts, end_us=rest["end_us"], warnings=tuple(rest["warnings"]))
