"""What sort of step money went through on its way, a bit each in the engine, words in the result tables."""

import numpy as np
import pandas as pd

from tracing.legs import INFERRED, OVERDRAFT, Flags, Ints

WORDS = {"overdraft": OVERDRAFT, "inferred": INFERRED}
ANY_FLAG = dict.fromkeys(WORDS, "max")
"""How the columns of `flagged` are put together: a sum carries a flag when any part does."""


def flagged(flags: Ints) -> dict[str, Flags]:
    """A column per flag."""
    return {word: (flags & bit) > 0 for word, bit in WORDS.items()}


def told_flags(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of `flagged` as one column of words, `flags`."""
    words = np.full(len(table), "", dtype=object)
    for word in WORDS:
        there = table[word].to_numpy(dtype=bool)
        words[there] = np.where(words[there] == "", word, words[there] + f";{word}")
    return table.drop(columns=list(WORDS)).assign(flags=words)
