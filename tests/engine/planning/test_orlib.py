"""Set covering with optima known from elsewhere: OR-Library's sets 4 and CYC, and the lines of affine spaces.

The OR-Library files are read from the folder QUIETWING_DATA names (``orlib-scp/``; its README lists origin, format
and known optima): J. E. Beasley, An algorithm for set covering problems, EJOR 31 (1987) 85-93.
"""

import itertools
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quietwing.coverage.planning.covering_search import covering_of, search_cover
from quietwing.coverage.planning.exact import Work, bound_of_relaxation, solve
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.solution_check import check_solution

OPTIMA = {
    "scp41": 429,
    "scp42": 512,
    "scp43": 516,
    "scp44": 494,
    "scp45": 512,
    "scp46": 560,
    "scp47": 430,
    "scp48": 492,
    "scp49": 641,
    "scp410": 514,
}
TOGETHER_S = 60.0


def read_orlib(text: str) -> Problem:
    """The format of families 4 to 6, A to H, CLR and CYC: m n, n costs, then for each row a count and its columns."""
    numbers = iter(map(int, text.split()))
    height, width = next(numbers), next(numbers)
    costs = [next(numbers) for _ in range(width)]
    sets: list[list[int]] = [[] for _ in range(width)]
    for row in range(height):
        for _ in range(next(numbers)):
            sets[next(numbers) - 1].append(row)
    assert next(numbers, None) is None
    return Problem.covering(costs, sets, height)


def lines_of_space(dimension: int) -> str:
    """In the format above: points of the affine space over three elements, each line of which must be hit.

    The points left out have no three in a line. At most 4 of 9 and 9 of 27 points can be left out, so 5 and 18 are
    needed: the Steiner triple problems A9 and A27 of Fulkerson, Nemhauser and Trotter, Math. Program. Study 2 (1974).
    """
    points = list(itertools.product(range(3), repeat=dimension))
    number = {point: place for place, point in enumerate(points, start=1)}
    lines = {
        tuple(sorted((number[a], number[b], number[tuple((-p - q) % 3 for p, q in zip(a, b, strict=True))])))
        for a, b in itertools.combinations(points, 2)
    }
    rows = [f"3 {' '.join(map(str, line))}" for line in sorted(lines)]
    return "\n".join([f"{len(lines)} {len(points)}", " ".join("1" * len(points)), *rows])


def test_the_format_reads_costs_and_columns_from_one():
    problem = read_orlib("2 3\n 4 5 6\n 2\n 1 3\n 1\n 2\n")
    assert problem.objective.tolist() == [4, 5, 6]
    assert problem.rows.toarray().tolist() == [[1, 0, 1], [0, 1, 0]]
    assert solve(problem).value == 9


def test_a_row_no_column_covers_is_named():
    for rows, missed in (("0 1 1", 0), ("1 1 0", 1)):  # the last row too
        found = solve(read_orlib(f"2 1 1 {rows}"))
        assert found.status == "infeasible"
        assert f"element {missed}" in found.notes[0]


@pytest.mark.parametrize(("dimension", "hit", "lines"), [(2, 5, 12), (3, 18, 117)])
def test_hitting_every_line_takes_all_points_but_a_largest_cap(dimension, hit, lines):
    problem = read_orlib(lines_of_space(dimension))
    assert problem.rows.shape == (lines, 3**dimension)
    found = solve(problem)
    assert (found.status, found.value, found.bound, found.gap) == ("optimal", hit, hit, 0)
    assert check_solution(problem, found.x, hit) == ()
    # A third of every point hits each line once: the relaxation says no more than 3^(d-1).
    assert bound_of_relaxation(problem) == pytest.approx(3 ** (dimension - 1), abs=1e-6)


@pytest.mark.slow
@pytest.mark.skipif("QUIETWING_DATA" not in os.environ, reason="QUIETWING_DATA names no folder of data sets")
def test_set_4_reaches_its_known_optima_within_a_minute():
    folder = Path(os.environ.get("QUIETWING_DATA", "")) / "orlib-scp"
    began_s = time.monotonic()
    for name, known in OPTIMA.items():
        problem = read_orlib((folder / f"{name}.txt").read_text("utf-8"))
        assert problem.rows.shape == (200, 1000)
        found = solve(problem)
        assert (name, found.status, found.value, found.bound) == (name, "optimal", known, known)
        assert np.isin(found.x, [0, 1]).all()
    assert time.monotonic() - began_s <= TOGETHER_S


