"""From a site and a sum of money to a plan: the same every time, called the best only where it is, and what stops it.

The site is four cells and a landing behind foil-faced walls, one window broken open: no jammer silences that cell
within the limits outside. Each other room takes a jammer of its own, of £1,538.40 on the landing and £1,572.00 in a
cell.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numba
import numpy as np
import pytest
import shapely
from by_path import module_at

from quietwing.coverage.blocking import exposures
from quietwing.coverage.equipment import Device
from quietwing.coverage.planning import optimising as door
from quietwing.coverage.planning import prepared, searching, trying
from quietwing.coverage.planning.attempts import margin_confidence
from quietwing.coverage.planning.heuristic import Found, search
from quietwing.coverage.planning.optimising import REPORTING_STREAM, optimise
from quietwing.coverage.planning.places import plan_spots
from quietwing.coverage.planning.plan import HoleKind, ModelFigures
from quietwing.coverage.planning.planning_inputs import prepare_inputs
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import fixed_selection, score
from quietwing.coverage.planning.searching import EFFORTS
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.report.hole_words import binding_of, reason_in_words
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
from quietwing.sites import trial_points

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, MOST, judged = four_cells.CATALOGUE, four_cells.MOST, four_cells.judged
site, plan_for, far_site = four_cells.site, four_cells.plan_for, four_cells.far_site  # fixtures
LANDING_GBP, CELL_GBP = 1538.40, 1572.00
FOUR_GBP = LANDING_GBP + 3 * CELL_GBP
target, with_money = four_cells.target, four_cells.with_money


def nothing_found(model: PlanModel) -> Found:
    return Found(fixed_selection(model), score(model, fixed_selection(model)))


QUESTIONS = [with_money(gbp) for gbp in (0, 1600, 3200, 5000, 9000)] + [target(rooms) for rooms in (1, 2, 4, 5)]


def called(scenario: Scenario) -> str:
    if scenario.objective == "least_cost":
        return f"{scenario.target_rooms} rooms"
    return f"£{scenario.budget_gbp:g}"


@pytest.mark.parametrize("scenario", QUESTIONS, ids=called)
def test_every_plan_passes_the_checker_and_keeps_its_budget_and_the_limits(site, plan_for, scenario):
    plan = plan_for(scenario)
    assert verify_plan(site, site.sectors, scenario, CATALOGUE, plan) == ()
    assert scenario.budget_gbp is None or plan.cost.capex_gbp <= scenario.budget_gbp
    assert judged(plan).passed
    assert judged(plan).spill_margin_db >= 0
    assert (plan.reproducible, plan.seed) == (True, scenario.seed)


@pytest.mark.parametrize("scenario", QUESTIONS, ids=called)
def test_no_honest_attempt_is_dropped(plan_for, scenario):
    """The checker refuses lies; what it refuses of an honest search is a fault of the search or of the checker."""
    assert [note for note in plan_for(scenario).notes if "dropped" in note] == []


# --- What a sum of money buys.


def test_without_money_nothing_is_bought_and_the_holes_say_that_money_is_missing(plan_for):
    plan = plan_for(with_money(0))
    assert (plan.devices, plan.treatments, plan.cost.capex_gbp, plan.value) == ((), (), 0.0, 0.0)
    why = {hole.room: hole.reason.kind for hole in plan.holes}
    assert why.pop("A1-01") != HoleKind.MONEY
    assert sorted(why) == ["A1-02", "A1-03", "A1-04", "A1-landing"]
    assert set(why.values()) == {HoleKind.MONEY}


@pytest.mark.parametrize(("budget_gbp", "value", "cost_gbp"), [
    (LANDING_GBP - 0.01, 0.0, 0.0),
    (LANDING_GBP, 2.0, LANDING_GBP),
    (LANDING_GBP + CELL_GBP - 0.01, 2.0, LANDING_GBP),
    (LANDING_GBP + CELL_GBP, 3.0, LANDING_GBP + CELL_GBP),
    (FOUR_GBP, 5.0, FOUR_GBP),
    (50_000.0, 5.0, FOUR_GBP),
])  # fmt: skip
def test_a_penny_decides_and_what_cannot_help_is_not_bought(plan_for, budget_gbp, value, cost_gbp):
    """The landing counts for two; the broken window's cell cannot be had, so money is left over at the end."""
    plan = plan_for(with_money(budget_gbp))
    assert plan.model == ModelFigures("optimal", value, value, 0.0)
    assert plan.cost.capex_gbp == pytest.approx(cost_gbp, abs=0.005)


