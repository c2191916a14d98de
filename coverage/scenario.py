"""What is asked of a site: a TOML file whose keys are the fields of `Scenario`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic.dataclasses import dataclass

from quietwing.coverage.errors import ScenarioError, explained
from quietwing.coverage.rules import GRADES, TIERS, Grade, Rules, Tier, load_rules, read_rules
from quietwing.sites import (
    NAMED_IF_SET,
    OneLine,
    Unreadable,
    clean,
    did_you_mean,
    path_of,
    problems_text,
    read_text,
    shown,
    toml_of,
)

__all__ = ["TARGETS", "Objective", "OperatorAction", "Scenario", "TreatmentWish", "read_scenario"]

LARGEST_FILE_BYTES = 1 << 20
MOST_PATTERNS = 1_000  # of one action, each held against every sector

GradeName = Literal["planning", "evidence"]
if TYPE_CHECKING:
    SpillTier = str
else:
    SpillTier = Literal[TIERS]  # the tiers are data
BudgetBasis = Literal["capex", "whole_life"]
Objective = Literal["most_protected", "least_cost"]
Effort = Literal["quick", "normal", "thorough"]
ModelName = Annotated[str, Field(min_length=1, max_length=80)]
RoomPattern = Annotated[str, Field(min_length=1, max_length=80)]

_CHOICES: dict[str, tuple[str, ...]] = {
    "grade": get_args(GradeName),
    "spill_tier": TIERS,
    "budget_basis": get_args(BudgetBasis),
    "objective": get_args(Objective),
    "effort": get_args(Effort),
}
_LISTS = ("channels", "treatments", "operator_actions", "equipment", "treat_with", "target_named", "target_wing")
TARGETS = ("target_rooms", "target_share", "target_named", "target_wing")  # of least cost: one of these
_TEXTS = ("comms_room", "rules", *_CHOICES)
_SWITCHES = ("search_margin", "likely_capture")
_OUT_OF_RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")  # as pydantic calls them
_WHOLE = ("target_rooms", "horizon_years", "worlds", "seed")


@explained(lambda item: _explain("treatments", {}, item))
@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TreatmentWish:
    """A mesh or film of the catalogue on every window of the rooms whose id matches one of the patterns."""

    model: Annotated[str, Field(min_length=1, max_length=80)]
    rooms: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...]


def _number(value: object) -> object:
    """A number that is no switch: pydantic would read true as 1."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


def _switch(value: object) -> object:
    """True or false as such: pydantic would read "yes" and 1 as true."""
    if not isinstance(value, bool):
        raise ValueError("Input should be true or false")
    return value


_Name = Annotated[OneLine, Field(max_length=80)]
_Number = BeforeValidator(_number)
_Switch = Annotated[bool, BeforeValidator(_switch)]


@explained(lambda item: _explain("operator_actions", {}, item))
@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class OperatorAction:
    """What an operator of the public network changes on its sectors, by agreement; what it does, nobody here can do.

    Attributes
    ----------
    name : str
        What it is called on the bill; empty: after what it does.
    sectors : tuple of str
        Patterns of a shell over the ids of ``masts.csv``, 1,000 at most; empty: every sector the other three mean.
    operator, technology, band : str
        Only sectors of these; empty: of any. At least one of the four must be given.
    power_db : float
        Change of EIRP, −30 to 0: operators turn down for a prison, not up. [dB]
    tilt_deg : float
        Downtilt added to what the sector has, 0 to 15. [deg]
    azimuth_deg : float or None
        Where the sector looks from now on, clockwise from grid north. [deg]
    off : bool
        The sectors are switched off; a 2G sunset is this with ``technology = "GSM"``.
    price_gbp : float
        Paid once to the operator, 0 to 1e9. [£]
    illustrative : bool
        Whether the price is a guess and no quote.
    """

    name: _Name = ""
    sectors: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=80)], ...], Field(max_length=MOST_PATTERNS)
    ] = ()
    operator: _Name = ""
    technology: Literal["", "GSM", "UMTS", "LTE", "NR"] = ""
    band: _Name = ""
    power_db: Annotated[float, Field(ge=-30, le=0, allow_inf_nan=False), _Number] = 0.0
    tilt_deg: Annotated[float, Field(ge=0, le=15, allow_inf_nan=False), _Number] = 0.0
    azimuth_deg: Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False), _Number] | None = None
    off: _Switch = False
    price_gbp: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False), _Number] = 0.0
    illustrative: _Switch = True


