"""One transfer told by both sides is one transfer; two payments that only look alike are not."""

import pytest

from tests.ledger.reconcile.told import decided, of_kind, pairs

CARD, OTHER_CARD = "6226000011115669", "6226777700005669"


def test_both_statements_of_one_transfer_are_its_two_witnesses() -> None:
    assert pairs("""
        09:00:05 A -> B 100 by=A id=a1
        09:00:20 A -> B 100 by=B id=b1 file=1
    """) == {("a1", "b1")}


def test_the_evidence_says_what_equals_what() -> None:
    (row,) = decided("""
        09:00:05 A -> B 100 by=A id=a1
        09:00:20 A -> B 100 by=B id=b1 file=1
    """)
    assert row["evidence"] == (
        "100.00 CNY, 2025-03-01 09:00:05+08:00 (line 1) A -> B and 2025-03-01 09:00:20+08:00 (line 1) A -> B, 15 s apart: "
        "no other row of either account fits: same amount, times in the window, and a row names the account of the other"
    )
    assert row["amount_fen"] == 100_00


def test_one_row_that_names_the_other_account_is_enough() -> None:
    assert pairs("""
        09:00 A -> unknown:A 100 by=A id=a1
        09:01 A -> B 100 by=B id=b1 file=1
    """) == {("a1", "b1")}


def test_equal_amounts_of_accounts_nobody_names_are_two_payments() -> None:
    assert (
        decided("""
        09:00 A -> unknown:A 100 by=A
        09:01 unknown:B -> B 100 by=B file=1
    """)
        == []
    )


def test_a_row_that_names_somebody_else_is_another_payment() -> None:
    assert (
        decided("""
        09:00 A -> B 100 by=A
        09:01 C -> B 100 by=B file=1
    """)
        == []
    )


def test_a_name_that_is_not_the_holders_speaks_against_a_match() -> None:
    text = """
        09:00 A -> B 100 by=A id=a1
        09:01 unknown:Li+Si -> B 100 by=B id=b1 file=1
    """
    assert pairs(text, A={"holder_name": "Li Si"}) == {("a1", "b1")}
    assert pairs(text, A={"holder_name": "Li *"}) == {("a1", "b1")}
    assert decided(text, A={"holder_name": "Zhang San"}) == []


def test_another_amount_or_currency_is_another_payment() -> None:
    assert (
        decided("""
        09:00 A -> B 100 by=A
        09:00 A -> B 100.01 by=B file=1
        09:00 A -> B 100 by=B file=1 currency=USD
    """)
        == []
    )


def test_eleven_minutes_apart_is_no_match_without_a_reference() -> None:
    text = "09:00 A -> B 100 by=A id=a1 {0}\n09:11 A -> B 100 by=B id=b1 file=1 {0}"
    assert decided(text.format("")) == []
    assert pairs(text.format("ref=E2E-2025-77")) == {("a1", "b1")}


def test_a_reference_joins_rows_that_name_nobody() -> None:
    assert pairs("""
        2025-03-01 09:00 A -> unknown:A 100 by=A id=a1 ref=550e8400-e29b-41d4-a716-446655440000
        2025-03-03 08:00 unknown:B -> B 100 by=B id=b1 file=1 ref=550E8400-E29B-41D4-A716-446655440000
    """) == {("a1", "b1")}


def test_an_order_number_of_one_row_may_be_the_reference_of_the_other() -> None:
    assert pairs("""
        09:00 A -> unknown:A 100 by=A id=a1 order=ORDER123456
        10:00 unknown:B -> B 100 by=B id=b1 file=1 ref=ORDER123456
    """) == {("a1", "b1")}


@pytest.mark.parametrize("reference", ["0001", "NOTPROVIDED", "000000000000", "----------"])
def test_a_reference_that_says_little_joins_nothing(reference: str) -> None:
    assert (
        decided(f"""
        09:00 A -> unknown:A 100 by=A ref={reference}
        09:01 unknown:B -> B 100 by=B file=1 ref={reference}
    """)
        == []
    )


