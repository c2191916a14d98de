"""A site made ready for planning, and planning models of it at a confidence and slack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking.draft import draft_needs
from quietwing.coverage.blocking.links import LinkModel, link_model
from quietwing.coverage.blocking.montecarlo import Needs, Tally
from quietwing.coverage.blocking.outside import OutsidePoints, most_eirp_dbm, outside_points
from quietwing.coverage.blocking.protect import forbidden_bands
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.planning.cost import head_ends_needed
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.levels import Alive, Candidates, HeadEnds, RoomBlock
from quietwing.coverage.planning.limit_rows import LimitRows, limit_rows, limit_shares
from quietwing.coverage.planning.limits import (
    Known,
    keep_choice,
    keep_limits,
    outside_limits,
    outside_peaks,
    receiver_limits,
)
from quietwing.coverage.planning.milp import Selection
from quietwing.coverage.planning.modes import Modes, prepare_modes
from quietwing.coverage.planning.near_people import lift_within_exposure
from quietwing.coverage.planning.places import Spot, place_of, plan_spots
from quietwing.coverage.planning.profiles import Short, Wish, candidates_for, device_of
from quietwing.coverage.planning.question import buyable_devices, buyable_treatments, offered_devices
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
    affordable,
    device_at,
    prices_of,
    runs_of_cable,
    some_candidates,
    stands_outdoors,
    too_near,
    where_stands,
)
from quietwing.coverage.planning.surroundings import Base, Surroundings, room_blocks
from quietwing.coverage.planning.target import credit_of, target_asked
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites.model import Sector, Site
from quietwing.sites.trial_points import trial_points

__all__ = [
    "MOST_SLACK_DB",
    "Ground",
    "Inside",
    "Terrain",
    "look_inside",
    "prepare_ground",
    "terrain",
]

MOST_SLACK_DB = 18.0
MOST_MISSED = 200  # limits outside that are added to a model at a time
Floats = NDArray[np.float64]
LEAST_SHARE = 3e-3  # smaller shares of a row of a room count as nothing there: safe for denial
FIRST_ROWS = 8  # of a room in a mode that a model begins with
MOST_LIFT_DB = 12.0  # assumed: above what the margins of rooms ask for
LIFT_STEP_DB = 0.5
FURTHER_ROWS = 3  # that are added at a time where a plan breaks others
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Ground:
    """What does not depend on margins.

    Attributes
    ----------
    site : Site
        As given.
    sectors : tuple of Sector
    scenario : Scenario
    catalogue : mapping of str to Model
    given : tuple of Treatment
        Treatments that the scenario has already.
    existing : tuple of Device
    modes : Modes
    spots : tuple of Spot
    bases : tuple of Base
    head_ends : HeadEnds
    base_pence : dict of int to int
    outside : OutsidePoints
    wanted : bool ndarray, shape (room,)
        Rooms that must be silent, with a target only those that count for it.
    weight : float64 ndarray, shape (room,)
        Credit for each; 0 for those quiet anyway.
    notes : tuple of str
    quiet : mapping of int to Tally
        Worlds without any blocker by stream, as far as they are known.
    bare : LinkModel
        The site without any treatment, for what is quiet anyway.
    """

    site: Site
    sectors: tuple[Sector, ...]
    scenario: Scenario
    catalogue: Mapping[str, Model]
    given: tuple[Treatment, ...]
    existing: tuple[Device, ...]
    modes: Modes
    spots: tuple[Spot, ...]
    bases: tuple[Base, ...]
    head_ends: HeadEnds
    base_pence: dict[int, int]
    outside: OutsidePoints
    wanted: NDArray[np.bool_]
    weight: NDArray[np.float64]
    notes: tuple[str, ...]
    quiet: Mapping[int, Tally]
    bare: LinkModel

    @cached_property
    def known(self) -> Known:
        """Levels outside, once they were worked out."""
        return Known()

    @cached_property
    def kept(self) -> tuple[dict[tuple[int, str], int], tuple[str, ...]]:
        """Carriers held in keep rooms, and what nobody can keep."""
        return keep_choice(Surroundings(self.modes, self.scenario, self.catalogue, self.spots, self.bases))


@dataclass(frozen=True)
class Terrain:
    """A ground at one confidence of its single margins: rooms, candidates and limits.

    Attributes
    ----------
    ground : Ground
    around : Surroundings
    needs : Needs
    blocks : tuple of RoomBlock
    candidates : Candidates
    limits : LimitRows
    short : dict of int to Short
        Rooms that no device silences alone.
    """

    ground: Ground
    around: Surroundings
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
        ground = self.ground
        conflicts = too_near(ground.spots, part, ground.scenario.spacing_m)
        model = plan_model(rooms, limits, part, ground.head_ends, ground.weight, ground.modes.cost_pence, conflicts)
        target = target_asked(ground.site, ground.scenario)
        if target is not None and target.quiet_counts:  # a room that needs nothing in the model is held there
            model = replace(model, weight=ground.weight.copy())
        return model, alive

    def with_missed(
        self, model: PlanModel, alive: NDArray[np.int64], found: Found, slack_db: float
    ) -> tuple[Terrain, PlanModel, bool] | None:
        """With rows of rooms and limits outside that a plan breaks and the model does not know; None: there are none.

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
            known = self.ground.known
            known.missed = missed if known.missed is None else known.missed | missed
            share, names = self.outside(alive, missed)
            further = replace(
                further,
                limit=np.concatenate([model.limit, share * 10 ** (-slack_db / 10)]),
                limit_name=(*model.limit_name, *names),
            )
            here = replace(self, limits=self.limits.with_rows(alive, share, names))
        return (here, further, bool(missed.any())) if rooms or missed.any() else None

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

        def raised(lift_db: Floats) -> Candidates:
            trim_db = candidates.trim_db.copy()
            part = trim_db[chosen]
            trim_db[chosen] = np.where(part < 0, np.minimum(part + lift_db[:, None], 0.0), part)
            return replace(candidates, trim_db=trim_db)

        def devices(lift_db: Floats) -> tuple[Device, ...]:
            return tuple(device_of(self.around, raised(lift_db), at, str(at)) for at in chosen.tolist())

        # What is taken back of it only adds to what is left of the limits.
        unused_db = min(_below_db(taken), _below_db(every[~near]) - float(lift_db.max()))
        tested = trial_points(self.ground.site)
        lift_db = lift_within_exposure(lift_db, LIFT_STEP_DB, devices, self.around.catalogue, tested)
        return replace(model, candidates=raised(lift_db)), unused_db

    def _missed_in_rooms(self, model: PlanModel, chosen: NDArray[np.int64], found: Found) -> list[RoomRows]:
        """Rows that do not hold of rooms that the model takes as protected."""
        taken = found.score.protected & (model.weight > 0)
        every = (
            missed_rows(block, self.needs, model.candidates, chosen, least_share=LEAST_SHARE, at_most=FURTHER_ROWS)
            for block in self.blocks
            if taken[block.room] and block.mode == found.selection.modes[block.room]
        )
        return [rows for rows in every if rows is not None]

    def outside(self, members: NDArray[np.int64], wanted: NDArray[np.bool_] | None) -> tuple[Floats, tuple[str, ...]]:
        """Shares that some candidates take of all limits outside, or of those wanted, and their names; no slack."""
        alive = Alive(np.unique(self.candidates.base[members]))
        blocks = outside_limits(self.around, self.ground.outside, alive, self.ground.known, wanted)
        return limit_shares(blocks, self.candidates, members)

    def layout(self, model: PlanModel, selection: Selection) -> tuple[tuple[Device, ...], tuple[Treatment, ...]]:
        """A selection as devices, existing ones first, and treatments."""
        bought = [at for at in selection.candidates if not model.candidates.existing[at]]
        taken = {device.id for device in self.ground.existing}
        devices = list(self.ground.existing)
        for at in bought:
            spot = self.ground.spots[int(model.candidates.position[at])]
            name = spot.id if spot.id not in taken else f"{spot.id}-new"
            taken.add(name)
            devices.append(device_of(self.around, model.candidates, at, name))
        treatments = [
            treatment
            for room, mode in enumerate(selection.modes)
            if mode
            for treatment in self.ground.modes.treatments(room, mode)
        ]
        return tuple(devices), tuple(treatments)


