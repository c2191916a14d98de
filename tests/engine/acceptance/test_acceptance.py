"""Fifty-nine points without a failure: the form, its points, and what a filled one proves."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from openpyxl import load_workbook

from quietwing.coverage import study
from quietwing.coverage.acceptance import (
    acceptance_test,
    failures_allowed,
    form_bytes,
    lower_share,
    points_needed,
    score_form,
)
from quietwing.coverage.errors import OutOfRangeError, SiteError
from quietwing.coverage.report import acceptance_pdf
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site

pytestmark = pytest.mark.usefixtures("forked_readers")


@pytest.fixture(scope="module")
def walk():
    return acceptance_test(study.evaluate(load_site("houseblock"), Scenario(worlds=100), maps=False))


def test_the_binomial_law():
    assert points_needed() == 59
    assert 0.95**59 < 0.05 < 0.95**58
    assert points_needed(failures=1) == 93  # 0.95^93 + 93 · 0.05 · 0.95^92 = 0.0500 and less
    assert points_needed(failures=2) == 124
    assert points_needed(share=0.9) == 29
    assert (failures_allowed(59), failures_allowed(58), failures_allowed(93)) == (0, -1, 1)
    assert lower_share(59, 0) == pytest.approx(0.05 ** (1 / 59))
    assert lower_share(59, 0) > 0.95 > lower_share(58, 0)
    assert lower_share(10, 10) == 0
    assert lower_share(0, 0) == 0
    with pytest.raises(OutOfRangeError):
        points_needed(share=1.0)


def test_points_are_shared_out_by_storey_and_cell(walk):
    assert len(walk.inside) == 59
    storeys = Counter(one.storey for one in walk.inside)
    assert max(storeys.values()) - min(storeys.values()) <= 1  # four storeys of as many cells
    assert max(Counter(one.room for one in walk.inside).values()) == 1
    rings = Counter(one.ring for one in walk.outside)
    assert rings["receptor"] > 0
    assert sum(many for name, many in rings.items() if name != "receptor") == 59
    assert {name.split(" ")[0] for name in walk.networks} == {"EE", "O2", "Three", "VF"}


def filled(test, path, change=lambda sheet, row, column: None):
    book = load_workbook(io.BytesIO(form_bytes(test)))
    for name, word in (("Inside", "blocked"), ("Outside", "served")):
        sheet = book[name]
        first = 9 if name == "Inside" else 7
        for row in range(2, sheet.max_row + 1):
            for column in range(first, sheet.max_column):
                sheet.cell(row, column).value = change(name, row, column) or word
    book.save(path)
    return score_form(path)


def test_no_failure_in_59_proves_95_percent(walk, tmp_path):
    found = filled(walk, tmp_path / "form.xlsx")
    assert (found.tried, found.failed, found.proved) == (59, 0, True)
    assert found.proved_share == pytest.approx(0.9505, abs=1e-4)
    assert found.outside_share == pytest.approx(0.9505, abs=1e-4)
    assert found.claims[0].startswith("Inside: PROVED. 0 of 59")


def test_one_call_that_works_fails_its_point_and_the_proof(walk, tmp_path):
    found = filled(walk, tmp_path / "form.xlsx", lambda *at: "Works " if at == ("Inside", 5, 10) else None)
    assert (found.tried, found.failed, found.proved) == (59, 1, False)
    assert found.proved_share == pytest.approx(lower_share(59, 1))
    assert sum(worked for _, _, worked in found.by_network) == 1


def test_what_was_not_tried_proves_nothing(walk, tmp_path):
    empty = tmp_path / "empty.xlsx"
    empty.write_bytes(form_bytes(walk))
    found = score_form(empty)
    assert (found.tried, found.proved, found.proved_share) == (0, False, 0.0)
    assert "nothing may be claimed" in found.claims[0]
    assert found.receptors_untried


def test_a_receptor_that_is_lost_is_said(walk, tmp_path):
    found = filled(walk, tmp_path / "form.xlsx", lambda *at: "lost" if at == ("Outside", 2, 7) else None)
    assert found.receptors_lost == (walk.outside[0].name,)
    assert any("FAILED" in claim for claim in found.claims)


def test_another_word_is_named_by_its_cell(walk, tmp_path):
    with pytest.raises(SiteError, match=r"Inside: row 3, .*is 'perhaps'"):
        filled(walk, tmp_path / "form.xlsx", lambda *at: "perhaps" if at == ("Inside", 3, 9) else None)
    (tmp_path / "no.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(SiteError, match="no workbook"):
        score_form(tmp_path / "no.xlsx")


def test_equal_tests_are_equal_forms_and_the_paper_says_the_same(walk):
    assert form_bytes(walk) == form_bytes(walk)
    assert acceptance_pdf(walk).startswith(b"%PDF")
