"""Doors and windows: on their wall, within its length and height, and clear of each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.draft import Draft
from quietwing.sites.findings import MOST_ALIKE, Findings, shown
from quietwing.sites.model import Opening, Wall

__all__ = ["check_openings"]

ON_WALL_M = 0.05
SLACK_M = 1e-3  # what rounding of a drawing may move
OVERLAP_M = 0.01
MOST_PARTS_LOOKED_AT = 5_000_000  # of walls, for each opening in them; of a campus some 3,000
PARTS_AT_A_TIME = 200_000  # and ends of openings: some 10 MB


@dataclass(frozen=True, slots=True)
class _Fit:
    """How an opening lies on the straight part of its wall nearest to it."""

    part: int
    off_m: float  # farthest end from that part's line
    start_m: float  # along the part
    end_m: float
    length_m: float  # of the part


def check_openings(draft: Draft, findings: Findings) -> None:
    """Every opening fits the wall it cuts.

    Parameters
    ----------
    draft : Draft
        Features that are sound by themselves.
    findings : Findings
        Receives the problems.
    """
    walls = {wall.id: wall for wall in draft.walls}
    left_out = {name for layer, name, _ in findings.dropped if layer == "walls"}
    file = draft.files.get("openings", "openings")
    parts = dict(zip(walls, shapely.get_num_coordinates([wall.line for wall in walls.values()]) - 1, strict=True))
    if (pairs := int(sum(parts.get(opening.wall, 0) for opening in draft.openings))) > MOST_PARTS_LOOKED_AT:
        crooked = max(walls.values(), key=lambda wall: parts[wall.id]).id
        findings.problem(
            file,
            "",
            f"the walls of all openings have {pairs:,} straight parts, counted for each opening "
            f"(limit {MOST_PARTS_LOOKED_AT:,}); draw a wall of many parts, such as {shown(crooked)}, as several",
        )
        return
    placed: dict[tuple[str, int], list[tuple[Opening, _Fit]]] = defaultdict(list)
    fits = _fits(walls, draft.openings)
    for number, opening in enumerate(draft.openings):
        if opening.sill_m >= opening.head_m:
            findings.problem(
                file,
                opening.id,
                f"sill_m {opening.sill_m:g} is not below head_m {opening.head_m:g}; exchange or correct them",
            )
        if opening.line.length < OVERLAP_M:
            findings.problem(file, opening.id, "has no width; draw it along its wall or delete it")
            continue
        wall = walls.get(opening.wall)
        if wall is None:  # an unknown or refused wall is a problem of its own
            if opening.wall in left_out:
                findings.problem(file, opening.id, f"its wall {shown(opening.wall)} was left out; correct that wall")
            continue
        fit = fits[number]
        if _check_place(file, opening, wall, fit, findings):
            placed[wall.id, fit.part].append((opening, fit))
        _check_heights(file, opening, wall, draft, findings)
    for neighbours in placed.values():
        _check_overlaps(file, neighbours, findings)


class _Parts(NamedTuple):
    """The straight parts of a wall that have a length."""

    number: NDArray[np.intp]
    start_m: NDArray[np.float64]
    unit: NDArray[np.float64]
    length_m: NDArray[np.float64]


def _parts_of(wall: Wall) -> _Parts:
    coords = shapely.get_coordinates(wall.line)
    length_m = np.hypot(*(coords[1:] - coords[:-1]).T)
    number = np.flatnonzero(length_m > 0)
    length_m = length_m[number]
    return _Parts(number, coords[number], (coords[number + 1] - coords[number]) / length_m[:, None], length_m)


def _fits(walls: Mapping[str, Wall], openings: Sequence[Opening]) -> dict[int, _Fit]:
    """The fit of each opening that has a width and a wall; of one wall and of as many points many at a time."""
    lines = [opening.line for opening in openings]
    points, narrow = shapely.get_num_coordinates(lines), shapely.length(lines) < OVERLAP_M
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, opening in enumerate(openings):
        if opening.wall in walls and not narrow[number]:
            alike[opening.wall, int(points[number])].append(number)
    fits: dict[int, _Fit] = {}
    for (wall, count), members in alike.items():
        parts = _parts_of(walls[wall])
        each = max(1, PARTS_AT_A_TIME // (len(parts.number) * count))
        for first in range(0, len(members), each):
            some = members[first : first + each]
            ends_m = shapely.get_coordinates([lines[number] for number in some]).reshape(-1, count, 2)
            fits |= zip(some, _fit(parts, ends_m), strict=True)
    return fits


def _fit(parts: _Parts, ends_m: NDArray[np.float64]) -> Iterator[_Fit]:
    """The fits to the part of a wall that openings' ends, shape (opening, end, 2), are nearest to."""
    number, begin_m, unit, length_m = parts
    ends_m = ends_m[:, None] - begin_m[:, None]
    along_m = ends_m[..., 0] * unit[:, :1] + ends_m[..., 1] * unit[:, 1:]
    off_m = np.abs(ends_m[..., 1] * unit[:, :1] - ends_m[..., 0] * unit[:, 1:]).max(axis=2)
    start_m, end_m = along_m.min(axis=2), along_m.max(axis=2)
    best = (off_m + np.maximum(0.0, -start_m) + np.maximum(0.0, end_m - length_m)).argmin(axis=1)
    every = np.arange(len(best))
    columns = number[best], off_m[every, best], start_m[every, best], end_m[every, best], length_m[best]
    return map(_Fit, *(column.tolist() for column in columns))


