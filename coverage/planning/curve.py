"""What money buys: plans for a row of budgets as one result, and its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.plan import PlanResult
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site

__all__ = [
    "Chance",
    "ChosenFrom",
    "Frontier",
    "FrontierPoint",
    "Marginal",
    "Offer",
    "Unmet",
    "best_known",
    "cheapest_known",
    "count_spread",
    "knee",
    "marginal",
    "most_cells",
]

LEAST_BEND = 0.05  # assumed: share of all cells gained by which a knee stands out from even gains
ChosenFrom = Literal["further cell", "highest"]
SPREADS = 2.0  # assumed: standard deviations that chance is taken to explain
DRAWS = 400  # assumed: of all worlds anew, to see how far a count moves by chance
PENNY_GBP = 0.005
DUST = 1e-6  # of a solver: 170.9999999 is 171


@dataclass(frozen=True, slots=True)
class Marginal:
    """What a further cell costs between two neighbours of a frontier.

    Attributes
    ----------
    cells : int
        Cells gained at the grade asked for, on fresh worlds; none or fewer is possible.
    gbp : float
        Money spent more.
    per_cell_gbp : float or None
        Of these two plans; None where no cell is gained or no more is spent.
    least_gbp, most_gbp : float or None
        Between which the cost of a further cell lies whatever the gaps hide; both as `per_cell_gbp` where no gap
        exceeds the cells gained. None: no limit is known on that side.
    """

    cells: int
    gbp: float
    per_cell_gbp: float | None
    least_gbp: float | None
    most_gbp: float | None


@dataclass(frozen=True)
class FrontierPoint:
    """One budget of a frontier.

    Attributes
    ----------
    budget_gbp, spent_gbp : float
        On the scenario's basis. What a plan of least cost costs is its budget.
    found_for_gbp : float
        Budget of the search that found the plan: another one's where that serves this one better.
    result : PlanResult
    cells : tuple of int
        Silent rooms by grade, on fresh worlds, in the order of `Frontier.grades`.
    cells_choice : int
        Silent rooms at the grade asked for on the worlds that plans are chosen on.
    margin_db : tuple of float
        Smallest margin outside by grade; infinite where nothing radiates.
    kept : tuple of bool
        Whether every limit is kept, by grade.
    value, bound, gap : int or None
        Cells that the planning model gives the plan, what nothing can exceed there for this money, and how many that
        is more. Where cells differ in weight the bound is that of `most_cells`.
    marginal : Marginal or None
        Against the point before; None for the first.
    bound_gbp : float or None
        Of a plan of least cost: what no plan that reaches its target costs less than, in the planning model, in whole
        pounds and never above what is spent here. None where that is not known. [£]
    """

    budget_gbp: float
    spent_gbp: float
    found_for_gbp: float
    result: PlanResult
    cells: tuple[int, ...]
    cells_choice: int
    margin_db: tuple[float, ...]
    kept: tuple[bool, ...]
    value: int | None
    bound: int | None
    gap: int | None
    marginal: Marginal | None
    bound_gbp: float | None = None


@dataclass(frozen=True, slots=True)
class Chance:
    """Where fewer cells are silent on fresh worlds for more money, and what chance explains of it.

    Attributes
    ----------
    falls : tuple of (int, int, float)
        Number of the dearer point, cells lost against the point before, and cells that chance explains: two
        standard deviations of that difference when the worlds are drawn again.
    """

    falls: tuple[tuple[int, int, float], ...]

    @property
    def explained(self) -> bool:
        """Whether chance explains every fall."""
        return all(lost <= spread for _, lost, spread in self.falls)


@dataclass(frozen=True, slots=True)
class Unmet:
    """A target that no plan found meets.

    Attributes
    ----------
    cells : int
        That a plan would have to silence.
    share : float or None
        Asked for, where the target is a share of all cells, with those quiet anyway.
    most_gbp : float
        That it might cost. [£]
    proven : bool
        Whether no plan can meet it in the planning model.
    nearest_cells, nearest_gbp : int, float
        Of the plan that comes nearest, on the worlds of choice. [cells, £]
    """

    cells: int
    share: float | None
    most_gbp: float
    proven: bool
    nearest_cells: int
    nearest_gbp: float


@dataclass(frozen=True)
class Frontier:
    """Plans for rising budgets, none worse on the worlds of choice than one that costs less.

    Attributes
    ----------
    site : Site
    asked : Scenario
        What was asked but for the budget.
    grades : tuple of str
        The one asked for first.
    rooms : int
        Rooms that must be silent.
    points : tuple of FrontierPoint
        By rising budget.
    knee : int or None
        Point after which a further cell costs clearly more than before; None where no point stands out.
    chance : Chance
    missing_gbp : tuple of float
        Budgets asked for that an interruption left without a plan.
    interrupted : bool
    chosen_from : {"further cell", "highest", None}
        Where the budgets were not given: the lowest is the price of a further cell, or a part of the highest.
    unmet : tuple of Unmet
    given_judged : bool
        Whether the layout given was judged too; without an interruption it is.
    searched_apart : bool
        Whether budgets were searched apart from each other, as on a cluster: none began from a cheaper plan.
    """

    site: Site
    asked: Scenario
    grades: tuple[str, ...]
    rooms: int
    points: tuple[FrontierPoint, ...]
    knee: int | None
    chance: Chance
    missing_gbp: tuple[float, ...]
    interrupted: bool
    chosen_from: ChosenFrom | None
    unmet: tuple[Unmet, ...]
    given_judged: bool
    searched_apart: bool

    @property
    def plans(self) -> tuple[PlanResult, ...]:
        """The plans, by rising budget."""
        return tuple(point.result for point in self.points)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a known plan comes to on the worlds of choice: whether it keeps what must be kept, weight, cells, cost."""

    passed: bool
    weight: float
    cells: int
    spent_gbp: float