def prepare_ground(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    existing: tuple[Device, ...],
    quiet_anyway: NDArray[np.bool_],
    *,
    quiet: Mapping[int, Tally] | None = None,
    bare: LinkModel | None = None,
) -> Ground:
    """Make a site ready for planning.

    Parameters
    ----------
    site : Site
    sectors : tuple of Sector
    scenario : Scenario
        Without problems, see `check_plan_scenario`.
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.
    quiet_anyway : bool ndarray, shape (room,)
        Of the site's rooms: credited to nobody.
    quiet : mapping of int to Tally, optional
        Worlds without any blocker by stream, as far as they are known: they need not be drawn again.
    bare : LinkModel, optional
        Of the site without any treatment, where it is at hand.

    Returns
    -------
    Ground
    """
    given = resolve_treatments(site, scenario.treatments, catalogue)
    treated = treated_site(site, given, catalogue)
    if bare is None:
        bare = link_model(prepare_scene(site), sectors, scenario.rules)
    buyable = buyable_treatments(catalogue, scenario)
    modes = prepare_modes(treated, sectors, catalogue, scenario, given, buyable, bare.graph)
    allowed = [name for name in buyable_devices(catalogue, scenario) if not forbidden_bands(catalogue[name])]
    barred = [name for name in buyable_devices(catalogue, scenario) if forbidden_bands(catalogue[name])]
    standing = {place_of(device.x_m, device.y_m, device.z_m) for device in existing}
    spots = [spot for spot in plan_spots(site) if place_of(spot.x_m, spot.y_m, spot.z_m) not in standing]
    bases: list[Base] = []
    for index, spot in enumerate(spots):
        for name in allowed:
            if catalogue[name].radiating_cable:
                continue
            if spot.indoors or stands_outdoors(spot, catalogue[name]):
                bases.append(Base(index, device_at(site, spot, name)))
    for spot, name in runs_of_cable(
        site, catalogue, [name for name in allowed if catalogue[name].radiating_cable], existing
    ):
        bases.append(Base(len(spots), replace(device_at(site, spot, name), route_m=spot.route_m)))
        spots.append(spot)
    for device in existing:
        building, room = where_stands(site, device)
        room = -1 if device.route_m else room  # a cable belongs to no single room
        spots.append(
            Spot(
                device.id, device.x_m, device.y_m, device.z_m, device.storey, room, building, building >= 0,
                device.route_m,
            )
        )  # fmt: skip
        bases.append(Base(len(spots) - 1, device, existing=True))
    kinds = tuple(dict.fromkeys(catalogue[base.device.model].head_end for base in bases))
    kinds = tuple(name for name in kinds if name)
    there = head_ends_needed(existing, catalogue)
    pence, head_pence = prices_of(site, bases, catalogue, scenario)
    notes = [f"{name} is left out: it would send on {forbidden_bands(catalogue[name])}" for name in barred]
    if scenario.budget_gbp is not None:
        bases, pence, dear = affordable(bases, pence, head_pence, there, catalogue, scenario.budget_gbp)
        notes.extend(f"{name} is left out: the first costs more than the budget" for name in dear)
    weight = credit_of(site, scenario)
    radiating = tuple(base.device for base in bases)
    if not scenario.equipment and any(catalogue[name].radiating_cable for name in offered_devices(catalogue)):
        notes.append("radiating cables are left out, for the scenario's equipment does not name them")
    return Ground(
        site=site,
        sectors=sectors,
        scenario=scenario,
        catalogue=catalogue,
        given=given,
        existing=existing,
        modes=modes,
        spots=tuple(spots),
        bases=tuple(bases),
        head_ends=HeadEnds(
            name=kinds,
            cost_pence=np.array([head_pence[name] for name in kinds], np.int64),
            capacity=np.array([catalogue[name].head_end_capacity for name in kinds], np.int64),
            existing=np.array([there.get(name, 0) for name in kinds], np.int64),
        ),
        base_pence=pence,
        outside=outside_points(site, most_eirp_dbm(radiating, catalogue)),
        wanted=weight > 0,
        weight=np.where(quiet_anyway, 0.0, weight),
        notes=tuple(notes),
        quiet=quiet or {},
        bare=bare,
    )


