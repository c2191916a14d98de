"""Levels outside that were worked out before, kept for the next search of the same site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import OutsideLimit, OutsidePoints, counted, outside_limit, public_links
from quietwing.coverage.planning.levels import Candidates, LimitBlock
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.sites import PointSet

__all__ = ["AskedRows", "Known", "LastShares", "RowLevels"]

MOST_KNOWN_BYTES = 2**29  # of levels there that are kept for the next search
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class AskedRows:
    """Some of the limits at some places: each row is one carrier's at one place.

    Attributes
    ----------
    points : PointSet
    names : sequence of str
        Of the places.
    limit : OutsideLimit
        At all of them.
    channels : sequence of str
        Of the carriers.
    row : intp ndarray
        Which of (carrier, place), counted through.
    """

    points: PointSet
    names: Sequence[str]
    limit: OutsideLimit
    channels: Sequence[str]
    row: NDArray[np.intp]

    @cached_property
    def said(self) -> tuple[str, ...]:
        """Each row in words."""
        carrier, place = self.carrier_and_place
        at = zip(place.tolist(), carrier.tolist(), strict=True)
        return tuple(f"{self.names[place]}: {self.channels[carrier]}" for place, carrier in at)

    @cached_property
    def carrier_and_place(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Of each row."""
        carrier, place = np.unravel_index(self.row, self.limit.limit_dbm.shape)
        return carrier, place

    def of(self, levels: Levels) -> Levels:
        """What levels of shape (..., carrier, place) are in these rows, shape (..., row)."""
        carrier, place = self.carrier_and_place
        return levels[..., carrier, place]


@dataclass
class RowLevels:
    """Upper levels of spots in the rows that a model has of some limits, kept for the next search of the same site.

    A search asks for nearly the same rows as the one before it; on campus to work them out again takes 67 s.
    """

    most_bytes: int = MOST_KNOWN_BYTES
    held_bytes: int = 0
    spots: dict[int, tuple[NDArray[np.intp], Levels]] = field(default_factory=dict)

    def of(
        self,
        spots: NDArray[np.intp],
        rows: NDArray[np.intp],
        ask: Callable[[NDArray[np.intp], NDArray[np.intp]], Levels],
    ) -> Levels:
        """Levels of some spots in some rows, shape (mode, spot, row).

        Parameters
        ----------
        spots, rows : intp ndarray
            Ascending.
        ask : callable
            Works out those of some spots in some rows; it is asked for what is not known yet.
        """
        there = {spot: self.spots[spot] for spot in spots.tolist() if spot in self.spots}
        old, new = (spots[np.isin(spots, list(there)) == known] for known in (True, False))
        if len(new):
            there |= {
                spot: (rows, levels) for spot, levels in zip(new.tolist(), _by_spot(ask(new, rows)), strict=True)
            }
        alike = {id(held): held for held, _ in map(there.__getitem__, old.tolist())}  # spots asked for together
        unknown = np.zeros(len(rows), bool)
        for held in alike.values():
            unknown |= ~np.isin(rows, held, assume_unique=True)
        if unknown.any():
            further = rows[unknown]
            merged = {key: _merged(held, further) for key, held in alike.items()}
            for spot, levels in zip(old.tolist(), _by_spot(ask(old, further)), strict=True):
                held, known = there[spot]
                every, first = merged[id(held)]
                there[spot] = every, np.concatenate([known, levels], axis=1)[:, first]
        for spot, found in there.items():
            size = found[1].nbytes - (self.spots[spot][1].nbytes if spot in self.spots else 0)
            if self.held_bytes + size <= self.most_bytes:
                self.held_bytes += size
                self.spots[spot] = found
        return np.stack(
            [levels[:, np.searchsorted(held, rows)] for held, levels in map(there.__getitem__, spots.tolist())],
            axis=1,
        )


