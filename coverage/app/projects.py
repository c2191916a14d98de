"""Work is never lost: what a session holds is kept on disk as it changes, and a tab finds its own again.

A browser has a secret of 256 bits in its ``localStorage``, a tab the name of its project in its ``sessionStorage``
(`project_tab` asks for both). They lead to the project

- in this server's memory, while the session that held it has just gone, as on F5: jobs under way go on;
- else on disk (`project_store`), as after a restart of the server.

Two tabs never work on one project: the second gets a copy.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from quietwing.coverage.app.jobs import JOB_WORDS
from quietwing.coverage.app.project_store import MOST_NAME, Kept, Shelf, is_name, is_secret, new_name
from quietwing.coverage.app.session_folders import hand_over, session_folder
from quietwing.coverage.app.state import KEY, Session, open_site, session, site_hash
from quietwing.coverage.app.survey_state import Survey
from quietwing.sites import QuietwingError, SiteError, clean

if TYPE_CHECKING:
    from quietwing.coverage.app.project_file import Project

__all__ = [
    "NEWS",
    "arrive",
    "has_browser",
    "keep",
    "kept_projects",
    "my_name",
    "open_kept",
    "open_project_file",
    "remove_kept",
    "wait_until_kept",
]

REST_S = 0.3  # changes that follow each other faster are written once
MOST_WAIT_S = 1.0  # for the session that a reload has ended to be seen as gone
NEWS = "project news"  # key of `Session.said`
RESULTS = ("verdict", "before_verdict", "leakage", "whatif", "plan", "frontier")
SURVEY = "survey"  # kept beside the results
COPY_WORDS = "It is open in another tab too: this is a copy, and the two do not mix."

_live: weakref.WeakValueDictionary[tuple[str, str], Session] = weakref.WeakValueDictionary()  # by secret and project
_guard = threading.Lock()


class _Writer:
    """Writes projects beside the runs that change them; what waits is the latest state of each."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], Callable[[], None]] = {}
        self._change = threading.Condition()
        self._busy = False
        self._thread: threading.Thread | None = None

    def put(self, key: tuple[str, str], write: Callable[[], None]) -> None:
        with self._change:
            self._waiting[key] = write
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="quietwing projects", daemon=True)
                self._thread.start()
                atexit.register(self.flush, 10.0)
            self._change.notify_all()

    def flush(self, most_s: float = 30.0) -> None:
        """Wait until nothing waits."""
        with self._change:
            self._change.wait_for(lambda: not self._waiting and not self._busy, most_s)

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: bool(self._waiting))
            time.sleep(REST_S)
            with self._change:
                writes, self._waiting, self._busy = list(self._waiting.values()), {}, True
            for write in writes:
                write()
            writes.clear()  # nothing of a session stays here
            with self._change:
                self._busy = False
                self._change.notify_all()


_writer = _Writer()


def arrive(browser: str, project: str) -> Session:
    """The session of a tab that has said who it is: its own from before, else a new one.

    Parameters
    ----------
    browser, project : str
        The browser's secret and the tab's project, as they came: anything.

    Returns
    -------
    Session
    """
    me, known = my_name(), is_secret(browser)
    found = _found(browser, project, me) if known and is_name(project) else None
    if found is not None:
        st.session_state[KEY] = found
    own = session()
    own.holder = me
    if known:
        own.browser = browser
        if found is None:
            own.kept = (_work(own), _computed(own))  # an untouched sample is nobody's work
        _know(own)
    return own


def has_browser() -> bool:
    """Whether a browser is at the other end: a page in a test has a stand-in for the server and no browser."""
    return runtime.exists() and type(runtime.get_instance()) is runtime.Runtime


