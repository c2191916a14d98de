"""Median levels of blockers at every point, straight and by detours, and what each link's errors belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.cable_links import is_cable, with_cables
from quietwing.coverage.blocking.link_paths import LinkPaths
from quietwing.coverage.blocking.link_ways import crossed_of
from quietwing.coverage.blocking.links import LinkModel, stable_key
from quietwing.coverage.blocking.links_at_hand import LinksAtHand
from quietwing.coverage.blocking.site_ways import Way, detour_ways, links_of, straight_ways
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import (
    FINE,
    Cut,
    PointLegs,
    add_two_ray,
    direction,
    pattern_gain_db,
    point_legs,
    site_detours,
    straight_rays,
)
from quietwing.sites import PointSet

__all__ = ["BlockerLinks", "blocker_links", "joined_links"]

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]
HALF_DB = np.float32(3.1)  # two ways that are as much below a level stay below it together
UNHEARD_DB = 50.0  # 0.00004 dB of the sum
LOSSES_AT_A_TIME = 600_000  # of devices alike, between two places on one frequency each: 2.4 MB, near the processor


@dataclass(frozen=True)
class BlockerLinks:
    """Blocking devices at each point; devices that are off are left out.

    Attributes
    ----------
    devices : tuple of Device
    level_dbm : float32 ndarray, shape (device, carrier, point)
        Received power in the carrier's reference bandwidth, emission kind included; ``-inf`` where nothing. [dBm]
    mas_dbm : float32 ndarray, shape (device, carrier, point)
        Level of the MAS cell that offers this carrier's PLMN, ``-inf`` elsewhere. [dBm]
    is_mas : bool ndarray, shape (device,)
    paths : LinkPaths
        Of devices, by band.
    device_key : int64 ndarray, shape (device,)
    """

    devices: tuple[Device, ...]
    level_dbm: Levels
    mas_dbm: Levels
    is_mas: NDArray[np.bool_]
    paths: LinkPaths
    device_key: NDArray[np.int64]

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All but the devices themselves; a device is the first dimension of each."""
        return self.level_dbm, self.mas_dbm, self.is_mas, *self.paths, self.device_key

    @classmethod
    def of_arrays(cls, devices: tuple[Device, ...], arrays: Iterable[NDArray[Any]]) -> BlockerLinks:
        """Links of some devices, from `arrays` in the order of that property."""
        level_dbm, mas_dbm, is_mas, *paths, device_key = arrays
        return cls(devices, level_dbm, mas_dbm, is_mas, LinkPaths(*paths), device_key)

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> BlockerLinks:
        """Every array changed alike."""
        return self.of_arrays(self.devices, map(change, self.arrays))

    def at(self, points: NDArray[np.intp]) -> BlockerLinks:
        """The links to some of the points."""
        return replace(
            self,
            level_dbm=self.level_dbm.take(points, axis=2),
            mas_dbm=self.mas_dbm.take(points, axis=2),
            paths=self.paths.each(lambda values: values.take(points, axis=1)),
        )


def joined_links(parts: Sequence[BlockerLinks]) -> BlockerLinks:
    """Links of several groups of devices to the same points as those of one layout."""
    devices = tuple(device for part in parts for device in part.devices)
    every = zip(*(part.arrays for part in parts), strict=True)
    return BlockerLinks.of_arrays(devices, map(np.concatenate, every))


