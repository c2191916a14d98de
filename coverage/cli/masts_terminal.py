"""``quietwing masts import``: the site's masts, a table of what was assumed, a map."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import typer

from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, refuse_written, say
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import (
    Anchor,
    SiteError,
    import_masts,
    load_site,
    mast_columns,
    plain_number,
    read_mast_mapping,
    shown,
    table_text,
)

__all__ = ["answer_masts"]

MOST_REASONS = 12


def answer_masts(
    source: Path,
    site: str,
    out: Path,
    mapping: Path | None,
    radius_m: float,
    place: tuple[str, float],
    picture: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Read the list, write masts, what was assumed, and the map."""
    told = out.with_name(f"{out.stem}-assumed.csv")
    if out.suffix.lower() != ".csv":
        raise SiteError(f"{out.name}: is no .csv; masts are a table, name it masts.csv")
    if picture is not None and picture.suffix.lower() != ".png":
        raise SiteError(f"{picture.name}: is no .png; the map is a picture, name it masts.png")
    if out.parent.joinpath("site.toml").exists():  # beside a site's files stands nothing that is no file of a site
        told = out.parent.parent / f"{out.parent.name}-masts-assumed.csv"
    for path in (out, told, picture):
        refuse_written(path, overwrite, source, mapping)
    with progress_bar() as progress:
        anchor = _anchor(*place)
        here = load_site(site)
        columns = None if mapping is None else read_mast_mapping(mapping)
        progress("reading the list", 0.2)
        found = import_masts(source, here, columns, radius_m, anchor)
    from quietwing.coverage.report import assumed_csv, mast_figure, save_png  # slow to load: a list may be refused

    sectors = [one.sector for one in found.sectors]
    figure = None if picture is None else mast_figure(here, sectors)
    write_whole(out, table_text(mast_columns(sectors), sectors))
    write_whole(told, assumed_csv(found))
    if figure is not None and picture is not None:
        save_png(figure, picture)
    files = [str(path) for path in (out, told, picture) if path is not None]
    if as_json:
        print_json(
            {
                "rows": found.rows,
                "sectors": len(found.sectors),
                "merged": found.merged,
                "assumed": {one.sector.id: list(one.assumed) for one in found.sectors if one.assumed},
                "left_out": [{"why": why, "rows": many} for why, many in found.left_out],
                "files": files,
            }
        )
        return
    guessed = sum(bool(one.assumed) for one in found.sectors)
    typer.echo(
        f"{len(found.sectors)} sectors from {found.rows:,} rows, {found.merged:,} merged; "
        f"something is assumed of {guessed}."
    )
    count = Counter(one.sector.channel for one in found.sectors)
    print_table(["channel", "sectors"], [[channel, str(many)] for channel, many in sorted(count.items())])
    for why, many in found.left_out[:MOST_REASONS]:
        say(f"left out: {many:,} rows: {why}")
    say(f"wrote {', '.join(files)}; measure levels on the site before you trust what is assumed")


def _anchor(at: str, bearing_deg: float) -> Anchor | None:
    """Where the site lies, as the command line says it."""
    if not at:
        return None
    pair = [plain_number(part) for part in at.split(",")]
    if len(pair) != 2 or pair[0] is None or pair[1] is None:
        raise SiteError(f"--at is {shown(at)} (expected latitude and longitude, such as 54.97,-1.61); correct it")
    return Anchor(pair[0], pair[1], bearing_deg)
