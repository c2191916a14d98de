"""What a session holds: the sample at first, undo and redo, treatments as the scenario asks for them."""

import os
import stat
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import state
from quietwing.coverage.app.state import Layout
from quietwing.coverage.equipment import Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import load_site


def page() -> None:
    """Hands out the session of this AppTest."""
    import streamlit as st

    from quietwing.coverage.app.state import session

    st.session_state["own"] = session()


def begun() -> state.Session:
    return AppTest.from_function(page, default_timeout=30).run().session_state["own"]


@pytest.fixture
def own(monkeypatch) -> state.Session:
    """A session that the functions of the module take for the asking one."""
    found = begun()
    monkeypatch.setattr(state, "session", lambda: found)
    return found


def moved(layout: Layout, by_m: float) -> Layout:
    first, *others = layout.devices
    return replace(layout, devices=(replace(first, x_m=first.x_m + by_m), *others))


def test_a_session_opens_with_the_sample_and_its_own_layout(own):
    assert own.site_source == "houseblock"
    assert len(own.layout.devices) == 28
    assert own.verdict is None
    assert own.past == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_folder_of_a_session_is_its_user_s_alone(own):
    assert stat.S_IMODE(own.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(own.folder.parent.stat().st_mode) == 0o700


def test_two_sessions_share_no_mutable_thing():
    one, other = begun(), begun()
    assert one.folder != other.folder
    for name in ("past", "future", "saved", "jobs", "catalogue"):
        assert getattr(one, name) is not getattr(other, name), name


def test_undo_and_redo_go_through_every_layout_and_back(own):
    layouts = [own.layout, moved(own.layout, 1.0), moved(own.layout, 2.0)]
    for layout in layouts[1:]:
        state.change_layout(layout)
    assert [state.undo(), state.undo(), state.undo()] == [True, True, False]
    assert own.layout == layouts[0]
    assert [state.redo(), state.redo(), state.redo()] == [True, True, False]
    assert own.layout == layouts[2]


def test_a_change_after_undo_forgets_what_was_undone(own):
    state.change_layout(moved(own.layout, 1.0))
    state.undo()
    state.change_layout(moved(own.layout, 5.0))
    assert not state.redo()


def test_a_change_to_the_same_layout_is_no_step(own):
    state.change_layout(replace(own.layout))
    assert own.past == []


def test_treated_windows_become_wishes_that_mean_these_windows(own):
    windows = {opening.id for opening in own.site.openings if opening.kind == "window"}
    wanted = tuple(Treatment(opening, "mesh_12mm") for opening in sorted(windows)[:1])
    mesh = next(name for name, model in own.catalogue.items() if model.kind == "mesh")
    wanted = tuple(replace(each, model=mesh) for each in wanted)
    scenario = state.scenario_with(Layout((), wanted))
    assert resolve_treatments(own.site, scenario.treatments, own.catalogue) == wanted
    assert state.scenario_with(Layout()) == own.scenario


def test_a_treatment_of_a_window_that_is_not_there_is_refused_by_name(own):
    with pytest.raises(ScenarioError, match="no-such-window"):
        state.scenario_with(Layout((), (Treatment("no-such-window", "any"),)))


def test_another_site_leaves_nothing_of_the_old_one_but_saved_layouts(own):
    state.change_layout(moved(own.layout, 1.0))
    own.verdict_of = own.layout
    own.saved["a"] = state.SavedLayout("a", own.layout, None, state.site_hash(own.site))
    state.open_bundled("radial")
    assert own.site == load_site("radial")
    assert (own.past, own.future, own.verdict_of, own.jobs) == ([], [], None, {})
    assert own.layout.devices
    assert own.saved["a"].site_hash != state.site_hash(own.site)


def test_your_own_site_comes_with_the_default_scenario(own):
    state.open_site(replace(own.site, name="mine"), state.YOURS)
    assert own.scenario == state.Scenario()
    assert own.layout == Layout()
    assert own.catalogue


def test_a_verdict_is_current_only_for_the_very_layout(own):
    own.verdict, own.verdict_of = object(), own.layout
    assert state.current_verdict() is own.verdict
    state.change_layout(moved(own.layout, 1.0))
    assert state.current_verdict() is None
    state.undo()
    assert state.current_verdict() is own.verdict


def test_equal_layouts_have_one_name(own):
    assert state.layout_hash(own.layout) == state.layout_hash(replace(own.layout))
    assert state.layout_hash(own.layout) != state.layout_hash(moved(own.layout, 0.1))
