"""The Blockers page: the draft at once, the verdict's own numbers after it, and every route without a mouse."""

from dataclasses import replace
from pathlib import Path

import pytest
from shapely.geometry import box
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import blockers_files, panel
from quietwing.coverage.app.blockers_explain import sentences_of
from quietwing.coverage.app.blockers_files import uploaded_devices
from quietwing.coverage.app.blockers_page import _before
from quietwing.coverage.app.blockers_state import Desk
from quietwing.coverage.app.blockers_words import (
    change_in_words,
    cost_in_words,
    dead_by_verdict,
    treatments_toml,
)
from quietwing.coverage.app.model_words import model_in_words
from quietwing.coverage.app.plan_editor.layers import LAYERS
from quietwing.coverage.app.state import KEY, Layout, Session
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text, read_layout
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario, TreatmentWish, read_scenario
from quietwing.coverage.study import evaluate
from quietwing.coverage.study.explained import price
from quietwing.sites import load_site
from quietwing.sites.model import Room, Sector

CATALOGUE = read_catalogue()
HEADER = "id,model,x_m,y_m,z_m,storey\n"


def page_of_blockers() -> None:
    from quietwing.coverage.app import blockers_page

    blockers_page.show()


def beginning() -> None:
    from quietwing.coverage.app.state import session

    session()


def own_session() -> Session:
    own: Session = AppTest.from_function(beginning, default_timeout=60).run().session_state[KEY]
    return own


def opened(own: Session, **state: object) -> AppTest:
    page = AppTest.from_function(page_of_blockers, default_timeout=120)
    page.session_state[KEY] = own
    for name, value in state.items():
        page.session_state[name.replace("_", " ")] = value
    return page.run()


def begun(own: Session) -> Desk:
    """The session's desk, as the page makes it."""

    def script() -> None:
        from quietwing.coverage.app.blockers_state import desk

        desk()

    page = AppTest.from_function(script, default_timeout=60)
    page.session_state[KEY] = own
    found: Desk = page.run().session_state["blockers desk"]
    return found


def button(page: AppTest, label: str):
    return next(one for one in page.button if one.label == label)


def small(hut, **changes):
    """A hut of a cell and an office that keeps its service, one mast in sight."""
    mast = Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 300.0, 0.0, 25.0, 270.0, 4.0, "omni", 30.0, "UMa")
    rooms = (
        Room("A-01", "A", 0, box(0, 0, 3, 4), "silence"),
        Room("office", "A", 0, box(3, 0, 6, 4), "keep", operators=("EE",)),
    )
    return hut(sectors=(mast,), rooms=rooms, **changes)


JAMMER = Device("J1", "room_jammer", 1.5, 2.0, 2.5, 0, 30.0)


@pytest.fixture
def at_hut(hut) -> Session:
    own = own_session()
    own.site, own.scenario, own.layout = small(hut), Scenario(grid_m=1.0, worlds=100), Layout((JAMMER,))
    return own


@pytest.fixture(scope="module")
def judged(hut) -> dict[str, Verdict]:
    site, scenario = small(hut), Scenario(grid_m=1.0, worlds=100)
    return {
        "off": evaluate(site, scenario, catalogue=CATALOGUE),
        "on": evaluate(site, scenario, devices=(JAMMER,), catalogue=CATALOGUE),
    }


def said(page: AppTest) -> str:
    shown = (*page.info, *page.success, *page.warning, *page.error, *page.markdown, *page.caption, *page.text)
    return "\n".join(one.value for one in shown).replace("\\", "")


@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("houseblock", LAYERS),
        # twenty seconds of processor time each; benchmarks/app.py opens them in the browser
        pytest.param("radial", ("Margin",), marks=pytest.mark.long),
        pytest.param("campus", ("Blocked",), marks=pytest.mark.long),
    ],
)
def test_every_layer_opens_on_bundled_sites(name, views):
    own = own_session()
    if name != own.site_source:
        folder = Path(__file__).parents[3] / "sites" / "examples" / name
        own.site, own.site_source = load_site(name), name
        own.scenario = read_scenario(folder / "scenario.toml")
        own.layout = Layout(read_layout(folder / "layout.csv", own.catalogue))
    at = begun(own)
    for view in views:
        at.layers["blockers"] = view
        page = opened(own, blockers_desk=at, blockers_section="Files")
        assert not page.exception
        assert not page.error
        assert "rooms are blocked" in said(page) or "This layout blocks" in said(page)
        assert "enter quotes" in said(page)


