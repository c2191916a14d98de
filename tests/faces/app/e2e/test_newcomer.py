"""Somebody new: from an architect's DXF and a public cell list to a first plan, without the docs.

A picture of every step if asked for.
"""

import math
import os
import re
from pathlib import Path

import pytest
from by_path import module_at

pytestmark = pytest.mark.slow

SHOTS = "QUIETWING_SHOTS"
LAT, LON = 54.97, -1.61
METRES_OF_A_DEGREE = 111_320.0
HEADER = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
# Cells of two operators, metres east and north of the site: as anybody can fetch them. So far away that a jammer in a
# room is heard above them there, and not beyond a fence at 150 m.
CELLS = (("LTE", 20, 3200, 1200), ("GSM", 15, -2400, 3600))
FENCE_M = 150
MOST_SEARCH_MS = 240_000


@pytest.fixture
def dxf(tmp_path) -> Path:
    drawn = module_at("tests/places/drawn_plans.py")
    return drawn.dxf_plan(tmp_path / "wing.dxf")


def cell_list() -> bytes:
    rows = []
    for number, (radio, net, east, north) in enumerate(CELLS, 1):
        lat = LAT + north / METRES_OF_A_DEGREE
        lon = LON + east / METRES_OF_A_DEGREE / math.cos(math.radians(LAT))
        rows.append(f"{radio},234,{net},100,{number},0,{lon:.6f},{lat:.6f},1000,20,1,1500000000,1600000000,0")
    return "\n".join([HEADER, *rows, ""]).encode()


def test_from_a_drawing_and_a_cell_list_to_a_first_plan(app, open_window, dxf):
    planner = open_window(app, 1280, 800)
    page, steps = planner.page, []

    def step(name: str, full: bool = False) -> None:
        steps.append(name)
        assert planner.exceptions() == 0, name
        if SHOTS in os.environ:
            page.screenshot(path=Path(os.environ[SHOTS]) / f"newcomer_{len(steps):02d}_{name}.png", full_page=full)

    planner.arrive()
    step("first_screen")
    planner.press("Open my site")
    step("site")
    page.get_by_text("Upload a drawing or site", exact=True).click()
    planner.rest()
    step("upload")
    page.locator(".st-key-site-upload input[type=file]").set_input_files(dxf)
    planner.rest()
    step("chosen")
    planner.press("Read wing.dxf")
    step("proposal")
    page.get_by_text("Unit, scale, heights, rooms, fence").click()
    fence = page.get_by_role("spinbutton", name="From the building to the fence [m]")
    fence.fill(str(FENCE_M))
    fence.press("Tab")
    planner.rest()
    step("fence")
    planner.press("Read again with this mapping")
    page.set_viewport_size({"width": 1280, "height": 1600})
    planner.rest()
    step("proposal_whole")
    page.set_viewport_size({"width": 1280, "height": 800})
    planner.press("Open this site")
    step("opened")
    page.get_by_role("tab", name="Masts and measurements").click()
    planner.rest()
    step("masts")
    page.locator(".st-key-masts-list input[type=file]").set_input_files(
        {"name": "234.csv", "mimeType": "text/csv", "buffer": cell_list()}
    )
    planner.rest()
    step("list_chosen")
    planner.press("Find the masts")
    step("place_missing")
    for label, value in (("Latitude of its middle [°]", LAT), ("Longitude [°], west is negative", LON)):
        field = page.get_by_role("spinbutton", name=label)
        field.fill(str(value))
        field.press("Tab")
        planner.rest()
    planner.press("Find the masts")
    page.get_by_text(re.compile(r"\d+ sectors from")).wait_for()
    page.get_by_role("button", name="Use these masts").scroll_into_view_if_needed()
    step("masts_found")
    planner.press("Use these masts")
    step("masts_used")
    page.get_by_role("tab", name="This site").click()
    planner.rest()
    step("this_site")
    planner.go("signals")
    step("signals")
    planner.go("plan")
    page.get_by_role("combobox", name="How long to search").click()
    page.get_by_role("option", name=re.compile("^Quick")).click()
    planner.rest()
    step("plan")
    planner.press("Search for a plan")
    page.get_by_role("button", name="Open this plan in Blockers").wait_for(timeout=MOST_SEARCH_MS)
    planner.rest()
    step("plan_found")
    planner.press("Open this plan in Blockers")
    page.locator(".quietwing-plan [data-device]").first.wait_for()
    planner.rest()
    step("first_plan")


def test_a_walk_is_clicked_on_the_plan(planner):
    """A log without places: the plan to click on stands there by itself, and each click is a waypoint."""
    planner.arrive("surveys")
    page = planner.page
    log = b"time,MCC,MNC,RAT,EARFCN,RSRP\n10:00:01,234,15,4G,6300,-91\n"
    page.locator(".st-key-walk-file input[type=file]").set_input_files(
        {"name": "walk.csv", "mimeType": "text/csv", "buffer": log}
    )
    page.get_by_text("A click sets waypoint 1").wait_for()
    planner.rest()
    for number, across in ((2, 0.3), (3, 0.6)):
        plan = page.locator(".st-key-walk-picture svg").bounding_box()
        page.mouse.click(plan["x"] + across * plan["width"], plan["y"] + 0.2 * plan["height"])
        page.get_by_text(f"A click sets waypoint {number}").wait_for()
        planner.rest()
    planner.press("Take the last click back")
    page.get_by_text("A click sets waypoint 2").wait_for()
    planner.press("Read this file")
    page.get_by_test_id("stAlert").filter(has_text="is no waypoint").wait_for()  # nobody has written its time
    assert planner.exceptions() == 0
