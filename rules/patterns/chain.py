"""Random chain 链式: money handed on from account to account, each time whole and soon."""

from rules.patterns.edges import Edges, Instances


def chains(edges: Edges, gap_us: int, least: int, low_bp: int, high_bp: int) -> Instances:
    """Runs of at least `least` transfers, each passing the one before on within the gap; every transfer is in one run at most.

    A transfer is passed on by the earliest later one out of its target, not taken yet, whose amount is between low_bp and
    high_bp of it (basis points). By first transfer.
    """
    from rules.patterns.chain_kernels import forwards, paths

    follower = forwards(
        edges.out_start, edges.out_edge, edges.source, edges.target, edges.time_us, edges.fen, gap_us, low_bp, high_bp
    )
    return Instances("chain", *paths(follower, least), 0)
