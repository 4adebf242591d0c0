"""The lot links of a published ledger, kept beside it so that opening it needs no work: arrays on disk, mapped into memory."""

import json
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np

from ledger.book import Ledger
from tracing.legs import Slots
from tracing.lots import Conversions, LotAxis, lot_axis
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
    try:
        ledger.index_folder.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=ledger.index_folder))
    except OSError:
        return
    save_axis(axis, unfinished)
    try:
        unfinished.replace(ledger.index_folder / f"lots-{ENGINE_VERSION}")
    except OSError:  # another process was first; its index is the same
        shutil.rmtree(unfinished)


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
    for name, values in arrays_of(axis).items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)


def arrays_of(axis: LotAxis) -> dict[str, "np.ndarray[tuple[int], np.dtype[np.generic]]"]:
    """All arrays of the axis and its parts by name."""
    found = {}
    for owner, prefix in [(axis, ""), *((getattr(axis, name), f"{name}.") for name in PARTS)]:
        for part in fields(owner):
            value = getattr(owner, part.name)
            if isinstance(value, np.ndarray):
                found[prefix + part.name] = value
    return found


def load_axis(folder: Path) -> LotAxis:
    """The axis with its arrays mapped from the files."""
    rest = json.loads((folder / "axis.json").read_text(encoding="utf-8"))
    arrays = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in folder.glob("*.npy")}
    parts = {
        name: kind(
            **{key.removeprefix(f"{name}."): values for key, values in arrays.items() if key.startswith(f"{name}.")}, **more
        )
        for (name, kind), more in zip(PARTS.items(), ({"currencies": tuple(rest["currencies"])}, {}, {}), strict=True)
    }
    own = {name: values for name, values in arrays.items() if "." not in name}
    return LotAxis(**own, **parts, end_us=rest["end_us"], warnings=tuple(rest["warnings"]))
