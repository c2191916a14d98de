"""The form as a workbook: what is printed, and the cells that are to be filled in."""

from __future__ import annotations

import datetime as dt
import io

from xlsxwriter import Workbook

from quietwing.coverage.acceptance.walk_plan import AcceptanceTest

__all__ = ["ABOUT", "BLOCKED", "FORM_KIND", "INSIDE", "LOST", "OUTSIDE", "SERVED", "WORKS", "form_bytes"]

A_DAY = dt.datetime(2026, 1, 1)  # a fixed one, so that equal forms are equal files
FORM_KIND = "quietwing acceptance form 1"
ABOUT, INSIDE, OUTSIDE = "About", "Inside", "Outside"
BLOCKED, WORKS = "blocked", "works"
SERVED, LOST = "served", "lost"
INSIDE_HEAD = ("number", "storey", "room", "spot", "x [m]", "y [m]", "height [m]", "try first")
OUTSIDE_HEAD = ("number", "ring", "place", "x [m]", "y [m]", "height [m]")


def form_bytes(test: AcceptanceTest) -> bytes:
    """The workbook to fill in; equal tests give equal bytes.

    Parameters
    ----------
    test : AcceptanceTest

    Returns
    -------
    bytes
        XLSX.
    """
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Acceptance test of {test.site}", "created": A_DAY})
    head = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#E5E5E5", "border": 1, "valign": "top"})
    cell, wrap = book.add_format({"border": 1}), book.add_format({"text_wrap": True, "valign": "top"})
    fill = book.add_format({"border": 1, "bg_color": "#FFF9DB"})
    about = book.add_worksheet(ABOUT)
    about.set_column(0, 0, 22)
    about.set_column(1, 1, 90)
    for row, (name, value) in enumerate(_about(test)):
        about.write(row, 0, name, head)
        about.write(row, 1, value, fill if name in TO_FILL else wrap)
    inside = book.add_worksheet(INSIDE)
    _table(
        inside,
        (*INSIDE_HEAD, *test.networks, "note"),
        [
            (one.number, one.storey, one.room, one.spot, one.x_m, one.y_m, one.height_m, one.first_try)
            for one in test.inside
        ],
        len(INSIDE_HEAD),
        [BLOCKED, WORKS],
        (head, cell, fill),
    )
    outside = book.add_worksheet(OUTSIDE)
    _table(
        outside,
        (*OUTSIDE_HEAD, *(f"{operator} service" for operator in _operators(test)), "note"),
        [(one.number, one.ring, one.name, one.x_m, one.y_m, one.height_m) for one in test.outside],
        len(OUTSIDE_HEAD),
        [SERVED, LOST],
        (head, cell, fill),
    )
    book.close()
    return out.getvalue()


TO_FILL = ("tested on", "tested by", "phones and SIMs", "blockers on (serial)")


def _operators(test: AcceptanceTest) -> list[str]:
    return sorted({name.split(" ")[0] for name in test.networks})


def _about(test: AcceptanceTest) -> list[tuple[str, str | float]]:
    """The first sheet: what is proved, how to fill the form, and what a reader checks."""
    return [
        ("form", FORM_KIND),
        ("site", test.site),
        ("marking", test.marking),
        ("scenario", test.scenario_id),
        ("share", test.share),
        ("confidence", test.confidence),
        ("failures allowed", test.failures),
        ("points inside", len(test.inside)),
        ("points outside", len(test.outside)),
        ("seed", test.seed),
        (
            "how",
            f"Inside: at each point try to register and call on every network, the one under 'try first' at first; "
            f"write '{BLOCKED}' or '{WORKS}'. A point fails when any network works. Outside: write '{SERVED}' or "
            f"'{LOST}' for each operator. Leave empty what was not tried: it counts as not tried. Change no other "
            f"cell.",
        ),
        (
            "what it proves",
            f"With {len(test.inside)} points inside and at most {test.failures} that fail, at {test.confidence:.0%} "
            f"confidence no phone works at {test.share:.0%} of all places of the cells that were drawn from.",
        ),
        *((name, "") for name in TO_FILL),
    ]


def _table(sheet, header, rows, fixed, choices, formats) -> None:  # type: ignore[no-untyped-def]
    """A header, the rows as given, and empty cells with the words that may stand in them."""
    head, cell, fill = formats
    for column, name in enumerate(header):
        sheet.write(0, column, name, head)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            sheet.write(number, column, value, cell)
        for column in range(fixed, len(header)):
            sheet.write_blank(number, column, None, fill)
    last = len(header) - 2  # the note is free
    if rows and last >= fixed:
        sheet.data_validation(
            1, fixed, len(rows), last, {"validate": "list", "source": choices, "ignore_blank": True}
        )
    sheet.freeze_panes(1, 3)
    sheet.set_column(0, 0, 7)
    sheet.set_column(1, fixed - 1, 13)
    sheet.set_column(fixed, len(header) - 1, 11)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
