"""References and order numbers as codes, so that rows which carry the same one are found."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.rows import Bools, Ints, Rows

SHORTEST = 4
TELLING = 8
"""A reference of this many characters speaks for itself; a shorter one needs a name beside it (P)."""
_PLACEHOLDERS = r"^(notprovided|none|null|nonref|n/?a|unknown|0+|[-/.*#x]+)$"
_UUID = r"^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"


@dataclass(frozen=True)
class References:
    """Codes of one dictionary per row, -1 where there is none; telling, unique_id: by code, with one false value behind."""

    reference: Ints
    order: Ints
    telling: Bools
    unique_id: Bools

    def shared(self, left: Ints, right: Ints) -> Ints:
        """The code that both rows of each pair carry, as reference or as order number; -1 where there is none."""
        found = np.full(len(left), -1, np.int64)
        for one in (self.order, self.reference):
            for other in (self.order, self.reference):
                same = (one[left] >= 0) & (one[left] == other[right])
                found[same] = one[left][same]
        return found

    def contradict(self, left: Ints, right: Ints) -> Bools:
        """Where both rows carry an end-to-end id that exists once in the world, and not the same."""
        one, other = self.reference[left], self.reference[right]
        return np.asarray(self.unique_id[one] & self.unique_id[other] & (one != other))


def references_of(rows: Rows) -> References:
    """The references of all rows; placeholders and very short ones are none."""
    texts = [rows.table[name].combine_chunks() for name in ("reference", "order")]
    both = pc.utf8_lower(pc.utf8_trim_whitespace(pa.concat_arrays(texts)))
    encoded = both.dictionary_encode()
    words = encoded.dictionary
    length = pc.utf8_length(words).to_numpy()
    usable = (length >= SHORTEST) & ~np.asarray(pc.match_substring_regex(words, _PLACEHOLDERS).to_numpy(False), bool)
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    codes = np.where(np.append(usable, False)[codes], codes, -1)
    unique_id = np.asarray(pc.match_substring_regex(words, _UUID).to_numpy(False), bool)
    half = rows.count
    return References(codes[:half], codes[half:], np.append(length >= TELLING, False), np.append(unique_id & usable, False))
