"""The layered net under a flow diagram, and an order of every layer with few crossings; igraph's Sugiyama gives the first."""

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass, field

CROSSING_SWEEPS = 24
SWAP_ROUNDS = 8

Extent = tuple[float, float]


@dataclass
class Net:
    """Vertices of the layered graph: nodes first, then dummies; edges join neighbouring layers only."""

    layer: list[int]
    extent: list[Extent]
    edges: list[tuple[int, int]] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)

    def add(self, layer: int, extent: Extent) -> int:
        self.layer.append(layer)
        self.extent.append(extent)
        return len(self.layer) - 1

    def join(self, left: int, right: int, weight: float) -> None:
        self.edges.append((left, right))
        self.weight.append(weight)

    def sides(self) -> tuple[list[list[tuple[int, float]]], list[list[tuple[int, float]]]]:
        """Per vertex its neighbours, with weights, in the layer before and in the layer after."""
        before: list[list[tuple[int, float]]] = [[] for _ in self.layer]
        after: list[list[tuple[int, float]]] = [[] for _ in self.layer]
        for (left, right), weight in zip(self.edges, self.weight, strict=True):
            after[left].append((right, weight))
            before[right].append((left, weight))
        return before, after


def ordered(net: Net) -> list[list[int]]:
    """Vertices per layer from top to bottom."""
    return _fewer_crossings(net, _first_order(net))


def crossings(net: Net, order: list[list[int]]) -> int:
    """Pairs of edges that cross, counted by inversions per gap."""
    rank = {vertex: i for layer in order for i, vertex in enumerate(layer)}
    gaps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for left, right in net.edges:
        gaps[net.layer[left]].append((rank[left], rank[right]))
    total = 0
    for pairs in gaps.values():
        seen: list[int] = []
        for _, right in sorted(pairs):
            total += len(seen) - bisect_right(seen, right)
            insort(seen, right)
    return total


def _first_order(net: Net) -> list[list[int]]:
    """Vertices per layer from top to bottom, as igraph's crossing reduction orders them; the vertex number breaks ties."""
    import igraph

    graph = igraph.Graph(n=len(net.layer), edges=net.edges, directed=False)
    across = [point[0] for point in graph.layout_sugiyama(layers=net.layer, maxiter=200).coords[: len(net.layer)]]
    order: list[list[int]] = [[] for _ in range(max(net.layer) + 1)]
    for vertex in sorted(range(len(net.layer)), key=lambda vertex: (across[vertex], vertex)):
        order[net.layer[vertex]].append(vertex)
    return order


def _fewer_crossings(net: Net, order: list[list[int]]) -> list[list[int]]:
    """Barycentre sweeps in both directions, after each neighbours swapped where it helps; the best order met is kept."""
    before, after = net.sides()
    links = [[other for other, _ in first + second] for first, second in zip(before, after, strict=True)]
    best, fewest = order, crossings(net, order)
    for sweep in range(CROSSING_SWEEPS):
        order = [list(layer) for layer in order]
        forwards = sweep % 2 == 0
        sides = before if forwards else after
        spot = [0.0] * len(net.layer)
        for layer in order if forwards else reversed(order):
            means = {v: _mean([spot[o] for o, _ in sides[v]], (i + 0.5) / len(layer)) for i, v in enumerate(layer)}
            layer.sort(key=means.__getitem__)
            for i, v in enumerate(layer):
                spot[v] = (i + 0.5) / len(layer)
        swapped = _swapped(net, order, links)
        found = crossings(net, swapped)
        if found < fewest:
            best, fewest = swapped, found
    return best


def _swapped(net: Net, order: list[list[int]], links: list[list[int]]) -> list[list[int]]:
    """The order after swapping neighbours in a layer for as long as that takes crossings away."""
    order = [list(layer) for layer in order]
    rank = {vertex: i for layer in order for i, vertex in enumerate(layer)}
    for _ in range(SWAP_ROUNDS):
        swaps = 0
        for layer in order:
            for i in range(len(layer) - 1):
                first, second = layer[i], layer[i + 1]
                if _gain(net, rank, links[first], links[second]) > 0:
                    layer[i], layer[i + 1] = second, first
                    rank[first], rank[second] = i + 1, i
                    swaps += 1
        if not swaps:
            break
    return order


def _gain(net: Net, rank: dict[int, int], above: list[int], below: list[int]) -> int:
    """Crossings between the lines of two neighbours that go when they change places."""
    gain = 0
    for one in above:
        for other in below:
            if net.layer[one] == net.layer[other]:
                gain += (rank[one] > rank[other]) - (rank[one] < rank[other])
    return gain


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default
