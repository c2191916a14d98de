"""What a study returns: frozen results whose arrays carry names and units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.contrast_results import ContrastBudget, ContrastLine
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import ExposureRow, KeepRow, RingRow, ServiceRow, WorstPlace
from quietwing.sites import Measurements, Patch, PointSet, Sector, Site

__all__ = [
    "Agreement",
    "Comparison",
    "ContrastBudget",
    "ContrastLine",
    "GradeVerdict",
    "Leakage",
    "SpillResult",
    "StoreyMap",
    "Verdict",
    "VerdictMap",
    "WhatIf",
    "WhatIfRow",
]


@dataclass(frozen=True)
class StoreyMap:
    """Leakage over one storey of a building, or one yard, on a regular grid.

    Attributes
    ----------
    title : str
        Building and storey in words.
    building, storey : int
        Index of the building (-1: yard) and number of its storey.
    patch : Patch
        The grid.
    data : Dataset, dims (j, i)
        `headroom_db` of the strongest usable service, `strongest` index of its channel (-1: none), `usable_channels`
        their number, `room` index (-1: none).
    """

    title: str
    building: int
    storey: int
    patch: Patch
    data: xr.Dataset


@dataclass(frozen=True, slots=True)
class Agreement:
    """How some readings and the model agree, nothing fitted; residual = measured − modelled.

    Attributes
    ----------
    channel : str or None
        Readings of this channel; None: of all.
    room : str or None
        Readings in this room; empty: in no room; None: of all places.
    readings : int
    bias_db : float
        Mean residual; positive: more signal than the model says. [dB]
    rmse_db : float
        Root of the mean square of the residuals, bias included. [dB]
    least_db, most_db : float
        Smallest and largest residual. [dB]
    """

    channel: str | None
    room: str | None
    readings: int
    bias_db: float
    rmse_db: float
    least_db: float
    most_db: float


@dataclass(frozen=True)
class Comparison:
    """Levels measured on a site beside what the leakage map says there; neither touches the other.

    Attributes
    ----------
    measurements : Measurements
        As read, those of channels that were not computed included.
    points : PointSet
        Where the readings compared were taken, in the order of `at_readings`.
    at_readings : Dataset, dims (reading,)
        `measured_dbm`, `modelled_dbm` (strongest sector of the channel; ``-inf``: none reaches it), `residual_db`
        (``inf`` there), `clear` (state of sight of that sector, as in the map), `los_probability`; coordinates
        `channel`, `room` (empty: in no room), `line` (number of the reading among `measurements`).
    overall : Agreement or None
        None if nothing could be compared.
    by_channel, by_room, by_room_and_channel : tuple of Agreement
        In order of name, what lies in no room last.
    notes : tuple of str
        What limits the comparison, for people.
    """

    measurements: Measurements
    points: PointSet
    at_readings: xr.Dataset
    overall: Agreement | None
    by_channel: tuple[Agreement, ...]
    by_room: tuple[Agreement, ...]
    by_room_and_channel: tuple[Agreement, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class GradeVerdict:
    """The rooms, and what spills, at one grade.

    Attributes
    ----------
    grade : Grade
        What had to hold.
    by_room : Dataset, dims (channel, room) and (room)
        `usable_probability` (channel, room) at any test point; `silent_probability`, `quiet_probability` (blockers,
        treatments and operator actions taken away), `called_silent`, `quiet_anyway` (room); coordinates `role`,
        `weight`.
    silent : bool ndarray, shape (room, world)
        No channel usable at any test point; rooms as in `by_room`.
    silent_at : dict
        Percent (50, 80, 90, 95, 99) to number of rooms with P(silent) at or above it, quiet anyway left out.
    together : int
        Rooms silent together in at least 95 % of worlds, quiet anyway left out.
    spill : SpillResult or None
    """

    grade: Grade
    by_room: xr.Dataset
    silent: NDArray[np.bool_]
    silent_at: dict[int, int]
    together: int
    spill: SpillResult | None = None


@dataclass(frozen=True)
class Leakage:
    """The public network inside a site, all blockers off.

    Attributes
    ----------
    site : Site
    scenario : Scenario
    sectors : tuple of Sector
        The sectors that were computed.
    points : PointSet
        Test points.
    at_points : Dataset, dims (channel, point)
        `rsrp_dbm` of the strongest sector, `headroom_db` above the level no phone could use, `usable`.
    by_room : Dataset, dims (channel, room) and (room)
        `rsrp_dbm` and `headroom_db` at each room's best test point; `usable_probability` and `silent_probability`
        over all worlds, as in a verdict with every blocker off; `usable`: in more worlds than the grade asked for
        allows, or the likeliest channel of a room that is not silent. Of other rooms: of the medians.
    grades : tuple of GradeVerdict
        The rooms that must be silent, the grade asked for first.
    maps : tuple of StoreyMap
        Empty if no maps were asked for.
    notes : tuple of str
        What limits the result, for people.
    scenario_id : str
        Twelve hexadecimal digits of the hash of site and scenario.
    measured : Comparison, optional
        Levels read on the site beside the model, if any were given.
    """

    site: Site
    scenario: Scenario
    sectors: tuple[Sector, ...]
    points: PointSet
    at_points: xr.Dataset
    by_room: xr.Dataset
    grades: tuple[GradeVerdict, ...]
    maps: tuple[StoreyMap, ...]
    notes: tuple[str, ...]
    scenario_id: str
    measured: Comparison | None = None


@dataclass(frozen=True)
class SpillResult:
    """What a layout does outside and in keep rooms, against the tier of one grade.

    Attributes
    ----------
    tier : str
        ``strict``, ``standard``, ``service`` or ``emergency``.
    outside : Dataset, dims (channel, outside)
        `jam_dbm` (median of the sum of all blockers), `signal_dbm` (median of the strongest sector), `margin_db` (the
        smaller of what is left at the median and in the share of worlds that the tier asks for), `limit_dbm` = sum +
        margin, `capture_probability`; coordinates `x_m y_m z_m ring name people`.
    rings : tuple of RingRow
    keep_rooms : tuple of KeepRow
    protected : tuple of ServiceRow
    exposure : tuple of ExposureRow
    emergency_share : float
        Share of points outside where some operator can be called with 999.
    passed : bool
        Everything above passes.
    worst_margin_db : float
        Smallest margin that counts, floored to 0.1 dB.
    worst : WorstPlace
        Where that is, and on which channel.
    """

    tier: str
    outside: xr.Dataset
    rings: tuple[RingRow, ...]
    keep_rooms: tuple[KeepRow, ...]
    protected: tuple[ServiceRow, ...]
    exposure: tuple[ExposureRow, ...]
    emergency_share: float
    passed: bool
    worst_margin_db: float
    worst: WorstPlace


@dataclass(frozen=True)
class VerdictMap:
    """Dead zones and holes over one storey of a building, or one yard, on a regular grid.

    Attributes
    ----------
    title : str
        Building and storey in words.
    building, storey : int
        Index of the building (-1: yard) and number of its storey.
    patch : Patch
        The grid.
    data : Dataset, dims (j, i)
        `state` int8 (0 dead zone, 1 hole, 2 not known; anything outside silence rooms), `margin_db` of the draft
        (positive: silenced; NaN outside silence rooms), `room` index (-1: none).
    """

    title: str
    building: int
    storey: int
    patch: Patch
    data: xr.Dataset


@dataclass(frozen=True)
class Verdict:
    """Who still has service in each room with a layout, over all worlds, and what spills.

    Attributes
    ----------
    site : Site
        Untreated, as given.
    scenario : Scenario
    sectors : tuple of Sector
    devices : tuple of Device
        Blockers, those that are off included.
    treatments : tuple of Treatment
    points : PointSet
        Test points in the order of rooms.
    at_points : Dataset, dims (channel, point)
        `usable_probability`; `rsrp_dbm` median of the strongest sector; `margin_db` of the draft: how far the channel
        is from working (positive: silenced).
    grades : tuple of GradeVerdict
        The grade asked for first; `by_room`, `silent`, `silent_at`, `together` and `spill` are those of it.
    uncovered_routes : tuple of str
        Escapes that no cellular blocker addresses.
    notes : tuple of str
    scenario_id : str
    maps : tuple of VerdictMap
        Empty if no maps were asked for.
    stream : int
        Which worlds of the seed it was judged on.
    contrast : tuple of ContrastBudget
        Of some holes, where asked for.
    measured : int
        Sectors whose level rests on a reading at the site.
    """

    site: Site
    scenario: Scenario
    sectors: tuple[Sector, ...]
    devices: tuple[Device, ...]
    treatments: tuple[Treatment, ...]
    points: PointSet
    at_points: xr.Dataset
    grades: tuple[GradeVerdict, ...]
    uncovered_routes: tuple[str, ...]
    notes: tuple[str, ...]
    scenario_id: str
    maps: tuple[VerdictMap, ...] = ()
    stream: int = 0
    contrast: tuple[ContrastBudget, ...] = ()
    measured: int = 0

    @property
    def by_room(self) -> xr.Dataset:
        """Rooms at the grade asked for."""
        return self.grades[0].by_room

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Silent rooms by world at the grade asked for."""
        return self.grades[0].silent

    @property
    def silent_at(self) -> dict[int, int]:
        """Rooms by confidence at the grade asked for."""
        return self.grades[0].silent_at

    @property
    def together(self) -> int:
        """Rooms silent together at the grade asked for."""
        return self.grades[0].together

    @property
    def spill(self) -> SpillResult | None:
        """Spill at the grade asked for."""
        return self.grades[0].spill


