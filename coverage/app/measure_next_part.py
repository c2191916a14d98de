"""Measure here next: the readings that settle most calls in doubt, as a list, on the plan, and to carry."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.site_watch import kept, picture, watch
from quietwing.coverage.app.state import Session, session
from quietwing.coverage.app.walk_form import in_use, start_next
from quietwing.coverage.calibration import NextReadings
from quietwing.coverage.report import channel_in_words, next_readings_csv, next_readings_figure, percent

__all__ = ["measure_next_part"]


def measure_next_part() -> None:
    """Draw the part."""
    own = session()
    st.markdown(
        "Ten places and channels whose reading is expected to settle most cells: blocked or not, in as many "
        "simulations as the grade asks for. The layout counts, and so do the readings in use."
    )
    running = watch("next")
    if own.survey.ahead is not None and not running:
        _found(own, own.survey.ahead)
    elif not running:
        st.button("Work out where to measure", key="next-run", type="primary", on_click=clicked,
                  args=("next-run", start_next))  # fmt: skip
        st.caption("About half a minute for a houseblock. It begins by itself whenever readings are put to use.")
    show_problems_of("next-run")


def _found(own: Session, found: NextReadings) -> None:
    many = len(in_use(own).readings)
    st.markdown(
        f"**{found.in_doubt} of {found.cells} rooms are in doubt**: neither blocked nor not in "
        f"{percent(found.confidence)} of the simulations" + (f", {many} readings counted." if many else ".")
    )
    if not found.readings:
        st.info("No reading is expected to settle any call: nothing to measure.")
    else:
        settled = found.cells - found.in_doubt
        st.dataframe(
            [
                {"#": number, "room": one.room, "channel": channel_in_words(one.channel),
                 "settled with it": round(one.settled - settled, 1), "expected [dBm]": round(one.expected_dbm),
                 "x [m]": one.x_m, "y [m]": one.y_m, "height [m]": one.height_m}
                for number, one in enumerate(found.readings, 1)
            ],
            hide_index=True, alt="Readings to take, best first, with the cells they settle",
        )  # fmt: skip
        st.caption("Settled with it: cells in doubt that this reading and all above it are expected to settle.")
        carry, _ = st.columns([1, 3])
        carry.download_button("Download the list to carry (CSV)", next_readings_csv(found), "measure_next.csv",
                              "text/csv", key="next-csv", on_click="ignore", type="primary")  # fmt: skip
        st.caption("Fill in rsrp_dbm and date, and upload it under Walk test.")
        st.image(kept(found, "map", lambda: picture(lambda: next_readings_figure(own.site, found))),
                 caption="The same numbers on the plans")  # fmt: skip
    st.button("Work it out again", key="next-run", on_click=clicked, args=("next-run", start_next),
              help="For the layout as it is now.")  # fmt: skip
