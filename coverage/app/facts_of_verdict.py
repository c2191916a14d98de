"""What pages say of a verdict, in the words and numbers of `quietwing.coverage.report`.

Loaded when there is a verdict to show: the first screen, of the stored sample, waits for none of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, astuple

import numpy as np

from quietwing.coverage.app.layout_facts import FACTS, Cell, GradeFact, LayoutFacts, OutsidePlace, RoomFact
from quietwing.coverage.app.plan_editor.places import places_of, rooms_of
from quietwing.coverage.decibel import floored
from quietwing.coverage.equipment import Model
from quietwing.coverage.planning import cost
from quietwing.coverage.report import (
    HOLE,
    KEEP,
    UNKNOWN,
    Escape,
    ceiled,
    channel_in_words,
    count_rooms,
    escapes_csv,
    escapes_of,
    grade_in_words,
    limits_in_words,
    percent,
    place_in_words,
    points_that_pass,
    reason_in_words,
    rooms_by_channel,
    rooms_csv,
    state_of_rooms,
    verdict_headline,
)
from quietwing.coverage.results import SpillResult, Verdict
from quietwing.coverage.rules import Grade
from quietwing.coverage.store import result_object

__all__ = ["facts_of", "outside_places", "sample_files"]

MOST_CHANNELS = 4  # named per cell; escapes.csv has all
CALL = "999 on the network heard best"


def facts_of(verdict: Verdict, catalogue: Mapping[str, Model]) -> LayoutFacts:
    """What pages say of a verdict.

    Parameters
    ----------
    verdict : Verdict
    catalogue : mapping of str to Model
        The one it was judged with: its prices count.

    Returns
    -------
    LayoutFacts
        Numbers are those of `quietwing.coverage.report`.
    """
    rooms = _rooms(verdict)
    places = places_of(verdict.site)
    open_on = [
        sum(rooms[room.id].state in (HOLE, UNKNOWN) for _, room in rooms_of(verdict.site, place) if room.id in rooms)
        for place in places
    ]
    worst = open_on.index(max(open_on)) if open_on else -1
    spent = cost(verdict.site, verdict.devices, verdict.treatments, catalogue, verdict.scenario)
    return LayoutFacts(
        scenario_id=verdict.scenario_id,
        as_of=verdict.site.as_of.isoformat(),
        worst=worst,
        silence=count_rooms(verdict).silence,
        grades=tuple(_grade(verdict, number) for number in range(len(verdict.grades))),
        rooms=rooms,
        outside=outside_places(verdict.spill, verdict.grades[0].grade) if verdict.spill is not None else (),
        sentences=verdict_headline(verdict),
        spill=limits_in_words(verdict),
        cells=_cells(verdict, {room.id for _, room in rooms_of(verdict.site, places[worst])} if places else set()),
        unreached=_unreached(verdict),
        routes=verdict.uncovered_routes,
        notes=verdict.notes,
        money_gbp=(spent.capex_gbp, spent.opex_gbp_per_year, spent.whole_life_gbp),
        placeholders=spent.illustrative,
    )


def outside_places(spill: SpillResult, grade: Grade) -> tuple[OutsidePlace, ...]:
    """Every place outside with its channel nearest to the limit, the worst first.

    Parameters
    ----------
    spill : SpillResult
    grade : Grade
        The one it belongs to.

    Returns
    -------
    tuple of OutsidePlace
        Passed as on the map; margins floored to 0.1 dB, capture ceiled to 0.1 %.
    """
    outside = spill.outside.transpose("channel", "outside")
    margin_db, captured = outside["margin_db"].values, outside["capture_probability"].values
    channels = [channel_in_words(str(name)) for name in outside["channel"].values]
    passed = points_that_pass(spill, grade)
    calls_db = np.full(len(passed), math.inf)
    if spill.tier == "emergency":
        calls_db = outside["emergency_margin_db"].values
    found = []
    for at, (name, ring) in enumerate(zip(outside["name"].values, outside["ring"].values, strict=True)):
        worst = int(margin_db[:, at].argmin())
        margin = float(min(margin_db[worst, at], calls_db[at]))
        found.append(
            OutsidePlace(
                name=str(name),
                ring=str(ring),
                channel=channels[worst] if margin_db[worst, at] <= calls_db[at] else CALL,
                margin_db=floored(margin) if math.isfinite(margin) else None,
                captured=ceiled(100 * float(captured[:, at].max()), 1),
                passed=bool(passed[at]),
                x_m=round(float(outside["x_m"].values[at]), 1),
                y_m=round(float(outside["y_m"].values[at]), 1),
            )
        )
    return tuple(sorted(found, key=lambda place: (place.passed, _or_most(place.margin_db))))


def sample_files(verdict: Verdict, catalogue: Mapping[str, Model]) -> dict[str, bytes]:
    """The stored sample: equal verdicts give equal bytes.

    Parameters
    ----------
    verdict : Verdict
        Of the bundled sample with its own layout and scenario.
    catalogue : mapping of str to Model

    Returns
    -------
    dict of str to bytes
        By file name.
    """
    found = facts_of(verdict, catalogue)
    stored = asdict(found) | {
        "rooms": {name: astuple(room) for name, room in found.rooms.items()},
        "outside": [astuple(place) for place in found.outside],
    }
    return {
        FACTS: (json.dumps(stored, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode(),
        "verdict.json": _json(result_object(verdict, catalogue)),
        "rooms.csv": rooms_csv(verdict).encode(),
        "escapes.csv": escapes_csv(verdict).encode(),
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _rooms(verdict: Verdict) -> dict[str, RoomFact]:
    escapes: dict[str, str] = {}
    for escape in escapes_of(verdict):
        likeliest = f"{channel_in_words(escape.channel)} may work {place_in_words(escape.place)}"
        escapes.setdefault(escape.room, likeliest)
    names = [str(name) for name in verdict.by_room["room"].values.tolist()]
    chances = [one.by_room["silent_probability"].values.tolist() for one in verdict.grades]
    states = [state_of_rooms(verdict, number) for number in range(len(verdict.grades))]
    without = verdict.by_room["quiet_probability"].values.tolist()
    quiet = verdict.by_room["quiet_anyway"].values.tolist()
    grades = [one.grade.name for one in verdict.grades]
    return {
        name: RoomFact(
            state=states[0][at],
            chance=round(chances[0][at], 6),
            at_grades="; ".join(
                f"{grade}: {of[at]}, {percent(chance[at])}"
                for grade, of, chance in zip(grades, states, chances, strict=True)
            ),
            escape=escapes.get(name, ""),
            off=round(without[at], 6),
            leaks=not quiet[at],
        )
        for at, name in enumerate(names)
        if states[0][at] != KEEP
    }


def _grade(verdict: Verdict, number: int) -> GradeFact:
    one, count = verdict.grades[number], count_rooms(verdict, number)
    silence = one.by_room["role"].values == "silence"
    leaks = int((silence & ~one.by_room["quiet_anyway"].values).sum())
    kept, margin_db, where = None, None, ""
    if one.spill is not None:
        kept, where = one.spill.passed, one.spill.worst.in_words(channel_in_words)
        margin_db = one.spill.worst_margin_db if math.isfinite(one.spill.worst_margin_db) else None
    return GradeFact(
        name=one.grade.name,
        words=grade_in_words(one.grade),
        silent=count.silent,
        quiet=count.quiet_anyway,
        holes=count.holes + count.unknown,
        leaks=leaks,
        kept=kept,
        margin_db=margin_db,
        where=where,
    )


def _or_most(margin_db: float | None) -> float:
    return math.inf if margin_db is None else margin_db


def _cells(verdict: Verdict, first: set[str]) -> tuple[Cell, ...]:
    """Rooms that are not blocked, some of them first, then as the site lists them."""
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
        cell = Cell(
            room=room,
            storey=_storey(verdict, building, place.storey),
            works=", ".join(channels[:MOST_CHANNELS]) + (f" and {left} more" if left > 0 else ""),
            where=place_in_words(escapes[0].place),
            silent=percent(silent[room]),
            reason=reason_in_words(escapes[0]),
        )
        found.append((room not in first, cell))
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
