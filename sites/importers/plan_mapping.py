"""What the layers, blocks, types and materials of a drawing stand for: proposed, kept as TOML, given again."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quietwing.sites.constructions import MATERIALS, load_constructions
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean, did_you_mean, shown
from quietwing.sites.importers.plan_openings import HEIGHTS_M
from quietwing.sites.toml_text import toml_of
from quietwing.sites.toml_values import toml_value

__all__ = [
    "BY_THICKNESS",
    "MAPPING_FILE",
    "ROLES",
    "USES",
    "PlanMapping",
    "Use",
    "by_thickness",
    "mapping_text",
    "parse_mapping",
    "proposed_use",
    "role_of_room",
]

MAPPING_FILE = "import-mapping.toml"
MOST_ENTRIES = 5000
USES = ("walls", "doors", "windows", "rooms", "outline", "voids", "ignore")
ROLES = ("silence", "keep", "ignore")
BY_THICKNESS = "by thickness"
# What a wall is taken for by what it measures between its faces: up to how thick, and what; assumed. [m]
_THICKNESS = {
    BY_THICKNESS: (
        (0.13, "stud_partition"), (0.18, "concrete_150"), (0.26, "brick_215"), (0.40, "brick_330"),
        (9.9, "brick_457"),
    ),
    f"concrete {BY_THICKNESS}": (
        (0.125, "concrete_100"), (0.175, "concrete_150"), (0.225, "concrete_200"), (9.9, "concrete_250"),
    ),
    f"brick {BY_THICKNESS}": (
        (0.16, "brick_102"), (0.27, "brick_215"), (0.39, "brick_330"), (0.53, "brick_457"), (9.9, "brick_600"),
    ),
}  # fmt: skip
# Words of names of layers in the languages plans come in, and what they stand for; first match rules; assumed.
_NOISE = (
    r"furn|möbel|mobel|meubl|plant|tree|equip|text|txt|dim|anno|title|hatch$|grid|axis|sanit|^san$|kitchen|elec|light|"
    r"hvac|duct|pipe|ceil|defpoints|viewport|logo|people|car\b|stair|treppe|lift|elevator"
)
_WORDS = (
    (_NOISE, "ignore", "open"),
    (r"door|tür|tuer|porte|puerta|porta", "doors", "timber_door"),
    (r"window|wind|glaz|glass|fenster|fenêtre|fenetre|vent(ana)?\b|curtain", "windows", "glass_double"),
    (r"room|space|raum|zone|area|nrf|cell", "rooms", "open"),
    (r"outline|footprint|umriss|building", "outline", "open"),
    (r"void|atrium|opening", "voids", "open"),
    (r"concr|beton|column|colonne|pillar|stütz|stuetz|struct|hormig", "walls", f"concrete {BY_THICKNESS}"),
    (r"plaster|gyps|gips|drywall|stud|partition|trennwand|cloison", "walls", "stud_partition"),
    (r"brick|ziegel|mason|mauerwerk|brique", "walls", f"brick {BY_THICKNESS}"),
    (r"wall|wand|wände|waende|mur|muro|parede|parete", "walls", BY_THICKNESS),
)
_SILENT_NOT = r"stair|treppe|lift|elevator|shaft|schacht|riser|plant room|void|inaccessible|roof|escalier"


@dataclass(frozen=True, slots=True)
class Use:
    """What a layer or block stands for, and what it is made of."""

    use: str
    construction: str = "open"


@dataclass(frozen=True, slots=True)
class PlanMapping:
    """All of a mapping file. `given` names the entries a person wrote; others are proposals of this import."""

    unit: str = ""
    storey_height_m: float | None = None
    role: str = "silence"
    single_wall_m: float = 0.1
    gap_m: float = 0.05
    floor: str = "concrete_200"
    roof: str = "foil_roof"
    fence_m: float = 40.0
    heights_m: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(HEIGHTS_M))
    layers: Mapping[str, Use] = field(default_factory=dict)
    blocks: Mapping[str, Use] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    materials: Mapping[str, str] = field(default_factory=dict)

    def layer(self, name: str) -> Use:
        """What a layer stands for: as given, else as proposed by its name."""
        return self.layers.get(name) or proposed_use(name)

    def block(self, name: str) -> Use | None:
        """What a block stands for, if that is given or its name says so."""
        if name in self.blocks:
            return self.blocks[name]
        use = proposed_use(name)
        return use if use.use in ("doors", "windows") else None

    def with_entries(
        self,
        layers: Mapping[str, Use],
        blocks: Mapping[str, Use],
        types: Mapping[str, str],
        materials: Mapping[str, str],
    ) -> PlanMapping:
        """The same mapping with what this import used, so that the file shows all of it."""
        return replace(
            self,
            layers={**layers, **self.layers},
            blocks={**blocks, **self.blocks},
            types={**types, **self.types},
            materials={**materials, **self.materials},
        )


def proposed_use(name: str) -> Use:
    """What a layer or block is by its name alone; unknown names are ignored, and the report lists them."""
    folded = name.casefold()
    for pattern, use, construction in _WORDS:
        if re.search(pattern, folded):
            return Use(use, construction)
    return Use("ignore")


def by_thickness(construction: str, thickness_m: float) -> str:
    """The construction itself, or the usual one of that thickness where it goes by thickness."""
    steps = _THICKNESS.get(construction)
    return construction if steps is None else next(name for most_m, name in steps if thickness_m <= most_m)


def role_of_room(name: str, usual: str) -> str:
    """The usual role, unless nobody stays there: stairs, lifts, shafts."""
    return "ignore" if re.search(_SILENT_NOT, name.casefold()) else usual


def parse_mapping(text: str, file: str) -> PlanMapping:
    """A mapping as a person wrote it.

    Parameters
    ----------
    text : str
        TOML.
    file : str
        Its name, for the messages.

    Returns
    -------
    PlanMapping

    Raises
    ------
    SiteError
        With all that is wrong with it.
    """
    label = clean(file)
    try:
        loaded = toml_of(text)
    except Unreadable as error:
        raise SiteError(f"{label}: {error}") from None
    problems: list[str] = []
    known = load_constructions()

    def one(section: str, name: str, value: Any, choices: tuple[str, ...] | Mapping[str, Any]) -> str:
        if isinstance(value, str) and value in choices:
            return value
        problems.append(
            f"{label}: {section}: {shown(name)} is {shown(value)}; {did_you_mean(str(value), list(choices))}"
        )
        return "open"

    def number(name: str, least: float, most: float, usual: float) -> float:
        value = loaded.pop(name, usual)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        problems.append(
            f"{label}: {name} is {shown(value)} (expected a number from {least:g} to {most:g}); correct it"
        )
        return usual

    def section(name: str) -> dict[str, Any]:
        value = loaded.pop(name, {})
        if isinstance(value, dict) and len(value) <= MOST_ENTRIES:
            return value
        problems.append(f"{label}: {name} is {shown(value)} (expected a table); write [{name}]")
        return {}

    constructions = {**known, **dict.fromkeys(_THICKNESS)}

    def uses(name: str) -> dict[str, Use]:
        made = {}
        for layer, entry in section(name).items():
            if not isinstance(entry, dict) or set(entry) - {"as", "construction"}:
                example = '{as = "walls", construction = "brick_215"}'
                problems.append(f"{label}: {name}: {shown(layer)} is {shown(entry)}; write {example}")
                continue
            use = one(name, layer, entry.get("as"), USES)
            made[layer] = Use(use, one(name, layer, entry.get("construction", "open"), constructions))
        return made

    fields: dict[str, Any] = {}
    loaded.pop("format", None)
    loaded.pop("source", None)
    unit = loaded.pop("unit", "")
    fields["unit"] = unit if isinstance(unit, str) else one("unit", "unit", unit, ())
    height = loaded.pop("storey_height_m", None)
    if height is not None:
        loaded["storey_height_m"] = height
        fields["storey_height_m"] = number("storey_height_m", 1.8, 20, 3.0)
    fields["single_wall_m"] = number("single_wall_m", 0.01, 1, 0.1)
    fields["gap_m"] = number("gap_m", 0, 0.5, 0.05)
    fields["fence_m"] = number("fence_m", 1, 1000, 40)
    fields["role"] = one("role", "role", loaded.pop("role", "silence"), ROLES)
    for name, usual in (("floor", "concrete_200"), ("roof", "foil_roof")):
        fields[name] = one(name, name, loaded.pop(name, usual), known)
    fields["layers"], fields["blocks"] = uses("layers"), uses("blocks")
    fields["types"] = {
        name: one("types", name, value, {**constructions, "by layers": None})
        for name, value in section("types").items()
    }
    fields["materials"] = {
        name: one("materials", name, value, MATERIALS) for name, value in section("materials").items()
    }
    heights = dict(HEIGHTS_M)
    for kind, value in section("heights_m").items():
        pair = value if isinstance(value, list) else []
        if (
            kind in heights
            and len(pair) == 2
            and all(isinstance(v, int | float) for v in pair)
            and 0 <= pair[0] < pair[1] <= 20
        ):
            heights[kind] = (float(pair[0]), float(pair[1]))
        else:
            problems.append(
                f"{label}: heights_m: {shown(kind)} is {shown(value)}; write window = [1.0, 2.2], sill and head"
            )
    fields["heights_m"] = heights
    expected = [item.name for item in dataclasses.fields(PlanMapping)]
    problems += [f"{label}: unknown key {shown(key)}; {did_you_mean(key, expected)}" for key in list(loaded)[:20]]
    if problems:
        raise SiteError(problems)
    return PlanMapping(**fields)


def mapping_text(mapping: PlanMapping, source: str) -> str:
    """A mapping as a person may change it and give it again."""
    lines = [
        f"# How {clean(source)} was read. Change it and import again:",
        "# quietwing import FILE -o SITE --overwrite --mapping THIS",
        f"# as: {', '.join(USES)}. construction: a name of docs/formats.md, or {BY_THICKNESS!r}.",
        "format = 1",
        f"source = {toml_value(clean(source))}",
    ]
    if mapping.unit:
        lines.append(f"unit = {toml_value(mapping.unit)}")
    if mapping.storey_height_m is not None:
        lines.append(f"storey_height_m = {toml_value(mapping.storey_height_m)}")
    for name in ("single_wall_m", "gap_m", "fence_m", "role", "floor", "roof"):
        lines.append(f"{name} = {toml_value(getattr(mapping, name))}")
    lines += ["", "[heights_m]  # sill and head above the floor"]
    lines += [f"{kind} = [{low:g}, {high:g}]" for kind, (low, high) in mapping.heights_m.items()]
    for section in ("layers", "blocks"):
        entries: Mapping[str, Use] = getattr(mapping, section)
        if entries:
            lines += ["", f"[{section}]"]
            for name, use in sorted(entries.items()):
                made = "" if use.construction == "open" else f", construction = {toml_value(use.construction)}"
                lines.append(f"{toml_value(name)} = {{as = {toml_value(use.use)}{made}}}")
    for section in ("types", "materials"):
        named: Mapping[str, str] = getattr(mapping, section)
        if named:
            lines += ["", f"[{section}]", *(f"{toml_value(k)} = {toml_value(v)}" for k, v in sorted(named.items()))]
    return "\n".join(lines) + "\n"
