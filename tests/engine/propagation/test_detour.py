"""The detour: round the edge of an opening by hand, its limits, and the same bytes however it is computed."""

from dataclasses import replace
from functools import lru_cache

import numba
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from shapely.geometry import LineString, box

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation import _bend_kernels as kernels
from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.detour import best_ways, detour_loss_db, detour_model, with_detour
from quietwing.coverage.propagation.detour_legs import point_legs
from quietwing.coverage.propagation.detour_paths import detour_path
from quietwing.coverage.propagation.diffraction import knife_edge_loss_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.multiwall import crossings, element_loss_db
from quietwing.coverage.propagation.portal_graphs import REFERENCE_MHZ
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites import load_site
from quietwing.sites.model import Building, Opening, Room, Slab, Storey, Wall
from quietwing.sites.trial_point_sets import map_grid

FREQ_MHZ = np.array([798.0, 3500.0])
SQUARE = np.array([0, 0, 0, 1, 0, 0, 0, 0, 1, 0, -1, 0, -0.5, 0.5, -0.5, 0.5], float)[None]  # in the plane y = 0

place = st.tuples(st.floats(-4, 4), st.floats(0.05, 6), st.floats(-4, 4))
inside = st.tuples(st.floats(0.2, 5.8), st.floats(0.2, 3.8), st.floats(0.2, 2.8))
outside = st.tuples(st.floats(-20, 26), st.floats(-25, -0.5), st.floats(0.3, 5))


def knife_db(v):
    """J(v) of P.526, written out."""
    return 6.9 + 20 * np.log10(np.sqrt((v - 0.1) ** 2 + 1) + v - 0.1) if v > -0.78 else 0.0


def shortest_round(a, b, corners):
    """The place on the rim of an aperture over which the way from a to b is shortest, by search along each side."""
    a, b, corners = np.asarray(a, float), np.asarray(b, float), np.asarray(corners, float)
    best = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):

        def way(t, start=start, end=end):
            at = start + t * (end - start)
            return np.linalg.norm(at - a) + np.linalg.norm(b - at)

        t = minimize_scalar(way, bounds=(0, 1), method="bounded", options={"xatol": 1e-10}).x
        best.append((way(t), start + t * (end - start)))
    return min(best, key=lambda each: each[0])[1]


def by_hand_db(a, b, corners, freq_mhz):
    """J of the way from a to b over the rim of an aperture, and the length of that way."""
    at, a, b = shortest_round(a, b, corners), np.asarray(a, float), np.asarray(b, float)
    d1, d2 = np.linalg.norm(at - a), np.linalg.norm(b - at)
    height = np.linalg.norm(np.cross(at - a, b - a)) / np.linalg.norm(b - a)
    v = height * np.sqrt(2 * freq_mhz * 1e6 / 299792458 * (1 / d1 + 1 / d2))
    return knife_db(v), d1 + d2


def upright(x0, y0, x1, y1, z0, z1):
    """Corners of an opening in a wall."""
    return [(x0, y0, z0), (x1, y1, z0), (x1, y1, z1), (x0, y0, z1)]


def lost_db(site, name, freq_mhz, cos=1.0):
    return float(surface_loss_db([site.constructions[name]], [cos], [freq_mhz])[0, 0])


def ready(site, freq_mhz=FREQ_MHZ):
    return detour_model(prepare_scene(site), freq_mhz)


@lru_cache(maxsize=2)
def example(name):
    return ready(load_site(name))


