"""Work is never lost: F5, back and forward, a new tab, a restart, another site; and nothing of it goes astray."""

import hashlib
import signal

import pytest

from quietwing.coverage.app.site_files import site_zip
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.sites.synthetic import build_wing, describe

pytestmark = pytest.mark.slow

PLAN = ".quietwing-plan [data-device]"
MOST_JOB_S = 240.0


@pytest.fixture(scope="module")
def three_zip(tmp_path_factory, quick) -> bytes:
    """The small wing with three jammers: two tabs take one away each, and one is left to be counted."""
    site = build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=700, name="third-wing"))
    devices = tuple(Device(f"J{number}", "room_jammer", 3.0 * (number - 2), 2.4, 2.7) for number in (1, 2, 3))
    folder = tmp_path_factory.mktemp("three")
    return site_zip(site, folder, devices=devices, scenario=quick, catalogue=read_catalogue())


def blockers(planner) -> int:
    planner.page.locator(PLAN).first.wait_for()
    planner.rest()
    return planner.page.locator(PLAN).count()


def take_one_away(planner) -> int:
    """Delete a blocker by the keyboard; how many are left on this storey."""
    planner.go("blockers")
    before = blockers(planner)
    planner.page.locator(PLAN).first.focus()
    planner.page.keyboard.press("Delete")
    planner.page.locator(PLAN).nth(before - 1).wait_for(state="detached")
    planner.rest()
    return before - 1


def begin_small(planner, small_zip) -> None:
    """Begin with the small wing: its draft is a moment's work, that of the sample a quarter of a minute's."""
    planner.arrive("my-site")
    planner.upload("small.zip", small_zip)


def on_disk(app, planner) -> dict[str, int]:
    """Projects of this browser on the server's disk, and when each was written."""
    secret = planner.page.evaluate("localStorage.getItem('quietwing browser')")
    own = hashlib.sha256(b"quietwing browser " + bytes.fromhex(secret)).hexdigest()[:32]
    return {path.name: path.stat().st_mtime_ns for path in app.state.rglob(f"{own}/*.qwproj")}


def kept(app, planner, many: int, waited, since: dict[str, int] | None = None) -> None:
    """Wait for so many projects of this browser on the server's disk, one of them written after `since`."""
    waited(
        lambda: len(found := on_disk(app, planner)) == many and found != since,
        10.0,
        f"{many} projects on disk, written",
    )


def tab_beside(planner, open_window, app):
    """A second tab of the same browser."""
    other = open_window(app)
    page = planner.page.context.new_page()
    other.page.close()
    other.page = page
    page.on("request", lambda request: other.requests.append(request.url))
    return other


def test_f5_in_the_middle_of_a_job_loses_neither_work_nor_job(app, open_window, small_zip, waited):
    planner = open_window(app)
    begin_small(planner, small_zip)
    planner.go("report")
    planner.press("Full assessment")
    planner.page.reload()
    # the page is at rest once before the browser has said which project is its own
    waited(lambda: "small-wing" in planner.text(), 10.0, "the site that was open before F5")
    planner.go("blockers")
    waited(lambda: not app.jobs, MOST_JOB_S, "the verdict")
    planner.page.get_by_text("5 of 5").first.wait_for()  # its numbers: the job that F5 did not end
    planner.page.reload()
    planner.rest()
    planner.page.get_by_text("5 of 5").first.wait_for()


def test_back_forward_and_f5_keep_a_moved_plan_and_its_undo(app, open_window, small_zip, waited):
    planner = open_window(app)
    begin_small(planner, small_zip)
    left = take_one_away(planner)
    planner.go("report")
    planner.page.go_back()
    planner.rest()
    assert blockers(planner) == left
    planner.page.go_forward()
    planner.rest()
    planner.page.go_back()
    planner.rest()
    planner.page.reload()
    planner.rest()
    assert blockers(planner) == left
    planner.press("Undo")
    assert blockers(planner) == left + 1


def test_a_restarted_server_finds_the_work_again_in_the_page_that_stayed_open(
    start_app, open_window, small_zip, waited
):
    first = start_app()
    planner = open_window(first)
    begin_small(planner, small_zip)
    kept(first, planner, 1, waited)
    before = on_disk(first, planner)
    left = take_one_away(planner)
    kept(first, planner, 1, waited, before)
    first.kill()
    planner.page.get_by_text("quietwing has stopped").wait_for()
    assert "internet" not in planner.text()
    second = start_app(state=first.state, port=int(first.address.rsplit(":", 1)[1]))
    planner.page.get_by_test_id("stSidebarNavLink").first.wait_for()
    planner.rest()  # the page has found the new server by itself
    assert blockers(planner) == left
    planner.page.reload()
    planner.rest()
    assert blockers(planner) == left
    planner.press("Undo")
    assert blockers(planner) == left + 1
    second.process.send_signal(signal.SIGTERM)