def test_without_a_verdict_the_draft_says_that_it_is_one(at_hut):
    page = opened(at_hut)
    assert page.info[0].value.replace("\\", "").startswith("Quick estimate, A, Ground: 1 of 1 rooms are blocked")
    assert "Provisional: run the full assessment to confirm." in said(page)
    assert not button(page, "Full assessment").disabled
    spent = price(at_hut.site, at_hut.scenario, (JAMMER,), (), CATALOGUE)
    assert [one.value for one in page.metric] == [
        "not assessed",
        f"£{-(-spent.capex_gbp // 1):,.0f}",
        "1 of 1",
        "not assessed",
    ]


def test_the_verdicts_own_words_take_the_place_of_the_drafts(at_hut, judged):
    at_hut.before_verdict, at_hut.verdict = judged["off"], judged["on"]
    page = opened(at_hut)
    assert judged["on"].spill is not None
    kept = judged["on"].spill.passed
    (box,) = page.success if kept else page.warning  # green only where the limits outside are kept too
    text = box.value.replace("\\", "")
    assert ("Spill limit: kept" in text) is kept
    assert ("Spill limit: exceeded by " in text) is not kept
    assert text.startswith(
        "With blockers off a phone may work in 1 of 1 rooms. This layout blocks 1 at planning grade"
    )
    leaks = [one.value for one in page.metric if one.label == "Leaks, blockers off"]
    cells = judged["on"].by_room.sel(room="A-01")
    assert leaks == [f"{int(not cells['quiet_anyway'])} of 1"]  # the office is no room to be blocked
    of_grades = "; ".join(
        f"{count_rooms(judged['off'], at).silent} blocked at {one.grade.name} grade then, "
        f"{count_rooms(judged['on'], at).silent} now"
        for at, one in enumerate(judged["on"].grades)
    )
    assert of_grades.startswith("0 blocked at planning grade then, 1 now; 0 blocked at evidence grade then, ")
    assert f"Against the assessment before: {of_grades}; now blocked: A-01." in text
    assert not page.info
    assert button(page, "Full assessment").disabled


def test_a_banner_is_green_only_where_every_limit_is_kept(at_hut, judged):
    at_hut.layout = Layout(judged["on"].devices)
    for passed in (True, False):
        spill = replace(judged["on"].spill, passed=passed)
        asked, *others = judged["on"].grades
        at_hut.verdict = replace(judged["on"], grades=(replace(asked, spill=spill), *others))
        page = opened(at_hut)
        assert len(page.success) == passed
        assert len(page.warning) == (not passed)
        assert ("Spill limit: exceeded" in said(page)) != passed


def test_a_verdict_of_another_layout_is_not_shown_as_this_ones(at_hut, judged):
    at_hut.verdict = judged["off"]
    page = opened(at_hut)
    assert not page.success
    assert "The last result is for an earlier question: another layout." in said(page)
    at = begun(at_hut)
    at.layers["blockers"] = "Difference"
    assert not opened(at_hut, blockers_desk=at).exception
    before, what = _before(at, at_hut)
    assert (before.devices, what) == ((), "against the layout assessed")


def test_full_verdict_starts_the_job_of_this_layout(at_hut, monkeypatch):
    started = []
    monkeypatch.setattr(panel, "start_verdict", lambda: started.append(True))
    page = opened(at_hut)
    button(page, "Full assessment").click().run()
    assert started == [True]


def test_undo_and_redo_of_the_plan(at_hut):
    at_hut.past = [Layout()]
    gesture(at_hut, {"op": "undo"})
    assert at_hut.layout == Layout()
    assert "0 of 0 blockers" in said(opened(at_hut, blockers_section="Tables"))
    gesture(at_hut, {"op": "redo"})
    assert at_hut.layout == Layout((JAMMER,))


def test_a_blocker_under_the_hand_is_looked_at_and_not_taken(at_hut):
    at = begun(at_hut)
    gesture(at_hut, {"op": "drag", "id": "J1", "x": 2.5, "y": 1.0, "n": "1"}, at)
    assert at_hut.layout == Layout((JAMMER,))
    assert at.held.devices[0].x_m == 2.5
    page = opened(at_hut, blockers_desk=at)
    assert not page.exception
    assert len(at.drafting.places) == 1
    assert at.known(0, at.held.devices, ()) is not None  # the estimate is of where it is now
    gesture(at_hut, {"op": "drag", "id": "J1", "x": 1.5, "y": 2.0, "n": "2"}, at)
    assert at.held is None
    gesture(at_hut, {"op": "move", "id": "J1", "x": 2.5, "y": 1.0, "n": "3"}, at)
    assert (at.held, at_hut.layout.devices[0].x_m, len(at_hut.past)) == (None, 2.5, 1)


