"""Readings taken on a site, fitted: shifts of walls and masts with the doubt left, and what to read next."""

import lazy_loader

# What other stages may use stands in __init__.pyi; each name is loaded when it is first asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
