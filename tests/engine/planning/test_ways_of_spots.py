"""Ways from spots to the portals of a site: worked out once in a search space, and none that matters is left out."""

from __future__ import annotations

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_array_equal

from quietwing.coverage.blocking import detour_ways
from quietwing.coverage.planning import limits, planning_links
from quietwing.coverage.planning.planning_inputs import prepare_inputs
from quietwing.coverage.planning.prepared import margin_confidence
from quietwing.coverage.planning.search_space import room_levels, search_space
from quietwing.coverage.propagation import SenderDetours, site_senders
from quietwing.sites.synthetic import build_wing, describe

four = module_at("tests/engine/planning/four_cells.py")


@pytest.fixture(scope="module")
def wing():
    """Forty cells on two storeys made ready, with the levels in its rooms."""
    site = build_wing(describe("test", type="wing", cells=20, storeys=2, fence_distance_m=60.0))
    site = four.replace(site, sectors=(four.EE20, four.O2_8))
    inputs = prepare_inputs(site, site.sectors, four.MOST, four.CATALOGUE, (), np.zeros(len(site.rooms), bool))
    return inputs, room_levels(inputs, margin_confidence(inputs.scenario))


@pytest.fixture
def whole_ways(wing):
    """Ways from every spot to every portal."""
    around = wing[1].around
    return site_senders(around.plain.masts.detours.model, around.spot_m)


def test_a_search_space_works_out_the_ways_from_each_spot_once_in_half_the_memory_of_all(
    wing, whole_ways, monkeypatch
):
    asked: list[tuple[float, ...]] = []

    def counted(model, places_m, **how):
        asked.extend(map(tuple, places_m.tolist()))
        return site_senders(model, places_m, **how)

    monkeypatch.setattr(planning_links, "site_senders", counted)
    monkeypatch.setattr(planning_links, "MOST_WAYS_BYTES", sum(one.ways.nbytes for one in whole_ways) / 2)
    monkeypatch.setattr(limits, "FEW_ROWS", 10)  # peaks first, then what they show to matter, as on a large site
    monkeypatch.setattr(limits, "SPOTS_AT_A_TIME", 4)
    here = search_space(*wing)
    assert here.limits.wanted is None
    assert len(set(asked)) > 20
    assert sorted(asked) == sorted(set(asked))


def test_ways_to_the_portals_that_matter_give_the_detours_of_all_ways_to_the_bit(wing, whole_ways):
    inputs, inside = wing
    around, spots = inside.around, np.arange(len(inside.around.spots))
    outside = inputs.known.limits_outside(around, inputs.outside)[0]
    model = around.plain.masts.detours.model
    every = SenderDetours.of(model, around.spot_m, whole_ways)
    for points in (outside, outside.some(np.arange(0, len(outside), 7))):
        found, expected = around.detours(spots, points), detour_ways(around.plain, every, points)
        assert np.isfinite(expected.loss_db).any()
        for name in ("loss_db", "walls_db", "crossed"):
            assert_array_equal(getattr(found, name), getattr(expected, name))


def test_ways_of_another_process_are_kept_where_it_looked_at_the_same_places(wing, monkeypatch):
    inputs, inside = wing
    spots = np.arange(5)
    points = inputs.known.limits_outside(inside.around, inputs.outside)[0]
    there, here, elsewhere = (four.replace(inside.around) for _ in range(3))
    expected = there.detours(spots, points)
    given = there.ways.known(spots.tolist())
    assert sorted(given.known) == spots.tolist()
    here.ways.look_at(points)
    for each in (here, elsewhere):
        each.ways.keep(given)
    assert not elsewhere.ways.known(spots.tolist()).known  # it has looked at nothing yet

    def none_new(_model, places_m, **_how):
        assert not len(places_m)
        return []

    monkeypatch.setattr(planning_links, "site_senders", none_new)
    assert_array_equal(here.detours(spots, points).loss_db, expected.loss_db)
    assert np.isfinite(expected.loss_db).any()
