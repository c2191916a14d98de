"""Blockers reach round corners: the detour beside the straight ray, what each crosses, and how the two add."""

from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import box

from quietwing.coverage.blocking import blocker_link_model as module
from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.draft_spill import device_upper_db, outside_limit, outside_z, upper_against_db
from quietwing.coverage.blocking.links import LinkModel, link_model, public_links
from quietwing.coverage.blocking.site_ways import detour_ways, links_of, straight_ways
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.planning.limits import _upper_by_mode
from quietwing.coverage.planning.planning_inputs import prepare_inputs
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.coverage.propagation import sender_detour
from quietwing.coverage.propagation.detour import detour_loss_db
from quietwing.coverage.propagation.detour_paths import detour_path
from quietwing.coverage.propagation.diffraction import fresnel_v, knife_edge_loss_db
from quietwing.coverage.propagation.multiwall import element_loss_db
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.sender_detour import site_detours
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site
from quietwing.sites.model import Perimeter, Sector
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.trial_point_sets import trial_points

EE20 = Sector(
    "S1", "EE", "234-30", "B20", "LTE", 798.5, 10.0, 0.0, 700.0, 30.0, 180.0, 2.0, "sector_65", 59.0, "RMa", 8.0
)  # fmt: skip
EE3 = replace(EE20, id="S2", band="B3", freq_mhz=1850.0, bandwidth_mhz=20.0)
BANDS = (BandPower("B20", 791.0, 821.0, 20.0), BandPower("B3", 1805.0, 1880.0, 20.0))
CATALOGUE = {"jammer": Model("jammer", "jammer", BANDS)}
D1 = Device("D1", "jammer", 3.0, 2.0, 1.5)


@pytest.fixture(scope="module")
def houseblock() -> LinkModel:
    site = load_site("houseblock")
    return link_model(prepare_scene(site), site.sectors)


def some_devices(model: LinkModel, kind: str = "jammer") -> tuple[Device, ...]:
    """In every fortieth room, a metre below its ceiling."""
    site, found = model.scene.site, []
    for room in [room for room in site.rooms if room.role == "silence"][::40]:
        storey = site.buildings[site.building_index[room.building]].storeys[room.storey]
        centre = room.outline.centroid
        found.append(Device(room.id, kind, centre.x, centre.y, storey.ceiling_m - 1, room.storey))
    return tuple(found)


def some_points(model: LinkModel) -> PointSet:
    """Every seventh test point and some places outside the fence."""
    inside = trial_points(model.scene.site)
    west, south, east, north = model.scene.site.perimeter.outline.bounds
    beyond = [(west - 9, (south + north) / 2, 1.5), ((west + east) / 2, north + 9, 1.5), (east + 9, south, 1.5)]
    return scattered(np.concatenate([inside.xyz_m[::7], beyond]))


def test_round_the_corner_the_level_is_the_detours_worked_out_leg_by_leg(hut):
    """Behind foil the straight ray hardly gets out, by the open window the other does."""
    foil = hut(sectors=(EE20, EE3))
    walls = tuple(replace(wall, construction="precast_sandwich_foil") for wall in foil.walls)
    model = link_model(prepare_scene(replace(foil, walls=walls)), (EE20, EE3))
    points = scattered(np.array([[2.5, 20.0, 1.5], [8.0, -3.0, 1.5], [-3.0, -3.0, 1.5]]))
    found = blocker_links(model, (D1,), CATALOGUE, points, outside=True)
    plain = blocker_links(model, (D1,), CATALOGUE, points, outside=True, straight=True)
    raised = 0
    for at, place in enumerate(points.xyz_m):
        for carrier, freq_mhz in enumerate((798.5, 1850.0)):
            path = detour_path(model.masts.detours.model, (3.0, 2.0, 1.5), place, freq_mhz)
            assert path is not None
            lost_db = sum(leg.elements_db - leg.guided_db for leg in path.legs) + sum(b.loss_db for b in path.bends)
            lost_db += 20 * np.log10(path.length_m / np.linalg.norm(place - [3.0, 2.0, 1.5]))
            straight_dbm = plain.level_dbm[0, carrier, at]
            free_dbm = straight_dbm + plain.paths.walls_db[0, at, carrier]
            both_dbm = 10 * np.log10(10 ** (straight_dbm / 10) + 10 ** ((free_dbm - lost_db) / 10))
            assert found.level_dbm[0, carrier, at] == pytest.approx(both_dbm, abs=0.02)
            raised += both_dbm > straight_dbm + 0.1
    assert raised >= 2


