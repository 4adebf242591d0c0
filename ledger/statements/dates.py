"""Dates without a year, as monthly statements write them: the title tells the month the statement is for."""

import pyarrow as pa
import pyarrow.compute as pc

_SHORT = "^(?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})日?$"
_TITLE = "^(?P<year>[0-9]{4})[-/.年 ]*(?P<month>[0-9]{1,2})月?$"


def dated(text: pa.Array, statement: pa.Array) -> pa.Array:
    """Put the year before dates of month and day alone; a month after the statement's own is one of the year before.

    Args:
        statement: the month the statement is for, as `2024-01` or `2024年01月`; where it is null or no month, nothing is done.
    Returns:
        `2023/12/29` for `12/29` in a statement for 2024-01; every other text as it was.
    """
    short, title = pc.extract_regex(text, _SHORT), pc.extract_regex(statement, _TITLE)
    month, day = (pc.struct_field(short, [at]) for at in (0, 1))
    of_year, of_month = (pc.cast(pc.struct_field(title, [at]), pa.int32()) for at in (0, 1))
    before = pc.cast(pc.greater(pc.cast(month, pa.int32()), of_month), pa.int32())
    year = pc.cast(pc.subtract(of_year, before), pa.string())
    whole = pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), pc.utf8_lpad(day, 2, "0"), "/")
    return pc.coalesce(whole, text)
