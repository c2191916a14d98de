"""A verdict of a small wing put together by hand, so that every figure of a report is known before."""

from dataclasses import replace

import numpy as np
import xarray as xr
from shapely.geometry import Point

from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.results import GradeVerdict, SpillResult, Verdict, VerdictMap
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import WorstPlace
from quietwing.coverage.study.common import WAYS_NOTE
from quietwing.sites.model import Receptor, Site
from quietwing.sites.synthetic import build_wing, describe
from quietwing.sites.trial_point_sets import map_grid, trial_points

CHANNELS = ("EE/B20/LTE", "O2/n78/NR", "VF/B8/GSM")
HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script>'
WORLDS = 1000
LEVELS = (50, 80, 90, 95, 99)


def wing(**changes) -> Site:
    """A small wing of two storeys, cells on both sides of a landing, and one home outside."""
    site = build_wing(describe("options", type="wing", wings=1, cells=8, storeys=2, area="urban"))
    west, south, _, north = site.perimeter.outline.bounds
    home = Receptor("home-1", Point(west - 40, (south + north) / 2), "home", 4.0)
    return replace(site, **({"name": HOSTILE, "receptors": (home,)} | changes))


def in_turn(index: int) -> float:
    """P(silent) of the rooms of the made-up verdict: certain, nearly certain, likely, hopeless, in turn."""
    return (1.0, 0.9996, 0.8, 0.0)[index % 4]


def verdict_of(site: Site, silent=in_turn, *, quiet=lambda index: index % 8 == 4, **changes) -> Verdict:
    """A verdict made up by hand: room `index` is silent with probability ``silent(index)``."""
    scenario = Scenario(worlds=WORLDS, grid_m=0.5)
    points = trial_points(site)
    rooms = np.unique(points.room)
    chance = np.array([silent(index) for index in range(len(rooms))])
    anyway = np.array([bool(quiet(index)) for index in range(len(rooms))])
    row = np.searchsorted(rooms, points.room)
    window = np.array([kind.startswith("window") for kind in points.kind])
    works = np.zeros((len(CHANNELS), len(points)))
    works[0] = np.where(window, 1 - chance[row], (1 - chance[row]) / 2)
    works[1] = works[0] / 8
    margin_db = np.where(works[0] > 0.05, -12.4 * works[0], 6.0)[None, :] + np.array([0.0, 9.0, 25.0])[:, None]
    in_room = np.stack([np.maximum.reduceat(line, np.searchsorted(points.room, rooms)) for line in works])
    made = Verdict(
        site=site,
        scenario=scenario,
        sectors=site.sectors,
        devices=devices(site),
        treatments=(Treatment(next(o.id for o in site.openings if o.kind == "window"), "mesh-12"),),
        points=points,
        at_points=xr.Dataset(
            {
                "usable_probability": (("channel", "point"), works),
                "margin_db": (("channel", "point"), margin_db),
                "rsrp_dbm": (("channel", "point"), np.full(works.shape, -90.0)),
            },
            coords={"channel": list(CHANNELS)},
        ),
        grades=(
            rooms_at(scenario.judged[0], site, rooms, in_room, chance, anyway, spill_of(site)),
            rooms_at(scenario.judged[1], site, rooms, in_room, stricter(chance), anyway, stricter_spill(site)),
        ),
        uncovered_routes=("satellite phone (no blocker here sends on its band)", "Wi-Fi (staff use it too)"),
        notes=(WAYS_NOTE,),
        scenario_id="0123456789ab",
        maps=maps_of(site, scenario.grid_m, chance, rooms),
    )
    return replace(made, **changes)


def stricter(chance: np.ndarray) -> np.ndarray:
    """P(silent) at evidence grade: nearly certain at planning grade is not enough there."""
    return np.maximum(chance - 0.05, 0.0)


def rooms_at(grade, site, rooms, in_room, chance, anyway, spill) -> GradeVerdict:
    """The rooms at one grade, silent in the first worlds."""
    called = (chance >= grade.confidence) & ~anyway
    return GradeVerdict(
        grade=grade,
        by_room=xr.Dataset(
            {
                "usable_probability": (("channel", "room"), in_room),
                "silent_probability": ("room", chance),
                "quiet_probability": ("room", anyway.astype(float)),
                "called_silent": ("room", called),
                "quiet_anyway": ("room", anyway),
            },
            coords={
                "channel": list(CHANNELS),
                "room": [site.rooms[index].id for index in rooms],
                "role": ("room", [site.rooms[index].role for index in rooms]),
                "weight": ("room", [site.rooms[index].weight for index in rooms]),
            },
        ),
        silent=np.arange(WORLDS)[None, :] < chance[:, None] * WORLDS,
        silent_at={level: int(((chance >= level / 100) & ~anyway).sum()) for level in LEVELS},
        together=int(called.sum()) - 1,
        spill=spill,
    )


