"""What a sector of the public network radiates towards a place: built in, an array, or a file of the site."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.antennas import SectorPattern, load_patterns, pattern_gain_db, seen_from_tilted
from quietwing.coverage.propagation.array_pattern import ArrayPattern, load_arrays
from quietwing.coverage.propagation.cut_pattern import CutPattern
from quietwing.sites import OutOfRangeError, Sector, Site, shown

__all__ = ["connected_gain_db", "is_directional", "sector_gain_db", "sector_pattern"]


def sector_pattern(site: Site, sector: Sector) -> SectorPattern | CutPattern | ArrayPattern:
    """The pattern a sector names.

    Parameters
    ----------
    site : Site
        Holds the antenna files.
    sector : Sector

    Returns
    -------
    SectorPattern, CutPattern or ArrayPattern

    Raises
    ------
    OutOfRangeError
        If there is no pattern or file of that name.
    """
    name = sector.antenna_name
    if name is not None:
        if name not in site.antennas:
            raise OutOfRangeError(
                f"masts.csv: {sector.id}: antenna file {shown(name)} is not part of the site "
                f"(it has {', '.join(site.antennas) or 'none'}); add it to the folder antennas"
            )
        return CutPattern(site.antennas[name])
    known = load_patterns() | load_arrays()
    if sector.pattern not in known:
        raise OutOfRangeError(
            f"masts.csv: {sector.id}: no antenna pattern {shown(sector.pattern)} (known: {', '.join(known)}); "
            f"choose one of these"
        )
    return known[sector.pattern]


def is_directional(site: Site, sector: Sector) -> bool:
    """Whether it matters where a sector looks."""
    pattern = sector_pattern(site, sector)
    if isinstance(pattern, CutPattern):
        return pattern.antenna.is_directional
    return isinstance(pattern, ArrayPattern) or np.isfinite(pattern.horizontal_width_deg)


def sector_gain_db(
    site: Site, sector: Sector, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> NDArray[np.float64]:
    """Gain of a sector towards places, relative to the peak of its pattern; of an array the strongest sync beam's.

    Parameters
    ----------
    site : Site
    sector : Sector
        One whose azimuth is unknown looks in every direction; `azimuth_fit` finds one for it.
    azimuth_deg, elevation_deg : array_like, shape (...)
        Direction from the mast to the places, from `antennas.direction`. [deg]

    Returns
    -------
    ndarray, shape (...)
        At most 0. [dB]
    """
    looks_deg = azimuth_deg if sector.azimuth_deg is None else sector.azimuth_deg
    return pattern_gain_db(sector_pattern(site, sector), azimuth_deg, elevation_deg, looks_deg, sector.tilt_deg)


def connected_gain_db(
    site: Site, sector: Sector, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> NDArray[np.float64]:
    """What a sector's beam gains once it is turned to a place, over `sector_gain_db`, which phones camp by.

    Parameters
    ----------
    site : Site
    sector : Sector
    azimuth_deg, elevation_deg : array_like, shape (...)
        Direction from the mast to the places, from `antennas.direction`. [deg]

    Returns
    -------
    ndarray, shape (...)
        0 or more; 0 everywhere for an antenna that turns no beam. [dB]
    """
    pattern = sector_pattern(site, sector)
    looks_deg = azimuth_deg if sector.azimuth_deg is None else sector.azimuth_deg
    azimuth_off_deg = np.asarray(azimuth_deg, np.float64) - np.asarray(looks_deg, np.float64)
    own = seen_from_tilted(azimuth_off_deg, -np.asarray(elevation_deg, np.float64), sector.tilt_deg)
    if not isinstance(pattern, ArrayPattern):
        return np.zeros_like(own[0])
    return pattern.traffic_gain_db(*own) - pattern.gain_db(*own)
