"""Which quads a ray crosses when it meets planes, edges and corners exactly.

Coordinates are whole metres, so that every tie is exact. `crossed` asks the raster, the per-ray kernel, the
explanation and the reference, in both directions, and fails unless all agree.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietwing.coverage.propagation.multiwall import crossing_counts, crossings, prepare

coordinates = st.tuples(*[st.integers(-4, 8)] * 3)


def wall(x0, y0, x1, y1, z0=0, z1=4):
    return [(x0, y0, z0), (x1, y1, z0), (x1, y1, z1), (x0, y0, z1)]


def level(x0, y0, x1, y1, z):
    return [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]


def pieces(xs, zs, at=lambda x: (x, 0)):
    """A wall cut at xs and zs whose pieces name their lines by the ends of the whole wall."""
    quads, lines = [], []
    low, high = at(xs[0]), at(xs[-1])
    for (x0, x1), (z0, z1) in itertools.product(itertools.pairwise(xs), itertools.pairwise(zs)):
        quads.append(wall(*at(x0), *at(x1), z0, z1))
        lines.append(
            [
                ((*low, z0), (*high, z0)),
                ((*at(x1), zs[0]), (*at(x1), zs[-1])),
                ((*low, z1), (*high, z1)),
                ((*at(x0), zs[0]), (*at(x0), zs[-1])),
            ]
        )
    return np.array(quads, float), np.array(lines, float)


ROOM = [
    wall(0, 0, 4, 0), wall(4, 0, 4, 4), wall(4, 4, 0, 4), wall(0, 4, 0, 0), level(0, 0, 4, 4, 0), level(0, 0, 4, 4, 4)
]  # fmt: skip


def test_a_ray_along_a_wall_plane_crosses_nothing(reference, crossed):
    along_x = reference.facets_of([wall(0, 0, 4, 0)])
    assert crossed(along_x, (-2, 0, 1), (6, 0, 3)) == 0
    oblique = reference.facets_of([wall(0, 0, 3, 9)])
    assert crossed(oblique, (-1, -3, 1), (5, 15, 3)) == 0


def test_a_ray_within_a_wall_plane_but_past_the_wall_crosses_nothing(reference, crossed):
    assert crossed(reference.facets_of([wall(0, 0, 4, 0)]), (5, 0, 1), (9, 0, 1)) == 0


@pytest.mark.parametrize("turned", [False, True], ids=["drawn one way", "drawn the other way"])
def test_a_point_on_a_wall_plane_counts_as_on_its_positive_side(reference, crossed, turned):
    quad = wall(0, 0, 0, 4)[:: -1 if turned else 1]
    facets = reference.facets_of([quad])
    assert crossed(facets, (-3, 2, 2), (0, 2, 2)) == 1
    assert crossed(facets, (3, 2, 2), (0, 2, 2)) == 0


def test_a_transmitter_in_a_wall_plane_counts_as_on_its_positive_side(reference, crossed):
    facets = reference.facets_of([wall(0, 0, 4, 0)])  # normal +y
    assert crossed(facets, (2, 0, 2), (3, -5, 2)) == 1
    assert crossed(facets, (2, 0, 2), (3, 5, 2)) == 0


def test_a_transmitter_on_a_joint_of_two_pieces_is_behind_one_of_them(reference, crossed):
    quads, lines = pieces([0, 2, 4], [0, 2, 4])
    facets = reference.facets_of(quads, line_m=lines)
    assert crossed(facets, (2, 0, 2), (3, -5, 2)) == 1
    assert crossed(facets, (2, 0, 2), (3, 5, 2)) == 0


@pytest.mark.parametrize(
    "at",
    [lambda x: (x, 0), lambda x: (0, x), lambda x: (x, 3 * x), lambda x: (-2 * x, x)],
    ids=["along x", "along y", "oblique", "oblique the other way"],
)
@given(x=st.integers(1, 5), z=st.integers(1, 3), way=coordinates.filter(any))
def test_a_ray_through_a_joint_crosses_one_piece(reference, crossed, at, x, z, way):
    quads, lines = pieces([0, 1, 2, 4, 6], [0, 1, 3, 4], at)
    facets = reference.facets_of(quads, line_m=lines)
    here, way = np.array([*at(x), z]), np.array(way)
    run_x, run_y = np.subtract(at(1), at(0))
    in_plane = run_x * way[1] == run_y * way[0]
    assert crossed(facets, here - way, here + way) == (0 if in_plane else 1)


@given(x=st.integers(1, 5), way=coordinates.filter(lambda v: v[1] != 0))
def test_a_ray_through_a_t_joint_crosses_one_piece(reference, crossed, x, way):
    above, above_lines = pieces([0, 6], [2, 4])
    below, below_lines = pieces([0, 1, 3, 6], [0, 2])
    facets = reference.facets_of(np.concatenate([above, below]), line_m=np.concatenate([above_lines, below_lines]))
    here, way = np.array([x, 0, 2]), np.array(way)
    assert crossed(facets, here - way, here + way) == 1


@given(inside=st.tuples(*[st.integers(1, 3)] * 3), outside=coordinates)
def test_no_ray_leaves_a_closed_room_through_its_edges_or_corners(reference, crossed, inside, outside):
    """Twice the vector to any point on the room's surface, edges and corners included, ends outside."""
    end = np.array(outside)
    if ((end > 0) & (end < 4)).all():
        assert crossed(reference.facets_of(ROOM), inside, outside) == 0
    elif not ((end == 0) | (end == 4)).any():
        assert crossed(reference.facets_of(ROOM), inside, outside) == 1


