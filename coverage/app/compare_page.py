"""Page: two to four layouts on one plan, no blockers beside them, on the same scale."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.app.blockers_state import COMPARE, desk
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.compare_tables import (
    Compared,
    compared,
    comparison_csv,
    comparison_xlsx,
    shown_rows,
)
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.kept_facts import facts_of_verdict
from quietwing.coverage.app.layout_facts import LayoutFacts, stored_sample
from quietwing.coverage.app.panel import RUN, limit_in_short
from quietwing.coverage.app.questions import difference, is_current
from quietwing.coverage.app.site_watch import kept, watch
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import Layout, SavedLayout, current_verdict, session, site_hash
from quietwing.coverage.app.workspace import OFF, bench, side_by_side, without_blockers
from quietwing.coverage.errors import QuietwingError, ScenarioError
from quietwing.coverage.report import STATE_WORDS, percent, pounds
from quietwing.sites import clean

__all__ = ["show"]

HEIGHT = 440
CURRENT = "The current layout"
MOST = 4
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show() -> None:
    """Draw the page."""
    own = session()
    st.title("Compare")
    running = watch("verdict")
    names = [CURRENT, *own.saved]
    picks, saving = st.columns([3, 1], vertical_alignment="bottom")
    with saving:
        _save()
    chosen = picks.multiselect(
        "Layouts to compare",
        names,
        default=names[:MOST],
        max_selections=MOST,
        key=f"compare-pick-{len(names)}",
        help="Up to four, beside no blockers. Save a layout here or under Files on Blockers, then change it there or "
        "open a plan.",
    )
    ready: list[Compared] = []
    for name in chosen:
        one = _with_verdict(str(name), running)
        if one is not None:
            ready.append(one)
    if not chosen:
        show_problems(["Layouts to compare: none is chosen; choose two to four"])
    stored = stored_sample(own) if CURRENT in chosen and current_verdict() is None else None
    if ready or stored is not None:
        _side_by_side(ready, stored)


def _save() -> None:
    """Keep the current layout under a name, or let a kept one go."""
    own = session()
    with st.popover("Save or delete", width="stretch"):
        left, right = st.container(), st.container()
        left.text_input("Name for the current layout", key="compare-name", max_chars=60)
        left.button("Save it", key="compare-save", on_click=clicked, args=("compare-save", _save_current))
        show_problems_of("compare-save")
        if own.saved:
            right.selectbox("Saved layout", list(own.saved), key="compare-gone")
            right.button("Delete it", key="compare-delete", on_click=clicked, args=("compare-delete", _delete))


def _save_current() -> None:
    own, name = session(), clean(" ".join(str(st.session_state.get("compare-name", "")).split()), 60)
    if not name or name == CURRENT:
        raise ScenarioError("Name for the current layout: is missing or taken; give it a name of its own")
    if name in own.saved:
        raise ScenarioError(f"Name for the current layout: {name} is saved already; choose another name")
    own.saved[name] = SavedLayout(name, own.layout, current_verdict(), site_hash(own.site))


def _delete() -> None:
    own, name = session(), str(st.session_state.get("compare-gone", ""))
    own.saved.pop(name, None)


def _with_verdict(name: str, running: bool) -> Compared | None:
    """The layout ready to be compared; else why not, with a button that has it judged."""
    own = session()
    if name == CURRENT:
        layout, verdict, same_site = own.layout, current_verdict(), True
    else:
        layout, verdict = own.saved[name].layout, own.saved[name].verdict
        same_site = own.saved[name].site_hash == kept(own.site, "hash", lambda: site_hash(own.site), "Comparing")
    if verdict is None or not same_site or not is_current(own, "verdict", verdict, layout):
        left, right = st.columns([4, 1], vertical_alignment="center")
        if not same_site:
            left.warning(f"{literal(name)} belongs to another site, or to other masts or calibration: not compared.")
            return None
        stored = name == CURRENT and stored_sample(own) is not None
        many = f"{literal(name)} ({len(layout.devices)} devices)"
        left.info(
            f"{many}: shown as stored with the example, not assessed in this session."
            if stored
            else f"{many} has no full assessment yet."
            if verdict is None
            else f"{many} was judged for an earlier question: "
            f"{literal(difference(own, 'verdict', verdict, layout))}. Run it again."
        )
        key = f"compare-run-{name}"
        right.button(RUN, key=key, disabled=running, on_click=clicked, args=(key, start_verdict, layout))
        show_problems_of(key)
        return None
    try:
        return compared(name, verdict, own.catalogue)
    except QuietwingError as error:
        show_problems(error)
        return None


def _side_by_side(ready: list[Compared], stored: LayoutFacts | None) -> None:
    """One plan with every layout on it, the numbers beside each other, and files."""
    last = Layout()
    sides = []
    if stored is not None:
        sides, last = [(CURRENT, stored)], session().layout
    for one in ready:
        sides.append((one.name, facts_of_verdict(one.verdict)))
        last = Layout(one.verdict.devices, one.verdict.treatments)
    plan, table = st.tabs(["Plan", "Numbers and files"])
    with plan:
        _plan(sides, last)
    with table:
        if not ready:
            st.info("Of the example only what the plan shows is stored: calculate its assessment for all numbers.")
            return
        rows = kept(ready[0].verdict, f"rows {[(one.name, one.verdict.scenario_id, one.cost) for one in ready]}",
                    lambda: shown_rows(ready, off=OFF, differences=True), "Comparing")  # fmt: skip
        st.dataframe(rows, hide_index=True, height=HEIGHT)
        left, right = st.columns(2)
        left.download_button(
            "Download the comparison (CSV)",
            comparison_csv(ready),
            "comparison.csv",
            "text/csv",
            key="compare-csv",
            on_click="ignore",
        )
        right.download_button(
            "Download workbook with bills of materials (XLSX)",
            lambda: comparison_xlsx(ready),
            "comparison.xlsx",
            XLSX,
            key="compare-xlsx",
            on_click="ignore",
        )
        st.caption(
            "Blocked: no phone works, because of the layout. Planning grade asks whether a layout is worth a survey "
            "and a trial, evidence grade what may be promised. Prices exclude VAT and are rounded up to the pound."
        )


@st.fragment
def _plan(facts: list[tuple[str, LayoutFacts]], last: Layout) -> None:
    """No blockers at the left, then each layout; the borders between them are drawn aside."""
    at = desk()
    first = facts[0][1]
    sides = [(OFF, without_blockers(first)), *((name, of.rooms) for name, of in facts)]
    left, panel = bench(COMPARE)
    with left:
        side_by_side(at, COMPARE, sides, first.grades[0].name, last)
    with panel:
        st.dataframe(
            {
                "": [*(f"Blocked, {one.name}" for one in first.grades), "Leaks, blockers off", "Cost",
                     *(f"Spill limit, {one.name}" for one in first.grades)],
                OFF: [*(f"0 of {first.silence}" for _ in first.grades),
                      f"{first.grades[0].leaks} of {first.silence}", "£0",
                      *("kept" for _ in first.grades)],
                **{name: [*(f"{one.silent} of {of.silence}" for one in of.grades),
                          f"{of.grades[0].leaks} of {of.silence}", pounds(of.money_gbp[0]),
                          *(limit_in_short(one) for one in of.grades)] for name, of in facts},
            },
            hide_index=True,
            column_config={  # as many as go beside the plan; all of them stand under Numbers and files
                "": st.column_config.TextColumn(width=126),
                OFF: st.column_config.TextColumn(width=80),
                **{name: st.column_config.TextColumn(width=118) for name, _ in facts},
            },
            alt="No blockers and each layout: rooms blocked at both grades, cost, limits",
        )  # fmt: skip
        st.caption(
            "Drag a border on the plan, or move it with the arrow keys. Blockers are drawn for the last layout alone."
        )
        if at.room in first.rooms:
            for name, rooms in sides:
                if at.room in rooms:
                    st.text(
                        f"{at.room}, {name}: {percent(rooms[at.room].chance)}, {STATE_WORDS[rooms[at.room].state]}"
                    )
