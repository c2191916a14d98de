"""What makes our verdict later than the ray tracer's where blockers are on: the same sweep, one error less at a time.

Run `python benchmarks/later.py` (half a minute; no ray tracer needed). It takes the two wings and the powers of
`docs/make_raytrace_check.py` and turns the devices up by steps of a decibel. Printed is by how many decibels sooner
the median room is called silent at planning grade than with all errors. What is left without any error is what the
medians of the two models differ by; `docs/validation.md` has that ("called by medians").
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))
from make_raytrace_check import JAMMED_MAST_DBM, SEED, STEP_DB, WINGS, WORLDS, devices, first_silent, wing

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.judging import silence_points
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, link_model, public_links
from quietwing.coverage.blocking.montecarlo import count_worlds
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.points import PointSet
from quietwing.sites.trial_point_sets import trial_points

DEVICE_DBM = np.arange(-40.0, 80.0, STEP_DB)
Case = tuple[LinkModel, PublicLinks, float]


def first_called(points: PointSet, case: Case, blockers: BlockerLinks) -> np.ndarray:
    """Step of the devices' power at which each room is first called silent."""
    model, public, confidence = case
    louder = {name: (getattr(public, name) + JAMMED_MAST_DBM).astype(np.float32) for name in ("los_dbm", "nlos_dbm")}
    called = []
    for device_dbm in DEVICE_DBM:
        at = replace(blockers, level_dbm=(blockers.level_dbm + device_dbm).astype(np.float32))
        tally = count_worlds(model, Scenario(worlds=WORLDS, seed=SEED), points, replace(public, **louder), at)
        called.append(tally.silent[0].mean(axis=1) >= confidence)
    return first_silent(np.array(called))


def cases(model: LinkModel, public: PublicLinks) -> Mapping[str, Case]:
    """All errors, and one less at a time."""
    grade = Scenario().judged[0].confidence

    def errors(**changed: float) -> LinkModel:
        return replace(model, rules=replace(model.rules, errors=replace(model.rules.errors, **changed)))

    sure = replace(public, sigma_db=np.zeros_like(public.sigma_db))
    walls = np.zeros_like(model.construction_sigma_db)
    return {
        "all errors": (model, public, grade),
        "called at 80 % of worlds": (model, public, 0.8),
        "called at 50 % of worlds": (model, public, 0.5),
        "walls known for sure": (replace(model, construction_sigma_db=walls), public, grade),
        "local errors of 2 dB": (errors(local_db=2.0), public, grade),
        "no local errors": (errors(local_db=0.0), public, grade),
        "devices known for sure": (errors(device_db=0.0), public, grade),
        "masts known for sure": (model, sure, grade),
        "no error": (replace(errors(local_db=0.0, device_db=0.0), construction_sigma_db=walls), sure, grade),
    }


def main() -> None:
    """Print the table."""
    for name in WINGS:
        site = wing(name)
        model = link_model(prepare_scene(site), site.sectors)
        points = silence_points(site, trial_points(site))
        public = replace(public_links(model, points), fixed_los=np.ones(len(site.sectors), np.int8))
        blockers = blocker_links(model, *devices(site), points)
        told = {what: first_called(points, case, blockers) for what, case in cases(model, public).items()}
        for what, step in told.items():
            print(f"{name:9} {what:26} {np.median((step - told['all errors']) * STEP_DB):+5.1f} dB", flush=True)


if __name__ == "__main__":
    main()
