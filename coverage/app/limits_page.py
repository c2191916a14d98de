"""Page: what the layout does outside the fence and to services that must stay, limit by limit."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.overview_of_verdict import spill_sentences
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import current_verdict, session
from quietwing.coverage.decibel import floored
from quietwing.coverage.report import (
    ceiled,
    channel_in_words,
    percent,
    points_that_pass,
    safe_cell,
    spill_csv,
    spill_figure,
    with_plain_text,
)

if TYPE_CHECKING:
    from quietwing.coverage.results import SpillResult, Verdict
    from quietwing.coverage.rules import Grade

__all__ = ["Place", "limits_csv", "places_of", "show", "tier_in_words"]

KEPT = "limits of"  # in the session's state: what was drawn last, and of which verdict
CALL = "999 on the network heard best"


@dataclass(frozen=True)
class Place:
    """A point outside with the channel nearest to its limit there."""

    name: str
    ring: str
    channel: str
    margin_db: float
    captured: float
    passed: bool


def show() -> None:
    """Draw the page."""
    st.title("Limits: what must not be disturbed")
    verdict = current_verdict()
    if verdict is None:
        _ask()
        return
    spill, asked = verdict.spill, verdict.grades[0].grade
    if spill is None:
        st.error("Spill was not computed: treat it as failed.")
        return
    sentences = spill_sentences(verdict)
    first, other, rest = sentences[0], sentences[1 : len(verdict.grades)], sentences[len(verdict.grades) :]
    kept = "Every limit is kept" if spill.passed else "Not every limit is kept"
    (st.success if spill.passed else st.error)(f"**{kept} at {asked.name} grade.** {literal(first)}")
    for sentence in other:
        st.text(sentence)
    for sentence in rest:
        st.text(f"• {sentence}")
    st.caption(
        f"The {spill.tier} limit, {asked.name} grade: {tier_in_words(verdict)}. What follows is of that grade."
    )
    _outside(verdict, spill)
    _keep_rooms(verdict, spill)
    _protected(spill)
    _emergency(spill)
    _exposure(spill)
    _downloads(verdict, spill)


def tier_in_words(verdict: Verdict) -> str:
    """What the tier asked for allows, with the figures of the rules."""
    rules, grade = verdict.scenario.rules, verdict.grades[0].grade
    tier, noise = rules.tier(grade.tier), f"{rules.outside.noise_margin_db:g} dB below the receiver's own noise"
    if tier.calls:
        return f"999 can be called at {percent(1 - tier.may_fail)} of the points on some network"
    share = percent(grade.outside_share)
    parts = [
        f"{level_db:g} dB below the public network in {worlds} of worlds"
        for level_db, worlds in ((tier.median_db, "half"), (tier.share_db, share))
        if math.isfinite(level_db)
    ]
    if not parts:
        return f"blocking stays {noise} in {share} of worlds"
    return f"blocking stays {' and '.join(parts)}, or {noise}"


def places_of(spill: SpillResult, grade: Grade) -> tuple[Place, ...]:
    """Every place outside with its channel nearest to the limit, the worst first.

    Parameters
    ----------
    spill : SpillResult
    grade : Grade
        The one it belongs to.

    Returns
    -------
    tuple of Place
        Passed as on the map; margins floored to 0.1 dB, capture ceiled to 0.1 %.
    """
    outside = spill.outside.transpose("channel", "outside")
    margin_db, captured = outside["margin_db"].values, outside["capture_probability"].values
    channels = [channel_in_words(str(name)) for name in outside["channel"].values]
    passed = points_that_pass(spill, grade)
    calls_db = np.full(len(passed), math.inf)
    if spill.tier == "emergency":
        calls_db = outside["emergency_margin_db"].values
    found = []
    for at, (name, ring) in enumerate(zip(outside["name"].values, outside["ring"].values, strict=True)):
        worst = int(margin_db[:, at].argmin())
        margin = float(min(margin_db[worst, at], calls_db[at]))
        found.append(
            Place(
                name=str(name),
                ring=str(ring),
                channel=channels[worst] if margin_db[worst, at] <= calls_db[at] else CALL,
                margin_db=floored(margin) if math.isfinite(margin) else margin,
                captured=ceiled(100 * float(captured[:, at].max()), 1),
                passed=bool(passed[at]),
            )
        )
    return tuple(sorted(found, key=lambda place: (place.passed, place.margin_db)))


def points_in_words(failing: int, points: int, may_fail: int) -> str:
    """How many points of a ring fail: ``All 182 points fail (up to 9 allowed)``."""
    which = f"All {points}" if failing == points else f"{failing} of {points}"
    return f"{which} points fail (up to {may_fail} allowed)"


def limits_csv(verdict: Verdict) -> str:
    """Every limit that is judged, at each grade, with what was found, as CSV text."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["grade", "limit", "where", "found", "result"])
    for one in verdict.grades:
        spill = one.spill
        if spill is None:
            continue
        rows: list[tuple[str, str, str, bool]] = [
            (f"spill, {spill.tier} tier", name, points_in_words(failing, points, may_fail), passed)
            for name, points, failing, may_fail, passed in spill.rings
        ]
        rows += [
            ("keep room", room, f"{name} {percent(share)}", good) for room, name, share, good in spill.keep_rooms
        ]
        rows += [("protected service", service, found, good) for service, found, good in spill.protected]
        rows += [
            ("exposure, share of the ICNIRP limit", room, f"{ceiled(100 * share, 2):g} %", good)
            for room, share, good in spill.exposure
        ]
        out.writerows([safe_cell(cell) for cell in (one.grade.name, *row[:3], _result(row[3]))] for row in rows)
    return text.getvalue()


