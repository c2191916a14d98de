"""What a session holds: the sample at first, undo and redo, treatments as the scenario asks for them."""

import datetime as dt
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import state
from quietwing.coverage.app.jobs import collect
from quietwing.coverage.app.prices import with_price
from quietwing.coverage.app.questions import current, earlier
from quietwing.coverage.app.state import Layout
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import CalibratedConstruction, SiteCalibration, fingerprint, load_site


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
    own.verdict = answer(own, "verdict")
    own.saved["a"] = state.SavedLayout("a", own.layout, None, state.site_hash(own.site))
    state.open_bundled("radial")
    assert own.site == load_site("radial")
    assert (own.past, own.future, own.verdict, own.jobs) == ([], [], None, {})
    assert own.layout.devices
    assert own.saved["a"].site_hash != state.site_hash(own.site)


def test_your_own_site_comes_with_the_default_scenario(own):
    state.open_site(replace(own.site, name="mine"), state.YOURS)
    assert own.scenario == state.Scenario()
    assert own.layout == Layout()
    assert own.catalogue


KINDS = ("verdict", "leakage", "whatif", "plan", "frontier")


def answer(own: state.Session, kind: str) -> SimpleNamespace:
    """What a job would answer to the session's present question, its numbers left out."""
    site, scenario, devices = own.site, own.scenario, own.layout.devices
    name = fingerprint(site, scenario, devices, own.catalogue)[:12]
    verdict = SimpleNamespace(site=site, scenario=scenario, devices=devices, treatments=(), scenario_id=name)
    if kind in ("plan", "frontier"):  # a plan has devices of its own
        verdict.devices = (*(one for one in devices if one.state == "existing"), Device("P1", "room_jammer", 1, 1, 2))
        plan = SimpleNamespace(verdict=verdict, asked=scenario)
        return plan if kind == "plan" else SimpleNamespace(site=site, asked=scenario, plans=(plan,))
    return verdict


def asks(**changes: object) -> Callable[[state.Session], None]:
    return lambda own: state.change_scenario(replace(own.scenario, **changes))


def calibrated(own: state.Session) -> None:
    layer = SiteCalibration(dt.date(2026, 11, 20), 1, "w.csv", (CalibratedConstruction("brick_215", 1.0, 2.0),))
    own.site = replace(own.site, calibration=layer)


def one_stays(own: state.Session) -> None:
    first, *others = own.layout.devices
    state.change_layout(Layout((replace(first, state="existing"), *others)))


def dearer(own: state.Session) -> None:
    state.change_prices(with_price(own.catalogue, "room_jammer", "unit_price_gbp", 1.0))


@pytest.mark.parametrize(
    ("change", "old", "words"),
    [
        (lambda own: state.change_layout(moved(own.layout, 1.0)), {"verdict", "whatif"}, "another layout"),
        (one_stays, {"verdict", "whatif", "plan", "frontier"}, "another layout"),
        (asks(grade="evidence"), set(KINDS), "planning grade (90 %)"),
        (asks(spill_tier="strict"), set(KINDS), "limit outside"),
        (asks(seed=7), set(KINDS), "another seed"),
        (asks(budget_gbp=5.0), {"plan"}, "no budget limit"),
        (calibrated, set(KINDS), "calibration"),
        (dearer, {"whatif"}, "other prices"),
    ],
)
def test_a_result_is_current_only_for_the_question_it_was_asked(own, change, old, words):
    """The layout, rules and limits, masts and calibration, money: each result goes by some of them."""
    for kind in KINDS:
        setattr(own, kind, answer(own, kind))
        assert current(own, kind) is getattr(own, kind)
        assert earlier(own, kind) == ""
    site, scenario, layout, catalogue = own.site, own.scenario, own.layout, own.catalogue
    change(own)
    assert {kind for kind in KINDS if current(own, kind) is None} == old
    assert {kind for kind in KINDS if earlier(own, kind)} == old
    assert any(words in earlier(own, kind) for kind in old)
    own.site, own.scenario, own.layout, own.catalogue = site, scenario, layout, catalogue
    assert all(current(own, kind) for kind in KINDS)  # what is asked again has its answer


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("plan", asks(grade="evidence")),
        ("frontier", asks(grade="evidence")),
        ("verdict", lambda own: state.change_layout(moved(own.layout, 1.0))),
        ("whatif", lambda own: state.change_layout(moved(own.layout, 1.0))),
    ],
)
def test_what_comes_in_after_the_question_was_changed_answers_the_old_one(own, kind, change):
    found = answer(own, kind)
    own.jobs[kind] = SimpleNamespace(
        collected=False, running=lambda: False, result=lambda: found, error=lambda: None, discard=lambda: None
    )
    change(own)
    assert collect(own) == (kind,)
    assert getattr(own, kind) is found
    assert current(own, kind) is None


def test_another_question_ends_the_jobs_of_the_old_one_but_no_search(own):
    ended = []
    for kind in (*KINDS, "calibrate", "next"):
        own.jobs[kind] = SimpleNamespace(discard=lambda kind=kind: ended.append(kind))
    state.change_scenario(replace(own.scenario, budget_gbp=5.0))
    assert ended == []  # no assessment goes by the budget
    state.change_scenario(replace(own.scenario, grade="evidence"))
    assert (sorted(ended), sorted(own.jobs)) == (
        ["calibrate", "leakage", "next", "verdict", "whatif"],
        ["frontier", "plan"],
    )
