"""The acceptance form on paper: the same points and columns as the workbook, to fill in by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from quietwing.coverage.acceptance import AcceptanceTest
from quietwing.coverage.report.plain_text import with_plain_text

__all__ = ["acceptance_pdf"]

ROWS_PER_PAGE = 26
A4_LANDSCAPE_INCHES = (11.69, 8.27)
MOST_LETTERS = 22  # of a cell; longer ones are cut


def acceptance_pdf(test: AcceptanceTest) -> bytes:
    """The form as PDF.

    Parameters
    ----------
    test : AcceptanceTest

    Returns
    -------
    bytes
        A4, landscape; a page of instructions, then the points inside and outside.
    """
    out = io.BytesIO()
    with PdfPages(out, metadata={"CreationDate": None, "Title": f"Acceptance test of {test.site}"}) as pages:
        pages.savefig(_first_page(test))
        head = ("no", "storey", "room", "spot", "x", "y", "h", "try first", *test.networks)
        rows = [
            (one.number, one.storey, one.room, one.spot, f"{one.x_m:.1f}", f"{one.y_m:.1f}", f"{one.height_m:.1f}",
             one.first_try, *("" for _ in test.networks))
            for one in test.inside
        ]  # fmt: skip
        widths = (0.4, 2.2, 0.9, 0.8, 0.7, 0.7, 0.5, 1.3, *(0.8 for _ in test.networks))
        _pages(pages, test, "Inside: write B (blocked) or W (works)", head, rows, widths)
        operators = sorted({name.split(" ")[0] for name in test.networks})
        head = ("no", "ring", "place", "x", "y", "h", *operators)
        rows = [
            (one.number, one.ring, one.name, f"{one.x_m:.0f}", f"{one.y_m:.0f}", f"{one.height_m:.1f}",
             *("" for _ in operators))
            for one in test.outside
        ]  # fmt: skip
        widths = (0.4, 1.2, 2.4, 0.8, 0.8, 0.5, *(0.9 for _ in operators))
        _pages(pages, test, "Outside: write S (served) or L (lost)", head, rows, widths)
    return out.getvalue()


def _first_page(test: AcceptanceTest) -> Figure:
    figure = Figure(figsize=A4_LANDSCAPE_INCHES)
    lines = [
        f"Acceptance test of {test.site}   ({test.marking})",
        f"Scenario {test.scenario_id}, seed {test.seed}",
        "",
        f"{len(test.inside)} points inside, {len(test.outside)} outside.",
        f"With at most {test.failures} failed points inside it proves, at {test.confidence:.0%} confidence, that no",
        f"phone works at {test.share:.0%} of all places of the cells that were drawn from.",
        "",
        "Inside: at each point try to register and to call on every network; the one under 'try first' is the",
        "likeliest to work there. A point fails when any network works. The points in most doubt come first.",
        "Outside: at each point try a call with every operator. Nothing may fail at a receptor.",
        "Leave empty what was not tried. Copy the answers into the workbook, then",
        "quietwing acceptance score FORM.xlsx",
        "",
        "Tested on: ____________________     Tested by: ________________________________",
        "",
        "Phones and SIMs: ______________________________________________________________",
    ]
    for number, line in enumerate(lines):
        size, weight = (15, "bold") if number == 0 else (11, "normal")
        figure.text(0.07, 0.90 - 0.048 * number, line, fontsize=size, weight=weight)
    with_plain_text(figure)
    return figure


def _pages(
    pages: PdfPages,
    test: AcceptanceTest,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    widths: Sequence[float],
) -> None:
    """A table over as many pages as it takes."""
    total = sum(widths)
    for first in range(0, len(rows), ROWS_PER_PAGE):
        part = [[_cut(value) for value in row] for row in rows[first : first + ROWS_PER_PAGE]]
        figure = Figure(figsize=A4_LANDSCAPE_INCHES)
        ax = figure.add_axes((0.03, 0.04, 0.94, 0.88))
        ax.axis("off")
        last = first + len(part)
        figure.text(0.03, 0.95, f"{test.site}: {title}   (points {first + 1} to {last} of {len(rows)})", fontsize=11)
        table = ax.table(
            cellText=part,
            colLabels=[name.replace(" ", "\n", 1) for name in head],
            colWidths=[width / total for width in widths],
            loc="upper left",
            cellLoc="left",
        )
        table.auto_set_font_size(False)
        table.set_fontsize(7.5)
        table.scale(1, 1.35)
        for (row, _), cell in table.get_celld().items():
            cell.set_linewidth(0.5)
            if row == 0:
                cell.set_height(cell.get_height() * 1.6)
                cell.set_facecolor("#E5E5E5")
        with_plain_text(figure)
        pages.savefig(figure)  # type: ignore[no-untyped-call]


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
