"""The plan under a planner's hand: every gesture does what it says, and the draft follows within a second."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DRAFT_WITHIN_MS = 1000  # on houseblock: a map that changes under the hand
MOST_TRIES = 12  # the best counts: other programs run beside a test
LOOKS, MOST_STEPS = 3, 600  # estimates drawn under the hand, and steps of the hand until then
STEP_M = 0.1


class Plan:
    """The plan of the page Blockers in one window."""

    def __init__(self, planner) -> None:
        self.planner = planner
        self.page = planner.page
        self.root = self.page.locator(".quietwing-plan")
        self.svg = self.root.locator("svg.plan")
        self.times_ms: dict[str, list[int]] = {}
        self.svg.locator("[data-device]").first.wait_for()

    def gesture(self, name: str, act: Callable[[], None]) -> int:
        """Make a gesture and wait for its draft; how long that took by the page's own clock. [ms]"""
        self.root.evaluate("root => delete root.dataset.redrawMs")
        act()
        self.page.locator(".quietwing-plan[data-redraw-ms]").wait_for(state="attached")
        took = int(self.root.get_attribute("data-redraw-ms"))
        self.planner.rest()
        self.times_ms.setdefault(name, []).append(took)
        print(f"{name}: {took} ms")
        return took

    def look(self, name: str, act: Callable[[], None]) -> tuple[float, ...]:
        """Change what is seen; the view box after the next frame: x, y, width, height. [m]"""
        begun = time.perf_counter()
        act()
        self.svg.evaluate("svg => new Promise(requestAnimationFrame)")
        print(f"{name}: {1000 * (time.perf_counter() - begun):.0f} ms")
        return self.view

    @property
    def view(self) -> tuple[float, ...]:
        return tuple(map(float, self.svg.get_attribute("viewBox").split()))

    @property
    def ids(self) -> set[str]:
        return set(self.svg.locator("[data-device]").evaluate_all("all => all.map(one => one.dataset.device)"))

    def device(self, name: str):
        return self.svg.locator(f'[data-device="{name}"]')

    def place_m(self, name: str) -> tuple[float, float]:
        """Where a device stands, as a screen reader hears it. [m]"""
        words = self.device(name).get_attribute("aria-label")
        return tuple(map(float, re.search(r"at x (-?[\d.]+) m, y (-?[\d.]+) m", words).groups()))

    def middle(self, target) -> tuple[float, float]:
        """Where to put the mouse for something, brought into sight. [pixels]"""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, target, dx_px: float, dy_px: float) -> None:
        x, y = self.middle(target)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx_px / 2, y + dy_px / 2, steps=4)
        self.page.mouse.move(x + dx_px, y + dy_px, steps=4)
        self.page.mouse.up()

    @contextmanager
    def held(self, name: str) -> Iterator[tuple[float, float]]:
        """A blocker under the hand, which gives it up at the end; where the mouse took it. [pixels]"""
        x, y = self.middle(self.device(name).locator(".mark"))
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        try:
            yield x, y
        finally:
            self.page.keyboard.press("Escape")
            self.page.mouse.up()
            self.planner.rest()

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def plan(app, open_windows):
    planner = open_windows(app)
    planner.arrive()
    planner.storey("houseblock, ground floor")
    return Plan(planner)


def test_a_click_adds_a_blocker_where_it_is_and_delete_takes_it_away(plan):
    before = plan.ids
    plan.root.get_by_role("button", name="Add a blocker").click()
    x, y = plan.middle(plan.svg.locator('[data-room="B1-13"]'))
    plan.gesture("add", lambda: plan.page.mouse.click(x, y))
    (new,) = plan.ids - before
    at = plan.middle(plan.device(new).locator(".mark"))
    assert at == pytest.approx((x, y), abs=3)  # pixels
    plan.keys("Escape")
    plan.device(new).locator(".mark").click()
    plan.gesture("delete", lambda: plan.keys("Delete"))
    assert plan.ids == before


def test_a_drag_moves_a_blocker_and_its_draft_is_there_within_a_second(plan):
    mark = plan.device("B1-M2").locator(".mark")
    start = plan.place_m("B1-M2")
    for turn in range(MOST_TRIES):
        said = plan.page.get_by_test_id("stAlert").inner_text()
        way = 60 if turn % 2 == 0 else -60
        plan.gesture("drag", lambda way=way: plan.drag(mark, way, way / 4))
        moved = plan.place_m("B1-M2")
        assert moved != start if turn % 2 == 0 else moved == pytest.approx(start, abs=0.3)
        assert plan.page.get_by_test_id("stAlert").inner_text() != said  # other rooms are blocked now
        if turn % 2 == 1 and min(plan.times_ms["drag"]) <= DRAFT_WITHIN_MS:
            break
    assert min(plan.times_ms["drag"]) <= DRAFT_WITHIN_MS


