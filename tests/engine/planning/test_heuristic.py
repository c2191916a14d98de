"""The search on questions small enough to check everything: counted moves, a seed, a start it never falls below."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_array_equal

from quietwing.coverage.planning.heuristic import _repaired, search
from quietwing.coverage.planning.limit_rows import limit_rows
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.rows import PlanModel, plan_model, room_rows
from quietwing.coverage.planning.score import better, fixed_selection, score

hand_model = module_at("tests/engine/planning/hand_models.py").hand_model
tiny_plans = module_at("tests/engine/planning/tiny_plans.py")
SEEDS = range(0, 300, 6)
MOVES = 5_000


def model_of(tiny) -> PlanModel:
    rooms = [room_rows(block, tiny.needs, tiny.candidates) for block in tiny.rooms]
    limits = limit_rows(tiny.limits, tiny.candidates).with_slack(0.0)
    return plan_model(
        rooms, limits, tiny.candidates, tiny.head_ends, tiny.weight, tiny.mode_cost_pence, tiny.conflicts
    )


@pytest.fixture(scope="module")
def questions() -> list[tuple[PlanModel, Goal]]:
    found = []
    for seed in SEEDS:
        tiny = tiny_plans.tiny_plan(seed)
        found.append((model_of(tiny), Goal(budget_pence=tiny.budget_pence, target=tiny.target)))
    return found


def empty(model: PlanModel) -> Selection:
    return _repaired(model, fixed_selection(model))


def worth(model: PlanModel, selection: Selection) -> tuple[float, int, int, tuple[str, ...]]:
    found = score(model, selection)
    return found.weight, found.cost_pence, found.items, found.broken


# --- The rows themselves.


def test_one_more_jammer_never_lowers_a_count_in_the_model(questions):
    """Of jammers alone: more noise can drown a managed cell before it denies the network's."""
    rng, grown = np.random.default_rng(1), 0
    for model, _ in questions:
        jammers = np.flatnonzero(np.asarray(model.by_candidate[1].sum(axis=0)).ravel() == 0)
        order, modes = rng.permutation(jammers).tolist(), (0,) * len(model.weight)
        before = score(model, Selection((), modes)).protected
        for count in range(1, len(order) + 1):
            protected = score(model, Selection(tuple(sorted(order[:count])), modes)).protected
            assert not (before & ~protected).any()
            grown += int((protected & ~before).sum())
            before = protected
    assert grown > 10


# --- What comes back.


def test_the_same_seed_gives_the_same_plan(questions):
    for model, goal in questions:
        one, again = (search(model, goal, moves=MOVES, seed=3) for _ in range(2))
        assert one.selection == again.selection


def test_a_seed_steers_the_search(questions):
    """With a handful of moves different seeds end at different plans somewhere: the seed is not ignored."""
    ends = [{search(model, goal, moves=60, seed=seed).selection for seed in range(8)} for model, goal in questions]
    assert sum(len(plans) > 1 for plans in ends) >= 5


def test_every_plan_has_the_score_that_its_rows_give_it(questions):
    for model, goal in questions:
        for seed in (1, 2):
            found = search(model, goal, moves=MOVES, seed=seed)
            assert (found.score.weight, found.score.cost_pence, found.score.items, found.score.broken) == worth(
                model, found.selection
            )
            assert_array_equal(found.score.protected, score(model, found.selection).protected)
            assert found.score.worst_limit == score(model, found.selection).worst_limit


def test_every_plan_is_no_worse_than_buying_nothing_and_within_the_budget(questions):
    bought = 0
    for model, goal in questions:
        found, nothing = search(model, goal, moves=MOVES), empty(model)
        assert not better(score(model, nothing), found.score, goal)
        if found.selection != nothing:
            bought += 1
            assert found.score.broken == ()
            assert goal.budget_pence is None or found.score.cost_pence <= goal.budget_pence
    assert bought >= 20


def test_what_stands_is_in_every_plan(questions):
    seen = 0
    for model, goal in questions:
        selection = search(model, goal, moves=MOVES).selection
        kit = model.candidates
        for at in np.flatnonzero(kit.existing).tolist():
            if kit.room[at] < 0 or selection.modes[kit.room[at]] == kit.mode[at]:
                seen += 1
                assert at in selection.candidates
    assert seen >= 10


def test_more_moves_never_end_at_a_worse_plan_when_they_start_from_it(questions):
    for model, goal in questions:
        first = search(model, goal, moves=50, seed=5)
        longer = search(model, goal, moves=MOVES, seed=6, start=first.selection)
        assert not better(first.score, longer.score, goal)


def test_a_start_is_kept_where_no_move_is_made(questions):
    kept = 0
    for model, goal in questions:
        start = search(model, goal, moves=MOVES, seed=1)
        if start.selection == empty(model) or start.score.broken:
            continue
        again = search(model, goal, moves=0, start=start.selection)
        assert not better(start.score, again.score, goal)
        kept += again.selection == start.selection
    assert kept >= 20


