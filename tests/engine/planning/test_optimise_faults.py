"""Faults of the solver, and faults that the checker finds: less is proven, or another attempt or none is the plan.

The site is that of ``test_optimise.py``.
"""

from __future__ import annotations

import functools
import textwrap

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import bounds, exact
from quietwing.coverage.planning import optimising as door
from quietwing.coverage.planning.exact import Solution, Work
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.verify import verify_plan

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, MOST, judged = four_cells.CATALOGUE, four_cells.MOST, four_cells.judged
site, plan_for = four_cells.site, four_cells.plan_for  # fixtures


# --- What the solver says is not believed.

STUB = """
import json, os, sys, time
from pathlib import Path
import numpy as np
folder = Path(sys.argv[-1])
start, cost = np.load(folder / "start.npy"), np.load(folder / "cost.npy")
own = float(cost @ start)
def point(number, x):
    with (folder / "y.part").open("wb") as file: np.save(file, np.array(x, float))
    (folder / "y.part").replace(folder / f"point-{number:06d}.npy")
def end(status="optimal", value=own, bound=own, nodes=1):
    (folder / "x.part").write_text(json.dumps(dict(status=status, value=value, bound=bound, nodes=nodes)))
    (folder / "x.part").replace(folder / "end.json")
first = int(np.flatnonzero(start)[0])
"""
LIES = {
    "everything at once": "x = np.ones(len(cost)); point(1, x); end(value=float(cost @ x), bound=float(cost @ x))",
    "0.999 of a device": "x = start.copy(); x[first] = 0.999; point(1, x); end(value=own - 3, bound=own - 3)",
    "another objective": "point(1, start); end(value=own - 3, bound=own - 3)",
    "optimal at the deadline": "point(1, start); end(); time.sleep(60)",
    "a bound that is beaten": "point(1, start); end(bound=own + 1)",
    "infeasible": "end(status='infeasible', value=None, bound=None)",
    "a crash after the word optimal": "point(1, start); end(); os._exit(3)",
    "nothing": "",
}


@pytest.mark.parametrize("name", LIES)
def test_a_lying_solver_changes_nothing_but_that_less_is_proven(site, plan_for, monkeypatch, tmp_path, name):
    path = tmp_path / "stub.py"
    path.write_text(STUB + textwrap.dedent(LIES[name]), "utf-8")
    monkeypatch.setattr(bounds, "PROOF", Work(nodes=2_000, deadline_s=2.0))
    monkeypatch.setattr(bounds, "solve", functools.partial(exact.solve, solver=str(path)))
    honest, plan = plan_for(MOST), optimise(site, site.sectors, MOST, CATALOGUE)
    assert (plan.devices, plan.value, plan.claimed) == (honest.devices, honest.value, honest.claimed)
    assert plan.model.status == "feasible"
    assert plan.model.bound is None or plan.model.bound > honest.model.value
    assert verify_plan(site, site.sectors, MOST, CATALOGUE, plan) == ()
    assert [note for note in plan.notes if "dropped" in note] == []


def lied(**lie) -> object:
    """A `solve` that forgets its own checks."""

    def solve(problem, *, start, **_options) -> Solution:
        told = {"status": "optimal", "x": np.array(start), "value": 4.0, "bound": 4.0, "gap": 0.0}
        return Solution(
            **(told | {key: made(problem, start) for key, made in lie.items()}), reproducible=True, notes=()
        )

    return solve


LIED = {
    "an infeasible point": lied(
        x=lambda problem, _start: problem.upper, value=lambda *_: 99.0, bound=lambda *_: 99.0
    ),
    "0.999 of a device": lied(x=lambda _problem, start: 0.999 * np.array(start), bound=lambda *_: 4.5),
    "another objective": lied(value=lambda *_: 99.0, bound=lambda *_: 99.0),
    "nothing found": lied(x=lambda *_: None, status=lambda *_: "none found", bound=lambda *_: 9.0),
}


@pytest.mark.parametrize("name", LIED)
def test_should_the_solve_lie_the_word_optimal_is_not_said(site, monkeypatch, name):
    monkeypatch.setattr(bounds, "solve", LIED[name])
    plan = optimise(site, site.sectors, MOST, CATALOGUE)
    assert plan.model.status == "feasible"
    assert plan.model.gap is None or plan.model.gap > 0
    assert plan.model.bound is None or plan.model.bound > 4.0
    assert verify_plan(site, site.sectors, MOST, CATALOGUE, plan) == ()


@pytest.mark.parametrize("name", LIED)
def test_should_the_solve_lie_the_plan_of_the_search_is_kept(site, plan_for, monkeypatch, name):
    monkeypatch.setattr(bounds, "solve", LIED[name])
    plan = optimise(site, site.sectors, MOST, CATALOGUE)
    assert (plan.devices, plan.model.value) == (plan_for(MOST).devices, 4.0)


# --- The checker has the last word.


def test_an_attempt_in_which_the_checker_finds_a_fault_is_dropped_and_named(site, plan_for, monkeypatch):
    honest = plan_for(MOST)

    def fussy(*arguments, **options):
        plan = arguments[4]
        faults = verify_plan(*arguments, **options)
        return ("device A1-02-ceiling: too blue",) if plan.chosen == honest.chosen else faults

    monkeypatch.setattr(door, "verify_plan", fussy)
    plan = optimise(site, site.sectors, MOST, CATALOGUE)
    assert plan.chosen != honest.chosen
    assert plan.attempts == honest.attempts
    said = f"attempt {honest.chosen} was dropped, for the checker found: device A1-02-ceiling: too blue"
    assert said in plan.notes
    assert judged(plan).rooms_judged >= 3


def test_where_no_attempt_passes_there_is_no_plan(site, monkeypatch):
    monkeypatch.setattr(door, "verify_plan", lambda *_, **__: ("device D1: too blue",))
    with pytest.raises(ScenarioError, match=r"no attempt passed the checker: .*device D1: too blue"):
        optimise(site, site.sectors, MOST, CATALOGUE)