def test_the_field_and_the_numbers_follow_while_a_blocker_is_held(plan):
    """Before the hand lets go the estimate is of where the blocker is; given up, all is as it was.

    How often a second it follows is measured in `benchmarks/app.py`.
    """
    page, before = plan.page, plan.place_m("B1-M2")
    plan.planner.layer("Margin")
    alert = page.get_by_test_id("stAlert")
    said = alert.inner_text()
    with plan.held("B1-M2") as (x, y):
        looks = page.evaluate_handle(
            "root => { const seen = {count: 0}; new MutationObserver(() => { seen.count += 1; })"
            ".observe(root, {attributes: true, attributeFilter: ['data-redraw-ms']}); return seen; }",
            plan.root.element_handle(),
        )
        for step in range(MOST_STEPS):
            page.mouse.move(x + 2 * (step % 40), y - 3 * (step % 40))
            page.wait_for_timeout(50)
            if looks.evaluate("seen => seen.count") >= LOOKS and alert.inner_text() != said:
                break
        print(f"{looks.evaluate('seen => seen.count')} looks in {step + 1} steps")
        assert looks.evaluate("seen => seen.count") >= LOOKS
        assert alert.inner_text() != said
    assert plan.place_m("B1-M2") == before
    alert.filter(has_text=said.strip()[:60]).wait_for()
    plan.planner.layer("Blocked")


def test_the_spill_follows_as_a_marked_estimate_while_a_blocker_is_held(plan):
    """The places outside are worked out while the hand rests; given up, the panel says what was assessed again."""
    page = plan.page
    metric = page.get_by_test_id("stMetric").filter(has_text="Spill")
    assessed = metric.first.inner_text()
    assert "≈" not in assessed
    with plan.held("B1-M2") as (x, y):
        for step in range(40):
            page.mouse.move(x + 5 + step % 7, y)
            page.wait_for_timeout(1000)
            if "≈" in metric.first.inner_text():
                break
        said = metric.first.inner_text()
        assert re.search(r"Spill, planning, estimate\s+≈ (over by )?[\d.]+ dB", said)
    assert metric.first.inner_text() == assessed


def test_the_panel_changes_the_selected_blocker(plan):
    page = plan.page
    plan.device("B1-M2").locator(".mark").click()
    page.get_by_text("B1-M2").first.wait_for()
    page.get_by_role("button", name="Copy to all storeys").wait_for()
    page.get_by_role("radio", name="Off", exact=True).click()
    plan.planner.rest()
    assert "off" in plan.device("B1-M2").get_attribute("aria-label")
    plan.planner.press("Undo")
    assert ", off" not in plan.device("B1-M2").get_attribute("aria-label")


def test_arrow_keys_nudge_by_ten_centimetres_and_with_shift_by_a_metre(plan):
    x, y = plan.place_m("A1-M1")
    plan.device("A1-M1").focus()
    plan.gesture("nudge", lambda: plan.keys("ArrowRight", "ArrowRight", "ArrowUp"))
    assert plan.place_m("A1-M1") == pytest.approx((x + 2 * STEP_M, y + STEP_M))
    plan.gesture("nudge by a metre", lambda: plan.keys("Shift+ArrowDown"))
    assert plan.place_m("A1-M1") == pytest.approx((x + 2 * STEP_M, y + STEP_M - 1))


def test_undo_brings_a_deleted_blocker_back_and_redo_takes_it_again(plan):
    before, where = plan.ids, plan.place_m("C1-M1")
    plan.device("C1-M1").focus()
    plan.gesture("delete", lambda: plan.keys("Delete"))
    assert plan.ids == before - {"C1-M1"}
    plan.gesture("undo", lambda: plan.keys("Control+z"))
    assert plan.ids == before
    assert plan.place_m("C1-M1") == where
    plan.gesture("redo", lambda: plan.keys("Control+y"))
    assert plan.ids == before - {"C1-M1"}
    plan.planner.press("Undo")
    assert plan.ids == before


