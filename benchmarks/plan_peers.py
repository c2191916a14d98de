"""Two other ways to make a plan in the planning model, for comparison: the textbook greedy, and NSGA-II of pymoo."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.milp import Selection, cost_pence
from quietwing.coverage.planning.rows import TIGHTER, PlanModel
from quietwing.coverage.planning.score import fixed_selection, score

__all__ = ["greedy", "nsga2"]

Ints = NDArray[np.int64]
POPULATION = 100  # pymoo's usual
PARTLY = 0.5  # what rooms that are only partly silent count in the search, as a share of their weight at most


def greedy(model: PlanModel, budget_pence: int) -> Selection:
    """Candidate after candidate with most newly held rows for its money, as long as limits and money allow."""
    kit, modes = model.candidates, np.zeros(len(model.weight), np.int64)
    chosen = list(fixed_selection(model).candidates)
    rows = (model.share + model.serve_mw + model.jam_mw).tocoo()
    row, column = rows.row, rows.col
    if not len(row):  # no room can be silenced: indexing would give a sparse nothing
        return fixed_selection(model)
    share = np.asarray(model.share[row, column]).ravel()
    serve = np.asarray(model.serve_mw[row, column]).ravel()
    settled = np.zeros(len(model.weight), bool)
    near = {frozenset(pair) for pair in model.conflicts.tolist()}
    while True:
        plan = Selection(tuple(sorted(chosen)), tuple(modes.tolist()))
        found = score(model, plan)
        taken = model.limit[:, chosen].sum(axis=1)
        places = {int(kit.position[at]) for at in chosen}
        den = np.asarray(model.share[:, chosen].sum(axis=1)).ravel() if chosen else np.zeros(model.share.shape[0])
        missing = 1 - den
        counts = (model.weight[model.row_room[row]] > 0) & (missing[row] > 0)
        own = kit.room[column] == model.row_room[row]
        mode = np.where(own & ~settled[model.row_room[row]], kit.mode[column], modes[model.row_room[row]])
        holds = counts & (model.row_mode[row] == mode) & ((share >= missing[row]) | (serve > 0))
        gained = np.bincount(column[holds], minlength=len(kit))
        best: tuple[float, int, Selection] | None = None
        for at in np.argsort(-gained / np.maximum(kit.cost_pence, 1), kind="stable").tolist():
            room, place = int(kit.room[at]), int(kit.position[at])
            if not gained[at] or kit.existing[at] or model.forbidden[at] or place in places:
                continue
            if any(frozenset((place, other)) in near for other in places):
                continue
            if room >= 0 and settled[room] and modes[room] != kit.mode[at]:
                continue
            if ((taken + model.limit[:, at]) > 1 - 1e-5).any():
                continue
            further = modes.copy()
            if room >= 0:
                further[room] = kit.mode[at]
            trial = Selection(tuple(sorted([*chosen, at])), tuple(further.tolist()))
            if score(model, trial).cost_pence <= budget_pence:
                best = (0.0, at, trial)
                break
        if best is None:
            return plan if not found.broken else fixed_selection(model)
        _, at, trial = best
        chosen = list(trial.candidates)
        modes = np.array(trial.modes)
        if kit.room[at] >= 0:
            settled[kit.room[at]] = True


class Genes:
    """Plans as whole numbers: for each position which of its candidates, 0 for none; for each room that can be
    treated, how.

    `repaired` makes any such list a plan: what stands in a room settles how that is treated, of two that are too near
    the dearer goes, then what takes most of the limit that is broken most, treatments that protect nothing, and what
    gives least for its money.
    """

    def __init__(self, model: PlanModel, budget_pence: int) -> None:
        self.model, self.budget_pence = model, budget_pence
        kit = model.candidates
        self.standing = np.array(fixed_selection(model).candidates, np.int64)
        free = np.flatnonzero(~kit.existing & ~model.forbidden & ~np.isin(kit.position, kit.position[self.standing]))
        self.places = np.unique(kit.position[free])
        self.choices = [free[kit.position[free] == place] for place in self.places]
        self.modes = [np.flatnonzero(row >= 0) for row in model.mode_cost_pence]
        self.treatable = np.array([room for room, own in enumerate(self.modes) if len(own) > 1], np.int64)
        self.most = np.array(
            [*(len(own) for own in self.choices), *(len(self.modes[room]) - 1 for room in self.treatable)], np.int64
        )
        self.place_of = {int(place): at for at, place in enumerate(self.places)}
        near: dict[int, set[int]] = {}
        for one, other in model.conflicts.tolist():
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
        self.near = near
        self.limit = np.ascontiguousarray(model.limit.T) * (1 + TIGHTER)
        given = np.asarray(model.by_candidate[0].sum(axis=0)).ravel()
        given += np.asarray((model.by_candidate[1] > 0).sum(axis=0)).ravel()
        self.worth = given / np.maximum(kit.cost_pence, 1)
        blocks = model.mode_cost_pence.shape
        self.rows_of = np.maximum(
            np.bincount(model.row_room * blocks[1] + model.row_mode, minlength=np.prod(blocks)), 1
        )

    def read(self, genes: Ints) -> tuple[list[int], Ints]:
        """Candidates and modes as the genes say."""
        chosen = [int(self.choices[at][genes[at] - 1]) for at in np.flatnonzero(genes[: len(self.places)])]
        modes = np.zeros(len(self.model.weight), np.int64)
        for room, gene in zip(self.treatable.tolist(), genes[len(self.places) :].tolist(), strict=True):
            modes[room] = self.modes[room][gene]
        return chosen, modes

    def written(self, chosen: Iterable[int], modes: Ints) -> Ints:
        """The genes of a plan."""
        genes = np.zeros(len(self.most), np.int64)
        for one in chosen:
            at = self.place_of[int(self.model.candidates.position[one])]
            genes[at] = int(np.flatnonzero(self.choices[at] == one)[0]) + 1
        for at, room in enumerate(self.treatable.tolist(), start=len(self.places)):
            genes[at] = int(np.flatnonzero(self.modes[room] == modes[room])[0])
        return genes

    def repaired(self, genes: Ints) -> tuple[Ints, Selection, float]:
        """Genes of a plan that breaks nothing, the plan, and its weight with what is partly silent counted in."""
        kit = self.model.candidates
        chosen, modes = self.read(genes)
        settled: set[int] = set()
        places: set[int] = set(kit.position[self.standing].tolist())
        kept: list[int] = []
        for one in sorted(chosen, key=lambda at: int(kit.cost_pence[at])):
            room, place = int(kit.room[one]), int(kit.position[one])
            if self.near.get(place, set()) & places or (room in settled and modes[room] != kit.mode[one]):
                continue
            if room >= 0:
                modes[room] = kit.mode[one]
                settled.add(room)
            places.add(place)
            kept.append(one)
        taken = self.limit[[*self.standing, *kept]].sum(axis=0)
        while len(taken) and taken.max() > 1 and kept:
            out = max(kept, key=lambda at: float(self.limit[at, int(taken.argmax())]))
            kept.remove(out)
            taken = taken - self.limit[out]
        silent, held = self._silent(kept, modes)
        for room in self.treatable.tolist():
            if modes[room] and room not in settled and not silent[room]:
                modes[room] = 0
        kept.sort(key=lambda at: -self.worth[at])
        while (spent := cost_pence(self.model, self._selection(kept, modes))) > self.budget_pence:
            treated = [room for room in self.treatable.tolist() if modes[room] and room not in settled]
            if kept:
                kept.pop()
            elif treated:
                modes[treated[0]] = 0
            else:
                break
            settled = {int(kit.room[at]) for at in kept if kit.room[at] >= 0}
        del spent
        silent, held = self._silent(kept, modes)
        weight = float(self.model.weight[silent].sum()) + PARTLY * float((self.model.weight * held**2)[~silent].sum())
        return self.written(kept, modes), self._selection(kept, modes), weight

    def _selection(self, kept: list[int], modes: Ints) -> Selection:
        return Selection(tuple(sorted([*self.standing.tolist(), *kept])), tuple(modes.tolist()))

    def _silent(self, kept: list[int], modes: Ints) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Which rooms are silent, and the share of each one's rows that hold."""
        model = self.model
        chosen = np.array([*self.standing.tolist(), *kept], np.int64)
        share, serve, jam = model.by_candidate
        holds = np.zeros(share.shape[0], bool)
        if len(chosen):
            holds = np.asarray(share[:, chosen].sum(axis=1)).ravel() >= 1 - 1e-9
            if serve.nnz:
                best = np.asarray(serve[:, chosen].max(axis=1).todense()).ravel()
                holds |= (best > 0) & (np.asarray(jam[:, chosen].sum(axis=1)).ravel() <= best)
        width = model.mode_cost_pence.shape[1]
        count = np.bincount((model.row_room * width + model.row_mode)[holds], minlength=len(self.rows_of))
        rooms = np.arange(len(modes))
        held = (count / self.rows_of)[rooms * width + modes]
        possible = model.possible[rooms, modes]
        return possible & (held >= 1), np.where(possible, held, 0.0)


