"""Compiled draws of `worlds`: hashes and normals, for use inside other kernels too."""
# mypy: ignore-errors

import numpy as np

from quietwing.coverage.compiling import OPEN_HELPER, njit

TABLE_BITS = 14  # of the table of normal quantiles
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(**OPEN_HELPER)
def mixed(z):
    """Scramble 64 bits (the finaliser of splitmix64)."""
    z = np.uint64(z)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(**OPEN_HELPER)
def key_of(seed, part, a, b, c):
    """The stream of one owner: seed, part and up to three numbers that name it."""
    key = mixed(np.uint64(seed) + _GOLDEN)
    key = mixed(key ^ (np.uint64(part) * _GOLDEN))
    key = mixed(key + np.uint64(a) * _GOLDEN + np.uint64(1))
    key = mixed(key + np.uint64(b) * _GOLDEN + np.uint64(2))
    return mixed(key + np.uint64(c) * _GOLDEN + np.uint64(3))


@njit(**OPEN_HELPER)
def fill_normals(out, key, table):
    """One standard normal per world; four worlds share a hash."""
    count = len(out)
    whole = count // 4
    for block in range(whole):  # without a loop inside it takes less than half the time
        h = mixed(np.uint64(key) + np.uint64(block + 1) * _GOLDEN)
        out[4 * block] = table[(h >> np.uint64(2)) & np.uint64(0x3FFF)]
        out[4 * block + 1] = table[(h >> np.uint64(18)) & np.uint64(0x3FFF)]
        out[4 * block + 2] = table[(h >> np.uint64(34)) & np.uint64(0x3FFF)]
        out[4 * block + 3] = table[(h >> np.uint64(50)) & np.uint64(0x3FFF)]
    if 4 * whole < count:
        h = mixed(np.uint64(key) + np.uint64(whole + 1) * _GOLDEN)
        for lane in range(count - 4 * whole):
            out[4 * whole + lane] = table[(h >> np.uint64(16 * lane + 2)) & np.uint64(0x3FFF)]
