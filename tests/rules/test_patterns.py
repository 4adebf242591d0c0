"""Every finder gives what trying everything gives, on small random graphs; the complete cycle lists of a contest come out."""

import gzip
from collections.abc import Iterator

import igraph
import numpy as np
import pandas as pd
import pytest

from rules import patterns
from rules.patterns import Instances, KeptShare, Round, edges_of
from rules.patterns.settlement import FIRST_BP, LAST_BP, shares
from tests.outside import outside
from tests.rules import brute

SEEDS = range(25)
WINDOWS = (4, 9, 30)


def members(found: Instances) -> list[list[int]]:
    return [found.of(number).tolist() for number in range(len(found))]


def cases() -> Iterator[tuple[int, int]]:
    return ((seed, window) for seed in SEEDS for window in WINDOWS)


@pytest.mark.parametrize("ordered", [True, False])
def test_cycles_are_those_found_by_trying_everything(ordered: bool) -> None:
    some = 0
    for seed in range(25):
        edges, told = brute.random_edges(seed, size=11, accounts=4)
        for window in WINDOWS:
            found = members(patterns.cycles(edges, Round(window, 2, 4, ordered)))
            assert sorted(map(tuple, found)) == brute.cycles_by_trying(told, window, range(2, 5), ordered)
            some += len(found)
    assert some > 50


def test_cycles_of_five_are_found_whatever_the_pruning() -> None:
    for seed in range(3):
        draw = np.random.default_rng(seed)
        ring = np.arange(5)
        source, target = (
            np.concatenate([ring, draw.integers(0, 6, 6)]),
            np.concatenate([(ring + 1) % 5, draw.integers(0, 6, 6)]),
        )
        edges = edges_of(source, target, np.concatenate([[1, 2, 5, 6, 8], draw.integers(0, 9, 6)]), np.ones(11, dtype=np.int64))
        wanted = brute.cycles_by_trying(brute.listed(edges), 30, range(5, 6), True)
        assert wanted
        assert sorted(map(tuple, members(patterns.cycles(edges, Round(30, 5, 5))))) == wanted


def test_cycles_without_times_are_those_found_by_trying_everything() -> None:
    for seed in range(12):
        draw = np.random.default_rng(seed)
        source, target = draw.integers(0, 7, 18), draw.integers(0, 7, 18)
        found, cut = patterns.simple_cycles(source, target, 2, 6)
        pairs = {(int(a), int(b)) for a, b in zip(source, target, strict=True) if a != b}
        assert [cycle.tolist() for cycle in found] == brute.plain_cycles_by_trying(pairs, 7, range(2, 7))
        assert cut == 0


@pytest.mark.parametrize("name", ["std", "3738", "38252"])
def test_the_complete_cycle_lists_of_the_contest_come_out(name: str) -> None:
    folder = outside(f"cycles/FirstRound_data_{name}")
    rows = pd.read_csv(folder / "test_data.txt.gz", header=None)
    found, cut = patterns.simple_cycles(rows[0].to_numpy(), rows[1].to_numpy(), 3, 7)
    with gzip.open(folder / "result.txt.gz", "rt") as lines:
        wanted = lines.read().split()
    assert [str(len(found))] + [",".join(map(str, cycle.tolist())) for cycle in found] == wanted
    assert cut == 0


def test_strong_components_are_those_of_igraph() -> None:
    from rules.patterns.component_kernels import strong_components

    for seed in SEEDS:
        draw = np.random.default_rng(seed)
        pairs = draw.integers(0, 40, (60, 2))
        pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
        start = np.searchsorted(pairs[:, 0], np.arange(41))
        ours = strong_components(start, np.ascontiguousarray(pairs[:, 1]))
        theirs = igraph.Graph(n=40, edges=pairs, directed=True).connected_components(mode="strong").membership
        assert len(set(zip(ours.tolist(), theirs, strict=True))) == len(set(theirs)) == len(set(ours.tolist()))


def test_fans_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed, window in cases():
        edges, told = brute.random_edges(seed, size=30)
        found = members(patterns.fan_ins(edges, window, 3))
        assert found == brute.fan_ins_by_trying(told, edges.accounts, window, 3)
        some += len(found)
        # A fan-out is a fan-in with every transfer turned round.
        turned = edges_of(edges.target, edges.source, edges.time_us, edges.fen)
        assert members(patterns.fan_outs(turned, window, 3)) == found
    assert some > 50


def test_gather_scatters_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed, window in cases():
        edges, told = brute.random_edges(seed, size=30)
        found = members(patterns.gather_scatters(edges, window, 2, 2))
        assert found == brute.turns_by_trying(told, edges.accounts, window, 2)
        some += len(found)
    assert some > 50


