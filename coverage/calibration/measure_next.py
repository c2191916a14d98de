"""Where to measure next: the readings that are expected to settle the most cells whose call is in doubt.

Worlds of the verdict say how the silence of each cell goes together with each reading that could be taken. Cell and
readings are taken as jointly normal behind that: with R² of the cell's margin explained by the readings, its chance
of silence after them is Φ((m + R z)/√(1 − R²)), m = Φ⁻¹(chance now), z standard normal before they are taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from quietwing.coverage.blocking import MEASURED_SIGMA_DB
from quietwing.coverage.calibration.world_readings import WorldReadings

__all__ = ["Chosen", "chances_after", "choose", "explained_by", "settled"]

Array = NDArray[np.float64]

MOST_EXPLAINED = 0.98  # no finite set of readings tells a cell's margin whole
SLIGHT = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Readings to take, best first.

    Attributes
    ----------
    reading : tuple of int
        Rows of the `WorldReadings`.
    settled : tuple of float
        Cells expected to be settled by it and all before it; the first counts those settled already.
    in_doubt : int
        Cells whose call is in doubt now.
    """

    reading: tuple[int, ...]
    settled: tuple[float, ...]
    in_doubt: int


@dataclass(frozen=True, slots=True, eq=False)
class _Joint:
    """Normal scores of cells and readings: `m` (room,), `cell` (room, reading) and `other` by readings' worlds."""

    m: Array
    cell: Array
    signal: Array

    def with_reading(self, reading: int) -> Array:
        """Covariance of all readings with one; their own errors are not shared."""
        found = self.signal @ self.signal[reading] / self.signal.shape[1]
        found[reading] = 1.0
        return np.asarray(found)


def _joint(worlds: WorldReadings, kept: NDArray[np.bool_]) -> _Joint:
    """Scores of the cells in doubt and of all readings, each of variance 1 with the reading's own error in it."""
    count = worlds.silent.shape[1]
    chance = worlds.silent[kept].mean(axis=1)
    m = ndtri(np.clip(chance, 0.5 / count, 1 - 0.5 / count))
    level = worlds.rsrp_dbm.astype(float)
    centred = level - level.mean(axis=1, keepdims=True)
    signal = centred / np.sqrt(centred.var(axis=1, keepdims=True) + MEASURED_SIGMA_DB**2)
    density = np.exp(-0.5 * m**2) / np.sqrt(2 * np.pi)
    score = (worlds.silent[kept] - chance[:, None]) / density[:, None]
    return _Joint(m, score @ signal.T / count, signal)


def settled(chance: Array, confidence: float) -> NDArray[np.bool_]:
    """Whether the call of a cell is settled: silent, or not, in a share of worlds that the grade asks for."""
    return np.asarray((chance >= confidence) | (chance <= 1 - confidence))


def choose(worlds: WorldReadings, confidence: float, count: int = 10) -> Chosen:
    """The readings that settle most, one after the other, each given those before it.

    Parameters
    ----------
    worlds : WorldReadings
    confidence : float
        q of the grade.
    count : int

    Returns
    -------
    Chosen
        Fewer where no reading settles anything more.
    """
    chance = worlds.silent.mean(axis=1)
    doubt = ~settled(chance, confidence)
    certain = float(np.count_nonzero(~doubt))
    if not doubt.any() or not len(worlds.channel):
        return Chosen((), (), int(np.count_nonzero(doubt)))
    joint = _joint(worlds, doubt)
    # What settles most at once is not always what settles most in the end: the better of two orders is taken.
    ways = [_greedy(joint, confidence, count, settle) for settle in (True, False)]
    chosen, reached = max(ways, key=lambda way: way[1][-1])
    return Chosen(tuple(chosen), tuple(certain + one for one in reached), int(np.count_nonzero(doubt)))


def _greedy(joint: _Joint, confidence: float, count: int, settle: bool) -> tuple[list[int], list[float]]:
    """Readings in order by calls settled, or by what of the margins is explained; calls settled by each."""
    noise = 1.0 / joint.signal.shape[1]  # what so many worlds show of a correlation that is none
    cell, left, known = joint.cell.copy(), np.ones(joint.cell.shape[1]), np.zeros(len(joint.m))
    weight = np.exp(-0.5 * joint.m**2)  # a margin near nought is the most in doubt
    steps: list[Array] = []
    chosen: list[int] = []
    reached: list[float] = []
    for _ in range(min(count, len(left))):
        more = np.maximum(cell**2 / np.maximum(left, SLIGHT) - noise, 0.0)
        after = np.minimum(known[:, None] + more, MOST_EXPLAINED)
        value = _expected(joint.m[:, None], after, confidence).sum(axis=0)
        rank = value.copy() if settle else weight @ after
        rank[chosen] = -np.inf
        best = int(rank.argmax())
        chosen.append(best)
        reached.append(float(value[best]))
        across = joint.with_reading(best) - sum((step * step[best] for step in steps), np.zeros(len(left)))
        root = np.sqrt(max(left[best], SLIGHT))
        step, pull = across / root, cell[:, best] / root
        known = np.minimum(known + np.maximum(pull**2 - noise, 0.0), MOST_EXPLAINED)
        cell -= np.outer(pull, step)
        left = np.maximum(left - step**2, SLIGHT)
        steps.append(step)
    return chosen, reached


def _expected(m: Array, explained: Array, confidence: float) -> Array:
    """Chance that a call is settled once a share of its margin is explained."""
    r, rest = np.sqrt(np.maximum(explained, SLIGHT)), np.sqrt(1 - explained)
    edge = float(ndtri(confidence)) * rest
    return np.asarray(ndtr((m - edge) / r) + ndtr((-m - edge) / r))


def explained_by(worlds: WorldReadings, readings: tuple[int, ...]) -> tuple[Array, Array]:
    """Weights of some readings for the cells, (room, reading), and R² of each cell's margin, (room,)."""
    joint = _joint(worlds, np.ones(len(worlds.silent), bool))
    at = np.array(readings, np.intp)
    covariance = joint.signal[at] @ joint.signal[at].T / joint.signal.shape[1]
    np.fill_diagonal(covariance, 1.0)
    weight = np.linalg.solve(covariance, joint.cell[:, at].T).T
    return weight, np.clip((weight * joint.cell[:, at]).sum(axis=1), 0.0, MOST_EXPLAINED)


def chances_after(worlds: WorldReadings, readings: tuple[int, ...], read_dbm: Array) -> Array:
    """Chance of silence of each cell once some readings were taken, shape (room,).

    Parameters
    ----------
    worlds : WorldReadings
        What was thought before.
    readings : tuple of int
    read_dbm : ndarray, shape (reading,)
    """
    count = worlds.silent.shape[1]
    weight, explained = explained_by(worlds, readings)
    level = worlds.rsrp_dbm[list(readings)].astype(float)
    z = (read_dbm - level.mean(axis=1)) / np.sqrt(level.var(axis=1) + MEASURED_SIGMA_DB**2)
    m = ndtri(np.clip(worlds.silent.mean(axis=1), 0.5 / count, 1 - 0.5 / count))
    return np.asarray(ndtr((m + weight @ z) / np.sqrt(1 - explained)))
