"""The compiled search sees a plan as its rows, limits and money say; a step back is a step back."""

import numba
import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_allclose, assert_array_equal

from quietwing.coverage.planning import _selection_kernels as kernels
from quietwing.coverage.planning._compiled import compiled, selection_of, state_of, unknown
from quietwing.coverage.planning.milp import Selection
from quietwing.coverage.planning.rows import TIGHTER

hand_models = module_at("tests/engine/planning/hand_models.py")


def door(kernel):
    """What compiled code alone may call, for Python."""

    @numba.njit
    def called(*given):
        return kernel(*given)

    return called


below, change, holds, too_dear = map(door, (kernels.below, kernels.change, kernels.holds, kernels.too_dear))
too_much, totals, within = map(door, (kernels.too_much, kernels.totals, kernels.within))

NOBODY = np.zeros(0, np.int64)  # no head-ends
RICH = 1e12
UP = (0, 1)  # the plan of most tests


def model(**further):
    """Two rooms of one row each, three jammers, one place outside; jammers 0 and 2 stand too near each other."""
    rooms = [[0.6, 0.5, 0.0], [0.0, 0.7, 0.9]]
    return hand_models.hand_model(rooms, [[0.3, 0.6, 0.5]], [100, 200, 300], conflicts=[(0, 2)], **further)


def state(of, *chosen, budget=RICH):
    return state_of(of, compiled(of), Selection(chosen, (0,) * len(of.weight)), budget, NOBODY)


# --- What the kernel reads.


def test_each_candidate_has_the_rows_it_is_heard_in():
    kit = compiled(model())
    rows = [kit.row[kit.start[c] : kit.start[c + 1]].tolist() for c in range(3)]
    assert rows == [[0], [0, 1], [1]]
    assert_allclose(kit.share[kit.start[1] : kit.start[2]], np.array([0.5, 0.7]) * (1 - TIGHTER), rtol=1e-15)


def test_limits_are_a_little_stricter_than_they_are():
    assert_allclose(compiled(model()).limit[:, 0], np.array([0.3, 0.6, 0.5]) * (1 + TIGHTER), rtol=1e-15)


def test_who_is_too_near_knows_it_from_both_sides():
    kit = compiled(model())
    near = [kit.near[kit.near_start[p] : kit.near_start[p + 1]].tolist() for p in range(3)]
    assert near == [[2], [], [0]]


def test_what_alone_breaks_a_limit_is_no_choice():
    loud = hand_models.hand_model([[0.6, 2.0]], [[0.3, 1.5]], [100, 200])
    kit = compiled(loud)
    assert (kit.choice.tolist(), kit.free.tolist()) == ([0], [0])


def test_a_room_that_weighs_nothing_is_not_counted():
    assert compiled(model(weight=[0.0, 2.0])).counted.tolist() == [1]


def test_nothing_is_known_before_the_first_look():
    known = unknown(compiled(model()))
    assert known.looked.tolist() == [-1, -1, -1]
    assert not known.gain.any()


# --- A plan as a state.


def test_shares_money_and_limits_add_up():
    now = state(model(), *UP)
    assert_allclose(now.den, np.array([1.1, 0.7]) * (1 - TIGHTER))  # 0.6 + 0.5; 0.7 alone
    assert now.missed.tolist() == [0, 1]
    assert now.money.tolist() == [30_000.0]  # £100 and £200
    assert_allclose(now.taken, 0.9 * (1 + TIGHTER))
    assert now.at.tolist() == [0, 1, -1]


@pytest.mark.parametrize(
    ("budget_gbp", "kept"),
    [
        (600, [0, 1, 2]),  # all three
        (599, [0, 1]),  # a pound short: the dearest goes
        (299, [0]),  # then the next
        (99, []),
    ],
)
def test_what_the_money_does_not_hold_is_left_out_dearest_first(budget_gbp, kept):
    assert np.flatnonzero(state(model(), 0, 1, 2, budget=100 * budget_gbp).on).tolist() == kept


