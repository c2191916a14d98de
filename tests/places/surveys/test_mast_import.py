"""Lists of masts: OpenCelliD with and without a header, workbooks by a mapping, Ofcom's grid references."""

from __future__ import annotations

import dataclasses
import io
import math
import shutil
import zipfile

import pytest
from by_path import module_at
from openpyxl import Workbook
from pyproj import Transformer
from shapely.affinity import translate

from quietwing.sites import check, load_site
from quietwing.sites.errors import SiteError
from quietwing.sites.surveys import mast_import
from quietwing.sites.surveys.grid_reference import osgb_m
from quietwing.sites.surveys.mast_import import Anchor, import_masts
from quietwing.sites.surveys.mast_rows import mast_head, read_mast_mapping
from quietwing.sites.tables_csv import mast_columns, table_text

pytestmark = pytest.mark.usefixtures("forked_readers")
X, Y = 400_000, 300_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tiny = module_at("tests/places/tiny_site.py")
    return tiny.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def site(folder):
    return load_site(folder)


def wgs(x: float, y: float) -> tuple[float, float]:
    return Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform(x, y)


def cell(radio: str, net: int, number: int, x: float, y: float) -> str:
    lon, lat = wgs(x, y)
    return f"{radio},234,{net},100,{number},0,{lon:.7f},{lat:.7f},1000,20,1,1500000000,1600000000,0"


def test_a_grid_reference_is_its_easting_and_northing():
    assert osgb_m("NZ 24971 65142") == (424_971.5, 565_142.5)
    assert osgb_m("TQ3080") == (530_500, 180_500)
    assert osgb_m("SV0000000000") == (0.5, 0.5)
    assert osgb_m("424971, 565142") == osgb_m("424971 0565142") == (424_971, 565_142)
    for wrong in ("NZ 123", "II1234", "12345", ""):
        assert osgb_m(wrong) is None


@pytest.mark.parametrize("header", [True, False])
def test_opencellid_gives_operators_by_plmn_and_one_mast_for_its_cells(site, tmp_path, header):
    rows = [cell("LTE", 30, 7, X + 800, Y), cell("LTE", 30, 8, X + 803, Y + 4), cell("GSM", 15, 9, X, Y + 900)]
    rows.append(cell("LTE", 30, 10, X + 90_000, Y))
    text = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n" * header
    path = tmp_path / "cells.csv"
    path.write_text(text + "\n".join(rows) + "\n", "utf-8")
    found = import_masts(path, site)
    assert found.rows == 4
    assert {one.sector.operator for one in found.sectors} == {"EE", "VF"}
    ee = [one.sector for one in found.sectors if one.sector.operator == "EE"]
    for one in ee:
        assert (one.x_m, one.y_m) == (pytest.approx(X + 800, abs=0.2), pytest.approx(Y, abs=0.2))
    assert (
        len(ee) == len({one.freq_mhz for one in ee}) == found.merged
    )  # the second cell is the same mast, per carrier
    assert ("farther than 5000 m", 1) in found.left_out
    one = found.sectors[0]
    assert set(one.assumed) == {"band and carrier", "azimuth (towards the site)", "EIRP", "height", "tilt"}
    assert one.sector.assumed
    assert one.sector.azimuth_deg == pytest.approx(270, abs=3)


def test_what_comes_of_it_passes_the_check_of_the_site(site, folder, tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("radio,mcc,net,lon,lat\n" + "LTE,234,10,{:.6f},{:.6f}\n".format(*wgs(X + 900, Y)), "utf-8")
    there = tmp_path / "site"
    shutil.copytree(folder, there)
    sectors = [one.sector for one in import_masts(path, site).sectors]
    (there / "masts.csv").write_text(table_text(mast_columns(sectors), sectors), "utf-8")
    (there / "outside_levels.csv").unlink(missing_ok=True)
    assert check(there).problems == ()
    assert load_site(there).sectors == tuple(sectors)


def test_a_workbook_is_read_by_a_mapping_and_nothing_it_says_is_assumed(site, tmp_path):
    book = Workbook()
    sheet = book.active
    sheet.append(
        ["Standort", "Ost", "Nord", "PLMN", "RAT", "Kanal", "MHz breit", "Hoehe", "Azimut", "Neigung", "EIRP"]
    )
    sheet.append(["A1", X + 500, Y, "23430", "4G", 6225, 5, 22, 271, 4, 60.5])
    book.save(tmp_path / "list.xlsx")
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[columns]\nid = "Standort"\nx = "Ost"\ny = "Nord"\ntechnology = "RAT"\narfcn = "Kanal"\n'
        'bandwidth_mhz = "MHz breit"\nheight_m = "Hoehe"\nazimuth_deg = "Azimut"\ntilt_deg = "Neigung"\n',
        "utf-8",
    )
    (one,) = import_masts(tmp_path / "list.xlsx", site, read_mast_mapping(mapping)).sectors
    assert one.assumed == ()
    assert not one.sector.assumed
    assert (one.sector.freq_mhz, one.sector.band, one.sector.channel) == (798.5, "B20", "EE/B20/LTE")
    assert (one.sector.height_m, one.sector.azimuth_deg, one.sector.eirp_dbm) == (22, 271, 60.5)


