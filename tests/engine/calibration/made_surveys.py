"""Ten small sites whose truth is known: every error drawn as the rules say, then read with an error of 3 dB."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from quietwing.coverage.blocking import link_model, public_links
from quietwing.coverage.calibration import CalibrationFit
from quietwing.coverage.calibration.survey_rows import parameters_of, prior_of
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.sites import (
    CalibratedConstruction,
    CalibratedSector,
    Measurements,
    Reading,
    Site,
    SiteCalibration,
    build_wing,
    describe,
    trial_points,
)

DAY = dt.date(2026, 11, 20)
OUTER = ("precast_sandwich", "brick_330", "brick_cavity_block", "concrete_200", "brick_600")
INNER = ("concrete_150", "brick_215", "concrete_100", "brick_102")


@dataclass(frozen=True)
class Truth:
    """A site, the same as it really is, and what was drawn."""

    site: Site
    real: Site
    drawn: np.ndarray
    clear: dict


def made_site(number: int, cells: int = 8) -> Site:
    """One corridor wing of two storeys with typical masts, none of them measured."""
    rng = np.random.default_rng(1000 + number)
    wing = describe(
        "made",
        name=f"made-{number}",
        type="wing",
        cells=cells,
        storeys=2,
        outer_wall=str(rng.choice(OUTER)),
        cell_wall=str(rng.choice(INNER)),
        floor="concrete_200",
        bearing_deg=float(rng.uniform(0, 360)),
        window=str(rng.choice(["glass_6", "glass_double", "glass_12_laminated"])),
        area=str(rng.choice(["suburban", "urban"])),
    )
    site = replace(build_wing(wing), outside_levels=())
    # the nearer mast of each operator: which of two masts was heard is a question of its own
    return replace(site, sectors=tuple(one for one in site.sectors if one.id[:2] in ("M1", "M2")))


def made_truth(number: int, cells: int = 8) -> Truth:
    """A made site and how it really is: every shift drawn from its prior, sight drawn by its chance."""
    rng = np.random.default_rng(2000 + number)
    site = made_site(number, cells)
    model = link_model(prepare_scene(site), site.sectors, load_rules())
    parameters = parameters_of(model)
    prior = prior_of(model, parameters, np.array([one.sigma_db for one in site.sectors]))
    drawn = rng.multivariate_normal(np.zeros(len(parameters)), prior.covariance)
    drawn = np.maximum(drawn, prior.lowest)
    chance = public_links(model, trial_points(site)).los_probability.mean(axis=1)
    masts = sorted({(one.x_m, one.y_m) for one in site.sectors})
    of_mast = {
        mast: np.mean([c for c, one in zip(chance, site.sectors, strict=True) if (one.x_m, one.y_m) == mast])
        for mast in masts
    }
    clear = {mast: bool(rng.random() < of_mast[mast]) for mast in masts}
    constructions = tuple(
        CalibratedConstruction(name, float(drawn[k]), site.constructions[name].sigma_db)
        for k, name in enumerate(parameters.constructions)
    )
    sectors = tuple(
        CalibratedSector(
            one.id,
            float(drawn[parameters.first_antenna + parameters.antenna_of[k]]),
            one.sigma_db,
            clear[one.x_m, one.y_m],
            True,
        )
        for k, one in enumerate(site.sectors)
    )
    return Truth(
        site, replace(site, calibration=SiteCalibration(DAY, 1, "truth", constructions, sectors)), drawn, clear
    )


def heard(truth: Truth, points, rng: np.random.Generator, least_dbm: float = -140.0) -> list[Reading]:
    """What a scanner reads of every channel at some points of the real site."""
    site, rules = truth.real, load_rules()
    model = link_model(prepare_scene(site), site.sectors, rules)
    parameters, errors = parameters_of(model), rules.errors
    names, band = len(parameters.constructions), model.carrier_band[model.sector_carrier]
    state = np.array([truth.clear[one.x_m, one.y_m] for one in site.sectors])
    level = np.empty((len(site.sectors), len(points)))
    for number in range(parameters.bands):  # a wall has a deviation of its own at each band
        mine = np.flatnonzero(band == number)
        own = truth.drawn[names + np.arange(names) * parameters.bands + number]
        walls = tuple(
            CalibratedConstruction(one.name, float(np.clip(one.shift_db + more, -59, 59)), one.sigma_db)
            for one, more in zip(site.calibration.constructions, own, strict=True)
        )
        there = replace(site, calibration=replace(site.calibration, constructions=walls))
        sectors = tuple(site.sectors[k] for k in mine)
        public = public_links(link_model(prepare_scene(there), sectors, rules), points)
        level[mine] = np.where(state[mine][:, None], public.los_dbm, public.nlos_dbm)
    # local errors: of the room and of source and room, each half shared between bands
    local: dict[tuple, float] = {}

    def draw(*key) -> float:
        return local.setdefault(key, float(rng.standard_normal()))

    found = []
    a, b = errors.local_shared, errors.local_between_bands
    for p in range(len(points)):
        room = int(points.room[p])
        place = room if room >= 0 else ("open", p)
        for channel in site.channels:
            members = [k for k, one in enumerate(site.sectors) if one.channel == channel]
            levels = []
            for k in members:
                source, f = int(model.source_key[k]), int(band[k])
                error = np.sqrt(a * b) * draw("r", place) + np.sqrt(a * (1 - b)) * draw("rb", place, f)
                error += np.sqrt((1 - a) * b) * draw("sr", source, place)
                error += np.sqrt((1 - a) * (1 - b)) * draw("srb", source, place, f)
                levels.append(level[k, p] + errors.local_db * error)
            read = max(levels) + 3.0 * rng.standard_normal()
            if read >= least_dbm:
                x, y, z = points.xyz_m[p]
                found.append(Reading(channel, float(x), float(y), float(z), float(np.clip(read, -160, -20)), DAY))
    return found


def survey(truth: Truth, number: int, rooms: int = 20, outside: int = 0) -> Measurements:
    """Readings in the middle of some rooms."""
    rng = np.random.default_rng(3000 + number)
    points = trial_points(truth.site)
    middles = np.array([points.room.tolist().index(r) for r in np.unique(points.room)])
    chosen = np.sort(rng.choice(middles, min(rooms, len(middles)), replace=False))
    return Measurements("walk.csv", tuple(heard(truth, points.some(chosen), rng)))


def z_scores(truth: Truth, fit: CalibrationFit) -> list[float]:
    """(Truth − fitted) / doubt left, of every shift that was fitted.

    An antenna whose mast's state of sight is taken wrongly should be shifted by what the states are apart besides.
    """
    site, points = truth.site, trial_points(truth.site)
    model = link_model(prepare_scene(site), site.sectors)
    parameters, public = parameters_of(model), public_links(model, points)
    index = {one.id: number for number, one in enumerate(site.sectors)}
    taken = {one.id: one.clear for one in fit.layer.sectors}
    found = []
    for shift in fit.shifts:
        if shift.kind == "construction":
            right_db = truth.drawn[parameters.constructions.index(shift.name)]
        else:
            first = shift.name.split(", ")[0]
            at, one = index[first], site.sectors[index[first]]
            right_db = truth.drawn[parameters.first_antenna + parameters.antenna_of[at]]
            clear = truth.clear[one.x_m, one.y_m]
            if taken.get(first, clear) not in (None, clear):
                apart_db = float((public.los_dbm[at] - public.nlos_dbm[at]).mean())
                right_db += apart_db if clear else -apart_db
        found.append(float(right_db - shift.shift_db) / shift.sigma_db)
    return found
