"""Calibration: readings fitted, what they say of walls and masts, the layout before and after, in force or not."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.app.blockers_state import desk
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Question, start
from quietwing.coverage.app.panel import limit_in_words
from quietwing.coverage.app.site_files import with_calibration
from quietwing.coverage.app.site_watch import put_site, watch
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import Session, scenario_with, session
from quietwing.coverage.app.survey_state import Calibrated
from quietwing.coverage.app.walk_form import in_use
from quietwing.coverage.app.workspace import side_by_side
from quietwing.coverage.errors import SiteError
from quietwing.sites import calibration_text

__all__ = ["calibrate_part", "start_calibration"]

SURVEYS = "surveys"
FEW = 50  # readings below which a fit says little; see docs/surveys.md
NEWS = "what was done to the calibration"
KINDS = {"construction": "wall, floor or window", "sector": "sectors of a mast"}


def calibrate_part() -> None:
    """Draw the part."""
    own = session()
    for news in own.said.pop(NEWS, ()):
        st.success(news)
    layer, readings = own.site.calibration, in_use(own).readings
    if layer is not None:
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.info(f"In force: {literal(layer.note)}. Masts, walls and other files of the site are as they were.")
        right.button("Remove it", key="calibrate-remove", on_click=own.ask, width="stretch",
                     args=("calibrate-remove", "Taking the layer off", _remove))  # fmt: skip
    running = watch("calibrate")
    if not readings:
        st.info("Readings say how walls and masts really are. Upload a log or a table of readings under Walk test.")
    elif not running and own.survey.calibrated is None:
        few = f" Take {FEW} or more: few say little." if len(readings) < FEW else ""
        st.markdown(
            f"**{len(readings)} readings** are fitted: how much more or less walls and masts lose than assumed, and "
            f"what doubt is left. The layout is judged before and after.{few}"
        )
        st.button("Calibrate", key="calibrate-run", type="primary", on_click=clicked,
                  args=("calibrate-run", start_calibration))  # fmt: skip
        st.caption("About a minute for a houseblock, with thousands of readings some minutes.")
    show_problems_of("calibrate-run")
    if own.survey.calibrated is not None and not running:
        _found(own, own.survey.calibrated)


def start_calibration() -> None:
    """Begin the work for the readings and the layout the session has now."""
    own = session()
    measured = in_use(own)
    if not measured.readings:
        raise SiteError("readings: none is of a mast of this site; upload a walk test first")
    further = {"measured": measured, "layout": own.layout}
    asked = scenario_with(own.layout)
    start("calibrate", Question("calibrate", own.site, asked, own.layout.devices, own.catalogue, further))


def _found(own: Session, found: Calibrated) -> None:
    fit = found.fit
    st.markdown(
        f"**{fit.layer.readings} readings up to {fit.layer.as_of.isoformat()}**: residual {fit.before_db:.1f} dB "
        f"before and {fit.after_db:.1f} dB after the fit."
    )
    for one in fit.held_out:
        better = one.after_db < one.before_db
        said = (
            f"Held out, one {one.left_out} of {one.groups} at a time: {one.before_db:.1f} dB uncalibrated, "
            f"{one.after_db:.1f} dB calibrated."
        )
        (st.markdown if better else st.warning)(said if better else f"{said} It is no better: do not use it.")
    if not fit.shifts:
        st.warning("There is nothing to put in force: the readings settle no wall and no mast.")
        for note in fit.notes:
            st.caption(literal(note))
        return
    left, right = st.columns([4, 5], gap="medium")
    with left:
        st.markdown("**What readings say of walls and masts**")
        st.dataframe(
            [
                {"what": f"{KINDS[one.kind]}: {one.name}", "shift [dB]": round(one.shift_db, 1),
                 "doubt before [dB]": round(one.prior_sigma_db, 1), "doubt left [dB]": round(one.sigma_db, 1),
                 "rooms and squares": one.rows}
                for one in fit.shifts
            ],
            hide_index=True, alt="Shift of each construction and sector with the doubt before and left",
        )  # fmt: skip
        st.caption("A construction's shift is loss it has more or less, a sector's is level. Doubt is one σ.")
        for note in fit.notes:
            st.caption(literal(note))
    with right:
        st.markdown("**The layout before and after**, in the same simulations")
        rows = []
        for before, after in zip(found.before.grades, found.after.grades, strict=True):
            grade = before.name
            rows += [
                (f"blocked, {grade}", str(before.silent), str(after.silent)),
                (f"no signal anyway, {grade}", str(before.quiet), str(after.quiet)),
                (f"leaks, blockers off, {grade}", str(before.leaks), str(after.leaks)),
                (f"spill limit, {grade}", limit_in_words(before), limit_in_words(after)),
            ]
        names = (f"of {found.before.silence} rooms", "before", "after")
        st.dataframe([dict(zip(names, row, strict=True)) for row in rows], hide_index=True,
                     alt="Rooms blocked, without signal and leaking, both grades, before and after")  # fmt: skip
        if found.layout != own.layout:
            st.caption("The layout has been changed since: this is of the one before.")
        show_problems_of("calibrate-use")
        use, take = st.columns(2)
        use.button("Put it in force", key="calibrate-use", type="primary", width="stretch", on_click=own.ask,
                   args=("calibrate-use", "Checking the site with it", _use, found))  # fmt: skip
        take.download_button("Download calibration.toml", calibration_text(fit.layer), "calibration.toml",
                            "application/toml", key="calibrate-file", on_click="ignore", width="stretch")  # fmt: skip
        st.caption("It lies on top of the site as a layer and can be removed again. Results are worked out anew.")
    sides = [("Before", found.before.rooms), ("After", found.after.rooms)]
    side_by_side(desk(), SURVEYS, sides, found.before.grades[0].name, found.layout)


def _use(found: Calibrated) -> None:
    own = session()
    put_site(with_calibration(own.site, found.fit.layer, own.folder))
    own.said[NEWS] = ("The calibration is in force. Have the layout assessed anew, or a plan searched for.",)


def _remove() -> None:
    own = session()
    put_site(with_calibration(own.site, None, own.folder))
    own.said[NEWS] = ("The calibration was removed: the site is as it was before.",)
