"""How the time to read a drawing grows with its lines: a DXF of cells, and another of four times as many.

Run `python benchmarks/drawings.py [LINES]`. Both are read in turns, as `quietwing import` reads them; printed are the
seconds by the clock and how many times as long four times the lines take: 4 is in step, 16 would be all with all.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import ezdxf

from quietwing.sites import import_drawing

LINES = 2_500
ROUNDS = 3
CELL_M, WALL_M = 2.8, 0.2


def main() -> None:
    """Read both in turns and print how they compare."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as folder:
        drawings = [_cells(Path(folder) / f"{count}.dxf", count) for count in (lines, 4 * lines)]
        took_s: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for one, drawing in zip(took_s, drawings, strict=True):
                began = time.perf_counter()
                import_drawing([drawing])
                one.append(time.perf_counter() - began)
    small_s, large_s = (median(one) for one in took_s)
    print(
        f"{lines:,} lines {small_s:.1f} s, {4 * lines:,} lines {large_s:.1f} s: {large_s / small_s:.1f} times as long"
    )


def _cells(path: Path, lines: int) -> Path:
    """A square of cells, each with its wall drawn by the lines of both its faces."""
    document = ezdxf.new("R2010")
    document.header["$INSUNITS"] = 6
    document.layers.add("WALLS")
    side = max(int((lines / 8) ** 0.5), 1)
    pitch_m = CELL_M + WALL_M
    for number in range(side * side):
        x_m, y_m = pitch_m * (number % side), pitch_m * (number // side)
        for low_m, high_m in ((0.0, CELL_M), (-WALL_M, pitch_m)):
            corners = [(low_m, low_m), (high_m, low_m), (high_m, high_m), (low_m, high_m)]
            for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
                first, last = ((x_m + x, y_m + y) for x, y in (start, end))
                document.modelspace().add_line(first, last, dxfattribs={"layer": "WALLS"})
    document.saveas(path)
    return path


if __name__ == "__main__":
    main()
