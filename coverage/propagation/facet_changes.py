"""What differs between two scenes of one site with other windows treated, and which straight rays cross it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.multiwall import PreparedFacets, crossing_counts
from quietwing.coverage.propagation.prepared_facets import some_quads
from quietwing.coverage.propagation.scene import Scene
from quietwing.sites import PointSet

__all__ = ["ChangedFacets", "changed_facets"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChangedFacets:
    """Pieces of a site that are made of something else than before.

    Attributes
    ----------
    quads : PreparedFacets
        Of one surface.
    """

    quads: PreparedFacets

    def crossed(self, tx_m: ArrayLike, points: PointSet | ArrayLike) -> NDArray[np.bool_]:
        """Whether straight rays cross any of them: all others lose what they lost before, to the last bit.

        Parameters
        ----------
        tx_m : array_like, shape (tx, 3)
            [m]
        points : PointSet or array_like, shape (point, 3)
            [m]

        Returns
        -------
        bool ndarray, shape (tx, point)
        """
        counted = crossing_counts(self.quads, tx_m, points, np.array([0]), 1)
        return np.asarray(counted[:, :, 0] > 0)

    def crossed_legs(self, start_m: Floats, end_m: Floats) -> NDArray[np.bool_]:
        """Whether legs cross any of them.

        Parameters
        ----------
        start_m, end_m : float64 ndarray, shape (leg, 3)
            [m]

        Returns
        -------
        bool ndarray, shape (leg,)
        """
        met = np.zeros(len(start_m), np.bool_)
        if not len(self.quads):
            return met
        low, high = self.quads.facet[:, 32:35].min(axis=0), self.quads.facet[:, 35:38].max(axis=0)
        near = (np.minimum(start_m, end_m) <= high).all(axis=1) & (np.maximum(start_m, end_m) >= low).all(axis=1)
        at = np.flatnonzero(near)  # a leg that crosses something meets the box round everything
        counted = crossing_counts(self.quads, start_m[at], end_m[at], np.array([0]), 1, paired=True)
        met[at] = counted[0, :, 0] > 0
        return met


def changed_facets(before: Scene, after: Scene) -> ChangedFacets | None:
    """What differs between two scenes.

    Parameters
    ----------
    before, after : Scene

    Returns
    -------
    ChangedFacets or None
        None where one was not made `like` the other, or stands elsewhere: anything may differ.
    """
    if after.prepared.box is not before.prepared.box:
        return None
    old, new = (
        [scene.facets.surfaces[index] for index in scene.prepared.surface.tolist()] for scene in (before, after)
    )
    differs = np.array([one != other for one, other in zip(old, new, strict=True)], np.bool_)
    quads = some_quads(after.prepared, np.flatnonzero(differs))
    return ChangedFacets(replace(quads, surface=np.zeros(len(quads), np.int32), surfaces=1))
