"""What lies beside the layers of a site: its layout and catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Device, Model

__all__ = ["equipment_of", "own_file"]


def equipment_of(site: str, layout_file: Path | None) -> tuple[tuple[Device, ...], dict[str, Model]]:
    """The layout given, else the site's own, else nothing; with the site's own catalogue, else the bundled one."""
    from quietwing.coverage.catalogue import read_catalogue
    from quietwing.coverage.layout import read_layout

    catalogue = read_catalogue(own_file(site, "catalogue.csv"))
    layout = layout_file or own_file(site, "layout.csv")
    return (read_layout(layout, catalogue) if layout is not None else ()), catalogue


def own_file(site: str, name: str) -> Path | None:
    """A file that lies beside the layers in the site's folder, if there is one."""
    from quietwing.sites.safe_reading import site_path

    own = site_path(site) / name
    return own if own.is_file() else None
