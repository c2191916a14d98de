"""What the layout does outside the fence and to services that must stay, limit by limit."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import streamlit as st

from quietwing.coverage.app.layout_facts import OutsidePlace
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.report import ceiled, limits_in_words, percent, safe_cell, spill_csv

if TYPE_CHECKING:
    from quietwing.coverage.results import SpillResult, Verdict

__all__ = ["limits_csv", "limits_part", "points_in_words", "tier_in_words"]

HEIGHT = 280


def limits_part(verdict: Verdict, places: tuple[OutsidePlace, ...]) -> None:
    """Every limit with its result, what is exceeded first.

    Parameters
    ----------
    verdict : Verdict
    places : tuple of OutsidePlace
        Of it, the worst first.
    """
    spill, asked = verdict.spill, verdict.grades[0].grade
    if spill is None:
        st.error("Spill was not computed: treat it as exceeded.")
        return
    sentences = limits_in_words(verdict)
    first, other, rest = sentences[0], sentences[1 : len(verdict.grades)], sentences[len(verdict.grades) :]
    kept = "Every limit is kept" if spill.passed else "Spill limit exceeded"
    (st.success if spill.passed else st.error)(f"**{kept} at {asked.name} grade.** {literal(first)}")
    for sentence in other:
        st.text(sentence)
    for sentence in rest:
        st.text(f"• {sentence}")
    st.caption(
        f"The {spill.tier} limit, {asked.name} grade: {tier_in_words(verdict)}. What follows is of that grade."
    )
    outside, keep, services, people = st.tabs(
        ["Spill over the fence", "Rooms that keep service", "Protected services and 999", "Exposure of people"]
    )
    with outside:
        _outside(spill, places)
    with keep:
        _keep_rooms(verdict, spill)
    with services:
        _protected(spill)
        _emergency(spill)
    with people:
        _exposure(spill)
    _downloads(verdict)


def tier_in_words(verdict: Verdict) -> str:
    """What the tier asked for allows, with the figures of the rules."""
    rules, grade = verdict.scenario.rules, verdict.grades[0].grade
    tier, noise = rules.tier(grade.tier), f"{rules.outside.noise_margin_db:g} dB below the receiver's own noise"
    if tier.calls:
        return f"999 can be called at {percent(1 - tier.may_fail)} of the points on some network"
    share = percent(grade.outside_share)
    parts = [
        f"{level_db:g} dB below the public network in {simulations} of simulations"
        for level_db, simulations in ((tier.median_db, "half"), (tier.share_db, share))
        if math.isfinite(level_db)
    ]
    if not parts:
        return f"blocking stays {noise} in {share} of simulations"
    return f"blocking stays {' and '.join(parts)}, or {noise}"


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


def _result(passed: bool) -> str:
    return "pass" if passed else "FAIL"


def _outside(spill: SpillResult, places: tuple[OutsidePlace, ...]) -> None:
    failing = sum(not place.passed for place in places)
    st.text(f"{failing} of {len(places)} places outside are over the limit on some channel.")
    st.dataframe(
        {
            "Ring or receptor": [row.name for row in spill.rings],
            "Points over the limit": [points_in_words(row.failing, row.points, row.may_fail) for row in spill.rings],
            "Result": [_result(row.passed) for row in spill.rings],
        },
        hide_index=True,
        alt="Rings and receptors, pass or fail",
    )
    st.dataframe(
        {
            "Place": [place.name for place in places],
            "Ring": [place.ring for place in places],
            "Channel nearest its limit": [place.channel for place in places],
            "Headroom to limit [dB]": ["" if p.margin_db is None else f"{p.margin_db:.1f}" for p in places],
            "Limit": [place.limit_in_words for place in places],
            "Captured by managed access at most [%]": [f"{place.captured:.1f}" for place in places],
        },
        hide_index=True,
        height=HEIGHT,
        alt="Every place outside, with the channel nearest to its limit and what is left to it",
    )
    st.caption(
        "Below 0 dB the limit is exceeded. Empty: nothing of this layout arrives there. A few points of each ring "
        "may be over the limit; the sentence at the top names the worst place that counts."
    )


def _keep_rooms(verdict: Verdict, spill: SpillResult) -> None:
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
    st.text(f"999 can be called on some network at {percent(spill.emergency_share)} of the points outside.")
    if spill.tier != "emergency":
        st.caption("For information: it decides only where the emergency limit is asked for.")


def _exposure(spill: SpillResult) -> None:
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


def _downloads(verdict: Verdict) -> None:
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
