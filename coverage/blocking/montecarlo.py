"""The verdict: who has service in each room, judged over random worlds.

All errors of one world are drawn together: a sector's level over the whole site, a construction's loss for every link
through it, inward and outward, and local errors of their own for each source. A room is silent in a world only if no
channel is usable at any of its test points in that same world.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._montecarlo import Ways, judge
from quietwing.coverage.blocking.blocker_links import BlockerLinks
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, stable_key
from quietwing.coverage.blocking.networks import reference_khz
from quietwing.coverage.blocking.thresholds import (
    SEARCH_GAIN_DB,
    load_thresholds,
    noise_dbm,
    search_margin_db,
)
from quietwing.coverage.blocking.worlds import NORMAL, Part, normals, uniforms
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.errors_model import LocalErrors, load_local_errors
from quietwing.coverage.scenario import Scenario
from quietwing.sites.points import PointSet

__all__ = ["CAPTURE_HYSTERESIS_DB", "Needs", "Tally", "WorldDraws", "carrier_needs", "count_worlds", "draw_worlds"]

CAPTURE_HYSTERESIS_DB = 3.0  # CHOICES 19; the offset is 0
WORST_NOISE_FIGURE_DB = 9.0  # of the worst phone, CHOICES 19 and 20


@dataclass(frozen=True, slots=True)
class Needs:
    """What decides service on each carrier, shape (carrier,) each; all float32. [dB or dBm]

    Attributes
    ----------
    boost : ndarray
        Reference-signal boost of S inside.
    floor : ndarray
        Lowest level (boost included) that is usable; the gain of a searcher is taken off.
    need : ndarray
        J/S from which the channel is denied: to deny plus search margin.
    noise : ndarray
        Of the best phone in the reference bandwidth.
    capture : ndarray
        What a MAS cell must lead by: hysteresis plus search margin.
    mas_floor, mas_gamma, mas_noise : ndarray
        Lowest level of a MAS cell, SINR it needs, noise of the worst phone.
    campable : ndarray of bool
    """

    boost: NDArray[np.float32]
    floor: NDArray[np.float32]
    need: NDArray[np.float32]
    noise: NDArray[np.float32]
    capture: NDArray[np.float32]
    mas_floor: NDArray[np.float32]
    mas_gamma: NDArray[np.float32]
    mas_noise: NDArray[np.float32]
    campable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class WorldDraws:
    """Errors that are common to many links, per world; local ones are drawn where they are needed.

    Attributes
    ----------
    sector : float32 ndarray, shape (sector, world)
        Standard normals, part 1.
    construction : float32 ndarray, shape (construction, band, world)
        Standard normals, part 2.
    """

    sector: NDArray[np.float32]
    construction: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something works.

    Attributes
    ----------
    usable_at_points : int32 ndarray, shape (point, channel)
        Worlds in which the channel is usable there.
    usable_in_rooms : int32 ndarray, shape (room, channel)
        Worlds in which it is usable at any point of the room.
    silent : bool ndarray, shape (room, world)
        No channel is usable at any point.
    rooms : int32 ndarray, shape (room,)
        Index of each room in the site.
    """

    usable_at_points: NDArray[np.int32]
    usable_in_rooms: NDArray[np.int32]
    silent: NDArray[np.bool_]
    rooms: NDArray[np.int32]


def carrier_needs(model: LinkModel, scenario: Scenario) -> Needs:
    """Thresholds of each carrier under a scenario (DESIGN §4 "Usable", "Managed access"; CHOICES 17–20)."""
    rows = []
    campable = {sector.channel: sector.campable for sector in model.sectors}
    for carrier in model.carriers:
        row = load_thresholds()[carrier.technology]
        search_db = search_margin_db(carrier.technology, carrier.bandwidth_mhz) if scenario.search_margin else 0.0
        found_db = SEARCH_GAIN_DB if scenario.search_margin else 0.0
        khz = reference_khz(carrier.technology, carrier.freq_mhz)
        rows.append(
            (
                row.crs_boost_db,
                row.floor_dbm - found_db,
                row.js_deny_db + search_db,
                noise_dbm(khz),
                CAPTURE_HYSTERESIS_DB + search_db,
                row.floor_dbm,
                row.gamma_keep_db,
                noise_dbm(khz, WORST_NOISE_FIGURE_DB),
            )
        )
    boost, floor, need, noise, capture, mas_floor, mas_gamma, mas_noise = (
        np.ascontiguousarray(column) for column in np.array(rows, np.float32).reshape(-1, 8).T
    )
    can_camp = np.array([campable[carrier.channel] for carrier in model.carriers], np.bool_)
    return Needs(boost, floor, need, noise, capture, mas_floor, mas_gamma, mas_noise, can_camp)


def draw_worlds(model: LinkModel, seed: int, worlds: int) -> WorldDraws:
    """Common errors of all worlds; the first worlds do not depend on how many are drawn."""
    sector = [normals(seed, Part.SECTOR, worlds, key) for key in model.sector_key.tolist()]
    construction = [
        [normals(seed, Part.CONSTRUCTION, worlds, key, int(band)) for band in model.bands]
        for key in model.construction_key.tolist()
    ]
    return WorldDraws(
        np.array(sector, np.float32).reshape(len(model.sectors), worlds),
        np.array(construction, np.float32).reshape(len(model.constructions), len(model.bands), worlds),
    )


