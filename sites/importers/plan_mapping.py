"""What the layers, blocks, types and materials of a drawing stand for: proposed, kept as TOML, given again."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quietwing.sites.constructions import MATERIALS, load_constructions
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean, did_you_mean, shown
from quietwing.sites.importers.plan_openings import HEIGHTS_M
from quietwing.sites.toml_text import toml_of
from quietwing.sites.toml_values import toml_value

__all__ = [
    "BY_LAYERS",
    "BY_THICKNESS",
    "MAPPING_FILE",
    "ROLES",
    "THICKNESSES",
    "USES",
    "PlanMapping",
    "Use",
    "by_thickness",
    "is_noise",
    "mapping_text",
    "parse_mapping",
    "proposed_use",
    "role_of_room",
    "storey_number",
]

MAPPING_FILE = "import-mapping.toml"
MOST_ENTRIES = 5000
USES = ("walls", "doors", "windows", "rooms", "outline", "voids", "ignore")
ROLES = ("silence", "keep", "ignore")
BY_THICKNESS, BY_LAYERS = "by thickness", "by layers"
# What a wall is taken for by what it measures between its faces: up to how thick, and what; assumed. [m]
THICKNESSES = {
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
    (r"door|tür|tuer|porte(?!ur)|puerta|porta(?!l)", "doors", "timber_door"),
    (r"window|wind|glaz|glass|fenster|fenêtre|fenetre|vent(ana)?\b|curtain", "windows", "glass_double"),
    (r"room|space|raum|zone|area|nrf|cell|pi[èe]ces?\b", "rooms", "open"),
    (r"outline|footprint|umriss|building", "outline", "open"),
    (r"void|atrium|opening", "voids", "open"),
    (r"concr|beton|column|colonne|pillar|stütz|stuetz|struct|hormig", "walls", f"concrete {BY_THICKNESS}"),
    (r"plaster|gyps|gips|drywall|stud|partition|trennwand|cloison", "walls", "stud_partition"),
    (r"brick|ziegel|mason|mauerwerk|brique", "walls", f"brick {BY_THICKNESS}"),
    (r"wall|wand|wände|waende|mur|muro|parede|parete", "walls", BY_THICKNESS),
)
_SILENT_NOT = r"stair|treppe|lift|elevator|shaft|schacht|riser|plant room|void|inaccessible|roof|escalier"


# Names of storeys, as titles and layers write them; the number found, a fixed one, or the one of an ordinal; assumed.
_FLOOR = r"(?:floor|storey|story|level|geschoss|stock(?:werk)?|[ée]tage)"
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "erstes": 1, "zweites": 2, "drittes": 3,
    "erster": 1, "zweiter": 2, "dritter": 3, "premier": 1, "deuxième": 2, "troisième": 3,
}  # fmt: skip
_MEASURE = re.compile(r"\d+(?:[.,]\d+| ?(?:[mc]?m|kg|x ?\d+)\b)")  # or a height or date
# After a number: so many parts of a floor, or a house of so many floors.
_NO_STOREY = r"(?! (?:angles?|brackets?|boxes|buildings?|blocks?|houses?)\b)"
_BELOW = re.compile(
    r"\b(?:(\d) ?(?:ug|untergeschoss)|(?:level|lvl|floor|storey|niveau|ebene|[ée]tage) minus (\d)|basement (\d))\b"
)
_STOREYS = (
    (
        re.compile(
            r"\b(?:lower ground|lgf?|basement|cellar|keller|kellergeschoss|untergeschoss|sous sol|"
            r"ug(?! (?:cable|pipe|drain|duct|service|tank)s?\b)|kg(?! ?(?:m[23²³]?\b|\d{3})))\b"
        ),
        -1,
    ),
    (
        re.compile(
            r"\b(?:gf|eg(?!&)|erdgeschoss|rdc|rez de chauss[ée]e|"
            r"ground(?! (?:beams?|rods?|bus|works?|slabs?|water|lines?|cables?|conductors?|anchors?)\b))\b"
        ),
        0,
    ),
    (re.compile(r"\bff\b(?!&| ?level| ?[+\d#])"), 1),  # and no height of a finished floor
    (
        re.compile(r"\b(?:dachgeschoss|(?:dg|attic|loft|combles)(?! (?:insulation|hatch|ladder|units?|perdus)\b))\b"),
        90,
    ),
    (re.compile(r"\b(\d{1,2}) ?(?:og|obergeschoss)\b"), None),
    (
        re.compile(
            rf"\b(?:og|obergeschoss|l|lvl|level|floor|storey|niveau|ebene|[ée]tage|r\+) ?(\d{{1,2}})\b{_NO_STOREY}"
        ),
        None,
    ),
    (re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|e|[èe]me|[èe]re)? {_FLOOR}\b{_NO_STOREY}"), None),
)
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)}) (?:ober)?{_FLOOR}\b")


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


def storey_number(text: str) -> int | None:
    """The storey that a title or the name of a layer tells, 0 the ground floor; nothing where it tells none."""
    said = _MEASURE.sub("#", text.casefold()[:400])
    said = re.sub(r"(?<= )[-−](?=\d)", "minus ", said)
    said = re.sub(r"[\s_\-.$|/]+", " ", said)[:200]
    if below := _BELOW.search(said):
        return -int(below[1] or below[2] or below[3])
    ordinal = _ORDINAL.search(said)
    if ordinal:
        return _ORDINALS[ordinal[1]]
    for pattern, number in _STOREYS:
        found = pattern.search(said)
        if found:
            return int(found[1]) if number is None else number
    return None


def is_noise(mapping: PlanMapping, name: str) -> bool:
    """Whether a layer is known to hold nothing of the building, so that not even its blocks are looked into."""
    given = mapping.layers.get(name)
    return given.use == "ignore" if given is not None else bool(re.search(_NOISE, name.casefold()))


def by_thickness(construction: str, thickness_m: float) -> str:
    """The construction itself, or the usual one of that thickness where it goes by thickness."""
    steps = THICKNESSES.get(construction)
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
        taken = _Taken(label, toml_of(text))
    except Unreadable as error:
        raise SiteError(f"{label}: {error}") from None
    known = load_constructions()
    constructions = {**known, **dict.fromkeys(THICKNESSES)}
    taken.loaded.pop("format", None)
    taken.loaded.pop("source", None)
    unit = taken.loaded.pop("unit", "")
    fields: dict[str, Any] = {
        "unit": unit if isinstance(unit, str) else taken.word("unit", "unit", unit, ()),
        "single_wall_m": taken.number("single_wall_m", 0.01, 1, 0.1),
        "gap_m": taken.number("gap_m", 0, 0.5, 0.05),
        "fence_m": taken.number("fence_m", 1, 1000, 40),
        "role": taken.word("role", "role", taken.loaded.pop("role", "silence"), ROLES),
        "layers": taken.uses("layers", constructions),
        "blocks": taken.uses("blocks", constructions),
        "types": taken.words("types", {**constructions, BY_LAYERS: None}),
        "materials": taken.words("materials", MATERIALS),
        "heights_m": taken.heights(),
    }
    if "storey_height_m" in taken.loaded:
        fields["storey_height_m"] = taken.number("storey_height_m", 1.8, 20, 3.0)
    for name, usual in (("floor", "concrete_200"), ("roof", "foil_roof")):
        fields[name] = taken.word(name, name, taken.loaded.pop(name, usual), known)
    expected = [item.name for item in dataclasses.fields(PlanMapping)]
    for key in list(taken.loaded)[:20]:
        taken.problems.append(f"{label}: unknown key {shown(key)}; {did_you_mean(key, expected)}")
    if taken.problems:
        raise SiteError(taken.problems)
    return PlanMapping(**fields)


@dataclass(slots=True)
class _Taken:
    """The tables of a mapping file while they are taken out of it, with what is wrong with them."""

    label: str
    loaded: dict[str, Any]
    problems: list[str] = field(default_factory=list)

    def word(self, section: str, name: str, value: Any, choices: Collection[str]) -> str:
        """One of some words."""
        if isinstance(value, str) and value in choices:
            return value
        advice = did_you_mean(str(value), list(choices))
        self.problems.append(f"{self.label}: {section}: {shown(name)} is {shown(value)}; {advice}")
        return "open"

    def number(self, name: str, least: float, most: float, usual: float) -> float:
        """A number within a range."""
        value = self.loaded.pop(name, usual)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        expected = f"expected a number from {least:g} to {most:g}"
        self.problems.append(f"{self.label}: {name} is {shown(value)} ({expected}); correct it")
        return usual

    def section(self, name: str) -> dict[str, Any]:
        """One of the tables."""
        value = self.loaded.pop(name, {})
        if isinstance(value, dict) and len(value) <= MOST_ENTRIES:
            return value
        self.problems.append(f"{self.label}: {name} is {shown(value)} (expected a table); write [{name}]")
        return {}

    def uses(self, name: str, constructions: Collection[str]) -> dict[str, Use]:
        """What layers or blocks stand for."""
        made = {}
        for layer, entry in self.section(name).items():
            if not isinstance(entry, dict) or set(entry) - {"as", "construction"}:
                example = '{as = "walls", construction = "brick_215"}'
                self.problems.append(f"{self.label}: {name}: {shown(layer)} is {shown(entry)}; write {example}")
                continue
            use = self.word(name, layer, entry.get("as"), USES)
            made[layer] = Use(use, self.word(name, layer, entry.get("construction", "open"), constructions))
        return made

    def words(self, name: str, choices: Collection[str]) -> dict[str, str]:
        """What types or materials stand for."""
        return {key: self.word(name, key, value, choices) for key, value in self.section(name).items()}

    def heights(self) -> dict[str, tuple[float, float]]:
        """Sill and head of each kind of opening. [m]"""
        made = dict(HEIGHTS_M)
        for kind, value in self.section("heights_m").items():
            pair = value if isinstance(value, list) else []
            numbers = [one for one in pair if isinstance(one, int | float) and not isinstance(one, bool)]
            if kind in made and len(pair) == len(numbers) == 2 and 0 <= numbers[0] < numbers[1] <= 20:
                made[kind] = (float(numbers[0]), float(numbers[1]))
            else:
                said = "write window = [1.0, 2.2], sill and head"
                self.problems.append(f"{self.label}: heights_m: {shown(kind)} is {shown(value)}; {said}")
        return made


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