def test_every_corner_and_edge_of_a_room_is_tight(reference, crossed):
    facets = reference.facets_of(ROOM)
    for corner in itertools.product((0, 2, 4), repeat=3):
        if corner != (2, 2, 2):
            way = np.array(corner) - 2
            assert crossed(facets, (2, 2, 2), 2 + 3 * way) == 1
            assert crossed(facets, 2 - 3 * way, 2 + 3 * way) == 2


def test_a_ray_that_grazes_a_room_from_outside_crosses_none_or_two_of_its_faces(reference, crossed):
    facets = reference.facets_of(ROOM)
    for a, b in [((-1, 1, 2), (1, -1, 2)), ((-1, 5, 1), (5, 11, 3)), ((-2, 2, 6), (2, 2, 2 + 4))]:
        assert crossed(facets, a, b) in (0, 2)


def test_two_walls_drawn_in_one_place_both_count(reference, crossed):
    facets = reference.facets_of([wall(0, 0, 4, 0), wall(1, 0, 3, 0, 0, 2), wall(0, 0, 4, 0)])
    assert crossed(facets, (2, -1, 1), (2, 1, 1)) == 3


def test_walls_a_millionth_of_a_metre_apart_both_count(reference, crossed):
    facets = reference.facets_of([wall(0, 0, 4, 0), wall(0, 1e-6, 4, 1e-6)])
    assert crossed(facets, (2, -1, 1), (2, 1, 1)) == 2


def test_quads_without_area_are_never_crossed(reference, crossed):
    line, point = [(0, 0, 0), (4, 0, 0), (4, 0, 0), (0, 0, 0)], [(2, 0, 1)] * 4
    facets = reference.facets_of([line, point, wall(0, 0, 4, 0)])
    assert crossed(facets, (2, -1, 1), (2, 1, 1)) == 1
    assert crossed(facets, (2, -1, 0), (2, 1, 0)) == 1  # half-open: the bottom of a wall belongs to it
    assert [index for index, *_ in crossings(prepare(facets), (2, -1, 1), (2, 1, 1))] == [2]


def test_a_triangle_is_a_quad_with_a_repeated_corner(reference, crossed):
    facets = reference.facets_of([[(0, 0, 0), (4, 0, 0), (0, 4, 0), (0, 4, 0)]])
    assert crossed(facets, (1, 1, -1), (1, 1, 1)) == 1
    assert crossed(facets, (3, 3, -1), (3, 3, 1)) == 0


