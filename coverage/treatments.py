"""Meshes and films: which windows a wish means, and the site with them in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from quietwing.coverage.equipment import Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.scenario import TreatmentWish
from quietwing.coverage.tables.rows import read_file, rows_of
from quietwing.sites import (
    Findings,
    Identifier,
    Opening,
    Site,
    Text,
    build,
    did_you_mean,
    near,
    opening_places,
    problems_text,
    shown,
    with_openings,
)

__all__ = [
    "TREATMENT_COLUMNS",
    "check_models",
    "has_rows",
    "read_treatments",
    "resolve_treatments",
    "treated_site",
    "wishes_for",
]

FILE = "scenario"
TREATMENT_COLUMNS = ("opening", "rooms", "model", "bought_by_plan")
MOST_TREATMENTS = 100_000  # rows of a file: a mesh and a film on each window of the largest site
WINDOWS = ("window", "hatch")
MOST_PROBLEMS = 100  # after which no further pattern is held against each room


def resolve_treatments(
    site: Site, wishes: tuple[TreatmentWish, ...], catalogue: Mapping[str, Model]
) -> tuple[Treatment, ...]:
    """The windows that wishes mean, each with its mesh or film.

    Parameters
    ----------
    site : Site
        A checked site.
    wishes : tuple of TreatmentWish
        Patterns are those of a shell, over the ids of rooms: ``A1-*``. Windows are the windows and hatches in the
        outer wall of these rooms.
    catalogue : mapping of str to Model

    Returns
    -------
    tuple of Treatment
        In the order of the wishes, then of ``site.openings``; a window may have a mesh and a film.

    Raises
    ------
    ScenarioError
        With all problems at once: an unknown model or construction, one that is no mesh or film, a pattern
        without a room or a window, two meshes or two films on one window.
    """
    findings = Findings()
    windows = _windows(site) if wishes else {}
    found: dict[tuple[str, str], Treatment] = {}
    for number, wish in enumerate(wishes, 1):
        if len(findings.problems) > MOST_PROBLEMS:
            break
        where = f"treatments {number}"
        kind = _kind(site, wish, catalogue, findings, where)
        rooms = _rooms(site, wish, windows, findings, where)
        if kind is None:
            continue
        for opening in sorted({index for room in rooms for index in windows[room]}):
            treatment = Treatment(site.openings[opening].id, wish.model)
            other = found.setdefault((treatment.opening, kind), treatment)
            if other != treatment:
                findings.problem(
                    FILE,
                    where,
                    f"window {shown(treatment.opening)} already has the {kind} {shown(other.model)}; "
                    f"let one of the two wishes leave its room out",
                )
    if findings.problems:
        raise ScenarioError(problems_text(tuple(findings.problems)))
    return tuple(found.values())


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Row:
    """A row of ``treatments.csv``; which rooms the window has and who buys the mesh is for people."""

    opening: Identifier
    model: Identifier
    rooms: Text = ""
    bought_by_plan: Text = ""


def read_treatments(
    path: Path, site: Site, wishes: tuple[TreatmentWish, ...], catalogue: Mapping[str, Model]
) -> tuple[TreatmentWish, ...]:
    """The wishes of a scenario, and those of a file beside a layout that they do not hold yet.

    Parameters
    ----------
    path : Path
        ``treatments.csv`` as a plan writes it: a window and its mesh or film a row. A header alone treats nothing.
    site : Site
        A checked site.
    wishes : tuple of TreatmentWish
        Of the scenario. A window that both treat must have the same mesh or film in both.
    catalogue : mapping of str to Model

    Returns
    -------
    tuple of TreatmentWish
        They mean the windows of the scenario and of the file, and no other.

    Raises
    ------
    ScenarioError
        With all problems of the file at once, ``file: row: what is wrong; what to do``.
    """
    findings, file = Findings(), path.name
    windows = _windows(site)
    ids = {site.openings[at].id: at for of_room in windows.values() for at in of_room}
    given = resolve_treatments(site, wishes, catalogue)
    placed = {(each.opening, catalogue[each.model].kind): (each, FILE) for each in given}
    rows = rows_of(read_file(path, "treatments"), _Row, TREATMENT_COLUMNS, findings, file, MOST_TREATMENTS)
    for where, raw in rows.rows:
        row = build(_Row, raw, findings, file, where)
        model = None if row is None else _mesh_or_film(row.model, catalogue, findings, where, file)
        if row is None or model is None:
            continue
        opening = row.opening if row.opening in ids else row.opening.removeprefix("'")  # a formula made text
        if opening not in ids:
            findings.problem(file, where, f"opening {shown(opening)} is no window; {did_you_mean(opening, ids)}")
            continue
        treatment = Treatment(opening, row.model)
        other, place = placed.setdefault((opening, model.kind), (treatment, where))
        if place != where and (place != FILE or other != treatment):
            what = f"window {shown(opening)} has the {model.kind} {shown(other.model)} already ({place})"
            findings.problem(file, where, f"{what}; remove one of the two")
    added = tuple(each for each, place in placed.values() if place != FILE)
    if not findings.problems:
        wishes = (*wishes, *wishes_for(site, added))
        for each in set(resolve_treatments(site, wishes, catalogue)) - {each for each, _ in placed.values()}:
            what = f"window {shown(each.opening)} lacks the {shown(each.model)} that its room's other windows have"
            findings.problem(file, "", f"{what}; a room is treated as a whole: add the row, or remove the others")
    if findings.problems:
        raise ScenarioError(problems_text(tuple(findings.problems)))
    return wishes


def has_rows(path: Path) -> bool:
    """Whether there is a table of that name with more than a header."""
    try:
        return len(read_file(path, "treatments").splitlines()) > 1
    except ScenarioError:
        return False


def _windows(site: Site) -> dict[int, list[int]]:
    """Windows and hatches in the outer wall of each room, by index."""
    windows: dict[int, list[int]] = {index: [] for index in range(len(site.rooms))}
    for place in opening_places(site):
        if place.outer and site.openings[place.opening].kind in WINDOWS:
            for room in place.rooms:
                if room >= 0:
                    windows[room].append(place.opening)
    return windows


def check_models(treatments: tuple[Treatment, ...], catalogue: Mapping[str, Model]) -> tuple[str, ...]:
    """What is wrong with treated windows whose site is not at hand.

    Parameters
    ----------
    treatments : tuple of Treatment
    catalogue : mapping of str to Model

    Returns
    -------
    tuple of str
        A model that is no mesh or film of the catalogue, two meshes or two films on one window.
    """
    findings = Findings()
    found: dict[tuple[str, str], Treatment] = {}
    for treatment in treatments:
        where = f"window {shown(treatment.opening)}"
        model = _mesh_or_film(treatment.model, catalogue, findings, where)
        if model is not None and found.setdefault((treatment.opening, model.kind), treatment) != treatment:
            other = found[treatment.opening, model.kind].model
            findings.problem(FILE, where, f"already has the {model.kind} {shown(other)}; take one of the two away")
    return tuple(findings.problems)


def _mesh_or_film(
    name: str, catalogue: Mapping[str, Model], findings: Findings, where: str, file: str = FILE
) -> Model | None:
    """The model of that name, or nothing and the problem."""
    model = catalogue.get(name)
    usable = [name for name, other in catalogue.items() if other.kind in ("mesh", "film")]
    if model is None:
        findings.problem(file, where, f"model {shown(name)} is not in the catalogue; {did_you_mean(name, usable)}")
        return None
    if model.kind not in ("mesh", "film"):
        findings.problem(
            file,
            where,
            f"model {shown(name)} is a {model.kind} (expected a mesh or film: {', '.join(usable)}); "
            f"choose one of these, or place it in layout.csv",
        )
        return None
    return model


def _kind(
    site: Site, wish: TreatmentWish, catalogue: Mapping[str, Model], findings: Findings, where: str
) -> str | None:
    """``mesh`` or ``film``, or nothing and the problem."""
    model = _mesh_or_film(wish.model, catalogue, findings, where)
    if model is None:
        return None
    if model.construction not in site.constructions:
        advice = did_you_mean(model.construction, site.constructions)
        findings.problem(
            FILE, where, f"construction {shown(model.construction)} of {shown(model.name)} does not exist; {advice}"
        )
        return None
    return model.kind


def _rooms(
    site: Site, wish: TreatmentWish, windows: Mapping[int, list[int]], findings: Findings, where: str
) -> list[int]:
    """Rooms the patterns of a wish mean; a pattern that means none is a problem."""
    if not wish.rooms:
        findings.problem(FILE, where, 'rooms is empty; name rooms like ["A1-*"], or remove the entry')
    found: dict[int, None] = {}
    for pattern in wish.rooms:
        if len(findings.problems) >= MOST_PROBLEMS:
            findings.problem(FILE, where, "further rooms are not looked at; correct those before first")
            break
        matched = [index for index, room in enumerate(site.rooms) if fnmatchcase(room.id, pattern)]
        if not matched:
            close = near(pattern, [room.id for room in site.rooms])
            advice = f"did you mean {' or '.join(map(shown, close))}?" if close else f"{_some_rooms(site)}"
            findings.problem(FILE, where, f"rooms {shown(pattern)} matches no room of the site; {advice}")
        elif not any(windows[index] for index in matched):
            findings.problem(
                FILE,
                where,
                f"rooms {shown(pattern)} matches {len(matched)} room{'s' * (len(matched) > 1)}, "
                f"none with a window in the outer wall; choose rooms with windows",
            )
        found |= dict.fromkeys(matched)
    return list(found)


def _some_rooms(site: Site) -> str:
    """What rooms are called here."""
    some = [room.id for room in site.rooms if room.role == "silence"] or [room.id for room in site.rooms]
    return f"rooms are named like {', '.join(some[:3])}"


def wishes_for(site: Site, treatments: tuple[Treatment, ...]) -> tuple[TreatmentWish, ...]:
    """Treated windows as a scenario asks for them: model by model, rooms in the order of ``site.rooms``.

    Parameters
    ----------
    site : Site
        A checked site.
    treatments : tuple of Treatment
        Windows of rooms of this site. A room with one treated window is asked for as a whole.

    Returns
    -------
    tuple of TreatmentWish

    Raises
    ------
    ScenarioError
        If an opening is no window of a room of this site.
    """
    room_of = {
        site.openings[place.opening].id: max(place.rooms) for place in opening_places(site) if max(place.rooms) >= 0
    }
    rooms: dict[str, set[int]] = {}
    for treatment in treatments:
        if treatment.opening not in room_of:
            raise ScenarioError(f"window {shown(treatment.opening)} is no window of a room of this site; remove it")
        rooms.setdefault(treatment.model, set()).add(room_of[treatment.opening])
    return tuple(
        TreatmentWish(model, tuple(escape(site.rooms[room].id) for room in sorted(of_model)))
        for model, of_model in rooms.items()
    )


def treated_site(site: Site, treatments: tuple[Treatment, ...], catalogue: Mapping[str, Model]) -> Site:
    """The site with meshes and films in its windows.

    Parameters
    ----------
    site : Site
    treatments : tuple of Treatment
        As from `resolve_treatments`.
    catalogue : mapping of str to Model

    Returns
    -------
    Site
        A mesh takes the place of the window's grille, a film that of its film. The site itself without treatments.
    """
    if not treatments:
        return site
    changes: dict[str, dict[str, str]] = {}
    for treatment in treatments:
        model = catalogue[treatment.model]
        field = "grille" if model.kind == "mesh" else "film"
        changes.setdefault(treatment.opening, {})[field] = model.construction

    def treated(opening: Opening) -> Opening:
        return replace(opening, **changes[opening.id]) if opening.id in changes else opening  # type: ignore[arg-type]

    return with_openings(site, tuple(treated(opening) for opening in site.openings))
