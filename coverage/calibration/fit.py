"""Readings fitted: shifts of constructions and antennas within what the rules hold likely, as a layer on the site."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import LinkModel, link_model, refuse_too_large
from quietwing.coverage.calibration.heard_antennas import heard_antennas
from quietwing.coverage.calibration.survey_rows import (
    Parameters,
    Rows,
    above_floor,
    blocks_of,
    kept_rows,
    parameters_of,
    prior_of,
    survey_rows,
)
from quietwing.coverage.calibration.surveyed_site import SurveyedSite
from quietwing.coverage.errors import SiteError
from quietwing.coverage.gaussian_fit import Posterior, Prior, posterior, told_by
from quietwing.coverage.propagation import portal_graph, prepare_scene
from quietwing.coverage.rules import Errors, Rules, load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.sites import (
    CalibratedConstruction,
    CalibratedSector,
    Measurements,
    Site,
    SiteCalibration,
    locate,
)

__all__ = ["CalibrationFit", "FittedShift", "HeldOut", "calibrate_site"]

Array = NDArray[np.float64]

MOST_STEPS = 8  # the levels are not linear where another way takes over: linearise again at what was found
SETTLED_DB = 0.25  # a step that moves no shift by more is the last
MOST_SHIFT_DB = 58.0  # a file holds 60, and slopes are taken from 2 dB more
MOST_HELD_OUT = 40  # rooms, and antennas, each predicted from all the others; evenly chosen where there are more
FLOOR_TURNS = 3  # what is expected follows from what is fitted, and the other way round
# What phones and scanners read at least: a file whose weakest level lies above misses nothing (assumed).
READ_DOWN_TO_DBM = {"GSM": -105.0, "UMTS": -115.0, "LTE": -118.0, "NR": -118.0}
# Doubt left is widened by it: walls that deviate open other ways than a straight line knows. On thirty made sites of
# known truth z-scores have a standard deviation of 1.3 without it (benchmarks/survey_sites.py).
WIDENED = 1.3
LEARNED = 0.995  # a sigma below this share of the prior's: readings said something of the parameter
NOTHING = "readings are too few to settle any wall or mast: the layer shifts nothing; read more rooms and channels"


@dataclass(frozen=True, slots=True)
class FittedShift:
    """One shift that was fitted.

    Attributes
    ----------
    kind : {"construction", "sector"}
    name : str
        The construction, or the ids of the sectors of an antenna.
    shift_db, prior_sigma_db, sigma_db : float
        Likeliest value; what was thought likely before; what doubt is left. [dB]
    rows : int
        Rooms and squares in which it was read.
    """

    kind: Literal["construction", "sector"]
    name: str
    shift_db: float
    prior_sigma_db: float
    sigma_db: float
    rows: int


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Error on readings that were not fitted: each group predicted from all the others.

    Attributes
    ----------
    left_out : {"room", "sector"}
        What a group is.
    groups : int
    before_db, after_db : float
        Root mean square of measured − modelled without any fit, and held out. [dB]
    """

    left_out: Literal["room", "sector"]
    groups: int
    before_db: float
    after_db: float


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """What a calibration found.

    Attributes
    ----------
    layer : SiteCalibration
    shifts : tuple of FittedShift
        Those readings say something of.
    held_out : tuple of HeldOut
    before_db, after_db : float
        Root mean square of the residuals before and with the layer, on the readings fitted. [dB]
    notes : tuple of str
    """

    layer: SiteCalibration
    shifts: tuple[FittedShift, ...]
    held_out: tuple[HeldOut, ...]
    before_db: float
    after_db: float
    notes: tuple[str, ...]


