"""How quick the app is in the system's Chromium: first screen, storey, layer, a blocker in the hand, on three sites.

    python benchmarks/app.py [site ...]
    python benchmarks/app.py walk [minutes]

Needs Chromium and Playwright. Times are of the browser's own clock, from the event to the frame that shows the
answer; medians and worst of `ROUNDS`. `walk` has two sessions work on the
three sites, one after the other, again and again for so many minutes, and prints what the server holds. What runs
beside it slows it: only a quiet machine compares.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from quietwing.sites.files import BUNDLED

ROUNDS = 50
MOST_HELD_S = 90.0  # a blocker in the hand, until the numbers have followed as often as that
RESTED_S = 20.0  # before it: what is worked out beside the hand, spill too, is at hand then
SPILL = "[class*='st-key-quietwing-numbers'] [data-testid='stMetricValue']"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
PLAN = ".quietwing-plan"
# From a click to the frame after the picture that answers it: the script says which plan and layer it has drawn.
CHANGED = """(root, [what, act]) => new Promise(done => {
  const begun = performance.now();
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
  });
  seen.observe(root, {attributes: true, attributeFilter: ['data-redraw-ms']});
  if (what === 'layer') {
    const list = root.querySelector('select[aria-label="Layer"]');
    list.value = act;
    list.dispatchEvent(new Event('change'));
  } else {
    const list = root.querySelector('select[aria-label="Storey"]');
    if (list) { list.value = act; list.dispatchEvent(new Event('change')); }
    else root.querySelector(`[role="radio"][data-place="${act}"]`).click();
  }
})"""
FRAMES = """(root) => {
  const found = {frames: 0, longest: 0, looks: 0, last: performance.now()};
  const tick = (now) => {
    found.frames += 1; found.longest = Math.max(found.longest, now - found.last); found.last = now;
    found.on = requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  found.times = [];
  new MutationObserver(() => { found.looks += 1; found.times.push(Number(root.dataset.redrawMs)); })
    .observe(root, {attributes: true, attributeFilter: ['data-redraw-ms']});
  return window.quietwingFrames = found;
}"""


@contextmanager
def served() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of an app of its own, ended afterwards."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = Path(sysconfig.get_path("scripts")) / "quietwing"
    with tempfile.TemporaryDirectory() as empty:
        server = subprocess.Popen(
            [command, "app", "--no-browser", "--port", str(port)],
            cwd=empty,
            env=os.environ | {"XDG_STATE_HOME": empty},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(400):
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.terminate()
            server.wait()


def rest(page: Any, calm_needed: int = 5) -> None:
    """Wait until nothing moves."""
    calm = 0
    while calm < calm_needed:
        page.wait_for_timeout(100)
        busy = not page.locator(REST).count() or page.locator('[data-stale="true"]').count()
        calm = 0 if busy else calm + 1


def said(words: str, times_ms: list[float]) -> None:
    """Median and worst."""
    print(f"  {words}: {statistics.median(times_ms):.0f} ms (worst of {len(times_ms)}: {max(times_ms):.0f} ms)")


def measure(page: Any, name: str) -> None:
    """One site that is open on Blockers."""
    print(name, flush=True)
    root = page.locator(PLAN)
    marked = "all => all.map(one => one.dataset.place)"
    storeys = root.locator('[role="radio"][data-place]').evaluate_all(marked)
    if not storeys:
        storeys = root.locator('select[aria-label="Storey"] option').evaluate_all("all => all.map(one => one.value)")
    storeys = [each for each in storeys if int(each) >= 0][:4]
    page.locator(PLAN).evaluate(CHANGED, ["layer", "Margin"])
    for each in (*storeys[1:], storeys[0]):  # a planner has looked at them: others are worked out beside
        page.locator(PLAN).evaluate(CHANGED, ["storey", each])
        rest(page)
    said("storey change", [page.locator(PLAN).evaluate(CHANGED, ["storey", storeys[turn % len(storeys)]])
                           for turn in range(1, ROUNDS + 1)])  # fmt: skip
    for each in storeys:  # one with a blocker to drag
        if root.locator("[data-device] .mark").count():
            break
        if root.evaluate("one => one.editor.data.at") != int(each):
            page.locator(PLAN).evaluate(CHANGED, ["storey", each])
            rest(page)
    layers = ("Signal", "Usable channels", "Best blocker", "Margin")
    for each in layers:
        page.locator(PLAN).evaluate(CHANGED, ["layer", each])
        rest(page)
    said(
        "layer change", [page.locator(PLAN).evaluate(CHANGED, ["layer", layers[turn % 4]]) for turn in range(ROUNDS)]
    )
    rest(page)
    drag(page)


def drag(page: Any) -> None:
    """A blocker held for some seconds: frames, estimates while held, and the numbers after it is let go."""
    mark = page.locator(f"{PLAN} [data-device] .mark").first
    page.wait_for_timeout(1000 * RESTED_S)
    box = mark.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.locator(PLAN).evaluate(FRAMES)
    begun, step = time.perf_counter(), 0
    while (held_s := time.perf_counter() - begun) < MOST_HELD_S:
        step += 1
        if step % 50 == 0 and page.evaluate("window.quietwingFrames.looks") >= ROUNDS:
            break
        page.mouse.move(x + 30 * ((step % 40) / 40), y + 12 * ((step % 23) / 23))
        page.wait_for_timeout(20)
    frames = page.evaluate(
        "() => { const f = window.quietwingFrames; cancelAnimationFrame(f.on);"
        " return [f.frames, f.longest, f.times]; }"
    )
    spill = [text for text in page.locator(SPILL).all_inner_texts() if "≈" in text]
    page.mouse.up()
    rest(page)
    print(f"  spill while held: {spill[0] if spill else 'not at hand'}")
    print(
        f"  a blocker held: {frames[0] / held_s:.0f} frames a second (longest {frames[1]:.0f} ms), "
        f"{len(frames[2]) / held_s:.1f} estimates a second"
    )
    if frames[2]:
        said("numbers follow the hand", frames[2])


def held_gib(server: subprocess.Popen[bytes], what: str) -> float:
    """What the server holds, or held at most: ``VmRSS`` or ``VmHWM``. [GiB]"""
    found = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
    return int(found[1]) / 2**20 if found else float("nan")


def open_example(page: Any, name: str) -> None:
    """Another bundled site, and its workspace."""
    page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile("^Site$")).click()
    page.get_by_role("combobox", name="Example (all invented)").click()
    page.get_by_role("option", name=re.compile(f"^{name}", re.IGNORECASE)).click()
    rest(page)
    page.get_by_role("button", name="Open this example").click()
    rest(page, 15)
    page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile("^Blockers$")).click()
    begun = time.perf_counter()
    page.locator(f"{PLAN} [data-room]").first.wait_for()
    print(f"{name}: its walls after {time.perf_counter() - begun:.1f} s")
    rest(page, 10)


def work_on(page: Any, assess: bool) -> None:
    """What a planner does on a site: storeys and layers, a blocker dragged, undone, perhaps a full assessment."""
    root = page.locator(PLAN)
    storeys = root.locator('[role="radio"][data-place]').evaluate_all("all => all.map(one => one.dataset.place)")
    storeys = storeys or root.locator('select[aria-label="Storey"] option').evaluate_all(
        "all => all.map(o => o.value)"
    )
    for each in [each for each in storeys if int(each) >= 0][:4]:
        if root.evaluate("one => one.editor.data.at") != int(each):
            root.evaluate(CHANGED, ["storey", each])
            rest(page)
        for layer in ("Margin", "Signal"):
            if root.evaluate("one => one.editor.data.layer") != layer:
                root.evaluate(CHANGED, ["layer", layer])
                rest(page)
        mark = root.locator("[data-device]").first
        if mark.count():
            mark.focus()
            for key in ("ArrowRight", "ArrowRight", "Control+z", "Control+z"):
                page.keyboard.press(key)
                rest(page)
    for name in ("Signals", "Compare", "Report", "Blockers"):
        page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{name}$")).click()
        rest(page, 10)
    if assess and page.get_by_role("button", name="Full assessment").is_enabled():  # else it has its answer
        page.get_by_role("button", name="Full assessment").click()
        page.get_by_test_id("stSidebar").get_by_role("button", name="Stop").wait_for()
        page.get_by_test_id("stSidebar").get_by_role("button", name="Stop").wait_for(
            state="detached", timeout=900_000
        )
        rest(page, 15)


def walk(browser: Any, address: str, server: subprocess.Popen[bytes], minutes: float) -> None:
    """Two sessions on three sites, turn and turn about, once at least; what the server holds after each."""
    begun = time.monotonic()
    pages = [browser.new_context(viewport={"width": 1280, "height": 800}).new_page() for _ in range(2)]
    for page in pages:
        page.set_default_timeout(120_000)
        page.goto(address)
        page.locator(f"{PLAN} [data-room]").first.wait_for()
        rest(page)
    rounds = 0
    while not rounds or time.monotonic() - begun < 60 * minutes:
        for name in BUNDLED:
            for number, page in enumerate(pages):
                if name != "houseblock" or rounds:
                    open_example(page, name)
                work_on(page, name == "houseblock" or (name == "campus" and number == 0))
                print(f"  session {number + 1} on {name}: {held_gib(server, 'VmRSS'):.2f} GiB", flush=True)
        rounds += 1
        took_min, most = (time.monotonic() - begun) / 60, held_gib(server, "VmHWM")
        print(f"round {rounds}, after {took_min:.0f} min: {most:.2f} GiB at most", flush=True)
    now, most = held_gib(server, "VmRSS"), held_gib(server, "VmHWM")
    print(f"memory of the server: {now:.2f} GiB at the end, {most:.2f} at most")


def main() -> None:
    """What the command line asks for."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("there is no Chromium; apt install chromium")
    begun = time.perf_counter()
    with served() as (address, server), sync_playwright() as driver:
        answers_s = time.perf_counter() - begun
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        if sys.argv[1:2] == ["walk"]:
            walk(browser, address, server, float(sys.argv[2]) if sys.argv[2:] else 0.0)
            browser.close()
            return
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        opened = time.perf_counter()
        page.goto(address)
        page.locator(f"{PLAN} [data-room]").first.wait_for()
        drawn_s = time.perf_counter() - opened
        print(f"from the command to an answer: {answers_s:.1f} s; from the address to a drawn plan: {drawn_s:.1f} s")
        rest(page)
        for name in sys.argv[1:] or BUNDLED:
            if name != "houseblock":
                open_example(page, name)
            measure(page, name)
        print(f"memory of the server: {held_gib(server, 'VmRSS'):.2f} GiB, {held_gib(server, 'VmHWM'):.2f} at most")
        browser.close()


if __name__ == "__main__":
    main()
