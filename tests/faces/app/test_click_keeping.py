"""A click that a run was begun for is taken, whatever ends that run and whenever; and taken once."""

import asyncio
import threading
from unittest.mock import MagicMock

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, StopException
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.state import SessionState

from quietwing.coverage.app import shell
from quietwing.coverage.app.click_keeping import ClickKeepingRunner, _together

BUTTON = "$$ID-of a button"


def clicked(**fields: str) -> WidgetStates:
    """What the browser sends at a click."""
    return WidgetStates(widgets=[WidgetState(id=BUTTON, trigger_value=True), *filled(**fields).widgets])


def filled(**fields: str) -> WidgetStates:
    """What it sends with other runs."""
    return WidgetStates(widgets=[WidgetState(id=name, string_value=value) for name, value in fields.items()])


@pytest.fixture
def runner_of(tmp_path, monkeypatch):
    """Makes runners of one session, as Streamlit's server does."""
    monkeypatch.setattr(Runtime, "_instance", MagicMock())
    script = tmp_path / "script.py"
    script.write_text("")
    state, pages = SessionState(), PagesManager(str(script))

    def make(asked: WidgetStates | None) -> ClickKeepingRunner:
        return ClickKeepingRunner(
            session_id="one",
            main_script_path=str(script),
            session_state=state,
            uploaded_file_mgr=MemoryUploadedFileManager("/files"),
            script_cache=ScriptCache(),
            initial_rerun_data=RerunData(widget_states=asked),
            user_info={},
            fragment_storage=MemoryFragmentStorage(),
            pages_manager=pages,
            event_loop=asyncio.new_event_loop(),
        )

    return make


@pytest.fixture
def taken(monkeypatch):
    """What callbacks are called for, in order: of each run the fields and whether the button was pressed."""
    seen = []

    def note(_, states, **__):
        values = {one.id: getattr(one, one.WhichOneof("value")) for one in states.widgets}
        seen.append((values.pop(BUTTON, False), values))

    monkeypatch.setattr(SessionState, "on_script_will_rerun", note)
    return seen


def run(runner: ScriptRunner) -> None:
    runner.start()
    runner._script_thread.join(20)
    assert not runner._script_thread.is_alive()


def test_a_run_that_was_ended_before_it_began_hands_its_click_on(runner_of, taken):
    first = runner_of(clicked(site="radial"))
    first.request_stop()
    second = runner_of(filled(page="help"))
    run(first)
    assert taken == []
    run(second)
    assert taken == [(True, {"site": "radial", "page": "help"})]
    run(runner_of(filled(page="plan")))
    assert taken[1:] == [(False, {"page": "plan"})]


def test_a_click_that_waits_for_a_run_to_end_is_handed_on_when_another_run_is_begun(runner_of, taken):
    first = runner_of(filled(site="radial"))
    assert first.request_rerun(RerunData(widget_states=clicked(site="radial"), fragment_id="watch"))
    first.request_stop()
    run(runner_of(filled(site="radial")))
    assert taken == [(True, {"site": "radial"})]


def test_a_click_that_was_taken_is_not_handed_on(runner_of, taken):
    first = runner_of(clicked())
    run(first)
    first.request_stop()
    run(runner_of(filled()))
    assert taken == [(True, {}), (False, {})]


def test_what_a_click_is_for_is_done_to_its_end_and_the_next_run_waits_for_it(runner_of, monkeypatch):
    begun, go_on, said = threading.Event(), threading.Event(), []

    def act(_, states, **__):
        if not states.widgets:
            said.append("second run")
            return
        begun.set()
        assert go_on.wait(20)
        first._session_state["looked at"] = True  # where a run that has been ended is ended
        said.append("done")

    monkeypatch.setattr(SessionState, "on_script_will_rerun", act)
    first = runner_of(clicked())
    first.start()
    assert begun.wait(20)
    first.request_stop()
    second = runner_of(filled())
    second.start()
    second._script_thread.join(0.2)
    assert said == []
    go_on.set()
    for each in (first, second):
        each._script_thread.join(20)
    assert said == ["done", "second run"]


def test_a_run_that_was_ended_calls_nothing(runner_of):
    first = runner_of(clicked())
    first.request_stop()
    with pytest.raises(StopException), first.callbacks(clicked()):
        pytest.fail("it was handed on")


def test_the_newest_fields_count_and_every_click():
    found = _together([clicked(site="old", left="kept")], filled(site="new"))
    assert {one.id: getattr(one, one.WhichOneof("value")) for one in found.widgets} == {
        BUTTON: True,
        "site": "new",
        "left": "kept",
    }


def test_the_app_has_its_runs_made_so(monkeypatch):
    from streamlit.runtime import app_session  # what the server takes its runner from

    monkeypatch.setattr(app_session, "ScriptRunner", ScriptRunner)
    shell.keep_clicks()
    assert app_session.ScriptRunner is ClickKeepingRunner