def test_shift_and_click_takes_several_that_move_line_up_and_come_back_together(plan):
    names = ("A1-M1", "A1-M2", "C1-M1")
    before = {name: plan.place_m(name) for name in (*names, "C1-M2")}
    plan.device("A1-M1").locator(".mark").click()
    for name in names[1:]:
        plan.device(name).locator(".mark").click(modifiers=["Shift"])
    plan.planner.rest()
    plan.gesture("nudge several", lambda: plan.keys("ArrowUp", "ArrowUp"))
    for name, (x, y) in before.items():
        moved = 2 * STEP_M if name in names else 0.0
        assert plan.place_m(name) == pytest.approx((x, y + moved)), name
    plan.gesture("drag several", lambda: plan.drag(plan.device("A1-M1").locator(".mark"), 20, 0))
    ways = [plan.place_m(name)[0] - before[name][0] for name in names]
    assert ways == pytest.approx([ways[0]] * 3, abs=0.11)  # metres are read out to the tenth
    assert ways[0] > 0.5
    plan.gesture("undo", lambda: plan.keys("Control+z"))
    plan.gesture("undo", lambda: plan.keys("Control+z"))
    assert {name: plan.place_m(name) for name in before} == before
    plan.keys("Escape")


def test_a_facade_is_treated_at_once_and_undone_at_once(plan):
    window = plan.svg.locator("[data-window]:not([data-treated])").first
    plan.svg.focus()
    plan.keys("f")
    plan.gesture("treat a façade", lambda: plan.page.mouse.click(*plan.middle(window)))
    assert plan.svg.locator("[data-treated]").count() > 5
    plan.gesture("undo", lambda: plan.keys("Control+z"))
    assert plan.svg.locator("[data-treated]").count() == 0
    plan.keys("Escape")


def test_a_distance_is_read_out_in_metres_and_changes_nothing(plan):
    box, devices = plan.svg.bounding_box(), plan.ids
    metre_px = box["width"] / plan.view[2]
    plan.svg.focus()
    plan.keys("m")
    x, y = box["x"] + 60, box["y"] + 60
    plan.page.mouse.click(x, y)
    plan.page.mouse.click(x + 120, y + 90)  # 150 pixels as the crow flies
    said = plan.svg.locator(".ruler text")
    assert float(said.text_content().removesuffix(" m")) == pytest.approx(150 / metre_px, abs=0.11)
    plan.keys("Escape")
    assert said.count() == 0
    assert plan.ids == devices


def test_a_line_shows_the_building_cut_with_the_level_in_every_cell(plan):
    """Across B wing between B1-03 and B1-13: three rooms on each of four storeys; picture in `QUIETWING_SHOTS`."""
    page, devices, cut = plan.page, plan.ids, plan.root.locator(".cut")
    (x0, y0), (x1, _) = (plan.middle(plan.svg.locator(f'[data-room="{name}"]')) for name in ("B1-13", "B1-03"))
    plan.svg.focus()
    plan.keys("s")
    page.mouse.click(x0 - 40, y0)
    page.mouse.click(x1 + 40, y0)
    cut.locator("text.cut-name", has_text="B4-13").wait_for()
    cut.locator(".cut-said", has_text="levels 1.5 m above each floor").wait_for()  # every storey is worked out
    plan.planner.rest()
    names = cut.locator("text.cut-name").all_text_contents()
    assert {f"B{storey}-{cell}" for storey in (1, 2, 3, 4) for cell in ("03", "13")} <= set(names)
    assert cut.locator("rect.cut-part").count() > 4 * 3 * 5
    assert cut.locator("rect.cut-wall").count() >= 4 * 4
    box = plan.root.locator(".cut-stage").bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]  # nothing under the fold
    for quantity, unit in (("Public signal", "[dBm]"), ("Blocker level", "[dBm,"), ("Margin", "[dB]")):
        page.get_by_role("combobox", name="Shown in the section").select_option(quantity)
        cut.locator(".bar-title", has_text=unit).wait_for()
        plan.planner.rest()
    page.mouse.move(*plan.middle(cut.locator("text.cut-name", has_text="B2-13")))
    assert re.search(r"B2-13, houseblock, 1st floor: [−+][\d.]+ dB; [\d.]+ m from A", cut.inner_text())
    if "QUIETWING_SHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["QUIETWING_SHOTS"]) / "section.png")
    page.get_by_role("button", name="Close the section").click()
    cut.wait_for(state="hidden")
    plan.planner.rest()
    assert plan.svg.locator(".cut-line").count() == 0
    assert plan.ids == devices


