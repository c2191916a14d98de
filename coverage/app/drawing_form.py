"""A drawing brought to the page Site: what it does not say, what its layers were taken for, its report, the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import edited_rows, in_field, show_problems_of
from quietwing.coverage.app.drawing_files import REPORT_FILE, guesses_of, mapping_of, read_drawing
from quietwing.coverage.app.site_files import with_typical_masts
from quietwing.coverage.app.site_form import construction_box
from quietwing.coverage.app.site_trace_form import ROLES
from quietwing.coverage.app.site_watch import kept, picture, put_site
from quietwing.coverage.app.site_words import in_app_words, literal, problems_of, show_problems
from quietwing.coverage.app.state import YOURS, Layout, Session, open_site, session
from quietwing.coverage.app.survey_state import Drawing, Survey
from quietwing.coverage.layout import check_layout
from quietwing.coverage.report import storeys_figure
from quietwing.coverage.site_inputs import ImportedSite
from quietwing.sites import (
    BY_LAYERS,
    DRAWING_ENDINGS,
    MAPPING_FILE,
    MATERIALS,
    THICKNESSES,
    USES,
    DrawingChoices,
    PlanMapping,
    UnmappedDrawingError,
    Use,
    load_constructions,
    parse_mapping,
)

__all__ = ["choice_fields", "chosen", "drawing_part", "is_drawing", "propose"]

UNITS = ("", "mm", "cm", "dm", "m", "in", "ft")
USE_WORDS = {"walls": "walls", "doors": "doors", "windows": "windows", "rooms": "rooms", "outline": "outline of the "
             "building", "voids": "voids", "ignore": "nothing: leave it out"}  # fmt: skip
LOWEST_M, HIGHEST_M = 1.8, 20.0  # of a storey, as of `quietwing import`
COUNTS = {"name": "storey", "floor_m": "floor at [m]", "walls": "walls", "doors": "doors", "windows": "windows",
          "rooms": "rooms"}  # fmt: skip
NEWS = "what was opened"
OPENED, AGAIN = "drawing-open", "drawing-again"


def is_drawing(name: str) -> bool:
    """Whether a file's ending says that it is a drawing."""
    return PurePosixPath(name).suffix.lower() in DRAWING_ENDINGS


def choice_fields(where: str, kind: str, usual: DrawingChoices) -> None:
    """Fields for what a drawing does not say; `chosen` reads them.

    Parameters
    ----------
    where : str
        Begins their keys.
    kind : str
        Ending of the file.
    usual : DrawingChoices
        What stands in them at first.
    """
    one, two, three = st.columns(3)
    if kind == ".pdf":
        one.text_input("Scale", usual.scale, key=f"{where}-scale", placeholder="1:100",
                       help="As printed on the plan, such as 1:100; or two points in pt and the metres between them: "
                       "72,72 572,72 17.6")  # fmt: skip
        two.number_input("Page", 1, None, usual.page, key=f"{where}-page", placeholder="every page is a storey")
    elif kind == ".dxf":
        one.selectbox("Unit", UNITS, UNITS.index(usual.unit), key=f"{where}-unit",
                      format_func=lambda unit: unit or "as the drawing says")  # fmt: skip
    three.number_input("Height of a storey [m]", LOWEST_M, HIGHEST_M, usual.storey_height_m, key=f"{where}-height",
                       placeholder="as the drawing says, else 3")  # fmt: skip
    one.text_input("Name of the site", usual.name, key=f"{where}-name", max_chars=80, placeholder="as the file")
    two.text_input("Grid", usual.crs, key=f"{where}-crs", placeholder="the drawing's own",
                   help="Where the drawing has coordinates of a national grid: its EPSG code, EPSG:27700 for the "
                   "British one. Without it the site has a grid of its own, in metres.")  # fmt: skip


