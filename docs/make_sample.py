"""Recompute the result the app opens with, and store it in ``coverage/app/sample``.

Run it with ``uv run python docs/make_sample.py`` after anything that moves a number; a slow test recomputes it and
compares the bytes.
"""

from __future__ import annotations

from pathlib import Path

from quietwing.coverage.app.facts_of_verdict import sample_files
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import read_scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.coverage.study import evaluate
from quietwing.sites import beside, load_site

SITE = "houseblock"
FOLDER = Path(__file__).parents[1] / "coverage" / "app" / "sample"


def verdict() -> Verdict:
    """The bundled site judged with its own layout and scenario."""
    devices, catalogue = equipment_of(SITE, None)
    scenario = read_scenario(beside(SITE, "scenario.toml"))
    return evaluate(load_site(SITE), scenario, devices=devices, catalogue=catalogue)


def make(judged: Verdict) -> dict[str, bytes]:
    """The files of the sample by name."""
    return sample_files(judged, equipment_of(SITE, None)[1])


if __name__ == "__main__":
    for name, content in make(verdict()).items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes")
