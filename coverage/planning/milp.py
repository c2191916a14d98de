"""The planning model as a mixed-integer linear problem, and plans as its solutions.

Columns: a binary a candidate; one a room and treatment; one a room and mode, "protected"; one a row and
managed-access node where jammers may undo its capture; a count a kind of head-end. No big numbers: a node that
captures whatever jammers stand has a share of 1, so that "denied or captured" is one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import TIGHTER, PlanModel

__all__ = ["Goal", "Selection", "as_problem", "columns_of", "cost_pence", "selection_of", "start_of"]

Floats = NDArray[np.float64]
MOST_NAMED = 40  # items up to which ties go by id; above it the solver's own order is as reproducible
LEAST = 1e-8  # shares below it are no numbers for a solver: of a need left out, of a limit taken as this


@dataclass(frozen=True)
class Goal:
    """Most protected weight for `budget_pence`, or with `target` the least money that protects that weight."""

    budget_pence: int | None = None
    target: float | None = None


@dataclass(frozen=True)
class Selection:
    """A plan in the model's terms: candidates that stand, and the mode of each room."""

    candidates: tuple[int, ...]
    modes: tuple[int, ...]


def cost_pence(model: PlanModel, selection: Selection) -> int:
    """What a selection costs: candidates, treatments and the head-ends its nodes need beyond those that stand."""
    chosen = np.array(selection.candidates, np.int64)
    total = int(model.candidates.cost_pence[chosen].sum())
    total += sum(int(model.mode_cost_pence[room, mode]) for room, mode in enumerate(selection.modes) if mode)
    nodes = np.bincount(
        model.candidates.head_end[chosen][model.candidates.head_end[chosen] >= 0],
        minlength=len(model.head_ends.name),
    )
    for kind, count in enumerate(nodes.tolist()):
        needed = -(-count // int(model.head_ends.capacity[kind]))
        total += max(0, needed - int(model.head_ends.existing[kind])) * int(model.head_ends.cost_pence[kind])
    return total


@dataclass
class _Rows:
    """Rows of a problem as they are collected."""

    entries: list[tuple[NDArray[np.int64], Floats]] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    name: list[str] = field(default_factory=list)

    def add(
        self,
        columns: Sequence[int] | NDArray[np.int64],
        values: Sequence[float] | Floats,
        lower: float,
        upper: float,
        name: str,
    ) -> None:
        self.entries.append((np.asarray(columns, np.int64), np.asarray(values, float)))
        self.lower.append(lower)
        self.upper.append(upper)
        self.name.append(name)

    def matrix(self, width: int) -> sparse.csr_array:
        starts = np.cumsum([0, *(len(columns) for columns, _ in self.entries)])
        columns = np.concatenate([columns for columns, _ in self.entries] or [np.empty(0, np.int64)])
        values = np.concatenate([values for _, values in self.entries] or [np.empty(0)])
        return sparse.csr_array((values, columns, starts), shape=(len(self.entries), width))


@dataclass(frozen=True)
class _Columns:
    """Where each kind of column begins."""

    treated: dict[tuple[int, int], int]
    protected: dict[tuple[int, int], int]
    captured: dict[tuple[int, int], int]
    head_ends: int
    count: int


def as_problem(
    model: PlanModel, goal: Goal, *, interplay: bool = True, ties: bool = True, least_taken: float = 0.0
) -> Problem:
    """The planning model in matrix form.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    interplay : bool
        False takes every capture as safe from jammers: a relaxation whose bound holds for the model too.
    ties : bool
        Whether ties go by cost, number of items and smallest ids (assumption A30).
    least_taken : float
        Smaller shares of a limit are left out: a relaxation whose bound holds too, and whose rows are sparse.

    Returns
    -------
    Problem
    """
    columns = columns_of(model, interplay)
    count = len(model.candidates)
    rows = _Rows()
    _cover(model, columns, rows, interplay)
    _modes(model, columns, rows)
    _places(model, rows)
    for at, name in enumerate(model.limit_name):
        taken = np.flatnonzero(model.limit[at] > least_taken)
        rows.add(taken, np.maximum(model.limit[at, taken] * (1 + TIGHTER), LEAST), -np.inf, 1.0, name)
    _head_ends(model, columns, rows)
    money = _money(model, columns)
    weight = np.zeros(columns.count)
    for (room, _), column in columns.protected.items():
        weight[column] = model.weight[room]
    if goal.budget_pence is not None:
        used = np.flatnonzero(money)
        rows.add(used, money[used], -np.inf, float(goal.budget_pence), "budget")
    if goal.target is not None:
        used = np.flatnonzero(weight)
        rows.add(used, weight[used], goal.target, np.inf, "target")
    lower, upper = np.zeros(columns.count), np.ones(columns.count)
    upper[columns.head_ends :] = _most_head_ends(model)
    upper[:count][model.forbidden] = 0
    items = np.zeros(columns.count)
    items[:count] = ~model.candidates.existing
    items[list(columns.treated.values())] = 1
    tie_breaks: tuple[Floats, ...] = ()
    if ties:
        tie_breaks = (money, items) if goal.target is None else (-weight, items)
        tie_breaks += _smallest_ids(model, columns)
    return Problem(
        objective=weight if goal.target is None else money,
        rows=rows.matrix(columns.count),
        row_lower=np.array(rows.lower, float),
        row_upper=np.array(rows.upper, float),
        lower=lower,
        upper=upper,
        integer=np.ones(columns.count, bool),
        maximise=goal.target is None,
        column_names=_names(model, columns),
        row_names=tuple(rows.name),
        tie_breaks=tie_breaks,
    )


def columns_of(model: PlanModel, interplay: bool) -> _Columns:
    rooms, modes = model.mode_cost_pence.shape
    at = len(model.candidates)
    treated, protected, captured = {}, {}, {}
    for room in range(rooms):
        for mode in range(1, modes):
            if model.mode_cost_pence[room, mode] >= 0:
                treated[room, mode] = at
                at += 1
    for room in range(rooms):
        for mode in range(modes):
            if model.possible[room, mode] and model.weight[room] > 0:
                protected[room, mode] = at
                at += 1
    if interplay:
        for pair in zip(*_endangered(model), strict=True):
            captured[pair] = at
            at += 1
    return _Columns(treated, protected, captured, at, at + len(model.head_ends.name))


def _endangered(model: PlanModel) -> tuple[list[int], list[int]]:
    """Row and node wherever all jammers together could undo the capture."""
    most = np.asarray(model.jam_mw.sum(axis=1)).ravel()
    serve = model.serve_mw.tocoo()
    risky = most[serve.row] > serve.data * (1 - TIGHTER)
    return serve.row[risky].tolist(), serve.col[risky].tolist()


def _cover(model: PlanModel, columns: _Columns, rows: _Rows, interplay: bool) -> None:
    """Each row of a protected room holds: shares add up to 1, a safe capture being 1 by itself."""
    share, serve, jam = model.share, model.serve_mw, model.jam_mw
    for row in range(share.shape[0]):
        room, mode = int(model.row_room[row]), int(model.row_mode[row])
        goal = columns.protected.get((room, mode))
        if goal is None:
            continue
        part = slice(share.indptr[row], share.indptr[row + 1])
        used, values = share.indices[part], np.minimum(share.data[part] * (1 - TIGHTER), 1.0)
        nodes = serve.indices[serve.indptr[row] : serve.indptr[row + 1]]
        unsure = [int(node) for node in nodes if (row, int(node)) in columns.captured] if interplay else []
        if len(nodes):
            every = np.zeros(len(model.candidates))
            every[used] = values
            every[every < LEAST] = 0.0
            every[np.setdiff1d(nodes, unsure)] = 1.0
            used = np.flatnonzero(every)
            values = every[used]
        else:
            used, values = used[values >= LEAST], values[values >= LEAST]
        extra = [columns.captured[row, node] for node in unsure]
        rows.add(
            np.concatenate([used, extra, [goal]]),
            np.concatenate([values, np.ones(len(extra)), [-1.0]]),
            0.0,
            np.inf,
            f"room {room} mode {mode} row {row}",
        )
        for node, column in zip(unsure, extra, strict=True):
            rows.add([column, node], [1.0, -1.0], -np.inf, 0.0, f"capture row {row} node {node}")
            _stays_captured(row, node, column, jam, serve, rows)


def _stays_captured(
    row: int, node: int, column: int, jam: sparse.csr_array, serve: sparse.csr_array, rows: _Rows
) -> None:
    """While the node captures, all jammers stay below what its cell stands."""
    part = slice(jam.indptr[row], jam.indptr[row + 1])
    jammers, mw = jam.indices[part], jam.data[part] * (1 + TIGHTER)
    at = serve.indptr[row] + int(np.flatnonzero(serve.indices[serve.indptr[row] : serve.indptr[row + 1]] == node)[0])
    share = np.maximum(mw / serve.data[at], LEAST)
    # One jammer that undoes it alone need not count for more than "it or me"; the others bound the sum.
    alone = share > 1
    for jammer in jammers[alone].tolist():
        rows.add([column, jammer], [1.0, 1.0], -np.inf, 1.0, f"capture row {row} node {node} jammer {jammer}")
    together = float(share[~alone].sum())
    if together > 1:
        rows.add(
            [*jammers[~alone].tolist(), column],
            [*share[~alone].tolist(), together - 1.0],
            -np.inf,
            together,
            f"capture row {row} node {node} jammers",
        )


def _modes(model: PlanModel, columns: _Columns, rows: _Rows) -> None:
    """A room is in one mode; what holds in a mode holds only then."""
    rooms, modes = model.mode_cost_pence.shape
    for room in range(rooms):
        treated = [columns.treated[room, mode] for mode in range(1, modes) if (room, mode) in columns.treated]
        if len(treated) > 1:
            rows.add(treated, [1.0] * len(treated), -np.inf, 1.0, f"room {room} one treatment")
        members = [columns.protected[room, mode] for mode in range(modes) if (room, mode) in columns.protected]
        if len(members) > 1:
            rows.add(members, [1.0] * len(members), -np.inf, 1.0, f"room {room} once")
        for mode in range(modes):
            if (room, mode) in columns.protected:
                _only_in(
                    [columns.protected[room, mode]], room, mode, treated, columns, rows, f"room {room} mode {mode}"
                )
    kit = model.candidates
    alike: dict[tuple[int, int, int], list[int]] = {}  # of those at one place one stands at most: they share a row
    for at in np.flatnonzero(kit.room >= 0).tolist():
        alike.setdefault((int(kit.room[at]), int(kit.mode[at]), int(kit.position[at])), []).append(at)
    for (room, mode, _), members in alike.items():
        treated = [columns.treated[room, other] for other in range(1, modes) if (room, other) in columns.treated]
        _only_in(members, room, mode, treated, columns, rows, kit.id[members[0]])
    for at in np.flatnonzero(model.candidates.existing).tolist():
        room, mode = int(model.candidates.room[at]), int(model.candidates.mode[at])
        treated = [columns.treated[room, other] for other in range(1, modes) if (room, other) in columns.treated]
        if room < 0 or not treated:
            rows.add([at], [1.0], 1.0, 1.0, f"{model.candidates.id[at]} stands")
        elif mode == 0:
            rows.add([at, *treated], [1.0] * (1 + len(treated)), 1.0, 1.0, f"{model.candidates.id[at]} stands")
        else:
            rows.add([at, columns.treated[room, mode]], [1.0, -1.0], 0.0, 0.0, f"{model.candidates.id[at]} stands")


def _only_in(
    members: Sequence[int], room: int, mode: int, treated: Sequence[int], columns: _Columns, rows: _Rows, name: str
) -> None:
    """Columns of which one is 1 at most are 0 unless the room is in the mode."""
    ones = [1.0] * len(members)
    if mode:
        rows.add([*members, columns.treated[room, mode]], [*ones, -1.0], -np.inf, 0.0, f"{name} only treated")
    elif treated:
        rows.add([*members, *treated], [*ones, *[1.0] * len(treated)], -np.inf, 1.0, f"{name} only untreated")


def _places(model: PlanModel, rows: _Rows) -> None:
    """One candidate a position, and none too near another."""
    position = model.candidates.position
    order = np.argsort(position, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(position[order])) + 1)
    at = {int(position[group[0]]): group for group in members if len(group)}
    for place, group in at.items():
        if len(group) > 1:
            rows.add(group, np.ones(len(group)), -np.inf, 1.0, f"position {place}")
    for one, other in model.conflicts.tolist():
        both = np.concatenate([at.get(one, np.empty(0, np.int64)), at.get(other, np.empty(0, np.int64))])
        rows.add(both, np.ones(len(both)), -np.inf, 1.0, f"positions {one} and {other} too near")


