"""When a search may end before its last attempt: its best plan is as near to a bound as was asked for, or usual."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.attempts import Tried, best_of, broken, is_met, is_short, least_margin_db, outcome
from quietwing.coverage.planning.bounds import BoundAhead, certify, gap_of
from quietwing.coverage.planning.cuts import CutWork
from quietwing.coverage.planning.paid_anyway import goal_of
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.prepared import REPORTING_STREAM, judge

__all__ = ["GapStop", "check_gap"]


def check_gap(gap: float | None) -> None:
    """Raise ScenarioError for what is no gap: a share of the plan's value, 0 or more."""
    if gap is not None and not (math.isfinite(gap) and gap >= 0):
        raise ScenarioError(f"gap: is {gap:g} (expected a share, 0 or more); write 0.05 for 5 %")


@dataclass
class GapStop:
    """Asked before each attempt whether the best plan so far is near enough to a bound of its planning model.

    It must keep every limit, on fresh worlds too, and the target if there is one, so that it is the plan in the end.
    No clock decides: the same search ends after the same attempt.

    Attributes
    ----------
    gap : float or None
        Asked for, as a share of the plan's value; None: `usual` decides.
    usual : float or None
        The gap at which an effort ends by itself, where the search knows a bound and nearly all rooms of the plan are
        silent in the worlds; None: every attempt is made.
    cuts : CutWork
        Of the relaxation, where the search knows no bound of that model yet.
    bounding : BoundAhead
        What is worked on already.
    notes : list of str
        What was left out, once the search has ended.
    """

    gap: float | None
    usual: float | None
    cuts: CutWork
    bounding: BoundAhead
    notes: list[str] = field(default_factory=list)
    looked_at: tuple[Tried, ...] = ()

    def reached(self, inputs: PlanningInputs, tried: list[Tried], given: Tried | None, left: int) -> bool:
        """Whether no further attempt is needed.

        Parameters
        ----------
        inputs : PlanningInputs
        tried : list of Tried
            What was judged so far; a bound that is worked out here is kept there.
        given : Tried or None
            The plan to start from.
        left : int
            Attempts that would follow.

        Returns
        -------
        bool
        """
        wanted = self.usual if self.gap is None else self.gap
        if wanted is None or not tried:
            return False
        least_db = least_margin_db(tried)
        best = best_of(inputs, tried, least_db)
        if best is None or best.searched is None or any(best is one for one in self.looked_at):
            return False
        self.looked_at = (*self.looked_at, best)
        if broken(best, least_db) or not is_met(inputs, best):
            return False
        if self.gap is None and (best.searched.bound is None or is_short(best)):
            return False
        goal, searched = goal_of(inputs), best.searched
        bound = self.bounding.of(searched.model) if searched.bound is None else searched.bound
        known = certify(searched.model, goal, searched.found, known=bound, cuts=self.cuts)
        gap = gap_of(known.value, known.bound)
        if known.bound is not None and known.reproducible and searched.bound is None:
            bound = known.bound if goal.target is None else 100 * known.bound
            kept = best.in_model(replace(searched, bound=bound))
            tried[:] = [kept if one is best else one for one in tried]
            self.looked_at = (*self.looked_at, kept)
        if gap is None or gap > wanted or not known.reproducible:
            return False
        again = judge(inputs, best.devices, best.treatments, None, REPORTING_STREAM)
        if broken(again, least_db):
            return False
        if given is not None:
            start = judge(inputs, given.devices, given.treatments, None, REPORTING_STREAM)
            if outcome(inputs, start, least_db) < outcome(inputs, again, least_db):
                return False
        self.notes.append(
            f"the search ended with {left} of its attempts left: the planning model expects little more"
        )
        return True
