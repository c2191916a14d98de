"""What is asked of a site: a TOML file whose keys are the fields of `Scenario`."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from quietwing.coverage.errors import ScenarioError

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
    try:
        return _ADAPTER.validate_python(raw | given, strict=False)
    except ValidationError as error:
        name = "scenario" if path is None else path.name
        problems = [_explain(name, where, dict(item)) for item in error.errors(include_url=False)]
        raise ScenarioError("\n".join(problems[:20])) from None


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


def _explain(name: str, where: dict[str, str], item: dict[str, Any]) -> str:
    key = str(item["loc"][0]) if item["loc"] else "?"
    place = f"option {key}" if key in where else f"{name}: {key}"
    if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = list(Scenario.__dataclass_fields__)
        near = difflib.get_close_matches(key, known, 1)
        advice = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"{place}: unknown setting; {advice}"
    return f"{place}: {item['msg']} (found {item['input']!r}); correct the value"
