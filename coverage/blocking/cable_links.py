"""Levels of radiating cables at some points, in the place of those of single antennas.

Weak side for denial, strong side for spill: inside the coupling that 95 of 100 places along the cable better, outside
(and in rooms where service must stay) the one that half of them do. The errors of `rules` come on top of both
as for any device; those of walls are the walls of the piece that is heard best at the point, and of the detour of the
station heard best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.cable_ways import cable_detours, cable_rays
from quietwing.coverage.blocking.links import LinkModel
from quietwing.coverage.blocking.site_ways import Way, links_of
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import FINE, Cut, pieces_of, site_detours, stations_of
from quietwing.sites import PointSet

if TYPE_CHECKING:
    from quietwing.coverage.blocking.blocker_link_model import BlockerLinks

__all__ = ["is_cable", "nearest_piece_words", "with_cables"]


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
    straight: bool,
    detours: Mapping[int, Way] | None,
    cut: Cut = FINE,
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
        The strong side of the coupling instead of the weak one, and as of `links_of`.
    straight : bool
        Straight rays alone.
    detours : mapping of int to Way, optional
        Those of each cable, where they are at hand.
    cut : Cut, optional
        Of every cable.

    Returns
    -------
    BlockerLinks
        The same where there is no cable.
    """
    cables = [index for index, device in enumerate(links.devices) if is_cable(device, catalogue)]
    if not cables:
        return links
    found = links.each(np.copy)
    freq = np.searchsorted(model.masts.freq_mhz, [carrier.freq_mhz for carrier in model.carriers])
    for index in cables:
        device, (sent_dbm, offered_dbm) = links.devices[index], sent[index]
        used = np.flatnonzero(np.isfinite(sent_dbm) | np.isfinite(offered_dbm))
        if not len(used) or not len(points):
            continue
        cable, detour = catalogue[device.model].radiating_cable, None
        rays = cable_rays(model, device.line_m, cable, points, strong=outside, cut=cut)
        if detours is not None:
            detour = detours[index]
        elif not straight:
            senders = site_detours(model.masts.detours.model, stations_of(device.line_m, cut).place_m, keep=True)
            detour = cable_detours(model, senders, device.line_m, cable, points, cut)
        both = links_of(model, rays.elements_db, rays.way, detour, outside=outside)
        received_db = (rays.gain_db + (rays.elements_db - both.loss_db)[0]).T[freq[used]]
        found.level_dbm[index, used] = sent_dbm[used, None].astype(np.float32) + received_db
        found.mas_dbm[index, used] = offered_dbm[used, None].astype(np.float32) + received_db
        found.paths.put(index, both.paths.at(0))
    return found


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
