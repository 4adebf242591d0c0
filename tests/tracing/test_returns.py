"""Return proposals: the law's example, and what holds for every amount and every claim."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracing.returns import SHARING, Loss, part_of, shared


def losses_of(*fen: int) -> list[Loss]:
    return [Loss(f"R{number}", f"v{number}", loss) for number, loss in enumerate(fen, start=1)]


def due(amount: int, losses: list[Loss], method: str = "pro_rata") -> list[int]:
    return [share.due_fen for share in shared(amount, losses, method).shares]


def test_the_shares_of_the_worked_example_are_those_of_the_formula() -> None:
    found = shared(90_000_00, losses_of(150_000_00, 49_950_00, 297_123_00), "pro_rata")
    assert [share.due_fen for share in found.shares] == [27_158_99, 9_043_94, 53_797_07]
    assert found.shares[0].arithmetic.startswith("90,000.00 × 150,000.00 / 497,073.00 = 27,158.98, remainder ")


def test_nobody_gets_more_than_the_net_loss_and_the_excess_goes_to_the_others() -> None:
    losses = [Loss("R1", "a", 100, 90), Loss("R2", "b", 100), Loss("R3", "c", 200)]
    found = shared(130, losses, "pro_rata")
    assert [share.due_fen for share in found.shares] == [10, 40, 80]
    assert found.steps[1] == "R1 reaches its cap and gets 0.10; 1.20 is left for the others"


def test_net_loss_counts_what_came_back_once() -> None:
    assert due(100, [Loss("R1", "a", 100, 50), Loss("R2", "b", 100)], "net_loss") == [33, 67]


def test_a_rising_tide_leaves_out_whoever_is_above_it() -> None:
    """100 lost each; 60, 20 and nothing came back; 50 more lift the two lower ones to 35 each, below the 60."""
    losses = [Loss("R1", "a", 100, 60), Loss("R2", "b", 100, 20), Loss("R3", "c", 100)]
    found = shared(50, losses, "rising_tide")
    assert [share.due_fen for share in found.shares] == [0, 15, 35]
    assert "R1 already has 0.60 of 1.00 back and gets nothing" in found.steps


def test_traced_gives_what_tracing_finds() -> None:
    losses = [Loss("R1", "a", 100, traced_fen=30), Loss("R2", "b", 100, traced_fen=10)]
    assert (due(40, losses, "traced"), due(4, losses, "traced")) == ([30, 10], [3, 1])
    assert shared(50, losses, "traced").rest_fen == 10


def test_equal_remainders_go_by_claim() -> None:
    assert due(2, losses_of(5, 5, 5)) == [1, 1, 0]


@pytest.mark.parametrize("method", SHARING)
def test_nothing_to_share_or_nobody_to_share_with(method: str) -> None:
    assert due(0, losses_of(10, 20), method) == [0, 0]
    assert shared(10, [], method).rest_fen == 10


def test_products_beyond_64_bits_are_exact() -> None:
    big = 2**62
    assert due(big, losses_of(big, big - 1, 1), "pro_rata") == [2**61, 2**61, 0]


claims = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000)), max_size=7).map(
    lambda rows: [
        Loss(f"R{number:02d}", "v", loss, min(back, loss), min(traced, loss))
        for number, (loss, back, traced) in enumerate(rows)
    ]
)


@given(st.integers(0, 9000), claims, st.sampled_from(SHARING))
def test_the_shares_add_up_and_keep_below_their_caps(amount: int, losses: list[Loss], method: str) -> None:
    found = shared(amount, losses, method)
    caps = {loss.claim: part_of(loss, method).cap for loss in losses}
    assert sum(share.due_fen for share in found.shares) == min(amount, sum(caps.values())) == amount - found.rest_fen
    for share in found.shares:
        assert 0 <= share.due_fen <= caps[share.loss.claim] <= share.loss.net_fen
        assert -1 < share.due_fen - share.exact_fen < 1


@given(st.integers(0, 9000), claims, st.sampled_from(SHARING), st.randoms(use_true_random=False))
def test_the_order_of_the_claims_changes_nothing(amount: int, losses: list[Loss], method: str, random) -> None:  # type: ignore[no-untyped-def]
    turned = list(losses)
    random.shuffle(turned)
    assert shared(amount, turned, method) == shared(amount, losses, method)


@given(st.integers(0, 9000), st.integers(0, 500), claims, st.sampled_from(SHARING))
def test_more_to_share_takes_nothing_from_anybody_before_rounding(
    amount: int, more: int, losses: list[Loss], method: str
) -> None:
    before, after = shared(amount, losses, method).shares, shared(amount + more, losses, method).shares
    assert all(b.exact_fen <= a.exact_fen for b, a in zip(before, after, strict=True))


@given(st.integers(0, 60), st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=4))
def test_a_rising_tide_is_what_pouring_small_drops_on_the_lowest_gives(amount: int, rows: list[tuple[int, int]]) -> None:
    """The twin pours hundredths of a fen, each on whoever has recovered the smallest part and is not made whole."""
    losses = [Loss(f"R{number}", "v", loss, min(back, loss)) for number, (loss, back) in enumerate(rows)]
    drops, poured = 100, [0] * len(losses)
    for _ in range(amount * drops):
        open_ones = [at for at, loss in enumerate(losses) if poured[at] < loss.net_fen * drops]
        if not open_ones:
            break
        lowest = min(open_ones, key=lambda at: Fraction(losses[at].returned_fen * drops + poured[at], losses[at].loss_fen))
        poured[lowest] += 1
    exact = [share.exact_fen for share in shared(amount, losses, "rising_tide").shares]
    assert all(abs(fen * drops - twin) <= len(losses) for fen, twin in zip(exact, poured, strict=True))
