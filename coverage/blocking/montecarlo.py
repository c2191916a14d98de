"""The verdict: who has service in each room, judged over random worlds.

All errors of one world are drawn together: a sector's level over the whole site, a construction's loss for every link
through it, inward and outward, and local errors of their own for each source. A room is silent in a world only if no
channel is usable at any of its test points in that same world.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._montecarlo import MATTERS_DB, Cases, Count, Demands, Rooms, judge
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, stable_key
from quietwing.coverage.blocking.networks import reference_khz
from quietwing.coverage.blocking.thresholds import WORST_NOISE_FIGURE_DB, load_thresholds, noise_dbm
from quietwing.coverage.blocking.world_links import kernel_links, kernel_network, seed_of
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation import in_parts
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet

__all__ = ["CAPTURE_HYSTERESIS_DB", "Case", "Needs", "Tally", "carrier_needs", "count_worlds", "counted_dbm"]

CAPTURE_HYSTERESIS_DB = 3.0  # assumption A19; the offset is 0


@dataclass(frozen=True, slots=True)
class Needs:
    """What decides service on each carrier at one grade, shape (carrier,) each; all float32. [dB or dBm]

    Attributes
    ----------
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

    floor: NDArray[np.float32]
    need: NDArray[np.float32]
    noise: NDArray[np.float32]
    capture: NDArray[np.float32]
    mas_floor: NDArray[np.float32]
    mas_gamma: NDArray[np.float32]
    mas_noise: NDArray[np.float32]
    campable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged in the same worlds as other cases.

    Attributes
    ----------
    grades : tuple of Grade
    lower_db : float
        By how much every sector of the public network is turned down. [dB]
    blocked : bool
        Whether the blockers are on.
    by_channel : int
        At how many of the grades, the first ones, `Tally.usable` is kept.
    """

    grades: tuple[Grade, ...]
    lower_db: float = 0.0
    blocked: bool = True
    by_channel: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something works, at each grade of `Scenario.judged`, or of one case after the other.

    Attributes
    ----------
    usable_at_points : int32 ndarray, shape (grade, point, channel)
        Worlds in which the channel is usable there.
    usable_in_rooms : int32 ndarray, shape (grade, room, channel)
        Worlds in which it is usable at any point of the room.
    silent : bool ndarray, shape (grade, room, world)
        No channel is usable at any point.
    rooms : int32 ndarray, shape (room,)
        Index of each room in the site.
    usable : bool ndarray, shape (row, room, channel, world)
        The channel is usable at some point of the room; a row for each grade of the cases that keep it.
    """

    usable_at_points: NDArray[np.int32]
    usable_in_rooms: NDArray[np.int32]
    silent: NDArray[np.bool_]
    rooms: NDArray[np.int32]
    usable: NDArray[np.bool_]

    def at(self, grades: slice) -> Tally:
        """The same at some of the grades, of the cases one after the other."""
        return replace(
            self,
            usable_at_points=self.usable_at_points[grades],
            usable_in_rooms=self.usable_in_rooms[grades],
            silent=self.silent[grades],
        )


def carrier_needs(model: LinkModel, scenario: Scenario, grade: Grade | None = None) -> Needs:
    """Thresholds of each carrier at a grade, the one asked for if none is given (assumptions A17 to A20)."""
    rows, phone = [], model.rules.phone
    grade = grade or scenario.asked
    campable = {sector.channel: sector.campable for sector in model.sectors}
    for carrier in model.carriers:
        row = load_thresholds()[carrier.technology]
        search_db = grade.search_db.of(carrier.technology, carrier.bandwidth_mhz) if scenario.search_margin else 0.0
        found_db = phone.search_gain_db if scenario.search_margin else 0.0
        khz = reference_khz(carrier.technology, carrier.band)
        rows.append(
            (
                row.floor_dbm - found_db,
                grade.js_deny_db[carrier.technology] + search_db,
                noise_dbm(khz),
                CAPTURE_HYSTERESIS_DB + search_db,
                row.floor_dbm,
                row.gamma_keep_db,
                noise_dbm(khz, WORST_NOISE_FIGURE_DB),
            )
        )
    floor, need, noise, capture, mas_floor, mas_gamma, mas_noise = (
        np.ascontiguousarray(column) for column in np.array(rows, np.float32).reshape(-1, 7).T
    )
    can_camp = np.array([campable[carrier.channel] for carrier in model.carriers], np.bool_)
    return Needs(floor, need, noise, capture, mas_floor, mas_gamma, mas_noise, can_camp)


