"""What an opened ledger makes of its decisions: second witnesses dropped, names united, reversals tied.

The published rows are never overwritten; what is here is applied when a ledger is opened.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.records import DECISION_KINDS, TRANSFERS

Rows = NDArray[np.int64]
Fetch = Callable[[Rows, Sequence[str]], pa.Table]
"""Columns of some rows by their position in the segments laid end to end, as they were published."""

SWITCH = "kind:"
"""A decision of this id speaks of a whole kind: `kind:both_sides` with state `off` switches it off."""
LOCAL_OFFSET_US = 8 * 3600 * 1_000_000
DAY_US = 86_400_000_000
_BOTH = ("time", "source", "target", "target_balance_fen", "reference", "order")


@dataclass(frozen=True)
class Changes:
    """How the opened ledger differs from the published rows; positions are those of the segments laid end to end.

    dropped: rows that do not count. patches: per column the positions (ascending) and their values.
    names: main code per account code; empty when no account has a second name. kept_ids: id dropped → id that stays.
    """

    dropped: Rows
    patches: Mapping[str, tuple[Rows, pa.Array]] = field(default_factory=dict)
    names: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    kept_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def reorders(self) -> bool:
        """True when rows go or change their time, so that ledger order is not that of the segments."""
        return bool(len(self.dropped)) or "time" in self.patches

    def patched(self, name: str, column: pa.ChunkedArray, positions: Rows | None = None) -> pa.ChunkedArray:
        """A published column with its changes.

        Args:
            positions: of the column's rows, any order; None when they are all rows in order of position.
        """
        if name in self.patches:
            column = _replaced(column, *self.patches[name], positions)
        if name in ("source", "target") and len(self.names):
            return pa.chunked_array([pa.array(self.names[chunk.to_numpy()]) for chunk in column.chunks], pa.int32())
        if name == "reverses" and self.kept_ids:
            return kept_names(column, self.kept_ids)
        return column


def _replaced(column: pa.ChunkedArray, at: Rows, values: pa.Array, positions: Rows | None) -> pa.ChunkedArray:
    count = len(column)
    index = np.arange(count)
    if positions is None:
        index[at] = count + np.arange(len(at))
    else:
        found = np.minimum(np.searchsorted(at, positions), len(at) - 1)
        hit = at[found] == positions
        index[hit] = count + found[hit]
    both = pa.chunked_array([*column.chunks, values.cast(column.type)], column.type)
    whole = both.unify_dictionaries() if pa.types.is_dictionary(column.type) else both
    return pa.chunked_array([whole.combine_chunks().take(pa.array(index))])


def kept_names(column: pa.ChunkedArray, renamed: Mapping[str, str]) -> pa.ChunkedArray:
    """A text column with the names on the left replaced by those on the right."""
    text = column.cast(pa.string())
    at = pc.index_in(text, value_set=pa.array(list(renamed), pa.string()))
    return pc.coalesce(pa.array(list(renamed.values()), pa.string()).take(at), text)


def in_force(decisions: pa.Table) -> pa.Table:
    """The last row of every decision, sorted by (kind, decision); rows come in order of publication."""
    if not decisions.num_rows:
        return decisions
    codes = decisions["decision"].combine_chunks().dictionary_encode().indices.to_numpy()
    latest = np.zeros(codes.max() + 1, np.int64)
    np.maximum.at(latest, codes, np.arange(len(codes)))
    plain = decisions.take(pa.array(latest))
    order = pa.table({"kind": plain["kind"].cast(pa.string()), "decision": plain["decision"]})
    return plain.take(pc.sort_indices(order, sort_keys=[("kind", "ascending"), ("decision", "ascending")])).combine_chunks()


def switched_off(standing: pa.Table) -> frozenset[str]:
    """The kinds that are switched off as a whole."""
    off = standing.filter(pc.equal(standing["state"].cast(pa.string()), "off"))
    return frozenset(kind for kind in DECISION_KINDS if SWITCH + kind in set(off["decision"].to_pylist()))


def acting(standing: pa.Table, kind: str) -> pa.Table:
    """The decisions of a kind that change the opened ledger."""
    if kind in switched_off(standing):
        return standing.slice(0, 0)
    ours = pc.equal(standing["kind"].cast(pa.string()), kind)
    applied = pc.equal(standing["state"].cast(pa.string()), "applied")
    switch = pc.starts_with(standing["decision"], SWITCH)
    return standing.filter(pc.and_(pc.and_(ours, applied), pc.invert(switch)))


def named_ids(standing: pa.Table, superseded: pa.Table) -> pa.Array:
    """Every transfer id whose place in the segments must be known, each once, sorted."""
    parts = [acting(standing, "both_sides").select(["transfer", "other"]), acting(standing, "reversal").select(["transfer"])]
    columns = [column for part in parts for column in part.columns]
    columns.append(superseded["transfer"])
    ids = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    return pc.unique(ids.drop_null()).sort()


def changes_of(standing: pa.Table, superseded: pa.Table, places: Mapping[str, Sequence[int]], fetch: Fetch) -> Changes:
    """What the acting decisions change.

    Args:
        superseded: columns transfer, file, line of the row that counts now; the last entry of an id counts.
        places: for every id of `named_ids` the positions of its rows, ascending.
    """
    gone, alive = _superseded(superseded, places, fetch)
    pairs = acting(standing, "both_sides")
    told = _final(dict(zip(pairs["other"].to_pylist(), pairs["transfer"].to_pylist(), strict=True)))
    kept_ids = {other: one for other, one in told.items() if one in alive and other in alive}
    stay = np.array([alive[one] for one in kept_ids.values()], np.int64)
    drop = np.array([alive[other] for other in kept_ids], np.int64)
    patches = _second_witness(stay, drop, fetch) if len(drop) else {}
    tied = _reversals(acting(standing, "reversal"), kept_ids, alive)
    if tied:
        patches["reverses"] = (np.array(list(tied)), pa.array(list(tied.values()), pa.string()))
    return Changes(np.unique(np.concatenate([gone, drop])), patches, kept_ids=kept_ids)


def _reversals(rows: pa.Table, kept_ids: Mapping[str, str], alive: Mapping[str, int]) -> dict[int, str]:
    """By position, ascending, the original that the row gives back."""
    told = zip(rows["transfer"].to_pylist(), rows["other"].to_pylist(), strict=True)
    named = ((kept_ids.get(name, name), original) for name, original in told)
    return dict(sorted((alive[name], original) for name, original in named if name in alive))


def _superseded(superseded: pa.Table, places: Mapping[str, Sequence[int]], fetch: Fetch) -> tuple[Rows, dict[str, int]]:
    """Rows another row of their id supersedes, and the one position that counts per id."""
    counts = {row["transfer"]: (row["file"], row["line"]) for row in superseded.to_pylist()}
    alive = {name: at[0] for name, at in places.items() if len(at) and name not in counts}
    rows = np.array([at for name in counts for at in places.get(name, ())], np.int64)
    if not len(rows):
        return np.empty(0, np.int64), alive
    told = fetch(rows, ["transfer", "file", "line"]).to_pylist()
    gone = []
    for at, row in zip(rows.tolist(), told, strict=True):
        if counts[row["transfer"]] == (row["file"], row["line"]):
            alive[row["transfer"]] = at
        else:
            gone.append(at)
    return np.array(gone, np.int64), alive


def _final(renamed: dict[str, str]) -> dict[str, str]:
    """Every name with the one at the end of its chain."""
    final = {}
    for name in sorted(renamed):
        end, steps = renamed[name], 0
        while end in renamed and steps <= len(renamed):
            end, steps = renamed[end], steps + 1
        if end not in renamed:  # a ring of witnesses has no end: none of them is dropped
            final[name] = end
    return final


def _second_witness(stay: Rows, drop: Rows, fetch: Fetch) -> dict[str, tuple[Rows, pa.Array]]:
    """What the row that stays takes from the row that goes: the confirmed target, its balance, a clock, a reference."""
    order = np.argsort(stay, kind="stable")
    first = order[np.unique(stay[order], return_index=True)[1]]  # a third witness adds nothing
    stay, drop = stay[first], drop[first]
    one, other = fetch(stay, [*_BOTH, "witness"]), fetch(drop, [*_BOTH, "witness"])
    words = pa.repeat(pa.scalar("both"), len(stay)).dictionary_encode().cast(TRANSFERS.field("witness").type)
    told_by_payee = pc.fill_null(pc.equal(other["witness"].cast(pa.string()), "target"), False)
    # of two rows of the payer's side the one that stays knows the payee: a wallet the shop, its bank only the wallet
    sided = pc.and_(pc.is_valid(one["witness"]), told_by_payee)
    clocked = pa.array(_has_clock(other) & ~_has_clock(one))
    patches = {
        "witness": words,
        "target": pc.if_else(sided, other["target"], one["target"]),
        "time": pc.if_else(clocked, other["time"], one["time"]),
    }
    patches |= {name: pc.coalesce(one[name], other[name]) for name in ("target_balance_fen", "reference", "order")}
    return {name: (stay, _whole(values)) for name, values in patches.items()}


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _has_clock(rows: pa.Table) -> NDArray[np.bool_]:
    """False where the time is the midnight that a date without a clock becomes."""
    local = rows["time"].cast(pa.int64()).to_numpy() + LOCAL_OFFSET_US
    return np.asarray(local % DAY_US != 0)


def united_names(standing: pa.Table, accounts: pa.Array) -> NDArray[np.int32]:
    """The main code of every account code; empty when no account has a second name."""
    pairs: dict[str, str] = {}
    for kind in ("same_account", "masked_account"):
        rows = acting(standing, kind)
        pairs |= dict(zip(rows["other_account"].to_pylist(), rows["account"].to_pylist(), strict=True))
    final = _final(pairs)
    if not final:
        return np.empty(0, np.int32)
    other, main = (_codes(names, accounts) for names in (list(final), list(final.values())))
    known = (other >= 0) & (main >= 0)
    codes = np.arange(len(accounts), dtype=np.int32)
    codes[other[known]] = main[known]
    return codes


def _codes(names: Sequence[str], accounts: pa.Array) -> NDArray[np.int32]:
    """The code of every name; -1 where no account has it."""
    return np.asarray(pc.fill_null(pc.index_in(pa.array(names, pa.string()), value_set=accounts), -1).to_numpy())
