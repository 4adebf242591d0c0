"""Inferred recycler links against the truth of generated rings: rates, precision, recall and calibration of the links.

    python -m benchmarks.recycling [SEEDS] [GENUINE_SELLERS] [LOST]

One ring a ledger, `SEEDS` seeds of every scenario that cashes out by vouchers. Every recycler also buys from innocent sellers:
`GENUINE_SELLERS` per voucher kind and ring (3 in the shipped scenarios). A link is a pair of one payout and one redemption.
`LOST` percent of the payouts for vouchers are taken out of the records (none unless given).

Batches of equal face that one recycler may have paid for at the same time cannot be told apart by anybody. How many pairs one
would name who is told every batch and the rate, and guesses among equal ones, is printed beside. Sets claim less: that a payee
was paid for a redemption. That, and how much of the victims' money a trace leaves at other accounts than one by the true links
does, is the second table.
"""

import csv
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

SCENARIOS = ("refund_impostor", "fake_loan", "brush_flow_loan", "boss_impostor", "demo", "number_segment")
BOUNDS_BP = (0, 5_000, 8_000, 9_000, 9_500, 9_700)
USUAL_BP = 9_000
SCENARIO_HEADER = "| scenario | pairs | precision at 0.90 | recall | guessing among equal batches |\n|---|---:|---:|---:|---:|"
PAYEE_HEADER = (
    "| scenario | payee right, links and sets | recall | claimed | misplaced without links | by links | by links and sets |\n"
    "|---|---:|---:|---:|---:|---:|---:|"
)
DAY = pd.Timedelta("24h")
OFF_BP = 50
"""A rate is right within 0.005."""
Pair = tuple[str, str]


@dataclass
class Tally:
    """What was found over all rings.

    found: probability and whether it is true, of every pair, and whether an innocent seller was paid. true: how many there are.
    guessed: how many of them one would name who knows all batches and guesses among equal ones. payees: of links and sets of
    at least `USUAL_BP`, whether the redemption went to that payee. claimed_fen; misplaced_fen: at other accounts than by the
    true links, without links, by links alone, by links and sets.
    """

    found: list[tuple[int, bool, bool]] = field(default_factory=list)
    true: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    guessed: float = 0.0
    payees: list[bool] = field(default_factory=list)
    claimed_fen: int = 0
    misplaced_fen: list[int] = field(default_factory=lambda: [0, 0, 0])
    rings: int = 0
    rates: list[tuple[str, str, bool, bool]] = field(default_factory=list)
    pooled: list[bool] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Print the table."""
    words = [int(word) for word in sys.argv[1:]]
    seeds, sellers, lost = (*words, *(10, 3, 0)[len(words) :])
    tallies = {}
    for scenario in SCENARIOS:
        tallies[scenario] = Tally()
        for seed in range(1, seeds + 1):
            with tempfile.TemporaryDirectory() as folder:
                ring(Path(folder), scenario, seed, sellers, lost, tallies[scenario])
    print("\n".join(table(together(tallies.values()), sellers)))
    by_payee = {**tallies, "all": together(tallies.values())}
    print("\n".join(["", PAYEE_HEADER, *(payee_line(scenario, tally) for scenario, tally in by_payee.items())]))
    print("\n".join(["", SCENARIO_HEADER, *(scenario_line(scenario, tally) for scenario, tally in tallies.items())]))


def together(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    whole = Tally()
    for one in tallies:
        whole.found += one.found
        whole.true = {whose: count + one.true[whose] for whose, count in whole.true.items()}
        whole.guessed += one.guessed
        whole.payees += one.payees
        whole.claimed_fen += one.claimed_fen
        whole.misplaced_fen = [sum(both) for both in zip(whole.misplaced_fen, one.misplaced_fen, strict=True)]
        whole.rings += one.rings
        whole.rates += one.rates
        whole.pooled += one.pooled
        whole.seconds += one.seconds
    return whole


def scenario_line(scenario: str, tally: Tally) -> str:
    """A scenario's row: pairs, precision and recall at the usual bound, and what guessing among equal batches would name."""
    pairs = sum(tally.true.values())
    precision, recall = scores(tally, USUAL_BP, None).split()
    return f"| {scenario} | {pairs:,} | {precision} | {recall} | {tally.guessed / max(pairs, 1):.3f} |"


def payee_line(scenario: str, tally: Tally) -> str:
    """A scenario's row: whether the payee is right, and the share of the victims' money that a trace leaves elsewhere."""
    right = sum(tally.payees)
    shares = [right / max(len(tally.payees), 1), right / max(sum(tally.true.values()), 1)]
    money = [fen / max(tally.claimed_fen, 1) for fen in tally.misplaced_fen]
    told = [*(f"{one:.3f}" for one in shares), f"{tally.claimed_fen / 100:,.2f}", *(f"{one:.3f}" for one in money)]
    return " | ".join([f"| {scenario}", *told]) + " |"


