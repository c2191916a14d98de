"""What the planning model claims of a plan: rooms that are silent by straight rays alone, limits that are kept."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking import (
    DESENSE_DBM_PER_RB,
    LinkModel,
    OutsideLimit,
    blocker_links,
    counted,
    demanding_points,
    device_levels_dbm,
    device_upper_db,
    draft_needs,
    draft_signal,
    keep_limit_dbm,
    most_eirp_dbm,
    outside_limit,
    outside_points,
    outside_z,
    public_links,
    signal_alone_db,
    signal_lower_dbm,
    spread_against_db,
    upper_against_db,
)
from quietwing.coverage.equipment import Device
from quietwing.coverage.planning.checker.case import Case
from quietwing.sites import PointSet, scattered

__all__ = ["claim_faults", "keep_room_faults", "margin_faults", "outside_faults", "receiver_faults", "unsound"]

MOST_SLACK_DB = 18.0  # the furthest the planner may move a limit
DUST_DB = 1e-6  # levels are float32
CLOSE = 1e-9  # relative: nearer than this to a limit a float sum decides nothing, further off its rounding cannot
MOST_RESERVE_DB = 12.0  # the most the planner may add to, or take from, the margins of one room
AT_A_TIME = 512  # places outside worked out together
Floats = NDArray[np.float64]


def margin_faults(case: Case) -> Iterator[str]:
    """A room needs all of its margins at once, so each is no less sure than the room; limits move only so far."""
    attempt = case.attempt
    if attempt.confidence < case.scenario.asked.confidence:
        yield (
            f"margins hold with {attempt.confidence:g} each, rooms with {case.scenario.asked.confidence:g} "
            f"(expected no less for a margin)"
        )
    if not 0 <= attempt.slack_db <= MOST_SLACK_DB:
        yield f"limits are moved by {attempt.slack_db:g} dB (expected 0 to {MOST_SLACK_DB:g})"
    for claim in case.plan.claimed:
        if not abs(claim.reserve_db) <= MOST_RESERVE_DB:
            yield (
                f"claimed room {claim.room}: reserve {claim.reserve_db:g} dB "
                f"(expected −{MOST_RESERVE_DB:g} to {MOST_RESERVE_DB:g})"
            )


def _mw(level_db: Floats | float) -> Floats:
    """Powers of levels; the tiniest levels are nothing."""
    return np.asarray(10 ** (np.asarray(level_db, float) / 10))


def _total(powers_mw: Floats) -> Fraction:
    """An exact sum."""
    return sum((Fraction(power) for power in powers_mw.tolist() if power), Fraction())


def _db(ratio: Fraction) -> float:
    """A ratio for people."""
    return 10 * math.log10(ratio) if ratio > 0 else -math.inf


def claim_faults(case: Case, treated: LinkModel, tested: PointSet) -> Iterator[str]:
    """Each claimed room: at every test point each carrier is quiet, denied or captured."""
    for (room, channel), (missed, missing_db, where) in unsound(case, treated, tested).items():
        yield (
            f"claimed room {treated.scene.site.rooms[room].id}: {channel} works at {missed} test points; at the "
            f"{where} {missing_db:.3g} dB are missing"
        )


def unsound(case: Case, treated: LinkModel, tested: PointSet) -> dict[tuple[int, str], tuple[int, float, str]]:
    """Claims that do not hold, by room and channel: at how many test points, by how much at the worst, and where."""
    site = treated.scene.site
    reserve = {site.room_index[claim.room]: claim.reserve_db for claim in case.plan.claimed}
    points = tested.some(np.flatnonzero(np.isin(tested.room, list(reserve))))
    if not len(points):
        return {}
    public = public_links(treated, points)
    blockers = blocker_links(treated, case.plan.devices, case.catalogue, points, straight=True)
    needs, z = draft_needs(treated, case.strict), float(ndtri(case.attempt.confidence))
    signal = draft_signal(treated, public)
    reserve_db = np.array([reserve[room] for room in points.room.tolist()])
    against_db = spread_against_db(z, signal, blockers.paths.crossed, treated).astype(float) + reserve_db
    surely_alone_db = signal_alone_db(z, signal, treated) + reserve_db
    failing: dict[tuple[int, str], list[tuple[float, int]]] = defaultdict(list)
    for c in np.flatnonzero(needs.campable).tolist():
        alone_db = surely_alone_db[c]
        rsrp_dbm = signal.rsrp_dbm[c]
        level_dbm = blockers.level_dbm[:, c].astype(float)
        mas_dbm = blockers.mas_dbm[:, c].astype(float)
        denying_mw = np.vstack([_mw(level_dbm - against_db[:, c]), _mw(float(needs.noise[c]) - alone_db)])
        need_mw = _mw(rsrp_dbm + float(needs.need[c]) - DUST_DB)
        jam_mw = np.vstack([_mw(level_dbm[~blockers.is_mas]), np.full(len(points), _mw(float(needs.mas_noise[c])))])
        stands_mw = _mw(mas_dbm - float(needs.mas_gamma[c]) + DUST_DB)
        ahead = (mas_dbm - against_db[:, c] - rsrp_dbm - float(needs.capture[c]) >= -DUST_DB) & (
            mas_dbm >= float(needs.mas_floor[c]) - DUST_DB
        )
        quiet = float(needs.floor[c]) - rsrp_dbm - alone_db >= -DUST_DB
        surely = denying_mw.sum(axis=0) >= need_mw * (1 + CLOSE)
        for p in np.flatnonzero(~quiet & ~surely).tolist():
            total, need = _total(denying_mw[:, p]), Fraction(float(need_mw[p]))
            jam = _total(jam_mw[:, p])
            captured = any(Fraction(power) >= jam for power in stands_mw[ahead[:, p], p].tolist())
            if total < need and not captured:
                failing[int(points.room[p]), treated.carriers[c].channel].append((_db(need / total), p))
    found = {}
    for key, missed in failing.items():
        missing_db, p = max(missed)
        xyz = "({:.2f}, {:.2f}, {:.2f}) m".format(*points.xyz_m[p].tolist())
        found[key] = len(missed), missing_db, f"{points.kind[p]} point {xyz}"
    return found


def _radiating(case: Case) -> tuple[Device, ...]:
    return tuple(device for device in case.plan.devices if device.state != "off")


def outside_faults(case: Case, treated: LinkModel) -> Iterator[str]:
    """Power and capture at every place outside that counts."""
    on, slack_db, z = _radiating(case), case.attempt.slack_db, outside_z(case.scenario)
    site = treated.scene.site
    places = outside_points(site, most_eirp_dbm(on, case.catalogue, site.sectors))
    rows = np.flatnonzero(counted(places, case.scenario.tier))
    failing = _Failing(f"the limit outside with {slack_db:g} dB of slack")
    for first in range(0, len(rows) if on else 0, AT_A_TIME):
        part = rows[first : first + AT_A_TIME]
        points = scattered(places.points.xyz_m[part])
        public = public_links(treated, points)
        limit = outside_limit(treated, case.scenario, public)
        names = [places.name[row] for row in part.tolist()]
        _look(case, treated, points, names, limit, z, failing)
    yield from failing.words()


def keep_room_faults(case: Case, treated: LinkModel, tested: PointSet) -> Iterator[str]:
    """Interference and capture in keep rooms, on the carrier each operator named for them is held to."""
    points = demanding_points(treated, tested)
    if not len(points) or not _radiating(case):
        return
    site, before = case.site, case.links(case.given) if case.plan.treatments else treated
    room_for_dbm = keep_limit_dbm(before, case.scenario, public_links(before, points))
    public, z = public_links(treated, points), float(ndtri(case.attempt.confidence))
    limit_dbm, held_dbm = keep_limit_dbm(treated, case.strict, public), np.full(room_for_dbm.shape, np.inf)
    for room in np.unique(points.room).tolist():
        members = points.room == room
        worst_dbm = room_for_dbm[:, members].min(axis=1)
        for operator in dict.fromkeys(site.rooms[room].operators):
            mine = [c for c, one in enumerate(before.carriers) if one.channel.split("/")[0] == operator]
            best = max(mine, key=lambda c: (worst_dbm[c], -c), default=-1)
            if best >= 0 and np.isfinite(worst_dbm[best]):
                held_dbm[best, members] = limit_dbm[best, members]
    # Where the carrier does not serve with these margins even alone, there is no limit that a plan could keep.
    held_dbm[np.isneginf(held_dbm)] = np.inf
    lower_dbm = np.where(np.isfinite(held_dbm), signal_lower_dbm(treated, public, z), np.inf)
    failing = _Failing(f"what it stands with {case.attempt.slack_db:g} dB of slack")
    names = [f"keep room {site.rooms[room].id}" for room in points.room.tolist()]
    limit = OutsideLimit(held_dbm, np.ones(held_dbm.shape, np.bool_), 0.0, lower_dbm, None)
    _look(case, treated, points, names, limit, z, failing)
    yield from failing.words()


class _Failing:
    """Places and channels where a limit is passed, gathered so that one fault is one line."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        self.found: dict[tuple[str, str, str], list[tuple[float, str]]] = defaultdict(list)

    def add(self, what: str, channel: str, device: str, over_db: float, place: str) -> None:
        self.found[what, channel, device].append((over_db, place))

    def words(self) -> Iterator[str]:
        for (what, channel, device), over in self.found.items():
            worst_db, place = max(over)
            more = f", and at {len(over) - 1} further places" if len(over) > 1 else ""
            if what == "captured":
                yield f"{place}: {device} captures phones on {channel} by {worst_db:.3g} dB{more}"
            else:
                yield (
                    f"{place}: {channel}: the sum of all blockers is {worst_db:.3g} dB above {self.limit}, "
                    f"{device} being the loudest{more}"
                )


