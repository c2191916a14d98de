"""Page: what to buy for the money. It asks, searches in a process of its own, and shows the plans."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from quietwing.coverage.app.bill_panel import bill_part, cost_here
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Question, start
from quietwing.coverage.app.optimise_form import answers, asked_scenario, question_fields
from quietwing.coverage.app.optimise_frontier import frontier_part
from quietwing.coverage.app.optimise_result import earlier_plan, plan_bill, show_plan
from quietwing.coverage.app.panel import facts_here
from quietwing.coverage.app.questions import current, plan_of_curve
from quietwing.coverage.app.site_watch import watch
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import change_scenario, session
from quietwing.coverage.app.whatif_page import whatif_part

__all__ = ["show"]

QUESTION, CURVE, RESULT, BILL, CHANGE = (
    "Search", "Cost curve", "The plan", "Bill of materials", "What would change the answer",
)  # fmt: skip
PRESENT, PLANNED = "The present layout", "The plan"


def show() -> None:
    """Draw the page."""
    own = session()
    st.title(f"Plan: {literal(own.site.name)}")
    running = watch("plan")
    question, curve, result, bill, change = st.tabs(
        [QUESTION, CURVE, RESULT, BILL, CHANGE], default=RESULT if own.plan is not None else QUESTION
    )
    with question:
        question_fields()
        _there_already()
        st.button(
            "Search for a plan",
            type="primary",
            disabled=running,
            key="optimise-start",
            on_click=clicked,
            args=("optimise-start", _search),
            help="Finds which blockers to place where, and which windows to treat, so that most rooms are "
            "blocked for the money while the limits outside the fence hold. Plans are chosen in some "
            "simulations and reported on independent ones.",
        )
        show_problems_of("optimise-start")
        if running:
            rooms = sum(room.role == "silence" for room in own.site.rooms)
            st.info(
                f"Searching for a plan for {rooms} rooms to be blocked. You may go to other pages; "
                f"Stop keeps the best so far."
            )
    with curve:
        frontier_part()
    with result:
        if (plan := current(own, "plan")) is not None:
            show_plan(plan)
        elif own.plan is not None:
            earlier_plan(own.plan)
        else:
            st.info("No plan yet: search for one, or choose one of the cost curve.")
    with bill:
        _bill()
    with change:
        whatif_part()


def _bill() -> None:
    """The bill of the present layout, or of the plan against it."""
    own, of = session(), PRESENT
    if (plan := current(own, "plan")) is not None:
        of = st.segmented_control(
            "Bill of", [PRESENT, PLANNED], default=PRESENT, key="bill of", required=True, label_visibility="collapsed"
        )
    present = cost_here(own.layout)
    if of == PLANNED and plan is not None:
        plan_bill(plan, "plan tab", present)
    elif present is not None:
        facts = facts_here()
        bill_part("present", present, None if facts is None else facts.grades[0].silent)


def _search() -> None:
    own = session()
    asked = asked_scenario(answers())
    further = {"start": plan_of_curve(own, asked)}
    start("plan", Question("plan", own.site, asked, own.layout.devices, own.catalogue, further))
    change_scenario(replace(asked, treatments=own.scenario.treatments))


def _there_already() -> None:
    own = session()
    standing = sum(device.state == "existing" for device in own.layout.devices)
    placed = sum(device.state == "planned" for device in own.layout.devices)
    stays = (
        f"the {standing} marked as existing stay" if standing else "none is marked as existing, so none has to stay"
    )
    st.caption(
        f"The search starts anew: of the blockers of the current layout {stays}. The plan found is shown beside the "
        f"{placed} planned now."
    )
