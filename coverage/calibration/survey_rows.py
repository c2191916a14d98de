"""Readings as rows of a linear problem: what each differs from the model by, and what each parameter would change.

A parameter is the shift of a construction's loss (one at every band, and a part of its own at each band) or of an
antenna's level. Readings of one antenna in one room are one row: their mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import MEASURED_SIGMA_DB, LinkModel, PublicLinks, public_links
from quietwing.coverage.gaussian_fit import Block, Prior
from quietwing.coverage.propagation import construction_loss_db, sigma_db
from quietwing.coverage.rules import Errors
from quietwing.sites import Measurements, PointSet, locate

__all__ = ["Parameters", "Rows", "above_floor", "blocks_of", "kept_rows", "parameters_of", "prior_of", "survey_rows"]

Array = NDArray[np.float64]

SQUARE_M = 5.0  # places in the open and in no room: as far as one local error goes; assumed
LEAST_CHANCE = 1e-3  # no state of sight is ruled out by the formula alone; assumed
LIKELY = 0.5
FLOOR_SIGMAS = 1.64  # 19 of 20 such rows are read; assumed
PLAIN_SIGMA_MHZ = 2000.0  # above 1 GHz, where a construction's own sigma holds as it stands
LEAST_VARIANCE_DB2 = 1e-6  # an open hole has no error; keeps the prior invertible


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """What is fitted, in this order: constructions, constructions × bands, antennas.

    Attributes
    ----------
    constructions : tuple of str
    bands : int
    antennas : tuple of tuple of int
        Indices of the sectors that one antenna sends on one channel.
    antenna_of : intp ndarray, shape (sector,)
    sectors : tuple of str
        Names of the sectors.
    """

    constructions: tuple[str, ...]
    bands: int
    antennas: tuple[tuple[int, ...], ...]
    antenna_of: NDArray[np.intp]
    sectors: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """What a layer holds shifts of: constructions, then antennas by their first sector."""
        return (*self.constructions, *(self.sectors[members[0]] for members in self.antennas))

    def of_named(self, values: Array) -> Array:
        """Of one value a parameter, those of what has a name: without constructions × bands."""
        return np.concatenate([values[: len(self.constructions)], values[self.first_antenna :]])

    @property
    def first_antenna(self) -> int:
        """Place of the first antenna among the parameters."""
        return len(self.constructions) * (1 + self.bands)

    def __len__(self) -> int:
        return self.first_antenna + len(self.antennas)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One row for each antenna read in each room or 5 m square.

    Attributes
    ----------
    design : ndarray, shape (row, parameter)
    residual_db : ndarray, shape (row,)
        Measured − modelled, shifts in force counted in. [dB]
    count : int ndarray, shape (row,)
        Readings behind it.
    antenna, place, room, band : int ndarray, shape (row,)
        `room` is −1 in the open.
    source : int ndarray, shape (row,)
        Whose local error it has: sectors of one antenna share it.
    channel : tuple of str
        Of each row.
    rsrp_dbm : ndarray, shape (row,)
        What was read. [dBm]
    rival_db : ndarray, shape (row, antenna)
        Measured − modelled if the reading were of this antenna; of use for antennas of its channel. [dB]
    clear : mapping of (float, float) to bool
        State of sight of each mast that was read.
    left_out : int
        Readings of channels that no mast of the scenario has.
    """

    design: Array
    residual_db: Array
    count: NDArray[np.int64]
    antenna: NDArray[np.intp]
    place: NDArray[np.intp]
    room: NDArray[np.intp]
    band: NDArray[np.intp]
    source: NDArray[np.int64]
    channel: tuple[str, ...]
    rsrp_dbm: Array
    rival_db: Array
    clear: Mapping[tuple[float, float], bool]
    left_out: int


