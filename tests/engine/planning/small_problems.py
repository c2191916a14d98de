"""Small bare problems of every kind, and what they come to when every choice is tried in rational numbers."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

from quietwing.coverage.planning import Problem

KINDS = ("whole", "cover", "most covered", "knapsack", "powers", "two divisible", "one endless", "ties", "scaled")
Row = tuple[list[Fraction], Fraction | None, Fraction | None]


def small_problem(seed: int) -> tuple[str, Problem]:
    """A problem of each kind in turn."""
    kind = KINDS[seed % len(KINDS)]
    return kind, _MAKERS[kind](np.random.default_rng(seed))


def _cover(rng: np.random.Generator) -> Problem:
    """Up to 7 sets of up to 6 elements; at times one that nobody covers, the last one too."""
    height = int(rng.integers(1, 7))
    sets = [np.flatnonzero(rng.random(height) < 0.4) for _ in range(rng.integers(1, 8))]
    return Problem.covering(rng.integers(0, 9, len(sets)), sets, height)


def _most_covered(rng: np.random.Generator) -> Problem:
    height = int(rng.integers(1, 5))
    sets = [np.flatnonzero(rng.random(height) < 0.5) for _ in range(rng.integers(1, 6))]
    costs = rng.integers(1, 6, len(sets)) if rng.random() < 0.5 else None
    return Problem.maximal_covering(rng.integers(1, 9, height), sets, int(rng.integers(0, 7)), costs)


def _whole(rng: np.random.Generator, ties: bool = False) -> Problem:
    """Counts from below 0 on, equalities, both senses."""
    width, height = int(rng.integers(1, 6)), int(rng.integers(0, 4))
    lower = rng.integers(-2, 1, width)
    upper = lower + rng.integers(0, 4, width)
    rows = rng.integers(-4, 7, (height, width)) * (rng.random((height, width)) < 0.7)
    inside = rows @ rng.integers(lower, upper + 1) + rng.integers(-1, 2, height)
    kind = rng.integers(0, 4, height)
    return Problem(
        objective=rng.integers(-5, 6, width),
        rows=rows,
        row_lower=np.where(kind == 1, -np.inf, inside - (kind == 2)),
        row_upper=np.where(kind == 0, np.inf, inside + (kind == 2)),
        lower=lower,
        upper=upper,
        integer=np.ones(width, bool),
        maximise=bool(rng.random() < 0.5),
        tie_breaks=tuple(rng.integers(-2, 3, width) for _ in range(2)) if ties else (),
    )


def _ties(rng: np.random.Generator) -> Problem:
    return _whole(rng, ties=True)


def _knapsack(rng: np.random.Generator) -> Problem:
    """Prices in pounds and pence."""
    width = int(rng.integers(2, 8))
    prices = rng.integers(1, 999, width) / 100
    return Problem(
        objective=rng.integers(1, 9, width),
        rows=prices[None],
        row_lower=[-np.inf],
        row_upper=[round(float(prices.sum()) * 50) / 100],
        lower=np.zeros(width),
        upper=rng.integers(1, 3, width),
        integer=np.ones(width, bool),
        maximise=True,
    )


def _powers(rng: np.random.Generator) -> Problem:
    """Milliwatts as they are received, 1e-15 to 1e-5: what denies two rooms, and what one place outside may get."""
    width = int(rng.integers(2, 8))
    received = 10.0 ** rng.uniform(-15, -5, (3, 1)) * 10.0 ** rng.uniform(0, 3, (3, width))
    half = received @ np.round(rng.random(width)) * (1 + rng.uniform(-0.1, 0.1, 3))
    return Problem(
        objective=rng.integers(1, 9, width),
        rows=received,
        row_lower=[half[0], half[1], -np.inf],
        row_upper=[np.inf, np.inf, 1.5 * half[2]],
        lower=np.zeros(width),
        upper=np.ones(width),
        integer=np.ones(width, bool),
    )


def _scaled(rng: np.random.Generator) -> Problem:
    """A problem of counts in which each row and the objective have a unit of their own, powers of two."""
    plain = _whole(rng)
    units = 2.0 ** rng.integers(-50, 11, plain.rows.shape[0])
    return Problem(
        objective=plain.objective * 2.0 ** rng.integers(-40, 10),
        rows=plain.rows.toarray() * units[:, None],
        row_lower=plain.row_lower * units,
        row_upper=plain.row_upper * units,
        lower=plain.lower,
        upper=plain.upper,
        integer=plain.integer,
        maximise=plain.maximise,
    )


def _two_divisible(rng: np.random.Generator) -> Problem:
    """A few counts, and two columns that can be divided."""
    width, height = int(rng.integers(1, 4)) + 2, int(rng.integers(1, 4))
    rows = rng.integers(-4, 7, (height, width))
    middle = rows @ (rng.random(width) * 2)
    return Problem(
        objective=rng.integers(-5, 6, width),
        rows=rows,
        row_lower=np.where(rng.random(height) < 0.3, -np.inf, np.floor(middle) - 1),
        row_upper=np.where(rng.random(height) < 0.3, np.inf, np.ceil(middle)),
        lower=np.zeros(width),
        upper=np.full(width, 2.0),
        integer=np.arange(width) < width - 2,
        maximise=bool(rng.random() < 0.5),
    )


def _one_endless(rng: np.random.Generator) -> Problem:
    """A few counts, and one column without a bound on one side or both."""
    width, height = int(rng.integers(1, 4)) + 1, int(rng.integers(1, 3))
    rows = rng.integers(-3, 5, (height, width))
    middle = rows @ rng.integers(0, 3, width)
    objective = rng.integers(-5, 6, width)
    return Problem(
        objective=objective,
        rows=rows,
        row_lower=np.where(rng.random(height) < 0.5, -np.inf, middle - 1),
        row_upper=np.where(rng.random(height) < 0.5, np.inf, middle + 1),
        lower=np.append(np.zeros(width - 1), -np.inf if rng.random() < 0.5 else 0),
        upper=np.append(np.full(width - 1, 2), np.inf),
        integer=np.arange(width) < width - 1,
        maximise=bool(rng.random() < 0.5),
    )


_MAKERS = {
    "whole": _whole,
    "cover": _cover,
    "most covered": _most_covered,
    "knapsack": _knapsack,
    "powers": _powers,
    "two divisible": _two_divisible,
    "one endless": _one_endless,
    "ties": _ties,
    "scaled": _scaled,
}


def by_trying(problem: Problem) -> tuple[str, tuple[Fraction, ...]]:
    """ "optimal" with the least cost and tie-breaks, "infeasible" or "unbounded": every whole choice is tried.

    Prices and limits in pence are read as the decimals they stand for. Of two divisible columns every corner is
    tried; of one, both ends of what the rows leave of it.
    """
    sign = -1 if problem.maximise else 1
    costs = [[sign * _read(c) for c in problem.objective]]
    costs += [[_read(c) for c in extra] for extra in problem.tie_breaks]
    rows = [
        ([_read(a) for a in line], _side(low), _side(high))
        for line, low, high in zip(problem.rows.toarray(), problem.row_lower, problem.row_upper, strict=True)
    ]
    whole, divided = np.flatnonzero(problem.integer), np.flatnonzero(~problem.integer)
    spans = [range(int(problem.lower[k]), int(problem.upper[k]) + 1) for k in whole]
    best: tuple[Fraction, ...] | None = None
    for choice in itertools.product(*spans):
        left = [_reduced(row, whole, choice, divided) for row in rows]
        paid = tuple(sum((cost[k] * v for k, v in zip(whole, choice, strict=True)), Fraction(0)) for cost in costs)
        box = [([Fraction(int(k == other)) for other in divided], _side(problem.lower[k]), _side(problem.upper[k]))
               for k in divided]  # fmt: skip
        for corner in _corners([*left, *box], len(divided)):
            if corner is None:
                continue
            more = tuple(
                sum((cost[k] * v for k, v in zip(divided, corner, strict=True)), Fraction(0)) for cost in costs
            )
            total = tuple(a + b for a, b in zip(paid, more, strict=True))
            best = total if best is None else min(best, total)
        if len(divided) == 1 and _endless([*left, *box], costs[0][divided[0]]):
            return "unbounded", ()
    return ("infeasible", ()) if best is None else ("optimal", best)


def _read(number: float) -> Fraction:
    """The decimal with two places where the float stands for one, else the float itself."""
    pence = round(float(number) * 100)
    return Fraction(pence, 100) if float(number) == pence / 100 else Fraction(float(number))


def _side(bound: float) -> Fraction | None:
    return _read(bound) if np.isfinite(bound) else None


def _reduced(row: Row, whole: np.ndarray, choice: tuple[int, ...], divided: np.ndarray) -> Row:
    """What a row leaves to the divisible columns."""
    line, low, high = row
    used = sum((line[k] * v for k, v in zip(whole, choice, strict=True)), Fraction(0))
    return [line[k] for k in divided], None if low is None else low - used, None if high is None else high - used


def _holds(rows: list[Row], point: tuple[Fraction, ...]) -> bool:
    for line, low, high in rows:
        activity = sum((a * v for a, v in zip(line, point, strict=True)), Fraction(0))
        if (low is not None and activity < low) or (high is not None and activity > high):
            return False
    return True


def _corners(rows: list[Row], count: int):
    """Corners of what rows leave of 0, 1 or 2 columns; 0 too where one column is held by nothing."""
    sides = [(line, bound) for line, low, high in rows for bound in (low, high) if bound is not None]
    points: list[tuple[Fraction, ...]]
    if count == 0:
        points = [()]
    elif count == 1:
        points = [(Fraction(0),), *((bound / line[0],) for line, bound in sides if line[0])]
    else:
        points = []
        for (one, a), (other, b) in itertools.combinations(sides, 2):
            area = one[0] * other[1] - one[1] * other[0]
            if area:
                points.append(((a * other[1] - b * one[1]) / area, (one[0] * b - other[0] * a) / area))
    return [point for point in points if _holds(rows, point)]


def _endless(rows: list[Row], cost: Fraction) -> bool:
    """Whether one column can go on for ever to where it pays, from somewhere the rows hold."""
    if cost == 0 or not _corners(rows, 1):
        return False
    ahead = -1 if cost > 0 else 1
    return not any(
        (line[0] * ahead > 0 and high is not None) or (line[0] * ahead < 0 and low is not None)
        for line, low, high in rows
    )
