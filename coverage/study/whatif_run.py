"""What would change the answer: one layout judged on the same worlds with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from quietwing.coverage.blocking import most_eirp_dbm, outside_points
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.planning import cost
from quietwing.coverage.results import WhatIf
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.common import Progress, checked_sectors
from quietwing.coverage.study.judging import make_ready
from quietwing.coverage.study.whatif_changes import (
    WindowChange,
    network_changes,
    rule_changes,
    sealed_site,
    window_changes,
)
from quietwing.coverage.study.whatif_rows import (
    heard_row,
    judged_base,
    measured_row,
    network_row,
    rule_row,
    unchanged_row,
)
from quietwing.coverage.study.whatif_worlds import Ask, heard_on
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import Site, fingerprint

__all__ = ["whatif"]


def whatif(
    site: Site,
    scenario: Scenario | None = None,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    stream: int = 0,
    progress: Progress | None = None,
) -> WhatIf:
    """The same layout judged on the same worlds with one thing changed at a time.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        What is asked; the defaults without it.
    devices : tuple of Device
        The layout; none: blockers off.
    catalogue : mapping of str to Model, optional
        What devices and treatments are, and which meshes and films to try; the bundled one without it.
    stream : int
        Another stream of worlds of the same seed.
    progress : callable, optional
        Called with what is being done and the share done, 0 to 1.

    Returns
    -------
    WhatIf

    Raises
    ------
    SiteError
        If the site has no mast.
    ScenarioError
        If the scenario or the layout names what is not there.

    Notes
    -----
    Cells that are quiet anyway on the site as it is are credited to no change of windows or network. With the masts
    measured better, quiet anyway is judged anew.
    """
    scenario = scenario or Scenario()
    catalogue = read_catalogue() if catalogue is None else catalogue
    say = progress or (lambda _what, _share: None)
    say("site", 0.0)
    sectors = checked_sectors(site, scenario, devices)
    treatments = resolve_treatments(site, scenario.treatments, catalogue)
    ready = make_ready(site, sectors, scenario, treatments, catalogue)
    on = tuple(device for device in devices if device.state != "off")
    places = outside_points(site, most_eirp_dbm(on, catalogue, site.sectors))
    ask = Ask(scenario, on, catalogue, places, stream)
    windows = window_changes(site, treatments, catalogue)
    parts = 4 + len(windows)  # about as much work each
    say("the layout as it is", 0.0)
    rules = rule_changes(scenario.judged)
    heard = heard_on(ready, ask)
    base = judged_base(ready, heard, ask, rules, lambda done: say("the network turned down", 2 * done / parts))
    rows = [unchanged_row(base), *(rule_row(base, change) for change in rules)]
    say("one operator or band left out", 2.5 / parts)
    rows += [network_row(base, change) for change in network_changes(site, scenario, ready.model)]
    say("the masts measured", 3 / parts)
    measured = measured_row(ready, base)
    rows += [] if measured is None else [measured]
    for number, change in enumerate(windows, 4):
        say(change.name, number / parts)
        if change.treatments:
            added = (*treatments, *change.treatments)
            other = make_ready(site, sectors, scenario, added, catalogue, bare=ready.bare)
        else:
            other = make_ready(sealed_site(site, change.windows), sectors, scenario, treatments, catalogue)
        words = change.name, "window", change.changed, _price(site, scenario, change, catalogue), change.note
        rows.append(heard_row(base, heard_on(other, ask), *words))
    say("done", 1.0)
    names = tuple(grade.name for grade in scenario.judged)
    unchanged, *others = (
        replace(row, gained={name: row.cells[name] - rows[0].cells[name] for name in names}) for row in rows
    )
    return WhatIf(
        site=site,
        scenario=scenario,
        devices=devices,
        treatments=treatments,
        grades=names,
        rooms=sum(room.role == "silence" for room in site.rooms),
        unchanged=unchanged,
        rows=tuple(
            sorted(others, key=lambda row: tuple(-of[name] for of in (row.gained, row.mean_cells) for name in names))
        ),
        scenario_id=fingerprint(site, scenario, devices, dict(catalogue))[:12],
        stream=stream,
    )


def _price(site: Site, scenario: Scenario, change: WindowChange, catalogue: Mapping[str, Model]) -> float | None:
    """What a change of windows costs now; None if nothing can be bought. [£]"""
    if not change.treatments:
        return None
    return cost(site, (), change.treatments, catalogue, replace(scenario, operator_actions=())).capex_gbp
