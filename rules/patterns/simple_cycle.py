"""Cycles of a graph without times, complete up to a length."""

import numpy as np

from rules.patterns.cycle import MOST_STEPS
from rules.patterns.edges import index
from rules.scope import Ints


def simple_cycles(
    source: Ints, target: Ints, shortest: int, longest: int, most_steps: int = MOST_STEPS
) -> tuple[list[Ints], int]:
    """Every cycle of `shortest` … `longest` different accounts once, from its smallest account; by length, then by accounts.

    Parallel edges are one edge. Returns the cycles and how many starting accounts were given up (0: the list is complete).
    """
    from rules.patterns.component_kernels import strong_components
    from rules.patterns.cycle_kernels import plain_cycles

    accounts = int(max(source.max(), target.max())) + 1 if len(source) else 0
    start, by_source = index(source, accounts)
    component = strong_components(start, target[by_source])
    inside = (component[source] == component[target]) & (source != target)
    pairs = np.unique(source[inside] * accounts + target[inside]) if accounts else source
    tail, head = pairs // max(accounts, 1), pairs % max(accounts, 1)
    out_start, _ = index(tail, accounts)
    in_start, back = index(head, accounts)
    starts, members, cut = plain_cycles(out_start, head, in_start, tail[back], shortest, longest, most_steps)
    lengths = np.diff(starts)
    return [members[starts[i] : starts[i + 1]] for i in np.argsort(lengths, kind="stable")], cut
