"""What a plan may buy, and what a scenario asks of a plan that cannot be: every problem at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from quietwing.coverage.equipment import Model
from quietwing.coverage.planning.cable import comms_room_problem
from quietwing.coverage.planning.target import check_target
from quietwing.coverage.scenario import Scenario
from quietwing.sites import MOST_ALIKE, Findings, Site, did_you_mean, shown

__all__ = ["NO_TREATMENT", "buyable_devices", "buyable_treatments", "check_plan_scenario", "offered_devices"]

FILE = "scenario"
NO_TREATMENT = "none"
DEVICES = ("jammer", "mas")
TREATMENTS = ("mesh", "film")


def buyable_devices(catalogue: Mapping[str, Model], scenario: Scenario) -> tuple[str, ...]:
    """Models a plan may place, in the order of the catalogue: those of `equipment`, or every jammer and MAS node.

    Radiating cables only where they are named: looking at every run of them doubles the time of a search.

    Parameters
    ----------
    catalogue : mapping of str to Model
    scenario : Scenario
        Without problems, see `check_plan_scenario`.

    Returns
    -------
    tuple of str
    """
    if scenario.equipment:
        return _allowed(catalogue, scenario.equipment, DEVICES)
    return tuple(name for name in offered_devices(catalogue) if not catalogue[name].radiating_cable)


def offered_devices(catalogue: Mapping[str, Model]) -> tuple[str, ...]:
    """Every jammer and MAS node of a catalogue, in its order, radiating cables among them."""
    return _allowed(catalogue, (), DEVICES)


def buyable_treatments(catalogue: Mapping[str, Model], scenario: Scenario) -> tuple[str, ...]:
    """Meshes and films a plan may buy, in the order of the catalogue: those of `treat_with`, or every one.

    Parameters
    ----------
    catalogue : mapping of str to Model
    scenario : Scenario
        Without problems, see `check_plan_scenario`.

    Returns
    -------
    tuple of str
        Empty where `treat_with` is ``none`` alone.
    """
    if scenario.treat_with == (NO_TREATMENT,):
        return ()
    return _allowed(catalogue, scenario.treat_with, TREATMENTS)


def _allowed(catalogue: Mapping[str, Model], named: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name for name, model in catalogue.items() if model.kind in kinds and (not named or name in set(named))
    )


def check_plan_scenario(site: Site, catalogue: Mapping[str, Model], scenario: Scenario) -> tuple[str, ...]:
    """What a scenario asks of a plan that cannot be, one line each; empty if nothing.

    Parameters
    ----------
    site : Site
        A checked site.
    catalogue : mapping of str to Model
    scenario : Scenario

    Returns
    -------
    tuple of str
        ``scenario: key: what is wrong; what to do``.
    """
    findings = Findings()
    _check_equipment(catalogue, scenario, findings)
    _check_treatments(site, catalogue, scenario, findings)
    nothing = not buyable_devices(catalogue, scenario) and not buyable_treatments(catalogue, scenario)
    if nothing and not findings.problems:
        findings.problem(
            FILE, "equipment", "leaves nothing of the catalogue to buy; name a jammer, node, mesh or film of it"
        )
    problem = comms_room_problem(site, scenario)
    if problem:
        findings.problem(FILE, "comms_room", problem)
    _check_objective(site, scenario, findings)
    return tuple(findings.problems)


def _check_equipment(catalogue: Mapping[str, Model], scenario: Scenario, findings: Findings) -> None:
    known = _allowed(catalogue, (), DEVICES)
    for name, count in Counter(scenario.equipment).items():
        if len(findings.problems) > MOST_ALIKE:
            return
        model = catalogue.get(name)
        if count > 1:
            findings.problem(FILE, "equipment", f"names {shown(name)} {count} times; keep one")
        if model is None:
            findings.problem(FILE, "equipment", f"{shown(name)} is not in the catalogue; {did_you_mean(name, known)}")
        elif model.kind == "head_end":
            findings.problem(
                FILE,
                "equipment",
                f"{shown(name)} is a head-end (expected a jammer or managed-access node); remove it, its nodes "
                f"call for it",
            )
        elif model.kind in TREATMENTS:
            findings.problem(
                FILE,
                "equipment",
                f"{shown(name)} is a {model.kind} (expected a jammer or managed-access node); move it to treat_with",
            )


def _check_treatments(site: Site, catalogue: Mapping[str, Model], scenario: Scenario, findings: Findings) -> None:
    known = _allowed(catalogue, (), TREATMENTS)
    if scenario.treat_with == (NO_TREATMENT,):
        return
    for name, count in Counter(scenario.treat_with).items():
        if len(findings.problems) > MOST_ALIKE:
            return
        model = catalogue.get(name)
        if name == NO_TREATMENT and model is None:
            findings.problem(
                FILE,
                "treat_with",
                f"names {shown(name)} beside others (expected it alone); remove it, or all the others",
            )
            continue
        if count > 1:
            findings.problem(FILE, "treat_with", f"names {shown(name)} {count} times; keep one")
        if model is None:
            findings.problem(
                FILE, "treat_with", f"{shown(name)} is not in the catalogue; {did_you_mean(name, known)}"
            )
        elif model.kind not in TREATMENTS:
            kind, place = (
                ("head-end", "remove it") if model.kind == "head_end" else (model.kind, "move it to equipment")
            )
            findings.problem(FILE, "treat_with", f"{shown(name)} is a {kind} (expected a mesh or film); {place}")
    for name in buyable_treatments(catalogue, scenario):
        construction = catalogue[name].construction
        if construction not in site.constructions:
            findings.problem(
                FILE,
                "treat_with",
                f"construction {shown(construction)} of {shown(name)} does not exist; "
                f"{did_you_mean(construction, site.constructions)}",
            )


def _check_objective(site: Site, scenario: Scenario, findings: Findings) -> None:
    rooms = sum(room.role == "silence" for room in site.rooms)
    if not rooms:
        findings.problem(
            FILE, "objective", "the site has no room of role silence; give the rooms to protect that role in rooms"
        )
    if scenario.objective == "most_protected" and scenario.budget_gbp is None:
        findings.problem(
            FILE, "budget_gbp", "is missing (objective most_protected needs it); say what may be spent, in pounds"
        )
    check_target(site, scenario, findings)
