"""Networks as igraph sees them: connected parts, communities, least cuts, the account graph. The door to igraph."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import LiushuiError
from tracing.graph import FlowGraph
from tracing.legs import Flags, Ints

WHOLE = 2**53
"""Sums of floats below it are exact: igraph knows no other capacities."""


def account_graph(graph: FlowGraph) -> Any:
    """The projected account graph as an igraph.Graph: vertices in node order, edges in flow order."""
    import igraph

    edges = list(zip(graph.flows["source_node"].tolist(), graph.flows["target_node"].tolist(), strict=True))
    projected = igraph.Graph(n=len(graph.nodes), edges=edges, directed=True)
    projected.vs["account"] = graph.nodes["account"].tolist()
    projected.vs["tier"] = graph.nodes["tier"].tolist()
    projected.es["traced_fen"] = graph.flows["traced_fen"].tolist()
    return projected


def components(claims: int, claim: Ints, tie: Ints, ties: int) -> Ints:
    """Number of the connected part per claim, from (claim, tie) pairs; parts are numbered in the order of their first claim."""
    import igraph

    edges = np.column_stack([claim, tie + claims])
    parts = igraph.Graph(n=claims + ties, edges=edges).connected_components().membership[:claims]
    return np.asarray(pd.factorize(np.asarray(parts, dtype=np.int64))[0], dtype=np.int64)


def communities(nodes: int, source: Ints, target: Ints, traced_fen: Ints, seed: int) -> Ints:
    """Parts of a ring that deal more among themselves than with the rest (Leiden, modularity), numbered by their first node.

    The same input and seed give the same parts. Source: Traag, Waltman and van Eck 2019.
    """
    import igraph

    low, high = np.minimum(source, target), np.maximum(source, target)
    pairs = pd.DataFrame({"low": low, "high": high, "fen": traced_fen})[low != high]
    edges = pairs.groupby(["low", "high"], sort=True, as_index=False)["fen"].sum()
    graph = igraph.Graph(n=nodes, edges=edges[["low", "high"]].to_numpy(dtype=np.int64))
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 - repeatable, not secret
    try:
        weights = edges["fen"].to_list()
        found = graph.community_leiden(objective_function="modularity", weights=weights, n_iterations=-1).membership
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(pd.factorize(np.asarray(found, dtype=np.int64))[0], dtype=np.int64)


def least_cut(source: Ints, target: Ints, capacity: Sequence[int], start: int, end: int) -> Flags:
    """Which edges of a network the cut of least capacity between two nodes consists of; of several the one nearest the end.

    Raises: LiushuiError TRC-cut-too-large where the capacities add up to 2^53 or more.
    """
    import igraph

    if sum(capacity) >= WHOLE:
        raise LiushuiError("TRC-cut-too-large", f"the capacities of the network add up to {WHOLE:,} or more")
    nodes = int(max(start, end, *source.tolist(), *target.tolist())) + 1
    network = igraph.Graph(n=nodes, edges=np.column_stack([source, target]), directed=True)
    before = np.zeros(nodes, np.bool_)
    before[network.maxflow(start, end, capacity=list(capacity)).partition[0]] = True
    return np.asarray(before[source] & ~before[target], np.bool_)
