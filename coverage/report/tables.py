"""Tables as CSV: long, tidy, units in the header, no cell a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import numpy as np

from quietwing.coverage.answers import LeakageAnswer
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.grades import count_object, rules_object
from quietwing.coverage.report.words import safe_cell
from quietwing.coverage.results import Leakage

__all__ = ["leakage_csv", "leakage_object", "service_by_channel"]


def leakage_csv(leakage: Leakage) -> str:
    """Room × channel: RSRP at the room's best test point for that channel, headroom, and usable or not.

    Parameters
    ----------
    leakage : Leakage

    Returns
    -------
    str
        CSV text with a header; levels to 0.1 dB, an empty level where no sector reaches the room.
    """
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(
        [
            "room",
            "role",
            "channel",
            "operator",
            "band",
            "technology",
            "best_point",
            "rsrp_dbm",
            "headroom_db",
            "usable",
        ]
    )
    names = [str(name) for name in leakage.by_room["channel"].values]
    rsrp_dbm = leakage.by_room["rsrp_dbm"].values
    headroom_db = leakage.by_room["headroom_db"].values
    usable = leakage.by_room["usable"].values
    room_of_point = leakage.points.room
    first = np.searchsorted(room_of_point, np.unique(room_of_point))
    ends = [*first[1:].tolist(), len(room_of_point)]
    at_points_dbm = leakage.at_points["rsrp_dbm"].transpose("channel", "point").values
    for row, room in enumerate(leakage.by_room["room"].values.tolist()):
        best = first[row] + at_points_dbm[:, first[row] : ends[row]].argmax(axis=1)
        for column, name in enumerate(names):
            out.writerow(
                [
                    safe_cell(room),
                    str(leakage.by_room["role"].values[row]),
                    safe_cell(name),
                    *(safe_cell(part) for part in name.split("/")),
                    leakage.points.kind[best[column]],
                    _level(rsrp_dbm[column, row]),
                    _level(headroom_db[column, row]),
                    "yes" if usable[column, row] else "no",
                ]
            )
    return text.getvalue()


def _level(value_db: float) -> str:
    return f"{value_db:.1f}" if np.isfinite(value_db) else ""


def service_by_channel(leakage: Leakage) -> list[tuple[str, int]]:
    """Channels usable in some silence room with the number of such rooms, most first."""
    rooms = leakage.by_room.sel(room=leakage.by_room["role"] == "silence")
    counts = rooms["usable"].sum("room")
    pairs = [
        (str(name), int(count)) for name, count in zip(counts["channel"].values, counts.values, strict=True) if count
    ]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def leakage_object(leakage: Leakage) -> LeakageAnswer:
    """The ``--json`` object of a leakage study without its files and measured levels."""
    return {
        "site": leakage.site.name,
        "scenario_id": leakage.scenario_id,
        "as_of": leakage.site.as_of.isoformat(),
        "grade": leakage.scenario.grade,
        "rules": rules_object(leakage.scenario.rules),
        "rooms": count_object(count_rooms(leakage)),
        "grades": {
            one.grade.name: {
                "confidence": one.grade.confidence,
                "rooms": count_object(count_rooms(leakage, number)),
            }
            for number, one in enumerate(leakage.grades)
        },
        "escapes": [{"channel": channel, "rooms": rooms} for channel, rooms in service_by_channel(leakage)],
        "notes": list(leakage.notes),
        "seed": leakage.scenario.seed,
    }
