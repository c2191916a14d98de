"""A page of a result on paper: the words, tables and pictures of ``summary.html`` on sheets of A4."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from quietwing.coverage.report.plain_text import with_plain_text

__all__ = ["page_pdf"]

A4_INCHES = (8.27, 11.69)
MARGIN_INCHES = 0.7
POINTS_PER_INCH = 72
LEADING = 1.35  # of a line, by the size of its letters
LETTER = 0.53  # mean width of a letter of DejaVu Sans, by its size (measured on the page's own texts)
CELL_LETTER = 0.56  # of cells, which hold names and numbers
SIZES = {"h1": 17.0, "h2": 13.0, "h3": 11.0, "headline": 11.0, "p": 9.0, "li": 9.0, "small": 7.5}
CELL_POINTS = 7.5
BOLD_WIDER = 1.12
PADDING_INCHES = 0.2  # of a cell, towards the next
MOST_OF_COLUMN = 46  # letters of the widest column before it is wrapped
PICTURE_DPI = 150
HEADING_INCHES = 0.9  # left above the largest picture
FRAMES = {"headline": "#C8441B", "law": "#12436D"}
INK, GREY, RULE = "#0b0c0c", "#505a5f", "#b1b4b6"
BLOCKS = ("h1", "h2", "h3", "p", "li", "figcaption")


@dataclass
class _Block:
    """A heading, paragraph, point of a list, picture or table, in the order of the page."""

    kind: str
    text: str = ""
    frame: str = ""
    rows: list[list[tuple[str, bool, bool]]] = field(default_factory=list)  # text, heading, number


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
    out = io.BytesIO()
    with PdfPages(out, metadata={"CreationDate": None, "Title": reader.title}) as pages:
        sheets = _Sheets(pages, reader.marking, reader.title)
        for number, block in enumerate(reader.blocks):
            after = reader.blocks[number + 1] if number + 1 < len(reader.blocks) else None
            if block.kind == "img":
                sheets.picture(folder / block.text)
            elif block.kind == "table":
                sheets.table(block.rows)
            else:
                below = 0.0 if after is None or after.kind != "img" else sheets.size_inches(folder / after.text)[1]
                sheets.words(block, below)
        sheets.end()
    return out.getvalue()


class _Reader(HTMLParser):
    """Takes our own pages apart; they hold no other elements than those it knows."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[_Block] = []
        self.title = self.marking = ""
        self._open: list[tuple[str, str]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        style = given.get("class", "")
        if tag == "img":
            self.blocks.append(_Block("img", given.get("src", "")))
        elif tag == "table":
            self.blocks.append(_Block("table"))
        elif tag == "tr":
            self.blocks[-1].rows.append([])
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
            self.blocks[-1].rows[-1].append((text, tag == "th", "number" in style))
        elif tag in BLOCKS and style == "marking":
            self.marking = text
        elif tag in BLOCKS and text:
            styles = (style, *(each for _, each in self._open))
            small = tag == "figcaption" or "small" in styles
            frame = next((each for each in styles if each in FRAMES), "")
            kind = "small" if small else "headline" if tag == "p" and frame == "headline" else tag
            self.blocks.append(_Block(kind, f"•  {text}" if tag == "li" else text, frame))
        if tag in (*BLOCKS, "td", "th", "title"):
            self._text = []


class _Sheets:
    """Fills sheet after sheet from the top."""

    def __init__(self, pages: PdfPages, marking: str, title: str) -> None:
        self._pages, self._marking, self._title = pages, marking, title
        self._number = 0
        self._figure: Figure | None = None
        self._left_inches = 0.0  # above the lower margin
        self._wide_inches = A4_INCHES[0] - 2 * MARGIN_INCHES

    def words(self, block: _Block, below_inches: float = 0.0) -> None:
        """A heading, paragraph or point of a list; a heading stays with the picture below it."""
        size = SIZES.get(block.kind, SIZES["p"])
        bold = block.kind in ("h1", "h2", "h3")
        inset_inches = 0.12 if block.frame else 0.0
        lines = _wrapped(block.text, self._wide_inches - inset_inches, size, bold)
        line_inches = size * LEADING / POINTS_PER_INCH
        before_inches = {"h1": 0.1, "h2": 0.22, "h3": 0.14}.get(block.kind, 0.05)
        # a heading is never the last thing on its sheet
        under_inches = max(4 * line_inches, below_inches + 0.1) if bold else 0.0
        self._room_for(before_inches + line_inches * min(len(lines), 3) + under_inches)
        self._left_inches -= before_inches
        for line in lines:
            self._room_for(line_inches)
            top = self._left_inches
            if block.frame:
                self._bar(FRAMES[block.frame], top, line_inches)
            self._write(line, MARGIN_INCHES + inset_inches, top, size, bold, GREY if block.kind == "small" else INK)
            self._left_inches -= line_inches

    def size_inches(self, path: Path) -> tuple[float, float]:
        """Width and height of a picture on paper."""
        high, wide = matplotlib.image.imread(path).shape[:2]
        full_inches = A4_INCHES[1] - 2 * MARGIN_INCHES - HEADING_INCHES
        wide_inches = min(self._wide_inches, wide / PICTURE_DPI, full_inches * wide / high)
        return wide_inches, wide_inches * high / wide

    def picture(self, path: Path) -> None:
        """A picture as wide as the sheet, or as high as it allows."""
        wide_inches, high_inches = self.size_inches(path)
        self._room_for(high_inches + 0.1)
        self._left_inches -= high_inches + 0.1
        assert self._figure is not None  # a sheet was begun for it
        box = (MARGIN_INCHES / A4_INCHES[0], (self._left_inches + MARGIN_INCHES) / A4_INCHES[1],
               wide_inches / A4_INCHES[0], high_inches / A4_INCHES[1])  # fmt: skip
        ax = self._figure.add_axes(box)
        ax.axis("off")
        ax.imshow(matplotlib.image.imread(path), aspect="auto", interpolation="antialiased")

    def table(self, rows: Sequence[Sequence[tuple[str, bool, bool]]]) -> None:
        """A table, its heading again on each sheet."""
        rows = [row for row in rows if row]
        if not rows:
            return
        wide = _column_inches(rows, self._wide_inches)
        heading = rows[0] if all(cell[1] for cell in rows[0]) else None
        self._left_inches -= 0.08
        for number, row in enumerate(rows):
            if self._row(row, wide, more=heading is not None and number == 0) and heading is not None and number:
                self._row(heading, wide)
                self._row(row, wide)
        self._left_inches -= 0.08

    def _row(self, row: Sequence[tuple[str, bool, bool]], wide: Sequence[float], *, more: bool = False) -> bool:
        """One row; True where it did not fit and the sheet was ended instead of writing it."""
        line_inches = CELL_POINTS * LEADING / POINTS_PER_INCH
        cells = [
            _wrapped(text, wide[at] - PADDING_INCHES / 2, CELL_POINTS, heading, CELL_LETTER) or [""]
            for at, (text, heading, _) in enumerate(row)
        ]
        high_inches = line_inches * max(map(len, cells)) + 0.05
        if self._figure is not None and self._left_inches < high_inches * (2 if more else 1):
            self.end()
            if not more:
                return True
        self._room_for(0.0)
        left = MARGIN_INCHES
        for at, (lines, (_, heading, number)) in enumerate(zip(cells, row, strict=True)):
            for index, line in enumerate(lines):
                x = left + wide[at] - 0.1 if number else left
                self._write(line, x, self._left_inches - 0.02 - index * line_inches, CELL_POINTS, heading, INK,
                            "right" if number else "left")  # fmt: skip
            left += wide[at]
        self._left_inches -= high_inches
        self._line(self._left_inches, left - MARGIN_INCHES)
        return False

    def end(self) -> None:
        """Put the sheet that is being filled away."""
        if self._figure is not None:
            self._pages.savefig(with_plain_text(self._figure), dpi=PICTURE_DPI)  # type: ignore[no-untyped-call]
            self._figure = None

    def _room_for(self, high_inches: float) -> None:
        """Begin a new sheet where too little is left."""
        if self._figure is not None and self._left_inches >= high_inches:
            return
        self.end()
        self._number += 1
        self._figure = Figure(figsize=A4_INCHES)
        self._left_inches = A4_INCHES[1] - 2 * MARGIN_INCHES
        for y, text in ((A4_INCHES[1] - 0.4, self._marking), (0.4, self._marking)):
            self._figure.text(0.5, y / A4_INCHES[1], text, ha="center", va="center", fontsize=9, weight="bold")
        side, low = MARGIN_INCHES / A4_INCHES[0], 0.25 / A4_INCHES[1]
        self._figure.text(side, low, self._title, va="center", fontsize=7, color=GREY)
        self._figure.text(1 - side, low, str(self._number), ha="right", va="center", fontsize=7, color=GREY)

    def _write(
        self, text: str, x_inches: float, top_inches: float, size: float, bold: bool, colour: str, side: str = "left"
    ) -> None:
        assert self._figure is not None  # `_room_for` has begun one
        self._figure.text(
            x_inches / A4_INCHES[0],
            (MARGIN_INCHES + top_inches) / A4_INCHES[1],
            text,
            fontsize=size,
            weight="bold" if bold else "normal",
            va="top",
            ha=side,
            color=colour,
        )

    def _bar(self, colour: str, top_inches: float, high_inches: float) -> None:
        """The mark at the left of what stands in a frame."""
        assert self._figure is not None  # as above
        corner = (MARGIN_INCHES / A4_INCHES[0], (MARGIN_INCHES + top_inches - high_inches) / A4_INCHES[1])
        self._figure.add_artist(
            Rectangle(corner, 0.04 / A4_INCHES[0], high_inches / A4_INCHES[1], color=colour, linewidth=0)
        )

    def _line(self, at_inches: float, wide_inches: float) -> None:
        assert self._figure is not None  # as above
        corner = (MARGIN_INCHES / A4_INCHES[0], (MARGIN_INCHES + at_inches + 0.02) / A4_INCHES[1])
        self._figure.add_artist(
            Rectangle(corner, wide_inches / A4_INCHES[0], 0.006 / A4_INCHES[1], color=RULE, linewidth=0)
        )


def _wrapped(text: str, wide_inches: float, size: float, bold: bool, letter: float = LETTER) -> list[str]:
    letters = wide_inches * POINTS_PER_INCH / (size * letter * (BOLD_WIDER if bold else 1.0))
    return textwrap.wrap(text, max(int(letters), 4), subsequent_indent="    " if text.startswith("•") else "")


def _column_inches(rows: Sequence[Sequence[tuple[str, bool, bool]]], most_inches: float) -> list[float]:
    """Columns as wide as their longest text, the long ones wrapped where all do not fit."""
    count = max(map(len, rows))
    each = CELL_POINTS * CELL_LETTER / POINTS_PER_INCH
    longest = [max((len(text) for text in _column(rows, at)), default=1) for at in range(count)]
    words = [max((len(w) for text in _column(rows, at) for w in text.split()), default=1) for at in range(count)]
    wide = [
        min(many, max(MOST_OF_COLUMN, word)) * each * BOLD_WIDER + PADDING_INCHES
        for many, word in zip(longest, words, strict=True)
    ]
    over = sum(wide) - most_inches
    if over > 0:
        spare = [
            max(one - word * each * BOLD_WIDER - PADDING_INCHES, 0.0) for one, word in zip(wide, words, strict=True)
        ]
        share = min(over / sum(spare), 1.0) if sum(spare) > 0 else 0.0
        wide = [one - share * left for one, left in zip(wide, spare, strict=True)]
    elif count == 2 and longest[1] > MOST_OF_COLUMN:  # a word and what it means
        wide[1] = most_inches - wide[0]
    return wide


def _column(rows: Sequence[Sequence[tuple[str, bool, bool]]], at: int) -> Iterator[str]:
    return (row[at][0] for row in rows if at < len(row))
