"""A plan too dear for a budget loses first the devices that the least weight per pound hangs on."""

import importlib.util
from pathlib import Path

import numpy as np

from quietwing.coverage.planning.cut_down import cut_down
from quietwing.coverage.planning.milp import Goal, Selection

spec = importlib.util.spec_from_file_location("hand_models_of_cut_down", Path(__file__).with_name("hand_models.py"))
hand_models = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hand_models)

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
