"""Page: what is measured on the site — walk tests, calibration, where to measure next, the acceptance test."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.app.acceptance_part import acceptance_part
from quietwing.coverage.app.calibrate_part import calibrate_part
from quietwing.coverage.app.measure_next_part import measure_next_part
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import session
from quietwing.coverage.app.walk_form import walk_part

__all__ = ["show"]


def show() -> None:
    """Draw the page."""
    st.title(f"Surveys: {literal(session().site.name)}")
    walk, calibrate, ahead, acceptance = st.tabs(["Walk test", "Calibrate", "Measure next", "Acceptance"])
    with walk:
        walk_part()
    with calibrate:
        calibrate_part()
    with ahead:
        measure_next_part()
    with acceptance:
        acceptance_part()
