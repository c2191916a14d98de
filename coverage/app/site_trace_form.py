"""Tracing a plan: a picture, its scale by two points, rooms and openings by clicks or in tables, then a site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas
import streamlit as st

from quietwing.coverage.app.button_actions import edited_rows, in_field, show_problems_of
from quietwing.coverage.app.site_form import AREAS, STATES, construction_box
from quietwing.coverage.app.site_picture import Picture, clicked_picture, read_picture
from quietwing.coverage.app.site_words import show_problems
from quietwing.coverage.app.state import TRACING, session
from quietwing.sites import (
    OpeningState,
    ScaleLine,
    Site,
    SiteError,
    TraceChoices,
    TracedOpening,
    TracedRoom,
    import_tracing,
)

__all__ = ["rooms_of", "trace_form"]

ROLES = {"silence": "to be blocked", "keep": "must keep service", "ignore": "not assessed"}
CLICKS = ("First scale point", "Second scale point", "Corner of a room", "Window", "Door")
OPENING_WIDTH_M = {"window": 1.0, "door": 0.8}
STATES_OF_WINDOWS: tuple[OpeningState, ...] = ("open", "shut", "sealed")


@dataclass
class _Tracing:
    """What one session has traced so far.

    A click makes a new `edition` of the tables, which then begin with what was there and the new row: an editor
    counts its edits from the rows it began with.
    """

    name: str
    picture: Picture
    first_px: tuple[float, float] | None = None
    second_px: tuple[float, float] | None = None
    corners: list[dict[str, Any]] = field(default_factory=list)
    openings: list[dict[str, Any]] = field(default_factory=list)
    first_corners: list[dict[str, Any]] = field(default_factory=list)
    first_openings: list[dict[str, Any]] = field(default_factory=list)
    edition: int = 0
    made: int = 0  # the edition that was made a site last


def trace_form(opened: Callable[[Site], None]) -> None:
    """Draw the form.

    Parameters
    ----------
    opened : callable
        Gets the checked site, once one was made of the traced plan.
    """
    st.markdown(
        "Upload a picture of one storey, say how large it is, and trace its rooms. Every edge of a room becomes a "
        "wall. Corners that nearly line up are put in line (0.3 m). Trace corridors too: all rooms must touch."
    )
    given = st.file_uploader("Plan as PNG or JPEG", type=["png", "jpg", "jpeg"], key="trace-file")
    tracing: _Tracing | None = st.session_state.get(TRACING)
    if given is not None and (tracing is None or tracing.name != given.file_id):
        try:
            with st.spinner("Reading the picture"):
                tracing = _Tracing(given.file_id, read_picture(given.name, given.getvalue()))
        except SiteError as error:
            show_problems(error)
            return
        st.session_state[TRACING] = tracing
    if tracing is None:
        return
    _click(tracing)
    _scale(tracing)
    _tables(tracing)
    _choices()
    show_problems_of("trace-make")
    st.button(
        "Make a site of this plan",
        type="primary",
        key="trace-make",
        on_click=session().ask,
        args=("trace-make", "Drawing and checking the site", _make, tracing, opened),
    )


def _make(tracing: _Tracing, opened: Callable[[Site], None]) -> None:
    """Make the site of what is traced and stands in the fields."""
    own = session()
    x1, y1, x2, y2 = (in_field(f"trace-scale-{number}-{tracing.edition}") for number in range(4))
    corners = _filled(edited_rows(tracing.first_corners, f"trace-corners-{tracing.edition}"))
    openings = _filled(edited_rows(tracing.first_openings, f"trace-openings-{tracing.edition}"))
    if x1 is None or y1 is None or x2 is None or y2 is None:
        raise SiteError("Scale: give two points of the plan and the real distance between them")
    scale = ScaleLine((x1, y1), (x2, y2), float(in_field("trace-distance")))
    rooms, cuts, height_px = rooms_of(corners), _openings_of(openings), tracing.picture.height_px
    opened(import_tracing(rooms, cuts, scale, height_px, _chosen(), own.folder))
    tracing.made = tracing.edition


def rooms_of(rows: list[dict[str, Any]]) -> list[TracedRoom]:
    """Rooms from the table of corners, in order of first mention; the first role given for a room holds.

    Raises
    ------
    SiteError
        Rows without a room, or without numbers.
    """
    found: dict[str, TracedRoom] = {}
    problems = []
    for number, row in enumerate(rows, 1):
        name = str(row.get("room") or "").strip()
        x, y = _plain(row.get("x_px")), _plain(row.get("y_px"))
        if not name and x is None and y is None:
            continue
        if not name or x is None or y is None:
            problems.append(f"Corners, row {number}: needs a room, x and y; fill them in or delete the row")
            continue
        role = str(row.get("role") or "silence")
        before = found.get(name) or TracedRoom(name, role if role in ROLES else "silence", ())  # type: ignore[arg-type]
        found[name] = replace(before, corners_px=(*before.corners_px, (x, y)))
    if problems:
        raise SiteError(problems)
    return list(found.values())


def _openings_of(rows: list[dict[str, Any]]) -> list[TracedOpening]:
    found, problems = [], []
    for number, row in enumerate(rows, 1):
        x, y, width_m = (_plain(row.get(name)) for name in ("x_px", "y_px", "width_m"))
        kind = str(row.get("kind") or "")
        if x is None and y is None and not kind:
            continue
        if x is None or y is None or kind not in OPENING_WIDTH_M:
            problems.append(f"Windows and doors, row {number}: needs window or door, x and y")
            continue
        found.append(TracedOpening(kind, (x, y), OPENING_WIDTH_M[kind] if width_m is None else width_m))
    if problems:
        raise SiteError(problems)
    return found


def _plain(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _click(tracing: _Tracing) -> None:
    """The picture, and what a click on it does."""
    left, middle, right = st.columns([2, 1, 1])
    what = left.radio("A click sets", CLICKS, horizontal=True, key="trace-click")
    room = middle.text_input("Room being traced", "A1-01", key="trace-room", max_chars=80)
    role = right.selectbox("It", list(ROLES), format_func=ROLES.__getitem__, key="trace-role")
    shown: dict[str, dict[str, Any]] = {}
    for row in tracing.corners:
        x, y = _plain(row.get("x_px")), _plain(row.get("y_px"))
        if row.get("room") and x is not None and y is not None:
            own = shown.setdefault(str(row["room"]), {"id": str(row["room"]), "role": row.get("role"), "corners": []})
            own["corners"].append([x, y])
    at = clicked_picture(
        tracing.picture,
        rooms=list(shown.values()),
        openings=[
            (float(row["x_px"]), float(row["y_px"]))
            for row in tracing.openings
            if _plain(row.get("x_px")) is not None and _plain(row.get("y_px")) is not None
        ],
        scale=[point for point in (tracing.first_px, tracing.second_px) if point is not None],
        say=f"A click sets: {what}" + (f" {room}" if what == CLICKS[2] else ""),
        key="trace-picture",
    )
    if at is None:
        return
    if what == CLICKS[0]:
        tracing.first_px = at
    elif what == CLICKS[1]:
        tracing.second_px = at
    elif what == CLICKS[2]:
        tracing.corners.append({"room": room.strip() or "room", "role": role, "x_px": at[0], "y_px": at[1]})
    else:
        kind = what.lower()
        tracing.openings.append({"kind": kind, "x_px": at[0], "y_px": at[1], "width_m": OPENING_WIDTH_M[kind]})
    tracing.first_corners, tracing.first_openings = list(tracing.corners), list(tracing.openings)
    tracing.edition += 1
    st.rerun()


def _scale(tracing: _Tracing) -> None:
    """Two points and the distance between them, as numbers."""
    columns = st.columns(5)
    labels = ("First point x [px]", "First point y [px]", "Second point x [px]", "Second point y [px]")
    values = [*(tracing.first_px or (None, None)), *(tracing.second_px or (None, None))]
    typed = [
        column.number_input(label, value=value, step=1.0, key=f"trace-scale-{number}-{tracing.edition}")
        for number, (column, label, value) in enumerate(zip(columns, labels, values, strict=False))
    ]
    tracing.first_px = (typed[0], typed[1]) if typed[0] is not None and typed[1] is not None else None
    tracing.second_px = (typed[2], typed[3]) if typed[2] is not None and typed[3] is not None else None
    columns[4].number_input("Real distance [m]", value=10.0, step=0.1, key="trace-distance")


def _tables(tracing: _Tracing) -> None:
    """Corners and openings as tables that can be edited: the way without a mouse."""
    left, right = st.columns([3, 2])
    with left:
        st.markdown("**Corners of rooms**, in order around each room")
        tracing.corners = _table(
            tracing.first_corners,
            {
                "room": st.column_config.TextColumn("room", max_chars=80),
                "role": st.column_config.SelectboxColumn("role", options=list(ROLES)),
                "x_px": st.column_config.NumberColumn("x [px]"),
                "y_px": st.column_config.NumberColumn("y [px], down"),
            },
            f"trace-corners-{tracing.edition}",
        )
    with right:
        st.markdown("**Windows and doors**, on or near their wall")
        tracing.openings = _table(
            tracing.first_openings,
            {
                "kind": st.column_config.SelectboxColumn("kind", options=list(OPENING_WIDTH_M)),
                "x_px": st.column_config.NumberColumn("x [px]"),
                "y_px": st.column_config.NumberColumn("y [px], down"),
                "width_m": st.column_config.NumberColumn("width [m]"),
            },
            f"trace-openings-{tracing.edition}",
        )


def _table(rows: list[dict[str, Any]], columns: dict[str, Any], key: str) -> list[dict[str, Any]]:
    shape = pandas.DataFrame(rows, columns=list(columns))
    for name in columns:
        shape[name] = shape[name].astype("object" if name in ("room", "role", "kind") else "float64")
    edited = st.data_editor(shape, num_rows="dynamic", column_config=columns, hide_index=True, key=key, height=240)
    return _filled(edited.to_dict("records"))


def _filled(rows: Iterable[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Rows with something in them; nothing is None."""
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in rows
        if any(value is not None and value == value for value in row.values())
    ]