def best_known(offers: Sequence[Offer], budget_gbp: float, own: int) -> int:
    """Which of all known plans to take for a budget.

    Parameters
    ----------
    offers : sequence of Offer
    budget_gbp : float
        What costs more is not taken; the plan of the budget's own search always can be.
    own : int
        The plan that the budget's own search found.

    Returns
    -------
    int
        Limits first, then weight, then money; of equal ones the budget's own.
    """
    fitting = [at for at, one in enumerate(offers) if at == own or one.spent_gbp <= budget_gbp + PENNY_GBP]

    def rank(at: int) -> tuple[bool, float, float, bool, int]:
        one = offers[at]
        return (not one.passed, -one.weight, one.spent_gbp, at != own, at)

    return min(fitting, key=rank)


def cheapest_known(offers: Sequence[Offer], target: int, own: int) -> int:
    """Which of all known plans to take for a target: the cheapest that reaches it, of equal ones its own search's."""
    reached = [at for at, one in enumerate(offers) if at == own or (one.passed and one.cells >= target)]
    return min(reached, key=lambda at: (offers[at].spent_gbp, at != own, at))


def most_cells(weights: Sequence[float], bound: float) -> int:
    """How many cells a plan may silence at most whose weight cannot exceed a bound: the lightest ones together.

    Parameters
    ----------
    weights : sequence of float
        Of the cells that must be silent.
    bound : float

    Returns
    -------
    int
        With weights of 1 the bound itself.
    """
    return int(np.searchsorted(np.cumsum(np.sort(np.asarray(weights, float))), bound + DUST, side="right"))


def marginal(before: tuple[float, int, float | None], here: tuple[float, int, float | None]) -> Marginal:
    """What a further cell costs from one plan to a dearer one.

    Parameters
    ----------
    before, here : (float, int, float or None)
        Money spent, cells silent, and by how many cells the best for this money may exceed the plan (None: unknown).

    Returns
    -------
    Marginal
        The best for either budget may be better than its plan by its gap: of two perfect plans a further cell costs
        between Δ£ / (Δcells + gap here) and Δ£ / (Δcells − gap before).
    """
    (spent_gbp, cells, gap), (more_gbp, more, more_gap) = before, here
    step, money_gbp = more - cells, more_gbp - spent_gbp
    per_cell = money_gbp / step if step > 0 and money_gbp > PENNY_GBP else None
    if money_gbp <= PENNY_GBP:
        return Marginal(step, money_gbp, None, None, None)
    if gap is not None and more_gap is not None and max(gap, more_gap) <= step and step > 0:
        return Marginal(step, money_gbp, per_cell, per_cell, per_cell)
    least = None if more_gap is None or step + more_gap <= 0 else money_gbp / (step + more_gap)
    most = None if gap is None or step - gap <= 0 else money_gbp / (step - gap)
    return Marginal(step, money_gbp, per_cell, least, most)


def knee(spent_gbp: Sequence[float], cells: Sequence[int]) -> int | None:
    """Point of a curve that stands out most from even gains between its first and last.

    Parameters
    ----------
    spent_gbp : sequence of float
        Rising.
    cells : sequence of int

    Returns
    -------
    int or None
        Largest height over the chord with both axes scaled to 1 (Satopää et al. 2011, "Finding a Kneedle in a
        Haystack"); None with fewer than three points, or where none stands out by 0.05 (assumed).
    """
    if len(cells) < 3 or spent_gbp[-1] <= spent_gbp[0] or cells[-1] <= cells[0]:
        return None
    heights = [
        (count - cells[0]) / (cells[-1] - cells[0]) - (money - spent_gbp[0]) / (spent_gbp[-1] - spent_gbp[0])
        for money, count in zip(spent_gbp, cells, strict=True)
    ]
    best = max(range(len(heights)), key=lambda at: (heights[at], -at))
    return best if heights[best] >= LEAST_BEND else None


def count_spread(
    before: NDArray[np.bool_], here: NDArray[np.bool_], confidence: float, rng: np.random.Generator
) -> float:
    """Standard deviation of the difference of two counts of silent rooms that comes of the worlds drawn.

    Parameters
    ----------
    before, here : bool ndarray, shape (room, world)
        Whether each room is silent in each world; the same worlds for both.
    confidence : float
        Share of worlds from which on a room counts.
    rng : Generator

    Returns
    -------
    float
        By drawing the worlds again with replacement (bootstrap, Efron 1979), rooms and plans kept together.
    """
    worlds = before.shape[1]
    times = rng.multinomial(worlds, np.full(worlds, 1 / worlds), size=DRAWS).T.astype(np.float32)
    least = confidence * worlds - 1e-6
    counts = [(silent.astype(np.float32) @ times >= least).sum(axis=0) for silent in (before, here)]
    return float((counts[1] - counts[0]).std())