def test_two_end_to_end_ids_are_two_payments() -> None:
    assert (
        decided("""
        09:00 A -> B 100 by=A ref=550e8400-e29b-41d4-a716-446655440000
        09:01 A -> B 100 by=B file=1 ref=550e8400-e29b-41d4-a716-446655440001
    """)
        == []
    )


def test_a_row_with_its_reference_elsewhere_is_not_matched_by_time() -> None:
    found = decided("""
        09:00 A -> B 100 by=A id=a1 ref=BANK-SERIAL-9
        09:00 A -> B 100 by=A id=a2
        09:05 A -> B 100 by=B id=b1 file=1 ref=BANK-SERIAL-9
    """)
    assert of_kind(found, "both_sides") == {("a1", "b1")}
    assert of_kind(found, "both_sides", "ambiguous") == set()


def test_two_possible_partners_are_listed_and_none_is_taken() -> None:
    found = decided("""
        09:00 A -> B 100 by=A id=a1
        09:01 unknown:B -> B 100 by=B id=b1 file=1
        09:02 unknown:B -> B 100 by=B id=b2 file=1
    """)
    assert of_kind(found, "both_sides") == set()
    assert of_kind(found, "both_sides", "ambiguous") == {("a1", "b1"), ("a1", "b2")}
    assert found[0]["evidence"].endswith("but 2 rows fit the first and 1 the second")


def test_a_rival_beyond_the_window_makes_a_match_doubtful() -> None:
    found = decided("""
        09:00 A -> B 100 by=A id=a1
        09:05 unknown:B -> B 100 by=B id=b1 file=1
        09:12 unknown:B -> B 100 by=B id=b2 file=1
    """)
    assert of_kind(found, "both_sides") == set()
    assert of_kind(found, "both_sides", "ambiguous") == {("a1", "b1")}


def test_rows_that_name_each_other_go_before_one_that_names_nobody() -> None:
    assert pairs("""
        09:00 A -> B 100 by=A id=a1
        09:01 A -> B 100 by=B id=b1 file=1
        09:02 unknown:B -> B 100 by=B id=b2 file=1
    """) == {("a1", "b1")}


def test_the_only_pair_that_names_each_other_is_not_taken_while_another_row_could_be_meant() -> None:
    """A paid B twice; each statement names the other side in a different one of the two rows."""
    assert pairs("""
        09:00 A -> unknown:A 100 by=A id=a1
        09:02 A -> B 100 by=A id=a2
        09:00:30 A -> B 100 by=B id=b1 file=1
        09:02:30 unknown:B -> B 100 by=B id=b2 file=1
    """) == {("a1", "b1"), ("a2", "b2")}


def test_equal_payments_are_matched_in_order_when_the_counts_agree() -> None:
    three = "09:00 A -> B 50 by=A id=a1\n09:03 A -> B 50 by=A id=a2\n09:06 A -> B 50 by=A id=a3\n"
    two = "09:01 A -> B 50 by=B id=b1 file=1\n09:04 A -> B 50 by=B id=b2 file=1\n"
    assert pairs(three + two + "09:07 A -> B 50 by=B id=b3 file=1") == {("a1", "b1"), ("a2", "b2"), ("a3", "b3")}
    assert pairs(three + two) == set()


def test_equal_payments_of_one_second_are_left_alone() -> None:
    found = decided("""
        09:00 A -> B 50 by=A id=a1
        09:00 A -> B 50 by=A id=a2
        09:01 A -> B 50 by=B id=b1 file=1
        09:02 A -> B 50 by=B id=b2 file=1
    """)
    assert of_kind(found, "both_sides") == set()
    assert len(of_kind(found, "both_sides", "ambiguous")) == 4


def test_a_date_without_a_clock_matches_the_same_and_the_next_day() -> None:
    text = "2025-03-01 A -> B 100 by=A id=a1\n2025-03-{} A -> B 100 by=B id=b1 file=1"
    assert pairs(text.format("01")) == pairs(text.format("02")) == {("a1", "b1")}
    assert pairs(text.format("02 17:30")) == {("a1", "b1")}
    assert pairs(text.format("03")) == pairs(text.format("03 00:30")) == set()


