"""Each rule: a story that fires, and the nearest innocent story that does not."""

from tests.rules.cases import evaluated, fired, whole

PASS, FAN_IN, FAN_OUT = "RUL-PASS-THROUGH", "RUL-FAN-IN", "RUL-FAN-OUT"
LOAN, LADDER, REDEEMER, MICRO = "RUL-LOAN-OUT", "RUL-FEE-LADDER", "RUL-BUYER-REDEEMER", "RUL-MICRO-COLLECTOR"


def test_money_that_leaves_within_the_hour_is_passed_through() -> None:
    scope = whole("""
        09:00 victim -> mule 6000
        09:20 mule -> a 3000
        09:50 mule -> b 2000
    """)
    assert fired(scope, PASS)["mule"].inputs["out_within_1_h"] == "5000.00"
    assert set(fired(scope, PASS)) == {"mule"}


def test_a_large_credit_gone_in_ten_minutes_is_passed_through_although_much_else_stayed() -> None:
    scope = whole("""
        08:00 friend -> mule 90000
        09:00 victim -> mule 50000
        09:08 mule -> next 49950
    """)
    assert fired(scope, PASS)["mule"].inputs["large_credits_out_within_10_min"] == 1


def test_wages_spent_over_the_day_are_not_passed_through() -> None:
    scope = whole("""
        09:00 firm -> worker 6000
        11:00 worker -> landlord 5000
    """)
    assert fired(scope, PASS) == {}


def test_a_move_between_own_accounts_is_not_a_pass_through() -> None:
    scope = whole("""
        account wallet wallet holder=h
        account card bank holder=h
        09:00 wallet -> card 50000
        09:03 card -> payee 50000
    """)
    assert fired(scope, PASS) == {}


def test_one_debit_does_not_count_for_two_credits() -> None:
    scope = whole("""
        09:00 a -> m 5000
        09:10 b -> m 5000
        09:20 m -> c 5000
    """)
    assert fired(scope, PASS) == {}


def test_three_payers_and_one_large_payment_out_are_a_fan_in() -> None:
    scope = whole("""
        09:00 a -> m 3000
        10:00 b -> m 3000
        11:00 c -> m 3000
        15:00 m -> boss 8900
    """)
    assert fired(scope, FAN_IN)["m"].inputs["payers"] == 3


def test_two_payers_are_not_a_fan_in() -> None:
    scope = whole("""
        09:00 a -> m 3000
        10:00 b -> m 3000
        11:00 a -> m 3000
        15:00 m -> boss 8900
    """)
    assert fired(scope, FAN_IN) == {}


def test_three_payers_whose_money_stays_are_not_a_fan_in() -> None:
    scope = whole("""
        09:00 a -> m 3000
        10:00 b -> m 3000
        11:00 c -> m 3000
        15:00 m -> boss 8000
    """)
    assert fired(scope, FAN_IN) == {}


def test_one_credit_split_among_three_is_a_fan_out() -> None:
    scope = whole("""
        09:00 victim -> m 9000
        09:05 m -> a 3000
        09:07 m -> b 3000
        09:09 m -> c 2950
    """)
    assert fired(scope, FAN_OUT)["m"].inputs["payees"] == 3


def test_a_firm_that_pays_wages_from_its_own_funds_is_not_a_fan_out() -> None:
    scope = whole("""
        opening firm 500000
        09:00 customer -> firm 9000
        10:00 firm -> a 7000
        10:00 firm -> b 7000
        10:00 firm -> c 7000
    """)
    assert fired(scope, FAN_OUT) == {}


LOAN_STORY = """
    account lender loan
    account wallet wallet holder=h
    account card bank holder=h
    {before}
    10:00 lender -> wallet 50000
    10:05 wallet -> card 50000
    10:09 card -> mule {paid}
"""


def test_a_loan_that_goes_on_through_the_own_card_to_a_new_payee_is_found_at_the_payee() -> None:
    scope = whole(LOAN_STORY.format(before="", paid=49950))
    assert set(fired(scope, LOAN)) == {"mule"}


def test_a_loan_that_goes_to_a_payee_known_before_is_not() -> None:
    scope = whole(LOAN_STORY.format(before="09:00 card -> mule 100", paid=49950))
    assert fired(scope, LOAN) == {}


def test_a_loan_of_which_a_part_is_spent_is_not() -> None:
    scope = whole(LOAN_STORY.format(before="", paid=44000))
    assert fired(scope, LOAN) == {}


def test_without_a_lender_the_loan_rule_is_not_evaluated() -> None:
    findings, problems = evaluated(whole("09:00 a -> b 10"), LOAN)
    assert findings == []
    assert [problem.code for problem in problems] == ["RUL-not-evaluated"]


