"""An estate of three sites by hand: sums, pounds a cell, what the split says, and no formula from a name."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from quietwing.coverage.planning import Estate, EstatePlan, EstateSite, with_split
from quietwing.coverage.report.estate_document import (
    ESTATE_FILES,
    MOST_BARS,
    estate_figure,
    estate_header,
    estate_lead,
    estate_object,
    estate_rows,
    estate_shown,
    write_estate,
)


def plan(folder: str, silent: int, capex_gbp: float, kept: bool = True, margin_db: float | None = 1.29) -> EstatePlan:
    """At evidence grade half as many cells; over its whole life three times the money."""
    return EstatePlan(
        folder,
        {"planning": silent, "evidence": silent // 2},
        {"planning": kept, "evidence": False},
        {"planning": margin_db, "evidence": -0.21},
        {"capex": capex_gbp, "whole_life": 3 * capex_gbp, "npv": 2 * capex_gbp},
        "=budget",
    )


NORTH = EstateSite(
    "=north", 10, {"planning": 8, "evidence": 10}, (plan("n/1", 4, 1000.0), plan("n/2", 8, 3000.5, margin_db=None))
)
SOUTH = EstateSite(
    "south", 1200, {"planning": 900, "evidence": 1000}, (plan("s/1", 9, 2000.0), plan("s/2", 20, 100.0, kept=False))
)
WEST = EstateSite("west", 5, {"planning": 5, "evidence": 5}, ())
SITES = (NORTH, SOUTH, WEST)
WHOLE = Estate(
    SITES, "planning", "capex", (NORTH.plans[1], SOUTH.plans[0], None), None, None, ("one folder skipped",)
)


def test_a_site_is_a_row_and_their_sum_is_the_last():
    assert estate_header(WHOLE)[6:10] == [
        "limits kept",
        "margin outside [dB]",
        "bought and installed [£]",
        "£ per room",
    ]
    north, south, west, total = estate_rows(WHOLE)
    assert north == ["=north", 10, 8, 10, 8, 4, "yes", None, 3000.5, 375.06, "n/2", "=budget"]  # 3000.50 / 8
    assert south[7:10] == [1.2, 2000.0, 222.22]  # a margin of 1.29 dB is never printed as 1.3
    assert west == ["west", 5, 5, 5, 0, 0, None, None, 0.0, None, "nothing", None]
    assert total == ["all sites", 1215, 913, 1015, 17, 8, None, None, 5000.5, 294.15, None, None]  # 5000.50 / 17


def test_money_and_cells_are_of_the_grade_and_basis_that_were_asked_for():
    asked = replace(WHOLE, grade="evidence", basis="whole_life")
    assert estate_header(asked)[8] == "whole life [£]"
    south = estate_rows(asked)[1]
    assert south[6:10] == ["no", -0.3, 6000.0, 1500.0]  # 3 · 2000 over 4 cells; −0.21 dB rounded down
    assert "in 1,015 of them at evidence grade" in estate_lead(asked)[0]
    assert "blocks 8 for £15,001.50 in all" in estate_lead(asked)[1]


def test_the_lead_counts_cells_money_and_plans_that_break_a_limit():
    first, second, third = estate_lead(WHOLE)
    assert first.startswith("3 sites with 1,215 rooms to be blocked: ")
    assert "in 913 of them at planning grade" in first
    assert second == "The best plan of each site blocks 17 for £5,000.50 in all."
    assert third.startswith("1 results break a limit outside")
    alone = replace(WHOLE, sites=(NORTH,), chosen=(NORTH.plans[0],))
    assert estate_lead(alone)[0].startswith("1 site with 10 rooms")
    assert len(estate_lead(alone)) == 2  # nothing of it breaks a limit


@pytest.mark.parametrize(
    ("budget_gbp", "cells", "spent", "without"),
    [
        (0.0, 0, "£0", 3),
        (999.99, 0, "£0", 3),  # the loud plan for £100 is not for sale
        (1000.0, 4, "£1,000", 2),
        (2999.99, 9, "£2,000", 2),
        (3000.0, 13, "£3,000", 1),  # 4 + 9 beat the 8 that cost fifty pence more
        (5000.5, 17, "£5,000.50", 1),
    ],
)
def test_a_budget_buys_what_silences_most_to_the_penny(budget_gbp, cells, spent, without):
    split = with_split(WHOLE, budget_gbp)
    second = estate_lead(split)[1]
    assert f"(bought and installed) blocks {cells};" in second
    assert f"{spent} is spent; {without} of 3 sites get nothing." in second
    told = estate_object(split)["split"]
    assert (told["cells"], told["curve"][-1]) == (cells, {"spent_gbp": told["spent_gbp"], "cells": cells})
    assert estate_rows(split)[-1][8] == told["spent_gbp"] <= budget_gbp


def test_the_terminal_rounds_money_up_and_leaves_gaps_where_nothing_applies():
    north, south, west, total = estate_shown(WHOLE)
    assert north[6:] == ["yes", "", "£3,001", "£376"]
    assert south[6:] == ["yes", "1.2", "£2,000", "£223"]
    assert west[6:] == ["", "", "£0", ""]
    assert total[0] == "all sites"
    assert all(isinstance(cell, str) for row in (north, south, west, total) for cell in row)


def test_bars_are_as_long_as_the_cells_and_the_site_that_leaks_most_is_on_top():
    figure = estate_figure(with_split(WHOLE, 3000.0))
    bars, curve = figure.axes
    assert [label.get_text() for label in bars.get_yticklabels()] == ["south", "=north", "west"]
    silent, rest = ([bar.get_width() for bar in group] for group in bars.containers)
    assert (silent, rest) == ([9, 4, 0], [891, 4, 5])
    (line,) = curve.lines
    assert line.get_xdata()[-1] == 3.0  # thousand pounds
    assert list(line.get_ydata()) == [0, 4, 9, 13, 13]
    assert len(estate_figure(WHOLE).axes) == 1  # no budget, no curve


def test_of_many_sites_the_figure_shows_those_that_leak_most():
    many = tuple(replace(WEST, name=f"s{n}", leaking={"planning": n, "evidence": n}) for n in range(MOST_BARS + 1))
    figure = estate_figure(replace(WHOLE, sites=many, chosen=(None,) * len(many)))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(names) == MOST_BARS
    assert "s0" not in names
    assert f"{MOST_BARS} of {MOST_BARS + 1} sites" in figure.axes[0].get_xlabel()


def test_files_are_equal_byte_for_byte_and_a_name_is_no_formula(tmp_path):
    estate = with_split(WHOLE, 3000.0)
    written = write_estate(estate, tmp_path / "a")
    assert [path.name for path in written] == [*ESTATE_FILES, "manifest.json"]
    for path, again in zip(written, write_estate(estate, tmp_path / "b"), strict=True):
        assert path.read_bytes() == again.read_bytes()
    rows = list(csv.reader(io.StringIO((tmp_path / "a" / "plans.csv").read_text("utf-8"))))
    assert [(row[0], row[1], row[-1]) for row in rows[1:]] == [
        ("'=north", "n/1", "yes"),
        ("'=north", "n/2", "no"),
        ("south", "s/1", "yes"),
        ("south", "s/2", "no"),
    ]
    book = load_workbook(tmp_path / "a" / "estate.xlsx")
    (cell,) = [cell for row in book["Estate"].iter_rows() for cell in row if cell.value == "=north"]
    assert cell.data_type == "s"
    told = json.loads((tmp_path / "a" / "estate.json").read_text("utf-8"))
    assert [site["chosen"] for site in told["sites"]] == ["n/1", "s/1", None]
    assert told["sites"][0]["plans"][1]["margin_db"] == {"planning": None, "evidence": -0.3}
    assert told["notes"] == ["one folder skipped"]
