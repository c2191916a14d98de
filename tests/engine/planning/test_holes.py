"""The reason a room is left open names what would have to change: a limit before money, money before effort."""

from __future__ import annotations

from dataclasses import replace

from by_path import module_at

from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.holes import NOT_REACHED, _why_left_out
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.plan import HoleKind, HoleReason
from quietwing.coverage.planning.score import score
from quietwing.coverage.report.hole_words import reason_in_words
from quietwing.coverage.study import contrast_budgets, optimise

four_cells = module_at("tests/engine/planning/four_cells.py")
hand_model = module_at("tests/engine/planning/hand_models.py").hand_model


def reason(model, bought, budget_gbp, room) -> HoleReason:
    plan = Selection(bought, (0,) * len(model.weight))
    budget_pence = None if budget_gbp is None else budget_gbp * 100
    return _why_left_out(model, Found(plan, score(model, plan)), Goal(budget_pence=budget_pence), room)


# Two rooms, a jammer of £1,000 for each; both together would take 1.4 of the limit at one place.
BOTH_TOO_LOUD = [[1.2, 0.0], [0.0, 1.2]], [[0.7, 0.7]], (1000.0, 1000.0)


def test_where_a_limit_keeps_the_device_out_no_money_is_asked_for():
    """£1,200 do not buy the second jammer, but £100,000 would not either."""
    model = hand_model(*BOTH_TOO_LOUD)
    words = HoleReason(HoleKind.LIMIT_TOGETHER, limit="place 0")
    assert reason(model, (0,), 1200, room=1) == words
    assert reason(model, (0,), 100_000, room=1) == words


def test_what_keeps_the_limits_and_costs_more_than_is_left_is_left_out_for_money():
    """A dearer jammer that takes 0.2 of the limit completes the room: £2,500, and £200 are left."""
    model = hand_model([[1.2, 0, 0], [0, 1.2, 1.2]], [[0.7, 0.7, 0.2]], (1000.0, 1000.0, 2500.0))
    assert reason(model, (0,), 1200, room=1) == HoleReason(HoleKind.MONEY, needs_gbp=2500.0)


def test_what_fits_money_and_limits_was_not_reached():
    model = hand_model([[1.2, 0.0], [0.0, 1.2]], [[0.2, 0.2]], (1000.0, 1000.0))
    assert reason(model, (0,), 2000, room=1) == NOT_REACHED
    assert reason(model, (0,), None, room=1) == NOT_REACHED


def test_a_room_that_takes_two_devices_asks_for_the_price_of_one_at_least():
    """Each gives 0.6: no single one completes the room, and £400 do not even buy one."""
    model = hand_model([[1.2, 0, 0], [0, 0.6, 0.6]], [[0.1, 0.1, 0.1]], (1000.0, 500.0, 700.0))
    assert reason(model, (0,), 1400, room=1) == HoleReason(HoleKind.MONEY, needs_gbp=500.0)
    assert reason(model, (0,), 5000, room=1) == NOT_REACHED


def test_a_device_that_is_too_near_one_that_stands_does_not_complete_a_room():
    """Positions 0 and 1 are nearer than new devices may be, so the dearer one at position 2 is what is missing."""
    model = hand_model([[1.2, 0, 0], [0, 1.2, 1.2]], [[0.1, 0.1, 0.1]], (1000.0, 500.0, 3000.0), conflicts=[(0, 1)])
    assert reason(model, (0,), 2000, room=1) == HoleReason(HoleKind.MONEY, needs_gbp=3000.0)


def test_a_reason_denies_nothing_that_the_verdict_on_one_device_allows():
    """With every window open the model finds a limit in the way of cells that one micro-jammer silences and keeps."""
    scenario = replace(four_cells.MOST, budget_gbp=20_000.0)
    found = optimise(four_cells.open_windows(), scenario, catalogue=four_cells.CATALOGUE, maps=False)
    said = {hole.room: reason_in_words(hole.reason) for hole in found.plan.holes}
    budgets = contrast_budgets(found.verdict, said, catalogue=four_cells.CATALOGUE)
    can_be = {one.room for one in budgets if one.short_db <= 0 <= one.power_db}
    assert can_be
    for room, words in said.items():
        assert words.startswith(("not bought; in the planning model ", "not reached ")) or room not in can_be