LADDER_STORY = """
    2025-03-01 09:00 payer -> mule1 60000
    2025-03-02 09:00 payer -> mule1 30000
    2025-03-04 09:00 payer -> mule2 20000
    {after}
"""


def test_fee_after_fee_to_new_payees_is_a_ladder() -> None:
    found = fired(whole(LADDER_STORY.format(after="")), LADDER)
    assert set(found) == {"mule1", "mule2"}
    assert found["mule1"].inputs["fifth_of_a_round_loan"] == ["60000.00", "30000.00"]


def test_rent_a_friend_and_a_used_car_are_no_ladder() -> None:
    scope = whole("""
        2025-03-01 09:00 payer -> landlord 2600
        2025-03-02 09:00 payer -> friend 1500
        2025-03-04 09:00 payer -> seller 20000
    """)
    assert fired(scope, LADDER) == {}


def test_payments_of_which_something_came_back_are_no_ladder() -> None:
    scope = whole(LADDER_STORY.format(after="2025-03-05 09:00 mule1 -> payer 100\n2025-03-05 09:01 mule2 -> payer 100"))
    assert fired(scope, LADDER) == {}


def test_who_passes_on_what_he_received_climbs_no_ladder() -> None:
    scope = whole(LADDER_STORY.format(after="2025-03-01 08:00 victim -> payer 100000"))
    assert fired(scope, LADDER) == {}


def test_two_payments_are_no_ladder() -> None:
    scope = whole("""
        2025-03-01 09:00 payer -> mule1 60000
        2025-03-02 09:00 payer -> mule1 30000
    """)
    assert fired(scope, LADDER) == {}


REDEMPTIONS = """
    09:00 a -> card:1 1000
    09:01 b -> card:2 1000
    09:02 {third} -> card:3 1000
    12:00 card:1 -> r 1000
    12:01 card:2 -> r 1000
    12:02 card:3 -> r 1000
"""


def test_cards_of_three_strangers_redeemed_in_a_day_are_found_at_the_redeemer() -> None:
    assert set(fired(whole(REDEMPTIONS.format(third="c")), REDEEMER)) == {"r"}


def test_cards_given_by_two_friends_are_not() -> None:
    assert fired(whole(REDEMPTIONS.format(third="b")), REDEEMER) == {}


def test_own_cards_are_not() -> None:
    assert fired(whole(REDEMPTIONS.format(third="r")), REDEEMER) == {}


def test_two_cards_redeemed_minutes_after_a_stranger_bought_them_are_found() -> None:
    scope = whole("""
        09:00 a -> card:1 1000
        09:01 a -> card:2 1000
        09:08 card:1 -> r 1000
        09:09 card:2 -> r 1000
    """)
    assert fired(scope, REDEEMER)["r"].inputs["within_10_min"] == 2


def test_without_redemptions_the_voucher_rules_are_not_evaluated() -> None:
    for code in (REDEEMER, "RUL-RECYCLER-PAYOUT"):
        findings, problems = evaluated(whole("09:00 a -> b 10"), code)
        assert (findings, len(problems)) == ([], 1)


def many(payers: int, amount: str, repeat: bool = False) -> str:
    lines = [f"2025-03-01 {9 + k // 60:02d}:{k % 60:02d} p{k} -> shop {amount.format(k=k)}" for k in range(payers)]
    return "\n".join(lines + [line.replace("2025-03-01", "2025-03-02") for line in lines if repeat])


def test_many_one_time_payers_of_one_amount_are_a_micro_fraud() -> None:
    assert fired(whole(many(80, "39")), MICRO)["shop"].inputs["equal_amount"] == "39.00"


def test_customers_with_different_bills_are_not() -> None:
    assert fired(whole(many(80, "{k}9")), MICRO) == {}


def test_customers_who_come_back_are_not() -> None:
    assert fired(whole(many(80, "39", repeat=True)), MICRO) == {}


def test_payers_below_the_criminal_line_are_not() -> None:
    assert fired(whole(many(76, "39")), MICRO) == {}


def test_payments_settled_by_a_courier_count_for_their_payers() -> None:
    lines = ["account courier courier hub=true"]
    for k in range(90):
        lines += [
            f"2025-03-01 10:{k % 60:02d} p{k} -> courier 39 ref=W{k}",
            f"2025-03-02 10:{k % 60:02d} courier -> shipper 36 ref=W{k}",
        ]
    found = fired(whole("\n".join(lines)), MICRO)
    assert found["shipper"].inputs == {"payers": 90, "equal_payments": 90, "equal_amount": "36.00", "total": "3240.00"}


def test_a_failed_payment_counts_for_nothing() -> None:
    scope = whole("""
        09:00 victim -> mule 50000
        09:08 mule -> next 49950 status=failed
    """)
    assert fired(scope, PASS) == {}