def _most_head_ends(model: PlanModel) -> Floats:
    """Head-ends that all positions together could need, beyond those that stand."""
    most = []
    for kind in range(len(model.head_ends.name)):
        places = len(np.unique(model.candidates.position[model.candidates.head_end == kind]))
        needed = -(-places // int(model.head_ends.capacity[kind]))
        most.append(max(0, needed - int(model.head_ends.existing[kind])))
    return np.array(most, float)


def _head_ends(model: PlanModel, columns: _Columns, rows: _Rows) -> None:
    for kind in range(len(model.head_ends.name)):
        members = np.flatnonzero(model.candidates.head_end == kind)
        capacity = float(model.head_ends.capacity[kind])
        there = capacity * float(model.head_ends.existing[kind])
        column = columns.head_ends + kind
        rows.add(
            [*members.tolist(), column],
            [*[1.0] * len(members), -capacity],
            -np.inf,
            there,
            f"{model.head_ends.name[kind]} feeds {capacity:g}",
        )
        if there == 0:  # no node without a head-end: tighter than the sum
            for member in members.tolist():
                rows.add(
                    [member, column], [1.0, -1.0], -np.inf, 0.0, f"{model.candidates.id[member]} needs a head-end"
                )


def _smallest_ids(model: PlanModel, columns: _Columns) -> tuple[Floats, ...]:
    """Of plans alike in all else the one whose first item has the smallest id, some items at a time."""
    names = {column: f"treat {room} {mode}" for (room, mode), column in columns.treated.items()}
    names |= {at: name for at, name in enumerate(model.candidates.id) if not model.candidates.existing[at]}
    if len(names) > MOST_NAMED:
        return ()
    order = sorted(names, key=lambda column: names[column])
    found = []
    for first in range(0, len(order), 10):
        part = order[first : first + 10]
        wish = np.zeros(columns.count)
        wish[part] = -(2.0 ** np.arange(len(part) - 1, -1, -1))
        found.append(wish)
    return tuple(found)


def _money(model: PlanModel, columns: _Columns) -> Floats:
    money = np.zeros(columns.count)
    money[: len(model.candidates)] = model.candidates.cost_pence
    for (room, mode), column in columns.treated.items():
        money[column] = model.mode_cost_pence[room, mode]
    money[columns.head_ends :] = model.head_ends.cost_pence
    return money


def _names(model: PlanModel, columns: _Columns) -> tuple[str, ...]:
    names = [*model.candidates.id, *[""] * (columns.count - len(model.candidates))]
    for label, group in (("treat", columns.treated), ("protect", columns.protected), ("capture", columns.captured)):
        for (one, other), column in group.items():
            names[column] = f"{label} {one} {other}"
    names[columns.head_ends :] = model.head_ends.name
    return tuple(names)


def selection_of(model: PlanModel, x: Floats, *, interplay: bool = True) -> Selection:
    """The plan that a solution means."""
    columns = columns_of(model, interplay)
    modes = np.zeros(len(model.weight), np.int64)
    for (room, mode), column in columns.treated.items():
        if x[column] > 0.5:
            modes[room] = mode
    chosen = np.flatnonzero(x[: len(model.candidates)] > 0.5)
    return Selection(tuple(chosen.tolist()), tuple(modes.tolist()))


def start_of(
    model: PlanModel, selection: Selection, protected: NDArray[np.bool_], *, interplay: bool = True
) -> Floats:
    """A solution that means a plan, for a solver to start from.

    Parameters
    ----------
    model : PlanModel
    selection : Selection
    protected : bool ndarray, shape (room,)
        As `score` finds.
    interplay : bool

    Returns
    -------
    float64 ndarray, shape (column,)
    """
    columns = columns_of(model, interplay)
    x = np.zeros(columns.count)
    chosen = np.array(selection.candidates, np.int64)
    x[chosen] = 1
    for room, mode in enumerate(selection.modes):
        if mode:
            x[columns.treated[room, mode]] = 1
        if protected[room] and (room, mode) in columns.protected:
            x[columns.protected[room, mode]] = 1
    jam = model.jam_mw[:, chosen].sum(axis=1) if len(chosen) else np.zeros(model.jam_mw.shape[0])
    serve = model.serve_mw.tocsr()
    for (row, node), column in columns.captured.items():
        if x[node] and serve[row, node] * (1 - TIGHTER) >= jam[row]:
            x[column] = 1
    nodes = model.candidates.head_end[chosen]
    for kind in range(len(model.head_ends.name)):
        needed = -(-int((nodes == kind).sum()) // int(model.head_ends.capacity[kind]))
        x[columns.head_ends + kind] = max(0, needed - int(model.head_ends.existing[kind]))
    return x
