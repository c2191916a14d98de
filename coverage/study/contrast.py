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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_links import blocker_links
from quietwing.coverage.blocking.contrast import Raised, raise_to_silence
from quietwing.coverage.blocking.draft import draft_signal
from quietwing.coverage.blocking.evaluate import silence_points
from quietwing.coverage.blocking.interference import kernel_limits
from quietwing.coverage.blocking.links import LinkModel, link_model, public_links
from quietwing.coverage.blocking.outside import OutsidePoints, most_eirp_dbm, outside_points
from quietwing.coverage.blocking.spill import spill_outside
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.decibel import floored
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.modes import Modes, prepare_modes
from quietwing.coverage.planning.places import Spot, plan_spots
from quietwing.coverage.planning.question import buyable_treatments
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.results import ContrastBudget, ContrastLine, Verdict
from quietwing.coverage.study.common import wanted_sectors
from quietwing.coverage.study.contrast_offers import (
    Offer,
    Sender,
    best_offer,
    counted_places,
    limit_of_medians_dbm,
    senders_offered,
    spots_near,
)
from quietwing.coverage.treatments import treated_site
from quietwing.sites.findings import clean
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.trial_points import trial_points

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


@dataclass(frozen=True)
class _Place:
    """A verdict's site made ready again, in every mode of its windows."""

    verdict: Verdict
    catalogue: Mapping[str, Model]
    modes: Modes
    spots: tuple[Spot, ...]
    outside: OutsidePoints
    data: xr.Dataset
    noise_limit_dbm: Floats
    senders: tuple[Sender, ...]

    @property
    def model(self) -> LinkModel:
        return self.modes.models[0]


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
                f"no room {clean(name)!r} that must be silent on this site; give the id of a room with that role"
            )
    if not wanted or verdict.spill is None or not len(verdict.sectors):
        return ()
    place = _prepared(verdict, read_catalogue() if catalogue is None else catalogue)
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
    added = _treatments(place, {room: offer for room, (offer, _) in offers.items() if offer is not None})
    return tuple(
        _budget(place, points, known_raised[room], *offers[room], added.get(room))
        for room in (site.room_index[name] for name in wanted)
        if room in known_raised
    )