def point_keys(points: PointSet, room_ids: tuple[str, ...]) -> NDArray[np.int64]:
    """What local errors of a point belong to: its room, its kind and its place among those of its kind."""
    seen: dict[tuple[int, str], int] = {}
    keys = []
    for room, kind in zip(points.room.tolist(), points.kind, strict=True):
        nth = seen[room, kind] = seen.get((room, kind), -1) + 1
        keys.append(stable_key(f"{room_ids[room]}|{kind}|{nth}"))
    return np.array(keys, np.int64)


def count_worlds(
    model: LinkModel,
    scenario: Scenario,
    points: PointSet,
    public: PublicLinks,
    blockers: BlockerLinks,
    *,
    stream: int = 0,
    local: LocalErrors | None = None,
) -> Tally:
    """Judge every room in every world.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Number of worlds, seed, search margin.
    points : PointSet
        Test points, those of one room together.
    public, blockers : PublicLinks, BlockerLinks
        Links at these points.
    stream : int
        Another stream of the same seed gives fresh worlds: a plan is chosen on one and reported on another.
    local : LocalErrors, optional
        Other than the defaults.

    Returns
    -------
    Tally

    Raises
    ------
    OutOfRangeError
        If a level is NaN: what was not computed must never count as silent.
    """
    for name, values in (("public", public.los_dbm), ("public", public.nlos_dbm), ("blocker", blockers.level_dbm)):
        if np.isnan(values).any():
            raise OutOfRangeError(f"a {name} level is NaN (expected dBm or -inf); compute every link before judging")
    sizes = local or load_local_errors()
    seed = scenario.seed + (stream << 40)
    draws = draw_worlds(model, seed, scenario.worlds)
    needs = carrier_needs(model, scenario)
    rooms, starts = np.unique(points.room, return_index=True)
    if (np.diff(points.room) < 0).any():
        raise OutOfRangeError("test points are not in the order of rooms; keep the order they were made in")
    ids = tuple(room.id for room in model.scene.site.rooms)
    sight_keys, sight_row = np.unique(public.sight_key, return_inverse=True)
    sight = [uniforms(seed, Part.SIGHT, scenario.worlds, int(key)) for key in sight_keys]
    by_carrier = np.argsort(model.sector_carrier, kind="stable")
    by_channel = np.argsort(model.carrier_channel, kind="stable")
    shape = (len(points), len(model.channels))
    tally = Tally(
        np.zeros(shape, np.int32),
        np.zeros((len(rooms), len(model.channels)), np.int32),
        np.zeros((len(rooms), scenario.worlds), np.bool_),
        rooms.astype(np.int32),
    )
    plmns, network = np.unique([carrier.plmn for carrier in model.carriers], return_inverse=True)
    device_draw = [normals(seed, Part.DEVICE, scenario.worlds, key) for key in blockers.device_key.tolist()]

    def rows(values: NDArray[np.generic], axes: tuple[int, ...]) -> NDArray[np.generic]:
        return np.ascontiguousarray(np.transpose(values, axes))

    given = (
        np.append(starts, len(points)),
        np.array([stable_key(ids[room]) for room in rooms], np.int64),
        point_keys(points, ids),
        rows(public.los_dbm, (1, 0)),
        rows(public.nlos_dbm, (1, 0)),
        rows(public.los_probability, (1, 0)),
        public.fixed_sight,
        rows(sight_row.reshape(public.sight_key.shape), (1, 0)),
        np.array(sight, np.float32).reshape(len(sight_keys), scenario.worlds),
        public.sigma_db,
        draws.sector,
        Ways(
            rows(public.crossed, (1, 0, 2)),
            rows(public.walls_db[:, :, None], (1, 0, 2)),
            rows(public.straight_share[:, :, None], (1, 0, 2)),
            rows(public.straight_crossed, (1, 0, 2)),
            rows(public.straight_walls_db[:, :, None], (1, 0, 2)),
        ),
        model.construction_sigma_db,
        draws.construction,
        np.searchsorted(model.sector_carrier[by_carrier], np.arange(len(model.carriers) + 1)),
        by_carrier,
        np.searchsorted(model.carrier_channel[by_channel], np.arange(len(model.channels) + 1)),
        by_channel,
        model.carrier_band,
        np.array([int(band) for band in model.bands], np.int64),
        needs.campable,
        needs.boost,
        needs.floor,
        needs.need,
        needs.noise,
        rows(blockers.level_dbm, (2, 1, 0)),
        rows(blockers.mas_dbm, (2, 1, 0)),
        blockers.is_mas,
        Ways(
            rows(blockers.crossed, (1, 0, 2)),
            rows(blockers.walls_db, (1, 0, 2)),
            rows(blockers.straight_share, (1, 0, 2)),
            rows(blockers.straight_crossed, (1, 0, 2)),
            rows(blockers.straight_walls_db, (1, 0, 2)),
        ),
        np.float32(sizes.device_db),
        np.array(device_draw, np.float32).reshape(len(device_draw), scenario.worlds),
        blockers.device_key,
        model.sector_key,
        needs.capture,
        needs.mas_floor,
        needs.mas_gamma,
        needs.mas_noise,
        seed,
        np.float32(sizes.local_room_band_db),
        np.float32(sizes.local_point_band_db),
        np.float32(sizes.local_window_db),
        scenario.likely_capture,
        network.astype(np.int32),
        len(plmns),
        NORMAL,
        tally.usable_at_points,
        tally.usable_in_rooms,
        tally.silent,
    )
    in_parts(partial(judge, *given), len(rooms))
    return tally
