"""The contrast budget of a hole: what blockers would have to be in the room, may be outside, and what is between.

One channel, one test point, one place outside, in decibels that add up. Each line, so that two people get the same:

``public_inside``
    Median of the channel's strongest sector at the worst test point, in the reference bandwidth; with the boost of
    reference signals where the level is not measured; its path as measured, else clear where the probability of that
    is at least the rules' `sight_limit`.
``js_to_deny``
    J/S that denies the technology, of the grade asked for.
``search_margin``
    Of the carrier's width, of the grade asked for; 0 where the scenario switches it off.
``joint_confidence``
    What is left to ``level_needed``: all channels, all test points and all errors together, and at the evidence grade
    a single source, must hold in q of the worlds; what noise and managed access do by themselves is in it too.
``level_needed``
    Median level of the blockers at that point and carrier (power sum of their medians), all raised alike, with which
    the room is silent in q of the worlds (`quietwing.coverage.blocking.contrast`).
``public_outside``
    Median over worlds of the channel's strongest sector at the place that binds, no boost.
``tier_ratio`` or ``noise_limit``
    What the tier's median asks for below that; or up to the noise of a phone less its margin, where that allows more.
``share_of_worlds``
    What is left to ``level_allowed``: the tier's second ratio must hold in its share of worlds.
``level_allowed``
    Median level of all blockers there plus the margin left: `limit_dbm` of the spill result.
``device``
    Of the best single device: its median level at the worst point less that at the place, at the same power; detours,
    pattern, emission and the body at the phone are in it.
``treatment``
    Of the best mesh, film or both, the device where it is: by how much the largest difference of public level less
    device level over the test points of the room, plus the device's level at the place, falls once every window that
    can be treated is. Joint confidence is taken as the same.
``short_by``
    Needed less allowed less both; below 0 is to spare.

The worst point and channel are where a phone works in most worlds with all blockers 0.05 dB weaker than needed.
Where the layout's blockers are those of other rooms (more than 20 dB too weak) a reference blocker is raised in
their place, which holds the median need on every carrier alike; the channel is then the one that leaves the best
device the most short. The best device is the model and place with the least shortfall, of those loud enough at the
catalogue's power if there are any; the place outside is the one that binds it, the points of a ring that may fail
left out. Where no blocker of the layout reaches some place on the channel, the limit is that of the best device
alone, where it is nearest to it. Needs are rounded up, what is allowed or offered down, all to 0.1 dB; the lines
that are what is left take up the rest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    OutsidePoints,
    Raised,
    blocker_links,
    public_links,
    raise_to_silence,
    silence_points,
    spill_outside,
)
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.results import ContrastBudget, Verdict
from quietwing.coverage.study.contrast_lines import inside_lines, with_outside
from quietwing.coverage.study.contrast_offers import (
    Offer,
    best_offer,
    counted_places,
    limit_of_medians_dbm,
    spots_near,
)
from quietwing.coverage.study.contrast_place import Place, prepared, treatments_of
from quietwing.sites import PointSet, clean, scattered, trial_points

__all__ = [
    "HOLES_ON_PAGE",
    "MOST_HOLES",
    "contrast_budget",
    "contrast_budgets",
    "holes_by_silence",
    "with_budgets",
]

MOST_HOLES, HOLES_ON_PAGE = 20, 5
NEAREST_PLACES = 8  # assumed: so many are judged where only a single device would radiate

Floats = NDArray[np.float64]


def holes_by_silence(verdict: Verdict, *, nearest: bool = False) -> tuple[str, ...]:
    """Rooms neither silent nor quiet anyway at the grade asked for: the worst first, or those nearest to silence."""
    rooms = verdict.by_room
    open_rooms = np.flatnonzero(~rooms["called_silent"].values & ~rooms["quiet_anyway"].values)
    share = rooms["silent_probability"].values[open_rooms]
    order = open_rooms[np.argsort(-share if nearest else share, kind="stable")]
    return tuple(str(name) for name in rooms["room"].values[order])


def contrast_budget(
    verdict: Verdict, room: str, *, catalogue: Mapping[str, Model] | None = None
) -> ContrastBudget | None:
    """What one room would need to be silent and clean outside.

    Parameters
    ----------
    verdict : Verdict
        With its spill.
    room : str
        Id of a room that must be silent.
    catalogue : mapping of str to Model, optional
        What the verdict's devices and treatments are, and what may be bought; the bundled one without it.

    Returns
    -------
    ContrastBudget or None
        None where no blocking is needed. A room that is silent already has a budget too: what it could spare.

    Raises
    ------
    ScenarioError
        If no such room must be silent.
    """
    found = contrast_budgets(verdict, (room,), catalogue=catalogue)
    return found[0] if found else None


def contrast_budgets(
    verdict: Verdict,
    rooms: Iterable[str] | None = None,
    *,
    catalogue: Mapping[str, Model] | None = None,
    limit: int = MOST_HOLES,
    bare: LinkModel | None = None,
) -> tuple[ContrastBudget, ...]:
    """What several rooms would need, each by itself.

    Parameters
    ----------
    verdict : Verdict
        With its spill.
    rooms : iterable of str, optional
        Ids; without it the holes, the worst first.
    catalogue : mapping of str to Model, optional
        As for `contrast_budget`.
    limit : int
        At most so many.
    bare : LinkModel, optional
        ``Ready.bare`` of the verdict, where it is at hand.

    Returns
    -------
    tuple of ContrastBudget
        In the order asked; rooms that need no blocking are left out.

    Raises
    ------
    ScenarioError
        If a room is not there or need not be silent.
    """
    wanted = (holes_by_silence(verdict) if rooms is None else tuple(rooms))[:limit]
    known = [str(name) for name in verdict.by_room["room"].values]
    for name in wanted:
        if name not in known:
            raise ScenarioError(
                f"no room {clean(name)!r} to be blocked on this site; give the id of a room of role 'silence'"
            )
    if not wanted or verdict.spill is None or not len(verdict.sectors):
        return ()
    place = prepared(verdict, read_catalogue() if catalogue is None else catalogue, bare)
    site, model = verdict.site, place.model
    points = silence_points(model.scene.site, trial_points(model.scene.site))
    points = points.some(np.flatnonzero(np.isin(points.room, [site.room_index[name] for name in wanted])))
    raised = raise_to_silence(
        model,
        verdict.scenario,
        points,
        public_links(model, points),
        blocker_links(model, verdict.devices, place.catalogue, points),
        stream=verdict.stream,
    )
    known_raised = {one.room: one for one in raised if one is not None}
    offers = {room: _offered(place, points, one) for room, one in known_raised.items()}
    added = treatments_of(place, {room: offer for room, (offer, _) in offers.items() if offer is not None})
    return tuple(
        _budget(place, points, known_raised[room], *offers[room], added.get(room))
        for room in (site.room_index[name] for name in wanted)
        if room in known_raised
    )


def with_budgets(
    verdict: Verdict,
    catalogue: Mapping[str, Model],
    room: str | None = None,
    worst: int = 0,
    *,
    nearest: int = 0,
    among: Collection[str] | None = None,
    bare: LinkModel | None = None,
) -> Verdict:
    """A verdict with the budgets of a room, if it is a hole, and of some holes.

    Parameters
    ----------
    verdict : Verdict
    catalogue : mapping of str to Model
    room : str, optional
        The one asked for comes first.
    worst, nearest : int
        How many holes, the worst first; or those nearest to being silent.
    among : collection of str, optional
        Only these rooms.
    bare : LinkModel, optional
        As for `contrast_budgets`.

    Returns
    -------
    Verdict
    """
    holes = holes_by_silence(verdict, nearest=nearest > 0)
    if among is not None:
        holes = tuple(hole for hole in holes if hole in among)
    asked = [room] if room in holes else []
    wanted = tuple(dict.fromkeys([*asked, *holes[: max(worst, nearest)]]))
    if not wanted:
        return verdict
    budgets = contrast_budgets(verdict, wanted, catalogue=catalogue, limit=len(wanted), bare=bare)
    return replace(verdict, contrast=budgets)


def _offered(place: Place, points: PointSet, raised: Raised) -> tuple[Offer | None, float]:
    """The best device for a room, None where no power is limited or nothing is on offer; and its limit. [dBm]"""
    verdict, model, data = place.verdict, place.model, place.data
    tier, own = verdict.scenario.tier, points.some(raised.at)
    if tier.median_db == -math.inf:
        return None, math.inf
    needed_dbm = np.full(raised.needed_dbm.shape, np.nan)
    if raised.reference:  # short alike on every carrier: the best device decides
        works = raised.works.any(axis=0)
        needed_dbm[:, works] = raised.needed_dbm[:, works]
    else:
        needed_dbm[raised.worst] = raised.needed_dbm[raised.worst]
    limits, judged = {}, {}
    asked = np.flatnonzero(~np.isnan(needed_dbm).all(axis=0))
    for channel in set(model.carrier_channel[asked].tolist()):
        limit = data["limit_dbm"].transpose("channel", "outside").values[channel]
        judged[channel] = not np.isposinf(limit).any()
        if not judged[channel]:
            limit = limit_of_medians_dbm(data, channel, tier, float(place.noise_limit_dbm[channel]))
        limits[channel] = limit
    spots = spots_near(place.spots, raised.room, own)
    offer = best_offer(model, verdict.scenario, place.senders, spots, own, needed_dbm, limits, place.outside, data)
    if offer is None:
        return None, math.inf
    channel = int(model.carrier_channel[offer.carrier])
    if judged[channel]:
        return offer, float(limits[channel][offer.place])
    return _judged_alone(place, offer, limits[channel], channel)


def _budget(
    place: Place,
    points: PointSet,
    raised: Raised,
    offer: Offer | None,
    limit_dbm: float,
    treatment: tuple[float, str, str] | None,
) -> ContrastBudget:
    """One room's budget."""
    verdict, model = place.verdict, place.model
    point, carrier = raised.worst if offer is None else (offer.point, offer.carrier)
    rooms = [str(name) for name in verdict.by_room["room"].values]
    room = verdict.site.rooms[raised.room].id
    inside = inside_lines(place, raised, point, carrier)
    budget = ContrastBudget(
        room=room,
        channel=model.carriers[carrier].channel,
        point=points.kind[int(raised.at[point])],
        place="",
        lines=inside,
        needed_dbm=inside[-1].db,
        allowed_dbm=None,
        offered_db=None,
        short_db=None,
        raise_db=round(raised.raise_db, 2),
        reference=raised.reference,
        silent_probability=float(verdict.by_room["silent_probability"].values[rooms.index(room)]),
        device="",
        position="",
        treatment="",
        power_db=None,
        used_dbm=None,
    )
    if offer is None or treatment is None:
        return budget
    return with_outside(place, budget, offer, limit_dbm, *treatment)


