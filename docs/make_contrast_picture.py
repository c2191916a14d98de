"""Draw the contrast budget that docs/model.md shows: one cell of houseblock with its own layout.

``uv run python docs/make_contrast_picture.py`` writes ``docs/images/contrast-budget.png``, the product's own figure.
"""

from __future__ import annotations

from pathlib import Path

from quietwing.coverage import contrast_budget, evaluate
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.layout import read_layout
from quietwing.coverage.report.contrast_figure import contrast_figure
from quietwing.coverage.report.plan_drawing import save_png
from quietwing.coverage.scenario import read_scenario
from quietwing.coverage.study.contrast import holes_by_silence
from quietwing.sites import load_site
from quietwing.sites.files import bundled_folder

PICTURE = Path(__file__).parent / "images" / "contrast-budget.png"
SITE, ROOM = "houseblock", "A2-14"
LARGEST_BYTES = 200_000


def main() -> None:
    """Judge the layout, take the cell or else the hole nearest to being silent, and draw its budget."""
    site, catalogue = load_site(SITE), read_catalogue()
    with bundled_folder(SITE) as folder:
        devices = read_layout(folder / "layout.csv", catalogue)
        scenario = read_scenario(folder / "scenario.toml")
    verdict = evaluate(site, scenario, devices=devices, catalogue=catalogue, maps=False)
    holes = holes_by_silence(verdict, nearest=True)
    if not holes:
        raise SystemExit(f"{SITE} has no hole with its own layout; name another site here")
    budget = contrast_budget(verdict, ROOM if ROOM in holes else holes[0], catalogue=catalogue)
    if budget is None:
        raise SystemExit(f"{ROOM} needs no blocking; name another cell here")
    save_png(contrast_figure(budget), PICTURE)
    size = PICTURE.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{PICTURE.name} has {size} bytes (at most {LARGEST_BYTES}); draw it smaller")
    print(f"wrote {PICTURE}: {budget.room}, {budget.channel}, short by {budget.short_db} dB")


if __name__ == "__main__":
    main()