def test_a_plan_is_called_the_best_only_where_it_is_as_it_is_judged(site, plan_for):
    """The planning model proves four plans that the simulations may better; two more are the best by themselves."""
    for scenario in (with_money(1600), with_money(50_000), target(1), target(4)):
        plan = plan_for(scenario)
        assert plan.model.status == "optimal"
        assert (plan.status, plan.bound, plan.gap) == ("feasible", None, None)
    nothing = plan_for(with_money(0))
    assert (nothing.status, nothing.value, nothing.bound, nothing.gap) == ("optimal", 0.0, 0.0, 0.0)
    others = replace(site, rooms=tuple(room for room in site.rooms if room.id != "A1-01"))
    every = optimise(others, others.sectors, with_money(50_000), CATALOGUE)
    assert (every.status, every.value, every.bound, every.gap, every.holes) == ("optimal", 5.0, 5.0, 0.0, ())
    assert verify_plan(others, others.sectors, with_money(50_000), CATALOGUE, every) == ()


def test_a_plan_that_blocks_no_further_room_as_it_is_reported_buys_nothing(site, monkeypatch):
    def judged_afresh(inputs, devices, treatments, searched, stream):
        one = prepared.judge(inputs, devices, treatments, searched, stream)
        weight = one.attempt.weight_judged if stream == door.CHOOSING_STREAM else 0.0
        return replace(one, attempt=replace(one.attempt, weight_judged=weight))

    monkeypatch.setattr(door, "judge", judged_afresh)
    for scenario in (MOST, target(2)):
        plan = optimise(site, site.sectors, scenario, CATALOGUE)
        assert (plan.devices, plan.treatments, plan.cost.capex_gbp) == ((), (), 0.0)
        assert any("in independent simulations it blocks no further room" in note for note in plan.notes)


@pytest.mark.long
def test_each_budget_started_from_the_plan_for_less_never_protects_less(site):
    """On the worlds plans are chosen on, and on those they are reported on."""
    start, chosen, reported = None, [], []
    for budget_gbp in (1600.0, 3100.0, 3200.0, 4000.0, 5000.0, 6300.0):
        scenario = with_money(budget_gbp)
        start = optimise(site, site.sectors, scenario, CATALOGUE, start=start)
        assert verify_plan(site, site.sectors, scenario, CATALOGUE, start) == ()
        rooms = evaluate(site, scenario, devices=start.devices, maps=False, stream=REPORTING_STREAM).by_room
        chosen.append(judged(start).weight_judged)
        reported.append(float((rooms["called_silent"] * rooms["weight"]).sum()))
    assert chosen == sorted(chosen)
    assert reported == sorted(reported)
    assert chosen[-1] > chosen[0]


def test_a_plan_to_start_from_that_is_too_dear_is_not_taken(site, plan_for):
    cheap = optimise(site, site.sectors, with_money(1600), CATALOGUE, start=plan_for(with_money(9000)))
    assert cheap.cost.capex_gbp <= 1600
    assert cheap.model.value == 2.0


# --- A plan to start from, where the search finds nothing better.


def test_a_plan_that_is_kept_says_what_it_is_worth_in_the_planning_model(site, plan_for, monkeypatch):
    start = plan_for(with_money(3200))
    monkeypatch.setattr(searching, "search", lambda model, _goal, **_: nothing_found(model))
    kept = optimise(site, site.sectors, with_money(9000), CATALOGUE, start=start)
    assert (kept.chosen, kept.devices) == (1, start.devices)
    assert kept.claimed == start.claimed
    assert (kept.model.value, kept.model.bound, kept.model.gap) == (3.0, 5.0, 0.667)
    assert judged(kept).confidence == margin_confidence(MOST)
    assert verify_plan(site, site.sectors, with_money(9000), CATALOGUE, kept) == ()


def test_a_search_that_finds_nothing_better_than_its_start_begins_anew(site, plan_for, monkeypatch):
    """£9,000 buy all that can be had: from there the first search gains nothing, the second begins with nothing."""
    begun = []

    def watched(here, slack_db, reserve_db, goal, start, *further):
        begun.append((slack_db, start is None))
        return searching.find_plan(here, slack_db, reserve_db, goal, start, *further)

    best = plan_for(with_money(9000))
    monkeypatch.setattr(trying, "find_plan", watched)
    kept = optimise(site, site.sectors, with_money(9000), CATALOGUE, start=best)
    assert begun == [(trying.FIRST_SLACK_DB, False), (trying.FIRST_SLACK_DB, True)]
    assert judged(kept).weight_judged >= judged(best).weight_judged


def test_nothing_bought_has_no_gap_since_nothing_has_no_share(site, monkeypatch):
    monkeypatch.setattr(searching, "search", lambda model, _goal, **_: nothing_found(model))
    plan = optimise(site, site.sectors, with_money(9000), CATALOGUE)
    assert (plan.devices, plan.model) == ((), ModelFigures("feasible", 0.0, 5.0, None))
    assert verify_plan(site, site.sectors, with_money(9000), CATALOGUE, plan) == ()


