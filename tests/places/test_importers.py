"""Sites from elsewhere in Python: a zip is the folder that was packed, a traced plan as large as its scale says."""

from __future__ import annotations

import errno
import math
import zipfile

import pytest

from quietwing.sites import SiteError, load_site, save_geopackage, save_site
from quietwing.sites.importers import (
    ScaleLine,
    TraceChoices,
    TracedOpening,
    TracedRoom,
    import_site,
    import_tracing,
)
from quietwing.sites.raw_site import RawSite


def zipped(folder, path, inside="", **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                out.write(file, f"{inside}{file.relative_to(folder).as_posix()}")
        for name, content in more.items():
            out.writestr(name, content)
    return path


@pytest.mark.parametrize("inside", ["", "my prison/"])
def test_a_zip_gives_the_site_of_its_folder(rich, tmp_path, inside):
    save_site(rich, tmp_path / "a")
    assert import_site(zipped(tmp_path / "a", tmp_path / "a.zip", inside)) == load_site(tmp_path / "a")


def test_folder_geopackage_and_name_are_imported_too(rich, tmp_path):
    save_site(rich, tmp_path / "a")
    save_geopackage(rich, tmp_path / "a.gpkg")
    assert import_site(tmp_path / "a") == load_site(tmp_path / "a")
    assert import_site(tmp_path / "a.gpkg") == rich
    assert import_site("houseblock") == load_site("houseblock")


def test_every_problem_in_a_zip_comes_at_once_by_file_and_feature(rich, tmp_path):
    save_site(rich, tmp_path / "a")
    walls = tmp_path / "a" / "walls.geojson"
    walls.write_text(walls.read_text("utf-8").replace('"construction": "', '"construction": "no-'), "utf-8")
    masts = tmp_path / "a" / "masts.csv"
    header, first, *others = masts.read_text("utf-8").splitlines()
    masts.write_text("\n".join([header, first.replace("LTE", "5G"), *others]) + "\n", "utf-8")
    with pytest.raises(SiteError) as folder:
        load_site(tmp_path / "a")
    assert {problem.split(":")[0] for problem in folder.value.problems} == {"walls.geojson", "masts.csv"}
    with pytest.raises(SiteError) as archive:
        import_site(zipped(tmp_path / "a", tmp_path / "a.zip"))
    assert archive.value.problems == folder.value.problems


def test_all_harmful_members_of_a_zip_are_named(rich, tmp_path):
    save_site(rich, tmp_path / "a")
    path = zipped(tmp_path / "a", tmp_path / "a.zip", **{"../x.csv": "x", "/etc/passwd": "x"})
    with pytest.raises(SiteError) as caught:
        import_site(path)
    assert len(caught.value.problems) == 2
    assert "'../x.csv' leads out of the folder" in caught.value.problems[0]
    assert "'/etc/passwd' is an absolute path" in caught.value.problems[1]


def test_two_members_of_a_zip_that_are_one_file_on_other_computers_are_refused(rich, tmp_path):
    """On Windows and macOS names that differ in case alone are one: which of the two would rule is chance."""
    save_site(rich, tmp_path / "a")
    path = zipped(tmp_path / "a", tmp_path / "a.zip", **{"Masts.CSV": "x"})
    with pytest.raises(SiteError, match=r"a\.zip: 'masts\.csv' and 'Masts\.CSV' are one file on other computers"):
        import_site(path)


def test_a_zip_is_no_site_for_other_commands_and_says_which_one_reads_it(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(SiteError, match=r"single file.*`quietwing import` reads a zip"):
        load_site(tmp_path / "a.zip")


@pytest.mark.parametrize("source", ["https://example.org/a.zip", "-", "", "/vsizip/a.zip"])
def test_addresses_are_not_imported(source):
    with pytest.raises(SiteError, match="not a folder on this computer"):
        import_site(source)


# --------------------------------------------------------------------------- a plan traced over a picture

CELLS = (
    TracedRoom("C1", "silence", ((100, 100), (160, 100), (160, 180), (100, 180))),
    TracedRoom("C2", "silence", ((160, 100), (220, 100), (220, 180), (160, 180))),
    TracedRoom("corridor", "silence", ((100, 180), (220, 180), (220, 220), (100, 220))),
)
SCALE = ScaleLine((100, 300), (220, 300), 6.0)  # 120 px are 6 m: 0.05 m a pixel


def test_a_traced_plan_has_the_size_its_scale_says():
    site = import_tracing(CELLS, (), SCALE, 400)
    areas_m2 = {room.id: room.outline.area for room in site.rooms}
    # by hand: 60 × 80 px are 3 × 4 m, 120 × 40 px are 6 × 2 m
    assert areas_m2 == pytest.approx({"C1": 12.0, "C2": 12.0, "corridor": 12.0}, abs=1e-6)
    # the picture's lower left corner is the origin: the cells' upper edge lies (400 − 100) · 0.05 m above it
    assert site.buildings[0].outline.bounds == pytest.approx((5.0, 9.0, 11.0, 15.0), abs=1e-6)
    assert all(sector.assumed for sector in site.sectors)


def test_a_traced_plan_turns_with_its_bearing():
    straight = import_tracing(CELLS, (), SCALE, 400).rooms[0].outline.centroid
    turned = import_tracing(CELLS, (), SCALE, 400, TraceChoices(bearing_deg=90.0)).rooms[0].outline.centroid
    assert math.hypot(turned.x, turned.y) == pytest.approx(math.hypot(straight.x, straight.y))
    # up on the picture is east: what lay north lies east, what lay east lies south
    assert (turned.x, turned.y) == pytest.approx((straight.y, -straight.x), abs=1e-5)


def test_a_traced_site_is_written_and_read_like_any_other(tmp_path):
    site = import_tracing(CELLS, [TracedOpening("window", (130, 102), 0.8)], SCALE, 400, TraceChoices(storeys=2))
    save_site(site, tmp_path / "traced")
    assert load_site(tmp_path / "traced") == site
    assert len(site.rooms) == 6


@pytest.mark.parametrize(
    ("rooms", "scale", "choices", "says"),
    [
        (CELLS, ScaleLine((0, 0), (1, 1), 5.0), TraceChoices(), "Scale: the two points are the same"),
        (CELLS, ScaleLine((0, 0), (99, 0), 0.0), TraceChoices(), "Scale: the distance is 0 m"),
        ((), SCALE, TraceChoices(), "Rooms: none is traced"),
        (CELLS, SCALE, TraceChoices(outer_wall="concret"), "concret"),
        (CELLS, SCALE, TraceChoices(name=""), "name"),
    ],
)
def test_what_is_wrong_with_a_tracing_is_a_site_error(rooms, scale, choices, says):
    with pytest.raises(SiteError, match=says):
        import_tracing(rooms, (), scale, 400, choices)


def test_a_reader_that_names_no_files_is_spoken_of_as_a_folder():
    files = RawSite().files
    assert (files["walls"], files["masts"], files["site"]) == ("walls.geojson", "masts.csv", "site.toml")


@pytest.mark.parametrize("ending", ["png", "JPG"])
def test_a_picture_is_sent_to_where_pictures_are_traced(tmp_path, ending):
    path = tmp_path / f"plan.{ending}"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(SiteError, match="a picture is traced in the app"):
        load_site(path)


def test_a_geopackage_that_cannot_be_written_is_an_error_of_the_system(tiny, tmp_path, monkeypatch):
    """GDAL tells it in words: what a full disk is shows in a file of our own; nothing stays behind."""
    resource = pytest.importorskip("resource")
    pyogrio = pytest.importorskip("pyogrio")
    site = load_site(tiny.write(tmp_path / "site"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_geopackage(site, tmp_path / "site.gpkg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    def refused(*_arguments, **_named):
        raise pyogrio.errors.DataSourceError("Failed to commit transaction")

    monkeypatch.setattr(pyogrio, "write_dataframe", refused)
    with pytest.raises(OSError, match=r"GDAL cannot write it \(Failed to commit transaction\)") as error:
        save_geopackage(site, tmp_path / "site.gpkg")
    assert (error.value.errno, error.value.filename) == (errno.EIO, str(tmp_path / "site.gpkg"))
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
