"""The relaxation of a planning model with rows and columns as needed and knapsack-cover cuts, in its own process.

    python _cuts_child.py FOLDER

The parent (`cuts.relaxed`) leaves ``problem.npz``: ``cost`` to minimise, ``lower``, ``upper``, ``row_lower``,
``row_upper``, the rows as ``starts``, ``columns``, ``values``; ``goal``, of each row the column of the room in the
mode that needs it, -1 for rows that always hold; ``room`` of each row likewise; ``position`` of each column, -1 for
what stands nowhere; ``iterations`` of the simplex and ``rounds`` that may be spent.

The solver begins with the weakest row of each room in a mode, without the short rows that tie a candidate to a mode,
and with the candidates that give a room most, by themselves and for what they take of the limits. After each solution
it is given what that one misses: rows, cuts, and the columns that its duals say are worth having; and it forgets rows
and cuts that several solutions in a row did not need, until one misses them again.

The child leaves ``found.npz``: ``rows`` that were needed, and the cuts of the last solution and of that which proves
most, as ``row_start``, ``row``, ``place_start``, ``place``: the rows each comes from and the positions that it leaves
out; ``duals`` of all rows and ``cut_duals`` of the solution that proves most, and the columns ``used`` to a tenth or
more in one of the last few; ``infeasible`` if nothing holds. The parent makes the cuts itself and works out what the
duals prove: neither needs to be believed. Imports numpy and highspy only.
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
SHORT = 100  # columns of a row that ties a candidate to something else, up to which it waits until it is missed
WORTH = 1e-4  # that a column must bring to be taken in
MISSED = 1e-3  # a row that is missed by less is left out
LEAST_USED = 0.1  # of a column in a solution of the relaxation, from which it is worth having (found by trial)
IDLE = 2  # solutions in a row that do without a row or cut, after which it is left out (found by trial)
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
        if status == highspy.HighsModelStatus.kInfeasible and loop.take_all():
            continue
        reduced = None
        if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kIterationLimit):
            reduced = loop.remember()  # duals of the dual simplex prove what they have reached, wherever it ends
        loop.infeasible |= status == highspy.HighsModelStatus.kInfeasible
        if status != highspy.HighsModelStatus.kOptimal or not loop.grow(reduced):
            break
    cut_duals = np.append(loop.cut_duals, np.zeros(len(loop.cuts) - len(loop.cut_duals)))
    kept = np.flatnonzero((loop.cut_in_solver >= 0) | (cut_duals != 0)).tolist()
    cuts = [loop.cuts[at] for at in kept]
    with (folder / "found.part").open("wb") as file:
        np.savez(
            file,
            rows=np.flatnonzero(loop.known),
            row_start=np.cumsum([0, *(len(rows) for rows, _ in cuts)]),
            row=np.array([row for rows, _ in cuts for row in rows], np.int64),
            place_start=np.cumsum([0, *(len(out) for _, out in cuts)]),
            place=np.array([place for _, out in cuts for place in out], np.int64),
            duals=loop.duals,
            cut_duals=cut_duals[kept],
            infeasible=loop.infeasible,
            used=np.any([np.zeros(loop.width, bool), *loop.used], axis=0),
        )
    (folder / "found.part").replace(folder / "found.npz")


class Loop:
    """The relaxation as it grows."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.starts, self.columns, self.values = given["starts"], given["columns"], given["values"]
        self.goal, self.position = given["goal"], given["position"]
        self.cost, self.lower, self.upper = given["cost"], given["lower"], given["upper"]
        self.row_lower, self.row_upper = given["row_lower"], given["row_upper"]
        self.count, self.width = len(self.row_lower), len(self.cost)
        self.needed = np.flatnonzero(self.goal >= 0)
        self.row_of = np.repeat(np.arange(self.count), np.diff(self.starts))
        self.known = np.zeros(self.count, bool)
        self.cuts: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.cut_at: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self.rooms = [Room(self, rows) for rows in self._by_room(given["room"])]
        ease = np.bincount(self.row_of, np.maximum(self.values, 0), self.count)[self.needed]
        order = np.lexsort((ease, self.goal[self.needed]))
        key = self.goal[self.needed][order]
        rank = np.arange(len(key)) - np.searchsorted(key, key)
        self.known[self.needed[order[rank < FIRST_ROWS]]] = True
        none = np.empty(0, np.int64)
        self.cut_entries: tuple[Any, ...] = none, none, np.empty(0)  # of all cuts: which cut, column, value
        self.duals, self.cut_duals, self.proven = np.zeros(self.count), np.zeros(0), -np.inf
        self.used: list[Any] = []
        self.infeasible = False
        self.in_solver = np.full(self.count, -1)  # the solver's number of each row; -1 where it is not there
        self.cut_in_solver = np.empty(0, np.int64)  # likewise of each cut
        self.idle = np.empty(0, np.int64)  # of the solver's rows: solutions in a row that did without it
        self.taken = np.empty(0, np.int64)  # the solver's columns, in its order
        self.place_of = np.full(self.width, -1)
        self.solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, setting in (("output_flag", False), ("threads", 1), ("solver", "simplex"), ("simplex_strategy", 1)):
            self.solver.setOptionValue(name, setting)
        self._take(self._first_columns())
        self._add_rows(np.flatnonzero(((self.goal < 0) & ~self._ties()) | self.known))

    def _ties(self) -> Any:
        """Short rows that hold for good and tie candidates to something else."""
        of = self.position[self.columns] >= 0
        candidates = np.bincount(self.row_of, of, self.count)
        length = np.diff(self.starts)
        return (self.goal < 0) & (candidates > 0) & (candidates < length) & (length <= SHORT)

    def _first_columns(self) -> Any:
        """All but candidates, what stands, and each room's best by what it gives, and by that for what it takes."""
        first = (self.position < 0) | (self.lower > 0)
        long = ((self.goal < 0) & (np.diff(self.starts) > SHORT) & (self.row_upper > 0))[self.row_of]
        takes = np.zeros(self.width)
        share = np.abs(self.values[long]) / self.row_upper[self.row_of[long]]
        np.maximum.at(takes, self.columns[long], share)
        for room in self.rooms:
            if len(room.columns):
                gives = room.shares.mean(axis=0)
                first[room.columns[gives.argmax()]] = True
                first[room.columns[(gives / np.maximum(takes[room.columns], 1e-12)).argmax()]] = True
        return np.flatnonzero(first)

    def _take(self, columns: Any) -> None:
        """Have the solver know further columns."""
        self.place_of[columns] = len(self.taken) + np.arange(len(columns))
        first, self.taken = len(self.taken), np.concatenate([self.taken, columns])
        there = (self.place_of[self.columns] >= first) & (self.in_solver[self.row_of] >= 0)
        cut, column, value = self.cut_entries
        of_cut = (self.place_of[column] >= first) & (self.cut_in_solver[cut] >= 0)
        place = np.concatenate([self.place_of[self.columns[there]], self.place_of[column[of_cut]]]) - first
        row = np.concatenate([self.in_solver[self.row_of[there]], self.cut_in_solver[cut[of_cut]]])
        value = np.concatenate([self.values[there], value[of_cut]])
        order = np.lexsort((row, place))
        starts = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=len(columns)))[:-1]])
        self.solver.addCols(
            len(columns), self.cost[columns], self.lower[columns], self.upper[columns],
            len(order), starts.astype(np.int32), row[order].astype(np.int32), value[order],
        )  # fmt: skip

    def take_all(self) -> bool:
        """Have the solver know every column; False where it does."""
        left = np.flatnonzero(self.place_of < 0)
        if len(left):
            self._take(left)
        return len(left) > 0

    def x(self) -> Any:
        """The last solution."""
        x = np.zeros(self.width)
        x[self.taken] = self.solver.getSolution().col_value
        return x

    def remember(self) -> Any:
        """Keep what the last solution uses, and what it proves if none proved more; its reduced costs."""
        x, dual = self.x(), np.append(self.solver.getSolution().row_dual, 0.0)  # the last: of rows that are not there
        self.used = [*self.used[1 - LATEST :], x > LEAST_USED]
        duals = dual[self.in_solver]
        cut_duals = dual[self.cut_in_solver]
        cut, column, value = self.cut_entries
        reduced = self.cost - np.bincount(self.columns, self.values * duals[self.row_of], self.width)
        reduced -= np.bincount(column, value * cut_duals[cut], self.width)
        left_out = self.place_of < 0
        proven = float(self.cost @ x + np.minimum(reduced[left_out], 0.0) @ self.upper[left_out])
        if proven > self.proven:
            self.duals, self.cut_duals, self.proven = duals, cut_duals, proven
        return reduced

    def grow(self, reduced: Any) -> bool:
        """Add columns, rows and cuts that the solution misses; False where there are none."""
        x = self.x()
        self._leave_out_idle()
        worth = np.flatnonzero((self.place_of < 0) & (reduced < -WORTH))
        if len(worth):
            self._take(worth)
        given = np.bincount(self.row_of, self.values * x[self.columns], self.count)
        ties = np.flatnonzero(
            (self.goal < 0)
            & (self.in_solver < 0)
            & ((given > self.row_upper + MISSED) | (given < self.row_lower - MISSED))
        )
        missed = np.where((self.goal >= 0) & (self.in_solver < 0), -given, 0.0)
        rows: dict[int, int] = {}
        for row in np.argsort(-missed, kind="stable").tolist():
            if missed[row] < MISSED:
                break
            rows.setdefault(int(self.goal[row]), row)  # one of a room in a mode
        further = np.array(list(rows.values()), int)
        self.known[further] = True
        self._add_rows(np.concatenate([ties, further]))
        return self._cut(x) | bool(len(worth) or len(ties) or rows)

    def _leave_out_idle(self) -> None:
        """Have the solver forget rows of rooms and cuts that were slack in the last solutions: it is sooner done."""
        status = self.solver.getBasis().row_status
        slack = np.array([one == highspy.HighsBasisStatus.kBasic for one in status], bool)
        self.idle = np.where(slack, np.append(self.idle, np.zeros(len(slack) - len(self.idle), np.int64)) + 1, 0)
        may_go = np.zeros(len(slack), bool)
        may_go[self.in_solver[(self.goal >= 0) & (self.in_solver >= 0)]] = True
        may_go[self.cut_in_solver[self.cut_in_solver >= 0]] = True
        gone = may_go & (self.idle >= IDLE)
        if not gone.any():
            return
        rows = np.flatnonzero(gone).astype(np.int32)
        self.solver.deleteRows(len(rows), rows)
        number = np.append(np.where(gone, -1, np.cumsum(~gone) - 1), -1)  # the last: of what was not there
        self.in_solver, self.cut_in_solver = number[self.in_solver], number[self.cut_in_solver]
        self.idle = self.idle[~gone]

    def _by_room(self, room: Any) -> list[Any]:
        order = self.needed[np.argsort(room[self.needed], kind="stable")]
        return np.split(order, np.flatnonzero(np.diff(room[order])) + 1) if len(order) else []

    def _cut(self, x: Any) -> bool:
        """Add the cuts that are missed most."""
        found = []
        for room in self.rooms:
            own = sorted(room.missed(x), key=lambda cut: (-cut.by, cut.rows, cut.out))
            fresh = [cut for cut in own if not self._has((cut.rows, cut.out))]
            found += fresh[:CUTS_OF_A_ROOM]
        found.sort(key=lambda cut: (-cut.by, cut.rows, cut.out))
        entries, missed = [self.cut_entries], dict[int, tuple[Any, Any]]()
        for cut in found[:MOST_CUTS]:
            key = cut.rows, cut.out
            goals = self.goal[list(cut.rows)]
            columns, values = np.append(cut.columns, goals), np.append(cut.values, -np.ones(len(goals)))
            if key not in self.cut_at:
                self.cut_at[key] = len(self.cuts)
                self.cuts.append(key)
                entries.append((np.full(len(columns), self.cut_at[key]), columns, values))
            missed[self.cut_at[key]] = columns, values
        self.cut_in_solver = np.append(self.cut_in_solver, np.full(len(self.cuts) - len(self.cut_in_solver), -1))
        zero = np.zeros(len(missed))
        self.cut_in_solver[list(missed)] = self._add(zero, zero + np.inf, list(missed.values()))
        self.cut_entries = tuple(np.concatenate(each) for each in zip(*entries, strict=True))
        return bool(found)

    def _has(self, cut: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
        """Whether the solver knows a cut."""
        return cut in self.cut_at and bool(self.cut_in_solver[self.cut_at[cut]] >= 0)

    def _add_rows(self, rows: Any) -> None:
        """Have the solver know further rows of the model."""
        parts = [slice(self.starts[row], self.starts[row + 1]) for row in rows.tolist()]
        of = [(self.columns[part], self.values[part]) for part in parts]
        self.in_solver[rows] = self._add(self.row_lower[rows], self.row_upper[rows], of)

    def _add(self, lower: Any, upper: Any, of: list[tuple[Any, Any]]) -> Any:
        """Have the solver know further rows, of the columns that it knows; their numbers there."""
        first = int(self.solver.getNumRow())
        if of:
            place = self.place_of[np.concatenate([columns for columns, _ in of])]
            there, row = place >= 0, np.repeat(np.arange(len(of)), [len(columns) for columns, _ in of])
            starts = np.concatenate([[0], np.cumsum(np.bincount(row[there], minlength=len(of)))[:-1]])
            self.solver.addRows(
                len(of), lower, upper, int(there.sum()), starts.astype(np.int32), place[there].astype(np.int32),
                np.concatenate([values for _, values in of])[there],
            )  # fmt: skip
        return first + np.arange(len(of))


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
        self.of_goal = {goal: np.flatnonzero(self.goal == goal) for goal in np.unique(self.goal).tolist()}
        self.shares = np.zeros((len(rows), len(every)))
        for at, part in enumerate(parts):
            self.shares[at, np.searchsorted(every, loop.columns[part])] = loop.values[part]
        self.shares = self.shares[:, loop.position[every] >= 0]
        self.place, self.of_place = np.unique(loop.position[self.columns], return_inverse=True)

    def missed(self, x: Any) -> list[Cut]:
        """Cuts that are missed, one from each of the rows that give least above what their mode reaches."""
        z = {goal: float(x[goal]) for goal in self.of_goal}
        if not any(reached > USED for reached in z.values()):
            return []
        here = x[self.columns]
        used = np.flatnonzero(here > 0)
        within, taken = self.shares[:, used], here[used]
        gives = within @ taken
        found = []
        for goal, mine in self.of_goal.items():
            if z[goal] > USED:
                for seed in mine[np.argsort(gives[mine], kind="stable")[:SEEDS]].tolist():
                    cut = self._cut(seed, z, within, taken, here)
                    if cut is not None:
                        found.append(cut)
        return found

    def _cut(self, seed: int, z: dict[int, float], within: Any, taken: Any, here: Any) -> Cut | None:
        """From one row: rows of other modes join where that misses more, then positions are left out."""
        own = int(self.goal[seed])
        rows, reached, most = [seed], z[own], within[seed]  # most: of the columns used alone
        for goal in sorted(z, key=lambda goal: (-z[goal], goal)):
            if goal == own or z[goal] <= 0:
                continue
            theirs = self.of_goal[goal]
            both = np.maximum(within[theirs], most) @ taken
            best = int(both.argmin())
            if both[best] - most @ taken < z[goal] - 1e-9:
                rows.append(int(theirs[best]))
                reached += z[goal]
                most = np.maximum(most, within[theirs[best]])
        return self._left_out(self.shares[rows].max(axis=0), reached, rows, here)

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
