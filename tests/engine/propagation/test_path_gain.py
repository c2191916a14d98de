"""The door: path gain on a whole site, by hand and by symmetry."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import LineString, box

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.detour import detour_loss_db, detour_model
from quietwing.coverage.propagation.floors import capped_floor_loss_db
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M, free_space_loss_db
from quietwing.coverage.propagation.multiwall import crossings, element_loss_db
from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites import load_site
from quietwing.sites.geometry import facets
from quietwing.sites.model import Building, Opening, Perimeter, Room, Slab, Wall
from quietwing.sites.trial_point_sets import map_grid, trial_points

inside = st.tuples(st.floats(0.2, 5.8), st.floats(0.2, 3.8), st.floats(0.2, 2.8))
around = st.tuples(st.floats(-25, 31), st.floats(-25, 29), st.floats(0.2, 5.0))


def far_from_edges(site, a, b, margin_m=1e-6) -> bool:
    """Whether a straight ray passes no edge of a piece closer than a margin: there rounding decides nothing."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    ray = b - a
    if np.linalg.norm(ray) < 1e-3:
        return False
    edges = facets(site).edge_m.reshape(-1, 2, 3)
    along = edges[:, 1] - edges[:, 0]
    normal = np.cross(along, ray)
    length = np.linalg.norm(normal, axis=1)
    apart = np.abs(np.einsum("ij,ij->i", edges[:, 0] - a, normal))
    parallel = length < 1e-9
    return bool((parallel | (apart > margin_m * np.maximum(length, 1e-12))).all())


def off_planes(site, *points, margin_m=1e-6) -> bool:
    """Whether no point lies in the plane of a piece, where turning the site decides its side by rounding."""
    corner_m = facets(site).corner_m
    normal = np.cross(corner_m[:, 1] - corner_m[:, 0], corner_m[:, 3] - corner_m[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    apart = np.einsum("pfi,fi->pf", np.asarray(points, float)[:, None] - corner_m[None, :, 0], normal)
    return bool((np.abs(apart) > margin_m).all())


def loss_db(site, name, cos, freq_mhz):
    """Loss of one construction at one angle, straight from the formula."""
    return float(surface_loss_db([site.constructions[name]], np.array([cos]), np.array([freq_mhz]))[0, 0])


def test_in_the_open_it_is_free_space(hut):
    gain = path_gain(
        hut(walls=(), openings=(), slabs=()), [[0, -10, 1.5]], [[0, -20, 1.5], [0, -28, 1.5]], [800, 3500]
    )
    expected = free_space_loss_db(np.array([[10.0], [18.0]]), np.array([800.0, 3500.0]))
    np.testing.assert_allclose(-gain.values[0], expected, atol=1e-3)
    assert gain.dims == ("tx", "point", "freq")
    assert gain.attrs["units"] == "dB"


def test_nearer_than_a_tenth_of_a_metre_counts_as_that(hut):
    """Not a metre: half a metre away the level is 6 dB above that at one."""
    scene, freq_mhz = prepare_scene(hut()), np.array([800.0])
    away_m = np.array([0.01, 0.1, 0.5, 1.0])
    rx_m = np.array([2.5, 2.0, 1.5]) + away_m[:, None] * np.array([1.0, 0.0, 0.0])
    gain_db = path_gain(scene, np.array([[2.5, 2.0, 1.5]]), rx_m, freq_mhz).values[0, :, 0]
    assert gain_db[0] == gain_db[1] == pytest.approx(-float(free_space_loss_db(NEAREST_FREE_SPACE_M, 800)), abs=0.01)
    assert gain_db[2] - gain_db[3] == pytest.approx(20 * np.log10(2), abs=0.01)


def test_through_one_wall_at_normal_incidence_by_hand(hut):
    site = hut()
    gain = path_gain(site, [[3, 2, 1.5]], [[9, 2, 1.5]], [2100])
    by_hand = free_space_loss_db(6.0, 2100) + loss_db(site, "brick_215", 1.0, 2100)
    assert -float(gain[0, 0, 0]) == pytest.approx(by_hand, abs=0.02)


def test_through_one_wall_at_an_angle_by_hand(hut):
    site = hut()
    gain = path_gain(site, [[4, 1, 1.5]], [[8, 3.2, 1.5]], [2100])
    length_m = np.hypot(4, 2.2)
    by_hand = free_space_loss_db(length_m, 2100) + loss_db(site, "brick_215", 4 / length_m, 2100)
    assert -float(gain[0, 0, 0]) == pytest.approx(by_hand, abs=0.02)


def test_through_roof_and_an_open_barred_window_by_hand(hut):
    site = hut()
    up = path_gain(site, [[3, 2, 1.5]], [[3, 2, 6.0]], [800])
    assert -float(up[0, 0, 0]) == pytest.approx(
        free_space_loss_db(4.5, 800) + loss_db(site, "concrete_200", 1.0, 800), abs=0.02
    )
    out = path_gain(site, [[2.5, 2, 1.5]], [[2.5, -4, 1.5]], [800])
    assert -float(out[0, 0, 0]) == pytest.approx(
        free_space_loss_db(6.0, 800) + loss_db(site, "bars", 1.0, 800), abs=0.02
    )


def test_three_slabs_cost_the_saturating_floor_curve(hut):
    metal = tuple(Slab(f"s{k}", "A", box(0, 0, 6, 4), 1.0 + k, "foil_roof") for k in range(3))
    site = hut(slabs=metal, walls=(), openings=())
    gain = path_gain(site, [[3, 2, 0.5]], [[3, 2, 6.0]], [2600])
    each_db = loss_db(site, "foil_roof", 1.0, 2600)
    capped_db = max(18.3 * 3 ** (5 / 4 - 0.46), each_db)
    assert 3 * each_db > capped_db  # the cap binds, or this test shows nothing
    assert -float(gain[0, 0, 0]) == pytest.approx(free_space_loss_db(5.5, 2600) + capped_db, abs=0.02)


def test_beyond_the_mapped_geometry_the_second_slope_begins(hut):
    site = hut(walls=(), openings=(), slabs=(), perimeter=Perimeter("fence", box(-30, -30, 36, 34)))
    gain = path_gain(site, [[3, 0, 3.0]], [[3, -1000, 1.5], [3, -2000, 1.5], [3, -20, 1.5]], [800])
    # d0 is the larger of 4 h1 h2 / lambda = 48 m and 30 m, where the ray leaves the perimeter.
    d0 = max(4 * 3.0 * 1.5 / (299792458 / 800e6), 30.0)
    for index, distance in ((0, np.hypot(1000, 1.5)), (1, np.hypot(2000, 1.5))):
        by_hand = free_space_loss_db(distance, 800) + 20 * np.log10(distance / d0)
        assert -float(gain[0, index, 0]) == pytest.approx(by_hand, abs=0.01)
    assert float(gain[0, 0, 0] - gain[0, 1, 0]) == pytest.approx(12.04, abs=0.01)  # 40 dB/decade
    assert -float(gain[0, 2, 0]) == pytest.approx(free_space_loss_db(np.hypot(20, 1.5), 800), abs=0.01)


@given(a=inside, b=around)
@settings(max_examples=150, deadline=None)
def test_path_gain_is_reciprocal(hut, a, b):
    site = hut()
    assume(far_from_edges(site, a, b))
    there, back = path_gain(site, [a], [b], [800, 2600]), path_gain(site, [b], [a], [800, 2600])
    np.testing.assert_allclose(there.values.ravel(), back.values.ravel(), atol=2e-4)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 2, 1.5), (2, -2, 1.5)),  # through the upright edge of the window
        ((2.5, 2, 2), (2.5, -2, 2)),  # along its lintel
        ((3, 2, 1.5), (3, 0, 1.5)),  # onto the wall's plane at the window's other edge
        ((1, 0, 1), (5, 0, 2)),  # along the wall
        ((5, 1, 1), (7, -1, 1)),  # through the corner of two walls
        ((3, 2, 0), (3, 2, 3)),  # from the floor's plane to the roof's
    ],
)
def test_path_gain_is_reciprocal_on_edges_and_planes_too(hut, a, b):
    site = hut()
    assert path_gain(site, [a], [b], [800]).item() == path_gain(site, [b], [a], [800]).item()


