"""One attempt at a plan: what was searched, what came of it on which worlds, and which of several to take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    Judgement,
    LinkModel,
    LinksAtHand,
    Tally,
    judge_rooms,
    link_model,
    look_outside,
    quiet_anyway,
    silence_points,
    spill,
)
from quietwing.coverage.dims import ROOM
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.other_process import Known
from quietwing.coverage.planning.costing import Cost, cost
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.plan import Attempt, Claim
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.search_space import SearchSpace
from quietwing.coverage.planning.target import rooms_held, target_asked, target_outcome
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.results import SpillResult
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import failing_rows
from quietwing.coverage.treatments import treated_site
from quietwing.sites import Site, trial_points

__all__ = [
    "SPARE_DB",
    "JudgedOutside",
    "LookOutside",
    "Searched",
    "Tried",
    "best_of",
    "breaks",
    "broken",
    "is_met",
    "is_short",
    "is_tight",
    "judge",
    "judged_outside",
    "least_margin_db",
    "margin_confidence",
    "nearest_met",
    "outcome",
    "rank",
]

SURER = (
    4.0  # a single margin may fail in so many times fewer worlds than a room: found by trial, reserves do the rest
)
SUREST = 0.999  # what a scenario may ask for
MOST_NAMED = 8  # rooms in a note
LITTLE_SHORT = 0.03  # assumed: share of a plan's rooms for which no further search is begun
SITE_BYTES = 2**28  # what is the same of every layout of a site: 208 MB are held free for legs to houseblock's rooms
SPARE_DB = 0.7  # left below the limits outside on the worlds a plan is chosen on, so that it holds on others


def margin_confidence(scenario: Scenario) -> float:
    """Confidence of each single margin that attempts begin with; each room's reserve then moves it."""
    return min(1.0 - (1.0 - scenario.asked.confidence) / SURER, SUREST)


@dataclass(frozen=True)
class Searched:
    """A planning model, what was found in it, and the same as it is sent.

    Attributes
    ----------
    space : SearchSpace
    model : PlanModel
        With powers as rooms need them.
    alive : int64 ndarray, shape (candidate,)
        Which candidates of the space the model's are.
    found : Found
    sent : PlanModel
        The model with jammers of the plan as strong as limits allow; rooms and limits are those of `model`.
    slack_db : float
        By which limits were moved that it keeps as it is sent: those of the model, or further where the worlds left
        room outside.
    reserve_db : float64 ndarray, shape (room,)
        Added to the margins of each room.
    bound : float or None
        No plan of the model is better: weight, or pence for a target. None: not known.
    reproducible : bool
        False where a clock ended some work.
    unused_db : float
        How far all limits, moved by `slack_db`, are from being used up as it is sent. [dB]
    held_back_db : float
        How much less the model's limits were moved.
    """

    space: SearchSpace
    model: PlanModel
    alive: NDArray[np.int64]
    found: Found
    sent: PlanModel
    slack_db: float
    reserve_db: NDArray[np.float64]
    bound: float | None = None
    reproducible: bool = True
    unused_db: float = 0.0
    held_back_db: float = 0.0

    def layout(self) -> tuple[tuple[Device, ...], tuple[Treatment, ...]]:
        """The plan as it is sent: devices, existing ones first, and treatments."""
        return self.space.layout(self.sent, self.found.selection)

    def claims(self) -> tuple[Claim, ...]:
        """Rooms taken as protected, those left out that are quiet anyway or need nothing in the planning model."""
        inputs = self.space.inputs
        taken = self.found.score.protected & (self.model.weight > 0)
        rows = zip(inputs.site.rooms, self.reserve_db.tolist(), taken.tolist(), strict=True)
        return tuple(Claim(room.id, reserve_db) for room, reserve_db, is_taken in rows if is_taken)


@dataclass(frozen=True)
class Tried:
    """An attempt with what it was made of; `searched` is None for a plan that was given.

    `spilled` is of the grade asked for, `every_spill` of each grade.
    """

    attempt: Attempt
    devices: tuple[Device, ...]
    treatments: tuple[Treatment, ...]
    cost: Cost
    judged: Judgement
    spilled: SpillResult
    searched: Searched | None
    every_spill: tuple[SpillResult, ...] = ()

    def without(self, rooms: Iterable[str]) -> Tried:
        """The same layout, some rooms not being taken as protected in the planning model."""
        searched = self.searched
        if searched is None:
            return self
        index, found = searched.space.inputs.site.room_index, searched.found
        protected = found.score.protected.copy()
        protected[[index[room] for room in rooms]] = False
        weight = float(searched.model.weight[protected].sum())
        less = replace(found, score=replace(found.score, protected=protected, weight=weight))
        searched = replace(searched, found=less)
        return replace(self, searched=searched, attempt=replace(self.attempt, rooms_model=len(searched.claims())))

    def in_model(self, searched: Searched) -> Tried:
        """The same, found in a planning model."""
        attempt = replace(
            self.attempt,
            confidence=margin_confidence(searched.space.inputs.scenario),
            slack_db=searched.slack_db,
            rooms_model=len(searched.claims()),
        )
        return replace(self, attempt=attempt, searched=searched)


