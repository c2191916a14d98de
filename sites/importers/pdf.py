"""Plans in PDF: lines and filled outlines by pen, to scale; a scan has none. Runs in a child process."""

from __future__ import annotations

import ctypes
import itertools
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from shapely.geometry import LineString, box

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers.dxf import drawn_of
from quietwing.sites.importers.dxf_content import DxfContent, Path
from quietwing.sites.importers.plan_mapping import BY_THICKNESS, PlanMapping, Use
from quietwing.sites.importers.plan_parts import Marker, Report
from quietwing.sites.importers.plan_site import check_size
from quietwing.sites.importers.plan_storey import Drawn

__all__ = ["drawn_pages", "two_point_scale"]

MOST_PAGES = 31
MOST_OBJECTS = 150_000  # of one page
MOST_POINTS = 600_000
MOST_DEPTH = 6  # of forms within forms
POINT_M = 0.0254 / 72  # ISO 32000-1, 8.3.2.3: a unit of user space
FEW_LINES = 8
FRAME = 0.85  # of the width and height of a page: a rectangle larger than that is its frame; assumed
CURVE_PIECES = 8
LEAF_M = (0.5, 1.6)  # size of the quarter circle a door leaf draws; assumed
PANE_M = (0.3, 4.0)  # length of a window drawn by a line; assumed
MOST_PANES = 20_000
PAPER_WHITE = 250  # of 255: filled by paper colour
_SCALE = re.compile(r"\s*1\s*[:/]\s*(\d{1,5}(?:\.\d+)?)\s*")
_TWO_POINTS = re.compile(r"\s*([-\d.]+)\s*,\s*([-\d.]+)\s+([-\d.]+)\s*,\s*([-\d.]+)\s+([\d.]+)\s*m?\s*")
_SAID = re.compile(r"\b1\s*:\s*(20|25|50|75|100|125|150|200|250|300|400|500|1000)\b")
_MATRIX = tuple[float, float, float, float, float, float]


def drawn_pages(
    paths: Sequence[str], scale: str, page: int | None, mapping: PlanMapping, report: Report
) -> tuple[list[Drawn], PlanMapping]:
    """The storeys of one or several PDFs, page by page, from the lowest up.

    Parameters
    ----------
    paths : sequence of str
    scale : str
        ``1:100``, or two points of the page and the distance between them: ``x,y x,y 12.5``. [pt], [m]
    page : int or None
        The one page to read, from 1.
    mapping : PlanMapping
    report : Report

    Returns
    -------
    storeys : list of Drawn
    mapping : PlanMapping
        With every pen that was met.

    Raises
    ------
    SiteError
        If a file is no PDF, has no lines, or no scale is given.
    """
    found: list[Drawn] = []
    pens: dict[str, Use] = {}
    for path in paths:
        label = clean(os.path.basename(path))
        document = _opened(path, label)
        numbers = range(len(document)) if page is None else [page - 1]
        if page is not None and not 1 <= page <= len(document):
            raise SiteError(f"{label}: has {len(document)} pages, and --page is {page}; give one of them")
        if len(found) + len(numbers) > MOST_PAGES:
            raise SiteError(f"{label}: has {len(document)} pages (limit {MOST_PAGES}); give one with --page")
        for number in numbers:
            where = f"{label} page {number + 1}" if len(document) > 1 else label
            content, leaves, picture = _content(document[number], where)
            lines = sum(len(points) - 1 for _, _, points, _ in content.paths)
            if lines < FEW_LINES:
                what = "holds a picture and no lines" if picture else "holds no lines"
                raise SiteError(
                    f"{where}: {what}, so no wall can be read off it; save the page as PNG and trace it in the app "
                    f"(quietwing app, Site, Trace a plan)"
                )
            frames = _without_frames(content, document[number])
            metres = _metres_of_a_point(scale, document[number], where)
            proposed = {name: _proposed(name, content) for name in content.layers}
            used = replace(mapping, layers={**proposed, **mapping.layers})
            drawn = drawn_of(content, used, metres, "G" if not found else str(len(found)))
            drawn.markers += _doors(leaves, metres) + _panes(content, used, metres)
            if not drawn.extent:
                known = ", ".join(sorted(content.layers)[:12])
                raise SiteError(
                    f"{where}: no pen looks like walls (pens: {known}); say which in a mapping (--mapping)"
                )
            check_size(drawn.extent, "m", {"m": 1.0}, f"{where}: at --scale {clean(scale, 40)}")
            for name in proposed:
                pens[name] = used.layers[name]
                what = f"{content.layers[name]:,} paths taken as {used.layers[name].use}"
                report.add(drawn.name, None, name, what if name in mapping.layers else f"{what}, assumed by the pen")
            if frames:
                report.add(drawn.name, None, where, f"{frames} rectangles round the sheet left out: its frame")
            report.left_out(drawn.name, where, content.broken, "has no usable coordinates")
            report.add(drawn.name, None, where, f"{len(leaves)} quarter circles taken as leaves of doors")
            found.append(drawn)
    return found, mapping.with_entries(pens, {}, {}, {})


