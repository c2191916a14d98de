"""Drawings made by code, with their truth: two rooms, 5 m and 4 m by 4 m inside, a door between, a window each."""

from __future__ import annotations

from pathlib import Path

import ezdxf

OUTER_M, INNER_M = 0.3, 0.1
# Faces of the walls, x and y. Left room 5 × 4 m, right room 4 × 4 m.
X = (0.0, 0.3, 5.3, 5.4, 9.4, 9.7)
Y = (0.0, 0.3, 4.3, 4.6)
ROOMS_M2 = (16.0, 20.0)
MIDLINES = {
    "south": ((0.15, 0.15), (9.55, 0.15)),
    "north": ((0.15, 4.45), (9.55, 4.45)),
    "west": ((0.15, 0.15), (0.15, 4.45)),
    "east": ((9.55, 0.15), (9.55, 4.45)),
    "inner": ((5.35, 0.15), (5.35, 4.45)),
}
DOOR = ((5.35, 1.0), (5.35, 1.9))  # in the inner wall
WINDOWS = (((2.0, 0.15), (3.2, 0.15)), ((6.5, 0.15), (7.7, 0.15)))  # in the south wall


def boxes(*, cut: bool) -> list[tuple[float, float, float, float]]:
    """The walls as rectangles; with `cut` they are interrupted at door and windows, as most plans are drawn."""
    south = [(X[0], X[5])]
    inner = [(Y[1], Y[2])]
    if cut:
        south = [(0.0, 2.0), (3.2, 6.5), (7.7, 9.7)]
        inner = [(0.3, 1.0), (1.9, 4.3)]
    return [
        *((a, Y[0], b, Y[1]) for a, b in south),
        (X[0], Y[2], X[5], Y[3]),
        (X[0], Y[1], X[1], Y[2]),
        (X[4], Y[1], X[5], Y[2]),
        *((X[2], a, X[3], b) for a, b in inner),
    ]


def rectangle(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    return [(west, south), (east, south), (east, north), (west, north)]


def dxf_plan(
    path: Path,
    *,
    style: str = "solid",
    unit: str = "mm",
    insunits: int | None = 4,
    cut: bool = True,
    version: str = "R2010",
) -> Path:
    """The plan as DXF: walls filled, hatched, by both faces or by one line; door and windows as blocks."""
    size = {"mm": 1000.0, "cm": 100.0, "m": 1.0, "in": 1 / 0.0254}[unit]
    document = ezdxf.new(version)
    if insunits is not None:
        document.header["$INSUNITS"] = insunits
    space = document.modelspace()

    def at(x: float, y: float) -> tuple[float, float]:
        return x * size, y * size

    for box in boxes(cut=cut) if style in ("solid", "hatch", "faces") else ():
        ring = [at(*corner) for corner in rectangle(*box)]
        if style == "solid":
            space.add_lwpolyline(ring, close=True, dxfattribs={"layer": "A-WALL"})
        elif style == "hatch":
            space.add_hatch(dxfattribs={"layer": "A-WALL"}).paths.add_polyline_path(ring, is_closed=True)
        else:
            long = (0, 2) if box[2] - box[0] > box[3] - box[1] else (1, 3)
            for side in long:
                space.add_line(ring[side], ring[(side + 1) % 4], dxfattribs={"layer": "A-WALL"})
    if style == "single":
        for start, end in MIDLINES.values():
            space.add_line(at(*start), at(*end), dxfattribs={"layer": "A-WALL"})
    if style == "loops":  # the outline of the building and of each room
        for box in ((X[0], Y[0], X[5], Y[3]), (X[1], Y[1], X[2], Y[2]), (X[3], Y[1], X[4], Y[2])):
            space.add_lwpolyline(
                [at(*corner) for corner in rectangle(*box)], close=True, dxfattribs={"layer": "A-WALL"}
            )
    door = document.blocks.new("Door 900")
    door.add_line((0, 0), (0.9 * size, 0))
    door.add_arc((0, 0), 0.9 * size, 0, 90)
    window = document.blocks.new("Window 1200")
    for y in (-0.05, 0.05):
        window.add_line((0, y * size), (1.2 * size, y * size))
    space.add_blockref("Door 900", at(*DOOR[0]), dxfattribs={"layer": "A-DOOR", "rotation": 90})
    for start, _ in WINDOWS:
        space.add_blockref("Window 1200", at(*start), dxfattribs={"layer": "A-GLAZ"})
    for number in range(50):
        space.add_circle(at(1 + number / 20, 2), 0.1 * size, dxfattribs={"layer": "Furniture"})
    document.saveas(path)
    return path


def pdf_plan(path: Path, *, ratio: float = 100.0, filled: bool = True, pages: int = 1, says: str = "") -> Path:
    """The plan as PDF to scale: walls filled, or their faces by a wide pen; furniture by a thin one; a door's leaf."""
    import matplotlib

    matplotlib.use("pdf")
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure
    from matplotlib.patches import Arc, Polygon

    with PdfPages(path) as out:
        for _ in range(pages):
            wide, high = 0.42, 0.297  # A3
            figure = Figure(figsize=(wide / 0.0254, high / 0.0254))
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_xlim(-3, wide * ratio - 3)
            axes.set_ylim(-3, high * ratio - 3)
            axes.axis("off")
            for box in boxes(cut=True):
                ring = rectangle(*box)
                if filled:
                    axes.add_patch(Polygon(ring, facecolor="black", edgecolor="none"))
                else:
                    axes.add_patch(Polygon(ring, fill=False, edgecolor="black", linewidth=1.5))
            for number in range(6):
                axes.plot([1 + number / 4, 1 + number / 4], [1, 3], color="0.5", linewidth=0.2)
            axes.add_patch(Arc(DOOR[0], 1.8, 1.8, theta1=90, theta2=180, edgecolor="black", linewidth=0.3))
            if says:
                axes.text(8, 8, says)
            figure.savefig(out, format="pdf")
            figure.clear()
    return path
