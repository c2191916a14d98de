"""A building's own grid and where it lies on the site.

A point is rounded to 1 mm in its building's grid first, and only then turned and moved onto the site. Points
that coincide in the grid therefore coincide bit for bit on the site, at any bearing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shapely.geometry import LineString, Polygon
from shapely.geometry.polygon import orient

__all__ = ["GRID_DIGITS", "Frame", "Uv"]

Uv = tuple[float, float]

GRID_DIGITS = 3  # a building's own grid: 1 mm
TURNED_DIGITS = 6  # after a turn: what site files hold; geometry drops slivers of this size
QUARTERS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # direction of u after 0–3 quarter turns clockwise from north


@dataclass(frozen=True, slots=True)
class Frame:
    """Local coordinates (u along, v to the left) and where they lie on the site.

    Attributes
    ----------
    x_m, y_m : float
        The building's origin on the site. [m]
    bearing_deg : float
        Compass bearing of the building's north. [deg]
    p_m, q_m : float
        Origin of this frame in the building's grid (p east, q north before turning). [m]
    quarter_turns : int
        Which way u points in the building's grid: 0 north, 1 east, 2 south, 3 west.
    """

    x_m: float = 0.0
    y_m: float = 0.0
    bearing_deg: float = 0.0
    p_m: float = 0.0
    q_m: float = 0.0
    quarter_turns: int = 0

    def _grid(self, u_m: float, v_m: float) -> Uv:
        du, dv = QUARTERS[self.quarter_turns % 4]
        p_m, q_m = self.p_m + u_m * du - v_m * dv, self.q_m + u_m * dv + v_m * du
        return round(p_m, GRID_DIGITS), round(q_m, GRID_DIGITS)

    def at(self, u_m: float, v_m: float) -> Uv:
        """Site coordinates of a local point. [m]"""
        p_m, q_m = self._grid(u_m, v_m)
        quarters, rest = divmod(self.bearing_deg, 90)
        turn = math.radians(self.bearing_deg)
        sine, cosine = (math.sin(turn), math.cos(turn)) if rest else QUARTERS[int(quarters) % 4]
        digits = TURNED_DIGITS if rest else GRID_DIGITS
        x_m = self.x_m + p_m * cosine + q_m * sine
        y_m = self.y_m - p_m * sine + q_m * cosine
        return round(x_m, digits) + 0.0, round(y_m, digits) + 0.0  # + 0.0: no "-0.0" in files

    def moved(self, u_m: float, v_m: float, quarter_turns: int = 0) -> Frame:
        """The frame whose origin is at a local point of this one, turned clockwise."""
        p_m, q_m = self._grid(u_m, v_m)
        return replace(self, p_m=p_m, q_m=q_m, quarter_turns=(self.quarter_turns + quarter_turns) % 4)

    def line(self, start: Uv, end: Uv) -> LineString:
        """A straight line between two local points."""
        return LineString([self.at(*start), self.at(*end)])

    def polygon(self, ring: Iterable[Uv], holes: Iterable[Iterable[Uv]] = ()) -> Polygon:
        """A polygon with holes through local points, its outside counter-clockwise (RFC 7946)."""
        return orient(Polygon([self.at(*uv) for uv in ring], [[self.at(*uv) for uv in hole] for hole in holes]))

    def rectangle(self, u0_m: float, v0_m: float, u1_m: float, v1_m: float) -> Polygon:
        """The rectangle between two local corners."""
        return self.polygon([(u0_m, v0_m), (u1_m, v0_m), (u1_m, v1_m), (u0_m, v1_m)])
