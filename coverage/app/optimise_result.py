"""A plan on the page: in words, as tables, before and after, as files."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import streamlit as st

from quietwing.coverage.app.bill_panel import bill_part, cost_here
from quietwing.coverage.app.blockers_state import PLAN, desk
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.compare_tables import compared, shown_rows
from quietwing.coverage.app.kept_facts import facts_of_verdict
from quietwing.coverage.app.panel import numbers
from quietwing.coverage.app.prices import prices_of
from quietwing.coverage.app.questions import earlier
from quietwing.coverage.app.report_button import plan_report
from quietwing.coverage.app.site_watch import kept
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import Layout, change_layout, session
from quietwing.coverage.app.workspace import OFF, bench, side_by_side, without_blockers
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text
from quietwing.coverage.planning import Cost, PlanResult, cost
from quietwing.coverage.report import (
    attempt_row,
    grouped_holes,
    limits_in_words,
    notes_of,
    plan_details,
    plan_files,
    plan_lead,
    pounds,
    rooms_in_words,
)
from quietwing.sites import fingerprint

__all__ = [
    "earlier_plan",
    "files_zip",
    "open_plan",
    "plan_beside",
    "plan_bill",
    "plan_cost",
    "show_plan",
    "warn_of_prices",
]

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: equal plans give equal bytes
MIME = {"json": "application/json", "csv": "text/csv"}


def show_plan(result: PlanResult) -> None:
    """The plan on a storey beside the layout before it, its numbers and what to do with it; then the details."""
    left, panel = bench(PLAN)
    with left:
        plan_beside(PLAN, result)
    with panel:
        numbers(PLAN, facts_of_verdict(result.verdict), pounds(plan_cost(result).capex_gbp))
        _actions(result)
    words, beside, bill, holes, search, notes = st.tabs(
        ["In words", "Beside the layout before", "What to buy", "Why rooms stay unblocked", "The search",
         "What limits this"]
    )  # fmt: skip
    with words:
        lead = (*plan_lead(result), *limits_in_words(result.verdict), *plan_details(result))
        st.markdown(
            "\n".join(
                f"- {'**' if number == 0 else ''}{literal(each)}{'**' if number == 0 else ''}"
                for number, each in enumerate(lead)
            )
        )
        routes = result.verdict.uncovered_routes
        if routes:
            st.markdown("**What no blocker here ends**\n" + "\n".join(f"- {literal(route)}" for route in routes))
    with beside:
        _beside(result)
    with bill:
        plan_bill(result, "plan", cost_here(session().layout))
    with holes:
        groups = grouped_holes(result.plan.holes)
        st.dataframe(
            [{"why": reason, "cells": len(rooms), "which": rooms_in_words(rooms)} for reason, rooms in groups],
            hide_index=True,
        )
    with search:
        _search(result)
    with notes:
        st.markdown("\n".join(f"- {literal(note)}" for note in notes_of(result)))


def plan_cost(result: PlanResult) -> Cost:
    """What a plan costs at the session's prices."""
    of, catalogue = result.verdict, session().catalogue
    made = fingerprint(prices_of(catalogue))
    return kept(
        result,
        f"cost at {made}",
        lambda: cost(of.site, of.devices, of.treatments, catalogue, of.scenario),
        "Adding up",
    )


def at_our_prices(result: PlanResult) -> PlanResult:
    """The plan with the bill that is shown: files and page say the same."""
    return replace(result, plan=replace(result.plan, cost=plan_cost(result)))


def plan_bill(result: PlanResult, where: str, present: Cost | None) -> None:
    """The bill of a plan against that of the present layout."""
    warn_of_prices(result)
    bill_part(where, plan_cost(result), facts_of_verdict(result.verdict).grades[0].silent, present)


def warn_of_prices(result: PlanResult) -> None:
    """Say where a plan was found at other prices than the session's."""
    found = result.plan.cost
    if plan_cost(result).capex_gbp != found.capex_gbp:
        st.warning(
            f"Prices have changed since this plan was found for {pounds(found.capex_gbp)}. Search again: another "
            f"plan may be better now."
        )


