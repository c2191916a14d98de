"""A verdict as tables and as one JSON object: what is claimed is rounded down, what spills is rounded up."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.answer_parts import Action, Placed
from quietwing.coverage.answers import VerdictAnswer
from quietwing.coverage.blocking import action_name, meant
from quietwing.coverage.decibel import all_floored, floored
from quietwing.coverage.equipment import Device
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.report.escapes import (
    KEEP,
    QUIET,
    SILENT,
    count_rooms,
    escapes_of,
    rooms_by_channel,
    state_of_rooms,
)
from quietwing.coverage.report.grades import (
    count_object,
    grade_numbers,
    grades_object,
    rules_in_words,
    rules_object,
    silent_at_object,
    spill_object,
)
from quietwing.coverage.report.words import UNSAFE, channel_in_words, place_in_words, reason_in_words, safe_cell
from quietwing.coverage.results import Verdict
from quietwing.coverage.rules import Grade

__all__ = [
    "VERDICT_TABLES",
    "actions_object",
    "escapes_csv",
    "rooms_csv",
    "seldom_captured",
    "spill_csv",
    "verdict_object",
]

_HAIR = 1e-9  # of rounding: a share of the worlds that is just the one allowed


def rooms_csv(verdict: Verdict) -> str:
    """One row per room: its state and how sure, at the grade asked for and at each grade by name.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    str
        CSV text with a header; probabilities floored to 0.1 %.
    """
    rooms = verdict.by_room
    numbers = grade_numbers(verdict)
    states = [state_of_rooms(verdict, number) for number in numbers]
    asked, rules = verdict.grades[0].grade.name, rules_in_words(verdict.scenario.rules)
    likeliest: dict[str, str] = {}
    for escape in escapes_of(verdict):
        likeliest.setdefault(escape.room, escape.channel)
    rows = []
    for index, (name, state) in enumerate(zip(rooms["room"].values.tolist(), state_of_rooms(verdict), strict=True)):
        rows.append(
            [
                name,
                str(rooms["role"].values[index]),
                f"{float(rooms['weight'].values[index]):g}",
                _share(rooms, index),
                state,
                "" if state == KEEP else _yes(state == SILENT),
                "" if state == KEEP else _yes(state == QUIET),
                likeliest.get(name, ""),
                asked,
                *(
                    cell
                    for number, of_grade in zip(numbers, states, strict=True)
                    for cell in (_share(verdict.grades[number].by_room, index), of_grade[index])
                ),
                rules,
            ]
        )
    header = [
        "room",
        "role",
        "weight",
        "silent_probability",
        "state",
        "silent",
        "quiet_anyway",
        "likeliest_escape",
        "grade",
        *(f"{what}_{name}" for name in _names(verdict) for what in ("silent_probability", "state")),
        "rules",
    ]
    return csv_text(header, rows)


def escapes_csv(verdict: Verdict) -> str:
    """One row per room and channel that still works there, with why.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    str
        CSV text with a header; probabilities floored to 0.1 %, what is lacking ceiled to 1 dB.
    """
    rows = [
        [
            escape.room,
            escape.channel,
            channel_in_words(escape.channel),
            f"{floored(escape.usable_probability, 3):.3f}",
            place_in_words(escape.place),
            "" if escape.needs_db is None else f"{escape.needs_db:.0f}",
            reason_in_words(escape),
        ]
        for escape in escapes_of(verdict)
    ]
    return csv_text(["room", "channel", "in_words", "usable_probability", "where", "needs_db", "reason"], rows)


def spill_csv(verdict: Verdict) -> str:
    """One row per channel and place outside that some blocker reaches: level, limit, margin.

    Of the grade asked for, then margin and result of each grade by name.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    str
        CSV text with a header; blocking power ceiled, the network's and the margin floored, all to 0.1 dB. Only the
        header without a spill result or where nothing radiates.
    """
    header = [
        "channel",
        "place",
        "ring",
        "x_m",
        "y_m",
        "z_m",
        "jam_dbm",
        "signal_dbm",
        "limit_dbm",
        "margin_db",
        "capture_probability",
        "passed",
        *(f"{what}_{name}" for name in _names(verdict) for what in ("margin_db", "passed")),
    ]
    if verdict.spill is None:
        return csv_text(header, [])
    outside = verdict.spill.outside.transpose("channel", "outside")
    jam_dbm, captured, signal_dbm, limit_dbm = (
        outside[name].values.astype(float) for name in ("jam_dbm", "capture_probability", "signal_dbm", "limit_dbm")
    )
    margins = [  # as float64: rounded down in single precision, 3.29999995 would be 3.3
        (one.grade, one.spill.outside["margin_db"].transpose("channel", "outside").values.astype(float))
        for one in (verdict.grades[number] for number in (0, *grade_numbers(verdict)))
        if one.spill is not None
    ]
    places = [outside[name].values.astype(str).tolist() for name in ("name", "ring")]
    places += [[f"{metres:.2f}" for metres in outside[axis].values.tolist()] for axis in ("x_m", "y_m", "z_m")]
    rows: list[tuple[str, ...]] = []
    for row, channel in enumerate(outside["channel"].values.tolist()):
        # "not > −inf" keeps what is not a number: the unknown counts as spill
        reached = np.flatnonzero(~np.isneginf(jam_dbm[row]) | ~(captured[row] <= 0))
        seized = captured[row, reached]
        (left_db, passed), *others = (
            (
                _cells(all_floored(margin_db[row, reached])),
                list(map(_yes, ((margin_db[row, reached] >= 0) & seldom_captured(seized, grade)).tolist())),
            )
            for grade, margin_db in margins
        )
        columns = [
            [channel] * len(reached),
            *([column[at] for at in reached.tolist()] for column in places),
            _cells(-all_floored(-jam_dbm[row, reached]) + 0.0),
            _cells(all_floored(signal_dbm[row, reached])),
            _cells(all_floored(limit_dbm[row, reached])),
            left_db,
            _cells(-all_floored(-seized, 3) + 0.0, 3),
            passed,
            *chain(*others),
        ]
        rows += zip(*columns, strict=True)
    return csv_text(header, rows)


VERDICT_TABLES: Mapping[str, Callable[[Verdict], str]] = {
    "rooms.csv": rooms_csv,
    "escapes.csv": escapes_csv,
    "spill.csv": spill_csv,
}


def verdict_object(verdict: Verdict) -> VerdictAnswer:
    """The ``--json`` object of a verdict without its manifest.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    dict
        Plain values; None where a key does not apply, never NaN or infinity.
    """
    count = count_rooms(verdict)
    return {
        "site": verdict.site.name,
        "grade": verdict.grades[0].grade.name,
        "rules": rules_object(verdict.scenario.rules),
        "measured": {"sectors": len(verdict.sectors), "measured": int(verdict.measured)},
        "rooms": count_object(count),
        "c95": count.c95,
        "silent_at": silent_at_object(verdict.silent_at),
        "together_95": int(verdict.together),
        "grades": grades_object(verdict),
        "escapes": [{"channel": channel, "rooms": rooms} for channel, rooms in rooms_by_channel(escapes_of(verdict))],
        "uncovered_routes": list(verdict.uncovered_routes),
        "cost": {
            "capex_gbp": None,
            "opex_gbp_per_year": None,
            "whole_life_gbp": None,
            "npv_gbp": None,
            "illustrative": None,
        },
        "budget_gbp": None,
        "over_budget": None,
        "status": "evaluated",
        "value": None,
        "bound": None,
        "gap": None,
        "spill": spill_object(verdict.spill),
        "devices": [_placed(device) for device in verdict.devices],
        "treatments": [{"opening": each.opening, "model": each.model} for each in verdict.treatments],
        "operator_actions": actions_object(verdict),
        "notes": list(verdict.notes),
        "seed": verdict.scenario.seed,
        "reproducible": True,
    }


def _placed(device: Device) -> Placed:
    found: Placed = {
        "id": device.id,
        "model": device.model,
        "x_m": device.x_m,
        "y_m": device.y_m,
        "z_m": device.z_m,
        "storey": device.storey,
        "power_dbm": device.power_dbm,
        "azimuth_deg": device.azimuth_deg,
        "tilt_deg": device.tilt_deg,
        "state": device.state,
    }
    if device.route_m:
        found["route_m"] = [list(point) for point in device.route_m]
    return found


def actions_object(verdict: Verdict) -> list[Action]:
    """What operators change for a verdict, one dict an action with the sectors it means and its price."""
    sectors = verdict.site.sectors
    return [
        {
            "name": action_name(action, number),
            "sectors": [sectors[index].id for index in meant(sectors, action)],
            "power_db": action.power_db,
            "tilt_deg": action.tilt_deg,
            "azimuth_deg": action.azimuth_deg,
            "off": action.off,
            "price_gbp": action.price_gbp,
            "illustrative": action.illustrative,
        }
        for number, action in enumerate(verdict.scenario.operator_actions, 1)
    ]


def seldom_captured(share: Any, grade: Grade) -> Any:
    """Whether managed access captures outside no more often than a grade allows, element by element."""
    return share <= grade.captured_outside + _HAIR


def _names(verdict: Verdict) -> list[str]:
    """Names of the grades in the order of their columns."""
    return [verdict.grades[number].grade.name for number in grade_numbers(verdict)]


def _share(rooms: xr.Dataset, index: int) -> str:
    """How sure one room is, floored to 0.1 %."""
    return f"{floored(float(rooms['silent_probability'].values[index]), 3):.3f}"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV text; what a spreadsheet would run is made text, numbers are left numbers."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    # the first letter settles it for nearly all of some hundred thousand cells
    sound = ([c if c[:1] not in UNSAFE or _is_number(c) else safe_cell(c) for c in row] for row in rows)
    out.writerows(sound)
    return text.getvalue()


def _is_number(cell: str) -> bool:
    return cell[:1] == "-" and cell[1:].replace(".", "", 1).isdecimal()


def _cells(values: NDArray[np.float64], digits: int = 1) -> list[str]:
    """Numbers as text, nothing where there is none."""
    return [f"{value:.{digits}f}" if math.isfinite(value) else "" for value in values.tolist()]


def _yes(true: bool) -> str:
    return "yes" if true else "no"