def with_budgets(
    verdict: Verdict, catalogue: Mapping[str, Model], room: str | None = None, worst: int = 0, *, nearest: int = 0
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

    Returns
    -------
    Verdict
    """
    holes = holes_by_silence(verdict, nearest=nearest > 0)
    asked = [room] if room in holes else []
    wanted = tuple(dict.fromkeys([*asked, *holes[: max(worst, nearest)]]))
    if not wanted:
        return verdict
    return replace(verdict, contrast=contrast_budgets(verdict, wanted, catalogue=catalogue, limit=len(wanted)))


def _prepared(verdict: Verdict, catalogue: Mapping[str, Model]) -> _Place:
    """The site's links, in every mode of its windows, and the places outside."""
    site, scenario = verdict.site, verdict.scenario
    sectors = wanted_sectors(site, scenario)
    bare = link_model(prepare_scene(site), sectors, scenario.rules)
    treated = treated_site(site, verdict.treatments, catalogue)
    buyable = tuple(
        name for name in buyable_treatments(catalogue, scenario) if catalogue[name].construction in site.constructions
    )
    modes = prepare_modes(treated, sectors, catalogue, scenario, verdict.treatments, buyable, bare.graph)
    on = tuple(device for device in verdict.devices if device.state != "off")
    limits = kernel_limits(modes.models[0], scenario, (scenario.asked,))
    if verdict.spill is None:
        raise ScenarioError("the verdict has no spill; judge the layout with it first")
    return _Place(
        verdict,
        catalogue,
        modes,
        plan_spots(site),
        outside_points(site, most_eirp_dbm(on, catalogue)),
        verdict.spill.outside,
        limits.noise_limit,
        senders_offered(modes.models[0], catalogue, scenario),
    )


def _offered(place: _Place, points: PointSet, raised: Raised) -> tuple[Offer | None, float]:
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
    place: _Place,
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
    inside = _inside_lines(place, raised, point, carrier)
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
    return _with_outside(place, budget, offer, limit_dbm, *treatment)


def _judged_alone(place: _Place, offer: Offer, limit_dbm: Floats, channel: int) -> tuple[Offer, float]:
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


def _inside_lines(place: _Place, raised: Raised, point: int, carrier: int) -> tuple[ContrastLine, ...]:
    """From the public level in the room to what blockers need."""
    scenario, one = place.verdict.scenario, place.model.carriers[carrier]
    grade = scenario.asked
    public_dbm = _rounded(float(raised.public_dbm[point, carrier]))
    deny_db = _rounded(grade.js_deny_db[one.technology])
    search_db = _rounded(grade.search_db.of(one.technology, one.bandwidth_mhz) if scenario.search_margin else 0.0)
    needed_dbm = _up(float(raised.needed_dbm[point, carrier]))
    searching = f"search margin of a carrier of {one.bandwidth_mhz:g} MHz"
    return (
        ContrastLine("public_inside", public_dbm, f"public network inside, {one.channel}, median"),
        ContrastLine("js_to_deny", deny_db, f"J/S that denies {one.technology}"),
        ContrastLine("search_margin", search_db, searching if scenario.search_margin else "search margin, off"),
        ContrastLine(
            "joint_confidence",
            _rounded(needed_dbm - public_dbm - deny_db - search_db),
            f"so that no channel works at any test point in {100 * grade.confidence:g} % of worlds",
        ),
        ContrastLine("level_needed", needed_dbm, "level needed from blockers inside"),
    )


def _with_outside(
    place: _Place,
    budget: ContrastBudget,
    offer: Offer,
    limit_dbm: float,
    treatment_db: float,
    treatment: str,
    why: str,
) -> ContrastBudget:
    """The budget with the lines outside and between the two."""
    verdict, model = place.verdict, place.model
    channel, scenario = int(model.carrier_channel[offer.carrier]), verdict.scenario
    data, tier = place.data, scenario.tier
    where = str(data["name"].values[offer.place])
    signal_dbm, jam_dbm = (
        float(data[name].transpose("channel", "outside").values[channel, offer.place])
        for name in ("signal_dbm", "jam_dbm")
    )
    noise_dbm = float(place.noise_limit_dbm[channel])
    if not math.isfinite(signal_dbm):
        signal_dbm = noise_dbm  # nobody is heard there: the noise alone limits
    public_dbm, allowed_dbm = _rounded(signal_dbm), floored(limit_dbm)
    by_ratio = signal_dbm - tier.median_db >= noise_dbm
    ratio = (
        ContrastLine("tier_ratio", _rounded(-tier.median_db), f"ratio of the {tier.name} tier")
        if by_ratio
        else ContrastLine("noise_limit", _rounded(noise_dbm - public_dbm), "to the noise limit, which allows more")
    )
    path_db = floored(offer.inside_dbm - offer.outside_dbm)
    treatment_db = floored(treatment_db)
    needed_dbm, share = budget.needed_dbm, 100 * scenario.asked.outside_share
    short_db = _rounded(needed_dbm - allowed_dbm - path_db - treatment_db)
    lines = (
        ContrastLine("public_outside", public_dbm, f"public network outside, {where}, median"),
        ratio,
        ContrastLine(
            "share_of_worlds",
            _rounded(allowed_dbm - public_dbm - ratio.db),
            f"so that it holds in {share:g} % of worlds",
        ),
        ContrastLine("level_allowed", allowed_dbm, "level allowed from blockers outside"),
        ContrastLine(
            "device", path_db, f"{offer.device.model} at {offer.spot}: louder inside than at that place outside"
        ),
        ContrastLine("treatment", treatment_db, why),
        ContrastLine("short_by", short_db, "short by" if short_db > 0 else "short by (below 0: to spare)"),
    )
    return replace(
        budget,
        place=where,
        lines=budget.lines + lines,
        allowed_dbm=allowed_dbm,
        offered_db=_rounded(path_db + treatment_db),
        short_db=short_db,
        device=offer.device.model,
        position=offer.spot,
        treatment=treatment,
        power_db=floored(offer.inside_dbm - needed_dbm),
        used_dbm=_rounded(jam_dbm) if math.isfinite(jam_dbm) else None,
    )


def _treatments(place: _Place, offers: Mapping[int, Offer]) -> dict[int, tuple[float, str, str]]:
    """What the best treatment adds in each room with its best device, its models, and the line's words."""
    modes = place.modes
    if not offers:
        return {}
    treatable = {room: offer for room, offer in offers.items() if room in modes.windows}
    plain_db = _apart_db(place, 0, treatable)
    best: dict[int, tuple[float, str]] = dict.fromkeys(treatable, (0.0, ""))
    for mode, names in enumerate(modes.names):
        for room, apart_db in _apart_db(place, mode, treatable).items() if mode else ():
            best[room] = max(best[room], (plain_db[room] - apart_db, " and ".join(names)), key=lambda one: one[0])
    found = {}
    for room in offers:
        adds_db, names_in_words = best.get(room, (0.0, ""))
        words = f"{names_in_words} in the windows" if names_in_words else "no mesh or film on offer adds anything"
        if room not in treatable:
            words = "no window here that a plan could treat"
        found[room] = adds_db, names_in_words, words
    return found


def _apart_db(place: _Place, mode: int, offers: Mapping[int, Offer]) -> dict[int, float]:
    """Largest public level less device level over each room's points, plus the device's level at its place. [dB]"""
    if not offers:
        return {}
    model = place.modes.models[mode]
    site, rooms = model.scene.site, list(offers)
    points = silence_points(site, trial_points(site))
    points = points.some(np.flatnonzero(np.isin(points.room, rooms)))
    devices = tuple(replace(offer.device, id=f"{offer.device.id}-{room}") for room, offer in offers.items())
    signal_dbm = draft_signal(model, public_links(model, points)).level_dbm
    level_dbm = blocker_links(model, devices, place.catalogue, points).level_dbm
    there = scattered(place.outside.points.xyz_m[[offer.place for offer in offers.values()]])
    outside_dbm = blocker_links(model, devices, place.catalogue, there, outside=True).level_dbm
    found = {}
    for row, (room, offer) in enumerate(offers.items()):
        own = points.room == room
        channel = model.carrier_channel == model.carrier_channel[offer.carrier]
        apart_db = (signal_dbm[offer.carrier, own] - level_dbm[row, offer.carrier, own]).max()
        found[room] = float(apart_db + outside_dbm[row, channel, row].max())
    return found


def _rounded(value_db: float) -> float:
    return round(value_db, 1) + 0.0


def _up(value_db: float) -> float:
    return _rounded(-floored(-value_db))
