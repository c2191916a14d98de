"""A planner's browser: the real command, the system's Chromium, and an ear for every request that leaves loopback."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from quietwing.coverage.app.site_files import site_zip
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.scenario import Scenario
from quietwing.sites.synthetic import build_wing, describe

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET_BROWSER = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
)
NEEDED = "QUIETWING_NEEDS_BROWSER"  # set to 1 in CI: there a missing browser is a failure
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
SHOTS = "QUIETWING_SHOTS"  # a folder for pictures of every page, to be looked at
ZOOMED = (640, 400)  # a window of 1280 x 800 at 200 %
HEADER_PX = 60.0  # the marking stands below it there
TALLEST_PX = 6000
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
# Streamlit says that a page is at rest until the server answers, and a busy one may take its time: so a page notes
# when it asks for a run (a message that begins with the tag of its field `rerun_script`) and when it is answered.
EAR = """(() => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (said) {
        if (!this.isHeard) this.addEventListener('message', () => { window.isAsking = false; });
        this.isHeard = true;
        if (said[0] === RERUN_TAG) window.isAsking = true;
        return send.call(this, said);
    };
})()""".replace("RERUN_TAG", str(BackMsg.RERUN_SCRIPT_FIELD_NUMBER << 3 | 2))
# A click takes a moment to become a question to the server: at rest is who is so for a while, who waits for no answer
# there or on the plan, and whose plan is more than the walls that stand in for a storey's first estimate: between the
# run that works it out and the one that draws it a busy server may pause for longer than a while, and then the page
# moves.
CALM = """rest => {
    const waits = [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')]
        .some(one => one.shadowRoot?.querySelector('.quietwing-plan.busy'));
    const said = document.querySelector('.st-key-quietwing-said')?.textContent ?? '';
    const first = said.includes('Working out the quick estimate');
    const still = document.querySelector(rest) && !document.querySelector('[data-stale="true"]');
    const calm = still && !window.isAsking && !waits && !first;
    window.calmSince = calm ? window.calmSince ?? performance.now() : null;
    return calm && performance.now() - window.calmSince > 200;
}"""
OVER = """parts => Math.max(...parts.map(part => {
    const one = document.querySelector(part);
    return one.scrollWidth - one.clientWidth;
}))"""
# What can be worked with, gone through as by Tab: which of it is out of the window or under something else.
COVERED = """() => {
    const deep = (x, y) => {
        let hit = document.elementFromPoint(x, y);
        for (let next; (next = hit?.shadowRoot?.elementFromPoint(x, y)) && next !== hit; ) hit = next;
        return hit;
    };
    const every = root => [...root.querySelectorAll('*')].flatMap(
        one => one.shadowRoot ? [one, ...every(one.shadowRoot)] : [one]
    );
    const kinds = ['button', 'input', 'select', 'textarea', 'summary', 'a[href]'].map(
        kind => `${kind}:not(:disabled):not([type=file])`
    ).join();
    const found = [];
    for (const one of every(document.body).filter(one => one.matches(kinds))) {
        // The list of pages is folded away; tables show their buttons to a mouse above them; arrows go through tabs.
        if (one.closest('[data-testid="stSidebar"], [data-testid="stElementToolbar"]')) continue;
        if (!one.checkVisibility({visibilityProperty: true})) continue;
        one.focus();
        const box = one.getBoundingClientRect();
        if (box.width < 4 || box.height < 4) continue;
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
        const hit = right > left && bottom > top ? deep((left + right) / 2, (top + bottom) / 2) : null;
        const there = hit && (one.contains(hit) || hit.contains(one) || hit.closest('label')?.contains(one));
        const name = one.ariaLabel || one.title || one.textContent;
        if (!there) found.push(`${one.tagName} ${name} under ${hit?.outerHTML.slice(0, 150)}`);
    }
    return found;
}"""
ASIDE = """() => document.querySelector('[data-testid="stSidebar"]').getBoundingClientRect().right <= 0"""
LOOKS_EVERY_MS = 50.0  # at each frame instead, who waits has the browser draw sixty of them a second
MOST_RESIZE_S = 3.0
MOST_WAIT_MS = 30_000
MOST_TABS = 150
# one channel, few worlds, a fence far away: every answer in seconds
QUICK = Scenario(
    worlds=100,
    grid_m=1.0,
    confidence=0.8,
    channels=("EE/B1/LTE",),
    spill_tier="standard",
    effort="quick",
    equipment=("micro_jammer", "room_jammer"),
    treat_with=("window_mesh",),
)
STARTS_WITHIN_S = 60.0
MOST_SAID = 4000  # letters of a server's log beside a failure


@dataclass
class App:
    """A running ``quietwing app`` with a temporary folder of its own."""

    process: subprocess.Popen[bytes]
    address: str
    temp: Path
    log: Path
    state: Path

    @property
    def folders(self) -> set[Path]:
        """Session folders there are."""
        return set(self.temp.glob("quietwing-app-*/session-*"))

    @property
    def files(self) -> set[Path]:
        """Everything under the temporary folder."""
        return {
            Path(folder) / name
            for folder, folders, names in os.walk(self.temp)  # which lets go of what vanishes meanwhile
            for name in (*folders, *names)
        }

    @property
    def jobs(self) -> set[int]:
        """Processes at long work of this server."""
        root = os.fsencode(str(self.temp))
        found = set()
        for words in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = words.read_bytes()
            except OSError:
                continue
            if b"quietwing.coverage.app._job" in line and root in line:
                found.add(int(words.parent.name))
        return found

    def kill(self) -> None:
        """End it as the system would when memory runs out."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Planner:
    """One browser window: a session of the app. Each method returns when the page has come to rest."""

    page: object
    address: str
    requests: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)

    def arrive(self, name: str = FIRST) -> None:
        """Load a page of the app by its address: a new session."""
        self.page.goto(f"{self.address}/{'' if name == FIRST else name}")
        # Nothing is drawn before the tab has told which project is its own, and that may take longer than a calm.
        self.page.get_by_test_id("stMain").get_by_role("heading").first.wait_for()
        self.rest()

    def go(self, name: str) -> None:
        """To another page of the same session, by the list at the left."""
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"^{PAGES[name]}$")).click()
        self.page.wait_for_url(re.compile(f"/{'' if name == FIRST else name}$"))
        self.rest()

    def rest(self) -> None:
        """Wait until the app has answered and asks nothing more."""
        self.page.evaluate("window.calmSince = null")
        self.page.wait_for_function(CALM, arg=AT_REST, polling=LOOKS_EVERY_MS)

    def press(self, label: str, **which: object) -> None:
        """A button by its words."""
        self.page.get_by_role("button", name=label, exact=True, **which).click()
        self.rest()

    def upload(self, name: str, content: bytes) -> None:
        """Open a file as the session's site, or try to."""
        self.go("my-site")
        self.page.get_by_text("Upload a drawing or site", exact=True).click()
        self.rest()
        uploader = self.page.locator(".st-key-site-upload")
        uploader.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        uploader.get_by_text(name).wait_for()
        self.rest()
        self.press(f"Open {name}")

    def storey(self, title: str) -> None:
        """To another plan, by the buttons above it."""
        self.page.get_by_role("radio", name=title, exact=True).click()
        self.rest()

    def layer(self, name: str) -> None:
        """Another layer of the plan."""
        self.page.get_by_role("combobox", name="Layer").select_option(name)
        self.rest()

    def section(self, name: str) -> None:
        """A part of the panel of Blockers."""
        part = self.page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True)
        part.click()
        part.and_(self.page.locator("[aria-checked=true], :checked")).wait_for()
        self.rest()

    def tab_to(self, what) -> None:
        """Press Tab until the keyboard is there."""
        there = what.and_(self.page.locator(":focus"))
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if there.count() == 1:
                return
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {what}")

    def enter(self, label: str) -> None:
        """A button by the keyboard alone."""
        button = self.page.get_by_role("button", name=label, exact=True)
        button.wait_for()
        self.tab_to(button)
        self.page.keyboard.press("Enter")
        self.rest()

    def text(self) -> str:
        """All that can be read."""
        return self.page.locator("body").inner_text()

    def download(self, label: str) -> bytes:
        """The file behind a button."""
        with self.page.expect_download() as coming:
            self.page.get_by_role("button", name=label).click()
        return Path(coming.value.path()).read_bytes()

    def exceptions(self) -> int:
        """How many tracebacks stand on the page."""
        return self.page.get_by_test_id("stException").count()

    def over_px(self) -> int:
        """By how much the page is wider than the window, once tables and figures have followed its size."""
        end = time.monotonic() + MOST_RESIZE_S
        while (over := self.page.evaluate(OVER, ["html", '[data-testid="stMain"]'])) > 0 and time.monotonic() < end:
            self.page.wait_for_timeout(100)
        return int(over)

    def look_over(self, name: str, picture: str) -> None:
        """A page at every size: whole, without a traceback, no wider than the window; a picture where asked for."""
        self.go(name)
        self.page.get_by_role("heading", level=1).wait_for()
        assert self.exceptions() == 0, name
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            over_px = self.over_px()
            assert over_px <= 0, f"{name} is {over_px} pixels wider than a window of {width}"
            if SHOTS in os.environ:
                tall = self.page.get_by_test_id("stMain").evaluate("one => one.scrollHeight")
                self.page.set_viewport_size({"width": width, "height": min(max(tall, height), TALLEST_PX)})
                self.page.wait_for_timeout(500)  # figures and tables follow the window's size
                self.page.screenshot(path=Path(os.environ[SHOTS]) / f"{picture}_{width}.png")
        self.look_at_200_percent(name, picture)

    def look_at_200_percent(self, name: str, picture: str) -> None:
        """A page at 200 %: no wider than the window, the marking in sight, no control covered."""
        width, height = ZOOMED
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(ASIDE)
        over_px = self.over_px()
        if SHOTS in os.environ:
            self.page.screenshot(path=Path(os.environ[SHOTS]) / f"{picture}_200_percent.png")
        marking = self.page.get_by_test_id("stMain").get_by_text("OFFICIAL").first.bounding_box()
        assert HEADER_PX <= marking["y"] <= height - marking["height"], f"the marking of {name} at 200 %"
        covered = self.page.evaluate(COVERED)
        assert over_px <= 0, f"{name} at 200 % is {over_px} pixels wider than the window"
        assert covered == [], f"{name} at 200 %"
        assert self.page.get_by_test_id("stExpandSidebarButton").is_visible()  # the way to the other pages
        width, height = SIZES[0]
        self.page.set_viewport_size({"width": width, "height": height})


