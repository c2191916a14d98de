"""What the planner buys for some budgets beside what the textbook greedy buys, both judged on the same fresh worlds.

Run `python benchmarks/plan.py [SITE …]`; houseblock and radial without a name, campus only if it is named. Each site
runs in a process of its own, so that its peak memory is its own. The greedy works in the same planning model with the
same limits: again and again the candidate that makes most rows hold for its money, until none fits. Times are wall
clock and CPU time of all threads, the bound and the judging included.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

from quietwing.coverage.blocking.evaluate import quiet_anyway, silence_points
from quietwing.coverage.blocking.links import link_model
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.planning.attempts import judge, margin_confidence
from quietwing.coverage.planning.ground import Ground, look_inside, prepare_ground, terrain
from quietwing.coverage.planning.milp import Selection
from quietwing.coverage.planning.optimise import CHOOSING_STREAM, REPORTING_STREAM
from quietwing.coverage.planning.plan import Plan
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import fixed_selection, score
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import optimise
from quietwing.coverage.study.common import wanted_sectors
from quietwing.sites import load_site
from quietwing.sites.trial_points import trial_points

GIB = 2**20  # of the kibibytes that getrusage counts in
BUDGETS_GBP = {
    "houseblock": (25_000.0, 50_000.0, 100_000.0, 200_000.0, 400_000.0),
    "radial": (25_000.0, 100_000.0, 400_000.0, 1_600_000.0),
    "campus": (100_000.0,),
}
EFFORT = {"campus": "quick"}
AIM_S = {"campus": 600.0}


def used_s() -> float:
    """CPU time of this process and of the solvers it has started."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def greedy(model: PlanModel, budget_pence: int) -> Selection:
    """Candidate after candidate with most newly held rows for its money, as long as limits and money allow."""
    kit, modes = model.candidates, np.zeros(len(model.weight), np.int64)
    chosen = list(fixed_selection(model).candidates)
    rows = (model.share + model.serve_mw + model.jam_mw).tocoo()
    row, column = rows.row, rows.col
    if not len(row):  # no room can be silenced: indexing would give a sparse nothing
        return fixed_selection(model)
    share = np.asarray(model.share[row, column]).ravel()
    serve = np.asarray(model.serve_mw[row, column]).ravel()
    settled = np.zeros(len(model.weight), bool)
    near = {frozenset(pair) for pair in model.conflicts.tolist()}
    while True:
        plan = Selection(tuple(sorted(chosen)), tuple(modes.tolist()))
        found = score(model, plan)
        taken = model.limit[:, chosen].sum(axis=1)
        places = {int(kit.position[at]) for at in chosen}
        den = np.asarray(model.share[:, chosen].sum(axis=1)).ravel() if chosen else np.zeros(model.share.shape[0])
        missing = 1 - den
        counts = (model.weight[model.row_room[row]] > 0) & (missing[row] > 0)
        own = kit.room[column] == model.row_room[row]
        mode = np.where(own & ~settled[model.row_room[row]], kit.mode[column], modes[model.row_room[row]])
        holds = counts & (model.row_mode[row] == mode) & ((share >= missing[row]) | (serve > 0))
        gained = np.bincount(column[holds], minlength=len(kit))
        best: tuple[float, int, Selection] | None = None
        for at in np.argsort(-gained / np.maximum(kit.cost_pence, 1), kind="stable").tolist():
            room, place = int(kit.room[at]), int(kit.position[at])
            if not gained[at] or kit.existing[at] or model.forbidden[at] or place in places:
                continue
            if any(frozenset((place, other)) in near for other in places):
                continue
            if room >= 0 and settled[room] and modes[room] != kit.mode[at]:
                continue
            if ((taken + model.limit[:, at]) > 1 - 1e-5).any():
                continue
            further = modes.copy()
            if room >= 0:
                further[room] = kit.mode[at]
            trial = Selection(tuple(sorted([*chosen, at])), tuple(further.tolist()))
            if score(model, trial).cost_pence <= budget_pence:
                best = (0.0, at, trial)
                break
        if best is None:
            return plan if not found.broken else fixed_selection(model)
        _, at, trial = best
        chosen = list(trial.candidates)
        modes = np.array(trial.modes)
        if kit.room[at] >= 0:
            settled[kit.room[at]] = True


def ground_of(site_name: str, scenario: Scenario) -> Ground:
    """The site as the planner sees it."""
    site, catalogue = load_site(site_name), read_catalogue()
    sectors = wanted_sectors(site, scenario)
    bare = link_model(prepare_scene(site), sectors, scenario.confidence)
    points = silence_points(site, trial_points(site))
    quiet = quiet_anyway(bare, scenario, points, stream=CHOOSING_STREAM)
    anyway = np.zeros(len(site.rooms), bool)
    anyway[quiet.rooms] = quiet.silent.mean(axis=1) >= scenario.confidence
    return prepare_ground(site, sectors, scenario, catalogue, (), anyway, quiet={CHOOSING_STREAM: quiet})


def one_site(name: str) -> None:
    """Print a table of one site: a line per budget."""
    site, catalogue = load_site(name), read_catalogue()
    asked = Scenario(effort=EFFORT.get(name, "normal"))
    ground = ground_of(name, asked)
    here = terrain(ground, look_inside(ground, margin_confidence(ground.scenario)))
    start: Plan | None = None
    print(f"\n{name}: {len(site.rooms)} rooms, {len(here.candidates)} candidates, effort {asked.effort}")
    print("budget £ | ours: cells (weight) £ | model value, bound, gap | greedy: cells (weight) £ | wall s, CPU s")
    for budget in BUDGETS_GBP[name]:
        scenario = replace(asked, budget_gbp=budget)
        began, cpu = time.monotonic(), used_s()
        result = optimise(site, scenario, catalogue=catalogue, start=start, maps=False)
        wall, cpu = time.monotonic() - began, used_s() - cpu
        plan = start = result.plan
        faults = verify_plan(site, ground.sectors, scenario, catalogue, plan)
        afresh = judge(ground, plan.devices, plan.treatments, None, REPORTING_STREAM)
        slack_db = plan.attempts[plan.chosen].slack_db or 6.0
        model, _ = here.model(slack_db)
        devices, treatments = here.layout(model, greedy(model, round(budget * 100)))
        other = judge(ground, devices, treatments, None, REPORTING_STREAM)
        print(
            f"{budget:10,.0f} | {afresh.attempt.rooms_judged} ({afresh.attempt.weight_judged:g}) "
            f"{afresh.attempt.capex_gbp:,.0f}, spill {afresh.attempt.spill_margin_db:+.1f} dB | "
            f"{plan.value}, {plan.bound}, {plan.gap} | "
            f"{other.attempt.rooms_judged} ({other.attempt.weight_judged:g}) {other.attempt.capex_gbp:,.0f}, "
            f"spill {other.attempt.spill_margin_db:+.1f} dB | {wall:.0f}, {cpu:.0f}",
            flush=True,
        )
        if not afresh.attempt.rooms_judged:
            print(f"{'':10} | binding: {plan.binding}")
        print(f"{'':10} | verified: {faults or 'yes'}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    print(f"peak memory {peak:.2f} GiB; aim {AIM_S.get(name, 120.0):.0f} s a plan, campus 4 GiB")


def main() -> None:
    """Each site in a process of its own."""
    if sys.argv[1:2] == ["--one"]:
        one_site(sys.argv[2])
        return
    for name in sys.argv[1:] or ["houseblock", "radial"]:
        subprocess.run([sys.executable, __file__, "--one", name], check=True)


if __name__ == "__main__":
    main()
