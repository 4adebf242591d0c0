"""The contender: gradient boosting on IBM snapml's graph features, in an interpreter that has snapml and scikit-learn.

`OTHER_PYTHON boosting.py graph.npz answer.npz`: it imports nothing of this project. graph.npz holds source, target, day and fen
of every transfer in time order, and columns of labels, -1 wherever a transfer is not to be learned from; the answer is a
probability per transfer for each of these. Features are those of the snapml manual: fans, degrees, scatter-gathers, cycles in
time order, cycles of at most six transfers in any order, statistics of both accounts.
"""

import sys
from typing import Any

import numpy as np

DAY = 86_400
LONGEST = 10
"""Bins of the pattern sizes: 2 … 10."""
WINDOW_DAYS, BATCH = 28, 128
RATE, LEAVES, TREES = 0.1, 31, 100
"""The best on the validation days of six settings (docs/detection.md)."""


def graph_features(source: Any, target: Any, day: Any, fen: Any) -> Any:
    """The amount and snapml's features of every transfer, batch by batch in time order."""
    from snapml import GraphFeaturePreprocessor  # type: ignore[import-not-found]

    count = len(source)
    rows = np.column_stack([np.arange(count), source, target, day * DAY, fen / 100]).astype(np.float64)
    window, bins = WINDOW_DAYS * DAY, list(range(2, LONGEST + 1))
    asked: dict[str, Any] = {"num_threads": 1, "time_window": window, "max_no_edges": -1, "vertex_stats": True}
    asked |= {"vertex_stats_tw": window, "vertex_stats_cols": [3, 4], "vertex_stats_feats": [0, 1, 2, 3, 4, 8, 9, 10]}
    asked["lc-cycle_len"] = 6
    for name in ("fan", "degree", "scatter-gather", "temp-cycle", "lc-cycle"):
        asked |= {name: True, f"{name}_tw": window, f"{name}_bins": bins}
    finder = GraphFeaturePreprocessor()
    finder.set_params(asked)
    parts = [finder.transform(rows[begin : begin + BATCH]) for begin in range(0, count, BATCH)]
    return np.concatenate(parts)[:, 4:]


def probabilities(features: Any, label: Any) -> Any:
    """Learn where the label is known, answer everywhere."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-not-found]

    known = label >= 0
    learner = HistGradientBoostingClassifier(learning_rate=RATE, max_leaf_nodes=LEAVES, max_iter=TREES, random_state=0)
    learner.fit(features[known], label[known])
    return learner.predict_proba(features)[:, 1]


def main() -> None:
    """Answer by every column of labels."""
    graph = np.load(sys.argv[1])
    features = graph_features(*(graph[name] for name in ("source", "target", "day", "fen")))
    np.savez(sys.argv[2], **{name: probabilities(features, graph[name]) for name in graph if name.startswith("label")})


if __name__ == "__main__":
    main()
