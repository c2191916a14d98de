"""The report of a result: the summary with its pictures and tables, as the command line writes it, in one zip."""

import io
import re
import time
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pypdfium2
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import jobs, state
from quietwing.coverage.app.report_button import start_report
from quietwing.coverage.app.report_files import MadeReport, keep_report, report_content, write_report
from quietwing.coverage.app.state import Layout, Session
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.report.grades import silent_in_words
from quietwing.coverage.report.words import verdict_headline
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
from quietwing.sites import fingerprint
from quietwing.sites.synthetic import build_wing, describe

QUICK = Scenario(worlds=100, grid_m=1.0, channels=("EE/B1/LTE",))
LONG_S = 120.0
JAMMERS = (Device("J1", "room_jammer", 0.0, 2.4, 2.7),)


@pytest.fixture(scope="module")
def verdict():
    site = build_wing(describe(type="wing", cells=4, storeys=1, name="small-wing"))
    return evaluate(site, QUICK, devices=JAMMERS, catalogue=read_catalogue(), maps=True)


@pytest.fixture(scope="module")
def made(verdict, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    told = []
    content = report_content(verdict, folder, read_catalogue(), None, lambda what, share: told.append((what, share)))
    assert list(folder.iterdir()) == []
    shares = [share for _, share in told]
    assert shares == sorted(shares)  # a bar that never goes back
    assert shares[0] == 0.0 < shares[-1] < 1.0
    return content


@pytest.mark.slow
def test_a_report_has_its_page_every_picture_of_it_and_the_tables(verdict, made):
    content = made.zip
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = set(packed.namelist())
        page = packed.read("summary.html").decode()
    assert silent_in_words(verdict) in page
    pictures = set(re.findall(r'<img src="([^"]+)"', page))
    assert pictures
    assert pictures <= names
    assert {"rooms.csv", "escapes.csv", "spill.csv"} <= names


@pytest.mark.slow
def test_the_report_on_paper_has_the_words_the_tables_and_every_picture_of_the_page(verdict, made):
    content = made.pdf
    with pypdfium2.PdfDocument(content) as sheets:
        words = " ".join(" ".join(sheet.get_textpage().get_text_bounded().split()) for sheet in sheets)
        pictures = sum(
            one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE for sheet in sheets for one in sheet.get_objects()
        )
        wide_pt, high_pt = sheets[0].get_size()
    for sentence in verdict_headline(verdict):
        assert sentence in words
    assert "Rooms to be blocked" in words
    with zipfile.ZipFile(io.BytesIO(made.zip)) as packed:
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


@pytest.fixture
def asking(verdict, tmp_path, monkeypatch) -> Session:
    """A session with an assessment of its layout."""
    own = Session(verdict.site, state.YOURS, QUICK, read_catalogue(), tmp_path, Layout(JAMMERS))
    own.verdict = verdict
    monkeypatch.setattr(state, "session", lambda: own)
    monkeypatch.setattr("quietwing.coverage.app.report_button.session", lambda: own)
    return own


def test_no_answer_to_an_earlier_question_goes_into_a_report(asking, verdict, monkeypatch):
    """What would change the answer at another grade, and a result at another limit, stay out."""
    asked = []
    monkeypatch.setattr("quietwing.coverage.app.report_button.start", lambda _kind, question: asked.append(question))
    old = replace(QUICK, grade="evidence")
    names = {one: fingerprint(verdict.site, one, JAMMERS, read_catalogue())[:12] for one in (QUICK, old)}
    for scenario, shown in ((old, False), (QUICK, True)):
        asking.whatif = SimpleNamespace(
            site=verdict.site, scenario=scenario, devices=JAMMERS, scenario_id=names[scenario]
        )
        start_report("verdict")
        assert asked[-1].further["whatif"] is (asking.whatif if shown else None)
    asking.plan = SimpleNamespace(verdict=verdict, asked=old)
    asking.scenario = replace(QUICK, spill_tier="strict")
    for of in ("verdict", "plan"):
        with pytest.raises(ScenarioError, match="earlier question"):
            start_report(of)
    assert len(asked) == 2


def about(own: Session) -> tuple[object, ...]:
    job = own.jobs["report"]
    return job.question.further["about"]


@pytest.mark.slow
def test_the_report_is_made_by_a_job_whose_files_lie_in_the_session(asking):
    start_report("verdict")
    job, of = asking.jobs["report"], about(asking)
    end = time.monotonic() + LONG_S
    while job.running():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert jobs.collect(asking) == ("report",)
    assert job.error() is None
    assert asking.report.is_of(of)
    assert asking.report.read("report.pdf").startswith(b"%PDF")
    assert zipfile.is_zipfile(io.BytesIO(asking.report.read("report.zip")))
    assert not job.folder.exists()
    assert list(asking.folder.iterdir()) == [asking.report.folder]
    assert not asking.report.is_of((*of[:2], "other prices"))
    assert not asking.report.is_of((object(), *of[1:]))


@pytest.mark.slow
def test_a_report_that_is_stopped_leaves_neither_file_nor_complaint(asking):
    start_report("verdict")
    job = asking.jobs["report"]
    job.stop()  # there is nothing half to keep: it ends at once
    assert not job.running()
    jobs.collect(asking)
    assert asking.report is None
    assert "report" not in asking.jobs
    assert list(asking.folder.iterdir()) == []


def test_the_files_of_the_report_before_go_when_another_is_made(tmp_path):
    content = SimpleNamespace(zip=b"zip", pdf=b"pdf")
    (within := tmp_path / "job").mkdir()
    write_report(content, within)
    first = keep_report(within, tmp_path, ("a",), None)
    write_report(content, within)
    second = keep_report(within, tmp_path, ("b",), first)
    assert not first.folder.exists()
    assert not first.is_of(("a",))
    assert second.read("report.zip") == b"zip"


def offered(own: Session) -> AppTest:
    page = AppTest.from_function(report, default_timeout=60)
    page.session_state[state.KEY] = own
    page.run()
    assert not page.exception
    return page


def test_the_button_makes_the_report_waits_for_it_and_then_gives_its_files(verdict, tmp_path, monkeypatch):
    own = Session(verdict.site, state.YOURS, QUICK, read_catalogue(), tmp_path, Layout(JAMMERS))
    own.verdict = verdict
    started = []
    monkeypatch.setattr("quietwing.coverage.app.report_button.start", lambda *asked: started.append(asked))
    page = offered(own)
    page.button(key="report download make").click().run()
    ((kind, question),) = started
    assert kind == "report"
    own = page.session_state[state.KEY]
    own.jobs["report"] = SimpleNamespace(
        running=lambda: True, collected=False, progress=lambda: ("maps of every storey", 0.5), folder=tmp_path
    )
    button = page.run().button(key="report download make")
    assert button.disabled
    assert button.label.startswith("Making")
    del own.jobs["report"]
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    own.report = MadeReport(question.further["about"], tmp_path)
    page.run()
    labels = {one.proto.label for one in page.get("download_button")}
    assert {"Report (zip, HTML)", "Report (PDF)"} <= labels
