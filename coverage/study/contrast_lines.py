"""The lines of a contrast budget: needs rounded up, what is allowed or offered down; what is left takes the rest."""

from __future__ import annotations

import math
from dataclasses import replace

from quietwing.coverage.decibel import floored
from quietwing.coverage.results import ContrastBudget, ContrastLine
from quietwing.coverage.study.contrast_place import Place
from quietwing.coverage.study.contrast_trials import Trial

__all__ = ["inside_lines", "with_outside"]


def inside_lines(place: Place, public_dbm: float, need_dbm: float, carrier: int) -> tuple[ContrastLine, ...]:
    """From the public level in the room to what blockers need, on a carrier."""
    scenario, one = place.verdict.scenario, place.model.carriers[carrier]
    grade = scenario.asked
    rsrp_dbm = _rounded(public_dbm)
    deny_db = _rounded(grade.js_deny_db[one.technology])
    search_db = _rounded(grade.search_db.of(one.technology, one.bandwidth_mhz) if scenario.search_margin else 0.0)
    needed_dbm = _up(need_dbm)
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


def with_outside(place: Place, budget: ContrastBudget, spot: str, plain: Trial, best: Trial) -> ContrastBudget:
    """The budget with the lines of the limit and of what a device and a treatment offer.

    Parameters
    ----------
    place : Place
    budget : ContrastBudget
        With the lines inside.
    spot : str
        Where the device is.
    plain, best : Trial
        Without a treatment, of which the limit's lines are, and with the best.

    Returns
    -------
    ContrastBudget
    """
    model, where = best.device.model, best.limit or best.where
    plain_db, short_db = _up(-plain.margin_db), _up(-best.margin_db)
    path_db = 0.0 if plain.limit else floored(budget.needed_dbm - plain.at_place("jam_dbm"))
    allowed_dbm = _rounded(budget.needed_dbm - path_db - plain_db)
    limit = _ratio_lines(place, plain, allowed_dbm)
    said = "louder inside than at that place outside"
    if plain.limit:
        limit = (ContrastLine("level_allowed", allowed_dbm, f"level allowed from blockers inside: {plain.limit}"),)
        said = "what it sends is what the limit counts"
    treatment_db = _rounded(plain_db - short_db)
    treated = f"{best.treatment} in the windows" if best.treatment else "no mesh or film on offer adds anything"
    if where != (plain.limit or plain.where):
        treated += f"; then the limit is {where}"
    lines = (
        *limit,
        ContrastLine("device", path_db, f"{model} at {spot}: {said}"),
        ContrastLine("treatment", treatment_db, treated),
        ContrastLine("short_by", short_db, "short by" if short_db > 0 else "short by (below 0: to spare)"),
    )
    used_dbm = -math.inf if best.limit else best.at_place("jam_dbm", place.data)
    return replace(
        budget,
        place=where,
        lines=budget.lines + lines,
        allowed_dbm=allowed_dbm,
        offered_db=_rounded(path_db + treatment_db),
        short_db=short_db,
        device=model,
        position=spot,
        treatment=best.treatment,
        power_db=floored(-float(best.trim_db.max())),
        used_dbm=_rounded(used_dbm) if math.isfinite(used_dbm) else None,
    )


def _ratio_lines(place: Place, plain: Trial, allowed_dbm: float) -> tuple[ContrastLine, ...]:
    """From the public level outside to what blockers may send there."""
    scenario, tier = place.verdict.scenario, place.verdict.scenario.tier
    median_dbm, noise_dbm = plain.at_place("signal_dbm"), float(place.noise_limit_dbm[plain.channel])
    if not math.isfinite(median_dbm):
        median_dbm = noise_dbm  # nobody is heard there: the noise alone limits
    rsrp_dbm = _rounded(median_dbm)
    ratio = (
        ContrastLine("tier_ratio", _rounded(-tier.median_db), f"ratio of the {tier.name} tier")
        if median_dbm - tier.median_db >= noise_dbm
        else ContrastLine("noise_limit", _rounded(noise_dbm - rsrp_dbm), "to the noise limit, which allows more")
    )
    return (
        ContrastLine("public_outside", rsrp_dbm, f"public network outside, {plain.where}, median"),
        ratio,
        ContrastLine(
            "share_of_worlds",
            _rounded(allowed_dbm - rsrp_dbm - ratio.db),
            f"so that it holds in {100 * scenario.asked.outside_share:g} % of simulations",
        ),
        ContrastLine("level_allowed", allowed_dbm, "level allowed from blockers outside"),
    )


def _rounded(value_db: float) -> float:
    return round(value_db, 1) + 0.0


def _up(value_db: float) -> float:
    return _rounded(-floored(-value_db))
