"""The cross-check with a ray tracer, as ``docs/make_raytrace_check.py`` measured it last, in words.

The tracing takes minutes and an optional library, so its results are data of the package: ``raytrace_check.toml``.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["STORED", "Check", "GainRow", "VerdictRow", "check_section", "check_toml", "read_check"]

STORED = Path(__file__).with_name("raytrace_check.toml")

MILLION = 1e6
_BASES = {
    ("planning", "verdict"): "At planning grade",
    ("evidence", "verdict"): "At evidence grade",
    (
        "planning",
        "medians",
    ): "By our medians against the J/S of planning grade without any margin, which is nobody's verdict,",
}
_MOST_FALSE = {"planning": 0.05, "evidence": 0.01}  # what is asked of the check; assumed

_HEAD = """
## Path gain and verdict: ray tracing

{engine}, traced {made} by `docs/make_raytrace_check.py` (extra `raytrace`); what it found is kept in
`coverage/validation/raytrace_check.toml`.

Two invented wings of 32 cells on two storeys (brick with open barred windows; concrete with sealed double glazing),
two masts 30 m away with the state of sight clear, four devices under the ceilings of the corridors. Masts count
as measured (3 dB). {mast_rays:g} million rays from each mast and {device_rays:g} million from each device, reflected
and transmitted, {depth} walls at most, counted in squares of {square_m:g} m; never below the ray tracer's own
straight ray. Each wall is one sheet at its mid-plane; below 1 GHz its material is ours, extrapolated.
"""

_GAINS_HEAD = """
Ours less the ray tracer's. "Device" and "straight ray" are the straight ray alone; "as judged" is the level the
verdict takes, detours and scatter included. "To outside" are 160 places in the open 3 to 40 m from the building, with
detours; "loudest" the quarter of these links that the ray tracer finds loudest, which limits outside are about.
"Halves" is what two halves of the rays differ by, mere chance: where that is much, few rays arrived, and the ends
of the other rows are chance too.

| wing | link | MHz | links | no ray | median [dB] | spread [dB] | 5 % to 95 % [dB] |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""

_VERDICTS_HEAD = """
Masts are turned down (blockers off) or devices up (on) by steps of a decibel. At the first power at which a room is
called blocked, a room that the traced levels still serve by the thresholds of that grade is **called wrongly**.
"Later" is by how many decibels more we ask for than the ray tracer.

| wing | test points | blockers | grade | called by | rooms | called wrongly | later [dB]: median | 5 % | least |
| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
"""

