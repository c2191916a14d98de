"""The page Site: a planner describes, uploads or traces a place, and what is wrong with it is said on the page."""

import dataclasses
import functools
import io
import re
import stat
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import site_masts
from quietwing.coverage.app.site_files import (
    masts_text,
    open_upload,
    site_geopackage,
    site_zip,
    with_levels,
    with_masts,
    with_surroundings,
)
from quietwing.coverage.app.site_masts import edited_text
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.layout import layout_text
from quietwing.coverage.scenario import Scenario
from quietwing.sites import SiteError, load_site
from quietwing.sites.antenna_files import parse_msi
from quietwing.sites.files import BUNDLED
from quietwing.sites.importers import rechecked
from quietwing.sites.model import Surroundings
from quietwing.sites.synthetic import build_wing, describe
from quietwing.sites.tables_csv import row_values
from quietwing.sites.terrain import Terrain

pytestmark = pytest.mark.usefixtures("forked_readers")


@pytest.fixture(scope="module")
def wing():
    return build_wing(describe(type="wing", cells=4, storeys=1, name="small"))


def packed(site, tmp_path, **extra):
    return site_zip(
        site, tmp_path, devices=(), scenario=Scenario(), catalogue=extra.pop("catalogue", {}) or bundled()
    )


def bundled():
    from quietwing.coverage.catalogue import read_catalogue

    return read_catalogue()


def zip_of(*members, **flags):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = flags.get(name, 0o644 << 16) if name in flags else 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, text)
    return out.getvalue()


@functools.cache
def bomb():
    """Many zeros in a small file: packed when a test asks for it."""
    return zip_of(("site.toml", b"\0" * 40_000_000))


# --------------------------------------------------------------------------- files


def test_a_downloaded_zip_opens_as_the_same_site(wing, tmp_path):
    content = packed(wing, tmp_path)
    assert content == packed(wing, tmp_path)  # equal content, equal bytes
    brought = open_upload("site.zip", content, tmp_path)
    assert brought.site == rechecked(wing, tmp_path)
    assert brought.scenario == Scenario()
    assert list(tmp_path.iterdir()) == []


def test_a_zip_with_one_folder_around_the_site_opens_too(wing, tmp_path):
    inside = zipfile.ZipFile(io.BytesIO(packed(wing, tmp_path)))
    around = zip_of(("__MACOSX/._x", b""), *((f"my site/{name}", inside.read(name)) for name in inside.namelist()))
    assert open_upload("x.ZIP", around, tmp_path).site == rechecked(wing, tmp_path)


