"""The lines of a contrast budget: needs rounded up, what is allowed or offered down; what is left takes the rest."""

from __future__ import annotations

import math
from dataclasses import replace

from quietwing.coverage.blocking import Raised
from quietwing.coverage.decibel import floored
from quietwing.coverage.results import ContrastBudget, ContrastLine
from quietwing.coverage.study.contrast_offers import Offer
from quietwing.coverage.study.contrast_place import Place

__all__ = ["inside_lines", "with_outside"]


def inside_lines(place: Place, raised: Raised, point: int, carrier: int) -> tuple[ContrastLine, ...]:
    """From the public level in the room to what blockers need."""
    scenario, one = place.verdict.scenario, place.model.carriers[carrier]
    grade = scenario.asked
    rsrp_dbm = _rounded(float(raised.rsrp_dbm[point, carrier]))
    deny_db = _rounded(grade.js_deny_db[one.technology])
    search_db = _rounded(grade.search_db.of(one.technology, one.bandwidth_mhz) if scenario.search_margin else 0.0)
    needed_dbm = _up(float(raised.needed_dbm[point, carrier]))
    searching = f"search margin of a carrier of {one.bandwidth_mhz:g} MHz"
    return (
        ContrastLine("public_inside", rsrp_dbm, "public network inside, median"),
        ContrastLine("js_to_deny", deny_db, f"J/S that denies {one.technology}"),
        ContrastLine("search_margin", search_db, searching if scenario.search_margin else "search margin, off"),
        ContrastLine(
            "joint_confidence",
            _rounded(needed_dbm - rsrp_dbm - deny_db - search_db),
            f"so that no channel works at any test point in {100 * grade.confidence:g} % of simulations",
        ),
        ContrastLine("level_needed", needed_dbm, "level needed from blockers inside"),
    )


def with_outside(
    place: Place,
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
    median_dbm, jam_dbm = (
        float(data[name].transpose("channel", "outside").values[channel, offer.place])
        for name in ("signal_dbm", "jam_dbm")
    )
    noise_dbm = float(place.noise_limit_dbm[channel])
    if not math.isfinite(median_dbm):
        median_dbm = noise_dbm  # nobody is heard there: the noise alone limits
    rsrp_dbm, allowed_dbm = _rounded(median_dbm), floored(limit_dbm)
    by_ratio = median_dbm - tier.median_db >= noise_dbm
    ratio = (
        ContrastLine("tier_ratio", _rounded(-tier.median_db), f"ratio of the {tier.name} tier")
        if by_ratio
        else ContrastLine("noise_limit", _rounded(noise_dbm - rsrp_dbm), "to the noise limit, which allows more")
    )
    path_db = floored(offer.inside_dbm - offer.outside_dbm)
    treatment_db = floored(treatment_db)
    needed_dbm, share = budget.needed_dbm, 100 * scenario.asked.outside_share
    short_db = _rounded(needed_dbm - allowed_dbm - path_db - treatment_db)
    lines = (
        ContrastLine("public_outside", rsrp_dbm, f"public network outside, {where}, median"),
        ratio,
        ContrastLine(
            "share_of_worlds",
            _rounded(allowed_dbm - rsrp_dbm - ratio.db),
            f"so that it holds in {share:g} % of simulations",
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


def _rounded(value_db: float) -> float:
    return round(value_db, 1) + 0.0


def _up(value_db: float) -> float:
    return _rounded(-floored(-value_db))