def blocker_links(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    outside: bool = False,
    straight: bool = False,
    detours: Way | None = None,
    cut: Cut = FINE,
    least_dbm: Levels | None = None,
    at_hand: LinksAtHand | None = None,
) -> BlockerLinks:
    """Levels of all blockers at some points and what their errors belong to.

    Parameters
    ----------
    model : LinkModel
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
    points : PointSet
    outside : bool
        For spill: any overlap of band and carrier counts, and no emission is below barrage (assumptions A3, A18).
        Inside, a carrier counts as jammed only if it lies wholly within the band.
    straight : bool
        The straight ray alone, without detours: what the planning model counts with.
    detours : Way, optional
        Those of all `devices` to these points, where they are at hand.
    cut : Cut, optional
        Of radiating cables: a draft's are coarser.
    least_dbm : float32 ndarray, shape (carrier, point), optional
        Detours that bring less than this may be left out, as long as all devices together stay `UNHEARD_DB` below the
        loudest straight ray: in a building full of blockers most reach the next few rooms and no further. [dBm]
    at_hand : LinksAtHand, optional
        Of this layout: what its devices send, and what is the same of every layout, is taken from it and kept there.

    Returns
    -------
    BlockerLinks
    """
    on = tuple(device for device in devices if device.state != "off")
    shape = (len(on), len(model.carriers), len(points))
    level_dbm, mas_dbm = np.full(shape, -np.inf, np.float32), np.full(shape, -np.inf, np.float32)
    tx_m = np.array([[device.x_m, device.y_m, device.z_m] for device in on]).reshape(-1, 3)
    freq = np.searchsorted(model.masts.freq_mhz, [carrier.freq_mhz for carrier in model.carriers])
    legs, at_hand = None, at_hand or LinksAtHand()
    sent = _sent(model, on, catalogue, outside, at_hand)
    paths = LinkPaths.nothing((len(on), len(points)), (len(model.bands),), len(model.constructions))
    alike: dict[tuple[int, ...], list[int]] = {}
    for index, powers in enumerate(sent):
        heard = np.isfinite(powers[0]) | np.isfinite(powers[1])
        if not is_cable(on[index], catalogue) and heard.any() and len(points):
            alike.setdefault(tuple(np.unique(freq[heard]).tolist()), []).append(index)
    if alike and not straight and detours is None:
        legs = at_hand.of_site(_detour_legs, model, points)

    @cache
    def antenna_db(index: int) -> Levels:
        """Gain of a device's antenna towards each point."""
        device, kind = on[index], catalogue[on[index].model]
        towards = direction(tx_m[index], points.xyz_m)
        pattern_db = pattern_gain_db(kind.pattern, *towards, device.azimuth_deg, device.tilt_deg)
        return np.asarray(pattern_db + kind.gain_dbi, np.float32)

    def receive(ray: _Ray, gains_db: Levels) -> None:
        for index, gain_db in zip(ray.devices, gains_db, strict=True):
            sent_dbm, offered_dbm = (powers.astype(np.float32)[:, None] for powers in sent[index])
            used = np.flatnonzero(np.isfinite(sent_dbm) | np.isfinite(offered_dbm))
            received_db = gain_db.T[np.searchsorted(ray.freqs, freq[used])]
            received_db += antenna_db(index)
            level_dbm[index, used] = sent_dbm[used] + received_db
            if np.isfinite(offered_dbm).any():
                mas_dbm[index, used] = offered_dbm[used] + received_db

    rays: Iterable[_Ray] = _straight_rays(model, tx_m, points, alike, at_hand)
    floor = None
    if legs is not None and least_dbm is not None:
        rays = list(rays)
        for ray in rays:
            receive(ray, ray.straight_db)
        least_dbm = np.minimum(least_dbm - HALF_DB, _unheard_dbm(level_dbm))
        floor = np.zeros(level_dbm.shape[::2], np.float32)
        for ray in rays:
            for index, loss_db in zip(ray.devices, ray.way.loss_db, strict=True):
                floor[index] = _floor(level_dbm[index], loss_db.T[freq], least_dbm)
    for ray in rays:
        part, detour = ray.devices, None
        if detours is not None:
            detour = detours.of(np.array([devices.index(on[index]) for index in part]))
        elif legs is not None:
            detour = _detours(model, tx_m, legs, ray, None if floor is None else floor[part], at_hand)
        found = links_of(model, ray.elements_db, ray.way, detour, outside=outside)
        paths.put(part, found.paths)
        receive(ray, ray.gain_db + _lanes_of(ray.elements_db - found.loss_db, ray.freqs))
    links = BlockerLinks(
        devices=on,
        level_dbm=level_dbm,
        mas_dbm=mas_dbm,
        is_mas=np.array([catalogue[device.model].kind == "mas" for device in on], np.bool_),
        paths=paths,
        device_key=np.array([stable_key(device.id) for device in on], np.int64),
    )
    of_cables = None
    if detours is not None:
        of_cables = {
            index: detours.of(np.array([devices.index(device)]))
            for index, device in enumerate(on)
            if is_cable(device, catalogue)
        }
    return with_cables(
        model, links, sent, catalogue, points, outside=outside, straight=straight, detours=of_cables, cut=cut
    )


def _detour_legs(model: LinkModel, points: PointSet) -> PointLegs:
    """The last legs of detours to some points; neighbours share portals, legs from these are kept."""
    return point_legs(model.masts.detours.model, points, keep=True)


@dataclass(frozen=True, slots=True)
class _Ray:
    """Straight rays of some devices that are set alike: gain along them (device, point, frequency of `freqs`)."""

    devices: list[int]
    freqs: list[int]
    gain_db: Levels
    elements_db: Levels
    way: Way

    @property
    def straight_db(self) -> Levels:
        """Gain by the straight ray alone, over tops where that is better."""
        return np.asarray(self.gain_db + _lanes_of(self.elements_db - self.way.loss_db, self.freqs))


