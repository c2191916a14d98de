"""A project as one file, ``.qwproj``: a zip of its site folder with the layouts, and results to be read by people.

::

    site.toml *.geojson …      the site, as it is downloaded
    scenario.toml catalogue.csv layout.csv
    project.json               name, layouts for undo and redo, layouts saved under a name, walk-test readings
    result-*                   what was worked out; read by people, never read back

With the ending ``.zip`` it opens as a site too. Everything that is read back is checked like any input.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quietwing.coverage import report
from quietwing.coverage.app.project_store import MOST_NAME, MOST_STEPS
from quietwing.coverage.app.site_files import FIRST_DAY, site_layers, texts_beside
from quietwing.coverage.app.state import YOURS, Layout, SavedLayout, site_hash
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout, layout_text, parse_layout
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import import_with_inputs
from quietwing.coverage.treatments import check_models, resolve_treatments, wishes_for
from quietwing.sites import (
    BUNDLED,
    MOST_ARCHIVE_BYTES,
    OneLine,
    QuietwingError,
    Reading,
    Site,
    SiteError,
    clean,
    load_site,
    misplaced_readings,
    problems_text,
    strangers,
    unpack,
    workshop_in,
)

if TYPE_CHECKING:
    from quietwing.coverage.app.state import Session
    from quietwing.coverage.planning import PlanResult
    from quietwing.coverage.results import Verdict

__all__ = ["Project", "project_of", "project_zip", "read_project", "result_texts"]

CARD = "project.json"
RESULT = "result-"  # how the names of results begin
FORMAT = 1
MOST_HISTORY_BYTES = 2**20
MOST_CARD_BYTES = 16 * 2**20
MOST_SAVED = 20
MOST_DESCRIPTION = 200_000
MOST_READINGS = 50_000  # the latest, of all walk tests together: 7 MB of the card
Name = Annotated[OneLine, Field(max_length=MOST_NAME)]


@dataclass(frozen=True)
class Project:
    """All that a planner has made, without what was computed from it.

    Attributes
    ----------
    name : str
        As the planner calls it; empty: as the site.
    site : Site
    source : str
        Name of the bundled site, or ``yours``.
    scenario : Scenario
    catalogue : mapping of str to Model
    layout : Layout
        The current one.
    past, future : tuple of Layout
        For undo and redo, newest last.
    saved : tuple of SavedLayout
        Without their verdicts.
    description : str
        The TOML the site was made of in the form, empty: none.
    under_way : tuple of str
        Kinds of the jobs that ran when it was kept.
    readings : tuple of Reading
        Of walk tests, in use; those that do not fit the site are not kept.
    left_out : tuple of str
        Members of the file that are no part of a project.
    """

    name: str
    site: Site
    source: str
    scenario: Scenario
    catalogue: Mapping[str, Model]
    layout: Layout = field(default_factory=Layout)
    past: tuple[Layout, ...] = ()
    future: tuple[Layout, ...] = ()
    saved: tuple[SavedLayout, ...] = ()
    description: str = ""
    under_way: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is called in a list."""
        return self.name or self.site.name


