"""What a result was asked, and whether that is asked now: no other result is shown as the answer or reported."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from quietwing.coverage.equipment import Device
from quietwing.coverage.report import exact_pounds, grade_in_words
from quietwing.coverage.scenario import TARGETS, Scenario
from quietwing.coverage.treatments import wishes_for
from quietwing.sites import Site, fingerprint

if TYPE_CHECKING:
    from quietwing.coverage.app.state import Layout, Session
    from quietwing.coverage.planning import Plan
    from quietwing.coverage.results import Verdict

__all__ = [
    "AIM",
    "as_offered_now",
    "comparable",
    "current",
    "difference",
    "earlier",
    "is_current",
    "judged_by",
    "plan_of_curve",
]

ResultKind = Literal["verdict", "leakage", "whatif", "plan", "frontier"]
SAID = ("grade", "confidence", "spill_tier", "budget_gbp", "treatments")  # in words of their own
# What a search is asked beside how a layout is judged: an assessment does not go by it, a cost curve not by the aim.
AIM = ("budget_gbp", "objective", *TARGETS)
SEARCH = (*AIM, "budget_basis", "equipment", "treat_with", "effort", "spacing_m")


@dataclass(frozen=True)
class Asked:
    """One question; equal questions have equal answers.

    Attributes
    ----------
    devices : tuple of Device
        The layout that is judged, or the blockers of it that a plan keeps.
    scenario : Scenario
        With the rules and, of a layout that is judged, its treated windows; without what the answer does not go by.
    site : Site
        With its masts and its calibration. A session's catalogue, but for its prices, changes with the site alone.
    """

    devices: tuple[Device, ...]
    scenario: Scenario
    site: Site


def judged_by(scenario: Scenario) -> Scenario:
    """What of a scenario an assessment goes by."""
    return _without(scenario, SEARCH)


def _without(scenario: Scenario, names: Collection[str]) -> Scenario:
    """A scenario with these keys as they are by default."""
    usual: dict[str, Any] = {one.name: one.default for one in fields(Scenario) if one.name in names}
    return replace(scenario, **usual)


def asked_now(own: Session, kind: ResultKind, layout: Layout | None = None) -> Asked:
    """What the session asks of a layout, the current one without it.

    Raises
    ------
    ScenarioError
        If a treated window of the layout is not of this site.
    """
    layout, scenario = layout or own.layout, own.scenario
    if kind in ("verdict", "whatif") and layout.treatments:
        wishes = wishes_for(own.site, layout.treatments)
        scenario = replace(scenario, treatments=(*scenario.treatments, *wishes))
    return _asked(kind, own.site, scenario, layout.devices)


def asked_of(kind: ResultKind, result: Any) -> Asked:
    """What a result was asked."""
    if kind == "plan":
        return _asked(kind, result.verdict.site, result.asked, result.verdict.devices)
    if kind == "frontier":
        return _asked(kind, result.site, result.asked, result.plans[0].verdict.devices)
    return _asked(kind, result.site, result.scenario, () if kind == "leakage" else result.devices)


def _asked(kind: ResultKind, site: Site, scenario: Scenario, devices: tuple[Device, ...]) -> Asked:
    """The question of a kind, without what its answer does not go by."""
    if kind in ("plan", "frontier"):
        stay = tuple(device for device in devices if device.state == "existing")
        free = ("treatments", *AIM) if kind == "frontier" else ("treatments",)  # a plan has treatments of its own
        return Asked(stay, _without(scenario, free), site)
    return Asked(() if kind == "leakage" else devices, judged_by(scenario), site)


def is_current(own: Session, kind: ResultKind, result: Any, layout: Layout | None = None) -> bool:
    """Whether a result was asked what the session asks now, of a layout or of the current one."""
    same = asked_of(kind, result) == asked_now(own, kind, layout)
    if not same or kind != "whatif":
        return same
    # Rows of what would change the answer have prices in them: of the catalogue all counts.
    of_prices = fingerprint(own.site, result.scenario, result.devices, dict(own.catalogue))
    return bool(result.scenario_id == of_prices[:12])


def current(own: Session, kind: ResultKind) -> Any:
    """The session's result of a kind if it answers what is asked now; else None."""
    result = getattr(own, kind)
    return result if result is not None and is_current(own, kind, result) else None


def plan_of_curve(own: Session, asked: Scenario) -> Plan | None:
    """The plan that the cost curve has for the money asked or less: what is searched for is never worse than it."""
    curve = own.frontier
    if curve is None or asked.objective != "most_protected":
        return None
    if asked_of("frontier", curve) != _asked("frontier", own.site, asked, own.layout.devices):
        return None
    most_gbp = math.inf if asked.budget_gbp is None else asked.budget_gbp
    return next((one.result.plan for one in reversed(curve.points) if one.budget_gbp <= most_gbp), None)


def as_offered_now(own: Session, verdict: Verdict) -> Verdict:
    """An assessment with what may be bought now: it does not go by it, but what a room would need does."""
    offered = {name: getattr(own.scenario, name) for name in SEARCH}
    return replace(verdict, scenario=replace(verdict.scenario, **offered))


def comparable(one: Verdict, other: Verdict) -> bool:
    """Whether two layouts were judged under one question, the layout apart."""
    rules = [replace(judged_by(each.scenario), treatments=()) for each in (one, other)]
    return rules[0] == rules[1] and one.site == other.site


def earlier(own: Session, kind: ResultKind) -> str:
    """The question that the session's result of a kind is for, where it is an earlier one, in a sentence; else empty.

    Returns
    -------
    str
        ``The last result is for an earlier question: evidence grade (95 %), strict limit outside.``
    """
    result = getattr(own, kind)
    if result is None or is_current(own, kind, result):
        return ""
    return f"The last result is for an earlier question: {difference(own, kind, result)}."


def difference(own: Session, kind: ResultKind, result: Any, layout: Layout | None = None) -> str:
    """In what the question of a result differs from the present one: ``another layout; budget £8,000``."""
    then, now = asked_of(kind, result), asked_now(own, kind, layout)
    before, after = then.scenario, now.scenario
    said = ["another site, or other masts or calibration"] if then.site != now.site else []
    if before.asked != after.asked:
        said.append(f"{grade_in_words(before.asked)}, {before.asked.tier} limit outside")
    if before.budget_gbp != after.budget_gbp:
        said.append("no budget limit" if before.budget_gbp is None else f"budget {exact_pounds(before.budget_gbp)}")
    if (then.devices, before.treatments) != (now.devices, after.treatments):
        said.append("other blockers that stay" if kind in ("plan", "frontier") else "another layout")
    names = [one.name for one in fields(Scenario) if getattr(before, one.name) != getattr(after, one.name)]
    said += ["other choices under Search"] if any(name in SEARCH and name not in SAID for name in names) else []
    said += [f"another {name}" for name in names if name not in (*SEARCH, *SAID)]
    return "; ".join(said) or "other prices"
