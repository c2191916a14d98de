"""The cross-check with a ray tracer, as ``docs/make_raytrace_check.py`` measured it last, in words.

The tracing takes minutes and an optional library, so its results are data of the package: ``raytrace_check.toml``.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

__all__ = ["STORED", "Check", "GainRow", "VerdictRow", "check_toml", "read_check"]

STORED = Path(__file__).with_name("raytrace_check.toml")


@dataclass(frozen=True, slots=True)
class GainRow:
    """Our path gain or level less the ray tracer's on one kind of link in one band. [dB]

    Attributes
    ----------
    wing, link : str
    freq_mhz : float
    links, unreached : int
        Links in all, and those on which no ray arrived: they are left out of the rest.
    median_db, spread_db, low_db, high_db : float
        Median, standard deviation, 5 % and 95 % quantile.
    """

    wing: str
    link: str
    freq_mhz: float
    links: int
    unreached: int
    median_db: float
    spread_db: float
    low_db: float
    high_db: float


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """When rooms fall silent as masts are turned down (blockers off) or blockers up (on): by us, and as traced.

    Attributes
    ----------
    wing, blockers : str
    where : str
        Which test points of the rooms count.
    basis : str
        ``verdict``: silent in 95 % of worlds; ``medians``: our levels without any margin.
    rooms, called : int
        Rooms tried, and those of them that are called silent at some power of the sweep.
    false_silent : int
        Of those called, rooms that the traced levels still serve at the first power at which we call them silent.
    median_db, low_db, least_db : float
        By how much later than the traced levels we call a room silent: median, 5 % quantile, least. [dB]
    """

    wing: str
    where: str
    blockers: str
    basis: str
    rooms: int
    called: int
    false_silent: int
    median_db: float
    low_db: float
    least_db: float


@dataclass(frozen=True, slots=True)
class Check:
    """One run of the cross-check.

    Attributes
    ----------
    made : date
    engine : str
        Ray tracer and its release.
    mast_rays, device_rays, max_depth : int
    square_m : float
        Side of the squares rays are counted in. [m]
    gains : tuple of GainRow
    verdicts : tuple of VerdictRow
    """

    made: dt.date
    engine: str
    mast_rays: int
    device_rays: int
    max_depth: int
    square_m: float
    gains: tuple[GainRow, ...]
    verdicts: tuple[VerdictRow, ...]


def check_toml(check: Check) -> str:
    """A check as it is kept.

    Parameters
    ----------
    check : Check

    Returns
    -------
    str
    """
    lines = ["# Written by docs/make_raytrace_check.py; do not edit. Ours less the ray tracer's, decibels."]
    plain = [field.name for field in fields(Check) if field.name not in ("gains", "verdicts")]
    lines += [f"{name} = {_value(getattr(check, name))}" for name in plain]
    for table, rows in (("gains", check.gains), ("verdicts", check.verdicts)):
        for row in rows:
            lines += ["", f"[[{table}]]"]
            lines += [f"{field.name} = {_value(getattr(row, field.name))}" for field in fields(row)]
    return "\n".join(lines) + "\n"


def read_check(path: Path = STORED) -> Check:
    """The check that was kept last.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Check
    """
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    gains = tuple(GainRow(**row) for row in found.pop("gains"))
    verdicts = tuple(VerdictRow(**row) for row in found.pop("verdicts"))
    return Check(**found, gains=gains, verdicts=verdicts)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:.2f}" if isinstance(value, float) else str(value)
