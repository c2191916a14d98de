"""Radiating cables reach round corners: detours of their stations beside the straight rays of their pieces."""

import math
from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking import cable_ways as ways_module
from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.cable_ways import cable_detours
from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.blocking.links import LinkModel, link_model
from quietwing.coverage.blocking.outside import outside_points
from quietwing.coverage.blocking.site_ways import Way, detour_ways
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import BandPower, CableLoss, Device, Model, Treatment
from quietwing.coverage.live import carried_links, kept_detours
from quietwing.coverage.live import drafting as drafting_module
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.planning.cable_runs import cable_runs
from quietwing.coverage.propagation import cable_stations
from quietwing.coverage.propagation.cable_stations import stations_of
from quietwing.coverage.propagation.radiating_cable import Cut, pieces_of, spreading_db
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.sender_detour import site_detours
from quietwing.coverage.report.link_budget_text import budget_lines
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site
from quietwing.sites.model import Opening, Sector
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.trial_point_sets import trial_points

EE20 = Sector(
    "S1", "EE", "234-30", "B20", "LTE", 798.5, 10.0, 0.0, 700.0, 30.0, 180.0, 2.0, "sector_65", 59.0, "RMa", 8.0
)  # fmt: skip
EE3 = replace(EE20, id="S2", band="B3", freq_mhz=1850.0, bandwidth_mhz=20.0)
BANDS = (BandPower("B20", 791.0, 821.0, 40.0), BandPower("B3", 1805.0, 1880.0, 40.0))
LOSSES = (CableLoss(700, 4, 65, 76), CableLoss(3800, 4, 65, 76))
CABLE = Model("cable", "jammer", BANDS, radiating_cable=LOSSES, longest_m=300.0)
SPOT = Model("spot", "jammer", BANDS)
EVERY = (BandPower("all", 700.0, 3800.0, 40.0),)
CATALOGUE = {
    "cable": CABLE, "spot": SPOT, "cable_all": replace(CABLE, name="cable_all", bands=EVERY),
    "spot_all": replace(SPOT, name="spot_all", bands=EVERY),
}  # fmt: skip
INSIDE = Device("C", "cable", 0.5, 2.0, 2.5, route_m=((5.5, 2.0, 2.5),))
D = Device("D", "spot", 3.0, 2.0, 2.5)


def foil_hut(hut, **changes):
    """Behind foil hardly a straight ray gets out; one window without bars stands open."""
    site = hut(sectors=(EE20, EE3), **changes)
    walls = tuple(replace(wall, construction="precast_sandwich_foil") for wall in site.walls)
    openings = tuple(replace(one, grille="open") if one.kind == "window" else one for one in site.openings)
    slabs = tuple(replace(slab, construction="foil_roof") for slab in site.slabs)  # or the way over it would win
    return replace(site, walls=walls, openings=openings, slabs=slabs)


@pytest.fixture(scope="module")
def foil(hut) -> LinkModel:
    return link_model(prepare_scene(foil_hut(hut)), (EE20, EE3))


@pytest.fixture(scope="module")
def houseblock() -> LinkModel:
    site = load_site("houseblock")
    return link_model(prepare_scene(site), site.sectors)


def landing(model: LinkModel, kind: str = "cable_all") -> tuple[Device, ...]:
    """Cables along two landings, the second on the storey above."""
    runs = [run for run in cable_runs(model.scene.site) if run.id in ("A1-landing-cable", "A2-landing-cable")]
    return tuple(Device(run.id, kind, *run.line_m[0], run.storey, route_m=run.line_m[1:]) for run in runs)


def places(model: LinkModel, every: int = 7, outside: int = 29) -> PointSet:
    """Some test points with their rooms, and some places beyond the fence."""
    inside = trial_points(model.scene.site)
    inside = inside.some(np.arange(0, len(inside), every))
    beyond = outside_points(model.scene.site).points
    beyond = beyond.some(np.arange(0, len(beyond), outside))
    return PointSet(
        *(np.concatenate([getattr(inside, name), getattr(beyond, name)]) for name in ("xyz_m", "room", "storey")),
        np.concatenate([inside.building, beyond.building]),
        inside.kind + beyond.kind,
    )


# ------------------------------------------------------------------ by hand


def over_the_edge(start_m, end_m):
    """Shortest way through the window of the hut (x 2 to 3, y 0, z 1 to 2): d1, d2, and h off the straight line."""
    x, z = np.meshgrid(np.linspace(2, 3, 1001), np.linspace(1, 2, 1001))
    there = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], axis=1)
    d1, d2 = np.linalg.norm(there - start_m, axis=1), np.linalg.norm(there - end_m, axis=1)
    best = (d1 + d2).argmin()
    along = (end_m - start_m) / np.linalg.norm(end_m - start_m)
    away = there[best] - start_m
    return d1[best], d2[best], np.linalg.norm(away - (away @ along) * along)