def chosen(where: str, usual: DrawingChoices) -> DrawingChoices:
    """What stands in the fields of `choice_fields`."""

    def word(name: str) -> str:
        return str(in_field(f"{where}-{name}") or "").strip()

    return replace(
        usual,
        unit=word("unit"),
        scale=word("scale"),
        storey_height_m=in_field(f"{where}-height"),
        page=in_field(f"{where}-page"),
        crs=word("crs"),
        name=word("name"),
    )


def propose(files: Sequence[tuple[str, bytes]], choices: DrawingChoices) -> None:
    """Read a drawing and keep what it shows as a proposal."""
    own = session()
    try:
        brought = read_drawing(files, choices, own.folder)
    except UnmappedDrawingError as error:
        own.survey = replace(own.survey, drawing=_without_building(own, tuple(files), choices, error))
        return
    own.survey = replace(own.survey, drawing=Drawing(tuple(files), choices, brought, edition=_next_edition(own)))


def _without_building(
    own: Session, files: tuple[tuple[str, bytes], ...], choices: DrawingChoices, error: UnmappedDrawingError
) -> Drawing:
    """A drawing whose layers have to be told first."""
    mapping = parse_mapping(error.mapping, MAPPING_FILE)
    return Drawing(files, choices, None, edition=_next_edition(own), unmapped=mapping, problems=problems_of(error))


def _next_edition(own: Session) -> int:
    """A number that no drawing of the session had: fields of one reading are not those of another."""
    return 1 if own.survey.drawing is None else own.survey.drawing.edition + 1


def drawing_part(drawing: Drawing) -> None:
    """Draw a drawing that was read: the plan, the mapping to change, the report, and what can be done with them."""
    name = literal(", ".join(file for file, _ in drawing.files))
    brought = drawing.brought
    if brought is None:
        _unmapped_part(name, drawing)
        return
    guesses = [row | {"what": in_app_words(row["what"])} for row in guesses_of(brought)]
    st.header(f"The drawing {name}")
    left, right = st.columns(2, gap="medium")
    with left:
        _found(drawing, brought)
        st.image(kept(brought.site, "storeys", lambda: picture(lambda: storeys_figure(brought.site))),
                 caption="What was found: walls, windows and doors, rooms in grey")  # fmt: skip
    with right:
        mapping = kept(brought, "mapping", lambda: mapping_of(brought))
        where = f"drawing-{drawing.edition}"
        _mapping_fields(where, mapping, drawing)
        show_problems_of(AGAIN)
        words = "Import again with this mapping" if drawing.opened else "Read again with this mapping"
        st.button(words, key=AGAIN, on_click=session().ask,
                  args=(AGAIN, "Reading the drawing", _again, where, mapping, drawing))  # fmt: skip
        if drawing.opened:
            st.caption("Masts, measured levels and whatever else you have changed since stay as they are.")
        one, two = st.columns(2)
        files = brought.files or {}
        one.download_button("Download the mapping", files[MAPPING_FILE], MAPPING_FILE, "application/toml",
                            key="drawing-mapping", on_click="ignore", width="stretch")  # fmt: skip
        two.download_button("Download the report", files[REPORT_FILE], REPORT_FILE, "text/csv",
                            key="drawing-report", on_click="ignore", width="stretch")  # fmt: skip

    placed = [row for row in guesses if row["x_m"]]
    st.markdown(f"**What was guessed** ({len(guesses)}, of them {len(placed)} with a place)")
    st.dataframe(guesses, hide_index=True, height=min(36 * (len(guesses) + 1), 260),
                 column_config={"x_m": "x [m]", "y_m": "y [m]", "feature": "of", "what": "what was taken"},
                 alt="Every guess of the import with its storey and place")  # fmt: skip


def _unmapped_part(name: str, drawing: Drawing) -> None:
    """Draw a drawing in which no building was found: why, and the mapping to change."""
    mapping, where = drawing.unmapped or PlanMapping(), f"drawing-{drawing.edition}"
    st.header(f"The drawing {name}")
    show_problems(drawing.problems, "No building was found in it yet")
    st.markdown("Say what each layer stands for, one of them walls at least, then read the drawing again.")
    _mapping_fields(where, mapping, drawing)
    show_problems_of(AGAIN)
    st.button("Read again with this mapping", key=AGAIN, type="primary", on_click=session().ask,
              args=(AGAIN, "Reading the drawing", _again, where, mapping, drawing))  # fmt: skip


