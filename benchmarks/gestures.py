"""How long the draft of a storey takes after each gesture on the bundled sites, without the browser.

    python benchmarks/gestures.py [site ...]

A drag is compared with the first draft in the same run: a drag must not cost what a first draft costs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.live.drafted import Draft
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.sites import load_site
from quietwing.sites.files import BUNDLED

ROUNDS = 5
STEP_M = 0.1
CABLES_M = 5.0, 63.0  # as the app hangs one by a click, and along a wing


def main() -> None:
    """Print a line for each site and gesture."""
    for name in sys.argv[1:] or BUNDLED:
        measure(name)


def measure(name: str) -> None:
    """One site."""
    site, (devices, catalogue) = load_site(name), equipment_of(name, None)
    drafting = Drafting(site, Scenario(), catalogue)
    first_s = timed(lambda: drafting.draft(0, devices))
    squares = len(drafting.places[0].silent)
    print(f"{name}: {len(devices)} devices, {squares} squares of the first storey; first draft {first_s:.1f} s")
    storeys(drafting, devices)
    mover, cable = devices[0], next(each for each in catalogue if catalogue[each].radiating_cable)
    windows = [opening.id for opening in site.openings if opening.kind == "window" and opening.state != "shut"]

    def dragged(step: int) -> Draft:
        return drafting.draft(0, (replace(mover, x_m=mover.x_m + STEP_M * step), *devices[1:]))

    def treated(step: int) -> Draft:
        return drafting.draft(0, devices, (Treatment(windows[step], "window_mesh"),))

    def cable_dragged(length_m: float, step: int) -> Draft:
        x_m, y_m = mover.x_m, mover.y_m + STEP_M * step
        run_m = ((x_m + length_m, y_m, 2.5),)
        return drafting.draft(0, (*devices, Device("C", cable, x_m, y_m, 2.5, 0, route_m=run_m)))

    for words, gesture in (
        ("a blocker dragged", dragged),
        ("a window treated", treated),
        *((f"{length_m:g} m of cable dragged", partial(cable_dragged, length_m)) for length_m in CABLES_M),
    ):
        took_s = [timed(partial(gesture, step)) for step in range(1, ROUNDS + 1)]
        middle_s = np.median(took_s)
        print(
            f"  {words}: {1000 * middle_s:.0f} ms (most {1000 * max(took_s):.0f}), "
            f"{first_s / middle_s:.0f} of them take as long as the first draft"
        )


def storeys(drafting: Drafting, devices: tuple[Device, ...]) -> None:
    """Two other storeys, one as it comes and one prepared beforehand."""
    print(f"  another storey, not prepared: {1000 * timed(lambda: drafting.draft(1, devices)):.0f} ms")
    steps_s, more = [], True
    while more:
        begun = time.perf_counter()
        more = drafting.prepare(2, devices)
        steps_s.append(time.perf_counter() - begun)
    prepared_s = timed(lambda: drafting.draft(2, devices))
    print(
        f"  another storey, prepared: {1000 * prepared_s:.0f} ms, after {len(steps_s)} steps of "
        f"{1000 * max(steps_s):.0f} ms at most, {sum(steps_s):.1f} s in all"
    )


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes by the wall clock: what a planner waits."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
