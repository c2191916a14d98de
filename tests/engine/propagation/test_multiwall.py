"""The multi-wall sum: kernels against the float64 reference, and what must hold of any loss."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from quietwing.coverage.propagation.multiwall import (
    COS_MIN,
    COS_NODES,
    LossTable,
    cos_nodes,
    crossing_counts,
    crossings,
    element_loss_db,
    prepare,
    straight_rays,
)
from quietwing.sites.errors import OutOfRangeError
from quietwing.sites.points import scattered

seeds = st.integers(0, 2**32 - 1)
CLEAR_M = 1e-3  # rays that pass an edge closer than this may change sides when the scene is turned


def flat_table(*losses_db, lanes=1):
    """One loss per surface at all angles and lanes."""
    each = np.array(losses_db, np.float32)[:, None, None]
    return LossTable(np.broadcast_to(each, (len(losses_db), COS_NODES, lanes)).copy())


def random_table(rng, surfaces, lanes):
    """Losses that rise steeply towards grazing, as those of thick walls do."""
    normal = rng.uniform(0, 20, (surfaces, 1, lanes))
    ripple = rng.uniform(0, 3, (surfaces, 1, lanes)) * np.sin(rng.uniform(5, 30) * cos_nodes())[None, :, None]
    return LossTable((normal / cos_nodes()[None, :, None] ** 0.7 + ripple + 3).astype(np.float32))


def scene(reference, seed, quads=40, lanes=3):
    rng = np.random.default_rng(seed)
    facets = reference.facets_of(
        reference.random_quads(rng, quads),
        rng.integers(0, 4, quads),
        rng.random(quads) < 0.4,
        rng.integers(-1, 3, quads),
        surfaces=4,
    )
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    points = reference.patch_points(
        ((-0.3, 0.2, 1.4), (0.37, 0, 0), (0, 0.41, 0), 25, 21),
        (rng.uniform(0, 5, 3), 0.3 * turn[0], 0.2 * turn[1], 17, 30),
        ((0.1, 5, 0.3), (0, 0, 0), (0.21, 0.05, 0.1), 1, 40),
        ((0.1, 5, 0.7), (0.3, 0, 0.1), (0, 0, 0), 40, 1),
    )
    return facets, random_table(rng, 4, lanes), rng.uniform(-2, 12, (4, 3)), points


def close(actual, expected, p999=1e-3, most=0.05):
    difference = np.abs(actual.astype(float) - expected)
    assert difference.max() <= most
    assert np.quantile(difference, 0.999) <= p999


# ---- kernels against the reference


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_kernels_agree_with_the_float64_reference(reference, seed):
    facets, table, tx, points = scene(reference, seed)
    prepared, freq = prepare(facets), [700.0, 1800, 3500]
    nodes, loss, group = cos_nodes(), table.loss_db, np.array([0, 1, -1, 2])
    expected = reference.element_loss_db(facets, nodes, loss, tx, points.xyz_m, freq)
    counts = reference.crossing_counts(facets, tx, points.xyz_m, group, 3)
    for form in (points, points.xyz_m, scattered(points.xyz_m)):
        close(element_loss_db(prepared, table, tx, form, freq_mhz=freq), expected)
        assert_array_equal(crossing_counts(prepared, tx, form, group, 3), counts)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_raster_and_per_ray_sum_in_the_same_order(reference, seed):
    facets, table, tx, points = scene(reference, seed, quads=120, lanes=10)
    prepared = prepare(facets)
    by_patch = element_loss_db(prepared, table, tx, points)
    assert_allclose(by_patch, element_loss_db(prepared, table, tx, points.xyz_m), atol=1e-4)


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_one_ray_explained_gives_the_sum_of_the_kernels(reference, seed):
    facets, table, tx, points = scene(reference, seed)
    facets = replace(facets, is_slab=np.zeros(len(facets), bool))
    prepared = prepare(facets)
    for r in points.xyz_m[::97]:
        listed = crossings(prepared, tx[0], r)
        explained = sum(
            reference.interpolated(cos_nodes(), table.loss_db[facets.surface[w]].astype(float), np.array([c]))[0]
            for w, c, _ in listed
        )
        assert_allclose(element_loss_db(prepared, table, tx[:1], [r])[0, 0], explained, atol=1e-3)


@pytest.mark.slow
def test_kernels_agree_with_the_reference_on_a_large_patch_cut_into_tiles(reference):
    facets, table, tx, _ = scene(reference, 7)
    points = reference.patch_points(
        ((-3, -3, 1.4), (0.005, 0, 0), (0, 1.1, 0), 9001, 3), ((-3, -3, 2), (0.1, 0, 0), (0, 0.1, 0.01), 150, 140)
    )
    prepared = prepare(facets)
    close(
        element_loss_db(prepared, table, tx, points),
        reference.element_loss_db(facets, cos_nodes(), table.loss_db, tx, points.xyz_m),
    )


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_counts_do_not_depend_on_how_far_the_scene_is_from_the_origin(reference, seed):
    """Far off the rounding is coarser and the raster asks the exact rule more often."""
    rng = np.random.default_rng(seed)
    far = np.array([400_000.0, 300_000.0, 50.0])
    facets = reference.facets_of(reference.random_quads(rng, 40, decimals=1) + far, surfaces=4)
    points = reference.patch_points((far, (0.5, 0, 0), (0, 0.5, 0), 20, 20))
    tx = np.round(rng.uniform(-2, 12, (4, 3)), 1) + far
    expected = reference.crossing_counts(facets, tx, points.xyz_m, [0] * 4, 1)
    prepared = prepare(facets)
    assert_array_equal(crossing_counts(prepared, tx, points, [0] * 4, 1), expected)
    assert_array_equal(crossing_counts(prepared, tx, points.xyz_m, [0] * 4, 1), expected)


# ---- facts about any multi-wall loss


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_loss_is_reciprocal(reference, seed):
    facets, table, tx, points = scene(reference, seed)
    prepared, freq = prepare(facets), [700.0, 1800, 3500]
    there = element_loss_db(prepared, table, tx, points, freq_mhz=freq)
    back = element_loss_db(prepared, table, points.xyz_m, tx, freq_mhz=freq)
    assert_allclose(there, back.swapaxes(0, 1), atol=1e-4)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_moving_and_turning_the_whole_scene_changes_nothing(reference, seed):
    facets, table, tx, points = scene(reference, seed)
    rng = np.random.default_rng(seed)
    turn, shift = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.uniform(-500, 500, 3)
    moved = replace(facets, corner_m=facets.corner_m @ turn + shift, edge_m=facets.edge_m @ turn + shift)
    clear = [reference.clearance_m(facets, o, points.xyz_m) > CLEAR_M for o in tx]
    before = element_loss_db(prepare(facets), table, tx, points)
    after = element_loss_db(prepare(moved), table, tx @ turn + shift, points.xyz_m @ turn + shift)
    assert np.mean(clear) > 0.7
    assert_allclose(before[clear], after[clear], atol=3e-4)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_an_added_wall_never_lowers_the_loss(reference, seed):
    facets, table, tx, points = scene(reference, seed)
    fewer = {
        name: getattr(facets, name)[:-5]
        for name in ("corner_m", "edge_m", "surface", "is_slab", "building", "feature")
    }
    without = element_loss_db(prepare(replace(facets, **fewer)), table, tx, points)
    assert (element_loss_db(prepare(facets), table, tx, points) >= without - 1e-4).all()


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_the_order_in_which_walls_are_drawn_changes_nothing(reference, seed):
    facets, table, tx, points = scene(reference, seed)
    order = np.random.default_rng(seed).permutation(len(facets))
    names = ("corner_m", "edge_m", "surface", "is_slab", "building", "feature")
    shuffled = replace(facets, **{name: getattr(facets, name)[order] for name in names})
    a = element_loss_db(prepare(facets), table, tx, points)
    assert_allclose(a, element_loss_db(prepare(shuffled), table, tx, points), atol=1e-4)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_a_wall_drawn_in_pieces_is_the_same_wall(reference, seed):
    rng = np.random.default_rng(seed)
    whole = reference.random_quads(rng, 20)[:, [0, 1, 2, 3]]
    whole[:, 1] = whole[:, 0] + (whole[:, 2] - whole[:, 3])  # parallelograms
    share = rng.uniform(0.1, 0.9, 20)[:, None]
    low, high = whole[:, 0] * (1 - share) + whole[:, 1] * share, whole[:, 3] * (1 - share) + whole[:, 2] * share
    left, right = whole.copy(), whole.copy()
    left[:, 1], left[:, 2], right[:, 0], right[:, 3] = low, high, low, high
    table, tx = random_table(rng, 1, 4), rng.uniform(-2, 12, (3, 3))
    points = reference.patch_points(((0, 0, 1.3), (0.3, 0, 0), (0, 0.3, 0), 30, 30))
    one = element_loss_db(prepare(reference.facets_of(whole)), table, tx, points)
    split = reference.facets_of(np.concatenate([left, right]))
    two = element_loss_db(prepare(split), table, tx, points)
    clear = [reference.clearance_m(split, o, points.xyz_m) > CLEAR_M for o in tx]
    assert_allclose(one[clear], two[clear], atol=1e-4)


def test_a_wall_without_loss_is_no_wall_but_is_counted(reference):
    facets = reference.facets_of([[(0, 0, 0), (4, 0, 0), (4, 0, 4), (0, 0, 4)]])
    prepared, points = prepare(facets), reference.patch_points(((1, 1, 1), (0.5, 0, 0), (0, 0.5, 0), 4, 4))
    for form in (points, points.xyz_m):
        assert not element_loss_db(prepared, flat_table(0.0), [(2, -3, 2)], form).any()
        assert (crossing_counts(prepared, [(2, -3, 2)], form, [0], 1) == 1).all()


def test_without_walls_only_free_space_is_left(reference):
    prepared = prepare(reference.facets_of(np.empty((0, 4, 3)), surfaces=0))
    none = LossTable(np.empty((0, COS_NODES, 2), np.float32))
    points = reference.patch_points(((0, 0, 0), (1, 0, 0), (0, 1, 0), 5, 5))
    for form in (points, points.xyz_m):
        assert not element_loss_db(prepared, none, [(9, 9, 9)], form).any()
        loss = element_loss_db(prepared, none, [(9, 9, 9)], form, freq_mhz=[900, 1800])
        assert_allclose(loss[..., 1] - loss[..., 0], 20 * np.log10(2), atol=1e-5)
        assert_allclose(loss[0, 0, 0], 20 * np.log10(9 * 3**0.5) + 20 * np.log10(900) - 27.5522, atol=1e-3)


def test_ten_times_the_distance_adds_20_db_from_10_cm_to_100_km(reference):
    prepared = prepare(reference.facets_of(np.empty((0, 4, 3)), surfaces=0))
    none = LossTable(np.empty((0, COS_NODES, 1), np.float32))
    distance = np.array([0.0, 0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5])
    loss = element_loss_db(prepared, none, [(0, 0, 0)], distance[:, None] * [0, 0, 1], freq_mhz=[800])[0, :, 0]
    assert_allclose(np.diff(loss), [0, 0, 20, 20, 20, 20, 20, 20], atol=2e-5)


def test_incidence_beyond_85_degrees_costs_what_85_degrees_cost(reference):
    facets = reference.facets_of([[(-900, 0, -9), (900, 0, -9), (900, 0, 9), (-900, 0, 9)]])
    table = LossTable((10 / cos_nodes()).astype(np.float32)[None, :, None])
    ways = np.array([(np.sin(a), np.cos(a), 0) for a in np.radians([0, 60, 84, 85, 87, 89.9])])
    loss = element_loss_db(prepare(facets), table, [(0, -1, 0)], 600 * ways - [0, 1, 0])[0, :, 0]
    assert_allclose(loss[[0, 1]], [10, 20], atol=2e-3)
    assert_allclose(loss[3:], 10 / COS_MIN, rtol=1e-5)
    assert loss[2] < loss[3]


def test_a_building_can_be_left_out_or_be_all_there_is(reference):
    quads = [[(0, y, 0), (4, y, 0), (4, y, 4), (0, y, 4)] for y in (0, 1, 2)]
    prepared = prepare(reference.facets_of(quads, [0, 1, 2], building=[-1, 0, 1]))
    table, o, r = flat_table(1.0, 10.0, 100.0), [(2, -3, 2)], [(2, 5, 2)]
    assert element_loss_db(prepared, table, o, r)[0, 0, 0] == 111
    assert element_loss_db(prepared, table, o, r, skip_building=0)[0, 0, 0] == 101
    for building in (-1, 0, 1):
        counts = crossing_counts(prepared, o, r, [0, 1, 2], 3, building=building)[0, 0]
        assert counts.tolist() == [one == building for one in (-1, 0, 1)]
    assert crossing_counts(prepared, o, r, [0, 1, 2], 3)[0, 0].tolist() == [1, 1, 1]


# ---- the floor cap


def storeys(reference, count, surface=None):
    """Slabs of 20 x 20 m, 3 m apart."""
    quads = [[(-10, -10, 3 * k), (10, -10, 3 * k), (10, 10, 3 * k), (-10, 10, 3 * k)] for k in range(count)]
    return reference.facets_of(quads, surface, np.ones(count, bool))


@pytest.mark.parametrize(("slabs", "loss_db"), [(1, 18.3), (2, 33.5), (3, 43.6), (4, 51.0), (5, 57.1)])
def test_the_loss_of_several_floors_saturates_as_in_cost_231(reference, slabs, loss_db):
    prepared, table = prepare(storeys(reference, slabs)), flat_table(18.3)
    points = reference.patch_points(((-1, -1, 3 * slabs), (0.5, 0, 0), (0, 0.5, 0), 5, 5))
    for form in (points, points.xyz_m):
        assert_allclose(element_loss_db(prepared, table, [(0, 0, -1)], form), loss_db, atol=0.05)


def test_floors_below_the_ceiling_are_simply_added(reference):
    assert_allclose(
        element_loss_db(prepare(storeys(reference, 3)), flat_table(5.0), [(0, 0, -1)], [(0, 0, 9)]), 15, atol=1e-4
    )


def test_the_ceiling_never_goes_below_the_dearest_slab(reference):
    """A foil-faced floor alone costs 60 dB: a second, cheap floor cannot make it cheaper."""
    facets = storeys(reference, 2, [0, 1])
    points = reference.patch_points(((-1, -1, 9), (0.5, 0, 0), (0, 0.5, 0), 5, 5))
    for form in (points, points.xyz_m):
        loss = element_loss_db(prepare(facets), flat_table(60.0, 4.0), [(0, 0, -1)], form)
        assert_allclose(loss, 60, atol=1e-4)


def test_a_slab_without_loss_is_not_one_of_the_floors_crossed(reference):
    facets = storeys(reference, 3, [0, 1, 0])
    points = reference.patch_points(((-1, -1, 9), (0.5, 0, 0), (0, 0.5, 0), 5, 5))
    for form in (points, points.xyz_m):
        loss = element_loss_db(prepare(facets), flat_table(25.0, 0.0), [(0, 0, -1)], form)
        assert_allclose(loss, 33.5, atol=0.05)


def test_the_cap_acts_lane_by_lane_and_leaves_walls_alone(reference):
    floors = storeys(reference, 2)
    wall = [(-10, 0, -20), (10, 0, -20), (10, 0, 20), (-10, 0, 20)]
    facets = reference.facets_of([*floors.corner_m, wall], [0, 0, 1], [True, True, False])
    table = flat_table(0.0, 40.0, lanes=2)
    table.loss_db[0] = [5.0, 30.0]
    loss = element_loss_db(prepare(facets), table, [(0, -1, -1)], [(0, 1, 5)])[0, 0]
    assert_allclose(loss, [10 + 40, 33.5 + 40], atol=0.05)


def test_counts_know_no_floor_cap(reference):
    counts = crossing_counts(prepare(storeys(reference, 5)), [(0, 0, -1)], [(1, 1, 20)], [0], 1)
    assert counts[0, 0, 0] == 5


# ---- lanes, buffers, threads, chunks


@pytest.mark.parametrize("lanes", [1, 3, 15, 16, 17, 40])
def test_each_lane_is_what_it_is_alone(reference, lanes):
    facets, table, tx, points = scene(reference, 3, lanes=lanes)
    prepared, freq = prepare(facets), np.linspace(700, 3500, lanes)
    for form in (points, points.xyz_m):
        together = element_loss_db(prepared, table, tx, form, freq_mhz=freq)
        for lane in (0, lanes // 2, lanes - 1):
            one = LossTable(table.loss_db[:, :, lane : lane + 1])
            alone = element_loss_db(prepared, one, tx, form, freq_mhz=freq[lane : lane + 1])
            assert_array_equal(together[:, :, lane], alone[:, :, 0])


def test_a_buffer_is_filled_completely_and_not_beyond(reference):
    facets, table, tx, points = scene(reference, 4)
    for form in (points, points.xyz_m):
        room = np.full((6, len(points), 3), np.nan, np.float32)
        given = element_loss_db(prepare(facets), table, tx, form, out=room[1:5])
        assert_array_equal(given, element_loss_db(prepare(facets), table, tx, form))
        assert np.isnan(room[[0, 5]]).all()
        assert given.base is room


def test_bytes_do_not_depend_on_the_number_of_threads(reference):
    facets, table, tx, points = scene(reference, 5, quads=200)
    prepared, before = prepare(facets), numba.get_num_threads()
    try:
        results = []
        for threads in {1, min(2, before)}:
            numba.set_num_threads(threads)
            results.append([element_loss_db(prepared, table, tx, form) for form in (points, points.xyz_m)])
    finally:
        numba.set_num_threads(before)
    for other in results[1:]:
        assert_array_equal(results[0], other)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_bytes_do_not_depend_on_the_size_of_chunks(reference, size):
    facets, table, _, points = scene(reference, 6)
    prepared = prepare(facets)
    tx = np.random.default_rng(6).uniform(-2, 12, (20, 3))
    whole_patches, whole_rays = (element_loss_db(prepared, table, tx, form) for form in (points, points.xyz_m))
    for t in range(0, len(tx), size):
        part = element_loss_db(prepared, table, tx[t : t + size], points)
        assert_array_equal(part, whole_patches[t : t + size])
    for p in range(0, len(points), size if size > 1 else 211):
        part = element_loss_db(prepared, table, tx, points.xyz_m[p : p + size])
        assert_array_equal(part, whole_rays[:, p : p + size])


def test_pairs_of_places_are_the_diagonal_of_all_places(reference):
    facets, table, _, points = scene(reference, 7, lanes=19)
    prepared, xyz_m = prepare(facets), points.xyz_m[:300]
    tx = np.random.default_rng(7).uniform(-2, 12, xyz_m.shape)
    at, group = np.arange(len(tx)), np.array([0, 1, -1, 0])
    every_db, every = element_loss_db(prepared, table, tx, xyz_m), crossing_counts(prepared, tx, xyz_m, group, 2)
    pairs_db = element_loss_db(prepared, table, tx, xyz_m, paired=True)
    assert pairs_db.tobytes() == every_db[at, at].tobytes()
    assert_array_equal(crossing_counts(prepared, tx, xyz_m, group, 2, paired=True)[0], every[at, at])
    with pytest.raises(ValueError, match="2 transmitters for 300 points"):
        element_loss_db(prepared, table, tx[:2], xyz_m, paired=True)


@pytest.mark.parametrize("paired", [False, True])
def test_rays_traced_once_give_what_three_traces_give(reference, paired):
    """Lanes of two blocks, floors of several slabs, and one surface that loses nothing: counted, but no floor."""
    facets, table, _, points = scene(reference, 8, quads=80, lanes=19)
    lossless = table.loss_db.copy()
    lossless[2] = 0.0
    prepared, table, freq = prepare(facets), LossTable(lossless), np.linspace(700.0, 3800.0, 19)
    tx, group = np.random.default_rng(8).uniform(-2, 12, (len(points) if paired else 3, 3)), np.arange(4)
    forms = (points.xyz_m,) if paired else (points.xyz_m, points)
    for form in forms:
        loss_db, bare_db, counted = straight_rays(prepared, table, tx, form, freq, paired=paired)
        alone_db = element_loss_db(prepared, table, tx, form, freq_mhz=freq, paired=paired)
        assert loss_db.tobytes() == alone_db.tobytes()
        assert bare_db.tobytes() == element_loss_db(prepared, table, tx, form, paired=paired).tobytes()
        assert_array_equal(counted, crossing_counts(prepared, tx, form, group, 4, paired=paired))
        again_db, same_db, _ = straight_rays(prepared, table, tx, form, paired=paired)
        assert again_db.tobytes() == same_db.tobytes() == bare_db.tobytes()
    assert counted[..., 2].any()


# ---- what is refused


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_positions_that_are_not_numbers_are_refused(reference, bad):
    facets, table, tx, points = scene(reference, 8)
    prepared = prepare(facets)
    with pytest.raises(OutOfRangeError, match="transmitter"):
        element_loss_db(prepared, table, [(0, 0, bad)], points)
    with pytest.raises(OutOfRangeError, match="point"):
        crossing_counts(prepared, tx, [(0, bad, 0)], [0] * 4, 1)
    with pytest.raises(OutOfRangeError, match="facet"):
        prepare(replace(facets, corner_m=np.full_like(facets.corner_m, bad)))


def test_tables_patches_and_buffers_of_the_wrong_size_are_refused(reference):
    facets, table, tx, points = scene(reference, 9)
    prepared = prepare(facets)
    with pytest.raises(ValueError, match="surfaces"):
        element_loss_db(prepared, LossTable(table.loss_db[:2]), tx, points)
    with pytest.raises(ValueError, match="cos_nodes"):
        LossTable(table.loss_db[:, :7])
    with pytest.raises(ValueError, match="buffer"):
        element_loss_db(prepared, table, tx, points, out=np.empty((4, 3, 3), np.float32))
    with pytest.raises(ValueError, match="patches"):
        element_loss_db(prepared, table, tx, replace(points, patches=points.patches[:2]))
    with pytest.raises(ValueError, match="patch does not lie"):
        element_loss_db(prepared, table, tx, replace(points, xyz_m=points.xyz_m + 0.1))
    with pytest.raises(OutOfRangeError, match="frequencies"):
        element_loss_db(prepared, table, tx, points, freq_mhz=[900])
