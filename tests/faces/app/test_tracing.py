"""A plan traced over a picture: rooms, openings and scale become a site that passes its own checks."""

import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.site_picture import read_picture
from quietwing.sites import SiteError
from quietwing.sites.importers import TraceChoices, TracedOpening, TracedRoom, site_report
from quietwing.sites.importers.tracing import metres_per_pixel, traced_site

pytestmark = pytest.mark.usefixtures("forked_readers")
ROOMS = (
    TracedRoom("C1", "silence", ((100, 100), (148, 101), (149, 176), (100, 175))),
    TracedRoom("C2", "silence", ((150, 101), (200, 100), (200, 175), (150, 175))),
    TracedRoom("corridor", "silence", ((100, 176), (201, 176), (200, 236), (100, 235))),
    TracedRoom("office", "keep", ((100, 236), (200, 236), (200, 320), (100, 320))),
)
SCALE_M = 1 / 20


@pytest.mark.parametrize("bearing_deg", [0.0, 33.0])
@pytest.mark.parametrize("storeys", [1, 3])
def test_a_traced_plan_passes_the_checks_of_a_site(bearing_deg, storeys, tmp_path):
    window = TracedOpening("window", (102, 280), 1.2)
    site = traced_site(ROOMS, [window], SCALE_M, 400, TraceChoices(bearing_deg=bearing_deg, storeys=storeys))
    report = site_report(site, tmp_path)
    assert report.problems == ()
    assert len(site.rooms) == 4 * storeys
    # by hand: the outline of 5 × 11 m has four walls, the partitions 5 + 2.5 + 2.5 + 3.75 m inside
    first = [wall for wall in site.walls if wall.storey == 0]
    assert len(first) == 8
    outer = sum(wall.line.length for wall in first if wall.construction == TraceChoices().outer_wall)
    assert outer == pytest.approx(2 * (5 + 11), abs=0.1)
    inner = sum(wall.line.length for wall in first if wall.construction == TraceChoices().inner_wall)
    assert inner == pytest.approx(5 + 5 + 3.75, abs=0.1)


def test_windows_and_doors_nobody_traced_are_placed_and_the_traced_ones_kept():
    site = traced_site(ROOMS, [TracedOpening("window", (102, 280), 1.2)], SCALE_M, 400, TraceChoices())
    kinds = {opening.id: opening.kind for opening in site.openings}
    assert kinds["window-1"] == "window"
    assert {"C1-window", "C2-window", "C1-door", "C2-door"} <= set(kinds)
    bare = traced_site(ROOMS, [], SCALE_M, 400, TraceChoices(windows_for_all=False, doors_for_all=False))
    assert bare.openings == ()


@pytest.mark.parametrize(
    ("rooms", "openings", "says"),
    [
        ((), (), "none is traced"),
        ((TracedRoom("A", "silence", ((0, 0), (50, 0))),), (), "at least three"),
        ((TracedRoom("A", "silence", ((0, 0), (80, 80), (80, 0), (0, 80))),), (), "enclose no proper room"),
        ((ROOMS[0], TracedRoom("far", "silence", ((300, 0), (390, 0), (390, 90)))), (), "do not all touch"),
        (ROOMS, (TracedOpening("window", (150, 206), 1.0),), "nearest outer wall"),
        (ROOMS, (TracedOpening("door", (125, 176), 4.0),), "is 4.00 m wide"),
    ],
)
def test_what_cannot_be_a_building_is_said(rooms, openings, says):
    with pytest.raises(SiteError, match=says):
        traced_site(rooms, openings, SCALE_M, 400, TraceChoices())


def test_two_points_and_a_distance_are_the_scale():
    assert metres_per_pixel((0, 0), (300, 400), 25.0) == pytest.approx(0.05)
    for points, distance_m in (
        (((0, 0), (1, 1)), 5.0),
        (((0, 0), (100, 0)), 0.0),
        (((0, 0), (100, 0)), float("nan")),
    ):
        with pytest.raises(SiteError, match="Scale"):
            metres_per_pixel(*points, distance_m)


def png(width=400, height=400, form="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, form)
    return out.getvalue()


def test_only_png_and_jpeg_are_pictures():
    assert read_picture("plan.jpg", png(form="JPEG")).width_px == 400
    big = read_picture("plan.png", png(4000, 2000))
    assert (big.width_px, big.height_px) == (4000, 2000)
    assert Image.open(io.BytesIO(big.shown_png)).size == (1600, 800)
    for content in (b"", b"GIF89a", png(form="GIF"), png()[:60]):
        with pytest.raises(SiteError, match="no readable PNG or JPEG"):
            read_picture("plan.png", content)


# --------------------------------------------------------------------------- the page


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.site_page import show

    do_what_was_asked()  # as the shell does
    show()


def traced_page(tmp_path, content):
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    at.radio(key="site-way").set_value("Trace a plan").run()
    return at.file_uploader(key="trace-file").upload("plan.png", content, "image/png").run()


def test_a_plan_is_traced_on_the_page(tmp_path):
    at = traced_page(tmp_path, png())
    tracing = at.session_state["plan being traced"]
    rows = [{"room": room.id, "role": room.role, "x_px": x, "y_px": y} for room in ROOMS for x, y in room.corners_px]
    tracing.first_corners, tracing.edition = rows, 1
    at.run()
    for number, value in enumerate((0.0, 0.0, 200.0, 0.0)):
        at.number_input(key=f"trace-scale-{number}-1").set_value(value)
    at.number_input(key="trace-distance").set_value(10.0)
    at.run()
    at.button(key="trace-make").click().run()
    own = at.session_state["quietwing session"]
    assert not at.error
    assert not at.exception
    assert own.site.name == "traced-site"
    assert len(own.site.rooms) == 4


def test_a_plan_without_scale_or_rooms_is_refused(tmp_path):
    at = traced_page(tmp_path, png())
    at.button(key="trace-make").click().run()
    assert "Scale" in at.error[0].value
    for number, value in enumerate((0.0, 0.0, 200.0, 0.0)):
        at.number_input(key=f"trace-scale-{number}-0").set_value(value)
    at.run()
    at.button(key="trace-make").click().run()
    assert "none is traced" in at.error[0].value
    at = traced_page(tmp_path, b"no picture")
    assert "no readable PNG" in at.error[0].value.replace("\\", "")
