"""Filled forms of strangers: whatever their bytes, scored or refused in words; 300 bad ones in all."""

from __future__ import annotations

import io
import resource
from pathlib import Path

import pytest
from by_path import module_at
from openpyxl import load_workbook

from quietwing.coverage.acceptance.scoring import score_form
from quietwing.coverage.acceptance.walk_plan import AcceptanceTest, InsidePoint, OutsidePoint
from quietwing.coverage.acceptance.workbook import form_bytes

pytestmark = pytest.mark.usefixtures("forked_readers")
MOST_S, MOST_KIB = 60, 2 * 2**20


@pytest.fixture(scope="module")
def hostile():
    return module_at("tests/places/surveys/bad_surveys.py")


@pytest.fixture(scope="module")
def good() -> bytes:
    """A form of four points, filled in."""
    inside = tuple(InsidePoint(n, "ground", f"A-{n}", "bunk", 1.0, 2.0, 0.5, "EE/B20/LTE") for n in range(1, 5))
    outside = (OutsidePoint(1, "receptor", "home", 100.0, 0.0, 1.5), OutsidePoint(2, "ring", "east", 60.0, 0.0, 1.5))
    test = AcceptanceTest("hut", "TEST", "s-1", 0.5, 0.5, 0, ("EE LTE", "O2 LTE"), inside, outside, seed=1)
    book = load_workbook(io.BytesIO(form_bytes(test)))
    for sheet, columns, word in (("Inside", (9, 10), "blocked"), ("Outside", (7, 8), "served")):
        for row in range(2, book[sheet].max_row + 1):
            for column in columns:
                book[sheet].cell(row, column).value = word
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def scored(path: Path) -> None:
    """A score that can be."""
    found = score_form(path)
    assert 0 <= found.failed <= found.tried <= found.points
    assert 0 <= found.proved_share <= 1
    assert found.claims


def test_the_good_form_is_scored(hostile, good, tmp_path):
    assert hostile.said_of(scored, tmp_path / "form.xlsx", good) == "read"


def test_bad_forms_are_scored_or_refused_in_words(hostile, good, tmp_path):
    said = [
        hostile.said_of(scored, tmp_path / "form.xlsx", content) for _, content in hostile.few("form.xlsx", good, 30)
    ]
    assert len(said) >= 9
    assert sum(one.startswith("form.xlsx: ") for one in said) >= 3
    assert [path.name for path in tmp_path.iterdir()] == ["form.xlsx"]


@pytest.mark.long  # some minutes: 300 forms, each in a child process
def test_all_bad_forms_are_scored_or_refused_within_the_limits(hostile, good, tmp_path):
    count = 0
    for name, content in hostile.bad_files("form.xlsx", good):
        began, count = hostile.cpu_s(), count + 1
        hostile.said_of(scored, tmp_path / "form.xlsx", content)
        assert hostile.cpu_s() - began <= MOST_S, name
    assert count >= 300
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= MOST_KIB
    assert [path.name for path in tmp_path.iterdir()] == ["form.xlsx"]