@pytest.mark.parametrize("place_m", [(9.0, -2.0, 1.5), (-4.0, -2.5, 1.5), (2.5, -12.0, 1.5)])
def test_round_the_corner_a_cable_by_hand(foil, place_m):
    """Five metres of cable are three stations; each goes over the window's edge by itself, and they add as powers."""
    end_m = np.array(place_m)
    points = scattered(end_m[None])
    plain = blocker_links(foil, (INSIDE,), CATALOGUE, points, outside=True, straight=True)
    both = blocker_links(foil, (INSIDE,), CATALOGUE, points, outside=True)
    for carrier, (freq_mhz, band_mhz) in enumerate(((798.5, 30.0), (1850.0, 75.0))):
        detour_mw = 0.0
        for along_m in (5 / 6, 15 / 6, 25 / 6):  # the middles of thirds of the run
            start_m = np.array([0.5 + along_m, 2.0, 2.5])
            d1, d2, h = over_the_edge(start_m, end_m)
            v = h * math.sqrt(2 * freq_mhz / 299.792458 * (1 / d1 + 1 / d2))
            edge_db = 6.9 + 20 * math.log10(math.sqrt((v - 0.1) ** 2 + 1) + v - 0.1)
            # 5/3 m radiate 2/π of the coupled power a metre: over 2 m of an endless cable, π/2 m, spread by d².
            spread_db = 10 * math.log10(2 / math.pi * 5 / 3 / (d1 + d2) ** 2)
            sent_dbm = 40 - 10 * math.log10(band_mhz * 1e3 / 15)  # in one element of 15 kHz
            detour_mw += 10 ** ((sent_dbm - 65 - 0.04 * along_m + spread_db - edge_db) / 10)
        straight_dbm = float(plain.level_dbm[0, carrier, 0])
        by_hand = 10 * math.log10(10 ** (straight_dbm / 10) + detour_mw)
        assert by_hand > straight_dbm + 3
        assert both.level_dbm[0, carrier, 0] == pytest.approx(by_hand, abs=0.03)


