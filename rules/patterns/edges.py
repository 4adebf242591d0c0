"""What the finders look at and what they give back: time-sorted edges with their two indexes, and flat lists of instances."""

from dataclasses import dataclass

import numpy as np

from rules.scope import Flags, Ints


@dataclass(frozen=True)
class Edges:
    """Transfers between different accounts, by (time, row), and the positions of each account's edges in time order.

    source, target: account codes below `accounts`. time_us, fen, row (of the caller's table) per edge.
    out_start, out_edge: edges that leave account a are out_edge[out_start[a] : out_start[a + 1]]; in_start, in_edge likewise.
    """

    accounts: int
    source: Ints
    target: Ints
    time_us: Ints
    fen: Ints
    row: Ints
    out_start: Ints
    out_edge: Ints
    in_start: Ints
    in_edge: Ints

    def __len__(self) -> int:
        return len(self.source)

    def only(self, keep: Flags) -> "Edges":
        """Some of the edges, rows unchanged."""
        return edges_of(self.source[keep], self.target[keep], self.time_us[keep], self.fen[keep], self.row[keep])


@dataclass(frozen=True)
class Instances:
    """Instances of one kind of pattern, in a fixed order; transfers of instance i are edge[start[i] : start[i + 1]].

    edge: positions in the `Edges` that were searched, in the order of the pattern (a cycle from its first transfer, else by
        time). cut: how many starting points were given up because a work bound was hit; 0 means the list is complete.
    """

    kind: str
    start: Ints
    edge: Ints
    cut: int

    def __len__(self) -> int:
        return len(self.start) - 1

    def of(self, number: int) -> Ints:
        """Edge positions of one instance."""
        return self.edge[self.start[number] : self.start[number + 1]]

    def only(self, keep: Flags) -> "Instances":
        """Some of the instances; what was given up stays told."""
        size = np.diff(self.start)
        start = np.concatenate([[0], np.cumsum(size[keep])]).astype(np.int64)
        return Instances(self.kind, start, self.edge[np.repeat(keep, size)], self.cut)

    def owner(self) -> Ints:
        """The instance of every entry of `edge`."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def fen(self, edges: Edges) -> Ints:
        """Sum of the transfers of each instance."""
        total = np.concatenate([[0], np.cumsum(edges.fen[self.edge])])
        return np.asarray(total[self.start[1:]] - total[self.start[:-1]], dtype=np.int64)


def edges_of(source: Ints, target: Ints, time_us: Ints, fen: Ints, row: Ints | None = None) -> Edges:
    """Sort by time, then row, leave out transfers of an account to itself, and index both ends."""
    row = np.arange(len(source), dtype=np.int64) if row is None else row
    rising = (time_us[1:] > time_us[:-1]) | ((time_us[1:] == time_us[:-1]) & (row[1:] > row[:-1]))
    order = np.arange(len(source)) if rising.all() else np.lexsort([row, time_us])
    order = order[source[order] != target[order]]
    source, target, time_us, fen, row = (
        np.ascontiguousarray(values[order], dtype=np.int64) for values in (source, target, time_us, fen, row)
    )
    accounts = int(max(source.max(), target.max())) + 1 if len(source) else 0
    return Edges(accounts, source, target, time_us, fen, row, *index(source, accounts), *index(target, accounts))


def index(end: Ints, accounts: int) -> tuple[Ints, Ints]:
    """Where each account's edges begin, and the edges by (account, time)."""
    start = np.zeros(accounts + 1, dtype=np.int64)
    np.cumsum(np.bincount(end, minlength=accounts), out=start[1:])
    return start, np.argsort(end, kind="stable").astype(np.int64)


def instants(found: Instances, edges: Edges) -> Ints:
    """At how many different instants the transfers of each instance lie."""
    time = edges.time_us[found.edge]
    order = np.lexsort([time, found.owner()])
    owner, time = found.owner()[order], time[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (owner[1:] != owner[:-1]) | (time[1:] != time[:-1])
    return np.bincount(owner[new], minlength=len(found)).astype(np.int64)
