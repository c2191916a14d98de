"""Small cells in streets and just above the roofs: which section of Rec. ITU-R P.1411 gives the loss, and where.

Each section is taken inside its own range alone, what is left falls to TR 38.901 with a note (`mast_path`). Section
4.3.1 is not among them: it is for two stations 1.9 to 3 m high, and no antenna of a public network hangs so low.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.roof_screens import (
    DISTANCE_M,
    FREQ_MHZ,
    MAST_M,
    STREET_STATION_M,
    TownSize,
    roof_screens_loss_db,
)
from quietwing.coverage.propagation.short_range import (
    CORNER_DEG,
    CORNER_MHZ,
    StreetEnvironment,
    below_roofs_loss_db,
    below_roofs_range,
    over_roofs_loss_db,
    over_roofs_range,
    street_corner_loss_db,
)
from quietwing.sites import Sector, Surroundings

__all__ = ["ROOFS", "STREET", "Law", "Link", "short_laws"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

STREET, ROOFS = "street", "roofs"
# Kind of street by `area` of the site and state of sight; P.1411 has no residential row with sight, and for low-rise
# towns without it none below 10 GHz.
STREETS: dict[str, tuple[StreetEnvironment, StreetEnvironment]] = {
    "urban": ("urban_high_rise", "urban_high_rise"),
    "suburban": ("urban_low_rise", "residential"),
    "rural": ("urban_low_rise", "residential"),
}
# Over roofs: without sight high-rise towns alone have a row.
OVER_ROOFS: dict[str, tuple[StreetEnvironment, StreetEnvironment | None]] = {
    "urban": ("urban_high_rise", "urban_high_rise"),
    "suburban": ("urban_low_rise", None),
    "rural": ("urban_low_rise", None),
}
TOWNS: dict[str, TownSize] = {"urban": "metropolitan"}  # assumed; matters up to 2 GHz
MEDIUM_TOWN: TownSize = "medium_city_or_suburb"
ACROSS_DEG = 90.0  # the street lies across the path; COST 231, final report, 4.4.1, where nothing is known of it
SHORT_M = 1000.0  # P.1411, considering a: short range is less than 1 km; section 4.1.3.1 names no longest way

BEYOND = "P.1411 in streets, outside its range of {:g} to {:g} m from {:g} MHz {}{}: TR 38.901 UMi is taken"
NO_CORNER = (
    "P.1411 round a street corner, outside its range of 800 to 2000 MHz, 1000 m along the streets and 34.4 to 180 "
    "degrees between them: as if no crossing were named"
)
SEEN_BEYOND = (
    "P.1411 over roofs, outside its range of {:g} to {:g} m from {:g} MHz with sight{}: TR 38.901 UMa is taken"
)
HIDDEN_BEYOND = "P.1411 over roofs without sight, outside its range ({}){}: TR 38.901 UMa is taken"
SCREENS_RANGE = "20 to 5000 m, from 800 MHz, masts 4 to 55 m and points 1 to 3 m high{}"
SIDES = {STREET: ", both ends below roofs of {:g} m", ROOFS: ", the point below roofs of {:g} m, the mast above them"}


@dataclass(frozen=True, slots=True)
class Link:
    """From one mast to some places.

    Attributes
    ----------
    sector : Sector
    area : {"rural", "suburban", "urban"}
        Of the site.
    surroundings : Surroundings
        Of the site.
    distance_2d_m : float64 ndarray, shape (point,)
        Distance in plan. [m]
    height_m : float64 ndarray, shape (point,)
        Height of each place above the ground. [m]
    xy_m : float64 ndarray, shape (point, 2), optional
        The places. Without them no crossing is used. [m]
    bounding : bool ndarray, shape (point,), optional
        Places where the public level bounds how loud a blocker may be (spill, rooms that keep service): there the
        safe side is the weaker signal.
    """

    sector: Sector
    area: str
    surroundings: Surroundings
    distance_2d_m: Array
    height_m: Array
    xy_m: Array | None = None
    bounding: Mask | None = None

    @property
    def distance_m(self) -> Array:
        """In three dimensions. [m]"""
        return np.asarray(np.hypot(self.distance_2d_m, self.sector.height_m - self.height_m))


@dataclass(frozen=True, slots=True)
class Law:
    """What one model says of some places.

    Attributes
    ----------
    name : str
        ``P.1411 section 4.1.1``.
    loss_db : float64 ndarray, shape (point,)
        NaN where the model does not hold. [dB]
    """

    name: str
    loss_db: Array

    @property
    def within(self) -> Mask:
        """Where the model holds."""
        return np.asarray(~np.isnan(self.loss_db))


def short_laws(link: Link, clear: bool) -> tuple[tuple[Law, ...], tuple[str, ...]]:
    """The sections that may give the loss of a link, the first that holds at a place rules there.

    Parameters
    ----------
    link : Link
    clear : bool
        The state of sight.

    Returns
    -------
    laws : tuple of Law
        None for masts of other environments than ``street`` and ``roofs``.
    notes : tuple of str
        Ranges that were left.

    References
    ----------
    Rec. ITU-R P.1411-12, sections 4.1.1 and 4.1.3.1 in streets, 4.2.1 and 4.2.2.1 over roofs.
    """
    if link.sector.environment == STREET:
        return _in_streets(link, clear)
    if link.sector.environment == ROOFS:
        return _over_roofs_seen(link) if clear else _over_roofs_hidden(link)
    return (), ()


def _in_streets(link: Link, clear: bool) -> tuple[tuple[Law, ...], tuple[str, ...]]:
    """Sections 4.1.3.1, where a crossing is named, and 4.1.1."""
    street = STREETS[link.area][0 if clear else 1]
    (lowest_mhz, _), span_m = below_roofs_range(street, clear)
    away_m, freq_mhz = link.distance_m, link.sector.freq_mhz
    sides = _on_their_sides(link)
    within = sides & (away_m >= span_m[0]) & (away_m <= span_m[1]) & (freq_mhz >= lowest_mhz)
    laws = [_law("P.1411 section 4.1.1", within, lambda at: below_roofs_loss_db(freq_mhz, away_m[at], street, clear))]
    notes = []
    corner_m, width_m = link.sector.corner_m, link.surroundings.street_width_m
    if not clear and corner_m is not None and width_m is not None and link.xy_m is not None:
        laws.insert(0, _round_the_corner(link.sector, link.xy_m, corner_m, width_m, sides))
        if not laws[0].within.all():
            notes.append(NO_CORNER)
    if not np.any([law.within for law in laws], axis=0).all():
        sight = "with sight" if clear else "without sight"
        notes.append(BEYOND.format(*span_m, lowest_mhz, sight, _sides(link)))
    return tuple(laws), tuple(notes)


def _round_the_corner(sector: Sector, xy_m: Array, corner_m: tuple[float, float], width_m: float, sides: Mask) -> Law:
    """Section 4.1.3.1: along the mast's street to the crossing, from there straight to the place.

    Two legs that run on in one line, or fold back on each other, have no corner between them.
    """
    back_m = np.array([sector.x_m, sector.y_m]) - np.array(corner_m)
    onward_m = xy_m - np.array(corner_m)
    x1_m, x2_m = float(np.hypot(*back_m)), np.hypot(*onward_m.T)
    turned = back_m[0] * onward_m[:, 1] - back_m[1] * onward_m[:, 0]
    ahead = back_m[0] * onward_m[:, 0] + back_m[1] * onward_m[:, 1]
    corner_deg = np.degrees(np.arctan2(np.abs(turned), ahead))
    within = sides & (x2_m > 0) & (x1_m + x2_m <= SHORT_M)
    within &= (corner_deg > CORNER_DEG[0]) & (corner_deg < CORNER_DEG[1])
    within &= CORNER_MHZ[0] <= sector.freq_mhz <= CORNER_MHZ[1]
    return _law(
        "P.1411 section 4.1.3.1",
        within,
        lambda at: street_corner_loss_db(sector.freq_mhz, x1_m, x2_m[at], width_m, width_m, corner_deg[at]),
    )


def _over_roofs_seen(link: Link) -> tuple[tuple[Law, ...], tuple[str, ...]]:
    """Section 4.2.1 with sight."""
    town = OVER_ROOFS[link.area][0]
    law, (lowest_mhz, span_m) = _over_roofs(link, town, True)
    notes = () if law.within.all() else (SEEN_BEYOND.format(*span_m, lowest_mhz, _sides(link)),)
    return (law,), notes


def _over_roofs_hidden(link: Link) -> tuple[tuple[Law, ...], tuple[str, ...]]:
    """Sections 4.2.1, for high-rise towns, and 4.2.2.1, without sight."""
    town = OVER_ROOFS[link.area][1]
    laws, spans = [], []
    if town is not None:
        law, (lowest_mhz, span_m) = _over_roofs(link, town, False)
        laws.append(law)
        spans.append(f"{span_m[0]:g} to {span_m[1]:g} m from {lowest_mhz:g} MHz")
    laws.append(_over_rows(link))
    if np.any([law.within for law in laws], axis=0).all():
        return tuple(laws), ()
    around = link.surroundings
    absent = [name for name in ("roof_m", "row_spacing_m", "street_width_m") if getattr(around, name) is None]
    spans.append(SCREENS_RANGE.format(f"; give {', '.join(absent)} in [surroundings]" if absent else ""))
    return tuple(laws), (HIDDEN_BEYOND.format("; or ".join(spans), _sides(link)),)


def _over_roofs(link: Link, town: StreetEnvironment, clear: bool) -> tuple[Law, tuple[float, tuple[float, float]]]:
    """Section 4.2.1 in one state of sight, and where it holds."""
    (lowest_mhz, _), span_m = over_roofs_range(town, clear)
    away_m, freq_mhz = link.distance_m, link.sector.freq_mhz
    within = _on_their_sides(link) & (away_m >= span_m[0]) & (away_m <= span_m[1]) & (freq_mhz >= lowest_mhz)
    law = _law("P.1411 section 4.2.1", within, lambda at: over_roofs_loss_db(freq_mhz, away_m[at], town, clear))
    return law, (lowest_mhz, span_m)


def _over_rows(link: Link) -> Law:
    """Section 4.2.2.1: rows of houses all the way (assumed), streets across it. The mast may stand below roofs."""
    around, sector, away_m = link.surroundings, link.sector, link.distance_m
    roof_m, spacing_m, width_m = around.roof_m, around.row_spacing_m, around.street_width_m
    name = "P.1411 section 4.2.2.1"
    if roof_m is None or spacing_m is None or width_m is None:
        return Law(name, np.full(len(away_m), np.nan))
    low_m, high_m = STREET_STATION_M
    within = (link.height_m >= low_m) & (link.height_m <= high_m)
    within &= (away_m >= DISTANCE_M[0]) & (away_m <= DISTANCE_M[1])
    within &= MAST_M[0] <= sector.height_m <= MAST_M[1] and FREQ_MHZ[0] <= sector.freq_mhz <= FREQ_MHZ[1]
    town = TOWNS.get(link.area, MEDIUM_TOWN)
    return _law(
        name,
        within,
        lambda at: roof_screens_loss_db(
            sector.freq_mhz,
            away_m[at],
            sector.height_m,
            link.height_m[at],
            roof_m,
            away_m[at],
            spacing_m,
            width_m,
            ACROSS_DEG,
            town,
        ),
    )


def _on_their_sides(link: Link) -> Mask:
    """Whether mast and place stand below or above the roofs as the environment says, as far as it is known."""
    roof_m = link.surroundings.roof_m
    if roof_m is None:
        return np.ones(len(link.height_m), np.bool_)
    above = link.sector.height_m > roof_m
    right = above if link.sector.environment == ROOFS else not above
    return np.asarray((link.height_m < roof_m) & right)


def _sides(link: Link) -> str:
    """The same in words for a note."""
    roof_m = link.surroundings.roof_m
    return "" if roof_m is None else SIDES[link.sector.environment].format(roof_m)


def _law(name: str, within: Mask, loss_db: Callable[[Mask], Array]) -> Law:
    """A law that is asked where it holds alone."""
    found_db = np.full(len(within), np.nan)
    if within.any():
        found_db[within] = loss_db(within)
    return Law(name, found_db)
