"""How far limits outside are moved from one search to the next, and how many searches that makes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_array_equal

from quietwing.coverage.planning import corrections, searching, trying
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.prepared import prepare
from quietwing.coverage.planning.search_space import search_space
from quietwing.coverage.planning.verify import verify_plan

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, judged = four_cells.CATALOGUE, four_cells.judged
MOST_MONEY = replace(four_cells.MOST, budget_gbp=9000.0)


@pytest.mark.parametrize(("found_db", "wanted_db"), [
    ([(6.0, np.inf)], 6.0),  # nothing was placed, so nothing is known
    ([(6.0, 5.0)], 6.0 + 5.0 - corrections.AIM_DB),
    ([(6.0, 30.0)], corrections.MOST_SLACK_DB),
    ([(6.0, -9.0)], 0.0),  # none that left anything: back by what is missing
    # On the line between the two; 0.16 of the way, but a guess is taken no nearer than LEAST_SHARE.
    ([(6.0, 16.1), (12.0, -3.5)], 6.0 + 6.0 * (16.1 - corrections.AIM_DB) / (16.1 + 3.5)),
    ([(12.0, -3.5), (6.0, 16.1), (10.7, 2.0)], 10.7 + 1.3 * corrections.LEAST_SHARE),
    ([(6.0, 16.1), (7.0, -5.0), (12.0, -6.0)], 6.71),  # the first that misses
])  # fmt: skip
def test_slack_goes_between_what_kept_the_limits_and_what_did_not(found_db, wanted_db):
    assert corrections.next_slack_db(found_db) == pytest.approx(wanted_db, abs=0.01)


@pytest.mark.parametrize("first_db", [0.0, 6.0, 12.0, 18.0])
def test_a_small_site_gets_a_plan_wherever_the_first_search_begins(monkeypatch, first_db):
    """One cell can be had, under limits moved by 9 dB and no less; after a plan that breaks one they are less."""
    site = four_cells.open_windows()
    monkeypatch.setattr(trying, "FIRST_SLACK_DB", first_db)
    plan = optimise(site, site.sectors, MOST_MONEY, CATALOGUE)
    assert any(one.rooms_judged >= 1 and one.passed for one in plan.attempts)
    refused = any("in independent simulations it blocks no further room" in note for note in plan.notes)
    assert refused or judged(plan).rooms_judged >= 1
    assert judged(plan).spill_margin_db >= 0
    assert verify_plan(site, site.sectors, MOST_MONEY, CATALOGUE, plan) == ()


def test_limits_are_moved_so_far_that_one_room_can_be_had_and_no_further():
    site = four_cells.open_windows()
    inputs = prepare(site, site.sectors, MOST_MONEY, CATALOGUE)
    here = search_space(inputs.inputs, inputs.inside)
    model, alive, slack_db = here.model_of_some(4.25)
    assert (slack_db, here.model_of_some(12.0)[2], here.model_of_some(17.75)[2]) == (9.25, 12.0, 17.75)
    assert model.possible.any()
    assert_array_equal(alive, here.model(9.25)[1])
    assert not here.model(8.75)[0].possible.any()


def test_searches_go_on_in_vain_up_to_a_number(monkeypatch):
    """The best plan of each breaks a limit: no further search is begun after four."""
    site, begun = four_cells.open_windows(), []

    def watched(here, slack_db, *further):
        begun.append(slack_db)
        return searching.find_plan(here, slack_db, *further)

    monkeypatch.setattr(trying, "find_plan", watched)
    monkeypatch.setattr(trying, "broken", lambda _one, _least_db: 1.0)
    optimise(site, site.sectors, MOST_MONEY, CATALOGUE)
    assert len(begun) == trying.MOST_IN_VAIN
