"""How much stronger blockers would have to be for a room to be silent: the inner end of a contrast budget.

Levels are medians in the reference bandwidth of a carrier, as in the link budget of a room. Every blocker is raised
alike, in the worlds of the verdict, until the room is silent in q of them: what that takes beyond the medians is what
joint confidence over channels and worlds adds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.draft import draft_signal
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, stable_key
from quietwing.coverage.blocking.montecarlo import Tally, carrier_needs, count_worlds
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import Device
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet

__all__ = ["STEP_DB", "Raised", "raise_to_silence", "raised_by"]

STEP_DB = 0.05  # blockers are raised in steps of this
LEAST_DB, MOST_DB = -60.0, 150.0  # what needs less is silent without; what needs more is out of reach
LEAST_STEP, MOST_STEP = round(LEAST_DB / STEP_DB), round(MOST_DB / STEP_DB)
FIRST_DB = 8.0  # assumed: what confidence mostly adds to a median
FIRST_STRIDE, CLOSE_STRIDE = round(2.0 / STEP_DB), round(0.4 / STEP_DB)
FEW_WORLDS = 200  # to begin with: the first worlds do not depend on how many are drawn
SURE = 3.5  # deviations that a share of 0 or 1 counts as
REFERENCE = "reference blocker"  # owner of its draws

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Raised:
    """What silences one room.

    Attributes
    ----------
    room : int
        Index in the site.
    raise_db : float
        Least multiple of 0.05 dB by which all blockers, raised alike, leave the room silent in at least q of the
        worlds; below 0 where it is silent already. [dB]
    reference : bool
        Whether the blockers raised are one reference blocker in place of the layout's, for these would have to be
        raised by more than the rules' `weak_below_db` (20 dB), or do not reach all that works in the room: they are
        blockers of other rooms. It has no wall before it, and its median at each test
        point and carrier is the median need: the larger of public level and the least level a phone uses, plus J/S,
        plus search margin.
    at : int ndarray, shape (own,)
        The room's test points among those given.
    works : int ndarray, shape (own, carrier)
        Worlds in which the carrier's channel works there with the blockers 0.05 dB lower than that.
    rsrp_dbm : float64 ndarray, shape (own, carrier)
        Median of the strongest sector, boost included where its level is not measured, its path clear wherever the
        probability of that is 0.05 or more: S of the link budget. [dBm]
    need_db : float64 ndarray, shape (carrier,)
        J/S that denies + search margin. [dB]
    blocking_dbm : float64 ndarray, shape (own, carrier)
        Power sum of the medians of all blockers before they are raised: J of the link budget. [dBm]
    """

    room: int
    raise_db: float
    reference: bool
    at: NDArray[np.intp]
    works: NDArray[np.int32]
    rsrp_dbm: Floats
    need_db: Floats
    blocking_dbm: Floats

    @property
    def needed_dbm(self) -> Floats:
        """Level needed from blockers, shape (own, carrier): their medians, raised. [dBm]"""
        return self.blocking_dbm + self.raise_db

    @property
    def worst(self) -> tuple[int, int]:
        """The worst of the room's test points and carriers.

        Where a phone works in most worlds with the blockers 0.05 dB lower; among equal ones, and among carriers of
        the channel, where public level + need − blocking is largest.
        """
        lacking_db = self.rsrp_dbm + self.need_db - self.blocking_dbm
        most = np.where(self.works == self.works.max(), np.nan_to_num(lacking_db, nan=-1e9, neginf=-1e9), -np.inf)
        point, carrier = np.unravel_index(int(most.argmax()), most.shape)
        return int(point), int(carrier)


def raised_by(blockers: BlockerLinks, by_db: Floats) -> BlockerLinks:
    """All blockers, their managed-access cells too, raised by as many decibels at each point."""
    by = by_db.astype(np.float32)
    return replace(blockers, level_dbm=blockers.level_dbm + by, mas_dbm=blockers.mas_dbm + by)


def raise_to_silence(
    model: LinkModel,
    scenario: Scenario,
    points: PointSet,
    public: PublicLinks,
    blockers: BlockerLinks,
    *,
    stream: int = 0,
) -> tuple[Raised | None, ...]:
    """By how much blockers must be raised so that each room is silent in q of the worlds.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        The grade asked for, worlds, seed.
    points : PointSet
        Test points, those of one room together.
    public, blockers : PublicLinks, BlockerLinks
        Links at these points.
    stream : int
        Worlds of the verdict.

    Returns
    -------
    tuple of (Raised or None)
        In the order of rooms; None where the room is silent with every blocker 60 dB down.
    """
    needs = carrier_needs(model, scenario)
    need_db, floor_dbm = needs.need.astype(float), needs.floor.astype(float)
    rsrp_dbm = draft_signal(model, public).rsrp_dbm.T
    rooms = np.unique(points.room)
    members = [np.flatnonzero(points.room == room) for room in rooms.tolist()]
    few = replace(scenario, worlds=min(FEW_WORLDS, scenario.worlds))

    def judged(asked: Scenario, of: BlockerLinks, some: NDArray[np.intp], by_db: Floats) -> Tally:
        at = np.concatenate([members[index] for index in some.tolist()])
        raised = np.repeat(by_db, [len(members[index]) for index in some.tolist()])
        some_public, some_blockers = public.at(at), of.at(at)
        raised_blockers = raised_by(some_blockers, raised)
        return count_worlds(model, asked, points.some(at), some_public, raised_blockers, stream=stream)

    def share(asked: Scenario, of: BlockerLinks, some: NDArray[np.intp], by_db: Floats) -> Floats:
        return np.asarray(judged(asked, of, some, by_db).silent[0].mean(axis=1), float)

    found: list[Raised | None] = [None] * len(rooms)
    left = np.arange(len(rooms))
    for reference in (False, True):
        sources = blockers
        if reference:
            sources = _reference(blockers, np.maximum(rsrp_dbm, floor_dbm) + need_db)
        if not len(left) or not len(sources.devices):
            continue
        blocking_dbm = np.asarray(add_powers_db(*sources.level_dbm.astype(float))).T
        lacking_db = np.maximum(rsrp_dbm, floor_dbm) + need_db - blocking_dbm
        by_db = np.array([_largest(lacking_db[members[index]]) for index in left.tolist()]) + FIRST_DB
        for asked, stride in ((few, FIRST_STRIDE), (scenario, CLOSE_STRIDE)):
            by_db = _least_raise(
                partial(share, asked, sources),
                left,
                np.clip(by_db, LEAST_DB, MOST_DB),
                stride,
                scenario.asked.confidence,
                MOST_STEP if reference else round(model.rules.errors.weak_below_db / STEP_DB),
            )
        solved, by_room = left[np.isfinite(by_db)], by_db[np.isfinite(by_db)]
        if len(solved):
            below = judged(scenario, sources, solved, by_room - STEP_DB).usable_at_points[0]
            starts = np.cumsum([0, *(len(members[index]) for index in solved.tolist())])
            for index, raise_db, first in zip(solved.tolist(), by_room.tolist(), starts.tolist(), strict=False):
                at = members[index]
                works = below[first : first + len(at), model.carrier_channel] * needs.campable
                found[index] = Raised(
                    int(rooms[index]), raise_db, reference, at, works, rsrp_dbm[at], need_db, blocking_dbm[at]
                )
        left = left[by_db == np.inf]
    return tuple(found)


def _largest(lacking_db: Floats) -> float:
    """The largest that is a number, 0 where none is."""
    known = lacking_db[np.isfinite(lacking_db)]
    return float(known.max()) if len(known) else 0.0


def _reference(like: BlockerLinks, level_dbm: Floats) -> BlockerLinks:
    """One blocker with no wall before it and a median level given, shape (point, carrier)."""
    points, carriers = level_dbm.shape
    return replace(
        like,
        devices=(Device(REFERENCE, "reference", 0.0, 0.0, 0.0),),
        level_dbm=level_dbm.T[None].astype(np.float32),
        mas_dbm=np.full((1, carriers, points), -np.inf, np.float32),
        is_mas=np.zeros(1, np.bool_),
        paths=like.paths.each(lambda values: np.zeros((1, points, values.shape[2]), values.dtype)),
        device_key=np.array([stable_key(REFERENCE)], np.int64),
    )


@dataclass
class _Bracket:
    """A raise that is too small and one that does, with the share of silent worlds at each; None: not known.

    In steps of `STEP_DB`, `most` at the most.
    """

    guess: int
    stride: int
    q: float
    most: int
    low: tuple[int, float] | None = None
    high: tuple[int, float] | None = None
    tries: int = 0

    @property
    def answer_db(self) -> float | None:
        """The least raise; ``-inf``: any, ``inf``: none; None: not found yet."""
        if self.low is not None and self.low[0] >= self.most:
            return np.inf
        if self.high is not None and self.high[0] <= LEAST_STEP:
            return -np.inf
        if self.low is None or self.high is None or self.high[0] - self.low[0] > 1:
            return None
        return self.high[0] * STEP_DB

    def next(self) -> int:
        """What to try: a guess, then strides that grow, then where normal quantiles meet, now and then half-way."""
        if self.low is None and self.high is None:
            return min(max(self.guess, LEAST_STEP), self.most)
        if self.high is None or self.low is None:
            known, stride = self.low or self.high or (0, 0.0), int(self.stride * 3 ** (self.tries - 1))
            return min(known[0] + stride, self.most) if self.high is None else max(known[0] - stride, LEAST_STEP)
        (low, too_few), (high, enough) = self.low, self.high
        at = (low + high) // 2
        if self.tries % 3:
            below, above = (min(max(float(ndtri(each)), -SURE), SURE) for each in (too_few, enough))
            at = low + round((high - low) * (float(ndtri(self.q)) - below) / max(above - below, 1e-6))
        return min(max(at, low + 1), high - 1)

    def learn(self, step: int, share: float) -> None:
        """Note the share of silent worlds at a raise."""
        self.tries += 1
        if share >= self.q:
            self.high = step, share
        else:
            self.low = step, share


def _least_raise(
    share: Callable[[NDArray[np.intp], Floats], Floats],
    rooms: NDArray[np.intp],
    guess_db: Floats,
    stride: int,
    q: float,
    most: int,
) -> Floats:
    """Least raise at which each room's share of silent worlds is q or more; ``inf``: none, ``-inf``: any. [dB]"""
    brackets = [_Bracket(round(guess / STEP_DB), stride, q, most) for guess in guess_db.tolist()]
    while True:
        left = [at for at, bracket in enumerate(brackets) if bracket.answer_db is None]
        if not left:
            return np.array([bracket.answer_db for bracket in brackets], float)
        steps = [brackets[at].next() for at in left]
        for at, step, found in zip(left, steps, share(rooms[left], np.array(steps) * STEP_DB).tolist(), strict=True):
            brackets[at].learn(step, found)
