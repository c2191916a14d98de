"""What a plan is: the layout chosen, what it costs, how good the planning model says it is, what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.planning.costing import Cost
from quietwing.coverage.planning.target import TargetOutcome, target_asked, target_outcome
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Objective, Scenario

__all__ = [
    "Attempt",
    "Claim",
    "Hole",
    "HoleKind",
    "HoleReason",
    "ModelFigures",
    "Plan",
    "PlanResult",
    "Search",
    "Status",
]

Status = Literal["optimal", "feasible", "infeasible", "none found", "interrupted"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One plan of the search, judged on the worlds the plan is chosen on.

    Attributes
    ----------
    confidence : float
        Of each single margin in the planning model; a room needs all of its margins at once.
    slack_db : float
        How far the limits outside were moved that devices, as strong as they are sent, keep in the planning model:
        adding upper quantiles overstates a sum.
    rooms_model : int
        Rooms the planning model takes as protected.
    rooms_judged : int
        Rooms the Monte Carlo finds protected.
    weight_judged : float
    spill_margin_db : float
        Smallest margin outside that counts; negative fails.
    passed : bool
        All limits hold: outside, keep rooms, protected services, exposure.
    capex_gbp : float
        Or whole-life cost, as the scenario's budget basis says.
    """

    confidence: float
    slack_db: float
    rooms_model: int
    rooms_judged: int
    weight_judged: float
    spill_margin_db: float
    passed: bool
    capex_gbp: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A room the planning model takes as protected, with what was added there to each of its margins. [dB]"""

    room: str
    reserve_db: float


class HoleKind(StrEnum):
    """Why a plan leaves a room open; the sentence of each is in `quietwing.coverage.report.hole_words`."""

    NOT_ASKED = "not asked for"
    NOT_NEEDED = "not needed"
    NOT_SEARCHED = "not searched"
    NOT_REACHED = "not reached"
    NOT_SURE = "not sure enough"
    TOO_WEAK = "too weak"
    NOTHING_SILENCES = "nothing silences it"
    LIMIT_ALONE = "breaks a limit alone"
    LIMIT_TOGETHER = "breaks a limit together"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class HoleReason:
    """Why a room is left open, with the figures that belong to it.

    Attributes
    ----------
    kind : HoleKind
    channel : str
        That still works (`NOT_SURE`), or on which nothing is strong enough (`TOO_WEAK`).
    limit : str
        Which no device, or no further device, keeps.
    missing_db : float or None
        From the best device of the catalogue to what is needed; None where nothing reaches the room. [dB]
    needs_gbp : float or None
        At least, beyond the budget. [£]
    silent_probability : float or None
        Share of worlds in which the room is silent.
    """

    kind: HoleKind
    channel: str = ""
    limit: str = ""
    missing_db: float | None = None
    needs_gbp: float | None = None
    silent_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Hole:
    """A room the plan leaves open and why."""

    room: str
    reason: HoleReason


@dataclass(frozen=True, slots=True)
class Search:
    """The question whose search found a plan that answers another one too.

    Attributes
    ----------
    objective : {"most_protected", "least_cost"}
    budget_gbp : float or None
        None: without a limit of money. [£]
    """

    objective: Objective
    budget_gbp: float | None


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What the planning model says of a plan: it steers and ends the search, and is never printed.

    The model's limits and needs are tighter than the rules', so its bound says nothing of the plan as it is judged.

    Attributes
    ----------
    status : str
        ``optimal`` or ``feasible``.
    value, bound, gap : float or None
        Weight of the rooms taken as blocked (or money for a target), what no selection in the model exceeds, and the
        difference as a share of `value`, rounded up.
    """

    status: Status
    value: float | None
    bound: float | None
    gap: float | None


@dataclass(frozen=True)
class Plan:
    """A layout chosen by the optimiser.

    Attributes
    ----------
    devices : tuple of Device
        Existing ones first, then those bought.
    treatments : tuple of Treatment
        Those bought; the scenario's own left out.
    cost : Cost
        Of all of it.
    status : str
        ``optimal`` (no layout can be better as it is judged: `gap` is 0), ``feasible`` (best found; how much better
        is possible is not known), ``infeasible`` (a target that nothing for sale can meet), ``none found``,
        ``interrupted`` (best so far).
    value, bound, gap : float or None
        Of the problem as it is judged, on the worlds of choice: weight of the rooms blocked (or what is bought for a
        target, in £), what no layout can exceed, and the difference as a share of `value`. `bound` and `gap` are None
        where no such bound is known.
    rooms_model : int
        Rooms the planning model takes as protected.
    claimed : tuple of Claim
        These rooms, in the order of the site's.
    holes : tuple of Hole
        In the order of the site's rooms.
    attempts : tuple of Attempt
        Everything that was tried, in order; the chosen one is `chosen`.
    chosen : int
    candidates : int
        Number of candidates looked at.
    seed : int
    reproducible : bool
        False if a deadline or an interruption ended the search.
    notes : tuple of str
        Of the search that found it.
    found_by : Search or None
        Of a frontier: that search, where it is not the one for the budget or target asked for.
    model : ModelFigures or None
        Of the search; None for a plan that was read from a file.
    """

    devices: tuple[Device, ...]
    treatments: tuple[Treatment, ...]
    cost: Cost
    status: Status
    value: float | None
    bound: float | None
    gap: float | None
    rooms_model: int
    claimed: tuple[Claim, ...]
    holes: tuple[Hole, ...]
    attempts: tuple[Attempt, ...]
    chosen: int
    candidates: int
    seed: int
    reproducible: bool
    notes: tuple[str, ...]
    found_by: Search | None = None
    model: ModelFigures | None = field(default=None, compare=False)

    def is_within(self, gap: float) -> bool:
        """Whether its search ended within a gap of the planning model's bound."""
        return self.model is not None and self.model.gap is not None and self.model.gap <= gap


@dataclass(frozen=True)
class PlanResult:
    """A plan and how it fares on worlds it was not chosen on.

    Attributes
    ----------
    plan : Plan
    verdict : Verdict
        Of the plan, judged on fresh worlds; its devices and treatments are the plan's.
    before : Verdict or None
        Of the layout given, or of blockers off; with maps where they were asked for.
    asked : Scenario
        What was asked: its treatments are those given, the verdict's scenario has the plan's too.
    """

    plan: Plan
    verdict: Verdict
    before: Verdict | None
    asked: Scenario

    @property
    def target(self) -> TargetOutcome | None:
        """The target of least cost held against the fresh worlds; each room by itself where rooms were named."""
        asked = target_asked(self.verdict.site, self.asked)
        return None if asked is None else target_outcome(asked, self.verdict.by_room)
