"""Which rows of a planning model's problem say that a place in a room is denied or captured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.milp import columns_of
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel

__all__ = ["CoverRows", "cover_rows"]


@dataclass(frozen=True, eq=False)
class CoverRows:
    """Which rows of a planning model's problem are those of rooms.

    Attributes
    ----------
    goal : int64 ndarray, shape (row,)
        The column that says that the room is protected in the row's mode; -1 for other rows.
    room : int64 ndarray, shape (row,)
        -1 for other rows.
    position : int64 ndarray, shape (column,)
        Where a candidate stands, of which one is chosen at most; -1 for what is no candidate.
    """

    goal: NDArray[np.int64]
    room: NDArray[np.int64]
    position: NDArray[np.int64]


def cover_rows(model: PlanModel, problem: Problem) -> CoverRows:
    """Tell the rows of rooms from others.

    Parameters
    ----------
    model : PlanModel
    problem : Problem
        From `as_problem` without interplay.

    Returns
    -------
    CoverRows
    """
    columns = columns_of(model, interplay=False)
    goal, room = np.full((2, problem.rows.shape[0]), -1, np.int64)
    at = 0
    for of_room, mode in zip(model.row_room.tolist(), model.row_mode.tolist(), strict=True):
        column = columns.protected.get((of_room, mode))
        if column is not None:  # rows of rooms stand first, in the model's order
            goal[at], room[at] = column, of_room
            at += 1
    position = np.full(problem.rows.shape[1], -1, np.int64)
    position[: len(model.candidates)] = model.candidates.position
    return CoverRows(goal, room, position)
