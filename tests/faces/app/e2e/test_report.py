"""The report is made beside the page: it can be watched, stopped, made again, and taken as HTML or PDF."""

import io
import zipfile

import pytest

pytestmark = pytest.mark.slow


def test_the_report_is_a_job_that_can_be_stopped_and_the_page_is_free_meanwhile(planner, small_zip, app, waited):
    page = planner.page
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)
    planner.go("report")
    planner.press("Full assessment")
    make = page.get_by_role("button", name="Make the report", exact=True)
    page.get_by_text("This layout blocks").first.wait_for()
    planner.rest()
    sidebar = page.get_by_test_id("stSidebar")

    make.click()
    sidebar.get_by_text("Report:", exact=False).first.wait_for()
    page.get_by_role("button", name="Making the report …").wait_for()
    sidebar.get_by_role("button", name="Stop", exact=True).click()
    waited(lambda: not app.jobs, 10.0, "the end of a report that is stopped")
    make.and_(page.locator(":enabled")).wait_for()

    planner.go("blockers")  # from the panel too, where a gesture runs a part of the page alone
    page.locator(".quietwing-plan [data-device]").first.wait_for()
    planner.rest()
    planner.section("Files")
    page.get_by_role("tab", name="Export", exact=True).click()
    planner.rest()
    make.click()
    sidebar.get_by_text("Report:", exact=False).first.wait_for()
    planner.go("signals")  # the page is free
    planner.go("report")
    page.get_by_role("button", name="Report (PDF)").wait_for(timeout=120_000)
    planner.rest()
    assert planner.download("Report (PDF)").startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(planner.download("Report (zip, HTML)"))) as packed:
        assert "summary.html" in packed.namelist()
