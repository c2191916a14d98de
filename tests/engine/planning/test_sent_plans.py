"""A plan as it is sent, with jammers as strong as limits allow, and as something that a search begins with."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_array_equal

from quietwing.coverage.equipment import Treatment
from quietwing.coverage.planning import optimising as door
from quietwing.coverage.planning import searching, trying
from quietwing.coverage.planning.attempts import margin_confidence
from quietwing.coverage.planning.heuristic import search
from quietwing.coverage.planning.milp import Goal
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.planning_inputs import prepare_inputs
from quietwing.coverage.planning.score import score
from quietwing.coverage.planning.search_space import room_levels, search_space
from quietwing.coverage.planning.searching import EFFORTS
from quietwing.coverage.planning.warm_start import as_warm_start, selected

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, MOST = four_cells.CATALOGUE, four_cells.MOST
site, plan_for = four_cells.site, four_cells.plan_for  # fixtures
with_money = four_cells.with_money


@pytest.mark.parametrize("raised", [True, False])
def test_of_a_further_search_rooms_are_judged_of_the_strongest_alone(site, monkeypatch, raised):
    """Of the first also as it was found: simulations of other worlds may find the strongest above a limit."""
    every = []
    both_ways = trying._judged_both_ways

    def watched(before, *further):
        every.append((before.slack_db, both_ways(before, *further)))
        return every[-1][1]

    monkeypatch.setattr(trying, "_judged_both_ways", watched)
    if not raised:
        monkeypatch.setattr(trying, "with_limits_used", lambda *_: None)
    optimise(site, site.sectors, replace(with_money(6000), effort="normal"), CATALOGUE)
    assert len(every) > 1
    for number, (slack_db, (tried, found_db)) in enumerate(every):
        assert found_db[0][0] == slack_db
        slacks_db = [one.attempt.slack_db for one in tried]
        if raised and not number:
            assert slacks_db[0] == slack_db < slacks_db[1]
        assert len(slacks_db) == (2 if raised and not number else 1)
        assert all(one.attempt.rooms_model for one in tried)
        if not raised:
            assert slacks_db == [slack_db]
    if raised:
        assert any(tried[0].attempt.slack_db > slack_db for slack_db, (tried, _) in every[1:])


def test_the_planning_model_says_the_same_of_a_plan_with_stronger_jammers(site, monkeypatch):
    """Where that plan is taken: the planning model and its bound are those of plans without."""
    plain = optimise(site, site.sectors, with_money(5000), CATALOGUE)
    monkeypatch.setattr(door, "best_of", lambda _, tried, __: max(tried, key=lambda one: one.attempt.slack_db))
    strong = optimise(site, site.sectors, with_money(5000), CATALOGUE)
    found, sent = strong.attempts[1:]
    assert (strong.chosen, sent.rooms_model) == (2, found.rooms_model)
    assert strong.model == plain.model


@pytest.fixture(scope="module")
def looked_at(site):
    """The site made ready, once."""
    inputs = prepare_inputs(site, site.sectors, MOST, CATALOGUE, (), np.zeros(len(site.rooms), bool))
    return inputs, room_levels(inputs, margin_confidence(inputs.scenario))


def test_a_layout_in_the_planning_model_is_the_same_layout(plan_for, looked_at):
    plan = plan_for(with_money(5000))
    warm_start = as_warm_start(*looked_at, plan.devices, plan.treatments)
    here = search_space(*looked_at, warm_start=warm_start.wishes)
    model, _ = here.model(6.0)
    selection = selected(model, warm_start)
    devices, treatments = here.layout(model, selection)
    assert sorted(devices, key=lambda device: device.id) == sorted(plan.devices, key=lambda device: device.id)
    assert treatments == plan.treatments
    assert score(model, selection).broken == ()
    assert score(model, selection).cost_pence == round(plan.cost.capex_gbp * 100)


def test_jammers_are_raised_no_further_than_twelve_decibels_the_catalogue_and_the_limits_allow(looked_at):
    here = search_space(*looked_at)
    model, alive = here.model(6.0)
    selection = search(model, Goal(budget_pence=500_000), moves=5_000).selection
    chosen = list(selection.candidates)
    before_db, after_db = model.candidates.trim_db[chosen], None
    lifted = here.lifted(model, alive, selection, 6.0)
    after_db = lifted.candidates.trim_db[chosen]
    assert 6.0 < (after_db - before_db).max() <= 12.0
    assert (after_db >= before_db).all()
    assert (after_db <= np.maximum(before_db, 0.0)).all()
    left = np.delete(np.arange(len(model.candidates)), chosen)
    assert_array_equal(lifted.candidates.trim_db[left], model.candidates.trim_db[left])
    shares, _ = replace(here, candidates=_among(here.candidates, alive, lifted)).outside(alive[chosen], None)
    assert (shares.sum(axis=1) * 10 ** (-6.0 / 10) <= 1).all()


@pytest.mark.parametrize(("left_db", "slack_db"), [(9.0, 9.4), (1.5, None)])
def test_a_plan_is_made_as_strong_as_the_worlds_left_room_for_outside(looked_at, left_db, slack_db):
    """Limits moved by 2 dB left 9 dB: 1.1 dB are the aim and 0.5 dB are spared, so 2 + 9 - 1.6 = 9.4 dB."""
    here = search_space(*looked_at)
    effort = searching.Effort(1, 5_000, 5_000, EFFORTS["quick"].cuts, 1)
    before = searching.find_plan(
        here, 2.0, np.zeros(5), Goal(budget_pence=500_000), None, effort, lambda _share: None, lambda: False
    )
    before = replace(before, unused_db=0.0)
    after = searching.with_limits_used(before, [(2.0, left_db)])
    if slack_db is None:
        assert after is None  # less than half a decibel to be had
        return
    assert after.slack_db == slack_db
    assert after.model is before.model  # so that value and bound stay
    assert after.claims() == before.claims()
    trims_db = [
        each.candidates.trim_db[list(before.found.selection.candidates)]
        for each in (before.model, before.sent, after.sent)
    ]
    assert (trims_db[0] <= trims_db[1]).all()
    assert (trims_db[1] <= trims_db[2]).all()
    assert 0 < (trims_db[2] - trims_db[0]).max() <= 12.0  # above what rooms need, not above what was sent before
    assert [device.id for device in after.layout()[0]] == [device.id for device in before.layout()[0]]


def test_a_layout_given_is_looked_for_where_limits_are_moved_as_for_what_was_sent(looked_at):
    """As strong as it is sent it breaks by 3 dB the limits that it kept with powers as rooms need them."""
    effort = searching.Effort(1, 5_000, 5_000, EFFORTS["quick"].cuts, 1)
    asked = np.zeros(5), Goal(budget_pence=500_000), None, effort, lambda _share: None, lambda: False
    loud = searching.find_plan(search_space(*looked_at), 2.0, *asked)
    tight_db = round(2.0 - loud.unused_db - 3.0, 2)
    warm_start = as_warm_start(*looked_at, *loud.layout())
    again = searching.find_plan(search_space(*looked_at, warm_start=warm_start.wishes), tight_db, *asked)
    assert (again.slack_db, again.found.score.weight) == (tight_db, loud.found.score.weight)
    assert searching.given_in(again, warm_start) is None
    placed = searching.given_in(replace(again, slack_db=2.0, bound=4.0), warm_start)
    assert placed.layout() == loud.layout()
    assert {claim.room for claim in placed.claims()} >= {claim.room for claim in loud.claims()}
    assert placed.bound is None  # 4 is that of the model with tighter limits
    model, alive = again.space.model(2.0)
    wide = replace(again, model=model, alive=alive, bound=4.0)
    own = searching.given_in(replace(wide, slack_db=9.4, held_back_db=7.4), warm_start)
    assert (own.bound, own.slack_db, own.held_back_db) == (4.0, 2.0, 0.0)
    broken = replace(wide, model=replace(model, limit=100 * model.limit), slack_db=2.0)
    assert searching.given_in(broken, warm_start).bound is None


def _among(candidates, alive, lifted):
    """All candidates of a search space with the powers of a model's."""
    trim_db = candidates.trim_db.copy()
    trim_db[alive] = lifted.candidates.trim_db
    return replace(candidates, trim_db=trim_db)


