"""Two planners at one server: nothing of one reaches the other, and nothing of either stays behind."""

import io
import os
import signal
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from quietwing.coverage.app.site_files import site_zip
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.sites.synthetic import build_wing, describe

pytestmark = pytest.mark.slow

PAGES = ("my-site", "signals", "surveys", "blockers", "plan", "compare", "report", "help")
CANARIES = 40
GONE_WITHIN_S = 60.0  # of a closed window: the server's patience, then the janitor's


class Canaries:
    """Words that stand nowhere else."""

    def __init__(self, most: int) -> None:
        self.left = [f"kanari{number:02d}vogel" for number in range(most)]
        self.words = tuple(self.left)

    def __call__(self) -> str:
        return self.left.pop(0)

    def in_some(self, texts: list[bytes]) -> set[str]:
        everything = b"\n".join(texts)
        return {word for word in self.words if word.encode() in everything}


def marked_site(canary: Canaries):
    """A wing of four cells where everything that has a name has one of the words."""
    site = build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=400))
    (building,) = site.buildings
    named = replace(building, id=canary(), name=canary(), storeys=(replace(building.storeys[0], name=canary()),))
    walls = {wall.id: canary() if place < 4 else wall.id for place, wall in enumerate(site.walls)}
    return replace(
        site,
        name=canary(),
        marking=canary(),
        description=canary(),
        buildings=(named,),
        walls=tuple(replace(wall, id=walls[wall.id], building=named.id) for wall in site.walls),
        openings=tuple(
            replace(one, id=canary() if place < 4 else one.id, wall=walls[one.wall])
            for place, one in enumerate(site.openings)
        ),
        slabs=tuple(replace(slab, id=canary(), building=named.id) for slab in site.slabs),
        rooms=tuple(replace(room, id=canary(), name=canary(), building=named.id) for room in site.rooms),
        positions=tuple(replace(one, building=named.id) for one in site.positions),
        perimeter=replace(site.perimeter, id=canary()),
        receptors=tuple(replace(one, id=canary()) if place < 2 else one for place, one in enumerate(site.receptors)),
        sectors=tuple(replace(one, id=canary()) if place < 3 else one for place, one in enumerate(site.sectors)),
    )


@pytest.fixture
def canary() -> Canaries:
    return Canaries(CANARIES)


@pytest.fixture
def marked_zip(canary, quick, tmp_path) -> bytes:
    """The marked wing with marked jammers of a marked model."""
    site, catalogue = marked_site(canary), read_catalogue()
    model = replace(catalogue["room_jammer"], name=canary(), description=canary(), price_source=canary())
    devices = tuple(Device(canary(), model.name, x_m, 2.4, 2.7) for x_m in (-3.0, 0.0, 3.0))
    return site_zip(
        site,
        tmp_path,
        devices=devices,
        scenario=replace(quick, equipment=()),
        catalogue=catalogue | {model.name: model},
    )


def visit(planner) -> list[bytes]:
    """Every page as it reads and as it is built."""
    found = []
    for name in PAGES:
        planner.go(name)
        planner.page.get_by_role("heading", level=1).wait_for()
        if name == "blockers":
            planner.page.locator(".quietwing-plan [data-device]").first.wait_for()
            planner.rest()
            found.append(planner.page.locator(".quietwing-plan").evaluate("one => one.outerHTML").encode())
        found += [planner.text().encode(), planner.page.content().encode()]
    return found


def take_files(planner) -> list[bytes]:
    """Downloads of a session, zips unpacked."""
    planner.go("blockers")
    planner.page.locator(".quietwing-plan [data-device]").first.wait_for()
    planner.section("Files")
    planner.page.get_by_role("tab", name="Export", exact=True).click()
    files = [planner.download("layout.csv"), planner.download("bill_of_materials.csv")]
    planner.go("my-site")
    planner.page.get_by_role("tab", name="Download").click()
    with zipfile.ZipFile(io.BytesIO(planner.download("Download site folder (zip)"))) as packed:
        files += [packed.read(name) for name in packed.namelist()]
    return [*files, planner.download("Download GeoPackage")]


def save_as(planner, name: str) -> None:
    planner.section("Files")
    box = planner.page.get_by_role("textbox", name="Name", exact=True)
    box.fill(name)
    box.press("Tab")
    planner.rest()
    planner.press("Save this layout")


def test_nothing_of_one_session_is_in_the_other_s_pages_frames_or_files(open_window, app, canary, marked_zip, waited):
    mine, other = open_window(app), open_window(app)
    before = app.folders
    mine.arrive("my-site")
    waited(lambda: len(app.folders - before) == 1, 10.0, "the session's folder")
    (folder,) = app.folders - before
    other.arrive("help")
    mine.upload("marked.zip", marked_zip)
    mine.page.get_by_text("3 devices of its layout are placed.").wait_for()
    mine.go("report")
    mine.press("Full assessment")
    mine.go("blockers")
    mine.page.locator(".quietwing-plan [data-device]").first.wait_for()
    waited(lambda: not app.jobs, 120.0, "the verdict")  # its end draws the page anew
    mine.rest()
    for _ in range(2):
        save_as(mine, canary())
    assert canary.left == []
    seen = visit(mine)
    assert canary.in_some([*seen, *take_files(mine), *mine.frames]) == set(canary.words)

    seen = visit(other)
    mine.page.context.close()
    seen += take_files(other)
    assert len(other.frames) > 20
    assert canary.in_some([*seen, *other.frames]) == set()

    waited(lambda: not folder.exists(), GONE_WITHIN_S, "the files of the closed window go")
    assert canary.in_some([path.read_bytes() for path in app.files if path.is_file()]) == set()
    assert canary.in_some([app.log.read_bytes()]) == set()


def test_what_a_killed_server_left_goes_with_the_next_start(start_app, open_window, small_zip, waited):
    first = start_app()
    planner = open_window(first)
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)
    (root,) = first.temp.glob("quietwing-app-*")
    for pid in processes_about(root):
        os.kill(pid, signal.SIGKILL)  # its janitor, which would clear up at once
    first.kill()
    assert first.folders
    second = start_app(first.temp)
    open_window(second).arrive("help")
    waited(lambda: not root.exists(), 10.0, "the files of the killed server go")
    second.kill()
    waited(lambda: not second.files, 10.0, "its janitor clears up")


def processes_about(root: Path) -> list[int]:
    """Processes that were started with a folder's name."""
    found = []
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = words.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(str(root)) in line:
            found.append(int(words.parent.name))
    return found
