"""Words of a picture as they are: no name is read as a formula, and what the font cannot draw is replaced."""

from __future__ import annotations

import unicodedata
from functools import cache, partial

from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, Formatter, FuncFormatter

__all__ = ["drawable", "with_plain_text"]

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # DejaVu Sans, which comes with matplotlib, has it


def with_plain_text(figure: Figure) -> Figure:
    """The figure, its texts drawn letter by letter: ``$`` and ``\\`` in a name of the user mean nothing.

    Parameters
    ----------
    figure : Figure
        Complete but for being drawn; its texts are changed.

    Returns
    -------
    Figure
        The same one.
    """
    for axis in (one for ax in figure.axes for one in (ax.xaxis, ax.yaxis)):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FixedFormatter | FuncFormatter):  # asked again while the figure is drawn
            axis.set_major_formatter(FuncFormatter(partial(_drawable_label, formatter)))
    waiting: list[Artist] = [figure]
    while waiting:
        artist = waiting.pop()
        if isinstance(artist, Text):
            artist.set_parse_math(False)
            found = artist.get_text()
            if not found.isascii() or not found.isprintable():
                artist.set_text(drawable(found, font_manager.findfont(artist.get_fontproperties())))
        # axes that are switched off draw no ticks, and listing an axis would make them
        bare = isinstance(artist, Axes) and not artist.axison
        waiting += [each for each in artist.get_children() if not (bare and isinstance(each, Axis))]
    return figure


def _drawable_label(formatter: Formatter, value: float, place: int | None) -> str:
    """A label of an axis; they are in the usual font."""
    return drawable(formatter(value, place))


def drawable(text: str, font: str | None = None) -> str:
    """The text with one sign for each that the font, or the usual one, lacks or that is unseen; line ends stay."""
    known = _characters(font or font_manager.findfont(font_manager.FontProperties()))
    return "".join(one if one == "\n" or ord(one) in known else REPLACEMENT for one in text.replace("\t", " "))


@cache
def _characters(font: str) -> frozenset[int]:
    """The characters a font file has, without those that only steer others (joiners, marks of direction)."""
    return frozenset(
        code for code in font_manager.get_font(font).get_charmap() if unicodedata.category(chr(code)) != "Cf"
    )
