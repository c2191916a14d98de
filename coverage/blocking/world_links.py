"""Draws and links in the order the kernels read them, the same for the verdict inside and the limits outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._link_kernels import Links, Network
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.links import LinkModel, PublicLinks
from quietwing.coverage.blocking.worlds import NORMAL, Part, normals, uniforms

__all__ = ["Draws", "draw_worlds", "group_starts", "kernel_links", "kernel_network", "seed_of"]

STREAM_BITS = 40  # stream and seed share one number


@dataclass(frozen=True, slots=True)
class Draws:
    """Errors that are common to many links, per world; standard normals, float32.

    Attributes
    ----------
    sector : float32 ndarray, shape (sector, world)
        The part of its mast and operator, and its own.
    construction : float32 ndarray, shape (construction, band, world)
        The part of the construction, and its own of the band.
    """

    sector: NDArray[np.float32]
    construction: NDArray[np.float32]


def seed_of(seed: int, stream: int) -> int:
    """One number for a seed and a stream: another stream of a seed gives fresh worlds."""
    return seed + (stream << STREAM_BITS)


def draw_worlds(model: LinkModel, seed: int, worlds: int) -> Draws:
    """Common errors of all worlds; the first worlds do not depend on how many are drawn."""
    errors = model.rules.errors
    shared, own = (np.float32(np.sqrt(part)) for part in (errors.sector_shared, 1 - errors.sector_shared))
    masts = {key: normals(seed, Part.MAST, worlds, key) for key in set(model.mast_key.tolist())}
    sector = [
        shared * masts[mast] + own * normals(seed, Part.SECTOR, worlds, key)
        for mast, key in zip(model.mast_key.tolist(), model.sector_key.tolist(), strict=True)
    ]
    shared, own = (np.float32(np.sqrt(part)) for part in (errors.construction_shared, 1 - errors.construction_shared))
    construction = [
        [common + own * normals(seed, Part.CONSTRUCTION_BAND, worlds, key, int(band)) for band in model.bands]
        for key in model.construction_key.tolist()
        for common in [shared * normals(seed, Part.CONSTRUCTION, worlds, key)]
    ]
    return Draws(
        np.array(sector, np.float32).reshape(len(model.sectors), worlds),
        np.array(construction, np.float32).reshape(len(model.constructions), len(model.bands), worlds),
    )


def kernel_network(
    model: LinkModel,
    seed: int,
    worlds: int,
    los_keys: NDArray[np.int64],
    device_key: NDArray[np.int64],
    *,
    boosted: bool,
) -> Network:
    """What is the same at every point.

    Parameters
    ----------
    model : LinkModel
    seed : int
        From `seed_of`.
    worlds : int
    los_keys : int64 ndarray, shape (row,)
        Owners of states of sight, in the order that `kernel_links` counts them.
    device_key : int64 ndarray, shape (device,)
    boosted : bool
        Whether reference signals count with their boost: in rooms that must be silent.

    Returns
    -------
    Network
    """
    errors, draws = model.rules.errors, draw_worlds(model, seed, worlds)
    los_draw = [uniforms(seed, Part.LOS, worlds, int(key)) for key in los_keys]
    device = [errors.device_db * normals(seed, Part.DEVICE, worlds, key) for key in device_key.tolist()]
    source_key, sector_source = np.unique(model.source_key, return_inverse=True)
    parts = (errors.local_shared, 1 - errors.local_shared)
    between = (errors.local_between_bands, 1 - errors.local_between_bands)
    channels = len(model.channels)
    # A channel is named for its band, so all its carriers share the band.
    channel_start = group_starts(model.carrier_channel, channels)
    channel_carriers = np.argsort(model.carrier_channel, kind="stable")
    channel_band = model.carrier_band[channel_carriers[channel_start[:-1]]]
    return Network(
        sector_source=sector_source.astype(np.int64),
        boost=model.boost_db if boosted else np.zeros(len(model.sectors), np.float32),
        source_key=source_key.astype(np.int64),
        los_draw=np.array(los_draw, np.float32).reshape(len(los_keys), worlds),
        sector_draw=draws.sector,
        device_draw=np.array(device, np.float32).reshape(len(device_key), worlds),
        device_key=device_key,
        construction_draw=draws.construction,
        sigma=model.construction_sigma_db,
        walls_most=model.walls_most_db,
        band_key=np.array([int(band) for band in model.bands], np.int64),
        band_channels=np.argsort(channel_band, kind="stable"),
        channel_start=channel_start,
        channel_carriers=channel_carriers,
        carrier_start=group_starts(model.sector_carrier, len(model.carriers)),
        carrier_sectors=np.argsort(model.sector_carrier, kind="stable"),
        carrier_band=model.carrier_band,
        local=np.array([errors.local_db * np.sqrt(part * share) for part in parts for share in between], np.float32),
        weak_below=float(errors.weak_below_db),
        normal=NORMAL,
        seed=seed,
    )


def kernel_links(public: PublicLinks, blockers: BlockerLinks) -> tuple[Links, NDArray[np.int64]]:
    """Links point by point, and the owners of the states of sight.

    Parameters
    ----------
    public, blockers : PublicLinks, BlockerLinks
        At the same points.

    Returns
    -------
    links : Links
    los_keys : int64 ndarray, shape (row,)
    """
    los_keys, los_row = np.unique(public.los_key, return_inverse=True)
    offered, shape = blockers.is_mas.any(), blockers.mas_dbm.shape[::-1]
    links = Links(
        fixed_los=public.fixed_los,
        los_dbm=_rows(public.los_dbm),
        nlos_dbm=_rows(public.nlos_dbm),
        los_probability=_rows(public.los_probability),
        los_row=_rows(los_row.reshape(public.los_key.shape)),
        sector_sigma=_rows(public.sigma_db),
        public=public.paths.each(lambda values: _rows(values if values.ndim == 3 else values[:, :, None])),
        level_dbm=_by_point(blockers.level_dbm),
        mas_dbm=_by_point(blockers.mas_dbm) if offered else np.full(shape, -np.inf, np.float32),
        device=blockers.paths.each(_rows),
        is_mas=blockers.is_mas,
    )
    return links, los_keys


def group_starts(group: NDArray[np.int32], count: int) -> NDArray[np.intp]:
    """Where each group begins once its members stand in order, shape (count + 1,)."""
    return np.searchsorted(np.sort(group, kind="stable"), np.arange(count + 1))


def _rows(values: NDArray[Any]) -> NDArray[Any]:
    """Points first, in one piece."""
    return np.ascontiguousarray(np.swapaxes(values, 0, 1))


def _by_point(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels (device, carrier, point) with the point first and the device last, in one piece."""
    found = np.empty(levels.shape[::-1], np.float32)
    for carrier in range(levels.shape[1]):  # a quarter of the time of all at once
        found[:, carrier] = levels[:, carrier].T
    return found