def test_the_selected_blocker_is_changed_in_the_panel_and_every_change_is_a_step(at_hut):
    at = begun(at_hut)
    gesture(at_hut, {"op": "choose", "id": "J1"}, at)
    page = opened(at_hut, blockers_desk=at)
    assert not page.exception
    page.slider(key="device J1 azimuth").set_value(90.0).run()
    page.slider(key="device J1 power").set_value(10.0).run()
    page.checkbox(key="device J1 B20 on").uncheck().run()
    page.number_input(key="device J1 height").set_value(2.0).run()
    assert not page.exception
    device = at_hut.layout.devices[0]
    assert (device.azimuth_deg, device.power_dbm, device.trim_db, device.z_m) == (90.0, 10.0, (("B20", -60.0),), 2.0)
    assert len(at_hut.past) == 4
    page.number_input(key="device J1 height").set_value(-900.0).run()
    assert page.error
    assert at_hut.layout.devices[0].z_m == 2.0
    button(page, "Delete it").click().run()
    assert at_hut.layout.devices == ()


@pytest.mark.parametrize(
    ("edit", "then"),
    [
        ({"op": "place", "place": -1}, lambda at: at.place == -1),
        ({"op": "place", "place": 7}, lambda at: at.place == 0),
        ({"op": "place", "place": "1"}, lambda at: at.place == 0),
        ({"op": "layer", "layer": "Margin"}, lambda at: at.layers["blockers"] == "Margin"),
        ({"op": "layer", "layer": "<b>"}, lambda at: at.layers["blockers"] == "Blocked"),
        ({"op": "channel", "channel": "EE/B20/LTE"}, lambda at: at.channel == "EE/B20/LTE"),
        ({"op": "channel", "channel": "EE/B3/LTE"}, lambda at: at.channel == ""),
        ({"op": "choose", "id": "J9"}, lambda at: at.chosen == ""),
    ],
)
def test_the_plan_asks_for_storeys_layers_and_channels_that_there_are(at_hut, edit, then):
    at = begun(at_hut)
    gesture(at_hut, edit, at)
    assert then(at)
    assert not opened(at_hut, blockers_desk=at).exception


def test_the_question_is_asked_in_the_panel_and_a_negative_budget_is_refused(at_hut, monkeypatch):
    begun_anew = []
    monkeypatch.setattr(panel, "start_verdict", lambda: begun_anew.append(True))
    page = opened(at_hut)
    page.select_slider(key="confidence asked for").set_value(0.99).run()
    page.selectbox(key="limit asked for").select("strict").run()
    assert (at_hut.scenario.confidence, at_hut.scenario.spill_tier) == (0.99, "strict")
    page.select_slider(key="confidence asked for").set_value(0.9).run()
    assert at_hut.scenario.confidence is None  # the grade's own
    at = page.session_state["blockers desk"]
    page.number_input(key="budget asked for").set_value(500.0).run()
    assert at_hut.scenario.budget_gbp == 500.0
    assert page.session_state["blockers desk"] is at  # a budget makes no estimate anew
    assert begun_anew == []


def gesture(own: Session, edit: object, at: Desk | None = None) -> AppTest:
    """The plan's script sends an edit; what it leads to is in the session and on the desk."""

    def script() -> None:
        import streamlit as st

        from quietwing.coverage.app.blockers_state import BLOCKERS, editor_key, on_edit

        st.session_state[editor_key(BLOCKERS)] = {"edit": st.session_state["sent"]}
        on_edit()

    page = AppTest.from_function(script, default_timeout=60)
    page.session_state[KEY], page.session_state["sent"] = own, edit
    if at is not None:
        page.session_state["blockers desk"] = at
    page.run()
    assert not page.exception
    return page


