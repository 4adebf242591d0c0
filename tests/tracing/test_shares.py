"""Shares to the fen: floors, remainders and who gets the fen left over, against plain integers; and the bound on pieces."""

from random import Random

import numpy as np
import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tracing.result import Parameters
from tracing.share_kernels import BUCKETS, shares
from tracing.trace import trace_claims


def given(fen: list[int], clean: int, want: int) -> list[int]:
    """What every pool and the clean money gives, by the compiled shares."""
    part, rest, near = (np.zeros(len(fen) + 1, np.int64) for _ in range(3))
    fens, total = np.array(fen, np.int64), clean + sum(fen)
    shares(
        fens,
        np.arange(len(fen), dtype=np.int32),
        0,
        len(fen),
        clean,
        total,
        want,
        part,
        rest,
        near,
        np.zeros(BUCKETS, np.int64),
    )
    return part.tolist()


def by_hand(fen: list[int], clean: int, want: int) -> list[int]:
    """The same with Python's integers and a stable sort."""
    total = clean + sum(fen)
    parts = [divmod(own * want, total) for own in (*fen, clean)]
    more = want - sum(part for part, _ in parts)
    favoured = sorted(range(len(parts)), key=lambda one: -parts[one][1])[:more]
    return [part + (one in favoured) for one, (part, _) in enumerate(parts)]


@pytest.mark.parametrize("most", [3, 50, 10**6, 10**12, 2**55])
def test_shares_are_those_of_a_stable_sort_of_the_remainders(most: int) -> None:
    random = Random(most)
    for _ in range(300):
        fen = [random.randint(0, most) for _ in range(random.choice([1, 2, 7, 15, 16, 17, 40, 100]))]
        clean = random.choice([0, 1, random.randint(0, most), min(20 * most, 2**61)])
        want = random.choice([1, random.randint(1, max(1, clean + sum(fen))), clean + sum(fen)])
        if 0 < want <= clean + sum(fen):
            assert given(fen, clean, want) == by_hand(fen, clean, want)


def test_more_pieces_than_a_result_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracing.replay.MOST_ROWS", 2)
    told = """
        opening victim 50
        09:00 victim -> a 50  # claim
        09:01 a -> b 40
        09:02 b -> c 30
    """
    for method in ("pro_rata", "clean_first", "taint_first"):
        with pytest.raises(LiushuiError, match="pieces") as refused:
            trace_claims(story(told), Parameters(method=method))
        assert refused.value.code == "TRC-too-many-rows"
