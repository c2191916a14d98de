"""Three people at the app: a planner, a buyer, a governor with five minutes; a picture of every step if asked for."""

import csv
import html
import io
import os
import re
import zipfile
from pathlib import Path

import pytest

from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import layout_text

pytestmark = pytest.mark.slow

SHOTS = "QUIETWING_SHOTS"
ROW_PX = 35  # of a table
FIRST_CELL = {"x": 70, "y": 1.5 * ROW_PX}  # pixels, right of the boxes to select rows
BIDS = {  # a vendor's bid is a layout with prices
    "Bid A": (Device("A1", "room_jammer", 0.0, 2.4, 2.7, unit_price_gbp=1900.0),),
    "Bid B": (
        Device("B1", "room_jammer", 0.0, 2.4, 2.7, unit_price_gbp=1500.0),
        Device("B2", "micro_jammer", 3.0, 2.4, 2.7, unit_price_gbp=700.0),
    ),
}
TOO_WEAK_DBM = "-45"
POWER = "#glide-cell-9-0"  # of the first blocker in the table
# Of every blocker on the plan whether a click on it would meet it.
MET = """plan => [...plan.querySelectorAll('[data-device] .mark')].map(mark => {
    const box = mark.getBoundingClientRect();
    return mark.contains(mark.getRootNode().elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
})"""


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


def test_the_governor_reads_the_answer_and_takes_the_report(walk, app, small_zip, waited):
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

    # Then their own prison: the report is made beside the page, can be watched, stopped, made again, and taken.
    page = walk.page
    walk.go("my-site")
    walk.upload("small.zip", small_zip)
    walk.go("report")
    walk.press("Full assessment")
    make = page.get_by_role("button", name="Make the report", exact=True)
    page.get_by_text("This layout blocks").first.wait_for()
    walk.rest()
    walk.step("governor")
    sidebar = page.get_by_test_id("stSidebar")
    make.click()
    sidebar.get_by_text("Report:", exact=False).first.wait_for()
    page.get_by_role("button", name="Making the report …").wait_for()
    walk.step("governor")
    sidebar.get_by_role("button", name="Stop", exact=True).click()
    waited(lambda: not app.jobs, 10.0, "the end of a report that is stopped")
    make.and_(page.locator(":enabled")).wait_for()

    walk.go("blockers")  # from the panel too, where a gesture runs a part of the page alone
    page.locator(".quietwing-plan [data-device]").first.wait_for()
    walk.rest()
    walk.section("Files")
    page.get_by_role("tab", name="Export", exact=True).click()
    walk.rest()
    make.click()
    sidebar.get_by_text("Report:", exact=False).first.wait_for()
    walk.go("signals")  # the page is free
    walk.go("report")
    page.get_by_role("button", name="Report (PDF)").wait_for(timeout=120_000)
    walk.rest()
    walk.step("governor")
    said = page.get_by_text("This layout blocks").first.inner_text()
    assert walk.download("Report (PDF)").startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(walk.download("Report (zip, HTML)"))) as packed:
        summary = re.sub(r"<[^>]+>", "", html.unescape(packed.read("summary.html").decode()))
    planning, evidence = re.search(r"blocks (\d+) at planning grade and (\d+) at evidence", said).groups()
    assert f"{planning} of 5 rooms are blocked at planning grade" in summary  # as the page says
    assert f"{evidence} at evidence grade" in summary


def test_the_planner_draws_blocks_and_closes_holes(walk, small_zip):
    walk.arrive("my-site")
    walk.upload("small.zip", small_zip)
    walk.step("planner")
    walk.go("signals")
    walk.step("planner")
    walk.go("blockers")
    page = walk.page
    marks = page.locator(".quietwing-plan [data-device]")
    marks.first.wait_for()
    walk.rest()
    before = page.get_by_test_id("stAlert").first.inner_text()
    hang(walk, "A1-03")
    page.get_by_role("button", name="Copy to all storeys").wait_for()  # its properties stand in the panel
    walk.step("planner")
    assert before.startswith("Quick estimate")
    for layer in ("Margin", "Signal", "Usable channels", "Best blocker", "Difference", "Blocked"):
        walk.layer(layer)
        walk.step("planner")
    walk.storey("Whole site")
    walk.step("planner")
    walk.storey("main, ground floor")

    # Thinned out to one blocker, whose power is written into the table: too much is refused beside it.
    for name in ("B1", "J2"):
        page.locator(f'.quietwing-plan [data-device="{name}"]').focus()
        page.keyboard.press("Delete")
        page.locator(f'.quietwing-plan [data-device="{name}"]').wait_for(state="detached")
        walk.rest()
    walk.section("Tables")
    table = page.get_by_test_id("stDataFrame")
    table.locator(".dvn-scroller").click(position=FIRST_CELL)
    for _ in range(8):  # to the power
        page.keyboard.press("ArrowRight")
    write_power(walk, "99")
    refused = page.get_by_test_id("stAlert").filter(has_text="There is a problem")
    assert "Row 1, J1: “Power [dBm]” is 99.0 (expected a number from -60 to 60)" in refused.inner_text()
    said, below = refused.bounding_box(), table.bounding_box()
    assert 0 <= below["y"] - (said["y"] + said["height"]) <= 60  # pixels: right above it
    assert said["x"] == pytest.approx(below["x"], abs=2)
    assert below["y"] + ROW_PX * 2 <= 800  # what was written stays in sight
    walk.step("planner")
    assert page.locator(POWER).text_content() == "99"  # nothing is lost
    assert marks.count() == 1
    page.keyboard.press("ArrowUp")  # the keyboard is where it was: below what was written
    write_power(walk, TOO_WEAK_DBM)
    refused.wait_for(state="detached")
    walk.step("planner")

    assess(walk)
    assert blocked(walk) < 5
    walk.step("planner")
    walk.go("report")
    page.get_by_role("tab", name="Rooms not blocked", exact=True).click()
    walk.rest()
    holes = page.get_by_test_id("stDataFrame").filter(has_text="A1-01")
    holes.filter(has_text="needs").wait_for()  # what would close it
    walk.step("planner")
    walk.go("blockers")
    marks.first.wait_for()
    walk.rest()
    hole = page.locator('.quietwing-plan [data-room="A1-01"]')
    hole.click()
    walk.rest()
    page.get_by_text("A1-01 is not blocked").first.wait_for()
    walk.step("planner")
    hang(walk, "A1-01")
    walk.step("planner")
    assess(walk)
    assert blocked(walk) == 5
    assert "now blocked: A1-01" in page.get_by_test_id("stAlert").first.inner_text()
    walk.step("planner")


