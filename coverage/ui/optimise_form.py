"""The question to the optimiser: budget or target, what may be bought, how long to search."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.question import (
    NO_TREATMENT,
    buyable_devices,
    buyable_treatments,
    check_plan_scenario,
    offered_devices,
)
from quietwing.coverage.report.plan_words import pounds
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.store import scenario_text
from quietwing.coverage.ui.site_words import literal
from quietwing.coverage.ui.state import Session, scenario_with, session

__all__ = ["asked_scenario", "question_fields"]

MOST_BOXES = 20
OBJECTIVES = {
    "most_protected": "Protect as many cells as the budget allows",
    "least_cost": "Protect a given number of cells for the least money",
}
BASES = {
    "capex": "Buying and installing",
    "whole_life": "Whole life of it all",
}
EFFORTS = {
    "quick": "Quick: a few minutes",
    "normal": "Normal: 2 to 3 times quick",
    "thorough": "Thorough: about 6 times quick",
}


def question_fields() -> dict[str, Any]:
    """Draw the fields; keys of a scenario with what was answered, and ``keep_treatments``."""
    own = session()
    scenario = own.scenario
    given: dict[str, Any] = {}
    left, middle, right = st.columns([5, 6, 5])
    with left:
        given |= _money(scenario)
    with middle:
        given |= _purchases(own.catalogue, scenario)
    with right:
        given |= _search(scenario)
        given["keep_treatments"] = bool(own.layout.treatments) and st.checkbox(
            "Keep the meshes and films of the current layout",
            False,
            key="optimise-keep",
            help="They then stand in any plan, and their price counts against the budget.",
        )
    return given


def asked_scenario(given: Mapping[str, Any]) -> Scenario:
    """The session's scenario with what was answered, checked by the reader of scenarios and against the site.

    Parameters
    ----------
    given : mapping
        From `question_fields`.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        With every problem.
    """
    own = session()
    base = scenario_with(own.layout) if given.get("keep_treatments") else own.scenario
    options = {key: value for key, value in given.items() if key != "keep_treatments"}
    if not options.get("equipment"):  # in a scenario an empty list means all of the catalogue
        raise ScenarioError("Blockers that may be bought: none is chosen; choose at least one")
    if options.get("objective") != "least_cost":
        options["target_rooms"] = None
    elif options.get("target_rooms") is None:
        raise ScenarioError("Cells to protect: give a number, as the least money for a target is asked for")
    asked = _read(own, replace(base, budget_gbp=None, target_rooms=None), options)
    problems = check_plan_scenario(own.site, own.catalogue, asked)
    if problems:
        raise ScenarioError("\n".join(problems))
    return asked


def _read(own: Session, base: Scenario, options: Mapping[str, Any]) -> Scenario:
    """Options over a scenario, in the words of the scenario's reader."""
    workshop = Path(tempfile.mkdtemp(prefix="scenario-", dir=own.folder))
    try:
        path = workshop / "scenario.toml"
        path.write_text(scenario_text(base), encoding="utf-8")
        return read_scenario(path, **options)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _money(scenario: Scenario) -> dict[str, Any]:
    given: dict[str, Any] = {}
    given["objective"] = st.radio(
        "What to look for",
        list(OBJECTIVES),
        index=list(OBJECTIVES).index(scenario.objective),
        format_func=OBJECTIVES.__getitem__,
        key="optimise-objective",
        help="A cell is protected if no phone works anywhere in it because of the plan, as surely as asked for.",
    )
    given["budget_gbp"] = st.number_input(
        "Budget [£]",
        value=50_000.0 if scenario.budget_gbp is None else scenario.budget_gbp,
        step=5_000.0,
        format="%.0f",
        key="optimise-budget",
        help="No plan costs more. Prices exclude VAT; those of the bundled catalogue are illustrative, not quotes.",
    )
    given["budget_basis"] = st.selectbox(
        "The budget is for",
        list(BASES),
        index=list(BASES).index(scenario.budget_basis),
        format_func=BASES.__getitem__,
        key="optimise-basis",
        help=f"Whole life: buying, installing, running costs and replacements over {scenario.horizon_years} years.",
    )
    if given["objective"] == "least_cost":
        given["target_rooms"] = st.number_input(
            "Cells to protect",
            value=scenario.target_rooms or 10,
            step=1,
            key="optimise-target",
            help="Cells and spaces that are quiet anyway do not count towards it.",
        )
        if st.checkbox("Money is no limit", scenario.budget_gbp is None, key="optimise-unlimited"):
            given["budget_gbp"] = None
    return given


def _purchases(catalogue: Mapping[str, Model], scenario: Scenario) -> dict[str, Any]:
    devices = offered_devices(catalogue)
    treatments = buyable_treatments(catalogue, replace(scenario, treat_with=()))
    st.markdown(
        "**Blockers that may be bought**",
        help="Jammers make noise on the public network's frequencies; managed-access nodes are a private network "
        "that phones prefer to it. Fewer kinds make the search faster.",
    )
    wished = [name for name in scenario.equipment if name in devices]
    wished = wished or list(buyable_devices(catalogue, replace(scenario, equipment=())))
    equipment = _ticked(catalogue, devices, wished, "optimise-buy")
    st.markdown(
        "**What may be put on windows**",
        help="Mesh weakens what comes in and what leaks out; film only on a sealed window.",
    )
    wished = [name for name in scenario.treat_with if name in treatments]
    if not wished and scenario.treat_with != (NO_TREATMENT,):
        wished = list(treatments)
    treat_with = _ticked(catalogue, treatments, wished, "optimise-treat")
    return {"equipment": equipment, "treat_with": treat_with or (NO_TREATMENT,)}


def _ticked(catalogue: Mapping[str, Model], names: Sequence[str], ticked: Sequence[str], key: str) -> tuple[str, ...]:
    """Models that are ticked; a long catalogue is a list to pick from."""
    if len(names) > MOST_BOXES:
        return tuple(st.multiselect("Models", names, default=list(ticked), key=key, label_visibility="collapsed"))
    return tuple(
        name
        for name in names
        if st.checkbox(
            _labelled(catalogue[name]), name in ticked, key=f"{key}-{name}", help=literal(catalogue[name].description)
        )
    )


def _labelled(model: Model) -> str:
    """``micro_jammer (jammer, £900)``, ``cable_jammer (£9,000 and £35 a metre)``: what fits beside a box."""
    if model.radiating_cable:
        return literal(
            f"{model.name} ({pounds(model.unit_price_gbp)} and {pounds(model.radiating_gbp_per_m)} a metre)"
        )
    kind: str = "managed access" if model.kind == "mas" else model.kind
    return literal(f"{model.name} ({kind}, {pounds(model.unit_price_gbp)})")


def _search(scenario: Scenario) -> dict[str, Any]:
    return {
        "effort": st.selectbox(
            "How long to search",
            list(EFFORTS),
            index=list(EFFORTS).index(scenario.effort),
            format_func=EFFORTS.__getitem__,
            key="optimise-effort",
            help="For one houseblock; a campus takes far longer. You may stop at any time and keep the best.",
        ),
        "spacing_m": st.number_input(
            "Least distance apart [m]",
            value=float(scenario.spacing_m),
            step=0.5,
            key="optimise-spacing",
            help="Between new devices. 0: no limit.",
        ),
        "seed": st.number_input(
            "Seed of the random draws",
            value=int(scenario.seed),
            step=1,
            key="optimise-seed",
            help="The same question with the same seed gives the same plan. Another seed shows how much is chance.",
        ),
    }