def test_a_ray_from_a_point_to_itself_crosses_nothing(reference, crossed):
    assert crossed(reference.facets_of(ROOM), (2, 2, 2), (2, 2, 2)) == 0
    assert crossed(reference.facets_of(ROOM), (0, 2, 2), (0, 2, 2)) == 0


def test_what_a_ray_crosses_is_listed_from_the_transmitter_on(reference):
    facets = reference.facets_of([wall(0, 3, 4, 3), wall(0, 1, 4, 1), wall(9, 0, 9, 4)])
    listed = crossings(prepare(facets), (0, 0, 2), (3, 4, 2))
    assert [index for index, *_ in listed] == [1, 0]
    np.testing.assert_allclose([cosine for _, cosine, _ in listed], 0.8)
    np.testing.assert_allclose([distance for *_, distance in listed], [1.25, 3.75])


@given(seed=st.integers(0, 2**32 - 1))
def test_counts_agree_on_quads_and_points_of_whole_metres(reference, seed):
    """Most rays meet planes, edges or corners exactly; raster, per ray and reference count alike."""
    rng = np.random.default_rng(seed)
    quads = reference.random_quads(rng, 12, 8, whole_metres=True)
    facets = reference.facets_of(quads, rng.integers(0, 3, 12), rng.random(12) < 0.3, surfaces=3)
    prepared, tx = prepare(facets), rng.integers(0, 8, (3, 3)).astype(float)
    origin = rng.integers(0, 3, 3)
    steps = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, -1, 2)]
    step_i, step_j = (steps[k] for k in rng.choice(5, 2, replace=False))
    points = reference.patch_points(
        (origin, step_i, step_j, 7, 6), (origin, step_j, step_i, 1, 9), (origin, step_i, step_j, 9, 1)
    )
    expected = reference.crossing_counts(facets, tx, points.xyz_m, [0, 1, 2], 3)
    np.testing.assert_array_equal(crossing_counts(prepared, tx, points, [0, 1, 2], 3), expected)
    np.testing.assert_array_equal(crossing_counts(prepared, tx, points.xyz_m, [0, 1, 2], 3), expected)
    back = np.stack([crossing_counts(prepared, points.xyz_m, [o], [0, 1, 2], 3)[:, 0] for o in tx])
    np.testing.assert_array_equal(back, expected)


@given(seed=st.integers(0, 2**32 - 1))
def test_counts_agree_on_points_within_rounding_of_wall_planes(reference, seed):
    """A turned and shifted scene: what lay on a plane now lies a rounding error to one side of it."""
    rng = np.random.default_rng(seed)
    turn, shift = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.uniform(-100, 100, 3)
    quads = reference.random_quads(rng, 12, 8, whole_metres=True) @ turn + shift
    facets, group = reference.facets_of(quads), [0]
    points = reference.patch_points((shift, turn[0], turn[1], 8, 8), (shift + turn[2], turn[1], turn[0], 8, 8))
    tx = rng.integers(0, 8, (3, 3)) @ turn + shift
    expected = reference.crossing_counts(facets, tx, points.xyz_m, group, 1)
    prepared = prepare(facets)
    np.testing.assert_array_equal(crossing_counts(prepared, tx, points, group, 1), expected)
    np.testing.assert_array_equal(crossing_counts(prepared, tx, points.xyz_m, group, 1), expected)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_ray_within_rounding_of_a_wall_plane_but_past_the_wall_crosses_nothing(reference, crossed, seed):
    rng = np.random.default_rng(seed)
    turn, shift = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.uniform(-100, 100, 3)
    facets = reference.facets_of(np.array([wall(0, 0, 4, 0)]) @ turn + shift)
    for end in [(9, 0, 3), (9, 0, 1), (12, 0, -7)]:
        assert crossed(facets, np.array([6, 0, 1]) @ turn + shift, np.array(end) @ turn + shift) == 0
