"""Tables in step with the plan: the route to every change that needs no mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from quietwing.coverage.app.blockers_state import Desk, Table, accept, desk, effective_treatments
from quietwing.coverage.app.layout_facts import LayoutFacts
from quietwing.coverage.app.plan_editor.columns import COLUMN_TITLES, TABLE_COLUMNS
from quietwing.coverage.app.plan_editor.drawing import on_plan
from quietwing.coverage.app.plan_editor.edits import (
    TableEdit,
    apply_table,
    table_rows,
    treat_rooms,
    windows_by_room,
)
from quietwing.coverage.app.plan_editor.layers import margin_in_words
from quietwing.coverage.app.site_words import problems_of, show_problems
from quietwing.coverage.app.state import Layout, session
from quietwing.coverage.equipment import Device
from quietwing.coverage.live import DEAD_ZONE, HOLE, MARGINAL, Draft
from quietwing.coverage.report import channel_in_words, place_in_words
from quietwing.sites import QuietwingError

__all__ = ["tables_part"]

STATE_WORDS = {DEAD_ZONE: "blocked", MARGINAL: "borderline", HOLE: "not blocked"}
TEXTS = ("id", "model", "state", "trim_db", "route_m")
HEIGHT = 300
TABLE = "blockers table"
NAMES = ("Blockers", "Windows", "Cells")


def tables_part(at: Desk, draft: Draft, facts: LayoutFacts | None) -> None:
    """One of the tables; each change in it is taken at once."""
    name = st.segmented_control(
        "Table of", NAMES, default=NAMES[0], key=TABLE, required=True, label_visibility="collapsed"
    )
    if name == "Windows":
        _windows_table(at)
    elif name == "Cells":
        _cells_table(draft, facts)
    else:
        _devices_table(at)


def _devices_table(at: Desk) -> None:
    """Devices as a table; each change is taken at once."""
    own, above = session(), st.container()
    everywhere = st.checkbox(
        "Blockers of every storey", key="blockers everywhere", help="Else only those on the plan beside it."
    )
    devices = own.layout.devices if everywhere else on_plan(own.site, at.ground, own.layout.devices)
    table = _table(at, "devices", (at.place, everywhere))
    # The rows of the table stay those it was shown with, so that its own changes do not move under the hand.
    shown = table.base.devices if everywhere else on_plan(at.site, at.ground, table.base.devices)
    ids = [device.id for device in shown]
    known = {device.id: device for device in table.base.devices}
    rows = table_rows([known[name] for name in ids])
    columns = {
        "model": st.column_config.SelectboxColumn(COLUMN_TITLES["model"], options=at.of_kinds("mas", "jammer")),
        "state": st.column_config.SelectboxColumn(COLUMN_TITLES["state"], options=["planned", "existing", "off"]),
        "storey": st.column_config.NumberColumn(COLUMN_TITLES["storey"], min_value=0, step=1, format="%d"),
    }
    for name in ("x_m", "y_m", "z_m", "azimuth_deg", "tilt_deg", "power_dbm"):
        columns[name] = st.column_config.NumberColumn(
            COLUMN_TITLES[name], format="%.2f" if name.endswith("_m") else "%.1f"
        )
    for name in ("id", "trim_db", "route_m"):
        columns[name] = st.column_config.TextColumn(COLUMN_TITLES[name])
    key = f"blockers devices {table.number}"
    _refused(at, key, above)
    st.data_editor(
        _typed({column: [row[column] for row in rows] for column in TABLE_COLUMNS}),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        height=HEIGHT,
        column_config=columns,
        column_order=_columns_of(shown),
        on_change=partial(_taken, "devices", key, partial(_devices_after, key, tuple(ids))),
        alt="Blockers with model, place in metres, storey, direction and power",
    )
    st.caption(
        f"{len(devices)} of {len(own.layout.devices)} blockers. Storey 0 is the ground floor, 1 the 1st. Without a "
        f"power the catalogue's holds. The last row adds a blocker; select rows and press Delete to remove them."
    )
    if any(device.route_m for device in shown):
        st.caption(
            "A radiating cable begins at its blocker and runs in straight lines through the points of its third "
            "column, x y z in metres: 20 0 2.7; 20 8 2.7 goes to x 20, y 0 and on to x 20, y 8, at 2.7 m height."
        )


def _columns_of(devices: Iterable[Device]) -> tuple[str, ...]:
    """Where a cable hangs its run stands where it is seen at once."""
    if not any(device.route_m for device in devices):
        return TABLE_COLUMNS
    return tuple(dict.fromkeys(("id", "model", "route_m", *TABLE_COLUMNS)))


def _windows_table(at: Desk) -> None:
    """Cells with windows; a tick is a mesh or film on all windows of the cell."""
    models = at.of_kinds("mesh", "film")
    windows = windows_by_room(at.site)
    rooms = [room["id"] for room in at.ground.rooms if room["id"] in windows]
    if not rooms or not models:
        st.info("No room of this storey has a window in an outer wall, or the catalogue has no mesh or film.")
        return
    table = _table(at, "windows", at.place)
    treated = {(one.opening, one.model) for one in table.base.treatments}
    by_scenario = {(one.opening, one.model) for one in effective_treatments(Layout())}
    ticks = {name: [all((w, name) in treated for w in windows[room]) for room in rooms] for name in models}
    given = [", ".join(name for name in models if (windows[room][0], name) in by_scenario) for room in rooms]
    key = f"blockers windows {table.number}"
    _refused(at, key, st.container())
    st.data_editor(
        {"cell": rooms, "windows": [len(windows[room]) for room in rooms], **ticks}
        | ({"scenario": given} if any(given) else {}),
        key=key,
        hide_index=True,
        height=HEIGHT,
        disabled=["cell", "windows", "scenario"],
        column_config={
            "cell": "Cell",
            "windows": "Windows",
            "scenario": "Treated by the scenario",
            **{name: st.column_config.CheckboxColumn(name) for name in models},
        },
        on_change=partial(_taken, "windows", key, partial(_windows_after, key, tuple(rooms))),
        alt="Cells of this storey with the mesh or film on their windows",
    )
    st.caption("All windows of a cell are treated alike: that is how they are bought.")


def _cells_table(draft: Draft, facts: LayoutFacts | None) -> None:
    """What the map shows, as a table."""
    rooms = sorted(draft.rooms, key=lambda room: room.margin_db)
    columns: dict[str, list[str]] = {"Cell": [room.room for room in rooms]}
    if facts is not None:
        known = facts.rooms
        columns["Full assessment"] = [known[one.room].at_grades if one.room in known else "" for one in rooms]
    columns |= {
        "Quick estimate": [STATE_WORDS[room.state] for room in rooms],
        "Estimated margin": [margin_in_words(room.margin_db) for room in rooms],
        "Nearest to working": [channel_in_words(room.channel) for room in rooms],
        "Where": [place_in_words(room.point) for room in rooms],
        "Strongest blocker there": [room.device or "none" for room in rooms],
    }
    st.dataframe(
        columns, hide_index=True, height=HEIGHT, alt="Cells of this storey by estimated margin, the weakest first"
    )


def _typed(columns: dict[str, list[Any]]) -> Any:
    """Columns that keep their type where a table has no row, or no device a power of its own."""
    import pyarrow as pa  # slow to load: the first screen has no tables

    kinds = {name: pa.string() if name in TEXTS else pa.float64() for name in columns} | {"storey": pa.int64()}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})


def _table(at: Desk, name: str, about: Any) -> Table:
    """The table as it was shown, or a new one where the layout has changed by another hand."""
    layout = session().layout
    old = at.tables.get(name)
    if old is None or old.about != about or old.reached != layout:
        at.tables[name] = Table((old.number if old else 0) + 1, about, layout, layout)
    return at.tables[name]


def _refused(at: Desk, key: str, above: DeltaGenerator) -> None:
    """Why a table's last change was not taken, for as long as what was typed stands in it: above it, in sight."""
    if any(st.session_state.get(key, {}).values()):
        with above:  # always there: the table keeps its place, and the keyboard
            show_problems(at.problems_at(key))


def _taken(name: str, key: str, after: Callable[[Desk, Table], Layout]) -> None:
    """Take what was changed in a table."""
    at = desk()
    table = at.tables[name]
    at.problems, at.message, at.select = (), "", ""
    try:
        new = after(at, table)
        accept(new)
        table.reached = new
    except QuietwingError as error:
        at.refuse(problems_of(error), key)


def _devices_after(key: str, ids: tuple[str, ...], at: Desk, table: Table) -> Layout:
    state = st.session_state[key]
    edit = TableEdit(state["edited_rows"], state["added_rows"], state["deleted_rows"])
    return apply_table(edit, table.base, ids, at.site, at.catalogue, at.where, at.model)


def _windows_after(key: str, rooms: tuple[str, ...], at: Desk, table: Table) -> Layout:
    ticked = {
        rooms[row]: {model: bool(there) for model, there in cells.items() if model in at.catalogue}
        for row, cells in st.session_state[key]["edited_rows"].items()
    }
    kinds = [at.catalogue[name].kind for name in at.of_kinds("mesh", "film")]
    if len(set(kinds)) < len(kinds):
        table.about = None  # one mesh may have taken the place of another: show the table anew
    return treat_rooms(table.base, at.site, at.catalogue, ticked)
