"""Which way an antenna looks: direction to a point, and gain relative to the peak of the pattern.

Azimuth runs clockwise from grid north (the y axis). Elevation is positive upward, tilt positive downward.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.sites import OutOfRangeError

__all__ = [
    "Pattern",
    "SectorPattern",
    "direction",
    "load_patterns",
    "parse_patterns",
    "pattern_gain_db",
    "seen_from_tilted",
]

FULL_TURN_DEG = 360.0
_DEGREE_DIGITS = 9


class Pattern(Protocol):
    """What has a gain in every direction of its own: an antenna file, an array."""

    def gain_db(self, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike) -> NDArray[np.float64]:
        """Gain relative to the peak, off the axes of the antenna."""


@dataclass(frozen=True, slots=True)
class SectorPattern:
    """A parabolic pattern in both cuts.

    Attributes
    ----------
    name : str
    horizontal_width_deg, vertical_width_deg : float
        Full half-power widths, ``inf`` for no directivity. [deg]
    front_to_back_db : float
        The most the horizontal cut loses, and both cuts together. [dB]
    side_lobe_floor_db : float
        The most the vertical cut loses. [dB]
    """

    name: str
    horizontal_width_deg: float
    vertical_width_deg: float
    front_to_back_db: float
    side_lobe_floor_db: float

    def __post_init__(self) -> None:
        if not (self.horizontal_width_deg > 0 and self.vertical_width_deg > 0):
            raise OutOfRangeError(
                f"pattern {self.name!r} has a width of 0° or less (expected above 0°); "
                f"give the full half-power width, or nothing for no directivity"
            )
        if not (self.front_to_back_db >= 0 and self.side_lobe_floor_db >= 0):
            raise OutOfRangeError(
                f"pattern {self.name!r} has a negative floor (expected 0 dB or more); "
                f"give how far below the peak it lies, as a positive number"
            )

    def gain_db(self, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike) -> NDArray[np.float64]:
        """Gain relative to the peak, off its two axes; at most 0.

        Parameters
        ----------
        azimuth_off_deg : array_like, shape (...)
            Azimuth from the main direction, any multiple of a turn apart. [deg]
        depression_off_deg : array_like, broadcastable
            Depression below the main direction, negative above it. [deg]

        Returns
        -------
        ndarray, shape (...)
            Gain, 0 at the peak. [dB]

        References
        ----------
        3GPP TR 38.901 v19.4.0, table 7.3-1.
        """
        off_deg = np.asarray(azimuth_off_deg, np.float64)
        wrapped_deg = (off_deg + FULL_TURN_DEG / 2) % FULL_TURN_DEG - FULL_TURN_DEG / 2
        horizontal_db = np.minimum(12 * (wrapped_deg / self.horizontal_width_deg) ** 2, self.front_to_back_db)
        steep_deg = np.asarray(depression_off_deg, np.float64)
        vertical_db = np.minimum(12 * (steep_deg / self.vertical_width_deg) ** 2, self.side_lobe_floor_db)
        most_db = max(self.front_to_back_db, self.side_lobe_floor_db)
        return np.asarray(-np.minimum(horizontal_db + vertical_db, most_db))


def parse_patterns(text: str, where: str) -> dict[str, SectorPattern]:
    """Patterns from the text of a CSV file with the columns of ``tables/antennas.csv``.

    Parameters
    ----------
    text : str
        Lines; those that begin with # are comments.
    where : str
        File, for the messages.

    Returns
    -------
    dict of str to SectorPattern

    Raises
    ------
    OutOfRangeError
        If a row lacks a column or has a value that makes no sense.
    """
    rows = csv.DictReader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    found = {}
    for row in rows:
        try:
            name = row["pattern"]
            found[name] = SectorPattern(
                name,
                float(row["horizontal_width_deg"] or math.inf),
                float(row["vertical_width_deg"] or math.inf),
                float(row["front_to_back_db"]),
                float(row["side_lobe_floor_db"]),
            )
        except (KeyError, TypeError) as error:
            raise OutOfRangeError(
                f"{where}: {row}: column missing (expected pattern, horizontal_width_deg, vertical_width_deg, "
                f"front_to_back_db, side_lobe_floor_db); add it"
            ) from error
        except OutOfRangeError as error:
            raise OutOfRangeError(f"{where}: {error}") from error
        except ValueError as error:
            raise OutOfRangeError(f"{where}: pattern {name!r}: {error}; give numbers") from error
    return found


@cache
def load_patterns() -> dict[str, SectorPattern]:
    """The built-in patterns, keyed by name.

    Returns
    -------
    dict of str to SectorPattern

    References
    ----------
    ``tables/antennas.csv``: 3GPP TR 38.901 v19.4.0, table 7.3-1, with the widths of assumption A2.
    """
    text = files("quietwing.coverage.propagation.tables").joinpath("antennas.csv").read_text("utf-8")
    return parse_patterns(text, "antennas.csv")


def pattern_gain_db(
    pattern: str | SectorPattern | Pattern,
    azimuth_to_point_deg: ArrayLike,
    elevation_to_point_deg: ArrayLike,
    azimuth_deg: ArrayLike,
    tilt_deg: ArrayLike,
) -> NDArray[np.float64]:
    """Gain of an antenna towards a point, relative to the peak of its pattern.

    Parameters
    ----------
    pattern : str, SectorPattern or Pattern
        Name of a built-in pattern, one's own, or that of an antenna file or array.
    azimuth_to_point_deg, elevation_to_point_deg : array_like, shape (...)
        Direction from the antenna to the point, from `direction`. [deg]
    azimuth_deg : array_like, broadcastable
        Where the antenna looks, clockwise from grid north. [deg]
    tilt_deg : array_like, broadcastable
        How far it looks down; positive is down. [deg]

    Returns
    -------
    ndarray, shape (...)
        Gain, at most 0. [dB]

    Notes
    -----
    A parabolic pattern is turned down by its tilt on all sides, as an electrical tilt does. In an antenna file the
    electrical tilt is in the vertical cut already, and an array has none: `tilt_deg` tilts those as a body, see
    `seen_from_tilted`.

    Raises
    ------
    OutOfRangeError
        If there is no pattern of that name.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.3-1.
    """
    if isinstance(pattern, str):
        known = load_patterns()
        if pattern not in known:
            raise OutOfRangeError(f"no antenna pattern {pattern!r} (known: {', '.join(known)}); choose one of these")
        pattern = known[pattern]
    azimuth_off_deg = np.asarray(azimuth_to_point_deg, np.float64) - np.asarray(azimuth_deg, np.float64)
    depression_deg = -np.asarray(elevation_to_point_deg, np.float64)
    if isinstance(pattern, SectorPattern):
        return pattern.gain_db(azimuth_off_deg, depression_deg - np.asarray(tilt_deg, np.float64))
    return pattern.gain_db(*seen_from_tilted(azimuth_off_deg, depression_deg, tilt_deg))


def seen_from_tilted(
    azimuth_off_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Direction in the frame of an antenna that is tilted as a body: down before it, up behind it, not at its sides.

    Parameters
    ----------
    azimuth_off_deg : array_like, shape (...)
        Azimuth from where the antenna looks. [deg]
    depression_deg : array_like, broadcastable
        Below the horizon. [deg]
    tilt_deg : array_like, broadcastable
        Mechanical tilt, positive is down. [deg]

    Returns
    -------
    azimuth_deg, depression_deg : ndarray, shape (...)
        From the antenna's own axis, −180 to 180, and from its own horizon, −90 to 90; to 1e-9°. [deg]

    References
    ----------
    3GPP TR 38.901 v19.4.0, clause 7.1.3: rotation by the downtilt angle β alone.
    """
    off, down, tilt = (
        np.radians(np.asarray(angle, np.float64)) for angle in (azimuth_off_deg, depression_deg, tilt_deg)
    )
    ahead, right, below = np.cos(down) * np.cos(off), np.cos(down) * np.sin(off), np.sin(down)
    own_ahead = ahead * np.cos(tilt) + below * np.sin(tilt)
    own_below = below * np.cos(tilt) - ahead * np.sin(tilt)
    # Rounded so that a whole degree stays one: the tables of antenna files are read there without interpolation.
    azimuth = np.round(np.degrees(np.arctan2(right, own_ahead)), _DEGREE_DIGITS)
    return azimuth, np.round(np.degrees(np.arctan2(own_below, np.hypot(own_ahead, right))), _DEGREE_DIGITS)


def direction(from_xyz_m: ArrayLike, to_xyz_m: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Direction from one place to another.

    Parameters
    ----------
    from_xyz_m, to_xyz_m : array_like, shape (..., 3), broadcastable
        Places. [m]

    Returns
    -------
    azimuth_deg : ndarray, shape (...)
        Clockwise from grid north (the y axis), 0 ≤ azimuth < 360; 0 straight up or down. [deg]
    elevation_deg : ndarray, shape (...)
        Positive upward, −90 to 90. [deg]
    """
    step_m = np.asarray(to_xyz_m, np.float64) - np.asarray(from_xyz_m, np.float64)
    east_m, north_m, up_m = step_m[..., 0], step_m[..., 1], step_m[..., 2]
    azimuth_deg = np.degrees(np.arctan2(east_m, north_m)) % FULL_TURN_DEG
    azimuth_deg = np.where(azimuth_deg >= FULL_TURN_DEG, 0.0, azimuth_deg)  # −1e-17 % 360 rounds to 360
    return azimuth_deg, np.asarray(np.degrees(np.arctan2(up_m, np.hypot(east_m, north_m))))
