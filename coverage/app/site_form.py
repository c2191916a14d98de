"""The form over the parts of a wing: a planner's answers become a whole synthetic site."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import in_field, show_problems_of
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import session
from quietwing.sites import (
    Site,
    SiteError,
    WingDescription,
    build_wing,
    describe,
    description_toml,
    load_constructions,
)

__all__ = ["AREAS", "STATES", "construction_box", "wing_form"]

TYPES = {
    "houseblock": "Houseblock: corridor wings around a core",
    "radial": "Victorian: galleried wings off a hub",
    "wing": "One corridor wing alone",
}
STATES = {
    "open": "Opens (a prisoner can open it)",
    "shut": "Shut, but can be opened",
    "sealed": "Sealed for good",
}
AREAS = {"rural": "Countryside", "suburban": "Edge of town", "urban": "Town or city"}
DOOR_STATES = {"shut": "Shut", "open": "Open", "sealed": "Sealed for good"}
FIELD_NAMES = {
    "name": "Name of the site",
    "wings": "Wings",
    "cells": "Cells of one wing on one storey",
    "storeys": "Storeys",
    "bearing_deg": "Compass bearing [°]",
    "fence_distance_m": "From the building to the fence [m]",
    "homes_distance_m": "From the fence to the nearest homes [m]",
    "cell_names": "How cells are numbered",
    "cell_width_m": "Width of a cell [m]",
    "cell_depth_m": "Depth of a cell [m]",
    "storey_height_m": "Height of a storey [m]",
    "corridor_m": "Width of the corridor [m]",
    "landing_m": "Width of a landing [m]",
    "void_m": "Width of the void between landings [m]",
    "window_width_m": "Width of a window [m]",
    "window_height_m": "Height of a window [m]",
    "window_sill_m": "Sill above the floor [m]",
    "fence_height_m": "Height of the fence or wall [m]",
    "marking": "Marking on every page",
    "outer_wall": "Outer wall",
    "cell_wall": "Walls between cells",
    "floor": "Floors",
    "roof": "Roof",
    "rooflight": "Rooflight over the void",
    "door": "Cell door",
    "window": "Window glass",
    "grille": "Bars or mesh at the window",
    "fence": "Fence or perimeter wall",
}


def wing_form(opened: Callable[[Site], None]) -> None:
    """Draw the form. What does not fit is listed above it, each with the name of its field.

    Parameters
    ----------
    opened : callable
        Gets the site that is described, once the form has been sent and everything fits.
    """
    kind = st.selectbox(
        "Type of building",
        list(TYPES),
        format_func=TYPES.__getitem__,
        key="wing-type",
        help="Sets the usual sizes and materials below; change any of them.",
    )
    usual = describe("form", type=kind)
    show_problems_of("wing")
    with st.form(f"wing-{kind}", border=True):
        given = _first_fields(usual, kind)
        with st.expander("Walls, windows and doors"):
            given |= _make_fields(usual, kind)
        with st.expander("Sizes, marking and date"):
            given |= _size_fields(usual, kind)
        st.form_submit_button(
            "Make this site",
            type="primary",
            on_click=session().ask,
            args=("wing", "Making the site", _make, kind, tuple(given), opened),
        )


def _make(kind: str, names: tuple[str, ...], opened: Callable[[Site], None]) -> None:
    """Make the site of what stands in the fields."""
    given = {name: in_field(f"{kind}-{name}") for name in names}
    try:
        description = describe("form", type=kind, **given)
    except SiteError as error:
        raise SiteError([_named(problem) for problem in error.problems]) from None
    opened(build_wing(description))
    session().description = description_toml(description)


def construction_box(label: str, usual: str, key: str, *, nothing: str = "") -> str:
    """A list of constructions in words; `nothing` is the word for none at all, where that may be chosen."""
    library = load_constructions()
    names = [name for name in library if name != "open" or nothing]

    def in_words(name: str) -> str:
        return nothing if name == "open" else library[name].description or name

    return str(st.selectbox(label, names, index=names.index(usual), format_func=in_words, key=key))


def _named(problem: str) -> str:
    """A problem with the label of its field in front, as the form shows it."""
    key, _, rest = problem.removeprefix("form: ").partition(": ")
    return f"{FIELD_NAMES.get(key, key)}: {rest}" if rest else problem


def _first_fields(usual: WingDescription, kind: str) -> dict[str, Any]:
    """What everyone answers."""
    given: dict[str, Any] = {}
    left, middle, right = st.columns(3)
    with left:
        given["name"] = st.text_input(FIELD_NAMES["name"], "my-wing", key=f"{kind}-name", max_chars=80)
        given["wings"] = _whole("wings", usual, kind, disabled=kind == "wing")
        given["cells"] = _whole("cells", usual, kind, help="Both sides together, so an even number: 2 to 100.")
        given["storeys"] = _whole("storeys", usual, kind, help="Ground storey included: 1 to 8.")
    with middle:
        given["window_state"] = st.selectbox(
            "Cell windows",
            list(STATES),
            index=list(STATES).index(usual.window_state),
            format_func=STATES.__getitem__,
            key=f"{kind}-window_state",
            help="Unless sealed for good, a window counts as open: a prisoner opens it and holds the phone out.",
        )
        given["bearing_deg"] = _number(
            "bearing_deg", usual, kind, help="Where the drawing's north points: 0 is north, 90 east."
        )
        given["fence_distance_m"] = _number(
            "fence_distance_m", usual, kind, help="Blocking power is limited from the fence on outwards."
        )
        given["homes_distance_m"] = _number("homes_distance_m", usual, kind)
    with right:
        given["area"] = st.selectbox(
            "Surroundings",
            list(AREAS),
            index=list(AREAS).index(usual.area),
            format_func=AREAS.__getitem__,
            key=f"{kind}-area",
            help="Typical masts of all four operators are placed around the site and marked “assumed”. "
            "Replace them by the real ones under “Masts and measurements”.",
        )
        given["cell_names"] = st.text_input(
            FIELD_NAMES["cell_names"],
            usual.cell_names,
            key=f"{kind}-cell_names",
            max_chars=80,
            help="{wing} is a letter, {storey} and {n} are numbers: {wing}{storey}-{n:02d} gives A2-07.",
        )
        st.caption(f"The first cell will be called {literal(usual.cell_name('main', 'A', 0, 1))} if left as it is.")
    return given


def _make_fields(usual: WingDescription, kind: str) -> dict[str, Any]:
    """What it is built of."""
    given: dict[str, Any] = {}
    left, right = st.columns(2)
    with left:
        for name in ("outer_wall", "cell_wall", "floor", "roof"):
            given[name] = construction_box(FIELD_NAMES[name], getattr(usual, name), f"{kind}-{name}")
        if kind == "radial":
            given["rooflight"] = construction_box(FIELD_NAMES["rooflight"], usual.rooflight, f"{kind}-rooflight")
    with right:
        given["window"] = construction_box(FIELD_NAMES["window"], usual.window, f"{kind}-window")
        given["grille"] = construction_box(FIELD_NAMES["grille"], usual.grille, f"{kind}-grille", nothing="None")
        given["door"] = construction_box(FIELD_NAMES["door"], usual.door, f"{kind}-door")
        given["door_state"] = st.selectbox(
            "Cell doors",
            list(DOOR_STATES),
            index=list(DOOR_STATES).index(usual.door_state),
            format_func=DOOR_STATES.__getitem__,
            key=f"{kind}-door_state",
        )
        given["fence"] = construction_box(FIELD_NAMES["fence"], usual.fence, f"{kind}-fence", nothing="No obstacle")
    return given


def _size_fields(usual: WingDescription, kind: str) -> dict[str, Any]:
    """Sizes between mid-lines of walls, marking and date."""
    given: dict[str, Any] = {}
    left, middle, right = st.columns(3)
    with left:
        for name in ("cell_width_m", "cell_depth_m", "storey_height_m"):
            given[name] = _number(name, usual, kind)
    with middle:
        for name in ("window_width_m", "window_height_m", "window_sill_m"):
            given[name] = _number(name, usual, kind)
    with right:
        for name in ("landing_m", "void_m") if kind == "radial" else ("corridor_m",):
            given[name] = _number(name, usual, kind)
        given["fence_height_m"] = _number("fence_height_m", usual, kind)
    given["marking"] = st.text_input(
        FIELD_NAMES["marking"], "OFFICIAL-SENSITIVE", key=f"{kind}-marking", max_chars=80
    )
    given["as_of"] = st.date_input("Date these answers hold for", dt.date.today(), key=f"{kind}-as_of")
    return given


def _number(name: str, usual: WingDescription, kind: str, **further: Any) -> float:
    return float(
        st.number_input(
            FIELD_NAMES[name], value=float(getattr(usual, name)), step=0.1, key=f"{kind}-{name}", **further
        )
    )


def _whole(name: str, usual: WingDescription, kind: str, **further: Any) -> int:
    return int(
        st.number_input(FIELD_NAMES[name], value=int(getattr(usual, name)), step=1, key=f"{kind}-{name}", **further)
    )