_ENTRIES = {"treatments": TreatmentWish, "operator_actions": OperatorAction}
_ENTRY_ADVICE = {
    "treatments": "write [[treatments]] with model and rooms",
    "operator_actions": "write [[operator_actions]] with the sectors and what changes",
}


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Channels of which none stands twice."""
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f"{', '.join(map(shown, twice))} stands twice, expected each channel once")
    return names


@explained(lambda item: _explain("scenario", {}, item))
@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Scenario:
    """One question to a site.

    Attributes
    ----------
    grade : {"planning", "evidence"}
        Which grade is asked for; every result holds both.
    rules : Rules
        Errors, grades and tiers; in a file the name of a rules file beside it. Those of the product without it.
    confidence : float or None
        Share of worlds in which a room must be silent, 0.5 to 0.999, in place of that of the grade asked for.
    grid_m : float
        Spacing of the maps' grid. [m]
    channels : tuple of str
        Only these channels (``EE/B20/LTE``); empty: every channel of the site's masts.
    seed : int
        Seed of every random draw.
    worlds : int
        Number of random worlds the verdict is judged on.
    search_margin : bool
        Whether a prisoner searches for the best spot (assumption A46); switching it off is printed.
    likely_capture : bool
        Whether capture through a higher-priority layer counts towards silence.
    spill_tier : str or None
        One of `quietwing.coverage.rules.TIERS`: the limit outside in place of that of the grade asked for.
    treatments : tuple of TreatmentWish
        Meshes and films on windows.
    operator_actions : tuple of OperatorAction
        What operators of the public network change for the prison.
    budget_gbp : float or None
        What may be spent, 0 to 1e9; None: no limit is given. [£]
    budget_basis : {"capex", "whole_life"}
        Which cost the budget limits.
    objective : {"most_protected", "least_cost"}
        Most weight of silent rooms for the budget, or a target for the least money: one of the next four.
    target_rooms : int or None
        How many rooms must be silent, 1 to 10,000; those quiet anyway do not count.
    target_share : float or None
        Share of the rooms that must be silent or quiet anyway, above 0 to 1.
    target_named : tuple of str
        Rooms that all must be silent or quiet anyway: ids, or patterns of a shell over ids (``A1-*``).
    target_wing : tuple of str
        Wings all of whose rooms must be: `quietwing.coverage.planning.target` says what a wing is.
    equipment : tuple of str
        Models of the catalogue a plan may place; empty: every jammer and managed-access node.
    treat_with : tuple of str
        Meshes and films a plan may buy; empty: every one of the catalogue; ``none`` alone: none.
    horizon_years : int
        Years over which running costs and refreshes count, 1 to 50. [years]
    discount_rate : float
        A year's discount of the net present value, 0 to 0.2 (3.5 %: HM Treasury Green Book).
    live_prison_multiplier : float
        Factor on labour and laid cable in a prison at work, 1 to 3 (1.4: assumption A31).
    comms_room : str
        Id of the room all cable runs to; empty: assumed, and noted.
    spacing_m : float
        Least distance between new devices, 0 to 100. [m]
    effort : {"quick", "normal", "thorough"}
        How much counted work the search for a plan may do.
    """

    format: Annotated[int, Field(ge=1, le=1)] = 1
    grade: GradeName = "planning"
    rules: Annotated[InstanceOf[Rules], WithJsonSchema({"type": "string", "maxLength": 200})] = Field(
        default_factory=load_rules
    )
    confidence: Annotated[float, Field(ge=0.5, le=0.999, allow_inf_nan=False)] | None = None
    grid_m: Annotated[float, Field(ge=0.1, le=5.0, allow_inf_nan=False)] = 0.5
    channels: Annotated[tuple[str, ...], AfterValidator(_each_once)] = ()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    worlds: Annotated[int, Field(ge=100, le=100_000)] = 1000
    search_margin: bool = True
    likely_capture: bool = False
    spill_tier: SpillTier | None = None
    treatments: tuple[TreatmentWish, ...] = ()
    operator_actions: tuple[OperatorAction, ...] = field(default=(), metadata=NAMED_IF_SET)
    budget_gbp: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    budget_basis: BudgetBasis = "capex"
    objective: Objective = "most_protected"
    target_rooms: Annotated[int, Field(ge=1, le=10_000)] | None = None
    target_share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = field(
        default=None, metadata=NAMED_IF_SET
    )
    target_named: tuple[RoomPattern, ...] = field(default=(), metadata=NAMED_IF_SET)
    target_wing: tuple[RoomPattern, ...] = field(default=(), metadata=NAMED_IF_SET)
    equipment: tuple[ModelName, ...] = ()
    treat_with: tuple[ModelName, ...] = ()
    horizon_years: Annotated[int, Field(ge=1, le=50)] = 8
    discount_rate: Annotated[float, Field(ge=0, le=0.2, allow_inf_nan=False)] = 0.035
    live_prison_multiplier: Annotated[float, Field(ge=1, le=3, allow_inf_nan=False)] = 1.4
    comms_room: Annotated[str, Field(max_length=80)] = ""
    spacing_m: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0
    effort: Effort = "normal"

    @property
    def asked(self) -> Grade:
        """The grade asked for, with this scenario's own confidence and tier where it gives them."""
        grade = self.rules.grade(self.grade)
        return replace(
            grade,
            confidence=grade.confidence if self.confidence is None else self.confidence,
            tier=self.spill_tier or grade.tier,
        )

    @property
    def judged(self) -> tuple[Grade, ...]:
        """Every grade a result is judged at, the one asked for first."""
        return (self.asked, *(self.rules.grade(name) for name in GRADES if name != self.grade))

    @property
    def tier(self) -> Tier:
        """The limit outside that is asked for."""
        return self.rules.tier(self.asked.tier)