def test_two_tabs_do_not_mix_and_a_second_one_gets_a_copy(app, open_window, three_zip, waited):
    one = open_window(app)
    begin_small(one, three_zip)
    kept(app, one, 1, waited)
    before = on_disk(app, one)
    left = take_one_away(one)
    kept(app, one, 1, waited, before)
    two = tab_beside(one, open_window, app)
    two.arrive()
    assert "Your last project" in two.text()
    two.press("Continue")
    assert "this is a copy" in two.text()
    assert take_one_away(two) == left - 1
    one.page.reload()
    one.rest()
    assert blockers(one) == left
    two.page.reload()
    two.rest()
    assert blockers(two) == left - 1
    kept(app, one, 2, waited)


def test_another_browser_sees_nothing_of_it(app, open_window, small_zip, waited):
    mine, other = open_window(app), open_window(app)
    begin_small(mine, small_zip)
    kept(app, mine, 1, waited)
    before = on_disk(app, mine)
    take_one_away(mine)
    kept(app, mine, 1, waited, before)
    project = mine.page.evaluate("sessionStorage.getItem('quietwing project')")
    other.arrive("surveys")
    assert "Your last project" not in other.text()
    other.page.evaluate("name => sessionStorage.setItem('quietwing project', name)", project)
    other.page.reload()  # who knows the name of a project, but not the browser's secret
    other.rest()
    other.press("Project")
    assert "Recent projects" not in other.text()
    other.press("Project")
    other.page.get_by_test_id("stSidebar").get_by_text("Site: houseblock").wait_for()
    assert "small-wing" not in other.text()
    secret = mine.page.evaluate("localStorage.getItem('quietwing browser')")
    assert len(secret) == 64
    assert secret not in mine.text()
    assert secret.encode() not in app.log.read_bytes()
    assert not any(secret in url or project in url for url in mine.requests)


def test_another_site_does_not_end_the_work_on_this_one(app, open_window, small_zip, three_zip):
    planner = open_window(app)
    begin_small(planner, small_zip)
    left = take_one_away(planner)
    planner.upload("three.zip", three_zip)
    planner.go("blockers")
    assert blockers(planner) == 3  # as it came
    planner.press("Back to small-wing")
    assert blockers(planner) == left == 1


def test_a_project_file_is_saved_and_opened_and_a_broken_one_changes_nothing(app, open_window, small_zip, waited):
    planner = open_window(app)
    begin_small(planner, small_zip)
    left = take_one_away(planner)
    planner.press("Project")
    content = planner.download("Save project as a file")
    planner.press("Project")
    planner.press("Undo")
    planner.press("Project")
    box = planner.page.locator(".st-key-project-file")
    for name, given in (("broken.qwproj", content[:5000]), ("good.qwproj", content)):
        box.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": given}
        )
        box.get_by_text(name).wait_for()
        planner.rest()
        planner.press(f"Open {name}")
        if name == "broken.qwproj":
            assert "cannot be unpacked" in planner.text()
            assert blockers(planner) == left + 1
    planner.page.keyboard.press("Escape")
    assert blockers(planner) == left


def test_leaving_asks_only_where_something_would_be_lost(start_app, open_window, small_zip):
    own_app = start_app()  # its folder of projects is taken away
    planner = open_window(own_app)
    begin_small(planner, small_zip)
    take_one_away(planner)
    asked = []
    planner.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    planner.page.reload()
    planner.rest()
    assert asked == []  # it is kept
    folder = next(own_app.state.rglob("*.qwproj")).parent.parent
    for path in (*folder.glob("*/*"), *folder.iterdir(), folder):
        path.unlink() if path.is_file() else path.rmdir()
    folder.write_text("no folder can be made here")
    planner.press("Undo")
    planner.page.wait_for_timeout(1500)
    planner.go("report")
    planner.page.get_by_text("Your work is not kept on this computer").first.wait_for()
    planner.page.mouse.click(700, 20)  # browsers ask only where a hand was on the page
    planner.page.reload()
    assert asked == ["beforeunload"]
