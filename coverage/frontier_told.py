"""What ``frontier.json`` tells that only its searches know, and whether it can be so."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import ChosenFrom, Plan, Search, Status, Unmet
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import ANY_PRICE_GBP, reported, spent_gbp
from quietwing.sites import clean

__all__ = [
    "OBJECT",
    "PENNY_GBP",
    "PlanAgain",
    "ToldFrontier",
    "ToldPoint",
    "budget_of",
    "faults_of_search",
    "question_of",
    "told_frontier",
]

OBJECT = "frontier.json"
PENNY_GBP = 0.005


class ToldPoint(BaseModel, strict=True, extra="ignore"):
    """What of a point of ``frontier.json`` only its search knows, and what its plan was asked; the rest follows."""

    budget_gbp: Annotated[FiniteFloat, Field(ge=0, le=1e9)]  # what a scenario may ask for, and so the two targets
    target_rooms: Annotated[int, Field(ge=1, le=10_000)] | None
    target_share: Annotated[FiniteFloat, Field(gt=0, le=1)] | None
    found_for_gbp: Annotated[FiniteFloat, Field(ge=0, le=1e9)]
    status: Status
    scenario_id: str

    @property
    def least(self) -> bool:
        """Whether it is a plan of least cost."""
        return self.target_rooms is not None or self.target_share is not None


class ToldFrontier(BaseModel, strict=True, extra="ignore"):
    """What of ``frontier.json`` is no figure or word of its points."""

    points: Annotated[list[ToldPoint], Field(min_length=1)]
    interrupted: bool
    missing_gbp: list[Annotated[FiniteFloat, Field(ge=0, le=1e9)]]
    chosen_from: ChosenFrom | None
    unmet: list[Unmet]
    given_judged: bool
    searched_apart: bool


@dataclasses.dataclass(frozen=True)
class PlanAgain:
    """A plan of the folder, judged and priced again."""

    plan: Plan
    verdict: Verdict


def told_frontier(folder: Path) -> ToldFrontier:
    """What a folder's ``frontier.json`` tells.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    ToldFrontier

    Raises
    ------
    ScenarioError
        If it cannot be read.
    """
    try:
        return ToldFrontier.model_validate_json((folder / OBJECT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        what = type(error).__name__
        if isinstance(error, ValidationError):
            what = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ScenarioError(f"{OBJECT}: cannot be read ({clean(what)}); write the result anew") from None


def question_of(asked: Scenario, point: ToldPoint) -> Scenario:
    """What a point's plan answers."""
    return dataclasses.replace(
        asked,
        budget_gbp=point.budget_gbp,
        objective="least_cost" if point.least else "most_protected",
        target_rooms=point.target_rooms,
        target_share=point.target_share,
    )


def faults_of_search(told: ToldFrontier, again: Mapping[str, PlanAgain], asked: Scenario) -> Iterator[str]:
    """What only the searches know: which found each plan, what it may cost, what no plan meets."""
    budgets = [point.budget_gbp for point in told.points if not point.least]
    highest = max((*budgets, *told.missing_gbp), default=0.0)
    if (told.missing_gbp and not told.interrupted) or {*budgets} & {*told.missing_gbp}:
        yield f"{OBJECT}: missing_gbp: names budgets of a search that was not interrupted, or with a plan"
    if sorted(point.budget_gbp for point in told.points) != [point.budget_gbp for point in told.points]:
        yield f"{OBJECT}: points: budgets do not rise"
    if not (told.given_judged or told.interrupted):
        yield f"{OBJECT}: given_judged: is false of a search that was not interrupted"
    met = {(point.target_rooms, point.target_share) for point in told.points}
    for one in told.unmet:
        if one.most_gbp != highest or (None if one.share is not None else one.cells, one.share) in met:
            yield f"{OBJECT}: unmet: {one.cells} cells: a plan for them is among the points, or they may cost more"
    for point in told.points:
        plan = again[point.scenario_id].plan if point.scenario_id in again else None
        if plan is None and point.found_for_gbp not in (*budgets, highest, point.budget_gbp, ANY_PRICE_GBP):
            yield f"{OBJECT}: {budget_of(point)}: found_for_gbp is {point.found_for_gbp:g}, no budget here"
        if plan is not None:
            yield from (
                f"{OBJECT}: {budget_of(point)}: {fault}"
                for fault in _faults_of_finder(point, plan, asked, budgets, highest)
            )
    yield from _falls(told, again)


def _faults_of_finder(
    point: ToldPoint, plan: Plan, asked: Scenario, budgets: list[float], highest: float
) -> Iterator[str]:
    """The search that a plan names, held against the point it is taken for."""
    search, spent = plan.found_by, spent_gbp(plan, asked)
    if search is None:
        if point.found_for_gbp != point.budget_gbp:
            yield f"found_for_gbp is {point.found_for_gbp:g}, but its plan names no other search in found_by"
        return
    least = search.objective == "least_cost"
    named = _limit_gbp(search)
    itself = search.budget_gbp is None and point.budget_gbp == highest  # a budget that is the price of that plan
    if point.found_for_gbp != named and not (itself and point.found_for_gbp == point.budget_gbp):
        yield f"found_for_gbp is {point.found_for_gbp:g}, found_by of its plan says {named:g}"
    if named not in ([highest] if least else [*budgets, ANY_PRICE_GBP]) or search == _own_search(point):
        yield "found_by of its plan is no other search of this frontier"
    if spent > point.budget_gbp + PENNY_GBP:
        yield f"found_by of its plan is another search, but it costs £{spent:,.2f}"
    if plan.value is not None and not _holds_for(search, point):
        yield "value of its plan is of a search for less money or for something else"


def _own_search(point: ToldPoint) -> Search | None:
    """That of a point that is a budget."""
    return None if point.least else Search("most_protected", point.budget_gbp)


def _limit_gbp(search: Search) -> float:
    """As a scenario says it. [£]"""
    return ANY_PRICE_GBP if search.budget_gbp is None else search.budget_gbp


def _holds_for(search: Search, point: ToldPoint) -> bool:
    """Whether what a search says holds for a point: the same objective, and as much money or more."""
    return (search.objective == "least_cost") == point.least and _limit_gbp(search) >= point.budget_gbp


def _falls(told: ToldFrontier, again: Mapping[str, PlanAgain]) -> Iterator[str]:
    """Budgets that another plan of the folder, which costs no more, serves better as it is reported."""
    best = (False, 0.0)
    for point in told.points:
        if point.scenario_id not in again:
            continue
        here = reported(again[point.scenario_id].verdict)
        if here < best and not point.least:
            yield f"{OBJECT}: {budget_of(point)}: silent: a plan here for less money is better"
        best = max(best, here)


def budget_of(point: ToldPoint) -> str:
    """For a message: ``£25,000.00``."""
    return f"£{point.budget_gbp:,.2f}"
