"""The place: buildings, walls, rooms and the masts around them, as checked frozen data."""

from typing import TYPE_CHECKING

from quietwing.sites.errors import SiteError

if TYPE_CHECKING:
    from quietwing.sites.files import save_site
    from quietwing.sites.importers import check, import_site, load_site, save_geopackage
    from quietwing.sites.model import Site

__all__ = ["Site", "SiteError", "check", "import_site", "load_site", "save_geopackage", "save_site"]


def __getattr__(name: str) -> object:
    """Load the readers when one is first asked for: ``quietwing --help`` need not wait for the geometry."""
    if name in __all__:
        from quietwing.sites import files, importers, model  # slow to load

        return getattr(model if name == "Site" else files if name == "save_site" else importers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
