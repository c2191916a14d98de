"""The live draft: the same margins as the engine's own, from cache or not, and quick enough to follow a hand."""

import functools
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from bundled import bundled
from shapely.geometry import box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.live import drafting as study_drafting
from quietwing.coverage.live.carried_links import rows_of
from quietwing.coverage.live.drafted import DEAD_ZONE, HOLE, MARGINAL, draft_state
from quietwing.coverage.live.drafting import KEPT_MODELS, Drafting
from quietwing.coverage.live.kept_detours import DRAFT_CUT
from quietwing.coverage.propagation.cable_stations import STATION_M
from quietwing.coverage.propagation.portal_graphs import portal_graph
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.study import wanted_sectors
from quietwing.coverage.study.explained import explain
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites import load_site
from quietwing.sites.model import Room
from quietwing.sites.synthetic import build_wing, describe

CATALOGUE = read_catalogue()
SITE = bundled("houseblock")
LAYOUT = read_layout(Path(__file__).parents[2] / "sites" / "examples" / "houseblock" / "layout.csv", CATALOGUE)
# Of 33: one of each kind of network and part of the spectrum.
SCENARIO = Scenario(channels=("EE/B3/GSM", "EE/n78/NR", "O2/B28/LTE", "Three/B1/LTE", "VF/B3/LTE"))


