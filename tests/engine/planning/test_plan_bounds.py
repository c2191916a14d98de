"""Which bound of its planning model a plan is told with."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from by_path import module_at

from quietwing.coverage.planning import bounds as certifying
from quietwing.coverage.planning import improve as improving
from quietwing.coverage.planning import optimising as door
from quietwing.coverage.planning import searching
from quietwing.coverage.planning.improve import Relaxations
from quietwing.coverage.planning.milp import Goal
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.searching import EFFORTS
from quietwing.coverage.planning.verify import verify_plan

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE = four_cells.CATALOGUE
site = four_cells.site  # fixtures
with_money = four_cells.with_money


def test_the_solver_tightens_the_bound_of_a_plan_at_thorough_alone(site, monkeypatch):
    assert [EFFORTS[name].nodes for name in ("quick", "normal", "thorough")] == [0, 0, 1]
    asked = []

    def whole(_self, reduced, _found, nodes):
        asked.append(nodes)
        return reduced.bound

    monkeypatch.setattr(Relaxations, "_of_whole", whole)
    monkeypatch.setattr(improving, "_may_be_better", lambda *_: True)
    monkeypatch.setattr(certifying, "SMALL_CANDIDATES", 0)  # else the plan is proven the best
    for nodes in (0, 4):
        monkeypatch.setitem(EFFORTS, "quick", replace(EFFORTS["quick"], nodes=nodes))
        optimise(site, site.sectors, with_money(3000), CATALOGUE)
    assert asked == [4]


@pytest.mark.parametrize(("nodes", "begun"), [(0, 0), (1, 1)])
def test_a_bound_that_the_search_worked_out_is_not_worked_out_again(site, monkeypatch, nodes, begun):
    models = []

    class Watched(Relaxations):
        def __init__(self, model, *further):
            models.append(model)
            super().__init__(model, *further)

    monkeypatch.setattr(certifying, "Relaxations", Watched)
    for module in (certifying, searching):
        monkeypatch.setattr(module, "SMALL_CANDIDATES", 0)
    monkeypatch.setitem(EFFORTS, "quick", replace(EFFORTS["quick"], nodes=nodes))
    monkeypatch.setattr(door, "NEAR_ENOUGH", -1.0)
    plan = optimise(site, site.sectors, with_money(3200), CATALOGUE)
    assert plan.model.bound is not None
    assert len(models) == begun


def test_ctrl_c_while_the_bound_is_made_tighter_leaves_that_of_the_relaxation(site, monkeypatch):
    monkeypatch.setattr(improving, "_may_be_better", lambda *_: True)
    monkeypatch.setattr(certifying, "SMALL_CANDIDATES", 0)  # else the plan is proven the best
    asked, plans = with_money(3000), []

    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Relaxations, "_of_whole", pressed)
    for nodes in (0, 1):
        monkeypatch.setitem(EFFORTS, "quick", replace(EFFORTS["quick"], nodes=nodes))
        plans.append(optimise(site, site.sectors, asked, CATALOGUE))
    whole, stopped = plans
    assert [plan.status == "interrupted" for plan in plans] == [False, True]
    assert replace(stopped.model, status="feasible") == replace(whole.model, status="feasible")
    assert stopped.model.bound is not None
    assert verify_plan(site, site.sectors, asked, CATALOGUE, stopped) == ()


@pytest.mark.parametrize(("goal", "search", "ahead", "taken"), [
    (Goal(budget_pence=100), 5.0, 4.0, 4.0),
    (Goal(budget_pence=100), 4.0, 5.0, 4.0),
    (Goal(target=3.0), 500.0, 400.0, 500.0),
    (Goal(target=3.0), None, 400.0, 400.0),
    (Goal(target=3.0), 500.0, None, 500.0),
    (Goal(), None, None, None),
])  # fmt: skip
def test_of_the_bounds_of_a_model_the_tighter_is_told(monkeypatch, goal, search, ahead, taken):
    """Of a budget the lower bound of what can be protected, of a target the higher one of what must be paid."""
    monkeypatch.setattr(door, "goal_of", lambda _: goal)
    monkeypatch.setattr(door, "certify", lambda *_, known, **__: known)
    inputs = SimpleNamespace(scenario=SimpleNamespace(effort="thorough"))
    searched = SimpleNamespace(model=None, found=None, bound=search)
    assert door._certified(inputs, searched, SimpleNamespace(of=lambda *_: ahead), False, 1) == taken


@pytest.mark.parametrize(("goal", "bound", "effort", "nodes"), [
    (Goal(budget_pence=100), 105.0, "thorough", 0),  # 5 % above a weight of 100
    (Goal(budget_pence=100), 105.2, "thorough", 1),
    (Goal(budget_pence=100), 200.0, "normal", 0),
    (Goal(budget_pence=100), None, "thorough", 1),
    (Goal(target=100.0), 1900.0, "thorough", 0),  # 5 % below a cost of £20
    (Goal(target=100.0), 1890.0, "thorough", 1),
])  # fmt: skip
def test_a_bound_that_is_near_enough_is_made_no_tighter(monkeypatch, goal, bound, effort, nodes):
    monkeypatch.setattr(door, "goal_of", lambda _: goal)
    inputs = SimpleNamespace(scenario=SimpleNamespace(effort=effort))
    found = SimpleNamespace(score=SimpleNamespace(weight=100.0, cost_pence=2000))
    assert door._nodes_for(inputs, SimpleNamespace(found=found, bound=bound)) == nodes
