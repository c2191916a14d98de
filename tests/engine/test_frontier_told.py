"""Which search found a plan stands under a key of its own, and what it says is held against the rest."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from by_path import module_at

from quietwing.coverage.frontier_told import PlanAgain, ToldFrontier, faults_of_search
from quietwing.coverage.planning import Search
from quietwing.coverage.report import plan_object
from quietwing.coverage.report.frontier_tables import frontier_object
from quietwing.coverage.study.frontier_run import frontier

stubs = module_at("tests/engine/test_frontier.py")
small, one = stubs.small, stubs.one
pytestmark = pytest.mark.usefixtures("few_moves")
# The plan of £2,000 costs £950 and is taken for £1,000 and £4,000 too; that of £8,000 is found without a limit.
ANSWERS = {1e3: (2, 900), 2e3: (4, 950), 4e3: (3, 3_900), 5: (3, 20, "infeasible")}
UNMET = {"cells": 5, "share": None, "most_gbp": 3e3, "proven": True, "nearest_cells": 3, "nearest_gbp": 20.0}


@pytest.fixture
def found(small, one, monkeypatch):
    stubs.told(monkeypatch, one, ANSWERS)
    return frontier(small, stubs.QUESTION, (1e3, 2e3, 4e3), least_cost_of=(5,))


def told(found, changed=lambda spoken: None, *, all_plans=True):
    """What `frontier.json` tells, and the plans; as a folder holds them each only once."""
    spoken = json.loads(json.dumps(frontier_object(found)))
    changed(spoken)
    again = {
        point.result.verdict.scenario_id: PlanAgain(point.result.plan, point.result.verdict)
        for before, point in pairwise((None, *found.points))
        if all_plans or before is None or before.result.plan.devices != point.result.plan.devices
    }
    return ToldFrontier.model_validate_json(json.dumps(spoken)), again


def faults(found, changed=lambda spoken: None, *, all_plans=True):
    return list(faults_of_search(*told(found, changed, all_plans=all_plans), found.asked))


def test_a_plan_names_the_search_that_found_it_and_its_own_search_nothing(found):
    names = [point.result.plan.found_by for point in found.points]
    assert names == [Search("most_protected", 2e3), None, Search("most_protected", 2e3)]
    spoken = [plan_object(point.result) for point in found.points]
    assert spoken[0]["found_by"] == {"objective": "most_protected", "budget_gbp": 2e3}
    assert spoken[1]["found_by"] is None
    words = "found by the search for £2,000, whose notes these are"
    assert [words in one["notes"] for one in spoken] == [True, False, True]
    assert not any(words in one["plan_notes"] for one in spoken)  # of the search alone
    assert faults(found) == []


def test_a_plan_found_without_a_limit_of_money_names_none(small, one, monkeypatch):
    answers = {1e9: (4, 79_500), 1: (1, 9_800), 9_800.0: (1, 9_800), 2e4: (2, 20_000), 4e4: (3, 40_000)}
    stubs.told(monkeypatch, one, answers)
    chosen = frontier(small, stubs.QUESTION, auto=4)
    assert chosen.points[-1].result.plan.found_by == Search("most_protected", None)
    assert "found by the search without a limit of money" in " ".join(plan_object(chosen.points[-1].result)["notes"])
    assert faults(chosen) == []


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (None, "its plan names no other search in found_by"),
        (Search("most_protected", 4e3), "found_for_gbp is 2000, found_by of its plan says 4000"),
        (Search("most_protected", None), "found_for_gbp is 2000, found_by of its plan says 1e+09"),
        (Search("most_protected", 2_500.0), "found_by of its plan is no other search of this frontier"),
        (Search("most_protected", 1e3), "found_by of its plan is no other search of this frontier"),
        (Search("least_cost", 2e3), "found_by of its plan is no other search of this frontier"),
        (
            Search("least_cost", 4e3),
            "value of its plan is of a search for less money or for something else",
        ),
    ],
)
def test_another_search_than_the_one_that_found_it_is_no_answer(found, search, said):
    first = found.points[0]
    lie = replace(first, result=replace(first.result, plan=replace(first.result.plan, found_by=search)))
    assert any(said in fault for fault in faults(replace(found, points=(lie, *found.points[1:]))))


def test_another_search_never_takes_more_money_than_there_is(found):
    first = found.points[0]
    dear = replace(first.result.plan, cost=replace(first.result.plan.cost, capex_gbp=1_200.0))
    lie = replace(first, result=replace(first.result, plan=dear))
    assert any("but it costs £1,200.00" in fault for fault in faults(replace(found, points=(lie, *found.points[1:]))))


def test_more_money_with_a_plan_that_is_reported_worse_is_no_frontier(found):
    last = found.points[-1]
    first, *others = last.result.verdict.grades
    none = first.by_room.assign(called_silent=first.by_room["called_silent"] & False)
    verdict = replace(last.result.verdict, grades=(replace(first, by_room=none), *others))
    lie = replace(last, result=replace(last.result, verdict=verdict))
    said = faults(replace(found, points=(*found.points[:-1], lie)))
    assert any("£4,000.00: silent: a plan here for less money is better" in fault for fault in said)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("given_judged", False, "given_judged: is false of a search that was not interrupted"),
        ("missing_gbp", [3e3], "missing_gbp: names budgets of a search that was not interrupted"),
        ("unmet", [UNMET], "unmet: 5 cells"),
    ],
)
def test_what_only_the_searches_know_is_held_together(found, key, value, said):
    assert any(said in fault for fault in faults(found, lambda spoken: spoken.update({key: value})))


@pytest.mark.parametrize("key", ["chosen_from", "unmet", "given_judged", "searched_apart"])
def test_a_frontier_without_the_keys_of_its_searches_is_refused_by_name(found, key):
    with pytest.raises(ValueError, match=key):
        told(found, lambda spoken: spoken.pop(key))