def _judged_alone(place: Place, offer: Offer, limit_dbm: Floats, channel: int) -> tuple[Offer, float]:
    """The limit over worlds where the device is nearest to that of the medians, and the place that binds it then."""
    verdict, model = place.verdict, place.model
    over_db = offer.outside_all_dbm - limit_dbm
    counted = np.flatnonzero(counted_places(place.data, over_db, verdict.scenario.tier))
    near = counted[np.argsort(-over_db[counted], kind="stable")[:NEAREST_PLACES]]
    some = _some_places(place.outside, near)
    data = spill_outside(
        model,
        verdict.scenario,
        public_links(model, some.points),
        blocker_links(model, (offer.device,), place.catalogue, some.points, outside=True),
        some,
        stream=verdict.stream,
    )[0]
    margin_db = data["margin_db"].transpose("channel", "outside").values[channel]
    at = int(margin_db.argmin())
    limit = float(data["limit_dbm"].transpose("channel", "outside").values[channel, at])
    number = int(near[at])
    return replace(offer, place=number, outside_dbm=float(offer.outside_all_dbm[number])), limit


def _some_places(places: OutsidePoints, at: NDArray[np.intp]) -> OutsidePoints:
    return OutsidePoints(
        scattered(places.points.xyz_m[at]),
        tuple(places.ring[one] for one in at.tolist()),
        tuple(places.name[one] for one in at.tolist()),
        places.people[at],
        places.distance_m[at],
    )
