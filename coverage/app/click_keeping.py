"""Runs of the script that hand on the clicks they have not taken when they are ended.

Streamlit tells its server of a click once, with the request for a run. Where the next click comes before that run has
called what the button is for, Streamlit ends the run and the first click is lost: at any time while a fragment that
looks at something twice a second is run, and on a busy computer for tenths of a second. So each run keeps what it was
asked for until it has called it, and the run that takes its place is asked for it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime import app_session
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, StopException
from streamlit.runtime.state import SafeSessionState, SessionState

__all__ = ["ClickKeepingRunner", "keep_clicks"]

PRESSED = ("trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value")  # said once


def keep_clicks() -> None:
    """Have the sessions of this server lose no click; from the next run of each on."""
    vars(app_session)["ScriptRunner"] = ClickKeepingRunner


@dataclass
class _Desk:
    """What the runs of one session have to do: it outlasts them."""

    hand: Lock = field(default_factory=Lock)  # held while a click is taken or handed on: never both
    turn: Lock = field(default_factory=Lock)  # held while one of the runs calls what clicks are for
    owed: list[WidgetStates] = field(default_factory=list)  # with a click that is not taken, oldest first


_desks: WeakKeyDictionary[PagesManager, _Desk] = WeakKeyDictionary()  # each session has one manager of pages


class ClickKeepingRunner(ScriptRunner):
    """Streamlit's runner; one that is ended hands on the clicks it has not taken, and ends no callback half way.

    Parameters
    ----------
    session_state : SessionState
    pages_manager : PagesManager
    initial_rerun_data : RerunData
        What the run is asked for; what the runner before it has left is added.
    **others
        As of Streamlit's.
    """

    def __init__(
        self,
        *,
        session_state: SessionState,
        pages_manager: PagesManager,
        initial_rerun_data: RerunData,
        **others: Any,
    ) -> None:
        self._desk = _desks.setdefault(pages_manager, _Desk())
        self._ended = self._calls = False
        asked = initial_rerun_data
        with self._desk.hand:
            left, self._desk.owed = self._desk.owed, []
            if left:
                asked = replace(asked, widget_states=_together(left, asked.widget_states))
            self._owe(asked)
        super().__init__(session_state=session_state, pages_manager=pages_manager, initial_rerun_data=asked, **others)
        self._session_state = _Callbacks(session_state, self)

    def request_rerun(self, rerun_data: RerunData) -> bool:
        """Whether a run was asked for: False where this runner has come to its end."""
        with self._desk.hand:
            accepted = super().request_rerun(rerun_data)
            if accepted:
                self._owe(rerun_data)
        return accepted

    def request_stop(self) -> None:
        """End it, once the callbacks it may have begun are done."""
        with self._desk.hand:
            self._ended = True
            super().request_stop()

    @contextmanager
    def callbacks(self, states: WidgetStates | None) -> Iterator[None]:
        """While what clicks are for is called; ends the run at once where they have been handed on."""
        with self._desk.turn:
            with self._desk.hand:
                if self._ended:
                    raise StopException
                taken = _pressed(states)
                self._desk.owed = [one for one in self._desk.owed if not _pressed(one) <= taken]
            self._calls = True
            try:
                yield
            finally:
                self._calls = False

    def _maybe_handle_execution_control_request(self) -> None:
        if not self._calls:
            super()._maybe_handle_execution_control_request()

    def _owe(self, asked: RerunData) -> None:
        if asked.widget_states is not None and _pressed(asked.widget_states):
            self._desk.owed.append(asked.widget_states)


class _Callbacks(SafeSessionState):
    """The session's state, which knows when a run calls what clicks are for."""

    def __init__(self, state: SessionState, runner: ClickKeepingRunner) -> None:
        super().__init__(state, runner._maybe_handle_execution_control_request)
        object.__setattr__(self, "_runner", runner)  # any other way it would be a value of the session

    def on_script_will_rerun(self, fresh_widget_states: WidgetStates | None, **others: Any) -> None:
        with self._runner.callbacks(fresh_widget_states):
            super().on_script_will_rerun(fresh_widget_states, **others)


def _pressed(states: WidgetStates | None) -> set[str]:
    """Which buttons, and the like, were pressed."""
    found = set()
    for one in states.widgets if states is not None else ():
        kind = one.WhichOneof("value")
        if kind in PRESSED:
            value = getattr(one, kind)
            if value.ListFields() if hasattr(value, "ListFields") else value:
                found.add(one.id)
    return found


def _together(left: Iterable[WidgetStates], newest: WidgetStates | None) -> WidgetStates:
    """The newest fields, all buttons pressed, and fields of a page that was left, as they stood at the click."""
    found: dict[str, WidgetState] = {}
    for states in [*left, *([newest] if newest is not None else [])]:
        pressed = _pressed(states)
        for one in states.widgets:
            if one.id in pressed or one.WhichOneof("value") not in PRESSED or one.id not in found:
                found[one.id] = one
    return WidgetStates(widgets=found.values())
