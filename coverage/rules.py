"""The rules a result is judged by: sizes of errors, two grades, tiers outside; read from ``tables/rules.toml``.

Every figure stands in the file with its source or the word "assumed". A scenario may name a file of its own; it is
checked like every input.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

from quietwing.coverage.errors import ScenarioError
from quietwing.sites import Unreadable, clean, did_you_mean, problems_text, read_text, shown, toml_of

__all__ = [
    "GRADES",
    "TIERS",
    "ByTechnology",
    "ByWidth",
    "Errors",
    "Grade",
    "Outside",
    "Phone",
    "Rules",
    "Tier",
    "load_rules",
    "parse_rules",
    "read_rules",
]

GRADES = ("planning", "evidence")
SHIPPED = resources.files("quietwing.coverage.tables").joinpath("rules.toml").read_text("utf-8")
TIERS: tuple[str, ...] = tuple(tomllib.loads(SHIPPED)["tiers"])  # strictest first, as they stand in the file
LARGEST_FILE_BYTES = 1 << 18
MOST_DB = 100.0
NARROW_MHZ, WIDE_MHZ = 0.2, 20.0  # a GSM carrier; from 20 MHz a carrier counts as wide
SSB_MHZ = 20 * 12 * 0.030  # of NR the width of the SSB counts: 20 blocks of 12 elements of at most 30 kHz


@dataclass(frozen=True, slots=True)
class Errors:
    """Sizes of the errors between computed and real levels, and what shares them; shares are shares of variance.

    Attributes
    ----------
    sector_shared : float
        Of a sector's error: common to all sectors of its operator on its mast.
    construction_shared : float
        Of a construction's error: common to all bands.
    walls_most_db, walls_most_below_1_ghz_db : float
        Standard deviation that all walls of one link together have at most. [dB]
    local_db : float
        Standard deviation for each source, room and band. [dB]
    local_shared : float
        Of it: common to all sources in the room, public or blocking.
    local_between_bands : float
        Correlation of each local part at two bands.
    device_db : float
        Standard deviation for each blocking device. [dB]
    weak_below_db : float
        Sectors this far below the strongest have no local error of their own. [dB]
    sight_limit : float
        Probability of line of sight from which a map that shows one state takes the path as clear.
    """

    sector_shared: float
    construction_shared: float
    walls_most_db: float
    walls_most_below_1_ghz_db: float
    local_db: float
    local_shared: float
    local_between_bands: float
    device_db: float
    weak_below_db: float
    sight_limit: float

    @property
    def own_variance(self) -> float:
        """Variance of the local part that a source shares with no other. [dB²]"""
        return self.local_db**2 * (1 - self.local_shared)


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone in a room that must be silent. [dB]"""

    search_gain_db: float
    body_loss_db: float


@dataclass(frozen=True, slots=True)
class ByTechnology:
    """One figure for each technology. [dB]"""

    GSM: float
    UMTS: float
    LTE: float
    NR: float

    def __getitem__(self, technology: str) -> float:
        return float(getattr(self, technology))


@dataclass(frozen=True, slots=True)
class ByWidth:
    """One figure for carriers of 200 kHz, of less than 20 MHz and of 20 MHz or more. [dB]"""

    narrow: float
    medium: float
    wide: float

    def of(self, technology: str, bandwidth_mhz: float) -> float:
        """The figure of a carrier; of NR its SSB counts, 7.2 MHz at most. [dB]"""
        width_mhz = min(bandwidth_mhz, SSB_MHZ) if technology == "NR" else bandwidth_mhz
        if width_mhz <= NARROW_MHZ:
            return self.narrow
        return self.medium if width_mhz < WIDE_MHZ else self.wide


@dataclass(frozen=True, slots=True)
class Grade:
    """What a room and the places outside must pass to be called silent and clean at this grade.

    Attributes
    ----------
    name : str
    meaning : str
        The question the grade answers.
    tier : str
        Limit outside.
    confidence : float
        q: share of worlds in which a room must be silent.
    outside_share : float
        Share of worlds in which the tier's `share_db` must hold.
    captured_outside : float
        Share of worlds in which managed access may capture a phone outside.
    single_source_db : float
        Further J/S needed where one source alone blocks; none where two equal ones do. [dB]
    js_deny_db : ByTechnology
        Median J/S that denies. [dB]
    search_db : ByWidth
        Search margin. [dB]
    """

    name: str
    meaning: str
    tier: str
    confidence: float
    outside_share: float
    captured_outside: float
    single_source_db: float
    js_deny_db: ByTechnology
    search_db: ByWidth


