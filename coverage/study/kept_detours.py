"""Detours of blockers kept from one draft to the next: a window treated or a blocker moved leaves the others alone.

They count as if no window were treated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.cable_links import is_cable
from quietwing.coverage.blocking.cable_ways import cable_detours
from quietwing.coverage.blocking.links import LinkModel
from quietwing.coverage.blocking.site_ways import Way, detour_ways
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation.cable_stations import stations_of
from quietwing.coverage.propagation.detour import DetourModel, detour_model
from quietwing.coverage.propagation.portal_graph import PortalGraph
from quietwing.coverage.propagation.sender_detour import site_detours
from quietwing.coverage.study.carried_links import crossed_in_order, rows_of
from quietwing.sites.points import PointSet, scattered

__all__ = ["KeptDetours"]

KEPT = 400  # of devices in places: a quarter of a megabyte each on a storey of houseblock
Floats = NDArray[np.float64]


class KeptDetours:
    """The detours of one site's blockers to the points of its places."""

    def __init__(self) -> None:
        self._detours: OrderedDict[tuple[int, Device], tuple[tuple[str, ...], tuple[Way, ...]]] = OrderedDict()
        self._reached: dict[int, tuple[Floats, ...]] = {}
        self._ways: DetourModel | None = None

    def of(
        self,
        model: LinkModel,
        graph: PortalGraph,
        place: int,
        points: tuple[PointSet, ...],
        devices: tuple[Device, ...],
        catalogue: Mapping[str, Model],
    ) -> list[Way]:
        """Detours of devices, one `Way` for each set of points.

        Parameters
        ----------
        model : LinkModel
            Of the site as treated now; it says in which order constructions stand.
        graph : PortalGraph
            Of the site with no window treated; the same at every call.
        place : int
            What the points are kept by.
        points : tuple of PointSet
        devices : tuple of Device
        catalogue : mapping of str to Model
            The same at every call.

        Returns
        -------
        list of Way
        """
        rows = [rows_of(one.xyz_m, known) for one, known in zip(points, self._reached.get(place, ()), strict=False)]
        if len(rows) < len(points) or any((row < 0).any() for row in rows):  # other test points: windows opened
            for key in [key for key in self._detours if key[0] == place]:
                del self._detours[key]
            self._reached[place] = tuple(one.xyz_m for one in points)
            rows = [np.arange(len(one)) for one in points]
        new = tuple(device for device in devices if (place, device) not in self._detours)
        if new:
            if self._ways is None:
                self._ways = detour_model(graph, model.masts.freq_mhz)
            reached = [scattered(xyz_m) for xyz_m in self._reached[place]]
            for device in (each for each in new if is_cable(each, catalogue)):
                cable, stations = catalogue[device.model].radiating_cable, stations_of(device.line_m)
                senders = site_detours(self._ways, stations.place_m)
                one = tuple(cable_detours(model, senders, device.line_m, cable, points) for points in reached)
                self._detours[place, device] = (model.constructions, one)
            single = tuple(device for device in new if not is_cable(device, catalogue))
            if single:
                senders = site_detours(self._ways, np.array([(each.x_m, each.y_m, each.z_m) for each in single]))
                ways = [detour_ways(model, senders, points) for points in reached]
                for at, device in enumerate(single):
                    one = tuple(way.of(np.array([at])) for way in ways)
                    self._detours[place, device] = (model.constructions, one)
        found = []
        for side, row in enumerate(rows):
            each = [(names, ways[side]) for names, ways in (self._detours[place, device] for device in devices)]
            found.append(
                Way(
                    np.concatenate([way.loss_db[:, row] for _, way in each]),
                    np.concatenate([way.walls_db[:, row] for _, way in each]),
                    np.concatenate(
                        [crossed_in_order(way.crossed[:, row], names, model.constructions) for names, way in each]
                    ),
                )
            )
        while len(self._detours) > max(KEPT, len(devices)):
            self._detours.popitem(last=False)
        return found
