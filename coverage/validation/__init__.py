"""The engine against data nobody here wrote: which sets are known, how each is compared, what that proves."""

import lazy_loader

# What other stages may use stands in __init__.pyi; each name is loaded when it is first asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
