"""Where spill is counted: rings round the perimeter filled with a grid, and the named receptors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.blocking.emissions import transmissions
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import SiteError
from quietwing.coverage.propagation import cable_length_m, radiated_db
from quietwing.coverage.trims import OnAir, on_air
from quietwing.sites import PointSet, Site, scattered

__all__ = [
    "RECEPTOR",
    "RINGS",
    "OutsidePoints",
    "Ring",
    "most_eirp_dbm",
    "outside_points",
]

Floats = NDArray[np.float64]

STANDING_HEIGHT_M = 1.5  # assumption A6
STRONG_EIRP_DBM = 30.0  # 1 W: stronger gear is looked for to 3 km, assumption A6
MOST_POINTS = 20_000  # some thirty times a large prison: beyond it a coordinate is likelier wrong than the site large
RECEPTOR = "receptor"
_COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


@dataclass(frozen=True, slots=True)
class Ring:
    """Places further than `inner_m` from the perimeter and up to `outer_m`, a point every `step_m`."""

    name: str
    inner_m: float
    outer_m: float
    step_m: float
    strong_only: bool = False


# Assumption A6.
RINGS = (
    Ring("0–20 m", 0.0, 20.0, 10.0),
    Ring("20–100 m", 20.0, 100.0, 25.0),
    Ring("100 m–1 km", 100.0, 1000.0, 100.0),
    Ring("1–3 km", 1000.0, 3000.0, 500.0, strong_only=True),
)


@dataclass(frozen=True)
class OutsidePoints:
    """Places outside, ring by ring and then the receptors.

    Attributes
    ----------
    points : PointSet
    ring : tuple of str
        Name of each point's ring, or ``receptor``.
    name : tuple of str
        Each place in words.
    people : float64 ndarray, shape (outside,)
        People at a receptor, the same number at each of its heights; 0 in rings.
    distance_m : float64 ndarray, shape (outside,)
        To the perimeter in plan. [m]
    """

    points: PointSet
    ring: tuple[str, ...]
    name: tuple[str, ...]
    people: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.points)


def most_eirp_dbm(devices: Iterable[Device], catalogue: Mapping[str, Model], sectors: Iterable[OnAir]) -> float:
    """Largest EIRP in any one band of any device that is on, ``-inf`` if nothing radiates.

    Parameters
    ----------
    devices : iterable of Device
    catalogue : mapping of str to Model
    sectors : iterable of OnAir
        Of the public network: trims name their channels.

    Returns
    -------
    float
        At the peak of the antenna or of all of a cable, as of `transmissions`. [dBm]
    """
    carriers = on_air(sectors)
    found = [-np.inf]
    for device in devices:
        model = catalogue[device.model]
        for sent in transmissions(device, model, carriers) if device.state != "off" else ():
            gain_db = model.gain_dbi
            if model.radiating_cable:
                length_m, ends_mhz = cable_length_m(device.line_m), (sent.low_mhz, sent.high_mhz)
                gain_db = max(radiated_db(model.radiating_cable, length_m, end_mhz) for end_mhz in ends_mhz)
            found.append(sent.power_dbm + gain_db)
    return max(found)


def outside_points(site: Site, devices_eirp_dbm: float = -np.inf) -> OutsidePoints:
    """Places outside the perimeter at which spill is counted.

    Parameters
    ----------
    site : Site
    devices_eirp_dbm : float
        Largest EIRP of any device (`most_eirp_dbm`); above 30 dBm the ring from 1 to 3 km is looked at too. [dBm]

    Returns
    -------
    OutsidePoints
        Grid points lie further from the perimeter than the ring's inner distance and at most at its outer one.

    Raises
    ------
    SiteError
        If the rings would hold more points than any prison needs.

    References
    ----------
    Assumption A6.
    """
    rings = [ring for ring in RINGS if not ring.strong_only or devices_eirp_dbm > STRONG_EIRP_DBM]
    outline = site.perimeter.outline
    expected = sum(_ring_area_m2(outline, ring) / ring.step_m**2 for ring in rings)
    if not expected <= MOST_POINTS:
        raise SiteError(
            f"perimeter: {site.perimeter.id}: {outline.length:.0f} m long gives {expected:.0f} points outside "
            f"(at most {MOST_POINTS}); check its coordinates are metres, or split the site"
        )
    shapely.prepare(outline)
    places: list[tuple[float, float, float]] = []
    labels: list[str] = []
    names: list[str] = []
    people: list[float] = []
    for ring in rings:
        xy_m = _ring_grid(outline, ring)
        places.extend((x, y, STANDING_HEIGHT_M) for x, y in xy_m.tolist())
        labels.extend([ring.name] * len(xy_m))
        names.extend(_in_words(outline, xy_m))
        people.extend([0.0] * len(xy_m))
    for receptor in site.receptors:
        for height_m in sorted({STANDING_HEIGHT_M, *receptor.heights_m}):
            places.append((receptor.point.x, receptor.point.y, height_m))
            labels.append(RECEPTOR)
            names.append(f"{receptor.id} at {height_m:g} m")
            people.append(receptor.people)
    points = scattered(np.array(places, float))
    away_m = shapely.distance(shapely.points(points.xyz_m[:, :2]), outline)
    return OutsidePoints(points, tuple(labels), tuple(names), np.array(people, float), np.asarray(away_m, float))


def _ring_area_m2(outline: shapely.Polygon, ring: Ring) -> float:
    """Area of a ring round a convex outline, an upper limit for any other."""
    width_m = ring.outer_m - ring.inner_m
    return float(outline.length * width_m + np.pi * (ring.outer_m**2 - ring.inner_m**2))


def _ring_grid(outline: shapely.Polygon, ring: Ring) -> Floats:
    """Grid points of a ring, from south-west to north-east; the grid moves with the site."""
    west, south, east, north = outline.bounds
    x_m, y_m = (
        np.arange(low - ring.outer_m + ring.step_m / 2, high + ring.outer_m, ring.step_m)
        for low, high in ((west, east), (south, north))
    )
    grid = np.stack([axis.ravel() for axis in np.meshgrid(x_m, y_m)], axis=1)
    away_m = shapely.distance(shapely.points(grid), outline)
    return np.asarray(grid[(away_m > ring.inner_m) & (away_m <= ring.outer_m)], float)


def _in_words(outline: shapely.Polygon, xy_m: Floats) -> list[str]:
    """Each point as ``12 m outside, north-east``."""
    centre = outline.centroid
    away_m = shapely.distance(shapely.points(xy_m), outline)
    turn = np.degrees(np.arctan2(xy_m[:, 0] - centre.x, xy_m[:, 1] - centre.y))
    side = np.round(turn / 45).astype(int) % len(_COMPASS)
    return [f"{far:.0f} m outside, {_COMPASS[at]}" for far, at in zip(away_m.tolist(), side.tolist(), strict=True)]
