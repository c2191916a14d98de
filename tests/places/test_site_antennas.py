"""Antenna files of a site: read, named by masts, written again as they were, or refused with what to do."""

from __future__ import annotations

import dataclasses
import re

import pytest

from quietwing.sites import SiteError, check, load_site, save_geopackage, save_site
from quietwing.sites.fingerprints import fingerprint
from quietwing.sites.site_antennas import MOST_ANTENNAS

pytestmark = pytest.mark.usefixtures("forked_readers")
NAME = "Maker 65 deg (T6).msi"


def msi(down_deg: int = 6, head: str = "NAME made-up\nFREQUENCY 806\nGAIN 15 dBi\nTILT ELECTRICAL\n") -> str:
    """1 dB lost for every 10° off the axis; the beam points down."""
    off = [min(angle, 360 - angle) / 10 for angle in range(360)]
    rows = "".join(f"{angle} {loss}\n" for angle, loss in enumerate(off))
    turned = "".join(f"{angle} {off[angle - down_deg]}\n" for angle in range(360))
    return f"{head}HORIZONTAL 360\n{rows}VERTICAL 360\n{turned}"


@pytest.fixture
def named(folder):
    """The tiny site, its first mast with an antenna file, the tilt of the file's own."""
    (folder / "antennas").mkdir()
    (folder / "antennas" / NAME).write_bytes(msi().replace("\n", "\r\n").encode())
    masts = (folder / "masts.csv").read_text("utf-8")
    (folder / "masts.csv").write_text(masts.replace("270,6,sector_65", f"270,0,file:{NAME}"), "utf-8")
    return folder


def test_a_mast_names_an_antenna_file_of_the_site(named):
    site = load_site(named)
    assert site.sectors[0].antenna_name == NAME
    assert site.antennas[NAME].name == "made-up"
    assert site.antennas[NAME].peak_depression_deg == 6
    assert check(named).notes == ()


def test_loaded_and_saved_the_folder_is_the_same_byte_by_byte(named, tmp_path):
    site = load_site(named)
    save_site(site, tmp_path / "a")
    assert (tmp_path / "a" / "antennas" / NAME).read_bytes() == (named / "antennas" / NAME).read_bytes()
    assert load_site(tmp_path / "a") == site
    assert fingerprint(load_site(tmp_path / "a")) == fingerprint(site)


def test_a_geopackage_keeps_the_antenna_files(named, tmp_path):
    site = load_site(named)
    save_geopackage(site, tmp_path / "site.gpkg")
    assert load_site(tmp_path / "site.gpkg") == site


def test_the_content_of_an_antenna_file_is_part_of_what_names_a_site(named):
    before = fingerprint(load_site(named))
    (named / "antennas" / NAME).write_text(msi().replace("180 18.0", "180 17.9", 1), "utf-8")
    assert fingerprint(load_site(named)) != before


def test_a_site_without_antenna_files_keeps_its_name():
    site = load_site("houseblock")
    assert site.antenna_files == ()
    named_if_set = ("antenna_files", "terrain", "surroundings", "calibration")
    fields = [field.name for field in dataclasses.fields(site) if field.name not in named_if_set]
    assert fingerprint(site) == fingerprint({name: getattr(site, name) for name in fields})


def test_overwriting_removes_old_antennas_and_keeps_what_else_lies_there(named):
    (named / "antennas" / "old.pln").write_text(msi(), "utf-8")
    (named / "antennas" / "data sheet.pdf").write_bytes(b"%PDF")
    site = load_site(named)
    kept = tuple(pair for pair in site.antenna_files if pair[0] == NAME)
    save_site(dataclasses.replace(site, antenna_files=kept), named, overwrite=True)
    assert sorted(path.name for path in (named / "antennas").iterdir()) == [NAME, "data sheet.pdf"]


def test_what_is_not_used_is_named_and_no_problem(named):
    (named / "antennas" / "spare.pln").write_text(msi(), "utf-8")
    (named / "antennas" / "sheet.pdf").write_bytes(b"%PDF")
    report = check(named)
    assert report.ok
    assert "antennas/spare.pln: no mast names it; it is kept and not used" in report.notes
    assert any("antennas/sheet.pdf: is not an antenna file" in note for note in report.notes)
    assert load_site(named).notes == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("270,0,", "270,6,"), r"masts: m1: tilt_deg 6 is added to the 6° that are in .* already"),
        (("LTE,806,10", "LTE,796,10"), None),
        (("B20,LTE,806", "B1,LTE,2140"), r"masts: m1: .* was measured at 806 MHz, the carrier is at 2140 MHz"),
    ],
)
def test_what_is_likely_to_be_meant_otherwise_is_a_note(named, change, says):
    text = (named / "masts.csv").read_text("utf-8")
    levels = (named / "outside_levels.csv").read_text("utf-8")
    assert change[0] in text
    (named / "masts.csv").write_text(text.replace(*change), "utf-8")
    (named / "outside_levels.csv").write_text(levels.replace("B20", "B1") if "B1," in change[1] else levels, "utf-8")
    notes = check(named).notes
    assert (notes == ()) if says is None else re.search(says, notes[0])