def test_a_geopackage_opens_as_the_same_site(wing, tmp_path):
    assert open_upload("site.gpkg", site_geopackage(wing, tmp_path), tmp_path).site == rechecked(wing, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_antenna_files_travel_in_zip_and_geopackage_and_stay_with_changed_masts(wing, tmp_path):
    rows = "".join(f"{angle} {min(angle, 360 - angle) / 10}\n" for angle in range(360))
    antenna = parse_msi(f"NAME made-up\nHORIZONTAL 360\n{rows}VERTICAL 360\n{rows}", "a b.msi")
    first, *others = wing.sectors
    named = dataclasses.replace(first, pattern="file:a b.msi")
    site = rechecked(
        dataclasses.replace(wing, sectors=(named, *others), antenna_files=(("a b.msi", antenna),)), tmp_path
    )
    content = packed(site, tmp_path)
    assert "antennas/a b.msi" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert open_upload("site.zip", content, tmp_path).site == site
    assert open_upload("site.gpkg", site_geopackage(site, tmp_path), tmp_path).site == site
    inside = zipfile.ZipFile(io.BytesIO(content))
    members = [(f"my site/{name}", inside.read(name)) for name in inside.namelist()]
    brought = open_upload("x.zip", zip_of(*members, ("my site/antennas/sheet.pdf", b"%PDF")), tmp_path)
    assert brought.site == site
    assert brought.left_out == ("antennas/sheet.pdf",)
    changed = with_masts(site, masts_text(site.sectors[:1]), tmp_path)
    assert changed.antennas == site.antennas
    assert changed.sectors == (named,)
    with pytest.raises(SiteError, match=r"in a folder within"):
        open_upload("x.zip", zip_of(("site.toml", "x"), ("antennas/deeper/a.msi", "x")), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_heights_of_the_ground_travel_in_the_zip(wing, tmp_path):
    pytest.importorskip("rasterio")
    west_m, _, _, north_m = wing.perimeter.outline.bounds
    heights = np.arange(400, dtype="<f4").tobytes()
    terrain = Terrain(west_m - 500.0, north_m + 500.0, 100.0, 100.0, 20, 20, heights)
    site = dataclasses.replace(wing, terrain=terrain)
    content = site_zip(site, tmp_path, devices=(), scenario=Scenario(), catalogue=read_catalogue())
    assert open_upload("site.zip", content, tmp_path).site.terrain == terrain
    assert content == site_zip(site, tmp_path, devices=(), scenario=Scenario(), catalogue=read_catalogue())


def test_houses_and_crossings_travel_in_zip_and_geopackage_and_through_the_mast_editor(wing, tmp_path):
    first, *others = wing.sectors
    lamp_post = dataclasses.replace(first, environment="street", height_m=6.0, corner_x_m=80.0, corner_y_m=-60.5)
    around = Surroundings(roof_m=8.0, street_width_m=16.0)
    site = rechecked(dataclasses.replace(wing, sectors=(lamp_post, *others), surroundings=around), tmp_path)
    assert (site.sectors[0], site.surroundings) == (lamp_post, around)
    assert open_upload("site.zip", packed(site, tmp_path), tmp_path).site == site
    assert open_upload("site.gpkg", site_geopackage(site, tmp_path), tmp_path).site == site
    assert with_masts(site, edited_text([row_values(sector) for sector in site.sectors]), tmp_path) == site
    assert with_masts(site, masts_text(site.sectors), tmp_path) == site


def test_houses_are_taken_and_taken_away_again_and_notes_of_masts_follow(wing, tmp_path):
    first, *others = wing.sectors
    lamp_post = dataclasses.replace(first, environment="street", height_m=6.0)
    site = rechecked(dataclasses.replace(wing, sectors=(lamp_post, *others)), tmp_path)
    low = with_surroundings(site, {"roof_m": 5.5, "row_spacing_m": None, "street_width_m": None}, tmp_path)
    assert low.surroundings == Surroundings(roof_m=5.5)
    above = [note for note in low.notes if "here up to 5.5 m, roof_m of the site" in note]
    assert len(above) == 1  # the lamp post of 6 m stands above roofs of 5.5 m
    assert with_surroundings(low, dict.fromkeys(("roof_m", "row_spacing_m", "street_width_m")), tmp_path) == site
    with pytest.raises(SiteError) as caught:
        with_surroundings(low, {"roof_m": 2.0, "street_width_m": 300.0}, tmp_path)
    assert len(caught.value.problems) == 2
    assert list(tmp_path.iterdir()) == []


def test_layout_and_scenario_travel_in_the_zip(tmp_path):
    from quietwing.coverage.site_inputs import equipment_of

    site = load_site("houseblock")
    devices, catalogue = equipment_of("houseblock", None)
    content = site_zip(site, tmp_path, devices=devices, scenario=Scenario(seed=7), catalogue=catalogue)
    brought = open_upload("houseblock.zip", content, tmp_path)
    assert layout_text(brought.devices) == layout_text(devices)
    assert brought.scenario is not None
    assert brought.scenario.seed == 7
    assert brought.catalogue is None  # the bundled one is not copied


LINK = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("site.zip", b"", "is empty"),
        ("site.zip", b"PK no zip at all", "cannot be unpacked"),
        ("site.pdf", b"%PDF-1.7", "is no usable PDF"),
        ("site.docx", b"PK", "upload a zip of a site folder"),
        ("site.gpkg", b"SQLite format 3\0 but cut", "site.gpkg"),
        ("site.gpkg", zip_of(("site.toml", "x")), "site.gpkg"),
        ("site.zip", zip_of(("../site.toml", "x")), "leads out of the folder"),
        ("site.zip", zip_of(("a/../../site.toml", "x")), "leads out of the folder"),
        ("site.zip", zip_of(("/etc/passwd", "x")), "absolute path"),
        ("site.zip", zip_of(("C:/site.toml", "x")), "absolute path"),
        ("site.zip", zip_of(("a\\..\\site.toml", "x")), "absolute path"),
        ("site.zip", zip_of(("site.toml", "/etc/passwd"), **{"site.toml": LINK}), "link or device"),
        ("site.zip", zip_of(("walls.geojson", "{}")), "holds no site.toml"),
        ("site.zip", zip_of(("site.toml", "x"), ("deeper/walls.geojson", "{}")), "in a folder within"),
        ("site.zip", zip_of(("site.toml", "not = toml = at all")), "site.toml"),
        ("site.zip", bomb, "times its size"),
        ("site.zip", zip_of(*((f"{n}.txt", "x") for n in range(201))), "holds 201 files"),
        ("site.zip", b"x" * (50 * 2**20 + 1), "limit 50 MB"),
    ],
)
def test_hostile_and_wrong_uploads_are_refused_and_leave_nothing(name, content, says, tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    with pytest.raises(SiteError) as caught:
        open_upload(name, content() if callable(content) else content, folder)
    assert says in str(caught.value)
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["session"]


def test_a_zip_that_unpacks_to_more_than_it_says_is_refused(wing, tmp_path):
    content = bytearray(zip_of(("site.toml", b"name = 1\n" * 50)))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (5).to_bytes(4, "little")  # uncompressed size in the directory
    with pytest.raises(SiteError):
        open_upload("site.zip", bytes(content), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_masts_are_changed_through_the_checks_of_the_site(wing, tmp_path):
    changed = with_masts(wing, masts_text(wing.sectors[:2]), tmp_path)
    assert len(changed.sectors) == 2
    with pytest.raises(SiteError, match=r"masts\.csv.*eirp_dbm"):
        with_masts(wing, masts_text(wing.sectors[:2]).replace(",RMa", ",RMa").replace("eirp_dbm", "eirp"), tmp_path)
    with pytest.raises(SiteError, match=r"outside_levels\.csv"):
        with_levels(wing, "channel,x,y,height_m,rsrp_dbm,date\nEE/B99/LTE,0,0,1.5,-80,2026-01-01\n", tmp_path)
    level = "channel,x,y,height_m,rsrp_dbm,date\nEE/B20/LTE,30,0,1.5,-80,2026-01-01\n"
    assert len(with_levels(wing, level, tmp_path).outside_levels) == 1
    assert list(tmp_path.iterdir()) == []


def test_rows_of_the_mast_editor_are_the_file(wing):
    rows = [row_values(sector) for sector in wing.sectors[:3]]
    assert [line.split(",")[0] for line in edited_text(rows).splitlines()[1:]] == [s.id for s in wing.sectors[:3]]
    assert len(edited_text([*rows, dict.fromkeys(rows[0])]).splitlines()) == 4  # an empty row is no mast
    rows[0]["height_m"] = float("nan")
    assert ",," in edited_text(rows).splitlines()[1]


def test_an_azimuth_left_empty_in_the_editor_needs_levels_measured_on_the_site(wing, tmp_path):
    rows = [row_values(sector) for sector in wing.sectors[:1]]
    rows[0]["azimuth_deg"] = None
    with pytest.raises(SiteError, match=r"azimuth_deg is empty and outside_levels\.csv has readings .* at 0 places"):
        with_masts(wing, edited_text(rows), tmp_path)
    rows[0]["pattern"] = "omni"
    assert with_masts(wing, edited_text(rows), tmp_path).sectors[0].azimuth_deg is None


def test_text_of_a_user_is_no_markdown():
    assert literal("<b>![x](http://h)*a* $x$ :red[z]") == (r"\<b\>\!\[x\]\(http\:\/\/h\)\*a\* \$x\$ \:red\[z\]")


# --------------------------------------------------------------------------- the page


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.site_page import show

    do_what_was_asked()  # as the shell does
    show()


def opened(name=None):
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    if name is not None:
        at.selectbox(key="site-bundled").select(name)
        at.button(key="site-open-bundled").click().run()
        assert not at.exception
    return at


def test_a_session_has_nothing_of_another(wing):
    one, other = opened(), opened("radial")
    assert one.session_state["quietwing session"].folder != other.session_state["quietwing session"].folder
    assert one.session_state["quietwing session"].site.name != other.session_state["quietwing session"].site.name


@pytest.mark.parametrize("name", BUNDLED)
def test_the_page_opens_on_every_bundled_site(name):
    at = opened(name)
    own = at.session_state["quietwing session"]
    assert own.site_source == name
    assert any(f"{len(own.site.sectors)} sectors" in text.value for text in at.markdown)
    assert at.success[0].value.startswith("The example")


def described(at, **answers):
    at.radio(key="site-way").set_value("Describe a wing").run()
    for key, value in answers.items():
        kind = at.number_input if isinstance(value, int | float) else at.text_input
        kind(key=f"houseblock-{key}").set_value(value)
    next(button for button in at.button if button.label == "Make this site").click()
    return at.run()


def test_a_described_wing_becomes_the_site():
    at = described(opened(), name="my *block*", cells=4, storeys=2, wings=1)
    own = at.session_state["quietwing session"]
    assert not at.error
    assert own.site.name == "my *block*"
    assert own.site_source == "yours"
    assert all(sector.assumed for sector in own.site.sectors)
    assert any(r"my \*block\*" in text.value for text in at.title)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"cells": 7}, "Cells of one wing"),
        ({"storeys": 30}, "Storeys"),
        ({"cell_names": "cell"}, "How cells are numbered"),
        ({"window_width_m": 5.0, "storeys": 0}, "Width of a window|Storeys"),
        ({"name": ""}, "Name of the site"),
    ],
)
def test_a_wing_that_cannot_be_is_refused_by_field(answers, says):
    at = described(opened(), **answers)
    assert at.error
    assert re.search(says, at.error[0].value.replace("\\", ""))
    assert at.session_state["quietwing session"].site_source == "houseblock"


