"""What is asked of a site: a TOML file whose keys are the fields of `Scenario`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from quietwing.coverage.errors import ScenarioError
from quietwing.sites.errors import problems_text
from quietwing.sites.findings import clean, did_you_mean, shown

__all__ = ["Scenario", "TreatmentWish", "read_scenario", "scenario_schema"]

LARGEST_FILE_BYTES = 1 << 20


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TreatmentWish:
    """A mesh or film of the catalogue on every window of the rooms whose id matches one of the patterns."""

    model: Annotated[str, Field(min_length=1, max_length=80)]
    rooms: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Scenario:
    """One question to a site.

    Attributes
    ----------
    confidence : float
        The probability q a claim of silence must hold with: 0.5 to 0.999.
    grid_m : float
        Spacing of the maps' grid. [m]
    channels : tuple of str
        Only these channels (``EE/B20/LTE``); empty: every channel of the site's masts.
    seed : int
        Seed of every random draw.
    worlds : int
        Number of random worlds the verdict is judged on.
    search_margin : bool
        Whether a prisoner searches for the best spot (DESIGN §4); switching it off is printed.
    likely_capture : bool
        Whether capture through a higher-priority layer counts towards silence.
    spill_tier : {"strict", "standard", "service", "emergency"}
        The limit outside (DESIGN §4 "Spill").
    treatments : tuple of TreatmentWish
        Meshes and films on windows.
    """

    format: Annotated[int, Field(ge=1, le=1)] = 1
    confidence: Annotated[float, Field(ge=0.5, le=0.999, allow_inf_nan=False)] = 0.95
    grid_m: Annotated[float, Field(ge=0.1, le=5.0, allow_inf_nan=False)] = 0.5
    channels: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    worlds: Annotated[int, Field(ge=100, le=100_000)] = 1000
    search_margin: bool = True
    likely_capture: bool = False
    spill_tier: Literal["strict", "standard", "service", "emergency"] = "standard"
    treatments: tuple[TreatmentWish, ...] = ()


_ADAPTER: TypeAdapter[Scenario] = TypeAdapter(Scenario)


def scenario_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file."""
    return _ADAPTER.json_schema()


def read_scenario(path: Path | None, **overrides: object) -> Scenario:
    """A scenario from a file, single keys replaced by options of the command line.

    Parameters
    ----------
    path : Path or None
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
    raw: dict[str, object] = {} if path is None else _toml(path)
    given = {key: value for key, value in overrides.items() if value is not None}
    where = dict.fromkeys(given, "option")
    name = "scenario" if path is None else path.name
    merged = raw | given
    problems = [
        _place(name, where, key) + ": true and false are no numbers; write a number" for key in _flags(merged)
    ]
    try:
        scenario = _ADAPTER.validate_python(merged, strict=False)
    except ValidationError as error:
        problems += [_explain(name, where, dict(item)) for item in error.errors(include_url=False)]
    if problems:
        raise ScenarioError(problems_text(tuple(dict.fromkeys(problems))))
    return scenario


def _flags(raw: Mapping[str, object]) -> list[str]:
    """Keys that hold true or false and are no switch: pydantic would read them as 1 and 0."""
    switches = ("search_margin", "likely_capture")
    return [key for key, value in raw.items() if isinstance(value, bool) and key not in switches]


def _toml(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise ScenarioError(f"{path.name}: no such file; give an existing scenario TOML")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ScenarioError(f"{path.name}: larger than 1 MiB; a scenario is a few lines of TOML")
    try:
        return dict(tomllib.loads(path.read_bytes().decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise ScenarioError(f"{path.name}: not UTF-8 text; save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(f"{path.name}: not valid TOML: {error}; correct that line") from None


def _place(name: str, where: Mapping[str, str], key: str) -> str:
    return f"option {clean(key)}" if key in where else f"{clean(name)}: {clean(key)}"


def _explain(name: str, where: Mapping[str, str], item: Mapping[str, Any]) -> str:
    """A validation error of pydantic in our words: the whole way to the key, what was found, what to do."""
    loc = item["loc"]
    key = str(loc[0]) if loc else "?"
    place = _place(name, where, key)
    if len(loc) > 1:
        place += "".join(f" {part + 1}" if isinstance(part, int) else f", {clean(str(part))}" for part in loc[1:])
    nested = key == "treatments" and len(loc) > 2
    known = list((TreatmentWish if nested else Scenario).__dataclass_fields__)
    if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{place}: unknown setting; {did_you_mean(str(loc[-1]), known)}"
    if item["type"] in ("missing", "missing_argument"):
        return f"{place}: is missing; give it"
    value = item["input"]
    return f"{place}: {clean(item['msg'], 300)} (found {shown(value)}); {_advice(key, value)}"


def _advice(key: str, value: object) -> str:
    """What a wrong value was probably meant to be."""
    if isinstance(value, bool):
        return "write a number or text, not true or false"
    if key == "confidence" and isinstance(value, int | float) and 50 <= value <= 99.9:
        return f"a probability, not a percentage: write {value / 100:g}"
    if key == "spill_tier" and isinstance(value, str):
        return did_you_mean(value, ("strict", "standard", "service", "emergency"))
    if isinstance(value, str) and key in ("channels", "treatments"):
        return "write a list in square brackets"
    return "correct the value"
