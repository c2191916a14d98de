"""Every page in the browser: quick to come, whole at both widths, and open to a planner without a mouse."""

import re
import time

import pytest

pytestmark = pytest.mark.slow

FIRST_MAP_WITHIN_S = 10.0  # nobody waits longer for a first page
MOST_SEARCH_MS = 90_000
PAGES = ("my-site", "signals", "surveys", "blockers", "plan", "compare", "report", "help")


def test_the_first_map_is_there_within_ten_seconds(planner):
    begun = time.perf_counter()
    planner.page.goto(planner.address)
    planner.page.locator(".quietwing-plan [data-room]").first.wait_for()
    took_s = time.perf_counter() - begun
    print(f"first map: {took_s:.1f} s")
    assert took_s <= FIRST_MAP_WITHIN_S


def test_every_page_of_the_sample_fits_the_window(planner):
    planner.arrive()
    for name in PAGES:
        planner.look_over(name, name)


def test_nothing_a_planner_works_with_is_below_the_fold(app, open_window):
    """1280 x 800: the plan is 600 pixels high, its last line and the panel's buttons are on the screen."""
    planner = open_window(app, 1280, 800)
    planner.arrive()
    page = planner.page
    stage = page.locator(".quietwing-plan .stage").bounding_box()
    assert stage["height"] >= 600
    assert stage["width"] >= 600
    foot = page.locator(".quietwing-plan .foot").bounding_box()
    assert foot["y"] + foot["height"] <= 800
    for name in ("Full assessment", "Criteria"):
        place = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert place["y"] + place["height"] <= 800
    metrics = page.get_by_test_id("stMetric")
    assert metrics.count() == 6
    last = metrics.last.bounding_box()
    assert last["y"] + last["height"] <= 800
    main = page.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollHeight - one.clientHeight") <= 0
    for name in ("signals", "compare", "report"):
        planner.go(name)
        foot = page.locator(".quietwing-plan .foot").bounding_box()
        assert foot["y"] + foot["height"] <= 800, name


def test_every_layer_is_a_field_with_a_scale_and_is_read_out_without_the_server(planner):
    page = planner.page
    planner.arrive()
    planner.storey("houseblock, ground floor")
    cell = page.locator('.quietwing-plan [data-room="A1-12"]')
    for name, unit, said in (
        ("Margin", "[dB]", "margin"),
        ("Signal", "[dBm]", "dBm"),
        ("Usable channels", "Channels", "channels"),
        ("Best blocker", "Strongest blocker", "margin"),
        ("Difference", "[dB]", "dB"),
    ):
        planner.layer(name)
        assert unit in page.locator(".quietwing-plan .bar-of").inner_text()
        painted = page.locator(".quietwing-plan canvas.field").evaluate(
            "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data"
            ".filter((value, at) => at % 4 === 3 && value).length / (one.width * one.height)"
        )
        assert painted > 0.1, name
        asked = len(planner.requests)
        sent = len(planner.frames)
        box = cell.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2 - 2, box["y"] + box["height"] / 2)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tip = page.locator(".quietwing-plan .tip")
        tip.wait_for()
        assert "A1-12" in tip.inner_text()
        assert said in tip.inner_text()
        assert (len(planner.requests), len(planner.frames)) == (asked, sent)
    assert page.get_by_test_id("stImage").count() == 0


def test_a_click_on_the_stack_goes_to_the_storey_and_the_site_has_its_spill(planner):
    page = planner.page
    planner.arrive()
    page.locator('.quietwing-plan .stack [data-place="0"]').click(position={"x": 12, "y": 60}, force=True)
    planner.rest()
    assert page.get_by_role("radio", name="houseblock, ground floor").get_attribute("aria-checked") == "true"
    planner.storey("Whole site")
    legend = page.locator(".quietwing-plan .legend").inner_text()
    assert "Headroom to the spill limit [dB]" in legend
    assert "Place over the limit (9)" in legend  # a receiver in a keep room exceeds its own
    assert page.locator(".quietwing-plan .home").count() >= 4
    page.locator(".quietwing-plan .building").first.click()
    planner.rest()
    assert page.locator('.quietwing-plan [data-room="A1-12"]').count() == 1


def test_a_storey_of_the_stack_drawn_anew_under_the_finger_is_gone_to_all_the_same(planner):
    page = planner.page
    planner.arrive()
    upper = page.locator('.quietwing-plan .stack [data-place="0"]').bounding_box()
    page.mouse.move(upper["x"] + 12, upper["y"] + 60)
    page.mouse.down()
    page.locator(".quietwing-plan").evaluate("root => root.editor.update(root.editor.data)")  # an answer comes
    page.mouse.up()
    page.get_by_role("radio", name="houseblock, ground floor", checked=True).wait_for()