def _opened(path: str, label: str) -> Any:
    """The document."""
    pdfium = import_module("pypdfium2")  # of the extra `plans`, which need not be installed
    try:
        document = pdfium.PdfDocument(path)
        if len(document) > 0:
            return document
    except MemoryError:
        raise
    except Exception as error:  # pypdfium2's own error, and what ctypes makes of a damaged file
        locked = "password" in str(error).casefold()
        fix = "save it without a password" if locked else "export it again as PDF"
        raise SiteError(f"{label}: is no usable PDF ({clean(str(error), 80)}); {fix}") from None
    raise SiteError(f"{label}: has no pages; export it again as PDF")


def _content(page: Any, label: str) -> tuple[DxfContent, list[tuple[float, float, float, float]], bool]:
    """Paths of a page by pen, boxes of its quarter circles, and whether it holds a picture. [pt]"""
    raw = import_module("pypdfium2.raw")
    content = DxfContent()
    leaves: list[tuple[float, float, float, float]] = []
    picture = False
    points_met = 0
    for one, matrix in _objects(raw, page.raw, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), 0, label, content):
        kind = raw.FPDFPageObj_GetType(one)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            picture = True
        if kind != raw.FPDF_PAGEOBJ_PATH:
            continue
        pen = _pen(raw, one, matrix)
        if pen is None:
            continue
        content.layers[pen] += 1
        for number, (path, closed, curved) in enumerate(_pieces(raw, one, _matrix(raw, one, matrix))):
            points_met += len(path)
            if points_met > MOST_POINTS:
                raise SiteError(f"{label}: holds over {MOST_POINTS:,} points of lines; export the plan alone")
            if len(path) < 2:  # a move of the pen alone draws nothing
                continue
            if not all(math.isfinite(v) and abs(v) < 1e6 for point in path for v in point):
                content.broken.append(f"path {number} of an object drawn by {pen}")
                continue
            if curved and not closed:
                xs, ys = zip(*path, strict=True)
                leaves.append((min(xs), min(ys), max(xs), max(ys)))
                continue
            content.paths.append((pen, f"{content.drawn}-{number}", path, closed or pen.startswith("fill")))
    return content, leaves, picture


def _objects(
    raw: Any, holder: Any, matrix: _MATRIX, depth: int, label: str, content: DxfContent
) -> Iterator[tuple[Any, _MATRIX]]:
    """Objects of a page and of the forms on it, each with what moves it to the page."""
    in_form = depth > 0
    count = raw.FPDFFormObj_CountObjects(holder) if in_form else raw.FPDFPage_CountObjects(holder)
    for index in range(max(count, 0)):
        content.drawn += 1
        if content.drawn > MOST_OBJECTS:
            raise SiteError(f"{label}: holds over {MOST_OBJECTS:,} objects; export the plan alone")
        one = raw.FPDFFormObj_GetObject(holder, index) if in_form else raw.FPDFPage_GetObject(holder, index)
        if not one:
            continue
        if raw.FPDFPageObj_GetType(one) == raw.FPDF_PAGEOBJ_FORM and depth < MOST_DEPTH:
            yield from _objects(raw, one, _matrix(raw, one, matrix), depth + 1, label, content)
        else:
            yield one, matrix


