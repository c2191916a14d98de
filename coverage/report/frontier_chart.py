"""A frontier drawn: blocked rooms at both grades against the budget."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from quietwing.coverage.planning import Frontier
from quietwing.coverage.report.grades import grade_in_words
from quietwing.coverage.report.plan_drawing import QUIET_COLOUR, save_png

__all__ = ["frontier_chart", "frontier_figure", "frontier_picture"]

OTHER_COLOUR = "#3D9BE9"
SIZE_IN = (9.0, 5.0)
LEAST_SCALE = 5  # cells: a chart of nothing is no chart of fractions of a cell
THOUSAND = 1000.0
MEET = 0.16  # of the scale: two numbers, one below its point and one above, are 34 points high together


def frontier_figure(found: Frontier) -> Figure:
    """A figure of a frontier.

    Parameters
    ----------
    found : Frontier

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    FigureCanvasAgg(figure)
    frontier_chart(found, figure.subplots())
    return figure


def frontier_picture(found: Frontier, path: Path) -> None:
    """Write `frontier_figure` as a PNG file."""
    save_png(frontier_figure(found), path)


def frontier_chart(found: Frontier, ax: Axes) -> Axes:
    """Blocked rooms against budget, at both grades.

    Parameters
    ----------
    found : Frontier
    ax : Axes

    Returns
    -------
    Axes
        Its first lines are the grades, the one asked for first.
    """
    points = found.points
    budgets = [point.budget_gbp / THOUSAND for point in points]
    grades = [grade_in_words(one.grade) for one in points[0].result.verdict.grades]
    looks = ((QUIET_COLOUR, "o"), (OTHER_COLOUR, "s"))
    for number, words in enumerate(grades):
        cells = [point.cells[number] for point in points]
        colour, marker = looks[min(number, 1)]
        ax.plot(
            budgets,
            cells,
            color=colour,
            marker=marker,
            linestyle="-" if number == 0 else "--",
            label=f"blocked at {words}, in independent simulations",
            zorder=3,
        )
    most = max(cells for point in points for cells in point.cells)
    highest = max(float(LEAST_SCALE), most)
    for x, point in zip(budgets, points, strict=True):
        apart = abs(point.cells[0] - point.cells[-1]) / highest
        for number, y in enumerate(point.cells):
            offset, side = _beside(number, y, apart)
            ax.annotate(
                f"{y}", (x, y), xytext=offset, textcoords="offset points", ha=side, fontsize=9,
                color=looks[min(number, 1)][0],
            )  # fmt: skip
    if found.knee is not None:
        here = points[found.knee]
        ax.annotate(
            f"knee: £{here.budget_gbp:,.0f}",
            (here.budget_gbp / THOUSAND, here.cells[0]),
            xytext=(14, -34),
            textcoords="offset points",
            fontsize=9,
            arrowprops={"arrowstyle": "->", "color": "#1a1a1a"},
        )
    broken = [(x, point.cells[0]) for x, point in zip(budgets, points, strict=True) if not point.kept[0]]
    if broken:
        ax.plot(
            *zip(*broken, strict=True),
            linestyle="",
            marker="x",
            markersize=14,
            color="#C8441B",
            label="spill limit EXCEEDED",
            zorder=4,
        )
    ax.set_xlabel("Budget [thousand £]")
    ax.set_ylabel(f"Rooms blocked, of {found.rooms}")
    ax.set_ylim(0, 1.12 * highest)  # room for the numbers
    ax.set_xlim(left=0)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0.0, -0.13), ncols=1)
    ax.set_title(f"{found.site.marking}\n{found.site.name}: what more money buys", fontsize=10, parse_math=False)
    return ax


def _beside(number: int, cells: int, apart: float) -> tuple[tuple[int, int], str]:
    """Where the number of cells stands beside its point, and how; `apart` are both grades, as a share of the scale.

    That of the grade asked for stands below, the other above, for the axis is near; left where they would meet.
    """
    if number == 0:
        below = (0, -14) if cells > LEAST_SCALE else (0, 6)
        return ((-6, 2), "right") if 0 < apart < MEET else (below, "center")
    return ((-6, -3), "right") if 0 < apart < MEET / 2 else ((0, 6), "center")