_PROVED = """\
- **Proved.** In these two wings the margins of both grades cover what a ray tracer with reflections finds beyond the
  straight ray, in all but 5 % of the rooms called blocked at planning grade and 1 % at evidence grade.
"""
_MISSED = """\
- **Proved.** Nothing: the ray tracer serves more of the rooms called blocked than 5 % at planning grade or
  1 % at evidence grade.
"""
_OUTSIDE = """\
- Outside, the ray tracer finds blockers louder than we do: {outside} in the median of the loudest links,
  {inside} at the test points of the rooms. Both gain by reflections, which our ways of blockers do not have: a layout
  that just blocks a room by ours has that much to spare inside, and is that much nearer to its limits outside.
"""
_TAIL = """\
- Where blockers are on, the medians leave 3 to 6 dB of this, and the errors that the rules give every level the rest
  (`benchmarks/later.py`, planning grade): called at 80 % of the simulations in place of 90 % the median room would be
  blocked 3 dB sooner, with every wall known for sure 3 to 3.5 dB, without local errors 2.5 to 3 dB, with none of the
  errors 11 to 12 dB. Nobody knows any of these better without readings on the site.
- **Not proved.** That the ray tracer is right: it shares our geometry, our materials and the flat slab, knows neither
  furniture nor diffraction nor scattering, and the masts' own way to the building is ours in both. Coated glass, foil
  and steel façades were not tried: so few rays come through that chance would decide.
"""


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
    grade : str
        Whose thresholds both sides are held against.
    basis : str
        ``verdict``: silent in the grade's share of worlds; ``medians``: our levels without any margin.
    rooms : int
        Rooms tried.
    later_db : tuple of float
        By how much later than the traced levels we call a room silent, of each room called silent at some power of
        the sweep. [dB]
    """

    wing: str
    where: str
    blockers: str
    grade: str
    basis: str
    rooms: int
    later_db: tuple[float, ...]

    @property
    def called(self) -> int:
        """Rooms called silent at some power of the sweep."""
        return len(self.later_db)

    @property
    def false_silent(self) -> int:
        """Of those called, rooms that the traced levels still serve at the first power we call them silent at."""
        return sum(later_db < 0 for later_db in self.later_db)

    def quantile_db(self, share: float) -> float:
        """By how much later, of all rooms called: 0 the least, 0.5 the median; nan where none is. [dB]"""
        return float(np.quantile(self.later_db, share)) if self.later_db else np.nan


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
    verdicts = tuple(
        VerdictRow(**{**row, "later_db": tuple(map(float, row["later_db"]))}) for row in found.pop("verdicts")
    )
    return Check(**found, gains=gains, verdicts=verdicts)


def check_section(check: Check) -> str:
    """The part of ``docs/validation.md`` on the cross-check, as Markdown.

    Parameters
    ----------
    check : Check

    Returns
    -------
    str
    """
    parts = [
        _HEAD.format(
            engine=check.engine,
            made=check.made.isoformat(),
            mast_rays=check.mast_rays / MILLION,
            device_rays=check.device_rays / MILLION,
            depth=check.max_depth,
            square_m=check.square_m,
        ),
        _GAINS_HEAD,
        *(_gain_line(row) for row in check.gains),
        _VERDICTS_HEAD,
        *(_verdict_line(row) for row in check.verdicts),
        "\n",
        *(_rate_line(check, *of, words) for of, words in _BASES.items()),
        _PROVED if all(_share(check, grade, "verdict") <= most for grade, most in _MOST_FALSE.items()) else _MISSED,
        _outside_line(check),
        _TAIL,
    ]
    return "".join(parts)


def _outside_line(check: Check) -> str:
    """By how much blockers are louder by the ray tracer, outside and at the rooms' test points."""
    words = []
    for link in ("device to outside, loudest", "device, as judged"):
        louder_db = [round(-row.median_db) for row in check.gains if row.link == link]
        if not louder_db:  # a check without places outside
            return ""
        words.append(f"{min(louder_db)} to {max(louder_db)} dB")
    return _OUTSIDE.format(outside=words[0], inside=words[1])


def _gain_line(row: GainRow) -> str:
    median, low, high = (f"{round(value, 1) + 0.0:+.1f}" for value in (row.median_db, row.low_db, row.high_db))
    figures = f"{median} | {row.spread_db:.1f} | {low} to {high}"
    return f"| {row.wing} | {row.link} | {row.freq_mhz:g} | {row.links} | {row.unreached} | {figures} |\n"


def _verdict_line(row: VerdictRow) -> str:
    rooms = f"{row.called}" if row.called == row.rooms else f"{row.called} of {row.rooms}"
    later = " | ".join(f"{row.quantile_db(share):+.0f}" if row.called else "-" for share in (0.5, 0.05, 0.0))
    figures = f"{row.false_silent} | {later}"
    return f"| {row.wing} | {row.where} | {row.blockers} | {row.grade} | {row.basis} | {rooms} | {figures} |\n"


def _rate_line(check: Check, grade: str, basis: str, words: str) -> str:
    """The false-silent rate over all sweeps of one kind, and how much later half of the rooms is at most."""
    of = _rows(check, grade, basis)
    called, wrong = sum(row.called for row in of), sum(row.false_silent for row in of)
    if not called:
        return f"- {words} no room is called blocked.\n"
    each_db = [row.quantile_db(0.5) for row in of if row.called]
    all_db = np.median([later_db for row in of for later_db in row.later_db])
    sweeps = f"in that of a sweep by {min(each_db):.0f} to {max(each_db):.0f} dB"
    share = f"{_share(check, grade, basis):.1%}; later by {all_db:.0f} dB in the median of them all, {sweeps}"
    return f"- {words} {wrong} of {called} rooms called blocked (all sweeps) are called wrongly: {share}.\n"


def _rows(check: Check, grade: str, basis: str) -> list[VerdictRow]:
    return [row for row in check.verdicts if (row.grade, row.basis) == (grade, basis)]


def _share(check: Check, grade: str, basis: str) -> float:
    """Of the rooms called silent, those that the traced levels still serve; 0 where none is called."""
    of = _rows(check, grade, basis)
    return sum(row.false_silent for row in of) / max(sum(row.called for row in of), 1)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(f'{part:g}' for part in value)}]"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