@dataclass(frozen=True)
class JudgedOutside:
    """What a plan does outside, as a question to another process: it was told the `PlanningInputs`."""

    devices: tuple[Device, ...]
    treatments: tuple[Treatment, ...]
    stream: int

    def answer(self, known: Known) -> tuple[SpillResult, ...]:
        """The verdict on what it does outside, at each grade."""
        return judged_outside(known(PlanningInputs), self.devices, self.treatments, self.stream)


@dataclass(frozen=True)
class LookOutside:
    """The ways outside from the devices of a plan, as a question to another process, which keeps them.

    The plan that is judged next has most of them. It was told the `PlanningInputs`.
    """

    devices: tuple[Device, ...]
    treatments: tuple[Treatment, ...]

    def answer(self, known: Known) -> None:
        """They are kept there; nothing is told."""
        inputs = known(PlanningInputs)
        _, links, of_site = _with_treatments(inputs, self.treatments)
        look_outside(links, self.devices, inputs.catalogue, LinksAtHand(0, of_site))


def judged_outside(
    inputs: PlanningInputs, devices: tuple[Device, ...], treatments: tuple[Treatment, ...], stream: int
) -> tuple[SpillResult, ...]:
    """The verdict on what a plan does outside, at each grade, worked out in this process."""
    treated, links, of_site = _with_treatments(inputs, treatments)
    at_hand = _at_hand(inputs, devices, treatments, of_site)

    def judged() -> tuple[SpillResult, ...]:
        points, scenario = trial_points(treated), inputs.scenario
        return spill(links, scenario, devices, inputs.catalogue, points, stream=stream, at_hand=at_hand)

    return at_hand.of(("spill", stream), judged)


def judge(
    inputs: PlanningInputs,
    devices: tuple[Device, ...],
    treatments: tuple[Treatment, ...],
    searched: Searched | None,
    stream: int,
    *,
    by_point: bool = True,
) -> Tried:
    """Judge a plan with the Monte Carlo.

    Parameters
    ----------
    inputs : PlanningInputs
    devices : tuple of Device
        All of them, existing ones first.
    treatments : tuple of Treatment
        Those bought.
    searched : Searched or None
        Where it comes from.
    stream : int
        Of the worlds.
    by_point : bool, optional
        Whether the points of the rooms are told of, as a report has it.

    Returns
    -------
    Tried
    """
    site, scenario, catalogue = inputs.site, inputs.scenario, inputs.catalogue
    other = inputs.worked_out.staying
    elsewhere = None if other is None else other.ask(JudgedOutside(devices, treatments, stream))
    treated, links, of_site = _with_treatments(inputs, treatments)
    judged = judge_rooms(
        links,
        inputs.bare,
        scenario,
        devices,
        catalogue,
        silence_points(treated, trial_points(treated)),
        bare_points=silence_points(site, trial_points(site)),
        stream=stream,
        quiet=_quiet(inputs, stream),
        at_hand=_at_hand(inputs, devices, treatments, of_site),
        by_point=by_point,
    )
    every_spill = judged_outside(inputs, devices, treatments, stream) if elsewhere is None else elsewhere.result()
    spilled = every_spill[0]
    spent = cost(site, devices, (*inputs.given, *treatments), catalogue, scenario)
    protected = judged.by_room["called_silent"].values
    target, weights = target_asked(site, scenario), judged.by_room["weight"].values
    if target is not None:
        weights = np.isin(judged.by_room[ROOM].values, np.array(target.rooms, dtype=str)).astype(float)
    attempt = Attempt(
        confidence=0.0 if searched is None else margin_confidence(scenario),
        slack_db=0.0 if searched is None else searched.slack_db,
        rooms_model=0 if searched is None else len(searched.claims()),
        rooms_judged=int(protected.sum()),
        weight_judged=float((protected * weights).sum()),
        spill_margin_db=spilled.worst_margin_db,
        passed=spilled.passed,
        capex_gbp=spent.whole_life_gbp if scenario.budget_basis == "whole_life" else spent.capex_gbp,
    )
    return Tried(attempt, devices, treatments, spent, judged, spilled, searched, every_spill)


def _quiet(inputs: PlanningInputs, stream: int) -> Tally:
    """The worlds of a stream without any blocker, drawn once for all layouts."""
    quiet = inputs.worked_out.quiet
    if stream not in quiet:
        points = silence_points(inputs.site, trial_points(inputs.site))
        quiet[stream] = quiet_anyway(inputs.bare, inputs.scenario, points, stream=stream)
    return quiet[stream]


def _with_treatments(
    inputs: PlanningInputs, treatments: tuple[Treatment, ...]
) -> tuple[Site, LinkModel, LinksAtHand]:
    """The site with its treatments and those bought, its links, and what is the same of every layout of it.

    What was asked for last is at hand.
    """
    known = inputs.worked_out.treated
    if known is None or known[0] != treatments:
        known = (treatments, *_treated(inputs, treatments), LinksAtHand(SITE_BYTES))
        inputs.worked_out.treated = known
    return known[1:]


