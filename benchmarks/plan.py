"""What the planner buys beside textbook greedy and NSGA-II: same model, same limits, same money, and as much time.

Run `python benchmarks/plan.py [SITE] [BUDGET …]`; houseblock and £25,000 to £400,000 without them; `--effort quick`
and so on. NSGA-II is pymoo's (`pip install pymoo`; not a dependency), and is left out where that is not installed.

For each budget the planner runs as a user runs it, the Monte Carlo and the bound included. The planning model in
which its plan was found then goes to the others: the greedy takes the candidate that makes most rows hold for its
money, again and again, until none fits; NSGA-II gets as much CPU time as all of the planner took, its solvers
included (by the clock, other work on the machine would decide). All three are scored by the same function in that
model, and then judged on worlds that none of them was chosen on. Rows that no plan of ours broke are not in the
model: that can only be to the good of the others.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from plan_peers import greedy, nsga2

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.planning import _solver_process, trying
from quietwing.coverage.planning import optimising as door
from quietwing.coverage.planning.attempts import Searched, judge
from quietwing.coverage.planning.bounds import Certificate
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.optimising import REPORTING_STREAM
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import score
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.report.hole_words import binding_of
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import optimise
from quietwing.coverage.study.common import wanted_sectors
from quietwing.sites import load_site

GIB = 2**20  # of the kibibytes that getrusage counts in
BUDGETS_GBP = (25_000.0, 50_000.0, 100_000.0, 200_000.0, 400_000.0)
OVER_GREEDY, BUDGETS_OVER, OVER_NSGA2 = 1.15, 3, 1.05  # what the planner is held to


@dataclass
class Seen:
    """What went by while the planner ran."""

    certified: list[tuple[PlanModel, Goal, Found, Certificate]] = field(default_factory=list)
    searched: list[Searched] = field(default_factory=list)
    methods: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Line:
    """One budget: rooms in the model of ours, greedy, NSGA-II (None: not there), and the bound."""

    ours: float
    greedy: float
    nsga2: float | None
    bound: float | None


def used_s() -> float:
    """CPU time of this process and of the solvers it has started."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + children_s()


def children_s() -> float:
    """CPU time of the solvers alone: whatever process the planner starts is HiGHS."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def watched(seen: Seen) -> Callable[[], None]:
    """Note the models certified, the attempts judged and the solver's methods; returns what undoes it."""
    certify, judged, run = door.certify, trying.judge, _solver_process.Call.run

    def certifying(model: PlanModel, goal: Goal, found: Found, **options: Any) -> Certificate:
        answer = certify(model, goal, found, **options)
        seen.certified.append((model, goal, found, answer))
        return answer

    def judging(inputs: Any, devices: Any, treatments: Any, searched: Searched | None, *further: Any) -> Any:
        if searched is not None:
            seen.searched.append(searched)
        return judged(inputs, devices, treatments, searched, *further)

    def running(call: Any, *arguments: Any, **options: Any) -> Any:
        ended = run(call, *arguments, **options)
        seen.methods.update(ended.methods)
        return ended

    door.certify, trying.judge, _solver_process.Call.run = certifying, judging, running

    def undo() -> None:
        door.certify, trying.judge, _solver_process.Call.run = certify, judged, run

    return undo


def told(searched: Searched, model: PlanModel, name: str, selection: Selection) -> float:
    """Print what a selection is worth, in the model and on fresh worlds; returns its weight in the model.

    On fresh worlds with jammers as strong as the limits allow that the planner's plan keeps as it is sent.
    """
    found = score(model, selection)
    inputs = searched.space.inputs
    sent, _ = searched.space.lift(model, searched.alive, selection, searched.slack_db)
    devices, treatments = searched.space.layout(sent, selection)
    afresh = judge(inputs, devices, treatments, None, REPORTING_STREAM).attempt
    print(
        f"  {name:8} {found.weight:6g} in the model, £{found.cost_pence / 100:,.0f}, limit {found.worst_limit:.3f}"
        f"{', BROKEN: ' + found.broken[0] if found.broken else ''}; on fresh worlds {afresh.rooms_judged} cells "
        f"({afresh.weight_judged:g}), spill {afresh.spill_margin_db:+.1f} dB",
        flush=True,
    )
    return 0.0 if found.broken else found.weight


