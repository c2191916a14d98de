"""The draft of what spills outside, quick enough to follow a hand; the verdict is the Monte Carlo's.

A layout is judged once in the worlds, beside the hand: the base. A layout that differs from it in some blockers has
the base's margins, moved by as much as the analytic margins of `blocking.draft_spill` differ between the two. So the
draft of the base is the verdict's own number, and a blocker that moved costs its own links to the places that are
nearest to their limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    BlockerLinks,
    LinkModel,
    OutsideLimit,
    OutsidePoints,
    blocker_links,
    joined_links,
    most_eirp_dbm,
    outside_limit,
    outside_points,
    outside_z,
    public_links,
    spill_outside,
    upper_against_db,
    worst_margin,
)
from quietwing.coverage.dims import CHANNEL, OUTSIDE
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.kept import Kept, array_bytes
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import WorstPlace
from quietwing.sites import Site, scattered

__all__ = ["DraftSpill", "SpillDrafts"]

MARGINS = ("margin_db", "capture_margin_db")
WATCHED = 300  # places nearest to their limit with the base: where a moved blocker counts (assumed)
BLOCK_POINTS = 48  # judged at a time: a gesture that comes meanwhile waits some tenths of a second
DEVICES_AT_A_TIME = 3  # likewise
MOST_NEW = 12  # blockers whose links a draft works out while a hand waits (assumed)
MOST_CHANGED = 4  # blockers by which a layout may differ from the base before that is judged anew (assumed)
MOST_DEVICES = 200  # of a layout that is drafted: what each takes is kept, 0.1 MB (assumed)
KEPT_MOVED = 20  # places of blockers under the hand that are kept besides
KEPT_BASES = 2  # with other windows treated: undo finds its own

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class DraftSpill:
    """Draft margins outside at the grade asked for.

    Attributes
    ----------
    margin_db : float
        The smallest that counts, as of `blocking.worst_margin`. [dB]
    worst : WorstPlace
        Where that is, and on which channel.
    data : Dataset, dims (channel, outside)
        `margin_db` and `capture_margin_db`; `name`, `ring`, `x_m`, `y_m` of the places.
    """

    margin_db: float
    worst: WorstPlace
    data: xr.Dataset


@dataclass(frozen=True)
class _Asked:
    """What is asked, and what blockers are."""

    scenario: Scenario
    catalogue: Mapping[str, Model]


@dataclass(frozen=True)
class _Part:
    """What one blocker takes of the limits at some places, shape (carrier, point): power [mW], its cell [dBm]."""

    power_mw: Floats
    mas_dbm: Floats


@dataclass
class _Base:
    """A layout judged in the worlds, block by block; `watched` once all of them are."""

    model: LinkModel
    outside: OutsidePoints
    devices: tuple[Device, ...]
    blocks: list[NDArray[np.intp]]
    links: list[BlockerLinks] = field(default_factory=list)  # of a few blockers each, to all places; until it is done
    judged: list[xr.Dataset] = field(default_factory=list)
    watched: NDArray[np.intp] | None = None
    near: OutsidePoints | None = None
    limit: OutsideLimit | None = None
    data: xr.Dataset | None = None
    parts: Kept[Device, _Part] = field(default_factory=lambda: Kept(MOST_DEVICES + KEPT_MOVED))

    @property
    def nbytes(self) -> int:
        """The memory it takes, the model left out."""
        if self.limit is None:
            return 0
        return len(self.parts) * self.limit.limit_dbm.size * 2 * 4 + array_bytes(self.limit)


class SpillDrafts:
    """Drafts of what spills, of one site and scenario.

    Parameters
    ----------
    site : Site
    scenario : Scenario
        Its tier and the grade asked for.
    catalogue : mapping of str to Model
    """

    def __init__(self, site: Site, scenario: Scenario, catalogue: Mapping[str, Model]) -> None:
        self._site, self._asked = site, _Asked(scenario, catalogue)
        self._guard = threading.Lock()
        self._bases: Kept[tuple[Treatment, ...], _Base] = Kept(KEPT_BASES)
        self._next: dict[tuple[Treatment, ...], _Base] = {}  # that is being judged

    @property
    def nbytes(self) -> int:
        """The memory that all of it takes."""
        return sum(base.nbytes for base in list(self._bases.values()))

    def forget(self) -> None:
        """Drop all of it: the next draft waits for a base again."""
        with self._guard:
            self._next = {}
            self._bases = Kept(KEPT_BASES)

    def prepare(
        self,
        devices: tuple[Device, ...],
        treatments: tuple[Treatment, ...],
        model: Callable[[tuple[Treatment, ...]], LinkModel],
    ) -> bool:
        """Judge a part of the places outside with a layout, if no base serves it yet.

        Parameters
        ----------
        devices, treatments
            As of `Drafting.draft`.
        model : callable
            Gives the links of the site with windows treated.

        Returns
        -------
        bool
            Whether there is more to do.
        """
        on, asked = tuple(device for device in devices if device.state != "off"), self._asked
        if not on or asked.scenario.tier.calls or len(on) > MOST_DEVICES:
            return False  # what a 999 call needs outside is the verdict's alone
        base = self._bases.get(treatments)
        if base is not None and len(set(base.devices) ^ set(on)) <= 2 * MOST_CHANGED:
            return False
        new = self._next.get(treatments)
        if new is None or new.devices != on:
            self._next = {treatments: _base(self._site, asked, on, model(treatments))}
        elif first := on[(done := sum(len(one.devices) for one in new.links)) : done + DEVICES_AT_A_TIME]:
            points = new.outside.points
            new.links.append(blocker_links(new.model, first, asked.catalogue, points, outside=True))
        elif len(new.judged) < len(new.blocks):
            new.judged.append(_judged(asked, new, new.blocks[len(new.judged)]))
        else:
            _watch(asked, new)
            with self._guard:
                self._next = {}
                self._bases[treatments] = new
                self._bases.trim()
            return False
        return True

    def draft(self, devices: tuple[Device, ...], treatments: tuple[Treatment, ...] = ()) -> DraftSpill | None:
        """The draft of a layout; None while no base is at hand, or where it differs from it too much.

        Parameters
        ----------
        devices, treatments
            As of `Drafting.draft`.

        Returns
        -------
        DraftSpill or None
            Places that are not among the 300 nearest to their limit keep the base's margins. What is not outside
            (service in keep rooms, other services, people) is left to the verdict.
        """
        on = tuple(device for device in devices if device.state != "off")
        with self._guard:
            base = self._bases.get(treatments)
            if base is None or base.data is None:
                return None
            new = tuple(device for device in on if device not in base.parts)
            if len(new) > MOST_NEW or len(on) > MOST_DEVICES:
                return None
            for device in new:
                base.parts[device] = _part(self._asked, base, device)
            base.parts.touch((*base.devices, *on))
            then, now = (_margins(base, some) for some in (base.devices, on))
            base.parts.trim()
        data = _moved(base, then, now)
        if not on:  # nothing on the air, at places that are not watched too
            data = data.assign({name: xr.full_like(data[name], np.inf) for name in MARGINS})
        margin_db, worst = worst_margin(data, self._asked.scenario.tier)
        return DraftSpill(margin_db, worst, data)


def _base(site: Site, asked: _Asked, on: tuple[Device, ...], model: LinkModel) -> _Base:
    """A layout with nothing judged yet."""
    outside = outside_points(site, most_eirp_dbm(on, asked.catalogue, site.sectors))
    firsts = range(0, len(outside), BLOCK_POINTS)
    blocks = [np.arange(first, min(first + BLOCK_POINTS, len(outside))) for first in firsts]
    return _Base(model, outside, on, blocks)


def _some(of: OutsidePoints, at: NDArray[np.intp]) -> OutsidePoints:
    """Some of the places, in order."""
    return OutsidePoints(
        scattered(of.points.xyz_m[at]),
        tuple(of.ring[index] for index in at.tolist()),
        tuple(of.name[index] for index in at.tolist()),
        of.people[at],
        of.distance_m[at],
    )


def _links_at(base: _Base, at: NDArray[np.intp]) -> BlockerLinks:
    """The base's links to some of the places."""
    return joined_links([part.at(at) for part in base.links])