def _at_hand(
    inputs: PlanningInputs, devices: tuple[Device, ...], treatments: tuple[Treatment, ...], of_site: LinksAtHand
) -> LinksAtHand:
    """Links of a layout, which is often judged in worlds of choice and then in others."""
    known = inputs.worked_out.at_hand
    if known is None or known[0] != (devices, treatments):
        known = inputs.worked_out.at_hand = ((devices, treatments), LinksAtHand(site=of_site))
    return known[1]


def _treated(inputs: PlanningInputs, treatments: tuple[Treatment, ...]) -> tuple[Site, LinkModel]:
    scenario, every = inputs.scenario, (*inputs.given, *treatments)
    if not every and not scenario.operator_actions:
        return inputs.site, inputs.bare
    treated = treated_site(inputs.site, every, inputs.catalogue)
    scene = prepare_scene(treated, like=inputs.bare.scene) if every else inputs.bare.scene
    return treated, link_model(
        scene, inputs.sectors, scenario.rules, graph=inputs.bare.graph, like=inputs.bare,
        actions=scenario.operator_actions,
    )  # fmt: skip


def rank(inputs: PlanningInputs, one: Tried, least_db: float) -> tuple[float, ...]:
    """Less is better: limits first, and the budget; then what is asked for, limits to spare, and money.

    Whether what has little to spare outside keeps the limits on fresh worlds too is asked of it when it is chosen.
    """
    scenario, attempt = inputs.scenario, one.attempt
    tight = is_tight(one, least_db)
    dear = scenario.budget_gbp is not None and attempt.capex_gbp > scenario.budget_gbp + 0.005
    if scenario.objective == "least_cost":
        met = is_met(inputs, one)
        wanted = attempt.capex_gbp if met else -attempt.weight_judged
        return (broken(one, least_db), dear, not met, wanted, tight, attempt.capex_gbp)
    return (broken(one, least_db), dear, 0.0, -attempt.weight_judged, tight, attempt.capex_gbp)


def is_met(inputs: PlanningInputs, one: Tried) -> bool:
    """Whether a plan reaches the target in the worlds it was judged in; without a target every plan does."""
    target = target_asked(inputs.site, inputs.scenario)
    return target is None or rooms_held(target, one.judged.by_room) >= target.needed


def outcome(inputs: PlanningInputs, one: Tried, least_db: float) -> tuple[float, ...]:
    """What a plan comes to, less is better: limits, the budget, and what is asked for."""
    scenario, attempt = inputs.scenario, one.attempt
    dear = scenario.budget_gbp is not None and attempt.capex_gbp > scenario.budget_gbp + 0.005
    short = -attempt.weight_judged
    if scenario.objective == "least_cost" and is_met(inputs, one):
        short = -math.inf
    return (broken(one, least_db), dear, short)


def nearest_met(inputs: PlanningInputs, tried: Sequence[Tried], best: Tried) -> str:
    """How near the attempts that keep the limits came to the target, and which rooms asked for the plan leaves."""
    target, least_db = target_asked(inputs.site, inputs.scenario), least_margin_db(tried)
    if target is None:
        return ""
    held = [rooms_held(target, one.judged.by_room) for one in tried if not broken(one, least_db)]
    said = f"the nearest target met: {max(held, default=0)} of the {target.needed} rooms asked for"
    missing = target_outcome(target, best.judged.by_room).missing
    if not missing:
        return said
    more = len(missing) - MOST_NAMED
    return f"{said}; missing, the nearest first: {', '.join(missing[:MOST_NAMED])}" + (
        f" and {more} more" if more > 0 else ""
    )


def is_short(one: Tried) -> bool:
    """Whether more than a few of the rooms that the model takes as protected are not silent in the worlds."""
    return one.attempt.rooms_judged < (1 - LITTLE_SHORT) * one.attempt.rooms_model


def is_tight(one: Tried, least_db: float) -> bool:
    """Whether so little is left below the limits outside that other worlds may find them missed."""
    return one.attempt.spill_margin_db < min(SPARE_DB, least_db + SPARE_DB)


def least_margin_db(tried: Sequence[Tried]) -> float:
    """What must be left outside: nothing, or what the first of them, the layout there is, misses already."""
    return min(0.0, tried[0].attempt.spill_margin_db)


def broken(one: Tried, least_db: float) -> float:
    """How far a plan is from what must hold; keep rooms that nobody serves to begin with break every plan alike."""
    return breaks(one.spilled, least_db)


def breaks(spilled: SpillResult, least_db: float) -> float:
    """As `broken`, of what a plan does outside."""
    if spilled.passed:
        return 0.0
    failing = failing_rows(spilled.keep_rooms, spilled.protected, spilled.exposure)
    return failing + (0.0 if spilled.worst_margin_db >= least_db else 1000.0)


def best_of(inputs: PlanningInputs, tried: Iterable[Tried], least_db: float) -> Tried | None:
    """The attempt to take: of several alike one that was searched, the first."""
    return min(tried, key=lambda one: (*rank(inputs, one, least_db), one.searched is None), default=None)