def test_titles_above_the_header_of_a_workbook_are_passed_over(site, tmp_path):
    book = Workbook()
    for row in (
        ["Network export, week 12"],
        [],
        ["Site ID", "Easting (m)", "Northing (m)", "PLMN", "Tech", "EARFCN"],
    ):
        book.active.append(row)
    book.active.append(["A1", X + 500, Y, "23430", "4G", 6225])
    book.save(tmp_path / "list.xlsx")
    (one,) = import_masts(tmp_path / "list.xlsx", site).sectors
    assert (one.sector.x_m, one.sector.y_m) == (X + 500, Y)


def test_easting_and_northing_of_a_list_are_laid_in_a_grid_of_the_sites_own(site, tmp_path):
    (tmp_path / "list.csv").write_text(f"id,x,y,plmn,tech,earfcn\nA1,{X + 500},{Y},23430,LTE,6225\n", "utf-8")
    lon, lat = wgs(X, Y)
    middle = site.perimeter.outline.centroid
    outline = translate(site.perimeter.outline, -middle.x, -middle.y)
    own = dataclasses.replace(site, crs="local", perimeter=dataclasses.replace(site.perimeter, outline=outline))
    (one,) = import_masts(tmp_path / "list.csv", own, anchor=Anchor(lat, lon)).sectors
    assert math.hypot(one.sector.x_m - 500, one.sector.y_m) < 15  # grid north is up to 2 degrees off true north


def test_a_number_without_end_in_a_workbook_is_refused(site, tmp_path):
    """openpyxl takes 1e400 for infinity."""
    good = module_at("tests/places/surveys/bad_surveys.py")
    content = good.sheet_bytes(
        [["id", "x", "y", "plmn", "technology", "earfcn"], ["A1", X + 500, Y, "234-30", "LTE", 6300]]
    )
    old, new = b"<v>6300</v>", b"<v>1e400</v>"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert old in archive.read("xl/worksheets/sheet1.xml")
    (tmp_path / "list.xlsx").write_bytes(good.rezipped(content, lambda _member, text: text.replace(old, new)))
    with pytest.raises(SiteError, match=r"list\.xlsx: Sheet: row 2, column 6: is no number; correct it"):
        import_masts(tmp_path / "list.xlsx", site)


def test_a_channel_number_that_is_none_is_left_out_by_its_reason(site, tmp_path):
    """Else the row would stand for every carrier of its network."""
    rows = "".join(
        f"A{at},{X + 500 * at},{Y},234-30,LTE,{number}\n" for at, number in enumerate((6300, "1e400", -5), 1)
    )
    (tmp_path / "list.csv").write_text(f"id,x,y,plmn,technology,earfcn\n{rows}", "utf-8")
    found = import_masts(tmp_path / "list.csv", site)
    assert len(found.sectors) == 1
    assert dict(found.left_out) == {
        "channel number 1e400 is no whole number": 1,
        "LTE channel number -5 is of no band": 1,
    }