def _judged(asked: _Asked, base: _Base, at: NDArray[np.intp]) -> xr.Dataset:
    """Margins at some of the places over all worlds, as the verdict finds them."""
    block = _some(base.outside, at)
    public, links = public_links(base.model, block.points), _links_at(base, at)
    (found,) = spill_outside(base.model, asked.scenario, public, links, block, grades=asked.scenario.judged[:1])
    return found[[*MARGINS, "emergency_margin_db"]].transpose(CHANNEL, OUTSIDE)


def _watch(asked: _Asked, base: _Base) -> None:
    """Choose the places that are watched, and note what each blocker takes there."""
    data = xr.concat(base.judged, OUTSIDE) if len(base.judged) > 1 else base.judged[0]
    smallest = np.minimum(data["margin_db"].values, data["capture_margin_db"].values).min(axis=0)
    base.watched = np.sort(np.argsort(smallest, kind="stable")[:WATCHED])
    base.near = _some(base.outside, base.watched)
    base.limit = outside_limit(base.model, asked.scenario, public_links(base.model, base.near.points))
    links = _links_at(base, base.watched)
    for device, part in zip(base.devices, _parts(asked, base, links), strict=True):
        base.parts[device] = part
    base.data = data
    base.links.clear()
    base.judged.clear()