@pytest.mark.parametrize(("confidence", "looked_for"), [(0.9875, 0), (0.0, 1)])
def test_only_what_was_judged_without_a_search_is_looked_for_in_a_model(monkeypatch, confidence, looked_for):
    """An attempt whose model was given up keeps the slack and the rooms that it was found with."""
    asked = []
    monkeypatch.setattr(door, "warm_start_from", lambda *what: asked.append(what))
    one = SimpleNamespace(searched=None, attempt=SimpleNamespace(confidence=confidence))
    assert door._in_a_model(None, None, [one], one) is one
    assert len(asked) == looked_for


@pytest.mark.parametrize(("change", "says"), [
    ({"x_m": 0.123}, "no candidate hangs there"),
    ({"model": "room_jammer"}, "it may not be bought"),
    ({"azimuth_deg": 90.0}, "candidates look elsewhere"),
])  # fmt: skip
def test_what_no_candidate_can_be_is_not_carried(plan_for, looked_at, change, says):
    first, *others = plan_for(with_money(5000)).devices
    assert as_warm_start(*looked_at, (replace(first, **change), *others), ()) is None, says


def test_a_window_treated_as_nothing_for_sale_treats_it_is_not_carried(site, looked_at):
    window = next(opening.id for opening in site.openings if opening.kind == "window")
    assert as_warm_start(*looked_at, (), (Treatment(window, "window_mesh"),)) is None


def test_a_device_that_a_limit_forbids_is_in_no_selection(plan_for, looked_at):
    plan = plan_for(with_money(5000))
    warm_start = as_warm_start(*looked_at, plan.devices, ())
    model, _ = search_space(*looked_at).model(6.0)  # its candidates are not among these
    assert selected(model, warm_start) is None
