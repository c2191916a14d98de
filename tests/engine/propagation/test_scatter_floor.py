"""What scatter brings into a room: an opening's field and a diffuse floor, against a fine integral and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from shapely.geometry import LineString, box

from quietwing.coverage.propagation.angular_spread import concentration, scattered_width_deg
from quietwing.coverage.propagation.aperture_field import ELEVATIONS_DEG, aperture_share, diffuse_share
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.opening_floor import opening_floor
from quietwing.coverage.propagation.room_surfaces import room_surfaces
from quietwing.coverage.propagation.scatter_floor import behind_openings
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import Opening, Room, Sector, Slab
from quietwing.sites.points import PointSet

BANDS_MHZ = (800.0, 1800.0, 3500.0)
BELOW_FLOOR_DB = -30.0  # 12 dB and more below the diffuse field of any cell
# A cell of 2.4 x 3.8 m behind a window of 1 x 1 m, its middle 1.5 m above the floor: behind it, beside it, above it.
CELL = {
    "held in the window": (0.1, 0.0, 0.0),
    "centre": (1.9, 0.0, 0.0),
    "behind the door": (3.3, 0.6, 0.0),
    "bunk": (0.95, 0.0, -1.0),
    "corner under the ceiling": (3.6, 1.0, 0.9),
}


def mast(**changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 800.0,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -600.0, "height_m": 25.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def in_room(*xyz_m, room=0) -> PointSet:
    count = len(xyz_m)
    zero = np.zeros(count, np.int32)
    return PointSet(np.array(xyz_m, float), zero + room, zero, zero, ("centre",) * count)


def least_db(site, points, *sectors) -> np.ndarray:
    """What scatter brings to points, without line of sight, shape (sector, point)."""
    model = mast_model(prepare_scene(site), sectors or (mast(),))
    return model.scatter_nlos.at(points, behind_openings(model.floor, points, model.freq_mhz))


def share_db(place, freq_mhz, size_m=(1.0, 1.0), elevations_deg=0.0) -> float:
    depth_m, across_m, up_m = place
    share = aperture_share([size_m], [depth_m], [across_m], [up_m], [freq_mhz], elevations_deg)
    return float(10 * np.log10(share[0, 0]))


# ------------------------------------------------------------------ the opening's own field


@pytest.mark.parametrize("freq_mhz", BANDS_MHZ)
@pytest.mark.parametrize("where", CELL)
def test_behind_a_window_by_the_integral_over_it(kirchhoff, where, freq_mhz):
    exact_db = 10 * np.log10(kirchhoff.power_behind((1.0, 1.0), *CELL[where], freq_mhz))
    assert -1.0 < share_db(CELL[where], freq_mhz) - exact_db < 3.0


@pytest.mark.parametrize("size_m", [(0.9, 0.6), (1.2, 1.2), (2.0, 1.2)])
def test_other_windows_by_the_integral_over_them(kirchhoff, size_m):
    for place in CELL.values():
        for freq_mhz in BANDS_MHZ:
            exact_db = 10 * np.log10(kirchhoff.power_behind(size_m, *place, freq_mhz))
            assert -1.0 < share_db(place, freq_mhz, size_m) - exact_db < (3.0 if exact_db > BELOW_FLOOR_DB else 6.0)


@pytest.mark.parametrize("size_m", [(1.0, 1.0), (0.9, 0.6)])
def test_waves_that_rise_and_fall_reach_what_level_ones_do_not(kirchhoff, size_m):
    """Bunk, floor and top: with a cell's diffuse floor of 1 % within 1 dB below the integral over elevations too."""
    for place in (*CELL.values(), (1.9, 0.0, 0.7), (1.9, 0.0, -1.2)):
        for freq_mhz in BANDS_MHZ:
            level, raised = (kirchhoff.power_behind(size_m, *place, freq_mhz, elevations_deg=e) for e in (0.0, 10.23))
            ours_db = 10 * np.log10(10 ** (share_db(place, freq_mhz, size_m, ELEVATIONS_DEG) / 10) + 0.01)
            assert -1.0 < ours_db - 10 * np.log10(max(level, raised) + 0.01) < 3.0
    above = share_db((1.9, 0.0, 0.7), 1800.0)
    assert share_db((1.9, 0.0, 0.7), 1800.0, elevations_deg=ELEVATIONS_DEG) - above > 4
    assert share_db((1.9, 0.0, 0.0), 1800.0, elevations_deg=ELEVATIONS_DEG) >= share_db((1.9, 0.0, 0.0), 1800.0)


def test_far_behind_a_large_opening_it_is_the_share_of_azimuths_that_pass():
    # 8 m behind a gate of 6 x 6 m at 3.5 GHz: 2 atan(3 / 8) = 41.1 of 180 degrees
    assert share_db((8.0, 0.0, 0.0), 3500.0, (6.0, 6.0)) == pytest.approx(10 * np.log10(41.1 / 180), abs=0.5)