@pytest.fixture(scope="module", autouse=True)
def joined_once():
    """How the openings of the site as it stands are joined is the same for every draft: once for all of them."""
    of_site = functools.cache(lambda: portal_graph(prepare_scene(SITE)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            study_drafting, "portal_graph", lambda scene: of_site() if scene.site is SITE else portal_graph(scene)
        )
        yield


@pytest.fixture(scope="module")
def drafting() -> Drafting:
    return Drafting(SITE, SCENARIO, CATALOGUE)


def shown(draft) -> np.ndarray:
    """The margins of a draft: those of rooms that must be silent."""
    return draft.data["margin_db"].values.ravel()[silent_rows(draft)]


def silent_rows(draft) -> np.ndarray:
    roles = np.array([*(room.role for room in SITE.rooms), "none"])
    return np.flatnonzero(roles[draft.data["room"].values.ravel()] == "silence")


def straight(drafting, place, devices, treatments=()):
    """Margins from the engine itself, without anything kept."""
    model = link_model(prepare_scene(treated_site(SITE, treatments, CATALOGUE)), wanted_sectors(SITE, SCENARIO))
    points = drafting.places[place].points.some(drafting.places[place].silent)
    return draft_margin_db(
        model, drafting.scenario, public_links(model, points), blocker_links(model, devices, CATALOGUE, points)
    )


def test_places_are_the_storeys_of_each_building(drafting):
    assert [(place.building, place.storey) for place in drafting.places] == [
        (0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1),
    ]  # fmt: skip
    assert len({place.title for place in drafting.places}) == 6


def test_draft_is_the_engines_own_margin_from_cache_or_not(drafting):
    fresh = drafting.draft(0, LAYOUT)
    kept = drafting.draft(0, LAYOUT)
    expected = straight(drafting, 0, LAYOUT)
    for draft in (fresh, kept):
        assert shown(draft).tobytes() == expected.min(axis=0).tobytes()
        assert (draft.data["channel"].values.ravel()[silent_rows(draft)] == expected.argmin(axis=0)).all()


def test_a_draft_holds_margins_of_rooms_that_must_be_silent_and_no_others(drafting):
    """A margin means nothing on a landing that may ring, or in the open; nobody shows one there."""
    for place in (0, 4):  # the houseblock's first storey; the staff's, where nothing must be silent
        draft = drafting.draft(place, LAYOUT)
        data = {name: draft.data[name].values.ravel() for name in ("margin_db", "channel", "device")}
        here = silent_rows(draft)
        assert (len(here) > 500) == (place == 0)
        elsewhere = np.setdiff1d(np.arange(data["margin_db"].size), here)
        assert np.isfinite(data["margin_db"][here]).all()
        assert np.isnan(data["margin_db"][elsewhere]).all()
        assert (data["channel"][here] >= 0).all()
        assert (data["channel"][elsewhere] == -1).all()
        assert (data["device"][elsewhere] == -1).all()


def test_a_moved_device_gives_the_bytes_of_a_whole_new_run(drafting):
    drafting.draft(0, LAYOUT)
    moved = (replace(LAYOUT[0], x_m=LAYOUT[0].x_m + 3.0), *LAYOUT[1:])
    before = time.perf_counter()
    draft = drafting.draft(0, moved)
    print(f"one moved device on houseblock: {1000 * (time.perf_counter() - before):.0f} ms")
    assert shown(draft).tobytes() == straight(drafting, 0, moved).min(axis=0).tobytes()
    back = drafting.draft(0, LAYOUT)
    assert shown(back).tobytes() == straight(drafting, 0, LAYOUT).min(axis=0).tobytes()


@pytest.mark.parametrize("length_m", [12.0, 30.0, 63.0])
def test_a_long_cable_is_drafted_from_fewer_places_and_hardly_otherwise(drafting, length_m):
    """The more metres a place stands for, the less exact is a detour; twelve metres are the verdict's own."""
    first = LAYOUT[0]
    end_m = (first.x_m + 0.8 * length_m, first.y_m + 0.6 * length_m, 2.5)  # across the grain of the building
    cable = Device("C", "cable_jammer", first.x_m, first.y_m, 2.5, 0, route_m=(end_m,))
    ours, expected = shown(drafting.draft(0, (cable,))), straight(drafting, 0, (cable,)).min(axis=0)
    apart_db = np.abs(ours - expected)
    nearly_all_db = np.quantile(apart_db, 0.95)
    print(f"{length_m:g} m of cable: {nearly_all_db:.2f} dB at 95 of 100 squares, {apart_db.max():.1f} dB at most")
    if length_m <= DRAFT_CUT.stations * STATION_M:
        assert ours.tobytes() == expected.tobytes()
    else:
        assert ours.tobytes() != expected.tobytes()
        assert np.median(apart_db) < 0.01
        assert nearly_all_db < (1.5 if length_m <= 30 else 2.0)  # the cable decides at half of all squares


def test_a_treated_window_gives_the_bytes_of_the_treated_site(drafting):
    treatments = resolve_treatments(SITE, (TreatmentWish("window_mesh", ("A1-0*",)),), CATALOGUE)
    before = time.perf_counter()
    draft = drafting.draft(0, LAYOUT, treatments)
    print(f"windows treated on houseblock: {1000 * (time.perf_counter() - before):.0f} ms")
    expected = straight(drafting, 0, LAYOUT, treatments).min(axis=0)
    assert shown(draft).tobytes() == expected.tobytes()
    assert draft.treatments == treatments
    plain = {room.room: room.margin_db for room in drafting.draft(0, LAYOUT).rooms}
    assert all(room.margin_db >= plain[room.room] - 1e-3 for room in draft.rooms if room.room.startswith("A1-0"))


def before_the_window(room: str) -> Device:
    """A jammer outside, four metres before the window of a cell: its rays into the block go through windows."""
    outline = next(known.outline for known in SITE.rooms if known.id == room)
    _, y_m, _, top_m = outline.bounds
    away_m = 4.0 if top_m > 0 else -4.0
    return Device("outside", "room_jammer", outline.centroid.x, (top_m if away_m > 0 else y_m) + away_m, 2.5, 0)


@pytest.mark.parametrize("place", [0, 2])
def test_carried_links_are_those_of_a_new_run_whatever_window_changes(place):
    windows = [f"A{place + 1}-{number:02d}-window" for number in (4, 5, 6)]
    meshed = tuple(Treatment(name, "window_mesh") for name in windows)
    filmed = (Treatment(windows[0], "window_film"), *meshed[1:])
    devices = (*LAYOUT[:3], before_the_window(f"A{place + 1}-05"))
    moved = replace(devices[0], x_m=devices[0].x_m + 1.0), *devices[1:]
    drafting = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=1.0)
    for treatments, layout in (((), devices[:3]), (meshed, devices), (filmed, devices), (meshed[:1], moved)):
        draft = drafting.draft(place, layout, treatments)
        whole = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=1.0).draft(place, layout, treatments)
        for name in draft.data:
            assert draft.data[name].values.tobytes() == whole.data[name].values.tobytes(), (treatments, name)
        assert draft.rooms == whole.rooms


