"""A radiating cable: the field law of its makers near it, free space far away, and no seam between."""

from math import atan, log10, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from quietwing.coverage.equipment import CableLoss
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.cable_stations import STATION_M, stations_of
from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.radiating_cable import (
    NEAREST_M,
    PIECE_M,
    Cut,
    cable_gain,
    cable_losses_db,
    pieces_of,
    radiated_db,
    spreading_db,
)
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import Perimeter
from quietwing.sites.points import scattered

# The order of a 7/8-inch cable (assumption A55): 4 dB/100 m at 800 MHz, 13 at 3500; coupling 65, for 95 % 11 dB more.
CABLE = (CableLoss(800, 4, 65, 76), CableLoss(1800, 5.5, 65, 76), CableLoss(3500, 13, 68, 79))
LONG = ((0.0, 0.0, 1.5), (200.0, 0.0, 1.5))
coordinates = st.tuples(st.floats(-60, 260), st.floats(-80, 80), st.floats(0, 9))


@pytest.fixture(scope="module")
def open_air(hut):
    """Nothing in the way, and so much mapped that no ray leaves it."""
    wide = Perimeter("fence", box(-20_000, -20_000, 20_000, 20_000))
    return prepare_scene(hut(walls=(), openings=(), slabs=(), rooms=(), perimeter=wide))


def gain_db(scene, line_m, places_m, freq_mhz=(800.0,), *, strong=True, cable=CABLE):
    freq = np.array(freq_mhz, float)
    found = cable_gain(
        scene, scene.loss_table(freq), line_m, cable, scattered(np.array(places_m, float)), freq, strong=strong
    )
    return found.gain_db


# ------------------------------------------------------------------ the field law


def test_two_metres_from_the_middle_of_a_long_cable_the_coupling_loss_is_left(open_air):
    # 100 m along: 4 dB of length, 65 dB of coupling, d/2 = 1.
    by_hand = -4.0 - 65.0 - 10 * log10(2 / 2)
    assert gain_db(open_air, LONG, [(100, 2, 1.5)])[0, 0] == pytest.approx(by_hand, abs=0.1)
    weak = -4.0 - 76.0
    assert gain_db(open_air, LONG, [(100, 2, 1.5)], strong=False)[0, 0] == pytest.approx(weak, abs=0.1)


def test_a_link_budget_by_hand_at_3500_mhz(open_air):
    # 20 dBm in; 60 m at 13 dB/100 m = 7.8 dB; 68 dB coupling; 4 m away costs 10 lg 2 = 3.0 dB: −58.8 dBm.
    level_dbm = 20 + gain_db(open_air, ((0, 0, 1.5), (120, 0, 1.5)), [(60, 4, 1.5)], (3500,))[0, 0]
    assert level_dbm == pytest.approx(20 - 7.8 - 68 - 3.01, abs=0.25)


@pytest.mark.parametrize("away_m", [0.5, 1.0, 2.0, 5.0, 8.0, 12.0])
@pytest.mark.parametrize("freq_mhz", [800.0, 1800.0])
def test_within_a_sixteenth_of_its_length_it_is_the_field_law_within_half_a_decibel(open_air, away_m, freq_mhz):
    loss, coupling = cable_losses_db(CABLE, freq_mhz, strong=True)
    law = -loss.item() * 100 - coupling.item() - 10 * log10(away_m / 2)  # after 100 m, coupling stated at 2 m
    found = gain_db(open_air, LONG, [(100, away_m, 1.5)], (freq_mhz,))[0, 0]
    assert found == pytest.approx(law, abs=0.5)
    # What is left is the finite length, of the half circle an endless cable is seen under 2·atan(100/d), and that the
    # half towards the feed is louder by more than the other is weaker.
    seen = 10 * log10(2 * atan(100 / away_m) / pi)
    assert -0.02 <= found - (law + seen) <= 0.45


def test_at_the_end_of_the_cable_half_of_it_is_left(open_air):
    middle, end = gain_db(open_air, LONG, [(100, 2, 1.5), (0, 2, 1.5)], cable=(CableLoss(800, 1e-6, 65, 76),) * 2)[
        :, 0
    ]
    assert end - middle == pytest.approx(-3.01, abs=0.06)


def test_near_it_falls_by_10_db_a_decade_and_far_away_by_20(open_air):
    near = gain_db(open_air, LONG, [(100, 0.6, 1.5), (100, 6, 1.5)])[:, 0]
    assert near[0] - near[1] == pytest.approx(10, abs=0.2)
    far = gain_db(open_air, LONG, [(100, 1500, 1.5), (100, 15_000, 1.5)])[:, 0]
    assert far[0] - far[1] == pytest.approx(20, abs=0.05)


