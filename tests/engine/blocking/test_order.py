"""Order: what must never happen when something is added, strengthened or doubted."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.judging import judge_rooms, quiet_anyway, rooms_together, silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.montecarlo import count_worlds
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Room, Sector, Wall
from quietwing.sites.trial_point_sets import trial_points

NODE = {"jam": Model(name="jam", kind="jammer", bands=(BandPower("low", 700, 1000, 0.0),))}
WORLDS = 400


def sector(name: str, eirp_dbm: float, y_m: float = -600.0, channel: str = "EE/B20/LTE") -> Sector:
    operator, band, technology = channel.split("/")
    return Sector(
        name, operator, "234-30", band, technology, 798.5, 5.0, 2.5, y_m, 25.0, 0.0, 0.0, "omni", eirp_dbm, "UMa"
    )


@pytest.fixture(scope="module")
def case(hut):
    def build(eirp_dbm: float = 30.0):
        rooms = (
            Room("front", "A", 0, box(0, 0, 6, 2), "silence"),
            Room("back", "A", 0, box(0, 2, 6, 4), "silence"),
        )
        middle = Wall("middle", "A", 0, LineString([(0, 2), (6, 2)]), "brick_215")
        sectors = (sector("m", eirp_dbm), sector("n", eirp_dbm - 5, 900.0))
        site = hut(rooms=rooms, walls=(*hut().walls, middle), sectors=sectors)
        model = link_model(prepare_scene(site), sectors)
        points = silence_points(site, trial_points(site))
        return model, points, public_links(model, points)

    return build


def silent(built, devices, seed=1) -> np.ndarray:
    model, points, public = built
    blockers = blocker_links(model, devices, NODE, points)
    return count_worlds(model, Scenario(worlds=WORLDS, seed=seed), points, public, blockers).silent


places = st.tuples(st.floats(0.3, 5.7), st.floats(0.3, 3.7), st.floats(1.0, 2.8))


@given(first=places, second=places, power=st.floats(-30, 10), more_db=st.floats(-30, 40), seed=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_an_added_jammer_never_unblocks_in_any_world(case, first, second, power, more_db, seed):
    built = case()
    one = Device("a", "jam", *first, power_dbm=power)
    two = Device("b", "jam", *second, power_dbm=power + more_db)
    alone, both = silent(built, (one,), seed), silent(built, (one, two), seed)
    assert (both | ~alone).all()


@given(place=places, power=st.floats(-30, 10), step_db=st.floats(0.5, 10), seed=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_more_power_never_unblocks_in_any_world(case, place, power, step_db, seed):
    built = case()
    weak = silent(built, (Device("a", "jam", *place, power_dbm=power),), seed)
    strong = silent(built, (Device("a", "jam", *place, power_dbm=power + step_db),), seed)
    assert (strong | ~weak).all()


@pytest.mark.parametrize("step_db", [1.0, 6.0, 20.0])
def test_a_stronger_public_signal_never_adds_a_dead_zone_in_any_world(case, step_db):
    device = (Device("a", "jam", 3.0, 1.0, 2.5),)
    weak, strong = silent(case(20.0), device), silent(case(20.0 + step_db), device)
    assert (weak | ~strong).all()


def test_one_db_of_eirp_is_one_db_of_jamming(case):
    model, points, _ = case()
    weak = blocker_links(model, (Device("a", "jam", 3.0, 1.0, 2.5, power_dbm=0.0),), NODE, points)
    strong = blocker_links(model, (Device("a", "jam", 3.0, 1.0, 2.5, power_dbm=1.0),), NODE, points)
    np.testing.assert_allclose(strong.level_dbm - weak.level_dbm, 1.0, atol=1e-4)


def test_higher_confidence_never_adds_a_silent_room(case):
    model, points, _ = case(5.0)
    devices = (Device("a", "jam", 3.0, 1.0, 2.5, power_dbm=-5.0),)
    counts = []
    for q in (0.5, 0.8, 0.9, 0.95, 0.99):
        judged = judge_rooms(model, model, Scenario(confidence=q, worlds=WORLDS), devices, NODE, points)
        counts.append(int((judged.by_room["called_silent"] | judged.by_room["quiet_anyway"]).sum()))
        # the levels printed beside it never rise either
        assert list(judged.grades[0].silent_at.values()) == sorted(judged.grades[0].silent_at.values(), reverse=True)
    assert counts == sorted(counts, reverse=True)


def test_what_is_quiet_anyway_is_credited_to_nobody(case):
    model, points, _ = case(-25.0)  # a network nobody hears
    judged = judge_rooms(model, model, Scenario(worlds=WORLDS), (Device("a", "jam", 3.0, 1.0, 2.5),), NODE, points)
    assert judged.by_room["quiet_anyway"].all()
    assert not judged.by_room["called_silent"].any()
    assert set(judged.grades[0].silent_at.values()) == {0}
    assert judged.grades[0].together == 0


def test_what_is_quiet_anyway_is_the_same_judged_beside_the_layout_or_by_itself(case, monkeypatch):
    model, points, _ = case(0.0)
    devices, scenario = (Device("a", "jam", 3.0, 1.0, 2.5, power_dbm=-20.0),), Scenario(worlds=WORLDS)
    alone = judge_rooms(model, model, scenario, devices, NODE, points, quiet=quiet_anyway(model, scenario, points))
    beside = judge_rooms(model, model, scenario, devices, NODE, points)
    monkeypatch.setattr("quietwing.coverage.blocking.judging.MOST_LEVELS", 1)  # room by room
    cut = judge_rooms(model, model, scenario, devices, NODE, points)
    for found in (beside, cut):
        xr.testing.assert_identical(found.at_points, alone.at_points)
        for mine, theirs in zip(found.grades, alone.grades, strict=True):
            xr.testing.assert_identical(mine.by_room, theirs.by_room)
            assert np.array_equal(mine.silent, theirs.silent)
    shares = alone.by_room["quiet_probability"].values
    assert ((shares > 0) & (shares < 1)).any()
    assert (alone.by_room["silent_probability"].values > shares).any()  # the blocker tells the two apart


def test_rooms_are_the_same_where_nobody_asks_for_their_points(case, monkeypatch):
    model, points, _ = case(0.0)
    devices = (Device("a", "jam", 3.0, 1.0, 2.5, power_dbm=-20.0),)
    asked = model, model, Scenario(worlds=WORLDS), devices, NODE, points
    told = judge_rooms(*asked)
    assert {"usable_probability", "margin_db", "rsrp_dbm"} == set(told.at_points)
    assert [told.at_points[name].attrs["units"] for name in ("margin_db", "rsrp_dbm")] == ["dB", "dBm"]
    monkeypatch.setattr("quietwing.coverage.blocking.judging.draft_margin_db", lambda *_a: pytest.fail("drafted"))
    rooms_alone = judge_rooms(*asked, by_point=False)
    assert {"usable_probability"} == set(rooms_alone.at_points)
    for mine, theirs in zip(rooms_alone.grades, told.grades, strict=True):
        xr.testing.assert_identical(mine.by_room, theirs.by_room)
        assert np.array_equal(mine.silent, theirs.silent)
    assert rooms_alone.notes == told.notes


def test_a_level_that_was_not_computed_is_refused(case):
    model, points, public = case()
    blockers = blocker_links(model, (), NODE, points)
    public.los_dbm[0, 0] = np.nan
    with pytest.raises(OutOfRangeError, match="NaN"):
        count_worlds(model, Scenario(worlds=100), points, public, blockers)


def test_rooms_together_by_hand():
    # Ten worlds with 3, 3, 3, 3, 3, 3, 3, 3, 3 and 1 silent rooms: three together hold in 90 %, one in all.
    worlds = np.ones((3, 10), bool)
    worlds[:2, 9] = False
    assert rooms_together(worlds) == 1
    assert rooms_together(np.ones((3, 20), bool)) == 3
    twenty = np.ones((3, 20), bool)
    twenty[:2, 0] = False
    assert rooms_together(twenty) == 3  # 19 of 20 worlds are 95 %
    assert rooms_together(np.zeros((0, 20), bool)) == 0


def test_the_first_worlds_do_not_depend_on_how_many_are_drawn(case):
    built = case()
    model, points, public = built
    blockers = blocker_links(model, (Device("a", "jam", 3.0, 1.0, 2.5),), NODE, points)
    few = count_worlds(model, Scenario(worlds=100), points, public, blockers).silent
    many = count_worlds(model, Scenario(worlds=300), points, public, blockers).silent
    assert np.array_equal(few, many[..., :100])


def test_another_seed_and_another_stream_are_other_worlds(case):
    built = case(5.0)
    model, points, public = built
    blockers = blocker_links(model, (Device("a", "jam", 3.0, 1.0, 2.5, power_dbm=-5.0),), NODE, points)
    base = count_worlds(model, Scenario(worlds=WORLDS), points, public, blockers).silent
    other = count_worlds(model, Scenario(worlds=WORLDS, seed=2), points, public, blockers).silent
    fresh = count_worlds(model, Scenario(worlds=WORLDS), points, public, blockers, stream=1).silent
    assert not np.array_equal(base, other)
    assert not np.array_equal(base, fresh)
