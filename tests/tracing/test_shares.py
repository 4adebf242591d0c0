"""Shares to the fen: floors, remainders and who gets the fen left over, against plain integers; and the bound on pieces."""

from random import Random

import numpy as np
import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tracing.legs import Slots
from tracing.result import Parameters
from tracing.share_kernels import BUCKETS, gives_nothing, shares
from tracing.slot_kernels import HELD, slots_table
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


def test_what_is_told_to_give_nothing_gives_nothing_and_small_payments_are_told() -> None:
    random, told, codes, none = Random(5), 0, np.zeros(1, np.int32), np.zeros(1, np.bool_)
    one_slot = Slots(codes, codes, ("CNY",), none, none)
    for _ in range(3000):
        fen = [random.randint(1, random.choice([1, 3, 40])) for _ in range(random.choice([1, 2, 9, 30]))]
        total, want = sum(fen) + random.randint(0, random.choice([10, 10**4, 10**7])), random.randint(1, 300)
        slots = slots_table(np.array([total]), one_slot, np.zeros(1, np.int64))
        slots[0, HELD] = sum(fen)
        if gives_nothing(slots, 0, want):
            told += 1
            assert by_hand(fen, total - sum(fen), want)[:-1] == [0] * len(fen)
        elif want <= total:
            assert 4 * sum(fen) * want > total, "it looks at pools only where they are near a fen"
    assert told > 500


@pytest.mark.parametrize(("count", "want", "first"), [(3, 7, 1), (15, 7, 7), (40, 3, 3), (40, 7, 7), (300, 299, 299)])
def test_of_equal_remainders_the_first_claims_come_first_wherever_their_pools_stand(count: int, want: int, first: int) -> None:
    names = np.array(Random(count).sample(range(count), count), np.int32)
    part, rest, near = np.zeros((3, count + 1), np.int64)
    shares(np.full(count, 10), names, 0, count, 0, 10 * count, want, part, rest, near, np.zeros(BUCKETS, np.int64))
    assert sorted(names[part[:count] > want // count]) == list(range(first))


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
