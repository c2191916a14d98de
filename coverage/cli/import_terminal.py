"""``quietwing import``: a site from elsewhere checked, written as a folder, and what was found."""

from __future__ import annotations

from pathlib import Path

from quietwing.coverage.cli.check_terminal import report_object, show_report
from quietwing.coverage.cli.command_inputs import refuse_existing
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.site_inputs import import_with_inputs
from quietwing.sites import SiteError, clean, save_site

__all__ = ["answer_import"]


def answer_import(source: str, out: Path, overwrite: bool, as_json: bool) -> None:
    """Import a site with what lies beside it."""
    if out.suffix.lower() in (".gpkg", ".zip"):
        raise SiteError(f"{clean(str(out))}: a site is imported into a folder; give --out without this ending")
    if not (overwrite and (out / "site.toml").is_file()):
        refuse_existing(out)  # also with --overwrite: what is no site's folder is not ours to replace
    brought = import_with_inputs(source)
    beside = brought.files or {}
    save_site(brought.site, out, overwrite=overwrite, beside=beside)
    if as_json:
        written = {"source": source, "site": str(out), "beside": sorted(beside), "left_out": list(brought.left_out)}
        print_json(written | report_object(brought.report))
        return
    show_report(brought.report)
    for name in brought.left_out:
        say(f"left out: {name}: is not a file of a site")
    along = f" with {', '.join(sorted(beside))}" if beside else ""
    say(f"wrote {clean(str(out))}{along}; try: quietwing check {clean(str(out))}")