@dataclass
class LastShares:
    """Shares of all limits outside that the candidates asked for last take: most are asked for the next time too."""

    most_bytes: int = MOST_KNOWN_BYTES
    candidates: Candidates | None = None
    members: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    share: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    name: tuple[str, ...] = ()

    def of(
        self,
        candidates: Candidates,
        members: NDArray[np.int64],
        ask: Callable[[NDArray[np.int64]], tuple[NDArray[np.float64], tuple[str, ...]]],
    ) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Shares of some candidates, shape (row, member), and names of the rows; `ask` is asked for the new ones."""
        if candidates is not self.candidates:
            self.candidates, self.members = candidates, np.zeros(0, np.int64)
            self.share, self.name = np.zeros((0, 0)), ()
        if len(self.name) and np.array_equal(members, self.members):
            return self.share, self.name
        old = np.isin(members, self.members)
        if not old.any():
            share, name = ask(members)
        else:
            share, name = np.empty((len(self.name), len(members))), self.name
            place = {member: at for at, member in enumerate(self.members.tolist())}
            share[:, old] = self.share[:, [place[member] for member in members[old].tolist()]]
            if not old.all():
                share[:, ~old] = ask(members[~old])[0]
        if share.nbytes <= self.most_bytes:
            self.members, self.share, self.name = members, share, name
        return share, name


def _by_spot(levels: Levels) -> list[Levels]:
    """Levels of shape (mode, spot, row) as an array of its own for each spot."""
    return [levels[:, at].copy() for at in range(levels.shape[1])]


def _merged(held: NDArray[np.intp], further: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All rows, ascending, and where each stands first when the further ones are put after those held."""
    every, first = np.unique(np.concatenate([held, further]), return_index=True)
    return every, first


@dataclass
class Known:
    """Upper levels of spots at all places outside that were worked out before.

    What is asked for again and again does not depend on a search's reserve: only which bases candidates are left of.
    A treated window changes the level at the few places that are seen through it, so only these are kept by mode.
    """

    most_bytes: int = MOST_KNOWN_BYTES
    held_bytes: int = 0
    spots: dict[int, tuple[Levels, NDArray[np.intp], Levels]] = field(default_factory=dict)
    limits: tuple[PointSet, list[str], OutsideLimit] | None = None
    peaks: dict[int, LimitBlock] = field(default_factory=dict)  # by base, its largest rows alone
    rows: RowLevels = field(default_factory=RowLevels)  # in the rows of a model, of spots that `spots` has not
    kept: RowLevels = field(default_factory=RowLevels)  # in keep rooms
    staff: RowLevels = field(default_factory=RowLevels)  # at receivers there, by base in place of spot
    shares: LastShares = field(default_factory=LastShares)
    missed: NDArray[np.bool_] | None = None  # rows that plans broke before they were looked at

    def limits_outside(
        self, around: PlanningLinks, places: OutsidePoints
    ) -> tuple[PointSet, list[str], OutsideLimit]:
        """The places outside that count, what they are called, and the limits there."""
        if self.limits is None:
            self.limits = _limits_outside(around, places)
        return self.limits

    def keep(self, spot: int, upper: Levels) -> None:
        """Remember the levels of a spot, shape (mode, carrier, point), as long as there is room."""
        changed = np.flatnonzero((upper[1:] != upper[:1]).any(axis=(0, 1)))
        part = upper[0].copy(), changed, upper[1:, :, changed]
        size = sum(one.nbytes for one in part)
        if self.held_bytes + size <= self.most_bytes:
            self.held_bytes += size
            self.spots[spot] = part

    def remember(self, peaks: LimitBlock) -> None:
        """Remember the largest rows of each base of a block of them."""
        for at, base in enumerate([] if peaks.bases is None else peaks.bases.tolist()):
            self.peaks[base] = replace(
                peaks,
                level_dbm=peaks.level_dbm[:, [at]],
                row_of=None if peaks.row_of is None else peaks.row_of[:, [at]],
                cell_over_db=None if peaks.cell_over_db is None else peaks.cell_over_db[:, [at]],
                cell_row_of=None if peaks.cell_row_of is None else peaks.cell_row_of[:, [at]],
                bases=np.array([base], np.int64),
            )

    def put(self, spot: int, into: Levels) -> None:
        """Write what is known of a spot into an array of shape (mode, carrier, point)."""
        plain, changed, treated = self.spots[spot]
        into[:] = plain
        into[1:, :, changed] = treated


def _limits_outside(around: PlanningLinks, places: OutsidePoints) -> tuple[PointSet, list[str], OutsideLimit]:
    """The places outside that count, what they are called, and the limits of power and of capture there."""
    rows = np.flatnonzero(counted(places, around.scenario.tier))
    points = places.points.some(rows)
    limit = outside_limit(around.plain, around.scenario, public_links(around.plain, points))
    return points, [places.name[row] for row in rows.tolist()], limit
