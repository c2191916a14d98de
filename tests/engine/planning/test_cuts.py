"""The bound of a planning model: cuts leave every plan in, and are worth what hand arithmetic says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.planning import _cuts_child, cuts
from quietwing.coverage.planning import improve as improving
from quietwing.coverage.planning.attempts import Searched, Tried
from quietwing.coverage.planning.bounds import certify
from quietwing.coverage.planning.corrections import AIM_DB, full_margin_db, next_goal
from quietwing.coverage.planning.cover_rows import cover_rows
from quietwing.coverage.planning.cuts import CutWork, with_cuts
from quietwing.coverage.planning.exact import bound_of_relaxation, solve
from quietwing.coverage.planning.heuristic import Found, _thinned, search
from quietwing.coverage.planning.improve import Relaxations, improve
from quietwing.coverage.planning.limit_rows import limit_rows
from quietwing.coverage.planning.milp import Goal, Selection, as_problem
from quietwing.coverage.planning.plan import Attempt
from quietwing.coverage.planning.rows import plan_model, room_rows
from quietwing.coverage.planning.score import fixed_selection, score
from quietwing.coverage.planning.solution_check import check_solution

hand_model = module_at("tests/engine/planning/hand_models.py").hand_model
tiny_plans = module_at("tests/engine/planning/tiny_plans.py")
WORK = CutWork(iterations=10_000, rounds=20)


def bound(model, goal) -> float:
    problem = as_problem(model, goal, interplay=False, ties=False)
    return with_cuts(problem, cover_rows(model, problem), WORK).bound


def improved(model, goal, found):
    with Relaxations(model, goal, WORK) as relaxations:
        return improve(model, goal, found, relaxations, choices=10)


def plain_bound(model, goal) -> float:
    return bound_of_relaxation(as_problem(model, goal, interplay=False, ties=False))


def nothing(model) -> Found:
    return Found(fixed_selection(model), score(model, fixed_selection(model)))


def in_two_modes(shares):
    """A room with a window that can be treated for nothing: a row of shares untreated, and one treated."""
    model = hand_model(shares, [], (1000.0,) * len(shares[0]), row_room=[0, 0])
    return replace(
        model,
        mode_cost_pence=np.zeros((1, 2), np.int64),
        possible=np.ones((1, 2), bool),
        row_mode=np.array([0, 1]),
    )


@pytest.fixture
def relaxed(tmp_path, monkeypatch):
    """What comes of a model where rows are left out after so many idle solutions, and how many were."""
    gone: list[int] = []
    delete = _cuts_child.highspy.Highs.deleteRows
    noted = lambda solver, count, rows: (gone.append(count), delete(solver, count, rows))[1]  # noqa: E731
    monkeypatch.setattr(_cuts_child.highspy.Highs, "deleteRows", noted)
    monkeypatch.setattr(_cuts_child, "end_with_parent", lambda _parent: None)

    def run(model, goal, idle: int):
        gone.clear()
        monkeypatch.setattr(_cuts_child, "IDLE", idle)
        problem, folder = as_problem(model, goal, interplay=False, ties=False), tmp_path / str(idle)
        cover = cover_rows(model, problem)
        folder.mkdir()
        cuts._write(folder, problem, cover, WORK)
        _cuts_child.main(folder)
        with np.load(folder / "found.npz") as found:
            return cuts._reduced(problem, cover, dict(found)), sum(gone)

    return run


# --- Hand arithmetic.


def test_shares_of_a_limit_that_are_left_out_leave_every_plan_in():
    """Two devices of 0.6 and 0.00005 of a limit: both may stand; the small share is no entry of the sparse rows."""
    model = hand_model([[1.5, 0.0], [0.0, 1.5]], [[0.6, 5e-5]], [1000, 1000])
    dense, sparse = (
        as_problem(model, Goal(budget_pence=200_000), ties=False, least_taken=least) for least in (0.0, 1e-4)
    )
    assert dense.rows.nnz - sparse.rows.nnz == 1
    with Relaxations(model, Goal(budget_pence=200_000), WORK) as relaxations:
        assert relaxations.bound() == pytest.approx(2.0)


@pytest.mark.parametrize(("pence", "used"), [(105_000, [True, False]), (150_000, [True, True])])
def test_a_column_of_which_the_relaxation_uses_less_than_a_tenth_is_left_out(pence, used):
    """Two devices of £1,000 for a room each: after the one that is worth more, £50 buy a twentieth of the other."""
    model = hand_model([[1.2, 0.0], [0.0, 1.2]], [], (1000.0, 1000.0), weight=[2.0, 1.0])
    problem = as_problem(model, Goal(budget_pence=pence), interplay=False, ties=False)
    assert with_cuts(problem, cover_rows(model, problem), WORK).used[:2].tolist() == used


def test_three_devices_of_two_fifths_each_and_money_for_two_leave_two_thirds():
    """0.4 · 2 = 0.8 of the room without cuts. Two of them give 0.8 at most, so each is needed whole: 2 of 3."""
    model, goal = hand_model([[0.4, 0.4, 0.4]], [], (1000.0,) * 3), Goal(budget_pence=200_000)
    assert plain_bound(model, goal) == pytest.approx(0.8, abs=1e-4)
    assert bound(model, goal) == pytest.approx(2 / 3, abs=1e-4)


def test_a_room_is_not_protected_by_halves_treated_and_untreated_at_once():
    """One device gives half of what the room needs in either mode: half a room, not two halves."""
    model, goal = in_two_modes([[0.5, 0.5], [0.5, 0.5]]), Goal(budget_pence=100_000)
    assert plain_bound(model, goal) == pytest.approx(1.0, abs=1e-4)
    assert bound(model, goal) == pytest.approx(0.5, abs=1e-4)


def test_the_solver_finds_what_the_relaxation_points_at():
    """£2,000 buy two of three devices; two rooms share the one that serves both, and the third needs its own."""
    model = hand_model([[1, 0, 1.2], [0, 1, 1.2], [0, 0, 0], [0.9, 0.2, 0]], [], (1000.0, 1000.0, 1000.0))
    model = replace(model, possible=np.array([[True], [True], [False], [True]]))
    better = improved(model, Goal(budget_pence=200_000), nothing(model))
    assert better.found.score.weight == 2.0
    assert better.found.score.broken == ()
    assert 2.0 <= better.bound < 3.0
    assert better.reproducible


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_left_out_while_idle_comes_again_where_it_is_missed(relaxed, seed):
    """Forty rooms of three rows each, fifty devices and money for eight: the bound is that of all rows."""
    rng = np.random.default_rng(seed)
    shares = np.where(rng.random((120, 50)) < 0.2, rng.uniform(0.1, 0.9, (120, 50)), 0.0)
    model = hand_model(shares, [], (1000.0,) * 50, row_room=np.repeat(np.arange(40), 3).tolist())
    goal = Goal(budget_pence=800_000)
    (all_rows, none), (few_rows, some) = relaxed(model, goal, 10**6), relaxed(model, goal, 1)
    assert none == 0
    assert some > 20
    assert few_rows.bound == pytest.approx(all_rows.bound, rel=0.003)
    assert few_rows.bound >= search(model, goal, moves=20_000).score.weight - 1e-6
    assert few_rows.problem.rows.shape[0] < all_rows.problem.rows.shape[0]


def test_a_target_costs_at_least_its_bound():
    """Two of two rooms: the device that serves both costs £1,500, two of their own £2,000."""
    model = hand_model([[1.2, 0, 1.2], [0, 1.2, 1.2]], [], (1000.0, 1000.0, 1500.0))
    both = Selection((0, 1), (0, 0))
    better = improved(model, Goal(target=2.0), Found(both, score(model, both)))
    assert better.found.selection.candidates == (2,)
    assert better.bound == pytest.approx(150_000)
    found = certify(model, Goal(target=2.0), better.found, known=better.bound)
    assert (found.value, found.bound) == (1500.0, 1500.0)


def test_a_target_that_nothing_reaches_has_no_price():
    """One device gives half of what the room needs: no sum of money protects it."""
    model, goal = hand_model([[0.5]], [], (1000.0,)), Goal(target=1.0)
    assert bound(model, goal) == np.inf
    found = certify(model, goal, nothing(model))
    assert (found.value, found.target_impossible) == (None, True)


# --- Every plan stays in.


@pytest.mark.parametrize("seed", [1, 4, 8, 14, 25, 37])
def test_the_best_plan_holds_in_every_row_and_cut_and_the_bound_is_no_less(seed):
    tiny = tiny_plans.tiny_plan(seed)
    rooms = [room_rows(block, tiny.needs, tiny.candidates) for block in tiny.rooms]
    limits = limit_rows(tiny.limits, tiny.candidates).with_slack(0.0)
    model = plan_model(
        rooms, limits, tiny.candidates, tiny.head_ends, tiny.weight, tiny.mode_cost_pence, tiny.conflicts
    )
    goal = Goal(budget_pence=10**7 if tiny.budget_pence is None else tiny.budget_pence)
    problem = as_problem(model, goal, interplay=False, ties=False)
    reduced, best = with_cuts(problem, cover_rows(model, problem), WORK), solve(problem)
    assert best.status == "optimal"
    assert check_solution(reduced.problem, best.x) == ()
    assert best.value - 1e-6 <= reduced.bound <= plain_bound(model, goal) + 1e-6


def test_more_rounds_never_prove_less():
    """A solution of few columns proves little where others are worth having: the best proof is kept."""
    rng = np.random.default_rng(39)
    shares = rng.uniform(0.0, 1.2, (24, 50)) * (rng.random((24, 50)) < 0.25)
    limits, pounds = rng.uniform(0.0, 0.4, (4, 50)), tuple(rng.uniform(300, 3000, 50))
    model = hand_model(shares, limits, pounds, row_room=list(range(12)) * 2)
    problem = as_problem(model, Goal(budget_pence=int(rng.uniform(3e5, 1.2e6))), interplay=False, ties=False)
    cover = cover_rows(model, problem)
    bounds = [with_cuts(problem, cover, CutWork(10_000, rounds)).bound for rounds in range(1, 6)]
    assert all(later <= before + 1e-9 for before, later in pairwise(bounds))
    assert bounds[-1] < bounds[0] - 0.5


@pytest.mark.parametrize("target", [None, 6.0])
def test_the_bound_of_whole_choices_is_tighter_than_that_of_parts_and_leaves_the_best_plan_in(target):
    """Of devices at £300 to £3,000 for twelve rooms, the relaxation buys parts."""
    rng = np.random.default_rng(39)
    shares = rng.uniform(0.0, 1.2, (24, 50)) * (rng.random((24, 50)) < 0.25)
    model = hand_model(shares, [], tuple(rng.uniform(300, 3000, 50)), row_room=list(range(12)) * 2)
    goal = Goal(target=target) if target else Goal(budget_pence=400_000)
    found = search(model, goal, moves=20_000)
    with Relaxations(model, goal, CutWork(10_000, 2)) as relaxations:
        parts, whole = relaxations.bound(), relaxations.bound(found, 1)
        assert relaxations.bound(found) == relaxations.bound(None, 1) == parts
    best = solve(as_problem(model, goal, interplay=False, ties=False)).value
    if target:
        assert parts + 100 < whole <= best + 1e-6
    else:
        assert best - 1e-6 <= whole < parts - 0.1


def test_the_bound_of_parts_stands_where_a_clock_ended_the_work_and_where_a_plan_reaches_it(monkeypatch):
    model = hand_model([[1.2, 0, 0.8], [0, 1.2, 0.8]], [], (1000.0, 1000.0, 1500.0))
    goal, asked = Goal(budget_pence=150_000), []

    def late(problem, **how):
        asked.append((how["work"].bound_alone, how["gap"]))
        return replace(solve(problem, **how), bound=1.0, reproducible=False)

    monkeypatch.setattr(improving, "solve", late)
    one, both = (Found(plan, score(model, plan)) for plan in (Selection((0,), (0, 0)), Selection((0, 1), (0, 0))))
    with Relaxations(model, goal, WORK) as relaxations:
        parts = relaxations.bound()
        assert relaxations.bound(one, 1) == parts
        assert asked == [(True, improving.NEAR_ENOUGH)]
    goal = Goal(budget_pence=200_000)
    with Relaxations(model, goal, WORK) as relaxations:
        assert relaxations.bound(both, 1) == pytest.approx(2.0)
    assert asked == [(True, improving.NEAR_ENOUGH)]


# --- What a plan does not need.


def test_a_mesh_that_a_plan_does_not_need_goes_though_a_device_stands_behind_it():
    """The same jammer, 3 dB stronger, does without: £50 less."""
    model = in_two_modes([[1.2, 0.0], [0.0, 1.2]])
    kit = replace(
        model.candidates, base=np.zeros(2, np.int64), position=np.zeros(2, np.int64), room=np.zeros(2, np.int64),
        mode=np.array([0, 1]),
    )  # fmt: skip
    model = replace(model, candidates=kit, mode_cost_pence=np.array([[0, 5000]]))
    meshed = Selection((1,), (1,))
    thinner = _thinned(model, Found(meshed, score(model, meshed)), Goal(budget_pence=10**6))
    assert thinner.selection == Selection((0,), (0,))
    assert thinner.score.cost_pence == score(model, meshed).cost_pence - 5000


# --- Words and corrections.


def test_rooms_that_count_for_nothing_are_not_claimed():
    """The second room is quiet anyway: protected by the way, and not by the plan."""
    model = hand_model([[1.2], [1.2], [0.1]], [], (1000.0,), weight=(1.0, 0.0, 1.0))
    plan = Selection((0,), (0, 0, 0))
    rooms = tuple(SimpleNamespace(id=name) for name in ("one", "quiet", "open"))
    here = SimpleNamespace(inputs=SimpleNamespace(site=SimpleNamespace(rooms=rooms)))
    searched = Searched(
        here, model, np.arange(1), Found(plan, score(model, plan)), model, 6.0, np.array([0.5, 0.0, 0.0])
    )
    assert score(model, plan).protected.tolist() == [True, True, False]
    assert [(claim.room, claim.reserve_db) for claim in searched.claims()] == [("one", 0.5)]


@pytest.mark.parametrize(("margin_db", "unused_db", "full_db"), [
    (10.0, 6.0, 4.0),  # the limits moved by 4 dB more would have been met just so
    (10.0, 0.0, 10.0),
    (10.0, 14.0, AIM_DB),  # it kept the limits: they are not moved down for what another plan might do
    (-2.0, 5.0, -2.0),
])  # fmt: skip
def test_what_money_left_unused_below_the_limits_is_no_margin(margin_db, unused_db, full_db):
    found = full_margin_db(SimpleNamespace(unused_db=unused_db), margin_db)
    assert found == pytest.approx(full_db)


@pytest.mark.parametrize(("aim", "judged", "wanted"), [
    (3.0, 2.0, 4.0),  # one short of the three asked for: one more is aimed at
    (3.0, 0.0, 5.0),  # six would be, but the model can protect five
    (5.0, 5.0, 4.0),  # two to spare: one less
    (4.0, 4.0, 4.0),
    (3.0, 5.0, 3.0),  # never less than was asked for
])  # fmt: skip
def test_a_target_is_aimed_at_by_what_the_worlds_found_missing(aim, judged, wanted):
    model = hand_model(np.full((5, 1), 1.2), [], (1000.0,))
    one = SimpleNamespace(attempt=SimpleNamespace(weight_judged=judged))
    assert next_goal(Goal(target=3.0), Goal(target=aim), SimpleNamespace(model=model), one).target == wanted
    unasked = Goal(budget_pence=100)
    assert next_goal(unasked, unasked, SimpleNamespace(model=model), one) == unasked


def test_a_claim_that_does_not_hold_is_taken_back_and_the_layout_stays():
    """Two rooms of weights 1 and 2: without the second the plan is worth 1 in the planning model."""
    model = hand_model([[1.2], [1.2]], [], (1000.0,), weight=(1.0, 2.0))
    plan = Selection((0,), (0, 0))
    rooms = tuple(SimpleNamespace(id=name) for name in ("one", "two"))
    site = SimpleNamespace(rooms=rooms, room_index={"one": 0, "two": 1})
    here = SimpleNamespace(inputs=SimpleNamespace(site=site))
    searched = Searched(here, model, np.arange(1), Found(plan, score(model, plan)), model, 6.0, np.zeros(2))
    attempt = Attempt(0.975, 6.0, 2, 2, 3.0, 1.0, True, 1000.0)
    less = Tried(attempt, ("jammer",), (), None, None, None, searched).without(("two",))
    assert (less.searched.found.score.weight, less.attempt.rooms_model) == (1.0, 1)
    assert [claim.room for claim in less.searched.claims()] == ["one"]
    assert (less.devices, less.attempt.rooms_judged) == (("jammer",), 2)