def test_a_phone_held_in_the_opening_has_all_of_it_and_beside_it_has_not():
    size_m = np.tile([0.3, 0.2], (4, 1))  # a hatch narrower than the wave
    found = aperture_share(size_m, [0.1, 0.0, 0.1, 0.11], [0.0, 0.15, 0.16, 0.0], [0.1, 0.0, 0.0, 0.0], [800.0])
    assert found[:2, 0].tolist() == [1.0, 1.0]
    assert (found[2:, 0] < 0.6).all()
    assert aperture_share([[1.0, 1.0]], [-0.5], [0.0], [0.0], [800.0])[0, 0] == 0  # before the plane, in a bay


def test_a_place_is_worked_out_alike_alone_and_among_others():
    rng = np.random.default_rng(3)
    size_m, place_m = rng.uniform(0.3, 3, (50, 2)), rng.uniform(0.0, 4, (50, 3))
    every = aperture_share(size_m, *place_m.T, BANDS_MHZ)
    for row in (0, 17, 49):
        some = slice(row, row + 1)
        assert aperture_share(size_m[some], *place_m[some].T, BANDS_MHZ).tobytes() == every[some].tobytes()


def test_on_the_mean_over_the_bands_a_larger_window_brings_no_less():
    """At one frequency it may: the middle of a Fresnel zone more is darker."""
    bands_mhz = np.linspace(700, 3800, 32)
    places = np.array(list(CELL.values()))
    sizes = [(0.4, 0.4), (0.6, 0.6), (0.9, 0.9), (1.3, 1.3), (1.9, 1.9)]
    mean = [aperture_share(np.tile(size, (len(places), 1)), *places.T, bands_mhz).mean(axis=1) for size in sizes]
    assert (np.diff(mean, axis=0) >= 0).all()


# ------------------------------------------------------------------ from where it comes


def test_towards_the_mast_the_scattered_field_is_denser():
    width_deg = float(scattered_width_deg("RMa", False, 800.0))
    assert width_deg == pytest.approx(10**1.52)
    # a Gaussian's middle over its share within 90 degrees, over 1/180: 0.01205 x 180 / 0.9935
    by_hand = norm.pdf(0, scale=width_deg) * 180 / (2 * norm.cdf(90 / width_deg) - 1)
    assert concentration(width_deg, 0.0, 0.0) == pytest.approx(by_hand, rel=1e-6)
    assert by_hand == pytest.approx(2.18, abs=0.01)
    assert concentration(width_deg, 0.0, 80.0) == 1.0  # never less than from all sides alike
    assert concentration(width_deg, 30.0, 30.0) > concentration(width_deg, 30.0, -30.0)
    assert float(scattered_width_deg("UMa", True, 800.0)) == pytest.approx(193, abs=0.5)
    assert concentration(193.0, 0.0, 0.0) == pytest.approx(1.07, abs=0.08)


@pytest.mark.parametrize("environment", ["RMa", "UMa"])
@pytest.mark.parametrize("x_m", [2.5, 602.5, -500.0, 2002.5])
def test_a_room_is_never_quieter_than_the_integral_and_its_floor(hut, kirchhoff, environment, x_m):
    """Whatever the bearing to the mast; with it before the window no more than 3 dB louder."""
    site = hut(openings=hut().openings[:1])
    places = [(2.5 + across, depth, 1.5 + up) for depth, across, up in CELL.values()]
    sectors = tuple(mast(id=f"{f}", freq_mhz=f, x_m=x_m, environment=environment) for f in BANDS_MHZ)
    found = least_db(site, in_room((2.5, 0.1, 1.5), *places), *sectors)
    bearing_deg = float(np.degrees(np.arctan2(x_m - 2.5, 600 - 0.3)))
    width_deg = float(scattered_width_deg(environment, False, 800.0))
    floor = 4 * 1.0 / (2 * 24 + 20 * 3) * 0.3 / 0.7 * kirchhoff.flux(width_deg, bearing_deg)
    for row, freq_mhz in enumerate(BANDS_MHZ):
        for column, (depth, across, up) in enumerate(CELL.values(), 1):
            # the window looks south: east of it, as seen from there, is to the same side as a mast in the east
            way = (1.0, 1.0), depth, -across, up, freq_mhz, width_deg, bearing_deg
            came = max(kirchhoff.power_behind(*way, elevations_deg=elevations_deg) for elevations_deg in (0.0, 10.23))
            more_db = float(found[row, column] - found[row, 0]) - 10 * np.log10(came + floor)
            assert more_db > -1.0
            if x_m == 2.5:
                assert more_db < 3.0


# ------------------------------------------------------------------ the diffuse floor


