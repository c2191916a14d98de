"""The demo's questions to another process: what leaks in, the layout given, and pictures of a plan."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from quietwing.coverage import report, warmup
from quietwing.coverage.planning import REPORTING_STREAM
from quietwing.coverage.study import evaluate, leakage, made_ready, margin_map, storey_grids, with_maps

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.other_process import Known
    from quietwing.coverage.planning import PlanResult
    from quietwing.coverage.results import Leakage, Verdict, VerdictMap
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites import Site

__all__ = ["Compiled", "Drawn", "Given", "Half", "Shown"]


@dataclass(frozen=True)
class Compiled:
    """What both processes need, compiled before anything is read."""

    def answer(self, _known: Known) -> None:
        """Compile it."""
        warmup.compile_kernels()


@dataclass(frozen=True)
class Given:
    """What leaks in with blockers off, and its pictures; the layout's verdict on the worlds plans are reported on."""

    leaks: Leakage
    verdict: Verdict
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Half:
    """A site with the layout it has."""

    site: Site
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]

    def answer(self, _known: Known) -> Given:
        """What leaks in, and the verdict on the layout."""
        leaks = leakage(self.site, self.scenario)
        verdict = evaluate(
            self.site, self.scenario, devices=self.devices, catalogue=self.catalogue, stream=REPORTING_STREAM
        )
        return Given(leaks, verdict, _pictures(leaks))


@dataclass(frozen=True)
class Drawn:
    """The maps of a plan, whose verdict has this id, and all pictures of it."""

    scenario_id: str
    maps: tuple[VerdictMap, ...]
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Shown:
    """A plan to be shown in full, held against the layout of `Half`, asked before; its verdict has no maps yet."""

    result: PlanResult
    catalogue: Mapping[str, Model]

    def answer(self, known: Known) -> Drawn:
        """Its maps, and its pictures."""
        verdict = self.result.verdict
        asked = verdict.scenario, verdict.devices, self.catalogue
        model = made_ready(verdict.site, *asked).model
        maps = tuple(margin_map(model, *asked, points) for points in storey_grids(verdict.site, verdict.scenario))
        result = replace(self.result, verdict=with_maps(verdict, maps), before=known(Half).verdict)
        return Drawn(verdict.scenario_id, result.verdict.maps, _pictures(result))


def _pictures(result: Leakage | PlanResult) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        report.make_files(result, Path(folder))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.png"))}
