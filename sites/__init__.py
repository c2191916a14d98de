"""The place: buildings, walls, rooms and the masts around them, as checked frozen data."""

from quietwing.sites.errors import SiteError
from quietwing.sites.files import save_site
from quietwing.sites.importers import check, import_site, load_site, save_geopackage
from quietwing.sites.model import Site

__all__ = ["Site", "SiteError", "check", "import_site", "load_site", "save_geopackage", "save_site"]
