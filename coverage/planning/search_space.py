"""What one search chooses among: rooms, candidates and limits at a confidence, and planning models of them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking import Needs, draft_needs
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.other_process import Known, last_first
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.levels import Alive, Candidates, RoomBlock
from quietwing.coverage.planning.limit_rows import LimitRows, limit_rows, limit_shares
from quietwing.coverage.planning.limits import (
    keep_limits,
    look_ahead,
    outside_limits,
    outside_peaks,
)
from quietwing.coverage.planning.milp import Selection
from quietwing.coverage.planning.near_people import exposure_of, lift_within_exposure, places_over
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.coverage.planning.profiles import Short, Wish, candidates_for, device_of
from quietwing.coverage.planning.receiver_limits import receiver_limits, staff_receiver_limits
from quietwing.coverage.planning.room_blocks import RoomsTogether, room_blocks, room_parts
from quietwing.coverage.planning.rows import (
    TIGHTER,
    PlanModel,
    RoomRows,
    missed_rows,
    plan_model,
    room_rows,
    with_room_rows,
)
from quietwing.coverage.planning.standing import (
    some_candidates,
    too_near,
)
from quietwing.coverage.planning.target import target_asked
from quietwing.coverage.trims import on_air
from quietwing.sites import trial_points

__all__ = ["MOST_SLACK_DB", "RoomLevels", "SearchSpace", "room_levels", "search_space"]

MOST_SLACK_DB = 18.0
SLACK_STEP_DB = 0.5  # in which limits are moved until a room can be had
MOST_MISSED = 200  # limits outside that are added to a model at a time
LEAST_SHARE = 3e-3  # smaller shares of a row of a room count as nothing there: safe for denial
FIRST_ROWS = 10  # of a room in a mode that a model begins with
MOST_LIFT_DB = 12.0  # assumed: above what the margins of rooms ask for
LIFT_STEP_DB = 0.5
FURTHER_ROWS = 3  # that are added at a time where a plan breaks others
Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RoomLevels:
    """Levels of everything in the rooms, with every single margin at one confidence."""

    around: PlanningLinks
    needs: Needs
    blocks: tuple[RoomBlock, ...]


def room_levels(inputs: PlanningInputs, confidence: float) -> RoomLevels:
    """Work out the levels in the rooms.

    Parameters
    ----------
    inputs : PlanningInputs
    confidence : float
        Of each margin: higher than the scenario's, for a room needs all of its margins at once.

    Returns
    -------
    RoomLevels
    """
    scenario = replace(inputs.scenario, confidence=confidence)
    around = PlanningLinks(inputs.modes, scenario, inputs.catalogue, inputs.spots, inputs.bases)
    questions = [LevelsIn(rooms, float(ndtri(confidence))) for rooms in room_parts(around, inputs.wanted)]
    found = list(last_first(questions, (around,), inputs.worked_out.other))
    return RoomLevels(around, draft_needs(around.plain, scenario), tuple(chain.from_iterable(found[::-1])))


@dataclass(frozen=True)
class LevelsIn:
    """Levels in some rooms, with single margins so many standard deviations below the median."""

    rooms: RoomsTogether
    z: float

    def answer(self, known: Known) -> tuple[RoomBlock, ...]:
        """They are, of the `PlanningLinks` told before."""
        return tuple(room_blocks(known(PlanningLinks), self.rooms, self.z))


@dataclass(frozen=True)
class SearchSpace:
    """Planning inputs at one confidence of its single margins: rooms, candidates and limits.

    Attributes
    ----------
    inputs : PlanningInputs
    around : PlanningLinks
    needs : Needs
    blocks : tuple of RoomBlock
    candidates : Candidates
    limits : LimitRows
    short : dict of int to Short
        Rooms that no device silences alone.
    """

    inputs: PlanningInputs
    around: PlanningLinks
    needs: Needs
    blocks: tuple[RoomBlock, ...]
    candidates: Candidates
    limits: LimitRows
    short: dict[int, Short]

    def model(self, slack_db: float) -> tuple[PlanModel, NDArray[np.int64]]:
        """The planning model with limits moved, and which candidates it is made of: those no limit forbids."""
        share, names, forbidden = self.limits.with_slack(slack_db)
        alive = np.flatnonzero(~forbidden)
        part = some_candidates(self.candidates, alive)
        rooms = [
            room_rows(block, self.needs, part, least_share=LEAST_SHARE, at_most=FIRST_ROWS) for block in self.blocks
        ]
        limits = share[:, alive], names, np.zeros(len(alive), bool)
        inputs = self.inputs
        conflicts = too_near(inputs.spots, part, inputs.scenario.spacing_m)
        model = plan_model(rooms, limits, part, inputs.head_ends, inputs.weight, inputs.modes.cost_pence, conflicts)
        target = target_asked(inputs.site, inputs.scenario)
        if target is not None and target.quiet_counts:  # a room that needs nothing in the model is held there
            model = replace(model, weight=inputs.weight.copy())
        return model, alive

    def model_of_some(self, slack_db: float) -> tuple[PlanModel, NDArray[np.int64], float]:
        """As `model`, with limits moved further where they forbid whatever a room needs: so far that one can be had.

        Also how far they were moved; no further than asked for where no room can be had at all.
        """

        def moved(steps: int) -> tuple[PlanModel, NDArray[np.int64], float]:
            further_db = round(slack_db + steps * SLACK_STEP_DB, 2)
            return *self.model(further_db), further_db

        def some(made: tuple[PlanModel, NDArray[np.int64], float]) -> bool:
            return bool(made[0].possible[made[0].weight > 0].any())

        first, most = moved(0), math.floor((MOST_SLACK_DB - slack_db) / SLACK_STEP_DB)
        if some(first) or most < 1 or not some(moved(most)):
            return first
        return moved(bisect_left(range(most), True, lo=1, key=lambda steps: some(moved(steps))))

    def with_missed(
        self, model: PlanModel, alive: NDArray[np.int64], found: Found, slack_db: float
    ) -> tuple[SearchSpace, PlanModel, bool] | None:
        """With rows of rooms and limits that a plan breaks and the model does not know; None: there are none.

        Also whether limits were among them.
        """
        here, further = self, model
        chosen = np.array(found.selection.candidates, np.int64)
        rooms = self._missed_in_rooms(model, chosen, found)
        if rooms:
            further = with_room_rows(model, rooms)
        taken, _ = self.outside(alive[chosen], None)
        over = taken.sum(axis=1) * 10 ** (-slack_db / 10) * (1 + TIGHTER)
        missed = np.zeros(len(over), bool)
        missed[np.argsort(-over, kind="stable")[:MOST_MISSED]] = True
        missed &= over > 1
        if missed.any():
            known = self.inputs.known
            known.missed = missed if known.missed is None else known.missed | missed
            share, names = self.outside(alive, missed)
            further = _with_limits(further, share * 10 ** (-slack_db / 10), names)
            here = replace(here, limits=here.limits.with_rows(alive, share, names))
        share, names = self._missed_near_people(model, chosen)
        if names:
            further = _with_limits(further, share, names)
            here = replace(here, limits=here.limits.with_rows(alive, share, names, slacked=False))
        over_any = bool(missed.any() or names)
        return (here, further, over_any) if rooms or over_any else None

    def lifted(self, model: PlanModel, alive: NDArray[np.int64], selection: Selection, slack_db: float) -> PlanModel:
        """`lift`, the model alone."""
        return self.lift(model, alive, selection, slack_db)[0]

    def lift(
        self, model: PlanModel, alive: NDArray[np.int64], selection: Selection, slack_db: float
    ) -> tuple[PlanModel, float]:
        """With jammers of a plan as much stronger, up to `MOST_LIFT_DB`, as all limits and the catalogue allow.

        Also how far from all limits the plan then is. [dB]

        A room holds when all of its margins hold at once, and costs nothing more at a higher power. Not beside
        managed access: there a stronger jammer may undo a capture.
        """
        candidates = model.candidates
        chosen = np.array(selection.candidates, np.int64)
        bought = np.flatnonzero(~candidates.existing[chosen])
        outside, _ = self.outside(alive[chosen], None)
        known, _, _ = self.limits.with_slack(slack_db)
        share = np.concatenate([outside * 10 ** (-slack_db / 10), known[:, alive[chosen]]]) * (1 + TIGHTER)
        if candidates.is_mas[chosen].any() or not len(bought):
            return model, _below_db(share.sum(axis=1))
        every = share.sum(axis=1)
        near = every > 10 ** (-MOST_LIFT_DB / 10)
        share, taken, step = share[near], every[near], 10 ** (LIFT_STEP_DB / 10)
        lift_db = np.zeros(len(chosen))
        for _ in range(round(MOST_LIFT_DB / LIFT_STEP_DB)):
            for at in bought.tolist():
                more = share[:, at] * (step - 1)
                if (taken + more <= 1).all():
                    taken += more
                    share[:, at] *= step
                    lift_db[at] += LIFT_STEP_DB

        few = some_candidates(candidates, chosen)

        def raised(lift_db: Floats) -> Floats:
            return np.where(few.trim_db < 0, np.minimum(few.trim_db + lift_db[:, None], 0.0), few.trim_db)

        def device(at: int, lift_db: float) -> Device:
            one = replace(few, trim_db=raised(np.full(len(chosen), lift_db)))
            return device_of(self.around, one, at, str(chosen[at]))

        # What is taken back of it only adds to what is left of the limits.
        unused_db = min(_below_db(taken), _below_db(every[~near]) - float(lift_db.max()))
        site, catalogue = self.inputs.site, self.around.catalogue
        tested, carriers = trial_points(site), on_air(site.sectors)
        lift_db = lift_within_exposure(lift_db, LIFT_STEP_DB, device, catalogue, tested, carriers)
        trim_db = candidates.trim_db.copy()
        trim_db[chosen] = raised(lift_db)
        return replace(model, candidates=replace(candidates, trim_db=trim_db)), unused_db

    def _missed_in_rooms(self, model: PlanModel, chosen: NDArray[np.int64], found: Found) -> list[RoomRows]:
        """Rows that do not hold of rooms that the model takes as protected."""
        taken = found.score.protected & (model.weight > 0)
        every = (
            missed_rows(block, self.needs, model.candidates, chosen, least_share=LEAST_SHARE, at_most=FURTHER_ROWS)
            for block in self.blocks
            if taken[block.room] and block.mode == found.selection.modes[block.room]
        )
        return [rows for rows in every if rows is not None]

    def _missed_near_people(self, model: PlanModel, chosen: NDArray[np.int64]) -> tuple[Floats, tuple[str, ...]]:
        """Shares that all candidates take of limits of exposure that a plan breaks, and the names of these limits."""
        site, catalogue, kit = self.inputs.site, self.around.catalogue, model.candidates
        tested, carriers = trial_points(site), on_air(site.sectors)

        def device(at: int) -> Device:
            return device_of(self.around, kit, at, str(at))

        share = exposure_of(map(device, chosen.tolist()), catalogue, tested, carriers)
        most = 1 - TIGHTER / 2  # rows ask for 1 - TIGHTER
        places = tested.some(places_over(share, kit.existing[chosen], tested, most))
        names = tuple(f"exposure of people in {site.rooms[room].id}" for room in places.room.tolist())
        if not names:
            return np.zeros((0, len(kit))), ()
        return exposure_of(map(device, range(len(kit))), catalogue, places, carriers).T, names

    def outside(self, members: NDArray[np.int64], wanted: NDArray[np.bool_] | None) -> tuple[Floats, tuple[str, ...]]:
        """Shares that some candidates take of all limits outside, or of those wanted, and their names; no slack."""

        def worked_out(some: NDArray[np.int64]) -> tuple[Floats, tuple[str, ...]]:
            alive = Alive(np.unique(self.candidates.base[some]))
            known, other = self.inputs.known, self.inputs.worked_out.other
            blocks = outside_limits(self.around, self.inputs.outside, alive, known, wanted, other)
            return limit_shares(blocks, self.candidates, some)

        if wanted is not None:
            return worked_out(members)
        return self.inputs.known.shares.of(self.candidates, members, worked_out)

    def layout(self, model: PlanModel, selection: Selection) -> tuple[tuple[Device, ...], tuple[Treatment, ...]]:
        """A selection as devices, existing ones first, and treatments."""
        bought = [at for at in selection.candidates if not model.candidates.existing[at]]
        taken = {device.id for device in self.inputs.existing}
        devices = list(self.inputs.existing)
        for at in bought:
            spot = self.inputs.spots[int(model.candidates.position[at])]
            name = spot.id if spot.id not in taken else f"{spot.id}-new"
            taken.add(name)
            devices.append(device_of(self.around, model.candidates, at, name))
        treatments = [
            treatment
            for room, mode in enumerate(selection.modes)
            if mode
            for treatment in self.inputs.modes.treatments(room, mode)
        ]
        return tuple(devices), tuple(treatments)


def search_space(
    inputs: PlanningInputs,
    inside: RoomLevels,
    reserve_db: NDArray[np.float64] | None = None,
    warm_start: Iterable[Wish] = (),
    say: Callable[[float], None] | None = None,
) -> SearchSpace:
    """Rooms, candidates and limits with every single margin at a confidence.

    Parameters
    ----------
    inputs : PlanningInputs
    inside : RoomLevels
        Levels of everything in the rooms, at that confidence.
    reserve_db : float64 ndarray, shape (room,), optional
        Added to each margin of a room: what the Monte Carlo showed to be missing there. [dB]
    warm_start : iterable of Wish
        Candidates whatever they are worth: those of a layout made before.
    say : callable, optional
        Told the share done.

    Returns
    -------
    SearchSpace
    """
    tell = say or (lambda _share: None)
    around, needs = inside.around, inside.needs
    blocks = tuple(
        block if reserve_db is None else _with_reserve(block, float(reserve_db[block.room]))
        for block in inside.blocks
    )
    tell(0.2)
    kinds = {head: kind for kind, head in enumerate(inputs.head_ends.name)}
    head_end = {name: kinds.get(model.head_end, -1) for name, model in inputs.catalogue.items()}
    candidates, short = candidates_for(
        around, blocks, needs, inputs.weight > 0, inputs.base_pence, head_end, warm_start
    )
    chosen, _ = inputs.kept
    alive = Alive(np.unique(candidates.base))
    look_ahead(around, inputs.outside, inputs.known)
    blocks_of_limits = chain(
        outside_peaks(around, inputs.outside, alive, inputs.known, inputs.worked_out.other),
        keep_limits(around, chosen, alive, inputs.known),
        receiver_limits(around, alive),
        staff_receiver_limits(around, alive, inputs.known),
    )
    limits = limit_rows(blocks_of_limits, candidates, most_slack_db=MOST_SLACK_DB, alive_bases=alive)
    here = SearchSpace(inputs, around, needs, blocks, candidates, limits, short)
    if limits.wanted is not None:
        if inputs.known.missed is not None:
            limits.wanted[inputs.known.missed] = True
        left = np.flatnonzero(~limits.forbidden)
        here = replace(here, limits=limits.with_rows(left, *here.outside(left, limits.wanted)))
    tell(1.0)
    return here


def _with_limits(model: PlanModel, share: Floats, names: tuple[str, ...]) -> PlanModel:
    """A model with further limits."""
    return replace(model, limit=np.concatenate([model.limit, share]), limit_name=(*model.limit_name, *names))


def _below_db(taken: Floats) -> float:
    """How far the limit that is used most is from being used up. [dB]"""
    most = float(taken.max(initial=0.0))
    return float(-10 * np.log10(most)) if most > 0 else float("inf")


def _with_reserve(block: RoomBlock, reserve_db: float) -> RoomBlock:
    """A room whose signal counts as that much stronger."""
    return replace(block, alone_db=block.alone_db + reserve_db, reserve_db=reserve_db)
