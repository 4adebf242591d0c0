"""Settings are chosen on one part of the time and reported on another, which they have not seen."""

import numpy as np
import pandas as pd

from benchmarks.detection.typologies import Chosen, Part, choose, reached, without

WHOLE = Part(lambda when: when >= 0, 100.0, {1, 2, 3, 4})
LATE = Part(lambda when: when >= 60, 40.0, {3, 4})


def table(*rows: tuple[float, int, tuple[int, ...]]) -> pd.DataFrame:
    """suspicion, end, attempts found; the most suspicious first."""
    frame = pd.DataFrame({"suspicion": [row[0] for row in rows], "end_us": [row[1] for row in rows]})
    return frame.assign(hits=pd.Series([row[2] for row in rows], dtype=object))


def test_an_instance_that_finds_another_parts_attempt_is_neither_found_nor_false_here() -> None:
    judged = table((9, 10, (1,)), (8, 20, ()), (7, 70, (3,)), (6, 70, ()), (5, 61, (2,)), (4, 59, (4,)))
    assert reached([judged], Chosen(0, np.inf), LATE).tolist() == [2, 1]
    assert reached([judged], Chosen(0, np.inf), without(LATE, WHOLE)).tolist() == [2, 1]
    assert reached([judged], Chosen(0, np.inf), WHOLE).tolist() == [4, 2]


def test_what_is_chosen_does_not_depend_on_the_part_held_back() -> None:
    one = [(9.0, 10, (1,)), (8.0, 20, ()), (7.0, 70, (3,)), (6.0, 90, ())]
    two = [(9.0, 10, ()), (8.0, 20, (1,)), (7.0, 30, (2,)), (6.0, 70, ()), (5.0, 71, ())]
    rest = without(LATE, WHOLE)
    chosen = choose([table(*one), table(*two)], True, rest, 2.0)
    assert chosen.setting == 1
    turned = [table(*((score, end, (4,) if end >= 60 else hits) for score, end, hits in rows)) for rows in (one, two)]
    assert choose(turned, True, rest, 2.0) == chosen


def test_a_list_is_as_long_as_the_budget_allows_and_elsewhere_as_long_for_each_day() -> None:
    rows = [(float(-at), 10, (1,) if at == 0 else ()) for at in range(10)]
    chosen = choose([table(*rows)], True, without(LATE, WHOLE), 5.0)
    assert chosen == Chosen(0, 6 / 60)
    late = [(float(-at), 70, (3,) if at == 3 else ()) for at in range(10)]
    assert reached([table(*late)], chosen, LATE).tolist() == [1, 3]


def test_of_settings_that_find_as_many_the_most_generous_is_chosen_unless_they_rank() -> None:
    wide, tight = [(0.0, 10, (1,)), (0.0, 10, ()), (0.0, 10, ())], [(0.0, 10, (1,))]
    assert choose([table(*wide), table(*tight)], False, WHOLE, 15.0).setting == 0
    assert choose([table(*wide), table(*tight)], False, WHOLE, 1.0).setting == 1
    late = [(3.0, 10, ()), (2.0, 10, (1,))]
    assert choose([table(*late), table(*tight)], True, WHOLE, 15.0).setting == 1