def my_name() -> str:
    """Streamlit's name of the session that asks; empty outside a server."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None and has_browser() else ""


def keep(own: Session) -> None:
    """Keep what has changed, a moment later and beside the runs."""
    work, computed = _work(own), _computed(own)
    if not own.browser or (own.kept and _same(work, own.kept[0]) and _same(computed, own.kept[1])):
        return
    from quietwing.coverage.app.project_file import project_of, project_zip  # which loads much
    from quietwing.coverage.app.result_file import pack_results  # likewise
    from quietwing.coverage.app.site_files import site_layers  # likewise

    anew = not own.kept or not _same(work[:3], own.kept[0][:3]) or not _same(computed, own.kept[1])
    own.kept = (work, computed)
    _know(own)
    project, results, name, whose = project_of(own), _results(own) if anew else None, own.project, weakref.ref(own)
    shelf, folder, known = Shelf(own.browser), own.folder, own.layers

    def write() -> None:
        said, layers = "", known
        try:
            if layers is None or layers[0] is not project.site:
                layers = (project.site, site_layers(project.site, folder))
            packed = None if results is None else partial(pack_results, results, site_hash(project.site))
            shelf.save(name, project_zip(project, folder, layers=layers[1]), _line(project), packed)
        except (OSError, RuntimeError, QuietwingError) as error:
            said = f"Your work is not kept on this computer: {clean(str(error), 120)}. Save the project as a file."
        if (still := whose()) is not None:
            still.not_kept, still.layers = said, layers

    _writer.put((own.browser, name), write)


def wait_until_kept(most_s: float = 30.0) -> None:
    """Wait until all that was to be kept is on disk."""
    _writer.flush(most_s)


def kept_projects(own: Session) -> list[Kept]:
    """The browser's projects but the one at hand, the latest first."""
    if not own.browser:
        return []
    try:
        return [one for one in Shelf(own.browser).recent() if one.name != own.project]
    except (OSError, RuntimeError):
        return []


def open_kept(name: str) -> None:
    """Put a project of the list in the place of the one at hand, which stays in the list."""
    own = session()
    keep(own)
    _writer.flush()
    read = _read(own.browser, name, own.folder)
    if read is None:
        raise SiteError("this project is no longer there; choose another one")
    project, results, unread = read
    taken = _in_use(own.browser, name)
    _fill(own, _copy_of(project) if taken else project, results, new_name() if taken else name, unread)
    _say_opened(own, project, copy=taken)


def open_project_file(name: str, content: bytes) -> None:
    """Put the project of an uploaded file in the place of the one at hand, which stays in the list."""
    from quietwing.coverage.app.project_file import read_project  # which loads much

    own = session()
    project = read_project(name, content, own.folder)
    keep(own)
    _fill(own, replace(project, under_way=()), {}, new_name())
    _say_opened(own, project, copy=False)


def remove_kept(name: str) -> None:
    """Take a project off this computer."""
    own = session()
    if own.browser and name != own.project:
        Shelf(own.browser).remove(name)


def _found(browser: str, project: str, me: str) -> Session | None:
    """A tab's own work: from memory, where the session that held it has gone, else from disk."""
    until_s = time.monotonic() + MOST_WAIT_S
    while (taken := _in_use(browser, project)) and time.monotonic() < until_s:
        time.sleep(0.05)
    if not taken:
        with _guard:
            held = _live.get((browser, project))
            if held is not None and held.project == project and held.folder.is_dir():
                old, held.holder = held.holder, me
                hand_over(old, me, held.folder)
                return held
    _writer.flush()
    folder = session_folder()
    try:
        read = _read(browser, project, folder)
    except QuietwingError as error:
        st.session_state.pop(KEY, None)
        session().said[NEWS] = ("The work of this tab could not be opened again. " + str(error).splitlines()[0],)
        return None
    if read is None:
        return None
    kept, results, unread = read
    own = Session(kept.site, kept.source, kept.scenario, dict(kept.catalogue), folder, kept.layout, browser=browser)
    st.session_state[KEY] = own
    _fill(own, _copy_of(kept) if taken else kept, results, new_name() if taken else project, unread)
    if taken:
        own.said[NEWS] = (*own.said.get(NEWS, ()), COPY_WORDS)
    return own


