"""`quietwing import`: a folder, a zip or a GeoPackage becomes a checked site folder, or nothing at all."""

import json
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.sites import load_site, save_geopackage, save_site
from quietwing.sites.synthetic import build_wing, describe

pytestmark = pytest.mark.usefixtures("forked_readers")
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "sites" / "examples"
RULES = ROOT / "coverage" / "tables" / "rules.toml"


def run(*arguments: str):
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


@pytest.fixture(scope="module")
def wing():
    return build_wing(describe(type="wing", cells=4, storeys=1, name="small"))


@pytest.fixture
def folder(wing, tmp_path, monkeypatch):
    """A site folder; the test runs in the one that holds it."""
    made = tmp_path / "mine"
    save_site(wing, made)
    monkeypatch.chdir(tmp_path)
    return made


def zip_of(members, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, content)
    return path


def zipped(folder, path):
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return zip_of([(file.relative_to(folder).as_posix(), file.read_bytes(), 0o644) for file in files], path)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_zip_becomes_the_folder_that_was_packed(folder, tmp_path):
    (folder / "scenario.toml").write_text('seed = 7\nrules = "ours.toml"\n', "utf-8")
    (folder / "ours.toml").write_bytes(RULES.read_bytes())
    shutil.copy(EXAMPLES / "houseblock" / "layout.csv", folder / "layout.csv")
    ran = run(zipped(folder, tmp_path / "mine.zip"), "-o", "site")
    assert ran.exit_code == 0, ran.stderr
    assert contents(tmp_path / "site") == contents(folder)
    assert "wrote site with layout.csv, ours.toml, scenario.toml; try: quietwing check site" in ran.stderr
    assert "rooms" in ran.stdout


def test_folder_and_geopackage_are_imported_too(wing, folder, tmp_path):
    save_geopackage(wing, tmp_path / "mine.gpkg")
    for source, out in (("mine", "one"), ("mine.gpkg", "two")):
        ran = run(source, "-o", out, "--json")
        assert ran.exit_code == 0, ran.stderr
        said = json.loads(ran.stdout)
        assert (said["ok"], said["site"], said["beside"]) == (True, out, [])
        assert said["features"]["rooms"]["used"] == len(wing.rooms)
        assert load_site(tmp_path / out) == load_site(folder)


def test_all_problems_come_at_once_those_beside_the_layers_too_and_nothing_is_written(folder, tmp_path):
    rooms = folder / "rooms.geojson"
    rooms.write_text(rooms.read_text("utf-8").replace('"silence"', '"silense"', 1), "utf-8")
    (folder / "scenario.toml").write_text("seeed = 7\n", "utf-8")
    (folder / "layout.csv").write_text("id,model\nx,no such model\n", "utf-8")
    before = sorted(tmp_path.iterdir())
    for source in (folder, zipped(folder, tmp_path / "mine.zip")):
        ran = run(source, "-o", "site")
        assert ran.exit_code == 2
        assert ran.stdout == ""
        for words in ("rooms.geojson: ", "silense", "scenario.toml: ", "seeed", "layout.csv: "):
            assert words in ran.stderr
        assert "Traceback" not in ran.stderr
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "mine.zip"])


LINK = stat.S_IFLNK | 0o777
PLAIN = 0o644


@pytest.mark.parametrize(
    ("name", "members", "says"),
    [
        ("bomb.zip", [("site.toml", b"\0" * 40_000_000, PLAIN)], "times its size"),
        ("many.zip", [(f"{n}.txt", b"x", PLAIN) for n in range(201)], "holds 201 files"),
        ("climbs.zip", [("../site.toml", b"x", PLAIN)], "leads out of the folder"),
        ("link.zip", [("site.toml", b"/etc/passwd", LINK)], "link or device"),
        ("other.zip", [("walls.geojson", b"{}", PLAIN)], "holds no site.toml"),
        ("cut.zip", b"PK no zip at all", "cannot be unpacked"),
        ("empty.zip", b"", "is empty"),
        ("large.zip", b"x" * (50 * 2**20 + 1), "52,428,801 bytes (limit 52,428,800)"),
        ("plan.pdf", b"%PDF", "plan.pdf: is no usable PDF"),
        ("plan.docx", b"PK", "is a single file, expected the site's folder, a GeoPackage (.gpkg) or a zip"),
    ],
)
def test_bad_files_are_one_message_exit_2_and_leave_nothing(name, members, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    path = tmp_path / name
    path.write_bytes(members) if isinstance(members, bytes) else zip_of(members, path)
    ran = run(path, "-o", "site")
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error: ")
    assert says in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_zip_of_plain_bytes_that_unpack_to_200_mb_is_refused(tmp_path, monkeypatch):
    """Random bytes do not pack, so the ratio says nothing: the size does."""
    monkeypatch.setattr("quietwing.sites.importers.archive.MOST_UNPACKED_BYTES", 1000)
    ran = run(zip_of([("site.toml", bytes(range(256)) * 4, PLAIN)], tmp_path / "a.zip"), "-o", tmp_path / "site")
    assert ran.exit_code == 2
    assert "unpacks to" in ran.stderr


def test_nothing_that_stands_in_the_way_is_touched(folder, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "mine.txt").write_text("mine", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    for out, more, says in (
        ("notes", (), "is not empty"),
        ("notes", ("--overwrite",), "is not empty"),  # no site's folder
        ("file", ("--overwrite",), "is not empty"),
        ("new.gpkg", (), "into a folder"),
    ):
        ran = run("mine", "-o", out, *more)
        assert ran.exit_code == 2
        assert says in ran.stderr
    assert contents(notes) == {"mine.txt": b"mine"}
    assert (tmp_path / "file").read_text("utf-8") == "mine"
    assert not (tmp_path / "new.gpkg").exists()


def test_overwrite_replaces_the_site_and_leaves_what_else_lies_there(folder, tmp_path):
    assert run("mine", "-o", "site").exit_code == 0
    (tmp_path / "site" / "README.md").write_text("mine", "utf-8")
    (tmp_path / "site" / "scenario.toml").write_text("seed = 1\n", "utf-8")
    (folder / "scenario.toml").write_text("seed = 7\n", "utf-8")
    before = contents(tmp_path / "site")
    assert run("mine", "-o", "site").exit_code == 2
    assert contents(tmp_path / "site") == before
    assert run("mine", "-o", "site", "--overwrite").exit_code == 0
    assert contents(tmp_path / "site") == contents(folder) | {"README.md": b"mine"}


def test_a_copy_of_a_site_takes_its_rules_file_along(folder, tmp_path):
    (folder / "scenario.toml").write_text('rules = "ours.toml"\n', "utf-8")
    (folder / "ours.toml").write_bytes(RULES.read_bytes())
    ran = CliRunner().invoke(app, ["example", "copy", "mine", "again"])
    assert ran.exit_code == 0, ran.stderr
    assert contents(tmp_path / "again") == contents(folder)
