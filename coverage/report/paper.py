"""A page of a result, and the acceptance form, on sheets of A4: one template, every row of a table in full."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import typst

from quietwing.coverage.report.plain_text import drawable

if TYPE_CHECKING:
    from quietwing.coverage.acceptance import AcceptanceTest

__all__ = ["acceptance_pdf", "page_pdf"]

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
NUMBERS = ("no", "x [m]", "y [m]", "h [m]")  # columns of the form, at the right
FRAMES = ("headline", "law")
BLOCKS = ("h1", "h2", "h3", "p", "li", "figcaption")


def page_pdf(folder: Path) -> bytes:
    """A page of a result as PDF.

    Parameters
    ----------
    folder : Path
        As `make_files` fills it: the page ``summary.html`` and its pictures.

    Returns
    -------
    bytes
        A4, upright; equal pages give equal bytes.
    """
    reader = _Reader()
    reader.feed((folder / "summary.html").read_text("utf-8"))
    return _pdf(reader.title, reader.marking, reader.blocks, folder)


def acceptance_pdf(test: AcceptanceTest) -> bytes:
    """The acceptance form as PDF, to fill in by hand: the points and columns of the workbook.

    Parameters
    ----------
    test : AcceptanceTest

    Returns
    -------
    bytes
        A4, landscape; a page of instructions, then the points inside and outside. Equal tests give equal bytes.
    """
    title = f"Acceptance test of {test.site}"
    blocks = [
        _block("h1", title),
        _block("p", f"Scenario {test.scenario_id}, seed {test.seed}"),
        _block("p", f"{len(test.inside)} points inside, {len(test.outside)} outside. With at most {test.failures} "
               f"failed points inside it proves, at {test.confidence:.0%} confidence, that no phone works at "
               f"{test.share:.0%} of all places of the cells that were drawn from."),
        _block("p", "Inside: at each point try to register and to call on every network; the one under 'try first' "
               "is the likeliest to work there. A point fails when any network works. The points in most doubt come "
               "first."),
        _block("p", "Outside: at each point try a call with every operator. Nothing may fail at a receptor."),
        _block("p", "Leave empty what was not tried. Copy the answers into the workbook, then run:"),
        _block("p", "quietwing acceptance score FORM.xlsx"),
        _block("p", f"Tested on: {'_' * 20}     Tested by: {'_' * 32}"),
        _block("p", f"Phones and SIMs: {'_' * 62}"),
    ]  # fmt: skip
    rows: list[tuple[object, ...]] = [
        (one.number, one.storey, one.room, one.spot, f"{one.x_m:.1f}", f"{one.y_m:.1f}", f"{one.height_m:.1f}",
         one.first_try, *("" for _ in test.networks))
        for one in test.inside
    ]  # fmt: skip
    head = ("no", "storey", "room", "spot", "x [m]", "y [m]", "h [m]", "try first", *test.networks)
    blocks += _form("Inside: write B (blocked) or W (works)", head, rows)
    operators = sorted({name.split(" ")[0] for name in test.networks})
    rows = [
        (one.number, one.ring, one.name, f"{one.x_m:.0f}", f"{one.y_m:.0f}", f"{one.height_m:.1f}",
         *("" for _ in operators))
        for one in test.outside
    ]  # fmt: skip
    head = ("no", "ring", "place", "x [m]", "y [m]", "h [m]", *operators)
    blocks += _form("Outside: write S (served) or L (lost)", head, rows)
    return _pdf(title, test.marking, blocks, TEMPLATES, form=True)


def _form(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[dict[str, Any]]:
    """A heading and the points below it; nothing where there are none."""
    cells = [
        [_cell(str(one), heading=row is head, number=name in NUMBERS) for name, one in zip(head, row, strict=True)]
        for row in (head, *rows)
    ]
    return [_block("h2", f"{title}: {len(rows)} points"), _block("table", rows=cells)] if rows else []


def _block(kind: str, text: str = "", frame: str = "", rows: Sequence[Any] = ()) -> dict[str, Any]:
    """A heading, paragraph, point of a list, picture or table, as the template reads it."""
    return {"kind": kind, "text": text, "frame": frame, "rows": [*rows]}


def _cell(text: str, *, heading: bool = False, number: bool = False) -> dict[str, Any]:
    return {"text": text, "heading": heading, "number": number}


def _pdf(title: str, marking: str, blocks: Sequence[Any], pictures: Path, *, form: bool = False) -> bytes:
    """The blocks on paper; nothing is read but the template, matplotlib's fonts and the folder of the pictures."""
    data = {"title": title, "marking": marking, "form": form, "blocks": blocks}
    compiler = typst.Compiler(
        (TEMPLATES / "page.typ").read_bytes(),
        root=pictures,
        font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]),
        sys_inputs={"data": drawable(json.dumps(data, ensure_ascii=False))},
    )
    made = compiler.compile(format="pdf", pdf_tags=False)
    assert isinstance(made, bytes)  # one file, not one a sheet
    return made


class _Reader(HTMLParser):
    """Takes our own pages apart; they hold no other elements than those it knows."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[dict[str, Any]] = []
        self.title = self.marking = ""
        self._open: list[tuple[str, str]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        style = given.get("class", "")
        if tag == "img":
            self.blocks.append(_block("img", given.get("src", "")))
        elif tag == "table":
            self.blocks.append(_block("table"))
        elif tag == "tr":
            self.blocks[-1]["rows"].append([])
        if tag not in ("img", "meta", "br", "link"):
            self._open.append((tag, style))
        if tag in (*BLOCKS, "td", "th", "title"):
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not any(tag == name for name, _ in self._open):
            return
        style = ""
        while self._open:
            name, style = self._open.pop()
            if name == tag:
                break
        text = " ".join("".join(self._text).split())
        if tag == "title":
            self.title = text
        elif tag in ("td", "th"):
            self.blocks[-1]["rows"][-1].append(_cell(text, heading=tag == "th", number="number" in style))
        elif tag in BLOCKS and style == "marking":
            self.marking = text
        elif tag in BLOCKS and text:
            styles = (style, *(each for _, each in self._open))
            small = tag == "figcaption" or "small" in styles
            frame = next((each for each in styles if each in FRAMES), "")
            kind = "small" if small else "headline" if tag == "p" and frame == "headline" else tag
            self.blocks.append(_block(kind, text, frame))
        if tag in (*BLOCKS, "td", "th", "title"):
            self._text = []