def _found(drawing: Drawing, brought: ImportedSite) -> None:
    """What each storey holds, and the button that opens it."""
    storeys = (brought.counts or {}).get("storeys", ())
    rows = [{words: one[key] for key, words in COUNTS.items() if key in one} for one in storeys]
    st.dataframe(rows, hide_index=True, alt="Walls, doors, windows and rooms of each storey")  # fmt: skip
    if not drawing.opened:
        show_problems_of(OPENED)
        st.button("Open this site", key=OPENED, type="primary", on_click=session().ask,
                  args=(OPENED, "Checking the site", _open, drawing, brought))  # fmt: skip
        st.caption("Look at the plan and at what was guessed first; change what layers stand for at the right.")


def _mapping_fields(where: str, mapping: PlanMapping, drawing: Drawing) -> None:
    """The mapping as tables to change, and what else the drawing does not say."""
    made_of = [*THICKNESSES, *load_constructions()]
    st.markdown("**What layers stand for**")
    if mapping.layers or mapping.blocks:
        st.data_editor(
            _use_rows(mapping), key=f"{where}-uses", hide_index=True, disabled=("kind", "name"),
            column_config={
                "kind": st.column_config.TextColumn(" ", width="small"),
                "as": st.column_config.SelectboxColumn("stands for", options=list(USES),
                                                       format_func=lambda use: USE_WORDS[str(use)], required=True),
                "construction": st.column_config.SelectboxColumn("made of", options=made_of, required=True),
            },
            alt="Layers and blocks of the drawing with what each stands for",
        )  # fmt: skip
    for key, label, column, options in (
        ("types", "Types of the model", "construction", [BY_LAYERS, *load_constructions()]),
        ("materials", "Materials of the model", "product's material", list(MATERIALS)),
    ):
        if named := getattr(mapping, key):
            st.data_editor(
                _named_rows(named), key=f"{where}-{key}", hide_index=True, disabled=("name",),
                column_config={"name": label, "is": st.column_config.SelectboxColumn(column, options=options,
                                                                                    required=True)},
                alt=label,
            )  # fmt: skip
    with st.expander("Unit, scale, heights, rooms, fence"):
        usual = drawing.choices
        unit = usual.unit or (mapping.unit if mapping.unit in UNITS else "")
        height_m = usual.storey_height_m or mapping.storey_height_m
        suffix = PurePosixPath(drawing.files[0][0]).suffix.lower()
        choice_fields(where, suffix, replace(usual, unit=unit, storey_height_m=height_m))
        one, two, three = st.columns(3)
        one.selectbox("Rooms are", list(ROLES), list(ROLES).index(mapping.role), key=f"{where}-role",
                      format_func=ROLES.__getitem__, help="Stairs, lifts and shafts are never assessed.")  # fmt: skip
        two.number_input("From the building to the fence [m]", 1.0, 1000.0, mapping.fence_m, key=f"{where}-fence")
        three.number_input("Gaps closed up to [m]", 0.0, 0.5, mapping.gap_m, key=f"{where}-gap",
                           help="Ends of walls that stop short by no more are led on, and listed.")  # fmt: skip
        low, high = mapping.heights_m["window"]
        one.number_input("Sill of windows [m]", 0.0, 20.0, low, key=f"{where}-sill")
        two.number_input("Head of windows [m]", 0.0, 20.0, high, key=f"{where}-head")
        three.number_input("A wall drawn by one line is thick [m]", 0.01, 1.0, mapping.single_wall_m,
                           key=f"{where}-single")  # fmt: skip
        with one:
            construction_box("Floors", mapping.floor, f"{where}-floor")
        with two:
            construction_box("Roof", mapping.roof, f"{where}-roof")


