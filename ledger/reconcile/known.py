"""Everything known about account names: what sort of name each is, whose it is, and which account it stands for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.reconcile.masks import HINT, LONGEST_NAME, WALLETS, Mask, parse_mask
from ledger.reconcile.rows import Bools, Ints, Rows
from ledger.reconcile.wording import CLEARING
from ledger.records import UNKNOWN_PREFIX

ACCOUNT, MASKED, PERSON = 0, 1, 2
"""A name of an account; one with a mask; the mere name of a person or a firm."""
_BARE_WALLET = rf"^({'|'.join(WALLETS[:3])}):[^/]*$"
_WALLET_SYSTEM = {"wechat": 1, "tenpay": 1, "alipay": 2, "jd": 3}


@dataclass(frozen=True)
class Names:
    """Account names by code; the codes of the rows come first.

    sort: `ACCOUNT`, `MASKED` or `PERSON`. masks: of the masked ones that show enough to be of use. main: code of the name an
    account goes by. said, holder: code in `words` of a person's name, and of the holder's name; -1 for none. clearing: wallet
    system whose clearing account the name is, 0 for none. wallet: system a purse belongs to. telling: what the own account is
    called in a counterparty of whom nothing is known, -1 for none.
    """

    text: pa.Array
    sort: NDArray[np.int8]
    masks: Mapping[int, Mask]
    main: Ints
    said: Ints
    holder: Ints
    words: pa.Array
    clearing: NDArray[np.int8]
    wallet: NDArray[np.int8]
    points_to: Ints
    attributes: pa.Table

    def united(self, pairs: Iterable[tuple[int, int]]) -> "Names":
        """The same names after each (other, main) pair: `other` is `main` under another name."""
        main = self.main.copy()
        for other, one in pairs:
            main[other] = one
        while (main[main] != main).any():
            main = main[main]
        holder = np.where(self.holder >= 0, self.holder, self.holder[main])
        return replace(self, main=main, holder=holder)


def names_of(rows: Rows, accounts: pa.Table, further: Iterable[str]) -> Names:
    """Every name of rows, accounts and decisions.

    Args:
        further: names that decisions speak of.
    """
    listed = [rows.names, accounts["account"].combine_chunks().cast(pa.string()), pa.array(sorted(set(further)), pa.string())]
    text = pa.concat_arrays(listed).dictionary_encode().dictionary
    at = pc.index_in(text, value_set=accounts["account"].combine_chunks().cast(pa.string()))
    kept = accounts.select(["holder", "holder_name", "institution", "extra"]).combine_chunks().take(at)
    masks, masked = _masks(text)
    person = np.asarray(
        pc.or_(pc.starts_with(text, UNKNOWN_PREFIX), pc.match_substring_regex(text, _BARE_WALLET)).to_numpy(False), bool
    )
    sort = np.where(masked, MASKED, np.where(person, PERSON, ACCOUNT)).astype(np.int8)
    said = pc.if_else(
        pa.array(sort == PERSON), _plain(pc.replace_substring_regex(text, r"^[a-z]+:", "")), pa.scalar(None, pa.string())
    )
    said = pc.replace_substring_regex(said, r"^(.+)\([^()]*\)$", r"\1")
    holder = _plain(kept["holder_name"].combine_chunks().cast(pa.string()))
    words = pa.concat_arrays([said, holder]).dictionary_encode()
    codes = words.indices.fill_null(-1).to_numpy().astype(np.int64)
    told = pc.if_else(
        pc.starts_with(text, UNKNOWN_PREFIX), pc.utf8_slice_codeunits(text, len(UNKNOWN_PREFIX)), pa.scalar(None, pa.string())
    )
    return Names(
        text=text,
        sort=sort,
        masks=masks,
        main=np.arange(len(text)),
        said=codes[: len(text)],
        holder=codes[len(text) :],
        words=words.dictionary,
        clearing=_clearing(said),
        wallet=_wallets(text, sort),
        points_to=pc.fill_null(pc.index_in(told, value_set=text, skip_nulls=True), -1).to_numpy().astype(np.int64),
        attributes=kept,
    )


def code_of(names: Names, wanted: Iterable[str]) -> Ints:
    """The code of every name; -1 where it is not there."""
    found = pc.index_in(pa.array(list(wanted), pa.string()), value_set=names.text)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int64)


def _masks(text: pa.Array) -> tuple[dict[int, Mask], Bools]:
    """The masks that can be read, and which names are masked at all."""
    hinted = pc.and_(pc.match_substring_regex(text, HINT), pc.less_equal(pc.utf8_length(text), LONGEST_NAME))
    found: dict[int, Mask] = {}
    masked = np.zeros(len(text), bool)
    for code in np.flatnonzero(hinted.to_numpy(False)).tolist():
        mask = parse_mask(text[code].as_py())
        if mask:
            found[code] = mask
        masked[code] = mask is not None
    starred = pc.match_substring_regex(text, r"^[^:/]*[*＊•●]")
    return found, masked | np.asarray(starred.to_numpy(False), bool)


def _plain(texts: pa.Array) -> pa.Array:
    """One width and case, no blanks, at most `LONGEST_NAME` letters; empty as null."""
    short = pc.utf8_lower(pc.utf8_normalize(pc.utf8_slice_codeunits(texts, 0, LONGEST_NAME), "NFKC"))
    bare = pc.replace_substring_regex(short, r"\s", "")
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare)


def _clearing(said: pa.Array) -> NDArray[np.int8]:
    found = np.zeros(len(said), np.int8)
    for system, pattern in CLEARING.items():
        found[np.asarray(pc.fill_null(pc.match_substring_regex(said, pattern), False).to_numpy(False), bool)] = system
    return found


def _wallets(text: pa.Array, sort: NDArray[np.int8]) -> NDArray[np.int8]:
    """The wallet system of every name a wallet gives."""
    found = np.zeros(len(text), np.int8)
    for name, system in _WALLET_SYSTEM.items():
        found[np.asarray(pc.starts_with(text, f"{name}:").to_numpy(False), bool)] = system
    return found
