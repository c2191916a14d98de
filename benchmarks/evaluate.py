"""What a verdict costs: campus, radial with a node in every room, two grades against one, one gesture in draft.

Run `python benchmarks/evaluate.py`, or one part of it by name. Times are CPU time of the process, all threads; each
part runs in a process of its own, so that its peak memory is its own. Compiled code is warmed up first on the small
site.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it; read when numpy is loaded

import numpy as np

from quietwing.coverage.blocking.blocker_link_model import blocker_links, joined_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.judging import silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import read_layout
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
from quietwing.sites import load_site
from quietwing.sites.model import Site
from quietwing.sites.trial_point_sets import trial_points

GIB = 2**20  # of the kibibytes that getrusage counts in
EXAMPLES = Path(__file__).resolve().parents[1] / "sites" / "examples"
ROUNDS, TURNS = 5, 3
KINDS = ("mas_node", "micro_jammer")  # of the moved device; both are on the air on nearly every carrier
STEP_M = 0.1  # each gesture moves the device so far
NODE_DBM, NODE_ABOVE_FLOOR_M, NODE_IN_YARD_M = 0.0, 2.2, 1.5  # of a micro-jammer in each room
AIM_CAMPUS_S, AIM_RADIAL_S, AIM_GIB, AIM_TWO_GRADES, AIM_GESTURE_MS = 60.0, 120.0, 3.0, 1.15, 300.0


class OneGrade(Scenario):
    """A scenario that is judged at the grade asked for alone."""

    @property
    def judged(self) -> tuple[Grade, ...]:
        """The grade asked for."""
        return (self.asked,)


def peak_gib() -> float:
    """Most memory the process has held. [GiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def own_layout(name: str) -> tuple[Device, ...]:
    """The layout that comes with an example."""
    return read_layout(EXAMPLES / name / "layout.csv", read_catalogue())


def warm_up() -> None:
    """Load compiled code, compiling it where that is new."""
    evaluate(load_site("houseblock"), Scenario(worlds=100), devices=own_layout("houseblock")[:1], maps=False)


def whole(site: Site, devices: tuple[Device, ...], aim_s: float) -> None:
    """Print CPU time and memory of `run` on a site, all channels, 1,000 worlds, no maps."""
    warm_up()
    warm_gib = peak_gib()
    scenario = Scenario(worlds=1000)
    spent: Counter[str] = Counter()
    stage, since = "", time.process_time()

    def stamp(what: str, _share: float) -> None:
        nonlocal stage, since
        now = time.process_time()
        spent[stage] += now - since
        stage, since = what, now

    wall, start = time.perf_counter(), time.process_time()
    verdict = evaluate(site, scenario, devices=devices, maps=False, progress=stamp)
    cpu_s, wall_s = time.process_time() - start, time.perf_counter() - wall
    shape = dict(verdict.at_points.sizes)
    print(
        f"{site.name}: {len(devices)} devices, {len(verdict.sectors)} sectors, {shape['channel']} channels, "
        f"{shape['point']} points in {verdict.by_room.sizes['room']} rooms, {scenario.worlds} worlds"
    )
    print(f"  {cpu_s:.1f} s CPU (aim {aim_s:g}), {wall_s:.1f} s by the clock")
    print("  of which " + ", ".join(f"{name} {spent[name]:.1f} s" for name in ("site", "rooms", "outside")))
    print(f"  peak {peak_gib():.2f} GiB (aim {AIM_GIB:g}), {warm_gib:.2f} before")


def campus() -> None:
    """Campus with its layout."""
    whole(load_site("campus"), own_layout("campus"), AIM_CAMPUS_S)


def radial() -> None:
    """Radial with a micro-jammer in each room that must be silent."""
    site = load_site("radial")
    devices = []
    for number, room in enumerate(site.rooms):
        if room.role == "silence":
            place = room.outline.representative_point()
            height_m = NODE_IN_YARD_M
            if room.building is not None:
                storey = site.buildings[site.building_index[room.building]].storeys[room.storey]
                height_m = storey.floor_m + NODE_ABOVE_FLOOR_M
            node = Device(f"J{number}", "micro_jammer", place.x, place.y, height_m, room.storey, power_dbm=NODE_DBM)
            devices.append(node)
    whole(site, tuple(devices), AIM_RADIAL_S)


def grades() -> None:
    """Print CPU time of houseblock with its layout judged at both grades and at one, in turns."""
    warm_up()
    site, devices = load_site("houseblock"), own_layout("houseblock")
    spent_s: dict[type[Scenario], list[float]] = {Scenario: [], OneGrade: []}
    for _ in range(TURNS):
        for kind, times_s in spent_s.items():
            start = time.process_time()
            evaluate(site, kind(), devices=devices, maps=False)
            times_s.append(time.process_time() - start)
    two_s, one_s = (min(times_s) for times_s in spent_s.values())  # whatever else runs only adds
    print(
        f"houseblock: {len(devices)} devices, {two_s:.2f} s CPU at both grades, {one_s:.2f} at one, "
        f"{two_s / one_s:.2f} times (aim {AIM_TWO_GRADES:g}); least of {TURNS} each"
    )


def gesture() -> None:
    """Print CPU time of one device moved on houseblock: its links alone, and the draft margin everywhere."""
    catalogue = read_catalogue()
    site, scenario = load_site("houseblock"), Scenario()
    devices = read_layout(EXAMPLES / "houseblock" / "layout.csv", catalogue)
    start = time.process_time()
    model = link_model(prepare_scene(site), site.sectors, scenario.rules)
    points = silence_points(site, trial_points(site))
    public = public_links(model, points)
    every = [blocker_links(model, (device,), catalogue, points) for device in devices]
    ready_s = time.process_time() - start
    print(f"houseblock: {len(devices)} devices, {len(points)} points, {len(model.channels)} channels", end="")
    print(f"; made ready once in {ready_s:.1f} s CPU")
    index = len(devices) // 2
    was = devices[index]
    others = joined_links([links for k, links in enumerate(every) if k != index])
    for name in KINDS:
        # another kind stands in the same place with the power of its catalogue row
        kind = was if name == was.model else Device(was.id, name, was.x_m, was.y_m, was.z_m, was.storey)
        links_ms, margin_ms = [], []
        for step in range(ROUNDS + 1):  # the first warms up
            device = replace(kind, x_m=kind.x_m + STEP_M * step)
            begin = time.process_time()
            moved = blocker_links(model, (device,), catalogue, points)
            middle = time.process_time()
            draft_margin_db(model, scenario, public, joined_links([others, moved]))
            end = time.process_time()
            links_ms.append((middle - begin) * 1e3)
            margin_ms.append((end - middle) * 1e3)
        total_ms = np.add(links_ms, margin_ms)[1:]
        print(
            f"  one {name} moved: {np.median(total_ms):.0f} ms CPU (most {total_ms.max():.0f}, aim "
            f"{AIM_GESTURE_MS:g}), its links {np.median(links_ms[1:]):.0f}, the margin {np.median(margin_ms[1:]):.0f}"
        )
    print(f"  peak {peak_gib():.2f} GiB")


def main() -> None:
    """Run all parts, each in a process of its own."""
    parts = {"campus": campus, "radial": radial, "grades": grades, "gesture": gesture}
    if len(sys.argv) > 1:
        parts[sys.argv[1]]()
        return
    for name in parts:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
