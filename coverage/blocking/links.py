"""Median levels of the public network at every point, and what each link's errors belong to.

Blockers (`blocker_links`) stand in the same reference bandwidths, carrier by carrier, so that the two sides can be
compared: GSM carrier, UMTS carrier, LTE or NR element.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.azimuth_fit import calibrated_masts
from quietwing.coverage.blocking.calibration import Calibration
from quietwing.coverage.blocking.link_paths import LinkPaths
from quietwing.coverage.blocking.link_ways import (
    crossings,
    incidence_of,
    public_crossings,
    replace_detoured,
    replace_scattered,
    straight_matters,
)
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.blocking.operator_actions import retuned_masts
from quietwing.coverage.blocking.thresholds import load_thresholds
from quietwing.coverage.propagation import MastModel, Outdoors, PortalGraph, Routes, Scene, facades_of, sigma_db
from quietwing.coverage.rules import Rules, load_rules
from quietwing.coverage.scenario import OperatorAction
from quietwing.sites import PointSet, Sector, band_number

__all__ = [
    "Carrier",
    "LinkModel",
    "PublicLinks",
    "crossings",
    "incidence_of",
    "link_model",
    "public_links",
    "straight_matters",
]

Levels = NDArray[np.float32]
LOW_MHZ = 1000.0  # below it walls differ more
LIKELY = 0.5  # probability from which a drawn state of sight is taken as clear, to say what rules a link


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier of one operator's network: the sectors on it are compared with each other and with a MAS cell."""

    channel: str
    plmn: str
    technology: str
    freq_mhz: float
    bandwidth_mhz: float
    band: str


@dataclass(frozen=True)
class LinkModel:
    """A site's links made ready.

    Attributes
    ----------
    scene : Scene
    masts : MastModel
        After the operators' actions.
    as_read : MastModel
        As they stood when levels were read, before any action.
    calibration : Calibration
    carriers : tuple of Carrier
        In the order of their sectors' first appearance.
    channels : tuple of str
        In order of name.
    bands : tuple of str
        Band numbers; errors are drawn by band, B28 and n28 being one.
    sector_carrier, carrier_channel, carrier_band : int32 ndarray
        Index of each sector's carrier, each carrier's channel and band.
    constructions : tuple of str
        Names of all constructions of the site's surfaces, sorted.
    construction_sigma_db : float32 ndarray, shape (construction, band)
    sector_key, mast_key, source_key, construction_key : int64 ndarray
        What draws are keyed by: stable under leaving out sectors or adding constructions. Sectors of one operator on
        one mast share `mast_key`, those of one antenna `source_key`.
    rules : Rules
        Sizes of the errors.
    """

    scene: Scene
    masts: MastModel
    as_read: MastModel
    calibration: Calibration
    carriers: tuple[Carrier, ...]
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    sector_carrier: NDArray[np.int32]
    carrier_channel: NDArray[np.int32]
    carrier_band: NDArray[np.int32]
    constructions: tuple[str, ...]
    construction_sigma_db: Levels
    sector_key: NDArray[np.int64]
    mast_key: NDArray[np.int64]
    source_key: NDArray[np.int64]
    construction_key: NDArray[np.int64]
    rules: Rules

    @property
    def walls_most_db(self) -> Levels:
        """Standard deviation of all walls of a link together, at most, shape (band,). [dB]"""
        errors = self.rules.errors
        low = [
            any(carrier.freq_mhz < LOW_MHZ for carrier in self.carriers if carrier.band == band)
            for band in self.bands
        ]
        return np.where(low, errors.walls_most_below_1_ghz_db, errors.walls_most_db).astype(np.float32)

    @property
    def boost_db(self) -> Levels:
        """Reference-signal boost of each sector that a measured level does not hold already, shape (sector,). [dB]"""
        thresholds = load_thresholds()
        boost = [thresholds[sector.technology].crs_boost_db for sector in self.sectors]
        return np.where(self.calibration.measured, 0.0, boost).astype(np.float32)

    @property
    def sectors(self) -> tuple[Sector, ...]:
        """The sectors, in the order of every `sector` dimension."""
        return self.masts.sectors

    @property
    def graph(self) -> PortalGraph:
        """How the portals are joined."""
        return self.masts.detours.model.graph


