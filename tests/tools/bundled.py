"""Bundled sites, each read once a process: a site never changes."""

from functools import cache

from quietwing.sites import load_site

bundled = cache(load_site)
