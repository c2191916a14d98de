"""Logs and lists of strangers: whatever their bytes, one of our messages or a reading, never a traceback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from by_path import module_at
from openpyxl import Workbook

from quietwing.sites import import_masts, import_walk, load_site, read_mapping, read_waypoints
from quietwing.sites.errors import QuietwingError, SiteError
from quietwing.sites.surveys import mast_import
from quietwing.sites.surveys.mast_rows import read_mast_mapping

pytestmark = pytest.mark.usefixtures("forked_readers")
BAD = Path(__file__).with_name("bad_surveys.py")
KINDS = (
    "walk.csv", "readings.csv", "waypoints.csv", "mapping.toml", "masts.csv", "list.xlsx", "masts-mapping.toml",
    "calibration.toml",
)  # fmt: skip
X, Y = 400_000, 300_000
LOG = (
    "time,x,y,storey,MCC,MNC,RAT,EARFCN,RSRP (dBm)\n"
    + "".join(f"2026-11-20T10:00:{k:02d},{X + 2},{Y + 3},0,234,30,4G,6225,-{80 + k}\n" for k in range(30))
).encode()
LIST = (
    "radio,mcc,net,area,cell,unit,lon,lat,range,samples\n"
    + "".join(f"LTE,234,30,1,{k},0,-1.99{k % 10},52.597,100,3\n" for k in range(30))
).encode()


@pytest.fixture(scope="module")
def hostile():
    return module_at("tests/places/surveys/bad_surveys.py")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    tiny = module_at("tests/places/tiny_site.py")
    return load_site(tiny.write(tmp_path_factory.mktemp("tiny")))


def workbook() -> bytes:
    book = Workbook()
    book.active.append(["id", "x", "y", "plmn", "technology", "earfcn"])
    for number in range(20):
        book.active.append([f"A{number}", X + 500 + 40 * number, Y, "234-30", "LTE", 6225])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def damaged(content: bytes, seed: int) -> bytes:
    """Some bytes replaced, or the end cut off, or a piece repeated."""
    rng = np.random.default_rng(seed)
    found = bytearray(content)
    for at in rng.integers(0, len(found), rng.integers(1, 12)):
        found[at] = int(rng.integers(0, 256))
    if seed % 3 == 0:
        found = found[: int(rng.integers(0, len(found)))]
    if seed % 5 == 0:
        found += found[len(found) // 2 :]
    return bytes(found)


def message_of(reader, path: Path, site) -> str:
    """What was said of a file; its name where it was read."""
    try:
        reader(path, site)
    except QuietwingError as error:
        return str(error)
    return path.name


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_read_or_refused(site, tmp_path, seed):
    readers = [("walk.csv", LOG, import_walk), ("cells.csv", LIST, import_masts)]
    if seed % 12 == 0:  # a child process each; more of them below
        readers.append(("list.xlsx", workbook(), import_masts))
    for name, content, reader in readers:
        path = tmp_path / name
        path.write_bytes(damaged(content, seed))
        assert message_of(reader, path, site).startswith(name)


@pytest.mark.parametrize("share", range(0, 100, 10))
def test_a_file_that_is_cut_off_is_read_or_refused(site, tmp_path, share):
    for name, content, reader in (("walk.csv", LOG, import_walk), ("list.xlsx", workbook(), import_masts)):
        path = tmp_path / name
        path.write_bytes(content[: len(content) * share // 100])
        assert message_of(reader, path, site).startswith(name)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_by_its_number(site, tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for number in range(4):
            out.writestr(f"xl/worksheets/sheet{number}.xml", b"0" * 100_000_000)
    with pytest.raises(SiteError, match="unpacks to 400,000,000 bytes"):
        import_masts(path, site)


def test_a_link_out_of_its_folder_a_folder_and_nothing_are_refused(site, tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "walk.csv").symlink_to("/etc/hostname")
    for path in (tmp_path / "inner" / "walk.csv", tmp_path / "inner", tmp_path / "nothing.csv"):
        for reader in (import_walk, import_masts):
            with pytest.raises(SiteError):
                reader(path, site)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "", "12 dB", "٣"])
def test_no_number_that_is_none_becomes_a_reading_or_a_mast(site, tmp_path, value):
    log = tmp_path / "walk.csv"
    log.write_text(f"time,x,y,channel,rsrp\n2026-11-20,{value},{Y},EE/B20/LTE,-80\n", "utf-8")
    with pytest.raises(SiteError, match="none of 1 samples"):
        import_walk(log, site)
    log.write_text(f"time,x,y,channel,rsrp\n2026-11-20,{X + 2},{Y + 3},EE/B20/LTE,{value}\n", "utf-8")
    with pytest.raises(SiteError, match="no level between"):
        import_walk(log, site)
    masts = tmp_path / "masts.csv"
    masts.write_text(f"x,y,plmn,technology,earfcn\n{X + 500},{value},23430,LTE,6225\n", "utf-8")
    with pytest.raises(SiteError, match="none of 1 rows"):
        import_masts(masts, site)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x", "not valid TOML"),
        ("[columns]\nlevel = 'RSRP'\n", "unknown key 'level'"),
        ("[columns]\ntime = 1\n", "write a text"),
        ("[other]\n", "unknown table 'other'"),
        ("columns = 3\n", "expected a table"),
        ("[technologies]\nE-UTRA = '4G'\n", "expected GSM, UMTS, LTE or NR"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(tmp_path, text, told):
    path = tmp_path / "m.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SiteError, match=told):
        read_mapping(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [("[columns]\nname = 'x'\n", "unknown key"), ("a = 1\n", "no table"), ("[columns]\nid = 3\n", "text")],
)
def test_what_is_wrong_with_a_mapping_of_masts_is_said(tmp_path, text, told):
    path = tmp_path / "m.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SiteError, match=told):
        read_mast_mapping(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,x\n1,2\n", "has no column y"),
        ("time,x,y\n1,2,3\n", "1 waypoints"),
        ("time,x,y\n2,0,0\n1,0,0\n", "do not ascend"),
        ("time,x,y\n1,0,0\nsoon,0,0\n", "line 3: is no waypoint"),
        ("time,x,y,storey\n1,0,0,0.5\n2,0,0,1\n", "line 2: is no waypoint"),
    ],
)
def test_what_is_wrong_with_waypoints_is_said(tmp_path, text, told):
    path = tmp_path / "w.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(SiteError, match=told):
        read_waypoints(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_file_of_each_kind_is_read(hostile, site, tmp_path, kind):
    assert hostile.said_of(hostile.reads(kind, site, tmp_path), tmp_path / kind, hostile.GOOD[kind]) == "read"


@pytest.mark.parametrize("kind", KINDS)
def test_bad_files_of_each_kind_are_read_or_refused_in_words(hostile, site, tmp_path, kind):
    """An even choice of the 300; all of them in the test below."""
    read, said = hostile.reads(kind, site, tmp_path), []
    before = sorted(tmp_path.iterdir())
    for name, content in hostile.few(kind, hostile.GOOD[kind], 30 if kind == "list.xlsx" else 6):
        said.append(f"{name}: {hostile.said_of(read, tmp_path / kind, content)}")
    assert len(said) >= 9
    assert sum(kind in one or "good-" in one for one in said) >= len(said) // 3  # what is refused is named
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / kind])


@pytest.mark.long  # some minutes: 300 files of each kind, bombs and a million rows among them
@pytest.mark.parametrize("kind", KINDS)
def test_all_bad_files_of_each_kind_are_read_or_refused_within_the_limits(tmp_path, kind):
    """Below 2 GiB of memory and 60 s each, nothing written outside the folder, no network."""
    ran = subprocess.run(
        [sys.executable, "-P", BAD, kind, tmp_path],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=3000,
    )
    lines = [line.split("\t") for line in ran.stdout.splitlines()]
    assert len(lines) >= 300, ran.stderr[-2000:]
    assert [line for line in lines if "FAULT" in line[2]] == []
    assert max(float(line[0]) for line in lines) <= 60


@pytest.mark.parametrize("reader", [import_masts, import_walk])
@pytest.mark.parametrize(
    ("more", "told"),
    [
        (b"," * 30_000_000, "line 4: has over 65,536 characters; end each row with a line end"),
        (b'"a\n",' * 2_500_000, 'line 4: is a row of over 100 lines; add or remove a "'),
        (b'"' + b"\n" * 2_500_000, 'line 4: is a row of over 100 lines; add or remove a "'),
    ],
)
def test_a_row_without_end_is_refused_before_it_is_in_memory(site, tmp_path, reader, more, told):
    """30 million values of one row are 300 MB as texts; a reader takes a row of 65,536 signs or 100 lines."""
    path = tmp_path / "rows.csv"
    head = LIST if reader is import_masts else LOG
    path.write_bytes(b"".join(head.splitlines(keepends=True)[:3]) + more)
    used = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(SiteError) as told_of:
            reader(path, site)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert f"rows.csv: {told}" in str(told_of.value)
    assert most < 10e6
    assert time.process_time() - used < 3


def test_a_header_longer_than_a_line_may_be_is_no_row(site, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"lat,lon," + b"x" * 70_000 + b"\n52.597,-1.995\n")
    with pytest.raises(SiteError, match="line 1: has over 65,536 characters"):
        import_masts(path, site)


def test_a_list_of_too_many_lines_is_refused_by_its_number_before_it_is_read(site, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"lat,lon\n" + b"\xff,x\n" * 3_000_001)  # what is no UTF-8 is not come to
    used = time.process_time()
    with pytest.raises(
        SiteError, match=r"list.csv: has 3,000,002 lines \(limit 3,000,000\); keep those near the site"
    ):
        import_masts(path, site)
    assert time.process_time() - used < 1


def test_rows_that_are_one_with_another_at_sight_take_no_search(site, tmp_path, monkeypatch):
    """A list of 2,000 rows at one place and azimuth: one search, the others are counted with its sectors."""
    searched = []
    twin = mast_import._Making._twin
    monkeypatch.setattr(mast_import._Making, "_twin", lambda *asked: searched.append(1) or twin(*asked))
    rows = b"LTE,234,30,1,7,0,-1.995,52.597,100,3\n" * 2000
    (tmp_path / "list.csv").write_bytes(LIST.splitlines(keepends=True)[0] + rows)
    found = import_masts(tmp_path / "list.csv", site)
    assert len(searched) <= 2 * len(found.sectors)
    assert {one.rows for one in found.sectors} == {2000}
    assert found.merged == 1999 * len(found.sectors)


def test_too_many_places_near_the_site_are_refused_by_number(site, tmp_path, monkeypatch):
    monkeypatch.setattr(mast_import, "MOST_SEARCHED", 20)
    rows = "".join(f"LTE,234,30,1,{k},0,-1.995{k:03d},52.597,100,3\n" for k in range(60))
    (tmp_path / "list.csv").write_text(LIST.decode().splitlines(keepends=True)[0] + rows)
    with pytest.raises(
        SiteError, match=r"list.csv: has over 20 rows of different places .*; take a smaller --radius"
    ):
        import_masts(tmp_path / "list.csv", site)


def test_reasons_that_differ_in_each_row_are_not_all_kept(site, tmp_path):
    """3,000 technologies that are none: a thousand reasons are told apart, the others counted as one."""
    masts = LIST.decode().splitlines()
    (tmp_path / "list.csv").write_text(
        "\n".join([*masts[:2], *(masts[1].replace("LTE", f"r{k}") for k in range(3000))])
    )
    left_out = import_masts(tmp_path / "list.csv", site).left_out
    assert len(left_out) == 1001
    assert ("other reasons", 2000) in left_out
    log = LOG.decode().splitlines()
    (tmp_path / "walk.csv").write_text("\n".join([log[0], *(log[1].replace("4G", f"r{k}") for k in range(3000))]))
    with pytest.raises(
        SiteError, match=r"none of 3,000 samples can be used \(other reasons: 2,000, technology r0: 1"
    ):
        import_walk(tmp_path / "walk.csv", site)