def metrics(page) -> dict[str, str]:
    """The numbers beside the plan by their labels."""
    shown = page.get_by_test_id("stMetric").filter(visible=True).all_inner_texts()
    return dict(text.split("\n\n", 1) for text in shown)


def test_a_planner_without_a_mouse_gets_from_a_file_to_a_plan(planner, small_zip, app, waited):
    page, keys = planner.page, planner.page.keyboard
    choosers = []
    # From the start: the browser is told in its own time to ask us, and opens a window of its own until then.
    page.on("filechooser", lambda chooser: choosers.append(chooser))

    def go(name):
        planner.tab_to(page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{name}$")))
        keys.press("Enter")
        page.get_by_role("heading", level=1, name=re.compile(name if name != "Blockers" else "phones")).wait_for()
        planner.rest()

    planner.arrive()
    planner.enter("Open my site")
    page.get_by_role("heading", level=1, name="Site").wait_for()
    planner.tab_to(page.get_by_role("radio", name="Choose an example"))
    for way in ("Describe a wing", "Upload a drawing or site"):
        keys.press("ArrowRight")
        planner.rest()
        assert page.get_by_role("radio", name=way).is_checked()
    planner.tab_to(page.locator(".st-key-site-upload button"))
    keys.press("Enter")
    waited(lambda: page.wait_for_timeout(50) or choosers, 30.0, "a window to choose a file in")
    choosers[0].set_files({"name": "small.zip", "mimeType": "application/zip", "buffer": small_zip})
    planner.rest()
    planner.enter("Open small.zip")
    page.get_by_text("The site small-wing is open.").wait_for()

    go("Signals")
    planner.enter("Work out where the network leaks in")
    page.get_by_text("Coverage by operator").wait_for()

    go("Blockers")
    planner.tab_to(page.locator(".quietwing-plan svg.plan"))
    marks = page.locator(".quietwing-plan [data-device]")
    for key in ("a", "ArrowRight", "ArrowRight", "Enter"):  # adds in the middle of the view, beside what hangs there
        keys.press(key)
    waited(lambda: marks.count() == 3, 5.0, "a third blocker")
    planner.rest()
    chosen = page.locator(".quietwing-plan [data-device]:focus")
    before = chosen.get_attribute("aria-label")
    keys.press("ArrowRight")
    assert chosen.get_attribute("aria-label") != before
    planner.rest()
    keys.press("Delete")
    waited(lambda: marks.count() == 2, 5.0, "two blockers again")
    planner.tab_to(page.get_by_test_id("stMain").get_by_role("radio", name="Selected", exact=True))
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        keys.press(key)
    planner.rest()
    planner.tab_to(page.get_by_role("textbox", name="Name", exact=True))
    keys.type("by keyboard")
    keys.press("Tab")
    planner.rest()
    planner.enter("Save this layout")

    go("Report")
    planner.enter("Full assessment")
    page.get_by_text(re.compile(r"This layout blocks \d at planning grade and \d at evidence grade")).first.wait_for()

    go("Compare")
    table = page.get_by_test_id("stDataFrame").first
    waited(lambda: "by keyboard" in (table.text_content() or ""), 30.0, "the layout in the table")
    border = page.get_by_role("slider", name=re.compile("^Border between No blockers"))
    planner.tab_to(border)
    before = border.get_attribute("aria-valuenow")
    keys.press("ArrowRight")
    assert int(border.get_attribute("aria-valuenow")) > int(before)

    go("Plan")
    planner.tab_to(page.get_by_role("spinbutton", name="Budget [£]", exact=True))
    keys.press("Control+a")
    keys.type("8000")
    keys.press("Enter")
    planner.rest()
    planner.enter("Search for a plan")
    planner.tab_to(page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True))  # it could be ended
    page.get_by_role("button", name="Open this plan in Blockers").wait_for(timeout=MOST_SEARCH_MS)
    planner.rest()
    plan = metrics(page)
    assert 0 < int(plan["Blocked, planning"].removesuffix(" of 5")) <= 5
    assert 0 < int(plan["Cost"].lstrip("£").replace(",", "")) <= 8000
    planner.enter("Open this plan in Blockers")
    page.get_by_role("heading", level=1, name="phones").wait_for()
    marks.first.wait_for()
    planner.rest()
    assert metrics(page)["Cost"] == plan["Cost"]  # the plan is the layout now

    go("Help")
    assert "Keys and gestures" in planner.text()
