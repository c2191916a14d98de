"""Masts, the houses before them, and measured levels: in tables and fields, as CSV in and out.

Whatever is changed goes through the sites' own checks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import edited_rows, in_field, show_problems_of
from quietwing.coverage.app.site_files import levels_text, masts_text, with_levels, with_masts, with_surroundings
from quietwing.coverage.app.site_watch import put_site
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import session
from quietwing.sites import FILE_PATTERN, MAST_COLUMNS, Site, SiteError, row_values

__all__ = ["edited_text", "levels_editor", "masts_editor"]

_NEWS = "what was done to the masts"
CHECKING = "Checking the site with them"
# Keys of [surroundings] in site.toml, with label and help.
HOUSES = {
    "roof_m": (
        "Height of the roofs [m]",
        "Average roof height above ground, used to decide whether a mast is below or above the roofs.",
    ),
    "row_spacing_m": (
        "From row to row of houses [m]",
        "From the middle of one row to that of the next: what masts above the roofs lose on the way over the rows.",
    ),
    "street_width_m": (
        "Width of the streets [m]",
        "From house to house: the way down from the last roof into the street, and round the crossing a lamp post "
        "names. Less than from row to row.",
    ),
}


def masts_editor(where: str) -> None:
    """The masts of the site: where they come from, an editable table, CSV up and down.

    Parameters
    ----------
    where : str
        Name of the page, for the keys of its widgets.
    """
    own = session()
    site = own.site
    st.header("Masts of the public networks")
    assumed = sum(sector.assumed for sector in site.sectors)
    st.markdown(
        f"{len(site.sectors)} sectors (one antenna on one carrier) on "
        f"{len({(sector.x_m, sector.y_m) for sector in site.sectors})} masts; "
        + (f"**{assumed} of them are assumed**, not surveyed." if assumed else "none of them is assumed.")
    )
    for news in own.said.pop(_NEWS, ()):
        st.success(news)
    with st.expander("Masts as a table: change, add, delete"):
        key = f"{where}-masts-{_edition(site)}"
        st.data_editor(
            [row_values(sector) for sector in site.sectors],
            num_rows="dynamic",
            column_config=_columns(),
            column_order=MAST_COLUMNS,
            key=key,
            height=320,
            alt="Table of masts: one row for each sector",
        )
        st.caption("Coordinates are metres of the site's grid; azimuth counts clockwise from north; tilt is down.")
        st.caption("A lamp post may name the crossing round which its street leads to the site.")
        if site.antenna_files:
            files = ", ".join(literal(f"{FILE_PATTERN}{name}") for name in site.antennas)
            st.caption(f"Antenna files of this site, for the column pattern: {files}")
        show_problems_of(f"{where}-masts-use")
        st.button(
            "Use this table",
            key=f"{where}-masts-use",
            on_click=session().ask,
            args=(f"{where}-masts-use", CHECKING, _use_table, site, key),
        )
    _houses(site, where)
    _masts_file(site, where)


def _masts_file(site: Site, where: str) -> None:
    """``masts.csv`` up and down."""
    with st.expander("Masts as a file (masts.csv)"):
        given = st.file_uploader("Upload masts.csv", type=["csv"], key=f"{where}-masts-file")
        if given is not None:
            show_problems_of(f"{where}-masts-file-use")
            st.button(
                "Use this file",
                key=f"{where}-masts-file-use",
                on_click=session().ask,
                args=(
                    f"{where}-masts-file-use",
                    CHECKING,
                    _use_file,
                    f"{where}-masts-file",
                    with_masts,
                    "The masts of the file are in use.",
                ),
            )
        st.download_button(
            "Download masts.csv",
            masts_text(site.sectors),
            "masts.csv",
            "text/csv",
            key=f"{where}-masts-down",
            on_click="ignore",
        )


def _houses(site: Site, where: str) -> None:
    """What stands between the masts and the site: three lengths, each where it is known."""
    with st.expander("Houses between the masts and the site"):
        st.caption(
            "Average values; leave blank if unknown. Used only for masts with the surroundings "
            "“street” or “roofs”, and for masts so far away that the site's terrain.tif is asked."
        )
        keys = {}
        for column, (name, (label, words)) in zip(st.columns(len(HOUSES)), HOUSES.items(), strict=True):
            key = keys[name] = f"{where}-{name}-{_edition(site)}"
            if key not in st.session_state:  # not as `value`: a field that begins with a number cannot be emptied
                st.session_state[key] = getattr(site.surroundings, name)
            column.number_input(
                label,
                value=None,
                step=1.0,
                format="%g",
                placeholder="not known",
                help=words,
                key=key,
            )
        show_problems_of(f"{where}-houses")
        st.button(
            "Use these lengths",
            key=f"{where}-houses-use",
            on_click=session().ask,
            args=(f"{where}-houses", CHECKING, _use_lengths, site, keys),
        )


def levels_editor(where: str) -> None:
    """Levels measured outdoors on the site: how many, CSV up and down."""
    own = session()
    site = own.site
    st.header("Levels measured on the site")
    if site.outside_levels:
        st.markdown(
            f"{len(site.outside_levels)} levels of {len({one.channel for one in site.outside_levels})} channels were "
            f"measured outdoors; they take the place of the arithmetic for these channels."
        )
    else:
        st.markdown("None: all levels come from mast arithmetic. **Measure before you buy.**")
    given = st.file_uploader("Upload outside_levels.csv", type=["csv"], key=f"{where}-levels-file")
    if given is not None:
        show_problems_of(f"{where}-levels")
        st.button(
            "Use these levels",
            key=f"{where}-levels-use",
            on_click=session().ask,
            args=(
                f"{where}-levels",
                CHECKING,
                _use_file,
                f"{where}-levels-file",
                with_levels,
                "The measured levels are in use.",
            ),
        )
    st.download_button(
        "Download outside_levels.csv",
        levels_text(site),
        "outside_levels.csv",
        "text/csv",
        key=f"{where}-levels-down",
        on_click="ignore",
        help="Columns: channel (EE/B20/LTE), x, y, height_m, rsrp_dbm, date. Without measurements: an empty form.",
    )


def edited_text(records: list[dict[str, Any]]) -> str:
    """``masts.csv`` of the rows of the editor; rows without any value are left out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(MAST_COLUMNS)
    for record in records:
        cells = [_cell(record.get(column)) for column in MAST_COLUMNS]
        if any(cells):
            writer.writerow(cells)
    return out.getvalue()


