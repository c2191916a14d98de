"""Take the pictures of the app that README shows, or of every page to be looked at.

``uv run python docs/make_app_pictures.py`` takes README's three, in the system's Chromium, of the sample as judged;
``--every FOLDER --site radial`` leaves each page of a bundled site there at both sizes, with ``--plan`` a plan too.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parent / "images"
PAGES = {
    "my-site": "Site",
    "signals": "Signals",
    "surveys": "Surveys",
    "blockers": "Blockers",
    "plan": "Plan",
    "compare": "Compare",
    "report": "Report",
    "help": "Help",
}
FIRST = "blockers"
SIZES = ((1280, 800), (1920, 1080))
LAYERS = ("Blocked", "Margin", "Signal", "Usable channels", "Best blocker", "Difference")
README_SIZE, README_SCALE = (1440, 900), 1.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
MOST_JOB_S = 1800.0


@contextmanager
def served() -> Iterator[str]:
    """The address of an app of its own, ended afterwards."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = Path(sysconfig.get_path("scripts")) / "quietwing"
    with tempfile.TemporaryDirectory() as empty:
        server = subprocess.Popen(
            [command, "app", "--no-browser", "--port", str(port)], cwd=empty, stdout=subprocess.DEVNULL
        )
        try:
            for _ in range(120):
                time.sleep(0.5)
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                    break
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def go(page: Any, name: str) -> None:
    """To a page, by the list at the left."""
    page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{PAGES[name]}$")).click()
    page.wait_for_url(re.compile(f"/{'' if name == FIRST else name}$"))
    settle(page)


def settle(page: Any, work: bool = False) -> None:
    """Wait until nothing moves, and with `work` until no job runs."""
    bars = page.get_by_test_id("stSidebar").get_by_test_id("stProgress")
    end, calm = time.monotonic() + MOST_JOB_S, 0
    while calm < 6 and time.monotonic() < end:
        page.wait_for_timeout(200)
        busy = not page.locator(REST).count() or page.locator('[data-stale="true"]').count()
        calm = 0 if busy or (work and bars.count()) else calm + 1


def press(page: Any, label: str, work: bool = True) -> None:
    """A button by its words, and what it begins."""
    page.get_by_role("button", name=label, exact=True).click()
    page.wait_for_timeout(1500)
    settle(page, work)


def for_readme(page: Any) -> None:
    """README's three pictures."""
    width, height = README_SIZE
    page.set_viewport_size({"width": width, "height": height})
    go(page, "blockers")
    press(page, "Full assessment")
    page.locator(".quietwing-plan [data-device] .mark").first.click()
    settle(page)
    page.mouse.move(5, height - 5)
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "app-blockers.png")
    go(page, "signals")
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "app-signals.png")
    go(page, "report")
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "app-site.png")


def every(page: Any, folder: Path, site: str, plan: bool) -> None:
    """Each page, and each layer of the plan, as a planner sees it when all is worked out."""
    folder.mkdir(parents=True, exist_ok=True)

    def shot(name: str) -> None:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(800)  # plans and tables follow the window's size
            page.screenshot(path=folder / f"{site}-{name}-{width}.png")

    if site != "houseblock":
        go(page, "my-site")
        page.get_by_role("combobox", name="Example (all invented)").click()
        page.get_by_role("option", name=re.compile(f"^{site}", re.IGNORECASE)).click()
        press(page, "Open this example")
    go(page, "signals")
    press(page, "Work out where the network leaks in")
    go(page, "report")
    press(page, "Full assessment")
    if plan:
        go(page, "plan")
        page.get_by_role("combobox", name="How long to search").click()
        page.get_by_role("option", name=re.compile("^Quick")).click()
        settle(page)
        press(page, "Search for a plan")
    for name in PAGES:
        go(page, name)
        shot(name)
    go(page, FIRST)
    for name in LAYERS:
        page.get_by_role("combobox", name="Layer").select_option(name)
        settle(page)
        shot(f"layer-{name.replace(' ', '-').lower()}")


def main() -> None:
    """What the command line asks for."""
    from playwright.sync_api import sync_playwright

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--every", type=Path, metavar="FOLDER")
    asked.add_argument("--site", default="houseblock")
    asked.add_argument("--plan", action="store_true")
    given = asked.parse_args()
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("there is no Chromium; apt install chromium")
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        scale = 1.0 if given.every else README_SCALE
        page = browser.new_page(viewport={"width": SIZES[0][0], "height": SIZES[0][1]}, device_scale_factor=scale)
        page.goto(address)
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
        if given.every:
            every(page, given.every, given.site, given.plan)
        else:
            for_readme(page)
        browser.close()


if __name__ == "__main__":
    main()
