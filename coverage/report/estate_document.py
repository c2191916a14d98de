"""An estate as table, CSV, workbook, figure and JSON. Every number is a result's own, or the split's."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from xlsxwriter import Workbook

from quietwing.coverage.decibel import floored
from quietwing.coverage.planning import Estate, EstatePlan, EstateSite
from quietwing.coverage.report.escapes import HOLE, STATE_WORDS
from quietwing.coverage.report.plan_drawing import QUIET_COLOUR, save_png
from quietwing.coverage.report.plan_words import exact_pounds, pounds
from quietwing.coverage.report.words import safe_cell
from quietwing.coverage.result_folder import put, workshop_near
from quietwing.coverage.rules import GRADES

__all__ = [
    "ESTATE_FILES",
    "estate_figure",
    "estate_header",
    "estate_lead",
    "estate_object",
    "estate_rows",
    "estate_shown",
    "write_estate",
]

TABLE, PLANS, BOOK, PICTURE, OBJECT = "estate.csv", "plans.csv", "estate.xlsx", "estate.png", "estate.json"
ESTATE_FILES = (OBJECT, TABLE, PLANS, BOOK, PICTURE)
HOLE_COLOUR, CURVE_COLOUR = "#C8CDD3", "#801650"
MOST_BARS = 40  # of the figure: names of more cannot be read
BAR_IN, LEAST_IN = 0.28, 2.4
THOUSAND = 1000.0
_FIRST_DAY = dt.datetime(1980, 1, 1)  # equal estates give equal bytes
_BASIS_WORDS = {"capex": "bought and installed", "whole_life": "whole life", "npv": "present value"}


def estate_lead(estate: Estate) -> tuple[str, ...]:
    """What a minister reads first: cells, what leaks, what the money silences.

    Parameters
    ----------
    estate : Estate

    Returns
    -------
    tuple of str
    """
    cells = sum(site.cells for site in estate.sites)
    leaking = sum(site.leaking[estate.grade] for site in estate.sites)
    number = len(estate.sites)
    first = (
        f"{number} site{'s' if number > 1 else ''} with {cells:,} rooms to be blocked: with every blocker off a "
        f"phone may work in {leaking:,} of them at {estate.grade} grade."
    )
    silent = sum(plan.silent[estate.grade] for plan in estate.chosen if plan is not None)
    spent = sum(plan.cost_gbp[estate.basis] for plan in estate.chosen if plan is not None)
    if estate.split is None:
        second = f"The best plan of each site blocks {silent:,} for {exact_pounds(spent)} in all."
    else:
        without = sum(plan is None for plan in estate.chosen)
        second = (
            f"{exact_pounds(estate.budget_gbp or 0.0)} ({_BASIS_WORDS[estate.basis]}) blocks {silent:,}; of these "
            f"plans nothing blocks more. {exact_pounds(spent)} is spent"
            f"{f'; {without} of {number} sites get nothing' if without else ''}."
        )
    barred = sum(not plan.kept[estate.grade] for site in estate.sites for plan in site.plans)
    third = f"{barred} results break a limit outside and are not bought." if barred else ""
    return tuple(sentence for sentence in (first, second, third) if sentence)


def estate_header(estate: Estate) -> list[str]:
    """Titles of the columns of `estate_rows`."""
    return [
        "site",
        "rooms",
        *(f"leaking, {grade}" for grade in GRADES),
        *(f"blocked, {grade}" for grade in GRADES),
        "limits kept",
        "margin outside [dB]",
        f"{_BASIS_WORDS[estate.basis]} [£]",
        "£ per room",
        "plan",
        "what binds",
    ]


def estate_rows(estate: Estate) -> list[list[Any]]:
    """One row a site, the last their sum; None where a column does not apply."""
    rows = [_row(estate, site, plan) for site, plan in zip(estate.sites, estate.chosen, strict=True)]
    total: list[Any] = ["all sites", *(sum(row[at] for row in rows) for at in range(1, 6)), None, None]
    spent = round(sum(row[8] for row in rows), 2)
    return [*rows, [*total, spent, _each(spent, total[4 + GRADES.index(estate.grade)]), None, None]]


def _row(estate: Estate, site: EstateSite, plan: EstatePlan | None) -> list[Any]:
    leaking = [site.leaking[grade] for grade in GRADES]
    if plan is None:
        return [site.name, site.cells, *leaking, 0, 0, None, None, 0.0, None, "nothing", None]
    margin_db, cost_gbp = plan.margin_db[estate.grade], plan.cost_gbp[estate.basis]
    return [
        site.name,
        site.cells,
        *leaking,
        *(plan.silent[grade] for grade in GRADES),
        "yes" if plan.kept[estate.grade] else "no",
        None if margin_db is None else floored(margin_db),
        cost_gbp,
        _each(cost_gbp, plan.silent[estate.grade]),
        plan.folder,
        plan.binding or None,
    ]


def _each(gbp: float, cells: int) -> float | None:
    return round(gbp / cells, 2) if cells else None


def estate_object(estate: Estate) -> dict[str, Any]:
    """Everything as plain values, for ``--json`` and ``estate.json``."""
    split = estate.split
    return {
        "grade": estate.grade,
        "budget_basis": estate.basis,
        "budget_gbp": estate.budget_gbp,
        "headline": list(estate_lead(estate)),
        "sites": [
            {
                "site": site.name,
                "cells": site.cells,
                "leaking": dict(site.leaking),
                "chosen": None if plan is None else plan.folder,
                "plans": [
                    {
                        "result": each.folder,
                        "silent": dict(each.silent),
                        "limits_kept": dict(each.kept),
                        "margin_db": {
                            grade: None if margin_db is None else floored(margin_db)
                            for grade, margin_db in each.margin_db.items()
                        },
                        "cost_gbp": dict(each.cost_gbp),
                        "binding": each.binding,
                    }
                    for each in site.plans
                ],
            }
            for site, plan in zip(estate.sites, estate.chosen, strict=True)
        ],
        "split": None
        if split is None
        else {
            "cells": split.cells,
            "spent_gbp": split.spent_pence / 100,
            "curve": [
                {"spent_gbp": pence / 100, "cells": cells}
                for pence, cells in zip(split.curve_pence.tolist(), split.curve_cells.tolist(), strict=True)
            ],
        },
        "notes": list(estate.notes),
    }


def estate_figure(estate: Estate) -> Figure:
    """Cells of each site: silent by what is chosen, and not; below, what a split budget buys.

    Parameters
    ----------
    estate : Estate

    Returns
    -------
    Figure
    """
    both = sorted(
        zip(estate.sites, estate.chosen, strict=True),
        key=lambda pair: (-pair[0].leaking[estate.grade], pair[0].name),
    )
    shown = both[:MOST_BARS]
    high = max(LEAST_IN, BAR_IN * len(shown) + 1.2)
    heights = [high] if estate.split is None else [high, 3.2]
    figure = Figure(figsize=(9.0, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    silent = [0 if plan is None else plan.silent[estate.grade] for _, plan in shown]
    rest = [max(0, site.leaking[estate.grade] - got) for (site, _), got in zip(shown, silent, strict=True)]
    at = range(len(shown))
    ax = axes[0]
    ax.barh(at, silent, color=QUIET_COLOUR, label=f"blocked at {estate.grade} grade by what is chosen")
    ax.barh(at, rest, left=silent, color=HOLE_COLOUR, hatch="///", edgecolor="white", label=STATE_WORDS[HOLE])
    ax.set_yticks(at, [site.name[:40] for site, _ in shown])
    ax.invert_yaxis()
    further = f" ({MOST_BARS} of {len(both)} sites, those with most leaking rooms)" if len(both) > MOST_BARS else ""
    ax.set_xlabel(f"rooms that leak with every blocker off{further}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.9 / high), ncols=2, frameon=False)
    if estate.split is not None:
        split = estate.split
        money = [*(split.curve_pence / 100).tolist(), estate.budget_gbp or 0.0]
        cells = [*split.curve_cells.tolist(), split.cells]
        axes[1].step([gbp / THOUSAND for gbp in money], cells, where="post", color=CURVE_COLOUR)
        axes[1].set_xlabel(f"budget of the estate, {_BASIS_WORDS[estate.basis]} [£1,000]")
        axes[1].set_ylabel("rooms blocked, most possible")
        axes[1].yaxis.set_major_locator(MaxNLocator(integer=True))
        axes[1].set_ylim(bottom=0)
        axes[1].grid(alpha=0.3)
    return figure


def write_estate(estate: Estate, folder: Path) -> tuple[Path, ...]:
    """Write an estate with a manifest of all its files; equal estates give equal bytes.

    Parameters
    ----------
    estate : Estate
    folder : Path
        Made if missing. Of an existing one only files of an earlier result, unchanged since, are replaced or removed.

    Returns
    -------
    tuple of Path
        The files written, ``manifest.json`` last.

    Raises
    ------
    QuietwingError
        If something in the folder is in the way of the result; then nothing in it has been touched.
    OSError
        If the folder cannot be written.
    """
    texts = {
        OBJECT: json.dumps(estate_object(estate), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        TABLE: _table_text(estate_header(estate), estate_rows(estate)),
        PLANS: _table_text(_plans_header(), _plans_rows(estate)),
    }
    with workshop_near(folder) as made:
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8", newline="\n")
        (made / BOOK).write_bytes(_book(estate))
        save_png(estate_figure(estate), made / PICTURE)
        manifest = put(made, folder)
    return (*(folder / name for name in ESTATE_FILES), manifest)


def _plans_header() -> list[str]:
    return [
        "site",
        "result",
        *(f"silent_{grade}" for grade in GRADES),
        *(f"limits_kept_{grade}" for grade in GRADES),
        "capex_gbp",
        "whole_life_gbp",
        "npv_gbp",
        "chosen",
    ]


def _plans_rows(estate: Estate) -> list[list[Any]]:
    return [
        [
            site.name,
            plan.folder,
            *(plan.silent[grade] for grade in GRADES),
            *("yes" if plan.kept[grade] else "no" for grade in GRADES),
            *(plan.cost_gbp[basis] for basis in ("capex", "whole_life", "npv")),
            "yes" if plan is chosen else "no",
        ]
        for site, chosen in zip(estate.sites, estate.chosen, strict=True)
        for plan in site.plans
    ]


def _table_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow("" if cell is None else safe_cell(cell) if isinstance(cell, str) else cell for cell in row)
    return text.getvalue()


def _book(estate: Estate) -> bytes:
    """The workbook: the estate, and every plan; no text becomes a formula or link."""
    packed = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = Workbook(packed, options)
    book.set_properties({"title": "estate", "created": _FIRST_DAY})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    money = book.add_format({"num_format": "#,##0.00"})
    sheets = (
        ("Estate", estate_lead(estate), estate_header(estate), estate_rows(estate)),
        ("Plans", (), _plans_header(), _plans_rows(estate)),
    )
    for title, lines, header, rows in sheets:
        sheet = book.add_worksheet(title)
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line)
        top = len(lines) + bool(lines)
        sheet.write_row(top, 0, header, bold)
        for row, cells in enumerate(rows, top + 1):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    sheet.write_number(row, column, cell, money if isinstance(cell, float) else None)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, len(header) - 1, 14)
        sheet.freeze_panes(top + 1, 1)
    book.close()
    return packed.getvalue()


def estate_shown(estate: Estate) -> list[list[str]]:
    """Rows for a terminal: the columns of `estate_rows` up to the plan, money without pence."""
    return [
        [
            str(row[0]),
            *(str(cell) for cell in row[1:6]),
            row[6] or "",
            "" if row[7] is None else f"{row[7]:.1f}",
            pounds(row[8]),
            "" if row[9] is None else pounds(row[9]),
        ]
        for row in estate_rows(estate)
    ]
