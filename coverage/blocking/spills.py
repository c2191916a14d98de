"""What a layout does outside, in keep rooms, to other services and to people, against the tier of each grade.

Outside, world by world, per channel and point: the sum of all blockers against the larger of the channel's strongest
sector less what the tier allows, and the noise less its margin. Errors that both sides share drop out. Of a channel
with several carriers the sum is taken on the carrier where it is largest and the signal on the carrier where that is
strongest; all carriers of a channel have one reference bandwidth. Carriers nobody can camp on by themselves count
too: the users of supplementary downlink lose speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quietwing.coverage.blocking import _spill_kernels
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.exposures import exposure
from quietwing.coverage.blocking.interference import kernel_limits, known_links
from quietwing.coverage.blocking.keep import keep_rooms
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, public_links, stable_key
from quietwing.coverage.blocking.out_of_band import out_of_band_rows, stray_heard
from quietwing.coverage.blocking.outside import RECEPTOR, OutsidePoints, most_eirp_dbm, outside_points
from quietwing.coverage.blocking.protect import protected_services
from quietwing.coverage.blocking.world_links import kernel_links, kernel_network, seed_of
from quietwing.coverage.decibel import floored
from quietwing.coverage.dims import CHANNEL, OUTSIDE
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import in_parts
from quietwing.coverage.results import SpillResult
from quietwing.coverage.rules import Grade, Tier
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import ExposureRow, KeepRow, RingRow, ServiceRow, failing_rows
from quietwing.sites import PointSet, scattered

__all__ = [
    "blocks_of",
    "judge_rings",
    "may_fail",
    "outside_keys",
    "spill",
    "spill_outside",
    "spill_result",
    "worst_margin",
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

    Returns
    -------
    tuple of SpillResult
        One for each grade of `Scenario.judged`. `worst_margin_db` is ``inf`` where nothing on the air reaches any
        point, ``-inf`` where a level is not known.
    """
    site = model.scene.site
    on = tuple(device for device in devices if device.state != "off")
    places = outside_points(site, most_eirp_dbm(on, catalogue)) if outside is None else outside
    found, heard = [], []
    for block in blocks_of(places, len(on) * len(model.carriers)):
        public = public_links(model, block.points)
        blockers = blocker_links(model, on, catalogue, block.points, outside=True)
        heard.append(stray_heard(model, blockers, catalogue, block.points))
        found.append(spill_outside(model, scenario, public, blockers, block, stream=stream))
    kept = keep_rooms(model, scenario, on, catalogue, points, stream=stream)
    protected = (
        *protected_services(model, scenario, on, catalogue),
        *out_of_band_rows(model, on, catalogue, points, places.name, heard),
    )
    exposed = exposure(site, on, catalogue, points)
    results = []
    for number, grade in enumerate(scenario.judged):
        blocks = [block[number] for block in found]
        data = xr.concat(blocks, OUTSIDE) if len(blocks) > 1 else blocks[0]
        results.append(spill_result(scenario, grade, data, kept, protected, exposed))
    return tuple(results)


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
    margin_db, where = worst_margin(data, tier)
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
        where=where,
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
    links, sight_keys = kernel_links(public, blockers)
    seed = seed_of(scenario.seed, stream)
    network = kernel_network(model, seed, scenario.worlds, sight_keys, blockers.device_key, boosted=False)
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


def judge_rings(data: xr.Dataset, tier: Tier) -> tuple[RingRow, ...]:
    """Count the points of each ring that fail.

    Parameters
    ----------
    data : Dataset
        From `spill_outside`.
    tier : Tier

    Returns
    -------
    tuple of RingRow
        Rings from the fence outwards, receptors last, none of which may fail.
    """
    rows = []
    for ring, members in _members(data).items():
        failing = int(np.count_nonzero(~data["passed"].values[members]))
        allowed = may_fail(ring, len(members), tier)
        rows.append(RingRow(ring, len(members), failing, allowed, failing <= allowed))
    return tuple(rows)


def worst_margin(data: xr.Dataset, tier: Tier) -> tuple[float, str]:
    """The smallest margin that counts, not rounded, and where it is.

    The points of a ring that may fail are left out, the worst first: a negative margin is a ring that does not pass.

    Parameters
    ----------
    data : Dataset
        From `spill_outside`.
    tier : Tier

    Returns
    -------
    margin_db : float
        Of power, of capture or in the emergency tier of a 999 call, whichever is smallest. ``inf`` where nothing on
        the air reaches any point. [dB]
    where : str
        Point and channel in words, empty where there is none.
    """
    power_db, capture_db = (data[name].transpose(CHANNEL, OUTSIDE).values for name in _MARGINS)
    of_channel = np.minimum(power_db, capture_db)
    of_point = of_channel.min(axis=0)
    call_db = data["emergency_margin_db"].values if tier.calls else np.full(len(of_point), np.inf)
    worst, at = np.inf, -1
    for ring, members in _members(data).items():
        order = members[np.argsort(np.minimum(of_point, call_db)[members], kind="stable")]
        counts = order[may_fail(ring, len(members), tier)]
        if min(of_point[counts], call_db[counts]) < worst:
            worst, at = float(min(of_point[counts], call_db[counts])), int(counts)
    if at < 0:
        return worst, ""
    place = str(data["name"].values[at])
    if call_db[at] <= of_point[at]:
        return worst, f"{place}: 999 calls"
    channel = int(of_channel[:, at].argmin())
    named = str(data[CHANNEL].values[channel])
    if np.isneginf(worst):
        return worst, f"{place}: {named} is not known"
    if capture_db[channel, at] < power_db[channel, at]:
        return worst, f"{place}: {named} captured by managed access"
    return worst, f"{place}: {named}"


_MARGINS = ("margin_db", "capture_margin_db")


def _members(data: xr.Dataset) -> dict[str, NDArray[np.intp]]:
    """Indices of the points of each ring in order of first appearance."""
    ring = data["ring"].values
    return {str(name): np.flatnonzero(ring == name) for name in dict.fromkeys(ring.tolist())}


def may_fail(ring: str, count: int, tier: Tier) -> int:
    """How many points of a ring may fail: a receptor never."""
    return 0 if ring == RECEPTOR else int(np.floor(count * tier.may_fail + 1e-9))


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
    units = {name: {"units": "dB"} for name in (*_MARGINS, "emergency_margin_db")}
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
