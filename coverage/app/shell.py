"""What stands round every page: the marking, the list of pages, the site that is open, the jobs under way."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import StopException

from quietwing.coverage.app.blockers_state import leave_old_site
from quietwing.coverage.app.button_actions import do_what_was_asked
from quietwing.coverage.app.click_keeping import keep_clicks
from quietwing.coverage.app.jobs import JOB_WORDS, KEEPS_BEST, collect
from quietwing.coverage.app.memory import give_back
from quietwing.coverage.app.page_style import STYLE
from quietwing.coverage.app.project_panel import last_project, project_menu, project_news
from quietwing.coverage.app.project_store import sweep_old
from quietwing.coverage.app.project_tab import at_home, tell_tab
from quietwing.coverage.app.projects import keep, kept_projects, wait_until_kept
from quietwing.coverage.app.redraw_when_idle import rang
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import YOURS, Session, session
from quietwing.sites import QuietwingError

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

    from quietwing.sites import Site

__all__ = ["PAGES", "page_of", "run", "site_in_words"]

# Name in the address, module that shows it, title. Modules are loaded when their page is first opened.
PAGES: Mapping[str, tuple[str, str]] = {
    "my-site": ("site_page", "Site"),
    "signals": ("signals_page", "Signals"),
    "surveys": ("surveys_page", "Surveys"),
    "blockers": ("blockers_page", "Blockers"),
    "plan": ("optimise_page", "Plan"),
    "compare": ("compare_page", "Compare"),
    "report": ("report_page", "Report"),
    "help": ("help_page", "Help"),
}
FIRST = "blockers"
POLL_S = 0.5
LOADER = "quietwing loader"
SENT_S = 0.05  # the server sends what a run has drawn every 10 ms
_loaded = threading.Event()


def run() -> None:
    """Draw the app: the one thing a script for Streamlit calls."""
    keep_clicks()
    st.set_page_config(page_title="quietwing", layout="wide", initial_sidebar_state="expanded")
    st.html(STYLE)
    page = st.navigation([page_of(name) for name in PAGES], position="sidebar")
    with st.sidebar:
        tab = st.container(height=1, border=False)
    own = at_home(tab)
    if own is None:
        return
    with own.at_work:  # what the click before this one has asked for comes first
        pass
    _do_what_was_asked(own)
    if own.way_on:
        name, own.way_on = own.way_on, ""
        st.switch_page(page_of(name))
    leave_old_site()
    ended = collect(own)
    if ended:
        give_back()
    for kind in ended:
        if kind in KEEPS_BEST and kind not in own.jobs:
            st.toast(f"{JOB_WORDS[kind]}: stopped before a plan was found; nothing is kept.")
    keep(own)
    tell_tab(own, tab)
    with st.sidebar:
        _site(own)
        project_menu(own)
        project_news(own)
        last_project(own)
        jobs = st.container()
        st.caption("Nothing leaves this computer. Simulation and planning only.")
    with st.container(key="quietwing-marking"):
        st.caption(f"**{literal(own.site.marking)}**")
    try:
        page.run()
    except QuietwingError as error:
        show_problems(error)
    except StopException:  # a page that has no more to show; its jobs are still to be seen
        pass
    keep(own)
    with jobs:
        _watch_jobs(own)
    _let_it_out()
    _load_the_rest()


def page_of(name: str) -> StreamlitPage:
    """A page of the app, for ``st.page_link`` and ``st.switch_page``.

    Parameters
    ----------
    name : str
        A key of `PAGES`.

    Returns
    -------
    StreamlitPage
    """
    module, title = PAGES[name]
    return st.Page(_lazy(module), title=title, url_path=name, default=name == FIRST)


def site_in_words(site: Site) -> str:
    """``264 rooms to be blocked, 2 buildings, up to 4 storeys``."""
    rooms = sum(room.role == "silence" for room in site.rooms)
    storeys = max((len(building.storeys) for building in site.buildings), default=0)
    buildings = len(site.buildings)
    parts = [
        f"{rooms} room{'s' if rooms != 1 else ''} to be blocked",
        f"{buildings} building{'s' if buildings != 1 else ''}",
        f"up to {storeys} storeys" if storeys > 1 else "one storey",
    ]
    return ", ".join(parts)


def _lazy(module: str) -> Callable[[], None]:
    """A page that loads its module when it is opened: the first screen waits for none of the others."""

    name = f"quietwing.coverage.app.{module}"

    def show() -> None:
        with contextlib.nullcontext() if name in sys.modules else st.spinner("Opening the page"):
            page = import_module(name)  # in any case: the loader's thread may be half through it
        page.show()

    return show


def _load_the_rest() -> None:
    """Once the first screen is out, load what the other pages need, so that opening one takes no seconds."""
    if not runtime.exists() or any(thread.name == LOADER for thread in threading.enumerate()) or _loaded.is_set():
        return

    def load() -> None:
        sweep_old()
        for module, _ in PAGES.values():
            with contextlib.suppress(ImportError):  # said when the page is opened
                import_module(f"quietwing.coverage.app.{module}")
        import_module("quietwing.coverage.study")
        _loaded.set()

    threading.Thread(target=load, name=LOADER, daemon=True).start()


def _do_what_was_asked(own: Session) -> None:
    """Do what clicks have asked for; where that opened another project, the way back is kept open."""
    keep(own)
    before, title = own.project, own.project_name or own.site.name
    do_what_was_asked()
    if own.project != before:
        wait_until_kept()
        there = any(one.name == before for one in kept_projects(own))
        own.came_from = (before, title) if there else None


def _let_it_out() -> None:
    """Have the page sent before its run ends.

    A run of a fragment that waits for this one begins at its end, and Streamlit then throws away what is not sent of
    that fragment yet: the browser would take those elements down, and what was typed into them.
    """
    if runtime.exists():
        time.sleep(SENT_S)


def _site(own: Session) -> None:
    st.markdown(f"**Site: {literal(own.site.name)}**")
    kind = "Your site." if own.site_source == YOURS else "Bundled example, invented."
    st.caption(f"{kind} {literal(site_in_words(own.site))}.")


def _watch_jobs(own: Session) -> None:
    """Jobs with progress and Stop; looked at twice a second only while one runs."""
    running = any(job.running() for job in own.jobs.values())
    st.fragment(_show_jobs, run_every=POLL_S if running else None)()


def _show_jobs() -> None:
    own = session()
    if rang(job.folder.name for job in own.jobs.values() if not job.running() and not job.collected):
        st.rerun()  # whose run takes the results in
    for kind, job in list(own.jobs.items()):
        if job.running():
            what, share = job.progress()
            st.progress(share, f"{JOB_WORDS[kind]}: {literal(what)}")
            words = "Stop now" if job.stopped else "Stop"
            st.button(words, key=f"stop {kind}", help=f"Stop: {JOB_WORDS[kind]}", on_click=job.stop)
        elif not job.collected:
            st.progress(1.0, f"{JOB_WORDS[kind]}: finished, loading the result")
        elif (said := job.error()) is not None:
            st.error(f"{JOB_WORDS[kind]} failed. {literal(said)}")
            st.button("Dismiss", key=f"dismiss {kind}", on_click=_dismiss, args=(kind,))


def _dismiss(kind: str) -> None:
    session().jobs.pop(kind, None)
