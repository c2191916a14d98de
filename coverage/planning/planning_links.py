"""Links from everything that could be placed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    Way,
    cable_detours,
    cable_rays,
    carrier_levels_dbm,
    detour_ways,
    flat_spans,
    silence_points,
    straight_ways,
)
from quietwing.coverage.equipment import CableLoss, Device, Model, RoutePoint
from quietwing.coverage.kept import Kept
from quietwing.coverage.planning.modes import Modes
from quietwing.coverage.planning.places import Spot
from quietwing.coverage.propagation import (
    DetourModel,
    Sender,
    SenderDetours,
    WaysTo,
    add_two_ray,
    direction,
    free_space_loss_db,
    pattern_gain_db,
    site_senders,
    stations_of,
)
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.trims import shared_groups
from quietwing.sites import PointSet, trial_points

__all__ = ["Base", "PlanningLinks", "WaysFrom"]

SPOTS_AT_A_TIME = 32  # whose ways are found together
MOST_WAYS_BYTES = 2**29  # of ways from spots that are kept: all of campus (290 MB)
NEAREST_M = 0.1  # free space is asked for no nearer
OMNI = "omni"  # the same in every direction
Floats = NDArray[np.float64]
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Base:
    """A model at a spot as a device at catalogue power, or a device that stands already."""

    spot: int
    device: Device
    existing: bool = False


class _Known(NamedTuple):
    """A `Sender` with the ways to the portals that matter."""

    to: WaysTo
    near: dict[int, int]
    exits: dict[int, int]


class WaysFrom(NamedTuple):
    """Ways from some spots to the portals `reached`."""

    reached: NDArray[np.bool_]
    known: Mapping[int, list[_Known]]


class SpotWays:
    """Ways from spots to the portals of a site by which places asked for are reached, kept for the next places.

    Those to all portals take twenty times the memory: `look_at` says beforehand which places will be asked for, and
    the ways from each spot are worked out once.

    Parameters
    ----------
    model : DetourModel
    places_m : sequence of float64 ndarray, shape (place, 3)
        Of each spot: one place, or the stations of a run of radiating cable. [m]
    """

    def __init__(self, model: DetourModel, places_m: Sequence[Floats]) -> None:
        self._model, self._places_m = model, places_m
        self._reached = np.zeros(len(model.graph.portals), np.bool_)
        self._known: Kept[int, list[_Known]] = Kept(
            MOST_WAYS_BYTES, lambda known: sum(one.to.ways.nbytes + one.to.portal.nbytes for one in known)
        )

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Portals by which the places that are looked at are reached, shape (portal,)."""
        return self._reached.copy()

    def look_at(self, points: PointSet) -> None:
        """Keep the ways to these places too."""
        reached = np.zeros_like(self._reached)
        reached[self._model.graph.candidates(points.xyz_m)[2]] = True
        self.reach(reached)

    def reach(self, reached: NDArray[np.bool_]) -> None:
        """Keep the ways to these portals too."""
        if not self._reached[reached].all():
            self._reached |= reached
            self._known.clear()

    def known(self, spots: Sequence[int]) -> WaysFrom:
        """Those from some spots that are kept."""
        return WaysFrom(self.reached, {spot: self._known[spot] for spot in spots if spot in self._known})

    def keep(self, ways: WaysFrom) -> None:
        """Keep what another process worked out, where it looked at the same places."""
        if np.array_equal(ways.reached, self._reached):
            for spot, known in ways.known.items():
                self._known[spot] = known
            self._known.trim()

    def senders(self, spots: NDArray[np.intp], points: PointSet) -> SenderDetours:
        """All places of some of the spots as senders to some points, spot by spot."""
        self.look_at(points)
        new = [spot for spot in spots.tolist() if spot not in self._known]
        found = iter(site_senders(self._model, self._places_of(new), reached=self._reached))
        for spot in new:
            self._known[spot] = [self._some(one) for one in islice(found, len(self._places_m[spot]))]
        each = [one for spot in spots.tolist() for one in self._known[spot]]
        self._known.touch(spots.tolist())
        self._known.trim()
        senders = [Sender(one.to.spread(len(self._reached)), one.near, one.exits) for one in each]
        return SenderDetours.of(self._model, self._places_of(spots.tolist()), senders)

    def _some(self, sender: Sender) -> _Known:
        wanted = self.reached
        wanted[[*sender.near, *sender.exits]] = True
        return _Known(WaysTo.of(sender.ways, wanted), sender.near, sender.exits)

    def _places_of(self, spots: Sequence[int]) -> Floats:
        return np.concatenate([np.empty((0, 3)), *(self._places_m[spot] for spot in spots)])


