"""Projects on the page: name, save, open, the recent ones, and the way back after another one was opened."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import streamlit as st

from quietwing.coverage.app.button_actions import show_problems_of
from quietwing.coverage.app.project_store import ENDING, KEPT_DAYS, MOST_KEPT, MOST_NAME
from quietwing.coverage.app.projects import NEWS, kept_projects, open_kept, open_project_file, remove_kept
from quietwing.coverage.app.questions import current
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import session
from quietwing.sites import clean

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from quietwing.coverage.app.project_store import Kept
    from quietwing.coverage.app.state import Session

__all__ = ["last_project", "project_menu", "project_news", "say_again"]

NAME, FILE, OPEN = "project name", "project file", "project open"
BACK = "project back"
SHOWN = "project news just shown"
MOST_LISTED = 8
KEPT_WORDS = (
    f"Your work is kept on this computer as you go, for this browser alone: the last {MOST_KEPT} projects, each for "
    f"{KEPT_DAYS} days after you last worked on it."
)


def project_menu(own: Session) -> None:
    """The sidebar's menu: name, save, open, recent ones."""
    with st.popover("Project", width="stretch"):
        st.session_state[NAME] = own.project_name
        st.text_input(
            "Name of this project", key=NAME, max_chars=MOST_NAME, placeholder=own.site.name, on_change=_rename
        )
        st.download_button(
            "Save project as a file",
            lambda: _file(own),
            f"{_file_name(own)}{ENDING}",
            "application/zip",
            key="project save",
            on_click="ignore",
            help="Site, layouts, scenario, prices and results in one file, for another computer or to keep.",
        )
        given = st.file_uploader("Open a project file", type=[ENDING[1:]], key=FILE)
        show_problems_of(FILE)
        if given is not None:
            st.button(
                f"Open {literal(given.name)}",
                key=OPEN,
                type="primary",
                on_click=own.ask,
                args=(FILE, "Checking the project", _open_file, given),
            )
        _list(kept_projects(own), "menu")
        st.caption(
            own.not_kept or KEPT_WORDS if own.browser else "This browser keeps nothing: save your work as a file."
        )


def project_news(own: Session) -> None:
    """What has happened to the project, and the way back to the one before; its place is always there."""
    place, news = st.empty(), own.said.pop(NEWS, ())
    st.session_state[SHOWN] = news
    if not (news or own.came_from or own.not_kept or BACK in own.said):
        return
    with place.container():
        if news:
            st.info(literal(" ".join(news)))
        if own.came_from is not None:
            name, title = own.came_from
            st.button(
                f"Back to {literal(title)}",
                key=BACK,
                on_click=own.ask,
                args=(BACK, "Opening the project", open_kept, name),
                help="Your work before this one, as you left it.",
            )
        show_problems_of(BACK)
        if own.not_kept:
            st.warning(literal(own.not_kept))


def say_again() -> None:
    """Before a run that takes the place of this one: its news would be seen by nobody."""
    news = st.session_state.get(SHOWN)
    if news:
        session().said[NEWS] = news


def last_project(own: Session) -> None:
    """On the first screen, where nothing was done yet: the last project is one click away."""
    found = kept_projects(own)
    untouched = own.site_source != "yours" and not own.past and not own.saved and own.verdict is None
    if not found or not untouched:
        return
    last = found[0]
    st.caption(f"Your last project: **{literal(last.title)}**, {literal(_about(last))}.")
    st.button(
        "Continue",
        key=f"continue {last.name}",
        width="stretch",
        on_click=own.ask,
        args=(BACK, "Opening the project", open_kept, last.name),
    )


def _list(found: list[Kept], where: str) -> None:
    own = session()
    if found:
        st.markdown("**Recent projects**")
    for one in found[:MOST_LISTED]:
        words, go, away = st.columns([4, 1.4, 1.6], vertical_alignment="center")
        words.markdown(f"{literal(one.title)}  \n:small[{literal(_about(one))}]")
        go.button(
            "Open",
            key=f"{where} open {one.name}",
            width="stretch",
            help=f"Open {one.title}",
            on_click=own.ask,
            args=(BACK, "Opening the project", open_kept, one.name),
        )
        away.button(
            "Remove",
            key=f"{where} remove {one.name}",
            width="stretch",
            help=f"Take {one.title} off this computer for good",
            on_click=remove_kept,
            args=(one.name,),
        )


def _about(one: Kept) -> str:
    """``28 blockers, today 12:34``."""
    then = dt.datetime.fromtimestamp(one.last_s)
    days = (dt.date.today() - then.date()).days
    when = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    site = "" if one.site == one.title else f"{one.site}, "
    return f"{site}{one.blockers} blocker{'' if one.blockers == 1 else 's'}, {when} {then:%H:%M}"


def _rename() -> None:
    session().project_name = clean(" ".join(str(st.session_state.get(NAME, "")).split()), MOST_NAME)


def _open_file(given: UploadedFile) -> None:
    open_project_file(given.name, given.getvalue())


def _file(own: Session) -> bytes:
    from quietwing.coverage.app.project_file import project_of, project_zip, result_texts  # which loads much

    results = result_texts(current(own, "verdict"), current(own, "plan"), own.catalogue)
    return project_zip(project_of(own), own.folder, results)


def _file_name(own: Session) -> str:
    title = own.project_name or own.site.name
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in title)[:60] or "project"
