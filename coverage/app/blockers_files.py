"""Layouts kept under a name, opened from a file, and taken away as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from quietwing.coverage.app.blockers_state import Desk, accept, desk
from quietwing.coverage.app.blockers_words import cost_in_words, treatments_toml
from quietwing.coverage.app.plan_editor.places import Place
from quietwing.coverage.app.questions import is_current
from quietwing.coverage.app.report_button import verdict_report
from quietwing.coverage.app.site_watch import picture
from quietwing.coverage.app.site_words import literal, problems_of, show_problems
from quietwing.coverage.app.state import Layout, SavedLayout, current_verdict, scenario_with, session
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout, layout_text, parse_layout
from quietwing.coverage.planning import Cost
from quietwing.coverage.report import bill_csv, safe_file_name, verdict_figure
from quietwing.coverage.results import Verdict
from quietwing.sites import QuietwingError, Site, Unreadable, clean, problems_text, text_of

__all__ = ["files_part", "map_png", "uploaded_devices"]

MOST_FILE_BYTES = 8 * 2**20
MOST_SAVED = 20
MOST_NAME = 60
NAME = "blockers name"


def files_part(at: Desk, spent: Cost | None) -> None:
    """Save under a name, open a layout, take files away."""
    if spent is not None:
        st.markdown(literal(cost_in_words(spent, at.scenario)))
    save, load, export = st.tabs(["Save", "Load", "Export"])
    with save:
        _saved_layouts()
    with load:
        _open_layout()
    with export:
        _downloads(at, spent)


def _saved_layouts() -> None:
    """Save the layout under a name; open or remove a saved one."""
    own = session()
    st.text_input("Name", key=NAME, max_chars=MOST_NAME, placeholder="for example: mesh on the north side")
    show_problems(desk().problems_at(NAME))
    st.button("Save this layout", on_click=_save)
    here = desk().site_hash
    names = [name for name, saved in own.saved.items() if saved.site_hash == here]
    others = len(own.saved) - len(names)
    if not names:
        st.caption("Nothing saved for this site yet. Compare shows saved layouts side by side.")
    else:
        words = {name: _saved_in_words(own.saved[name]) for name in names}
        st.selectbox("Saved layouts", names, key="blockers saved", format_func=lambda name: words.get(name, name))
        left, right = st.columns(2)
        left.button("Open it", on_click=_reopen, width="stretch")
        right.button("Remove it", on_click=_remove, width="stretch")
    if others:
        st.caption(f"{others} saved for other sites.")
    st.caption("Saved layouts are kept with the project.")


def _open_layout() -> None:
    """Read a ``layout.csv``; what is wrong with it is said, and nothing changes."""
    file = st.file_uploader(
        "A layout of this site", type=["csv"], key="blockers upload", max_upload_size=MOST_FILE_BYTES >> 20
    )
    if file is None:
        st.caption(
            "Its devices take the place of those on the plan; treated windows stay. Undo brings the old ones back."
        )
        return
    own = session()
    try:
        devices = uploaded_devices(own.site, own.catalogue, file.name, file.getvalue())
    except QuietwingError as error:
        show_problems(error, "There is a problem with this file")
        return
    st.text(f"{clean(file.name)}: {len(devices)} blockers, nothing wrong.")
    st.button("Use this layout", on_click=_use, args=(devices,), type="primary")


def _downloads(at: Desk, spent: Cost | None) -> None:
    """The layout, its bill, its treatments and the map of this storey."""
    own = session()
    layout = own.layout
    st.download_button("layout.csv", layout_text(layout.devices), "layout.csv", "text/csv", on_click="ignore")
    if spent is not None:
        st.download_button(
            "bill_of_materials.csv", bill_csv(spent), "bill_of_materials.csv", "text/csv", on_click="ignore"
        )
    if layout.treatments:
        wishes = scenario_with(layout).treatments
        st.download_button(
            "treatments.toml", treatments_toml(wishes), "treatments.toml", "application/toml", on_click="ignore"
        )
    verdict = current_verdict()
    place = at.places[max(at.place, 0)]
    name = f"dead-zones-{safe_file_name(place.title)}.png"
    st.download_button(
        "Map of this storey (PNG)",
        _nothing if verdict is None else map_png(verdict, place),
        name,
        "image/png",
        disabled=verdict is None,
        help="Blocked rooms and margin. The full assessment draws it: run that first." if verdict is None else None,
        on_click="ignore",
    )
    verdict_report(st.container(), "blockers report")


def uploaded_devices(site: Site, catalogue: Mapping[str, Model], name: str, content: bytes) -> tuple[Device, ...]:
    """The devices of an uploaded ``layout.csv``, each at a place of the site where one may stand.

    Parameters
    ----------
    site : Site
    catalogue : mapping of str to Model
    name : str
        Of the file, for the messages.
    content : bytes

    Returns
    -------
    tuple of Device

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    label = clean(name, 60)
    if len(content) > MOST_FILE_BYTES:
        raise ScenarioError(f"{label}: has {len(content):,} bytes (limit {MOST_FILE_BYTES:,}); is it a layout?")
    try:
        text = text_of(content)
    except Unreadable as error:
        raise ScenarioError(f"{label}: {error}") from None
    devices = parse_layout(text, catalogue, label)
    problems = check_layout(site, devices, label)
    if problems:
        raise ScenarioError(problems_text(problems))
    return devices


def map_png(verdict: Verdict, place: Place) -> Callable[[], bytes]:
    """Draws the storey's map of a verdict when it is asked for; nothing where the verdict has none."""

    def drawn() -> bytes:
        same = (place.building, place.storey, place.title)
        storey = next((one for one in verdict.maps if (one.building, one.storey, one.title) == same), None)
        return picture(lambda: verdict_figure(verdict, storey)) if storey is not None else b""

    return drawn


def _nothing() -> bytes:
    return b""


def _saved_in_words(saved: SavedLayout) -> str:
    of_now = saved.verdict is not None and is_current(session(), "verdict", saved.verdict, saved.layout)
    judged = "with its verdict" if of_now else "judged for an earlier question" if saved.verdict else "not judged yet"
    return f"{saved.name} ({len(saved.layout.devices)} blockers, {judged})"


def _save() -> None:
    own, at = session(), desk()
    name = clean(" ".join(str(st.session_state.get(NAME, "")).split()), MOST_NAME)
    at.problems, at.message = (), ""
    if not name:
        at.refuse(("Name: is empty; write a name for the layout",), NAME)
    elif name not in own.saved and len(own.saved) >= MOST_SAVED:
        at.refuse((f"Name: {MOST_SAVED} layouts are saved already; remove one first",), NAME)
    else:
        own.saved[name] = SavedLayout(name, own.layout, current_verdict(), at.site_hash)
        at.message = f"Saved as {name}"


def _reopen() -> None:
    own, at = session(), desk()
    saved = own.saved.get(str(st.session_state.get("blockers saved", "")))
    if saved is None:
        return
    _take(at, saved.layout, f"Opened {saved.name}")
    if saved.verdict is not None and own.layout == saved.layout and own.verdict is not saved.verdict:
        own.before_verdict, own.verdict = own.verdict, saved.verdict


def _remove() -> None:
    session().saved.pop(str(st.session_state.get("blockers saved", "")), None)


def _use(devices: tuple[Device, ...]) -> None:
    _take(desk(), Layout(devices, session().layout.treatments), f"{len(devices)} blockers read")


def _take(at: Desk, layout: Layout, message: str) -> None:
    at.problems, at.message, at.select = (), message, ""
    try:
        accept(layout)
    except QuietwingError as error:
        at.refuse(problems_of(error))