def edges_of_cube(dimension: int) -> Problem:
    """Edges of a cube, of which each round of four must lose one: the family CYC of the OR-Library."""
    edges = {(v, axis): 0 for v in range(2**dimension) for axis in range(dimension) if not v >> axis & 1}
    edges = {edge: place for place, edge in enumerate(edges)}
    sets: list[list[int]] = [[] for _ in edges]
    rounds = [
        (v, a, b)
        for v in range(2**dimension)
        for a, b in itertools.combinations(range(dimension), 2)
        if not v >> a & 1 and not v >> b & 1
    ]
    for row, (v, a, b) in enumerate(rounds):
        for edge in ((v, a), (v, b), (v | 1 << a, b), (v | 1 << b, a)):
            sets[edges[edge]].append(row)
    return Problem.covering(np.ones(len(edges)), sets, len(rounds))


@pytest.mark.parametrize(("dimension", "shape", "known"), [(6, (240, 192), 60), (7, (672, 448), 144)])
def test_cutting_all_rounds_of_four_of_a_cube_takes_the_known_edges(dimension, shape, known):
    """CYC06 and CYC07 of Grossman and Wool, Eur. J. Oper. Res. 101 (1997) 81-92; the fewest known are 60, 144."""
    problem = edges_of_cube(dimension)
    assert problem.rows.shape == shape
    found = solve(problem, work=Work(nodes=1))
    assert found.value == known
    assert found.bound <= known
    assert check_solution(problem, found.x, known) == ()


def fours_in_one_colour(points: int) -> Problem:
    """Fours of points, so that however all are coloured black or white one four has one colour: the family CLR."""
    fours = [sum(1 << point for point in four) for four in itertools.combinations(range(points), 4)]
    colourings = range(1, 2 ** (points - 1))  # black points; the last one is white, and not all are
    sets = [[row for row, black in enumerate(colourings) if four & black in (0, four)] for four in fours]
    return Problem.covering(np.ones(len(fours)), sets, len(colourings))


@pytest.mark.parametrize(
    ("points", "shape", "known"),
    [
        (10, (511, 210), 25),
        (11, (1023, 330), 23),
        pytest.param(12, (2047, 495), 23, marks=[pytest.mark.slow, pytest.mark.long]),
        pytest.param(13, (4095, 715), 23, marks=[pytest.mark.slow, pytest.mark.long]),
    ],
)
def test_the_search_finds_the_fewest_fours_that_no_two_colours_avoid(points, shape, known):
    """CLR10 to CLR13 of Grossman and Wool, as above, by the search alone."""
    problem = fours_in_one_colour(points)
    assert problem.rows.shape == shape
    covering = covering_of(problem, problem.objective)
    assert covering is not None
    *_, x = search_cover(covering, 1, np.inf)
    assert check_solution(problem, x, known) == ()


@pytest.mark.parametrize(
    ("dimension", "hit"), [(4, 61), pytest.param(5, 198, marks=[pytest.mark.slow, pytest.mark.long])]
)
def test_hitting_every_line_of_81_and_243_points_takes_all_but_the_largest_caps(dimension, hit):
    """20 of 81, 45 of 243: Pellegrino, Matematiche 25 (1970); Edel and others, J. Comb. Theory A 99 (2002) 95-110."""
    found = solve(read_orlib(lines_of_space(dimension)), work=Work(nodes=1))
    assert found.value == hit


def test_the_search_gives_the_same_on_every_run_and_covers_what_costs_nothing():
    rng = np.random.default_rng(4)
    costs = rng.integers(0, 5, 150)
    sets = [np.flatnonzero(rng.random(100) < 0.04) for _ in costs]
    problem = Problem.covering(costs, [*sets[:-1], np.arange(100)], 100)
    covering = covering_of(problem, problem.objective)
    assert covering is not None
    first, second = (list(search_cover(covering, 3, np.inf)) for _ in range(2))
    assert [x.tobytes() for x in first] == [x.tobytes() for x in second]
    values = [float(problem.objective @ x) for x in first]
    assert values == sorted(values, reverse=True)
    assert all(check_solution(problem, x) == () for x in first)
    assert values[-1] == solve(problem).value


def test_a_problem_that_is_no_covering_is_searched_by_nobody():
    problem = Problem.covering(np.ones(120), [[k % 40] for k in range(120)])
    assert covering_of(problem, problem.objective) is not None
    for other in (
        replace(problem, row_upper=np.full(40, 2.0)),
        replace(problem, row_lower=np.full(40, 2.0)),
        replace(problem, upper=np.full(120, 2.0)),
    ):
        assert covering_of(other, problem.objective) is None
    assert covering_of(problem, -problem.objective) is None
    assert solve(replace(problem, row_lower=np.full(40, 2.0))).value == 80