def test_where_nothing_can_be_placed_the_answer_is_nothing_and_proven(site):
    """A cable alone is for sale, no room is long enough for one, and no window may be treated: nothing to choose."""
    cable = {"equipment": ("cable_jammer",)}
    plan = optimise(site, site.sectors, replace(with_money(9000), **cable), CATALOGUE)
    assert (plan.devices, plan.value, plan.bound, plan.status) == ((), 0.0, 0.0, "optimal")
    assert len(plan.holes) == 5
    assert all(hole.reason for hole in plan.holes)
    assert verify_plan(site, site.sectors, replace(with_money(9000), **cable), CATALOGUE, plan) == ()
    assert optimise(site, site.sectors, replace(target(1), **cable), CATALOGUE).status == "infeasible"


def test_a_higher_effort_begins_with_the_searches_of_the_quick_one(site, monkeypatch):
    """Then its plan, the best of more attempts, has no less on the worlds of choice."""
    asked = {}

    def watched(here, slack_db, reserve_db, goal, start, effort, *further):
        asked.setdefault(name, []).append(effort)
        return searching.find_plan(here, slack_db, reserve_db, goal, start, effort, *further)

    monkeypatch.setattr(trying, "find_plan", watched)
    found = {}
    for name in ("quick", "normal"):
        found[name] = optimise(site, site.sectors, replace(with_money(6000), effort=name), CATALOGUE)
    first = len(asked["quick"])
    assert asked["normal"][:2] == [EFFORTS["quick"], trying.FURTHER]
    assert asked["normal"][:first] == asked["quick"]
    assert all(effort == EFFORTS["normal"] for effort in asked["normal"][2:])
    assert found["normal"].attempts[: len(found["quick"].attempts)] == found["quick"].attempts
    assert len(asked["normal"]) > max(first, 2)
    assert judged(found["normal"]).weight_judged >= judged(found["quick"]).weight_judged


def test_what_the_budget_cannot_buy_is_left_out_by_name(site):
    """A managed-access core costs £600,000 and more, a room jammer £4,480 fitted: £6,000 buy jammers alone."""
    asked = replace(MOST, equipment=("micro_jammer", "room_jammer", "mas_node"), budget_gbp=6000.0)
    quiet = np.zeros(len(site.rooms), bool)
    inputs = prepare_inputs(site, site.sectors, asked, CATALOGUE, (), quiet)
    assert {base.device.model for base in inputs.bases} == {"micro_jammer", "room_jammer"}
    assert "mas_node is left out: the first costs more than the budget" in inputs.notes
    poor = prepare_inputs(site, site.sectors, replace(asked, budget_gbp=10.0), CATALOGUE, (), quiet)
    assert len({base.device.model for base in poor.bases}) == 3  # then money is what is missing


# --- Targets.


@pytest.mark.parametrize(("rooms", "cost_gbp"), [
    (1, LANDING_GBP), (2, LANDING_GBP + CELL_GBP), (3, LANDING_GBP + 2 * CELL_GBP), (4, FOUR_GBP),
])  # fmt: skip
def test_a_target_is_met_at_the_least_cost(plan_for, rooms, cost_gbp):
    plan = plan_for(target(rooms))
    assert judged(plan).rooms_judged >= rooms
    assert plan.rooms_model == rooms
    assert plan.cost.capex_gbp == pytest.approx(cost_gbp, abs=0.005)
    assert plan.value == pytest.approx(cost_gbp, abs=0.005)
    assert plan.model.bound == plan.model.value == pytest.approx(cost_gbp, abs=0.005)


def test_a_target_out_of_reach_names_the_room_what_binds_and_the_nearest_target(plan_for):
    plan = plan_for(target(5))
    assert plan.status == "none found"  # the planning model rules it out, and its limits are not the rules'
    assert [hole.room for hole in plan.holes] == ["A1-01"]
    said = reason_in_words(plan.holes[0].reason)
    assert re.search(r"EE/B20/LTE|O2/B8/LTE", said)
    assert binding_of(plan.holes, None) == f"1 of 1 rooms that are not blocked: {said}"
    assert "the nearest target met: 4 of the 5 rooms asked for" in plan.notes
    assert judged(plan).rooms_judged == 4


def test_a_target_beyond_the_budget_is_not_called_impossible(site):
    scenario = replace(target(4), budget_gbp=2000.0)
    plan = optimise(site, site.sectors, scenario, CATALOGUE)
    assert plan.status == "none found"
    assert plan.cost.capex_gbp <= 2000
    assert verify_plan(site, site.sectors, scenario, CATALOGUE, plan) == ()


# --- The same every time.


@pytest.mark.slow
def test_the_same_seed_gives_the_same_plan_over_threads(site, plan_for):
    before = numba.get_num_threads()
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            assert optimise(site, site.sectors, MOST, CATALOGUE) == plan_for(MOST)
    finally:
        numba.set_num_threads(before)


