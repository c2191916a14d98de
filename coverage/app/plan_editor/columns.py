"""Columns of the table of blockers, and what they are called in its head and in messages about the layout."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CABLE_RUNS", "COLUMN_TITLES", "LABELS", "TABLE_COLUMNS"]

TABLE_COLUMNS = (
    "id", "model", "x_m", "y_m", "z_m", "storey", "azimuth_deg", "tilt_deg", "power_dbm", "state", "trim_db",
    "route_m",
)  # fmt: skip

CABLE_RUNS = "Radiating cable runs through"  # a column of the table
COLUMN_TITLES = {
    "id": "Blocker",
    "model": "Model",
    "x_m": "x [m]",
    "y_m": "y [m]",
    "z_m": "Height above ground [m]",
    "storey": "Storey",
    "azimuth_deg": "Azimuth [°]",
    "tilt_deg": "Tilt [°]",
    "power_dbm": "Power [dBm]",
    "state": "State",
    "trim_db": "Power by band or channel [dB]",
    "route_m": f"{CABLE_RUNS} x y z; x y z [m]",
}
LABELS: Mapping[str, str] = {column: f"“{title}”" for column, title in COLUMN_TITLES.items()}  # in a message