def _matrix(raw: Any, one: Any, outer: _MATRIX) -> _MATRIX:
    """An object's own matrix followed by that of what it lies in. ISO 32000-1, 8.3.4."""
    own = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(one, own):
        return outer
    a, b, c, d, e, f = own.a, own.b, own.c, own.d, own.e, own.f
    oa, ob, oc, od, oe, of = outer
    across = (a * oa + b * oc, a * ob + b * od, c * oa + d * oc, c * ob + d * od)
    return (*across, e * oa + f * oc + oe, e * ob + f * od + of)


def _pen(raw: Any, one: Any, matrix: _MATRIX) -> str | None:
    """The name of what a path is drawn with: filled with a colour, or a pen of a width and colour; nothing: paper."""
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(one, mode, stroked):
        return None
    if mode.value:
        red, green, blue = _colour(raw.FPDFPageObj_GetFillColor, one)
        if min(red, green, blue) < PAPER_WHITE:
            return f"fill #{red:02x}{green:02x}{blue:02x}"
    if not stroked.value:
        return None
    red, green, blue = _colour(raw.FPDFPageObj_GetStrokeColor, one)
    if min(red, green, blue) >= PAPER_WHITE:
        return None
    width = ctypes.c_float()
    raw.FPDFPageObj_GetStrokeWidth(one, width)
    wide_mm = width.value * math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2])) * POINT_M * 1000
    return f"pen {wide_mm if math.isfinite(wide_mm) else 0.0:.2f} mm #{red:02x}{green:02x}{blue:02x}"


def _colour(asked: Any, one: Any) -> tuple[int, int, int]:
    parts = [ctypes.c_uint() for _ in range(4)]
    if not asked(one, *parts):
        return 0, 0, 0
    return parts[0].value & 255, parts[1].value & 255, parts[2].value & 255


def _pieces(raw: Any, one: Any, matrix: _MATRIX) -> Iterator[tuple[Path, bool, bool]]:
    """Lines of a path on the page, whether each closes, and whether it is a curve."""
    a, b, c, d, e, f = matrix
    path: Path = []
    curved = False
    control: Path = []
    for index in range(max(raw.FPDFPath_CountSegments(one), 0)):
        segment = raw.FPDFPath_GetPathSegment(one, index)
        x, y = ctypes.c_float(), ctypes.c_float()
        if not segment or not raw.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        point = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(path) > 1:
                yield path, _closes(path), curved
            path, curved, control = [point], False, []
        elif kind == raw.FPDF_SEGMENT_BEZIERTO:
            control.append(point)
            if len(control) == 3:
                path += _bezier(path[-1] if path else control[0], *control)
                curved, control = True, []
        else:
            path.append(point)
        if raw.FPDFPathSegment_GetClose(segment) and len(path) > 2:
            yield path, True, curved
            path, curved, control = [path[0]], False, []
    if len(path) > 1:
        yield path, _closes(path), curved


def _closes(path: Path) -> bool:
    return len(path) > 3 and math.dist(path[0], path[-1]) < 1e-3


def _bezier(
    p0: tuple[float, float], p1: tuple[float, float], p2: tuple[float, float], p3: tuple[float, float]
) -> Path:
    """A cubic curve as straight pieces."""
    found = []
    for number in range(1, CURVE_PIECES + 1):
        t = number / CURVE_PIECES
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        corners = (p0, p1, p2, p3)
        x = sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True))
        y = sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True))
        found.append((x, y))
    return found


def _proposed(name: str, content: DxfContent) -> Use:
    """Walls are what is filled darkest; where nothing is filled, what is drawn by the widest pen."""
    if name.startswith("fill"):
        fills = sorted((one for one in content.layers if one.startswith("fill")), key=_brightness)
        return Use("walls", BY_THICKNESS) if name == fills[0] and _brightness(name) < 160 else Use("ignore")
    if any(one.startswith("fill") and _brightness(one) < 160 for one in content.layers):
        return Use("ignore")
    lengths: defaultdict[str, float] = defaultdict(float)
    for pen, _, path, _ in content.paths:
        lengths[pen] += sum(math.dist(p, q) for p, q in itertools.pairwise(path))
    most = max(lengths.values(), default=0.0)
    # The widest of the pens that draw a good part of the page: a border or a north arrow is no wall.
    wide = sorted((one for one in lengths if lengths[one] > 0.1 * most), key=lambda one: float(one.split()[1]))
    return Use("walls", BY_THICKNESS) if wide and name == wide[-1] else Use("ignore")