def test_stations_stand_evenly_along_the_run_round_its_bends():
    line = ((0.0, 0.0, 2.0), (2.5, 0.0, 2.0), (2.5, 4.5, 2.0))
    found = stations_of(line)
    # 7 m in four parts of 1.75 m: middles at 0.875, 2.625, 4.375 and 6.125 m.
    np.testing.assert_allclose(found.place_m, [(0.875, 0, 2), (2.5, 0.125, 2), (2.5, 1.875, 2), (2.5, 3.625, 2)])
    along_m = pieces_of(line).along_m
    assert found.of_piece.tolist() == [int(each // 1.75) for each in along_m]
    assert len(stations_of(((0, 0, 0), (0.3, 0, 0)))) == 1
    few = stations_of(line, Cut(stations=2))
    assert (len(few), few.length_m) == (2, pytest.approx(found.length_m * len(found) / 2))
    assert few.of_piece.tolist() == (found.of_piece * 2 // len(found)).tolist()
    assert len(stations_of(line, Cut(stations=99))) == len(found)


def test_a_cable_of_half_a_metre_is_an_antenna(houseblock):
    """Both ways, what each crosses and how they share: one piece and one station are one place that sends."""
    points = places(houseblock)
    short = [
        replace(one, id=f"c{n}", route_m=((one.x_m + 0.5, *one.route_m[0][1:]),))
        for n, one in enumerate(landing(houseblock))
    ]
    spots = tuple(Device(one.id, "spot_all", one.x_m + 0.25, one.y_m, one.z_m, one.storey) for one in short)
    for outside in (False, True):
        cable = blocker_links(houseblock, tuple(short), CATALOGUE, points, outside=outside)
        spot = blocker_links(houseblock, spots, CATALOGUE, points, outside=outside)
        for name in ("crossed", "straight_crossed"):
            np.testing.assert_array_equal(getattr(cable.paths, name), getattr(spot.paths, name))
        np.testing.assert_allclose(cable.paths.walls_db, spot.paths.walls_db, atol=1e-3)
        np.testing.assert_allclose(cable.paths.straight_walls_db, spot.paths.straight_walls_db, atol=1e-3)
        np.testing.assert_allclose(cable.paths.straight_share, spot.paths.straight_share, atol=2e-3)
        far = np.linalg.norm(points.xyz_m - [spots[0].x_m, spots[0].y_m, spots[0].z_m], axis=1) > 8
        difference = (cable.level_dbm - spot.level_dbm)[0][:, far]
        difference = difference[np.isfinite(difference).all(axis=1)]
        # (4π/λ)² · 2/π · 0.5 m at −L_c by carrier, the same everywhere but for 0.5 m seen along it instead of across.
        assert np.ptp(difference, axis=1).max() < 0.05
        assert (spot.paths.straight_share > 0).sum() > 20


def test_the_detours_of_a_cable_are_those_of_antennas_in_its_stations(houseblock):
    """22 m are eleven stations of 2 m: their powers add, and what the loudest crosses is what the cable does."""
    points, cable = places(houseblock, every=17), landing(houseblock)[0]
    start_m, end_m = (np.array(place) for place in cable.line_m)
    assert np.linalg.norm(end_m - start_m) == pytest.approx(22.0)
    along_m = np.arange(1.0, 22.0, 2.0)
    stations_m = start_m + along_m[:, None] / 22.0 * (end_m - start_m)
    each = detour_ways(houseblock, site_detours(houseblock.masts.detours.model, stations_m), points)
    away_m = np.linalg.norm(points.xyz_m - stations_m[:, None], axis=2)
    near = points.room >= 0  # beyond the fence lies the second slope
    # 2/π · 2 m of the power left after 4 dB/100 m, spread by d², over what the pieces give by the field law.
    given_db = 10 * np.log10(2 / np.pi * 2.0 / away_m**2) - 0.04 * along_m[:, None]
    station_db = given_db[:, :, None] - each.loss_db
    senders = site_detours(houseblock.masts.detours.model, stations_of(cable.line_m).place_m)
    found = cable_detours(houseblock, senders, cable.line_m, LOSSES, points)
    pieces = pieces_of(cable.line_m)
    spread_db = spreading_db(pieces, points.xyz_m) - 0.04 * pieces.along_m[:, None]
    free_db = 10 * np.log10((10 ** (spread_db / 10)).sum(axis=0))
    heard = near[:, None] & np.isfinite(found.loss_db[0])
    by_hand = 10 * np.log10((10 ** (station_db / 10)).sum(axis=0)[heard])
    np.testing.assert_allclose((free_db[:, None] - found.loss_db[0])[heard], by_hand, atol=1e-3)
    middle = found.loss_db.shape[2] // 2
    ranked = np.sort(station_db[:, :, middle], axis=0)
    clear = heard[:, middle] & (ranked[-1] > ranked[-2] + 0.01)
    loudest = station_db[:, :, middle].argmax(axis=0)
    assert clear.sum() > 50
    assert len(np.unique(loudest[clear])) > 5
    at = np.flatnonzero(clear)
    np.testing.assert_array_equal(found.crossed[0, at], each.crossed[loudest[at], at])
    np.testing.assert_array_equal(found.walls_db[0, at], each.walls_db[loudest[at], at])


# ------------------------------------------------------------------ what must hold


def test_a_detour_never_lowers_a_cable(houseblock):
    points, cables = places(houseblock), landing(houseblock)
    for outside in (False, True):
        both = blocker_links(houseblock, cables, CATALOGUE, points, outside=outside)
        plain = blocker_links(houseblock, cables, CATALOGUE, points, outside=outside, straight=True)
        assert (both.level_dbm >= plain.level_dbm - 1e-4).all()
        assert (both.level_dbm > plain.level_dbm + 3).mean() > 0.1
        np.testing.assert_array_equal(both.paths.straight_crossed, plain.paths.crossed)
        np.testing.assert_array_equal(both.paths.straight_walls_db, plain.paths.walls_db)
        assert not plain.paths.straight_share.any()


def test_another_opening_never_lowers_it(hut):
    points = scattered(np.array([(9, -2, 1.5), (2.5, -12, 1.5), (7.5, 2, 1.5), (-8, 2, 1.5), (12, 9, 4.0)], float))
    site = foil_hut(hut)
    hole = Opening(
        "w2", "east", "window", type(site.walls[0].line)([(6, 1), (6, 2)]), 1.0, 2.0, "glass_6", "open", "open"
    )
    before, after = (
        blocker_links(link_model(prepare_scene(one), (EE20, EE3)), (INSIDE,), CATALOGUE, points, outside=True)
        for one in (site, replace(site, openings=(*site.openings, hole)))
    )
    assert (after.level_dbm >= before.level_dbm - 1e-3).all()
    assert (after.level_dbm > before.level_dbm + 3).any()


def test_half_as_long_stations_change_little(houseblock, monkeypatch):
    """Where a cable is loud outside; a single way may still jump where a station comes in line with two openings."""
    points = places(houseblock, every=10_000, outside=5)
    cables = landing(houseblock)
    whole = blocker_links(houseblock, cables, CATALOGUE, points, outside=True).level_dbm
    monkeypatch.setattr(cable_stations, "STATION_M", cable_stations.STATION_M / 2)
    half = blocker_links(houseblock, cables, CATALOGUE, points, outside=True).level_dbm
    loud = np.isfinite(half) & (half > half.max(axis=(1, 2), keepdims=True) - 40)
    apart_db = np.abs(half - whole)[loud]
    assert np.median(apart_db) < 0.2
    assert np.quantile(apart_db, 0.9) < 1.0


def test_what_stations_send_is_what_pieces_send(foil):
    """Far away, where a station is seen as its pieces are, both are the same power."""
    far = scattered(np.array([(3.0, -2000.0, 1.5), (900.0, 600.0, 30.0)]))
    freq = foil.masts.freq_mhz
    free_db = cable_stations.free_gain_db(foil.scene, INSIDE.line_m, LOSSES, far, freq, strong=True)
    each_db = cable_stations.station_gains_db(foil.scene, stations_of(INSIDE.line_m), LOSSES, far, freq, strong=True)
    np.testing.assert_allclose(10 * np.log10((10 ** (each_db / 10)).sum(axis=0)), free_db, atol=1e-3)


def test_outside_the_detour_is_at_the_strong_coupling(foil):
    """65 and 76 dB: eleven decibels at every place, by whichever way the cable is heard."""
    points = scattered(np.array([(9.0, -2.0, 1.5), (2.5, -12.0, 1.5), (40.0, 40.0, 1.5)]))
    weak, strong = (
        blocker_links(foil, (INSIDE,), CATALOGUE, points, outside=outside).level_dbm for outside in (False, True)
    )
    np.testing.assert_allclose(strong - weak, 11.0 + 3.0, atol=1e-3)  # and no body between
    plain = blocker_links(foil, (INSIDE,), CATALOGUE, points, outside=True, straight=True).level_dbm
    assert (strong[0, :, 0] > plain[0, :, 0] + 3).all()


def test_over_the_perimeter_wall_a_cable_spills_as_an_antenna_does(hut):
    """A wall of concrete in the way costs what its top costs, not what it holds back."""
    site = hut(sectors=(EE20,))
    walled = replace(site, perimeter=replace(site.perimeter, construction="perimeter_concrete"))
    points = scattered(np.array([(3.0, -60.0, 1.5), (60.0, 2.0, 1.5)]))
    opened, high = (
        blocker_links(
            link_model(prepare_scene(one), (EE20,)), (INSIDE, D), CATALOGUE, points, outside=True, straight=True
        )
        for one in (site, walled)
    )
    cost_db = opened.level_dbm - high.level_dbm
    assert (cost_db[1] > 1).all()
    np.testing.assert_allclose(cost_db[0], cost_db[1], atol=0.3)


# ------------------------------------------------------------------ kept and cut


def test_kept_detours_give_the_same_bytes_beside_devices_that_are_off(houseblock):
    points, cables = places(houseblock, every=31), landing(houseblock)
    spot = Device("spot", "spot_all", 10.0, 0.0, 2.5)
    devices = (cables[0], replace(cables[1], state="off"), spot, cables[1])
    model = houseblock.masts.detours.model
    each = []
    for device in devices:
        if device.route_m:
            senders = site_detours(model, stations_of(device.line_m).place_m)
            each.append(cable_detours(houseblock, senders, device.line_m, LOSSES, points))
        else:
            senders = site_detours(model, np.array([[device.x_m, device.y_m, device.z_m]]))
            each.append(detour_ways(houseblock, senders, points))
    kept = Way(*(np.concatenate([getattr(one, name) for one in each]) for name in ("loss_db", "walls_db", "crossed")))
    anew = blocker_links(houseblock, devices, CATALOGUE, points, outside=True)
    held = blocker_links(houseblock, devices, CATALOGUE, points, outside=True, detours=kept)
    for one, other in zip(anew.arrays, held.arrays, strict=True):
        assert one.tobytes() == other.tobytes()


def test_points_in_parts_are_the_same_bytes(houseblock, monkeypatch):
    points, cables = places(houseblock, every=61), landing(houseblock)
    whole = blocker_links(houseblock, cables, CATALOGUE, points)
    monkeypatch.setattr(ways_module, "LOSSES_AT_A_TIME", 5_000)
    parts = blocker_links(houseblock, cables, CATALOGUE, points)
    for one, other in zip(whole.arrays, parts.arrays, strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_draft_looks_for_a_cables_detours_once(hut, monkeypatch):
    looked = []

    def counted(model, places_m, *, keep=False):
        looked.append(len(places_m))
        return site_detours(model, places_m, keep=keep)

    monkeypatch.setattr(kept_detours, "site_detours", counted)
    site = foil_hut(hut)
    drafting = Drafting(site, Scenario(), CATALOGUE, grid_m=1.0)
    first = drafting.draft(0, (INSIDE,))
    assert looked == [3]
    again = drafting.draft(0, (INSIDE, replace(INSIDE, id="D", model="spot", route_m=())))
    assert looked == [3, 1]
    assert (again.data.margin_db >= first.data.margin_db - 1e-3).all()
    drafting.draft(0, (replace(INSIDE, y_m=1.0, route_m=((5.5, 1.0, 2.5),)),))
    assert looked == [3, 1, 3]


@pytest.mark.parametrize("cut", [kept_detours.DRAFT_CUT, Cut(pieces=2, stations=1)])
def test_treating_a_window_carries_a_cables_links_over(hut, monkeypatch, cut):
    """The same draft as where the window was treated from the start: rays of pieces, and of stations."""
    for module in (kept_detours, drafting_module):
        monkeypatch.setattr(module, "DRAFT_CUT", cut)
    catalogue, mesh = CATALOGUE | read_catalogue(), (Treatment("w1", "window_mesh"),)
    outdoors = replace(INSIDE, id="E", x_m=9.0, y_m=-4.0, z_m=1.5, route_m=((9.0, -1.0, 1.5),))
    site = foil_hut(hut)
    after, anew = (Drafting(site, Scenario(), catalogue, grid_m=0.5) for _ in range(2))
    before = after.draft(0, (INSIDE, outdoors))
    carried, fresh = (one.draft(0, (INSIDE, outdoors), mesh) for one in (after, anew))
    np.testing.assert_array_equal(carried.data.margin_db, fresh.data.margin_db)
    assert [room.margin_db for room in carried.rooms] == [room.margin_db for room in fresh.rooms]
    assert (carried.data.margin_db != before.data.margin_db).any()


def test_what_a_window_may_change_is_looked_for_from_the_rays_that_are_drawn():
    """Those of finer pieces may cross other windows."""
    cut = Cut(pieces=2, stations=1)
    senders_m = carried_links._senders_m((INSIDE,), CATALOGUE, cut)
    drawn_m = [*pieces_of(INSIDE.line_m, cut=cut).middle_m, *stations_of(INSIDE.line_m, cut).place_m]
    np.testing.assert_array_equal(senders_m, drawn_m)
    assert len(senders_m) == 3


# ------------------------------------------------------------------ in words


def test_a_budget_says_over_what_a_cable_is_heard_as_it_does_of_an_antenna(hut):
    """East of the hut, behind foil: over the window to the south, most from the end that stands before it."""
    outdoors = replace(INSIDE, x_m=9.0, y_m=-4.0, z_m=1.5, route_m=((9.0, -1.0, 1.5),))
    spot = replace(D, x_m=9.0, y_m=-3.0, z_m=1.5, power_dbm=-20.0)
    budgets = explain_room(foil_hut(hut), Scenario(), "A-01", devices=(outdoors, spot), catalogue=CATALOGUE).budgets
    middle = next(one for one in budgets if one.xyz_m == pytest.approx((3.0, 2.0, 1.5)))
    # Two stations of 1.5 m: the middle of the first is 0.75 m from where the cable is fed.
    assert dict(middle.heard_over) == {
        "C (3 m along the cable, 6.7 m away)": "by the detour from 1 m along it over window w1",
        "D": "by the detour over window w1",
    }
    lines = [words for words, _, _ in budget_lines(middle)]
    assert "blocker D, mostly by the detour over window w1" in lines
    beside = next(one for one in budgets if one.xyz_m[1] < 0.5)  # in the window: by the straight ray
    assert not beside.heard_over
    assert beside.jammed_by


def test_a_blocker_in_the_room_is_heard_by_no_detour(hut):
    budgets = explain_room(foil_hut(hut), Scenario(), "A-01", devices=(INSIDE, D), catalogue=CATALOGUE).budgets
    assert all(one.jammed_by and not one.heard_over for one in budgets)