def _part(asked: _Asked, base: _Base, device: Device) -> _Part:
    """What one more blocker takes at the places watched."""
    assert base.near is not None
    return _parts(asked, base, blocker_links(base.model, (device,), asked.catalogue, base.near.points, outside=True))[
        0
    ]


def _parts(asked: _Asked, base: _Base, links: BlockerLinks) -> list[_Part]:
    """What blockers take at the places watched, one by one."""
    assert base.limit is not None
    power_db, capture_db = upper_against_db(base.model, base.limit, links, outside_z(asked.scenario))
    power_mw = (10 ** ((links.level_dbm + power_db) / 10)).astype(np.float32)
    mas_dbm = (links.mas_dbm + capture_db).astype(np.float32)
    return [_Part(*one) for one in zip(power_mw, mas_dbm, strict=True)]


def _moved(base: _Base, then: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> xr.Dataset:
    """The base's margins with what the analytic ones of two layouts differ by at the places watched."""
    assert base.data is not None
    data = base.data.copy(deep=True)
    for name, before, after in zip(MARGINS, then, now, strict=True):
        known = data[name].values[:, base.watched]
        with np.errstate(invalid="ignore"):
            moved = known + (after - before)
        # Nothing on the air before, or nothing now: there is no difference to move by.
        moved = np.where(np.isfinite(moved), moved, np.where(after == before, known, after))
        data[name].values[:, base.watched] = moved
    return data


def _margins(base: _Base, devices: tuple[Device, ...]) -> tuple[Floats, Floats]:
    """Analytic margins of power and of capture, shape (channel, watched): the least of a channel's carriers. [dB]"""
    assert base.limit is not None
    limit_dbm = base.limit.limit_dbm
    power_mw = np.zeros(limit_dbm.shape, np.float32)
    mas_dbm = np.full(limit_dbm.shape, -np.inf, np.float32)
    for device in devices:
        power_mw += base.parts[device].power_mw
        np.maximum(mas_dbm, base.parts[device].mas_dbm, out=mas_dbm)
    with np.errstate(divide="ignore"):
        power_db = limit_dbm - 10 * np.log10(power_mw)
    capture_db = base.limit.capture_dbm - mas_dbm
    of_channel = [np.flatnonzero(base.model.carrier_channel == at) for at in range(len(base.model.channels))]
    power, capture = (np.stack([each[some].min(axis=0) for some in of_channel]) for each in (power_db, capture_db))
    return power.astype(np.float32), capture.astype(np.float32)
