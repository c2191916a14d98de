"""What more money buys: plans for a handful of budgets, chosen by a slider on their curve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from quietwing.coverage.app.bill_panel import gbp_per_cell
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Question, start
from quietwing.coverage.app.kept_facts import facts_of_verdict
from quietwing.coverage.app.optimise_form import answers, asked_scenario, refused
from quietwing.coverage.app.optimise_result import open_plan, plan_beside, plan_cost, warn_of_prices
from quietwing.coverage.app.panel import numbers
from quietwing.coverage.app.questions import AIM, current, earlier
from quietwing.coverage.app.site_watch import kept, watch
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import change_scenario, session
from quietwing.coverage.app.workspace import bench, leave_if_asked
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import Frontier, PlanResult
from quietwing.coverage.report import (
    exact_pounds,
    frontier_csv,
    frontier_details,
    frontier_header,
    frontier_lead,
    frontier_rows,
    pounds,
)

__all__ = ["budgets_up_to", "frontier_part"]

FEWEST, MOST = 3, 8
CURVE = "curve"  # whose plan in the session's state


def frontier_part() -> None:
    """Draw the form, the running search, and the curve with a slider; the rest of the question is the plan's."""
    own = session()
    running, found = watch("frontier"), current(own, "frontier")
    place = st.container() if found is None else st.expander("Other budgets")
    with place:
        left, middle, right = st.columns([2, 1, 2], vertical_alignment="bottom")
        st.checkbox(
            "Choose the budgets: from the cheapest plan that blocks a room to where gains stop", key="frontier-auto"
        )
        left.number_input("Highest budget [£]", value=100_000.0, step=10_000.0, format="%.0f", key="frontier-highest")
        middle.selectbox("Budgets", list(range(FEWEST, MOST + 1)), key="frontier-number")
        right.button(
            "Plot cost curve",
            disabled=running,
            key="frontier-start",
            on_click=clicked,
            args=("frontier-start", _start),
            help="Plans for a few budgets, each beginning with its neighbours'. It takes nearly as long as that many "
            "searches.",
        )
        refused("frontier-highest", "a budget of £{:,.0f}", float(FEWEST))
        show_problems_of("frontier-start")
    if found is not None:
        _curve(found)
    elif own.frontier is not None:
        st.warning(literal(f"{earlier(own, 'frontier')} Plot it again."))
    else:
        st.caption(
            "Rooms blocked against money: one plan for each budget, for what is asked under Search. It takes nearly "
            "as long as that many searches."
        )


def _start() -> None:
    own, state = session(), st.session_state
    number = int(state["frontier-number"])
    further: dict[str, Any] = {"maps": True}
    if state.get("frontier-auto"):
        further["auto"] = number
    else:
        further["budgets_gbp"] = budgets_up_to(state["frontier-highest"], number)
    highest = state["frontier-highest"] or 0.0  # not used by a row of budgets, and asked for by the form's check
    asked = asked_scenario({**answers(), "objective": "most_protected", "budget_gbp": highest})
    asked = replace(asked, target_rooms=None)
    start("frontier", Question("frontier", own.site, asked, own.layout.devices, own.catalogue, further))
    change_scenario(replace(asked, **{name: getattr(own.scenario, name) for name in ("treatments", *AIM)}))


def budgets_up_to(highest_gbp: float | None, number: int) -> tuple[float, ...]:
    """Equal steps up to the highest budget, in whole pounds. [£]

    Raises
    ------
    ScenarioError
        If the highest is no budget from which steps can be made.
    """
    if highest_gbp is None or not number <= highest_gbp <= 1e9:
        shown = "nothing" if highest_gbp is None else f"£{highest_gbp:,.0f}"
        raise ScenarioError(f"Highest budget: is {shown} (expected £{number} to £1,000,000,000); correct it")
    return tuple(float(round(highest_gbp * (step + 1) / number)) for step in range(number))