def test_gestures_change_the_layout_and_are_answered(at_hut):
    page = gesture(at_hut, {"op": "add", "x": 2.0, "y": 1.0, "n": "7"})
    desk = page.session_state["blockers desk"]
    assert (desk.ack, desk.select, desk.problems) == ("7", "B1", ())
    assert page.session_state[KEY].layout.devices[1].model == "room_jammer"
    gesture(at_hut, {"op": "treat", "opening": "w1", "n": "8"})
    assert at_hut.layout.treatments == (Treatment("w1", "window_mesh"),)
    gesture(at_hut, {"op": "undo"})
    gesture(at_hut, {"op": "undo"})
    assert at_hut.layout == Layout((JAMMER,))
    gesture(at_hut, {"op": "redo"})
    assert len(at_hut.layout.devices) == 2


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"op": "add", "x": 9999, "y": 0, "n": "x" * 999}, "Not done: plan: B1: stands at"),
        ({"op": "explain", "room": "nowhere"}, "There is no room 'nowhere' on this storey"),
        ({"op": "undo"}, "Nothing to undo"),
        ({"op": "redo"}, "Nothing to do again"),
        ({"op": {"a": 1}}, "Not done: the plan sent"),
    ],
)
def test_a_gesture_that_cannot_be_is_answered_in_words(at_hut, edit, message):
    desk = gesture(at_hut, edit).session_state["blockers desk"]
    assert desk.message.startswith(message)
    assert len(desk.ack) <= 60
    assert at_hut.layout == Layout((JAMMER,))


@pytest.mark.parametrize("edit", [None, 5, "add", ["add"]])
def test_what_is_no_edit_is_left_alone(at_hut, edit):
    gesture(at_hut, edit)
    assert at_hut.layout == Layout((JAMMER,))


def test_windows_of_the_scenario_stay_its_own(at_hut):
    at_hut.scenario = Scenario(grid_m=1.0, worlds=100, treatments=(TreatmentWish("window_mesh", ("A-01",)),))
    desk = gesture(at_hut, {"op": "untreat", "opening": "w1"}).session_state["blockers desk"]
    assert desk.message == "This window is treated by the scenario, not by the layout"
    assert "Treated by the scenario" not in said(opened(at_hut))


def test_a_cell_is_explained_by_the_list_too(at_hut, judged):
    at_hut.verdict = judged["on"]
    page = opened(at_hut)
    page.selectbox(key="blockers room").select("A-01").run()
    assert not page.exception
    assert "Full assessment, planning grade: A-01 is blocked; no phone works in 100 % of simulations." in said(page)
    assert "Full assessment, evidence grade: A-01 is " in said(page)
    assert "EE 800 MHz 4G" in said(page)
    assert "EIRP of m1 in the reference bandwidth" in [str(one.value.iloc[0, 0]) for one in page.dataframe]
    page.selectbox(key="blockers room").select("office").run()
    assert "office must keep its service" in said(page)


def test_layouts_are_kept_opened_and_removed_by_name(at_hut, judged):
    at_hut.verdict = judged["on"]
    page = opened(at_hut, blockers_section="Files")
    button(page, "Save this layout").click().run()
    assert "Name: is empty" in said(page)
    page.text_input(key="blockers name").input("  **one**  ").run()
    next(one for one in page.button if one.label == "Save this layout").click().run()
    saved = page.session_state[KEY].saved["**one**"]
    assert (saved.layout, saved.verdict) == (at_hut.layout, judged["on"])
    at_hut.layout, at_hut.verdict = Layout(), judged["off"]
    next(one for one in page.button if one.label == "Open it").click().run()
    own = page.session_state[KEY]
    assert (own.layout, own.verdict, own.before_verdict) == (Layout((JAMMER,)), judged["on"], judged["off"])
    next(one for one in page.button if one.label == "Remove it").click().run()
    assert page.session_state[KEY].saved == {}


def test_there_is_an_end_to_saving(at_hut, monkeypatch):
    monkeypatch.setattr(blockers_files, "MOST_SAVED", 0)
    page = opened(at_hut, blockers_section="Files")
    page.text_input(key="blockers name").input("one more").run()
    next(one for one in page.button if one.label == "Save this layout").click().run()
    assert "0 layouts are saved already" in said(page)


