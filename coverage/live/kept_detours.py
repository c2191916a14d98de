"""Detours of blockers kept from one draft to the next: a window treated or a blocker moved leaves the others alone.

They count as if no window were treated. Those of a long cable start from fewer places than a verdict's.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import LinkModel, Way, cable_detours, detour_ways, is_cable
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.kept import Kept
from quietwing.coverage.live.carried_links import crossed_in_order, rows_of
from quietwing.coverage.propagation import (
    Cut,
    DetourModel,
    PointLegs,
    PortalGraph,
    detour_model,
    point_legs,
    single_legs,
    site_detours,
    stations_of,
)
from quietwing.sites import PointSet, scattered

__all__ = ["DRAFT_CUT", "KeptDetours"]

KEPT_BYTES = 160 << 20  # 0.8 MB a device on a storey of radial, 0.2 on one of houseblock
# Of a radiating cable; a verdict has a piece every half metre and a station every two. On the first storeys of
# houseblock and radial margins with 20 and 30 m of it and nothing else are within 1.5 dB of those at 95 of 100
# squares (19 at most), half of them the same to the hundredth, and of 66 and 206 cells one at most has another
# state; with 63 and 100 m it is 4.5 dB and four cells, in the place of a blocker of the layout 0.9 dB and one.
DRAFT_CUT = Cut(pieces=60, stations=6)
DEVICES_AT_A_TIME = 6  # whose routes to all points stand in memory together
# Of ways from blockers to every portal: 1 MB each on radial, 2 MB on campus, whose 60 blockers would need 120 MB.
# With less, storeys ask for them in turn and find none: another storey took 7.3 s of a core with 64 as with 96 MB.
WAYS_BYTES = 48 << 20
LEGS_BYTES = 32 << 20  # of legs from the portals near blockers to one place
PLACES_KEPT = 8  # the last legs to whose points are kept: forty megabytes for a storey of radial


class KeptDetours:
    """The detours of one site's blockers to the points of its places."""

    def __init__(self) -> None:
        self._detours: Kept[tuple[int, Device], tuple[tuple[str, ...], Way]] = Kept(
            KEPT_BYTES, lambda known: _nbytes(known[1])
        )
        self._reached: dict[int, PointSet] = {}
        self._legs: Kept[int, PointLegs] = Kept(PLACES_KEPT)
        self._ways: DetourModel | None = None

    def of(
        self,
        model: LinkModel,
        graph: PortalGraph,
        place: int,
        points: PointSet,
        devices: tuple[Device, ...],
        catalogue: Mapping[str, Model],
        legs: PointLegs | None = None,
        rows: NDArray[np.intp] | None = None,
    ) -> Way:
        """Detours of devices to the points of a place.

        Parameters
        ----------
        model : LinkModel
            Of the site as treated now; it says in which order constructions stand.
        graph : PortalGraph
            Of the site with no window treated; the same at every call.
        place : int
            What the points are kept by.
        points : PointSet
        devices : tuple of Device
        catalogue : mapping of str to Model
            The same at every call.
        legs : PointLegs, optional
            The last legs to points of this place in the site of `graph`, where they are at hand.
        rows : int ndarray, optional
            Indices of the points that are asked for; all without it.

        Returns
        -------
        Way
        """
        reached = self._reached.get(place)
        row = None if reached is None else rows_of(points.xyz_m, reached.xyz_m)
        if row is None or (row < 0).any():  # other test points: windows opened
            for key in [key for key in self._detours if key[0] == place]:
                del self._detours[key]
            self._reached[place] = scattered(points.xyz_m)
            self._legs.pop(place, None)
            row = np.arange(len(points))
        new = tuple(device for device in devices if (place, device) not in self._detours)
        if new:
            if self._ways is None:
                known = model.masts.detours.model  # with no window treated it is the very model that is wanted
                same = known.graph.scene is graph.scene and known.graph.origin is graph.origin
                self._ways = known if same else detour_model(graph, model.masts.freq_mhz)
                self._ways.kept.most = WAYS_BYTES
            to = self._legs_to(self._ways, place, legs)
            for device in (each for each in new if is_cable(each, catalogue)):
                cable, stations = catalogue[device.model].radiating_cable, stations_of(device.line_m, DRAFT_CUT)
                senders = site_detours(self._ways, stations.place_m, keep=True)
                one = cable_detours(model, senders, device.line_m, cable, to, DRAFT_CUT)
                self._keep(place, device, model.constructions, one)
            single = tuple(device for device in new if not is_cable(device, catalogue))
            for first in range(0, len(single), DEVICES_AT_A_TIME):
                some = single[first : first + DEVICES_AT_A_TIME]
                senders = site_detours(self._ways, np.array([(one.x_m, one.y_m, one.z_m) for one in some]), keep=True)
                ways = detour_ways(model, senders, to)
                for at, device in enumerate(some):
                    self._keep(place, device, model.constructions, ways.of(np.array([at])))
        each = [self._detours[place, device] for device in devices]
        row = row if rows is None else row[rows]
        found = Way(
            np.concatenate([way.loss_db[:, row] for _, way in each]),
            np.concatenate([way.walls_db[:, row] for _, way in each]),
            np.concatenate(
                [crossed_in_order(way.crossed[:, row], names, model.constructions) for names, way in each]
            ),
        )
        self.touch(place, devices)
        self._detours.trim()
        return found

    def touch(self, place: int, devices: tuple[Device, ...]) -> None:
        """Note that detours of devices are in use: others are dropped first."""
        self._detours.touch((place, device) for device in devices)

    def nbytes(self, place: int) -> int:
        """What the detours to a place take."""
        legs = self._legs.get(place)
        single = 0.0 if legs is None or legs.kept is None else legs.kept.used
        return sum(_nbytes(known[1]) for (at, _), known in self._detours.items() if at == place) + int(single)

    @property
    def ways_nbytes(self) -> int:
        """What the ways from blockers to portals take, whatever place they lead on to."""
        return 0 if self._ways is None else int(self._ways.kept.used)

    def put_away(self, place: int) -> None:
        """Drop the detours to a place."""
        for key in [key for key in self._detours if key[0] == place]:
            del self._detours[key]
        self._reached.pop(place, None)
        self._legs.pop(place, None)

    def drop_others(self, place: int, devices: Container[Device]) -> None:
        """Drop the detours to a place of all but some devices."""
        for key in [key for key in self._detours if key[0] == place and key[1] not in devices]:
            del self._detours[key]

    def _keep(self, place: int, device: Device, names: tuple[str, ...], way: Way) -> None:
        self._detours[place, device] = (names, way)

    def _legs_to(self, ways: DetourModel, place: int, known: PointLegs | None) -> PointLegs:
        """The last legs to the points of a place, those of the last few kept."""
        latest = next(reversed(self._legs), None)
        if latest is not None and latest != place:  # legs from single portals to one place at a time
            self._legs[latest] = replace(self._legs[latest], kept=single_legs(LEGS_BYTES))
        if place not in self._legs:
            reached = self._reached[place]
            if known is None or not np.array_equal(known.points.xyz_m, reached.xyz_m):
                known = point_legs(ways, reached)
            self._legs[place] = replace(known, kept=single_legs(LEGS_BYTES))
        self._legs.touch([place])
        self._legs.trim()
        return self._legs[place]


def _nbytes(way: Way) -> int:
    return int(way.loss_db.nbytes + way.walls_db.nbytes + way.crossed.nbytes)