def _without_frames(content: DxfContent, page: Any) -> int:
    """How many rectangles as large as the page there were; they are taken out, as the frame of the sheet."""
    wide, high = page.get_size()

    def is_frame(path: Path) -> bool:
        xs, ys = {round(x, 1) for x, _ in path}, {round(y, 1) for _, y in path}
        rectangle = len(path) in (4, 5) and len(xs) == len(ys) == 2
        return rectangle and max(xs) - min(xs) > FRAME * wide and max(ys) - min(ys) > FRAME * high

    kept = [one for one in content.paths if not is_frame(one[2])]
    frames = len(content.paths) - len(kept)
    content.paths = kept
    return frames


def _brightness(name: str) -> int:
    colour = name.rsplit("#", 1)[-1]
    return max(int(colour[i : i + 2], 16) for i in (0, 2, 4))


def _metres_of_a_point(scale: str, page: Any, label: str) -> float:
    """Metres in the building for one point of the page."""
    if found := _SCALE.fullmatch(scale):
        ratio = float(found[1])
        if 1 <= ratio <= 5000:
            return POINT_M * ratio
        raise SiteError(f"{label}: --scale is 1:{ratio:g} (expected 1:1 to 1:5000); correct it")
    metres = two_point_scale(scale, label, "pt")
    if metres is not None:
        return metres
    said = Counter(_SAID.findall(_words(page)))
    hint = f"; the page itself says 1:{said.most_common(1)[0][0]}" if said else ""
    what = f"--scale {clean(scale, 40)!r} is none" if scale else "a PDF has no scale of its own"
    raise SiteError(
        f"{label}: {what}; give --scale 1:100, or two points in pt and the metres between them: --scale 'x,y x,y "
        f"12.5'{hint}"
    )


def two_point_scale(scale: str, label: str, unit: str) -> float | None:
    """Metres in the building for one unit of a page or picture, from two points and the metres between them.

    Nothing where the scale is written in another way.
    """
    found = _TWO_POINTS.fullmatch(scale)
    if found is None:
        return None
    try:
        x0, y0, x1, y1, apart_m = (float(value) for value in found.groups())
    except ValueError:
        raise SiteError(f"{label}: --scale {clean(scale, 40)!r} holds no numbers; write 'x,y x,y 12.5'") from None
    apart = math.dist((x0, y0), (x1, y1))
    if apart >= 5 and 0.1 <= apart_m <= 5000:
        return apart_m / apart
    raise SiteError(
        f"{label}: the two points of --scale are {apart:.3g} {unit} apart for {apart_m:g} m; take two far apart"
    )


def _words(page: Any) -> str:
    """The text of a page, as far as it can be read."""
    try:
        return str(page.get_textpage().get_text_range()[:200_000])
    except Exception:  # text is only asked for a hint
        return ""


def _panes(content: DxfContent, mapping: PlanMapping, metres: float) -> list[Marker]:
    """Thin straight lines as long as a window: panes, where they run along a gap of a wall."""
    found: list[Marker] = []
    for number, (pen, _, path, _) in enumerate(content.paths):
        if pen.startswith("fill") or mapping.layer(pen).use != "ignore" or len(found) > MOST_PANES:
            continue
        for start, end in itertools.pairwise(path):
            if PANE_M[0] <= math.dist(start, end) * metres <= PANE_M[1]:
                line = LineString([(x * metres, y * metres) for x, y in (start, end)])
                shape = line.buffer(0.01, cap_style="flat")
                found.append(Marker(f"line {number}", "window", shape, "glass_double", hint=True))
    return found


def _doors(leaves: Sequence[tuple[float, float, float, float]], metres: float) -> list[Marker]:
    """Quarter circles of the size of a leaf, as doors."""
    found = []
    for number, leaf in enumerate(leaves, 1):
        west, south, east, north = (value * metres for value in leaf)
        sides = east - west, north - south
        if LEAF_M[0] <= min(sides) and max(sides) <= LEAF_M[1] and max(sides) < 1.5 * min(sides):
            found.append(
                Marker(f"door leaf {number}", "door", box(west, south, east, north), "timber_door", max(sides))
            )
    return found