def test_scatter_gathers_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed, window in cases():
        edges, told = brute.random_edges(seed, size=20)
        found = members(patterns.scatter_gathers(edges, window, 2))
        assert found == brute.two_steps_by_trying(told, edges.accounts, window, 2)
        some += len(found)
    assert some > 50


def test_bipartite_blocks_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed, window in cases():
        edges, told = brute.random_edges(seed, size=16)
        found = members(patterns.bipartites(edges, window))
        assert found == brute.quads_by_trying(told, window)
        some += len(found)
    assert some > 20


def test_stacks_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed, window in cases():
        edges, told = brute.random_edges(seed, size=16, accounts=8)
        found = members(patterns.stacks(edges, window, 5_000, 12_000))
        assert found == brute.stacks_by_trying(told, window, (5_000, 12_000))
        some += len(found)
    assert some > 20


def test_chains_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed, window in cases():
        edges, told = brute.random_edges(seed, size=20)
        found = members(patterns.chains(edges, window, 3, 5_000, 12_000))
        assert found == brute.chains_by_trying(told, window, 3, (5_000, 12_000))
        some += len(found)
    assert some > 20


def test_settlements_are_those_found_by_trying_everything() -> None:
    for seed, window in cases():
        edges, told = brute.random_edges(seed)
        found = members(patterns.settlements(edges, window, 8_000, 10_000).instances)
        assert {tuple(x) for x in found} == brute.settlements_by_trying(told, edges.accounts, window, (8_000, 10_000))
        assert len(found) == len({tuple(x) for x in found})


def kept(share_bp: np.ndarray) -> KeptShare | None:
    """The share that stands out of these settlements."""
    inside = share_bp[(share_bp >= FIRST_BP) & (share_bp <= LAST_BP)]
    return patterns.kept_share(np.bincount(inside - FIRST_BP, minlength=LAST_BP - FIRST_BP + 1))


def test_shares_are_counted_as_settlements_have_them() -> None:
    some = 0
    for seed, window in cases():
        edges, _ = brute.random_edges(seed)
        found = patterns.settlements(edges, window, FIRST_BP - 1, LAST_BP + 1).share_bp
        found = found[(found >= FIRST_BP) & (found <= LAST_BP)]
        counts, cut = shares(edges, window)
        assert counts.tolist() == np.bincount(found - FIRST_BP, minlength=LAST_BP - FIRST_BP + 1).tolist()
        some += int(counts.sum())
        assert cut == 0
    assert some > 20


def test_a_commission_that_many_keep_stands_out_and_chance_does_not() -> None:
    chance = np.random.default_rng(5).integers(5_000, 11_000, 3_000)
    assert kept(chance) is None
    assert kept(np.concatenate([chance, np.full(60, 9_000)])) == KeptShare(9_000, 1)


def test_a_commission_is_seen_to_the_fen_where_its_neighbourhood_is_full() -> None:
    chance = np.random.default_rng(6).integers(5_000, 9_900, 30_000)
    assert kept(np.concatenate([chance, np.full(40, 9_000)])) == KeptShare(9_000, 1)


def test_a_commission_rounded_to_whole_yuan_is_seen_over_a_wider_step() -> None:
    draw = np.random.default_rng(7)
    rounded = draw.integers(8_990, 9_011, 400)
    found = kept(np.concatenate([draw.integers(5_000, 9_900, 6_000), rounded]))
    assert found is not None
    assert (found.within_bp, abs(found.passed_on_bp - 9_000) < 10) == (20, True)


def test_shares_that_slope_or_come_in_heaps_are_no_commission() -> None:
    draw = np.random.default_rng(8)
    slope = (4_000 + 6_500 * (1 - np.sqrt(draw.random(400_000)))).astype(np.int64)
    heaps = np.repeat(draw.integers(4_000, 10_500, 60_000), draw.integers(1, 40, 60_000))
    assert kept(slope) is None
    assert kept(heaps) is None


def test_who_passes_everything_on_works_for_no_commission() -> None:
    chance = np.random.default_rng(5).integers(5_000, 9_900, 3_000)
    assert kept(np.concatenate([chance, np.full(500, 10_000)])) is None
    assert kept(np.concatenate([chance, np.full(500, 10_000), np.full(60, 9_000)])) == KeptShare(9_000, 1)


