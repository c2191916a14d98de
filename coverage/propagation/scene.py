"""A site made ready for path gain: its facets for the kernel, its surfaces' loss at the frequencies asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.constructions import extrapolation_notes, loss_table
from quietwing.coverage.propagation.multiwall import LossTable, PreparedFacets, cos_nodes, prepare
from quietwing.coverage.propagation.prepared_facets import prepare_like
from quietwing.sites import Facets, Site, facets, facets_like

__all__ = ["PERIMETER", "Block", "Scene", "prepare_scene"]

PERIMETER = -1  # facets that belong to no building


@dataclass(frozen=True)
class Block:
    """Something that stands alone, and a circle round it in plan.

    Attributes
    ----------
    building : int
        Index of the building, -1 for the perimeter's wall.
    outline : Polygon
    top_m : float
        Above the ground. [m]
    middle_m : float64 ndarray, shape (2,)
        [m]
    radius_m : float
        [m]
    """

    building: int
    outline: shapely.Polygon
    top_m: float
    middle_m: NDArray[np.float64]
    radius_m: float


@dataclass(frozen=True)
class Scene:
    """What path gain needs of a site, worked out once.

    Attributes
    ----------
    site : Site
    facets : Facets
    prepared : PreparedFacets
    losses : dict
        What `loss_table` keeps of constructions, common to all scenes made `like` one another: no plan stays in
        memory when its scenes are gone.
    """

    site: Site
    facets: Facets
    prepared: PreparedFacets
    losses: dict[tuple[Any, ...], NDArray[np.float64]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def mapped(self) -> shapely.Polygon:
        """Plan of what is mapped: the hull of the perimeter and all buildings."""
        outlines = [self.site.perimeter.outline, *(building.outline for building in self.site.buildings)]
        return shapely.convex_hull(shapely.union_all(outlines))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """What stands alone: the perimeter's wall, unless nothing stops a ray there, and every building."""
        fence = self.site.perimeter
        found = [(PERIMETER, fence.outline, fence.height_m)] if fence.construction != "open" else []
        found += [
            (index, built.outline, max(storey.ceiling_m for storey in built.storeys))
            for index, built in enumerate(self.site.buildings)
        ]
        return tuple(_block(*each) for each in found)

    def loss_table(self, freq_mhz: ArrayLike) -> LossTable:
        """Loss of each surface by angle at these frequencies, averaged as in assumption A7."""
        freq_mhz = np.atleast_1d(np.asarray(freq_mhz, float))
        return LossTable(
            loss_table(self.facets.surfaces, self.site.constructions, freq_mhz, cos_nodes(), self.losses)
        )

    def extrapolation_notes(self, freq_mhz: ArrayLike) -> tuple[str, ...]:
        """One note per material used below the frequencies its source covers."""
        names = sorted({name for surface in self.facets.surfaces for name in surface})
        used = [self.site.constructions[name] for name in names]
        return extrapolation_notes(used, np.atleast_1d(np.asarray(freq_mhz, float)))

    def is_mapped(self, xyz_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether places are within the plan of what is mapped, shape (place,)."""
        return np.asarray(shapely.intersects_xy(self.mapped, xyz_m[:, 0], xyz_m[:, 1]))

    def leave_distance_m(
        self, start_m: NDArray[np.float64], end_m: NDArray[np.float64], end_mapped: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """How far along each ray from one place the mapped geometry ends, ``inf`` where the ray stays within it.

        Parameters
        ----------
        start_m : ndarray, shape (3,)
            [m]
        end_m : ndarray, shape (ray, 3)
            The distance is measured from whichever end is mapped, 0 when neither is. [m]
        end_mapped : bool ndarray, shape (ray,)
            `is_mapped` of the ends.

        Returns
        -------
        ndarray, shape (ray,)
            Along the ray in three dimensions. [m]
        """
        start_mapped = bool(self.is_mapped(start_m[None])[0])
        leave_m = np.where(end_mapped & start_mapped, np.inf, 0.0)
        one = np.flatnonzero(end_mapped != start_mapped)
        if len(one):
            ends_m, starts_m = end_m[one, :2], np.broadcast_to(start_m[:2], (len(one), 2))
            inner_m, outer_m = (starts_m, ends_m) if start_mapped else (ends_m, starts_m)
            length_m = np.linalg.norm(end_m[one] - start_m, axis=1)
            leave_m[one] = self._share_within(inner_m, outer_m - inner_m) * length_m
        return leave_m

    def _share_within(self, start_m: NDArray[np.float64], way_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of each way in plan, from a mapped start, that is mapped: a convex hull is left by one edge."""
        ring = shapely.get_coordinates(shapely.geometry.polygon.orient(self.mapped).exterior)
        edge = np.diff(ring, axis=0)
        outward = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
        speed = way_m[:, :1] * outward[:, 0] + way_m[:, 1:] * outward[:, 1]
        offset = outward[:, 0] * ring[:-1, 0] + outward[:, 1] * ring[:-1, 1]
        room = offset - (start_m[:, :1] * outward[:, 0] + start_m[:, 1:] * outward[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.where(speed > 0, room / speed, np.inf)
        return np.asarray(np.clip(ends.min(axis=1), 0.0, 1.0))


def _block(building: int, outline: shapely.Polygon, top_m: float) -> Block:
    middle_m = shapely.get_coordinates(outline.centroid)[0]
    radius_m = float(np.hypot(*(shapely.get_coordinates(outline.exterior) - middle_m).T).max())
    return Block(building, outline, top_m, middle_m, radius_m)


def prepare_scene(site: Site, *, like: Scene | None = None) -> Scene:
    """Make a site ready for path gain.

    Parameters
    ----------
    site : Site
        A checked site.
    like : Scene, optional
        Of the same site with other windows treated: saves time, changes nothing.

    Returns
    -------
    Scene
    """
    if like is not None:
        pieces = facets_like(site, like.site, like.facets)
        return Scene(site, pieces, prepare_like(pieces, like.facets, like.prepared), like.losses)
    pieces = facets(site)
    return Scene(site, pieces, prepare(pieces))
