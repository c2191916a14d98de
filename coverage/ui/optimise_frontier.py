"""What more money buys: plans for a handful of budgets as a chart with a table beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.plan import PlanResult
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.grades import grade_in_words
from quietwing.coverage.report.plan_words import bound_shown, exceeds_budget, pounds, spent_gbp
from quietwing.coverage.ui.clicked import clicked, show_problems_of
from quietwing.coverage.ui.jobs import Question, start
from quietwing.coverage.ui.optimise_form import answers, asked_scenario
from quietwing.coverage.ui.site_watch import kept, picture, watch
from quietwing.coverage.ui.state import session

__all__ = ["budgets_up_to", "frontier_figure", "frontier_part"]

FEWEST, MOST = 3, 5
LEAST_SCALE = 5  # cells: a chart of nothing is no chart of fractions of a cell
POINT_COLOUR, CEILING_COLOUR = "#12436D", "#801650"


def frontier_part() -> None:
    """Draw the form, the running search, the chart and its table; the rest of the question is the one above."""
    own = session()
    st.subheader("What more money buys")
    st.markdown(
        "Plans for a few budgets, each beginning with the one before. It takes as long as that many searches."
    )
    running = watch("frontier")
    show_problems_of("frontier-start")
    left, middle, right = st.columns([2, 1, 2], vertical_alignment="bottom")
    left.number_input("Highest budget [£]", value=100_000.0, step=10_000.0, format="%.0f", key="frontier-highest")
    middle.selectbox("Budgets", list(range(FEWEST, MOST + 1)), key="frontier-number")
    right.button(
        "Work out the chart",
        disabled=running,
        key="frontier-start",
        on_click=clicked,
        args=("frontier-start", _start),
    )
    if own.frontier:
        _chart(own.frontier)


def _start() -> None:
    own, state = session(), st.session_state
    budgets = budgets_up_to(state["frontier-highest"], int(state["frontier-number"]))
    asked = asked_scenario({**answers(), "objective": "most_protected", "budget_gbp": budgets[-1]})
    further: dict[str, Any] = {"budgets_gbp": budgets, "maps": True}
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


def frontier_figure(plans: tuple[PlanResult, ...]) -> Figure:
    """Silent cells at each grade against budget, with the proven ceiling where there is one."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    ax = figure.subplots()
    budgets = [float(plan.asked.budget_gbp or 0) / 1000 for plan in plans]
    asked, *others = (
        (grade_in_words(one.grade), [count_rooms(plan.verdict, number).silent for plan in plans])
        for number, one in enumerate(plans[0].verdict.grades)
    )
    cells = asked[1]
    ax.plot(budgets, cells, color=POINT_COLOUR, marker="o", label=f"silent at {asked[0]}, on fresh worlds")
    for words, counts in others:
        ax.plot(budgets, counts, color=POINT_COLOUR, marker="s", linestyle=":", label=f"silent at {words}")
    for _, counts in (asked, *others):
        for x, y in zip(budgets, counts, strict=True):
            ax.annotate(f"{y}", (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9)
    ceilings = [
        (x, bound) for x, plan in zip(budgets, plans, strict=True) if (bound := bound_shown(plan)) is not None
    ]
    whole = all(room.weight == 1 for room in plans[0].verdict.site.rooms if room.role == "silence")
    if ceilings and whole:
        ax.plot(
            *zip(*ceilings, strict=True), color=CEILING_COLOUR, linestyle="--", marker="v", label="proven ceiling"
        )
    ax.set_xlabel("budget [thousand £]")
    ax.set_ylabel("silent cells and spaces")
    highest = max(
        [
            *cells,
            *(count for _, counts in others for count in counts),
            *(bound for _, bound in ceilings if whole),
            LEAST_SCALE,
        ]
    )
    ax.set_ylim(0, 1.12 * highest)  # room for the numbers
    ax.set_xlim(left=0)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, fontsize=9)
    ax.set_title(plans[0].verdict.site.marking, fontsize=9, fontweight="bold", parse_math=False)
    return figure


def _chart(plans: tuple[PlanResult, ...]) -> None:
    left, right = st.columns([3, 2])
    png = kept(plans, "frontier", lambda: picture(lambda: frontier_figure(plans)))
    left.image(
        png,
        width="stretch",
        alt="Silent cells at both grades against budget; the table beside it has the same numbers.",
    )
    right.dataframe(
        [
            {
                "budget": pounds(plan.asked.budget_gbp or 0),
                **{
                    f"silent, {one.grade.name} grade": count_rooms(plan.verdict, number).silent
                    for number, one in enumerate(plan.verdict.grades)
                },
                "holes": count_rooms(plan.verdict).holes,
                "spent": pounds(spent_gbp(plan)),
                "within budget": "no" if exceeds_budget(plan) else "yes",
                "limits outside": "kept"
                if plan.verdict.spill is not None and plan.verdict.spill.passed
                else "NOT kept",
            }
            for plan in plans
        ],
        hide_index=True,
    )
    right.selectbox("Look at one of these plans", _names(plans), key="frontier-pick")
    right.button("Show it above", key="frontier-show", on_click=clicked, args=("frontier-show", _show_above, plans))


def _names(plans: tuple[PlanResult, ...]) -> list[str]:
    return [f"Budget {pounds(plan.asked.budget_gbp or 0)}" for plan in plans]


def _show_above(plans: tuple[PlanResult, ...]) -> None:
    own, chosen = session(), st.session_state["frontier-pick"]
    own.plan = plans[_names(plans).index(str(chosen))]