@dataclass(frozen=True)
class WhatIfRow:
    """The layout judged with one thing changed.

    Attributes
    ----------
    name : str
    kind : {"unchanged", "rule", "measured", "window", "retune", "off", "without"}
    changed : str
        What is changed, in words.
    cells : dict of str to int
        By grade: cells and spaces that are called silent.
    gained : dict of str to int
        By grade: more of them than without the change.
    spill : dict of str to tuple of float and bool
        By grade: smallest margin that counts, as `SpillResult.worst_margin_db` [dB], and whether everything passes.
    cost_gbp : float or None
        What the change costs now; None where nobody has given a price. [£]
    note : str
    mean_cells : dict of str to float
        By grade: cells and spaces silent in a world, the mean over all worlds; those quiet anyway left out.
    """

    name: str
    kind: str
    changed: str
    cells: dict[str, int]
    gained: dict[str, int]
    spill: dict[str, tuple[float, bool]]
    cost_gbp: float | None
    note: str
    mean_cells: dict[str, float]


@dataclass(frozen=True)
class WhatIf:
    """What would change the answer, most cells gained first; of equal ones those with most silent cells in a world.

    Attributes
    ----------
    site : Site
    scenario : Scenario
    devices : tuple of Device
    treatments : tuple of Treatment
    grades : tuple of str
        The grade asked for first, as in every row.
    rooms : int
        Cells and spaces that must be silent.
    unchanged : WhatIfRow
        The layout as it is: what `run` finds.
    rows : tuple of WhatIfRow
        By cells gained at the grade asked for, then at the other; ties in the order of the changes.
    scenario_id : str
    stream : int
    """

    site: Site
    scenario: Scenario
    devices: tuple[Device, ...]
    treatments: tuple[Treatment, ...]
    grades: tuple[str, ...]
    rooms: int
    unchanged: WhatIfRow
    rows: tuple[WhatIfRow, ...]
    scenario_id: str
    stream: int = 0
