"""What a plan puts where: devices and treatments."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import get_args

from quietwing.coverage.blocking import forbidden_bands
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.layout import check_layout
from quietwing.coverage.planning.cable_runs import cable_runs
from quietwing.coverage.planning.checker.case import Case
from quietwing.coverage.planning.places import plan_spots
from quietwing.coverage.planning.plan import Status
from quietwing.coverage.planning.question import buyable_devices, buyable_treatments
from quietwing.sites import Sector, opening_places

__all__ = ["layout_faults", "unknown_faults", "window_faults"]

DUST_DB = 1e-6  # levels are float32
PLACE_DIGITS = 2  # places are the same to a centimetre


def layout_faults(case: Case) -> Iterator[str]:
    """Devices: where and what they may be, and those that stand."""
    site, scenario, catalogue, plan = case.site, case.scenario, case.catalogue, case.plan
    yield from check_layout(site, plan.devices, "plan")
    for name, count in Counter(device.id for device in plan.devices).items():
        if count > 1:
            yield f"device {name} is listed {count} times"
    now = {device.id: device for device in plan.devices}
    for device in case.existing:
        if device.id not in now:
            yield f"existing device {device.id} is missing from the plan"
        elif now[device.id] != device:
            yield f"existing device {device.id} is not as it stands"
    allowed = buyable_devices(catalogue, scenario)
    spots = {place_of_xyz((spot.x_m, spot.y_m, spot.z_m)) for spot in plan_spots(site)}
    spots |= {tuple(axis for point in run.line_m for axis in place_of_xyz(point)) for run in cable_runs(site)}
    for device in case.planned:
        if device.state != "planned":
            yield f"device {device.id} has state {device.state} and does not stand yet (expected planned)"
        if device.model not in allowed:
            yield f"device {device.id}: the scenario does not allow {device.model}"
        if device.unit_price_gbp is not None:
            yield f"device {device.id}: £{device.unit_price_gbp:,.2f} is no price of the catalogue"
        for band in forbidden_bands(catalogue[device.model]):
            yield f"device {device.id}: {device.model} would send on {band}"
        if case.attempt.confidence > 0 and place_of(device) not in spots:
            yield f"device {device.id} stands at none of the places a plan may use"
        yield from _too_strong(device, catalogue[device.model], case.sectors)
    yield from _crowded(case)


def place_of_xyz(xyz_m: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(round(axis, PLACE_DIGITS) for axis in xyz_m)


def place_of(device: Device) -> tuple[float, ...]:
    """To the centimetre; of a radiating cable all of its run, whichever model feeds it."""
    here = place_of_xyz((device.x_m, device.y_m, device.z_m))
    return (*here, *(axis for point in device.route_m for axis in place_of_xyz(point)))


def _too_strong(device: Device, model: Model, sectors: tuple[Sector, ...]) -> Iterator[str]:
    """Channels on which a device is asked for more than the catalogue's power; no one hears it on others."""
    for band in model.bands:
        channels = {sector.channel for sector in sectors if band.low_mhz <= sector.freq_mhz <= band.high_mhz}
        for channel in sorted(channels):
            trims = (
                trim for name, trim in device.trim_db if name == band.band or f"{channel}/".startswith(f"{name}/")
            )
            over_db = sum(trims) + (0.0 if device.power_dbm is None else device.power_dbm - band.power_dbm)
            if over_db > DUST_DB:
                yield (
                    f"device {device.id}: {channel} at {band.power_dbm + over_db:g} dBm, above the "
                    f"{band.power_dbm:g} dBm of {device.model} in {band.band}"
                )


def _crowded(case: Case) -> Iterator[str]:
    """New devices at one place with another, or nearer to each other than they may be."""
    at: dict[tuple[float, ...], str] = {place_of(device): device.id for device in case.existing}
    for device in case.planned:
        other = at.setdefault(place_of(device), device.id)
        if other != device.id:
            yield f"devices {other} and {device.id} stand at one place"
    for one, two in combinations(case.planned, 2):
        away_m = math.dist((one.x_m, one.y_m, one.z_m), (two.x_m, two.y_m, two.z_m))
        if away_m < case.scenario.spacing_m:
            yield (
                f"devices {one.id} and {two.id} are {away_m:.2f} m apart "
                f"(expected {case.scenario.spacing_m:g} m or more)"
            )


def window_faults(case: Case) -> Iterator[str]:
    """Treatments: which models, which windows, each once."""
    site, catalogue = case.site, case.catalogue
    allowed = buyable_treatments(catalogue, case.scenario)
    treatable = {
        site.openings[place.opening].id
        for place in opening_places(site)
        if place.outer
        and site.openings[place.opening].kind in ("window", "hatch")
        and any(room >= 0 and site.rooms[room].role == "silence" for room in place.rooms)
    }
    done = {treatment.opening for treatment in case.given}
    seen: set[tuple[str, str]] = set()
    for treatment in case.plan.treatments:
        kind = catalogue[treatment.model].kind
        where = f"window {treatment.opening}"
        if treatment.model not in allowed:
            yield f"{where}: the scenario does not allow {treatment.model}"
        if treatment.opening not in treatable:
            yield f"{where} is no window in the outer wall of a room to be blocked"
        if treatment.opening in done:
            yield f"{where} is treated by the scenario already"
        if (treatment.opening, kind) in seen:
            yield f"{where} gets a {kind} twice"
        seen.add((treatment.opening, kind))


def unknown_faults(case: Case) -> Iterator[str]:
    """What a plan names that is not there, and numbers that are none."""
    plan, catalogue = case.plan, case.catalogue
    for device in plan.devices:
        if device.model not in catalogue:
            yield f"device {device.id}: model {device.model} is not in the catalogue"
        elif catalogue[device.model].kind not in ("jammer", "mas"):
            yield f"device {device.id}: {device.model} is a {catalogue[device.model].kind} and does not radiate"
    windows = {opening.id for opening in case.site.openings}
    for treatment in plan.treatments:
        if treatment.model not in catalogue or catalogue[treatment.model].kind not in ("mesh", "film"):
            yield f"window {treatment.opening}: {treatment.model} is no mesh or film of the catalogue"
        if treatment.opening not in windows:
            yield f"window {treatment.opening}: the site has no such opening"
    for claim in plan.claimed:
        if claim.room not in case.site.room_index:
            yield f"claimed room {claim.room}: the site has no such room"
        if not math.isfinite(claim.reserve_db):
            yield f"claimed room {claim.room}: reserve is {claim.reserve_db}, no finite number"
    if plan.status not in get_args(Status):
        yield f"status {plan.status!r} is none that a plan may have (expected {', '.join(get_args(Status))})"
    for what, figure in (("value", plan.value), ("bound", plan.bound), ("gap", plan.gap)):
        if figure is not None and not math.isfinite(figure):
            yield f"the plan's {what} is {figure}, no finite number"
    if not 0 <= plan.chosen < len(plan.attempts):
        yield f"the plan is attempt {plan.chosen} of {len(plan.attempts)}: there is no such attempt"
    elif case.attempt.confidence != 0 and not 0.5 <= case.attempt.confidence <= 0.999:
        yield f"the attempt's confidence is {case.attempt.confidence:g} (expected 0, or 0.5 to 0.999)"
    elif not math.isfinite(case.attempt.slack_db):
        yield f"the attempt's slack is {case.attempt.slack_db}, no finite number"