def one_budget(name: str, effort: str, budget_gbp: float) -> Line | None:
    """Print one budget."""
    site, catalogue = load_site(name), read_catalogue()
    scenario = Scenario(effort=effort, budget_gbp=budget_gbp)
    seen = Seen()
    undo = watched(seen)
    began_s, cpu_s, solver_s = time.monotonic(), used_s(), children_s()
    try:
        plan = optimise(site, scenario, catalogue=catalogue, maps=False).plan
    finally:
        undo()
    wall_s, cpu_s, solver_s = time.monotonic() - began_s, used_s() - cpu_s, children_s() - solver_s
    print(f"\n{name}, £{budget_gbp:,.0f}, effort {effort}: {wall_s:.0f} s, {cpu_s:.0f} s of CPU", flush=True)
    faults = verify_plan(site, wanted_sectors(site, scenario), scenario, catalogue, plan)
    print(f"  verified: {faults or 'yes'}")
    for note in plan.notes:
        print(f"  note: {note}")
    if not seen.certified or not seen.searched:
        print(f"  nothing was searched; binding: {binding_of(plan.holes, None)}")
        return None
    model, goal, found, certificate = seen.certified[-1]
    searched = next((one for one in reversed(seen.searched) if one.model is model), seen.searched[-1])
    method = " and ".join(sorted(seen.methods)) or "method not told"
    rows, candidates, limits = model.share.shape[0], len(model.candidates), len(model.limit)
    print(f"  model: {rows} rows of rooms, {candidates} candidates, {limits} limits")
    print(f"  HiGHS: {method}, {solver_s:.1f} s of CPU, {solver_s / cpu_s:.0%}")
    ours = told(searched, model, "ours", found.selection)
    began_s = time.monotonic()
    textbook = told(searched, model, "greedy", greedy(model, goal.budget_pence or 0))
    print(f"  greedy with its judgement: {time.monotonic() - began_s:.0f} s")
    other = None
    if find_spec("pymoo"):
        selection, tried = nsga2(model, goal.budget_pence or 0, cpu_s, scenario.seed)
        other = told(searched, model, "NSGA-II", selection)
        print(f"  NSGA-II: {tried} plans in {cpu_s:.0f} s of CPU")
    print(f"  bound {certificate.bound}, gap {plan.gap}, peak {peak_gib():.2f} GiB", flush=True)
    return Line(ours, textbook, other, certificate.bound)


def peak_gib() -> float:
    """Most memory this process, or a solver, has held. [GiB]"""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / GIB


def ratio(ours: float, other: float) -> float:
    """Ours over the other's; 1 where both have nothing."""
    return ours / other if other else 1.0 if not ours else float("inf")


def main() -> None:
    """All budgets, then what holds of what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", nargs="?", default="houseblock")
    parser.add_argument("budgets", nargs="*", type=float, default=list(BUDGETS_GBP))
    parser.add_argument("--effort", default="normal", choices=("quick", "normal", "thorough"))
    asked = parser.parse_args()
    lines = [line for budget in asked.budgets if (line := one_budget(asked.site, asked.effort, budget))]
    greedy_ratios = [ratio(line.ours, line.greedy) for line in lines]
    other_ratios = [ratio(line.ours, line.nsga2) for line in lines if line.nsga2 is not None]
    held = all(
        line.bound is not None and max(line.ours, line.greedy, line.nsga2 or 0.0) <= line.bound + 1e-6
        for line in lines
    )
    over = sum(one >= OVER_GREEDY for one in greedy_ratios)
    print(
        f"\nours over greedy: {', '.join(f'{one:.2f}' for one in greedy_ratios)}: {over} of {len(lines)} at", end=" "
    )
    print(
        f"{OVER_GREEDY} or more (asked for: {BUDGETS_OVER}), {sum(one < 1 for one in greedy_ratios)} below 1 (none)"
    )
    if other_ratios:
        print(f"ours over NSGA-II: {', '.join(f'{one:.2f}' for one in other_ratios)} (asked for: {OVER_NSGA2})")
    else:
        print("NSGA-II was left out: pip install pymoo")
    print(f"the bound {'holds over every plan' if held else 'DOES NOT HOLD over every plan'}; ", end="")
    rising = all(one.ours <= other.ours for one, other in pairwise(lines))
    print("more money never buys less" if rising else "more money bought less once")


if __name__ == "__main__":
    np.seterr(all="warn")
    main()
