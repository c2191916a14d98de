"""What would change the answer, one thing changed a row, most cells gained first: a part of the page Plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Job, Question, start
from quietwing.coverage.app.questions import current, earlier
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import scenario_with, session
from quietwing.coverage.report import ADVICE, whatif_csv, whatif_header, whatif_headline, whatif_rows

if TYPE_CHECKING:
    from quietwing.coverage.results import WhatIf

__all__ = ["start_whatif", "whatif_part"]

BUTTON = "run what if"


def whatif_part() -> None:
    """Draw the part."""
    own = session()
    st.text(
        "This layout judged again with one thing changed at a time: a rule, the windows, the masts measured, an "
        "operator turned down, an operator or band left out. All in the same simulations."
    )
    job = own.jobs.get("whatif")
    running = job is not None and job.running()
    found = current(own, "whatif")
    if running:
        st.info("It is being worked out; its progress stands at the left. This page fills itself.")
    elif found is None:
        if said := earlier(own, "whatif"):
            st.info(literal(f"{said} Run it again."))
        st.button(
            "Show what would change the answer", key=BUTTON, type="primary", on_click=clicked,
            args=(BUTTON, start_whatif),
        )  # fmt: skip
        st.caption("It takes about four times as long as the full assessment.")
        show_problems_of(BUTTON)
    if found is not None:
        _table(found)


def start_whatif() -> Job:
    """Begin the work for the layout the session has now."""
    own = session()
    asked = scenario_with(own.layout)
    return start("whatif", Question("whatif", own.site, asked, own.layout.devices, own.catalogue))


def _table(found: WhatIf) -> None:
    first, *rest = whatif_headline(found)
    st.markdown(f"**{literal(first)}**")
    for sentence in rest:
        st.text(sentence)
    columns = zip(whatif_header(found), zip(*whatif_rows(found), strict=True), strict=True)
    st.dataframe(
        {title[0].upper() + title[1:]: list(cells) for title, cells in columns},
        hide_index=True,
        alt="Rooms blocked, spill and cost with one thing changed a row, most rooms gained first",
    )
    st.caption(ADVICE)
    st.download_button("This table (CSV)", whatif_csv(found).encode(), "whatif.csv", "text/csv", on_click="ignore")
