"""The AMLworld typologies as finders that give back the transfers of each instance. Definitions: docs/patterns.md.

Every finder takes `Edges` and gives `Instances`: whole, deterministic, and saying so where a work bound was hit.
"""

from rules.patterns.bipartite import bipartites
from rules.patterns.chain import chains
from rules.patterns.cycle import Round, cycles
from rules.patterns.edges import Edges, Instances, edges_of, instants
from rules.patterns.fan import fan_ins, fan_outs
from rules.patterns.gather_scatter import gather_scatters
from rules.patterns.grouping import joined
from rules.patterns.relations import apart, once, passed_on, sparse, strangers
from rules.patterns.scatter_gather import scatter_gathers
from rules.patterns.settlement import Commission, KeptShare, commissioned, kept_share, settlements
from rules.patterns.simple_cycle import simple_cycles
from rules.patterns.stack import stacks

__all__ = [
    "Commission",
    "Edges",
    "Instances",
    "KeptShare",
    "Round",
    "apart",
    "bipartites",
    "chains",
    "commissioned",
    "cycles",
    "edges_of",
    "fan_ins",
    "fan_outs",
    "gather_scatters",
    "instants",
    "joined",
    "kept_share",
    "once",
    "passed_on",
    "scatter_gathers",
    "settlements",
    "simple_cycles",
    "sparse",
    "stacks",
    "strangers",
]