@given(a=inside, b=around, dx=st.floats(-500, 500), dy=st.floats(-500, 500), angle_deg=st.floats(0, 360))
@settings(max_examples=60, deadline=None)
def test_moving_and_turning_the_whole_site_changes_nothing(hut, a, b, dx, dy, angle_deg):
    site = hut()
    assume(far_from_edges(site, a, b, 1e-5) and off_planes(site, a, b))

    def move(shape):
        return affinity.translate(affinity.rotate(shape, angle_deg, origin=(0, 0)), dx, dy)

    def move_point(p):
        c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
        return (c * p[0] - s * p[1] + dx, s * p[0] + c * p[1] + dy, p[2])

    moved = hut(
        buildings=(Building("A", move(site.buildings[0].outline), site.buildings[0].storeys),),
        walls=tuple(Wall(w.id, w.building, w.storey, move(w.line), w.construction) for w in site.walls),
        openings=tuple(
            Opening(o.id, o.wall, o.kind, move(o.line), o.sill_m, o.head_m, o.construction, o.state, o.grille)
            for o in site.openings
        ),
        slabs=tuple(Slab(s.id, s.building, move(s.outline), s.level_m, s.construction, s.kind) for s in site.slabs),
        rooms=tuple(Room(r.id, r.building, r.storey, move(r.outline), r.role) for r in site.rooms),
        perimeter=Perimeter("fence", move(site.perimeter.outline)),
    )
    here = path_gain(site, [a], [b], [800, 2600])
    there = path_gain(moved, [move_point(a)], [move_point(b)], [800, 2600])
    np.testing.assert_allclose(here.values, there.values, atol=2e-3)


