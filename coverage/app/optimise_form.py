"""The question to the optimiser: budget or target, what may be bought, how long to search."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import Session, scenario_with, session
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import (
    NO_TREATMENT,
    buyable_devices,
    buyable_treatments,
    check_plan_scenario,
    offered_devices,
)
from quietwing.coverage.report import pounds
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.store import scenario_text

__all__ = ["answers", "asked_scenario", "question_fields", "refused"]

MOST_BOXES = 20
TARGET_KINDS = {
    "target_rooms": "A number of cells",
    "target_share": "A share of all cells",
    "target_named": "Cells by name",
    "target_wing": "Whole wings",
}
NO_TARGET: dict[str, Any] = {"target_rooms": None, "target_share": None, "target_named": (), "target_wing": ()}
OBJECTIVES = {
    "most_protected": "Block as many rooms as the budget allows",
    "least_cost": "Reach a target for the least money",
}
BASES = {
    "capex": "Buying and installing",
    "whole_life": "Whole life of it all",
}
EFFORTS = {
    "quick": "Quick: about a minute for 250 cells",
    "normal": "Normal: about twice quick",
    "thorough": "Thorough: about five times quick",
}


def question_fields() -> None:
    """Draw the fields; `answers` reads them."""
    own = session()
    scenario = own.scenario
    left, middle, right = st.columns([5, 6, 5])
    with left:
        _money(scenario)
    with middle:
        _purchases(own.catalogue, scenario)
    with right:
        _search(scenario)
        if own.layout.treatments:
            st.checkbox(
                "Keep the meshes and films of the current layout",
                False,
                key="optimise-keep",
                help="They then stand in any plan, and their price counts against the budget.",
            )


def answers() -> dict[str, Any]:
    """What stands in the fields, also where the page has not been drawn since they were filled.

    Returns
    -------
    dict
        Keys of a scenario with what was answered, and ``keep_treatments``.
    """
    own, state = session(), st.session_state
    least = state["optimise-objective"] == "least_cost"
    devices, treatments = _offered(own.catalogue, own.scenario)
    return {
        "objective": state["optimise-objective"],
        "budget_gbp": None if least and state.get("optimise-unlimited") else state["optimise-budget"],
        "budget_basis": state["optimise-basis"],
        **_target(least),
        "equipment": _ticked_of(devices, "optimise-buy"),
        "treat_with": _ticked_of(treatments, "optimise-treat") or (NO_TREATMENT,),
        "effort": state["optimise-effort"],
        "spacing_m": state["optimise-spacing"],
        "seed": state["optimise-seed"],
        "keep_treatments": bool(own.layout.treatments and state.get("optimise-keep")),
    }


def asked_scenario(given: Mapping[str, Any]) -> Scenario:
    """The session's scenario with what was answered, checked by the reader of scenarios and against the site.

    Parameters
    ----------
    given : mapping
        From `answers`.

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
        options |= NO_TARGET
    elif not any(options.get(key) for key in NO_TARGET):
        raise ScenarioError("Rooms to block: say which, as the least money for a target is asked for")
    base = replace(base, budget_gbp=None, target_rooms=None, target_share=None, target_named=(), target_wing=())
    asked = _read(own, base, options)
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
        return read_scenario(path, **options, rules=base.rules)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def refused(key: str, what: str, least: float) -> None:
    """Say right under a field that its number is too small; the search is refused too.

    Parameters
    ----------
    key : str
        Of the field.
    what : str
        ``a budget of £{:,.0f}``, to be filled with `least`.
    least : float
    """
    value = st.session_state.get(key)
    with st.container():  # always there: what stands below keeps its place
        if isinstance(value, (int, float)) and value < least:
            st.error(literal(f"Give {what.format(least)} or more; {value:,g} is too low."))


def _money(scenario: Scenario) -> None:
    objective = st.radio(
        "What to look for",
        list(OBJECTIVES),
        index=list(OBJECTIVES).index(scenario.objective),
        format_func=OBJECTIVES.__getitem__,
        key="optimise-objective",
        help="A room is blocked if no phone works anywhere in it because of the plan, at the grade asked for. "
        "The plan shows its count at both grades.",
    )
    st.number_input(
        "Budget [£]",
        value=50_000.0 if scenario.budget_gbp is None else scenario.budget_gbp,
        step=5_000.0,
        format="%.0f",
        key="optimise-budget",
        help="No plan costs more. Prices exclude VAT; those of the bundled catalogue are placeholders, not quotes.",
    )
    refused("optimise-budget", "a budget of £{:,.0f}", 0.0)
    st.selectbox(
        "The budget is for",
        list(BASES),
        index=list(BASES).index(scenario.budget_basis),
        format_func=BASES.__getitem__,
        key="optimise-basis",
        help=f"Whole life: buying, installing, running costs and replacements over {scenario.horizon_years} years.",
    )
    if objective == "least_cost":
        _target_fields(scenario)
        st.checkbox("No budget limit", scenario.budget_gbp is None, key="optimise-unlimited")


