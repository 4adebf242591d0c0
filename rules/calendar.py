"""China's clock: local hours, days and working days of instants in UTC."""

import numpy as np

from rules.scope import Flags, Ints
from rules.wording import DAY_US, HOUR_US

SHANGHAI_US = 8 * HOUR_US
"""Asia/Shanghai is UTC+8 all year: China has one zone and has had no summer time since 1991, before any record here.

Public holidays, and the Saturdays worked in exchange, are decreed year by year and are not known: Monday to Friday count as
working days.
"""
NIGHT_FROM, NIGHT_UNTIL = 22, 6
"""Hours of the night, 22:00 to 05:59. Grade P."""
FIRST_MONDAY = 4
"""1970-01-01 was a Thursday: the Monday after it is day 4."""


def local_day(time_us: Ints) -> Ints:
    """Days since 1970-01-01, local."""
    return np.asarray((time_us + SHANGHAI_US) // DAY_US, dtype=np.int64)


def day_begins_us(day: Ints) -> Ints:
    """The instant a local day begins."""
    return np.asarray(day * DAY_US - SHANGHAI_US, dtype=np.int64)


def working_day(time_us: Ints) -> Ints:
    """Number of the working day; a Saturday and a Sunday have the number of the Friday before."""
    weeks, weekday = np.divmod(local_day(time_us) - FIRST_MONDAY, 7)
    return np.asarray(weeks * 5 + np.minimum(weekday, 4), dtype=np.int64)


def at_night(time_us: Ints) -> Flags:
    """Which instants lie between 22:00 and 06:00."""
    hour = (time_us + SHANGHAI_US) % DAY_US // HOUR_US
    return np.asarray((hour >= NIGHT_FROM) | (hour < NIGHT_UNTIL), dtype=np.bool_)


def without_clock(time_us: Ints) -> Flags:
    """Which instants are exactly midnight: what a statement that tells days only has for a time."""
    return np.asarray((time_us + SHANGHAI_US) % DAY_US == 0, dtype=np.bool_)
