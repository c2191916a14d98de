"""What one browser session holds: its site, its layout with undo and redo, its results, its jobs.

All of it lives in ``st.session_state`` and in the session's own folder. Nothing of it is kept in a cache or a module
global: two sessions share no plan data.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from quietwing.coverage.app.prices import alike_but_for_prices, prices_of
from quietwing.coverage.app.questions import current, is_current, judged_by
from quietwing.coverage.app.session_folders import session_folder
from quietwing.coverage.app.survey_state import Survey
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.coverage.treatments import wishes_for
from quietwing.sites import BUNDLED, Site, beside, fingerprint, load_site

if TYPE_CHECKING:
    from quietwing.coverage.app.jobs import Job
    from quietwing.coverage.app.layout_facts import LayoutFacts
    from quietwing.coverage.app.report_files import MadeReport
    from quietwing.coverage.planning import Frontier, PlanResult
    from quietwing.coverage.results import Leakage, Verdict, WhatIf

__all__ = [
    "KEPT",
    "KEY",
    "SAMPLE",
    "TRACING",
    "YOURS",
    "Layout",
    "SavedLayout",
    "Session",
    "change_layout",
    "change_prices",
    "change_scenario",
    "current_verdict",
    "open_bundled",
    "open_site",
    "redo",
    "scenario_with",
    "session",
    "session_at_hand",
    "site_hash",
    "take_verdict",
    "undo",
]

SAMPLE = "houseblock"  # what a session opens with
YOURS = "yours"  # the source of a site that is not bundled
KEY = "quietwing session"
KEPT = "kept while results last"  # in the session's state: pictures and tables that pages keep of results
TRACING = "plan being traced"  # in the session's state: what was traced and is no site yet
MOST_UNDO = 200
FIELDS = str, int, float, dict, date, UploadedFile, type(None)  # what fields hold; not what pages keep beside them


@dataclass(frozen=True)
class Layout:
    """What the planner places: devices, and windows with a mesh or film."""

    devices: tuple[Device, ...] = ()
    treatments: tuple[Treatment, ...] = ()


@dataclass(frozen=True)
class SavedLayout:
    """A layout kept under a name, with its verdict if there was one, and the site it belongs to."""

    name: str
    layout: Layout
    verdict: Verdict | None
    site_hash: str


@dataclass
class Session:
    """Everything of one user.

    Attributes
    ----------
    site : Site
    site_source : str
        Name of the bundled site, or `YOURS`.
    scenario : Scenario
    catalogue : mapping of str to Model
    folder : Path
        This session's own, mode 0700; it goes with the session.
    layout : Layout
        The current one.
    past, future : list of Layout
        For undo and redo, newest last.
    past_prices, future_prices : list of mapping
        The catalogue at each of these steps, newest last; of steps of an earlier session there is none.
    leakage : Leakage or None
        The last, blockers off. Of this and the results below `questions.current` gives what answers the present
        question.
    verdict : Verdict or None
        The last full assessment.
    before_verdict : Verdict or None
        The one before it, of another layout.
    whatif : WhatIf or None
        The last table of what would change the answer.
    plan : PlanResult or None
        The last plan.
    frontier : Frontier or None
        The last plans for a row of budgets.
    report : MadeReport or None
        The report that was made last.
    saved : dict of str to SavedLayout
    jobs : dict of str to Job
        By kind, as of `jobs.Kind`.
    survey : Survey
        Its drawing, lists and readings, and what was worked out of them.
    said : dict of str to tuple of str
        News and problems of the last clicks, until their page has shown them.
    description : str
        The TOML that the site was made of in the form, empty: none.
    way_on : str
        Name of the page that a click has asked for, empty: none.
    asked : list of tuple
        What clicks have asked for and is not done yet: key, words, what to call with what, and what stood in the
        fields at the click.
    fields : dict of str to object
        What stood in the fields at the click that is being done, by key.
    at_work : Lock
        Held while a callback works.
    browser : str
        The secret of the browser, as it has told it; empty: nothing is kept on disk.
    came_from : tuple of (str, str) or None
        The project that was open before this one: its name on disk and its title.
    project, project_name : str
        Under which name the work is kept on disk, and what the planner calls it (empty: as the site).
    holder : str
        Streamlit's name of the session that holds this; another one that was handed it is the holder then.
    kept : tuple
        What was kept on disk last: what was made, and what was computed.
    layers : tuple of (Site, dict) or None
        The files of a site, as they were made last.
    sampled : tuple or None
        Site, catalogue and question for which the stored sample was looked at last, and what was found.
    not_kept : str
        Why the last change could not be kept, empty: it was.
    """

    site: Site
    site_source: str
    scenario: Scenario
    catalogue: dict[str, Model]
    folder: Path
    layout: Layout = field(default_factory=Layout)
    past: list[Layout] = field(default_factory=list)
    future: list[Layout] = field(default_factory=list)
    past_prices: list[dict[str, Model]] = field(default_factory=list, repr=False)
    future_prices: list[dict[str, Model]] = field(default_factory=list, repr=False)
    leakage: Leakage | None = None
    verdict: Verdict | None = None
    before_verdict: Verdict | None = None
    whatif: WhatIf | None = None
    plan: PlanResult | None = None
    frontier: Frontier | None = None
    report: MadeReport | None = None
    saved: dict[str, SavedLayout] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    survey: Survey = field(default_factory=Survey)
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    description: str = ""
    way_on: str = ""
    asked: list[tuple[str, str, Callable[..., object], tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    at_work: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    browser: str = field(default="", repr=False)
    project: str = field(default_factory=lambda: secrets.token_hex(16))
    project_name: str = ""
    came_from: tuple[str, str] | None = None
    holder: str = ""
    kept: tuple[list[object], list[object]] | tuple[()] = field(default=(), repr=False, compare=False)
    layers: tuple[Site, dict[str, bytes]] | None = field(default=None, repr=False, compare=False)
    sampled: tuple[Site, Mapping[str, Model], Scenario, LayoutFacts | None] | None = field(
        default=None, repr=False, compare=False
    )
    not_kept: str = ""

    def ask(self, key: str, words: str, act: Callable[..., object], *args: Any) -> None:
        """Note what a click is for and may take seconds: an ``on_click``; `button_actions.do_what_was_asked` does it.

        Parameters
        ----------
        key, act, *args
            As of `button_actions.clicked`.
        words : str
            Shown while it is done: ``Checking the site``.
        """
        # `to_dict` does not end a run that has been ended, as a look at a single key does.
        fields = {str(name): value for name, value in st.session_state.to_dict().items() if isinstance(value, FIELDS)}
        self.asked.append((key, words, act, args, fields))


_at_hand: ContextVar[Session | None] = ContextVar("the session of the callback under way", default=None)


def session() -> Session:
    """The session of the browser that asks; on first use with the bundled sample site and its own layout."""
    if (held := _at_hand.get()) is not None:
        return held
    found = st.session_state.get(KEY)
    if not isinstance(found, Session):
        site, scenario, catalogue, devices = _bundled(SAMPLE)
        found = Session(site, SAMPLE, scenario, catalogue, session_folder(), Layout(devices))
        st.session_state[KEY] = found
    elif not found.folder.is_dir():  # the browser was away so long that its files were taken away
        found.folder = session_folder()
        found.jobs = {kind: job for kind, job in found.jobs.items() if job.result() is not None}
    return found


@contextmanager
def session_at_hand() -> Iterator[Session]:
    """The session without a look into ``st.session_state``, which ends a callback whose run has been ended.

    Runs of one browser may overlap: the ended one until its next ``st.`` call, and that of the click which ended it.
    """
    own = session()
    with own.at_work:
        token = _at_hand.set(own)
        try:
            yield own
        finally:
            _at_hand.reset(token)


def open_site(site: Site, source: str, devices: tuple[Device, ...] = (), *, project: str | None = None) -> None:
    """Put another site in the place of the session's: layout history, results and jobs of the old one go.

    The old one stays on disk as the project it was, if the browser's work is kept.

    Parameters
    ----------
    site : Site
        A checked site.
    source : str
        Name of a bundled site, whose scenario and catalogue come with it, or `YOURS`.
    devices : tuple of Device
        The layout it opens with.
    project : str, optional
        Name on disk of the project it belongs to; without it a new one begins.
    """
    own = session()
    if project is None:
        own.project_name = ""
    own.project = secrets.token_hex(16) if project is None else project
    for job in own.jobs.values():
        job.discard()
    own.site, own.site_source = site, source
    if source in BUNDLED:
        own.scenario, own.catalogue = read_scenario(beside(source, "scenario.toml")), equipment_of(source, None)[1]
    else:
        own.scenario, own.catalogue = Scenario(), equipment_of(SAMPLE, None)[1]
    own.layout, own.past, own.future = Layout(devices), [], []
    own.past_prices, own.future_prices = [], []
    own.jobs, own.description, own.survey = {}, "", Survey()
    _forget_results(own)


def open_bundled(name: str) -> None:
    """Open a bundled site with its own layout."""
    site, _, _, devices = _bundled(name)
    open_site(site, name, devices)


def change_layout(new: Layout) -> None:
    """Make a layout the current one; the old one can be had back by undo."""
    own = session()
    if new == own.layout:
        return
    _remember(own)
    own.layout = new


def change_prices(new: dict[str, Model]) -> None:
    """Have the same equipment cost something else; the old prices can be had back by undo.

    Raises
    ------
    ScenarioError
        If more than prices differs: estimates and results would no longer hold.
    """
    own = session()
    if prices_of(new) == prices_of(own.catalogue):
        return
    if not alike_but_for_prices(new, own.catalogue):
        raise ScenarioError("the catalogues differ in more than prices (expected prices alone); open the other one")
    _remember(own)
    own.catalogue = new


def _remember(own: Session) -> None:
    """Keep the layout and the prices as a step of undo."""
    own.past = [*own.past, own.layout][-MOST_UNDO:]
    own.past_prices = [*own.past_prices, own.catalogue][-MOST_UNDO:]
    own.future, own.future_prices = [], []


def change_scenario(new: Scenario) -> None:
    """Ask something else of the same site: jobs whose answer nobody waits for any more end, searches go on."""
    own = session()
    if judged_by(new) != judged_by(own.scenario):
        for kind in ("verdict", "leakage", "whatif", "calibrate", "next"):
            if kind in own.jobs:
                own.jobs.pop(kind).discard()
        own.survey = own.survey.without_results()
    own.scenario = new


def undo() -> bool:
    """Go back to the layout before; False if there is none."""
    own = session()
    if not own.past:
        return False
    own.future.append(own.layout)
    own.future_prices.append(own.catalogue)
    own.layout = own.past.pop()
    if own.past_prices:
        own.catalogue = own.past_prices.pop()
    return True


def redo() -> bool:
    """Take back the last undo; False if there is none."""
    own = session()
    if not own.future:
        return False
    own.past.append(own.layout)
    own.past_prices.append(own.catalogue)
    own.layout = own.future.pop()
    if own.future_prices:
        own.catalogue = own.future_prices.pop()
    return True


def scenario_with(layout: Layout) -> Scenario:
    """The session's scenario with a layout's treated windows asked for room by room.

    Parameters
    ----------
    layout : Layout
        Its treatments name openings of the session's site. A room with a treated window gets the treatment on all
        windows of its outer wall: that is how a scenario asks (`TreatmentWish`).

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If an opening is not of this site.
    """
    own = session()
    if not layout.treatments:
        return own.scenario
    return replace(own.scenario, treatments=(*own.scenario.treatments, *wishes_for(own.site, layout.treatments)))


def take_verdict(verdict: Verdict, own: Session) -> None:
    """Put a full assessment that has come in beside the saved layouts it is of; it becomes the session's last.

    One of a saved layout does not take the place of the current layout's own.
    """
    here = site_hash(own.site)
    for name, saved in list(own.saved.items()):
        if saved.site_hash == here and is_current(own, "verdict", verdict, saved.layout):
            own.saved[name] = replace(saved, verdict=verdict)
    last = own.verdict
    if current(own, "verdict") is not None and not is_current(own, "verdict", verdict):
        return
    if last is not None and (last.devices, last.treatments) != (verdict.devices, verdict.treatments):
        own.before_verdict = last
    own.verdict = verdict


def current_verdict() -> Verdict | None:
    """The full assessment of the current layout under the present question; None if it has none yet."""
    verdict: Verdict | None = current(session(), "verdict")
    return verdict


def site_hash(site: Site) -> str:
    """Twelve digits that name a site's content."""
    return fingerprint(site)[:12]


def _bundled(name: str) -> tuple[Site, Scenario, dict[str, Model], tuple[Device, ...]]:
    """A bundled site with all that lies beside it."""
    devices, catalogue = equipment_of(name, None)
    return load_site(name), read_scenario(beside(name, "scenario.toml")), catalogue, devices


def _forget_results(own: Session) -> None:
    own.leakage = own.verdict = own.before_verdict = own.whatif = own.plan = own.frontier = own.report = None
