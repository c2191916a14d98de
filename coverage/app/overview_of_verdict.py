"""What the Overview says of a verdict, in the words and numbers of `quietwing.coverage.report`, and its map.

Loaded when there is a verdict to show: the first screen, of the stored sample, waits for none of it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from quietwing.coverage.app.overview_facts import FACTS, PICTURE, Cell, OverviewFacts
from quietwing.coverage.equipment import Model
from quietwing.coverage.report import (
    HOLE,
    UNKNOWN,
    Escape,
    asked_in_words,
    channel_in_words,
    count_rooms,
    dead_zone_map,
    escapes_csv,
    escapes_of,
    grade_in_words,
    limits_in_words,
    percent,
    place_in_words,
    provenance,
    reason_in_words,
    rooms_by_channel,
    rooms_csv,
    rooms_on,
    verdict_headline,
    with_plain_text,
)
from quietwing.coverage.results import Verdict, VerdictMap
from quietwing.coverage.store import result_object

__all__ = [
    "dead_zone_figure",
    "facts_of",
    "picture_of",
    "sample_files",
    "spill_sentences",
    "worst_storey",
]

TITLE_IN = 0.42  # the map's title has one line a grade
MOST_CHANNELS = 4  # named per cell; escapes.csv has all


def facts_of(verdict: Verdict) -> OverviewFacts:
    """What the Overview says of a verdict.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    OverviewFacts
        Numbers are those of `quietwing.coverage.report`.
    """
    storey = worst_storey(verdict)
    return OverviewFacts(
        scenario_id=verdict.scenario_id,
        as_of=verdict.site.as_of.isoformat(),
        storey=storey.title if storey is not None else "",
        numbers=_numbers(verdict),
        sentences=verdict_headline(verdict),
        spill=spill_sentences(verdict),
        cells=_cells(verdict, storey),
        unreached=_unreached(verdict),
        routes=verdict.uncovered_routes,
        notes=verdict.notes,
    )


def spill_sentences(verdict: Verdict) -> tuple[str, ...]:
    """What `report` says of spill, with channels in words and without the word tier."""
    found = []
    for sentence in limits_in_words(verdict):
        for channel in verdict.by_room["channel"].values.tolist():
            sentence = sentence.replace(str(channel), channel_in_words(str(channel)))
        found.append(sentence.replace("Spill at ", "Spill over the fence at ").replace(" tier:", " limit:"))
    return tuple(found)


def worst_storey(verdict: Verdict) -> VerdictMap | None:
    """The storey with most cells where a phone may work, the lowest of equals; None without maps."""

    def holes(storey: VerdictMap) -> int:
        return sum(state in (HOLE, UNKNOWN) for state in rooms_on(verdict, storey))

    shown = [storey for storey in verdict.maps if rooms_on(verdict, storey)]
    return max(shown, key=holes, default=None)


def dead_zone_figure(verdict: Verdict, storey: VerdictMap) -> Figure:
    """Dead zones of one storey with legend, marking, date of the input data and scenario id.

    Parameters
    ----------
    verdict : Verdict
    storey : VerdictMap
        One of ``verdict.maps``.

    Returns
    -------
    Figure
    """
    figure = dead_zone_map(verdict, storey).get_figure(root=True)
    if not isinstance(figure, Figure):
        raise TypeError("a map is drawn on a figure of its own")
    figure.set_size_inches(11.0, 7.2)
    legend = figure.axes[0].get_legend()
    if legend is not None:  # above the plan: below it, it falls under the fold of a screen
        legend.set_loc("lower left")
        clear = ScaledTranslation(0, TITLE_IN, figure.dpi_scale_trans)
        legend.set_bbox_to_anchor((0, 1), figure.axes[0].transAxes + clear)
    figure.suptitle(verdict.site.marking, fontsize=8, fontweight="bold")
    figure.supxlabel(provenance(verdict.site, verdict.scenario_id, asked_in_words(verdict)), fontsize=7)
    return figure


def picture_of(verdict: Verdict) -> bytes | None:
    """The map of the worst storey as PNG; None without maps."""
    storey = worst_storey(verdict)
    if storey is None:
        return None
    figure, file = dead_zone_figure(verdict, storey), io.BytesIO()
    figure.set_dpi(110)
    FigureCanvasAgg(with_plain_text(figure)).print_png(file, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return file.getvalue()


def sample_files(verdict: Verdict, catalogue: Mapping[str, Model]) -> dict[str, bytes]:
    """The stored sample: equal verdicts give equal bytes, but for the picture, whose library may draw otherwise.

    Parameters
    ----------
    verdict : Verdict
        Of the bundled sample with its own layout and scenario, with maps.
    catalogue : mapping of str to Model

    Returns
    -------
    dict of str to bytes
        By file name.
    """
    picture = picture_of(verdict)
    if picture is None:
        raise ValueError("the sample needs maps; run it with maps=True")
    return {
        FACTS: _json(asdict(facts_of(verdict))),
        "verdict.json": _json(result_object(verdict, catalogue)),
        "rooms.csv": rooms_csv(verdict).encode(),
        "escapes.csv": escapes_csv(verdict).encode(),
        PICTURE: picture,
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _numbers(verdict: Verdict) -> tuple[tuple[str, str, str], ...]:
    """Dead zones, holes, limits at the grade asked for; each in words at the other grade too."""
    (count, at), *others = (
        (count_rooms(verdict, number), grade_in_words(one.grade)) for number, one in enumerate(verdict.grades)
    )
    dead, holes = count.silent + count.quiet_anyway, count.holes + count.unknown
    unknown = f", {count.unknown} of them because the result is not known there" if count.unknown else ""
    silent_too = "".join(f" At {words}: {other.silent} and {other.quiet_anyway}." for other, words in others)
    holes_too = "".join(f" At {words}: in {other.holes + other.unknown}." for other, words in others)
    outside = "not known"
    if verdict.spill is not None:
        outside = "all kept" if verdict.spill.passed else "not kept"
    return (
        (
            f"Dead zone (no phone works), {verdict.grades[0].grade.name} grade",
            f"{dead} of {count.silence}",
            f"{count.silent} cells and spaces are silenced by this layout at {at}; {count.quiet_anyway} are quiet "
            f"without any blocker.{silent_too}",
        ),
        (
            f"Hole (a phone still works), {verdict.grades[0].grade.name} grade",
            f"{holes} of {count.silence}",
            f"At {at} a phone may still work somewhere in {holes} cells and spaces: at a window, a door, a "
            f"bunk{unknown}.{holes_too}",
        ),
        (
            f"Limits outside the fence, {verdict.grades[0].grade.name} grade",
            outside,
            " ".join(spill_sentences(verdict)[: len(verdict.grades)]),
        ),
    )


def _cells(verdict: Verdict, worst: VerdictMap | None) -> tuple[Cell, ...]:
    """Cells that are holes, those of the worst storey first, then as the site lists them."""
    of_room: dict[str, list[Escape]] = {}
    for escape in escapes_of(verdict):
        of_room.setdefault(escape.room, []).append(escape)
    names = verdict.by_room["room"].values.tolist()
    silent = dict(zip(names, verdict.by_room["silent_probability"].values.tolist(), strict=True))
    found = []
    for room, escapes in of_room.items():
        place = verdict.site.rooms[verdict.site.room_index[room]]
        building = -1 if place.building is None else verdict.site.building_index[place.building]
        channels = [channel_in_words(escape.channel) for escape in escapes]
        left = len(channels) - MOST_CHANNELS
        first = worst is not None and (building, place.storey) == (worst.building, worst.storey)
        cell = Cell(
            room=room,
            storey=_storey(verdict, building, place.storey),
            works=", ".join(channels[:MOST_CHANNELS]) + (f" and {left} more" if left > 0 else ""),
            where=place_in_words(escapes[0].place),
            silent=percent(silent[room]),
            reason=reason_in_words(escapes[0]),
        )
        found.append((not first, cell))
    return tuple(cell for _, cell in sorted(found, key=lambda pair: pair[0]))


def _storey(verdict: Verdict, building: int, storey: int) -> str:
    """Building and storey in words, as the maps call them."""
    if building < 0:
        return "yard"
    return verdict.site.buildings[building].storey_in_words(storey)


def _unreached(verdict: Verdict) -> tuple[tuple[str, int], ...]:
    """Channels of which nothing that a blocker sends arrives anywhere: no device sends on them."""
    if verdict.spill is None:
        return ()
    outside = verdict.spill.outside
    silent = np.isneginf(outside["jam_dbm"].transpose("channel", "outside").values).all(axis=1)
    works = dict(rooms_by_channel(escapes_of(verdict)))
    names = [str(name) for name in outside["channel"].values[silent]]
    return tuple((channel_in_words(name), works.get(name, 0)) for name in names)