@pytest.fixture(scope="module")
def metal_hut(hut):
    """The hut with walls, floor and roof of 40 dB, its window an open hole: only the window lets anything in."""
    walls = tuple(Wall(w.id, w.building, w.storey, w.line, "precast_sandwich_foil") for w in hut().walls)
    window = Opening("w1", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", "open")
    slabs = tuple(Slab(each.id, each.building, each.outline, each.level_m, "foil_roof") for each in hut().slabs)
    return hut(walls=walls, openings=(window,), slabs=slabs)


@pytest.fixture(scope="module")
def parted_hut(metal_hut, hut):
    """The same in two rooms with a door between them."""
    inner = Wall("inner", "A", 0, LineString([(4, 0), (4, 4)]), "precast_sandwich_foil")
    door = Opening("d1", "inner", "door", LineString([(4, 2.5), (4, 3.4)]), 0.0, 2.0, "timber_door", "open")
    rooms = (Room("w", "A", 0, box(0, 0, 4, 4), "silence"), Room("e", "A", 0, box(4, 0, 6, 4), "silence"))
    return hut(
        walls=(*metal_hut.walls, inner),
        openings=(*metal_hut.openings, door),
        slabs=metal_hut.slabs,
        rooms=rooms,
        buildings=(Building("A", box(0, 0, 6, 4), (Storey("Ground", 0.0, 3.0),)),),
    )


# One bend


@given(v=st.floats(-3, 30))
@settings(deadline=None)  # the first call compiles
def test_the_kernel_passes_what_a_knife_edge_passes(v):
    assert 10 * np.log10(kernels.edge_loss(v)) == pytest.approx(float(knife_edge_loss_db(v)), abs=0.01)


@given(a=place, b=place)
@settings(max_examples=60, deadline=None)
def test_outside_the_opening_the_path_takes_the_shortest_way_over_its_edge(a, b):
    b = (b[0], -b[1], b[2])
    d1, d2, k, straight, *_ = kernels.bend(SQUARE, 0, *a, *b)
    assume(not straight)
    at = shortest_round(a, b, upright(-0.5, 0, 0.5, 0, -0.5, 0.5))
    length = np.linalg.norm(at - a) + np.linalg.norm(at - b)
    assert length - 1e-6 <= d1 + d2 <= length + 1e-3
    assert k > 0


@given(a=place, b=place)
@settings(deadline=None)
def test_a_bend_is_the_same_from_both_ends(a, b):
    b = (b[0], -b[1], b[2])
    there, back = kernels.bend(SQUARE, 0, *a, *b), kernels.bend(SQUARE, 0, *b, *a)
    assert there[3] == back[3]
    np.testing.assert_allclose([there[0], there[1], there[2]], [back[1], back[0], back[2]], rtol=1e-6, atol=1e-6)


def test_no_path_passes_an_opening_from_one_side_to_the_same_side():
    assert np.isnan(kernels.bend(SQUARE, 0, 0.0, 1.0, 0.0, 2.0, 1.0, 0.0)[0])


def test_clearance_has_a_sign_and_is_nought_at_the_edge():
    k = [kernels.bend(SQUARE, 0, x, 5.0, 0.0, x, -5.0, 0.0)[2] for x in (0.3, 0.499999, 0.500001, 0.7)]
    assert k[0] < k[1] < 0 < k[2] < k[3]
    assert abs(k[1]) < 1e-5
    # 0.2 m past the edge half way between ends 10 m apart: v = 0.2 sqrt(2/lambda (1/5 + 1/5))
    assert k[3] == pytest.approx(0.2 * np.sqrt(2 * 0.4), rel=1e-3)


# One opening


def test_behind_a_wall_the_path_over_the_windows_edge_by_hand(metal_hut):
    model, tx, point = ready(metal_hut), (2.5, -12.0, 1.6), (5.2, 1.5, 1.3)
    for band, freq_mhz in enumerate(FREQ_MHZ):
        bend_db, length_m = by_hand_db(tx, point, upright(2, 0, 3, 0, 1, 2), freq_mhz)
        longer_db = 20 * np.log10(length_m / np.linalg.norm(np.subtract(point, tx)))
        assert detour_loss_db(model, [tx], [point])[0, 0, band] == pytest.approx(bend_db + longer_db, abs=0.01)


def test_a_grille_in_the_window_is_lost_once(metal_hut):
    meshed = Opening("w1", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", "open", "mesh_12")
    tx, point = (2.5, -12.0, 1.5), (5.2, 3.5, 1.5)
    bare = detour_loss_db(ready(metal_hut), [tx], [point])
    behind = detour_loss_db(ready(replace(metal_hut, openings=(meshed,))), [tx], [point])
    # the leg from the middle of the window to the point, or from the transmitter, passes the mesh: either angle
    angles = (12 / 12.0, 3.5 / np.hypot(3.5, 2.7))
    allowed = sorted(lost_db(metal_hut, "mesh_12", 798.0, cos) for cos in angles)
    assert allowed[0] - 0.05 <= float(behind[0, 0, 0] - bare[0, 0, 0]) <= allowed[1] + 0.05


def both_db(site, model, tx, points, band=0):
    """Loss of direct ray and detour together, and of the direct ray, over free space."""
    scene = prepare_scene(site)
    direct = element_loss_db(scene.prepared, scene.loss_table(FREQ_MHZ), [tx], points)
    return with_detour(direct, detour_loss_db(model, [tx], points))[0, :, band], direct[0, :, band]


def test_in_the_lit_zone_direct_and_detour_stay_within_a_fifth_of_a_db_of_direct(hut):
    site = hut()  # with its door, so that there is another way in
    together, direct = both_db(site, ready(site), (2.5, -12.0, 1.5), [(x, 2.0, 1.5) for x in (2.3, 2.5, 2.7)])
    assert (direct < 1).all()
    assert (np.abs(together - direct) <= 0.2).all()


def test_just_outside_the_lit_zone_it_is_six_db_below(metal_hut):
    # light through the window's east jamb (3, 0) from x = 2.5, y = -12 meets y = 2 at x = 3 + 0.5 · 2/12
    jamb = 3 + 0.5 * 2 / 12
    points = [(jamb - 0.001, 2.0, 1.5), (jamb + 0.001, 2.0, 1.5)]
    together, direct = both_db(metal_hut, ready(metal_hut), (2.5, -12.0, 1.5), points)
    assert direct[0] == pytest.approx(0, abs=0.01)
    assert direct[1] > 30
    assert together[1] - together[0] == pytest.approx(6, abs=0.5)


def test_a_detour_through_the_opening_the_ray_passes_is_dropped(metal_hut):
    lit = detour_loss_db(ready(metal_hut), [(2.5, -12.0, 1.5)], [(2.5, 2.0, 1.5)])[0, 0]
    assert (lit > 40).all()  # only over the roof's edge and through 40 dB


def test_deeper_in_the_shadow_it_is_quieter_and_high_frequencies_bend_less(metal_hut):
    points = [(x, 1.0, 1.5) for x in (3.4, 4.0, 4.6, 5.2, 5.8)]
    found = detour_loss_db(ready(metal_hut), [(2.5, -12.0, 1.5)], points)[0]
    assert (np.diff(found, axis=0) > 0).all()
    assert (found[:, 1] > found[:, 0]).all()


def test_where_nothing_is_built_there_is_no_detour_and_the_direct_ray_is_unchanged(hut):
    bare = hut(buildings=(), walls=(), openings=(), slabs=(), rooms=())
    found = detour_loss_db(ready(bare), [(2.5, -12.0, 1.5)], [(2.5, 2.0, 1.5)])
    assert np.isinf(found).all()
    together, direct = both_db(bare, ready(bare), (2.5, -12.0, 1.5), [(2.5, 2.0, 1.5)])
    np.testing.assert_array_equal(together, direct)


# Several bends


def two_bends_db(tx, point, first, second, freq_mhz):
    """J at two openings, given by their corners, of the path drawn tight over both, and its length over straight."""
    one = shortest_round(tx, np.mean(second, axis=0), first)
    other = shortest_round(np.mean(first, axis=0), point, second)
    length_m = np.linalg.norm(one - tx) + np.linalg.norm(other - one) + np.linalg.norm(other - point)
    bends_db = by_hand_db(tx, other, first, freq_mhz)[0] + by_hand_db(one, point, second, freq_mhz)[0]
    return bends_db + 20 * np.log10(length_m / np.linalg.norm(np.subtract(point, tx)))


def test_through_window_and_door_each_bend_sees_its_neighbours_as_ends(parted_hut):
    model, tx, point = ready(parted_hut), (-6.0, -9.0, 1.5), (5.5, 0.6, 1.5)
    window, door = upright(2, 0, 3, 0, 1, 2), upright(4, 2.5, 4, 3.4, 0, 2)
    for band, freq_mhz in enumerate(FREQ_MHZ):
        expected_db = two_bends_db(tx, point, window, door, freq_mhz)
        assert detour_loss_db(model, [tx], [point])[0, 0, band] == pytest.approx(expected_db, abs=0.1)


def test_a_door_passed_straight_does_not_ease_the_bend_before_it(parted_hut):
    model, tx, point = ready(parted_hut), (-6.0, -4.0, 1.5), (4.3, 3.7, 1.0)
    path = detour_path(model, tx, point, 798.0)
    bend_db, _ = by_hand_db(tx, point, upright(2, 0, 3, 0, 1, 2), 798.0)
    assert [bend.id for bend in path.bends if bend.v > 0] == ["w1"]
    assert path.bends[0].loss_db == pytest.approx(bend_db, abs=0.01)


# Round the block and over the roof


def test_round_the_corner_of_a_block_by_hand(metal_hut):
    tx, point = (3.0, -4.0, 1.5), (8.0, 3.0, 1.5)
    beyond = upright(6, 0, 106, -100, 0, 3)  # the half-plane beyond the corner, along its bisector
    for band, freq_mhz in enumerate(FREQ_MHZ):
        bend_db, length_m = by_hand_db(tx, point, beyond, freq_mhz)
        expected_db = bend_db + 20 * np.log10(length_m / np.linalg.norm(np.subtract(point, tx)))
        path = detour_path(told_model(metal_hut), tx, point, freq_mhz)
        assert path.bends[0].kind == "corner"
        assert detour_loss_db(told_model(metal_hut), [tx], [point])[0, 0, band] == pytest.approx(expected_db, abs=0.1)


def test_over_the_roof_by_hand(metal_hut):
    """From a mast far to the south to the foot of the north wall: the north edge of the roof, 3 m up, is the bend."""
    tx, point = (3.0, -300.0, 30.0), (3.0, 6.0, 1.5)
    over = upright(0, 4, 6, 4, 3, 103)
    for freq_mhz in FREQ_MHZ:
        bend_db, length_m = by_hand_db(tx, point, over, freq_mhz)
        expected_db = bend_db + 20 * np.log10(length_m / np.linalg.norm(np.subtract(point, tx)))
        path = detour_path(told_model(metal_hut), tx, point, freq_mhz)
        assert [bend.kind for bend in path.bends if bend.v > 0] == ["roof-edge"]
        assert path.loss_db == pytest.approx(expected_db, abs=0.1)


# Explained


@given(a=outside, b=inside)
@settings(max_examples=30, deadline=None)
def test_the_path_told_to_a_person_has_the_loss_computed(parted_hut, a, b):
    model = told_model(parted_hut)
    for band, freq_mhz in enumerate(FREQ_MHZ):
        path, loss_db = detour_path(model, a, b, freq_mhz), detour_loss_db(model, [a], [b])[0, 0, band]
        if path is None:
            assert np.isinf(loss_db)
            continue
        assert path.loss_db == pytest.approx(float(loss_db), abs=0.01)
        assert len(path.legs) == len(path.bends) + 1
        parts = sum(leg.elements_db - leg.guided_db for leg in path.legs) + sum(bend.loss_db for bend in path.bends)
        assert path.loss_db == pytest.approx(parts + path.longer_db, abs=1e-9)
        free_db = float(free_space_loss_db(path.length_m, freq_mhz))
        assert -path.gain_db == pytest.approx(parts + free_db, abs=1e-6)


@lru_cache(maxsize=1)
def told_model(site):
    return ready(site)


def test_a_frequency_the_model_was_not_made_for_is_refused(metal_hut):
    with pytest.raises(OutOfRangeError, match="900 MHz"):
        detour_path(ready(metal_hut), (0, -5, 1), (1, 1, 1), 900.0)


def test_a_place_that_is_not_finite_is_refused(metal_hut):
    with pytest.raises(OutOfRangeError, match="finite"):
        detour_loss_db(ready(metal_hut), [(0, np.nan, 1)], [(1, 1, 1)])


# Symmetries and order


@given(a=inside, b=inside)
@settings(max_examples=60, deadline=None)
def test_between_two_rooms_it_is_reciprocal(parted_hut, a, b):
    model = told_model(parted_hut)
    there, back = both_db(parted_hut, model, a, [b])[0], both_db(parted_hut, model, b, [a])[0]
    np.testing.assert_allclose(there, back, atol=0.05)


@given(a=outside, b=inside)
@settings(max_examples=60, deadline=None)
def test_from_outside_in_and_from_inside_out_it_is_the_same(metal_hut, a, b):
    model = told_model(metal_hut)
    there, back = both_db(metal_hut, model, a, [b])[0], both_db(metal_hut, model, b, [a])[0]
    np.testing.assert_allclose(there, back, atol=0.05)


@given(tx=outside, points=st.lists(inside, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_a_detour_never_lowers_the_gain(hut, tx, points):
    site = hut()
    together, direct = both_db(site, told_model(site), tx, points, band=1)
    assert (together <= direct).all()


def test_two_equal_powers_are_three_db_more_than_one():
    equal = np.full(3, 20.0, np.float32)
    np.testing.assert_allclose(with_detour(equal, equal), 20 - 3.0103, atol=1e-3)


def test_behind_many_walls_only_the_detour_is_left():
    together = with_detour(np.float32([600.0, 20.0, 50.0]), np.float32([20.0, 600.0, np.inf]))
    np.testing.assert_allclose(together, [20.0, 20.0, 50.0])


# Deep rooms of the examples, the nearest openings by hand


def check_room(name, tx, point, freq_mhz, expected_db, bends):
    path = detour_path(example(name), tx, point, freq_mhz)
    assert [bend.id for bend in path.bends if bend.v > 0] == bends
    assert path.loss_db == pytest.approx(expected_db, abs=0.5)
    assert detour_loss_db(example(name), [tx], [point])[0, 0, list(FREQ_MHZ).index(freq_mhz)] == pytest.approx(
        path.loss_db, abs=0.01
    )


@pytest.mark.parametrize("freq_mhz", FREQ_MHZ)
def test_houseblock_landing_by_its_end_window(freq_mhz):
    """From a mast in the east: past the jamb of the end window, 12 m along the landing of the third floor."""
    site, tx, point = load_site("houseblock"), (700.0, 200.0, 25.0), (17.3, 0.5, 7.5)
    window = upright(29.3, -0.6, 29.3, 0.6, 7.0, 8.2)
    bend_db, length_m = by_hand_db(tx, point, window, freq_mhz)
    guided_db = 3.7 * np.log10(12.0 / 2)
    pane_db = 25.4 + 0.11 * freq_mhz / 1e3
    longer_db = 20 * np.log10(length_m / np.linalg.norm(np.subtract(tx, point)))
    assert site.openings  # the sizes above are those of A3-end-window
    check_room("houseblock", tx, point, freq_mhz, pane_db + bend_db + longer_db - guided_db, ["A3-end-window"])


@pytest.mark.parametrize("freq_mhz", FREQ_MHZ)
def test_houseblock_store_by_the_gate_of_the_landing_and_its_own_door(freq_mhz):
    """From a device on the landing: round the jamb of the barred gate, straight through the store's door."""
    site, tx, point = load_site("houseblock"), (17.3, 0.5, 8.5), (-3.4, -3.4, 7.5)
    bend_db, length_m = by_hand_db(tx, point, upright(5.3, -0.75, 5.3, 0.75, 6.0, 8.1), freq_mhz)
    to_store = np.subtract(point, (5.3, 0.0, 7.05))
    cos = abs(to_store[0]) / np.linalg.norm(to_store)
    doors_db = lost_db(site, "barred_gate", freq_mhz, cos) + lost_db(site, "timber_door", freq_mhz, cos)
    guided_db = 3.7 * np.log10(12.1 / 2)
    longer_db = 20 * np.log10(length_m / np.linalg.norm(np.subtract(tx, point)))
    check_room("houseblock", tx, point, freq_mhz, bend_db + doors_db + longer_db - guided_db, ["core3-gate-e"])


def test_houseblock_servery_round_two_corners():
    """From the same device: round the gate and again round the servery's door."""
    site, tx, point, freq_mhz = load_site("houseblock"), (17.3, 0.5, 8.5), (3.4, -3.4, 7.5), 3500.0
    bends_db = two_bends_db(
        tx, point, upright(5.3, -0.75, 5.3, 0.75, 6.0, 8.1), upright(1.9, -1.5, 2.8, -1.5, 6.0, 8.1), freq_mhz
    )
    to_point = np.subtract(point, (2.35, -1.5, 7.05))
    door_db = lost_db(site, "timber_door", freq_mhz, abs(to_point[1]) / np.linalg.norm(to_point))
    expected_db = bends_db + door_db - 3.7 * np.log10(12.1 / 2)
    check_room("houseblock", tx, point, freq_mhz, expected_db, ["core3-gate-e", "core3-servery-door"])


@pytest.mark.parametrize("freq_mhz", FREQ_MHZ)
@pytest.mark.parametrize(
    "point",
    [(-3.1, 50.0, 10.65), (0.03, 44.3475, 1.5), (-3.07, 44.3475, 4.55)],
    ids=["A4 landing", "A1", "A2 landing"],
)
def test_radial_atrium_by_its_rooflight(point, freq_mhz):
    """From a mast: over the edge of the rooflight down into the atrium, the floors' voids passed straight."""
    site, tx = load_site("radial"), (400.0, 500.0, 25.0)
    arm = [(-2.5, -74.665, 12.2), (2.5, -74.665, 12.2), (2.5, 74.665, 12.2), (-2.5, 74.665, 12.2)]
    bend_db, length_m = by_hand_db(tx, point, arm, freq_mhz)
    # the glass at the angle of the leg from the middle of the nearest of the 25 equal pieces of the arm
    middle = (0.0, min(149.33 / 25 * np.arange(-12, 13), key=lambda y: abs(y - point[1])), 12.2)
    cos = (12.2 - point[2]) / np.linalg.norm(np.subtract(point, middle))
    longer_db = 20 * np.log10(length_m / np.linalg.norm(np.subtract(tx, point)))
    expected_db = bend_db + lost_db(site, "rooflight_glass", freq_mhz, cos) + longer_db
    check_room("radial", tx, point, freq_mhz, expected_db, ["4-roof"])


@pytest.mark.parametrize("freq_mhz", FREQ_MHZ)
def test_radial_landing_across_the_void_by_the_door_of_a_prison_room(freq_mhz):
    """From a device in A2-20: through its shut steel door, round its jamb, across the atrium one floor up.

    The leg is on the landing of 1.2 m from x = -3.7 to -2.5.
    """
    tx, point = (-5.945, 62.4365, 4.5), (3.1, 45.0, 7.6)
    door = upright(-3.7, 61.543, -3.7, 62.343, 3.05, 5.05)
    bend_db, length_m = by_hand_db(tx, point, door, freq_mhz)
    longer_db = 20 * np.log10(length_m / np.linalg.norm(np.subtract(tx, point)))
    leg_m = np.linalg.norm(np.subtract(point, (-3.7, 61.943, 4.05)))
    guided_db = 3.7 * np.log10(leg_m * 1.2 / (3.7 + 3.1) / 2)
    check_room("radial", tx, point, freq_mhz, 17.5 + bend_db + longer_db - guided_db, ["A2-20-door"])


# The same however it is computed


def test_threads_and_chunks_give_the_same_bytes():
    model = example("houseblock")
    grid = map_grid(model.graph.scene.site, grid_m=1.0)
    tx = np.array([[17.3, 0.5, 2.7], [700.0, 200.0, 25.0], [-12.0, 3.5, 4.5]])
    before = numba.get_num_threads()
    found = []
    for threads in (1, 2):
        numba.set_num_threads(threads)
        try:
            found.append(detour_loss_db(model, tx, point_legs(model, grid)))
        finally:
            numba.set_num_threads(before)
    one_by_one = np.concatenate([detour_loss_db(model, tx[i : i + 1], grid) for i in range(3)])
    part = detour_loss_db(model, tx, grid.xyz_m[1000:1500])
    assert found[0].tobytes() == found[1].tobytes() == one_by_one.tobytes()
    np.testing.assert_allclose(part, found[0][:, 1000:1500], atol=2e-3)  # scattered points take the other kernel


def test_other_frequencies_beside_it_change_nothing(parted_hut):
    tx, points = [(-6.0, -9.0, 1.5)], [(5.5, 0.6, 1.5), (1.0, 3.0, 1.0)]
    alone = detour_loss_db(ready(parted_hut, [2600.0]), tx, points)[..., 0]
    among = detour_loss_db(ready(parted_hut, [*np.linspace(700, 3800, 40), 2600.0]), tx, points)[..., -1]
    np.testing.assert_array_equal(alone, among)


def seams(model, tx, points, band):
    """Steps of over 1 dB between neighbours that no shadow boundary explains."""
    scene = model.graph.scene
    direct = element_loss_db(scene.prepared, scene.loss_table(FREQ_MHZ), [tx], points)
    level = with_detour(direct, detour_loss_db(model, [tx], points))[0, :, band]
    found = []
    for index in np.flatnonzero(np.abs(np.diff(level)) > 1):
        p, q = points[index], points[index + 1]
        louder = q if level[index + 1] < level[index] else p
        if hits(scene, tx, p) != hits(scene, tx, q):
            continue  # a boundary of the direct ray
        chosen = best_ways(model, np.array(tx, float), point_legs(model, louder[None]), choose=True)[1]
        last = model.graph.portals.source_m[chosen[0, band + len(REFERENCE_MHZ), 0]]
        if hits(scene, last, p) != hits(scene, last, q):
            continue  # a boundary seen from the last opening
        found.append((p, q, float(level[index] - level[index + 1])))
    return found


def hits(scene, a, b):
    return sorted(facet for facet, _, _ in crossings(scene.prepared, a, b))


@pytest.mark.parametrize(
    ("name", "tx", "start", "end"),
    [
        ("houseblock", (700.0, 200.0, 25.0), (28.0, 0.3, 7.5), (-28.0, 0.3, 7.5)),
        ("houseblock", (17.3, 0.5, 2.7), (-28.0, 0.4, 1.5), (28.0, 0.4, 1.5)),
        ("radial", (400.0, 500.0, 25.0), (3.0, 12.1, 4.55), (3.0, 70.0, 4.55)),
        ("radial", (-5.945, 62.4365, 4.5), (-3.0, 10.0, 7.6), (-3.0, 70.0, 7.6)),
    ],
)
def test_no_seam_without_a_shadow_boundary(name, tx, start, end):
    t = np.linspace(0, 1, 4001)[:, None]  # steps of 15 mm: what is steep but smooth stays below 1 dB
    points = np.array(start) + t * np.subtract(end, start)
    assert seams(example(name), tx, points, band=1) == []
