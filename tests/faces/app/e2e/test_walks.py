"""Three people at the app: a planner, a buyer, a governor with five minutes; a picture of every step if asked for."""

import io
import os
import re
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SHOTS = "QUIETWING_SHOTS"


@pytest.fixture
def walk(app, open_window):
    """A window at 1280 x 800 that is photographed step by step."""
    planner = open_window(app, 1280, 800)
    planner.steps = 0

    def step(name: str) -> None:
        planner.steps += 1
        assert planner.exceptions() == 0, name
        if SHOTS in os.environ:
            planner.page.screenshot(path=Path(os.environ[SHOTS]) / f"walk_{name}_{planner.steps}.png")

    planner.step = step
    return planner


def test_the_governor_reads_the_answer_and_takes_the_report(walk):
    """One sentence and the numbers on the first screen, the limits, the report: all of the stored example."""
    walk.arrive()
    said = walk.page.get_by_test_id("stAlert").first.inner_text()
    numbers = re.search(r"may work in (\d+) of (\d+) rooms. This layout blocks (\d+) at planning grade", said)
    assert numbers is not None
    shown = walk.page.get_by_test_id("stMetric")
    shown.filter(has_text=f"{numbers[3]} of {numbers[2]}").first.wait_for()  # the panel may be drawn after the words
    metrics = shown.all_inner_texts()
    assert any(f"{numbers[1]} of {numbers[2]}" in each for each in metrics)
    assert any(f"{numbers[3]} of {numbers[2]}" in each for each in metrics)
    walk.step("governor")
    walk.go("report")
    assert said.strip() in walk.text()  # one yardstick on every page
    assert sorted(walk.page.get_by_test_id("stMetric").all_inner_texts()) == sorted(metrics)
    walk.step("governor")
    for name in ("Rooms not blocked", "Limits", "Not covered", "In full"):
        walk.page.get_by_role("tab", name=name, exact=True).click()
        walk.rest()
        walk.step("governor")


def test_the_planner_draws_blocks_and_looks_at_every_storey(walk, small_zip):
    walk.arrive("my-site")
    walk.upload("small.zip", small_zip)
    walk.step("planner")
    walk.go("signals")
    walk.step("planner")
    walk.go("blockers")
    marks = walk.page.locator(".quietwing-plan [data-device]")
    marks.first.wait_for()
    walk.rest()
    before = walk.page.get_by_test_id("stAlert").first.inner_text()
    walk.page.get_by_role("button", name="Add a blocker").click()
    room = walk.page.locator(".quietwing-plan [data-room]").nth(2).bounding_box()
    many = marks.count()
    walk.page.mouse.click(room["x"] + room["width"] / 2, room["y"] + room["height"] / 3)
    marks.nth(many).wait_for()
    walk.rest()
    walk.page.get_by_role("button", name="Copy to all storeys").wait_for()  # its properties stand in the panel
    walk.step("planner")
    assert before.startswith("Quick estimate")
    for layer in ("Margin", "Signal", "Usable channels", "Best blocker", "Difference"):
        walk.layer(layer)
        walk.step("planner")
    walk.storey("Whole site")
    walk.step("planner")


def test_the_buyer_compares_layouts_and_takes_bill_and_sheet(walk, small_zip):
    walk.arrive("my-site")
    walk.upload("small.zip", small_zip)
    walk.go("blockers")
    walk.page.locator(".quietwing-plan [data-device]").first.wait_for()
    walk.press("Full assessment")
    walk.page.get_by_test_id("stAlert").filter(has_text="This layout blocks").wait_for()
    walk.rest()
    walk.section("Files")
    assert "placeholder" in walk.text()
    walk.step("buyer")
    walk.page.get_by_role("tab", name="Export", exact=True).click()
    walk.rest()
    bill = walk.download("bill_of_materials.csv").decode()
    assert "room_jammer" in bill
    walk.go("compare")
    walk.page.locator(".quietwing-plan .slice").nth(1).wait_for()  # drawn after the page is there
    names = walk.page.locator(".quietwing-plan .slice").all_inner_texts()
    assert names == ["No blockers", "The current layout"]
    walk.step("buyer")
    walk.page.get_by_role("tab", name="Numbers and files").click()
    walk.rest()
    walk.step("buyer")
    book = walk.download("Download workbook with bills of materials (XLSX)")
    assert zipfile.is_zipfile(io.BytesIO(book))
    walk.go("plan")
    walk.step("buyer")
    spin = walk.page.get_by_role("spinbutton", name="Budget [£]", exact=True)
    spin.fill("-500")
    spin.press("Enter")
    walk.rest()
    field = walk.page.get_by_test_id("stNumberInput").filter(has=spin).bounding_box()
    said = walk.page.get_by_text("Give a budget of £0 or more; -500 is too low.").bounding_box()
    assert 0 <= said["y"] - (field["y"] + field["height"]) <= 40  # pixels: right under it
    walk.step("buyer")
