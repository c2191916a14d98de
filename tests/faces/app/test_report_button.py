"""The report of a result: the summary with its pictures and tables, as the command line writes it, in one zip."""

import io
import re
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.report_button import report_zip
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.report.grades import silent_in_words
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
from quietwing.sites.synthetic import build_wing, describe

QUICK = Scenario(worlds=100, grid_m=1.0, channels=("EE/B1/LTE",))
JAMMERS = (Device("J1", "room_jammer", 0.0, 2.4, 2.7),)


@pytest.fixture(scope="module")
def verdict():
    site = build_wing(describe(type="wing", cells=4, storeys=1, name="small-wing"))
    return evaluate(site, QUICK, devices=JAMMERS, catalogue=read_catalogue(), maps=True)


@pytest.mark.slow
def test_a_report_has_its_page_every_picture_of_it_and_the_tables(verdict, tmp_path):
    content = report_zip(verdict, tmp_path, read_catalogue())
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = set(packed.namelist())
        page = packed.read("summary.html").decode()
    assert silent_in_words(verdict) in page
    pictures = set(re.findall(r'<img src="([^"]+)"', page))
    assert pictures
    assert pictures <= names
    assert {"rooms.csv", "escapes.csv", "spill.csv"} <= names
    assert list(tmp_path.iterdir()) == []


def report() -> None:
    from quietwing.coverage.app import report_page

    report_page.show()


def test_without_an_assessment_in_the_session_the_button_starts_one(monkeypatch):
    started = []
    monkeypatch.setattr("quietwing.coverage.app.report_button.start_verdict", lambda: started.append(True))
    page = AppTest.from_function(report, default_timeout=60).run()
    page.button(key="report download judge").click().run()
    assert started == [True]
