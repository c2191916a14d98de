"""What pages with long work share: progress with a Stop button, and pictures kept while their result lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from quietwing.coverage.app.jobs import Kind, collect
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import KEPT, YOURS, Session, open_site, session
from quietwing.coverage.kept import Kept
from quietwing.coverage.report import png_of
from quietwing.sites import Site

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = TypeVar("T")

__all__ = ["kept", "picture", "put_site", "watch"]

MOST_KEPT = 40
PICTURE_DPI = 110


def watch(kind: Kind) -> bool:
    """Take in what has ended, show what runs, say what failed; True while a job of this kind runs."""
    own = session()
    collect(own)
    job = own.jobs.get(kind)
    if job is None:
        return False
    if job.running():
        _progress(kind)
        return True
    complaint = job.error()
    if complaint:
        show_problems(complaint.splitlines())
    return False


@st.fragment(run_every=0.5)
def _progress(kind: Kind) -> None:
    job = session().jobs.get(kind)
    if job is None:
        return
    if not job.running():  # `redraw_when_idle` has the page drawn anew
        st.progress(1.0, "Finished, loading the result")
        return
    what, share = job.progress()
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.progress(share, literal(what))
    right.button(
        "Stop now" if job.stopped else "Stop",
        key=f"stop-{kind}",
        help="End it at once; nothing is kept."
        if job.stopped
        else "A search for a plan keeps the best one found so far.",
        on_click=job.stop,
    )


def picture(make: Callable[[], Figure]) -> bytes:
    """A figure as PNG."""
    return png_of(make(), PICTURE_DPI)


def kept(result: object, name: str, make: Callable[[], T], words: str = "Drawing") -> T:
    """Something made from a result once and kept in this session as long as that very result is shown.

    Parameters
    ----------
    result : object
        The frozen value it is made from; it is kept too, so that no other can take its place unseen.
    name : str
        What is made of it.
    make : callable
    words : str
        Shown while it is made.

    Returns
    -------
    whatever `make` returns
    """
    store: Kept[tuple[int, str], tuple[object, T]] = st.session_state.setdefault(KEPT, Kept(MOST_KEPT))
    key = (id(result), name)
    if key not in store:
        with st.spinner(words):
            store[key] = (result, make())
        store.trim()
    return store[key][1]


def put_site(site: Site) -> Session:
    """Put a changed version of the session's site in its place: what the planner made stays, results go."""
    own = session()
    layout, scenario, catalogue, description = own.layout, own.scenario, own.catalogue, own.description
    survey = own.survey.on_changed_site()
    open_site(site, YOURS, layout.devices, project=own.project)
    own.layout, own.scenario, own.catalogue, own.description = layout, scenario, catalogue, description
    own.survey = survey
    return own