def _use_table(shown: Site, key: str) -> None:
    rows = edited_rows([row_values(sector) for sector in shown.sectors], key)
    _put(with_masts(shown, edited_text(rows), session().folder), "The masts were changed.")


def _use_file(key: str, change: Callable[[Site, bytes, Path], Site], news: str) -> None:
    own, given = session(), in_field(key)
    if given is not None:
        _put(change(own.site, given.getvalue(), own.folder), news)


def _use_lengths(shown: Site, keys: dict[str, str]) -> None:
    lengths_m = {name: in_field(key) for name, key in keys.items()}
    try:
        changed = with_surroundings(shown, lengths_m, session().folder)
    except SiteError as error:
        raise SiteError([_labelled(problem) for problem in error.problems]) from None
    _put(changed, "The houses between the masts and the site were changed.")


def _labelled(problem: str) -> str:
    """A problem of the file with the labels of the fields in the place of its keys."""
    words = problem.removeprefix("site.toml: surroundings: ")
    for name, (label, _) in HOUSES.items():
        words = words.replace(name, label)
    return words


def _put(site: Site, news: str) -> None:
    put_site(site).said[_NEWS] = (f"{news} Results of the old ones are gone.",)


def _cell(value: Any) -> str:
    if value is None or value != value:  # an empty cell may come as not a number
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float) else str(value)  # numpy names its type in a repr


def _edition(site: Site) -> int:
    """A number that changes whenever the site does: an editor shows the edits of its own key."""
    before = st.session_state.get("masts edition")
    if before is None or before[0] is not site:
        before = (site, 1 if before is None else before[1] + 1)
        st.session_state["masts edition"] = before
    return int(before[1])


def _columns() -> dict[str, Any]:
    """Labels with units."""
    labels = {
        "freq_mhz": "centre [MHz]",
        "bandwidth_mhz": "width [MHz]",
        "x": "x [m]",
        "y": "y [m]",
        "height_m": "height [m]",
        "azimuth_deg": "azimuth [°]",
        "tilt_deg": "tilt [°]",
        "eirp_dbm": "power EIRP [dBm]",
        "sigma_db": "doubt σ [dB]",
        "corner_x_m": "crossing x [m]",
        "corner_y_m": "crossing y [m]",
    }
    found: dict[str, Any] = {name: st.column_config.NumberColumn(label) for name, label in labels.items()}
    found["technology"] = st.column_config.SelectboxColumn("technology", options=["GSM", "UMTS", "LTE", "NR"])
    found["environment"] = st.column_config.SelectboxColumn(
        "surroundings",
        options=["RMa", "UMa", "UMi", "street", "roofs"],
        help="Countryside, town, street level, lamp post below the roofs, small cell just above the roofs",
    )
    found["campable"] = st.column_config.CheckboxColumn("phones can use it alone")
    found["assumed"] = st.column_config.CheckboxColumn("assumed")
    return found