def _choices() -> None:
    """What the picture does not show; `_chosen` reads it."""
    usual = TraceChoices()
    with st.expander("Name, storeys, walls, windows, surroundings"):
        one, two, three = st.columns(3)
        with one:
            st.text_input("Name of the site", usual.name, key="trace-name", max_chars=80)
            st.number_input("Storeys, all alike", 1, 8, usual.storeys, key="trace-storeys")
            st.number_input("Height of a storey [m]", 2.4, 6.0, usual.storey_height_m, key="trace-height")
            st.number_input("The picture's up is at compass bearing [°]", 0.0, 359.9, 0.0, key="trace-bear")
            st.selectbox("Surroundings", list(AREAS), index=1, format_func=AREAS.__getitem__, key="trace-area")
        with two:
            construction_box("Outer wall", usual.outer_wall, "trace-outer")
            construction_box("Inner walls", usual.inner_wall, "trace-inner")
            construction_box("Floors", usual.floor, "trace-floor")
            construction_box("Roof", usual.roof, "trace-roof")
            construction_box("Window glass", usual.window, "trace-window")
        with three:
            st.selectbox("Windows", STATES_OF_WINDOWS, format_func=STATES.__getitem__, key="trace-state")
            st.checkbox("A window for every room to be blocked that has none", True, key="trace-auto")
            st.checkbox("A door for every room that has none", True, key="trace-doors")
            st.number_input("From the building to the fence [m]", 8.0, 1000.0, 40.0, key="trace-fence")
            st.number_input("From the fence to the nearest homes [m]", 1.0, 5000.0, 60.0, key="trace-homes")


def _chosen() -> TraceChoices:
    usual = TraceChoices()
    return replace(
        usual,
        name=str(in_field("trace-name")).strip() or usual.name,
        storeys=int(in_field("trace-storeys")),
        storey_height_m=float(in_field("trace-height")),
        bearing_deg=float(in_field("trace-bear")),
        area=str(in_field("trace-area")),
        outer_wall=str(in_field("trace-outer")),
        inner_wall=str(in_field("trace-inner")),
        floor=str(in_field("trace-floor")),
        roof=str(in_field("trace-roof")),
        window=str(in_field("trace-window")),
        window_state=in_field("trace-state"),
        windows_for_all=bool(in_field("trace-auto")),
        doors_for_all=bool(in_field("trace-doors")),
        fence_distance_m=float(in_field("trace-fence")),
        homes_distance_m=float(in_field("trace-homes")),
    )
