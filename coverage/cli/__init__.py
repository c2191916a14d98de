"""The command line: commands, what they ask the engine, and how an answer looks on a terminal."""

import os

import lazy_loader

# Read when numpy is loaded. Our products of matrices are small: a second thread waits for them, at a fifth of the CPU
# time of a verdict. The bytes are the same.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Each answer is loaded when its command runs: what it needs of the engine is slow to load.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
