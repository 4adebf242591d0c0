"""Times as exports write them, into UTC instants: several formats, a date and a clock apart, spreadsheet serial numbers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.records import INSTANT
from ledger.statements.dates import dated
from ledger.statements.profile import Profile
from ledger.statements.templates import rendered

SERIAL = r"^[2-7][0-9]{4}(?:\.[0-9]+)?$"
"""Days since 1899-12-30, as spreadsheets keep dates: 1954 to 2119."""
_DAY_SECONDS = 86_400
_RUN_TOGETHER = re.compile("%[YymdHM]%[mdHMS]")


def time_text(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """The time as the file gives it; a date and a clock column are joined. The title's month gives a missing year."""
    if "time" in cells:
        text = cells["time"]
    else:
        clock = cells.get("clock", pa.nulls(rows, pa.string()))
        if any(form.endswith("%H%M%S") for form in profile.time_formats):  # 93000 and 509 are numbers that lost their zeros
            short = pc.match_substring_regex(clock, "^[0-9]{1,5}$")
            clock = pc.if_else(short, pc.utf8_lpad(clock, 6, "0"), clock)
        text = rendered(["{date} {clock}", "{date}"], {**cells, "clock": clock}, rows)
    return dated(text, cells["statement"]) if "statement" in cells else text


def instants(profile: Profile, text: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """UTC instants of texts, by the first of the profile's formats that fits; and where none does or nothing stands."""
    given = text.to_pandas()
    times = pd.Series(pd.NaT, index=given.index, dtype="datetime64[us]")
    for form in profile.time_formats:
        if times.isna().any():
            wanted = given.where(times.isna() & _long_enough(given, form))
            parsed = pd.to_datetime(wanted, format=form, errors="coerce", utc="%z" in form)
            if parsed.dt.tz is not None:
                parsed = parsed.dt.tz_convert(profile.zone).dt.tz_localize(None)
            times = times.fillna(parsed.dt.as_unit("us"))
    times = times.fillna(_serials(text, times.isna().to_numpy()))
    zoned = times.dt.tz_localize(profile.zone, ambiguous=np.zeros(len(times), bool), nonexistent="shift_forward")
    stamps = pa.array(zoned.dt.tz_convert("UTC")).cast(INSTANT)
    if isinstance(stamps, pa.ChunkedArray):
        stamps = stamps.combine_chunks()
    return stamps, np.asarray(stamps.is_null().to_numpy(zero_copy_only=False), bool)


def _long_enough(given: "pd.Series[str]", form: str) -> "pd.Series[bool]":
    """Where a text has as many characters as a format without separators asks for: `2024112` could be two dates."""
    if not _RUN_TOGETHER.search(form) or re.search("%[^YymdHMS]", form):
        return given.notna()
    return given.str.len() == len(datetime(2000, 11, 22, 20, 30, 40, tzinfo=UTC).strftime(form))


def _serials(text: pa.Array, wanted: NDArray[np.bool_]) -> "pd.Series[pd.Timestamp]":
    """Spreadsheet serial numbers as local times, to the second."""
    serial = (
        np.asarray(pc.fill_null(pc.match_substring_regex(text, SERIAL), False).to_numpy(zero_copy_only=False), bool) & wanted
    )
    seconds = np.zeros(len(text), np.int64)
    if serial.any():
        days = pc.if_else(pa.array(serial), text, "0").cast(pa.float64()).to_numpy()
        seconds = np.rint(days * _DAY_SECONDS).astype(np.int64)
    local = pd.Series(np.datetime64("1899-12-30", "us") + seconds.astype("timedelta64[s]"))
    return local.where(pd.Series(serial))