def _below_db(taken: Floats) -> float:
    """How far the limit that is used most is from being used up. [dB]"""
    most = float(taken.max(initial=0.0))
    return float(-10 * np.log10(most)) if most > 0 else float("inf")


def _with_reserve(block: RoomBlock, reserve_db: float) -> RoomBlock:
    """A room whose signal counts as that much stronger."""
    return replace(block, alone_db=block.alone_db + reserve_db, against_db=block.against_db + np.float32(reserve_db))


@dataclass(frozen=True)
class Inside:
    """Levels of everything in the rooms, with every single margin at one confidence."""

    around: Surroundings
    needs: Needs
    blocks: tuple[RoomBlock, ...]


def look_inside(ground: Ground, confidence: float) -> Inside:
    """Work out the levels in the rooms.

    Parameters
    ----------
    ground : Ground
    confidence : float
        Of each margin: higher than the scenario's, for a room needs all of its margins at once.

    Returns
    -------
    Inside
    """
    scenario = replace(ground.scenario, confidence=confidence)
    around = Surroundings(ground.modes, scenario, ground.catalogue, ground.spots, ground.bases)
    needs = draft_needs(around.plain, scenario)
    blocks = tuple(room_blocks(around, ground.wanted, float(ndtri(confidence))))
    return Inside(around, needs, blocks)