def test_the_diffuse_floor_by_hand(hut):
    # 6 x 4 x 3 m: 2 x 24 + 20 x 3 = 108 m2, of which 30 % comes back. 1 m2 of window: 4 x 1 x 0.3 / (108 x 0.7)
    surface_m2, returned = room_surfaces(hut(), [0])
    assert (surface_m2[0], returned[0]) == (pytest.approx(108), pytest.approx(0.3))
    assert diffuse_share(1.0, surface_m2, returned)[0] == pytest.approx(0.01587, abs=1e-5)
    assert opening_floor(hut()).diffuse == pytest.approx([0.01587, 0.03175], abs=1e-5)  # and 2 m2 of door
    assert diffuse_share(100.0, 108.0, 0.9) == 1.0  # no more than arrives


def test_a_metal_deck_overhead_brings_more_back_and_metal_behind_concrete_does_not(hut):
    floor, roof = hut().slabs
    for construction, returned in (("metal_deck_roof", 0.3 + 24 / 108 * 0.6), ("foil_roof", 0.3)):
        site = hut(slabs=(floor, Slab("roof", "A", roof.outline, 3.0, construction, "roof")))
        assert room_surfaces(site, [0])[1][0] == pytest.approx(returned)


def test_metal_behind_the_roof_of_another_storey_is_not_the_rooms(hut):
    deck = Slab("deck", "A", box(0, 0, 6, 4), 6.0, "metal_deck_roof", "roof")
    assert room_surfaces(hut(slabs=(*hut().slabs, deck)), [0])[1][0] == pytest.approx(0.3)


def test_far_from_the_window_and_out_of_its_sight_the_floor_is_left(hut):
    site = hut(openings=hut().openings[:1])
    window, corner = least_db(site, in_room((2.5, 0.1, 1.5), (5.9, 0.2, 0.1)))[0]
    # UMa, the mast straight before the window: 74.1 degrees wide, its middle over 1/180 is 1.25 times as dense
    dense = norm.pdf(0, scale=74.1) * 180 / (2 * norm.cdf(90 / 74.1) - 1)
    assert corner - window == pytest.approx(10 * np.log10(0.01587 * 2 / np.pi * dense), abs=0.3)


# ------------------------------------------------------------------ rooms


def test_inside_the_window_the_level_is_kept_and_nowhere_exceeded(hut):
    site, rng = hut(), np.random.default_rng(8)
    model = mast_model(prepare_scene(site), (mast(),))
    points = in_room((2.5, 0.1, 1.5), *rng.uniform([0, 0, 0], [6, 4, 3], (300, 3)))
    found = model.scatter_nlos.at(points, behind_openings(model.floor, points, model.freq_mhz))[0]
    by_window = model.scatter_nlos.entering_db[0, 0]
    assert by_window <= found[0] < by_window + 0.3  # some more by the door
    assert (found <= model.scatter_nlos.inside_db[0, 0]).all()
    assert found[1:].std() > 2  # the room is not filled


def test_two_windows_add_as_powers(hut):
    second = Opening("w2", "south", "window", LineString([(4, 0), (5, 0)]), 1.0, 2.0, "glass_6", "open", "bars")
    one, other = hut(openings=hut().openings[:1]), hut(openings=(second,))
    both = hut(openings=(hut().openings[0], second))
    point = in_room((3.5, 2.0, 1.5), (1.0, 3.0, 0.5))
    each = [10 ** (least_db(site, point)[0].astype(float) / 10) for site in (one, other)]
    assert 10 * np.log10(sum(each)) == pytest.approx(least_db(both, point)[0], abs=0.01)


def test_a_room_that_borrows_an_opening_has_one_level(hut):
    rooms = (Room("front", "A", 0, box(0, 0, 6, 2), "silence"), Room("back", "A", 0, box(0, 2, 6, 4), "silence"))
    site = hut(rooms=rooms, openings=hut().openings[:1])
    model = mast_model(prepare_scene(site), (mast(),))
    points = in_room((1.0, 3.0, 0.3), (5.0, 3.5, 2.0), room=1)
    behind = behind_openings(model.floor, points, model.freq_mhz)
    assert not len(behind.point)
    assert (model.scatter_nlos.at(points, behind) == model.scatter_nlos.inside_db[:, 1:]).all()


def test_a_pane_more_in_the_window_takes_the_same_from_every_place(hut):
    points = in_room((2.5, 0.1, 1.5), (2.5, 2.0, 1.5), (1.0, 3.0, 0.5))
    open_window = hut().openings[0]
    shut = replace(open_window, state="sealed")
    plain, lossy = (least_db(hut(openings=(each,)), points)[0] for each in (open_window, shut))
    assert plain - lossy == pytest.approx([plain[0] - lossy[0]] * 3, abs=1e-4)
