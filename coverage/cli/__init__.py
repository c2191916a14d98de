"""The command line: commands, what they ask the engine, and how an answer looks on a terminal."""

import lazy_loader

# Each answer is loaded when its command runs: what it needs of the engine is slow to load.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
