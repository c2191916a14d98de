"""What the Blockers page keeps between two gestures, and what a gesture does; all of it in the session's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import streamlit as st

from quietwing.coverage.app.plan_editor.drawing import Ground, ground
from quietwing.coverage.app.plan_editor.edits import Where, apply
from quietwing.coverage.app.plan_editor.views import DEAD_ZONES
from quietwing.coverage.app.site_words import problems_of
from quietwing.coverage.app.state import Layout, change_layout, redo, scenario_with, session, site_hash, undo
from quietwing.coverage.equipment import Model, Treatment
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import Drafting, DraftsAhead
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import QuietwingError, Site, clean, shown

__all__ = ["CABLE_RUNS", "EDITOR", "Desk", "accept", "desk", "effective_treatments", "go_back", "go_forth", "on_edit"]

DESK = "blockers desk"
EDITOR = "blockers plan"
CABLE_RUNS = "Radiating cable runs through"  # a column of the table
MOST_NONCE = 60


@dataclass
class Desk:
    """The page's own memory; a new one for each site, scenario and catalogue.

    Attributes
    ----------
    site, scenario, catalogue
        What it was made for.
    drafting : Drafting
    place : int
        Index of the storey in ``drafting.places``.
    view, model, treatment : str
        What is chosen: the view, what a click adds, what a clicked window gets.
    ack, select, message : str
        Answer to the plan's last gesture.
    problems : tuple of str
        Of the last change, empty where it was taken.
    room : str
        The cell that is explained, empty: none.
    tables : dict of str to Table
        ``devices`` and ``windows``, as they are shown.
    explained : tuple
        The cell and layout of the last link budgets, and the budgets.
    """

    site: Site
    scenario: Scenario
    catalogue: Mapping[str, Model]
    drafting: Drafting
    place: int = 0
    view: str = DEAD_ZONES
    model: str = ""
    treatment: str = ""
    ack: str = ""
    select: str = ""
    message: str = ""
    problems: tuple[str, ...] = ()
    room: str = ""
    tables: dict[str, Table] = field(default_factory=dict)
    explained: tuple[Any, ...] = ()
    _grounds: dict[int, Ground] = field(default_factory=dict)

    @cached_property
    def site_hash(self) -> str:
        """Twelve digits that name the site's content."""
        return site_hash(self.site)

    @cached_property
    def ahead(self) -> DraftsAhead:
        """What prepares the other storeys; it ends with the desk."""
        return DraftsAhead(self.drafting)

    @property
    def where(self) -> Where:
        """The storey that is edited."""
        place = self.drafting.places[self.place]
        return Where(place.building, place.storey)

    @property
    def ground(self) -> Ground:
        """What stays of the storey while blockers move."""
        if self.place not in self._grounds:
            self._grounds[self.place] = ground(self.site, self.drafting.places[self.place])
        return self._grounds[self.place]

    def of_kinds(self, *kinds: str) -> list[str]:
        """Models of the catalogue of some kinds."""
        return [name for name, model in self.catalogue.items() if model.kind in kinds]


@dataclass
class Table:
    """A table that is edited: the layout it was shown with, and the one its changes have led to."""

    number: int
    about: Any
    base: Layout
    reached: Layout


def desk() -> Desk:
    """The session's desk, cleared when another site, scenario or catalogue is open."""
    own = session()
    found = st.session_state.get(DESK)
    if (
        not isinstance(found, Desk)
        or found.site is not own.site
        or found.scenario != own.scenario
        or found.catalogue is not own.catalogue
    ):
        found = Desk(own.site, own.scenario, own.catalogue, Drafting(own.site, own.scenario, own.catalogue))
        found.model = next(iter(found.of_kinds("mas", "jammer")), "")
        found.treatment = next(iter(found.of_kinds("mesh", "film")), "")
        used = [device.model for device in own.layout.devices]
        if used:
            found.model = max(set(used), key=lambda name: (used.count(name), name))
        st.session_state[DESK] = found
    return found


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


def on_edit() -> None:
    """Take the gesture that the plan has sent."""
    reported = st.session_state.get(EDITOR)
    edit = reported.get("edit") if reported is not None else None
    if not isinstance(edit, Mapping):
        return
    at = desk()
    at.ack, at.select, at.message, at.problems = clean(str(edit.get("n", "")), MOST_NONCE), "", "", ()
    op = edit.get("op")
    try:
        if op == "undo":
            at.message = "Undone" if undo() else "Nothing to undo"
        elif op == "redo":
            at.message = "Done again" if redo() else "Nothing to do again"
        elif op == "explain":
            _explain(at, edit.get("room"))
        else:
            _change(at, edit)
    except QuietwingError as error:
        at.problems = problems_of(error)
        at.message = f"Not done: {at.problems[0]}"


def go_back() -> None:
    """The button Undo."""
    _moved(desk(), "Undone" if undo() else "Nothing to undo")


def go_forth() -> None:
    """The button Redo."""
    _moved(desk(), "Done again" if redo() else "Nothing to do again")


def _moved(at: Desk, message: str) -> None:
    at.message, at.select, at.problems = message, "", ()


def _change(at: Desk, edit: Mapping[str, Any]) -> None:
    own = session()
    treats = edit.get("op") == "treat"
    new = apply(edit, own.layout, own.site, own.catalogue, at.where, at.treatment if treats else at.model)
    before = {device.id for device in own.layout.devices}
    changed = accept(new)
    if edit.get("op") == "add":
        added = next((device for device in new.devices if device.id not in before), None)
        at.select = added.id if added is not None else ""
        if added is not None and added.route_m:
            at.message = (
                f"{added.id}: {route_length_m(added.line_m):.0f} m of radiating cable. Drag it to its place; "
                f"the column {CABLE_RUNS} of the table takes the points it shall run through"
            )
    elif edit.get("op") == "untreat" and not changed:
        at.message = "This window is treated by the scenario, not by the layout"


def _explain(at: Desk, room: object) -> None:
    names = [known["id"] for known in at.ground.rooms if known["role"] != "ignore"]
    if room in names:
        at.room = str(room)
        at.message = f"{room} is explained below the plan"
    elif room in at.site.room_index:
        at.message = f"{room} need not be silent: nothing to explain"
    else:
        at.message = f"There is no room {shown(room)} on this storey"
