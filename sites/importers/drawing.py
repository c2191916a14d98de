"""A drawing becomes the files of a site: what runs in the child process for every kind of drawing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from quietwing.sites.errors import SiteError, UnmappedDrawingError
from quietwing.sites.files import site_texts
from quietwing.sites.findings import Unreadable, clean
from quietwing.sites.importers import dxf, ifc, indoor, pdf
from quietwing.sites.importers.plan_mapping import MAPPING_FILE, PlanMapping, mapping_text, parse_mapping
from quietwing.sites.importers.plan_parts import Report, StoreyPlan
from quietwing.sites.importers.plan_site import SiteFrame, site_of
from quietwing.sites.importers.plan_storey import Drawn, storey_of

__all__ = ["REPORT_CSV", "REPORT_MD", "read_files", "site_files"]

REPORT_CSV, REPORT_MD = (f"import-report.{ending}" for ending in ("csv", "md"))
STOREY_HEIGHT_M = 3.0  # assumed where a drawing gives none
_MD_ROWS = 300


def read_files(paths: Sequence[str], kind: str, choices: Mapping[str, Any]) -> dict[str, Any]:
    """What runs in the child process: `site_files`, or why no building was found, with the mapping to change."""
    try:
        return site_files(paths, kind, choices)
    except UnmappedDrawingError as error:
        return {"unmapped": list(error.problems), "mapping": error.mapping}


def site_files(paths: Sequence[str], kind: str, choices: Mapping[str, Any]) -> dict[str, Any]:
    """The files of the site a drawing shows, and those that tell how it was read.

    Parameters
    ----------
    paths : sequence of str
    kind : str
        ``dxf``, ``ifc``, ``indoor`` or ``pdf``.
    choices : mapping
        ``mapping`` and ``mapping_name`` (a mapping file), ``unit``, ``scale``, ``storey_height_m``, ``page``,
        ``name``, ``crs``, ``today``.

    Returns
    -------
    dict
        ``texts`` of the site and ``beside`` by file name, and ``counts``.

    Raises
    ------
    SiteError
        With what forbids it; `UnmappedDrawingError` where another mapping may help.
    """
    mapping = PlanMapping()
    if choices.get("mapping") is not None:
        mapping = parse_mapping(choices["mapping"], choices.get("mapping_name") or MAPPING_FILE)
    if choices.get("unit"):
        mapping = replace(mapping, unit=choices["unit"])
    if choices.get("storey_height_m") is not None:
        mapping = replace(mapping, storey_height_m=float(choices["storey_height_m"]))
    report = Report()
    source = ", ".join(os.path.basename(path) for path in paths)
    frame = SiteFrame(
        name=str(choices.get("name") or "imported"),
        source=source,
        crs=str(choices.get("crs") or "local"),
        as_of=dt.date.fromisoformat(choices["today"]),
    )
    try:
        storeys, mapping, frame, constructions = _READERS[kind](paths, mapping, frame, choices, report)
        notes = (
            f"imported from {clean(source, 80)}: what was guessed is in {REPORT_CSV}; check it against the place",
        )
        try:
            site = site_of(storeys, mapping, frame, report, constructions, notes)
        except SiteError as error:
            raise UnmappedDrawingError(error.problems, mapping_text(mapping, source)) from None
        texts = site_texts(site)
    except Unreadable as error:
        raise SiteError(f"{clean(source)}: {error}") from None
    except SiteError:
        raise
    except ValueError as error:  # a name or number the model refuses
        raise SiteError(
            f"{clean(source)}: {clean(' '.join(str(error).split()), 200)}; correct the drawing or its mapping"
        ) from None
    beside = {
        MAPPING_FILE: mapping_text(mapping, source),
        REPORT_CSV: _report_csv(report),
        REPORT_MD: _report_md(report, source),
    }
    return {"texts": texts, "beside": beside, "counts": report.counts}


Read = tuple[list[StoreyPlan], PlanMapping, SiteFrame, Sequence[Any]]


def _from_dxf(
    paths: Sequence[str], mapping: PlanMapping, frame: SiteFrame, choices: Mapping[str, Any], report: Report
) -> Read:
    drawn, mapping = dxf.drawn_storeys(paths, mapping, report)
    mapping = _with_height(mapping, report)
    return _storeys(drawn, mapping, report), mapping, frame, ()


def _from_indoor(
    paths: Sequence[str], mapping: PlanMapping, frame: SiteFrame, choices: Mapping[str, Any], report: Report
) -> Read:
    picture = _of_a_picture(str(choices.get("scale") or ""), clean(os.path.basename(paths[0])))
    drawn, mapping, crs = indoor.drawn_levels(paths, str(choices.get("crs") or ""), mapping, report, picture)
    mapping = _with_height(mapping, report)
    return _storeys(drawn, mapping, report), mapping, replace(frame, crs=crs), ()


def _of_a_picture(scale: str, label: str) -> Any:
    """What turns pixels of a picture, y downwards, into metres; nothing without a scale."""
    if not scale:
        return None
    metres = pdf.two_point_scale(scale, label, "px")
    if metres is None:
        raise SiteError(
            f"{label}: --scale {clean(scale, 40)!r} is none of a picture; give two points in px and the metres "
            "between them: --scale 'x,y x,y 12.5'"
        )
    return lambda xy: xy * np.array([metres, -metres])


def _from_pdf(
    paths: Sequence[str], mapping: PlanMapping, frame: SiteFrame, choices: Mapping[str, Any], report: Report
) -> Read:
    scale, page = str(choices.get("scale") or ""), choices.get("page")
    drawn, mapping = pdf.drawn_pages(paths, scale, page, mapping, report)
    mapping = _with_height(mapping, report)
    return _storeys(drawn, mapping, report), mapping, frame, ()


def _storeys(drawn: Sequence[Drawn], mapping: PlanMapping, report: Report) -> list[StoreyPlan]:
    """Storeys one upon the other, each of the same height."""
    height_m = mapping.storey_height_m or STOREY_HEIGHT_M
    return [
        storey_of(one, round(number * height_m, 3), height_m, mapping, report) for number, one in enumerate(drawn)
    ]


def _with_height(mapping: PlanMapping, report: Report) -> PlanMapping:
    """The height of storeys, assumed where nobody gave one."""
    if mapping.storey_height_m is not None:
        return mapping
    report.add("", None, "storeys", f"storey height of {STOREY_HEIGHT_M:g} m assumed; give --storey-height")
    return replace(mapping, storey_height_m=STOREY_HEIGHT_M)


def _from_ifc(
    paths: Sequence[str], mapping: PlanMapping, frame: SiteFrame, choices: Mapping[str, Any], report: Report
) -> Read:
    storeys, mapping, constructions = ifc.storeys_of_model(paths, mapping, report)
    return storeys, mapping, frame, constructions


_READERS = {"dxf": _from_dxf, "ifc": _from_ifc, "indoor": _from_indoor, "pdf": _from_pdf}


def _report_csv(report: Report) -> str:
    """Every guess with its place."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["storey", "x_m", "y_m", "feature", "what"])
    for guess in report.guesses:
        place = ["" if value is None else f"{value:.2f}" for value in (guess.x_m, guess.y_m)]
        rows.writerow([guess.storey, *place, clean(guess.feature, 100), clean(guess.what, 300)])
    return out.getvalue()


def _report_md(report: Report, source: str) -> str:
    """The same for people: counts first, then the guesses."""
    lines = [f"# How {clean(source)} was read", ""]
    storeys = report.counts.get("storeys", [])
    if storeys:
        names = list(storeys[0])
        lines += [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
        lines += [f"| {' | '.join(str(one[name]) for name in names)} |" for one in storeys]
        lines.append("")
    others = {key: value for key, value in report.counts.items() if key != "storeys"}
    if others:
        lines += [f"- {clean(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in others.items()]
        lines.append("")
    lines += ["| storey | place | what | guess |", "| --- | --- | --- | --- |"]
    for guess in report.guesses[:_MD_ROWS]:
        place = "" if guess.x_m is None else f"{guess.x_m:.2f}, {guess.y_m:.2f}"
        cells = (guess.storey, place, clean(guess.feature, 100), clean(guess.what, 300))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    if len(report.guesses) > _MD_ROWS:
        lines += ["", f"{len(report.guesses) - _MD_ROWS:,} more in {REPORT_CSV}."]
    return "\n".join(lines) + "\n"
