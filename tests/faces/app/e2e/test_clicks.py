"""A job that ends has the page drawn anew; a hand that is on the page just then, or quick, loses nothing."""

import os
import re
import signal
import threading
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow
ALL = pytest.mark.long(reason="the suite tries a few of the moments")

MOMENTS = range(0, 840, 60)  # the end of a job is seen within 500 ms, and the page is there some 300 ms later
FEW_MOMENTS = range(0, 840, 180)
PRESS_MS = 80  # of a button by a person
HELD_MS = 2500
PAUSE_S = 1.0  # of a server; several times what a page at rest is watched for
DRAWN_MS = range(90, 300, 20)  # after the run that draws the whole page begins: when it is about to end
FEW_DRAWN_MS = range(90, 300, 50)
# Leaves the field some milliseconds after the page has begun to be drawn with the end of a job.
LEAVE = """ms => {
  const app = document.querySelector('[data-testid="stApp"]'), box = document.activeElement;
  const looks = setInterval(() => {
    if (!document.body.innerText.includes('loading the result')) return;
    window.quietwingHand.struck = -1e9;  // a hand that has rested
    if (app.dataset.testScriptState !== 'running') return;
    clearInterval(looks);
    setTimeout(() => box.blur(), ms);
  }, 5);
}"""

NEXT_MS = (20, 50, 100, 150, 200)  # from a click to the next one: a quick hand
FEW_NEXT_MS = (50, 200)
# A button and, some milliseconds later, a page in the list at the left.
ONE_THEN_ANOTHER = """async ([button, page, ms]) => {
  const named = (what, name) => [...document.querySelectorAll(what)].find(one => one.innerText.trim() === name);
  const next = named('[data-testid="stSidebarNavLink"]', page);
  named('button', button).click();
  await new Promise(done => setTimeout(done, ms));
  next.click();
}"""


@pytest.fixture(scope="module")
def blockers(app, open_windows, small_zip):
    """A window on the plan of the small wing, high enough to reach everything without a scroll."""
    planner = open_windows(app, 1700, 2600)
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)
    planner.go("blockers")
    planner.page.locator(".quietwing-plan [data-device]").first.wait_for()
    planner.rest()
    planner.section("Files")
    return planner


@pytest.fixture
def start_a_job(blockers, app, waited):
    """Starts a verdict; what it returns ends it as the system would: the page has news at a moment we choose."""

    def start() -> Callable[[], None]:
        blockers.page.get_by_role("button", name="Full assessment", exact=True).click()
        waited(lambda: app.jobs, 10.0, "the verdict's process")
        for pid in app.jobs:
            os.kill(pid, signal.SIGSTOP)  # it is at work as far as anybody sees, and costs nothing until it is killed
        blockers.page.get_by_text("its progress stands at the left").wait_for()
        return end

    def end() -> None:
        for pid in app.jobs:
            os.kill(pid, signal.SIGKILL)

    return start


@pytest.mark.parametrize("moments", [FEW_MOMENTS, pytest.param(MOMENTS, marks=ALL)], ids=["few", "all"])
def test_a_click_at_any_moment_round_the_end_of_a_job_is_taken(blockers, start_a_job, moments):
    page = blockers.page
    box, save = (
        page.get_by_role("textbox", name="Name", exact=True),
        page.get_by_role("button", name="Save this layout"),
    )
    remove = page.get_by_role("button", name="Remove it")
    for after_ms in moments:
        if not box.input_value():
            box.fill("at that moment")
            box.press("Tab")
            blockers.rest()
        start_a_job()()
        page.wait_for_timeout(after_ms)
        place = save.bounding_box()
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        page.mouse.down()
        page.wait_for_timeout(PRESS_MS)
        page.mouse.up()
        remove.wait_for()  # saved
        blockers.rest()
        page.get_by_text(re.compile("Full assessment failed")).wait_for()
        remove.click()
        remove.wait_for(state="detached")
        blockers.press("Dismiss")


def test_the_page_waits_for_a_button_to_be_let_go(blockers, start_a_job):
    page = blockers.page
    news = page.get_by_text(re.compile("Full assessment failed"))
    start_a_job()()
    page.mouse.move(850, 20)
    page.mouse.down()
    page.get_by_text("finished, loading the result").wait_for()
    page.wait_for_timeout(HELD_MS)
    assert news.count() == 0
    page.mouse.up()
    news.wait_for()
    blockers.press("Dismiss")


@pytest.mark.parametrize("moments", [FEW_DRAWN_MS, pytest.param(DRAWN_MS, marks=ALL)], ids=["few", "all"])
def test_a_name_that_is_being_written_survives_the_end_of_a_job(blockers, start_a_job, moments):
    page = blockers.page
    box = page.get_by_role("textbox", name="Name", exact=True)
    for after_ms in moments:
        name = f"written after {after_ms}"
        end = start_a_job()
        box.fill(name)
        page.evaluate(LEAVE, after_ms)
        end()
        page.get_by_text(re.compile("Full assessment failed")).wait_for()
        blockers.rest()
        assert box.input_value() == name
        blockers.press("Dismiss")


@pytest.mark.parametrize("after_ms", [ms if ms in FEW_NEXT_MS else pytest.param(ms, marks=ALL) for ms in NEXT_MS])
def test_a_click_is_taken_though_another_one_follows_while_it_is_done(after_ms, planner):
    planner.arrive("my-site")
    planner.page.get_by_role("combobox", name="Example (all invented)").click()
    planner.page.get_by_role("option", name=re.compile("^Radial")).click()
    planner.rest()
    planner.page.evaluate(ONE_THEN_ANOTHER, ["Open this example", "Help", after_ms])
    planner.page.get_by_role("heading", name="Help", level=1).wait_for()
    planner.rest()
    assert planner.page.url.endswith("/help")
    planner.page.get_by_test_id("stSidebar").get_by_text("Site: radial").wait_for()


def test_what_was_typed_right_before_a_click_is_what_it_is_done_with(planner):
    planner.arrive("my-site")
    planner.page.get_by_text("Describe a wing", exact=True).click()
    planner.rest()
    planner.page.get_by_role("textbox", name="Name of the site").fill("hasty-wing")
    planner.page.get_by_role("spinbutton", name="Cells of one wing on one storey").fill("4")
    planner.page.keyboard.press("Tab")
    planner.page.evaluate(ONE_THEN_ANOTHER, ["Make this site", "Help", NEXT_MS[0]])
    planner.page.get_by_role("heading", name="Help", level=1).wait_for()
    planner.rest()
    side = planner.page.get_by_test_id("stSidebar")
    side.get_by_text("Site: hasty-wing").wait_for()
    side.get_by_text("72 rooms to be blocked").wait_for()  # 4 cells in each of 3 wings on 4 storeys, and 24 spaces


def test_a_page_whose_server_takes_its_time_is_not_at_rest(app, blockers):
    """Else what these tests read after a click could be the page before it."""
    group = os.getpgid(app.process.pid)
    os.killpg(group, signal.SIGSTOP)
    goes_on = threading.Timer(PAUSE_S, os.killpg, (group, signal.SIGCONT))
    goes_on.start()
    try:
        blockers.press("Tour (1 min)")
    finally:
        goes_on.join()
    assert "1 of 6:" in blockers.text()
    blockers.page.keyboard.press("Escape")
    blockers.page.get_by_text("1 of 6:").wait_for(state="detached")