def files_zip(result: PlanResult) -> bytes:
    """``plan.json``, layout, bill, treatments and holes in one zip; equal plans give equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in sorted(_texts(result).items()):
            out.writestr(zipfile.ZipInfo(name, _FIRST_DAY), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _texts(result: PlanResult) -> dict[str, str]:
    return {**plan_files(result), "layout.csv": layout_text(result.verdict.devices)}


def earlier_plan(result: PlanResult) -> None:
    """Say what the last plan was asked; its layout can be had, no number of it is shown."""
    st.warning(literal(f"{earlier(session(), 'plan')} Search again."))
    _open_button(result)


def _open_button(result: PlanResult) -> None:
    st.button(
        "Open this plan in Blockers",
        type="primary",
        key="optimise-open",
        width="stretch",
        on_click=clicked,
        args=("optimise-open", open_plan, result),
        help="Your present layout comes back with Undo there.",
    )
    show_problems_of("optimise-open")


def _actions(result: PlanResult) -> None:
    _open_button(result)
    plan_report(st.container(), "optimise-report")
    st.download_button(
        "Download all files (zip)",
        lambda: files_zip(at_our_prices(result)),
        "plan.zip",
        "application/zip",
        key="optimise-zip",
        on_click="ignore",
        width="stretch",
    )
    now = fingerprint(prices_of(session().catalogue))
    texts = kept(result, f"files at {now}", lambda: _texts(at_our_prices(result)), "Making the files")
    name = st.selectbox("File", sorted(texts), index=sorted(texts).index("plan.json"), key="optimise-file")
    st.download_button(
        "Download this file",
        texts[str(name)],
        str(name),
        MIME.get(str(name).rsplit(".", 1)[-1], "text/plain"),
        key="optimise-down",
        on_click="ignore",
        width="stretch",
    )


def open_plan(result: PlanResult) -> None:
    """Make a plan the current layout, and go to the workspace."""
    own = session()
    kept_ones = [each for each in own.layout.treatments if each in result.verdict.treatments]
    change_layout(Layout(result.plan.devices, tuple(dict.fromkeys((*result.plan.treatments, *kept_ones)))))
    own.way_on = "blockers"


def _beside(result: PlanResult) -> None:
    """The plan beside the layout the search was given, in the words of the Compare page."""
    if result.before is None:
        return
    before, catalogue = result.before, session().catalogue
    try:
        rows = kept(
            result,
            f"beside at {fingerprint(prices_of(catalogue))}",
            lambda: shown_rows(
                [compared("layout before", before, catalogue), compared("this plan", result.verdict, catalogue)]
            ),
            "Comparing",
        )
    except ScenarioError as error:
        show_problems(error)
        return
    st.dataframe(rows, hide_index=True, height="content")
    st.caption(
        "Both judged in the same simulations. Those are the ones of every full assessment: opened in Blockers and "
        "asked the same, the plan has the same numbers."
    )


@st.fragment
def plan_beside(page: str, result: PlanResult) -> None:
    """The plan beside the layout before it, or beside no blockers, on one storey."""
    at = desk()
    facts = facts_of_verdict(result.verdict)
    before = (
        ("The layout before", facts_of_verdict(result.before).rooms)
        if result.before is not None
        else (OFF, without_blockers(facts))
    )
    sides = [before, ("This plan", facts.rooms)]
    layout = Layout(result.verdict.devices, result.verdict.treatments)
    side_by_side(at, page, sides, facts.grades[0].name, layout)


def _search(result: PlanResult) -> None:
    """Everything that was tried."""
    rows: list[dict[str, Any]] = []
    for number, attempt in enumerate(result.plan.attempts):
        row = attempt_row(attempt)
        rows.append(
            {
                "attempt": f"{number + 1}{' (chosen)' if number == result.plan.chosen else ''}",
                "cells in the planning model": row["rooms_model"],
                "cells in the simulations": row["rooms_judged"],
                "limits kept": "yes" if row["passed"] else "no",
                "smallest margin outside [dB]": row["spill_margin"],
                "cost": row["cost"],
            }
        )
    st.dataframe(rows, hide_index=True)
    st.caption(
        "The planning model finds plans with single safety margins; each is then judged in many simulations, and the "
        "one chosen is judged once more in independent ones: those are the numbers above."
    )
