"""A plan too dear for a budget loses first the devices that the least weight per pound hangs on."""

import numpy as np
from by_path import module_at

from quietwing.coverage.planning.cut_down import cut_down
from quietwing.coverage.planning.milp import Goal, Selection

hand_models = module_at("tests/engine/planning/hand_models.py")

# A device a room: 5 for £1,000, 1 for £1,000, 4 for £2,000 (0.005, 0.001 and 0.002 a pound).
MODEL = hand_models.hand_model(2 * np.eye(3), [], [1000, 1000, 2000], weight=[5, 1, 4])
EVERYTHING = Selection((0, 1, 2), (0, 0, 0))


def left(budget_gbp: int) -> tuple[int, ...]:
    return cut_down(MODEL, EVERYTHING, Goal(budget_pence=100 * budget_gbp)).candidates


def test_the_least_weight_per_pound_goes_first_and_no_more_than_must():
    assert left(3000) == (0, 2)
    assert left(2999) == (0,)
    assert left(999) == ()


def test_a_plan_that_can_be_paid_stays_as_it_is():
    assert left(4000) == (0, 1, 2)
    assert cut_down(MODEL, EVERYTHING, Goal()) == EVERYTHING