def terrain(
    ground: Ground,
    inside: Inside,
    reserve_db: NDArray[np.float64] | None = None,
    carried: Iterable[Wish] = (),
    say: Callable[[float], None] | None = None,
) -> Terrain:
    """Rooms, candidates and limits with every single margin at a confidence.

    Parameters
    ----------
    ground : Ground
    inside : Inside
        Levels of everything in the rooms, at that confidence.
    reserve_db : float64 ndarray, shape (room,), optional
        Added to each margin of a room: what the Monte Carlo showed to be missing there. [dB]
    carried : iterable of Wish
        Candidates whatever they are worth: those of a layout made before.
    say : callable, optional
        Told the share done.

    Returns
    -------
    Terrain
    """
    tell = say or (lambda _share: None)
    around, needs = inside.around, inside.needs
    blocks = tuple(
        block if reserve_db is None else _with_reserve(block, float(reserve_db[block.room]))
        for block in inside.blocks
    )
    tell(0.2)
    kinds = {head: kind for kind, head in enumerate(ground.head_ends.name)}
    head_end = {name: kinds.get(model.head_end, -1) for name, model in ground.catalogue.items()}
    candidates, short = candidates_for(around, blocks, needs, ground.weight > 0, ground.base_pence, head_end, carried)
    chosen, _ = ground.kept
    alive = Alive(np.unique(candidates.base))
    blocks_of_limits = chain(
        outside_peaks(around, ground.outside, alive, ground.known),
        keep_limits(around, chosen, alive),
        receiver_limits(around, alive),
    )
    limits = limit_rows(blocks_of_limits, candidates, most_slack_db=MOST_SLACK_DB, alive_bases=alive)
    here = Terrain(ground, around, needs, blocks, candidates, limits, short)
    if limits.wanted is not None:
        if ground.known.missed is not None:
            limits.wanted[ground.known.missed] = True
        left = np.flatnonzero(~limits.forbidden)
        here = replace(here, limits=limits.with_rows(left, *here.outside(left, limits.wanted)))
    tell(1.0)
    return here