def is_here(url: str) -> bool:
    """Whether a request stays on this computer."""
    found = urlsplit(url)
    return found.scheme in ("data", "blob", "about") or found.hostname in ("127.0.0.1", "localhost")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """What stood on the page, and what the server said, beside the failure of a test."""
    report = yield
    if report.when == "call" and report.failed:
        for name, one in item.funcargs.items():
            if isinstance(one, Planner):
                with suppress(Exception):  # a page that has gone shows nothing
                    report.sections.append((f"the page of {name}", one.text()))
            elif isinstance(one, App):
                said = one.log.read_text("utf-8", "replace")[-MOST_SAID:]
                report.sections.append((f"the server of {name}", f"{said}\njobs: {sorted(one.jobs)}"))
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The system's Chromium with an empty profile; without one these tests say so and are skipped."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    playwright = None
    with suppress(ImportError):
        from playwright import sync_api as playwright
    if path is None or playwright is None:
        lacks = "Chromium (apt install chromium)" if path is None else "Playwright (pip install playwright)"
        if os.environ.get(NEEDED) == "1":
            pytest.fail(f"{NEEDED}=1, but there is no {lacks}")
        pytest.skip(f"the app is not driven in a browser: no {lacks}")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=list(QUIET_BROWSER), headless=True)
        yield started
        started.close()


