"""By which way a blocker is heard, in words: the openings its detour leads over, where that is most of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.cable_links import is_cable
from quietwing.coverage.blocking.cable_ways import loudest_station
from quietwing.coverage.blocking.links import LinkModel
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import SenderDetours, detour_path, site_detours, stations_of
from quietwing.sites import PointSet

__all__ = ["HeardOver"]

MOSTLY_DB = 3.0  # by as much both ways together are above the straight ray where the detour is half of the power
NEAR_LOUDEST_DB = 20.0  # what lies lower matters little; a detour takes some milliseconds to trace


class HeardOver:
    """Blockers at some points that are mostly heard by a detour.

    Parameters
    ----------
    model : LinkModel
    catalogue : mapping of str to Model
    points : PointSet
    both, straight : BlockerLinks
        The same devices at the points, with and without detours.
    """

    def __init__(
        self,
        model: LinkModel,
        catalogue: Mapping[str, Model],
        points: PointSet,
        both: BlockerLinks,
        straight: BlockerLinks,
    ) -> None:
        self._model, self._catalogue, self._points, self._devices = model, catalogue, points, both.devices
        self._level_dbm, self._straight_dbm = both.level_dbm, straight.level_dbm
        self._known: dict[tuple[int, int], str] = {}
        self._stations: dict[int, SenderDetours] = {}

    def words(self, carrier: int, point: int) -> dict[int, str]:
        """What leads from blockers to a point, by device; those heard straight or hardly at all are left out.

        The way is that at the middle one of the site's frequencies, as for the errors of its walls.
        """
        level_dbm = self._level_dbm[:, carrier, point]
        heard = np.isfinite(level_dbm)
        loud = heard & (level_dbm >= level_dbm.max(initial=-np.inf) - NEAR_LOUDEST_DB)
        with np.errstate(invalid="ignore"):  # nothing less nothing
            mostly = loud & (level_dbm - self._straight_dbm[:, carrier, point] > MOSTLY_DB)
        found = {int(device): self._over(int(device), point) for device in np.flatnonzero(mostly)}
        return {device: words for device, words in found.items() if words}

    def _over(self, index: int, point: int) -> str:
        if (index, point) not in self._known:
            self._known[index, point] = self._traced(self._devices[index], index, self._points.xyz_m[point])
        return self._known[index, point]

    def _traced(self, device: Device, index: int, point_m: NDArray[np.float64]) -> str:
        model, begins = self._model, ""
        from_m = np.array([device.x_m, device.y_m, device.z_m])
        detours, freq_mhz = model.masts.detours.model, model.masts.freq_mhz
        if is_cable(device, self._catalogue):
            stations, cable = stations_of(device.line_m), self._catalogue[device.model].radiating_cable
            if index not in self._stations:
                self._stations[index] = site_detours(detours, stations.place_m)
            loudest = loudest_station(model, self._stations[index], device.line_m, cable, point_m)
            from_m, begins = stations.place_m[loudest], f" from {stations.along_m[loudest]:.0f} m along it"
        path = detour_path(detours, from_m, point_m, float(freq_mhz[len(freq_mhz) // 2]))
        if path is None:
            return ""
        return f"by the detour{begins} over " + ", ".join(f"{bend.kind} {bend.id}" for bend in path.bends)
