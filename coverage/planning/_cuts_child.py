"""The relaxation of a planning model with rows as needed and knapsack-cover cuts, in a process of its own.

    python _cuts_child.py FOLDER

The parent (`cuts.relaxed`) leaves ``problem.npz``: ``cost`` to minimise, ``lower``, ``upper``, ``row_lower``,
``row_upper``, the rows as ``starts``, ``columns``, ``values``; ``goal``, of each row the column of the room in the
mode that needs it, -1 for rows that always hold; ``room`` of each row likewise; ``position`` of each column, -1 for
what stands nowhere; ``iterations`` of the simplex and ``rounds`` that may be spent.

The child leaves ``found.npz``: ``rows`` that were needed, and cuts as ``row_start``, ``row``, ``place_start``,
``place``: the rows each comes from and the positions that it leaves out; ``duals`` of all rows and ``cut_duals`` of
the last solution, and the columns ``used`` in the last few; ``infeasible`` if nothing holds. The parent makes the
cuts itself and works out what the duals prove: neither needs to be believed. Imports numpy and highspy only.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import highspy
import numpy as np

FIRST_ROWS = 1  # of a room in a mode, the weakest
MISSED = 1e-3  # a row that is missed by less is left out
LEAST_USED = 1e-6
LATEST = 3  # solutions that the columns worth having are taken from
LEAST_CUT = 0.01  # by which a cut must be missed
USED = 0.02  # share of what a room reaches, below which a position is not used
SEEDS = 3  # rows of a room in a mode that cuts are looked for from
MOST_CUTS = 600  # of a round
CUTS_OF_A_ROOM = 3
FULL = 1 - 1e-3  # positions left out give less than this together
LOOK_FOR_PARENT_S = 1.0


def main(folder: Path) -> None:
    """Solve, add what is missed, and again, until nothing is or the work is spent."""
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    given = np.load(folder / "problem.npz", allow_pickle=False)
    loop = Loop({name: given[name] for name in given.files})
    spent = 0
    for _ in range(int(given["rounds"])):
        left = int(given["iterations"]) - spent
        if left <= 0:
            break
        loop.solver.setOptionValue("simplex_iteration_limit", left)
        loop.solver.run()
        spent += max(0, int(loop.solver.getInfo().simplex_iteration_count))
        status = loop.solver.getModelStatus()
        if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kIterationLimit):
            loop.remember()  # duals of the dual simplex prove what they have reached, wherever it ends
        loop.infeasible |= status == highspy.HighsModelStatus.kInfeasible
        if status != highspy.HighsModelStatus.kOptimal or not loop.grow():
            break
    with (folder / "found.part").open("wb") as file:
        np.savez(
            file,
            rows=np.flatnonzero(loop.known),
            row_start=np.cumsum([0, *(len(rows) for rows, _ in loop.cuts)]),
            row=np.array([row for rows, _ in loop.cuts for row in rows], np.int64),
            place_start=np.cumsum([0, *(len(out) for _, out in loop.cuts)]),
            place=np.array([place for _, out in loop.cuts for place in out], np.int64),
            duals=loop.duals,
            cut_duals=np.append(loop.cut_duals, np.zeros(len(loop.cuts) - len(loop.cut_duals))),
            infeasible=loop.infeasible,
            used=np.any([np.zeros(loop.width, bool), *loop.used], axis=0),
        )
    (folder / "found.part").replace(folder / "found.npz")


class Loop:
    """The relaxation as it grows."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.starts, self.columns, self.values = given["starts"], given["columns"], given["values"]
        self.goal, self.position = given["goal"], given["position"]
        self.count, self.width = len(given["row_lower"]), len(given["cost"])
        self.needed = np.flatnonzero(self.goal >= 0)
        self.row_of = np.repeat(np.arange(self.count), np.diff(self.starts))
        self.known = np.zeros(self.count, bool)
        self.cuts: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.seen: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
        self.rooms = [Room(self, rows) for rows in self._by_room(given["room"])]
        ease = np.bincount(self.row_of, np.maximum(self.values, 0), self.count)[self.needed]
        order = np.lexsort((ease, self.goal[self.needed]))
        key = self.goal[self.needed][order]
        rank = np.arange(len(key)) - np.searchsorted(key, key)
        self.known[self.needed[order[rank < FIRST_ROWS]]] = True
        rows = np.flatnonzero((self.goal < 0) | self.known)
        self.order: list[tuple[bool, int]] = [(False, row) for row in rows.tolist()]  # whether a cut, and its number
        self.duals, self.cut_duals = np.zeros(self.count), np.zeros(0)
        self.used: list[Any] = []
        self.infeasible = False
        self.solver = self._begun(given, rows)

    def _begun(self, given: dict[str, Any], rows: Any) -> Any:
        parts = [np.arange(self.starts[row], self.starts[row + 1]) for row in rows.tolist()]
        entries = np.concatenate(parts) if parts else np.empty(0, np.int64)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.width, len(rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = given["cost"], given["lower"], given["upper"]
        lp.row_lower_, lp.row_upper_ = given["row_lower"][rows], given["row_upper"][rows]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = self.width, len(rows)
        lp.a_matrix_.start_ = np.cumsum([0, *(len(part) for part in parts)]).astype(np.int32)
        lp.a_matrix_.index_, lp.a_matrix_.value_ = self.columns[entries].astype(np.int32), self.values[entries]
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, setting in (("output_flag", False), ("threads", 1), ("solver", "simplex"), ("simplex_strategy", 1)):
            solver.setOptionValue(name, setting)
        solver.passModel(lp)
        return solver

    def remember(self) -> None:
        """Keep what the last solution proves and uses."""
        solution = self.solver.getSolution()
        self.used = [*self.used[1 - LATEST :], np.array(solution.col_value) > LEAST_USED]
        self.cut_duals = np.zeros(len(self.cuts))
        self.duals[:] = 0.0
        for (is_cut, at), dual in zip(self.order, solution.row_dual, strict=True):
            (self.cut_duals if is_cut else self.duals)[at] = dual

    def grow(self) -> bool:
        """Add rows and cuts that the solution misses; False where there are none."""
        x = np.array(self.solver.getSolution().col_value)
        given = np.bincount(self.row_of, self.values * x[self.columns], self.count)
        missed = np.where((self.goal >= 0) & ~self.known, -given, 0.0)
        rows: dict[int, int] = {}
        for row in np.argsort(-missed, kind="stable").tolist():
            if missed[row] < MISSED:
                break
            rows.setdefault(int(self.goal[row]), row)  # one of a room in a mode
        for row in rows.values():
            self.known[row] = True
            self.order.append((False, row))
            part = slice(self.starts[row], self.starts[row + 1])
            self._add(self.columns[part], self.values[part])
        return self._cut(x) | bool(rows)

    def _by_room(self, room: Any) -> list[Any]:
        order = self.needed[np.argsort(room[self.needed], kind="stable")]
        return np.split(order, np.flatnonzero(np.diff(room[order])) + 1) if len(order) else []

    def _cut(self, x: Any) -> bool:
        """Add the cuts that are missed most."""
        found = []
        for room in self.rooms:
            own = sorted(room.missed(x), key=lambda cut: (-cut.by, cut.rows, cut.out))
            fresh = [cut for cut in own if (cut.rows, cut.out) not in self.seen]
            found += fresh[:CUTS_OF_A_ROOM]
        found.sort(key=lambda cut: (-cut.by, cut.rows, cut.out))
        for cut in found[:MOST_CUTS]:
            if (cut.rows, cut.out) not in self.seen:
                self.seen.add((cut.rows, cut.out))
                self.order.append((True, len(self.cuts)))
                self.cuts.append((cut.rows, cut.out))
                goals = self.goal[list(cut.rows)]
                self._add(np.append(cut.columns, goals), np.append(cut.values, -np.ones(len(goals))))
        return bool(found)

    def _add(self, columns: Any, values: Any) -> None:
        self.solver.addRow(0.0, highspy.kHighsInf, len(columns), columns.astype(np.int32), values)


class Cut(NamedTuple):
    """A cut, and by how much it is missed."""

    by: float
    rows: tuple[int, ...]
    out: tuple[int, ...]
    columns: Any
    values: Any


class Room:
    """The rows of one room in all of its modes, as a table of what may stand somewhere."""

    def __init__(self, loop: Loop, rows: Any) -> None:
        parts = [slice(loop.starts[row], loop.starts[row + 1]) for row in rows.tolist()]
        every = np.unique(np.concatenate([loop.columns[part] for part in parts]))
        self.columns = every[loop.position[every] >= 0]
        self.rows, self.goal = rows, loop.goal[rows]
        self.shares = np.zeros((len(rows), len(every)))
        for at, part in enumerate(parts):
            self.shares[at, np.searchsorted(every, loop.columns[part])] = loop.values[part]
        self.shares = self.shares[:, loop.position[every] >= 0]
        self.place, self.of_place = np.unique(loop.position[self.columns], return_inverse=True)

    def missed(self, x: Any) -> list[Cut]:
        """Cuts that are missed, one from each of the rows that give least above what their mode reaches."""
        z = x[self.goal]
        if not (z > USED).any():
            return []
        here = x[self.columns]
        used = np.flatnonzero(here > 0)
        gives = self.shares[:, used] @ here[used]
        found = []
        for goal in np.unique(self.goal[z > USED]).tolist():
            mine = np.flatnonzero(self.goal == goal)
            for seed in mine[np.argsort(gives[mine], kind="stable")[:SEEDS]].tolist():
                cut = self._cut(seed, z, here, used)
                if cut is not None:
                    found.append(cut)
        return found

    def _cut(self, seed: int, z: Any, here: Any, used: Any) -> Cut | None:
        """From one row: rows of other modes join where that misses more, then positions are left out."""
        rows, reached, most = [seed], float(z[seed]), self.shares[seed]
        others = {int(goal): float(z[self.goal == goal][0]) for goal in np.unique(self.goal).tolist()}
        others.pop(int(self.goal[seed]))
        for goal in sorted(others, key=lambda goal: (-others[goal], goal)):
            if others[goal] <= 0:
                continue
            theirs = np.flatnonzero(self.goal == goal)
            both = np.maximum(self.shares[np.ix_(theirs, used)], most[used]) @ here[used]
            best = int(both.argmin())
            if both[best] - most[used] @ here[used] < others[goal] - 1e-9:
                rows.append(int(theirs[best]))
                reached += others[goal]
                most = np.maximum(most, self.shares[theirs[best]])
        return self._left_out(most, reached, rows, here)

    def _left_out(self, shares: Any, reached: float, rows: list[int], here: Any) -> Cut | None:
        """The cut that is missed most, positions being left out one by one that give most for their most."""
        each = np.zeros(len(self.place))
        np.maximum.at(each, self.of_place, shares)
        used = np.bincount(self.of_place, here, len(self.place))
        gives = np.bincount(self.of_place, shares * here, len(self.place))
        out, total = np.zeros(len(self.place), bool), 0.0
        by, best, best_total = reached - float(gives.sum()), out.copy(), 0.0
        for at in np.argsort(-gives / np.maximum(each, 1e-12), kind="stable").tolist():
            if used[at] < USED * reached:
                break
            if total + each[at] >= FULL:
                continue
            total += each[at]
            out[at] = True
            left = np.where(out[self.of_place], 0.0, np.minimum(shares / (1 - total), 1.0))
            missed = reached - float(left @ here)
            if missed > by:
                by, best, best_total = missed, out.copy(), total
        if by <= LEAST_CUT:
            return None
        left = np.where(best[self.of_place], 0.0, np.minimum(shares / (1 - best_total), 1.0))
        kept = left > 0
        order = tuple(sorted(int(self.rows[row]) for row in rows))
        return Cut(by, order, tuple(self.place[best].tolist()), self.columns[kept], left[kept])


def end_with_parent(parent: int) -> None:
    """Stop when the parent was killed."""
    while os.getppid() == parent:
        time.sleep(LOOK_FOR_PARENT_S)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
