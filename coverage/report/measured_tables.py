"""Measured levels beside the model, in words, as a table for people, as CSV and as an object for JSON."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from quietwing.coverage.report.words import channel_in_words, safe_cell
from quietwing.coverage.results import Agreement, Comparison
from quietwing.sites import Site, fingerprint

__all__ = [
    "AGREEMENT_HEADER",
    "agreement_row",
    "agreement_rows",
    "measured_csv",
    "measured_headline",
    "measured_id",
    "measured_object",
    "signed",
]

AGREEMENT_HEADER = (
    "channel",
    "room",
    "readings",
    "bias [dB]",
    "RMSE [dB]",
    "smallest residual [dB]",
    "largest residual [dB]",
)
NO_ROOM = "in no room"
COLUMNS = (
    "channel", "room", "building", "storey", "x_m", "y_m", "height_m", "date", "measured_dbm", "modelled_dbm",
    "residual_db", "modelled_sight", "note",
)  # fmt: skip


def measured_headline(comparison: Comparison) -> str:
    """What the comparison comes to, in one sentence; the sign says which way the model errs."""
    found = comparison.overall
    if found is None:
        return f"No reading of {comparison.measurements.file} could be compared with the model."
    side = "above" if found.bias_db > 0 else "below"
    count = "1 measured level is" if found.readings == 1 else f"{found.readings} measured levels are on average"
    return (
        f"{count} {abs(found.bias_db):.1f} dB {side} the model (bias {signed(found.bias_db)} dB, RMSE "
        f"{found.rmse_db:.1f} dB); nothing was fitted."
    )


def signed(value_db: float, digits: int = 1) -> str:
    """A difference with its sign; what rounds to nothing has a plus."""
    return f"{round(value_db, digits) + 0.0:+.{digits}f}"


def measured_id(comparison: Comparison) -> str:
    """Twelve hexadecimal digits of the hash of the readings, so that a figure can be traced to them."""
    return fingerprint(comparison.measurements.readings)[:12]


def agreement_rows(comparison: Comparison, *, pairs: bool = True) -> list[list[str]]:
    """All readings together, then by channel, by room and, with `pairs`, by both; columns of `AGREEMENT_HEADER`."""
    overall = [] if comparison.overall is None else [comparison.overall]
    groups = (*overall, *comparison.by_channel, *comparison.by_room)
    if pairs:
        groups += comparison.by_room_and_channel
    return [agreement_row(one) for one in groups]


def agreement_row(one: Agreement) -> list[str]:
    """One line of the table; residuals signed, to 0.1 dB."""
    return [
        "all" if one.channel is None else channel_in_words(one.channel),
        "all" if one.room is None else (one.room or NO_ROOM),
        str(one.readings),
        signed(one.bias_db),
        f"{one.rmse_db:.1f}",
        signed(one.least_db),
        signed(one.most_db),
    ]


def measured_object(comparison: Comparison) -> dict[str, Any]:
    """The comparison as an object for JSON: numbers to 0.01 dB, null where there is nothing."""
    overall = comparison.overall
    return {
        "file": comparison.measurements.file,
        "id": measured_id(comparison),
        "readings": len(comparison.measurements.readings),
        "compared": 0 if overall is None else overall.readings,
        "bias_db": None if overall is None else round(overall.bias_db, 2),
        "rmse_db": None if overall is None else round(overall.rmse_db, 2),
        "fitted": False,
        "state_of_sight": "as in the leakage map",
        "by_channel": [_figures(one, channel=one.channel) for one in comparison.by_channel],
        "by_room": [_figures(one, room=one.room or None) for one in comparison.by_room],
        "by_room_and_channel": [
            _figures(one, room=one.room or None, channel=one.channel) for one in comparison.by_room_and_channel
        ],
        "notes": list(comparison.notes),
    }


def _figures(one: Agreement, **names: str | None) -> dict[str, Any]:
    figures = {"bias_db": one.bias_db, "rmse_db": one.rmse_db, "least_db": one.least_db, "most_db": one.most_db}
    return {**names, "readings": one.readings, **{key: round(value, 2) for key, value in figures.items()}}


def measured_csv(comparison: Comparison, site: Site) -> str:
    """Every reading that was compared: measured, modelled, residual, and the state of sight of the model.

    Parameters
    ----------
    comparison : Comparison
    site : Site

    Returns
    -------
    str
        CSV text in the order of the readings; levels to 0.1 dB, empty where the model has no signal at all.
    """
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    found = comparison.at_readings
    points = comparison.points
    for row, line in enumerate(found["line"].values.tolist()):
        reading = comparison.measurements.readings[line]
        building, storey = int(points.building[row]), int(points.storey[row])
        out.writerow(
            [
                safe_cell(reading.channel),
                safe_cell(str(found["room"].values[row])),
                safe_cell(site.buildings[building].id) if building >= 0 else "",
                storey if building >= 0 else "",
                f"{reading.x_m:.2f}",
                f"{reading.y_m:.2f}",
                f"{reading.height_m:.2f}",
                reading.date.isoformat(),
                _level(reading.rsrp_dbm),
                _level(float(found["modelled_dbm"].values[row])),
                _level(float(found["residual_db"].values[row])),
                "clear" if found["clear"].values[row] else "obstructed",
                safe_cell(reading.note),
            ]
        )
    return text.getvalue()


def _level(value_db: float) -> str:
    return f"{round(value_db, 1) + 0.0:.1f}" if math.isfinite(value_db) else ""  # + 0.0: no "-0.0"
