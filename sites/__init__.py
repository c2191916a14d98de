"""The place: buildings, walls, rooms and the masts around them, as checked frozen data."""

from quietwing.sites.errors import SiteError
from quietwing.sites.files import check, load_site, save_site
from quietwing.sites.geopackage import save_geopackage
from quietwing.sites.model import Site

__all__ = ["Site", "SiteError", "check", "load_site", "save_geopackage", "save_site"]
