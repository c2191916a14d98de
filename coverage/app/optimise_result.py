"""A plan on the page: in words, as tables, before and after, as files."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.compare_tables import compared, shown_rows
from quietwing.coverage.app.overview_of_verdict import spill_sentences
from quietwing.coverage.app.report_button import plan_report
from quietwing.coverage.app.site_watch import kept, picture
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import Layout, change_layout, session, site_hash
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text
from quietwing.coverage.planning import PlanResult
from quietwing.coverage.report import (
    SILENT,
    attempt_row,
    before_after_figure,
    bill_row,
    grouped_holes,
    notes_of,
    plan_details,
    plan_files,
    plan_lead,
    pounds,
    rooms_in_words,
    rooms_on,
)

__all__ = ["files_zip", "show_plan"]

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: equal plans give equal bytes
MIME = {"json": "application/json", "csv": "text/csv"}


def show_plan(result: PlanResult) -> None:
    """The plan, worst news first; what to do with it; tables and maps."""
    own = session()
    st.header("The plan")
    planned_for = kept(result, "site", lambda: site_hash(result.verdict.site), "Comparing")
    if planned_for != kept(own.site, "hash", lambda: site_hash(own.site), "Comparing"):
        st.warning("This plan was made for another site or other masts. Search again.")
    lead = (*plan_lead(result), *spill_sentences(result.verdict))
    st.markdown(
        "\n".join(
            f"- {'**' if number == 0 else ''}{literal(each)}{'**' if number == 0 else ''}"
            for number, each in enumerate(lead)
        )
    )
    with st.container(border=True):
        _actions(result)
    routes = result.verdict.uncovered_routes
    if routes:
        with st.expander(f"What no blocker here ends ({len(routes)})"):
            st.markdown("\n".join(f"- {literal(route)}" for route in routes))
    st.markdown("\n".join(f"- {literal(each)}" for each in plan_details(result)))
    _beside(result)
    _maps(result)
    bill, holes, search, notes = st.tabs(["What to buy", "Why cells stay open", "The search", "What limits this"])
    with bill:
        st.dataframe(
            [
                {
                    "model": row["model"],
                    "number": row["quantity"],
                    "unit price": row["unit_price"],
                    "bought and installed": row["capex"],
                    "to run, a year": row["opex"],
                    "whole life": row["whole_life"],
                    "illustrative": row["illustrative"] or "no",
                    "what it is": row["description"],
                }
                for row in map(bill_row, result.plan.cost.lines)
            ],
            hide_index=True,
        )
        spent = result.plan.cost
        st.markdown(
            literal(
                f"Together {pounds(spent.capex_gbp)} bought and installed, {pounds(spent.opex_gbp_per_year)} a year "
                f"to run, {pounds(spent.whole_life_gbp)} over its whole life."
            )
        )
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


def files_zip(result: PlanResult) -> bytes:
    """``plan.json``, layout, bill, treatments and holes in one zip; equal plans give equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in sorted(_texts(result).items()):
            out.writestr(zipfile.ZipInfo(name, _FIRST_DAY), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _texts(result: PlanResult) -> dict[str, str]:
    return {**plan_files(result), "layout.csv": layout_text(result.verdict.devices)}


def _actions(result: PlanResult) -> None:
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    left.button(
        "Open this plan in Blockers",
        type="primary",
        key="optimise-open",
        on_click=clicked,
        args=("optimise-open", _open, result),
    )
    with left:
        show_problems_of("optimise-open")
    left.caption("Your present layout comes back with Undo there.")
    texts = kept(result, "files", lambda: _texts(result), "Making the files")
    name = middle.selectbox("File", sorted(texts), index=sorted(texts).index("plan.json"), key="optimise-file")
    middle.download_button(
        "Download this file",
        texts[str(name)],
        str(name),
        MIME.get(str(name).rsplit(".", 1)[-1], "text/plain"),
        key="optimise-down",
        on_click="ignore",
    )
    right.download_button(
        "Download all files (zip)",
        lambda: files_zip(result),
        "plan.zip",
        "application/zip",
        key="optimise-zip",
        on_click="ignore",
    )
    plan_report(right, "optimise-report", result)


def _open(result: PlanResult) -> None:
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
            "beside",
            lambda: shown_rows(
                [compared("layout before", before, catalogue), compared("this plan", result.verdict, catalogue)]
            ),
            "Comparing",
        )
    except ScenarioError as error:
        show_problems(error)
        return
    with st.expander("The plan beside the layout before it", expanded=True):
        st.dataframe(rows, hide_index=True, height="content")
        st.caption(
            "Both judged on the same random worlds. A verdict of the page Blockers is worked out on other ones: a "
            "few cells may differ from there."
        )


def _maps(result: PlanResult) -> None:
    """Before and after, storey by storey."""
    maps = result.verdict.maps
    if not maps:
        return
    titles = [storey.title for storey in maps]
    best = max(range(len(maps)), key=lambda at: (rooms_on(result.verdict, maps[at]).count(SILENT), -at))
    storey = maps[titles.index(str(st.selectbox("Storey", titles, index=best, key="optimise-storey")))]
    png = kept(
        result,
        f"before and after {storey.title}",
        lambda: picture(lambda: before_after_figure(result.before, result.verdict, storey)),
    )
    st.image(
        png,
        width="stretch",
        alt=f"Two plans of {storey.title}, before and with the plan: dead zones blue, holes orange and hatched. "
        f"The tables below name the cells that stay open and why.",
    )


def _search(result: PlanResult) -> None:
    """Everything that was tried."""
    rows: list[dict[str, Any]] = []
    for number, attempt in enumerate(result.plan.attempts):
        row = attempt_row(attempt)
        rows.append(
            {
                "attempt": f"{number + 1}{' (chosen)' if number == result.plan.chosen else ''}",
                "cells in the planning model": row["rooms_model"],
                "cells in the random worlds": row["rooms_judged"],
                "limits kept": "yes" if row["passed"] else "no",
                "smallest margin outside [dB]": row["spill_margin"],
                "cost": row["cost"],
            }
        )
    st.dataframe(rows, hide_index=True)
    st.caption(
        "The planning model finds plans with single safety margins; each is then judged in many random worlds, and "
        "the one chosen is judged once more on fresh ones: those are the numbers above."
    )
