"""Forms of a few points, filled in by hand: what counts as tried, as failed, and what may be said of it."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from quietwing.coverage.acceptance.scoring import Scored, score_form
from quietwing.coverage.acceptance.walk_plan import AcceptanceTest, InsidePoint, OutsidePoint
from quietwing.coverage.acceptance.workbook import form_bytes
from quietwing.coverage.errors import SiteError
from quietwing.coverage.report import acceptance_pdf

pytestmark = pytest.mark.usefixtures("forked_readers")
EE_LTE, EE_GSM, O2_LTE = 9, 10, 11  # columns of the sheet Inside, from 1
EE_SERVED, O2_SERVED = 7, 8  # columns of the sheet Outside


def small_test(points: int = 4, share: float = 0.5, confidence: float = 0.5) -> AcceptanceTest:
    """Cells in turn on two storeys, one home, two points of a ring, three networks of two operators."""
    inside = tuple(
        InsidePoint(n, "ground" if n % 2 else "first", f"A-{n:02d}", "bunk", 1.25, 2.5, 0.5, "EE/B20/LTE")
        for n in range(1, points + 1)
    )
    outside = (
        OutsidePoint(1, "receptor", "home", 100.0, 0.0, 1.5),
        OutsidePoint(2, "ring 20 m", "20 m east", 60.0, 0.0, 1.5),
        OutsidePoint(3, "ring 20 m", "20 m west", -60.0, 0.0, 1.5),
    )
    networks = ("EE LTE", "EE GSM", "O2 LTE")
    return AcceptanceTest("hut", "TEST", "s-1", share, confidence, 0, networks, inside, outside, seed=1)


def scored(path, inside=None, outside=None, test=None, change=lambda book: None) -> Scored:
    """A form whose cells hold ``blocked`` and ``served`` but for those given by row and column."""
    book = load_workbook(io.BytesIO(form_bytes(test or small_test())))
    for name, columns, usual, other in (
        ("Inside", (EE_LTE, EE_GSM, O2_LTE), "blocked", inside or {}),
        ("Outside", (EE_SERVED, O2_SERVED), "served", outside or {}),
    ):
        for row in range(2, book[name].max_row + 1):
            for column in columns:
                book[name].cell(row, column).value = other.get((row, column), usual)
    change(book)
    book.save(path)
    return score_form(path)


def test_a_point_fails_by_one_network_and_counts_as_tried_though_the_others_were_not(tmp_path):
    found = scored(tmp_path / "f.xlsx", {(2, EE_LTE): "works", (2, EE_GSM): None, (2, O2_LTE): None})
    assert (found.points, found.tried, found.failed) == (4, 4, 1)
    assert found.by_storey == (("first", 2, 0), ("ground", 2, 1))
    assert found.by_network == (("EE LTE", 4, 1), ("EE GSM", 3, 0), ("O2 LTE", 3, 0))  # the one that works is first


def test_a_point_blocked_on_some_networks_and_not_tried_on_others_proves_nothing(tmp_path):
    found = scored(tmp_path / "f.xlsx", {(3, O2_LTE): "  "})
    assert (found.points, found.tried, found.failed) == (4, 3, 0)
    assert found.proved_share == pytest.approx(0.5 ** (1 / 3))  # share³ = 1 − confidence
    assert any(claim.startswith("1 points inside were not tried on every network") for claim in found.claims)


@pytest.mark.parametrize(
    ("points", "failed", "proved"),
    [
        (1, 0, True),  # 0.5¹ = 0.5 ≤ 1 − 0.5
        (2, 1, False),  # 0.5² + 2 · 0.5² = 0.75
        (3, 1, True),  # 0.5³ + 3 · 0.5³ = 0.5
        (4, 2, False),  # (1 + 4 + 6) / 16 = 0.6875
    ],
)
def test_a_coin_says_how_many_points_may_fail(tmp_path, points, failed, proved):
    works = {(2 + n, EE_LTE): "works" for n in range(failed)}
    found = scored(tmp_path / "f.xlsx", works, test=small_test(points))
    assert (found.failed, found.proved) == (failed, proved)
    assert found.claims[0].startswith("Inside: PROVED." if proved else "Inside: NOT PROVED.")
    assert (found.proved_share >= 0.5 - 1e-9) == proved


def test_a_lost_operator_is_of_the_ring_or_of_a_receptor_and_never_of_both(tmp_path):
    ring = scored(tmp_path / "ring.xlsx", outside={(3, O2_SERVED): "LOST "})
    assert (ring.outside_tried, ring.outside_lost, ring.receptors_lost) == (2, 1, ())
    assert ring.outside_share == pytest.approx(
        1 - 0.5**0.5
    )  # 1 − share² = 1 − confidence: two points, one of them bad
    home = scored(tmp_path / "home.xlsx", outside={(2, EE_SERVED): "lost", (2, O2_SERVED): None})
    assert (home.outside_lost, home.receptors_lost, home.receptors_untried) == (0, ("home",), ())
    half = scored(tmp_path / "half.xlsx", outside={(2, EE_SERVED): None, (3, EE_SERVED): None})
    assert (half.outside_tried, half.receptors_lost, half.receptors_untried) == (1, (), ("home",))
    assert "Receptors: not all tried (home)." in half.claims


def test_where_no_ring_was_walked_nothing_is_claimed_of_it(tmp_path):
    empty = {(row, column): None for row in (3, 4) for column in (EE_SERVED, O2_SERVED)}
    found = scored(tmp_path / "f.xlsx", outside=empty)
    assert (found.outside_tried, found.outside_share) == (0, 0.0)
    assert "Outside: no point of the ring was tried; nothing may be claimed of it." in found.claims


def _about(name, value):
    def change(book):
        for row in book["About"].iter_rows():
            if row[0].value == name:
                row[1].value = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_about("form", "another form"), "About: is no form of"),
        (_about("share", 1), "About: share is 1; put back"),  # nothing finite proves every place
        (_about("confidence", 0), "About: confidence is 0; put back"),
        (_about("share", True), "About: share is true"),
        (_about("points inside", 5), r"Inside: has 4 rows \(the form had 5\)"),
        (lambda book: book["Inside"].delete_rows(3), r"Inside: has 3 rows \(the form had 4\)"),
        (lambda book: book["Inside"].delete_cols(1), "Inside: row 1: is not the header of the form"),
        (lambda book: book["Outside"].delete_cols(9), "Outside: row 1: is not the header of the form"),  # the note
        (lambda book: book.remove(book["Outside"]), "has no sheet Outside"),
    ],
)
def test_a_form_that_was_changed_is_refused_by_what_was_changed(tmp_path, change, told):
    with pytest.raises(SiteError, match=told):
        scored(tmp_path / "f.xlsx", change=change)


def test_all_words_that_are_none_are_named_together(tmp_path):
    with pytest.raises(SiteError) as refused:
        scored(tmp_path / "f.xlsx", {(2, EE_LTE): "yes", (5, O2_LTE): "lost"}, {(4, O2_SERVED): "blocked"})
    told = str(refused.value)
    assert "Inside: row 2, EE LTE: is 'yes' (expected blocked, works or nothing)" in told
    assert "Inside: row 5, O2 LTE: is 'lost'" in told  # a word of the other sheet is no answer here
    assert "Outside: row 4, O2 service: is 'blocked' (expected served, lost or nothing)" in told


def test_the_form_holds_the_points_as_numbers_and_names_of_sites_as_text():
    book = load_workbook(io.BytesIO(form_bytes(replace(small_test(), site="=1+1"))))
    assert [cell.value for cell in book["Inside"][2]][:8] == [
        1,
        "ground",
        "A-01",
        "bunk",
        1.25,
        2.5,
        0.5,
        "EE/B20/LTE",
    ]
    assert [cell.value for cell in book["Outside"][1]][6:] == ["EE service", "O2 service", "note"]
    about = {row[0].value: row[1] for row in book["About"].iter_rows()}
    assert (about["site"].value, about["site"].data_type) == ("=1+1", "s")  # no formula
    (words,) = book["Inside"].data_validations.dataValidation
    assert (str(words.sqref), words.formula1) == ("I2:K5", '"blocked,works"')  # the note, column L, is free


@pytest.mark.parametrize("points", [0, 1, 60, pytest.param(3000, marks=pytest.mark.slow)])
def test_every_point_is_a_row_of_the_workbook_and_of_the_paper_headings_on_each_page(points):
    test = small_test(points)
    rooms = [one.room for one in test.inside]
    sheet = load_workbook(io.BytesIO(form_bytes(test)), read_only=True)["Inside"]
    assert [row[2] for row in sheet.iter_rows(min_row=2, values_only=True)] == rooms
    with PdfDocument(acceptance_pdf(test)) as paper:
        pages = [page.get_textpage().get_text_range() for page in paper]
    assert re.findall(r"A-\d{2,}", " ".join(pages)) == rooms
    assert all("try first" in page for page in pages if "A-" in page)
    assert all(page.count("TEST") == 2 for page in pages)  # the marking, on top and foot
    assert "20 m west" in pages[-1]