@dataclass(frozen=True, slots=True)
class Outside:
    """The receiver outside: its noise figure, and how far below its noise blocking may always be. [dB]"""

    noise_margin_db: float
    noise_figure_db: float


@dataclass(frozen=True, slots=True)
class Tier:
    """A limit outside.

    Attributes
    ----------
    name : str
    median_db, share_db : float
        How far the sum of all blockers stays below the strongest sector in half of the worlds, and in the grade's
        `outside_share` of them. ``inf``: only the noise counts; ``-inf``: no limit. [dB]
    may_fail : float
        Share of a ring's points that may fail.
    calls : bool
        Whether a 999 call must be possible.
    """

    name: str
    median_db: float
    share_db: float
    may_fail: float
    calls: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules a result is judged by.

    Attributes
    ----------
    errors : Errors
    phone : Phone
    outside : Outside
    grades : tuple of Grade
        In the order of `GRADES`.
    tiers : tuple of Tier
        In the order of `TIERS`.
    name : str
        Of the file; empty for the rules that come with the product.
    text : str
        The file itself, for results to keep.
    """

    errors: Errors
    phone: Phone
    outside: Outside
    grades: tuple[Grade, ...]
    tiers: tuple[Tier, ...]
    name: str = field(default="", compare=False)
    text: str = field(default="", compare=False, repr=False)

    def grade(self, name: str) -> Grade:
        """The grade of a name."""
        return self.grades[GRADES.index(name)]

    def tier(self, name: str) -> Tier:
        """The tier of a name."""
        return self.tiers[TIERS.index(name)]


@cache
def load_rules() -> Rules:
    """The rules that come with the product.

    Returns
    -------
    Rules

    References
    ----------
    ``tables/rules.toml``, where every figure has its source.
    """
    return parse_rules(SHIPPED, "")


def read_rules(path: Path) -> Rules:
    """Rules from a file of one's own.

    Parameters
    ----------
    path : Path
        A TOML file with every figure of ``tables/rules.toml``.

    Returns
    -------
    Rules

    Raises
    ------
    ScenarioError
        Every problem of the file together.
    """
    name = clean(path.name)
    if "\0" in str(path) or not (path.is_symlink() or path.exists()):
        raise ScenarioError(f"{name}: no such rules file; copy the one of the product and change figures")
    try:
        text = read_text(path, path.parent, LARGEST_FILE_BYTES)
    except Unreadable as error:
        raise ScenarioError(f"{name}: {error}") from None
    return parse_rules(text, name)


def parse_rules(text: str, name: str) -> Rules:
    """Rules from the text of a file; `name` is how messages call it.

    Raises
    ------
    ScenarioError
        Every problem together.
    """
    where = name or "rules.toml"
    try:
        raw = toml_of(text)
    except Unreadable as error:
        raise ScenarioError(f"{where}: {error}") from None
    reader = _Reader(where)
    if raw.get("format") != 1 or isinstance(raw["format"], bool):
        reader.say("format", f"is {shown(raw.get('format'))} (expected 1); write format = 1")
    known = ("format", "errors", "phone", "grades", "outside", "tiers")
    for key in sorted(set(raw) - set(known)):
        reader.say(clean(key), f"unknown key; {did_you_mean(key, known)}")
    errors = reader.table(raw, "errors", Errors)
    phone = reader.table(raw, "phone", Phone)
    outside = reader.table(raw, "outside", Outside)
    grades = [
        reader.table(part, key, Grade, "grades.", name=key) for part, key in reader.named(raw, "grades", GRADES)
    ]
    tiers = [reader.table(part, key, Tier, "tiers.", name=key) for part, key in reader.named(raw, "tiers", TIERS)]
    if reader.problems:
        raise ScenarioError(problems_text(tuple(reader.problems)))
    return Rules(errors, phone, outside, tuple(grades), tuple(tiers), name, text)


class _Reader:
    """Turns tables into dataclasses and gathers what is wrong with them."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []

    def say(self, key: str, what: str) -> None:
        self.problems.append(f"{self.where}: {key}: {what}")

    def named(self, raw: Mapping[str, Any], key: str, names: tuple[str, ...]) -> list[tuple[Mapping[str, Any], str]]:
        """The tables of all names below a key, empty ones where they are missing."""
        part = raw.get(key)
        if not isinstance(part, dict):
            self.say(key, f"is missing; write a table for each of {', '.join(names)}")
            return []
        for name in sorted(set(part) - set(names)):
            self.say(f"{key}.{clean(name)}", f"unknown; {did_you_mean(name, names)}")
        return [(part, name) for name in names]

    def table(self, raw: Mapping[str, Any], key: str, kind: type[Any], above: str = "", **given: str) -> Any:
        """One table as a dataclass; what is wrong is said, and stands as NaN or an empty text."""
        part, place = raw.get(key), f"{above}{key}"
        if not isinstance(part, dict):
            self.say(place, "is missing; write the table as in the rules of the product")
            part = dict.fromkeys(())
            return kind(**{one.name: math.nan for one in fields(kind)})
        hints = get_type_hints(kind)
        wanted = [one.name for one in fields(kind) if one.name not in given]
        for name in sorted(set(part) - set(wanted)):
            self.say(f"{place}.{clean(name)}", f"unknown key; {did_you_mean(name, wanted)}")
        values: dict[str, Any] = dict(given)
        for name in wanted:
            hint, here = hints[name], f"{place}.{name}"
            if isinstance(hint, type) and is_dataclass(hint):
                values[name] = self.table(part, name, hint, f"{place}.")
            elif name not in part:
                self.say(here, 'is missing; give it as { value = …, source = "…" }')
                values[name] = math.nan
            elif name == "meaning":
                values[name] = self._text(here, part[name])
            else:
                values[name] = self._value(here, name, part[name], hint)
        return kind(**values)

    def _text(self, here: str, raw: object) -> str:
        if isinstance(raw, str) and 0 < len(raw) <= 200:
            return raw
        self.say(here, f"is {shown(raw)} (expected a sentence of at most 200 letters); write it in quotes")
        return ""

    def _value(self, here: str, name: str, raw: object, hint: type[Any]) -> Any:
        """The figure of ``{ value, source }``, checked for its kind and range."""
        if not isinstance(raw, dict) or set(raw) != {"value", "source"}:
            self.say(here, f'is {shown(raw)} (expected a figure and its source); write {{ value = …, source = "…" }}')
            return math.nan
        if not isinstance(raw["source"], str) or not raw["source"].strip():
            self.say(here, 'has no source; name it, or write source = "assumed"')
        value = raw["value"]
        if hint is bool:
            if not isinstance(value, bool):
                self.say(here, f"is {shown(value)} (expected true or false); write one of them without quotes")
            return value
        if hint is str:
            if value not in TIERS:
                self.say(here, f"is {shown(value)} (expected a tier); {did_you_mean(str(value), TIERS)}")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.say(here, f"is {shown(value)} (expected a number); write it without quotes or unit")
            return math.nan
        low, high, what = _range_of(name)
        endless = name in ("median_db", "share_db") and math.isinf(value)
        if not (low <= value <= high or endless):
            self.say(here, f"is {value:g} (expected {what}); correct it")
        return float(value)


def _range_of(name: str) -> tuple[float, float, str]:
    """Least and most of a figure, and the range in words."""
    if name in ("confidence", "outside_share"):
        return 0.5, 0.999, "a share of worlds from 0.5 to 0.999"
    if name in ("median_db", "share_db"):
        return -MOST_DB, MOST_DB, f"-{MOST_DB:g} to {MOST_DB:g} dB, inf or -inf"
    if name.endswith("_db") or name in ("GSM", "UMTS", "LTE", "NR", "narrow", "medium", "wide"):
        return 0.0, MOST_DB, f"0 to {MOST_DB:g} dB"
    return 0.0, 1.0, "a share from 0 to 1"