def test_midnight_is_a_time_in_a_statement_with_clocks() -> None:
    assert (
        pairs("""
        00:00 A -> B 100 by=A
        13:00 A -> D 7 by=A
        09:00 A -> B 100 by=B file=1
    """)
        == set()
    )


def test_equal_payments_day_by_day_are_matched_on_their_days() -> None:
    text = "".join(
        f"2025-03-{day:02} A -> B 9 by=A id=a{day}\n2025-03-{day:02} A -> B 9 by=B id=b{day} file=1\n" for day in range(1, 9)
    )
    assert pairs(text) == {(f"a{day}", f"b{day}") for day in range(1, 9)}


def test_day_by_day_payments_shifted_by_a_day_are_not_matched() -> None:
    text = "".join(f"2025-03-{day:02} A -> B 9 by=A\n2025-03-{day + 1:02} A -> B 9 by=B file=1\n" for day in range(1, 9))
    assert pairs(text) == set()


def test_a_mask_that_fits_names_the_account() -> None:
    text = f"09:00 A -> 6226******5669 100 by=A id=a1\n09:01 unknown:{CARD} -> {CARD} 100 by={CARD} id=b1 file=1\n"
    assert pairs(text) == {("a1", "b1")}
    assert pairs(text + f"08:00 {OTHER_CARD} -> Z 1 by=Z file=2") == {("a1", "b1")}
    assert pairs(text.replace("******5669", "******5668")) == set()


def test_two_masked_candidates_with_equal_credits_are_left_alone() -> None:
    assert (
        pairs(f"""
        09:00 A -> 6226******5669 100 by=A
        09:01 unknown:{CARD} -> {CARD} 100 by={CARD} file=1
        09:02 unknown:{OTHER_CARD} -> {OTHER_CARD} 100 by={OTHER_CARD} file=2
    """)
        == set()
    )


def test_failed_rows_have_no_second_witness() -> None:
    assert (
        pairs("""
        09:00 A -> B 100 by=A status=failed
        09:00 A -> B 100 by=B file=1
    """)
        == set()
    )


def test_a_fee_split_off_counts_with_its_payment() -> None:
    text = (
        "09:00 A -> B 99 by=A id=a1\n09:00 A -> bank:fee 1 by=A id=a1/fee channel=fee line=1\n09:01 A -> B {} by=B id=b1 file=1"
    )
    assert pairs(text.format("100")) == pairs(text.format("99")) == {("a1", "b1")}
    assert pairs(text.format("98")) == set()


def test_a_record_of_both_sides_stays_beside_the_statements() -> None:
    assert pairs("""
        09:00 A -> B 100 id=c1 ref=CLEAR-000777 file=2
        09:01 A -> unknown:A 100 by=A id=a1 ref=CLEAR-000777
        09:02 A -> B 100 by=B id=b1 file=1
    """) == {("c1", "a1"), ("c1", "b1")}


def test_two_files_with_one_record_tell_one_transfer() -> None:
    text = "09:01 A -> B 100 id=c2 ref={} file=1\n09:00 A -> B 100 id=c1 ref=CLEAR-7 file=2\n"
    assert pairs(text.format("CLEAR-7")) == {("c1", "c2")}
    assert pairs(text.format("CLEAR-8")) == set()
    found = decided(text.format("CLEAR-7") + "09:02 A -> B 100 id=c3 ref=CLEAR-7 file=1")
    assert of_kind(found, "both_sides") == set()
    assert of_kind(found, "both_sides", "ambiguous") == {("c1",)}
    assert decided("09:01 A -> B 100 ref=CLEAR-7\n09:00 A -> B 100 ref=CLEAR-7") == []


def test_a_crowd_of_equal_rows_is_counted_and_not_matched() -> None:
    crowd = "".join(f"09:00:{at:02} A -> B 1 by=A\n09:01:{at:02} A -> B 1 by=B file=1\n" for at in range(40))
    (row,) = decided(crowd)
    assert row["state"] == "ambiguous"
    assert "40 rows like this one: 1.00 CNY out of A" in row["evidence"]
