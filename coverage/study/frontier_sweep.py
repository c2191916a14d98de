"""Searches for a row of budgets: what they share, where each begins, what each found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.planning import (
    ChosenFrom,
    Offer,
    Plan,
    PlanResult,
    Prepared,
    Unmet,
    best_known,
    target_asked,
)
from quietwing.coverage.planning import optimise as best_plan
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.buying import as_bought, judged_afresh, known_of, ready_of, spent_gbp
from quietwing.coverage.study.common import Progress
from quietwing.coverage.study.frontier_apart import Apart, SearchesApart
from quietwing.sites import Site

__all__ = ["ANY_PRICE_GBP", "Aim", "Found", "Step", "Sweep", "aim_in_words", "best_for", "downward", "whole"]

ANY_PRICE_GBP = 1e9
SEARCHED = 0.7  # share of a step that is its search; the rest is judging
UNDER_LINE = 1.0  # assumed: cells under the line between its neighbours from which on a budget is searched again
Step = Callable[[int, int, str, float], None]
Aim = tuple[Literal["target_rooms", "target_share"], float]  # key of a scenario, and how much of it


@dataclass(frozen=True)
class Found:
    """A plan, what its search was asked, and its verdict on fresh worlds."""

    asked: Scenario
    plan: Plan
    verdict: Verdict

    @property
    def spent_gbp(self) -> float:
        return spent_gbp(self.plan, self.asked)

    @property
    def offer(self) -> Offer:
        """A plan of least cost counts cells, not their weights: beside others only where these are the same."""
        one = self.plan.attempts[self.plan.chosen]
        counts = self.asked.objective == "least_cost" and not whole(self.verdict.site)
        return Offer(one.passed, -math.inf if counts else one.weight_judged, one.rooms_judged, self.spent_gbp)


@dataclass
class Sweep:
    """The searches done so far, and what they share."""

    site: Site
    asked: Scenario
    catalogue: Mapping[str, Model]
    prepared: Prepared
    existing: tuple[Device, ...]
    maps: bool
    time_limit_s: float | None
    gap: float | None
    say: Step
    steps: int
    tell: Callable[[PlanResult], None] = lambda _plan: None
    step: int = 0
    found: list[Found] = field(default_factory=list)
    own: dict[float, int] = field(default_factory=dict)  # by budget: the best of its own searches
    target: dict[Aim, int] = field(default_factory=dict)
    unmet: list[Unmet] = field(default_factory=list)
    chosen_from: ChosenFrom | None = None
    verdicts: dict[tuple[tuple[Device, ...], tuple[Treatment, ...]], Verdict] = field(default_factory=dict)
    interrupted: bool = False
    apart: bool = False

    def search(self, budget_gbp: float, start: Plan | None, words: str | None = None) -> Found:
        """One search for a budget, kept if it is the best of those for this budget."""
        one = self._run(replace(self.asked, budget_gbp=budget_gbp), start, words or f"£{budget_gbp:,.0f}")
        self._own(budget_gbp, one)
        if one.plan.status == "interrupted":
            raise KeyboardInterrupt
        return one

    def search_apart(self, budgets_gbp: Sequence[float], apart: Apart) -> None:
        """Take the plans that are searched for elsewhere, one for each budget."""
        self.apart = True
        asked = SearchesApart(
            self.site,
            self.prepared.inputs.sectors,
            replace(self.asked, budget_gbp=max(budgets_gbp, default=None)),
            self.catalogue,
            self.existing,
            self.time_limit_s,
            self.gap,
        )
        plans = iter(apart(asked, budgets_gbp))
        for budget_gbp in budgets_gbp:
            tell = self._next_step(f"£{budget_gbp:,.0f}")
            tell("searched for on the cluster", 0.0)
            self._own(budget_gbp, self._keep(replace(self.asked, budget_gbp=budget_gbp), next(plans), tell))

    def _own(self, budget_gbp: float, one: Found) -> None:
        """The plan found last is its budget's if it is the best of those searched for this budget."""
        before = self.own.get(budget_gbp)
        if before is None or best_known([self.found[before].offer, one.offer], budget_gbp, 0) == 1:
            self.own[budget_gbp] = len(self.found) - 1

    def question_of(self, aim: Aim, most_gbp: float | None = None) -> Scenario:
        """The scenario of a plan of least cost."""
        rooms, share = (aim[1], None) if aim[0] == "target_rooms" else (None, aim[1])
        return replace(
            self.asked,
            objective="least_cost",
            target_rooms=None if rooms is None else int(rooms),
            target_share=share,
            budget_gbp=most_gbp,
        )

    def cells_needed(self, aim: Aim) -> int:
        """How many cells a plan must silence for it: of a share, those left that are not quiet anyway."""
        target = target_asked(self.site, self.question_of(aim))
        if target is None or not target.quiet_counts:
            return int(aim[1])
        index = self.site.room_index
        return target.needed - sum(bool(self.prepared.quiet_anyway[index[room]]) for room in target.rooms)

    def least_cost(self, aim: Aim, most_gbp: float) -> Found | None:
        """The cheapest plan found that silences so many cells; None, and one more unmet, where there is none."""
        one = self._run(self.question_of(aim, most_gbp), None, f"least cost of {aim_in_words(aim)}")
        reached, target = one.plan.attempts[one.plan.chosen], self.cells_needed(aim)
        met = reached.rooms_judged >= target and reached.passed
        if met:
            self.target[aim] = len(self.found) - 1
        else:
            self.found.pop()
        if one.plan.status == "interrupted":
            raise KeyboardInterrupt
        if met:
            return one
        share = aim[1] if aim[0] == "target_share" else None
        proven, nearest_gbp = one.plan.status == "infeasible", round(one.spent_gbp, 2)
        self.unmet.append(Unmet(target, share, most_gbp, proven, reached.rooms_judged, nearest_gbp))
        return None

    def start_for(self, budget_gbp: float) -> Plan | None:
        """The best plan known that can be paid for."""
        fitting = [at for at, one in enumerate(self.found) if one.spent_gbp <= budget_gbp]
        if not fitting:
            return None
        offers = [self.found[at].offer for at in fitting]
        return self.found[fitting[best_known(offers, budget_gbp, 0)]].plan

    def _next_step(self, words: str) -> Progress:
        number, self.step = self.step, self.step + 1
        self.steps = max(self.steps, self.step)
        return lambda what, share: self.say(
            number, self.steps, f"{words} ({number + 1} of {self.steps}): {what}", share
        )

    def _run(self, question: Scenario, start: Plan | None, words: str) -> Found:
        tell = self._next_step(words)
        plan = best_plan(
            self.site,
            self.prepared.inputs.sectors,
            question,
            self.catalogue,
            existing=self.existing,
            start=start,
            time_limit_s=self.time_limit_s,
            gap=self.gap,
            progress=lambda what, share: tell(what, SEARCHED * share),
            prepared=self.prepared,
        )
        return self._keep(question, plan, tell)

    def _keep(self, question: Scenario, plan: Plan, tell: Progress) -> Found:
        """A plan with its verdict on fresh worlds."""
        key = (plan.devices, plan.treatments)
        bought = as_bought(self.site, question, plan.treatments)
        if key not in self.verdicts:
            self.verdicts[key] = judged_afresh(
                self.site,
                bought,
                plan.devices,
                self.catalogue,
                maps=self.maps,
                known=known_of(self.prepared, plan, question),
                ready=ready_of(self.prepared.inputs, bought),
                progress=lambda _what, share: tell(
                    "judging in independent simulations", SEARCHED + (1 - SEARCHED) * share
                ),
            )
        self.found.append(Found(question, plan, self.verdicts[key]))
        self.tell(PlanResult(plan, self.verdicts[key], None, question))
        return self.found[-1]