_ADAPTER: TypeAdapter[Scenario] = TypeAdapter(Scenario)


def read_scenario(path: str | Path | None, **overrides: object) -> Scenario:
    """A scenario from a file, single keys replaced by options of the command line.

    Parameters
    ----------
    path : str, Path or None
        TOML file; None for the defaults.
    **overrides : object
        Keys given on the command line; None is "not given".

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        Every problem of the file and the options together.
    """
    path = None if path is None else path_of(path, "scenario")
    raw: dict[str, object] = {} if path is None else _toml(path)
    given = {key: value for key, value in overrides.items() if value is not None}
    if any(key in given for key in TARGETS):  # another kind of target takes the place of the file's
        raw = {key: value for key, value in raw.items() if key not in TARGETS}
    where = dict.fromkeys(given, "option")
    name = "scenario" if path is None else path.name
    merged = raw | given
    own_rules, problems = _rules(path, merged)
    merged |= own_rules
    flags = _flags(merged)
    problems += [_place(name, where, key) + ": true and false are no numbers; write a number" for key in flags]
    try:
        scenario = _ADAPTER.validate_python(merged, strict=False)
    except ValidationError as error:
        wrong = [item for item in error.errors(include_url=False) if not {*item["loc"][:1]} & {*flags}]
        problems += [_explain(name, where, dict(item)) for item in wrong]
    problems += _covered(name, raw, given)
    if problems:
        raise ScenarioError(problems_text(tuple(dict.fromkeys(problems))))
    return scenario


def _covered(name: str, raw: Mapping[str, object], given: Mapping[str, object]) -> list[str]:
    """Keys of the file that options replace and that hold no value of their kind; one out of range is mended so."""
    covered = {key: raw[key] for key in raw.keys() & given.keys() if key != "rules"}
    try:
        _ADAPTER.validate_python(covered, strict=False)
    except ValidationError as error:
        wrong = [dict(item) for item in error.errors(include_url=False)]
        return [_explain(name, {}, item) for item in wrong if item["type"] not in _OUT_OF_RANGE]
    return []


