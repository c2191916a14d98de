"""Page: where the public network leaks into a bundled site, with all blockers off."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.report.maps import storey_figure
from quietwing.coverage.report.tables import leakage_csv, service_by_channel
from quietwing.coverage.report.words import channel_in_words, headline
from quietwing.coverage.results import Leakage
from quietwing.coverage.study import leakage
from quietwing.sites import load_site
from quietwing.sites.files import BUNDLED

__all__ = ["show"]


def show() -> None:
    """Draw the page."""
    st.title("Where the public network leaks in")
    name = st.selectbox("Site (all invented)", BUNDLED, key="site")
    result = _result(str(name))
    st.subheader(headline(result))
    st.caption("Simulation only. Nothing leaves this computer.")
    titles = [storey.title for storey in result.maps]
    chosen = st.selectbox("Storey", titles, key=f"storey-{name}")
    storey = result.maps[titles.index(chosen)]
    st.pyplot(storey_figure(result, storey), width="stretch")
    st.dataframe(
        {
            "channel": [channel for channel, _ in service_by_channel(result)],
            "in words": [channel_in_words(channel) for channel, _ in service_by_channel(result)],
            "cells and spaces where it works": [count for _, count in service_by_channel(result)],
        },
        hide_index=True,
    )
    st.download_button("Download leakage.csv", leakage_csv(result), "leakage.csv", "text/csv")
    for note in result.notes:
        st.warning(note)


def _result(name: str) -> Leakage:
    """The result of this session's own run: a cache shared by sessions would show one prison to another."""
    key = f"leakage-{name}"
    if key not in st.session_state:
        bar = st.progress(0.0, "reading the site")

        def show_progress(what: str, share: float) -> None:
            bar.progress(share, what)

        st.session_state[key] = leakage(load_site(name), progress=show_progress)
        bar.empty()
    result: Leakage = st.session_state[key]
    return result
