"""What `generate` writes: the figures of the case reports, the same bytes every time, and a truth that balances."""

import csv
import filecmp
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ledger.generate import generate, scenario_names
from ledger.generate.draft import Draft
from ledger.generate.parameters import load_scenario
from ledger.generate.replay import METHODS
from ledger.generate.ring import report_delay_hours
from ledger.problems import LiushuiError

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every scenario, written once."""
    base = tmp_path_factory.mktemp("scenarios")
    for name in scenario_names():
        generate(base / name, name)
    return {name: base / name for name in scenario_names()}


def rows(folder: Path, name: str) -> Rows:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fen(text: str) -> int:
    return int(text.replace(".", ""))


def payments(folder: Path) -> dict[str, dict[str, str]]:
    """All rows with an amount, by id."""
    files = ("bank", "bank_date_only", "wallet", "gift_card", "q_coin")
    return {row.get("transfer") or row["event"]: row for name in files for row in rows(folder, name)}


def disputed(folder: Path, scenario: str) -> Rows:
    paid = payments(folder)
    return [paid[report["transfer"]] for report in rows(folder, "reports") if report["scam"] == scenario]


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "a", "demo", seed=7)
    generate(tmp_path / "b", "demo", seed=7)
    names = [str(path.relative_to(tmp_path / "a")) for path in sorted((tmp_path / "a").rglob("*.csv"))]
    assert len(names) > 20
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", names, shallow=False) == (names, [], [])


def test_another_seed_gives_another_case(tmp_path: Path) -> None:
    generate(tmp_path / "a", "demo", seed=1)
    generate(tmp_path / "b", "demo", seed=2)
    assert (tmp_path / "a/bank.csv").read_bytes() != (tmp_path / "b/bank.csv").read_bytes()


def test_an_unknown_scenario_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(LiushuiError, match="micro_cod"):
        generate(tmp_path, "../../etc/passwd")


def test_refund_victims_lose_all_but_50_yuan_of_their_loan_within_minutes(written: dict[str, Path]) -> None:
    folder = written["refund_impostor"]
    amounts = [row["amount"] for row in disputed(folder, "refund_impostor")]
    assert amounts.count("49950.00") >= len(amounts) // 2
    loans = [row for row in rows(folder, "wallet") if row["source"] == "haoyi-loans"]
    assert sorted(fen(row["amount"]) - 50_00 for row in loans) == sorted(fen(amount) for amount in amounts)
    lent = {row["target"]: datetime.fromisoformat(row["time"]) for row in loans}
    hops = {
        row["target"]: lent[row["source"]]
        for row in rows(folder, "wallet")
        if row["source"] in lent and row["operation"] == "withdrawal"
    }
    for row in disputed(folder, "refund_impostor"):
        assert (datetime.fromisoformat(row["time"]) - hops[row["source"]]).total_seconds() < 30 * 60


def test_the_own_card_of_a_refund_victim_has_the_holder_of_the_wallet(written: dict[str, Path]) -> None:
    holder = {row["account"]: row["holder"] for row in rows(written["refund_impostor"], "accounts")}
    hops = [row for row in rows(written["refund_impostor"], "wallet") if row["operation"] == "withdrawal"]
    assert hops
    assert all(holder[row["source"]] == holder[row["target"]] for row in hops)


def test_fake_loan_victims_climb_a_ladder_of_fees_and_get_nothing(written: dict[str, Path]) -> None:
    by_victim = defaultdict(list)
    for row in disputed(written["fake_loan"], "fake_loan"):
        by_victim[row["source"]].append(fen(row["amount"]))
    assert len(by_victim) == 4
    for ladder in by_victim.values():
        assert 3 <= len(ladder) <= 7
        assert sum(ladder) == 297_123_00
        assert 60_000_00 in ladder
    paid_back = [row for row in rows(written["fake_loan"], "bank") if row["target"] in by_victim]
    assert paid_back == []


def test_brush_flow_victims_lose_more_than_ten_thousand(written: dict[str, Path]) -> None:
    by_victim: Counter[str] = Counter()
    for row in disputed(written["brush_flow_loan"], "brush_flow_loan"):
        by_victim[row["source"]] += fen(row["amount"])
    assert min(by_victim.values()) > 10_000_00


def test_the_boss_costs_150000_and_is_noticed_a_day_later(written: dict[str, Path]) -> None:
    folder = written["boss_impostor"]
    assert {row["amount"] for row in disputed(folder, "boss_impostor")} == {"150000.00"}
    paid = payments(folder)
    for report in rows(folder, "reports"):
        delay = datetime.fromisoformat(report["reported"]) - datetime.fromisoformat(paid[report["transfer"]]["time"])
        assert 20 < delay.total_seconds() / 3600 < 30


def test_micro_payers_pay_39_yuan_through_a_courier_by_waybill(written: dict[str, Path]) -> None:
    folder = written["micro_cod"]
    paid = [row for row in rows(folder, "wallet") if row["target"] == "shunda-cod" and row["amount"] == "39.00"]
    settled = {row["reference"]: row for row in rows(folder, "bank") if row["source"] == "shunda-cod"}
    assert len(paid) == 120
    assert {settled[row["reference"]]["amount"] for row in paid} == {"36.00"}
    assert 0.005 <= len(rows(folder, "reports")) / len(paid) <= 0.02


def test_merchant_order_victims_are_tied_by_the_order_alone(written: dict[str, Path]) -> None:
    folder = written["merchant_order"]
    events = defaultdict(list)
    for row in rows(folder, "gift_card"):
        events[row["account"], row["order"]].append(fen(row["face"]))
    by_transfer = [row for row in disputed(folder, "merchant_order") if "transfer" in row]
    by_event = [row for row in disputed(folder, "merchant_order") if "event" in row]
    assert by_transfer
    assert by_event
    assert all(sum(events[row["source"], row["reference"]]) == fen(row["amount"]) for row in by_transfer)


@pytest.mark.parametrize("kind", ["gift_card", "q_coin"])
def test_recyclers_pay_their_rate_within_a_day(written: dict[str, Path], kind: str) -> None:
    folder = written["demo"]
    rate_bp = {"gift_card": 97, "q_coin": 86}[kind]
    role = {row["account"]: row["role"] for row in rows(folder / "truth", "roles")}
    paid = payments(folder)
    face: Counter[str] = Counter()
    batches: Counter[str] = Counter()
    for link in rows(folder / "truth", "conversion_links"):
        if role[link["recycler"]] != f"{kind}_recycler":
            continue
        face[link["payout"]] += fen(link["face"])
        batches[link["recycler"]] += 1
        waited = datetime.fromisoformat(paid[link["payout"]]["time"]) - datetime.fromisoformat(paid[link["redemption"]]["time"])
        assert 0 <= waited.total_seconds() <= 24 * 3600
    assert len(batches) == 2
    assert min(batches.values()) >= 3
    assert all(abs(fen(paid[payout]["amount"]) * 100 - whole * rate_bp) <= 50_00 for payout, whole in face.items())


def test_suppliers_are_paid_by_the_piece_at_least_three_times(written: dict[str, Path]) -> None:
    folder = written["suppliers"]
    role = {row["account"]: row["role"] for row in rows(folder / "truth", "roles")}
    sold = defaultdict(list)
    for row in rows(folder, "bank"):
        sold[role.get(row["target"], ""), row["target"]].append(fen(row["amount"]))
    data = {account: amounts for (word, account), amounts in sold.items() if word == "data_seller"}
    assert len(data) == 2
    assert all(len(amounts) >= 3 and all(amount % 600 == 0 for amount in amounts) for amounts in data.values())
    assert len([account for word, account in sold if word == "account_seller"]) == 4
    lessor = next(amounts for (word, _), amounts in sold.items() if word == "number_lessor")
    assert {4_000_00, 600_00, 400_00, 200_000_00} <= set(lessor)


def test_cases_of_a_segment_differ_in_the_last_digits_of_the_number(written: dict[str, Path]) -> None:
    phones = [row["phone"] for row in rows(written["number_segment"], "reports")]
    assert len(set(phones)) == len(phones) == 12
    assert {phone[:6] for phone in phones} == {"952750"}


def test_report_delays_follow_the_statistics() -> None:
    draft = Draft(np.random.default_rng(3))
    parameters = load_scenario("ring").parameters
    hours = np.array([report_delay_hours(draft, parameters) for _ in range(20_000)])
    shares = np.histogram(hours, [0, 1, 12, 24, 1000])[0] / len(hours)
    assert np.allclose(shares, [0.177, 0.485, 0.103, 0.235], atol=0.01)


@pytest.mark.parametrize("scenario", scenario_names())
def test_the_truth_of_every_method_balances(written: dict[str, Path], scenario: str) -> None:
    truth = written[scenario] / "truth"
    totals = {}
    for method in METHODS[:-1]:
        total: Counter[str] = Counter()
        for row in rows(truth, f"held_{method}"):
            total[row["claim"]] += fen(row["basis"])
        for row in rows(truth, f"sinks_{method}"):
            total[row["claim"]] += fen(row["amount"])
        totals[method] = total
    paid = payments(written[scenario])
    claims = {
        row["report"]: fen(row["amount"] or amount_of(paid[row["transfer"]])) for row in rows(written[scenario], "reports")
    }
    assert claims
    assert all(total == claims for total in totals.values())


def amount_of(row: dict[str, str]) -> str:
    return row["amount"]


def test_poison_is_never_below_another_method(written: dict[str, Path]) -> None:
    truth = written["demo"] / "truth"
    bound = {(row["claim"], row["account"]): fen(row["held"]) for row in rows(truth, "held_poison")}
    for method in METHODS[:-1]:
        for row in rows(truth, f"held_{method}"):
            assert fen(row["held"]) <= bound[row["claim"], row["account"]]


def test_the_demo_has_every_role(written: dict[str, Path]) -> None:
    roles = Counter(row["role"] for row in rows(written["demo"] / "truth", "roles"))
    wanted = (
        "victim own_account mule collector middleman gift_card_recycler q_coin_recycler voucher end_buyer data_seller "
        "account_seller number_lessor cash_out_runner boss hub good_faith_recipient innocent"
    )
    assert set(wanted.split()) == set(roles)


def test_balances_follow_from_openings_and_payments(written: dict[str, Path]) -> None:
    folder = written["demo"]
    balance = {row["account"]: fen(row["opening_balance"]) for row in rows(folder, "accounts") if row["opening_balance"]}
    ordered = []
    for name in ("bank", "wallet", "bank_date_only", "gift_card", "q_coin"):
        ordered += [
            (row["time"], line, row.get("transfer") or row["event"], row) for line, row in enumerate(rows(folder, name))
        ]
    checked = 0
    for _, _, _, row in sorted(ordered, key=lambda entry: entry[:3]):
        if "event" in row:
            sign = -1 if row["operation"] == "purchase" else 1
            if row["account"] in balance:
                balance[row["account"]] += sign * fen(row.get("face") or row["quantity"])
            continue
        for end, sign in (("source", -1), ("target", 1)):
            if row[end] in balance:
                balance[row[end]] += sign * fen(row["amount"]) * (row["status"] != "failed")
                assert fen(row[f"{end}_balance"]) == balance[row[end]]
                checked += 1
    assert checked > 300


def test_what_both_banks_report_is_the_same_line(written: dict[str, Path]) -> None:
    twice = (written["demo"] / "bank_both_sides.csv").read_text(encoding="utf-8").splitlines()
    once = set((written["demo"] / "bank.csv").read_text(encoding="utf-8").splitlines())
    assert len(twice) > 5
    assert set(twice) <= once


def test_the_records_that_look_like_mistakes_are_there(written: dict[str, Path]) -> None:
    bank = rows(written["demo"], "bank")
    statuses = Counter(row["status"] for row in bank)
    taken_back = {row["reverses"] for row in bank if row["reverses"]}
    assert taken_back == {row["transfer"] for row in bank if row["status"] == "reversed"}
    assert statuses["failed"] >= 2
    assert {row["time"][11:] for row in rows(written["demo"], "bank_date_only")} == {"00:00:00+08:00"}


def test_bank_numbers_have_nineteen_digits_and_a_check_digit(written: dict[str, Path]) -> None:
    numbers = [row["account"] for row in rows(written["demo"], "accounts") if row["kind"] == "bank"]
    assert len(numbers) > 60
    assert all(len(number) == 19 and luhn(number) == 0 for number in numbers)


def luhn(number: str) -> int:
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10


def test_a_large_set_has_the_size_that_was_asked_for_and_no_replay(tmp_path: Path) -> None:
    summary = generate(tmp_path, "demo", transfers=100_000)
    ids = [line.split(",", 1)[0] for name in ("bank", "wallet", "gift_card", "q_coin", "bank_date_only")
           for line in (tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]]  # fmt: skip
    assert (len(ids), len(set(ids)), summary.transfers, summary.rings) == (100_000, 100_000, 100_000, 10)
    assert not summary.truth
    assert not list((tmp_path / "truth").glob("held_*"))
    assert summary.seconds < 20
    accounts = [row["account"] for row in rows(tmp_path, "accounts")]
    assert len(accounts) == len(set(accounts))


def test_the_background_is_heavy_tailed_and_sleeps_at_night(tmp_path: Path) -> None:
    generate(tmp_path, "micro_cod", transfers=50_000)
    wallet = rows(tmp_path, "wallet")
    shops = Counter(row["target"] for row in wallet if row["target"].startswith("shop-"))
    amounts = sorted(fen(row["amount"]) for row in wallet)
    night = sum(row["time"][11:13] in {"01", "02", "03", "04"} for row in wallet)
    assert shops.most_common(1)[0][1] > 5 * sum(shops.values()) / len(shops)
    assert amounts[-1] > 500 * amounts[len(amounts) // 2]
    assert night / len(wallet) < 0.02


@pytest.mark.parametrize("scenario", scenario_names())
def test_the_page_of_data_sets_gives_the_size_of_every_scenario(written: dict[str, Path], scenario: str) -> None:
    page = (Path(__file__).parents[3] / "datasets" / "README.md").read_text(encoding="utf-8")
    size = f"| `{scenario}` | {len(payments(written[scenario]))} | {len(rows(written[scenario], 'reports'))} |"
    assert size in page


@pytest.mark.parametrize("sellers", [0, 5])
def test_a_ring_has_as_many_innocent_sellers_as_asked_for(tmp_path: Path, sellers: int) -> None:
    generate(tmp_path, "refund_impostor", 4, surroundings={"genuine_sellers": sellers})
    links = rows(tmp_path / "truth", "conversion_links")
    payees = {row["payout"] for row in links if row["ring"] == "0"}
    assert len(payees) == 2 * sellers, "so many per voucher kind"
    assert any(row["ring"] == "1" for row in links)


def test_values_nobody_knows_are_no_surroundings(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such parameter: genuine_buyers"):
        generate(tmp_path, surroundings={"genuine_buyers": 1})


def test_wages_and_rents_fall_due_once_a_month(tmp_path: Path) -> None:
    generate(tmp_path, "demo", transfers=25_000)
    due: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    paydays: dict[str, set[int]] = defaultdict(set)
    first = min(datetime.fromisoformat(row["time"]) for row in rows(tmp_path, "bank"))
    for row in rows(tmp_path, "bank"):
        time = datetime.fromisoformat(row["time"])
        if row["remark"] == "房租" or row["channel"] == "batch":
            due[row["source"], row["target"], row["remark"]].append(time)
        if row["channel"] == "batch" and row["remark"] == "工资":
            paydays[row["source"]].add((time.date() - first.date()).days % 30)
    gaps = [(two - one).days for times in due.values() for one, two in pairwise(sorted(times))]
    assert len(gaps) > 200
    assert min(gaps) >= 28
    assert max(len(times) for times in due.values()) == 3
    assert {len(days) for days in paydays.values()} == {1}


def test_all_the_proceeds_go_into_cards_order_after_order_below_the_limit(written: dict[str, Path]) -> None:
    folder = written["refund_impostor"]
    orders: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(folder, "gift_card"):
        if row["operation"] == "purchase":
            orders[row["account"]][row["order"]].append(fen(row["face"]))
    sums = [sum(faces) for by_order in orders.values() for faces in by_order.values()]
    assert max(sums) == 9000_00
    proceeds = [fen(row["amount"]) for row in disputed(folder, "refund_impostor")][-2:]
    spent = [sum(map(sum, by_order.values())) for by_order in orders.values() if len(by_order) >= 3]
    assert sorted(spent)[-2:] == sorted(amount // 1000_00 * 1000_00 for amount in proceeds)