def _ask() -> None:
    job = session().jobs.get("verdict")
    if job is not None and job.running():
        st.info("The full assessment is being worked out; its progress stands at the left. This page fills itself.")
        return
    st.info("Whether the limits are kept comes from the full assessment, and there is none for this layout yet.")
    st.button(
        "Run the full assessment",
        key="run verdict",
        type="primary",
        on_click=clicked,
        args=("run verdict", start_verdict),
    )
    show_problems_of("run verdict")


def _result(passed: bool) -> str:
    return "pass" if passed else "FAIL"


def _outside(verdict: Verdict, spill: SpillResult) -> None:
    st.header("Spill over the fence")
    picture, places = _drawn(verdict, spill)
    failing = sum(not place.passed for place in places)
    said = f"{failing} of {len(places)} places outside are over the limit on some channel."
    st.image(picture, width="stretch", alt=f"Map of the places outside the fence, pass or fail. {said}")
    st.caption(f"{said} Crossed squares are over the limit. Left: round the perimeter; right: everything.")
    st.dataframe(
        {
            "Ring or receptor": [row.name for row in spill.rings],
            "Points": [row.points for row in spill.rings],
            "Over the limit": [row.failing for row in spill.rings],
            "May be over": [row.may_fail for row in spill.rings],
            "Result": [_result(row.passed) for row in spill.rings],
        },
        hide_index=True,
        alt="Rings and receptors, pass or fail",
    )
    st.markdown("**Every place, the worst first**")
    st.dataframe(
        {
            "Place": [place.name for place in places],
            "Ring": [place.ring for place in places],
            "Channel nearest its limit": [place.channel for place in places],
            "Headroom to limit [dB]": [f"{p.margin_db:.1f}" if math.isfinite(p.margin_db) else "" for p in places],
            "Result": [_result(place.passed) for place in places],
            "Captured by managed access at most [%]": [f"{place.captured:.1f}" for place in places],
        },
        hide_index=True,
        height=300,
        alt="Every place outside, with the channel nearest to its limit and what is left to it",
    )
    st.caption(
        "Below 0 dB the limit is exceeded. Empty: nothing of this layout arrives there. A few points of each ring "
        "may be over the limit; the sentence at the top names the worst place that counts."
    )


