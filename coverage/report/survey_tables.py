"""Tables of a survey as CSV: what was assumed of masts, and the readings to take next."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from quietwing.coverage.calibration import NextReadings
from quietwing.sites import MastImport

__all__ = ["assumed_csv", "next_readings_csv"]

NEXT_COLUMNS = ("number", "channel", "x", "y", "height_m", "room", "expected_dbm", "rsrp_dbm", "date")


def assumed_csv(found: MastImport) -> str:
    """What was assumed of each sector of a list of masts."""
    rows = ((one.sector.id, one.rows, "; ".join(one.assumed)) for one in found.sectors)
    return _csv(("id", "rows", "assumed"), rows)


def next_readings_csv(found: NextReadings) -> str:
    """The table to carry: where to read what; `rsrp_dbm` and `date` are to be filled in."""
    return _csv(
        NEXT_COLUMNS,
        (
            (number, one.channel, one.x_m, one.y_m, one.height_m, one.room, f"{one.expected_dbm:g}", "", "")
            for number, one in enumerate(found.readings, 1)
        ),
    )


def _csv(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
