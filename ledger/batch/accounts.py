"""Account numbers as int32 codes: given once, in sorted order within a batch, never changed afterwards."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.records import CARD_PREFIX, QQ_PREFIX, WORD

Codes = NDArray[np.int32]

SEEN_BANK, SEEN_WALLET, SEEN_VOUCHER = 1, 2, 4
SEEN_BY_KIND = {"bank": SEEN_BANK, "wallet": SEEN_WALLET, "gift_card": SEEN_VOUCHER, "q_coin": SEEN_VOUCHER}


def positions(values: pa.Array, known: pa.Array) -> Codes:
    """The place of each text among the known ones; -1 where it is not one of them."""
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
