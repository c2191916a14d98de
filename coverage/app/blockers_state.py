"""What the workspace keeps between two gestures, and what a gesture does; all of it in the session's state.

Nothing here needs the engine until a quick estimate is asked for: the first screen waits for none of it.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import streamlit as st

from quietwing.coverage.app import memory
from quietwing.coverage.app.plan_editor.columns import CABLE_RUNS
from quietwing.coverage.app.plan_editor.drawing import Ground, ground
from quietwing.coverage.app.plan_editor.edits import Where
from quietwing.coverage.app.plan_editor.group_edits import apply_gesture
from quietwing.coverage.app.plan_editor.layers import BLOCKED, LAYERS, SIGNAL, STRONGEST
from quietwing.coverage.app.plan_editor.places import Place, places_of
from quietwing.coverage.app.prices import alike_but_for_prices
from quietwing.coverage.app.questions import judged_by
from quietwing.coverage.app.section_part import Section, take_section
from quietwing.coverage.app.site_words import problems_of
from quietwing.coverage.app.state import (
    KEPT,
    Layout,
    change_layout,
    redo,
    scenario_with,
    session,
    site_hash,
    undo,
)
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import QuietwingError, Site, clean, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietwing.coverage.live import Draft, Drafting, DraftsAhead

__all__ = [
    "BLOCKERS",
    "COMPARE",
    "PLAN",
    "REPORT",
    "SIGNALS",
    "SITE",
    "WHOLE_SITE",
    "Desk",
    "accept",
    "desk",
    "editor_key",
    "effective_treatments",
    "go_back",
    "go_forth",
    "leave_old_site",
    "on_edit",
]

DESK = "blockers desk"
AT_HAND = "site at hand"
BLOCKERS, SIGNALS, PLAN, COMPARE = "blockers", "signals", "plan", "compare"
SITE, REPORT = "my-site", "report"  # pages with the whole site: from there a building leads to the workspace
WHOLE_SITE = -1  # in place of a storey's index
MOST_NONCE = 60
MOST_DRAFTS = 16  # kept: other layers and storeys of a layout then need no work


@dataclass
class Desk:
    """The workspace's own memory; a new one for each site, scenario and catalogue.

    Attributes
    ----------
    site, scenario, catalogue
        What it was made for.
    place : int
        Index of the storey in `places`, or `WHOLE_SITE`.
    layers : dict of str to str
        Layer by page.
    channel : str
        Whose signal is shown, or `STRONGEST`.
    model, treatment : str
        What a click adds, what a clicked window gets.
    ack, select, message : str
        Answer to the plan's last gesture.
    problems : tuple of str
        Of the last change, empty where it was taken.
    refused : str
        The table or field that change was made in, where they are shown; empty: on the plan, shown above it.
    room, chosen : str
        The cell that is explained and the blocker that is selected, empty: none.
    group : tuple of str
        Blockers that the last gesture has made together: the plan selects them.
    held : Layout or None
        The layout with a blocker where the hand holds it now; it is not taken until the hand lets go.
    section : Section
        The line that a section is drawn along.
    tables : dict of str to Table
        ``devices`` and ``windows``, as they are shown.
    explained : tuple
        The cell and layout of the last link budgets, and the budgets.
    warming : bool
        Whether the engine is being loaded beside the first screen.
    """

    site: Site
    scenario: Scenario
    catalogue: Mapping[str, Model]
    place: int = 0
    layers: dict[str, str] = field(default_factory=lambda: {BLOCKERS: BLOCKED, SIGNALS: SIGNAL})
    channel: str = STRONGEST
    model: str = ""
    treatment: str = ""
    ack: str = ""
    select: str = ""
    message: str = ""
    problems: tuple[str, ...] = ()
    refused: str = ""
    room: str = ""
    chosen: str = ""
    group: tuple[str, ...] = ()
    held: Layout | None = None
    section: Section = field(default_factory=Section)
    tables: dict[str, Table] = field(default_factory=dict)
    explained: tuple[Any, ...] = ()
    warming: bool = False
    _grounds: dict[int, Ground] = field(default_factory=dict)
    _drafts: dict[Any, Draft] = field(default_factory=dict)
    _levels: dict[Any, tuple[tuple[str, ...], NDArray[Any]]] = field(default_factory=dict)
    _drafting: Drafting | None = None
    _making: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Storeys and yards, in the order of drafts."""
        return places_of(self.site)

    @cached_property
    def site_hash(self) -> str:
        """Twelve digits that name the site's content."""
        return site_hash(self.site)

    @property
    def drafting(self) -> Drafting:
        """Quick estimates of the site; made at the first need, or beside the first screen."""
        from quietwing.coverage.live import Drafting  # the engine: the first screen does without

        with self._making:
            if self._drafting is None:
                self._drafting = Drafting(self.site, self.scenario, self.catalogue)
                memory.count_in(self._drafting)
        return self._drafting

    @property
    def ready(self) -> bool:
        """Whether the engine has been loaded for this site."""
        return self._drafting is not None

    @cached_property
    def ahead(self) -> DraftsAhead:
        """What prepares the other storeys; it ends with the desk."""
        from quietwing.coverage.live import DraftsAhead  # as of `drafting`

        return DraftsAhead(self.drafting, memory.has_room, memory.give_back, memory.put_old_away)

    @property
    def where(self) -> Where:
        """The storey that is edited."""
        place = self.places[max(self.place, 0)]
        return Where(place.building, place.storey)

    @property
    def ground(self) -> Ground:
        """What stays of the storey while blockers move."""
        at = max(self.place, 0)
        if at not in self._grounds:
            self._grounds[at] = ground(self.site, self.places[at])
        return self._grounds[at]

    def refuse(self, problems: tuple[str, ...], where: str = "") -> None:
        """Note why the last change was not taken, and the table or field it was made in."""
        self.problems, self.refused, self.message = problems, where, ""

    def problems_at(self, where: str = "") -> tuple[str, ...]:
        """Why the last change was not taken, if it was made there."""
        return self.problems if self.refused == where else ()

    def of_kinds(self, *kinds: str) -> list[str]:
        """Models of the catalogue of some kinds."""
        return [name for name, model in self.catalogue.items() if model.kind in kinds]

    def known(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]) -> Draft | None:
        """The quick estimate of a storey if it has been worked out already."""
        return self._drafts.get((place, devices, treatments))

    def first_look(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]) -> bool:
        """Whether an estimate of a storey would be its first and take a while: its walls can be shown before."""
        seen = any(at == place for at, _, _ in self._drafts)
        return not seen and not (self.ready and self.drafting.at_hand(place, devices, treatments))

    def draft(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]) -> Draft:
        """The quick estimate of a storey; a few are kept, and then begun anew: links of blockers are kept anyhow."""
        key = (place, devices, treatments)
        found = self._drafts.get(key)
        if found is None:
            quick = self.ready and self.drafting.at_hand(place, devices, treatments)
            if not quick:
                memory.make_room(self.drafting, (treatments, place), devices)
            found = self.drafting.draft(place, devices, treatments)
            if not quick:
                memory.give_back()
            memory.put_old_away(self.drafting, (treatments, place), devices)
            self._drafts = {key: found} if len(self._drafts) >= MOST_DRAFTS else {**self._drafts, key: found}
        elif self.ready:
            self.drafting.asked_s = time.monotonic()  # a gesture all the same: what works beside it rests
        return found

    def levels(self, place: int, treatments: tuple[Treatment, ...]) -> tuple[tuple[str, ...], NDArray[Any]]:
        """The public network over a storey."""
        key = (place, treatments)
        if key not in self._levels:
            self._levels = {key: self.drafting.levels(place, treatments)}
            memory.put_old_away(self.drafting, key[::-1])
        return self._levels[key]