def _drawn(verdict: Verdict, spill: SpillResult) -> tuple[bytes, tuple[Place, ...]]:
    """Map and places of a verdict of this session, worked out once."""
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] is not verdict:
        with st.spinner("Drawing the map"):
            file = io.BytesIO()
            with_plain_text(spill_figure(verdict)).savefig(file, format="png", dpi=100)
            kept = (verdict, file.getvalue(), places_of(spill, verdict.grades[0].grade))
        st.session_state[KEPT] = kept
    return kept[1], kept[2]


def _keep_rooms(verdict: Verdict, spill: SpillResult) -> None:
    st.header("Rooms that must keep their service")
    if not spill.keep_rooms:
        rooms = sum(room.role == "keep" for room in verdict.site.rooms)
        st.write(
            f"This site has {rooms} keep rooms; none names an operator whose service must stay, so none is judged. "
            f"Name them under operators in the site's rooms.geojson."
            if rooms
            else "This site has no room that must keep service."
        )
        return
    rows = sorted(spill.keep_rooms, key=lambda row: row.passed)
    st.dataframe(
        {
            "Room": [row.room for row in rows],
            "Operator": [row.operator for row in rows],
            "Has service with": [percent(row.share) for row in rows],
            "Result": [_result(row.passed) for row in rows],
        },
        hide_index=True,
        alt="Keep rooms, pass or fail",
    )


def _protected(spill: SpillResult) -> None:
    st.header("Services nobody may disturb")
    failing = [row.service for row in spill.protected if not row.passed]
    rows = sorted(spill.protected, key=lambda row: row.passed)  # what is disturbed stands at the top
    st.text(f"Disturbed: {', '.join(failing)}." if failing else "None of them is disturbed.")
    st.dataframe(
        {
            "Service": [row.service for row in rows],
            "What was found": [row.found for row in rows],
            "Result": [_result(row.passed) for row in rows],
        },
        hide_index=True,
        alt="Protected services, pass or fail",
    )


def _emergency(spill: SpillResult) -> None:
    st.header("Emergency calls (999)")
    st.text(f"999 can be called on some network at {percent(spill.emergency_share)} of the points outside.")
    if spill.tier != "emergency":
        st.caption("For information: it decides only where the emergency limit is asked for.")


def _exposure(spill: SpillResult) -> None:
    st.header("Exposure of people to radio waves (EMF)")
    if not spill.exposure:
        st.text("No blocker is on in or near a room: there is nothing to judge.")
        return
    rows = sorted(spill.exposure, key=lambda row: -row.share)
    good = all(row.passed for row in rows)
    (st.success if good else st.error)(
        f"**{_result(good).capitalize()}.** The highest is {ceiled(100 * rows[0][1], 2):g} % of the ICNIRP limit, "
        f"in {literal(rows[0][0])}."
    )
    with st.expander(f"All {len(rows)} rooms"):
        st.dataframe(
            {
                "Room": [row.room for row in rows],
                "Share of the ICNIRP limit [%]": [ceiled(100 * row.share, 2) for row in rows],
                "Result": [_result(row.passed) for row in rows],
            },
            hide_index=True,
            alt="Exposure per room as a share of the limit",
        )


def _downloads(verdict: Verdict, spill: SpillResult) -> None:
    st.header("Download")
    left, right, _ = st.columns([2, 2, 3])
    left.download_button(
        "All limits (CSV)", limits_csv(verdict).encode(), "limits.csv", "text/csv", on_click="ignore", width="stretch"
    )
    right.download_button(
        "Spill, every channel (CSV)",
        lambda: spill_csv(verdict).encode(),  # some megabytes: made when it is asked for
        "spill.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
    )
