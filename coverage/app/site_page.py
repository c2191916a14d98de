"""Page: the site — chosen, described, uploaded or traced; what it holds; what its checks say; as files."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import streamlit as st

from quietwing.coverage.app.blockers_state import SITE, desk
from quietwing.coverage.app.button_actions import in_field, show_problems_of
from quietwing.coverage.app.drawing_form import NEWS as _NEWS
from quietwing.coverage.app.drawing_form import choice_fields, chosen, drawing_part, is_drawing, propose
from quietwing.coverage.app.masts_list import masts_from_list
from quietwing.coverage.app.site_files import open_upload, site_geopackage, site_zip, uploads_in
from quietwing.coverage.app.site_form import wing_form
from quietwing.coverage.app.site_masts import levels_editor, masts_editor
from quietwing.coverage.app.site_trace_form import trace_form
from quietwing.coverage.app.site_watch import kept
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import YOURS, Session, open_bundled, open_site, scenario_with, session
from quietwing.coverage.app.workspace import bench, leave_if_asked, show_site
from quietwing.sites import BUNDLED, DRAWING_ENDINGS, DrawingChoices, Site, drawing_kind, site_report

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["show"]

BUNDLED_WORDS = {
    "houseblock": "Modern, sealed windows, 275 rooms. Opens first.",
    "radial": "Victorian, open windows, tight in a city, 857 rooms.",
    "campus": "Six houseblocks and workshops in the country, 1,644 rooms. Slow.",
}
WAYS = ("Choose an example", "Describe a wing", "Upload a drawing or site", "Trace a plan")
ROLE_WORDS = {"silence": "to be blocked", "keep": "must keep service", "ignore": "not assessed"}
WAYS_ON = {"blockers": "See its plan", "signals": "See where signals leak in", "plan": "Have a layout searched for"}
SEVERAL = (".dxf", ".pdf")  # drawings with a storey in each file


def show() -> None:
    """Draw the page."""
    own = session()
    st.title(f"Site: {literal(own.site.name)}")
    opened = own.said.pop(_NEWS, ())
    with st.container(key="quietwing-news"):  # always there: what it holds moves no tab
        for news in opened:
            st.success(news)
        if opened and own.site_source == YOURS:
            _ways_on(own)
    this, checks, masts, files = st.tabs(["This site", "Checks", "Masts and measurements", "Download"])
    with this:
        if opened:
            st.session_state["site-way"] = WAYS[0]  # with the plan of what was opened
        words, ways = st.columns([1, 4], vertical_alignment="center")
        words.markdown(
            "Open another site",
            help="Opening another begins a new project; the present one stays under Recent projects.",
        )
        way = ways.radio("How to begin", WAYS, horizontal=True, key="site-way", label_visibility="collapsed")
        if way == WAYS[0]:
            _this_site(own.site)
        elif way == WAYS[1]:
            wing_form(_opened)
        elif way == WAYS[2]:
            _upload()
        else:
            trace_form(_opened)
        if own.survey.drawing is not None and own.survey.drawing.opened:
            drawing_part(own.survey.drawing)
    with checks:
        _checks(own.site)
    with masts:
        masts_from_list()
        masts_editor("site")
        levels_editor("site")
    with files:
        _downloads(own.site)


def _ways_on(own: Session) -> None:
    """Where the work goes on once a site is open."""
    columns = st.columns([1, 1, 1, 1])
    for column, (page, words) in zip(columns, WAYS_ON.items(), strict=False):
        column.button(words, key=f"site-on-{page}", width="stretch", on_click=_go_on, args=(own, page))


def _go_on(own: Session, page: str) -> None:
    own.way_on = page


def _this_site(site: Site) -> None:
    """The site from above, what it holds, and the examples."""
    rooms = Counter(room.role for room in site.rooms)
    storeys = sum(len(building.storeys) for building in site.buildings)
    facts = [
        f"{len(site.buildings)} building{'s' * (len(site.buildings) != 1)} with {storeys} "
        f"storey{'s' * (storeys != 1)} in all",
        "rooms: " + ", ".join(f"{count} {ROLE_WORDS[role]}" for role, count in rooms.most_common()),
        f"{len(site.walls):,} walls, {len(site.openings):,} doors and windows",
        f"{len(site.sectors)} sectors on masts, {len(site.outside_levels)} levels measured",
        f"marking {literal(site.marking)}, data as of {site.as_of.isoformat()}",
    ]
    left, panel = bench(SITE)
    with left:
        _from_above()
    with panel:
        _bundled()
        st.markdown(f"**{literal(site.name)}**")
        st.markdown("\n".join(f"- {fact}" for fact in facts))
        st.caption("Zoom out to see the masts.")


@st.fragment
def _from_above() -> None:
    """The whole site; a click on a building opens its plan."""
    leave_if_asked()
    show_site(desk(), SITE, None)


def _checks(site: Site) -> None:
    report = kept(site, "checks", lambda: site_report(site, session().folder), "Checking the site")
    show_problems(report.problems)
    if not report.problems:
        st.markdown("**No problem was found.** " + ("To know:" if report.notes else ""))
    for note in report.notes:
        st.markdown(f"- {literal(note)}")
    with st.expander("How many features of each layer were read, used and left out"):
        st.dataframe(
            [
                {"layer": layer, "features in the file": found, "used": used, "left out": dropped}
                for layer, (found, used, dropped) in report.features.items()
            ],
            hide_index=True,
        )


def _downloads(site: Site) -> None:
    """Files are made when they are asked for."""
    own = session()
    st.markdown("A zip of the site folder (text files, with layout and scenario), or one GeoPackage for QGIS.")
    left, right = st.columns(2)
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in site.name)[:60] or "site"
    left.download_button(
        "Download site folder (zip)",
        lambda: site_zip(
            own.site,
            own.folder,
            devices=own.layout.devices,
            scenario=scenario_with(own.layout),
            catalogue=own.catalogue,
            beside=own.survey.drawing.files_beside if own.survey.drawing and own.survey.drawing.opened else None,
        ),
        f"{name}.zip",
        "application/zip",
        key="site-zip",
        on_click="ignore",
    )
    right.download_button(
        "Download GeoPackage",
        lambda: site_geopackage(own.site, own.folder),
        f"{name}.gpkg",
        "application/geopackage+sqlite3",
        key="site-gpkg",
        on_click="ignore",
        help="Layers, masts and levels; without layout and scenario.",
    )
    if own.description and own.site_source == YOURS:
        st.download_button(
            "Download the description (TOML, for quietwing example new)",
            own.description,
            "wing.toml",
            "application/toml",
            key="site-toml",
            on_click="ignore",
        )


def _bundled() -> None:
    chosen = st.selectbox("Example (all invented)", BUNDLED, format_func=str.capitalize, key="site-bundled")
    st.caption(BUNDLED_WORDS.get(str(chosen), ""))
    st.button(
        "Open this example",
        key="site-open-bundled",
        width="stretch",
        on_click=session().ask,
        args=("site-open-bundled", "Opening the example", _open_example),
    )
    show_problems_of("site-open-bundled")


def _open_example() -> None:
    chosen = str(in_field("site-bundled"))
    open_bundled(chosen)
    session().said[_NEWS] = (f"The example {chosen} is open, with its own layout.",)


def _upload() -> None:
    st.markdown(
        "A **drawing**: DXF, IFC, PDF, an indoor plan in GeoJSON. Or a site that was made before: a **zip** of its "
        "folder (`site.toml`, layers as GeoJSON, `masts.csv`, …) or a **GeoPackage**. 50 MB at most."
    )
    given = st.file_uploader(
        "Drawing or site",
        type=["zip", "gpkg", *(ending.removeprefix(".") for ending in DRAWING_ENDINGS)],
        key="site-upload",
    )
    drawn = given is not None and is_drawing(given.name)
    drawing = session().survey.drawing
    if given is not None and drawn:
        kind = PurePosixPath(given.name).suffix.lower()
        words = "Scale, page, heights, further storeys" if kind == ".pdf" else "What the drawing may not say"
        with st.expander(f"{words} (all of it can be changed later)", expanded=kind == ".pdf"):
            choice_fields("site-upload", kind, DrawingChoices())
            if kind in SEVERAL:
                st.file_uploader(
                    "Further storeys of the same building, from the second up",
                    type=[kind.removeprefix(".")],
                    accept_multiple_files=True,
                    key="site-upload-storeys",
                )
    show_problems_of("site-open-upload")
    if given is not None:
        st.button(
            f"{'Read' if drawn else 'Open'} {literal(given.name)}",  # until another one has arrived: the one before
            type="secondary" if drawing is not None and not drawing.opened else "primary",
            key="site-open-upload",
            on_click=session().ask,
            args=("site-open-upload", "Reading and checking the file", _open_upload, given),
        )
    if drawing is not None and not drawing.opened:
        drawing_part(drawing)


def _open_upload(given: UploadedFile) -> None:
    own = session()
    with uploads_in(own.folder, [(given.name, given.getvalue())]) as (path,):
        drawn = is_drawing(given.name) or drawing_kind(path) is not None
    if drawn:
        storeys = in_field("site-upload-storeys") or []
        files = [(one.name, one.getvalue()) for one in (given, *storeys)]
        propose(files, chosen("site-upload", DrawingChoices()))
        return
    brought = open_upload(given.name, given.getvalue(), own.folder)
    open_site(brought.site, YOURS, brought.devices)
    if brought.scenario is not None:
        own.scenario = brought.scenario
    if brought.catalogue is not None:
        own.catalogue = brought.catalogue
    news = f"{len(brought.devices)} devices of its layout are placed." if brought.devices else "It has no layout yet."
    if brought.left_out:
        news += f" Not read: {literal(', '.join(brought.left_out))}."
    own.said[_NEWS] = (f"The site {literal(brought.site.name)} is open. {news}",)


def _opened(site: Site) -> None:
    open_site(site, YOURS)
    session().said[_NEWS] = (
        f"The site {literal(site.name)} is open. It has typical masts, marked assumed. Go to Signals to see where "
        f"the network leaks in.",
    )