@pytest.fixture(scope="session")
def start_app(browser, tmp_path_factory) -> Iterator[Callable[..., App]]:
    """Starts ``quietwing app`` in an empty folder; all are ended with the tests."""
    started: list[App] = []

    def start(temp: Path | None = None, *, state: Path | None = None, port: int = 0) -> App:
        here = tmp_path_factory.mktemp("empty")
        temp = tmp_path_factory.mktemp("temp") if temp is None else temp
        log = tmp_path_factory.mktemp("log") / "server.txt"
        state = tmp_path_factory.mktemp("state") if state is None else state
        port = port or free_port()
        with log.open("wb") as out:
            process = subprocess.Popen(
                [Path(sysconfig.get_path("scripts")) / "quietwing", "app", "--no-browser", "--port", str(port)],
                cwd=here,
                env=os.environ | {"TMPDIR": str(temp), "XDG_STATE_HOME": str(state)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        made = App(process, f"http://127.0.0.1:{port}", temp, log, state)
        started.append(made)
        wait_for_server(made)
        return made

    yield start
    for each in started:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture(scope="session")
def app(start_app) -> App:
    """The server that most tests share; each has a session of its own."""
    return start_app()


@contextmanager
def windows(browser) -> Iterator[Callable[..., Planner]]:
    """Opens windows with nothing in common; fails if one of them asked for anything beyond loopback."""
    contexts, planners = [], []

    def opened(server: App, width: int = 1280, height: int = 900) -> Planner:
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        context.set_default_timeout(MOST_WAIT_MS)
        context.add_init_script(EAR)
        contexts.append(context)
        page = context.new_page()
        planner = Planner(page, server.address)
        planners.append(planner)
        context.on("request", lambda request: planner.requests.append(request.url))
        page.on("websocket", lambda channel: listen(planner, channel))
        return planner

    yield opened
    for context in contexts:
        context.close()
    strangers = [url for planner in planners for url in planner.requests if not is_here(url)]
    assert not strangers, f"not on this computer: {strangers}"
    assert all(planner.requests for planner in planners)  # the ear works


@pytest.fixture
def open_window(browser) -> Iterator[Callable[..., Planner]]:
    """Opens windows for one test."""
    with windows(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_windows(browser) -> Iterator[Callable[..., Planner]]:
    """Opens windows for all tests of a module."""
    with windows(browser) as opened:
        yield opened


@pytest.fixture
def planner(app, open_window) -> Planner:
    """A window on the shared server."""
    return open_window(app)


@pytest.fixture(scope="session")
def small_zip(tmp_path_factory) -> bytes:
    """A wing of four cells with two jammers, as a planner would bring it."""
    site = build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=700, name="small-wing"))
    devices = (Device("J1", "room_jammer", 0.0, 2.4, 2.7), Device("J2", "micro_jammer", 3.0, 2.4, 2.7))
    return site_zip(site, tmp_path_factory.mktemp("zip"), devices=devices, scenario=QUICK, catalogue=read_catalogue())


@pytest.fixture(scope="session")
def quick() -> Scenario:
    """A scenario with an answer in seconds."""
    return QUICK


@pytest.fixture(scope="session")
def waited() -> Callable[..., None]:
    """Waits until something is so."""

    def wait(until: Callable[[], bool], most_s: float, what: str) -> None:
        end = time.monotonic() + most_s
        while not until():
            assert time.monotonic() < end, f"{what}: not within {most_s:g} s"
            time.sleep(0.1)

    return wait


def listen(planner: Planner, channel) -> None:
    """Keep what the server sends to a window."""
    planner.requests.append(channel.url.replace("ws:", "http:", 1))
    channel.on(
        "framereceived", lambda frame: planner.frames.append(frame if isinstance(frame, bytes) else frame.encode())
    )


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def wait_for_server(made: App) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            with opener.open(f"{made.address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert made.process.poll() is None, made.log.read_text()
            assert time.monotonic() < end, made.log.read_text()
            time.sleep(0.1)
