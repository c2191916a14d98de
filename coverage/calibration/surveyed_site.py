"""A survey held beside its site with shifts in force, those that a wall has at one band alone among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pydantic.dataclasses
from numpy.typing import NDArray

from quietwing.coverage.blocking import link_model
from quietwing.coverage.calibration.survey_rows import Parameters, Rows, blocks_of, survey_rows
from quietwing.coverage.gaussian_fit import Prior, unlikelihood
from quietwing.coverage.propagation import PortalGraph, prepare_scene
from quietwing.coverage.rules import Rules
from quietwing.sites import CalibratedConstruction, Construction, Measurements, Site, SiteCalibration

__all__ = ["SurveyedSite"]

Array = NDArray[np.float64]

SLOPE_STEP_DB = 2.0  # change of a wall's loss from which its slopes are taken: as large as the shifts looked for
SHARES = (1.0, 0.5, 0.25, 0.125)  # of a step, until one explains the readings better


@pydantic.dataclasses.dataclass(frozen=True, kw_only=True)
class _Banded(Construction):
    """A construction with more loss at some frequencies; no file holds one.

    Attributes
    ----------
    more_db : tuple of (float, float)
        Frequency and what is added there. [MHz], [dB]
    """

    more_db: tuple[tuple[float, float], ...] = ()

    def shift_at_db(self, freq_mhz: Array) -> Array:
        """What readings on the site added to the loss, shape (freq,). [dB]"""
        more_db = dict(self.more_db)
        return Construction.shift_at_db(self, freq_mhz) + [more_db.get(each, 0.0) for each in freq_mhz.tolist()]

    @property
    def unshifted(self) -> Construction:
        """As it is without what readings added."""
        return Construction(**_fields_of(self) | {"loss_shift_db": None})


@dataclass(frozen=True, slots=True)
class SurveyedSite:
    """One survey of one site, to be held beside the model with one set of shifts after the other.

    Shifts change losses and levels; what stands where, and which ways lead round it, is worked out once.

    Attributes
    ----------
    graph : PortalGraph
        Of the site without a calibration.
    rules : Rules
    parameters : Parameters
    measured : Measurements
    heard_of : mapping of str to int
        As for `survey_rows`.
    layer : SiteCalibration
        Shifts nothing; names the sectors that may be shifted, with their masts' states of sight.
    bands_mhz : tuple of (float, int)
        Every carrier's frequency and band.
    """

    graph: PortalGraph
    rules: Rules
    parameters: Parameters
    measured: Measurements
    heard_of: Mapping[str, int]
    layer: SiteCalibration
    bands_mhz: tuple[tuple[float, int], ...]

    def rows(self, shifts_db: Array) -> Rows:
        """The rows with shifts in force, one a parameter."""
        scene = prepare_scene(self._shifted(shifts_db), like=self.graph.scene)
        model = link_model(scene, scene.site.sectors, self.rules, graph=self.graph)
        return survey_rows(model, self.parameters, self.measured, self.heard_of)

    def _shifted(self, shifts_db: Array) -> Site:
        bare, parameters = self.graph.scene.site, self.parameters
        names, antennas_db = parameters.constructions, shifts_db[parameters.first_antenna :]
        known, at = bare.constructions, {one.id: index for index, one in enumerate(bare.sectors)}
        walls = tuple(
            CalibratedConstruction(name, float(shift_db), known[name].sigma_db)
            for name, shift_db in zip(names, shifts_db[: len(names)], strict=True)
        )
        sectors = tuple(
            replace(one, shift_db=float(antennas_db[parameters.antenna_of[at[one.id]]])) for one in self.layer.sectors
        )
        own_db = shifts_db[len(names) : parameters.first_antenna].reshape(len(names), parameters.bands)
        banded = {
            name: _Banded(
                **_fields_of(known[name]),
                more_db=tuple((mhz, float(own_db[number, band])) for mhz, band in self.bands_mhz),
            )
            for number, name in enumerate(names)
        }
        own = {one.name: one for one in bare.own_constructions} | banded
        layer = replace(self.layer, constructions=walls, sectors=sectors)
        return replace(bare, calibration=layer, own_constructions=tuple(own.values()))

    def with_slopes(self, rows: Rows, shifts_db: Array) -> Rows:
        """What each wall changes, as a difference of two models: less where another way takes over."""
        design, parameters = rows.design.copy(), self.parameters
        names, bands = len(parameters.constructions), parameters.bands
        crossed = (rows.design[:, :names] != 0).any(axis=0)
        for number in np.flatnonzero(crossed).tolist():
            more_db = np.where(np.arange(len(shifts_db)) == number, SLOPE_STEP_DB, 0.0)
            slope = (rows.residual_db - self.rows(shifts_db + more_db).residual_db) / SLOPE_STEP_DB
            design[:, number] = slope
            design[:, names + number * bands : names + (number + 1) * bands] = 0.0
            design[np.arange(len(slope)), names + number * bands + rows.band] = slope
        return replace(rows, design=design)

    def likelier(
        self, prior: Prior, rows: Rows, used: NDArray[np.bool_], from_db: Array, to_db: Array
    ) -> tuple[Array, Rows] | None:
        """The first shifts on the way back to some that are likelier than these, and the rows there; None: no such.

        What is the likeliest by slopes may be less likely than before: where a wall's loss is changed by much another
        way takes over.
        """
        least = unlikelihood(prior, blocks_of(rows, self.rules.errors, used), from_db)
        for share in SHARES:
            shifts_db = from_db + share * (to_db - from_db)
            there = self.rows(shifts_db)
            if unlikelihood(prior, blocks_of(there, self.rules.errors, used), shifts_db) < least:
                return shifts_db, there
        return None


def _fields_of(construction: Construction) -> dict[str, Any]:
    return {part.name: getattr(construction, part.name) for part in fields(Construction)}
