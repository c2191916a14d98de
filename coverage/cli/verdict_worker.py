"""A verdict's questions to another process: maps, while this one judges rooms and spill; then pictures."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietwing.coverage import blocking, report, study
from quietwing.coverage.cli.memory import keep_memory
from quietwing.coverage.compiled_code import is_compiled
from quietwing.coverage.named_arrays import xr

if TYPE_CHECKING:
    from quietwing.coverage.blocking import LinkModel
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.other_process import Known
    from quietwing.coverage.results import Verdict, VerdictMap
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites import PointSet

__all__ = ["Judged", "Layout", "Picture", "Prepared", "Storey", "halve_threads", "load_tables"]


def halve_threads() -> int:
    """Leave half of the threads to the other process; how many there were."""
    import numba  # here: who asks loads this module before the engine

    before = int(numba.get_num_threads())
    numba.set_num_threads(max(1, before // 2))
    return before


def load_tables() -> None:
    """Load xarray as a first table does, but without Dask, which it would load to know its arrays: there are none."""
    loaded = "dask" in sys.modules
    if not loaded:
        sys.modules["dask"] = None  # type: ignore[assignment]
    try:
        xr.Dataset({"none": ((), 0.0)})
    finally:
        if not loaded:
            del sys.modules["dask"]


@dataclass(frozen=True)
class Prepared:
    """What later questions need is loaded, while the one who asks still makes the site ready."""

    def answer(self, _known: Known) -> None:
        """Load it: the engine, compiled code, tables and what draws."""
        keep_memory()
        halve_threads()
        study.margin_map  # noqa: B018 - doors load what is named
        if is_compiled(blocking.against):
            blocking.against(*blocking.nothing_for(blocking.against))
        load_tables()
        report.verdict_pictures  # noqa: B018
        report.png_of  # noqa: B018


@dataclass(frozen=True)
class Layout:
    """A site made ready, and the layout that will be judged on it."""

    model: LinkModel
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]


@dataclass(frozen=True)
class Storey:
    """One storey of the `Layout` told before."""

    points: PointSet

    def answer(self, known: Known) -> VerdictMap:
        """Its map."""
        layout: Layout = known(Layout)
        return study.margin_map(layout.model, layout.scenario, layout.devices, layout.catalogue, self.points)


@dataclass(frozen=True)
class Judged:
    """A verdict with its maps, and what it is shown beside."""

    verdict: Verdict
    before: Verdict | None = None


@dataclass(frozen=True)
class Picture:
    """One picture of the verdict told before."""

    name: str

    def answer(self, known: Known) -> bytes:
        """The picture as a PNG file."""
        judged: Judged = known(Judged)
        return report.png_of(report.verdict_pictures(judged.verdict, judged.before)[self.name]())