def uploaded(at, name, content, kind):
    at.radio(key="site-way").set_value("Upload a drawing or site").run()
    at.file_uploader(key="site-upload").upload(name, content, kind).run()
    return at.button(key="site-open-upload").click().run()


def test_the_mast_editor_names_the_antenna_files_of_the_site(wing, tmp_path):
    rows = "".join(f"{angle} 0\n" for angle in range(360))
    antenna = parse_msi(f"NAME x\nHORIZONTAL 360\n{rows}VERTICAL 360\n{rows}", "a_b.msi")
    site = dataclasses.replace(wing, antenna_files=(("a_b.msi", antenna),))
    at = uploaded(opened(), "mine.zip", packed(site, tmp_path), "application/zip")
    assert not at.error
    assert not at.exception
    expected = f"Antenna files of this site, for the column pattern: {literal('file:a_b.msi')}"
    assert expected in [caption.value for caption in at.caption]


def test_an_uploaded_site_is_opened(wing, tmp_path):
    at = uploaded(opened(), "mine.zip", packed(wing, tmp_path), "application/zip")
    own = at.session_state["quietwing session"]
    assert not at.error
    assert own.site.name == "small"
    assert own.site_source == "yours"
    assert [path for path in own.folder.iterdir() if path.name.startswith("site")] == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bomb.zip", bomb, "times its size"),
        ("out.zip", zip_of(("../site.toml", "x")), "leads out"),
        ("empty.gpkg", b"nothing", "empty.gpkg"),
    ],
)
def test_a_bad_upload_is_said_on_the_page_and_nothing_is_written(name, content, says):
    at = uploaded(opened(), name, content() if callable(content) else content, "application/zip")
    own = at.session_state["quietwing session"]
    assert says in at.error[0].value.replace("\\", "")
    assert own.site_source == "houseblock"
    assert list(own.folder.iterdir()) == []