def aim_in_words(aim: Aim) -> str:
    """``20``, or ``50 %``."""
    return f"{aim[1]:g}" if aim[0] == "target_rooms" else f"{100 * aim[1]:g} %"


def downward(sweep: Sweep, budgets: tuple[float, ...]) -> None:
    """Search again, from the dearer neighbour's plan, where a budget lies under the line between its neighbours."""
    for at in range(len(budgets) - 2, -1, -1):
        here, above = (best_for(sweep, budgets[one]) for one in (at, at + 1))
        below = best_for(sweep, budgets[at - 1]) if at else None
        first = Offer(True, here.plan.attempts[0].weight_judged, 0, 0.0) if below is None else below.offer
        last, own = above.offer, here.offer
        if not (first.passed and last.passed and first.spent_gbp < budgets[at] < last.spent_gbp):
            continue
        share = (budgets[at] - first.spent_gbp) / (last.spent_gbp - first.spent_gbp)
        if own.weight < first.weight + share * (last.weight - first.weight) - UNDER_LINE:
            sweep.search(budgets[at], above.plan, f"£{budgets[at]:,.0f} again, from above")


def best_for(sweep: Sweep, budget_gbp: float) -> Found:
    """The best plan known for a budget."""
    return sweep.found[best_known([one.offer for one in sweep.found], budget_gbp, sweep.own[budget_gbp])]


def whole(site: Site) -> bool:
    """Whether every room that must be silent weighs 1."""
    return all(room.weight == 1 for room in site.rooms if room.role == "silence")