@dataclass(frozen=True)
class PlanningLinks:
    """A site made ready for planning.

    Attributes
    ----------
    modes : Modes
    scenario : Scenario
    catalogue : mapping of str to Model
    spots : tuple of Spot
        Those of existing devices last.
    bases : tuple of Base
    """

    modes: Modes
    scenario: Scenario
    catalogue: Mapping[str, Model]
    spots: tuple[Spot, ...]
    bases: tuple[Base, ...]

    @property
    def plain(self) -> LinkModel:
        """The site with nothing bought."""
        return self.modes.models[0]

    @cached_property
    def tested(self) -> tuple[PointSet, ...]:
        """Test points of the rooms that must be silent, of each mode."""
        every = [model.scene.site for model in self.modes.models]
        return tuple(silence_points(site, trial_points(site)) for site in every)

    @cached_property
    def spot_m(self) -> Floats:
        """Where the spots are, shape (spot, 3). [m]"""
        return np.array([(spot.x_m, spot.y_m, spot.z_m) for spot in self.spots]).reshape(-1, 3)

    @cached_property
    def bases_of(self) -> dict[int, list[int]]:
        """The bases at each spot."""
        found: dict[int, list[int]] = {}
        for index, base in enumerate(self.bases):
            found.setdefault(base.spot, []).append(index)
        return found

    @cached_property
    def freqs(self) -> NDArray[np.intp]:
        """Frequency of each carrier in the loss tables, shape (carrier,)."""
        return np.searchsorted(self.plain.masts.freq_mhz, [carrier.freq_mhz for carrier in self.plain.carriers])

    @cached_property
    def sent(self) -> tuple[Levels, Levels, Levels]:
        """Each base's power inside, as a cell, and outside, antenna gain included, shape (base, carrier). [dBm]"""
        known: dict[tuple[object, ...], tuple[Floats, Floats, Floats]] = {}
        found = []
        for base in self.bases:
            key = (base.device.model, base.device.power_dbm, base.device.trim_db)
            if key not in known:
                kind, carriers = self.catalogue[base.device.model], self.plain.carriers
                level, offered = carrier_levels_dbm(base.device, kind, carriers, outside=False)
                further, _ = carrier_levels_dbm(base.device, kind, carriers, outside=True)
                inside_db = kind.gain_dbi - self.plain.rules.phone.body_loss_db
                known[key] = level + inside_db, offered + inside_db, further + kind.gain_dbi
            found.append(known[key])
        table = np.array(found, np.float32).reshape(len(self.bases), 3, len(self.plain.carriers))
        return table[:, 0], table[:, 1], table[:, 2]

    @cached_property
    def groups(self) -> dict[str, dict[str, int]]:
        """Of each model of the bases, the channels whose power is one number in what it sends, by group."""
        carriers = self.plain.carriers
        channels = [carrier.channel for carrier in carriers]
        return {
            name: dict(zip(channels, shared_groups(carriers, flat_spans(self.catalogue[name])), strict=True))
            for name in dict.fromkeys(base.device.model for base in self.bases)
        }

    @cached_property
    def is_mas(self) -> NDArray[np.bool_]:
        """Which bases are managed-access nodes."""
        return np.array([self.catalogue[base.device.model].kind == "mas" for base in self.bases], np.bool_)

    def pattern_db(self, base: int, to_m: Floats) -> Floats:
        """Antenna pattern of a base towards places, shape (point,). [dB]"""
        device = self.bases[base].device
        pattern = self.catalogue[device.model].pattern
        if pattern == OMNI:
            return np.zeros(len(to_m))
        azimuth_deg, elevation_deg = direction(self.spot_m[self.bases[base].spot], to_m)
        return np.asarray(
            pattern_gain_db(pattern, azimuth_deg, elevation_deg, device.azimuth_deg, device.tilt_deg), float
        )

    @cached_property
    def by_cable(self) -> NDArray[np.bool_]:
        """Which spots are runs of radiating cable."""
        return np.array([bool(spot.route_m) for spot in self.spots], np.bool_)

    @cached_property
    def ways(self) -> SpotWays:
        """From the spots to the site's portals."""
        places_m = [
            stations_of(self.line_of(spot)).place_m if self.by_cable[spot] else self.spot_m[spot : spot + 1]
            for spot in range(len(self.spots))
        ]
        return SpotWays(self.plain.masts.detours.model, places_m)

    def line_of(self, spot: int) -> tuple[RoutePoint, ...]:
        """The run of radiating cable at a spot."""
        at = self.spots[spot]
        return (at.x_m, at.y_m, at.z_m), *at.route_m

    def cable_of(self, spot: int) -> tuple[CableLoss, ...]:
        """The cable along the run at a spot."""
        return self.catalogue[self.bases[self.bases_of[spot][0]].device.model].radiating_cable

    def links(
        self, model: LinkModel, spots: NDArray[np.intp], points: PointSet, *, outside: bool
    ) -> tuple[Levels, Levels, Way]:
        """Path gain through all elements of straight rays from spots, what these lose, and the ways themselves.

        Shape (spot, point, freq) each. [dB] Of a radiating cable: its own losses are in the gain, of the strong side
        of its coupling `outside`.
        """
        tx_m, freq_mhz = self.spot_m[spots], model.masts.freq_mhz
        lost_db, way = straight_ways(model, tx_m, points)
        away_m = np.linalg.norm(points.xyz_m[None, :, :] - tx_m[:, None, :], axis=2)
        loss_db = lost_db + free_space_loss_db(np.maximum(away_m, NEAREST_M)[:, :, None], freq_mhz).astype(np.float32)
        add_two_ray(model.scene, tx_m, points.xyz_m, freq_mhz, loss_db)
        gain_db = np.negative(loss_db, out=loss_db)
        for first, rows in self._runs(spots):
            spot = int(spots[first])
            rays = cable_rays(model, self.line_of(spot), self.cable_of(spot), points, strong=outside)
            gain_db[rows], lost_db[rows] = rays.gain_db, rays.elements_db[0]
            for name in ("loss_db", "walls_db", "crossed"):
                getattr(way, name)[rows] = getattr(rays.way, name)[0]
        return gain_db, lost_db, way

    def detours(self, spots: NDArray[np.intp], points: PointSet) -> Way:
        """The dominant detours from spots with nothing bought."""
        plain, shape = self.plain, (len(spots), len(points))
        freqs = len(plain.masts.freq_mhz)
        every = Way(
            np.full((*shape, freqs), np.inf, np.float32),
            np.zeros((*shape, freqs), np.float32),
            np.zeros((*shape, len(plain.constructions)), np.uint8),
        )

        def put(rows: NDArray[np.intp], found: Way) -> None:
            every.loss_db[rows], every.walls_db[rows] = found.loss_db, found.walls_db
            every.crossed[rows] = found.crossed

        sending = np.flatnonzero(~self.by_cable[spots])
        for begin in range(0, len(sending), SPOTS_AT_A_TIME):
            some = sending[begin : begin + SPOTS_AT_A_TIME]
            put(some, detour_ways(plain, self.ways.senders(spots[some], points), points))
        for first, rows in self._runs(spots):
            senders, spot = self.ways.senders(spots[[first]], points), int(spots[first])
            put(rows, cable_detours(plain, senders, self.line_of(spot), self.cable_of(spot), points))
        return every

    def _runs(self, spots: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Rows of spots that are one cable along one run, and the first of them."""
        rows = np.flatnonzero(self.by_cable[spots])
        alike: dict[tuple[object, ...], list[int]] = {}
        for row in rows.tolist():
            spot = int(spots[row])
            alike.setdefault((self.line_of(spot), self.cable_of(spot)), []).append(row)
        for members in alike.values():
            yield members[0], np.array(members, np.intp)
