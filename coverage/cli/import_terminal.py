"""``quietwing import``: a site from elsewhere or a drawing checked, written as a folder, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from quietwing.coverage.cli.check_terminal import report_object, show_report
from quietwing.coverage.cli.command_inputs import refuse_existing
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.site_inputs import import_plans
from quietwing.sites import DrawingChoices, SiteError, clean, save_site

__all__ = ["Asked", "answer_import"]


class Asked(NamedTuple):
    """What the command line says of a drawing."""

    mapping: Path | None
    unit: str
    scale: str
    storey_height_m: float | None
    page: int | None
    crs: str
    name: str


def answer_import(sources: list[str], out: Path, overwrite: bool, asked: Asked, as_json: bool) -> None:
    """Import a site with what lies beside it, or a drawing."""
    if out.suffix.lower() in (".gpkg", ".zip"):
        raise SiteError(f"{clean(str(out))}: a site is imported into a folder; give --out without this ending")
    if not (overwrite and (out / "site.toml").is_file()):
        refuse_existing(out)  # also with --overwrite: what is no site's folder is not ours to replace
    if asked.storey_height_m is not None and not 1.8 <= asked.storey_height_m <= 20:
        raise SiteError(f"--storey-height is {asked.storey_height_m:g} (expected 1.8 to 20 m); correct it")
    choices = DrawingChoices(**asked._asdict())
    brought = import_plans(sources, choices, again=out if overwrite else None)
    beside = brought.files or {}
    save_site(brought.site, out, overwrite=overwrite, beside=beside)
    if as_json:
        source = sources[0] if len(sources) == 1 else sources
        written: dict[str, Any] = {
            "source": source,
            "site": str(out),
            "beside": sorted(beside),
            "left_out": list(brought.left_out),
        }
        if brought.counts is not None:
            written |= {"counts": dict(brought.counts), "kept": list(brought.kept)}
        print_json(written | report_object(brought.report))
        return
    show_report(brought.report)
    for name in brought.left_out:
        say(f"left out: {name}: is not a file of a site")
    if brought.counts is not None:
        _say_counts(brought.counts)
    for edit in brought.kept:
        say(edit)
    along = f" with {', '.join(sorted(beside))}" if beside else ""
    say(f"wrote {clean(str(out))}{along}; try: quietwing check {clean(str(out))}")


def _say_counts(counts: Mapping[str, Any]) -> None:
    """What was found on each storey, and where the guesses are."""
    for storey in counts.get("storeys", ()):
        found = ", ".join(f"{storey[key]:,} {key}" for key in ("walls", "doors", "windows", "rooms") if key in storey)
        say(f"storey {clean(str(storey['name']), 40)} at {storey['floor_m']:g} m: {found}")
    say(
        "guesses with their places: import-report.csv; what layers and materials were taken for: import-mapping.toml "
        "(change it, and give it again with --mapping and --overwrite)"
    )