def _lanes_of(values: Levels, freqs: list[int]) -> Levels:
    """Some of the frequencies, in one piece; the values themselves where these are all."""
    return values if len(freqs) == values.shape[2] else np.ascontiguousarray(values[:, :, freqs])


def _straight_rays(
    model: LinkModel,
    tx_m: Floats,
    points: PointSet,
    alike: Mapping[tuple[int, ...], list[int]],
    at_hand: LinksAtHand,
) -> Iterator[_Ray]:
    """Straight rays of devices, some at a time; `alike` are those on the air at the same frequencies."""
    for freqs, members in alike.items():
        each = max(1, LOSSES_AT_A_TIME // (len(model.masts.freq_mhz) * len(points)))
        for first in range(0, len(members), each):
            part = members[first : first + each]
            starts = [(freqs, tx_m[index].tobytes()) for index in part]
            found = at_hand.from_each(starts, points, partial(_rays_from, model, tx_m[part], points, list(freqs)))
            gain_db, elements_db, *way = map(np.stack, zip(*found, strict=True))
            yield _Ray(part, list(freqs), gain_db, elements_db, Way(*way))


def _rays_from(
    model: LinkModel, tx_m: Floats, points: PointSet, freqs: list[int], some: list[int]
) -> list[tuple[NDArray[Any], ...]]:
    """Gain along the straight rays from some places, what all elements on them lose, and the parts of a `Way`."""
    tx_m = tx_m[some]
    gain_db, traced = _traced(model, tx_m, points, freqs)
    elements_db, way = straight_ways(model, tx_m, points, traced)
    return list(zip(gain_db, elements_db, way.loss_db, way.walls_db, way.crossed, strict=True))


def _detours(
    model: LinkModel, tx_m: Floats, legs: PointLegs, ray: _Ray, floor: Levels | None, at_hand: LinksAtHand
) -> Way:
    """Detours of devices beside their straight rays; without a floor they are the same of every layout."""
    place_m = tx_m[ray.devices]

    def from_some(some: list[int]) -> Way:
        senders = site_detours(model.masts.detours.model, place_m[some], keep=True)
        beside = ray.elements_db[some], ray.way.of(np.array(some, np.intp))
        return detour_ways(model, senders, legs, beside, None if floor is None else floor[some])

    if floor is not None:
        return from_some(list(range(len(place_m))))
    starts = [("detours", place.tobytes()) for place in place_m]
    found = at_hand.from_each(starts, legs.points, lambda some: from_some(some).each)
    return Way(*map(np.stack, zip(*found, strict=True)))


def _unheard_dbm(straight_dbm: Levels) -> Levels:
    """Level (carrier, point) at which all devices together are `UNHEARD_DB` below the loudest straight ray."""
    apart_db = np.float32(UNHEARD_DB + 10 * np.log10(len(straight_dbm)))
    return np.asarray(straight_dbm.max(axis=0) - apart_db)


def _floor(straight_dbm: Levels, loss_db: Levels, least_dbm: Levels) -> Levels:
    """Gain over free space, linear, shape (point,), below which no carrier of a device is as loud as `least_dbm`.

    The straight ray loses `loss_db` (carrier, point) over free space; 0 where it is as loud by itself.
    """
    on = np.isfinite(straight_dbm).any(axis=1)
    gain_db = (least_dbm[on] - straight_dbm[on] - loss_db[on]).min(axis=0)
    counts = (straight_dbm[on] >= least_dbm[on]).any(axis=0)
    return np.where(counts, 0.0, 10 ** (gain_db / 10)).astype(np.float32)


def _traced(
    model: LinkModel, tx_m: Floats, points: PointSet, freqs: list[int]
) -> tuple[Levels, tuple[Levels, NDArray[np.uint8]]]:
    """`path_gain` at some frequencies, and what straight rays lose at all of them and cross."""
    freq_mhz = model.masts.freq_mhz
    loss_db, elements_db, counted = straight_rays(model.scene.prepared, model.masts.table, tx_m, points, freq_mhz)
    loss_db = _lanes_of(loss_db, freqs)
    add_two_ray(model.scene, tx_m, points.xyz_m, freq_mhz[freqs], loss_db)
    return np.negative(loss_db, out=loss_db), (elements_db, crossed_of(model, counted))


def _sent(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    outside: bool,
    at_hand: LinksAtHand,
) -> list[tuple[Floats, Floats]]:
    """What each device sends on each carrier and offers, less the body's loss."""
    body_db = 0.0 if outside else model.rules.phone.body_loss_db  # a body stands between phone and blocker
    found = []
    for device in devices:
        sent, offered = at_hand.levels_dbm(device, catalogue[device.model], model.carriers, outside=outside)
        found.append((sent - body_db, offered - body_db))
    return found
