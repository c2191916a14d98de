"""Checks of path gain: limits, symmetries, rounding, and the same answer by another road.

Most have longer tests beside the code they are about; here a reader finds each number once. Two engines compute the
multi-wall sum: the kernels, geometry in float64 and sums in float32, whose values hold to 1e-3 dB, and the slow
reference of the tests, float64 throughout. What must hold to 1e-9 dB is asked of the reference.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.constants import epsilon_0, speed_of_light
from shapely import affinity
from shapely.geometry import Polygon

from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.diffraction import fresnel_v, knife_edge_loss_db
from quietwing.coverage.propagation.floors import capped_floor_loss_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.materials import load_materials, relative_permittivity
from quietwing.coverage.propagation.multiwall import (
    COS_MIN,
    COS_NODES,
    LossTable,
    cos_nodes,
    crossing_counts,
    crossings,
    element_loss_db,
    prepare,
)
from quietwing.coverage.propagation.outdoor import two_ray_extra_db
from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.slab import layers_loss_db, slab_coefficients, stack_coefficients
from quietwing.sites.constructions import Layer, load_constructions
from quietwing.sites.trial_point_sets import map_grid

BANDS_MHZ = np.array([763.0, 947.0, 1842.0, 2140.0, 2655.0, 3560.0])
DISTANCES_M = np.array([0.5, 1.0, 7.3, 35.0, 350.0, 5000.0])
EXACT_DB = 1e-9  # float64
KERNEL_DB = 1e-3  # float32
LEVEL_DB = -54.0  # of path gain; near half the hut lies above it
CLEAR_M = 1e-3  # rays that pass an edge closer than this may change sides when the scene is turned


def random_table(rng, surfaces, lanes=3):
    """Losses that rise towards grazing."""
    normal = rng.uniform(1, 20, (surfaces, 1, lanes))
    return LossTable((normal / cos_nodes()[None, :, None] ** 0.7 + 1).astype(np.float32))


def random_scene(reference, seed, quads=40, points=25):
    """Walls and slabs in a ten metre cube, a transmitter and points around them."""
    rng = np.random.default_rng(seed)
    facets = reference.facets_of(
        reference.random_quads(rng, quads), rng.integers(0, 4, quads), rng.random(quads) < 0.4, surfaces=4
    )
    return facets, random_table(rng, 4), rng.uniform(-2, 12, (1, 3)), rng.uniform(-2, 12, (points, 3))


def float64_db(reference, facets, table, tx, points, freq_mhz=BANDS_MHZ[:3]):
    return reference.element_loss_db(facets, cos_nodes(), table.loss_db, tx, points, freq_mhz)


def upright(x0, y0, x1, y1, z0=-9.0, z1=9.0):
    return [(x0, y0, z0), (x1, y1, z0), (x1, y1, z1), (x0, y0, z1)]


# ---- analytic


def test_n01_free_space_is_the_closed_form_at_six_bands_and_distances(reference):
    for freq_mhz, distance_m in itertools.product(BANDS_MHZ, DISTANCES_M):
        by_hand = 20 * (math.log10(4 * math.pi / speed_of_light) + math.log10(distance_m) + math.log10(freq_mhz) + 6)
        assert free_space_loss_db(distance_m, freq_mhz) == pytest.approx(by_hand, abs=EXACT_DB)
    none = LossTable(np.empty((0, COS_NODES, len(BANDS_MHZ)), np.float32))
    places = DISTANCES_M[:, None] * [0.6, 0.0, 0.8]
    open_air = prepare(reference.facets_of(np.empty((0, 4, 3)), surfaces=0))
    kernel = element_loss_db(open_air, none, [(0, 0, 0)], places, freq_mhz=BANDS_MHZ)[0]
    assert_allclose(kernel, free_space_loss_db(DISTANCES_M[:, None], BANDS_MHZ), rtol=0, atol=KERNEL_DB)


def test_n02_free_space_falls_20_db_a_decade_and_6_02_db_a_doubling():
    for freq_mhz, distance_m in itertools.product(BANDS_MHZ, DISTANCES_M):
        start_db = free_space_loss_db(distance_m, freq_mhz)
        assert free_space_loss_db(10 * distance_m, freq_mhz) - start_db == pytest.approx(20, abs=EXACT_DB)
        assert free_space_loss_db(2 * distance_m, freq_mhz) - start_db == pytest.approx(6.020599913, abs=EXACT_DB)


@pytest.mark.parametrize("walls", [1, 2, 7])
def test_n03_walls_in_a_row_cost_free_space_and_the_loss_of_each(reference, walls):
    quads, surface = [upright(-50, 1 + k, 50, 1 + k) for k in range(walls)], [k % 3 for k in range(walls)]
    facets = reference.facets_of(quads, surface, surfaces=3)
    table = random_table(np.random.default_rng(3), 3)
    tx, point = np.zeros((1, 3)), np.array([[3.0, 9.0, 0.0]])
    node = (9 / math.hypot(3, 9) - COS_MIN) / (cos_nodes()[1] - cos_nodes()[0])
    k, rows = int(node), table.loss_db.astype(float)
    each_db = rows[:, k] + (node - k) * (rows[:, k + 1] - rows[:, k])
    by_hand = free_space_loss_db(math.hypot(3, 9), BANDS_MHZ[:3]) + sum(each_db[w % 3] for w in range(walls))
    assert_allclose(float64_db(reference, facets, table, tx, point)[0, 0], by_hand, rtol=0, atol=EXACT_DB)
    kernel = element_loss_db(prepare(facets), table, tx, point, freq_mhz=BANDS_MHZ[:3])[0, 0]
    assert_allclose(kernel, by_hand, rtol=0, atol=KERNEL_DB)


def test_n04_beyond_the_break_point_two_rays_cost_40_db_a_decade():
    h1_m, h2_m, freq_mhz = 3.0, 1.5, 800.0
    break_m = 4 * h1_m * h2_m * freq_mhz * 1e6 / speed_of_light
    assert break_m == pytest.approx(48.03, abs=0.01)
    distance_m = break_m * np.array([0.5, 1.0, 1.001, 2.0, 20.0])
    extra_db = two_ray_extra_db(distance_m, 10.0, h1_m, h2_m, freq_mhz)
    assert_allclose(extra_db, [0, 0, 20 * np.log10(1.001), 6.020599913, 26.020599913], rtol=0, atol=EXACT_DB)
    # past the break point it is the far field of two rays, 20 lg(d^2 / (h1 h2)), whatever the frequency
    loss_db = free_space_loss_db(distance_m[3:], freq_mhz) + extra_db[3:]
    assert_allclose(loss_db, 20 * np.log10(np.pi * distance_m[3:] ** 2 / (h1_m * h2_m)), rtol=0, atol=EXACT_DB)
    assert_allclose(two_ray_extra_db(200.0, 100.0, h1_m, h2_m, freq_mhz), 6.020599913, rtol=0, atol=EXACT_DB)


@pytest.mark.parametrize(("v", "loss_db"), [(-0.78, 0), (0, 6.03), (1, 13.93), (2, 19.04), (2.4, 20.54)])
def test_n05_a_knife_edge_costs_what_p526_says_and_6_db_at_grazing(v, loss_db):
    assert knife_edge_loss_db(v) == pytest.approx(loss_db, abs=0.02)
    assert fresnel_v(0.0, 30, 70, 1842) == 0


# ---- symmetry


@pytest.mark.parametrize("seed", range(5))
def test_n10_the_loss_is_the_same_both_ways(reference, seed):
    facets, table, tx, points = random_scene(reference, seed)
    there = float64_db(reference, facets, table, tx, points)
    back = float64_db(reference, facets, table, points, tx)
    assert np.ptp(there) > 30
    assert_allclose(there, back.swapaxes(0, 1), rtol=0, atol=EXACT_DB)
    prepared, freq = prepare(facets), BANDS_MHZ[:3]
    kernel = element_loss_db(prepared, table, tx, points, freq_mhz=freq)
    kernel_back = element_loss_db(prepared, table, points, tx, freq_mhz=freq).swapaxes(0, 1)
    assert_allclose(kernel, kernel_back, rtol=0, atol=KERNEL_DB)


@pytest.mark.parametrize("angle_deg", [0, 90, 37], ids=["shifted", "turned by 90", "turned by 37"])
@pytest.mark.parametrize("mirrored", [False, True], ids=["", "mirrored"])
def test_n11_a_site_moved_turned_or_mirrored_is_the_same_site(reference, angle_deg, mirrored):
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]]) @ np.diag([-1.0 if mirrored else 1.0, 1, 1])
    shift = np.array([310.7, -120.3, 12.5])
    compared = 0
    for seed in range(5):
        facets, table, tx, points = random_scene(reference, seed)
        moved = replace(facets, corner_m=facets.corner_m @ turn + shift, edge_m=facets.edge_m @ turn + shift)
        clear = reference.clearance_m(facets, tx[0], points) > CLEAR_M
        before = float64_db(reference, facets, table, tx, points)[0, clear]
        after = float64_db(reference, moved, table, tx @ turn + shift, points @ turn + shift)[0, clear]
        assert_allclose(before, after, rtol=0, atol=EXACT_DB)
        kernel = element_loss_db(
            prepare(moved), table, tx @ turn + shift, points @ turn + shift, freq_mhz=BANDS_MHZ[:3]
        )
        assert_allclose(kernel[0, clear], before, rtol=0, atol=KERNEL_DB)
        compared += clear.sum()
    assert compared > 80


def test_n12_twice_as_far_at_half_the_frequency_is_the_same_free_space():
    for freq_mhz, distance_m in itertools.product(BANDS_MHZ, DISTANCES_M):
        halved_db = free_space_loss_db(2 * distance_m, freq_mhz / 2)
        assert halved_db == pytest.approx(float(free_space_loss_db(distance_m, freq_mhz)), abs=EXACT_DB)


def test_n13_the_order_of_walls_corners_and_surfaces_changes_no_byte(reference):
    """Upright and level quads on whole metres: many stand in one place of an order made of boxes alone."""
    rng = np.random.default_rng(13)
    count = 160
    corner_m, surface = reference.random_quads(rng, count, whole_metres=True), rng.integers(0, 4, count)
    corner_m[-60:] = np.repeat(corner_m[:20], 3, axis=0)  # walls drawn over walls, of other surfaces
    slab, table = rng.random(count) < 0.3, random_table(rng, 4)
    points = reference.patch_points(((0.03, 0.07, 1.4), (0.37, 0, 0), (0, 0.41, 0), 25, 21))
    tx = rng.uniform(-2, 12, (10, 3))

    def both_forms(facets, losses):
        prepared = prepare(facets)
        return [element_loss_db(prepared, losses, tx, form).tobytes() for form in (points, points.xyz_m)]

    drawn = reference.facets_of(corner_m, surface, slab, surfaces=4)
    expected = both_forms(drawn, table)
    for _ in range(5):
        order, numbering = rng.permutation(count), rng.permutation(4)
        start, back = rng.integers(0, 4), rng.random() < 0.5
        turned = np.roll(corner_m[order], start, axis=1)[:, :: -1 if back else 1]
        redrawn = reference.facets_of(turned, np.argsort(numbering)[surface[order]], slab[order], surfaces=4)
        names = tuple(drawn.surfaces[k] for k in numbering)
        assert both_forms(replace(redrawn, surfaces=names), LossTable(table.loss_db[numbering])) == expected


def test_n13_names_and_order_in_a_site_change_no_byte(hut):
    void = [(1, 1), (3.1, 1.3), (2, 2.7)]
    straight = hut(slabs=tuple(replace(s, outline=Polygon(s.outline.exterior, [void])) for s in hut().slabs))

    def skew(shape, back=False):
        turned = affinity.rotate(shape, 23, origin=(1, 7))
        return turned.reverse() if back else turned

    def drawn(back):
        """The hut at an angle; `back`: every line and ring the other way, every list reversed, other names."""
        step, mark = (-1, "z") if back else (1, "")
        return hut(
            walls=tuple(replace(w, id=mark + w.id, line=skew(w.line, back)) for w in straight.walls)[::step],
            openings=tuple(
                replace(o, id=mark + o.id, wall=mark + o.wall, line=skew(o.line, back)) for o in straight.openings
            )[::step],
            slabs=tuple(replace(s, id=mark + s.id, outline=skew(s.outline, back)) for s in straight.slabs)[::step],
        )

    points = map_grid(straight, 0.25)
    tx, freq = np.random.default_rng(13).uniform(-9, 12, (20, 3)), [763, 3560]
    there, again = (path_gain(drawn(back), tx, points, freq).values for back in (False, True))
    assert there.tobytes() == again.tobytes()


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [
        ((2, -3, 1), (2, 3, 1), 1),
        ((2, 2, 1), (6, -2, 1), 1),
        ((-1, 0, 1), (5, 0, 1), 1),
        ((2, -3, 1), (2, 0, 1), 1),
        ((2, 3, 1), (2, 0, 1), 0),
    ],
    ids=["through the joint", "through the corner", "along the wall", "ends on it", "ends on it from its own side"],
)
def test_n14_a_wall_in_two_pieces_is_crossed_once(reference, crossed, start, end, times):
    """The wall y = 0 from x = 0 to 4, its joint at x = 2; another wall leaves its end at x = 4 for +y.

    The ray along the wall meets that other one at the corner and nothing else.
    """
    line = [(0, 0), (4, 0)]
    whole = [*upright(*line[0], *line[1], 0, 4)]
    side = upright(4, 0, 4, 4, 0, 4)
    halves = [upright(0, 0, 2, 0, 0, 4), upright(2, 0, 4, 0, 0, 4)]
    level = [((0, 0, z), (4, 0, z)) for z in (0, 4)]
    ends = {x: ((x, 0, 0), (x, 0, 4)) for x in (0, 2, 4)}
    lines = [[level[0], ends[x1], level[1], ends[x0]] for x0, x1 in ((0, 2), (2, 4))]
    ring = [[side[k], side[(k + 1) % 4]] for k in range(4)]
    split = reference.facets_of([*halves, side], line_m=np.array([*lines, ring], float))
    assert crossed(split, start, end) == times
    assert crossed(reference.facets_of([whole, side]), start, end) == times


# ---- convergence


def test_n40_the_share_of_a_storey_above_a_level_settles_as_the_grid_is_halved(hut):
    """Of path gain, the input of every blocked share: the same level on grids of 1 m to 0.1 m."""
    site = hut()

    def share(grid_m):
        gain = path_gain(site, [[2.4, -1.0, 1.5]], map_grid(site, grid_m, building=0), [2655.0])
        return float((gain.values > LEVEL_DB).mean())

    finest = share(0.1)
    assert 0.2 < finest < 0.8
    for grid_m in (1.0, 0.5, 0.25, 0.125):
        # of the squares along a border of some 10 m, one in eight on the wrong side at the most
        assert abs(share(grid_m) - finest) <= 10 * grid_m / 8 / (6 * 4)


def test_n41_a_finer_table_of_angles_changes_no_loss_that_counts():
    """No ray is launched here, so that no number of rays can be too small. What is sampled in angle is the loss.

    Interpolated between a quarter, half and all of the nodes, against P.2040 at the angle itself.
    """
    library, freq_mhz = load_constructions(), BANDS_MHZ[[0, 2, 5]]
    cos = np.linspace(COS_MIN, 1, 4 * COS_NODES + 3)
    for name in ("concrete_200", "brick_215", "glass_6"):
        exact_db = surface_loss_db([library[name]], cos, freq_mhz)
        errors_db = []
        for nodes in (COS_NODES // 4, COS_NODES // 2, COS_NODES):
            at = np.linspace(COS_MIN, 1, nodes)
            rows = surface_loss_db([library[name]], at, freq_mhz)
            table_db = np.stack([np.interp(cos, at, rows[:, band]) for band in range(len(freq_mhz))], axis=1)
            errors_db.append(np.abs(table_db - exact_db).max())
        assert errors_db[0] > 2.5 * errors_db[1] > 2.5 * 2.5 * errors_db[2]
        assert errors_db[2] < 0.02


# ---- more digits, other engines


def precise_slab(etas, thicknesses_m, cos, freq_mhz, polarisation):
    """T of layers by the recursion of P.2040 as it is printed, in mpmath."""
    wavenumber = 2 * mpmath.pi * mpmath.mpf(freq_mhz) * 1_000_000 / speed_of_light
    sin2 = 1 - mpmath.mpf(cos) ** 2
    eta = [mpmath.mpc(1), *(mpmath.mpc(e) for e in etas), mpmath.mpc(1)]
    thick = [mpmath.mpf(0), *(mpmath.mpf(t) for t in thicknesses_m), mpmath.mpf(0)]
    cosine = [mpmath.sqrt(1 - sin2 / e) for e in eta]
    a, b = mpmath.mpc(1), mpmath.mpc(0)
    for n in range(len(etas), -1, -1):
        ratio = eta[n + 1] / eta[n] if polarisation == "TE" else eta[n] / eta[n + 1]
        y = cosine[n + 1] / cosine[n] * mpmath.sqrt(ratio)
        turn = mpmath.exp(1j * wavenumber * mpmath.sqrt(eta[n]) * thick[n] * cosine[n])
        a, b = turn / 2 * (a * (1 + y) + b * (1 - y)), (a * (1 - y) + b * (1 + y)) / (2 * turn)
    return 1 / a


def precise_db(ratio):
    return 20 * mpmath.log10(abs(ratio))


@pytest.mark.slow
def test_n43_a_thousand_cases_agree_with_fifty_digits():
    rng = np.random.default_rng(43)
    solid = ["concrete", "brick", "plasterboard", "glass", "wood", "chipboard"]
    with mpmath.workdps(50):
        for case in range(1000):
            freq_mhz, cos = rng.uniform(300, 7125), rng.uniform(0.09, 1)
            polarisation = ("TE", "TM")[case % 2]
            names = rng.choice(solid, rng.integers(1, 4))
            thick_m = rng.uniform(0.003, 0.3, len(names))
            etas = [complex(relative_permittivity(name, freq_mhz)) for name in names]
            for name, eta in zip(names, etas, strict=True):
                row, f_ghz = load_materials()[name], mpmath.mpf(freq_mhz) / 1000
                conductivity = row.c * f_ghz**row.d
                exact = mpmath.mpc(row.a * f_ghz**row.b, -conductivity / (2 * mpmath.pi * f_ghz * 10**9 * epsilon_0))
                assert abs(exact - eta) < 1e-13 * abs(exact)
            exact_db = precise_db(precise_slab(etas, thick_m, cos, freq_mhz, polarisation))
            stack, _ = stack_coefficients([np.array(eta) for eta in etas], thick_m, cos, freq_mhz, polarisation)
            assert abs(20 * np.log10(abs(stack)) - exact_db) <= EXACT_DB
            if len(names) == 1:
                slab, _ = slab_coefficients(etas[0], thick_m[0], cos, freq_mhz, polarisation)
                assert abs(20 * np.log10(abs(slab)) - exact_db) <= EXACT_DB
            distance_m, v, n = 10 ** rng.uniform(-1, 4), rng.uniform(-0.7, 30), int(rng.integers(2, 9))
            free_db = precise_db(
                4 * mpmath.pi * mpmath.mpf(distance_m) * mpmath.mpf(freq_mhz) * 10**6 / speed_of_light
            )
            assert abs(free_space_loss_db(distance_m, freq_mhz) - free_db) <= EXACT_DB
            x = mpmath.mpf(v) - mpmath.mpf("0.1")
            edge_db = mpmath.mpf("6.9") + precise_db(mpmath.sqrt(x**2 + 1) + x)
            assert abs(knife_edge_loss_db(v) - edge_db) <= EXACT_DB
            curve_db = mpmath.mpf("18.3") * mpmath.mpf(n) ** (mpmath.mpf(n + 2) / (n + 1) - mpmath.mpf("0.46"))
            assert abs(capped_floor_loss_db(1e3, 1.0, n) - curve_db) <= EXACT_DB


def test_n43_the_average_over_polarisation_and_frequency_agrees_with_fifty_digits():
    layers = (Layer("brick", 102.5), Layer("air", 50), Layer("concrete", 100))
    with mpmath.workdps(50):
        power = mpmath.mpf(0)
        for step, polarisation in itertools.product(range(41), ("TE", "TM")):
            freq_mhz = 1842 * (0.95 + 0.0025 * step)
            etas = [complex(relative_permittivity(layer.material, freq_mhz)) for layer in layers]
            passed = precise_slab(etas, [layer.thickness_mm / 1000 for layer in layers], 0.7, freq_mhz, polarisation)
            power += abs(passed) ** 2 / 82
        assert abs(layers_loss_db(layers, 0.7, 1842).item() + 10 * mpmath.log10(power)) <= EXACT_DB


def two_triangles_db(reference, facets, table, o, points, freq_mhz):
    """The multi-wall sum without the rules of `multiwall`: each quad as two triangles, o + t·d = a + u·e + v·f."""
    d = points - o
    distance_m = np.linalg.norm(d, axis=1)
    total = 20 * np.log10(4 * np.pi * distance_m[:, None] * freq_mhz * 1e6 / speed_of_light)
    slabs, dearest, floors = np.zeros_like(total), np.zeros_like(total), np.zeros(len(points), int)
    for w, (a, b, c, e) in enumerate(facets.corner_m):
        hit = np.zeros(len(points), bool)
        for second, third in ((b, c), (c, e)):
            system = np.stack(np.broadcast_arrays(-d, second - a, third - a), axis=2)
            t, u, v = np.linalg.solve(system, np.broadcast_to((o - a)[:, None], (len(d), 3, 1)))[:, :, 0].T
            hit |= (t > 0) & (t < 1) & (u >= 0) & (v >= 0) & (u + v <= 1)
        normal = np.cross(b - a, c - a)
        cosine = np.abs(d @ normal) / (distance_m * np.linalg.norm(normal))
        at = np.maximum(cosine - COS_MIN, 0) * (COS_NODES - 1) / (1 - COS_MIN)
        rows = table.loss_db[facets.surface[w]].astype(float)
        each_db = np.stack([np.interp(at, np.arange(COS_NODES), rows[:, lane]) for lane in range(rows.shape[1])], 1)
        each_db[~hit] = 0
        if facets.is_slab[w]:
            slabs, dearest, floors = slabs + each_db, np.maximum(dearest, each_db), floors + hit
        else:
            total += each_db
    for p in range(len(points)):
        total[p] += capped_floor_loss_db(slabs[p], dearest[p], int(floors[p])) if floors[p] else 0
    return total


@pytest.mark.slow
@pytest.mark.parametrize(
    "sites", [60, pytest.param(300, marks=pytest.mark.long(reason="the suite has the first 60"))]
)
def test_n60_three_engines_agree_on_random_sites(reference, sites):
    """Kernels in float32, reference in float64, and triangles solved as linear equations.

    The two in float64 agree to 1e-9 dB; the kernels count the same crossings as the reference and lie within 1e-3 dB
    of it in all but one of a thousand rays (their sums are in float32).
    """
    apart = []
    for seed in range(sites):
        facets, table, tx, points = random_scene(reference, seed, quads=16, points=12)
        freq = BANDS_MHZ[:3]
        slow = float64_db(reference, facets, table, tx, points, freq)[0]
        other = two_triangles_db(reference, facets, table, tx[0], points, freq)
        assert_allclose(slow, other, rtol=0, atol=EXACT_DB)
        prepared = prepare(facets)
        counts = crossing_counts(prepared, tx, points, [0] * 4, 1)
        assert_array_equal(counts, reference.crossing_counts(facets, tx, points, [0] * 4, 1))
        assert [len(crossings(prepared, tx[0], p)) for p in points[:3]] == counts[0, :3, 0].tolist()
        apart.append(np.abs(element_loss_db(prepared, table, tx, points, freq_mhz=freq)[0] - slow))
    assert np.quantile(apart, 0.999) <= KERNEL_DB
    assert np.max(apart) <= 0.05