def test_a_search_that_goes_on_puts_nothing_together_anew():
    """One device serves a room, the other two rooms; a limit allows one of them, and the start has the first."""
    model = hand_model([[1.2, 0.0], [0.0, 1.2], [0.0, 1.2]], [[0.6, 0.6]], (1000.0, 1000.0))
    goal, start = Goal(budget_pence=200_000), Selection((0,), (0, 0, 0))
    weights = [search(model, goal, moves=0, start=start, anew=anew).score.weight for anew in (True, False)]
    assert weights == [2.0, 1.0]


def test_a_target_is_built_up_to_without_a_single_move(questions):
    asked = [(model, goal) for model, goal in questions if goal.target is not None]
    with_moves, without = (
        sum(search(model, goal, moves=moves).score.weight >= goal.target for model, goal in asked)
        for moves in (MOVES, 0)
    )
    assert without >= with_moves / 2 > 1


def test_a_start_that_is_too_dear_is_not_taken(questions):
    refused = 0
    for model, goal in questions:
        start = search(model, Goal(budget_pence=None), moves=MOVES)
        if goal.budget_pence is None or start.score.cost_pence <= goal.budget_pence or start.score.broken:
            continue
        refused += 1
        found = search(model, goal, moves=MOVES, start=start.selection)
        assert found.selection == empty(model) or found.score.cost_pence <= goal.budget_pence
    assert refused >= 5


# --- Progress and the end.


def test_progress_rises_to_one_and_the_weight_told_never_falls(questions):
    for model, goal in questions[:20]:
        told: list[tuple[float, float]] = []
        found = search(model, goal, moves=MOVES, progress=lambda *now, told=told: told.append(now))
        shares = [share for share, _ in told]
        assert shares == sorted(shares)
        assert shares[0] > 0
        assert shares[-1] == pytest.approx(1.0)
        weights = [weight for _, weight in told]
        assert weights == sorted(weights)
        if goal.target is None:
            assert weights[-1] <= found.score.weight


def test_an_interruption_ends_the_search_after_the_step_and_keeps_the_best(questions):
    for model, goal in questions[:20]:
        steps: list[float] = []
        found = search(
            model,
            goal,
            moves=MOVES,
            progress=lambda share, _, steps=steps: steps.append(share),
            interrupted=lambda: True,
        )
        assert len(steps) == 1
        assert not better(score(model, empty(model)), found.score, goal)
        assert worth(model, found.selection)[:3] == (found.score.weight, found.score.cost_pence, found.score.items)


def test_an_interruption_later_ends_it_later(questions):
    model, goal = questions[0]
    asked = []

    def after_five() -> bool:
        asked.append(True)
        return len(asked) >= 5

    steps: list[float] = []
    search(model, goal, moves=MOVES, progress=lambda share, _: steps.append(share), interrupted=after_five)
    assert len(steps) == 5


# --- What stands above a limit.


@functools.cache
def standing_kit() -> tuple[PlanModel, int, int]:
    """A question with an existing device in a room that has another mode, made to break a limit untreated only."""
    for seed in range(300):
        model = model_of(tiny_plans.tiny_plan(seed))
        kit = model.candidates
        for at in np.flatnonzero(kit.existing & (kit.room >= 0) & (kit.mode == 0)).tolist():
            room = int(kit.room[at])
            others = np.flatnonzero(model.mode_cost_pence[room, 1:] >= 0) + 1
            twin = np.flatnonzero(kit.existing & (kit.room == room) & np.isin(kit.mode, others))
            if len(twin):
                return model, at, int(twin[0])
    raise AssertionError("no such question")


def test_a_window_in_front_of_what_stands_is_treated_as_far_as_the_limits_need_it():
    model, plain, treated = standing_kit()
    limit = np.zeros((1, len(model.candidates)))
    limit[0, plain], limit[0, treated] = 2.0, 0.5
    above = replace(model, limit=limit, limit_name=("the fence",))
    assert any("the fence" in words for words in score(above, fixed_selection(above)).broken)
    mended = _repaired(above, fixed_selection(above))
    room, mode = int(model.candidates.room[plain]), int(model.candidates.mode[treated])
    assert mended.modes[room] == mode
    assert treated in mended.candidates
    assert plain not in mended.candidates
    assert score(above, mended).broken == ()
    assert search(above, Goal(budget_pence=10**9), moves=200).score.broken == ()


def test_what_no_treatment_helps_is_left_as_it_is():
    model, plain, treated = standing_kit()
    limit = np.zeros((1, len(model.candidates)))
    limit[0, plain] = limit[0, treated] = 2.0
    above = replace(model, limit=limit, limit_name=("the fence",))
    assert _repaired(above, fixed_selection(above)) == fixed_selection(above)
    assert search(above, Goal(budget_pence=10**9), moves=200).score.broken != ()


def test_below_the_limits_nothing_is_mended(questions):
    for model, _ in questions:
        nothing = fixed_selection(model)
        if not any("limit" in words for words in score(model, nothing).broken):
            assert _repaired(model, nothing) == nothing
