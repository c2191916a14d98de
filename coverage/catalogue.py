"""``catalogue.csv``: what can be bought, one row a model, read with every problem at once and written as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass

from quietwing.coverage.equipment import BandPower, MasCarrier, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.tables.cable_cells import cable_contradictions, cable_losses, cable_text
from quietwing.coverage.tables.rows import (
    Rows,
    cell_text,
    items_of,
    read_file,
    rows_of,
    text_of_rows,
)
from quietwing.sites import (
    PATTERNS,
    Findings,
    FreqMhz,
    build,
    did_you_mean,
    folded,
    path_of,
    plain_number,
    problems_text,
    shown,
)

__all__ = ["CATALOGUE_COLUMNS", "catalogue_text", "parse_catalogue", "read_catalogue"]

CATALOGUE_COLUMNS = (
    "model", "kind", "bands", "pattern", "gain_dbi", "emission", "sync_carriers_mhz", "mas_carriers", "head_end",
    "head_end_capacity", "construction", "unit_price_gbp", "install_gbp", "cable_gbp_per_m", "opex_gbp_per_year",
    "technology_life_years", "price_date", "price_source", "illustrative", "description",
)  # fmt: skip
# Written where a model feeds a cable: a catalogue without one stays as it was.
CABLE_COLUMNS = ("radiating_cable", "radiating_gbp_per_m", "longest_m")
# Written where a maker's figure is known: left out or blank, they are assumed.
STRAY_COLUMNS = ("out_of_band_dbc", "harmonics_dbc")
BUNDLED_NAME = "catalogue.csv"
MOST_MODELS = 1000
BAND_FORM = "name:low-high:power_dbm like B20:791-821:20"
CARRIER_FORM = "plmn@freq_mhz/bandwidth_mhz/technology like 234-30@798.5/5/LTE"

_BAND = re.compile(r"([^:]+):([^:-]+)-([^:]+):([^:]+)")
_CARRIER = re.compile(r"([^@/]+)@([^@/]+)/([^@/]+)/([^@/]+)")
_ROUNDING_MHZ = 1e-6  # a hertz, as the sum of centre and half a width may be off by that

LongText = Annotated[str, StringConstraints(max_length=50_000)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Lists:
    """Cells of a row that hold lists, still as text."""

    bands: LongText = ""
    sync_carriers_mhz: LongText = ""
    mas_carriers: LongText = ""
    radiating_cable: LongText = ""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _SyncCarrier:
    """One item of ``sync_carriers_mhz``."""

    freq_mhz: FreqMhz


def read_catalogue(path: str | Path | None = None) -> dict[str, Model]:
    """The models of a catalogue, by name, in the order of the file.

    Parameters
    ----------
    path : str, Path or None
        ``catalogue.csv``; None for the bundled UK-illustrative one, whose prices are no quotes.

    Returns
    -------
    dict of str to Model

    Raises
    ------
    ScenarioError
        With all problems of the file at once, ``file: row: what is wrong; what to do``.
    """
    if path is not None:
        path = path_of(path, "catalogue")
        return parse_catalogue(read_file(path, "catalogue"), path.name)
    return parse_catalogue(files("quietwing.coverage.tables").joinpath(BUNDLED_NAME).read_text("utf-8"), BUNDLED_NAME)


def parse_catalogue(text: str, file: str = BUNDLED_NAME) -> dict[str, Model]:
    """The models in a text. See `read_catalogue`."""
    findings = Findings()
    rows = rows_of(text, Model, (*CATALOGUE_COLUMNS, *CABLE_COLUMNS, *STRAY_COLUMNS), findings, file, MOST_MODELS)
    if not rows.rows and not findings.problems:
        findings.problem(file, "", "has a header and no models; add a row for each model, or leave the file out")
    models = _models(rows, findings, file)
    if findings.problems:
        raise ScenarioError(problems_text(tuple(findings.problems)))
    return {model.name: model for model in models}


def _models(rows: Rows, findings: Findings, file: str) -> list[Model]:
    """Every row that can be a model; what cannot is a problem."""
    models: list[Model] = []
    first: dict[str, str] = {}
    named = {str(row.get("model") or ""): str(row.get("kind") or "") for _, row in rows.rows}
    for where, raw in rows.rows:
        before = len(findings.problems)
        lists = _lists(raw, findings, file, where)
        plain = {name: value for name, value in raw.items() if name not in lists}
        model = build(Model, plain, findings, file, where, given=lists, ignore_unknown=True)
        if model is None:
            continue
        if folded(model.name) in first:
            findings.problem(
                file, where, f"model {shown(model.name)} stands twice (also {first[folded(model.name)]}); rename one"
            )
            continue
        first[folded(model.name)] = where
        if len(findings.problems) > before:
            continue
        for problem in (*_contradictions(model, named), *cable_contradictions(model)):
            findings.problem(file, where, problem)
        models.append(model)
    return models


def _lists(raw: Mapping[str, Any], findings: Findings, file: str, where: str) -> dict[str, tuple[Any, ...]]:
    """What the cells of a row that hold lists say; what is none is a problem."""
    cells = {item.name: raw.get(item.name) for item in fields(_Lists)}
    row = build(_Lists, cells, findings, file, where) or _Lists()
    return {
        "bands": tuple(_bands(row.bands, findings, file, where)),
        "sync_carriers_mhz": tuple(_sync_carriers(row.sync_carriers_mhz, findings, file, where)),
        "mas_carriers": tuple(_mas_carriers(row.mas_carriers, findings, file, where)),
        "radiating_cable": tuple(cable_losses(row.radiating_cable, findings, file, where)),
    }


def _bands(text: str, findings: Findings, file: str, where: str) -> list[BandPower]:
    found: list[BandPower] = []
    for item in items_of(text):
        match = _BAND.fullmatch(item)
        if match is None:
            findings.problem(file, where, f"bands has {shown(item)} (expected {BAND_FORM}); write it so")
            continue
        names = ("band", "low_mhz", "high_mhz", "power_dbm")
        raw = dict(zip(names, (part.strip() for part in match.groups()), strict=True))
        band = build(BandPower, raw, findings, file, f"{where}: bands {shown(item)}")
        if band is None:
            continue
        if band.low_mhz >= band.high_mhz:
            findings.problem(
                file, where, f"bands {shown(item)} ends below its start; write the lower edge first, then the upper"
            )
            continue
        for other in found:
            if other.band == band.band:
                findings.problem(file, where, f"bands names {shown(band.band)} twice; rename or remove one")
            elif band.low_mhz < other.high_mhz and other.low_mhz < band.high_mhz:
                findings.problem(
                    file,
                    where,
                    f"bands {shown(other.band)} and {shown(band.band)} overlap, so power would count twice; "
                    f"move an edge or join them",
                )
        found.append(band)
    return found


def _mas_carriers(text: str, findings: Findings, file: str, where: str) -> list[MasCarrier]:
    found: list[MasCarrier] = []
    for item in items_of(text):
        match = _CARRIER.fullmatch(item)
        if match is None:
            findings.problem(file, where, f"mas_carriers has {shown(item)} (expected {CARRIER_FORM}); write it so")
            continue
        names = ("plmn", "freq_mhz", "bandwidth_mhz", "technology")
        raw = dict(zip(names, (part.strip() for part in match.groups()), strict=True))
        carrier = build(MasCarrier, raw, findings, file, f"{where}: mas_carriers {shown(item)}")
        if carrier in found:
            findings.problem(file, where, f"mas_carriers has {shown(item)} twice; remove one")
        elif carrier is not None:
            found.append(carrier)
    return found


def _sync_carriers(text: str, findings: Findings, file: str, where: str) -> list[float]:
    found = []
    for item in items_of(text):
        if plain_number(item) is None:
            findings.problem(
                file,
                where,
                f"sync_carriers_mhz has {shown(item)} (expected centres in MHz like 796; 806); write it so",
            )
            continue
        carrier = build(_SyncCarrier, {"freq_mhz": item}, findings, file, f"{where}: sync_carriers_mhz")
        if carrier is not None:
            found.append(carrier.freq_mhz)
    return found


def _contradictions(model: Model, named: Mapping[str, str]) -> list[str]:
    """What a row says that cannot hold together, each with what to do."""
    problems = []
    radiates = model.kind in ("jammer", "mas")
    if model.pattern not in PATTERNS:
        problems.append(f"pattern {shown(model.pattern)} is unknown; {did_you_mean(model.pattern, PATTERNS)}")
    if radiates and not model.bands:
        problems.append(f"bands is missing (expected {BAND_FORM}); give the power in each band")
    if not radiates and model.bands:
        problems.append(f"a {model.kind} has bands; leave them out, or correct kind")
    if model.kind == "mas" and not model.mas_carriers:
        problems.append(f"mas_carriers is missing (expected {CARRIER_FORM}); list the cells this node offers")
    if model.kind != "mas" and model.mas_carriers:
        problems.append(f"a {model.kind} has mas_carriers; leave them out, or set kind to mas")
    if model.kind == "jammer" and model.emission == "sync" and not model.sync_carriers_mhz:
        problems.append("emission is sync without sync_carriers_mhz; list the carriers whose signals it sends on")
    if model.sync_carriers_mhz and not (model.kind == "jammer" and model.emission == "sync"):
        problems.append("sync_carriers_mhz is given but the row is no sync jammer; set emission to sync or empty it")
    if model.kind in ("mesh", "film") and not model.construction:
        problems.append("construction is missing; name what is put into the window, like mesh_12")
    if not radiates and (model.out_of_band_dbc is not None or model.harmonics_dbc is not None):
        problems.append(f"a {model.kind} has out_of_band_dbc or harmonics_dbc; leave them blank, or correct kind")
    if model.kind not in ("mesh", "film") and model.construction:
        problems.append(f"a {model.kind} has a construction; leave it out, or set kind to mesh or film")
    if model.kind == "head_end" and model.head_end_capacity < 1:
        problems.append("head_end_capacity is missing (expected 1 or more); say how many nodes one head-end feeds")
    if model.head_end and named.get(model.head_end) != "head_end":
        heads = [name for name, kind in named.items() if kind == "head_end"]
        problems.append(
            f"head_end {shown(model.head_end)} is no row of kind head_end; {did_you_mean(model.head_end, heads)}"
        )
    if not model.illustrative and (model.price_date is None or not model.price_source):
        problems.append(
            "illustrative is false without price_date and price_source; give date and reference of the quote"
        )
    for carrier in model.mas_carriers:
        half_mhz = carrier.bandwidth_mhz / 2
        if not _inside_a_band(model, carrier.freq_mhz - half_mhz, carrier.freq_mhz + half_mhz):
            problems.append(
                f"mas_carriers {shown(_carrier_text(carrier))} lies in none of its bands; "
                f"give bands that hold the whole carrier"
            )
    problems += [
        f"sync_carriers_mhz {freq_mhz:g} lies in none of its bands; give a band around it or remove it"
        for freq_mhz in model.sync_carriers_mhz
        if not _inside_a_band(model, freq_mhz, freq_mhz)
    ]
    return problems


def _inside_a_band(model: Model, low_mhz: float, high_mhz: float) -> bool:
    return any(
        band.low_mhz <= low_mhz + _ROUNDING_MHZ and high_mhz - _ROUNDING_MHZ <= band.high_mhz for band in model.bands
    )


def catalogue_text(models: Mapping[str, Model], comment: str = "") -> str:
    """A catalogue as text, `comment` above the header line by line; equal models give equal bytes."""
    heading = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    fed = any(model.radiating_cable for model in models.values())
    stated = any(getattr(model, name) is not None for model in models.values() for name in STRAY_COLUMNS)
    columns = (*CATALOGUE_COLUMNS, *(CABLE_COLUMNS if fed else ()), *(STRAY_COLUMNS if stated else ()))
    return heading + text_of_rows(columns, [_row_text(model, columns) for model in models.values()])


def _row_text(model: Model, columns: Sequence[str]) -> list[str]:
    texts = {name: cell_text(getattr(model, name, None)) for name in columns}
    texts["model"] = model.name
    texts["bands"] = "; ".join(
        f"{band.band}:{cell_text(band.low_mhz)}-{cell_text(band.high_mhz)}:{cell_text(band.power_dbm)}"
        for band in model.bands
    )
    texts["mas_carriers"] = "; ".join(_carrier_text(carrier) for carrier in model.mas_carriers)
    texts["sync_carriers_mhz"] = "; ".join(cell_text(freq_mhz) for freq_mhz in model.sync_carriers_mhz)
    texts["radiating_cable"] = cable_text(model.radiating_cable)
    return [texts[name] for name in columns]


def _carrier_text(carrier: MasCarrier) -> str:
    freq, width = cell_text(carrier.freq_mhz), cell_text(carrier.bandwidth_mhz)
    return f"{carrier.plmn}@{freq}/{width}/{carrier.technology}"
