"""From a file to a bill: a planner brings a site, sees its dead zones, compares layouts, and has a plan found."""

import csv
import io
import re
import time
import zipfile

import pypdfium2
import pytest

pytestmark = pytest.mark.slow

MOST_SEARCH_MS = 90_000
PAGES = ("my-site", "signals", "surveys", "blockers", "plan", "compare", "report", "help")


@pytest.fixture(scope="module")
def small(app, open_windows, small_zip):
    """A window with the small wing open and its full assessment worked out."""
    planner = open_windows(app)
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)
    planner.page.get_by_text("The site small-wing is open. 2 devices of its layout are placed.").wait_for()
    judge(planner)
    return planner


@pytest.fixture(scope="module")
def compared(small):
    """The same window with two layouts saved, each with its verdict."""
    small.go("blockers")
    save_as(small, "as it was")
    one = small.page.locator('.quietwing-plan [data-device="J1"]')
    one.focus()
    small.page.keyboard.press("Delete")
    one.wait_for(state="detached")
    judge(small)
    save_as(small, "without J1")
    return small


@pytest.fixture(scope="module")
def planned(compared):
    """The same window after a search for a plan."""
    compared.go("plan")
    budget = compared.page.get_by_role("spinbutton", name="Budget [£]", exact=True)
    budget.fill("8000")
    budget.press("Enter")
    compared.rest()
    compared.press("Search for a plan")
    compared.page.get_by_role("button", name="Open this plan in Blockers").wait_for(timeout=MOST_SEARCH_MS)
    compared.rest()
    return compared


def judge(planner) -> None:
    """Have the full assessment of the current layout."""
    planner.go("blockers")
    planner.page.locator(".quietwing-plan [data-device]").first.wait_for()
    planner.page.get_by_role("button", name="Full assessment", exact=True).click()
    planner.page.get_by_test_id("stAlert").filter(has_text="This layout blocks").wait_for()
    planner.rest()


def save_as(planner, name: str) -> None:
    planner.section("Files")
    box = planner.page.get_by_role("textbox", name="Name", exact=True)
    box.fill(name)
    box.press("Tab")
    planner.press("Save this layout")


def bill(planner) -> str:
    planner.page.get_by_role("tab", name="What to buy").click()
    return planner.page.get_by_role("tabpanel", name="What to buy").inner_text()


def test_an_uploaded_site_gets_its_plan_and_its_numbers(small):
    small.go("blockers")
    plan = small.page.locator(".quietwing-plan svg.plan")
    plan.wait_for()
    assert "at planning grade" in plan.get_attribute("aria-label")
    assert "of 5" in small.page.get_by_test_id("stMetric").first.inner_text()  # four cells and the landing


def test_two_saved_layouts_stand_side_by_side_with_their_figures(compared):
    compared.go("compare")
    assert compared.page.locator(".quietwing-plan .slice").all_inner_texts() == [
        "No blockers", "The current layout", "as it was", "without J1",
    ]  # fmt: skip
    compared.page.get_by_role("tab", name="Numbers and files").click()
    table = compared.page.get_by_test_id("stDataFrame").filter(has_text="as it was").filter(has_text="without J1")
    table.wait_for()
    text = compared.download("Download the comparison (CSV)").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    (devices,) = (row for row in rows if "devices" in row["what"])
    assert (devices["as it was"], devices["without J1"]) == ("2", "1")
    assert "blocked by the layout at planning grade" in table.text_content()
    assert zipfile.is_zipfile(io.BytesIO(compared.download("Download workbook with bills of materials (XLSX)")))


def test_a_search_runs_to_its_end_and_leaves_no_process(planned, app, waited):
    planned.go("plan")
    waited(lambda: not app.jobs, 5.0, "the search's process ends")
    spent = re.search(r"Together £([\d,]+) bought and installed", bill(planned))
    assert 0 < int(spent[1].replace(",", "")) <= 8000
    with zipfile.ZipFile(io.BytesIO(planned.download("Download all files (zip)"))) as packed:
        assert {"plan.json", "layout.csv"} <= set(packed.namelist())


def test_every_page_full_of_results_fits_the_window(planned):
    planned.go("signals")
    planned.press("Work out where the network leaks in")
    planned.page.get_by_text("Coverage by operator").wait_for()
    for name in PAGES:
        planned.look_over(name, f"{name}_worked")


def test_a_table_of_an_earlier_grade_is_no_part_of_the_report(planner, small_zip):
    """What-if at planning grade, then evidence grade, then the report: not a row of the table in either file."""
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)
    judge(planner)
    planner.go("plan")
    planner.page.get_by_role("tab", name="What would change the answer").click()
    planner.page.get_by_role("button", name="Show what would change the answer").click()
    planner.page.get_by_role("button", name="This table (CSV)").wait_for(timeout=MOST_SEARCH_MS)
    table = planner.download("This table (CSV)").decode()
    changes = [row["change"] for row in csv.DictReader(io.StringIO(table))]
    planner.go("report")
    planner.press("Criteria")
    planner.page.get_by_role("combobox", name="Grade asked for").click()
    planner.page.get_by_role("option", name="Evidence").click()
    planner.page.keyboard.press("Escape")
    planner.page.get_by_role("button", name="Make the report").and_(planner.page.locator(":enabled")).click()
    planner.page.get_by_role("button", name="Report (PDF)").wait_for(timeout=MOST_SEARCH_MS)
    with zipfile.ZipFile(io.BytesIO(planner.download("Report (zip, HTML)"))) as packed:
        names, page = packed.namelist(), packed.read("summary.html").decode()
    with pypdfium2.PdfDocument(planner.download("Report (PDF)")) as sheets:
        paper = " ".join(" ".join(sheet.get_textpage().get_text_bounded().split()) for sheet in sheets)
    assert changes
    assert "whatif.csv" not in names
    for text in (page, paper):
        assert "evidence grade" in text
        assert [one for one in changes if one in text] == []
    planner.go("plan")
    planner.page.get_by_role("tab", name="What would change the answer").click()
    planner.page.get_by_text("The last result is for an earlier question: planning grade (80 %)").wait_for()


def test_a_search_stopped_half_way_keeps_the_best_so_far_and_leaves_no_process(planner, app, small_zip, waited):
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)
    planner.go("plan")
    planner.page.get_by_role("combobox", name="How long to search").click()
    planner.page.get_by_role("option", name=re.compile("^Thorough")).click()  # normal may end by itself meanwhile
    planner.rest()
    planner.page.get_by_role("button", name="Search for a plan").click()
    main = planner.page.get_by_test_id("stMain")
    main.get_by_text(re.compile(r"best so far [1-9]\d* rooms")).first.wait_for(timeout=MOST_SEARCH_MS)
    assert app.jobs
    asked = time.perf_counter()
    main.get_by_role("button", name="Stop", exact=True).first.click()
    planner.page.get_by_role("button", name="Open this plan in Blockers").wait_for(timeout=MOST_SEARCH_MS)
    print(f"stopped within {time.perf_counter() - asked:.1f} s")
    planner.rest()
    assert "interrupted" in main.inner_text()
    assert re.search(r"Together £[1-9]", bill(planner))
    waited(lambda: not app.jobs, 5.0, "the search's process ends")