def test_far_away_it_is_one_source_of_all_it_radiates(open_air):
    # 4 dB/100 m over 50 m at 800 MHz: (4π/0.3747 m)² = 1124.6/m²; 2/π a metre; 50 m with 2 dB at the end count as
    # (1 − 10^−0.2)/(0.04·ln10/10) = 40.06 m. 10 lg(0.63662·1124.6·40.06) − 65 = −20.42 dB.
    assert radiated_db(CABLE, 50.0, 800.0) == pytest.approx(-20.42, abs=0.01)
    line = ((-25.0, 0.0, 1.5), (25.0, 0.0, 1.5))
    point = [(0, 9000, 1.5)]
    free = path_gain(open_air, [(0, 0, 1.5)], point, [800]).values[0, 0, 0]
    assert gain_db(open_air, line, point)[0, 0] == pytest.approx(free - 20.42, abs=0.02)


def test_no_seam_between_near_and_far(open_air):
    away_m = np.geomspace(0.05, 5000, 400)
    level = gain_db(open_air, LONG, [(100, away, 1.5) for away in away_m])[:, 0]
    slope = -np.diff(level) / np.diff(np.log10(away_m))
    assert (slope > -1e-3).all()  # never louder further away
    assert (slope < 20.5).all()
    assert np.abs(np.diff(level)).max() < 0.6


def test_nearer_than_half_a_metre_the_level_rises_no_more(open_air):
    close = gain_db(open_air, LONG, [(100, 0, 1.5), (100, 0.1, 1.5), (100, NEAREST_M, 1.5)])[:, 0]
    np.testing.assert_allclose(close, close[2], atol=1e-6)


def test_ahead_of_its_end_every_piece_is_seen_end_on(open_air):
    # 10 m of cable, 5 m beyond its end: ∫dz/r² = 1/5 − 1/15 = 0.1333; 10 lg(2/π · 0.1333) = −10.71 dB.
    pieces = pieces_of(((0, 0, 0), (10, 0, 0)))
    total = 10 * np.log10((10 ** (spreading_db(pieces, np.array([[15.0, 0, 0]]), 1e-3) / 10)).sum())
    assert total == pytest.approx(-10.71, abs=0.005)


# ------------------------------------------------------------------ identities


@given(place=coordinates, cut=st.floats(0.05, 0.95))
@settings(max_examples=80, deadline=None)
def test_cutting_a_cable_in_two_changes_nothing(open_air, place, cut):
    line = ((0.0, 0.0, 2.0), (60.0, 0.0, 2.0))
    split = (line[0], (60.0 * cut, 0.0, 2.0), line[1])
    whole, parts = (gain_db(open_air, one, [place], (800, 3500)) for one in (line, split))
    # The loss along a piece is taken at its middle: half a metre of it is 0.07 dB at most.
    np.testing.assert_allclose(whole, parts, atol=0.02)


@given(place=coordinates, pieces=st.integers(1, 40))
@settings(max_examples=80, deadline=None)
def test_how_finely_a_lossless_cable_is_cut_changes_nothing(place, pieces):
    line = ((0.0, 0.0, 2.0), (60.0, 0.0, 2.0), (60.0, 30.0, 2.0))
    coarse, fine = (
        10 * np.log10((10 ** (spreading_db(pieces_of(line, step), np.array([place])) / 10)).sum())
        for step in (60.0 / pieces, 0.37)
    )
    assert coarse == pytest.approx(fine, abs=1e-9)


@given(place=coordinates)
@settings(max_examples=40, deadline=None)
def test_a_lossless_cable_does_not_know_which_end_is_fed(open_air, place):
    cable = (CableLoss(800, 1e-9, 65, 76), CableLoss(900, 1e-9, 65, 76))
    line = ((0.0, 0.0, 2.0), (60.0, 0.0, 2.0), (60.0, 30.0, 5.0))
    there, back = (gain_db(open_air, one, [place], cable=cable) for one in (line, line[::-1]))
    np.testing.assert_allclose(there, back, atol=1e-4)


def test_another_decibel_along_the_way_costs_what_is_further_on_more(open_air):
    lossy = tuple(CableLoss(row.freq_mhz, row.loss_db_per_100m + 1, row.coupling_50_db, 90) for row in CABLE)
    places = [(10, 2, 1.5), (190, 2, 1.5)]
    less = (gain_db(open_air, LONG, places) - gain_db(open_air, LONG, places, cable=lossy))[:, 0]
    # What is heard there comes from some metres of cable on both sides.
    np.testing.assert_allclose(less, [0.1, 1.9], atol=0.06)


def test_pieces_follow_the_bends_and_add_up():
    pieces = pieces_of(((0, 0, 2), (2.5, 0, 2), (2.5, 0, 2), (2.5, 4, 2)))
    assert len(pieces) == 5 + 8
    assert pieces.length_m.sum() == pytest.approx(6.5)
    assert pieces.length_m.max() <= PIECE_M + 1e-9
    np.testing.assert_allclose(np.diff(pieces.along_m)[:4], 0.5)
    np.testing.assert_allclose(pieces.along_m[-1], 6.25)
    np.testing.assert_allclose(pieces.start_m[1:], pieces.end_m[:-1])


# ------------------------------------------------------------------ walls