@dataclass
class Table:
    """A table that is edited: the layout it was shown with, and the one its changes have led to."""

    number: int
    about: Any
    base: Layout
    reached: Layout


def editor_key(page: str) -> str:
    """The plan of a page in the session's state."""
    return f"{page} plan"


def desk() -> Desk:
    """The session's desk, cleared when another site, scenario or catalogue is open."""
    own = session()
    found = st.session_state.get(DESK)
    if (
        not isinstance(found, Desk)
        or found.site is not own.site
        or judged_by(found.scenario) != judged_by(own.scenario)
        or not alike_but_for_prices(found.catalogue, own.catalogue)
    ):
        before = found if isinstance(found, Desk) and found.site is own.site else None
        found = Desk(own.site, own.scenario, own.catalogue)
        found.model = next(iter(found.of_kinds("mas", "jammer")), "")
        found.treatment = next(iter(found.of_kinds("mesh", "film")), "")
        used = [device.model for device in own.layout.devices]
        if used:
            found.model = max(set(used), key=lambda name: (used.count(name), name))
        if before is not None:  # another question about the same site: the eye stays where it is
            found.place, found.layers, found.channel = before.place, before.layers, before.channel
            found.room, found.chosen = before.room, before.chosen
            found.section = Section(before.section.line_m, before.section.quantity, before.section.made)
        st.session_state[DESK] = found
    found.catalogue, found.scenario = own.catalogue, own.scenario  # prices and budgets make no estimate anew
    return found


def leave_old_site() -> None:
    """Drop what pages keep of a site that is open no more, and give its memory back."""
    own, state = session(), st.session_state
    if state.get(AT_HAND) is own.site:
        return
    left = AT_HAND in state
    state[AT_HAND] = own.site
    if left:
        state.pop(DESK, None)
        state.pop(KEPT, None)
        gc.collect()  # 0.3 s once a site: estimates and site lie in circles, and a second site is read now
        memory.give_back()


