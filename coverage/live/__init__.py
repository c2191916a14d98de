"""Drafts that follow a hand on the plan: a storey's margins, levels and spill from what a gesture changed."""

import lazy_loader

# What other stages may use stands in __init__.pyi; each name is loaded when it is first asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