def _check_place(file: str, opening: Opening, wall: Wall, fit: _Fit, findings: Findings) -> bool:
    width_m = fit.end_m - fit.start_m
    if fit.off_m > ON_WALL_M or fit.end_m < 0 or fit.start_m > fit.length_m:
        away_m = max(fit.off_m, -fit.end_m, fit.start_m - fit.length_m)
        findings.problem(
            file,
            opening.id,
            f"lies {away_m:.2f} m off its wall {shown(wall.id)} (expected within {ON_WALL_M:g} m of one straight "
            f"part of it); move it onto the wall or correct wall",
        )
    elif width_m > fit.length_m + SLACK_M:
        findings.problem(
            file,
            opening.id,
            f"is {width_m:.2f} m wide, wider than its wall {shown(wall.id)} of {fit.length_m:.2f} m; "
            f"make it narrower",
        )
    elif fit.start_m < -SLACK_M or fit.end_m > fit.length_m + SLACK_M:
        over_m = max(-fit.start_m, fit.end_m - fit.length_m)
        findings.problem(
            file,
            opening.id,
            f"reaches {over_m:.2f} m beyond the end of its wall {shown(wall.id)}; move it or make it narrower",
        )
    else:
        return True
    return False


def _check_heights(file: str, opening: Opening, wall: Wall, draft: Draft, findings: Findings) -> None:
    storey, span = draft.storey(wall.building, wall.storey), draft.height_range_m(wall)
    if storey is None or span is None:
        return
    sill_m, head_m = storey.floor_m + opening.sill_m, storey.floor_m + opening.head_m
    if head_m > span[1] + SLACK_M:
        findings.problem(
            file,
            opening.id,
            f"head_m {opening.head_m:g} is {head_m - span[1]:.2f} m above the top of its wall {shown(wall.id)}; "
            f"lower it (it counts from the storey's floor)",
        )
    if sill_m < span[0] - SLACK_M:
        findings.problem(
            file,
            opening.id,
            f"sill_m {opening.sill_m:g} is {span[0] - sill_m:.2f} m below the foot of its wall {shown(wall.id)}; "
            f"raise it (it counts from the storey's floor)",
        )


def _check_overlaps(file: str, neighbours: list[tuple[Opening, _Fit]], findings: Findings) -> None:
    before = len(findings.problems)
    along = sorted(neighbours, key=lambda pair: pair[1].start_m)
    wide = np.array([(fit.start_m, fit.end_m) for _, fit in along])
    high = np.array([(opening.sill_m, opening.head_m) for opening, _ in along])
    # Rectangles less half of what may overlap: a tree finds the pairs, however many lie above each other.
    (left, right), (foot, top) = (each.T + 0.499 * OVERLAP_M * np.array([[1], [-1]]) for each in (wide, high))
    boxes = shapely.box(left, foot, right, top)
    boxes[(right <= left) | (top <= foot)] = None
    tree = shapely.STRtree(boxes)
    for index, (one, fit) in enumerate(along):
        for at in sorted(tree.query(boxes[index]).tolist()):
            if at <= index:
                continue
            if len(findings.problems) - before > MOST_ALIKE:
                return
            other, beside = along[at]
            wide_m = min(fit.end_m, beside.end_m) - max(fit.start_m, beside.start_m)
            high_m = min(one.head_m, other.head_m) - max(one.sill_m, other.sill_m)
            if wide_m > OVERLAP_M and high_m > OVERLAP_M:
                findings.problem(
                    file,
                    one.id,
                    f"overlaps opening {shown(other.id)} in the same wall by {wide_m:.2f} m; move one of them",
                )