def test_a_list_as_ofcom_made_them_has_grid_references_and_dbw(site, tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text(
        "Operator,OpRef,NGR,Antennaht,Transtype,Freqband,Maxpwrdbw\n"
        "Vodafone,77,SO 99999 99999,17.5,GSM,900,30\nO2,12,SK0050000500,20,GSM,1800,26\n",
        "utf-8",
    )
    found = import_masts(path, site)
    (one,) = found.sectors
    assert (one.sector.operator, one.sector.band, one.sector.technology) == ("VF", "B8", "GSM")
    assert (one.sector.height_m, one.sector.eirp_dbm) == (17.5, 60.0)
    assert "EIRP" not in one.assumed
    assert any("O2 has no GSM in band 1800" in why for why, _ in found.left_out)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"a,b\n1,2\n", "says no place"),
        ("a.csv", b"\xff\xfe\x00a", "NUL|UTF-8"),
        ("a.csv", b"radio,mcc,net,lon,lat\nLTE,234,10,nan,1\n", "none of 1 rows"),
        ("a.xlsx", b"no workbook", "no workbook"),
        ("missing.csv", None, "missing.csv"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(site, tmp_path, name, content, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SiteError, match=told):
        import_masts(tmp_path / name, site)


def test_a_list_of_too_many_masts_is_refused_where_they_become_too_many(site, tmp_path, monkeypatch):
    """Sectors only become more: what is behind the one too many is not read, so the broken last line is no matter."""
    asked = []

    def rows(path, mapping):
        for number in range(1, 1000):
            asked.append(number)
            place = {"x": f"{X + 100 * (number % 40)}", "y": f"{Y + 100 * (number // 40)}"}
            yield {"operator": "EE", "technology": "LTE", "band": "B20"} | place

    monkeypatch.setattr(mast_import, "MOST_SECTORS", 3)
    monkeypatch.setattr(mast_import, "mast_rows", rows)
    with pytest.raises(SiteError, match=r"over 3 sectors within 5000 m of the site; take a smaller --radius"):
        mast_import.import_masts(tmp_path / "cells.csv", site)
    assert len(asked) <= 5


@pytest.mark.parametrize("bearing_deg", [0.0, 30.0, 270.0])
def test_a_site_in_a_grid_of_its_own_says_where_it_is_and_where_its_y_axis_points(site, tmp_path, bearing_deg):
    """600 m east and 800 m north of the middle: 1 km away at bearing 36.87°, whichever way the drawing lies."""
    own = dataclasses.replace(site, crs="local")
    lat, lon = 54.97, -1.61
    frame = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84"
    there = Transformer.from_crs(frame, "EPSG:4326", always_xy=True).transform(600.0, 800.0)
    path = tmp_path / "list.csv"
    path.write_text(f"id,lat,lon,plmn,technology,earfcn,azimuth\nA,{there[1]},{there[0]},23430,LTE,6225,200\n")
    with pytest.raises(SiteError, match=r"say where the site is \(--at\)"):
        import_masts(path, own)
    (one,) = import_masts(path, own, anchor=Anchor(lat, lon, bearing_deg)).sectors
    middle = own.perimeter.outline.centroid
    x_m, y_m = one.sector.x_m - middle.x, one.sector.y_m - middle.y
    assert math.hypot(x_m, y_m) == pytest.approx(1000, abs=0.2)
    assert math.degrees(math.atan2(x_m, y_m)) % 360 == pytest.approx((36.87 - bearing_deg) % 360, abs=0.05)
    assert one.sector.azimuth_deg == pytest.approx((200 - bearing_deg) % 360)


def test_metres_of_the_site_are_not_turned(site, tmp_path):
    own = dataclasses.replace(site, crs="local")
    middle = own.perimeter.outline.centroid
    path = tmp_path / "list.csv"
    row = f"A,{middle.x + 500},{middle.y},23430,LTE,6225,90"
    path.write_text(f"id,x,y,plmn,technology,earfcn,azimuth\n{row}\n")
    (one,) = import_masts(path, own, anchor=Anchor(54.97, -1.61, 45.0)).sectors
    assert one.sector.x_m - middle.x == pytest.approx(500, abs=0.1)
    assert one.sector.azimuth_deg == 90


def test_no_site_lies_at_the_pole_or_beyond():
    for wrong in ((90.0, 0.0, 0.0), (0.0, 181.0, 0.0), (0.0, 0.0, 400.0)):
        with pytest.raises(SiteError, match="place of the site"):
            Anchor(*wrong)


def test_the_head_of_a_list_says_what_its_columns_are_taken_for(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Site ID,Breite,Laenge,PLMN,IMSI\nA1,54.9,-1.6,23430,001\n", "utf-8")
    head = mast_head(path)
    assert head.columns == ("Site ID", "Breite", "Laenge", "PLMN")  # no identity of a phone
    assert head.proposed == {"id": "Site ID", "plmn": "PLMN"}
    assert head.rows == (("A1", "54.9", "-1.6", "23430"),)
    path.write_text(cell("LTE", 30, 7, X, Y) + "\n", "utf-8")  # by country, without a header
    head = mast_head(path)
    assert head.proposed["technology"] == "radio"
    assert head.rows[0][:3] == ("LTE", "234", "30")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": "-5"}, "-5 as its number is below 0: 1"),
        ({"mcc": "234", "mnc": "-5", "operator": "EE"}, "mnc -5 is below 0: 1"),
        ({"mcc": "-234", "mnc": "30", "operator": "EE"}, "mcc -234 is below 0: 1"),
        ({"band": "-20"}, "band -20 is below 0: 1"),
        ({"band": "9" * 5000}, "EE has no LTE in band 99999"),
        ({"frequency": "26000"}, "frequency 26000 is not from 300 to 7125 MHz: 1"),
        ({"frequency": "-806"}, "frequency -806 is not from 300 to 7125 MHz: 1"),
        ({"earfcn": "1e300"}, "LTE channel number 1e300 is of no band: 1"),
        ({"plmn": "2３４-30"}, "operator not told"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_row_with_a_number_that_is_none_is_left_out_with_its_number(site, tmp_path, columns, said):
    row = {"id": "A", "x": str(X + 600), "y": str(Y), "plmn": "23430", "technology": "LTE"} | columns
    path = tmp_path / "list.csv"
    path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", "utf-8")
    with pytest.raises(SiteError) as refused:
        import_masts(path, site)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


def test_what_a_list_says_and_no_mast_can_have_is_assumed_with_what_it_said(site, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"id,x,y,plmn,technology,earfcn,height,eirp,azimuth\nA,{X + 600},{Y},23430,LTE,6225,-5,1e9,-5\n")
    (one,) = import_masts(path, site).sectors
    assert one.sector.azimuth_deg == 355.0
    assert one.assumed == (
        "bandwidth",
        "EIRP, for 1e9 is not from -30 to 90",
        "height, for -5 is not from 0.5 to 400",
        "tilt",
    )
