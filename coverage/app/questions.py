"""What a result was asked, and whether that is asked now: no other result is shown as the answer or reported."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from quietwing.coverage.equipment import Device
from quietwing.coverage.report import exact_pounds, grade_in_words
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import wishes_for
from quietwing.sites import Site, fingerprint

if TYPE_CHECKING:
    from quietwing.coverage.app.state import Layout, Session
    from quietwing.coverage.results import Verdict

__all__ = [
    "TARGET",
    "Asked",
    "ResultKind",
    "as_offered_now",
    "asked_now",
    "asked_of",
    "comparable",
    "current",
    "difference_in_words",
    "earlier",
    "is_current",
    "judged_by",
]

ResultKind = Literal["verdict", "leakage", "whatif", "plan", "frontier"]
NAMES: dict[ResultKind, str] = {
    "verdict": "full assessment",
    "leakage": "answer",
    "whatif": "table",
    "plan": "plan",
    "frontier": "cost curve",
}
# What a search is asked beside how a layout is judged: an assessment does not go by it.
TARGET: dict[str, Any] = {
    "budget_gbp": None,
    "objective": "most_protected",
    "target_rooms": None,
    "target_share": None,
    "target_named": (),
    "target_wing": (),
}
SEARCH: dict[str, Any] = TARGET | {
    "budget_basis": "capex",
    "equipment": (),
    "treat_with": (),
    "effort": "normal",
    "spacing_m": 0.0,
}
WORDS = {
    "objective": "aim of the search",
    "target_rooms": "target",
    "target_share": "target",
    "target_named": "target",
    "target_wing": "target",
    "equipment": "choice of blockers",
    "treat_with": "choice of window treatments",
    "spacing_m": "distance between blockers",
    "treatments": "layout",
}
BY_GRADE = ("grade", "confidence", "spill_tier", "budget_gbp")  # said with their values


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
    return replace(scenario, **SEARCH)


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
        free = TARGET if kind == "frontier" else {}  # a curve goes through all budgets
        return Asked(stay, replace(scenario, treatments=(), **free), site)  # a plan has treatments of its own
    return Asked(() if kind == "leakage" else devices, judged_by(scenario), site)


def is_current(own: Session, kind: ResultKind, result: Any, layout: Layout | None = None) -> bool:
    """Whether a result was asked what the session asks now, of a layout or of the current one."""
    if asked_of(kind, result) != asked_now(own, kind, layout):
        return False
    # Rows of what would change the answer have prices in them: of the catalogue all counts.
    return kind != "whatif" or result.scenario_id == _name(own, result)


def _name(own: Session, result: Any) -> str:
    return fingerprint(own.site, result.scenario, result.devices, dict(own.catalogue))[:12]


def current(own: Session, kind: ResultKind) -> Any:
    """The session's result of a kind if it answers what is asked now; else None."""
    result = getattr(own, kind)
    return result if result is not None and is_current(own, kind, result) else None


def as_offered_now(own: Session, verdict: Verdict) -> Verdict:
    """An assessment with what may be bought now: it does not go by it, but what a room would need does."""
    offered = {name: getattr(own.scenario, name) for name in SEARCH}
    return replace(verdict, scenario=replace(verdict.scenario, **offered))


def comparable(one: Verdict, other: Verdict) -> bool:
    """Whether two layouts were judged under one question, the layout apart."""
    first, second = asked_of("verdict", one), asked_of("verdict", other)
    same_rules = replace(first.scenario, treatments=()) == replace(second.scenario, treatments=())
    return same_rules and first.site == second.site


def earlier(own: Session, kind: ResultKind) -> str:
    """The question that the session's result of a kind is for, where it is an earlier one, in a sentence; else empty.

    Returns
    -------
    str
        ``The last plan is for an earlier question: evidence grade (95 %), strict limit outside.``
    """
    result = getattr(own, kind)
    if result is None or is_current(own, kind, result):
        return ""
    return f"The last {NAMES[kind]} is for an earlier question: {difference_in_words(own, kind, result)}."


def difference_in_words(own: Session, kind: ResultKind, result: Any, layout: Layout | None = None) -> str:
    """In what the question of a result differs from the present one: ``another layout; budget £8,000``."""
    then, now = asked_of(kind, result), asked_now(own, kind, layout)
    before, after = then.scenario, now.scenario
    said = ["another site, or other masts or calibration"] if then.site != now.site else []
    if before.asked != after.asked:
        said.append(f"{grade_in_words(before.asked)}, {before.asked.tier} limit outside")
    if before.budget_gbp != after.budget_gbp:
        said.append("no budget limit" if before.budget_gbp is None else f"budget {exact_pounds(before.budget_gbp)}")
    if then.devices != now.devices:
        said.append("other blockers that stay" if kind in ("plan", "frontier") else "another layout")
    for field in fields(Scenario):
        if field.name not in BY_GRADE and getattr(before, field.name) != getattr(after, field.name):
            said.append(f"another {WORDS.get(field.name, field.name.replace('_', ' '))}")
    return "; ".join(dict.fromkeys(said)) or "other prices"
