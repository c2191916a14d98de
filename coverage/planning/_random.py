"""Random numbers of the search, compiled: of a seed alone, never of time or threads."""
# mypy: ignore-errors

import numpy as np

from quietwing.coverage.compiling import OPEN_HELPER, njit


@njit(**OPEN_HELPER)
def next_random(state):
    """A random number in [0, 1): xorshift64*."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@njit(**OPEN_HELPER)
def pick(state, count):
    return min(int(next_random(state) * count), count - 1)


@njit(**OPEN_HELPER)
def liking(c, noise, salt):
    """Between 1 − noise and 1, by chance: what is put together again should not always be the same."""
    x = np.uint64(c + 1) * np.uint64(0x9E3779B97F4A7C15) + salt
    x ^= x >> np.uint64(31)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    return 1.0 - noise * (float(x >> np.uint64(40)) / 16777216.0)
