"""From a mast to a place as if the site's own buildings were not there: the median loss in both states of sight.

TR 38.901 for UMa, UMi and RMa. A small cell below the roofs (``street``) or just above them (``roofs``) is P.1411's
where that holds (`short_path`), else UMi's or UMa's. Beyond the range of TR 38.901 the ground itself tells, where it
is known (`far_path`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.far_path import FAR, FAR_LAWS, FarLoss
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.outdoor import (
    NEAREST_M,
    clipped_mast_loss_db,
    furthest_m,
    los_probability,
)
from quietwing.coverage.propagation.short_path import ROOFS, STREET, Law, Link, short_laws
from quietwing.sites import Environment, Sector, Surroundings

__all__ = ["mast_los_probability", "path_laws", "path_states_db", "scenario_of"]

Array = NDArray[np.float64]

SCENARIOS: dict[str, Environment] = {STREET: "UMi", ROOFS: "UMa"}
TR_38_901 = "TR 38.901"
UNKNOWN = Surroundings()


@dataclass(frozen=True, slots=True)
class _State:
    """One state of sight: the loss of every place, the index of its law in `names`, where the ground is in it."""

    loss_db: Array
    law: NDArray[np.int_]
    names: tuple[str, ...]
    over_ground: NDArray[np.bool_]
    notes: tuple[str, ...]


def scenario_of(environment: Environment) -> Environment:
    """The scenario of TR 38.901 for what P.1411 does not say: chance of sight, spread in azimuth, longer ways."""
    return SCENARIOS.get(environment, environment)


def mast_los_probability(environment: Environment, distance_2d_m: ArrayLike, h_ut_m: ArrayLike = 1.5) -> Array:
    """Probability of a clear path from a mast, see `los_probability`; in streets that of UMi, over roofs of UMa."""
    return los_probability(scenario_of(environment), distance_2d_m, h_ut_m)


def path_states_db(
    sector: Sector,
    area: str,
    distance_2d_m: Array,
    height_m: Array,
    over_db: Array | None = None,
    *,
    surroundings: Surroundings = UNKNOWN,
    xy_m: Array | None = None,
    far: FarLoss | None = None,
    bounding: NDArray[np.bool_] | None = None,
) -> tuple[Array, Array, tuple[str, ...]]:
    """Median loss with and without line of sight, never below free space.

    Parameters
    ----------
    sector : Sector
    area : {"rural", "suburban", "urban"}
        Of the site: which streets and roofs a mast of the environments ``street`` and ``roofs`` stands among.
    distance_2d_m : ndarray, shape (point,)
        Distance in plan. [m]
    height_m : ndarray, shape (point,)
        Height of each point above the ground. [m]
    over_db : ndarray, shape (point,), optional
        What the ground adds to both states, see `terrain_path`; not where `far` holds the ground already. [dB]
    surroundings : Surroundings, optional
        Of the site.
    xy_m : ndarray, shape (point, 2), optional
        The points; without them no crossing is used. [m]
    far : FarLoss, optional
        Loss over the ground to each point, taken beyond the range of TR 38.901.
    bounding : bool ndarray, shape (point,), optional
        Where the public level bounds what blockers may do: there `far` is taken only where it is the larger loss.

    Returns
    -------
    los_db, nlos_db : ndarray, shape (point,)
        Loss between isotropic antennas. [dB]
    notes : tuple of str
        Ranges that were left.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.4.1-1, clipped as in `clipped_mast_loss_db`; `short_laws`; `far_loss_db`.
    """
    link = Link(sector, area, surroundings, distance_2d_m, height_m, xy_m, bounding)
    free_db = free_space_loss_db(np.maximum(link.distance_m, NEAREST_M), sector.freq_mhz)
    losses: list[Array] = []
    notes: list[str] = []
    for clear in (True, False):
        state = _state(link, clear, free_db, far)
        loss_db = state.loss_db
        if over_db is not None:
            loss_db = np.maximum(loss_db + np.where(state.over_ground, 0.0, over_db), free_db)
        losses.append(loss_db)
        notes += state.notes
    return losses[0], np.maximum(losses[0], losses[1]), tuple(dict.fromkeys(notes))


def path_laws(
    sector: Sector,
    area: str,
    distance_2d_m: Array,
    height_m: Array,
    clear: bool,
    *,
    surroundings: Surroundings = UNKNOWN,
    xy_m: Array | None = None,
    far: FarLoss | None = None,
    bounding: NDArray[np.bool_] | None = None,
) -> tuple[str, ...]:
    """Which model gives the loss of each point in one state of sight; parameters as for `path_states_db`."""
    link = Link(sector, area, surroundings, distance_2d_m, height_m, xy_m, bounding)
    state = _state(link, clear, free_space_loss_db(np.maximum(link.distance_m, NEAREST_M), sector.freq_mhz), far)
    return tuple(state.names[index] for index in state.law.tolist())


def _state(link: Link, clear: bool, free_db: Array, far: FarLoss | None) -> _State:
    """One state of sight: the first law that holds at a place rules there, TR 38.901 where none does."""
    sector, scenario = link.sector, scenario_of(link.sector.environment)
    laws, notes = short_laws(link, clear)
    beyond = _beyond(link, clear, far)
    laws += () if beyond is None else (beyond,)
    loss_db = np.full(len(free_db), np.nan)
    ruling = np.full(len(free_db), len(laws))
    for number, law in enumerate(laws):
        here = law.within & np.isnan(loss_db)
        loss_db[here] = np.maximum(law.loss_db[here], free_db[here])
        ruling[here] = number
    left = np.isnan(loss_db)
    if left.any():
        loss_db[left], clipped = clipped_mast_loss_db(
            scenario, sector.freq_mhz, link.distance_2d_m[left], sector.height_m, link.height_m[left], clear
        )
        # a small cell's notes name the range of P.1411, which is the one that was left
        notes += clipped if sector.environment == scenario else ()
    over_ground = np.zeros(len(free_db), np.bool_) if beyond is None else ruling == len(laws) - 1
    if over_ground.any():
        notes += (FAR.format(scenario, furthest_m(scenario, True), furthest_m(scenario, False)),)
    return _State(loss_db, ruling, (*(law.name for law in laws), TR_38_901), over_ground, notes)


def _beyond(link: Link, clear: bool, far: FarLoss | None) -> Law | None:
    """The loss over the ground, where TR 38.901 does not reach; where it bounds spill, if that is the larger loss."""
    if far is None:
        return None
    sector, scenario = link.sector, scenario_of(link.sector.environment)
    over_db = far.los_db if clear else far.nlos_db
    beyond = link.distance_2d_m > furthest_m(scenario, clear)
    if link.bounding is not None and (beyond & link.bounding).any():
        held_db, _ = clipped_mast_loss_db(
            scenario, sector.freq_mhz, link.distance_2d_m, sector.height_m, link.height_m, clear
        )
        beyond &= ~link.bounding | (over_db > held_db)
    return Law(FAR_LAWS[clear], np.where(beyond, over_db, np.nan))
