"""Groups of edges as instances: those with enough accounts in each layer and not too many transfers."""

import numpy as np

from rules.patterns.edges import Instances
from rules.scope import Ints


def grouped(kind: str, group: Ints, most: int, cut: int) -> Instances:
    """One instance per group, by its first edge; groups of more than `most` edges are given up and counted in `cut`."""
    inside = np.flatnonzero(group >= 0)
    order = inside[np.argsort(group[inside], kind="stable")]
    _, size = np.unique(group[order], return_counts=True)
    fits = size <= most
    edge = order[np.repeat(fits, size)]
    start = np.concatenate([[0], np.cumsum(size[fits])]).astype(np.int64)
    return Instances(kind, start, edge, cut + int((~fits).sum()))


def joined(found: Instances, edges: int, most: int) -> Instances:
    """Instances that share a transfer as one, by first transfer; groups beyond `most` transfers are given up and counted."""
    from rules.patterns.layer_kernels import shared

    return grouped(found.kind, shared(found.start, found.edge, edges), most, found.cut)
