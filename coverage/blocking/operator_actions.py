"""What operators change on the public network for a prison: power, tilt, azimuth, or a sector switched off.

Levels measured on the site were read before: offsets are fitted to the sectors as they stood then, and the change is
made afterwards. So the level of a sector after is its calibrated level before, plus the change of power, plus what
its pattern gains or loses towards each place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.calibration import Calibration
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.propagation import MastModel, is_directional, masts_of, with_sectors
from quietwing.coverage.scenario import OperatorAction, Scenario
from quietwing.sites import (
    MOST_ADVISED,
    MOST_ALIKE,
    MOST_LISTED,
    Findings,
    Sector,
    Site,
    clean,
    did_you_mean,
    near,
    shown,
)

__all__ = ["action_in_words", "action_name", "check_actions", "meant", "retuned", "retuned_masts"]

FILE = "scenario"
LEAST_EIRP_DBM = -30.0  # of a row of masts.csv
MOST_TILT_DEG = 45.0  # of a row of masts.csv
ALL_OFF = "switch off every sector there is to judge; leave at least one on, or ask for more channels"
_FILTERS = ("operator", "technology", "band")


def meant(sectors: tuple[Sector, ...], action: OperatorAction) -> tuple[int, ...]:
    """Indices of the sectors an action means: those that all its patterns and filters allow.

    Parameters
    ----------
    sectors : tuple of Sector
    action : OperatorAction

    Returns
    -------
    tuple of int
        In the order of `sectors`.
    """
    return tuple(
        index
        for index, sector in enumerate(sectors)
        if (not action.sectors or any(fnmatchcase(sector.id, pattern) for pattern in action.sectors))
        and all(getattr(action, key) in ("", getattr(sector, key)) for key in _FILTERS)
    )


def action_name(action: OperatorAction, number: int) -> str:
    """What an action is called, the first being number 1."""
    return clean(action.name) or f"operator action {number}"


def action_in_words(sectors: tuple[Sector, ...], action: OperatorAction) -> str:
    """Whose sectors, how many of them and what changes: ``EE: 2 sectors: -6 dB, tilt +4°``."""
    indices = meant(sectors, action)
    whose = ", ".join(dict.fromkeys(sectors[index].operator for index in indices)) or "nobody"
    changes = [f"{action.power_db:g} dB"] if action.power_db else []
    changes += [f"tilt +{action.tilt_deg:g}°"] if action.tilt_deg else []
    changes += [] if action.azimuth_deg is None else [f"azimuth {action.azimuth_deg:g}°"]
    what = "switched off" if action.off else ", ".join(changes)
    return f"{whose}: {len(indices)} sector{'s' * (len(indices) != 1)}: {what}"


def retuned(sectors: tuple[Sector, ...], actions: tuple[OperatorAction, ...]) -> tuple[Sector | None, ...]:
    """The sectors after the actions, nothing in place of one that is off.

    Parameters
    ----------
    sectors : tuple of Sector
        With the azimuths they have.
    actions : tuple of OperatorAction
        Without problems, see `check_actions`.

    Returns
    -------
    tuple of Sector or None
        In the order of `sectors`; one that no action means is the same object.
    """
    found: list[Sector | None] = list(sectors)
    for action in actions:
        for index in meant(sectors, action):
            sector = found[index]
            if sector is None or action.off:
                found[index] = None
                continue
            found[index] = replace(
                sector,
                eirp_dbm=sector.eirp_dbm + action.power_db,
                tilt_deg=sector.tilt_deg + action.tilt_deg,
                azimuth_deg=sector.azimuth_deg if action.azimuth_deg is None else action.azimuth_deg,
            )
    return tuple(found)


def retuned_masts(
    masts: MastModel, calibration: Calibration, actions: tuple[OperatorAction, ...], like: MastModel | None = None
) -> tuple[MastModel, Calibration]:
    """Masts and calibration after the actions.

    Parameters
    ----------
    masts : MastModel
        As they stood when levels were read.
    calibration : Calibration
        Of `masts`. Offsets, spreads and states of sight are kept: an operator that turns an antenna says by how much
        (assumed as sure as the level before).
    actions : tuple of OperatorAction
        Those that mean no sector of `masts` change nothing.
    like : MastModel, optional
        After the same actions with other windows treated: saves time, changes nothing.

    Returns
    -------
    tuple of MastModel and Calibration
        Without the sectors that are off. The very same without actions.

    Raises
    ------
    ScenarioError
        If every sector is off.
    """
    after = retuned(masts.sectors, actions)
    if after == masts.sectors:
        return masts, calibration
    kept = np.array([index for index, sector in enumerate(after) if sector is not None], np.intp)
    if not len(kept):
        raise ScenarioError(f"{FILE}: operator_actions: {ALL_OFF}")
    on = tuple(sector for sector in after if sector is not None)
    if len(kept) < len(after):
        masts, calibration = _only(masts, kept), calibration.only(kept)
    turned = any(
        (old.tilt_deg, old.azimuth_deg) != (new.tilt_deg, new.azimuth_deg)
        for old, new in zip(masts.sectors, on, strict=True)
    )
    return with_sectors(masts, on, like) if turned else replace(masts, sectors=on), calibration


def check_actions(site: Site, scenario: Scenario) -> tuple[str, ...]:
    """What a scenario asks of operators that cannot be, one line each; empty if nothing.

    Parameters
    ----------
    site : Site
        A checked site.
    scenario : Scenario

    Returns
    -------
    tuple of str
        ``scenario: operator_actions 1: what is wrong; what to do``.
    """
    findings = Findings()
    taken: dict[tuple[str, str], int] = {}
    for number, action in enumerate(scenario.operator_actions, 1):
        if len(findings.problems) > MOST_ALIKE:
            break
        where = f"operator_actions {number}"
        for problem in _problems(site, action):
            findings.problem(FILE, where, problem)
        for index in meant(site.sectors, action) if _selects(action) else ():
            name = site.sectors[index].id
            for key in _changes(action):
                other = taken.setdefault((name, key), number)
                if other != number:
                    advice = "let one of the two leave it out"
                    findings.problem(
                        FILE,
                        where,
                        f"gives {key} of sector {shown(name)}, as operator_actions {other} does; {advice}",
                    )
    if findings.problems:
        return tuple(findings.problems)
    on = _on_after(site.sectors, scenario.operator_actions, findings)
    asked = [
        stays
        for stays, sector in zip(on, site.sectors, strict=True)
        if not scenario.channels or sector.channel in scenario.channels
    ]
    if asked and not any(asked):
        findings.problem(FILE, "operator_actions", ALL_OFF)
    return tuple(findings.problems)


def _on_after(
    sectors: tuple[Sector, ...], actions: tuple[OperatorAction, ...], findings: Findings
) -> tuple[bool, ...]:
    """Whether each sector is on after the actions; what ``masts.csv`` could not hold is a problem."""
    on = [True] * len(sectors)
    power_db, tilt_deg = np.zeros(len(sectors)), np.zeros(len(sectors))
    for action in actions:
        for index in meant(sectors, action):
            on[index] &= not action.off
            power_db[index] += action.power_db
            tilt_deg[index] += action.tilt_deg
    for sector, down_db, more_deg, stays in zip(sectors, power_db.tolist(), tilt_deg.tolist(), on, strict=True):
        if stays and sector.eirp_dbm + down_db < LEAST_EIRP_DBM:
            findings.problem(
                FILE,
                "operator_actions",
                f"leave sector {shown(sector.id)} {sector.eirp_dbm + down_db:g} dBm (expected {LEAST_EIRP_DBM:g} or "
                f"more); turn it down by less, or switch it off",
            )
        if stays and sector.tilt_deg + more_deg > MOST_TILT_DEG:
            findings.problem(
                FILE,
                "operator_actions",
                f"tilt sector {shown(sector.id)} to {sector.tilt_deg + more_deg:g}° (expected at most "
                f"{MOST_TILT_DEG:g}°); add less",
            )
    return tuple(on)


def _selects(action: OperatorAction) -> bool:
    return bool(action.sectors or action.operator or action.technology or action.band)


def _changes(action: OperatorAction) -> tuple[str, ...]:
    """The keys by which an action changes something."""
    given = {
        "power_db": bool(action.power_db),
        "tilt_deg": bool(action.tilt_deg),
        "azimuth_deg": action.azimuth_deg is not None,
        "off": action.off,
    }
    return tuple(key for key, is_given in given.items() if is_given)


def _problems(site: Site, action: OperatorAction) -> Iterator[str]:
    """What is wrong with one action by itself."""
    changes = _changes(action)
    if not changes:
        yield "changes nothing; give power_db below 0, tilt_deg, azimuth_deg or off = true"
    elif action.off and len(changes) > 1:
        yield f"has off beside {', '.join(key for key in changes if key != 'off')}; keep one, for off is off"
    if not _selects(action):
        yield 'means no sector; give sectors like ["mast-1-*"], operator, technology or band'
        return
    wrong = 0
    ids = [sector.id for sector in site.sectors]
    for pattern in action.sectors:
        if not any(fnmatchcase(name, pattern) for name in ids):
            wrong += 1
            close = near(pattern, ids) if wrong <= MOST_ADVISED else []
            some = f"sectors are named like {', '.join(map(clean, ids[:3]))}"
            advice = f"did you mean {' or '.join(map(shown, close))}?" if close else some
            yield f"sectors {shown(pattern)} matches no sector of masts.csv; {advice}"
    for key in _FILTERS:
        value, there = getattr(action, key), sorted({getattr(sector, key) for sector in site.sectors})
        if value and value not in there:
            wrong += 1
            listed = f"masts.csv has {', '.join(map(clean, there[:MOST_LISTED]))}"
            yield f"{key} {shown(value)} has no sector on this site ({listed}); {did_you_mean(value, there)}"
    members = meant(site.sectors, action)
    if site.sectors and not members and not wrong:
        yield "means no sector: none has all that its sectors, operator, technology and band ask for; leave one out"
    round_about = members and not any(is_directional(site, site.sectors[index]) for index in members)
    if round_about and action.azimuth_deg is not None:
        yield "gives an azimuth_deg to antennas that send alike all round; leave it out"


def _only(masts: MastModel, kept: NDArray[np.intp]) -> MastModel:
    """The masts with some of their sectors; ways, losses and frequencies stay."""
    sectors = tuple(masts.sectors[index] for index in kept.tolist())
    place = {mast: row for row, mast in enumerate(masts_of(masts.sectors))}
    rows = [place[mast] for mast in masts_of(sectors)]
    detours = masts.detours
    return replace(
        masts,
        sectors=sectors,
        detours=replace(
            detours,
            senders_m=detours.senders_m[rows],
            ways=tuple(detours.ways[row] for row in rows),
            near=tuple(detours.near[row] for row in rows),
            exits=tuple(detours.exits[row] for row in rows),
        ),
        outside_db=masts.outside_db[:, kept],
        scatter_los=masts.scatter_los.some(kept),
        scatter_nlos=masts.scatter_nlos.some(kept),
    )
