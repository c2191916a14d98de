"""What a layout does outside, in keep rooms, to other services and to people, against the tier of each grade.

Outside, world by world, per channel and point: the sum of all blockers against the larger of the channel's strongest
sector less what the tier allows, and the noise less its margin. Errors that both sides share drop out. Of a channel
with several carriers the sum is taken on the carrier where it is largest and the signal on the carrier where that is
strongest; all carriers of a channel have one reference bandwidth. Carriers nobody can camp on by themselves count
too: the users of supplementary downlink lose speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import _spill_kernels
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.exposures import exposure
from quietwing.coverage.blocking.interference import kernel_limits, known_links
from quietwing.coverage.blocking.keep import keep_rooms
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, public_links, stable_key
from quietwing.coverage.blocking.links_at_hand import LinksAtHand
from quietwing.coverage.blocking.out_of_band import Heard, out_of_band_rows, stray_heard
from quietwing.coverage.blocking.outside import OutsidePoints, most_eirp_dbm, outside_points
from quietwing.coverage.blocking.protect import protected_services
from quietwing.coverage.blocking.spill_rings import MARGINS, judge_rings, worst_margin
from quietwing.coverage.blocking.world_links import kernel_links, kernel_network, seed_of
from quietwing.coverage.decibel import floored
from quietwing.coverage.dims import CHANNEL, OUTSIDE
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation import in_parts
from quietwing.coverage.results import SpillResult
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import ExposureRow, KeepRow, ServiceRow, failing_rows
from quietwing.sites import PointSet, scattered

__all__ = [
    "OutsideWorlds",
    "blocks_of",
    "look_outside",
    "on_the_air",
    "outside_blocks",
    "outside_keys",
    "outside_worlds",
    "spill",
    "spill_of",
    "spill_outside",
    "spill_result",
]

BLOCK_POINTS = 512  # outside points worked out at a time, to bound memory
MOST_LEVELS = 8_000_000  # devices × carriers × points, likewise

Floats = NDArray[np.float64]


def spill(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    stream: int = 0,
    outside: OutsidePoints | None = None,
    progress: Callable[[float], None] | None = None,
    at_hand: LinksAtHand | None = None,
) -> tuple[SpillResult, ...]:
    """Judge a layout against the tier of each grade, in the same worlds.

    Parameters
    ----------
    model : LinkModel
        The site with its treatments.
    scenario : Scenario
        Grades, worlds, seed.
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
    points : PointSet
        All test points of the site (`trial_points`), keep rooms included.
    stream : int
        Another stream of worlds of the same seed.
    outside : OutsidePoints, optional
        Other places than `outside_points` gives.
    progress : callable, optional
        Called with the share of the places that is done.
    at_hand : LinksAtHand, optional
        What devices send and what is the same of every layout of this site is taken from it, and kept there.

    Returns
    -------
    tuple of SpillResult
        One for each grade of `Scenario.judged`. `worst_margin_db` is ``inf`` where nothing on the air reaches any
        point, ``-inf`` where a level is not known.
    """
    blocks = outside_blocks(model, devices, catalogue, outside)
    found = []
    at_hand = at_hand or LinksAtHand(0)
    for block in blocks:
        links = _links(model, devices, catalogue, block, at_hand)
        found.append(_worlds(model, scenario, block, *links, stream))
        if progress:
            progress(len(found) / len(blocks))
    return spill_of(model, scenario, devices, catalogue, points, found, stream=stream, at_hand=at_hand)


def look_outside(
    model: LinkModel, devices: tuple[Device, ...], catalogue: Mapping[str, Model], at_hand: LinksAtHand
) -> None:
    """Have at hand what `spill` asks of the ways outside, for the next layout with most of these devices.

    Parameters
    ----------
    model, devices, catalogue, at_hand : as for `spill`
    """
    for block in outside_blocks(model, devices, catalogue):
        at_hand.of_site(public_links, model, block.points)
        blocker_links(model, on_the_air(devices), catalogue, block.points, outside=True, at_hand=at_hand)


@dataclass(frozen=True)
class OutsideWorlds:
    """What the worlds say of some places outside: their names, powers at each grade, noise beside the bands."""

    name: tuple[str, ...]
    grades: tuple[xr.Dataset, ...]
    heard: Heard


def outside_blocks(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    outside: OutsidePoints | None = None,
) -> tuple[OutsidePoints, ...]:
    """The places that `spill` looks at, in blocks that fit into memory.

    Parameters
    ----------
    model, devices, catalogue, outside : as for `spill`

    Returns
    -------
    tuple of OutsidePoints
    """
    on, site = on_the_air(devices), model.scene.site
    places = outside_points(site, most_eirp_dbm(on, catalogue, site.sectors)) if outside is None else outside
    return tuple(blocks_of(places, len(on) * len(model.carriers)))


def outside_worlds(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    block: OutsidePoints,
    *,
    stream: int = 0,
) -> OutsideWorlds:
    """What the worlds say of some places outside, which depends on no other place.

    Parameters
    ----------
    model, scenario, devices, catalogue, stream : as for `spill`
    block : OutsidePoints
        One of `outside_blocks`.

    Returns
    -------
    OutsideWorlds
    """
    return _worlds(model, scenario, block, *_links(model, devices, catalogue, block, LinksAtHand(0)), stream)


def _links(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    block: OutsidePoints,
    at_hand: LinksAtHand,
) -> tuple[PublicLinks, BlockerLinks, Heard]:
    """What reaches some places outside."""
    on, points = on_the_air(devices), block.points
    blockers = blocker_links(model, on, catalogue, points, outside=True, at_hand=at_hand)
    public = at_hand.of_site(public_links, model, points)
    return public, blockers, stray_heard(model, blockers, catalogue, points, at_hand=at_hand)


def _worlds(
    model: LinkModel,
    scenario: Scenario,
    block: OutsidePoints,
    public: PublicLinks,
    blockers: BlockerLinks,
    heard: Heard,
    stream: int,
) -> OutsideWorlds:
    """What the worlds say of some places outside."""
    grades = spill_outside(model, scenario, public, blockers, block, stream=stream)
    return OutsideWorlds(tuple(block.name), grades, heard)


def spill_of(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    blocks: Sequence[OutsideWorlds],
    *,
    stream: int = 0,
    at_hand: LinksAtHand | None = None,
) -> tuple[SpillResult, ...]:
    """The results of `spill` from what the worlds say of the places outside, block by block.

    Parameters
    ----------
    model, scenario, devices, catalogue, points, stream, at_hand : as for `spill`
    blocks : sequence of OutsideWorlds
        Of all of `outside_blocks`, in their order.

    Returns
    -------
    tuple of SpillResult
    """
    on = on_the_air(devices)
    kept = keep_rooms(model, scenario, on, catalogue, points, stream=stream)
    names, heard = [name for block in blocks for name in block.name], [block.heard for block in blocks]
    protected = (
        *protected_services(model, scenario, on, catalogue, at_hand=at_hand),
        *out_of_band_rows(model, on, catalogue, points, names, heard, at_hand=at_hand),
    )
    exposed = exposure(model.scene.site, on, catalogue, points)
    results = []
    for number, grade in enumerate(scenario.judged):
        parts = [block.grades[number] for block in blocks]
        data = xr.concat(parts, OUTSIDE) if len(parts) > 1 else parts[0]
        results.append(spill_result(scenario, grade, data, kept, protected, exposed))
    return tuple(results)


def on_the_air(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """The devices that are not off."""
    return tuple(device for device in devices if device.state != "off")


def blocks_of(places: OutsidePoints, per_place: int) -> Iterator[OutsidePoints]:
    """The places in parts, in order, so that memory is bounded; `per_place` levels stand in it for each."""
    step = min(BLOCK_POINTS, max(1, MOST_LEVELS // max(1, per_place)))
    for first in range(0, len(places), step):
        yield _part(places, slice(first, first + step))


def spill_result(
    scenario: Scenario,
    grade: Grade,
    data: xr.Dataset,
    kept: tuple[tuple[str, str, float], ...],
    protected: tuple[ServiceRow, ...],
    exposed: tuple[ExposureRow, ...],
) -> SpillResult:
    """Everything outside and in keep rooms against the limits of a grade.

    Parameters
    ----------
    scenario : Scenario
        Its tiers.
    grade : Grade
    data : Dataset
        From `spill_outside` at this grade, all places.
    kept, protected, exposed : tuple of tuple
        From `keep_rooms`, `protected_services` and `exposure`.

    Returns
    -------
    SpillResult
    """
    tier = scenario.rules.tier(grade.tier)
    rings = judge_rings(data, tier)
    margin_db, worst = worst_margin(data, tier)
    rooms = tuple(KeepRow(room, operator, share, share >= grade.confidence) for room, operator, share in kept)
    calls = data["emergency_probability"].values >= grade.outside_share
    return SpillResult(
        tier=grade.tier,
        outside=data,
        rings=rings,
        keep_rooms=rooms,
        protected=protected,
        exposure=exposed,
        emergency_share=float(np.mean(calls)),
        passed=not failing_rows(rings, rooms, protected, exposed),
        worst_margin_db=floored(margin_db) if np.isfinite(margin_db) else margin_db,
        worst=worst,
    )


def outside_keys(points: PointSet) -> NDArray[np.int64]:
    """What local errors outside belong to: the place, to a centimetre. Never that of a room."""
    return np.array(
        [stable_key("outside|{:.2f}|{:.2f}|{:.2f}".format(*xyz)) for xyz in points.xyz_m.tolist()], np.int64
    )


def spill_outside(
    model: LinkModel,
    scenario: Scenario,
    public: PublicLinks,
    blockers: BlockerLinks,
    outside: OutsidePoints,
    *,
    stream: int = 0,
    grades: Sequence[Grade] = (),
) -> tuple[xr.Dataset, ...]:
    """Powers outside over all worlds, against the limits of the tier of each grade.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    public, blockers : PublicLinks, BlockerLinks
        Links at the outside points, blockers made with ``outside=True``.
    outside : OutsidePoints
    stream : int
    grades : sequence of Grade
        Those of the scenario without it; what one finds depends on no other.

    Returns
    -------
    tuple of Dataset, dims (channel, outside) and (outside)
        One for each grade, as in `SpillResult`; further `capture_margin_db` (channel, outside): how far a MAS cell
        stays from capturing in the share of worlds that counts; `channel_passed` (channel, outside): all of that
        holds; `emergency_probability`, `emergency_margin_db` (outside): of a 999 call on some channel; and `passed`
        (outside). What is not known has jam ``inf``, signal and margin ``-inf`` and is captured.

    Notes
    -----
    In the emergency tier there is no limit of power: limit and margin are ``inf``. A call needs −3 dB and −118 dBm
    (assumption A28), and no less than the technology itself: GSM 9 dB and −108 dBm, UMTS −115 dBm.
    """
    grades = grades or scenario.judged
    public, blockers, unknown = known_links(model, public, blockers)
    links, los_keys = kernel_links(public, blockers)
    seed = seed_of(scenario.seed, stream)
    network = kernel_network(model, seed, scenario.worlds, los_keys, blockers.device_key, boosted=False)
    key = outside_keys(outside.points)
    shape = (len(key), len(model.channels))
    found = _spill_kernels.Found(
        jam=np.full(shape, -np.inf),
        signal=np.full(shape, -np.inf),
        captured=np.zeros(shape, np.int64),
        margin=np.full((len(grades), *shape), np.inf),
        capture=np.full((len(grades), *shape), -np.inf),
        calls=np.zeros(len(key), np.int64),
        call=np.full((len(grades), len(key)), -np.inf),
    )
    limits = kernel_limits(model, scenario, grades)
    in_parts(partial(_spill_kernels.spill_worlds, network, links, key, limits, found), len(key))
    of_channel = [np.flatnonzero(model.carrier_channel == channel) for channel in range(shape[1])]
    lost = np.stack([unknown[:, members].any(axis=1) for members in of_channel])
    jam, signal = np.where(lost, np.inf, found.jam.T), np.where(lost, -np.inf, found.signal.T)
    capture = np.where(lost, 1.0, found.captured.T / scenario.worlds)
    results = []
    for g, grade in enumerate(grades):
        margin = np.where(lost, -np.inf, found.margin[g].T)
        with np.errstate(invalid="ignore"):
            limit = np.where(lost, -np.inf, np.where(np.isfinite(margin), jam + margin, np.inf))
        seldom = (found.captured <= limits.may_capture[g]).T
        on_channel: NDArray[np.bool_] = (margin >= 0) & seldom & ~lost
        good: NDArray[np.bool_] = np.asarray(on_channel.all(axis=0))
        if scenario.rules.tier(grade.tier).calls:
            good &= found.calls >= scenario.worlds - limits.may_miss[g]
        results.append(
            _dataset(
                model,
                outside,
                {"jam_dbm": jam, "signal_dbm": signal, "limit_dbm": limit},
                {
                    "margin_db": margin,
                    "capture_margin_db": np.where(lost, -np.inf, -found.capture[g].T),
                    "capture_probability": capture,
                    "channel_passed": on_channel,
                },
                {
                    "emergency_probability": found.calls / scenario.worlds,
                    "emergency_margin_db": found.call[g],
                    "passed": good,
                },
            )
        )
    return tuple(results)


def _part(places: OutsidePoints, part: slice) -> OutsidePoints:
    """Some of the places, in order."""
    return OutsidePoints(
        scattered(places.points.xyz_m[part]),
        places.ring[part],
        places.name[part],
        places.people[part],
        places.distance_m[part],
    )


def _dataset(
    model: LinkModel,
    outside: OutsidePoints,
    powers: Mapping[str, Floats],
    by_channel: Mapping[str, Floats | NDArray[np.bool_]],
    by_point: Mapping[str, Floats | NDArray[np.bool_]],
) -> xr.Dataset:
    """The results with their names and units."""
    units = {name: {"units": "dB"} for name in (*MARGINS, "emergency_margin_db")}
    data: dict[str, Any] = {name: ((CHANNEL, OUTSIDE), dbm, {"units": "dBm"}) for name, dbm in powers.items()}
    data |= {name: ((CHANNEL, OUTSIDE), values, units.get(name, {})) for name, values in by_channel.items()}
    xyz_m = outside.points.xyz_m
    return xr.Dataset(
        data | {name: (OUTSIDE, values, units.get(name, {})) for name, values in by_point.items()},
        coords={
            CHANNEL: list(model.channels),
            **{axis: (OUTSIDE, xyz_m[:, index]) for index, axis in enumerate(("x_m", "y_m", "z_m"))},
            "ring": (OUTSIDE, np.array(outside.ring, object)),
            "name": (OUTSIDE, np.array(outside.name, object)),
            "people": (OUTSIDE, outside.people),
            "distance_m": (OUTSIDE, outside.distance_m),
        },
    )
