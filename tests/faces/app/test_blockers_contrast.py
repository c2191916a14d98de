"""The contrast budget of an explained cell: behind a click, for holes only, worked out once."""

from shapely.geometry import box
from streamlit.testing.v1 import AppTest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
from quietwing.coverage.study.contrast import contrast_budget
from quietwing.sites.model import Room, Sector

JAMMER = Device("J1", "room_jammer", 1.5, 2.0, 2.5, 0, 30.0)


def expander() -> None:
    import streamlit

    from quietwing.coverage.app.blockers_contrast import contrast_expander

    contrast_expander("A-01", streamlit.session_state["verdict"])


def opened(verdict) -> AppTest:
    page = AppTest.from_function(expander, default_timeout=120)
    page.session_state["verdict"] = verdict
    return page.run()


def small(hut, devices=()):
    mast = Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 300.0, 0.0, 25.0, 270.0, 4.0, "omni", 30.0, "UMa")
    site = hut(sectors=(mast,), rooms=(Room("A-01", "A", 0, box(0, 0, 6, 4), "silence"),))
    return evaluate(site, Scenario(grid_m=1.0, worlds=100), devices=devices, catalogue=read_catalogue(), maps=False)


def test_a_hole_has_its_budget_after_a_click_and_the_same_as_the_engines(hut):
    verdict = small(hut)
    page = opened(verdict)
    assert [one.label for one in page.expander] == ["Contrast budget"]
    assert not page.dataframe
    page.button[0].click().run()
    assert not page.exception
    shown = dict(zip(page.dataframe[0].value["Line"], page.dataframe[0].value["Value"], strict=True))
    budget = contrast_budget(verdict, "A-01", catalogue=read_catalogue())
    assert shown["level needed from blockers inside"] == f"{budget.needed_dbm:.1f}"
    assert shown["level allowed from blockers outside"] == f"{budget.allowed_dbm:.1f}"
    assert not page.run().button  # kept for as long as the verdict is the same


def test_a_silent_cell_and_one_without_a_verdict_have_none(hut):
    assert not opened(small(hut, (JAMMER,))).expander
    assert not opened(None).expander