@st.fragment
def _curve(found: Frontier) -> None:
    """One plan of the curve on the storey, chosen by its budget, with its numbers and the whole curve beside it."""
    many = len(found.points)
    left, panel = bench(CURVE)
    with panel:
        chosen = 0
        if many > 1:
            chosen = int(
                st.select_slider(
                    "Budget",
                    range(many),
                    value=many - 1,
                    key="frontier-pick",
                    format_func=lambda number: exact_pounds(found.points[number].budget_gbp),
                )
            )
        point, result = found.points[chosen], found.plans[chosen]
        _numbers(found, chosen)
        _drawn(found, chosen)
        st.button(
            "Open this plan in Blockers",
            key="frontier-open",
            type="primary",
            width="stretch",
            on_click=clicked,
            args=("frontier-open", open_plan, result),
        )
        st.button(
            "Show this plan in full",
            key="frontier-show",
            width="stretch",
            on_click=clicked,
            args=("frontier-show", _show_in_full, result),
        )
        for key in ("frontier-open", "frontier-show"):
            show_problems_of(key)
        if point.found_for_gbp != point.budget_gbp:
            st.caption(f"Found for a budget of {exact_pounds(point.found_for_gbp)}: it serves this one better.")
    leave_if_asked()
    with left:
        st.markdown(f"**{literal(frontier_lead(found)[0])}**")
        plan_beside(CURVE, result)
    with st.expander("The curve as a table, and what it rests on"):
        header = frontier_header(found)
        st.dataframe([dict(zip(header, row, strict=True)) for row in frontier_rows(found)], hide_index=True)
        for sentence in (*frontier_lead(found)[1:], *frontier_details(found)):
            st.caption(literal(sentence))
        st.download_button(
            "Download the table",
            kept(found, "frontier table", lambda: frontier_csv(found), "Making the table"),
            "frontier.csv",
            "text/csv",
            key="frontier-down",
            on_click="ignore",
        )


def _numbers(found: Frontier, chosen: int) -> None:
    """What the chosen plan achieves, as on every page, and what a further room costs from the plan before it."""
    point, result = found.points[chosen], found.plans[chosen]
    facts, spent = facts_of_verdict(result.verdict), plan_cost(result)
    numbers(CURVE, facts, pounds(spent.capex_gbp))
    warn_of_prices(result)
    said = [f"A blocked room: {gbp_per_cell(spent, facts.grades[0].silent)}."]
    if chosen:
        before = found.points[chosen - 1]
        gained, further_gbp = point.cells[0] - before.cells[0], point.spent_gbp - before.spent_gbp
        than = f"than for {exact_pounds(before.budget_gbp)}"
        if gained > 0 and further_gbp > 0:
            said.append(f"{gained} more {than}: {pounds(further_gbp / gained)} each.")
        else:
            said.append(f"No more rooms {than}.")
    if found.asked.budget_basis != "capex":
        said.append(f"Budgets are over the whole life: {pounds(point.spent_gbp)} of it spent.")
    st.caption(literal(" ".join(said)))


def _drawn(found: Frontier, chosen: int) -> None:
    """Rooms against budget as steps, the chosen plan marked."""
    rows = [
        {"budget": point.budget_gbp, "rooms": count, "grade": grade, "chosen": number == chosen}
        for number, point in enumerate(found.points)
        for grade, count in zip(found.grades, point.cells, strict=False)
    ]
    axes = {
        "x": {"field": "budget", "type": "quantitative", "title": "Budget [£]", "axis": {"format": "~s"}},
        "y": {"field": "rooms", "type": "quantitative", "title": "Rooms blocked"},
        "color": {"field": "grade", "type": "nominal", "title": None, "legend": {"orient": "bottom"},
                  "scale": {"range": ["#12436D", "#28A197"]}},
        "strokeDash": {"field": "grade", "type": "nominal", "legend": None},
    }  # fmt: skip
    st.vega_lite_chart(
        rows,
        {
            "height": 170,
            "layer": [
                {"mark": {"type": "line", "interpolate": "step-after"}, "encoding": axes},
                {
                    "mark": {"type": "point", "filled": True},
                    "encoding": axes | {"size": {"condition": {"test": "datum.chosen", "value": 160}, "value": 40}},
                },
            ],
        },
        key="frontier-chart",
    )


def _show_in_full(result: PlanResult) -> None:
    """Make it the plan; what it was asked is then the present question."""
    own = session()
    own.plan = result
    change_scenario(replace(result.asked, treatments=own.scenario.treatments))
