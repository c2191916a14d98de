"""A planning model as a problem of few rows: those its relaxation needs, and knapsack-cover cuts.

A row says that what stands gives a room its share: Σ a x ≥ z. However many of the positions in a set F are used, they
give a(F) at most, the sum of each position's largest share. Where that is below 1, a protected room needs the rest
from elsewhere: Σ over k not in F of min(a_k / (1 − a(F)), 1) x_k ≥ z (Carr, Fleischer, Leung, Phillips, SODA 2000).

A room is protected in one mode of its windows at most, so rows of several modes make one: with the largest share of
each candidate in any of them the sum is at least Σ z over these modes. Without it the relaxation has one device
protect a room treated and untreated at once. All of this leaves every plan in, so that what bounds the smaller
problem bounds the model.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning._solver_process import KEPT_ENVIRONMENT, stop
from quietwing.coverage.planning.cover_rows import CoverRows
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.solution_check import dual_bound

__all__ = ["CutWork", "Reduced", "Relaxing", "with_cuts"]

CHILD = Path(__file__).with_name("_cuts_child.py")
ROUNDED = 1 + 1e-12  # coefficients of a cut are rounded up: that cuts less


@dataclass(frozen=True)
class CutWork:
    """Simplex iterations and rounds of adding rows: counted work. The deadline is a safety net alone. [s]"""

    iterations: int
    rounds: int
    deadline_s: float = 600.0


@dataclass(frozen=True, eq=False)
class Reduced:
    """A problem with some of the rows.

    Attributes
    ----------
    problem : Problem
    bound : float or None
        What no solution is better than, worked out here from the child's row duals, whatever they are; infinite on
        the worse side where it says that nothing holds.
    used : bool ndarray, shape (column,)
        Columns of which one of the last solutions of the relaxation uses a tenth or more.
    reproducible : bool
        False where the deadline ended the work, or the child failed: then there is no bound, and another run may
        differ.
    """

    problem: Problem
    bound: float | None
    used: NDArray[np.bool_]
    reproducible: bool


def with_cuts(problem: Problem, cover: CoverRows, work: CutWork) -> Reduced:
    """Rows that the relaxation needs, with cuts, and the bound that they give.

    Parameters
    ----------
    problem : Problem
        Of a planning model without interplay.
    cover : CoverRows
        Which of its rows are those of rooms.
    work : CutWork

    Returns
    -------
    Reduced

    Raises
    ------
    KeyboardInterrupt
        After the child was stopped.
    """
    with Relaxing(problem, cover, work) as child:
        return child.reduced()


class Relaxing:
    """A child at work on the relaxation of a problem, while its parent does something else.

    To be used with ``with``: leaving stops the child.

    Parameters
    ----------
    problem, cover, work : as for `with_cuts`
    """

    def __init__(self, problem: Problem, cover: CoverRows, work: CutWork) -> None:
        self._problem, self._cover, self._until_s = problem, cover, time.monotonic() + work.deadline_s
        self._place = tempfile.TemporaryDirectory(prefix="quietwing-", ignore_cleanup_errors=True)  # mode 0700
        self._folder = Path(self._place.name)
        _write(self._folder, problem, cover, work)
        self._child = _start(self._folder)

    def __enter__(self) -> Relaxing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            stop(self._child)
        self._place.cleanup()

    def reduced(self) -> Reduced:
        """Wait for the child and take in what it leaves."""
        found = None
        try:
            left_s = max(self._until_s - time.monotonic(), 0.0)
            if self._child is not None and self._child.wait(left_s) == 0:
                with np.load(self._folder / "found.npz", allow_pickle=False) as file:
                    found = {key: file[key] for key in file.files}
        except (subprocess.TimeoutExpired, OSError, ValueError):
            pass
        return _reduced(self._problem, self._cover, found)


def _reduced(problem: Problem, cover: CoverRows, found: dict[str, NDArray[np.int64]] | None) -> Reduced:
    """The rows and cuts that a child found, and what its duals prove; `found` is None where it failed."""
    if found is None:
        return Reduced(problem, None, np.ones(len(problem.objective), bool), False)
    if found["infeasible"].any():
        nothing = -math.inf if problem.maximise else math.inf
        return Reduced(problem, nothing, np.zeros(len(problem.objective), bool), True)
    kept = np.union1d(np.flatnonzero(cover.goal < 0), found["rows"])
    ends = (
        zip(found[name][:-1].tolist(), found[name][1:].tolist(), strict=True) for name in ("row_start", "place_start")
    )
    every = [
        _cut(problem, cover, found["row"][first:end], found["place"][begin:stop])
        for (first, end), (begin, stop) in zip(*ends, strict=True)
    ]
    cuts = [cut for cut in every if cut is not None]
    rows = sparse.csr_array(sparse.vstack([problem.rows[kept], *cuts]))
    lower = np.concatenate([problem.row_lower[kept], np.zeros(len(cuts))])
    upper = np.concatenate([problem.row_upper[kept], np.full(len(cuts), np.inf)])
    holds = np.array([cut is not None for cut in every], bool)
    cost = -problem.objective if problem.maximise else problem.objective
    duals = np.concatenate([found["duals"][kept], found["cut_duals"][holds]])
    bound = dual_bound(cost, rows, (lower, upper), (problem.lower, problem.upper), duals)
    if bound is not None and problem.maximise:
        bound = -bound
    names = (*(problem.row_names[row] for row in kept.tolist()), *(f"cut {at}" for at in range(len(cuts))))
    part = replace(problem, rows=rows, row_lower=lower, row_upper=upper, row_names=names)
    return Reduced(part, bound, found["used"].astype(bool), True)


def _cut(
    problem: Problem, cover: CoverRows, rows: NDArray[np.int64], out: NDArray[np.int64]
) -> sparse.csr_array | None:
    """The cut of some rows that leaves out some positions; None where it would not hold for every plan."""
    goals = cover.goal[rows]
    if (goals < 0).any() or len(np.unique(goals)) < len(goals) or len(np.unique(cover.room[rows])) != 1:
        return None
    share = np.zeros(problem.rows.shape[1])
    for part in (slice(*problem.rows.indptr[row : row + 2]) for row in rows.tolist()):
        held = problem.rows.indices[part]
        share[held] = np.maximum(share[held], problem.rows.data[part])
    columns = np.flatnonzero((share > 0) & (cover.position >= 0))
    position, share = cover.position[columns], share[columns]
    left_out = np.isin(position, out)
    most = sum(float(share[left_out & (position == place)].max(initial=0.0)) for place in np.unique(out).tolist())
    if most * ROUNDED >= 1:
        return None
    values = np.minimum(share[~left_out] / (1 - most * ROUNDED) * ROUNDED, 1.0)
    every = np.concatenate([columns[~left_out], goals])
    return sparse.csr_array(
        (np.concatenate([values, np.full(len(goals), -1.0)]), every, np.array([0, len(every)])),
        shape=(1, problem.rows.shape[1]),
    )


def _write(folder: Path, problem: Problem, cover: CoverRows, work: CutWork) -> None:
    """What the child begins with."""
    sign = -1.0 if problem.maximise else 1.0
    np.savez(
        folder / "problem.npz",
        cost=sign * problem.objective,
        lower=problem.lower,
        upper=problem.upper,
        row_lower=problem.row_lower,
        row_upper=problem.row_upper,
        starts=problem.rows.indptr,
        columns=problem.rows.indices,
        values=problem.rows.data,
        goal=cover.goal,
        room=cover.room,
        position=cover.position,
        iterations=work.iterations,
        rounds=work.rounds,
    )


def _start(folder: Path) -> subprocess.Popen[bytes] | None:
    """The child, deaf to the terminal; None where the system starts none."""
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", str(CHILD), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=os.name == "posix",
        )
    except OSError:
        return None
