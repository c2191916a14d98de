"""A contrast budget drawn: from the public levels to what blockers need inside and may have outside."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from quietwing.coverage.report.contrast_text import LEVELS
from quietwing.coverage.report.plan_drawing import HOLE_COLOUR, HOLE_HATCH, QUIET_COLOUR
from quietwing.coverage.report.words import channel_in_words, place_in_words
from quietwing.coverage.results import ContrastBudget, ContrastLine

__all__ = ["contrast_chart", "contrast_figure"]

# Told apart with any colour vision: by lightness, and the gap by its hatch.
PUBLIC_COLOUR, MORE_COLOUR, OFFER_COLOUR = "#9FB8D0", HOLE_COLOUR, "#3D9BE9"
SPARE_HATCH = ".."
WIDTH_IN, ROW_IN, HEAD_IN = 9.5, 0.36, 1.5
WRAP = 46
LABEL_GAP_DB = 1.0
EDGE_DB = 14.0


def contrast_figure(budget: ContrastBudget) -> Figure:
    """A figure of one budget.

    Parameters
    ----------
    budget : ContrastBudget

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(WIDTH_IN, HEAD_IN + ROW_IN * len(budget.lines)), layout="constrained")
    FigureCanvasAgg(figure)
    contrast_chart(budget, figure.subplots())
    return figure


def contrast_chart(budget: ContrastBudget, ax: Axes) -> Axes:
    """Bars from top to bottom: levels from the left edge, steps from where the line before ended.

    Parameters
    ----------
    budget : ContrastBudget
    ax : Axes

    Returns
    -------
    Axes
    """
    bars: list[tuple[ContrastLine, float | None, float]] = []
    reached, needed = 0.0, budget.needed_dbm
    for line in budget.lines:
        if line.name in LEVELS:
            bars.append((line, None, line.db))
            reached = needed if line.name == "level_allowed" else line.db
        elif line.name in ("device", "treatment"):
            bars.append((line, reached, reached - line.db))
            reached -= line.db
        elif line.name == "short_by":
            bars.append((line, budget.allowed_dbm or 0.0, reached))
        else:
            bars.append((line, reached, reached + line.db))
            reached += line.db
    ends = [end for _, start, last in bars for end in (start, last) if end is not None]
    left, right = min(ends) - EDGE_DB, max(ends) + EDGE_DB
    for row, (line, start, end) in enumerate(bars):
        colour, hatch = _look(line.name, line.db)
        first = left if start is None else start
        ax.barh(
            row, end - first, left=first, height=0.62, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5
        )
        unit = "dBm" if line.name in LEVELS else "dB"
        shown = f"{line.db:.1f} {unit}" if line.name in LEVELS else f"{line.db:+.1f} {unit}"
        if line.name == "short_by":
            shown = f"{abs(line.db):.1f} dB {'short' if line.db > 0 else 'to spare'}"
        elif line.name == "public_outside" or line.name == "device":
            ax.axhline(row - 0.5, color="#c8c8c8", linewidth=0.8)
        ax.text(max(first, end) + LABEL_GAP_DB, row, shown.replace("-", "−"), va="center", fontsize=8)
    if budget.allowed_dbm is not None:
        ax.axvline(budget.allowed_dbm, color="#1a1a1a", linewidth=0.8, linestyle="--")
    ax.set_yticks(range(len(bars)), ["\n".join(textwrap.wrap(line.words, WRAP)) for line, _, _ in bars], fontsize=8)
    ax.invert_yaxis()
    ax.set_xlim(left, right)
    ax.set_xlabel("Level in the reference bandwidth of the carrier [dBm]; dashed: level allowed")
    ax.set_title(
        f"What {budget.room} would need: {channel_in_words(budget.channel)}, {place_in_words(budget.point)}",
        fontsize=10,
    )
    ax.legend(
        handles=_legend(budget), fontsize=7.5, loc="upper center", bbox_to_anchor=(0.3, -0.12), ncols=3, frameon=False
    )
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def _look(name: str, value_db: float) -> tuple[str, str]:
    """Colour and hatch of a bar."""
    if name in ("level_needed", "level_allowed"):
        return QUIET_COLOUR, ""
    if name in LEVELS:
        return PUBLIC_COLOUR, ""
    if name in ("device", "treatment"):
        return OFFER_COLOUR, ""
    if name == "short_by":
        return (MORE_COLOUR, HOLE_HATCH) if value_db > 0 else (OFFER_COLOUR, SPARE_HATCH)
    return MORE_COLOUR, ""


def _legend(budget: ContrastBudget) -> list[Patch]:
    rows = [
        (PUBLIC_COLOUR, "", "public network [dBm]"),
        (MORE_COLOUR, "", "what the rules add or take off [dB]"),
        (QUIET_COLOUR, "", "blockers: needed inside, allowed outside [dBm]"),
    ]
    if budget.short_db is not None:
        rows.append((OFFER_COLOUR, "", "device and treatment offer [dB]"))
        short = budget.short_db > 0
        rows.append((*_look("short_by", budget.short_db), "short by [dB]" if short else "to spare [dB]"))
    return [Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=label) for colour, hatch, label in rows]
