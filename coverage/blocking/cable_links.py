"""Levels of radiating cables at some points, in the place of those of single antennas.

Weak side for denial, strong side for spill: inside the coupling that 95 of 100 places along the cable better, outside
(and in rooms where service must stay) the one that half of them do. The errors of `errors_model` come on top of both
as for any device; those of walls are the walls of the piece that is heard best at the point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.radiating_cable import Pieces, cable_gain, pieces_of
from quietwing.sites.points import PointSet, scattered

if TYPE_CHECKING:
    from quietwing.coverage.blocking.blocker_links import BlockerLinks
    from quietwing.coverage.blocking.links import LinkModel

__all__ = ["is_cable", "nearest_piece_words", "strongest_piece_rays", "with_cables"]


def is_cable(device: Device, catalogue: Mapping[str, Model]) -> bool:
    """Whether a device feeds a radiating cable instead of an antenna."""
    return bool(catalogue[device.model].radiating_cable)


def with_cables(
    model: LinkModel,
    links: BlockerLinks,
    sent: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    outside: bool,
) -> BlockerLinks:
    """The links with those of the cables among the devices filled in.

    Parameters
    ----------
    model : LinkModel
    links : BlockerLinks
        Of all devices; the rows of cables hold nothing of use.
    sent : sequence of (sent_dbm, offered_dbm)
        Of each device, from `carrier_levels_dbm`.
    catalogue : mapping of str to Model
    points : PointSet
    outside : bool
        The strong side of the coupling instead of the weak one.

    Returns
    -------
    BlockerLinks
        The same where there is no cable.
    """
    cables = [index for index, device in enumerate(links.devices) if is_cable(device, catalogue)]
    if not cables:
        return links
    level_dbm, mas_dbm = links.level_dbm.copy(), links.mas_dbm.copy()
    crossed, walls_db = links.crossed.copy(), links.walls_db.copy()
    freq_mhz, table = model.masts.freq_mhz, model.masts.table
    lane = np.searchsorted(freq_mhz, [carrier.freq_mhz for carrier in model.carriers])
    of_band = [np.unique(lane[model.carrier_band == band]) for band in range(len(model.bands))]
    for index in cables:
        device, (sent_dbm, offered_dbm) = links.devices[index], sent[index]
        used = np.flatnonzero(np.isfinite(sent_dbm) | np.isfinite(offered_dbm))
        if not len(used) or not len(points):
            continue
        lanes = np.unique(lane[used])
        gain = cable_gain(
            model.scene,
            LossTable(np.ascontiguousarray(table.loss_db[:, :, lanes])),
            device.line_m,
            catalogue[device.model].radiating_cable,
            points,
            freq_mhz[lanes],
            strong=outside,
        )
        received_db = gain.gain_db.T[np.searchsorted(lanes, lane[used])].astype(np.float32)
        level_dbm[index, used] = sent_dbm[used, None].astype(np.float32) + received_db
        mas_dbm[index, used] = offered_dbm[used, None].astype(np.float32) + received_db
        counted, lost_db = strongest_piece_rays(model, pieces_of(device.line_m), gain.strongest, points)
        crossed[index] = counted
        walls_db[index] = np.stack([lost_db[:, lanes].max(axis=1) for lanes in of_band], axis=1)
    return replace(links, level_dbm=level_dbm, mas_dbm=mas_dbm, crossed=crossed, walls_db=walls_db)


def strongest_piece_rays(
    model: LinkModel, pieces: Pieces, strongest: NDArray[np.int64], points: PointSet
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Constructions crossed and losses of all elements on the ray from each point's strongest piece.

    Parameters
    ----------
    model : LinkModel
    pieces : Pieces
    strongest : int64 ndarray, shape (point,)
        From `cable_gain`.
    points : PointSet

    Returns
    -------
    crossed : uint8 ndarray, shape (point, construction)
    lost_db : float32 ndarray, shape (point, lane)
        [dB]
    """
    from quietwing.coverage.blocking.links import crossings  # it imports this module

    crossed = np.zeros((len(points), len(model.constructions)), np.uint8)
    lost_db = np.zeros((len(points), len(model.masts.freq_mhz)), np.float32)
    middle_m = pieces.middle_m
    for piece in np.unique(strongest).tolist():
        here = np.flatnonzero(strongest == piece)
        some, tx_m = scattered(points.xyz_m[here]), middle_m[piece : piece + 1]
        crossed[here] = crossings(model, tx_m, some)[0]
        lost_db[here] = element_loss_db(model.scene.prepared, model.masts.table, tx_m, some)[0]
    return crossed, lost_db


def nearest_piece_words(device: Device, point_m: NDArray[np.float64]) -> str:
    """Where along a cable a point is nearest, and how far away it is, in words."""
    pieces = pieces_of(device.line_m)
    way = pieces.end_m - pieces.start_m
    share = np.clip(((point_m - pieces.start_m) * way).sum(axis=1) / (way**2).sum(axis=1), 0.0, 1.0)
    foot_m = pieces.start_m + share[:, None] * way
    away_m = np.linalg.norm(point_m - foot_m, axis=1)
    nearest = int(away_m.argmin())
    along_m = pieces.along_m[nearest] + (share[nearest] - 0.5) * pieces.length_m[nearest]
    return f"{along_m:.0f} m along the cable, {away_m[nearest]:.1f} m away"