def ring(folder: Path, scenario: str, seed: int, sellers: int, lost: int, tally: Tally) -> None:
    """Generate one ring, infer its links, compare them with its truth."""
    from ledger.generate import generate
    from ledger.ingest import ingest
    from ledger.store.opening import open_ledger

    generate(folder / "records", scenario, seed, surroundings={"genuine_sellers": sellers})
    if lost:
        lose(folder / "records", lost, seed)
    ingest(folder / "ledger", [folder / "records"])
    compare(folder / "records", open_ledger(folder / "ledger"), tally)


def lose(records: Path, percent: int, seed: int) -> None:
    """Take some of the payouts for vouchers out of the records, wherever they stand."""
    with (records / "truth" / "conversion_links.csv").open(encoding="utf-8") as file:
        payouts = sorted({row["payout"] for row in csv.DictReader(file)})
    gone = set(Random(seed).sample(payouts, len(payouts) * percent // 100))
    for path in sorted(records.glob("*.csv")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text(
            "".join(line for line in lines if not gone.intersection(line.rstrip("\n").split(","))), encoding="utf-8"
        )


def compare(records: Path, ledger: Any, tally: Tally) -> None:
    """Infer a ledger's links and compare them with the truth beside its records."""
    from rules.inferred import infer_links

    begun = time.perf_counter()
    inferred = infer_links(ledger)
    tally.seconds += time.perf_counter() - begun
    truth = list(csv.DictReader((records / "truth" / "conversion_links.csv").open(encoding="utf-8")))
    there = set(ledger.read(("transfer",))["transfer"].to_pylist())
    truth = [row for row in truth if row["payout"] in there]
    if not truth:
        return
    tally.rings += 1
    innocent = innocent_payouts(records, truth, ledger)
    real = {(row["payout"], row["redemption"]) for row in truth}
    for row in truth:
        tally.true[row["payout"] in innocent] += 1
    tally.guessed += guessed_right(truth, ledger)
    compare_payees(truth, inferred.links, ledger, tally)
    compare_money(truth, inferred.links, ledger, tally)
    for row in inferred.links[inferred.links["set"] == 0].to_dict("records"):
        for redemption in row["redemptions"]:
            pair = (row["transfer"], redemption)
            tally.found.append((int(row["probability_bp"]), pair in real, row["transfer"] in innocent))
    compare_rates(truth, inferred.rates, ledger, tally)


def guessed_right(truth: list[dict[str, str]], ledger: Any) -> float:
    """Expected true pairs of one who takes for each payout any batch of its face, by that recycler, of the 24 h before it."""
    moves = ledger.transfers("transfer", "time", "amount_fen").set_index("transfer")
    pairs = pd.DataFrame(truth)
    redeemed, paid = moves.loc[pairs["redemption"]], moves.loc[pairs["payout"], "time"]
    pairs = pairs.assign(fen=redeemed["amount_fen"].to_numpy(), time=redeemed["time"].to_numpy(), paid=paid.to_numpy())
    batches = pairs.groupby("payout").agg(
        recycler=("recycler", "first"), fen=("fen", "sum"), last=("time", "max"), paid=("paid", "first"), size=("fen", "size")
    )
    both = batches.merge(batches[["recycler", "fen", "last"]], on=["recycler", "fen"], suffixes=("", "_other"))
    may = (both["last_other"] <= both["paid"]) & (both["last_other"] >= both["paid"] - DAY)
    rivals = both[may].groupby(["recycler", "fen", "paid"])["size"].agg(["first", "size"])
    return float((rivals["first"] / rivals["size"]).sum())


def compare_payees(truth: list[dict[str, str]], links: pd.DataFrame, ledger: Any, tally: Tally) -> None:
    """Whether the redemptions of links and sets went to their payees."""
    target = ledger.transfers("transfer", "target").set_index("transfer")["target"].to_dict()
    real = {row["redemption"]: target[row["payout"]] for row in truth}
    for row in links[links["probability_bp"] >= USUAL_BP].to_dict("records"):
        tally.payees += [real.get(one) == target[row["transfer"]] for one in row["redemptions"]]


def compare_money(truth: list[dict[str, str]], links: pd.DataFrame, ledger: Any, tally: Tally) -> None:
    """Victims' money at other accounts than by the true links: without links, by links alone, by links and sets."""
    true = pd.DataFrame(truth).groupby("payout")["redemption"].agg(tuple)
    right = placed(ledger, pd.DataFrame({"transfer": true.index, "redemptions": true.to_numpy(), "probability_bp": 10_000}))
    tally.claimed_fen += int(right.sum())
    for at, some in enumerate((links.iloc[:0], links[links["set"] == 0], links)):
        apart = right.sub(placed(ledger, some), fill_value=0).abs().sum()
        tally.misplaced_fen[at] += int(apart) // 2


def placed(ledger: Any, links: pd.DataFrame) -> pd.Series:
    """Victims' money per claim and account, held there or gone there."""
    from tracing import Parameters, trace_claims

    trace = trace_claims(ledger, Parameters(inferred=True), links)
    held = trace.held.groupby(["claim", "account"])["basis_fen"].sum()
    return held.add(trace.sinks.groupby(["claim", "account"])["amount_fen"].sum(), fill_value=0)


def innocent_payouts(records: Path, truth: list[dict[str, str]], ledger: Any) -> set[str]:
    """The payouts that went to innocent sellers."""
    with (records / "truth" / "roles.csv").open(encoding="utf-8") as file:
        innocents = {row["account"] for row in csv.DictReader(file) if row["role"] == "innocent"}
    table = ledger.read(("transfer", "target")).to_pandas()
    account = ledger.accounts["account"].to_numpy(dtype=object)
    to = dict(zip(table["transfer"], account[table["target"].to_numpy()], strict=True))
    return {row["payout"] for row in truth if to[row["payout"]] in innocents}


def compare_rates(truth: list[dict[str, str]], rates: list[Any], ledger: Any, tally: Tally) -> None:
    """Each recycler with three payouts or more, and the ring's pooled rate per voucher kind."""
    from rules.recycling import pooled_rate

    names = ledger.accounts["account"].to_numpy(dtype=object)
    paid: dict[str, set[str]] = defaultdict(set)
    real = {}
    for row in truth:
        paid[row["recycler"]].add(row["payout"])
        real[row["recycler"]] = round(float(row["rate"]) * 10_000)
    found = {(str(names[code]), rate.kind): rate for rate in rates for code in rate.accounts}
    for recycler, payouts in paid.items():
        if len(payouts) < 3:
            continue
        kind = "card" if real[recycler] > 9_000 else "q_coin"
        rate = found.get((recycler, kind))
        known = rate is not None and rate.rate_bp is not None
        right = known and abs(rate.rate_bp - real[recycler]) <= OFF_BP
        covered = known and rate.low_bp <= real[recycler] <= rate.high_bp
        tally.rates.append((recycler, kind, right, covered))
    good = True
    for kind, value in (("card", 9_700), ("q_coin", 8_600)):
        pooled = pooled_rate(rates, kind)
        if value in real.values():
            good &= pooled is not None and abs(pooled[0] - value) <= OFF_BP
    tally.pooled.append(good)


def table(tally: Tally, sellers: int) -> list[str]:
    """The lines of the answer."""
    right = sum(one[2] for one in tally.rates)
    covered = sum(one[3] for one in tally.rates)
    lines = [
        f"{tally.rings} rings, {sellers} innocent sellers per voucher kind and ring, {tally.seconds:.1f} s to infer",
        f"rate of a ring within 0.005: {sum(tally.pooled)} of {len(tally.pooled)}",
        f"rate of a recycler with 3 payouts or more within 0.005: {right} of {len(tally.rates)}; in its interval: {covered}",
        "bound   precision recall | innocent sellers' links: precision recall",
    ]
    for bound in BOUNDS_BP:
        both = [scores(tally, bound, one) for one in (None, True)]
        lines.append(f"{bound / 10_000:5.2f}    {both[0]} | {both[1]}")
    frame = pd.DataFrame(tally.found, columns=["probability_bp", "true", "innocent"])
    for low, high in pairwise((0, 1_000, 3_000, 5_000, 7_000, 9_000, 9_700, 10_001)):
        part = frame[(frame["probability_bp"] >= low) & (frame["probability_bp"] < high)]
        if len(part):
            said, held = part["probability_bp"].mean() / 10_000, part["true"].mean()
            lines.append(f"said {said:.3f}: true {held:.3f} of {len(part)}")
    return lines


def scores(tally: Tally, bound: int, innocent: bool | None) -> str:
    """Precision and recall of the links of at least this probability."""
    found = [true for bp, true, whose in tally.found if bp >= bound and innocent in (None, whose)]
    real = sum(count for whose, count in tally.true.items() if innocent in (None, whose))
    precision = sum(found) / len(found) if found else float("nan")
    return f"{precision:.3f}     {sum(found) / max(real, 1):.3f}"


if __name__ == "__main__":
    main()
