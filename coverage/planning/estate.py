"""Sites of an estate side by side, and one budget split over them, exactly.

The states that no other beats are kept site by site: of all choices so far, for each sum spent the most cells
(Nemhauser and Ullmann, "Discrete dynamic programming and capital allocation", Management Science 15, 1969, 494-505).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.errors import ScenarioError

__all__ = [
    "ESTATE_BASES",
    "Estate",
    "EstatePlan",
    "EstateSite",
    "EstateSplit",
    "best_plans",
    "split_budget",
    "with_split",
]

ESTATE_BASES = ("capex", "whole_life", "npv")
MOST_STATES = 100_000_000  # kept in all, so that the way back is known: 0.8 GB
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EstateSplit:
    """What is bought where.

    Attributes
    ----------
    chosen : tuple of int or None
        Of each site the offer taken, None where nothing is bought.
    cells : int
        Silent cells of all sites together.
    spent_pence : int
    curve_pence, curve_cells : int64 ndarray, shape (state,)
        Each sum at which one more cell can be had, up to the budget, and the most cells for it; both rise.
    """

    chosen: tuple[int | None, ...]
    cells: int
    spent_pence: int
    curve_pence: Ints
    curve_cells: Ints


@dataclass(frozen=True, slots=True)
class EstatePlan:
    """What could be bought for one site, or is judged there.

    Attributes
    ----------
    folder : str
        Of the result, relative to the folder that was read.
    silent : mapping of str to int
        Cells that the layout silences, by grade, on fresh worlds.
    kept : mapping of str to bool
        Whether every limit outside is kept, by grade.
    margin_db : mapping of str to float or None
        Smallest margin outside, by grade; None where nothing radiates. [dB]
    cost_gbp : mapping of str to float
        By basis: ``capex``, ``whole_life``, ``npv``. [£]
    binding : str
        What keeps the other cells from being silent, in the result's words; empty of a verdict.
    """

    folder: str
    silent: Mapping[str, int]
    kept: Mapping[str, bool]
    margin_db: Mapping[str, float | None]
    cost_gbp: Mapping[str, float]
    binding: str


@dataclass(frozen=True, slots=True)
class EstateSite:
    """A site and every plan that was read for it, the cheapest first.

    Attributes
    ----------
    name : str
        With the start of its fingerprint where another site has the same name.
    cells : int
        Rooms that must be silent.
    leaking : mapping of str to int
        Of these, where a phone works with every blocker off, by grade.
    """

    name: str
    cells: int
    leaking: Mapping[str, int]
    plans: tuple[EstatePlan, ...]


@dataclass(frozen=True, slots=True)
class Estate:
    """Sites and, where a budget is given, its split.

    Attributes
    ----------
    sites : tuple of EstateSite
        By name.
    grade, basis : str
        By which cells and money are counted.
    chosen : tuple of EstatePlan or None
        Of each site: with a budget what it buys there, None for nothing; else the plan with most cells silent that
        keeps every limit, and of these the cheapest.
    budget_gbp : float or None
    split : EstateSplit or None
    notes : tuple of str
    """

    sites: tuple[EstateSite, ...]
    grade: str
    basis: str
    chosen: tuple[EstatePlan | None, ...]
    budget_gbp: float | None
    split: EstateSplit | None
    notes: tuple[str, ...]


def split_budget(offers: Sequence[Sequence[tuple[int, int]]], budget_pence: int) -> EstateSplit:
    """Choose at most one offer of each site so that most cells are silent for a budget, and of these the cheapest.

    Parameters
    ----------
    offers : sequence of sequence of (int, int)
        Of each site what can be bought: cost in pence and silent cells. Nothing bought, 0 and 0, is always possible.
    budget_pence : int

    Returns
    -------
    EstateSplit

    Raises
    ------
    ScenarioError
        If a number is negative, or cells and sites are too many to keep count of.
    """
    if budget_pence < 0 or any(cost < 0 or cells < 0 for site in offers for cost, cells in site):
        raise ScenarioError("estate: costs, cells and the budget must not be negative; correct the results")
    cost, cells = np.zeros(1, np.int64), np.zeros(1, np.int64)
    back: list[tuple[Ints, Ints]] = []
    kept = 0
    for site in offers:
        choices = np.array([(0, 0), *site], np.int64)
        every = (cost[None] + choices[:, :1]).ravel()
        got = (cells[None] + choices[:, 1:]).ravel()
        order = np.lexsort((-got, every))
        order = order[every[order] <= budget_pence]
        most = np.maximum.accumulate(got[order])
        order = order[np.concatenate([[True], got[order][1:] > most[:-1]])]  # each dearer one has more cells
        choice, before = np.divmod(order, len(cost))
        cost, cells = every[order], got[order]
        back.append((choice, before))
        kept += len(order)
        if kept > MOST_STATES:
            raise ScenarioError(
                f"estate: {len(offers)} sites have too many cells to split a budget exactly (limit {MOST_STATES:,} "
                f"states); split the estate"
            )
    at = len(cost) - 1
    chosen: list[int | None] = []
    for choice, before in reversed(back):
        chosen.append(int(choice[at]) - 1 if choice[at] else None)
        at = int(before[at])
    return EstateSplit(tuple(reversed(chosen)), int(cells[-1]), int(cost[-1]), cost, cells)


def best_plans(sites: tuple[EstateSite, ...], grade: str, basis: str) -> tuple[EstatePlan | None, ...]:
    """Of each site the plan with most cells silent that keeps every limit, and of these the cheapest."""

    def best(site: EstateSite) -> EstatePlan | None:
        able = [plan for plan in site.plans if plan.kept[grade]]
        return max(able, key=lambda plan: (plan.silent[grade], -plan.cost_gbp[basis]), default=None)

    return tuple(best(site) for site in sites)


def with_split(estate: Estate, budget_gbp: float) -> Estate:
    """Split one budget over the sites: most cells silent, every limit kept.

    Parameters
    ----------
    estate : Estate
    budget_gbp : float
        On the estate's basis. [£]

    Returns
    -------
    Estate

    Raises
    ------
    ScenarioError
        If the budget is no amount of money, or the estate too large.
    """
    if not 0 <= budget_gbp < float("inf"):
        raise ScenarioError(f"budget_gbp is {budget_gbp:g} (expected 0 or more); correct it")
    able = [[plan for plan in site.plans if plan.kept[estate.grade]] for site in estate.sites]
    offers = [[(_pence(plan.cost_gbp[estate.basis]), plan.silent[estate.grade]) for plan in plans] for plans in able]
    split = split_budget(offers, _pence(budget_gbp))
    chosen = tuple(None if at is None else plans[at] for at, plans in zip(split.chosen, able, strict=True))
    return Estate(estate.sites, estate.grade, estate.basis, chosen, budget_gbp, split, estate.notes)


def _pence(gbp: float) -> int:
    return round(100 * gbp)
