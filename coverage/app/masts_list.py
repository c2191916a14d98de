"""Masts from a list: which column is what, what came of it and what is assumed, a map, and into the site."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import streamlit as st

from quietwing.coverage.app.button_actions import in_field, show_problems_of
from quietwing.coverage.app.column_table import column_table, taken_in, told_columns
from quietwing.coverage.app.site_files import masts_text, uploads_in, with_calibration, with_masts
from quietwing.coverage.app.site_watch import kept, picture, put_site
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import Session, session
from quietwing.coverage.app.survey_state import Uploaded
from quietwing.coverage.report import assumed_csv, channel_in_words, mast_figure
from quietwing.sites import Anchor, MastImport, SiteError, import_masts, mast_head

__all__ = ["masts_from_list"]

MEANINGS = {
    "id": "name of mast or cell", "operator": "operator", "plmn": "PLMN (234-30)", "mcc": "MCC", "mnc": "MNC",
    "technology": "technology (GSM … NR)", "band": "band", "arfcn": "channel number (ARFCN, EARFCN, …)",
    "freq_mhz": "frequency [MHz]", "bandwidth_mhz": "bandwidth [MHz]", "lat": "latitude", "lon": "longitude",
    "grid_ref": "grid reference (NZ 249 651)", "x": "x in the site's grid [m]", "y": "y in the site's grid [m]",
    "height_m": "height [m]", "azimuth_deg": "azimuth [°]", "tilt_deg": "tilt [°]", "eirp_dbm": "EIRP [dBm]",
    "eirp_dbw": "EIRP [dBW]",
}  # fmt: skip
MAST_NEWS = "what was done to the masts"


def masts_from_list() -> None:
    """Draw the part."""
    own = session()
    st.header("Masts from a list")
    st.markdown(
        "A public cell list (**OpenCelliD**, Mozilla), an **operator's** workbook or CSV, or a list of sites with "
        "**grid references**. 50 MB at most: of a whole country's list keep the rows near the site."
    )
    given = st.file_uploader("List of masts or cells", type=["csv", "txt", "xlsx"], key="masts-list")
    if given is not None and (new := taken_in(given, own.survey.mast_list, mast_head)) is not own.survey.mast_list:
        own.survey = replace(own.survey, mast_list=new, masts=None)
    taken = own.survey.mast_list
    if taken is None:
        return
    st.markdown(f"**{literal(taken.name)}**")
    column_table(taken, MEANINGS, f"masts-list-columns-{taken.file_id}")
    _place(own)
    st.number_input("How far masts may be [m]", 100.0, 40_000.0, 5000.0, 500.0, key="masts-list-radius")
    show_problems_of("masts-list-read")
    st.button("Find the masts", key="masts-list-read", type="primary", on_click=own.ask,
              args=("masts-list-read", "Looking for masts near the site", _read, taken))  # fmt: skip
    if own.survey.masts is not None:
        _preview(own, own.survey.masts)


def _place(own: Session) -> None:
    """Where a site in a grid of its own lies: without it nobody can tell which masts are near."""
    if own.site.crs != "local":
        return
    st.markdown(
        "**Where the site is.** Its drawing has a grid of its own: give the place as a map shows it (in most maps a "
        "click with the right button)."
    )
    one, two, three = st.columns(3)
    one.number_input("Latitude of its middle [°]", -89.0, 89.0, None, format="%.6f", key="masts-list-lat",
                     placeholder="such as 54.97")  # fmt: skip
    two.number_input("Longitude [°], west is negative", -180.0, 180.0, None, format="%.6f", key="masts-list-lon",
                     placeholder="such as −1.61")  # fmt: skip
    three.number_input("“Up” in the drawing points to [°]", 0.0, 360.0, 0.0, key="masts-list-bearing",
                       help="Compass bearing: 0 is north, 90 east.")  # fmt: skip


def _read(taken: Uploaded) -> None:
    own, anchor = session(), None
    columns = told_columns(taken, MEANINGS, f"masts-list-columns-{taken.file_id}")
    on_earth = {"lat", "lon"} <= set(columns) or "grid_ref" in columns
    if own.site.crs == "local" and on_earth and not {"x", "y"} <= set(columns):
        lat, lon = in_field("masts-list-lat"), in_field("masts-list-lon")
        if lat is None or lon is None:
            raise SiteError("“Where the site is”: give latitude and longitude of its middle, as a map shows them")
        anchor = Anchor(float(lat), float(lon), float(in_field("masts-list-bearing") or 0.0))
    with uploads_in(own.folder, [(taken.name, taken.content)]) as (path,):
        found = import_masts(path, own.site, columns, float(in_field("masts-list-radius")), anchor)
    own.survey = replace(own.survey, masts=found)


def _preview(own: Session, found: MastImport) -> None:
    """What came of the list, before it is used."""
    sectors = [one.sector for one in found.sectors]
    guessed = sum(bool(one.assumed) for one in found.sectors)
    count = Counter(one.channel for one in sectors)
    st.markdown(
        f"**{len(sectors)} sectors** from {found.rows:,} rows, {found.merged:,} merged with another; of "
        f"**{guessed}** something is assumed."
    )
    show_problems_of("masts-list-use")
    one, two, _ = st.columns([1, 1, 2])
    one.button("Use these masts", key="masts-list-use", type="primary", on_click=own.ask,
               args=("masts-list-use", "Checking the site with them", _use, found))  # fmt: skip
    two.download_button("Download what is assumed (CSV)", assumed_csv(found), "masts-assumed.csv", "text/csv",
                        key="masts-list-assumed", on_click="ignore")  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        st.image(kept(found, "map", lambda: picture(lambda: mast_figure(own.site, sectors))),
                 caption="Masts around the site, drawn to scale; the lines are the directions they look")  # fmt: skip
    with right:
        st.dataframe(
            [
                {"sector": one.sector.id, "assumed": ", ".join(one.assumed) or "nothing",
                 "channel": channel_in_words(one.sector.channel), "height [m]": one.sector.height_m,
                 "azimuth [°]": one.sector.azimuth_deg, "EIRP [dBm]": one.sector.eirp_dbm, "rows": one.rows}
                for one in found.sectors
            ],
            hide_index=True, height=330, alt="Every sector with what of it is assumed",
        )  # fmt: skip
        st.dataframe([{"channel": channel_in_words(name), "sectors": many} for name, many in sorted(count.items())],
                     hide_index=True, height=200, alt="Sectors of each channel")  # fmt: skip
        if found.left_out:
            st.dataframe([{"rows left out": many, "because": why} for why, many in found.left_out],
                         hide_index=True, alt="Rows that are no mast of this site, and why")  # fmt: skip


def _use(found: MastImport) -> None:
    """Put the masts into the site; a calibration was of the old ones."""
    own = session()
    calibrated = own.site.calibration is not None
    bare = with_calibration(own.site, None, own.folder)
    put_site(with_masts(bare, masts_text(tuple(one.sector for one in found.sectors)), own.folder))
    more = " The calibration was of the old ones and is removed." if calibrated else ""
    many = len(found.sectors)
    own.said[MAST_NEWS] = (
        f"{many} sectors of the list are in use.{more} Results of the old ones are gone. "
        "See Signals for where they leak in; Plan searches for a layout.",
    )