def _look(
    case: Case,
    treated: LinkModel,
    points: PointSet,
    names: list[str],
    limit: OutsideLimit,
    z: float,
    failing: _Failing,
) -> None:
    """Add up upper levels at places and compare them with limits, shape (carrier, point) each."""
    blockers = blocker_links(treated, _radiating(case), case.catalogue, points, outside=True, straight=True)
    if limit.signal is None:
        upper_db = taking_db = device_upper_db(treated, blockers, z)
    else:
        upper_db, taking_db = upper_against_db(treated, limit, blockers, z)
    upper_mw = _mw(blockers.level_dbm.astype(float) + upper_db)
    limit_mw = _mw(limit.limit_dbm + case.attempt.slack_db + DUST_DB)
    unsure = np.isfinite(limit_mw) & (upper_mw.sum(axis=0) > limit_mw * (1 - CLOSE))
    for c, p in zip(*(axis.tolist() for axis in np.nonzero(unsure)), strict=True):
        total, most = _total(upper_mw[:, c, p]), Fraction(float(limit_mw[c, p]))
        if total > most:
            loudest = blockers.devices[int(upper_mw[:, c, p].argmax())].id
            over_db = _db(total / most) if most else math.inf
            failing.add("power", treated.carriers[c].channel, loudest, over_db, names[p])
    taken_db = blockers.mas_dbm.astype(float) + taking_db - limit.capture_dbm - case.attempt.slack_db
    for device, c, p in zip(*(axis.tolist() for axis in np.nonzero(taken_db >= DUST_DB)), strict=True):
        name = blockers.devices[device].id
        failing.add("captured", treated.carriers[c].channel, name, float(taken_db[device, c, p]), names[p])


def receiver_faults(case: Case, treated: LinkModel) -> Iterator[str]:
    """Desensitisation of base stations by all devices together."""
    on = _radiating(case)
    power_mw = _mw(device_levels_dbm(treated, case.strict, on, case.catalogue))
    limit = Fraction(float(_mw(DESENSE_DBM_PER_RB + DUST_DB)))
    for at, sector in enumerate(treated.sectors):
        total = _total(power_mw[:, at])
        if total > limit:
            loudest = on[int(power_mw[:, at].argmax())].id
            yield (
                f"receiver of {sector.id}: {sector.channel}: all devices together are {_db(total / limit):.3g} dB "
                f"above {DESENSE_DBM_PER_RB:g} dBm in a resource block, {loudest} being the loudest"
            )