@dataclass(frozen=True)
class PublicLinks:
    """The public network at each point.

    Attributes
    ----------
    los_dbm, nlos_dbm : float32 ndarray, shape (sector, point)
        Level in the reference bandwidth in both states of sight, calibration included, no boost. [dBm]
    los_probability : float32 ndarray, shape (sector, point)
    fixed_los : int8 ndarray, shape (sector,)
        -1 drawn in each world, 0 NLOS, 1 LOS as readings of the mast tell.
    los_key : int64 ndarray, shape (sector, point)
        Owner of the draw: mast × façade.
    sigma_db : float32 ndarray, shape (sector, point)
        Size of the error that a sector has in common over the whole site. [dB]
    paths : LinkPaths
        Of sectors.
    scattered : bool ndarray, shape (sector, point)
        Whether scatter rules the link, in the state of sight that is measured or else likelier.
    notes : tuple of str
    """

    los_dbm: Levels
    nlos_dbm: Levels
    los_probability: Levels
    fixed_los: NDArray[np.int8]
    los_key: NDArray[np.int64]
    sigma_db: Levels
    paths: LinkPaths
    scattered: NDArray[np.bool_]
    notes: tuple[str, ...]

    @property
    def by_point(self) -> tuple[NDArray[Any], ...]:
        """All that has points, as its second dimension."""
        levels = self.los_dbm, self.nlos_dbm, self.los_probability, self.los_key, self.sigma_db
        return (*levels, *self.paths, self.scattered)

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> PublicLinks:
        """All that has points changed alike."""
        los_dbm, nlos_dbm, probability, los_key, sigma_db, *paths, scattered = map(change, self.by_point)
        return replace(
            self,
            los_dbm=los_dbm,
            nlos_dbm=nlos_dbm,
            los_probability=probability,
            los_key=los_key,
            sigma_db=sigma_db,
            paths=LinkPaths(*paths),
            scattered=scattered,
        )

    def clear(self, likely: float) -> NDArray[np.bool_]:
        """Line of sight as readings tell, else from a probability on, shape (sector, point)."""
        fixed_los = self.fixed_los[:, None]
        return np.where(fixed_los >= 0, fixed_los == 1, self.los_probability >= likely)

    def rsrp_dbm(self, likely: float) -> Levels:
        """Level in the one state of sight that `clear` gives, shape (sector, point). [dBm]"""
        return np.where(self.clear(likely), self.los_dbm, self.nlos_dbm)

    def at(self, points: NDArray[np.intp]) -> PublicLinks:
        """The links to some of the points."""
        return self.each(lambda values: values.take(points, axis=1))


def stable_key(text: str) -> int:
    """A number for a name that is the same in every run."""
    return zlib.crc32(text.encode("utf-8"))


def link_model(
    scene: Scene,
    sectors: tuple[Sector, ...],
    rules: Rules | None = None,
    *,
    also: Collection[str] = (),
    graph: PortalGraph | None = None,
    like: LinkModel | None = None,
    actions: tuple[OperatorAction, ...] = (),
) -> LinkModel:
    """Make a site's links ready.

    Parameters
    ----------
    scene : Scene
        The site, treated or not.
    sectors : tuple of Sector
        At least one.
    rules : Rules, optional
        Sizes of the errors, and from which probability on a path counts as clear; those of the product without it.
    also : collection of str
        Further constructions to count crossings of, so that several models of a site agree in their order.
    graph : PortalGraph, optional
        Of the same site, whatever is in its windows: its portals are joined as there.
    like : LinkModel, optional
        Of the same sectors with other windows treated: saves time, changes nothing.
    actions : tuple of OperatorAction
        What operators change; levels measured on the site were read before.

    Returns
    -------
    LinkModel
        Without the sectors that are switched off.
    """
    asked = {sector.channel for sector in sectors}
    levels = tuple(level for level in scene.site.outside_levels if level.channel in asked)
    rules = rules or load_rules()
    as_read, calibration = calibrated_masts(
        scene, sectors, levels, 1.0 - rules.errors.sight_limit, graph, None if like is None else like.as_read
    )
    masts, calibration = retuned_masts(as_read, calibration, actions, None if like is None else like.masts)
    sectors = masts.sectors
    asked = {sector.channel for sector in sectors}
    carriers: dict[Carrier, int] = {}
    of_sector = []
    for sector in sectors:
        carrier = Carrier(
            sector.channel,
            sector.plmn,
            sector.technology,
            sector.freq_mhz,
            sector.bandwidth_mhz,
            band_number(sector.band),
        )
        of_sector.append(carriers.setdefault(carrier, len(carriers)))
    channels = tuple(sorted(asked))
    bands = tuple(sorted({carrier.band for carrier in carriers}, key=int))
    lowest_mhz = [min(carrier.freq_mhz for carrier in carriers if carrier.band == band) for band in bands]
    names = tuple(sorted({name for surface in scene.facets.surfaces for name in surface} | set(also)))
    by_name = scene.site.constructions
    sigmas = [sigma_db(by_name[name], np.array(lowest_mhz)) for name in names]
    return LinkModel(
        scene=scene,
        masts=masts,
        as_read=as_read,
        calibration=calibration,
        carriers=tuple(carriers),
        channels=channels,
        bands=bands,
        sector_carrier=np.array(of_sector, np.int32),
        carrier_channel=np.array([channels.index(carrier.channel) for carrier in carriers], np.int32),
        carrier_band=np.array([bands.index(carrier.band) for carrier in carriers], np.int32),
        constructions=names,
        construction_sigma_db=np.array(sigmas, np.float32).reshape(len(names), len(bands)),
        sector_key=np.array([stable_key(sector.id) for sector in sectors], np.int64),
        mast_key=np.array([stable_key(mast_of(sector)) for sector in sectors], np.int64),
        source_key=np.array([stable_key(f"{mast_of(sector)}|{sector.azimuth_deg}") for sector in sectors], np.int64),
        construction_key=np.array([stable_key(name) for name in names], np.int64),
        rules=rules,
    )