def parameters_of(model: LinkModel) -> Parameters:
    """What can be fitted on a site."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, one in enumerate(model.sectors):
        found[one.channel, one.x_m, one.y_m, one.height_m, one.azimuth_deg, one.tilt_deg, one.pattern].append(index)
    antenna_of = np.zeros(len(model.sectors), np.intp)
    for number, members in enumerate(found.values()):
        antenna_of[members] = number
    antennas = tuple(tuple(members) for members in found.values())
    return Parameters(
        model.constructions, len(model.bands), antennas, antenna_of, tuple(one.id for one in model.sectors)
    )


def prior_of(model: LinkModel, parameters: Parameters, sector_sigma_db: Array) -> Prior:
    """What the rules say of every parameter before anything is read: mean 0, no wall that gains.

    Parameters
    ----------
    model : LinkModel
        Of the site without a layer.
    parameters : Parameters
    sector_sigma_db : ndarray, shape (sector,)
        Standard deviation of each sector's level on the site. [dB]

    Returns
    -------
    Prior
        Of a construction's variance the share `construction_shared` is common to all bands; below 1 GHz, where walls
        differ more, what is added belongs to the band. Sectors of one mast and operator share `sector_shared`.
    """
    errors, site = model.rules.errors, model.scene.site
    constructions, bands = len(parameters.constructions), parameters.bands
    covariance = np.zeros((len(parameters), len(parameters)))
    lowest = np.full(len(parameters), -np.inf)
    for number, name in enumerate(parameters.constructions):
        one = site.constructions[name]
        common = errors.construction_shared * float(sigma_db(one, np.array([PLAIN_SIGMA_MHZ]))[0]) ** 2
        covariance[number, number] = max(common, LEAST_VARIANCE_DB2)
        lowest[number] = -float(construction_loss_db(one, [1.0], model.masts.freq_mhz).max())
        for band in range(bands):
            at = constructions + number * bands + band
            own = float(model.construction_sigma_db[number, band]) ** 2 - common
            covariance[at, at] = max(own, LEAST_VARIANCE_DB2)
    first = [members[0] for members in parameters.antennas]
    sigma = np.maximum(sector_sigma_db[first], np.sqrt(LEAST_VARIANCE_DB2))
    same_mast = model.mast_key[first][:, None] == model.mast_key[first][None]
    alike = np.where(same_mast, errors.sector_shared, 0.0)
    np.fill_diagonal(alike, 1.0)
    covariance[parameters.first_antenna :, parameters.first_antenna :] = alike * np.outer(sigma, sigma)
    return Prior(np.zeros(len(parameters)), covariance, lowest)


def survey_rows(
    model: LinkModel, parameters: Parameters, measured: Measurements, heard_of: Mapping[str, int] | None = None
) -> Rows:
    """Every reading beside the model, as rows.

    Parameters
    ----------
    model : LinkModel
        With or without a layer in force.
    parameters : Parameters
    measured : Measurements
        Checked against the site of `model`.
    heard_of : mapping of str to int, optional
        Antenna that the readings of a channel are of, −1 for one that nobody can tell; else the strongest at each.

    Returns
    -------
    Rows
    """
    site = model.scene.site
    of_channel: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(model.sectors):
        of_channel[one.channel].append(index)
    used = tuple(reading for reading in measured.readings if reading.channel in of_channel)
    points = locate(site, used)
    # a scanner reads many channels at one place: every place once
    place_key = np.column_stack([points.xyz_m, points.room, points.storey, points.building])
    _, once, at = np.unique(place_key, axis=0, return_index=True, return_inverse=True)
    at = at.reshape(-1)
    public = public_links(model, points.some(once))
    read_dbm = np.array([reading.rsrp_dbm for reading in used], float)
    told = heard_of or {}
    members = [_candidates(parameters, of_channel[reading.channel], told.get(reading.channel)) for reading in used]
    state, sector = _los_state(model, public, read_dbm, members, at)
    rsrp_dbm = np.where(state[sector], public.los_dbm[sector, at], public.nlos_dbm[sector, at])
    heard = np.isfinite(rsrp_dbm) & np.array([told.get(reading.channel, 0) >= 0 for reading in used], bool)
    place = _places(points)
    band = model.carrier_band[model.sector_carrier[sector]]
    paths = public.paths.at(sector, at)
    shared = paths.straight_share[:, None]
    crossed = (1 - shared) * paths.crossed + shared * paths.straight_crossed
    key = np.stack([place, parameters.antenna_of[sector]], axis=1)[heard]
    groups, row = np.unique(key, axis=0, return_inverse=True)
    row, count = row.reshape(-1), np.bincount(row.reshape(-1), minlength=len(groups))
    first = np.zeros(len(groups), np.intp)
    first[row[::-1]] = np.flatnonzero(heard)[::-1]
    design = np.zeros((len(groups), len(parameters)))
    constructions = len(parameters.constructions)
    for number in range(constructions):
        mean = np.bincount(row, crossed[heard, number], len(groups)) / count
        design[:, number] = -mean
        at_band = constructions + number * parameters.bands + band[first]
        design[np.arange(len(groups)), at_band] = -mean
    design[np.arange(len(groups)), parameters.first_antenna + groups[:, 1]] = 1.0
    masts = {(one.x_m, one.y_m) for one in (model.sectors[index] for index in np.unique(sector[heard]).tolist())}
    state_of = {(one.x_m, one.y_m): bool(state[index]) for index, one in enumerate(model.sectors)}
    return Rows(
        design=design,
        residual_db=np.bincount(row, (read_dbm - rsrp_dbm)[heard], len(groups)) / count,
        count=count,
        antenna=groups[:, 1],
        place=groups[:, 0],
        room=points.room[first].astype(np.intp),
        band=band[first].astype(np.intp),
        source=model.source_key[sector[first]],
        channel=tuple(used[index].channel for index in first.tolist()),
        rsrp_dbm=np.bincount(row, read_dbm[heard], len(groups)) / count,
        rival_db=_rivals(parameters, public, state, read_dbm, at, row, count, heard),
        clear={mast: state_of[mast] for mast in sorted(masts)},
        left_out=len(measured.readings) - int(np.count_nonzero(heard)),
    )


def _rivals(
    parameters: Parameters,
    public: PublicLinks,
    state: NDArray[np.bool_],
    read_dbm: Array,
    at: NDArray[np.intp],
    row: NDArray[np.intp],
    count: NDArray[np.int64],
    heard: NDArray[np.bool_],
) -> Array:
    """What each row would differ by for every antenna; those of other channels are sorted out by who asks."""
    rsrp_dbm = np.where(state[:, None], public.los_dbm, public.nlos_dbm)
    found = np.empty((len(count), len(parameters.antennas)))
    for antenna, members in enumerate(parameters.antennas):
        differs = read_dbm - rsrp_dbm[list(members)].max(axis=0)[at]
        found[:, antenna] = np.bincount(row, differs[heard], len(count)) / count
    return found


def kept_rows(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    """Some of the rows."""
    arrays = ("design", "residual_db", "count", "antenna", "place", "room", "band", "source", "rsrp_dbm", "rival_db")
    channel = tuple(name for name, keep in zip(rows.channel, kept.tolist(), strict=True) if keep)
    return replace(rows, channel=channel, **{name: getattr(rows, name)[kept] for name in arrays})


def _candidates(parameters: Parameters, sectors: list[int], antenna: int | None) -> NDArray[np.intp]:
    """The sectors a reading of a channel may be of."""
    if antenna is None or antenna < 0:
        return np.array(sectors, np.intp)
    return np.array(parameters.antennas[antenna], np.intp)


def _places(points: PointSet) -> NDArray[np.intp]:
    """A number for each room and each square in none."""
    square = np.floor(points.xyz_m[:, :2] / SQUARE_M).astype(np.int64)
    square[points.room >= 0] = 0
    key = np.column_stack([points.room, points.building, points.storey, square])
    return np.unique(key, axis=0, return_inverse=True)[1].reshape(-1).astype(np.intp)


def _los_state(
    model: LinkModel, public: PublicLinks, read_dbm: Array, members: list[NDArray[np.intp]], at: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """State of sight of each sector's mast, and which sector each reading is of.

    A reading is of the strongest sector of its channel. A mast that no level measured outside tells is clear if its
    mean residual, as likely as its sector's sigma makes it, times the chance of sight is the more likely.
    """
    masts: dict[tuple[float, float], list[int]] = defaultdict(list)
    for index, one in enumerate(model.sectors):
        masts[one.x_m, one.y_m].append(index)
    state = public.los_probability.mean(axis=1) >= LIKELY if len(read_dbm) else np.zeros(len(model.sectors), bool)
    for indices in masts.values():
        state[indices] = state[indices].mean() >= LIKELY
    state = np.where(public.fixed_los >= 0, public.fixed_los == 1, state)
    sector = _strongest(public, state, members, at)
    for _ in range(2):  # which sector is the strongest may follow from the state, once
        for indices in masts.values():
            if public.fixed_los[indices[0]] >= 0:
                continue
            of_mast = np.flatnonzero(np.isin(sector, indices))
            if len(of_mast):
                state[indices] = _clearer(model, public, read_dbm[of_mast], sector[of_mast], at[of_mast])
        sector = _strongest(public, state, members, at)
    return state, sector


def _strongest(
    public: PublicLinks, state: NDArray[np.bool_], members: list[NDArray[np.intp]], at: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The strongest sector of each reading's channel there."""
    rsrp_dbm = np.where(state[:, None], public.los_dbm, public.nlos_dbm)
    return np.array([those[rsrp_dbm[those, one].argmax()] for one, those in zip(at, members, strict=True)], np.intp)


