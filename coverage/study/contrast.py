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
    Median level of the best single device at that point and carrier, alone and with no window treated, once it is
    strong enough that the room is silent in q of the worlds: all its channels keep the proportions of their median
    needs.
``public_outside``
    Median over worlds of the channel's strongest sector at the place that binds, no boost.
``tier_ratio`` or ``noise_limit``
    What the tier's median asks for below that; or up to the noise of a phone less its margin, where that allows more.
``share_of_worlds``
    What is left to ``level_allowed``: the tier's second ratio must hold in its share of worlds.
``level_allowed``
    The device's median level there plus the margin left, judged alone and with no window treated; where a keep room,
    another service, a base station or the exposure of people allows less than every place outside, the level inside
    that this allows, and there are no lines from ``public_outside`` to ``share_of_worlds``.
``device``
    That level inside less the device's median level at the place; 0 where no place outside binds.
``treatment``
    Of the best mesh, film or both in the windows of the room alone: by how much the least margin of all limits grows,
    whichever it then is.
``short_by``
    Needed less allowed less both; below 0 is to spare. It is the least margin of the verdict on the device, turned
    down to what the room with its treatment needs: outside, in keep rooms, to other services and base stations, and
    of exposure.

Without a device or a limit of power the level needed is that of the layout's blockers, all raised alike until the
room is silent in q of the worlds (`quietwing.coverage.blocking.contrast`), or of a reference blocker that holds the
median need on every carrier alike, where they are those of other rooms (more than 20 dB too weak). The best device is
the model and place with the least shortfall in medians, of those loud enough at the catalogue's power if there are
any; treatments are tried with it where it is. Needs are rounded up, what is allowed or offered down, to 0.1 dB; the
lines that are what is left take up the rest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from quietwing.coverage.blocking import (
    LinkModel,
    Raised,
    blocker_links,
    public_links,
    raise_to_silence,
    silence_points,
)
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.results import ContrastBudget, Verdict
from quietwing.coverage.study.contrast_lines import inside_lines, with_outside
from quietwing.coverage.study.contrast_offers import Offer, best_offer, limit_of_medians_dbm, spots_near
from quietwing.coverage.study.contrast_place import Place, prepared
from quietwing.coverage.study.contrast_trials import tried
from quietwing.sites import PointSet, clean, trial_points

__all__ = [
    "HOLES_ON_PAGE",
    "MOST_HOLES",
    "contrast_budget",
    "contrast_budgets",
    "holes_by_silence",
    "with_budgets",
]

MOST_HOLES, HOLES_ON_PAGE = 20, 5


def holes_by_silence(verdict: Verdict) -> tuple[str, ...]:
    """Rooms neither silent nor quiet anyway at the grade asked for, those nearest to being silent first."""
    rooms = verdict.by_room
    open_rooms = np.flatnonzero(~rooms["called_silent"].values & ~rooms["quiet_anyway"].values)
    share = rooms["silent_probability"].values[open_rooms]
    order = open_rooms[np.argsort(-share, kind="stable")]
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
        Ids; without it the holes, those nearest to being silent first.
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
    return tuple(
        _budget(place, points, known_raised[room])
        for room in (site.room_index[name] for name in wanted)
        if room in known_raised
    )


def with_budgets(
    verdict: Verdict,
    catalogue: Mapping[str, Model],
    room: str | None = None,
    most: int = 0,
    *,
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
    most : int
        How many holes, those nearest to being silent first.
    among : collection of str, optional
        Only these rooms.
    bare : LinkModel, optional
        As for `contrast_budgets`.

    Returns
    -------
    Verdict
    """
    holes = holes_by_silence(verdict)
    if among is not None:
        holes = tuple(hole for hole in holes if hole in among)
    asked = [room] if room in holes else []
    wanted = tuple(dict.fromkeys([*asked, *holes[:most]]))
    if not wanted:
        return verdict
    budgets = contrast_budgets(verdict, wanted, catalogue=catalogue, limit=len(wanted), bare=bare)
    return replace(verdict, contrast=budgets)


def _offered(place: Place, points: PointSet, raised: Raised) -> Offer | None:
    """The device that is best for a room by medians, None where no power is limited or nothing is on offer."""
    verdict, model, data = place.verdict, place.model, place.data
    tier, own = verdict.scenario.tier, points.some(raised.at)
    if tier.median_db == -math.inf:
        return None
    works = raised.works.any(axis=0)
    needed_dbm = np.where(works, raised.needed_dbm, np.nan)
    limits = {
        channel: limit_of_medians_dbm(data, channel, tier, float(place.noise_limit_dbm[channel]))
        for channel in set(model.carrier_channel[works].tolist())
    }
    spots = spots_near(place.spots, raised.room, own)
    return best_offer(model, verdict.scenario, place.senders, spots, own, needed_dbm, limits, place.outside, data)


def _budget(place: Place, points: PointSet, raised: Raised) -> ContrastBudget:
    """One room's budget."""
    verdict, model, offer = place.verdict, place.model, _offered(place, points, raised)
    modes = [0, *np.flatnonzero(place.modes.cost_pence[raised.room, 1:] >= 0) + 1]
    trials = [] if offer is None else [tried(place, offer, raised.room, int(mode)) for mode in modes]
    best = max((one for one in trials if one is not None), key=lambda one: one.margin_db, default=None)
    room = verdict.site.rooms[raised.room].id
    rooms = [str(name) for name in verdict.by_room["room"].values]
    point, carrier = raised.worst
    level = float(raised.rsrp_dbm[point, carrier]), float(raised.needed_dbm[point, carrier])
    kind = points.kind[int(raised.at[point])]
    plain = trials[0] if trials and trials[0] is not None else best
    if best is not None and plain is not None:
        carrier = plain.carrier(model)
        point = plain.worst(carrier)
        level = float(plain.rsrp_dbm[point, carrier]), plain.needed_dbm(point, carrier)
        kind = plain.own.kind[point]
    inside = inside_lines(place, *level, carrier)
    budget = ContrastBudget(
        room=room,
        channel=model.carriers[carrier].channel,
        point=kind,
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
    if offer is None or best is None or plain is None or not math.isfinite(best.margin_db + plain.margin_db):
        return budget
    return with_outside(place, budget, offer.spot, plain, best)