def effective_treatments(layout: Layout) -> tuple[Treatment, ...]:
    """Meshes and films of a layout and of the scenario, window by window, as a verdict counts them."""
    own = session()
    return resolve_treatments(own.site, scenario_with(layout).treatments, own.catalogue)


def accept(new: Layout) -> bool:
    """Make a layout the current one, if it can be judged; False if it is that already.

    Raises
    ------
    QuietwingError
        If its treatments contradict the scenario's.
    """
    if new == session().layout:
        return False
    effective_treatments(new)
    change_layout(new)
    return True


def on_edit(page: str = BLOCKERS) -> None:
    """Take the gesture that the plan of a page has sent."""
    reported = st.session_state.get(editor_key(page))
    edit = reported.get("edit") if reported is not None else None
    if not isinstance(edit, Mapping):
        return
    at = desk()
    at.ack, at.select, at.message = clean(str(edit.get("n", "")), MOST_NONCE), "", ""
    op, at.held = edit.get("op"), None
    if op not in ("choose", "drag", "quantity"):
        at.problems = ()
    try:
        if op == "undo":
            at.message = "Undone" if undo() else "Nothing to undo"
        elif op == "redo":
            at.message = "Done again" if redo() else "Nothing to do again"
        elif op == "explain":
            _explain(at, edit.get("room"))
        elif op in ("place", "layer", "channel", "choose"):
            _look_at(at, page, str(op), edit)
        elif op in ("section", "quantity"):
            take_section(at, str(op), edit)
        elif op == "drag":
            _hold(at, edit)
        else:
            _change(at, edit)
    except QuietwingError as error:
        at.refuse(problems_of(error))
        at.message = f"Not done: {at.problems[0]}"


def go_back() -> None:
    """The button Undo."""
    _moved(desk(), "Undone" if undo() else "Nothing to undo")


def go_forth() -> None:
    """The button Redo."""
    _moved(desk(), "Done again" if redo() else "Nothing to do again")


def _moved(at: Desk, message: str) -> None:
    at.message, at.select, at.problems = message, "", ()


def _look_at(at: Desk, page: str, op: str, edit: Mapping[str, Any]) -> None:
    """Another storey, layer, channel or selected blocker; what is no such thing is left alone."""
    wanted = edit.get({"choose": "id"}.get(op, op))
    if op == "place":
        if isinstance(wanted, int) and WHOLE_SITE <= wanted < len(at.places):
            at.place, at.chosen = wanted, ""
            if page in (SITE, REPORT):
                session().way_on = BLOCKERS
    elif op == "layer":
        if wanted in LAYERS:
            at.layers[page] = str(wanted)
    elif op == "channel":
        channels = {sector.channel for sector in at.site.sectors} | {STRONGEST}
        if wanted in channels:
            at.channel = str(wanted)
    elif any(device.id == wanted for device in session().layout.devices):
        at.chosen, at.room = str(wanted), ""


def _hold(at: Desk, edit: Mapping[str, Any]) -> None:
    """A blocker under the hand: a look at where it is now; back where it was, the layout is the current one."""
    own = session()
    op = "turn" if "azimuth" in edit else "shift" if "ids" in edit else "move"
    new = apply_gesture({**edit, "op": op}, own.layout, own.site, own.catalogue, at.where, at.model)
    at.held = None if new == own.layout else new


def _change(at: Desk, edit: Mapping[str, Any]) -> None:
    own = session()
    treats = edit.get("op") == "treat"
    at.group = ()
    new = apply_gesture(edit, own.layout, own.site, own.catalogue, at.where, at.treatment if treats else at.model)
    before = {device.id for device in own.layout.devices}
    changed = accept(new)
    if edit.get("op") == "add":
        added = next((device for device in new.devices if device.id not in before), None)
        at.select = added.id if added is not None else ""
        at.chosen, at.room = at.select, ""
        if added is not None and added.route_m:
            at.message = (
                f"{added.id}: {route_length_m(added.line_m):.0f} m of radiating cable. Drag it to its place; "
                f"the column {CABLE_RUNS} of the table takes the points it shall run through"
            )
    elif edit.get("op") == "copy":
        at.group = tuple(device.id for device in new.devices if device.id not in before)
        at.select = at.chosen = at.group[0]
    elif edit.get("op") == "untreat" and not changed:
        at.message = "This window is treated by the scenario, not by the layout"


def _explain(at: Desk, room: object) -> None:
    names = [known["id"] for known in at.ground.rooms if known["role"] != "ignore"]
    if room in names:
        at.room, at.chosen = str(room), ""
        at.message = f"{room} is explained in the panel"
    elif room in at.site.room_index:
        at.message = f"{room} is not assessed: nothing to explain"
    else:
        at.message = f"There is no room {shown(room)} on this storey"