def _in_use(browser: str, project: str) -> bool:
    """Whether a tab that is there works on it."""
    me = my_name()
    with _guard:
        held = _live.get((browser, project))
    if held is None or held.project != project or held.holder in ("", me):
        return False
    return has_browser() and runtime.get_instance().is_active_session(held.holder)


def _read(browser: str, name: str, folder: Path) -> tuple[Project, dict[str, Any], str] | None:
    """A project on disk with what was computed, if that is of this very site, and what to say of what is not read."""
    from quietwing.coverage.app.project_file import read_project  # which loads much

    shelf = Shelf(browser)
    content = shelf.content(name)
    if content is None:
        return None
    project = read_project("project.qwproj", content, folder)
    results = shelf.results(name)
    if not results:
        return project, {}, ""
    from quietwing.coverage.app.result_file import read_results  # likewise

    return project, *read_results(results, site_hash(project.site))


def _fill(own: Session, project: Project, results: Mapping[str, Any], name: str, unread: str = "") -> None:
    """Put a project in the place of what a session holds; `unread` is said of what it lacks."""
    open_site(project.site, project.source, project=name)
    own.scenario, own.catalogue = project.scenario, dict(project.catalogue)
    own.layout, own.past, own.future = project.layout, list(project.past), list(project.future)
    own.past_prices, own.future_prices = [], []
    own.description, own.project_name = project.description, project.name
    judged: Mapping[str, Any] = results.get("saved", {})
    own.saved = {one.name: replace(one, verdict=judged.get(one.name)) for one in project.saved}
    for each in RESULTS:
        setattr(own, each, results.get(each))
    own.survey = results.get(SURVEY, Survey(readings=project.readings))
    own.layers = None
    _know(own)
    news = [unread] if unread else []
    if lost := [JOB_WORDS[kind] for kind in project.under_way if kind in JOB_WORDS]:
        news.append(f"{', '.join(lost)}: under way when the app ended, not finished. Start again.")
    if news:
        own.said[NEWS] = tuple(news)


def _copy_of(project: Project) -> Project:
    return replace(project, name=f"{project.title[: MOST_NAME - 7]} (copy)", under_way=())


def _say_opened(own: Session, project: Project, *, copy: bool) -> None:
    said = (*own.said.get(NEWS, ()), f"{project.title} is open.")
    if project.left_out:
        said = (*said, f"Not read: {', '.join(project.left_out)}.")
    own.said[NEWS] = (*said, COPY_WORDS) if copy else said


def _know(own: Session) -> None:
    """Note who works on a project."""
    if own.browser:
        with _guard:
            _live[own.browser, own.project] = own


def _work(own: Session) -> list[object]:
    """What a planner has made; a change of it is a change of one of these."""
    running = [kind for kind, job in list(own.jobs.items()) if not job.collected]
    made = [own.project, own.project_name, own.site, own.scenario, own.catalogue, own.layout, own.description]
    return [*made, len(own.past), len(own.future), *own.saved.values(), *running]


def _computed(own: Session) -> list[object]:
    return [own.survey, *(getattr(own, each) for each in RESULTS), *(one.verdict for one in own.saved.values())]


def _same(one: list[object], other: list[object]) -> bool:
    return len(one) == len(other) and all(
        here is there or (isinstance(here, (str, int)) and here == there)
        for here, there in zip(one, other, strict=True)
    )


def _results(own: Session) -> dict[str, Any]:
    found: dict[str, Any] = {each: getattr(own, each) for each in RESULTS if getattr(own, each) is not None}
    judged = {one.name: one.verdict for one in own.saved.values() if one.verdict is not None}
    survey = {SURVEY: own.survey} if own.survey != Survey() else {}
    return found | survey | ({"saved": judged} if judged else {})


def _line(project: Project) -> dict[str, Any]:
    return {"title": project.title, "site": project.site.name, "blockers": len(project.layout.devices)}
