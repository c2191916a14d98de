"""Masts from a list in the app: columns told, the place of the site, what is assumed, and into the site."""

import datetime as dt
import io
import math
from dataclasses import replace

import pytest
from openpyxl import Workbook
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import column_table
from quietwing.coverage.app.masts_list import MEANINGS
from quietwing.coverage.app.walk_form import MEANINGS as LOG_MEANINGS
from quietwing.sites import MAST_MEANINGS, CalibratedConstruction, SiteCalibration
from quietwing.sites import MEANINGS as OF_LOGS

pytestmark = pytest.mark.usefixtures("forked_readers")
KEY = "quietwing session"
LAT, LON = 54.97, -1.61
M_PER_DEGREE = 6_371_000 * math.pi / 180
HEADER = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.site_page import show

    do_what_was_asked()  # as the shell does
    show()


def brought(name, content) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60).run()
    at.file_uploader(key="masts-list").upload(name, content, "text/csv").run()
    assert not at.exception
    return at


def cell(east_m, north_m, radio="GSM", net=15):
    lat = LAT + north_m / M_PER_DEGREE
    lon = LON + east_m / M_PER_DEGREE / math.cos(math.radians(LAT))
    return f"{radio},234,{net},100,1,0,{lon:.7f},{lat:.7f},1000,20,1,1,1,0"


def find(at):
    return at.button(key="masts-list-read").click().run()


def test_a_cell_list_asks_for_the_place_of_a_site_in_a_grid_of_its_own_and_becomes_its_masts():
    at = find(brought("cells.csv", "\n".join([HEADER, cell(600, 800), cell(900_000, 0), ""]).encode()))
    assert "give latitude and longitude of its middle" in at.error[0].value
    own = at.session_state[KEY]
    before = own.site
    at.number_input(key="masts-list-lat").set_value(LAT)
    at.number_input(key="masts-list-lon").set_value(LON)
    at.number_input(key="masts-list-bearing").set_value(90.0)
    find(at)
    assert not at.error
    assert own.site is before  # a preview changes nothing
    (found,) = own.survey.masts.sectors
    assert {"EIRP", "height", "tilt", "azimuth (towards the site)"} <= set(found.assumed)
    shown = next(one.value for one in at.dataframe if "assumed" in one.value.columns)
    assert "EIRP" in shown["assumed"][0]
    left_out = next(one.value for one in at.dataframe if "rows left out" in one.value.columns)
    assert left_out["because"][0] == "farther than 5000 m"
    own.site = replace(own.site, outside_levels=())  # of channels that the list does not have
    at.button(key="masts-list-use").click().run()
    assert not at.error
    (mast,) = own.site.sectors
    middle = own.site.perimeter.outline.centroid
    # up points east: 800 m north lie to the left, 600 m east above
    assert mast.x_m - middle.x == pytest.approx(-800, abs=6)  # the earth is no sphere: 0.6 %
    assert mast.y_m - middle.y == pytest.approx(600, abs=6)
    assert mast.assumed
    assert any("1 sectors of the list are in use" in one.value for one in at.success)


def test_a_workbook_is_read_by_the_columns_that_are_told(monkeypatch):
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["Standort", "Ost", "Nord", "Netz", "Technik", "Kanal", "Leistung"])
    sheet.append(["A1", 900, 250, "234-30", "LTE", 6225, 61])
    book.save(out)
    at = brought("masts.xlsx", out.getvalue())
    told = {
        "name of mast or cell": "Standort", "x in the site's grid [m]": "Ost", "y in the site's grid [m]": "Nord",
        "PLMN (234-30)": "Netz", "technology (GSM … NR)": "Technik", "channel number (ARFCN, EARFCN, …)": "Kanal",
        "EIRP [dBm]": "Leistung",
    }  # fmt: skip
    monkeypatch.setattr(
        column_table,
        "edited_rows",
        lambda rows, _: [row | {"column": told.get(row["meaning"], row["column"])} for row in rows],
    )
    find(at)
    assert not at.error
    (found,) = at.session_state[KEY].survey.masts.sectors
    assert (found.sector.channel, found.sector.x_m, found.sector.eirp_dbm) == ("EE/B20/LTE", 900.0, 61.0)
    assert "EIRP" not in found.assumed
    assert "height" in found.assumed


def test_a_calibration_of_the_old_masts_goes_with_them():
    at = brought("masts.csv", b"site id,x,y,plmn,technology,earfcn\nA1,900,250,23430,LTE,6225\n")
    own = at.session_state[KEY]
    walls = (CalibratedConstruction("concrete_150", -1.0, 2.0),)
    own.site = replace(
        own.site, outside_levels=(), calibration=SiteCalibration(dt.date(2026, 11, 20), 7, "w.csv", walls)
    )
    find(at)
    at.button(key="masts-list-use").click().run()
    assert not at.error
    assert own.site.calibration is None
    assert any("calibration was of the old ones and is removed" in one.value for one in at.success)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"\0\0\0", "NUL bytes"), (b"\xff\xfea,b\n\xff", "not UTF-8")],
)
def test_what_is_no_list_is_one_message(content, says):
    at = brought("list.csv", content)
    assert says in at.error[0].value.replace("\\", "")
    assert at.session_state[KEY].survey.mast_list is None
    assert list(at.session_state[KEY].folder.iterdir()) == []


def test_a_list_without_places_says_which_columns_it_has():
    at = find(brought("list.csv", b"colour,weight\nred,3\n"))
    assert "says no place" in at.error[0].value
    assert "colour, weight" in at.error[0].value.replace("\\", "")


def test_every_meaning_of_a_column_has_words():
    assert set(MEANINGS) == set(MAST_MEANINGS)
    assert set(LOG_MEANINGS) == set(OF_LOGS)