def test_a_link_crosses_what_its_ruling_way_crosses_and_keeps_the_straight_ray_beside_it(houseblock):
    """Of two ways the straight ray's share is its part of the power, and its walls are its own."""
    points, devices = some_points(houseblock), some_devices(houseblock)
    catalogue = {"jammer": Model("jammer", "jammer", (BandPower("all", 700.0, 3800.0, 20.0),))}
    found = blocker_links(houseblock, devices, catalogue, points, outside=True)
    plain = blocker_links(houseblock, devices, catalogue, points, outside=True, straight=True)
    assert (found.level_dbm >= plain.level_dbm - 1e-4).all()  # a detour never lowers
    np.testing.assert_array_equal(found.paths.straight_crossed, plain.paths.crossed)
    np.testing.assert_allclose(found.paths.straight_walls_db, plain.paths.walls_db, atol=1e-4)
    assert not plain.paths.straight_share.any()
    freqs = np.searchsorted(houseblock.masts.freq_mhz, [carrier.freq_mhz for carrier in houseblock.carriers])
    middle = houseblock.masts.freq_mhz[len(houseblock.masts.freq_mhz) // 2]
    names, told_of, shared = houseblock.constructions, 0, 0
    for d, device in enumerate(devices[:3]):
        here = np.array([device.x_m, device.y_m, device.z_m])
        for at in range(0, len(points), 9):
            path = detour_path(houseblock.masts.detours.model, here, points.xyz_m[at], middle)
            table = houseblock.masts.table
            rays_db = element_loss_db(houseblock.scene.prepared, table, here, points.xyz_m[at])[0, 0]
            lane = len(rays_db) // 2
            if path is None or abs(path.loss_db - rays_db[lane]) < 0.01:
                continue
            told_of += 1
            if path.loss_db > rays_db[lane]:
                np.testing.assert_array_equal(found.paths.crossed[d, at], plain.paths.crossed[d, at])
                assert not found.paths.straight_share[d, at].any()
                continue
            told = [name for leg in path.legs for element in leg.elements for name in element.constructions]
            assert found.paths.crossed[d, at].tolist() == [told.count(name) for name in names]
            for band in range(len(houseblock.bands)):
                carriers = np.flatnonzero(houseblock.carrier_band == band)
                gained_db = found.level_dbm[d, carriers, at] - plain.level_dbm[d, carriers, at]
                share = found.paths.straight_share[d, at, band]
                if share > 0:  # 0 where it cannot matter
                    shared += 1
                    assert share == pytest.approx(10 ** (-gained_db.min() / 10), rel=2e-3)
    assert told_of >= 20
    assert shared >= 20
    assert len(freqs) == len(houseblock.carriers)


def test_senders_together_find_the_detours_that_each_finds_alone(houseblock, monkeypatch):
    points, devices = some_points(houseblock), some_devices(houseblock)
    places = np.array([(device.x_m, device.y_m, device.z_m) for device in devices])
    whole = site_detours(houseblock.masts.detours.model, places).routes(points).loss_db
    np.testing.assert_array_equal(whole, detour_loss_db(houseblock.masts.detours.model, places, points))
    monkeypatch.setattr(sender_detour, "NEAR_BYTES", 200_000)
    monkeypatch.setattr(sender_detour, "POINTS_AT_A_TIME", 37)
    parts = site_detours(houseblock.masts.detours.model, places).routes(points).loss_db
    assert parts.tobytes() == whole.tobytes()


def test_the_ways_at_one_frequency_are_those_found_at_all(houseblock):
    points, devices = some_points(houseblock), some_devices(houseblock)
    places = np.array([(device.x_m, device.y_m, device.z_m) for device in devices])
    senders = site_detours(houseblock.masts.detours.model, places)
    every, middle = senders.routes(points, traced=True), len(houseblock.masts.freq_mhz) // 2
    one = senders.routes(points, traced=True, at=middle)
    np.testing.assert_array_equal(one.last[:, :, 0], every.last[:, :, middle])
    assert (one.last[:, :, 0, 0] >= 0).mean() > 0.5
    assert one.loss_db.tobytes() == every.loss_db.tobytes() == senders.routes(points).loss_db.tobytes()


def test_ways_from_blockers_are_found_once_and_kept_within_bounds(houseblock, monkeypatch):
    points, devices = some_points(houseblock), some_devices(houseblock)
    looked_for, sender_at = [], sender_detour.sender_at

    def counted(model, place_m, *further):
        looked_for.append(place_m.tobytes())
        return sender_at(model, place_m, *further)

    monkeypatch.setattr(sender_detour, "sender_at", counted)
    kept = houseblock.masts.detours.model.kept
    kept.clear()
    first = blocker_links(houseblock, devices, CATALOGUE, points)
    again = blocker_links(houseblock, devices[::-1], CATALOGUE, points)
    assert len(looked_for) == len(kept) == len(devices)
    assert first.level_dbm.tobytes() == again.level_dbm[::-1].tobytes()
    monkeypatch.setattr(kept, "most", max(known.ways.nbytes for known in kept.values()))
    moved = blocker_links(houseblock, (replace(devices[0], x_m=devices[0].x_m + 0.5), *devices), CATALOGUE, points)
    assert len(looked_for) == len(devices) + 1
    assert len(kept) == 1
    assert moved.level_dbm[1:].tobytes() == first.level_dbm.tobytes()


def test_links_are_the_same_bytes_however_devices_are_cut(houseblock, monkeypatch):
    points, devices = some_points(houseblock), some_devices(houseblock)
    catalogue = {"jammer": Model("jammer", "jammer", (BandPower("all", 700.0, 3800.0, 20.0),))}
    whole = blocker_links(houseblock, devices, catalogue, points)
    monkeypatch.setattr(module, "LOSSES_AT_A_TIME", 1)
    cut = blocker_links(houseblock, devices, catalogue, points)
    for one, other in zip(whole.arrays, cut.arrays, strict=True):
        assert one.tobytes() == other.tobytes()


def test_what_the_planner_counts_outside_is_what_the_verdict_counts(houseblock):
    """Upper levels of spots with nothing treated: gain, both ways and their errors."""
    site, catalogue, scenario = houseblock.scene.site, read_catalogue(), Scenario(equipment=("micro_jammer",))
    quiet = np.zeros(len(site.rooms), bool)
    ground = prepare_inputs(site, site.sectors, scenario, catalogue, (), quiet, bare=houseblock)
    around = PlanningLinks(ground.modes, scenario, ground.catalogue, ground.spots, ground.bases)
    spots = np.arange(len(around.spots))[::50]
    points, z = scattered(some_points(houseblock).xyz_m[-3:]), outside_z(scenario)
    limit = outside_limit(around.plain, scenario, public_links(around.plain, points))
    detours, compared = around.detours(spots, points), 0
    # by itself, as in keep rooms, and against the signal, as outside
    upper, against = (_upper_by_mode(around, spots, points, detours, limit, each)[0] for each in (z, None))
    screened = _upper_by_mode(around, spots, points, None, limit, z)[0]
    assert (screened <= upper + 1e-3).all()  # what screens never says more
    for row, spot in enumerate(spots.tolist()):
        for base in around.bases_of.get(spot, [])[:1]:
            device = around.bases[base].device
            links = blocker_links(around.plain, (device,), catalogue, points, outside=True)
            for path_db, error_db in (
                (upper, device_upper_db(around.plain, links, z)),
                (against, upper_against_db(around.plain, limit, links, z)[0]),
            ):
                told = links.level_dbm[0] + error_db[0]
                counted = around.sent[2][base][:, None] + path_db[row] + around.pattern_db(base, points.xyz_m)
                heard = np.isfinite(told)
                np.testing.assert_allclose(counted[heard], told[heard], atol=2e-3)
            compared += int(heard.sum())
    assert compared >= 50


@pytest.mark.parametrize("detours", [True, False])
def test_a_blocker_seen_just_over_the_wall_pays_its_knife_edge_without_a_step(hut, detours):
    """6 m up, 18 m inside a wall of steel 5.2 m high: seen over it from 3.6 m up, 36 m beyond."""
    site = hut(perimeter=Perimeter("fence", box(-30, -30, 36, 34), 5.2, "steel_cell_door"))
    model = link_model(prepare_scene(site), (EE20,))
    z_m = np.arange(0.5, 9.0, 0.02)
    points = scattered(np.column_stack([np.full(len(z_m), 2.5), np.full(len(z_m), -66.0), z_m]))
    tx_m = np.array([[2.5, -12.0, 6.0]])
    elements_db, straight = straight_ways(model, tx_m, points)
    round_it = detour_ways(model, site_detours(model.masts.detours.model, tx_m), points) if detours else None
    loss_db = links_of(model, elements_db, straight, round_it, outside=True).loss_db[0, :, 0]
    assert np.abs(np.diff(loss_db)).max() < 0.2
    assert loss_db.min() >= 0
    clear_m = 6 + (z_m - 6) / 3 - 5.2
    edge_db = knife_edge_loss_db(fresnel_v(-clear_m, 18, 36, 798.5))
    np.testing.assert_allclose(loss_db[clear_m > 0], edge_db[clear_m > 0], atol=0.1)


def test_detours_too_weak_to_count_are_left_out_and_no_level_that_counts_moves(houseblock):
    """Left out is at most 50 dB below the loudest straight ray, all together: 10 lg(1 + 10^-5) = 0.00004 dB."""
    devices, points = some_devices(houseblock), some_points(houseblock)
    whole = blocker_links(houseblock, devices, CATALOGUE, points)
    heard = np.isfinite(whole.level_dbm).any(axis=(0, 2))
    least_dbm = np.full(whole.level_dbm.shape[1:], -100.0, np.float32)
    found = blocker_links(houseblock, devices, CATALOGUE, points, least_dbm=least_dbm)
    counts = whole.level_dbm >= least_dbm
    assert counts.any()
    assert (found.level_dbm[counts] == whole.level_dbm[counts]).all()
    assert (found.level_dbm <= whole.level_dbm).all()
    assert (found.level_dbm[:, heard] < whole.level_dbm[:, heard] - 1).mean() > 0.01  # some are left out
    of_all, of_found = ((10.0 ** (each.level_dbm[:, heard] / 10)).sum(axis=0) for each in (whole, found))
    assert (10 * np.log10(of_all / of_found)).max() < 0.0001