def test_an_uploaded_layout_is_used_and_can_be_undone(at_hut):
    page = opened(at_hut, blockers_section="Files")
    page.file_uploader(key="blockers upload").upload(
        "mine.csv", (HEADER + "N1,micro_jammer,1,1,2.5,0\n").encode(), "text/csv"
    ).run()
    assert "mine.csv: 1 blockers, nothing wrong." in said(page)
    next(one for one in page.button if one.label == "Use this layout").click().run()
    assert [device.id for device in page.session_state[KEY].layout.devices] == ["N1"]
    gesture(page.session_state[KEY], {"op": "undo"})
    assert page.session_state[KEY].layout == Layout((JAMMER,))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"PK\x03\x04\x00\x00", "NUL"),
        (b"just words", "no header"),
        ((HEADER + "N1,nothing,1,1,2.5,0\n").encode(), "not in the catalogue"),
        ((HEADER + "N1,micro_jammer,900,1,2.5,0\n").encode(), "outside the perimeter"),
        ((HEADER + "N1,micro_jammer,1,1,2.5,4\n").encode(), "has storeys 0 to 0"),
        ((HEADER + "N1,micro_jammer,one,1,2.5,0\n").encode(), "x_m"),
        ((HEADER + "N1,window_mesh,1,1,2.5,0\n").encode(), "mesh for windows"),
        (b"#" * (8 * 2**20 + 1), "limit"),
    ],
)
def test_a_wrong_upload_is_refused_in_words(hut, content, message):
    with pytest.raises(ScenarioError, match=message):
        uploaded_devices(small(hut), CATALOGUE, "mine.csv", content)


def test_a_layout_read_back_is_the_same(hut):
    content = layout_text((JAMMER,)).encode()
    assert uploaded_devices(small(hut), CATALOGUE, "layout.csv", content) == (JAMMER,)


def test_a_wrong_upload_on_the_page_changes_nothing(at_hut):
    page = opened(at_hut, blockers_section="Files")
    page.file_uploader(key="blockers upload").upload("<b>x</b>.csv", b"\x00", "text/csv").run()
    assert "There is a problem with this file" in said(page)
    assert page.session_state[KEY].layout == Layout((JAMMER,))
    assert all(one.label != "Use this layout" for one in page.button)


def test_the_cost_is_the_optimisers(hut):
    site, scenario = small(hut), Scenario(budget_gbp=100.0)
    spent = price(site, scenario, (JAMMER,), (Treatment("w1", "window_mesh"),), CATALOGUE)
    words = cost_in_words(spent, scenario)
    assert f"£{-(-spent.capex_gbp // 1):,.0f} to buy and install" in words
    assert "OVER BUDGET: the budget of £100 is exceeded." in words
    assert model_in_words(CATALOGUE["mas_node"]) == "mas_node (managed access, £6,500, placeholder)"


def test_what_changed_between_verdicts_names_the_cells(judged):
    assert change_in_words(None, judged["on"]) == ""
    assert "no longer blocked: A-01" in change_in_words(judged["on"], judged["off"])
    assert "no room has changed" in change_in_words(judged["on"], judged["on"])
    assert dead_by_verdict(judged["on"]) == {"A-01": True}


def test_treatments_as_a_scenario_reads_them(tmp_path):
    wishes = (TreatmentWish("window_mesh", ("A-[0]1", 'a "b"')),)
    path = tmp_path / "scenario.toml"
    path.write_text(treatments_toml(wishes), "utf-8")
    assert read_scenario(path).treatments == wishes


def test_a_hole_is_explained_with_its_remedy(hut, judged):
    drafting = Drafting(small(hut), Scenario(grid_m=1.0, worlds=100), CATALOGUE)
    words = sentences_of("A-01", drafting.draft(0, ()), judged["off"])
    assert words[0].startswith("Full assessment, planning grade: A-01 is not blocked (a phone may work)")
    assert words[1].startswith("Full assessment, evidence grade: A-01 is not blocked (a phone may work)")
    assert any("EE 800 MHz 4G works" in sentence for sentence in words)
    assert words[-1].startswith("A-01: not blocked (quick estimate)")


def test_another_site_clears_the_desk(at_hut, hut):
    page = opened(at_hut)
    first = page.session_state["blockers desk"]
    at_hut.site = small(hut, name="other")
    page.run()
    second = page.session_state["blockers desk"]
    assert second is not first
    assert second.drafting.site.name == "other"


def test_names_of_a_site_are_shown_as_they_stand(at_hut, hut):
    from quietwing.sites.model import Building, Storey

    nasty = "**A** <b>x</b> :red[y]"
    at_hut.site = small(hut, buildings=(Building("A", box(0, 0, 6, 4), (Storey("0", 0.0, 3.0),), nasty),))
    page = opened(at_hut)
    assert not page.exception
    assert "\\*\\*A\\*\\*" in page.info[0].value
    assert nasty in said(page)
