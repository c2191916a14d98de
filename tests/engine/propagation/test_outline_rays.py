"""Where rays meet an outline: by hand, in whole fractions, and as shapely has it."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from quietwing.coverage.propagation.outline_rays import first_and_last_share

SQUARE = box(0, 0, 10, 10)
YARD = Polygon(SQUARE.exterior, [box(4, 4, 6, 6).exterior])
LETTER_C = Polygon([(0, 0), (10, 0), (10, 2), (2, 2), (2, 8), (10, 8), (10, 10), (0, 10)])


@pytest.mark.parametrize(
    ("outline", "start", "end", "first", "last"),
    [
        (SQUARE, (-10, 5), (30, 5), 10 / 40, 20 / 40),
        (SQUARE, (5, 5), (25, 5), 5 / 20, 5 / 20),  # begins inside
        (SQUARE, (-10, 3), (5, 3), 10 / 15, 10 / 15),  # ends inside
        (SQUARE, (0, 5), (-10, 5), 0, 0),  # begins on an edge and leaves
        (SQUARE, (-10, 5), (0, 5), 1, 1),
        (SQUARE, (10, 10), (20, 20), 0, 0),
        (SQUARE, (-5, 5), (15, -15), 5 / 20, 5 / 20),  # touches the corner at 0, 0
        (SQUARE, (-10, -10), (30, 30), 10 / 40, 20 / 40),  # from corner to corner
        (SQUARE, (-10, 0), (30, 0), 10 / 40, 20 / 40),  # along an edge
        (SQUARE, (5, 0), (25, 0), 0, 5 / 20),
        (SQUARE, (2, 0), (7, 0), 0, 1),
        (YARD, (5, 5), (25, 5), 1 / 20, 5 / 20),  # from its yard over both rings
        (YARD, (4, 0), (4, 5), 0, 1),  # from an edge to along the yard's
        (LETTER_C, (20, 5), (-20, 5), 18 / 40, 20 / 40),  # through its opening
        (LETTER_C, (5, -10), (5, 20), 10 / 30, 20 / 30),  # over both arms
    ],
)
def test_where_a_ray_meets_the_rings(outline, start, end, first, last):
    found = first_and_last_share(outline, start, [end])
    np.testing.assert_allclose(found[:, 0], (first, last), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("outline", "start", "end"),
    [
        (SQUARE, (2, 2), (8, 7)),
        (SQUARE, (20, 0), (30, 0)),
        (SQUARE, (-5, 4.9), (4.9, -5)),
        (SQUARE, (0, 5), (0, 5)),
        (SQUARE, (3, 11), (9, 10.5)),
        (YARD, (7, 2), (9, 2)),
    ],
    ids=["inside", "past an edge, on its line", "before a corner", "no length, on edge", "beside", "between rings"],
)
def test_where_no_ring_is_met_there_is_no_share(outline, start, end):
    assert np.isnan(first_and_last_share(outline, start, [end])).all()


@st.composite
def outlines(draw: st.DrawFn, grid_m: float | None, most: int = 14) -> Polygon:
    """A star of any corners, on a grid where one is given, with a hole of the same form or none."""
    corners = draw(st.integers(4, most))
    shift = np.round(draw(st.lists(st.floats(0, 0.9), min_size=corners, max_size=corners)), 12)  # as `offsets_m`
    turn = 2 * np.pi * (np.arange(corners) + shift) / corners
    radii_m = np.array(draw(st.lists(st.floats(2, 60), min_size=corners, max_size=corners)))
    form = radii_m[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    middle_m = draw(st.sampled_from([0.0, 1000.0, 400_000.0]))  # site axes, and a national grid
    sizes = draw(st.sampled_from([(1.0,), (1.0, 0.4)]))
    outer, *holes = (_on_grid(middle_m + size * form, grid_m) for size in sizes)
    outline = Polygon(outer, holes)
    assume(outline.is_valid and outline.area > 0.1)
    return outline


def offsets_m(most_m: float) -> st.SearchStrategy[tuple[float, float]]:
    """Any offset in whole picometres: at 5e-324 m from an edge products of differences are 0; no plan has such."""
    each = st.floats(-most_m, most_m).map(lambda value: round(value, 12))
    return st.tuples(each, each)


@st.composite
def rays(draw: st.DrawFn, outline: Polygon, grid_m: float | None) -> tuple[np.ndarray, np.ndarray]:
    """A beginning in the open, at a corner, on an edge or in line with one; ends at and beyond all corners."""
    corner_m = shapely.get_coordinates(outline)
    edge = draw(st.integers(0, len(shapely.get_coordinates(outline.exterior)) - 2))
    share = draw(st.sampled_from([None, 0.0, 0.5, 1.0, -0.3, -1.0, 2.0]))
    free_m = np.array(draw(offsets_m(150))) + corner_m[edge]
    start = free_m if share is None else corner_m[edge] + share * (corner_m[edge + 1] - corner_m[edge])
    start = _on_grid(start, grid_m)
    beyond = draw(st.sampled_from([2.0, 3.0, 1.1, 0.5, 1.37]))
    ends = [
        corner_m,
        start + beyond * (corner_m - start),
        (corner_m[1:] + corner_m[:-1]) / 2,
        np.stack([corner_m[:, 0], np.full(len(corner_m), start[1])], axis=1),
        np.stack([np.full(len(corner_m), start[0]), corner_m[:, 1]], axis=1),
        corner_m + np.array(draw(offsets_m(80))),
    ]
    end = _on_grid(np.concatenate(ends), grid_m)
    return start, end[np.hypot(*(end - start).T) > 0.1]


def _on_grid(place_m, grid_m):
    return place_m if grid_m is None else np.round(place_m / grid_m) * grid_m


def _whole(place_m, scale):
    """Coordinates in whole numbers: each is a whole number of 2**-k m, as any float is."""
    return tuple(int(Fraction(float(each)) * scale) for each in place_m)


def _exactly_met(outline, start, ends):
    """First and last share of each ray, of which nothing is rounded before the end, shape (2, ray).

    In whole numbers of the smallest step that any coordinate has. What is along a ray and off it is kept times its
    squared length; only a share that is met becomes a fraction.
    """
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(outline)]
    every = np.concatenate([*rings, [start], ends])
    scale = max(float(each).as_integer_ratio()[1] for each in every.ravel())
    s, rings = _whole(start, scale), [[_whole(place, scale) for place in ring] for ring in rings]
    return np.array([_exactly_met_by(rings, s, _whole(end, scale)) for end in ends]).reshape(-1, 2).T


def _exactly_met_by(rings, s, e):
    """First and last share of one ray; everything in whole numbers."""
    way = (e[0] - s[0], e[1] - s[1])
    length2 = way[0] ** 2 + way[1] ** 2
    met = []
    for places in rings:
        seen = [
            ((x - s[0]) * way[0] + (y - s[1]) * way[1], (y - s[1]) * way[0] - (x - s[0]) * way[1]) for x, y in places
        ]
        for (at_a, off_a), (at_b, off_b) in pairwise(seen):
            if off_a == off_b == 0:
                low, high = max(min(at_a, at_b), 0), min(max(at_a, at_b), length2)
                met += [Fraction(low, length2), Fraction(high, length2)] if low <= high else []
            elif off_a * off_b <= 0:
                share = Fraction(at_a * (off_a - off_b) + (at_b - at_a) * off_a, length2 * (off_a - off_b))
                met += [share] if 0 <= share <= 1 else []
    return (float(min(met)), float(max(met))) if met else (np.nan, np.nan)


def _met_by_shapely(outline, start, end):
    """First and last share of each ray by the intersection of lines, shape (2, ray)."""
    lines = shapely.linestrings(np.stack([np.broadcast_to(start, end.shape), end], axis=1))
    met_m, ray = shapely.get_coordinates(shapely.intersection(lines, outline.boundary), return_index=True)
    way = end - start
    share = ((met_m - start) * way[ray]).sum(axis=1) / (way**2).sum(axis=1)[ray]
    found = np.stack([np.full(len(end), np.inf), np.full(len(end), -np.inf)])
    np.minimum.at(found[0], ray, share)
    np.maximum.at(found[1], ray, share)
    return np.where(np.isfinite(found), found, np.nan)


@pytest.mark.parametrize("grid_m", [None, 1.0, 0.1, 1e-4], ids=["free", "1 m", "0.1 m", "0.1 mm"])
@settings(deadline=None)  # the first example may compile the kernel
@given(data=st.data())
def test_shares_are_those_of_whole_fractions(grid_m, data):
    outline = data.draw(outlines(grid_m))
    start, end = data.draw(rays(outline, grid_m))
    by_fractions = _exactly_met(outline, start, end)
    np.testing.assert_allclose(first_and_last_share(outline, start, end), by_fractions, rtol=0, atol=1e-10)


@settings(deadline=None)
@given(data=st.data())
def test_on_whole_metres_shapely_says_the_same(data):
    """Ties are exact there: corners touched, edges run along, ends on edges."""
    outline = data.draw(outlines(1.0))
    start, end = data.draw(rays(outline, 1.0))
    np.testing.assert_allclose(
        first_and_last_share(outline, start, end), _met_by_shapely(outline, start, end), rtol=0, atol=1e-9
    )


@settings(deadline=None)
@given(data=st.data())
def test_anywhere_shapely_says_the_same_but_for_places_it_draws_together(data):
    outline = data.draw(outlines(None, most=60))
    start, end = data.draw(rays(outline, None))
    here, there = first_and_last_share(outline, start, end), _met_by_shapely(outline, start, end)
    other = ~np.isclose(here, there, rtol=0, atol=1e-9, equal_nan=True).all(axis=0)
    corners = shapely.points(shapely.get_coordinates(outline))
    drawn_m = 1e-11 * np.abs(shapely.get_coordinates(outline)).max()
    for each in end[other]:
        beside_m = shapely.distance(shapely.linestrings([start, each]), corners).min()
        short_m = shapely.distance(shapely.points([start, each]), outline.boundary).min()
        assert min(beside_m, short_m) < drawn_m


@settings(deadline=None)
@given(data=st.data())
def test_a_rays_shares_are_the_same_bytes_alone_and_among_others(data):
    outline = data.draw(outlines(0.1))
    start, end = data.draw(rays(outline, 0.1))
    together = first_and_last_share(outline, start, end)
    assert first_and_last_share(outline, start, end[::-1])[:, ::-1].tobytes() == together.tobytes()
    alone = [first_and_last_share(outline, start, each[None])[:, 0] for each in end]
    assert np.array(alone).reshape(-1, 2).T.tobytes() == together.tobytes()


@settings(deadline=None)
@given(data=st.data())
def test_where_a_ring_begins_and_which_way_it_runs_does_not_matter(data):
    outline = data.draw(outlines(1.0))
    start, end = data.draw(rays(outline, 1.0))
    ring = shapely.get_coordinates(outline.exterior)[:-1]
    turned = Polygon(np.roll(ring, 2, axis=0)[::-1], outline.interiors)
    np.testing.assert_allclose(
        first_and_last_share(turned, start, end), first_and_last_share(outline, start, end), rtol=0, atol=1e-14
    )
