"""A model begins with few rows; those it leaves out are found where a plan breaks them, and none is forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_allclose, assert_array_equal

from quietwing.coverage.planning import bounds, cuts
from quietwing.coverage.planning._row_kernels import hardest_rows, weakest_rows
from quietwing.coverage.planning.bounds import certify
from quietwing.coverage.planning.heuristic import Found, kept_below, search
from quietwing.coverage.planning.levels import LimitBlock
from quietwing.coverage.planning.limit_rows import limit_rows, limit_shares
from quietwing.coverage.planning.limits import _largest_only
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.rows import PlanModel, missed_rows, plan_model, room_rows, with_room_rows
from quietwing.coverage.planning.score import fixed_selection, score

tiny_plans = module_at("tests/engine/planning/tiny_plans.py")


def model_of(tiny, at_most: int | None = None) -> PlanModel:
    rooms = [room_rows(block, tiny.needs, tiny.candidates, at_most=at_most) for block in tiny.rooms]
    limits = limit_rows(tiny.limits, tiny.candidates).with_slack(0.0)
    return plan_model(
        rooms, limits, tiny.candidates, tiny.head_ends, tiny.weight, tiny.mode_cost_pence, tiny.conflicts
    )


# --- Rooms.


@pytest.mark.parametrize("seed", range(1, 60, 4))
def test_rooms_held_by_a_model_grown_from_one_row_each_are_held_in_all_rows(seed):
    tiny = tiny_plans.tiny_plan(seed)
    whole, model = model_of(tiny), model_of(tiny, at_most=1)
    plan = search(whole, Goal(budget_pence=tiny.budget_pence), moves=2_000).selection
    for _ in range(100):
        taken = score(model, plan).protected
        missed = [
            missed_rows(block, tiny.needs, tiny.candidates, np.array(plan.candidates, np.int64))
            for block in tiny.rooms
            if taken[block.room] and plan.modes[block.room] == block.mode
        ]
        if not any(missed):
            break
        model = with_room_rows(model, [rows for rows in missed if rows is not None])
    assert_array_equal(score(model, plan).protected, score(whole, plan).protected)


def test_of_rows_as_easy_as_another_the_first_alone_is_kept():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 3, (60, 4)).astype(float)
    group = rng.integers(0, 2, 60)
    kept = np.flatnonzero(hardest_rows(values, group, np.argsort(values.sum(axis=1), kind="stable")))
    for row in range(60):
        below = [k for k in kept.tolist() if group[k] == group[row] and (values[k] <= values[row]).all()]
        assert below == [row] if row in kept else below


def test_the_weakest_rows_are_those_that_bring_every_column_down_most():
    values = np.array([[1.0, 1.0, 0.0], [0.2, 0.2, 0.9], [0.3, 0.1, 1.0], [1.0, 1.0, 1.0]])
    assert_array_equal(weakest_rows(values, 2), [True, True, False, False])  # sums 2.0, 1.3, 1.4, 3.0; then 0.4, 1.2
    assert weakest_rows(values, 9).all()


# --- Limits.


def _kit(levels_db):
    """One candidate a base, each at a position of its own."""
    count = len(levels_db)
    tiny = next(one for one in map(tiny_plans.tiny_plan, range(1, 50)) if len(one.candidates) >= 1)
    first = np.zeros(count, np.int64)
    return replace(
        tiny.candidates,
        id=tuple(f"jam {k}" for k in range(count)),
        base=np.arange(count),
        position=np.arange(count),
        trim_db=np.zeros((count, 2)),
        cost_pence=np.full(count, 100),
        is_mas=np.zeros(count, bool),
        head_end=first - 1,
        room=first - 1,
        mode=first,
        existing=np.zeros(count, bool),
    )


def _blocks(levels_db, part: str, each: int):
    """Places by devices at two carriers, `each` devices a block."""
    places = len(levels_db[0]) // 2
    for at in range(0, len(levels_db), each):
        some = np.array(levels_db[at : at + each])
        yield LimitBlock(
            name=tuple(f"place {k}" for k in range(2 * places)),
            carrier=np.repeat([0, 1], places),
            limit_dbm=np.full(2 * places, -100.0),
            level_dbm=(some.T - 100.0)[:, :, None].astype(np.float32),
            slack=True,
            bases=np.arange(at, min(at + each, len(levels_db))),
            part=part,
        )


def _largest(levels_db):
    return [_largest_only(block, np.arange(len(block.name))) for block in _blocks(levels_db, "outside", 3)]


@pytest.fixture(scope="module")
def levels_db():
    """Of seven devices at 2 × 400 places, against the limit: the second breaks it alone at one place."""
    found = np.random.default_rng(5).uniform(-30, -4, (7, 800))
    found[1, 17] = 3.0
    return found


def test_many_limits_forbid_the_same_devices_as_a_table_of_all(levels_db):
    kit = _kit(levels_db)
    many = limit_rows(_largest(levels_db), kit)
    assert_array_equal(np.flatnonzero(many.forbidden), [1])
    assert many.reason == {1: "place 17"}
    assert_array_equal(many.with_slack(3.1)[2], many.forbidden)  # forbidden for good: no slack was to be asked for
    eased = limit_rows(_largest(levels_db), kit, most_slack_db=6.0)
    assert not eased.forbidden.any()
    assert_array_equal(np.flatnonzero(eased.with_slack(2.9)[2]), [1])
    assert not eased.with_slack(3.1)[2].any()


def test_each_device_begins_with_the_limit_it_takes_most_of(levels_db):
    wanted = limit_rows(_largest(levels_db), _kit(levels_db)).wanted
    assert wanted[[int(row.argmax()) for k, row in enumerate(levels_db) if k != 1]].all()
    assert wanted.sum() <= 14  # one a device and carrier at most


def test_shares_of_limits_are_those_of_their_levels(levels_db):
    members = np.array([0, 4, 6])
    share, name = limit_shares(_blocks(levels_db, "outside", 2), _kit(levels_db), members)
    assert_allclose(share, 10 ** (levels_db[members].T / 10), rtol=1e-5)
    assert name[399] == "place 399"


def test_few_limits_of_one_part_are_one_table_whatever_blocks_they_come_in(levels_db):
    few = levels_db[:, :40]
    one, three = (limit_rows(_blocks(few, "keep", each), _kit(few), most_slack_db=6.0) for each in (7, 3))
    assert_allclose(one.share, three.share)
    assert one.name == three.name


def test_what_takes_most_of_a_broken_limit_goes_first():
    """Three devices take 0.6, 0.5 and 0.3 of one limit: without the first the others fit."""
    model = model_of(next(tiny for tiny in map(tiny_plans.tiny_plan, range(1, 90)) if len(tiny.candidates) >= 3))
    limit = np.zeros((1, len(model.candidates)))
    limit[0, :3] = 0.6, 0.5, 0.3
    free = replace(model.candidates, existing=np.zeros(len(model.candidates), bool))
    model = replace(model, candidates=free, limit=limit, limit_name=("place",))
    assert kept_below(model, Selection((0, 1, 2), (0,) * len(model.weight))).candidates == (1, 2)


# --- Bounds.


def test_a_bound_is_given_even_if_the_relaxation_is_not_solved(monkeypatch):
    model = model_of(tiny_plans.tiny_plan(1))
    monkeypatch.setattr(bounds, "SMALL_CANDIDATES", 0)
    monkeypatch.setattr(cuts, "CHILD", Path("no such program"))
    plan = fixed_selection(model)
    found = certify(model, Goal(budget_pence=10**6), Found(plan, score(model, plan)))
    assert found.bound == pytest.approx(model.weight[model.possible.any(axis=1)].sum())
    assert not found.reproducible
    assert "any money" in found.notes[0]