def blocked(planner) -> int:
    """Rooms that the headline says are blocked at planning grade."""
    said = planner.page.get_by_test_id("stAlert").filter(has_text="This layout blocks").inner_text()
    return int(re.search(r"This layout blocks (\d+) at planning grade", said)[1])


def hang(planner, room: str) -> None:
    """A blocker in a room, by a click on the plan."""
    marks = planner.page.locator(".quietwing-plan [data-device]")
    many = marks.count()
    planner.page.get_by_role("button", name="Add a blocker").click()
    box = planner.page.locator(f'.quietwing-plan [data-room="{room}"]').bounding_box()
    planner.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    marks.nth(many).wait_for()
    planner.rest()


def write_power(planner, dbm: str) -> None:
    """Into the first row of the table of blockers, by the keyboard, which is in the column already."""
    page = planner.page
    page.locator(f"{POWER}[aria-selected=true]").wait_for(state="attached")
    page.keyboard.press("Enter")
    page.locator("#portal input:focus").wait_for()
    page.wait_for_timeout(300)  # it listens a moment after it is there
    page.keyboard.press("Control+a")
    page.keyboard.type(dbm, delay=50)
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    page.locator(POWER, has_text=re.compile(f"^{dbm}$")).wait_for(state="attached")
    planner.rest()


def assess(planner) -> None:
    planner.press("Full assessment")
    planner.page.get_by_test_id("stAlert").filter(has_text="This layout blocks").wait_for()
    planner.rest()


def test_the_buyer_compares_bids_and_takes_bill_and_sheet(walk, small_zip):
    walk.arrive("my-site")
    walk.upload("small.zip", small_zip)
    page = walk.page
    walk.go("plan")
    walk.step("buyer")
    spin = page.get_by_role("spinbutton", name="Budget [£]", exact=True)
    spin.fill("-500")
    spin.press("Enter")
    walk.rest()
    field = page.get_by_test_id("stNumberInput").filter(has=spin).bounding_box()
    refused = page.get_by_text("Give a budget of £0 or more; -500 is too low.")
    said = refused.bounding_box()
    assert 0 <= said["y"] - (field["y"] + field["height"]) <= 40  # pixels: right under it
    walk.step("buyer")
    spin.fill("8000")
    spin.press("Enter")
    refused.wait_for(state="detached")
    walk.step("buyer")

    for name, bid in BIDS.items():
        walk.go("blockers")
        page.locator(".quietwing-plan [data-device]").first.wait_for()
        walk.section("Files")
        page.get_by_role("tab", name="Load", exact=True).click()
        page.locator(".st-key-blockers-upload input[type=file]").set_input_files(
            {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": layout_text(bid).encode()}
        )
        page.get_by_text(f"{name}.csv: {len(bid)} blockers, nothing wrong.").wait_for()
        walk.press("Use this layout")
        assess(walk)
        walk.step("buyer")
        page.get_by_role("tab", name="Save", exact=True).click()
        box = page.get_by_role("textbox", name="Name", exact=True)
        box.fill(name)
        box.press("Tab")
        walk.press("Save this layout")
    assert "placeholder" in walk.text()
    page.get_by_role("tab", name="Export", exact=True).click()
    walk.rest()
    bill = walk.download("bill_of_materials.csv").decode()
    assert "room_jammer" in bill
    walk.step("buyer")

    walk.go("compare")
    slices = page.locator(".quietwing-plan .slice")
    slices.nth(3).wait_for()  # drawn after the page is there
    assert slices.all_inner_texts() == ["No blockers", "The current layout", *BIDS]
    walk.step("buyer")
    borders = page.locator(".quietwing-plan .divider")
    for key, last_alone in (("End", False), ("Home", True)):  # the part of the last layout is none, then the whole
        for number in range(borders.count()) if last_alone else reversed(range(borders.count())):
            borders.nth(number).press(key)
        assert page.locator(".quietwing-plan").last.evaluate(MET) == [last_alone] * len(BIDS["Bid B"])
    page.get_by_role("tab", name="Numbers and files").click()
    walk.rest()
    walk.step("buyer")
    rows = {
        row["what"]: row
        for row in csv.DictReader(io.StringIO(walk.download("Download the comparison (CSV)").decode("utf-8-sig")))
    }
    for name, bid in BIDS.items():
        assert int(rows["devices switched on"][name]) == len(bid)
        quoted_gbp = sum(device.unit_price_gbp for device in bid)
        assert float(rows["bought and installed"][name]) > quoted_gbp
    book = walk.download("Download workbook with bills of materials (XLSX)")
    with zipfile.ZipFile(io.BytesIO(book)) as sheets:
        assert sum(name.startswith("xl/worksheets/") for name in sheets.namelist()) >= 2 + len(BIDS)
        texts = sheets.read("xl/sharedStrings.xml").decode()
    for name in BIDS:
        assert name in texts
