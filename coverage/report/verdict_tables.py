"""A verdict as tables and as one JSON object: what is claimed is rounded down, what spills is rounded up."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from quietwing.coverage.blocking.operator_actions import action_name, meant
from quietwing.coverage.decibel import floored
from quietwing.coverage.report.escapes import (
    KEEP,
    PROTECTED,
    QUIET,
    ceiled,
    count_rooms,
    escapes_of,
    rooms_by_channel,
    state_of_rooms,
)
from quietwing.coverage.report.words import channel_in_short, place_in_words, reason_in_words, safe_cell
from quietwing.coverage.results import SpillResult, Verdict

__all__ = ["CAPTURE_LIMIT", "actions_object", "escapes_csv", "rooms_csv", "spill_csv", "verdict_object"]

CAPTURE_LIMIT = 0.05  # DESIGN §4 "Spill": managed access may capture outside this often


def rooms_csv(verdict: Verdict) -> str:
    """One row per room: its state and how sure.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    str
        CSV text with a header; probabilities floored to 0.1 %.
    """
    rooms = verdict.by_room
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
                f"{floored(float(rooms['silent_probability'].values[index]), 3):.3f}",
                state,
                "" if state == KEEP else _yes(state == PROTECTED),
                "" if state == KEEP else _yes(state == QUIET),
                likeliest.get(name, ""),
            ]
        )
    header = [
        "room",
        "role",
        "weight",
        "silent_probability",
        "state",
        "protected",
        "quiet_anyway",
        "likeliest_escape",
    ]
    return _csv(header, rows)


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
            channel_in_short(escape.channel),
            f"{floored(escape.usable_probability, 3):.3f}",
            place_in_words(escape.place),
            "" if escape.needs_db is None else f"{escape.needs_db:.0f}",
            reason_in_words(escape),
        ]
        for escape in escapes_of(verdict)
    ]
    return _csv(["room", "channel", "in_words", "usable_probability", "where", "needs_db", "reason"], rows)


def spill_csv(verdict: Verdict) -> str:
    """One row per channel and place outside that some blocker reaches: level, limit, margin.

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
    ]
    if verdict.spill is None:
        return _csv(header, [])
    outside = verdict.spill.outside.transpose("channel", "outside")
    jam_dbm, margin_db = outside["jam_dbm"].values, outside["margin_db"].values
    captured = outside["capture_probability"].values
    signal_dbm, limit_dbm = outside["signal_dbm"].values, outside["limit_dbm"].values
    names = [str(name) for name in outside["name"].values]
    rings = [str(ring) for ring in outside["ring"].values]
    x_m, y_m, z_m = (outside[axis].values.tolist() for axis in ("x_m", "y_m", "z_m"))
    rows = []
    for row, channel in enumerate(outside["channel"].values.tolist()):
        # "not > −inf" keeps what is not a number: the unknown counts as spill
        reached = np.flatnonzero(~np.isneginf(jam_dbm[row]) | ~(captured[row] <= 0))
        for at in reached.tolist():
            rows.append(
                [
                    channel,
                    names[at],
                    rings[at],
                    f"{x_m[at]:.2f}",
                    f"{y_m[at]:.2f}",
                    f"{z_m[at]:.2f}",
                    _db(ceiled(float(jam_dbm[row, at]), 1)),
                    _db(floored(float(signal_dbm[row, at]))),
                    _db(floored(float(limit_dbm[row, at]))),
                    _db(floored(float(margin_db[row, at]))),
                    f"{ceiled(float(captured[row, at]), 3):.3f}" if math.isfinite(captured[row, at]) else "",
                    _yes(bool(margin_db[row, at] >= 0 and captured[row, at] <= CAPTURE_LIMIT)),
                ]
            )
    return _csv(header, rows)


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """The ``--json`` object of a verdict (DESIGN §6) without its manifest.

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
        "rooms": {
            "silence": count.silence,
            "protected": count.protected,
            "quiet_anyway": count.quiet_anyway,
            "holes": count.holes,
            "unknown": count.unknown,
        },
        "c95": count.c95,
        "silent_at": {str(level): int(rooms) for level, rooms in sorted(verdict.silent_at.items())},
        "together_95": int(verdict.together),
        "escapes": [{"channel": channel, "rooms": rooms} for channel, rooms in rooms_by_channel(escapes_of(verdict))],
        "uncovered_routes": list(verdict.uncovered_routes),
        "cost": dict.fromkeys(("capex_gbp", "opex_gbp_per_year", "whole_life_gbp", "npv_gbp", "illustrative")),
        "budget_gbp": None,
        "over_budget": None,
        "status": "evaluated",
        "value": None,
        "bound": None,
        "gap": None,
        "spill": _spill_object(verdict.spill),
        "devices": [
            {
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
            | ({"route_m": [list(point) for point in device.route_m]} if device.route_m else {})
            for device in verdict.devices
        ],
        "treatments": [{"opening": each.opening, "model": each.model} for each in verdict.treatments],
        "operator_actions": actions_object(verdict),
        "notes": list(verdict.notes),
        "seed": verdict.scenario.seed,
        "reproducible": True,
    }


def actions_object(verdict: Verdict) -> list[dict[str, Any]]:
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


def _spill_object(spill: SpillResult | None) -> dict[str, Any] | None:
    if spill is None:
        return None
    worst = float(spill.worst_margin_db)
    known = math.isfinite(worst)
    return {
        "tier": spill.tier,
        "passed": bool(spill.passed),
        "worst_margin_db": floored(worst) if known else None,
        "where": spill.where or None,
    }


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV text; what a spreadsheet would run is made text, numbers are left numbers."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    out.writerows([cell if _is_number(cell) else safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _is_number(cell: str) -> bool:
    return cell[:1] == "-" and cell[1:].replace(".", "", 1).isdecimal()


def _db(level: float) -> str:
    return f"{level:.1f}" if math.isfinite(level) else ""


def _yes(true: bool) -> str:
    return "yes" if true else "no"