def asked(verdict: Verdict, **changes) -> Verdict:
    """The same with something else at the grade asked for."""
    first, *others = verdict.grades
    return replace(verdict, grades=(replace(first, **changes), *others))


def evidence(verdict: Verdict, *, measured: bool = True, kept: bool = True) -> Verdict:
    """The same asked for at evidence grade, its sectors measured and its limits kept, or not."""
    planning, evidence = verdict.grades
    clean = replace(evidence, spill=replace(evidence.spill, passed=kept))
    return replace(
        verdict,
        scenario=replace(verdict.scenario, grade="evidence"),
        grades=(clean, planning),
        measured=len(verdict.sectors) if measured else 3,
    )


def devices(site: Site) -> tuple[Device, ...]:
    west, south, east, north = site.buildings[0].outline.bounds
    x, y = (west + east) / 2, (south + north) / 2
    return (
        Device("J1", "micro_node", x - 5, y, 2.4, 0),
        Device("J2", "micro_node", x + 5, y, 2.4, 0, state="off"),
        Device("M1", "mas_node", x, y + 1, 5.4, 1, power_dbm=10.0),
    )


def maps_of(site: Site, grid_m: float, chance: np.ndarray, rooms: np.ndarray) -> tuple[VerdictMap, ...]:
    """Margin falls from each room's middle; one square in a hundred is not known."""
    grid = map_grid(site, grid_m)
    found = []
    for patch in grid.patches:
        part = slice(patch.first, patch.first + patch.count_i * patch.count_j)
        shape = (patch.count_j, patch.count_i)
        room = grid.room[part].reshape(shape)
        at = np.clip(np.searchsorted(rooms, room), 0, len(rooms) - 1)
        ripple = 4 * np.sin(np.arange(shape[1]))[None, :] * np.cos(np.arange(shape[0]))[:, None]
        margin_db = 40 * (chance[at] - 0.6) + ripple
        state = np.where(margin_db >= 0, 0, 1).astype(np.int8)
        state.flat[::97] = 2
        building, storey = int(grid.building[part][0]), int(grid.storey[part][0])
        built = site.buildings[building]
        title = built.storey_in_words(storey)
        data = xr.Dataset(
            {"state": (("j", "i"), state), "margin_db": (("j", "i"), margin_db), "room": (("j", "i"), room)}
        )
        found.append(VerdictMap(title, building, storey, replace(patch, first=0), data))
    return tuple(found)


def spill_of(site: Site) -> SpillResult:
    """Points every 10 m on one ring 12 m outside the fence and the home; the ones to the east are over the limit."""
    ring = site.perimeter.outline.buffer(12).exterior
    places = [ring.interpolate(step) for step in np.arange(0, ring.length, 10.0)]
    x = np.array([*(place.x for place in places), site.receptors[0].point.x])
    y = np.array([*(place.y for place in places), site.receptors[0].point.y])
    east = x > x.max() - 1.0
    margin_db = np.where(east, -3.21, 4.37)[None, :] + np.array([0.0, 2.0, 30.0])[:, None]
    jam_dbm = np.stack([np.full(len(x), -110.0), np.full(len(x), -121.0), np.full(len(x), -np.inf)])
    failing = int((margin_db < 0).any(axis=0).sum())
    outside = xr.Dataset(
        {
            "jam_dbm": (("channel", "outside"), jam_dbm),
            "signal_dbm": (("channel", "outside"), np.full(jam_dbm.shape, -85.0)),
            "limit_dbm": (("channel", "outside"), jam_dbm + margin_db),
            "margin_db": (("channel", "outside"), margin_db),
            "capture_probability": (("channel", "outside"), margin_db * 0),
        },
        coords={
            "channel": list(CHANNELS),
            "x_m": ("outside", x),
            "y_m": ("outside", y),
            "z_m": ("outside", np.full(len(x), 1.5)),
            "ring": ("outside", [*["0–20 m"] * len(places), "receptor"]),
            "name": ("outside", [*(f"ring-{n}" for n in range(len(places))), "home-1"]),
            "people": ("outside", [*[0.0] * len(places), 4.0]),
        },
    )
    rings = (("0–20 m", len(places), failing, len(places) // 20, False), ("home-1", 1, 0, 0, True))
    return SpillResult(
        "service", outside, rings, (), (), (), 1.0, False, -3.21, WorstPlace("0–20 m, point ring-7", "EE/B20/LTE")
    )


def stricter_spill(site: Site) -> SpillResult:
    """The same places at evidence grade: 10 dB less is left everywhere."""
    found = spill_of(site)
    outside = found.outside.assign(margin_db=found.outside["margin_db"] - 10.0)
    return replace(found, tier="standard", outside=outside, worst_margin_db=-13.21)
