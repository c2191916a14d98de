"""What an import cannot use of a drawing is named in its report, with what the CAD program finds it by."""

from __future__ import annotations

import pytest

from quietwing.sites.importers import DrawingChoices, import_drawing

pytestmark = pytest.mark.usefixtures("forked_readers")


def test_what_of_a_dxf_has_no_coordinates_is_named_by_its_handle(drawn_plans, tmp_path):
    """A wall left out lets the signal in: whoever drew it must find it again."""
    path = drawn_plans.dxf_plan(tmp_path / "a.dxf")
    head, mark, entities = path.read_text("utf-8").partition("ENTITIES")
    path.write_text(head + mark + entities.replace("\n 10\n0.0", "\n 10\nnan", 1), "utf-8")
    handle = entities.partition("\n  5\n")[2].partition("\n")[0].strip()
    report = import_drawing([path]).files["import-report.csv"].decode()
    assert f",LWPOLYLINE {handle} on layer A-WALL,has no usable coordinates and was left out" in report
    assert report.count("left out") == 1


def test_what_of_a_pdf_lies_nowhere_is_listed_and_never_dropped_in_silence(drawn_plans, tmp_path):
    pdfium = pytest.importorskip("pypdfium2")
    raw = pytest.importorskip("pypdfium2.raw")
    document = pdfium.PdfDocument(drawn_plans.pdf_plan(tmp_path / "a.pdf"))
    page = document[0]
    stray = raw.FPDFPageObj_CreateNewPath(0, 0)
    for x in (2e6, 3e6):
        raw.FPDFPath_LineTo(stray, x, 0)
    raw.FPDFPath_SetDrawMode(stray, 0, True)
    raw.FPDFPage_InsertObject(page, stray)
    page.gen_content()
    document.save(tmp_path / "b.pdf")
    report = import_drawing([tmp_path / "b.pdf"], DrawingChoices(scale="1:100")).files["import-report.csv"].decode()
    assert report.count("has no usable coordinates and was left out") == 1
