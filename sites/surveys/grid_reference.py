"""Ordnance Survey grid references, such as NZ 24971 65142, as eastings and northings."""

from __future__ import annotations

import re

__all__ = ["osgb_m"]

_REFERENCE = re.compile(r"([A-HJ-Z])([A-HJ-Z])(\d{2,10})", re.IGNORECASE)
_FIGURES = re.compile(r"\s*(\d{6}(?:\.\d+)?)\s*[ ,;/]\s*(\d{6,7}(?:\.\d+)?)\s*")  # easting, northing
_LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # 5 × 5 from the north-west, without I
_SQUARE_M = 100_000


def osgb_m(reference: str) -> tuple[float, float] | None:
    """Middle of the square of a grid reference, in EPSG:27700; nothing where it is none.

    Parameters
    ----------
    reference : str
        Two letters and 2 to 10 figures, spaces left out of account; or easting and northing in metres, 6 figures
        or, north of 1,000 km, 7.

    Returns
    -------
    tuple of float or None
        Easting and northing. [m]

    References
    ----------
    Ordnance Survey, A guide to coordinate systems in Great Britain, section 7: the letters count squares of 500 km
    from false origin and of 100 km within them.
    """
    figures = _FIGURES.fullmatch(reference)
    if figures is not None:
        return float(figures[1]), float(figures[2])
    found = _REFERENCE.fullmatch(re.sub(r"\s", "", reference))
    if found is None or len(found[3]) % 2:
        return None
    first, second = (_LETTERS.index(letter.upper()) for letter in found.group(1, 2))
    east = ((first - 2) % 5) * 5 + second % 5
    north = 19 - first // 5 * 5 - second // 5
    if not (0 <= east <= 6 and 0 <= north <= 12):
        return None
    half = len(found[3]) // 2
    step_m = _SQUARE_M / 10**half
    return (
        east * _SQUARE_M + (int(found[3][:half]) + 0.5) * step_m,
        north * _SQUARE_M + (int(found[3][half:]) + 0.5) * step_m,
    )