def _clearer(
    model: LinkModel, public: PublicLinks, read_dbm: Array, sector: NDArray[np.intp], at: NDArray[np.intp]
) -> bool:
    """Whether readings of a mast make a clear path the likelier state."""
    chance = np.clip(public.los_probability[sector, at].mean(), LEAST_CHANCE, 1 - LEAST_CHANCE)
    spread_db = max(float(model.calibration.unread_sigma_db[sector].mean()), MEASURED_SIGMA_DB)
    clear, hidden = (
        -0.5 * (float((read_dbm - rsrp_dbm[sector, at]).mean()) / spread_db) ** 2
        for rsrp_dbm in (public.los_dbm, public.nlos_dbm)
    )
    return bool(clear + np.log(chance) >= hidden + np.log(1 - chance))


def above_floor(rows: Rows, mean: Array, errors: Errors, floor_dbm: Mapping[str, float]) -> NDArray[np.bool_]:
    """Rows that would have been read in nearly every case: the others were read because they came out strong.

    What is chosen by the level that was read makes walls look thinner and masts stronger than they are; what is
    chosen by the level that is to be expected does not.

    Parameters
    ----------
    rows : Rows
    mean : ndarray, shape (parameter,)
        Shifts by which levels are expected.
    errors : Errors
    floor_dbm : mapping of str to float
        Lowest level of each technology that was read at all. [dBm]

    Returns
    -------
    bool ndarray, shape (row,)
    """
    spread_db = float(np.hypot(errors.local_db, MEASURED_SIGMA_DB))
    expected_dbm = rows.rsrp_dbm - rows.residual_db + rows.design @ mean
    floor = np.array([floor_dbm[name.rsplit("/", 1)[1]] for name in rows.channel])
    return np.asarray(expected_dbm >= floor + FLOOR_SIGMAS * spread_db)


def blocks_of(rows: Rows, errors: Errors, kept: NDArray[np.bool_] | None = None) -> list[Block]:
    """The rows of each place together: their local errors are correlated, those of two places are not.

    Parameters
    ----------
    rows : Rows
    errors : Errors
        Sizes and correlations of local errors, as the verdict draws them.
    kept : bool ndarray, shape (row,), optional
        Only these rows.

    Returns
    -------
    list of Block
    """
    order = np.argsort(rows.place, kind="stable")
    if kept is not None:
        order = order[kept[order]]
    starts = np.flatnonzero(np.diff(rows.place[order], prepend=-1))
    found = []
    for members in np.split(order, starts[1:]) if len(order) else []:
        same_source = rows.source[members][:, None] == rows.source[members][None]
        same_band = rows.band[members][:, None] == rows.band[members][None]
        share = errors.local_shared + (1 - errors.local_shared) * same_source
        local = errors.local_db**2 * share * np.where(same_band, 1.0, errors.local_between_bands)
        noise = np.diag(MEASURED_SIGMA_DB**2 / rows.count[members])
        found.append(Block(rows.design[members], rows.residual_db[members], local + noise))
    return found
