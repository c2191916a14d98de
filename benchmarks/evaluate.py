"""What a verdict costs: a whole evaluation of the campus, and one gesture on houseblock in draft.

Run `python benchmarks/evaluate.py`. Times are CPU time of the process, all threads; each part runs in a process of
its own, so that its peak memory is its own. Compiled code is warmed up first on the small site.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import fields, replace
from functools import reduce
from pathlib import Path

import numpy as np

from quietwing.coverage.blocking.blocker_links import BlockerLinks, blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.evaluate import silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import read_layout
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import run
from quietwing.sites import load_site
from quietwing.sites.trial_points import trial_points

GIB = 2**20  # of the kibibytes that getrusage counts in
EXAMPLES = Path(__file__).resolve().parents[1] / "sites" / "examples"
ROUNDS = 5
KINDS = ("mas_node", "micro_jammer")  # of the moved device; both are on the air on nearly every carrier
STEP_M = 0.1  # each gesture moves the device so far
AIM_CAMPUS_S, AIM_CAMPUS_GIB, AIM_GESTURE_MS = 60.0, 4.0, 300.0


def peak_gib() -> float:
    """Most memory the process has held. [GiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def campus() -> None:
    """Print CPU time and memory of `run` on campus with its layout, all channels, 1,000 worlds, no maps."""
    catalogue = read_catalogue()
    small = load_site("houseblock")
    devices = read_layout(EXAMPLES / "houseblock" / "layout.csv", catalogue)
    run(small, Scenario(worlds=100), devices=devices[:1], catalogue=catalogue, maps=False)
    warm_gib = peak_gib()
    site = load_site("campus")
    devices = read_layout(EXAMPLES / "campus" / "layout.csv", catalogue)
    scenario = Scenario(worlds=1000)
    spent: Counter[str] = Counter()
    stage, since = "", time.process_time()

    def stamp(what: str, _share: float) -> None:
        nonlocal stage, since
        now = time.process_time()
        spent[stage] += now - since
        stage, since = what, now

    wall, start = time.perf_counter(), time.process_time()
    verdict = run(site, scenario, devices=devices, catalogue=catalogue, maps=False, progress=stamp)
    cpu_s, wall_s = time.process_time() - start, time.perf_counter() - wall
    shape = dict(verdict.at_points.sizes)
    print(
        f"campus: {len(devices)} devices, {len(verdict.sectors)} sectors, {shape['channel']} channels, "
        f"{shape['point']} points in {verdict.by_room.sizes['room']} rooms, {scenario.worlds} worlds"
    )
    print(f"  {cpu_s:.1f} s CPU (aim {AIM_CAMPUS_S:g}), {wall_s:.1f} s by the clock")
    print("  of which " + ", ".join(f"{name} {spent[name]:.1f} s" for name in ("site", "rooms", "outside")))
    print(f"  peak {peak_gib():.2f} GiB (aim {AIM_CAMPUS_GIB:g}), {warm_gib:.2f} before")


def joined(others: BlockerLinks, moved: BlockerLinks) -> BlockerLinks:
    """The cached links of the devices that stay and the new ones of the device that moved."""

    def both(name: str) -> object:
        here, there = getattr(others, name), getattr(moved, name)  # devices stand first in all of them
        return here + there if isinstance(here, tuple) else np.concatenate([here, there])

    return BlockerLinks(**{field.name: both(field.name) for field in fields(BlockerLinks)})


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
    others = reduce(joined, [links for k, links in enumerate(every) if k != index])
    for name in KINDS:
        # another kind stands in the same place with the power of its catalogue row
        kind = was if name == was.model else Device(was.id, name, was.x_m, was.y_m, was.z_m, was.storey)
        links_ms, margin_ms = [], []
        for step in range(ROUNDS + 1):  # the first warms up
            device = replace(kind, x_m=kind.x_m + STEP_M * step)
            begin = time.process_time()
            moved = blocker_links(model, (device,), catalogue, points)
            middle = time.process_time()
            draft_margin_db(model, scenario, public, joined(others, moved))
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
    """Run both parts, each in a process of its own."""
    parts = {"campus": campus, "gesture": gesture}
    if len(sys.argv) > 1:
        parts[sys.argv[1]]()
        return
    for name in parts:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