def test_masts_are_replaced_by_a_file_and_bad_ones_refused():
    at = opened()
    own = at.session_state["quietwing session"]
    before = own.site
    for content, says in (
        (b"id,operator\n", "masts.csv"),
        (b"not a table", "masts.csv"),
        (masts_text(before.sectors).encode().replace(b"sector_65", b"sector_66"), "pattern"),
    ):
        at.file_uploader(key="site-masts-file").upload("masts.csv", content, "text/csv").run()
        at.button(key="site-masts-file-use").click().run()
        assert says in at.error[0].value.replace("\\", "")
        assert at.session_state["quietwing session"].site == before
    lower = tuple(dataclasses.replace(sector, eirp_dbm=50.0) for sector in before.sectors)
    good = masts_text(lower).encode()
    at.file_uploader(key="site-masts-file").upload("masts.csv", good, "text/csv").run()
    at.button(key="site-masts-file-use").click().run()
    own = at.session_state["quietwing session"]
    assert {sector.eirp_dbm for sector in own.site.sectors} == {50.0}
    assert own.site_source == "yours"
    assert own.layout.devices  # the layout stays


def test_what_is_wrong_with_masts_is_said_beside_the_button_that_was_pressed(monkeypatch):
    at = opened()
    monkeypatch.setattr(site_masts, "edited_rows", lambda rows, _: [rows[0] | {"height_m": -5.0}, *rows[1:]])
    at.button(key="site-masts-use").click().run()
    at.file_uploader(key="site-masts-file").upload("masts.csv", b"not a table", "text/csv").run()
    for label, key, says in (
        ("Masts as a table: change, add, delete", "site-masts-use", "height_m is -5"),
        ("Masts as a file (masts.csv)", "site-masts-file-use", "masts.csv"),
    ):
        at.button(key=key).click().run()
        (part,) = (one for one in at.expander if one.label == label)
        assert len(at.error) == len(part.error) == 1
        assert says in part.error[0].value.replace("\\", "")
        drawn = [one.key if one.type == "button" else one.type for one in part if one.type in ("button", "error")]
        assert drawn[drawn.index("error") + 1] == key


