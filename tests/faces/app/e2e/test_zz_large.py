import re, pytest
from pathlib import Path
import importlib.util
spec = importlib.util.spec_from_file_location("g", Path(__file__).with_name("test_gestures.py")); g = importlib.util.module_from_spec(spec); spec.loader.exec_module(g)
pytestmark = pytest.mark.slow
@pytest.mark.parametrize("name", ["^Radial", "^Campus"])
def test_large(app, open_windows, name):
    planner = open_windows(app)
    planner.arrive("my-site")
    planner.page.get_by_role("combobox", name="Example (all invented)").click()
    planner.page.get_by_role("option", name=re.compile(name)).click()
    planner.rest()
    planner.press("Open this example")
    planner.rest()
    planner.page.get_by_test_id("stSidebar").get_by_role("link", name="Blockers").click()
    planner.rest()
    plan = g.Plan(planner)
    planner.rest()
    ids = sorted(plan.ids); print(name, len(ids), ids[:4])
    mark = plan.device(ids[0]).locator(".mark")
    for turn in range(4):
        plan.gesture("drag", lambda: plan.drag(mark, 20 if turn % 2 == 0 else -20, 5))
    plan.device(ids[0]).focus()
    plan.gesture("nudge", lambda: plan.keys("ArrowRight", "ArrowUp"))
    for turn in range(4):
        window = plan.svg.locator("[data-window]:not([data-treated])").nth(3 + 5 * turn)
        plan.gesture("treat", lambda: plan.page.mouse.click(*plan.middle(window)))
    plan.gesture("undo", lambda: plan.keys("Control+z"))
    plan.device(ids[-1]).focus()
    plan.gesture("delete", lambda: plan.keys("Delete"))
    plan.gesture("undo", lambda: plan.keys("Control+z"))
    planner.page.screenshot(path=f"/tmp/e/shots/large{name[1:]}.png")