@pytest.mark.parametrize(
    ("places", "known", "rows"),
    [
        ([1, 2, 3], [1, 2, 3], [0, 1, 2]),
        ([1, 2, 5, 3], [1, 2, 3], [0, 1, -1, 2]),
        ([1, 3], [1, 2, 3], [0, 2]),
        ([4, 1, 9, 2], [1, 2, 3, 4], [3, 0, -1, 1]),
        ([2, 2], [2], [0, 0]),
        ([], [1], []),
        ([1], [], [-1]),
    ],
)
def test_points_are_found_again_wherever_they_stand(places, known, rows):
    xyz_m, known_m = (np.outer(each, [1.0, 0.5, 2.0]).reshape(-1, 3) for each in (places, known))
    assert rows_of(xyz_m, known_m).tolist() == rows


def test_a_treated_window_touches_few_links(monkeypatch):
    reckoned = []

    def counted(*args, **others):
        links = blocker_links(*args, **others)
        reckoned.append(links.level_dbm.shape[2])
        return links

    devices, more = (*LAYOUT, before_the_window("A1-05")), before_the_window("A1-06")
    drafting = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=1.0)
    drafting.draft(0, devices)
    monkeypatch.setattr("quietwing.coverage.live.carried_links.blocker_links", counted)
    monkeypatch.setattr("quietwing.coverage.live.drafting.blocker_links", counted)
    drafting.draft(0, (*devices, replace(more, id="new")), (Treatment("A1-05-window", "window_mesh"),))
    touched, every = reckoned  # those that were there, and the one that is new
    assert 0 < touched < len(drafting.places[0].silent) / 5
    assert every > len(drafting.places[0].silent)


def test_a_scene_made_like_another_is_the_same_to_the_byte():
    wishes = (TreatmentWish("window_mesh", ("A1-0*",)),)
    treated = treated_site(SITE, resolve_treatments(SITE, wishes, CATALOGUE), CATALOGUE)
    whole, plain, other = prepare_scene(treated), prepare_scene(SITE), prepare_scene(load_site("radial"))
    for like in (plain, other):  # only the first has its pieces where ours are
        quick = prepare_scene(treated, like=like)
        for part in fields(whole.prepared):
            ours, expected = getattr(quick.prepared, part.name), getattr(whole.prepared, part.name)
            assert np.asarray(ours).tobytes() == np.asarray(expected).tobytes(), part.name
        assert (quick.prepared.box is like.prepared.box) == (like is plain)


def test_devices_that_are_off_change_nothing(drafting):
    off = tuple(replace(device, state="off") for device in LAYOUT)
    drafting.draft(1, ())
    assert drafting.at_hand(1, off)
    assert not drafting.at_hand(1, off, (Treatment("w", "window_mesh"),))
    nothing, silent = drafting.draft(1, ()), drafting.draft(1, off)
    assert nothing.data["margin_db"].values.tobytes() == silent.data["margin_db"].values.tobytes()
    assert silent.devices == ()
    assert (silent.data["device"].values == -1).all()
    assert all(room.device == "" for room in silent.rooms)


def test_the_loudest_device_is_the_one_in_the_room(drafting):
    room = next(room for room in SITE.rooms if room.id == "A1-05")
    x_m, y_m = room.outline.centroid.x, room.outline.centroid.y
    near = Device("near", "room_jammer", x_m, y_m, 2.5, 0)
    far = Device("far", "room_jammer", x_m, -y_m, 2.5, 0)
    draft = drafting.draft(0, (far, near))
    here = next(found for found in draft.rooms if found.room == "A1-05")
    assert here.device == "near"


def test_every_room_that_must_be_silent_is_there_once(drafting):
    draft = drafting.draft(2, LAYOUT)
    wanted = [room.id for room in SITE.rooms if room.role == "silence" and room.building and room.storey == 2]
    assert sorted(room.room for room in draft.rooms) == sorted(wanted)
    assert sum(draft.count(state) for state in (DEAD_ZONE, MARGINAL, HOLE)) == len(wanted)


def test_a_yard_holds_its_own_test_points_only():
    yards = tuple(Room(name, None, 0, box(x_m, 40, x_m + 8, 48), "silence") for name, x_m in (("Y1", 0), ("Y2", 20)))
    drafting = Drafting(replace(SITE, rooms=(*SITE.rooms, *yards)), SCENARIO, CATALOGUE, grid_m=3.0)
    rooms = [[room.room for room in drafting.draft(place, ()).rooms] for place in (6, 7)]
    assert rooms == [["Y1"], ["Y2"]]


