"""Which accounts act from the same device or address, or share a telephone, a messenger or an identity number."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rules.scope import Ints, Scope, taken
from rules.settled import is_word
from tracing.legs import mask

SHARED_KINDS = ("device", "phone", "id", "messenger", "ip")
"""Kinds of links that people who do not belong together do not share."""
NO_CODE = -1


def device_codes(scope: Scope, name: str) -> Ints | None:
    """Number of the device (or ip) of each transfer in view, -1 where none; None where no record has one."""
    return codes_at(scope, name, scope.transfers["row"].to_numpy(dtype=np.int64))


def codes_at(scope: Scope, name: str, rows: Ints) -> Ints | None:
    """As `device_codes`, at rows of the ledger."""
    column = scope.ledger.read((name,))[name]
    if column.null_count == len(column):
        return None
    words = taken(column, rows).cast(pa.string())
    numbers = pc.dictionary_encode(words.combine_chunks()).indices.fill_null(NO_CODE)
    codes = np.asarray(numbers.to_numpy(), dtype=np.int64)
    blank = mask(pc.equal(words, ""))
    return np.where(blank, NO_CODE, codes)


def uses(scope: Scope, name: str) -> pd.DataFrame:
    """Every use of a device or address by a paying account, anywhere in the ledger: code, account, time_us, row."""
    return scope.once(f"uses of {name}", lambda: uses_of(scope, name))


def uses_of(scope: Scope, name: str) -> pd.DataFrame:
    """As `uses`, made anew."""
    column = scope.ledger.read((name,))[name]
    names = ["code", "account", "time_us", "row"]
    if column.null_count == len(column):
        return pd.DataFrame({column: np.zeros(0, dtype=np.int64) for column in names})
    table = scope.ledger.read((name, "source", "time", "status"))
    row = np.flatnonzero(mask(pc.is_valid(table[name])) & is_word(table["status"], "done"))
    chosen = table.take(pa.array(row))
    found = pd.DataFrame(
        {
            "code": codes_at(scope, name, row),
            "account": np.asarray(chosen["source"].to_numpy(), dtype=np.int64),
            "time_us": np.asarray(chosen["time"].cast(pa.int64()).to_numpy()),
            "row": row,
        }
    )
    return found[(found["code"] >= 0) & (found["time_us"] <= scope.as_of_us)].reset_index(drop=True)


def linked(scope: Scope) -> pd.DataFrame:
    """Links of shared kinds to accounts of the ledger: kind, identifier, account (code)."""
    links = scope.ledger.links
    links = links[links["kind"].isin(SHARED_KINDS).to_numpy(dtype=bool)]
    code = pd.Series(np.arange(len(scope.hub)), index=scope.ledger.accounts["account"].astype(object))
    account = links["account"].astype(object).map(code)
    known = account.notna().to_numpy(dtype=bool)
    return pd.DataFrame(
        {
            "kind": links["kind"].astype(object).to_numpy()[known],
            "identifier": links["identifier"].astype(object).to_numpy()[known],
            "account": account[known].to_numpy(dtype=np.int64),
        }
    )
