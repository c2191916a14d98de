"""Pattern of an antenna whose maker measured it in two cuts: both losses added, linear between whole degrees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.sites import FULL_TURN_DEG, AntennaFile

__all__ = ["CutPattern"]


@dataclass(frozen=True, slots=True)
class CutPattern:
    """The pattern of an antenna file, to be given to `pattern_gain_db` in place of a name.

    Attributes
    ----------
    antenna : AntennaFile
    """

    antenna: AntennaFile

    @property
    def peak_depression_deg(self) -> float:
        """Where the vertical cut loses least, below the horizon: the electrical tilt that is in it already. [deg]"""
        return self.antenna.peak_depression_deg

    def gain_db(self, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike) -> NDArray[np.float64]:
        """Gain relative to the peak: the losses of both cuts added.

        Parameters
        ----------
        azimuth_off_deg : array_like, shape (...)
            Azimuth from the main direction, any multiple of a turn apart. [deg]
        depression_off_deg : array_like, broadcastable
            Depression below the antenna's own horizon, negative above it. [deg]

        Returns
        -------
        ndarray, shape (...)
            Gain, at most 0. [dB]

        Notes
        -----
        G(φ, θ) = −(A_H(φ) + A_V(θ)). Along either cut it is the file's own value where the other cut loses nothing;
        off both axes, and behind, it is too low, as the minor lobes of both cuts are counted.

        References
        ----------
        3GPP TR 38.901 v19.4.0, table 7.3-1: the sum of a horizontal and a vertical cut, here without its floor.
        """
        horizontal_db = _between(self.antenna.horizontal_loss_db, azimuth_off_deg)
        return np.asarray(-(horizontal_db + _between(self.antenna.vertical_loss_db, depression_off_deg)))


def _between(loss_db: tuple[float, ...], angle_deg: ArrayLike) -> NDArray[np.float64]:
    """A cut at any angle; at whole degrees exactly the value of the table, also across the full turn."""
    table = np.array(loss_db)
    angle = np.asarray(angle_deg, np.float64) % FULL_TURN_DEG
    below = np.floor(angle)
    share = angle - below
    lower = below.astype(int) % FULL_TURN_DEG  # −1e-17 % 360 rounds to 360
    return np.asarray((1 - share) * table[lower] + share * table[(lower + 1) % FULL_TURN_DEG])
