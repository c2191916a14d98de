"""`quietwing import`: a site from elsewhere is checked and written as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage.cli.check_terminal import report_object, show_report
from quietwing.coverage.cli.command_inputs import guarded, refuse_existing
from quietwing.coverage.cli.options import JsonOption
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean

__all__ = ["import_site"]


@guarded
def import_site(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A site folder, a zip of one, or a GeoPackage.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="SITE", help="New folder for the site.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the files of the site in SITE; other files in it stay.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a site folder, a zip of one or a GeoPackage, and write it as a site folder with what lies beside it."""
    from quietwing.coverage.site_inputs import import_with_inputs
    from quietwing.sites import save_site

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
