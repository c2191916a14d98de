"""What readings at a few places say of all others: ordinary kriging of their residuals in dB.

The residual at a place is one mean that nobody knows plus shadow fading, and a reading adds an error of its own. From
one reading the residual is taken everywhere; how sure that is falls with the distance, since both places are shadowed
each in its own way. Of many readings the mean is known, and far from all of them the fading alone is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation import Shadowing

__all__ = ["Kriged", "krige"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kriged:
    """Residuals at some places made ready to be asked for at others; by `krige`.

    Attributes
    ----------
    xy_m : float64 ndarray, shape (reading, 2)
        The places. [m]
    shadowing : Shadowing
    inverse : float64 ndarray, shape (reading, reading)
        Of the covariance of the readings. [1/dB²]
    mean_db : float64 ndarray, shape (first, set)
        Mean of each set of residuals, each reading weighted by what it tells that the others do not. [dB]
    weight : float64 ndarray, shape (first, set, reading)
        `inverse` times the deviations from it. [1/dB]
    """

    xy_m: Array
    shadowing: Shadowing
    inverse: Array
    mean_db: Array
    weight: Array

    def only(self, sets: NDArray[np.intp]) -> Kriged:
        """Some of the sets of residuals, by index."""
        return replace(self, mean_db=self.mean_db[:, sets], weight=self.weight[:, sets])

    def covariance_db2(self, xy_m: Array) -> Array:
        """Of the readings' fading with that of other places, shape (reading, point). [dB²]"""
        apart_m = self.xy_m[:, None] - xy_m[None]
        return self.shadowing.covariance_db2(np.hypot(apart_m[..., 0], apart_m[..., 1]))

    def residual_db(self, xy_m: Array, of: int) -> Array:
        """The residual taken at other places, of one entry along the first axis of the sets.

        Parameters
        ----------
        xy_m : float64 ndarray, shape (point, 2)
            [m]
        of : int

        Returns
        -------
        float64 ndarray, shape (set, point)
            [dB]
        """
        return np.asarray(self.mean_db[of][:, None] + _summed(self.weight[of], self.covariance_db2(xy_m)))

    def variance_db2(self, xy_m: Array) -> Array:
        """Of the error of the residual taken at other places.

        Parameters
        ----------
        xy_m : float64 ndarray, shape (point, 2)
            [m]

        Returns
        -------
        float64 ndarray, shape (point,)
            With one reading at distance d: (its error)² + 2σ²(1 − exp(−d/d_cor)). [dB²]
        """
        shared_db2 = self.covariance_db2(xy_m)
        told = _summed(self.inverse, shared_db2)
        fading_db2 = self.shadowing.sigma_db**2 - (shared_db2 * told).sum(axis=0)
        return np.asarray(fading_db2 + (1 - told.sum(axis=0)) ** 2 / self.inverse.sum())


def krige(xy_m: Array, residual_db: Array, shadowing: Shadowing, error_db: float) -> Kriged:
    """Make residuals at some places ready.

    Parameters
    ----------
    xy_m : float64 ndarray, shape (reading, 2)
        Places in plan, at least one; the same one may be given again. [m]
    residual_db : float64 ndarray, shape (first, set, reading)
        What was read there less what was predicted, one or more sets along two axes. [dB]
    shadowing : Shadowing
        Of what was read.
    error_db : float
        Standard deviation of the error of each reading, above 0. [dB]

    Returns
    -------
    Kriged

    References
    ----------
    N. A. C. Cressie, Statistics for Spatial Data, revised edition, Wiley 1993, section 3.2 (ordinary kriging, of the
    process without the error of the readings).
    """
    apart_m = xy_m[:, None] - xy_m[None]
    covariance_db2 = shadowing.covariance_db2(np.hypot(apart_m[..., 0], apart_m[..., 1]))
    inverse = np.asarray(np.linalg.inv(covariance_db2 + error_db**2 * np.eye(len(xy_m))), np.float64)
    share = inverse.sum(axis=0) / inverse.sum()
    mean_db = np.asarray(residual_db @ share, np.float64)
    weight = np.asarray((residual_db - mean_db[..., None]) @ inverse, np.float64)
    return Kriged(xy_m, shadowing, inverse, mean_db, weight)


def _summed(weight: Array, columns: Array) -> Array:
    """`weight` times `columns`, one reading after the other: no bit of a point depends on which others are asked."""
    found = np.zeros((len(weight), columns.shape[1]))
    for reading, column in enumerate(columns):
        found += weight[:, reading, None] * column
    return found