def problems(folder) -> str:
    report = check(folder)
    with pytest.raises(SiteError):
        load_site(folder)
    return "\n".join(report.problems)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("file:../other.msi", r"masts.csv: .*m1: pattern 'file:../other.msi' is no file of the folder .*name alone"),
        ("file:/etc/passwd", r"m1: pattern 'file:/etc/passwd' is no file of the folder"),
        (r"file:..\x.msi", r"m1: pattern .* is no file of the folder"),
        ("file:notes.txt", r"m1: .*expected file:NAME.msi or .pln"),
        ("file:", r"m1: pattern 'file:' is no file of the folder"),
        ("file:Maker 65 deg (T5).msi", r"m1: .*antennas/Maker 65 deg \(T5\).msi does not exist; did you mean 'Maker"),
        (NAME, r"m1: pattern '.*' does not exist; write file:NAME for a file of the folder antennas"),
    ],
)
def test_a_pattern_that_is_no_file_of_the_site_is_refused(named, pattern, says):
    text = (named / "masts.csv").read_text("utf-8")
    (named / "masts.csv").write_text(text.replace(f"file:{NAME}", pattern), "utf-8")
    assert re.search(says, problems(named))


def test_an_array_with_sync_beams_is_for_nr_alone(folder):
    text = (folder / "masts.csv").read_text("utf-8")
    (folder / "masts.csv").write_text(text.replace("120,6,sector_65", "120,6,array_64_ssb_8"), "utf-8")
    assert load_site(folder).sectors[1].pattern == "array_64_ssb_8"
    (folder / "masts.csv").write_text(text.replace("270,6,sector_65", "270,6,array_64_ssb_8"), "utf-8")
    assert re.search(
        r"m1: pattern 'array_64_ssb_8' is that of NR's .*technology is LTE.*choose sector_65", problems(folder)
    )


def test_all_problems_of_all_antenna_files_stand_together(named):
    (named / "antennas" / NAME).write_text(msi().replace("\n7 0.7\n", "\n7 -0.7\n").replace("806", "8 06"), "utf-8")
    (named / "antennas" / "b.msi").write_bytes(b"\xff\xfe\x00")
    found = problems(named)
    assert re.search(rf"antennas/{re.escape(NAME)}: line 13: HORIZONTAL has -0.7 dB at 7°.*drop the minus", found)
    assert re.search(rf"antennas/{re.escape(NAME)}: line 2: FREQUENCY is '8 06'", found)
    assert re.search(r"antennas/b.msi: is UTF-16; save as UTF-8", found)
    assert "does not exist" not in found


def test_a_name_that_no_other_system_could_hold_is_refused(named):
    (named / "antennas" / "a:b.msi").write_text(msi(), "utf-8")
    assert re.search(r"antennas/a:b.msi: is no plain name of an antenna file .*rename it", problems(named))


def test_names_that_differ_in_case_only_are_refused(named):
    (named / "antennas" / NAME.replace("msi", "MSI")).write_text(msi(), "utf-8")
    assert re.search(r"antennas: .*differ in case only; give each file a name of its own", problems(named))


def test_an_antenna_file_that_is_too_large_is_refused(named):
    (named / "antennas" / NAME).write_bytes(b"COMMENT x\n" * 40_000)
    assert re.search(r"has 400,000 bytes \(limit 262,144\)", problems(named))


def test_too_many_antenna_files_are_refused_before_any_is_read(named):
    for number in range(MOST_ANTENNAS):
        (named / "antennas" / f"{number}.msi").write_text("x", "utf-8")
    assert problems(named).count("\n") == 0
    assert "holds 201 antenna files (limit 200)" in problems(named)


@pytest.mark.parametrize("whole", [True, False])
def test_a_link_out_of_the_site_is_refused(named, tmp_path, whole):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / NAME).write_text(msi(), "utf-8")
    (named / "antennas" / NAME).unlink()
    if whole:
        (named / "antennas").rmdir()
        (named / "antennas").symlink_to(tmp_path / "elsewhere")
    else:
        (named / "antennas" / NAME).symlink_to(tmp_path / "elsewhere" / NAME)
    assert re.search(r"antennas.*: is a link .*; put the", problems(named))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE antennas SET name = '../x.msi'", r"site.gpkg/antennas/../x.msi: is no plain name"),
        ("UPDATE antennas SET text = 'NAME x'", r"site.gpkg/antennas/.*: has no HORIZONTAL cut"),
        ("UPDATE antennas SET text = NULL", r"row 1: needs a name and the text of an antenna file"),
        ("UPDATE antennas SET text = text || char(0)", r"holds NUL bytes|printable|plain number"),
        ("INSERT INTO antennas (name, text) SELECT name, text FROM antennas", r"row 2: stands twice"),
        ("DROP TABLE antennas", r"m1: .*does not exist; add the file"),
    ],
)
def test_a_geopackage_with_a_bad_antenna_is_refused(named, tmp_path, statement, says):
    import sqlite3

    save_geopackage(load_site(named), tmp_path / "site.gpkg")
    connection = sqlite3.connect(tmp_path / "site.gpkg")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{trigger}"')
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert re.search(says, problems(tmp_path / "site.gpkg"))