def nsga2(model: PlanModel, budget_pence: int, cpu_s: float, seed: int) -> tuple[Selection, int]:
    """The best plan within the budget that NSGA-II finds in so much CPU time, and how many plans it tried.

    Two objectives, weight and money; crossover takes each gene from one parent or the other; on average one gene and
    a half is drawn anew; the first plans are drawn at random, from empty to what the money buys. Every plan is
    repaired (`Genes`) before it is looked at, and lives on as repaired.

    References
    ----------
    Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6 (2002) 182-197; J. Blank's and K. Deb's pymoo.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.mutation import Mutation
    from pymoo.core.problem import Problem
    from pymoo.core.repair import Repair
    from pymoo.core.sampling import Sampling
    from pymoo.operators.crossover.ux import UX

    until_s = time.process_time() + cpu_s
    genes, rng = Genes(model, budget_pence), np.random.default_rng(seed)
    if not len(genes.most):
        return fixed_selection(model), 0
    best, tried = fixed_selection(model), 0
    best_weight = score(model, best).weight
    known: dict[bytes, tuple[float, int]] = {}  # weight and pence of repaired genes

    class Plans(Problem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(n_var=len(genes.most), n_obj=2, xl=0, xu=genes.most, vtype=int)

        def _evaluate(self, x: Ints, out: dict[str, object], *_: object, **__: object) -> None:
            values = [known.get(own.astype(np.int64).tobytes(), (0.0, budget_pence)) for own in x]
            out["F"] = np.array([(-weight, pence) for weight, pence in values])

    class Mended(Repair):  # type: ignore[misc]
        def _do(self, _problem: object, x: Ints, **_: object) -> Ints:
            return np.array([repaired(own.astype(np.int64)) for own in x])

    def repaired(own: Ints) -> Ints:
        nonlocal best, best_weight, tried
        if time.process_time() > until_s:
            return own
        fixed, selection, weight = genes.repaired(own)
        pence = cost_pence(model, selection)
        known[fixed.tobytes()] = weight, pence
        tried += 1
        if weight > best_weight and pence <= budget_pence:
            found = score(model, selection)
            if not found.broken and found.weight > best_weight:
                best, best_weight = selection, found.weight
        return fixed

    class Drawn(Sampling):  # type: ignore[misc]
        def _do(self, _problem: object, count: int, **_: object) -> Ints:
            some = rng.random((count, len(genes.most))) < rng.random((count, 1)) ** 2
            return np.where(some, rng.integers(0, genes.most + 1, (count, len(genes.most))), 0)

    class Anew(Mutation):  # type: ignore[misc]
        def _do(self, _problem: object, x: Ints, **_: object) -> Ints:
            some = rng.random(x.shape) < 1.5 / x.shape[1]
            drawn = np.where(rng.random(x.shape) < 0.5, 0, rng.integers(0, genes.most + 1, x.shape))
            return np.where(some, drawn, x)

    way = NSGA2(
        pop_size=POPULATION,
        sampling=Drawn(),
        crossover=UX(),
        mutation=Anew(),
        repair=Mended(),
        eliminate_duplicates=True,
    )
    way.setup(Plans(), termination=("n_gen", 10**9), seed=seed, verbose=False)
    while time.process_time() < until_s:
        way.next()
    return best, tried
