"""``quietwing calibrate``: what readings say of walls and masts, in a table, as a file and as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from quietwing.coverage import study
from quietwing.coverage.calibration import CalibrationFit, calibrate_site
from quietwing.coverage.cli.command_inputs import refuse_days_to_come
from quietwing.coverage.cli.question import question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, refuse_written, say
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import Site, calibration_text, clean, read_measurements

__all__ = ["answer_calibrate"]

MOST_SECTORS_SHOWN = 60  # of a table on a terminal; --json and the file have all


def answer_calibrate(
    site: str,
    readings_file: Path,
    out: Path | None,
    compare: bool,
    layout_file: Path | None,
    scenario_file: Path | None,
    rules_file: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Fit, write the layer, and judge the layout before and after if asked to."""
    refuse_written(out, overwrite, readings_file, scenario_file, rules_file, layout_file)
    with progress_bar() as progress:
        place, scenario = question(site, scenario_file, {"rules": rules_file} if rules_file else {}, progress)
        devices, catalogue = equipment_of(site, layout_file) if compare else ((), {})
        measured = read_measurements(readings_file, place)
        refuse_days_to_come(measured.readings, place, readings_file)
        progress("fitting", 0.1)
        fit = calibrate_site(place, measured, scenario.rules)
        verdicts = _both(place, fit, scenario, devices, catalogue, progress) if compare else None
    if out is not None:
        write_whole(out, calibration_text(fit.layer))
    if as_json:
        print_json(_object(fit, verdicts) | {"files": [] if out is None else [str(out)]})
        return
    _show(fit)
    if verdicts is not None:
        _show_both(verdicts)
    for note in fit.notes:
        say(f"note: {note}")
    if out is not None:
        say(f"wrote {out}; put it into the site's folder as calibration.toml, or give it as --calibration")


def _both(
    place: Site,
    fit: CalibrationFit,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: dict[str, Model],
    progress: Any,
) -> tuple[Verdict, Verdict]:
    """The same layout judged without the layer and with it, on the same worlds."""
    found = []
    for number, layer in enumerate((None, fit.layer)):
        progress("judging before" if layer is None else "judging after", 0.4 + 0.3 * number)
        changed = replace(place, calibration=layer)
        found.append(study.evaluate(changed, scenario, devices=devices, catalogue=catalogue, maps=False))
    return found[0], found[1]


def _show(fit: CalibrationFit) -> None:
    """Shifts, errors before and after."""
    layer = fit.layer
    typer.echo(
        f"{layer.readings} readings up to {layer.as_of.isoformat()}: residual {fit.before_db:.1f} dB before, "
        f"{fit.after_db:.1f} dB after the fit."
    )
    for one in fit.held_out:
        typer.echo(
            f"Held out, one {one.left_out} of {one.groups} at a time: {one.before_db:.1f} dB uncalibrated, "
            f"{one.after_db:.1f} dB calibrated."
        )
    if not fit.shifts:
        return
    typer.echo("")
    shown = fit.shifts[:MOST_SECTORS_SHOWN]
    print_table(
        ["what", "shift [dB]", "doubt before [dB]", "doubt left [dB]", "rooms and squares"],
        [
            [
                f"{one.kind} {clean(one.name, 60)}",
                f"{one.shift_db:+.1f}",
                f"{one.prior_sigma_db:.1f}",
                f"{one.sigma_db:.1f}",
                str(one.rows),
            ]
            for one in shown
        ],
    )
    if len(fit.shifts) > len(shown):
        say(f"{len(fit.shifts) - len(shown)} more shifts: see --json or the file")


def _counts(verdict: Verdict) -> list[tuple[str, int, int, int]]:
    """Grade, rooms blocked by the layout, without signal anyway, all."""
    return [
        (
            one.grade.name,
            int(one.by_room["called_silent"].values.sum()),
            int(one.by_room["quiet_anyway"].values.sum()),
            int(one.by_room.sizes["room"]),
        )
        for one in verdict.grades
    ]


def _show_both(verdicts: tuple[Verdict, Verdict]) -> None:
    typer.echo("")
    before, after = (_counts(verdict) for verdict in verdicts)
    print_table(
        ["grade", "blocked before", "blocked after", "no signal anyway before", "no signal anyway after", "of"],
        [[b[0], str(b[1]), str(a[1]), str(b[2]), str(a[2]), str(b[3])] for b, a in zip(before, after, strict=True)],
    )


def _object(fit: CalibrationFit, verdicts: tuple[Verdict, Verdict] | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "readings": fit.layer.readings,
        "as_of": fit.layer.as_of.isoformat(),
        "before_db": fit.before_db,
        "after_db": fit.after_db,
        "held_out": [
            {"left_out": one.left_out, "groups": one.groups, "before_db": one.before_db, "after_db": one.after_db}
            for one in fit.held_out
        ],
        "shifts": [
            {
                "kind": one.kind,
                "name": one.name,
                "shift_db": one.shift_db,
                "prior_sigma_db": one.prior_sigma_db,
                "sigma_db": one.sigma_db,
                "rows": one.rows,
            }
            for one in fit.shifts
        ],
        "notes": list(fit.notes),
    }
    if verdicts is not None:
        keys = ("grade", "silent", "quiet_anyway", "rooms")
        found["compare"] = {
            name: [dict(zip(keys, row, strict=True)) for row in _counts(verdict)]
            for name, verdict in zip(("before", "after"), verdicts, strict=True)
        }
    return found
