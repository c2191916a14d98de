"""Make docs/assumptions.md: prose of docs/assumptions.template, tables from data files, constants from the code.

``uv run python -P docs/make_assumptions.py`` writes the page. Constants are found by name in the text of the folders
``coverage`` and ``sites``, so that a module may move; ``module.NAME`` tells two of one name apart.
"""

from __future__ import annotations

import ast
import csv
import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from quietwing.coverage.scenario import Scenario

ROOT = Path(__file__).parents[1]
TEMPLATE, PAGE = ROOT / "docs" / "assumptions.template", ROOT / "docs" / "assumptions.md"
RULES = ROOT / "coverage" / "tables" / "rules.toml"


@dataclass(frozen=True)
class Constant:
    """A constant of a module, in a file as ``NAME = value  # why``."""

    module: str
    name: str
    value: str
    why: str


def constants() -> tuple[Constant, ...]:
    """Every constant of a module with the comment beside or above it, in the order of files and lines."""
    found = []
    for path in sorted(path for folder in ("coverage", "sites") for path in (ROOT / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if (
                not isinstance(node, ast.Assign | ast.AnnAssign)
                or node.value is None
                or node.end_lineno != node.lineno
            ):
                continue
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            names = [part.id for part in getattr(target, "elts", [target]) if isinstance(part, ast.Name)]
            if names and names[0].isupper():
                written = lines[node.lineno - 1].encode()[node.value.col_offset : node.value.end_col_offset].decode()
                value = _said(node.value, written)
                found.append(Constant(path.stem, ", ".join(names), value, _why(lines, node.lineno - 1)))
    return tuple(found)


def _why(lines: Sequence[str], at: int) -> str:
    """The comment beside a line, else the one right above it."""
    if "#" in lines[at]:
        return lines[at].split("#", 1)[1].strip()
    first = at
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return " ".join(line.lstrip("# ").strip() for line in lines[first:at])


def page() -> str:
    """The page as it stands in the repository."""
    known = constants()
    template = TEMPLATE.read_text("utf-8")
    used: set[Constant] = set()

    def constant(name: str) -> Constant:
        module, _, last = name.rpartition(".")
        hits = [item for item in known if item.name.split(", ")[0] == last and module in ("", item.module)]
        if len(hits) != 1:
            raise SystemExit(f"{TEMPLATE.name}: {name} names {len(hits)} constants, expected 1; say module.NAME")
        used.add(hits[0])
        return hits[0]

    def filled(match: re.Match[str]) -> str:
        word, *rest = match[1].split()
        if word == "table":
            return TABLES[rest[0]]()
        if word == "rings":
            return _rings()
        if word == "rules":
            return clean(_figure(tomllib.loads(RULES.read_text("utf-8")), rest[0]))
        if word == "constants":
            rows = [constant(name) for name in rest] if rest != ["other"] else _others(known, used)
            return table(("constant", "value", "what it is"), [(f"`{row.name}`", row.value, row.why) for row in rows])
        if word == "percent":
            return f"{clean(float(constant(rest[0]).value) * 100)} %"
        if word.startswith("scenario."):
            return clean(getattr(Scenario(), word.removeprefix("scenario.")))
        return constant(word).value

    made, _ = re.subn(r"\{\{([^{}]+)\}\}", filled, template)
    return made


def _others(known: Sequence[Constant], used: set[Constant]) -> list[Constant]:
    """Constants that the code marks assumed and that no entry names, by name: a module may move."""
    left = [item for item in known if "assumed" in item.why and item not in used and re.search(r"\d", item.value)]
    return sorted(left, key=lambda item: (item.name.lstrip("_"), item.module))


def _said(node: ast.expr, text: str) -> str:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return f"`{text}`"
    return ", ".join(clean(part) for part in value) if isinstance(value, tuple) else clean(value)


def clean(value: Any) -> str:
    """A value as the page says it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isinf(value):
        return "no limit" if value < 0 else "noise alone"
    if isinstance(value, int | float):
        return format(Decimal(f"{value:.10g}"), "f").replace("-", "−")
    return str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(part).replace("|", "\\|") for part in line) + " |" for line in lines)


def _number(text: str) -> str:
    return text.replace("-", "−") if re.fullmatch(r"-?\d+(\.\d+)?(e\d+)?", text) else text


def _csv(path: str, columns: Sequence[str] = ()) -> str:
    """The rows of a CSV file whose comments begin with ``#``."""
    lines = [line for line in (ROOT / path).read_text("utf-8").splitlines() if line and not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    names = columns or tuple(rows[0])
    return f"From `{path}`:\n\n" + table(names, [[_number(row[name]) or "–" for name in names] for row in rows])


def _figure(rules: dict[str, Any], key: str) -> Any:
    for part in key.split("."):
        rules = rules[part]
    return rules["value"]


def _rules(*keys: str) -> str:
    """Figures of the rules file with their sources, below each of these keys."""
    rules, rows = tomllib.loads(RULES.read_text("utf-8")), []

    def walk(key: str, entry: Any) -> None:
        if isinstance(entry, dict) and "value" in entry:
            rows.append((f"`{key}`", clean(entry["value"]), entry["source"]))
        elif isinstance(entry, dict):
            for name, part in entry.items():
                walk(f"{key}.{name}", part)
        else:
            rows.append((f"`{key}`", clean(entry), "–"))

    for key in keys:
        walk(key, rules[key])
    return "From `coverage/tables/rules.toml`:\n\n" + table(("rule", "value", "source"), rows)


def _constructions() -> str:
    path = "sites/tables/constructions.toml"
    rows = []
    for name, entry in tomllib.loads((ROOT / path).read_text("utf-8")).items():
        mark = "assumed" if entry.get("assumed") else "source"
        rows.append((f"`{name}`", entry.get("description", ""), _made_of(entry), mark, entry.get("source", "–")))
    return f"From `{path}`:\n\n" + table(("name", "what it is", "made of", "mark", "source"), rows)


def _made_of(entry: dict[str, Any]) -> str:
    if "layers" in entry:
        text = " + ".join(f"{layer['material']} {clean(layer['thickness_mm'])} mm" for layer in entry["layers"])
    elif "mesh_pitch_mm" in entry:
        wire = f"wire {clean(2 * entry['mesh_wire_radius_mm'])} mm"
        text = f"pitch {clean(entry['mesh_pitch_mm'])} mm, {wire}" + (
            "" if entry.get("mesh_bonded", True) else ", unbonded"
        )
    elif "loss_intercept_db" in entry:
        slope = entry.get("loss_slope_db_per_ghz", 0)
        text = f"{clean(entry['loss_intercept_db'])} dB" + (f" + {clean(slope)} dB/GHz" if slope else "")
    else:
        text = "nothing"
    return text + (f", at most {clean(entry['max_loss_db'])} dB" if "max_loss_db" in entry else "")


def _rings() -> str:
    for path in sorted((ROOT / "coverage").rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RINGS":
                calls = [part for part in getattr(node.value, "elts", []) if isinstance(part, ast.Call)]
                rows = [[clean(ast.literal_eval(arg)) for arg in (call.args[0], call.args[3])] for call in calls]
                return table(("ring", "a point every [m]"), rows)
    raise SystemExit("no RINGS in coverage/; say where the rings outside are named now")


TABLES = {
    "antennas": lambda: _csv("coverage/propagation/tables/antennas.csv"),
    "arrays": lambda: _csv("coverage/propagation/tables/arrays.csv"),
    "materials": lambda: _csv("coverage/propagation/tables/materials.csv"),
    "shadowing": lambda: _csv("coverage/propagation/tables/shadowing.csv"),
    "short_range": lambda: _csv("coverage/propagation/tables/short_range.csv"),
    "bands": lambda: _csv(
        "sites/tables/bands.csv",
        ("band", "duplex", "downlink_low_mhz", "downlink_high_mhz", "duplex_mhz", "ssb_khz", "nr_widths_mhz"),
    ),
    "macro": lambda: _csv("sites/tables/macro_defaults.csv"),
    "networks": lambda: _csv(
        "sites/tables/uk_networks_2026.csv",
        (
            "operator",
            "plmn",
            "band",
            "technology",
            "freq_mhz",
            "bandwidth_mhz",
            "campable",
            "as_of",
            "mark",
        ),
    ),
    "thresholds": lambda: _csv("coverage/blocking/tables/thresholds.csv"),
    "protected": lambda: _csv("coverage/blocking/tables/protected.csv"),
    "routes": lambda: _csv("coverage/blocking/tables/uncovered_routes.csv"),
    "catalogue": lambda: _csv(
        "coverage/tables/catalogue.csv",
        (
            "model",
            "kind",
            "gain_dbi",
            "emission",
            "unit_price_gbp",
            "install_gbp",
            "opex_gbp_per_year",
            "technology_life_years",
            "price_date",
            "illustrative",
        ),
    ),
    "constructions": _constructions,
    "errors": lambda: _rules("errors"),
    "phone": lambda: _rules("phone"),
    "grades": lambda: _rules("grades"),
    "tiers": lambda: _rules("outside", "tiers"),
}


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8", newline="\n")