def _use_rows(mapping: PlanMapping) -> list[dict[str, Any]]:
    """Layers and blocks with what each stands for, those that stand for something first."""
    rows = [
        {"kind": kind, "name": name, "as": use.use, "construction": use.construction}
        for kind, entries in (("layer", mapping.layers), ("block", mapping.blocks))
        for name, use in entries.items()
    ]
    return sorted(rows, key=lambda row: (USES.index(row["as"]), row["kind"] != "layer", row["name"]))


def _named_rows(named: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "is": stands} for name, stands in sorted(named.items())]


def _told(where: str, mapping: PlanMapping, choices: DrawingChoices) -> PlanMapping:
    """The mapping as it stands in the fields, also where the page has not been drawn since."""
    uses: dict[str, dict[str, Use]] = {"layer": {}, "block": {}}
    for row in edited_rows(_use_rows(mapping), f"{where}-uses"):
        uses[row["kind"]][row["name"]] = Use(row["as"], row["construction"])
    named = {
        key: {row["name"]: row["is"] for row in edited_rows(_named_rows(getattr(mapping, key)), f"{where}-{key}")}
        for key in ("types", "materials")
    }
    window = float(in_field(f"{where}-sill")), float(in_field(f"{where}-head"))
    return replace(
        mapping,
        unit=choices.unit,
        storey_height_m=choices.storey_height_m,
        role=in_field(f"{where}-role"),
        single_wall_m=float(in_field(f"{where}-single")),
        gap_m=float(in_field(f"{where}-gap")),
        fence_m=float(in_field(f"{where}-fence")),
        floor=in_field(f"{where}-floor"),
        roof=in_field(f"{where}-roof"),
        heights_m={**mapping.heights_m, "window": window},
        layers=uses["layer"],
        blocks=uses["block"],
        **named,
    )


def _again(where: str, mapping: PlanMapping, drawing: Drawing) -> None:
    """Read the drawing again as the tables say; where it is the session's site, edits since are kept."""
    own = session()
    choices = chosen(where, drawing.choices)
    told = _told(where, mapping, choices)
    now = (own.site, drawing.files_beside) if drawing.opened else None
    try:
        brought = read_drawing(drawing.files, choices, own.folder, told, now)
    except UnmappedDrawingError as error:
        if drawing.opened:  # the site stays as it is
            raise
        own.survey = replace(own.survey, drawing=_without_building(own, drawing.files, choices, error))
        return
    new = Drawing(drawing.files, choices, brought, drawing.opened, _next_edition(own))
    if not drawing.opened:
        own.survey = replace(own.survey, drawing=new)
        return
    site = with_typical_masts(brought, own.folder).site
    put_site(site)
    own.survey = replace(own.survey, drawing=new)
    openings = {opening.id for opening in site.openings}
    treatments = tuple(one for one in own.layout.treatments if one.opening in openings)
    lost = len(own.layout.treatments) - len(treatments)
    own.layout, own.past, own.future = Layout(own.layout.devices, treatments), [], []
    gone = (f"{lost} windows with mesh or film are no longer there.",) if lost else ()
    said = "\n".join(f"- {literal(line)}" for line in (*brought.kept, *gone))
    own.said[NEWS] = (f"The drawing was imported again; results of the site as it was are gone.\n{said}".strip(),)
    own.said[AGAIN] = check_layout(site, own.layout.devices)


def _open(drawing: Drawing, brought: ImportedSite) -> None:
    """Make the proposal the session's site, and go to the workspace."""
    own = session()
    site = with_typical_masts(brought, own.folder).site
    open_site(site, YOURS)
    own.survey = Survey(drawing=replace(drawing, opened=True))
    own.said[NEWS] = (
        f"The site {literal(site.name)} is open, with typical masts that are marked assumed: bring a list of the "
        f"real ones under “Masts and measurements”. Its drawing stays under “This site”.",
    )