def test_a_plan_comes_back_from_its_state():
    now = state(model(), *UP)
    assert selection_of(model(), now.at, now.mode) == Selection(UP, (0, 0))


@pytest.mark.parametrize(
    ("den", "jam", "best", "held"),
    [
        (1.0, 0.0, 0.0, True),  # jammed
        (1 - 1e-10, 0.0, 0.0, True),  # rounding decides nothing
        (0.999, 0.0, 0.0, False),
        (0.0, 2.0, 2.0, True),  # captured: the cell is as strong as what jams it
        (0.0, 2.1, 2.0, False),
        (0.0, 0.0, 0.0, False),  # no cell stands: silence of both captures nobody
    ],
)
def test_a_row_holds_if_it_is_jammed_or_captured(den, jam, best, held):
    assert holds(den, jam, best) == held


# --- Steps.


def test_up_and_down_again_is_as_before():
    of = model()
    kit, now = compiled(of), state(of, *UP)
    before = [np.array(part) for part in now]
    assert change(1, -1, kit, now)
    assert change(1, 1, kit, now)
    for part, old in zip(now, before, strict=True):
        assert_allclose(part, old, atol=1e-12)


def test_two_that_stand_too_near_are_refused():
    of = model()
    kit, now = compiled(of), state(of, 0)
    assert change(1, 1, kit, now)
    assert not change(2, 2, kit, now)


def test_a_limit_is_broken_by_the_sum():
    of = hand_models.hand_model([[0.6, 0.5]], [[0.6, 0.5]], [100, 200])
    kit, now = compiled(of), state(of, 0)
    assert below(now)
    assert too_much(1, -1, -1, kit, now)  # 0.6 + 0.5 > 1
    assert not too_much(1, 0, -1, kit, now)  # in its place
    assert not change(1, 1, kit, now)
    assert not below(now)


@pytest.mark.parametrize(
    ("first", "second", "budget_gbp", "dear"),
    [
        (-1, -1, 600, False),  # 300 + 300
        (-1, -1, 599, True),
        (0, -1, 500, False),  # 600 − 100
        (0, -1, 499, True),
        (0, 1, 300, False),  # 600 − 100 − 200
        (0, 1, 299, True),
    ],
)
def test_what_a_third_jammer_needs_is_freed_by_those_it_replaces(first, second, budget_gbp, dear):
    of = model()
    assert too_dear(2, first, second, compiled(of), state(of, *UP), 100.0 * budget_gbp) == dear


def test_money_is_within_to_the_penny():
    of = model()
    kit, now = compiled(of), state(of, *UP)
    assert within(kit, now, 30_000.0, NOBODY)
    assert not within(kit, now, 29_999.0, NOBODY)


def test_a_room_half_done_has_a_quarter_of_its_weight_by_the_rows_that_hold():
    rows = [[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [0.0, 2.0]]  # four rows of one room, three hold with jammer 0
    of = hand_models.hand_model(rows, [[0.1, 0.1]], [100, 100], row_room=[0, 0, 0, 0], weight=[8.0])
    assert totals(compiled(of), state(of, 0)) == (0.0, 1.5)  # 8 × ¼ × ¾
    assert totals(compiled(of), state(of, 0, 1)) == (8.0, 8.0)


def test_any_walk_ends_where_its_plan_begins():
    """Two roads to one state: step by step, and put together at once."""
    rng = np.random.default_rng(5)
    share = rng.random((30, 12)) * (rng.random((30, 12)) < 0.4)
    of = hand_models.hand_model(
        share, rng.random((4, 12)) / 20, rng.integers(1, 900, 12), row_room=np.arange(30) // 3
    )
    kit, now = compiled(of), state(of)
    for turn in range(200):
        position = int(rng.integers(12))
        assert change(position, position if now.at[position] < 0 else -1, kit, now)
        if turn % 40 == 39:
            again = state(of, *np.flatnonzero(now.on).tolist())
            assert_allclose(now.den, again.den, atol=1e-12)
            assert_allclose(now.taken, again.taken, atol=1e-12)
            assert_array_equal(now.missed, again.missed)
            assert now.money == again.money