def counted_dbm(model: LinkModel, scenario: Scenario, public: PublicLinks) -> NDArray[np.float32]:
    """Median level below which `count_worlds` takes a jammer for nothing, shape (carrier, point). [dBm]"""
    boost_db, fixed = model.boost_db[:, None], public.fixed_los[:, None]
    likelier = np.where(fixed == 1, public.los_dbm, public.nlos_dbm)
    surest = np.where(fixed < 0, np.minimum(public.los_dbm, public.nlos_dbm), likelier) + boost_db
    of_carrier = [surest[model.sector_carrier == carrier].max(axis=0) for carrier in range(len(model.carriers))]
    return np.asarray(np.stack(of_carrier) + _least_need_db(model, scenario, scenario.judged)[:, None] - MATTERS_DB)


def count_worlds(
    model: LinkModel,
    scenario: Scenario,
    points: PointSet,
    public: PublicLinks,
    blockers: BlockerLinks,
    *,
    stream: int = 0,
    cases: Sequence[Case] = (),
) -> Tally:
    """Judge every room in every world, at every grade.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Number of worlds, seed, grades, search margin.
    points : PointSet
        Test points, those of one room together.
    public, blockers : PublicLinks, BlockerLinks
        Links at these points.
    stream : int
        Another stream of the same seed gives fresh worlds: a plan is chosen on one and reported on another.
    cases : sequence of Case
        Without it one: the grades of the scenario. What one case finds depends on no other as long as the least J/S
        that denies and the least search margin are the same without it.

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
    if (np.diff(points.room) < 0).any():
        raise OutOfRangeError("test points are not in the order of rooms; keep the order they were made in")
    cases = cases or (Case(scenario.judged),)
    grades = tuple(grade for case in cases for grade in case.grades)
    rooms, starts = np.unique(points.room, return_index=True)
    of_room = model.scene.site.rooms
    links, los_keys = kernel_links(public, blockers)
    seed = seed_of(scenario.seed, stream)
    network = kernel_network(model, seed, scenario.worlds, los_keys, blockers.device_key, boosted=True)
    channels = len(model.channels)
    keeps = np.array([number < case.by_channel for case in cases for number in range(len(case.grades))], bool)
    count = Count(
        np.zeros((len(grades), len(points), channels), np.int32),
        np.zeros((len(grades), len(rooms), channels), np.int32),
        np.zeros((len(grades), len(rooms), scenario.worlds), np.bool_),
        np.zeros((int(keeps.sum()), len(rooms), channels, scenario.worlds), np.bool_),
    )
    room_parts = Rooms(
        np.append(starts, len(points)), np.array([stable_key(of_room[room].id) for room in rooms], np.int64)
    )
    demands = _demands(model, scenario, grades)
    together = Cases(
        start=np.cumsum([0, *(len(case.grades) for case in cases)]),
        lower=np.array([case.lower_db for case in cases], float),
        blocked=np.array([case.blocked for case in cases], bool),
        kept=np.where(keeps, np.cumsum(keeps) - 1, -1),
    )
    in_parts(partial(judge, room_parts, demands, together, network, links, count), len(rooms))
    return Tally(count.points, count.rooms, count.silent, rooms.astype(np.int32), count.usable)


def _demands(model: LinkModel, scenario: Scenario, grades: Sequence[Grade]) -> Demands:
    """The needs of every grade as ratios and powers."""
    needs = [carrier_needs(model, scenario, grade) for grade in grades]
    first = needs[0]
    alone = _ratio(-np.array([grade.single_source_db for grade in grades]))
    _, network = np.unique([carrier.plmn for carrier in model.carriers], return_inverse=True)
    return Demands(
        deny=_ratio(np.stack([one.need for one in needs])),
        least=_ratio(_least_need_db(model, scenario, grades)),
        capture=_ratio(np.stack([one.capture for one in needs])),
        together=alone,
        beside=2 * (1 - alone),  # two sources that are alike count whole
        floor=first.floor,
        noise=_ratio(first.noise),
        mas_floor=_ratio(first.mas_floor),
        mas_gamma=_ratio(first.mas_gamma),
        mas_noise=_ratio(first.mas_noise),
        campable=first.campable,
        network=network.astype(np.int32),
        likely=scenario.likely_capture,
    )


def _least_need_db(model: LinkModel, scenario: Scenario, grades: Sequence[Grade]) -> NDArray[np.float32]:
    """Smallest J/S that denies plus smallest search margin of each carrier, the same whichever grade has which."""
    least = []
    for carrier in model.carriers:
        search_db = min(grade.search_db.of(carrier.technology, carrier.bandwidth_mhz) for grade in grades)
        deny_db = min(grade.js_deny_db[carrier.technology] for grade in grades)
        least.append(deny_db + (search_db if scenario.search_margin else 0.0))
    return np.array(least, np.float32)


def _ratio(values_db: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Decibels as ratios of power."""
    return np.asarray(10.0 ** (values_db.astype(float) / 10))
