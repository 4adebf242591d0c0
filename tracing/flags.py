"""What sort of step money went through on its way, a bit each in the engine, words in the result tables.

Behind the bits stands the doubt of the way, in basis points: 10,000 less the smallest probability of its inferred links. A way
of several links is at most as sure as the least sure of them.
"""

import numpy as np
import pandas as pd

from tracing.legs import INFERRED, OVERDRAFT, Ints, Slots

WORDS = {"overdraft": OVERDRAFT, "inferred": INFERRED}
DOUBT = 16
"""The doubt begins at this bit."""
BITS = (1 << DOUBT) - 1
CERTAIN_BP = 10_000
ANY_FLAG = dict.fromkeys([*WORDS, "doubt_bp"], "max")
"""How the columns of `flagged` are put together: a sum carries a flag when any part does, and the largest doubt of them."""


def flagged(flags: Ints) -> dict[str, "np.ndarray[tuple[int], np.dtype[np.generic]]"]:
    """A column per flag, and the doubt."""
    return {word: (flags & bit) > 0 for word, bit in WORDS.items()} | {"doubt_bp": flags >> DOUBT}


def told_flags(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of `flagged` as `flags`, words, and `probability_bp`: 10,000 where no link is inferred."""
    words = np.full(len(table), "", dtype=object)
    for word in WORDS:
        there = table[word].to_numpy(dtype=bool)
        words[there] = np.where(words[there] == "", word, words[there] + f";{word}")
    probability = CERTAIN_BP - table["doubt_bp"].to_numpy(dtype=np.int64)
    return table.drop(columns=[*WORDS, "doubt_bp"]).assign(flags=words, probability_bp=probability)


def met(flags: Ints, more: Ints) -> Ints:
    """The flags of a way that goes on through more: all bits, the larger doubt."""
    return np.asarray((flags | more) & BITS | np.maximum(flags >> DOUBT, more >> DOUBT) << DOUBT, dtype=np.int64)


def flags_of_slots(slots: Slots) -> Ints:
    """What money through each slot is flagged with, doubt included."""
    return slots.flags if slots.doubt_bp is None else slots.flags | slots.doubt_bp << DOUBT
