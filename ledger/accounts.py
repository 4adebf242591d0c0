"""Account numbers as int32 codes: given once, in sorted order within a batch, never changed afterwards."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.records import CARD_PREFIX, QQ_PREFIX, WORD

Codes = NDArray[np.int32]

SEEN_BANK, SEEN_WALLET, SEEN_VOUCHER = 1, 2, 4
SEEN_BY_KIND = {"bank": SEEN_BANK, "wallet": SEEN_WALLET, "gift_card": SEEN_VOUCHER, "q_coin": SEEN_VOUCHER}


def code_accounts(columns: Sequence[pa.DictionaryArray], declared: pa.Array, known: pa.Array) -> tuple[list[Codes], pa.Array]:
    """Codes for every cell of the columns, and the accounts that were not known before.

    Args:
        columns: dictionary-encoded account numbers, no nulls. declared: accounts that have a record of their own.
        known: accounts of earlier batches; position = code.
    Returns:
        one int32 array per column; the new accounts in sorted order, the first has code len(known).
    """
    used = [np.bincount(column.indices.to_numpy(), minlength=len(column.dictionary)) > 0 for column in columns]
    named = [column.dictionary.cast(pa.string()).filter(pa.array(mask)) for column, mask in zip(columns, used, strict=True)]
    values, entries = _encoded([*named, declared.cast(pa.string())])
    at = _positions(values, known)
    fresh = np.flatnonzero(at < 0)
    order = pc.sort_indices(values.take(pa.array(fresh))).to_numpy()
    at[fresh[order]] = np.arange(len(fresh), dtype=np.int32) + np.int32(len(known))
    of_entry = at[entries]
    codes, start = [], 0
    for column, mask, names in zip(columns, used, named, strict=True):
        of_column = np.full(len(mask), -1, np.int32)
        of_column[mask] = of_entry[start : start + len(names)]
        codes.append(of_column[column.indices.to_numpy()])
        start += len(names)
    return codes, values.take(pa.array(fresh[order]))


def _encoded(parts: Sequence[pa.Array]) -> tuple[pa.Array, NDArray[np.int32]]:
    """The different texts of all parts, and for every text its place among them; two halves are worked on at once."""
    middle = len(parts) // 2
    halves = [pa.chunked_array(half, pa.string()).combine_chunks() for half in (parts[:middle], parts[middle:])]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda half: half.dictionary_encode(), halves)
    both = pa.concat_arrays([one.dictionary, other.dictionary]).dictionary_encode()
    place = both.indices.to_numpy()
    cut = len(one.dictionary)
    entries = np.concatenate([place[:cut][one.indices.to_numpy()], place[cut:][other.indices.to_numpy()]])
    return both.dictionary, entries


def _positions(values: pa.Array, known: pa.Array) -> Codes:
    if not len(known):
        return np.full(len(values), -1, np.int32)
    found = pc.index_in(values, value_set=known)
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int32).copy()


def inferred_kinds(accounts: pa.Array, seen: NDArray[np.uint8]) -> pa.Array:
    """The kind of accounts without a record: by prefix, else wallet when only wallet records name it, else bank."""
    kinds = pa.array(np.where(seen == SEEN_WALLET, "wallet", "bank"), pa.string())
    kinds = pc.if_else(pc.starts_with(accounts, QQ_PREFIX), "q_coin", kinds)
    kinds = pc.if_else(pc.starts_with(accounts, CARD_PREFIX), "card", kinds)
    return kinds.dictionary_encode().cast(WORD)
