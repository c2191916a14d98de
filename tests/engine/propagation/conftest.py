"""Loads the float64 reference from its path: tests have no package to import it from."""

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.propagation import multiwall


@pytest.fixture(scope="session")
def reference():
    """The slow plain-numpy multi-wall sum."""
    return module_at("tests/engine/propagation/float64_reference.py")


@pytest.fixture(scope="session")
def crossed(reference):
    """How many quads the ray from a to b crosses: five ways, and back, which must all agree."""

    def count(facets, a, b):
        prepared = multiwall.prepare(facets)
        group = np.zeros(len(facets.surfaces), int)
        found = []
        for start, end in ((a, b), (b, a)):
            start, end = np.array([start], float), np.array([end], float)
            single = reference.patch_points((end[0], (1, 0, 0), (0, 1, 0), 1, 1))
            middle = reference.patch_points((end[0] - (1, 2, 0), (1, 0, 0), (0, 1, 0), 3, 5))
            found += [
                int(multiwall.crossing_counts(prepared, start, end, group, 1)[0, 0, 0]),
                int(multiwall.crossing_counts(prepared, start, single, group, 1)[0, 0, 0]),
                int(multiwall.crossing_counts(prepared, start, middle, group, 1)[0, 7, 0]),
                int(reference.crossing_counts(facets, start, end, group, 1)[0, 0, 0]),
                len(multiwall.crossings(prepared, start[0], end[0])),
            ]
        assert len(set(found)) == 1, f"the roads disagree: {found}"
        return found[0]

    return count