# --- What stands.


def test_devices_that_are_too_strong_together_for_people_near_them_are_not_chosen(far_site, monkeypatch):
    """Limits of exposure lowered until they, and no others, bind; of the plan found without them none was left."""
    real = exposures.reference_level_w_m2
    monkeypatch.setattr(exposures, "reference_level_w_m2", lambda freq_mhz: 2e-5 * real(freq_mhz))
    plan = optimise(far_site, far_site.sectors, MOST, CATALOGUE)
    assert judged(plan).rooms_judged >= 2
    shares = [row.share for row in exposures.exposure(far_site, plan.devices, CATALOGUE, trial_points(far_site))]
    assert 0.9 < max(shares) <= 1
    assert verify_plan(far_site, far_site.sectors, MOST, CATALOGUE, plan) == ()


def test_what_stands_stays_costs_nothing_and_is_built_upon(far_site):
    """A jammer that silences the landing already leaves the money for the cells."""
    spot = next(spot for spot in plan_spots(far_site) if spot.id == "A1-landing")
    trim_db = (("O2/B8/LTE", -10.0),)
    stands = Device("L", "micro_jammer", 0.3, spot.y_m, spot.z_m, power_dbm=8.0, state="existing", trim_db=trim_db)
    scenario = with_money(3 * CELL_GBP)
    plan = optimise(far_site, far_site.sectors, scenario, CATALOGUE, existing=(stands,))
    assert plan.devices[0] == stands
    assert plan.value == 5.0
    assert plan.cost.capex_gbp == pytest.approx(3 * CELL_GBP, abs=0.005)
    assert verify_plan(far_site, far_site.sectors, scenario, CATALOGUE, plan, existing=(stands,)) == ()


def test_nothing_is_placed_where_a_device_stands_already(site):
    """The second stage of a purchase: what the first plan put up stands at places that plans may use."""
    spot = next(spot for spot in plan_spots(site) if spot.id == "A1-02-ceiling")
    stands = Device("old", "micro_jammer", spot.x_m, spot.y_m, spot.z_m, power_dbm=-30.0, state="existing")
    plan = optimise(site, site.sectors, MOST, CATALOGUE, existing=(stands,))
    assert plan.devices[0] == stands
    assert judged(plan).rooms_judged >= 3


def test_places_at_the_windows_of_a_room_have_its_name_and_a_number(site):
    window = next(one for one in site.openings if one.id == "A1-01-window")
    first, last = (shapely.Point(end) for end in window.line.coords)
    middle = window.line.interpolate(0.5, normalized=True)
    halves = [
        replace(window, id=name, line=shapely.LineString(ends))
        for name, *ends in (("left", first, middle), ("right", middle, last))
    ]
    others = tuple(one for one in site.openings if one is not window)
    found = {spot.id: spot for spot in plan_spots(replace(site, openings=(*halves, *others)))}
    assert {"A1-01-window", "A1-01-window-2", "A1-02-window"} <= set(found)
    assert found["A1-01-window"].room == found["A1-01-window-2"].room != found["A1-02-window"].room


@pytest.mark.parametrize("tier", ["strict", "standard", "service", "emergency"])
def test_every_tier_has_a_plan(site, tier):
    """Where no call is possible outside to begin with, the emergency tier limits nothing."""
    scenario = replace(MOST, spill_tier=tier)
    plan = optimise(site, site.sectors, scenario, CATALOGUE)
    assert verify_plan(site, site.sectors, scenario, CATALOGUE, plan) == ()


# --- Where nothing can be paid for.


def test_where_nothing_can_be_paid_for_nothing_is_searched_unless_something_is_free(site, monkeypatch):
    """One planning model says why each cell stays open; no move is made in it, no relaxation is solved."""
    efforts = []

    def counted(*what, **further):
        efforts.append(further["moves"])
        return search(*what, **further)

    monkeypatch.setattr(searching, "search", counted)
    monkeypatch.setattr(searching, "Relaxations", None)
    plan = optimise(site, site.sectors, with_money(0), CATALOGUE)
    assert (plan.value, plan.bound, plan.status, plan.devices) == (0.0, 0.0, "optimal", ())
    assert len(plan.attempts) == 2
    assert max(efforts) <= 1
    assert any(note.startswith("nothing is searched for: the cheapest device or") for note in plan.notes)
    monkeypatch.undo()
    free = replace(CATALOGUE["micro_jammer"], unit_price_gbp=0.0, install_gbp=0.0, cable_gbp_per_m=0.0)
    found = optimise(site, site.sectors, with_money(0), CATALOGUE | {"micro_jammer": free})
    assert found.devices
    assert found.cost.capex_gbp == 0
    assert not any("nothing is searched for" in note for note in found.notes)