@given(a=inside, b=around, x=st.floats(0.5, 5.5))
@settings(max_examples=100, deadline=None)
def test_an_added_wall_never_raises_multiwall_gain(hut, a, b, x):
    site = hut()
    extra = Wall("extra", "A", 0, LineString([(x, 0), (x, 4)]), "stud_partition")
    with_it = path_gain(hut(walls=(*site.walls, extra)), [a], [b], [800, 2600])
    assert (with_it.values <= path_gain(site, [a], [b], [800, 2600]).values + 1e-5).all()


@given(a=inside, b=around, share=st.floats(0.1, 0.9), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_order_and_splitting_of_walls_change_nothing(hut, a, b, share, seed):
    site = hut()
    joint = (6.0, 4.0 * share)
    east = (
        Wall("east-1", "A", 0, LineString([(6, 0), joint]), "brick_215"),
        Wall("east-2", "A", 0, LineString([joint, (6, 4)]), "brick_215"),
    )
    walls = [w for w in site.walls if w.id != "east"] + list(east)
    np.random.default_rng(seed).shuffle(walls)
    split = hut(walls=tuple(walls))
    np.testing.assert_allclose(
        path_gain(split, [a], [b], [800]).values, path_gain(site, [a], [b], [800]).values, atol=2e-4
    )


def test_a_map_grid_and_scattered_points_agree(hut):
    site = hut()
    grid = map_grid(site, 0.25)
    tx = [[2.2, 1.3, 1.4], [20.0, -15.0, 4.0], [3.0, 2.0, 2.9]]
    on_patch = path_gain(site, tx, grid, [763, 1842, 3500])
    scattered = path_gain(site, tx, grid.xyz_m, [763, 1842, 3500])
    np.testing.assert_allclose(on_patch.values, scattered.values, atol=1e-3)


def test_what_is_not_a_place_is_refused(hut):
    with pytest.raises(OutOfRangeError, match="not finite"):
        path_gain(hut(), [[np.nan, 0, 0]], [[1, 1, 1]], [800])
    with pytest.raises(OutOfRangeError, match="MHz"):
        path_gain(hut(), [[0, 0, 0]], [[1, 1, 1]], [8e8])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["houseblock", "radial"])
def test_the_angle_table_is_within_a_tenth_db_of_exact_slabs_from_end_to_end(name):
    """Every wall's loss straight from P.2040 at its own angle, summed with the floor cap, against the kernels."""
    site = load_site(name)
    scene = prepare_scene(site)
    points = trial_points(site)
    freq_mhz = np.array([763.0, 947.0, 1842.0, 2655.0, 3560.0])
    rng = np.random.default_rng(5)
    tx_m = points.xyz_m[rng.integers(len(points), size=8)] + [0.11, 0.07, 0.05]
    rx = points.xyz_m[rng.integers(len(points), size=100)]
    loss_db = element_loss_db(scene.prepared, scene.loss_table(freq_mhz), tx_m, rx)
    pieces, worst_db, crossed = scene.facets, 0.0, 0
    for t, p in np.ndindex(len(tx_m), len(rx)):
        walls, slabs = np.zeros(5), []
        for facet, cos, _ in crossings(scene.prepared, tx_m[t], rx[p]):
            passed = [site.constructions[c] for c in pieces.surfaces[pieces.surface[facet]]]
            exact_db = surface_loss_db(passed, np.array([cos]), freq_mhz)[0]
            crossed += 1
            if pieces.is_slab[facet]:
                slabs.append(exact_db)
            else:
                walls = walls + exact_db
        if slabs:
            walls = walls + capped_floor_loss_db(np.sum(slabs, axis=0), np.max(slabs, axis=0), len(slabs))
        worst_db = max(worst_db, float(np.abs(loss_db[t, p] - walls).max()))
    assert crossed > 5000
    assert worst_db <= 0.1


def test_the_door_adds_detours_made_at_its_frequencies(hut):
    scene = prepare_scene(hut())
    places, points = [[3.0, 2.0, 1.5]], [[2.5, 20.0, 1.5], [8.0, -3.0, 1.5]]
    model = detour_model(scene, [798.5, 1850.0])
    straight = path_gain(scene, places, points, [798.5, 1850.0]).values
    both = path_gain(scene, places, points, [798.5, 1850.0], detours=model).values
    lost_db = element_loss_db(scene.prepared, model.graph.scene.loss_table([798.5, 1850.0]), np.array(places), points)
    detour_db = detour_loss_db(model, places, points)
    by_detour = straight + lost_db - detour_db  # free space less what the detour loses
    np.testing.assert_allclose(10 ** (both / 10), 10 ** (straight / 10) + 10 ** (by_detour / 10), rtol=1e-4)
    with pytest.raises(OutOfRangeError, match=r"detours were made at 798\.5, 1850 MHz"):
        path_gain(scene, places, points, [900.0], detours=model)