def mast_of(sector: Sector) -> str:
    """Name of an operator's mast: what shadows one sector of it shadows the others."""
    return f"mast|{sector.operator}|{sector.x_m:.1f}|{sector.y_m:.1f}"


def public_links(
    model: LinkModel, points: PointSet, routes: Routes | None = None, outdoors: Outdoors | None = None
) -> PublicLinks:
    """Levels of all sectors at some points and what their errors belong to.

    Parameters
    ----------
    model : LinkModel
    points : PointSet
    routes : Routes, optional
        The traced detours to these points, where they are at hand.
    outdoors : Outdoors, optional
        To these points, where it is at hand (`MastModel.gain`).

    Returns
    -------
    PublicLinks
    """
    gain = model.masts.gain(points, traced=True, routes=routes, outdoors=outdoors)
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in model.sectors], np.float32)[:, None]
    fixed = np.where(model.calibration.los_known, model.calibration.clear.astype(np.int8), np.int8(-1))
    likely = np.where(fixed[:, None] >= 0, fixed[:, None] == 1, gain.los_probability >= LIKELY)
    straight_crossed, straight_walls_db = public_crossings(model, points)
    crossed, walls_db = straight_crossed.copy(), straight_walls_db.copy()
    for clear, scattered, scatter in (
        (True, gain.scattered_los, model.masts.scatter_los),
        (False, gain.scattered_nlos, model.masts.scatter_nlos),
    ):
        replace_scattered(model, points, scattered & (likely == clear), scatter, crossed, walls_db)
    ruled = np.where(likely, gain.scattered_los, gain.scattered_nlos)
    replace_detoured(model, points, gain.detoured & ~ruled, gain.routes, crossed, walls_db)
    share = np.where(ruled | gain.detoured, np.where(likely, gain.straight_los, gain.straight_nlos), np.float32(0))
    band = model.carrier_band[model.sector_carrier]
    sigma_db, most_db = model.construction_sigma_db[:, band].T, model.walls_most_db[band]
    share[~straight_matters(share, straight_crossed, straight_walls_db, sigma_db, most_db, outside=False)] = 0
    return PublicLinks(
        los_dbm=eirp_dbm + model.calibration.offset_db(points, True) + gain.los_db,
        nlos_dbm=eirp_dbm + model.calibration.offset_db(points, False) + gain.nlos_db,
        los_probability=gain.los_probability,
        fixed_los=fixed.astype(np.int8),
        los_key=_los_keys(model, points),
        sigma_db=model.calibration.sigma_db(points),
        paths=LinkPaths(crossed, walls_db, share, straight_crossed, straight_walls_db),
        scattered=ruled,
        notes=gain.notes,
    )


def _los_keys(model: LinkModel, points: PointSet) -> NDArray[np.int64]:
    """One owner per mast × façade, a number of its own; points in the open are one façade of their own."""
    facades = facades_of(model.masts.floor, points)
    names = (*facades.names, "open")  # IN_THE_OPEN is the last
    masts = [f"{sector.x_m:.3f}|{sector.y_m:.3f}" for sector in model.sectors]
    keys = {mast: np.array([stable_key(f"{mast}|{name}") for name in names], np.int64) for mast in set(masts)}
    return np.array([keys[mast][facades.of_point] for mast in masts], np.int64).reshape(len(masts), len(points))
