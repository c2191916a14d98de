"""A plan made better part by part: the solver chooses anew what stands around some rooms, and the rest stays.

Large neighbourhood search (Shaw, CP 1998; relaxation-induced, Danna, Rothberg, Le Pape, Math. Programming 102, 2005):
what may be chosen is what the relaxation uses and what the plan has, so that each part is small enough to be solved
nearly to its end. Parts are of two places at once, for a budget is moved from one place of a site to another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning.cuts import Reduced
from quietwing.coverage.planning.exact import Work, solve
from quietwing.coverage.planning.heuristic import Found, kept_below
from quietwing.coverage.planning.milp import Goal, columns_of, selection_of, start_of
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import better, score

__all__ = ["improve_in_neighbourhoods"]

# Found by trial on houseblock at £50,000 and £200,000: a part of so many candidates takes a second or two.
MOST_OF_A_PART = 150
MOST_AT_ONCE = 250  # candidates worth choosing among, up to which all of them are first chosen anew together
PLACES = 2  # that a part is made of (assumed)
PART = Work(nodes=20, deadline_s=120.0)
AT_ONCE = Work(nodes=1, deadline_s=300.0)
LEAST_REACH = 0.02  # share of a row's need, below which a candidate is not near a room (assumed)
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def improve_in_neighbourhoods(
    model: PlanModel,
    goal: Goal,
    reduced: Reduced,
    found: Found,
    parts: int,
    seed: int,
    late: Callable[[], bool] = lambda: False,
) -> tuple[Found, bool]:
    """The best plan that a counted number of parts leads to.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    reduced : Reduced
        What the relaxation of the model without interplay found, for the head-ends that the plan has. Parts are
        solved with the rows that it needed: with all of them one takes up to five times as long, and rooms that lack
        a row that was left out are given up afterwards.
    found : Found
        A plan that holds.
    parts : int
        How many parts are chosen anew, one after another; after all at once, which is the first of them where they
        are few, as long as each brings something.
    seed : int
    late : callable, optional
        Whether the time is over; asked before each part.

    Returns
    -------
    found : Found
        The plan given, or a better one.
    reproducible : bool
        False where a clock ended a part.

    Raises
    ------
    KeyboardInterrupt
        After the solver was stopped.
    """
    numbers = np.random.default_rng(seed)
    problem, room_of = reduced.problem, _room_of_columns(model)
    count, reproducible, together = len(model.candidates), True, False
    for part in range(parts):
        if late():
            break
        start = start_of(model, found.selection, found.score.protected, interplay=False)
        if not ((start >= problem.lower) & (start <= problem.upper)).all():
            break
        worth = reduced.used[:count] | (start[:count] > 0) | model.candidates.existing
        reach = _reach(model, worth)
        at_once = part == 0 and int(np.count_nonzero(worth)) <= MOST_AT_ONCE
        together |= at_once
        chosen: Flags = worth if at_once else worth & _around_places(reach, numbers)
        if not chosen.any():
            continue
        near: Flags = np.any(reach[:, chosen], axis=1)
        free = np.concatenate([chosen, near[room_of[count:]] | (room_of[count:] < 0)])
        x, in_time, proven = _chosen_anew(problem, start, free, AT_ONCE if at_once else PART)
        reproducible &= in_time
        before = found
        if x is not None:
            selection = kept_below(model, selection_of(model, x, interplay=False))
            other = Found(selection, score(model, selection))
            found = other if better(other.score, found.score, goal) else found
        if together and (proven if at_once else found is before):
            break
    return found, reproducible


def _room_of_columns(model: PlanModel) -> NDArray[np.int64]:
    """The room whose treatment or protection a column says; -1 for others."""
    columns = columns_of(model, interplay=False)
    room_of = np.full(columns.count, -1, np.int64)
    for (room, _), column in (*columns.treated.items(), *columns.protected.items()):
        room_of[column] = room
    return room_of


def _reach(model: PlanModel, worth: Flags) -> Flags:
    """Which candidates, of those worth choosing among, give something to which rooms, shape (room, candidate)."""
    columns = np.flatnonzero(worth)
    share, serve = (part[:, columns].tocoo() for part in (model.by_candidate[0], model.by_candidate[1]))
    reach = np.zeros((len(model.weight), len(worth)), bool)
    given = share.data > LEAST_REACH
    reach[model.row_room[share.row[given]], columns[share.col[given]]] = True
    reach[model.row_room[serve.row], columns[serve.col]] = True
    inside = columns[model.candidates.room[columns] >= 0]
    reach[model.candidates.room[inside], inside] = True
    return reach


def _around_places(reach: Flags, numbers: np.random.Generator) -> Flags:
    """Candidates that reach some rooms near each other, at several places drawn by lot."""
    among = np.flatnonzero(reach.any(axis=0))
    given = reach[:, among]
    rooms = np.flatnonzero(given.any(axis=1))
    chosen = np.zeros(reach.shape[1], bool)
    for place in range(1, PLACES + 1):
        if not len(rooms):
            break
        group = np.zeros(len(reach), bool)
        group[numbers.choice(rooms)] = True
        while True:
            mine = given[group].any(axis=0)
            if np.count_nonzero(chosen[among] | mine) >= MOST_OF_A_PART * place // PLACES:
                break
            beside = np.flatnonzero(given[:, mine].any(axis=1) & ~group)
            if not len(beside):
                break
            group[numbers.choice(beside)] = True
        chosen[among[mine]] = True
    return chosen


def _chosen_anew(whole: Problem, start: Floats, free: Flags, work: Work) -> tuple[Floats | None, bool, bool]:
    """A solution in which only free columns differ from the start; whether no clock ended it, and a proof of it."""
    lower, upper = whole.lower[free], whole.upper[free]
    given = whole.rows @ np.where(free, 0.0, start)
    rows = sparse.csr_array(whole.rows[:, np.flatnonzero(free)])
    more, less = rows.maximum(0), rows.minimum(0)
    least = given + more @ lower + less @ upper
    most = given + more @ upper + less @ lower
    asks = (least < whole.row_lower) | (most > whole.row_upper)
    part = Problem(
        objective=whole.objective[free],
        rows=rows[np.flatnonzero(asks)],
        row_lower=(whole.row_lower - given)[asks],
        row_upper=(whole.row_upper - given)[asks],
        lower=lower,
        upper=upper,
        integer=whole.integer[free],
        maximise=whole.maximise,
    )
    solution = solve(part, start=start[free], work=work)
    if solution.status == "interrupted":
        raise KeyboardInterrupt
    if solution.x is None:
        return None, solution.reproducible, False
    x = start.copy()
    x[free] = solution.x
    return x, solution.reproducible, solution.status == "optimal"
