"""What a sector of the public network radiates towards a place: a built-in pattern or an antenna file of the site."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.antennas import SectorPattern, load_patterns, pattern_gain_db
from quietwing.coverage.propagation.cut_pattern import CutPattern
from quietwing.sites.errors import OutOfRangeError
from quietwing.sites.findings import shown
from quietwing.sites.model import Sector, Site

__all__ = ["sector_gain_db", "sector_pattern"]


def sector_pattern(site: Site, sector: Sector) -> SectorPattern | CutPattern:
    """The pattern a sector names.

    Parameters
    ----------
    site : Site
        Holds the antenna files.
    sector : Sector

    Returns
    -------
    SectorPattern or CutPattern

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
    known = load_patterns()
    if sector.pattern not in known:
        raise OutOfRangeError(
            f"masts.csv: {sector.id}: no antenna pattern {shown(sector.pattern)} (known: {', '.join(known)}); "
            f"choose one of these"
        )
    return known[sector.pattern]


def sector_gain_db(
    site: Site, sector: Sector, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> NDArray[np.float64]:
    """Gain of a sector towards places, relative to the peak of its pattern.

    Parameters
    ----------
    site : Site
    sector : Sector
    azimuth_deg, elevation_deg : array_like, shape (...)
        Direction from the mast to the places, from `antennas.direction`. [deg]

    Returns
    -------
    ndarray, shape (...)
        At most 0. [dB]
    """
    return pattern_gain_db(
        sector_pattern(site, sector), azimuth_deg, elevation_deg, sector.azimuth_deg, sector.tilt_deg
    )
