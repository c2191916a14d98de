"""A site made ready for path gain: its facets for the kernel, its surfaces' loss at the frequencies asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.constructions import extrapolation_notes, loss_table
from quietwing.coverage.propagation.multiwall import LossTable, PreparedFacets, cos_nodes, prepare
from quietwing.sites.facets import Facets
from quietwing.sites.geometry import facets
from quietwing.sites.model import Site

__all__ = ["Scene", "prepare_scene"]


@dataclass(frozen=True)
class Scene:
    """What path gain needs of a site, worked out once.

    Attributes
    ----------
    site : Site
    facets : Facets
    prepared : PreparedFacets
    """

    site: Site
    facets: Facets
    prepared: PreparedFacets

    @cached_property
    def mapped(self) -> shapely.Polygon:
        """Plan of what is mapped: the hull of the perimeter and all buildings."""
        outlines = [self.site.perimeter.outline, *(building.outline for building in self.site.buildings)]
        return shapely.convex_hull(shapely.union_all(outlines))

    def loss_table(self, freq_mhz: ArrayLike) -> LossTable:
        """Loss of each surface by angle at these frequencies, averaged as in CHOICES 7."""
        freq_mhz = np.atleast_1d(np.asarray(freq_mhz, float))
        return LossTable(loss_table(self.facets.surfaces, self.site.constructions, freq_mhz, cos_nodes()))

    def extrapolation_notes(self, freq_mhz: ArrayLike) -> tuple[str, ...]:
        """One note per material used below the frequencies its source covers."""
        names = sorted({name for surface in self.facets.surfaces for name in surface})
        used = [self.site.constructions[name] for name in names]
        return extrapolation_notes(used, np.atleast_1d(np.asarray(freq_mhz, float)))

    def leave_distance_m(self, inner_m: NDArray[np.float64], outer_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far along each ray the mapped geometry ends, ``inf`` where the ray stays within it.

        Parameters
        ----------
        inner_m, outer_m : ndarray, shape (ray, 3)
            The two ends; the distance is measured from whichever end is mapped, 0 when neither is. [m]

        Returns
        -------
        ndarray, shape (ray,)
            Along the ray in three dimensions. [m]
        """
        a_mapped = shapely.intersects_xy(self.mapped, inner_m[:, 0], inner_m[:, 1])
        b_mapped = shapely.intersects_xy(self.mapped, outer_m[:, 0], outer_m[:, 1])
        length_m = np.linalg.norm(outer_m - inner_m, axis=1)
        plan_m = np.hypot(*(outer_m - inner_m)[:, :2].T)
        leave_m = np.where(a_mapped & b_mapped, np.inf, 0.0)
        one = np.flatnonzero(a_mapped != b_mapped)
        if len(one):
            rays = shapely.linestrings(np.stack([inner_m[one, :2], outer_m[one, :2]], axis=1))
            # The hull is convex: what lies within it is one piece, and it begins at the mapped end.
            share = shapely.length(shapely.intersection(rays, self.mapped)) / plan_m[one]
            leave_m[one] = share * length_m[one]
        return leave_m


def prepare_scene(site: Site) -> Scene:
    """Make a site ready for path gain.

    Parameters
    ----------
    site : Site
        A checked site.

    Returns
    -------
    Scene
    """
    pieces = facets(site)
    return Scene(site, pieces, prepare(pieces))