def _rules(path: Path | None, merged: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """The rules file that a scenario names, read, and what is wrong with it."""
    named = merged.get("rules")
    if named is None or isinstance(named, Rules):
        return {}, []
    if not isinstance(named, str) or not named or Path(named).name != named:
        here = "scenario" if path is None else path.name
        return {"rules": load_rules()}, [
            f"{here}: rules: is {shown(named)} (expected the name of a file beside it); put the rules file there"
        ]
    try:
        return {"rules": read_rules((path.parent if path else Path()) / named)}, []
    except ScenarioError as error:
        return {"rules": load_rules()}, str(error).split("\n")


def _flags(raw: Mapping[str, object]) -> list[str]:
    """Keys that hold true or false and are no switch: pydantic would read them as 1 and 0."""
    others = (*_SWITCHES, *_LISTS, *_TEXTS)
    return [key for key, value in raw.items() if isinstance(value, bool) and key not in others]


def _toml(path: Path) -> dict[str, object]:
    name = clean(path.name or str(path))
    if "\0" in str(path) or not (path.is_symlink() or path.exists()):
        raise ScenarioError(f"{name}: no such file; give an existing scenario TOML")
    try:
        return toml_of(read_text(path, path.parent, LARGEST_FILE_BYTES, may_be_empty=True))
    except Unreadable as error:
        raise ScenarioError(f"{name}: {error}") from None


def _place(name: str, where: Mapping[str, str], key: str) -> str:
    return f"option {clean(key)}" if key in where else f"{clean(name)}: {clean(key)}"


def _explain(name: str, where: Mapping[str, str], item: Mapping[str, Any]) -> str:
    """A validation error of pydantic in our words: the whole way to the key, what was found, what to do."""
    loc = item["loc"]
    key = str(loc[0]) if loc else "?"
    place = _place(name, where, key)
    if len(loc) > 1:
        place += "".join(f" {part + 1}" if isinstance(part, int) else f", {clean(str(part))}" for part in loc[1:])
    kind: Any = _ENTRIES.get(key, Scenario) if len(loc) > 2 else Scenario
    known = list(kind.__dataclass_fields__)
    if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{place}: unknown setting; {did_you_mean(str(loc[-1]), known)}"
    if item["type"] in ("missing", "missing_argument"):
        return f"{place}: is missing; give it"
    value = item["input"]
    if item["type"] == "too_long":
        what = f"names {len(value):,} (limit {item['ctx']['max_length']:,})"
        return f'{place}: {what}; write patterns like "mast-1-*"'
    advice = _advice(key, value, str(item["type"]))
    if key == "operator_actions" and len(loc) > 2:
        advice = _action_advice(str(loc[2]), value, str(item["type"]))
    said = clean(item["msg"], 300).removeprefix("Value error, ")
    return f"{place}: {said} (found {shown(value)}); {advice}"


def _advice(key: str, value: object, kind: str) -> str:
    """What a wrong value was probably meant to be."""
    if kind == "tuple_type":
        return "write a list in square brackets"
    if kind == "dataclass_type":
        return _ENTRY_ADVICE[key]
    if isinstance(value, bool):
        return "write a number or text, not true or false"
    if key == "channels" and kind == "value_error":
        return "leave out the second"
    if key in _CHOICES and isinstance(value, str):
        return did_you_mean(value, _CHOICES[key])
    if key in _LISTS or key in _TEXTS:
        return "write a name in quotes" if kind == "string_type" or key in _CHOICES else "correct the name"
    if isinstance(value, str):
        return "correct the value" if key in _SWITCHES else "write a plain number, without quotes, unit or commas"
    return _numeric_advice(key, value) or "correct the value"


def _action_advice(key: str, value: object, kind: str) -> str:
    """What a wrong value of an operator action was probably meant to be."""
    if kind == "tuple_type":
        return "write a list in square brackets"
    if key in ("off", "illustrative"):
        return "write true or false, without quotes"
    if key == "technology" and isinstance(value, str):
        return did_you_mean(value, ("GSM", "UMTS", "LTE", "NR"))
    if key in ("name", "sectors", "operator", "technology", "band"):
        if kind == "string_pattern_mismatch":
            return "write it on one line, without unseen characters"
        return "write a name in quotes" if kind == "string_type" else "correct the name"
    if isinstance(value, bool | str):
        return "write a plain number, without quotes or unit"
    if key == "power_db" and isinstance(value, int | float) and 0 < value <= 30:
        return f"an operator turns down, never up: write {-value:g}"
    if key == "azimuth_deg" and isinstance(value, int | float) and math.isfinite(value):
        return f"a bearing from 0 to below 360: write {value % 360:g}"
    return "correct the value"


def _numeric_advice(key: str, value: object) -> str:
    """What a wrong number was probably meant to be, or nothing."""
    if not isinstance(value, int | float):
        return ""
    if key == "confidence" and 50 <= value <= 99.9:
        return f"a probability, not a percentage: write {value / 100:g}"
    if key == "target_share" and 1 < value <= 100:
        return f"a share of one, not a percentage: write {value / 100:g}"
    if key == "target_rooms" and 0 < value < 1:
        return f"a share of the rooms is another key: write target_share = {value:g}"
    if key == "discount_rate" and 0.2 < value <= 20:
        return f"a share of one, not a percentage: write {value / 100:g}"
    if key == "live_prison_multiplier" and 0 <= value < 1:
        return f"a factor, not an addition: write {1 + value:g}"
    if key == "live_prison_multiplier" and 3 < value <= 300:
        return f"a factor, not a percentage: write {value / 100 if value >= 100 else 1 + value / 100:g}"
    if key in _WHOLE and isinstance(value, float) and value != round(value, 0) and abs(value) < 1e9:
        return f"a whole number: write {math.ceil(value):d}"
    return ""