def with_lengths(at, **lengths_m):
    """Fill fields by their key in site.toml; the last part of a field's own key counts the sites shown."""
    for name, value in lengths_m.items():
        (field,) = (one for one in at.number_input if one.key.startswith(f"site-{name}-"))
        field.set_value(value)
    return at.button(key="site-houses-use").click().run()


def test_houses_between_masts_and_site_are_given_on_the_page_and_travel_with_the_site(wing, tmp_path):
    at = uploaded(opened(), "mine.zip", packed(wing, tmp_path), "application/zip")
    fields = [one for one in at.number_input if one.key.startswith("site-r") or one.key.startswith("site-street")]
    assert [one.value for one in fields] == [None, None, None]
    at = with_lengths(at, roof_m=9.25, street_width_m=14.0)
    assert not at.exception
    assert not at.error
    assert any("houses between the masts and the site were changed" in one.value for one in at.success)
    own = at.session_state["quietwing session"]
    assert own.site.surroundings == Surroundings(roof_m=9.25, street_width_m=14.0)
    assert own.site_source == "yours"
    content = packed(own.site, tmp_path)
    for name, kept in (("again.zip", content), ("again.gpkg", site_geopackage(own.site, tmp_path))):
        again = uploaded(opened(), name, kept, "application/octet-stream")
        assert again.session_state["quietwing session"].site.surroundings == own.site.surroundings
        shown = {one.key.rsplit("-", 1)[0]: one.value for one in again.number_input}
        assert (shown["site-roof_m"], shown["site-row_spacing_m"], shown["site-street_width_m"]) == (9.25, None, 14.0)
    at = with_lengths(at, roof_m=None, street_width_m=None)
    assert at.session_state["quietwing session"].site.surroundings == Surroundings()


def test_houses_that_cannot_be_are_said_by_the_label_of_their_field():
    at = opened()
    before = at.session_state["quietwing session"].site
    at = with_lengths(at, roof_m=2.0, row_spacing_m=1000.0)
    said = at.error[0].value.replace("\\", "")
    assert "Height of the roofs [m] is 2.0 (expected a number above 3 to 100)" in said
    assert "From row to row of houses [m] is 1000.0 (expected a number from 5 to 500)" in said
    at = with_lengths(at, roof_m=None, row_spacing_m=20.0, street_width_m=30.0)
    assert "Width of the streets [m] is 30 (expected less than From row to row" in at.error[0].value.replace("\\", "")
    assert at.session_state["quietwing session"].site == before