def calibrate_site(
    site: Site,
    measured: Measurements,
    rules: Rules | None = None,
    *,
    held_out: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> CalibrationFit:
    """Shifts of constructions and antennas that explain readings, the likeliest ones given the rules' own doubt.

    Linear Gaussian: every shift has mean 0 and the standard deviation the verdict draws it with; readings have the
    local errors of the verdict and 3 dB of their own. No construction's loss falls below 0. A layer that the site has
    already is left out of account: the new one takes its place.

    Parameters
    ----------
    site : Site
        With at least one mast.
    measured : Measurements
        Checked against `site`.
    rules : Rules, optional
        Sizes of the errors; those of the product without it.
    held_out : bool
        Whether to work out the errors on readings held out too.
    progress : callable, optional
        Told what is being done, and the share done.

    Returns
    -------
    CalibrationFit

    Raises
    ------
    SiteError
        If the site has no mast, or no reading is of a channel of its masts.
    ScenarioError
        If the site has too many sectors.
    """
    rules = rules or load_rules()
    if not site.sectors:
        raise SiteError("masts.csv: no mast is given; list the masts (`quietwing masts import`)")
    if not measured.readings:
        raise SiteError(f"{measured.file}: has no readings; read levels on the site first")
    refuse_too_large(site, Scenario(), site.sectors)
    bare = replace(site, calibration=None)
    graph = portal_graph(prepare_scene(bare))
    model = link_model(graph.scene, bare.sectors, rules, graph=graph)
    parameters = parameters_of(model)
    free = ~model.calibration.measured[[members[0] for members in parameters.antennas]]
    prior = prior_of(model, parameters, _sector_sigma_db(model, measured))
    rows = survey_rows(model, parameters, measured)
    if not len(rows.residual_db):
        raise SiteError(f"{measured.file}: no reading is of a channel that reaches its place; check channel and x, y")
    heard_of = heard_antennas(model, parameters, prior, rows, rules.errors)
    bands_mhz = tuple(
        (carrier.freq_mhz, band) for carrier, band in zip(model.carriers, model.carrier_band.tolist(), strict=True)
    )
    layer = _nothing(model, parameters, rows, free, measured)
    asked = SurveyedSite(graph, rules, parameters, measured, heard_of, layer, bands_mhz)
    first = asked.rows(np.zeros(len(parameters)))
    if not len(first.residual_db):
        raise SiteError(f"{measured.file}: of no reading is it sure which mast was heard; read more channels")
    movable = np.concatenate([np.ones(parameters.first_antenna, np.bool_), free])
    known, kept, used, after_db, unsettled = _fitted(asked, prior, first, movable, progress)
    before_db, settled = first.residual_db[used], _settled(parameters, prior, known, movable)
    left = _left_out(kept, before_db, prior, rules, settled) if held_out and settled.any() else ()
    return CalibrationFit(
        layer=_layer(model, parameters, settled, known, kept, measured),
        shifts=_shifts(model, parameters, prior, settled, known, kept),
        held_out=left,
        before_db=_rms(before_db),
        after_db=after_db,
        notes=(
            *_notes(kept, len(first.residual_db) - len(kept.residual_db), free),
            *(() if settled.any() else (NOTHING,)),
            *unsettled,
            *_warnings(left),
        ),
    )


def _fitted(
    asked: SurveyedSite,
    prior: Prior,
    first: Rows,
    movable: NDArray[np.bool_],
    progress: Callable[[str, float], None] | None,
) -> tuple[Posterior, Rows, NDArray[np.bool_], float, tuple[str, ...]]:
    """The likeliest shifts; the rows they rest on, and which of `first` these are; RMS with the layer; notes.

    A step that slopes ask for and that explains the readings no better is not taken: it is doubt.
    """
    errors, floor_dbm = asked.rules.errors, _floor_dbm(asked.measured)
    shifts_db, rows = np.zeros(len(prior.mean)), first
    for step in range(MOST_STEPS):
        if progress is not None:
            progress(f"fitting walls and masts, step {step + 1}", (step + 1) / (MOST_STEPS + 2))
        linear = asked.with_slopes(rows, shifts_db)
        linear = replace(linear, residual_db=linear.residual_db + linear.design @ shifts_db)
        known, used = _known(prior, linear, errors, floor_dbm)
        wanted_db = np.where(movable, known.mean, 0.0)
        _refuse_absurd(asked, wanted_db)
        likelier = asked.likelier(prior, rows, used, shifts_db, wanted_db)
        before_db, (shifts_db, rows) = shifts_db, likelier or (shifts_db, rows)
        if np.abs(shifts_db - before_db).max() < SETTLED_DB:
            break
    left_db = wanted_db - shifts_db
    covariance = known.covariance + np.outer(left_db, left_db)
    doubt = Posterior(shifts_db, covariance)
    after = asked.rows(np.where(_settled(asked.parameters, prior, doubt, movable), shifts_db, 0.0))
    return (
        doubt,
        kept_rows(linear, used),
        used,
        _rms(after.residual_db[used]),
        _unsettled(asked, left_db, known.sigma),
    )


def _unsettled(asked: SurveyedSite, left_db: Array, sigma_db: Array) -> tuple[str, ...]:
    """A note where the step not taken is larger than the doubt that is left otherwise."""
    name, step_db, doubt_db = max(
        zip(
            asked.parameters.named,
            asked.parameters.of_named(left_db),
            asked.parameters.of_named(sigma_db),
            strict=True,
        ),
        key=lambda one: abs(one[1]) / one[2],
    )
    if abs(step_db) <= doubt_db:
        return ()
    return (
        f"the fit did not settle: readings ask for a further {step_db:+.1f} dB of {name}, which explains them no "
        f"better; the doubt left holds it (±{math.hypot(step_db, doubt_db):.1f} dB)",
    )


def _refuse_absurd(asked: SurveyedSite, wanted_db: Array) -> None:
    """Shifts that no file of a calibration may hold come of readings that are none of this site's masts."""
    kept_db = asked.parameters.of_named(wanted_db)
    worst = int(np.abs(kept_db).argmax())
    if abs(kept_db[worst]) <= MOST_SHIFT_DB:
        return
    raise SiteError(
        f"{asked.measured.file}: readings would shift {asked.parameters.named[worst]} by {kept_db[worst]:.0f} dB "
        f"(at most {MOST_SHIFT_DB:g}); check rsrp_dbm and the places of the readings, and the masts in masts.csv"
    )


def _nothing(
    model: LinkModel, parameters: Parameters, rows: Rows, free: NDArray[np.bool_], measured: Measurements
) -> SiteCalibration:
    """A layer that shifts nothing and holds the state of sight of every mast."""
    sectors = [
        CalibratedSector(one.id, 0.0, one.sigma_db, rows.clear.get((one.x_m, one.y_m)), True)
        for one, antenna in zip(model.sectors, parameters.antenna_of.tolist(), strict=True)
        if free[antenna]
    ]
    return SiteCalibration(max(one.date for one in measured.readings), 1, measured.file, (), tuple(sectors))


def _known(
    prior: Prior, rows: Rows, errors: Errors, floor_dbm: dict[str, float]
) -> tuple[Posterior, NDArray[np.bool_]]:
    """The posterior, and which rows it rests on: none that were read only because they came out strong."""
    used, known = np.ones(len(rows.residual_db), np.bool_), posterior(prior, blocks_of(rows, errors))
    for _ in range(FLOOR_TURNS):
        above = above_floor(rows, known.mean, errors, floor_dbm)
        used = above if above.any() else np.ones_like(above)
        known = posterior(prior, blocks_of(rows, errors, used))
    return known, used


def _floor_dbm(measured: Measurements) -> dict[str, float]:
    """The lowest level of each technology that was read, −inf where even that is well above what can be read."""
    found: dict[str, float] = {}
    for reading in measured.readings:
        technology = reading.channel.rsplit("/", 1)[1]
        found[technology] = min(found.get(technology, np.inf), reading.rsrp_dbm)
    return {name: level if level <= READ_DOWN_TO_DBM[name] else -np.inf for name, level in found.items()}


def _sector_sigma_db(model: LinkModel, measured: Measurements) -> Array:
    """How well each sector's level is known without the readings: where levels outside set it, as they do here."""
    points = locate(model.scene.site, measured.readings)
    return np.asarray(model.calibration.sigma_db(points).mean(axis=1), float)


def _learned(prior: Prior, known: Posterior) -> NDArray[np.bool_]:
    """Parameters of which readings say something."""
    return WIDENED * known.sigma < LEARNED * np.sqrt(np.diag(prior.covariance))


def _settled(parameters: Parameters, prior: Prior, known: Posterior, movable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Parameters whose shifts the layer holds: what a wall has at one band alone is doubt there."""
    found = _learned(prior, known) & movable
    found[len(parameters.constructions) : parameters.first_antenna] = False
    return found


def _layer(
    model: LinkModel,
    parameters: Parameters,
    settled: NDArray[np.bool_],
    known: Posterior,
    rows: Rows,
    measured: Measurements,
) -> SiteCalibration:
    """The layer that brings what was found into force; rounded as its file is, so that both say the same."""
    errors = model.rules.errors
    base = replace(model.scene.site, calibration=None).constructions
    constructions = []
    for number, name in enumerate(parameters.constructions):
        if settled[number]:
            own = (1 - errors.construction_shared) * base[name].sigma_db ** 2  # of each band: read or not, it stays
            left_db = float(np.sqrt((WIDENED * known.sigma[number]) ** 2 + own))
            shift_db = float(known.mean[number])
            constructions.append(CalibratedConstruction(name, round(shift_db, 3), round(left_db, 3)))
    read, sectors = set(rows.antenna.tolist()), []
    for antenna, members in enumerate(parameters.antennas):
        at = parameters.first_antenna + antenna
        if not settled[at]:
            continue
        for index in members:
            one = model.sectors[index]
            clear = rows.clear.get((one.x_m, one.y_m))
            shift_db, left_db = round(float(known.mean[at]), 3), round(WIDENED * float(known.sigma[at]), 3)
            sectors.append(CalibratedSector(one.id, shift_db, left_db, clear, antenna in read))
    used = sum(rows.count.tolist())
    dates = [reading.date for reading in measured.readings]
    return SiteCalibration(max(dates), used, measured.file, tuple(constructions), tuple(sectors))


def _shifts(
    model: LinkModel,
    parameters: Parameters,
    prior: Prior,
    settled: NDArray[np.bool_],
    known: Posterior,
    rows: Rows,
) -> tuple[FittedShift, ...]:
    """What was found of each construction and antenna that readings say something of."""
    before_db = np.sqrt(np.diag(prior.covariance))
    crossed = np.count_nonzero(rows.design, axis=0)
    found = []
    for number, name in enumerate(parameters.constructions):
        if settled[number]:
            values = float(known.mean[number]), float(before_db[number]), WIDENED * float(known.sigma[number])
            found.append(FittedShift("construction", name, *values, int(crossed[number])))
    for antenna, members in enumerate(parameters.antennas):
        at = parameters.first_antenna + antenna
        if settled[at]:
            name = ", ".join(model.sectors[index].id for index in members)
            values = float(known.mean[at]), float(before_db[at]), WIDENED * float(known.sigma[at])
            found.append(FittedShift("sector", name, *values, int(crossed[at])))
    return tuple(found)


def _left_out(
    rows: Rows, before_db: Array, prior: Prior, rules: Rules, settled: NDArray[np.bool_]
) -> tuple[HeldOut, ...]:
    """Every room, and every antenna, predicted from all the others by the shifts that the layer holds."""
    found = []
    all_of_them = told_by(blocks_of(rows, rules.errors), len(prior.mean))
    named: tuple[tuple[Literal["room", "sector"], NDArray[np.intp]], ...] = (
        ("room", rows.place),
        ("sector", rows.antenna),
    )
    for kind, group in named:
        numbers = np.unique(group)
        if len(numbers) < 2:
            continue
        if len(numbers) > MOST_HELD_OUT:
            numbers = numbers[np.linspace(0, len(numbers) - 1, MOST_HELD_OUT).astype(int)]
        error_db, judged = np.empty(len(rows.residual_db)), np.isin(group, numbers)
        for number in numbers.tolist():
            out = group == number
            if kind == "room":  # a room is a block: taken out again, the others need not be added up anew
                told = all_of_them.without(told_by(blocks_of(rows, rules.errors, out), len(prior.mean)))
            else:
                told = told_by(blocks_of(rows, rules.errors, ~out), len(prior.mean))
            known = posterior(prior, told)
            error_db[out] = rows.residual_db[out] - rows.design[out] @ np.where(settled, known.mean, 0.0)
        found.append(HeldOut(kind, len(numbers), _rms(before_db[judged]), _rms(error_db[judged])))
    return tuple(found)


def _notes(rows: Rows, weak: int, free: NDArray[np.bool_]) -> tuple[str, ...]:
    """What the fit leaves out."""
    notes = []
    if rows.left_out:
        notes.append(
            f"{rows.left_out} readings are not used: no mast of their channel reaches the place, or nobody can tell "
            f"which of several was heard"
        )
    if weak:
        notes.append(
            f"{weak} rooms × antennas lie so near the weakest level read that they were read only because they came "
            f"out strong; they are not used"
        )
    fixed = int(np.count_nonzero(~free[np.unique(rows.antenna)]))
    if fixed:
        notes.append(
            f"{fixed} of {len(np.unique(rows.antenna))} antennas read are set by outside_levels.csv already and stay "
            f"as they are; their readings tell of the walls"
        )
    return tuple(notes)


def _warnings(held_out: tuple[HeldOut, ...]) -> tuple[str, ...]:
    """Where readings held out are predicted no better with the layer than without."""
    return tuple(
        f"each {one.left_out} held out is predicted no better than without calibration ({one.before_db:.1f} dB "
        f"before, {one.after_db:.1f} dB after); read more rooms, and do not use this layer before it helps"
        for one in held_out
        if one.after_db >= one.before_db
    )


def _rms(values_db: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values_db))))