def _target_fields(scenario: Scenario) -> None:
    """Which rooms are to be blocked for the least money: so many, a share, these, or whole wings."""
    there = next((key for key in TARGET_KINDS if getattr(scenario, key)), "target_rooms")
    kind = st.selectbox(
        "What must be blocked",
        list(TARGET_KINDS),
        index=list(TARGET_KINDS).index(there),
        format_func=TARGET_KINDS.__getitem__,
        key="optimise-target-kind",
    )
    if kind == "target_rooms":
        st.number_input(
            "Rooms to block",
            value=scenario.target_rooms or 10,
            step=1,
            key="optimise-target",
            help="Rooms that have no signal even without blockers do not count towards it.",
        )
        refused("optimise-target", "a target of {:,.0f}", 1)
    elif kind == "target_share":
        st.number_input(
            "Share of cells [%]",
            value=100.0 * (scenario.target_share or 0.5),
            min_value=0.1,
            max_value=100.0,
            step=5.0,
            key="optimise-target-share",
            help="Of all rooms to be blocked; those that have no signal even without blockers count.",
        )
    elif kind == "target_named":
        st.text_input(
            "Cells by name",
            ", ".join(scenario.target_named),
            placeholder="A1-01, A1-02, B2-*",
            key="optimise-target-named",
            help="Separated by commas; * stands for any letters and digits.",
        )
    else:
        st.text_input(
            "Wings by name",
            ", ".join(scenario.target_wing),
            placeholder="A, HB1/0",
            key="optimise-target-wing",
            help="A building, a storey of it (HB1/0: the ground floor of HB1), or what ids of its cells begin with.",
        )


def _target(asked: bool) -> dict[str, Any]:
    """The keys of a scenario for the target that was answered, all others empty."""
    state, found = st.session_state, dict(NO_TARGET)
    kind = state.get("optimise-target-kind", "target_rooms")
    if not asked:
        return found
    if kind == "target_rooms":
        found[kind] = state.get("optimise-target")
    elif kind == "target_share":
        share = state.get("optimise-target-share")
        found[kind] = None if share is None else share / 100
    else:
        names = str(state.get(f"optimise-{kind.replace('_', '-')}", "")).split(",")
        found[kind] = tuple(name.strip() for name in names if name.strip())
    return found


def _offered(catalogue: Mapping[str, Model], scenario: Scenario) -> tuple[Sequence[str], Sequence[str]]:
    """Devices and treatments there are to be ticked."""
    return offered_devices(catalogue), buyable_treatments(catalogue, replace(scenario, treat_with=()))


def _purchases(catalogue: Mapping[str, Model], scenario: Scenario) -> None:
    devices, treatments = _offered(catalogue, scenario)
    st.markdown(
        "**Blockers that may be bought**",
        help="Jammers make noise on the public network's frequencies; managed-access nodes are a private network "
        "that phones prefer to it. Fewer kinds make the search faster.",
    )
    wished = [name for name in scenario.equipment if name in devices]
    wished = wished or list(buyable_devices(catalogue, replace(scenario, equipment=())))
    _tick(catalogue, devices, wished, "optimise-buy")
    st.markdown(
        "**What may be put on windows**",
        help="Mesh weakens what comes in and what leaks out; film only on a sealed window.",
    )
    wished = [name for name in scenario.treat_with if name in treatments]
    if not wished and scenario.treat_with != (NO_TREATMENT,):
        wished = list(treatments)
    _tick(catalogue, treatments, wished, "optimise-treat")


def _tick(catalogue: Mapping[str, Model], names: Sequence[str], ticked: Sequence[str], key: str) -> None:
    """A box for each model; a long catalogue is a list to pick from."""
    if len(names) > MOST_BOXES:
        st.multiselect("Models", names, default=list(ticked), key=key, label_visibility="collapsed")
        return
    for name in names:
        st.checkbox(
            _labelled(catalogue[name]), name in ticked, key=f"{key}-{name}", help=literal(catalogue[name].description)
        )


def _ticked_of(names: Sequence[str], key: str) -> tuple[str, ...]:
    """The models that `_tick` has ticked."""
    state = st.session_state
    if len(names) > MOST_BOXES:
        return tuple(state[key])
    return tuple(name for name in names if state.get(f"{key}-{name}"))


def _labelled(model: Model) -> str:
    """``micro_jammer (jammer, £900)``, ``cable_jammer (£9,000 and £35 a metre)``: what fits beside a box."""
    if model.radiating_cable:
        return literal(
            f"{model.name} ({pounds(model.unit_price_gbp)} and {pounds(model.radiating_gbp_per_m)} a metre)"
        )
    kind: str = "managed access" if model.kind == "mas" else model.kind
    return literal(f"{model.name} ({kind}, {pounds(model.unit_price_gbp)})")


def _search(scenario: Scenario) -> None:
    st.selectbox(
        "How long to search",
        list(EFFORTS),
        index=list(EFFORTS).index(scenario.effort),
        format_func=EFFORTS.__getitem__,
        key="optimise-effort",
        help="For one houseblock; a campus takes far longer. You may stop at any time and keep the best.",
    )
    st.number_input(
        "Least distance between blockers [m]",
        value=float(scenario.spacing_m),
        step=0.5,
        key="optimise-spacing",
        help="Of new ones. 0: no limit.",
    )
    refused("optimise-spacing", "a distance of {:g} m", 0.0)
    st.number_input(
        "Seed of the random draws",
        value=int(scenario.seed),
        step=1,
        key="optimise-seed",
        help="The same question with the same seed gives the same plan. Another seed shows how much is chance.",
    )
