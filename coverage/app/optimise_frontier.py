"""What more money buys: plans for a handful of budgets as a chart with a table beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Question, start
from quietwing.coverage.app.optimise_form import answers, asked_scenario, refused
from quietwing.coverage.app.site_watch import kept, picture, watch
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import session
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import Frontier
from quietwing.coverage.report import (
    exact_pounds,
    frontier_csv,
    frontier_details,
    frontier_figure,
    frontier_header,
    frontier_lead,
    frontier_rows,
)

__all__ = ["budgets_up_to", "frontier_part"]

FEWEST, MOST = 3, 8


def frontier_part() -> None:
    """Draw the form, the running search, the chart and its table; the rest of the question is the one above."""
    own = session()
    st.header("What more money buys")
    st.markdown(
        "Plans for a few budgets, each beginning with its neighbours'. It takes nearly as long as that many searches."
    )
    running = watch("frontier")
    left, middle, right = st.columns([2, 1, 2], vertical_alignment="bottom")
    st.checkbox(
        "Choose the budgets: from the cheapest plan that silences a cell to where gains stop", key="frontier-auto"
    )
    left.number_input("Highest budget [£]", value=100_000.0, step=10_000.0, format="%.0f", key="frontier-highest")
    middle.selectbox("Budgets", list(range(FEWEST, MOST + 1)), key="frontier-number")
    right.button(
        "Plot cost curve",
        disabled=running,
        key="frontier-start",
        on_click=clicked,
        args=("frontier-start", _start),
    )
    refused("frontier-highest", "a budget of £{:,.0f}", float(FEWEST))
    show_problems_of("frontier-start")
    if own.frontier is not None:
        _chart(own.frontier)


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


def _chart(found: Frontier) -> None:
    lead = frontier_lead(found)
    st.markdown(f"**{literal(lead[0])}**")
    st.markdown("\n".join(f"- {literal(each)}" for each in lead[1:]))
    png = kept(found, "frontier", lambda: picture(lambda: frontier_figure(found)))
    st.image(
        png,
        width="stretch",
        alt="Silent cells at both grades against budget, and what no plan can exceed; the table below has the same "
        "numbers.",
    )
    header = frontier_header(found)
    st.dataframe([dict(zip(header, row, strict=True)) for row in frontier_rows(found)], hide_index=True)
    for sentence in frontier_details(found):
        st.caption(literal(sentence))
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    left.selectbox("Look at one of these plans", _names(found), key="frontier-pick")
    middle.button("Show it above", key="frontier-show", on_click=clicked, args=("frontier-show", _show_above, found))
    right.download_button(
        "Download the table",
        kept(found, "frontier table", lambda: frontier_csv(found), "Making the table"),
        "frontier.csv",
        "text/csv",
        key="frontier-down",
        on_click="ignore",
    )


def _names(found: Frontier) -> list[str]:
    return [f"Budget {exact_pounds(point.budget_gbp)}" for point in found.points]


def _show_above(found: Frontier) -> None:
    own, chosen = session(), st.session_state["frontier-pick"]
    own.plan = found.plans[_names(found).index(str(chosen))]
