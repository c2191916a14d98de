"""What money buys: plans for a row of budgets as one result, and its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quietwing.coverage.planning.plan import PlanResult
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site

__all__ = [
    "ChosenFrom",
    "Frontier",
    "FrontierPoint",
    "Marginal",
    "Offer",
    "Unmet",
    "best_known",
    "cheapest_known",
    "knee",
    "marginal",
]

LEAST_BEND = 0.05  # assumed: share of all cells gained by which a knee stands out from even gains
ChosenFrom = Literal["further cell", "highest"]
PENNY_GBP = 0.005


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
    """

    cells: int
    gbp: float
    per_cell_gbp: float | None


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
    marginal : Marginal or None
        Against the point before; None for the first.
    """

    budget_gbp: float
    spent_gbp: float
    found_for_gbp: float
    result: PlanResult
    cells: tuple[int, ...]
    cells_choice: int
    margin_db: tuple[float, ...]
    kept: tuple[bool, ...]
    marginal: Marginal | None


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
        Whether nothing for sale, or nothing this money buys, can meet it.
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
    """Plans for rising budgets: none blocks fewer rooms, as it is reported, than one for less money.

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


def marginal(before: tuple[float, int], here: tuple[float, int]) -> Marginal:
    """What a further cell costs from one plan to a dearer one.

    Parameters
    ----------
    before, here : (float, int)
        Money spent, cells silent.

    Returns
    -------
    Marginal
    """
    (spent_gbp, cells), (more_gbp, more) = before, here
    step, money_gbp = more - cells, more_gbp - spent_gbp
    return Marginal(step, money_gbp, money_gbp / step if step > 0 and money_gbp > PENNY_GBP else None)


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
