"""Walk tests in: a log or a table of readings, places on the plan, medians by square, and into the site."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, edited_rows, in_field, show_problems_of
from quietwing.coverage.app.column_table import column_table, taken_in, told_columns
from quietwing.coverage.app.jobs import Question, start
from quietwing.coverage.app.site_files import uploads_in
from quietwing.coverage.app.site_picture import Picture, clicked_picture
from quietwing.coverage.app.site_watch import kept, picture
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import Session, scenario_with, session
from quietwing.coverage.app.survey_state import Uploaded
from quietwing.coverage.report import channel_in_words, readings_figure, storey_picture
from quietwing.sites import (
    READING_COLUMNS,
    Mapped,
    Measurements,
    Reading,
    SiteError,
    WalkImport,
    clean,
    import_walk,
    log_head,
    misplaced_readings,
    read_measurements,
    read_waypoints,
    readings_text,
)

__all__ = ["in_use", "start_next", "walk_part"]

MEANINGS = {
    "time": "time", "level_dbm": "level [dBm] (RSRP, RSCP, RxLev)", "channel": "channel (EE/B20/LTE)",
    "plmn": "PLMN (234-30)", "mcc": "MCC", "mnc": "MNC", "technology": "technology (GSM … NR)",
    "arfcn": "channel number (ARFCN, EARFCN, …)", "freq_mhz": "frequency [MHz]", "x": "x in the site's grid [m]",
    "y": "y in the site's grid [m]", "height_m": "height above the ground [m]", "storey": "storey (0 is the ground)",
    "lat": "latitude", "lon": "longitude",
}  # fmt: skip
TECHNOLOGIES = ("as the log says", "GSM", "UMTS", "LTE", "NR")
BY_LOG, BY_WAY = "As the log says (x and y, or latitude and longitude)", "By clicks on the plan: waypoints with times"
NEWS = "what was done to the readings"


def walk_part() -> None:
    """Draw the part."""
    own = session()
    for news in own.said.pop(NEWS, ()):
        st.success(news)
    st.markdown(
        "A log of a **scanner** or **phone** (CSV or text: G-NetTrack, TEMS, Nemo, any with a header), or a table of "
        "**readings** such as `measure_next.csv` filled in; 50 MB at most. Phone identifiers are dropped as the file "
        "is read."
    )
    given = st.file_uploader("Log or table of readings", type=["csv", "txt", "tsv", "log"], key="walk-file")
    if given is not None and (new := taken_in(given, own.survey.log, log_head)) is not own.survey.log:
        own.survey = replace(own.survey, log=new, walk=None, way=())
    log = own.survey.log
    if log is not None:
        st.markdown(f"**{literal(log.name)}**")
        if _is_readings(log):
            st.caption("This is a table of readings: its places and levels are taken as they stand.")
        else:
            _log_fields(own, log)
        show_problems_of("walk-read")
        st.button("Read this file", key="walk-read", type="primary", on_click=own.ask,
                  args=("walk-read", "Reading the file", _read, log))  # fmt: skip
    if own.survey.walk is not None:
        _preview(own, own.survey.walk)
    _readings(own)


def in_use(own: Session) -> Measurements:
    """The readings in use that are of channels the site has masts of."""
    return Measurements("walk tests", tuple(one for one in own.survey.readings if one.channel in own.site.channels))


def start_next() -> None:
    """Begin to work out where to measure next, given what has been read."""
    own = session()
    further = {"measured": in_use(own)}
    start("next", Question("next", own.site, scenario_with(own.layout), own.layout.devices, own.catalogue, further))


def _is_readings(log: Uploaded) -> bool:
    return {name for name in READING_COLUMNS if name not in ("room", "note")} <= set(log.head.columns)


def _has_places(log: Uploaded) -> bool:
    return {"x", "y"} <= set(log.head.proposed) or {"lat", "lon"} <= set(log.head.proposed)


def _log_fields(own: Session, log: Uploaded) -> None:
    """What the log does not say: columns, technology, storey, date, places."""
    column_table(log, MEANINGS, f"walk-columns-{log.file_id}")
    known = {"time", "level_dbm", "arfcn"} <= set(log.head.proposed) and "technology" in log.head.proposed
    with st.expander("What the log may not say: technology, operator, date, storey, height", expanded=not known):
        one, two, three, four = st.columns(4)
        one.selectbox("Technology", TECHNOLOGIES, key="walk-technology")
        two.text_input("Operator (PLMN), where the log does not say it", key="walk-plmn", placeholder="234-30")
        three.date_input("Date, where the times have none", None, key="walk-date")
        four.number_input("Side of the squares [m]", 0.25, 50.0, 2.0, 0.25, key="walk-square")
        one.number_input("Storey, where the log does not say it", -5, 50, 0, key="walk-storey")
        two.number_input("Phone above the floor [m]", 0.1, 3.0, 1.5, 0.1, key="walk-hand")
        three.text_input("Its words for technologies", key="walk-words", placeholder="E-UTRA = LTE; WCDMA = UMTS")
    how = st.radio("Where the samples were taken", (BY_LOG, BY_WAY), int(not _has_places(log)), key="walk-how")
    if how == BY_WAY:
        _way(own)


def _way(own: Session) -> None:
    """The plan to click on, and the times at which its waypoints were passed."""
    site = own.site
    storeys = [(at, number) for at, one in enumerate(site.buildings) for number in range(len(one.storeys))]
    st.markdown(
        "**Click where the walk began, at every turn, and where it ended**; then write the times as the log has "
        "them. Between two waypoints one walks evenly; between two storeys nobody knows the place."
    )
    where = st.selectbox("Plan", storeys, key="walk-plan",
                         format_func=lambda one: site.buildings[one[0]].storey_in_words(one[1]))  # fmt: skip
    here = [(x, y) for _, x, y, storey in own.survey.way if storey == where[1]]
    drawn = storey_picture(site, where[0], where[1], here)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        at = clicked_picture(
            Picture(drawn.width_px, drawn.height_px, drawn.png), rooms=[], openings=[], scale=[],
            say=f"A click sets waypoint {len(own.survey.way) + 1}", key="walk-picture",
        )  # fmt: skip
        if at is not None:
            x_m, y_m = drawn.place_m(*at)
            own.survey = replace(own.survey, way=(*_passed(own), ("", round(x_m, 2), round(y_m, 2), where[1])))
            st.rerun()
    with right:
        if not own.survey.way:
            st.caption("No waypoint yet: click on the plan.")
            return
        st.data_editor(
            _way_rows(own), key=_way_key(own), hide_index=True, num_rows="dynamic",
            column_config={"time": st.column_config.TextColumn("time", help="10:15:00, or as the log writes it"),
                           "x": "x [m]", "y": "y [m]"},
            alt="Waypoints in the order they were passed: time, x, y, storey",
        )  # fmt: skip
        st.button("Take the last click back", on_click=clicked, args=("walk-way-back", _step_back))


def _way_rows(own: Session) -> list[dict[str, Any]]:
    return [dict(zip(("time", "x", "y", "storey"), one, strict=True)) for one in own.survey.way]


def _way_key(own: Session) -> str:
    return f"walk-way-{len(own.survey.way)}"  # an editor counts its edits from the rows it began with


def _passed(own: Session) -> tuple[tuple[str, float, float, int], ...]:
    """The waypoints as they stand in the table; rows without a place are left out."""
    rows = edited_rows(_way_rows(own), _way_key(own))
    return tuple(
        (str(row.get("time") or "").strip(), float(row["x"]), float(row["y"]), int(row.get("storey") or 0))
        for row in rows
        if row.get("x") is not None and row.get("y") is not None
    )


def _step_back() -> None:
    own = session()
    own.survey = replace(own.survey, way=_passed(own)[:-1])


def _read(log: Uploaded) -> None:
    own = session()
    with uploads_in(own.folder, [(log.name, log.content)]) as (path,):
        if _is_readings(log):
            found = read_measurements(path, own.site).readings
            walk = WalkImport(found, len(found), len(found), (), (), ())
        else:
            mapped, ways = _mapped(log), None
            if in_field("walk-how") == BY_WAY and (_passed(own) or _has_places(log)):
                day = mapped.fixed.get("date")
                with uploads_in(own.folder, [("waypoints.csv", _way_text(own).encode())]) as (way,):
                    ways = read_waypoints(way, day if isinstance(day, dt.date) else None)
            walk = import_walk(path, own.site, mapped, ways, float(in_field("walk-square")))
    for index, problem in misplaced_readings(walk.readings, own.site, dt.date.today()).items():
        raise SiteError(f"{clean(log.name)}: reading {index + 1}: {problem}")
    own.survey = replace(own.survey, walk=walk)


def _mapped(log: Uploaded) -> Mapped:
    """What the fields say of the log."""
    columns = told_columns(log, MEANINGS, f"walk-columns-{log.file_id}")
    fixed: dict[str, Any] = {"storey": int(in_field("walk-storey") or 0)}
    fixed["height_above_floor_m"] = float(in_field("walk-hand") or 1.5)
    if (technology := in_field("walk-technology")) in TECHNOLOGIES[1:]:
        fixed["technology"] = technology
        columns.pop("technology", None)
    if plmn := str(in_field("walk-plmn") or "").strip():
        fixed["plmn"] = plmn
    if (day := in_field("walk-date")) is not None:
        fixed["date"] = day
    words = {}
    for pair in filter(str.strip, str(in_field("walk-words") or "").split(";")):
        theirs, _, ours = (part.strip() for part in pair.partition("="))
        if ours not in TECHNOLOGIES[1:]:
            raise SiteError(f"Its words for technologies: {pair.strip()} is none; write E-UTRA = LTE; WCDMA = UMTS")
        words[theirs] = ours
    return Mapped(columns, fixed, words)


def _way_text(own: Session) -> str:
    """The waypoints as the table that their reader takes."""
    rows = (f"{time.replace(',', '.')},{x},{y},{storey}" for time, x, y, storey in _passed(own))
    return "\n".join(["time,x,y,storey", *rows]) + "\n"


def _preview(own: Session, walk: WalkImport) -> None:
    """What came of the file, before it is used."""
    st.markdown(f"**{walk.used:,} of {walk.rows:,} samples came to {len(walk.readings):,} readings** (medians).")
    if walk.private:
        st.caption(f"Dropped, for they identify a phone: {literal(', '.join(walk.private))}")
    if walk.left_out:
        st.dataframe([{"samples left out": many, "because": why} for why, many in walk.left_out], hide_index=True,
                     alt="Samples that are in no reading, and why")  # fmt: skip
    _map(own, walk.readings, "walk-preview")
    show_problems_of("walk-use")
    one, two, _ = st.columns([1, 1, 2])
    words = "Use these readings" if not own.survey.readings else "Add to the readings in use"
    one.button(words, key="walk-use", type="primary", on_click=clicked, args=("walk-use", _use, walk, False))
    if own.survey.readings:
        two.button("Use these instead", key="walk-instead", on_click=clicked, args=("walk-use", _use, walk, True))


def _use(walk: WalkImport, instead: bool) -> None:
    """Put readings to use; what was worked out of the old ones goes, and where to measure next begins anew."""
    own = session()
    new = walk.readings if instead else tuple(dict.fromkeys((*own.survey.readings, *walk.readings)))
    _put(own, new)
    own.survey = replace(own.survey, walk=None, log=None, way=())
    own.said[NEWS] = (f"{len(new)} readings are in use. Where to measure next is being worked out anew.",)
    start_next()


def _put(own: Session, readings: tuple[Reading, ...]) -> None:
    for kind in ("calibrate", "next"):
        if kind in own.jobs:
            own.jobs.pop(kind).discard()
    own.survey = replace(own.survey.without_results(), readings=readings)


def _remove() -> None:
    _put(session(), ())


def _readings(own: Session) -> None:
    """The readings in use, on the plan and as a file."""
    readings = own.survey.readings
    st.header("Readings in use")
    if not readings:
        st.info("None yet. Upload a log or a table above; “Measure next” says where a reading tells most.")
        return
    strange = len(readings) - len(in_use(own).readings)
    places = len({(one.x_m, one.y_m, one.height_m) for one in readings})
    st.markdown(f"{len(readings)} readings of {len({one.channel for one in readings})} channels at {places} places.")
    if strange:
        st.warning(f"{strange} of them are of channels that no mast of the site has: they count for nothing.")
    _map(own, readings, "readings")
    one, two, _ = st.columns([1, 1, 2])
    one.download_button("Download readings.csv", readings_text(readings), "readings.csv", "text/csv",
                        key="readings-csv", on_click="ignore")  # fmt: skip
    two.button("Remove all readings", key="readings-remove", on_click=clicked, args=("readings-remove", _remove))


def _map(own: Session, readings: Sequence[Reading], key: str) -> None:
    """Medians of one channel on the plans they were read on."""
    count = Counter(one.channel for one in readings)
    names = [name for name, _ in count.most_common()]
    channel = st.selectbox("Channel", names, key=f"{key}-channel",
                           format_func=lambda name: f"{channel_in_words(name)}: {count[name]}")  # fmt: skip
    mine = [one for one in readings if one.channel == channel]
    st.image(kept(readings, f"map of {channel}", lambda: picture(lambda: readings_figure(own.site, mine))),
             caption="Medians by square of the plan")  # fmt: skip
