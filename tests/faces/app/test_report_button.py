"""The report of a result: the summary with its pictures and tables, as the command line writes it, in one zip."""

import io
import re
import zipfile

import pypdfium2
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.report_button import report_pdf, report_zip
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.report.grades import silent_in_words
from quietwing.coverage.report.words import verdict_headline
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


@pytest.mark.slow
def test_the_report_on_paper_has_the_words_the_tables_and_every_picture_of_the_page(verdict, tmp_path):
    content = report_pdf(verdict, tmp_path, read_catalogue())
    assert list(tmp_path.iterdir()) == []
    with pypdfium2.PdfDocument(content) as sheets:
        words = " ".join(" ".join(sheet.get_textpage().get_text_bounded().split()) for sheet in sheets)
        pictures = sum(
            one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE for sheet in sheets for one in sheet.get_objects()
        )
        wide_pt, high_pt = sheets[0].get_size()
    for sentence in verdict_headline(verdict):
        assert sentence in words
    assert "Rooms to be blocked" in words
    with zipfile.ZipFile(io.BytesIO(report_zip(verdict, tmp_path, read_catalogue()))) as packed:
        assert pictures == packed.read("summary.html").decode().count("<img ")
    assert (wide_pt, high_pt) == pytest.approx((595.3, 841.9), abs=1)  # A4: 210 mm by 297 mm, 72 points an inch


def report() -> None:
    from quietwing.coverage.app import report_page

    report_page.show()


def test_without_an_assessment_in_the_session_the_button_starts_one(monkeypatch):
    started = []
    monkeypatch.setattr("quietwing.coverage.app.report_button.start_verdict", lambda: started.append(True))
    page = AppTest.from_function(report, default_timeout=60).run()
    page.button(key="report download judge").click().run()
    assert started == [True]