def test_accounts_that_keep_the_same_share_and_have_a_payer_in_common_are_one_instance() -> None:
    rows = []
    for k in range(12):  # twelve middle accounts of six payers: two of each
        rows += [(k // 2, 100 + k, 10 * k, 10_000 + 70 * k), (100 + k, 200 + k, 10 * k + 5, (10_000 + 70 * k) * 9 // 10)]
    rows += [(50, 300 + k, 500 + 20 * k, 10_000) for k in range(9)]  # nine that pass everything on, of one payer
    rows += [(300 + k, 400 + k, 505 + 20 * k, 10_000) for k in range(9)]
    columns = (np.array(values, dtype=np.int64) for values in zip(*rows, strict=True))
    edges = edges_of(*columns)
    found = patterns.commissioned(edges, 9, 10)
    assert (len(found.groups), found.share, found.groups.cut) == (6, KeptShare(9_000, 1), 0)
    assert found.groups.of(0).tolist() == [0, 1, 2, 3]
    assert found.settlements.share_bp.tolist() == [9_000] * 12


def test_the_order_of_the_rows_changes_nothing() -> None:
    for seed in SEEDS:
        edges, _ = brute.random_edges(seed, size=30)
        shuffled = np.random.default_rng(seed).permutation(len(edges))
        columns = (edges.source, edges.target, edges.time_us, edges.fen, edges.row)
        again = edges_of(*(values[shuffled] for values in columns))
        assert members(patterns.cycles(again, Round(30))) == members(patterns.cycles(edges, Round(30)))
        assert members(patterns.scatter_gathers(again, 9, 2)) == members(patterns.scatter_gathers(edges, 9, 2))


def test_a_search_that_is_given_up_is_counted() -> None:
    size = 9
    source, target = (a.ravel() for a in np.meshgrid(np.arange(size), np.arange(size)))
    edges = edges_of(source, target, np.arange(len(source)), np.ones(len(source), dtype=np.int64))
    assert patterns.cycles(edges, Round(10**6, 3, 8, most_steps=20)).cut > 0
    assert patterns.scatter_gathers(edges, 10**6, 2, most_steps=20).cut > 0
    assert patterns.bipartites(edges, 10**6, most_steps=20).cut > 0
    assert patterns.simple_cycles(source, target, 3, 7, most_steps=20)[1] > 0


def test_no_transfers_are_no_patterns() -> None:
    none = np.zeros(0, dtype=np.int64)
    edges = edges_of(none, none, none, none)
    assert len(patterns.apart(edges, 1, 2)) == 0
    assert (
        len(patterns.cycles(edges, Round(9))) == len(patterns.bipartites(edges, 9)) == len(patterns.fan_ins(edges, 9, 2)) == 0
    )
    assert len(patterns.stacks(edges, 9, 0, 10_000)) == len(patterns.commissioned(edges, 9, 9).groups) == 0
    assert patterns.simple_cycles(none, none, 3, 7) == ([], 0)


def test_one_transfer_between_two_accounts_is_once_and_a_return_makes_no_strangers() -> None:
    columns = (np.array([0, 0, 1, 2]), np.array([1, 1, 0, 3]), np.array([0, 50, 90, 5]), np.ones(4, dtype=np.int64))
    edges = edges_of(*columns)
    assert edges.row[patterns.once(edges)].tolist() == [3, 2]
    assert edges.row[patterns.strangers(edges, 10)].tolist() == [3]
    assert patterns.strangers(edges, 100).all()


def test_who_comes_back_after_long_is_a_stranger_again() -> None:
    times = np.array([0, 1, 50, 51, 200, 5, 300, 0, 40])
    columns = (np.array([0, 1, 0, 0, 1, 2, 3, 4, 5]), np.array([1, 0, 1, 1, 0, 3, 2, 5, 4]), times, np.ones(9, dtype=np.int64))
    edges = edges_of(*columns)
    for near, far in ((2, 100), (2, 30), (60, 100), (0, 300)):
        kept = set(edges.row[patterns.apart(edges, near, far)].tolist())
        for row in range(9):
            ends = {columns[0][row], columns[1][row]}
            others = [times[at] for at in range(9) if at != row and {columns[0][at], columns[1][at]} == ends]
            assert (row in kept) == (not any(near < abs(when - times[row]) <= far for when in others)), (near, far, row)
    assert set(edges.row[patterns.apart(edges, 2, 100)].tolist()) == {4, 5, 6}


def test_only_transfers_beside_a_like_amount_are_passed_on() -> None:
    columns = (np.array([0, 1, 1, 4]), np.array([1, 2, 3, 0]), np.array([10, 12, 99, 5]), np.array([100, 95, 100, 40]))
    edges = edges_of(*columns)
    assert edges.row[patterns.passed_on(edges, 20, 9_000, 11_000)].tolist() == [0, 1]
