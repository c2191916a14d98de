"""Page: what to buy for the money. It asks, searches in a process of its own, and shows the plan."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Question, start
from quietwing.coverage.app.optimise_form import answers, asked_scenario, question_fields
from quietwing.coverage.app.optimise_frontier import frontier_part
from quietwing.coverage.app.optimise_result import show_plan
from quietwing.coverage.app.site_watch import watch
from quietwing.coverage.app.state import session

__all__ = ["show"]


def show() -> None:
    """Draw the page."""
    own = session()
    st.title("Optimise")
    st.caption(
        "Finds which blockers to place where, and which windows to treat, so that the most cells fall silent for the "
        "money while the limits outside the fence hold. Plans are chosen on some random worlds, reported on others."
    )
    running = watch("plan")
    with st.expander("The question", expanded=own.plan is None and not running):
        question_fields()
        _there_already()
        st.button(
            "Search for a plan",
            type="primary",
            disabled=running,
            key="optimise-start",
            on_click=clicked,
            args=("optimise-start", _search),
        )
        show_problems_of("optimise-start")
    if running:
        rooms = sum(room.role == "silence" for room in own.site.rooms)
        st.info(
            f"Searching for a plan; at most the {rooms} cells and spaces that must be silent can be. What is "
            f"proven out of reach is worked out at the end. You may go to other pages; Stop keeps the best so far."
        )
    if own.plan is not None:
        show_plan(own.plan)
    st.divider()
    frontier_part()


def _search() -> None:
    own = session()
    asked = asked_scenario(answers())
    start("plan", Question("plan", own.site, asked, own.layout.devices, own.catalogue))
    own.scenario = replace(asked, treatments=own.scenario.treatments)


def _there_already() -> None:
    own = session()
    standing = sum(device.state == "existing" for device in own.layout.devices)
    placed = sum(device.state == "planned" for device in own.layout.devices)
    st.caption(
        f"Of the current layout {standing} devices are marked existing: they stay. Its {placed} planned ones are not "
        f"kept; the plan is compared with them."
    )