def test_zoom_and_pan_change_what_is_seen_and_nothing_else(plan):
    whole, devices = plan.view, plan.ids
    near = plan.look("zoom by button", plan.root.get_by_role("button", name="Zoom in").click)
    assert near[2] < whole[2]
    plan.page.mouse.move(*plan.middle(plan.svg))
    nearer = plan.look("zoom by wheel", lambda: plan.page.mouse.wheel(0, -240))
    assert nearer[2] < near[2]
    x, y = plan.middle(plan.svg)
    empty = (x - 0.45 * plan.svg.bounding_box()["width"], y + 0.4 * plan.svg.bounding_box()["height"])
    plan.page.mouse.move(*empty)
    plan.page.mouse.down()
    plan.page.mouse.move(empty[0] + 90, empty[1], steps=4)
    dragged = plan.look("pan by drag", plan.page.mouse.up)
    assert dragged[0] < nearer[0]
    plan.svg.focus()
    panned = plan.look("pan by key", lambda: plan.keys("ArrowRight"))
    assert panned[0] > dragged[0]
    assert plan.look("fit", lambda: plan.keys("0")) == pytest.approx(whole)
    assert plan.ids == devices


def test_a_click_treats_a_window_and_another_takes_the_mesh_off(plan):
    window = plan.svg.locator("[data-window]:not([data-treated])").first
    name = window.get_attribute("data-window")
    treated = plan.svg.locator(f'[data-window="{name}"][data-treated]')
    plan.gesture("treat a window", lambda: plan.page.mouse.click(*plan.middle(window)))
    assert treated.count() == 1
    assert "window with mesh or film" in plan.root.locator(".legend").inner_text()
    plan.gesture("take it off", lambda: plan.page.mouse.click(*plan.middle(treated)))
    assert treated.count() == 0


def test_a_click_hangs_a_radiating_cable_that_is_drawn_and_says_who_shapes_it(plan):
    page, before = plan.page, plan.ids
    page.get_by_role("combobox", name="New blocker type").click()
    page.get_by_role("option", name=re.compile("^cable_jammer")).click()
    plan.planner.rest()
    assert plan.svg.locator("path.cable").count() == 0
    plan.root.get_by_role("button", name="Add a blocker").click()
    x, y = plan.middle(plan.svg.locator('[data-room="A1-landing"]'))
    plan.gesture("add a cable", lambda: page.mouse.click(x, y + 8))
    (new,) = plan.ids - before
    cable = plan.svg.locator("path.cable")
    box, mark = cable.bounding_box(), plan.device(new).locator(".mark").bounding_box()
    metre_px = plan.svg.bounding_box()["width"] / plan.view[2]
    assert box["width"] == pytest.approx(5 * metre_px, abs=4)  # five metres to the east of its blocker
    assert box["x"] == pytest.approx(mark["x"] + mark["width"] / 2, abs=4)
    assert "radiating cable" in plan.root.locator(".legend").inner_text()
    assert "5 m of radiating cable" in plan.root.inner_text()
    plan.keys("Escape")
    plan.planner.section("Tables")
    page.get_by_text(re.compile("runs in straight lines through the points of its third column")).wait_for()
    plan.planner.section("Selected")
    plan.device(new).locator(".mark").click()
    plan.gesture("delete", lambda: plan.keys("Delete"))
    assert (plan.ids, cable.count()) == (before, 0)


def test_another_storey_is_there_within_a_second(plan):
    """Prepared while no hand is on the plan; what a hand reaches for before that is worked out then."""
    took_ms = []
    for storey in islice(cycle(("1st floor", "2nd floor", "3rd floor", "ground floor")), MOST_TRIES):
        tab = plan.page.get_by_role("radio", name=f"houseblock, {storey}")
        begun = time.perf_counter()
        tab.click()
        plan.root.locator(f'svg.plan[aria-label*="houseblock, {storey}"]').wait_for()
        plan.svg.locator("[data-device]").first.wait_for()
        took_ms.append(1000 * (time.perf_counter() - begun))
        print(f"{storey}: {took_ms[-1]:.0f} ms")
        plan.planner.rest()
        if len(took_ms) % 4 == 0 and min(took_ms) <= DRAFT_WITHIN_MS:  # each storey, and back on the first
            break
    assert min(took_ms) <= DRAFT_WITHIN_MS


def test_a_click_explains_a_cell_in_a_sentence_and_a_link_budget(plan):
    plan.gesture(
        "explain a cell", lambda: plan.page.mouse.click(*plan.middle(plan.svg.locator('[data-room="B1-16"]')))
    )
    main = plan.page.get_by_test_id("stMain")
    main.get_by_test_id("stText").filter(has_text=re.compile(r"B1-16: .* dB; .* is nearest to working")).wait_for()
    budget = main.get_by_test_id("stDataFrame").filter(has_text="From the mast to what a phone needs")
    budget.scroll_into_view_if_needed()
    assert "EIRP of" in budget.text_content()
    assert "dBm" in budget.text_content()