class _Window(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    opening: Annotated[OneLine, Field(max_length=200)]
    model: Annotated[OneLine, Field(max_length=200)]


class _Layout(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    devices: str
    windows: list[_Window] = []


class _Saved(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: Annotated[OneLine, Field(min_length=1, max_length=MOST_NAME)]
    site: Annotated[str, Field(max_length=64)]
    layout: _Layout


class _Card(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    format: Annotated[int, Field(ge=FORMAT, le=FORMAT)]  # not a Literal: true is equal to 1
    name: Name = ""
    source: Annotated[str, Field(max_length=MOST_NAME)] = YOURS
    description: Annotated[str, Field(max_length=MOST_DESCRIPTION)] = ""
    layout: _Layout
    past: Annotated[list[_Layout], Field(max_length=MOST_STEPS)] = []
    future: Annotated[list[_Layout], Field(max_length=MOST_STEPS)] = []
    saved: Annotated[list[_Saved], Field(max_length=MOST_SAVED)] = []
    under_way: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=10)] = []
    readings: Annotated[list[Reading], Field(max_length=MOST_READINGS)] = []


def project_of(own: Session) -> Project:
    """What there is to keep of a session."""
    running = tuple(kind for kind, job in list(own.jobs.items()) if not job.collected)
    return Project(
        own.project_name,
        own.site,
        own.site_source,
        own.scenario,
        own.catalogue,
        own.layout,
        tuple(own.past[-MOST_STEPS:]),
        tuple(own.future[-MOST_STEPS:]),
        tuple(replace(one, verdict=None) for one in own.saved.values())[-MOST_SAVED:],
        own.description,
        running,
        _fitting(own.survey.readings, own.site),
    )


def _fitting(readings: tuple[Reading, ...], site: Site) -> tuple[Reading, ...]:
    """The readings that could be taken on the site: one in a room that is gone counts for nothing."""
    wrong = misplaced_readings(readings, site, dt.date.today())
    return tuple(one for index, one in enumerate(readings) if index not in wrong)[-MOST_READINGS:]


def project_zip(
    project: Project,
    folder: Path,
    further: Mapping[str, str] | None = None,
    layers: Mapping[str, bytes] | None = None,
) -> bytes:
    """A project as a ``.qwproj`` file; equal projects give equal bytes.

    Parameters
    ----------
    project : Project
    folder : Path
        Where the site is written for a moment; nothing is left in it.
    further : mapping of str to str, optional
        Name and text of results, as from `result_texts`.
    layers : mapping of str to bytes, optional
        The site's files, where they are at hand.

    Returns
    -------
    bytes
    """
    texts = dict(site_layers(project.site, folder) if layers is None else layers)
    texts |= texts_beside(project.layout.devices, project.scenario, project.catalogue)
    texts[CARD] = _card_text(project).encode()
    texts |= {name: text.encode() for name, text in (further or {}).items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as out:
        for name, content in sorted(texts.items()):
            out.writestr(zipfile.ZipInfo(name, FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def result_texts(verdict: Verdict | None, plan: PlanResult | None, catalogue: Mapping[str, Model]) -> dict[str, str]:
    """Results as text files for people, by name."""
    from quietwing.coverage.store import result_object  # the engine: most saves have no result

    found = {}
    if verdict is not None:
        told = json.dumps(result_object(verdict, catalogue), indent=1, ensure_ascii=False, allow_nan=False)
        found = {
            "result-verdict.json": f"{told}\n",
            "result-rooms.csv": report.rooms_csv(verdict),
            "result-escapes.csv": report.escapes_csv(verdict),
            "result-spill.csv": report.spill_csv(verdict),
        }
    if plan is not None:
        found |= {f"result-plan-{name}": text for name, text in report.plan_files(plan).items()}
    return found


def read_project(name: str, content: bytes, folder: Path) -> Project:
    """The project in a ``.qwproj`` file, every part of it checked.

    Parameters
    ----------
    name : str
        Of the file, for the messages.
    content : bytes
    folder : Path
        The session's own; nothing is left in it.

    Returns
    -------
    Project

    Raises
    ------
    SiteError
        If it is no project, or holds what could do harm; with every problem of the site.
    ScenarioError
        With every problem of scenario, catalogue and layouts.
    """
    label = clean(name)
    if len(content) > MOST_ARCHIVE_BYTES:
        raise SiteError(
            f"{label}: has {len(content) / 2**20:.0f} MB (limit {MOST_ARCHIVE_BYTES // 2**20} MB); "
            f"save the project anew"
        )
    with workshop_in(folder) as workshop:
        strange = list(unpack(name, content, workshop))
        card = _read_card(label, workshop / CARD)
        (workshop / CARD).unlink()
        strange += strangers(sorted(each.name for each in workshop.iterdir()))
        brought = import_with_inputs(workshop)
    site = brought.site
    catalogue = brought.catalogue if brought.catalogue is not None else read_catalogue()
    scenario = brought.scenario if brought.scenario is not None else Scenario()
    here = site_hash(site)

    def read(told: _Layout, what: str, *, of_here: bool = True) -> Layout:
        return _layout(told, site if of_here else None, scenario, catalogue, f"{label}: {what}")

    saved = []
    names: set[str] = set()
    for one in card.saved:
        with_name = f"saved layout {clean(one.name)}"
        if one.name in names:
            raise SiteError(f"{label}: {CARD}: {with_name} stands twice; rename one of them")
        names.add(one.name)
        saved.append(SavedLayout(one.name, read(one.layout, with_name, of_here=one.site == here), None, one.site))
    readings = tuple(card.readings)
    for index, problem in misplaced_readings(readings, site, dt.date.today()).items():
        raise SiteError(f"{label}: {CARD}: reading {index + 1}: {problem}")
    known = card.source in BUNDLED and site_hash(load_site(card.source)) == here
    return Project(
        card.name,
        site,
        card.source if known else YOURS,
        scenario,
        catalogue,
        read(card.layout, "layout"),
        tuple(read(one, "a layout before this one") for one in card.past),
        tuple(read(one, "a layout that was undone") for one in card.future),
        tuple(saved),
        card.description,
        tuple(card.under_way),
        readings,
        tuple(clean(each) for each in strange if not each.startswith(RESULT)),
    )


def _card_text(project: Project) -> str:
    def told(layout: Layout) -> dict[str, Any]:
        windows = [{"opening": one.opening, "model": one.model} for one in layout.treatments]
        return {"devices": layout_text(layout.devices), "windows": windows}

    def newest(layouts: Iterable[Layout]) -> list[dict[str, Any]]:
        """As many steps as there is room for, the oldest left out."""
        kept: list[dict[str, Any]] = []
        size = 0
        for layout in reversed(tuple(layouts)):
            kept.append(told(layout))
            size += len(kept[-1]["devices"]) + 100 * len(kept[-1]["windows"])
            if size > MOST_HISTORY_BYTES or len(kept) > MOST_STEPS:
                return kept[-2::-1]
        return kept[::-1]

    card = {
        "format": FORMAT,
        "name": project.name,
        "source": project.source,
        "description": project.description[:MOST_DESCRIPTION],
        "layout": told(project.layout),
        "past": newest(project.past),
        "future": newest(project.future),
        "saved": [{"name": one.name, "site": one.site_hash, "layout": told(one.layout)} for one in project.saved],
        "under_way": list(project.under_way),
        "readings": [asdict(one) | {"date": one.date.isoformat()} for one in project.readings],
    }
    return json.dumps(card, indent=1, ensure_ascii=False) + "\n"


def _read_card(label: str, path: Path) -> _Card:
    if not path.is_file():
        raise SiteError(f"{label}: holds no {CARD}, so it is no project; a zip of a site opens on the page Site")
    if path.stat().st_size > MOST_CARD_BYTES:
        raise SiteError(f"{label}: {CARD} has over {MOST_CARD_BYTES // 2**20} MB; save the project anew")
    try:
        return _Card.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise SiteError(
            problems_text(
                tuple(
                    f"{label}: {CARD}: {clean('.'.join(map(str, one['loc'])), 60) or 'the file'}: "
                    f"{clean(one['msg'], 120)}; open another copy of the project, or give the file the ending .zip "
                    f"and upload it as a site"
                    for one in error.errors(include_url=False)
                )
            )
        ) from None


def _layout(
    told: _Layout, site: Site | None, scenario: Scenario, catalogue: Mapping[str, Model], label: str
) -> Layout:
    """A layout of the project; one that was saved for another site is checked against the catalogue alone."""
    try:
        devices = parse_layout(told.devices, catalogue, "layout")
        treatments = tuple(Treatment(one.opening, one.model) for one in told.windows)
        problems = check_layout(site, devices, "layout") if site is not None else check_models(treatments, catalogue)
        if problems:
            raise ScenarioError("\n".join(problems))
        if treatments and site is not None:
            resolve_treatments(site, (*scenario.treatments, *wishes_for(site, treatments)), catalogue)
    except (QuietwingError, ValidationError) as error:
        raise ScenarioError("\n".join(f"{label}: {clean(line, 300)}" for line in str(error).splitlines())) from None
    return Layout(devices, treatments)