def test_a_storey_where_nothing_must_be_silent_has_a_plan_and_no_rooms(drafting):
    staff = drafting.draft(4, LAYOUT)
    assert staff.rooms == ()
    assert (staff.data["room"].values >= 0).any()


def test_states_in_words():
    assert [draft_state(margin_db) for margin_db in (-3.1, -3.0, 0.0, 3.0, 3.1)] == [
        HOLE, MARGINAL, MARGINAL, MARGINAL, DEAD_ZONE,
    ]  # fmt: skip


def test_kept_links_stay_within_bounds(monkeypatch):
    monkeypatch.setattr("quietwing.coverage.live.kept_links.KEPT_BYTES", 1)
    monkeypatch.setattr("quietwing.coverage.live.drafting.KEPT_MODELS", 1)
    drafting = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=3.0)
    first = drafting.draft(0, LAYOUT[:3])
    drafting.draft(0, LAYOUT[:3], (Treatment(SITE.openings[0].id, "window_mesh"),))
    again = drafting.draft(0, LAYOUT[:3])
    assert first.data["margin_db"].values.tobytes() == again.data["margin_db"].values.tobytes()
    assert len(drafting._kept._links) == 1
    assert len(drafting._grounds) == 1


def test_what_is_known_of_another_storey_outlives_a_row_of_treated_windows(monkeypatch):
    """Treat five windows on one storey and look at the next: its links are carried over, not worked out anew."""
    drafting, devices = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=3.0), LAYOUT[:2]
    for place in (1, 0):
        drafting.draft(place, devices)
    treated: tuple[Treatment, ...] = ()
    for number in range(1, 7):
        treated = (*treated, Treatment(f"A1-0{number}-window", "window_mesh"))
        drafting.draft(0, devices, treated)
    assert len(drafting._models) == KEPT_MODELS
    assert next(reversed(drafting._models)) == treated
    monkeypatch.delattr("quietwing.coverage.live.drafting.public_ways")
    carried = drafting.draft(1, devices, treated)
    assert shown(carried).size > 0
    monkeypatch.undo()
    fresh = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=3.0).draft(1, devices, treated)
    assert carried.data["margin_db"].values.tobytes() == fresh.data["margin_db"].values.tobytes()


def test_n40_the_blocked_share_of_a_storey_settles_as_the_grid_is_halved():
    """The verdict is of test points and knows no grid; of a map each square along the border may be wrong by half."""
    site = build_wing(describe(type="wing", cells=6, storeys=1, fence_distance_m=400))
    devices = (Device("J1", "room_jammer", 0.0, 2.4, 2.7),)

    def blocked_share(grid_m: float) -> float:
        draft = Drafting(site, Scenario(grade="evidence"), CATALOGUE, grid_m=grid_m).draft(0, devices)
        return float((draft.data["margin_db"].values > 0).mean())  # of all the plan: elsewhere there is none

    finest = blocked_share(0.25)
    assert 0.5 < finest < 0.9
    inside_m2 = sum(room.outline.area for room in site.rooms)
    border_m = 2 * 4.0  # the blocked part ends at both sides in a row of cells, some four metres deep
    for grid_m in (1.0, 0.5):
        assert abs(blocked_share(grid_m) - finest) <= border_m * grid_m / 2 / inside_m2


def test_explain_counts_treatments():
    site = build_wing(describe(type="wing", cells=6, storeys=1, fence_distance_m=400))
    room, layout = "A1-05", (Device("J1", "room_jammer", 0.0, 2.4, 2.7),)
    plain = explain(site, Scenario(), room, layout, CATALOGUE)
    treated = explain(site, Scenario(treatments=(TreatmentWish("window_mesh", (room,)),)), room, layout, CATALOGUE)
    assert min(one.rsrp_dbm for one in treated.budgets) < min(one.rsrp_dbm for one in plain.budgets)
    with pytest.raises(ScenarioError, match="no room"):
        explain(site, Scenario(), "nowhere", layout, CATALOGUE)


def test_what_is_unknown_is_said_at_once():
    with pytest.raises(ScenarioError, match="has no mast"):
        Drafting(SITE, Scenario(channels=("XX/B1/LTE",)), CATALOGUE)
    assert np.isfinite(shown(Drafting(SITE, SCENARIO, CATALOGUE, grid_m=3.0).draft(0, ()))).all()