@pytest.mark.parametrize(("length_m", "count"), [(10.0, 20), (30.0, 60), (30.2, 60), (100.0, 60)])
def test_a_cut_bounds_the_number_of_pieces_and_of_stations(length_m, count):
    """A short cable is cut as without it; a long one in as many pieces as it allows, one more for its bend."""
    line, cut = ((0, 0, 0), (0.75 * length_m, 0, 0), (0.75 * length_m, 0.25 * length_m, 0)), Cut(60, 6)
    pieces, stations = pieces_of(line, cut=cut), stations_of(line, cut)
    assert count <= len(pieces) <= count + 1
    assert pieces.length_m.sum() == pytest.approx(length_m)
    assert len(stations) == min(6, np.ceil(length_m / STATION_M))
    assert len(stations.of_piece) == len(pieces)
    assert (pieces.length_m.max() <= PIECE_M + 1e-9) == (len(pieces) == len(pieces_of(line)))


def test_through_one_wall_end_on_by_hand(hut):
    scene = prepare_scene(hut())
    brick = float(surface_loss_db([scene.site.constructions["brick_215"]], np.array([1.0]), np.array([800.0]))[0, 0])
    # One metre of cable, 5.5 to 6.5 m away: 10 lg(2/π (1/5.5 − 1/6.5)) = −17.49 dB; half a metre of length 0.02 dB.
    by_hand = -65 - 17.49 - 0.02 - brick
    found = gain_db(scene, ((2.5, 2, 1.5), (3.5, 2, 1.5)), [(9, 2, 1.5)])
    assert found[0, 0] == pytest.approx(by_hand, abs=0.05)


def test_the_strongest_piece_is_the_one_behind_the_fewest_walls(hut):
    scene = prepare_scene(hut())
    freq = np.array([800.0])
    line = ((3.0, 2.0, 1.5), (12.0, 2.0, 1.5))  # out through the east wall at x = 6
    there = scattered(np.array([(3.0, 3.0, 1.5), (11.0, 3.0, 1.5)]))
    found = cable_gain(scene, scene.loss_table(freq), line, CABLE, there, freq, strong=True)
    middle_m = pieces_of(line).middle_m[found.strongest]
    np.testing.assert_allclose(middle_m[:, 0], [3.5, 10.5], atol=0.51)


def test_a_cable_is_never_louder_behind_walls_than_without(hut):
    line = ((0.5, 2.0, 2.5), (5.5, 2.0, 2.5))
    places = [(3, -5, 1.5), (9, 2, 1.5), (-20, 20, 1.5)]
    walled, bare = (
        gain_db(prepare_scene(site), line, places, (800, 3500))
        for site in (hut(), hut(walls=(), openings=(), slabs=()))
    )
    assert (walled <= bare + 1e-3).all()
    assert (walled[1] < bare[1] - 3).all()


def test_beyond_the_map_each_piece_goes_down_by_40_db_a_decade(hut):
    scene = prepare_scene(hut(walls=(), openings=(), slabs=()))
    line = ((2.0, 0.0, 3.0), (4.0, 0.0, 3.0))
    far = gain_db(scene, line, [(3, -1000, 1.5), (3, -10_000, 1.5)])[:, 0]
    assert far[0] - far[1] == pytest.approx(40, abs=0.1)


# ------------------------------------------------------------------ losses by frequency


def test_between_two_frequencies_the_losses_lie_on_a_straight_line():
    # 1300 MHz is half-way from 800 to 1800: 4.75 dB/100 m.
    loss, coupling = cable_losses_db(CABLE, [800, 1300, 1800, 2650], strong=True)
    np.testing.assert_allclose(loss, [0.04, 0.0475, 0.055, 0.0925])
    np.testing.assert_allclose(coupling, [65, 65, 65, 66.5])
    np.testing.assert_allclose(cable_losses_db(CABLE, [2650], strong=False)[1], [77.5])


@pytest.mark.parametrize("freq_mhz", [799.9, 3500.1, 300])
def test_no_loss_is_extrapolated(freq_mhz):
    with pytest.raises(OutOfRangeError, match=r"800 to 3500 MHz.*add an item"):
        cable_losses_db(CABLE, [freq_mhz], strong=True)
    with pytest.raises(OutOfRangeError, match="add an item"):
        radiated_db(CABLE, 50, freq_mhz)


@pytest.mark.parametrize("line", [((0, 0, 0),), ((1, 2, 3), (1, 2, 3)), ((0, 0, 0), (np.nan, 0, 0))])
def test_a_cable_without_length_is_refused(line):
    with pytest.raises(OutOfRangeError, match="second place"):
        pieces_of(line)


def test_many_points_in_blocks_are_the_same_bytes(open_air, monkeypatch):
    places = np.random.default_rng(1).uniform(-50, 250, (300, 3))
    whole = gain_db(open_air, LONG, places)
    monkeypatch.setattr("quietwing.coverage.propagation.radiating_cable._FLOATS_AT_A_TIME", 700)
    np.testing.assert_array_equal(gain_db(open_air, LONG, places), whole)


def test_the_loss_of_a_cable_bounds_what_it_radiates():
    # At 3500 MHz a metre radiates 0.2 % of what is in the cable and loses 3 % of it.
    radiated = 10 ** (radiated_db(CABLE, 1.0, 3500.0) / 10)
    assert radiated == pytest.approx(0.0022, rel=0.05)
    assert radiated < 1 - 10 ** (-0.013)
