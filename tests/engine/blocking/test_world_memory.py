"""Memory of the worlds by hand, and the number that a refusal names."""

from dataclasses import replace

import numba
import pytest

from quietwing.coverage.blocking.world_memory import MOST_WORLD_BYTES, refuse_too_many_worlds, world_bytes
from quietwing.coverage.errors import ScenarioError
from quietwing.sites import load_site


def test_a_world_by_hand():
    """Two operators on one mast, two bands: 2 sectors and 3 devices drawn, 10 rooms at 2 grades with and without
    blockers, and for each thread (2 sources + 2 x 3) x (2 bands + 1) floats and 2 doubles for each of 2 carriers."""
    first = load_site("houseblock").sectors[0]
    second = replace(first, operator="other", band="B99", freq_mhz=2100.0)
    threads = numba.get_num_threads()
    assert world_bytes(10, (first, second), 3) == 4 * 5 + 2 * 2 * 10 + threads * (4 * 8 * 3 + 2 * 8 * 2)


def test_worlds_that_do_not_fit_are_refused_with_the_number_that_does():
    site = load_site("houseblock")
    rooms = sum(room.role == "silence" for room in site.rooms)
    most = MOST_WORLD_BYTES // world_bytes(rooms, site.sectors, 3000) // 100 * 100
    with pytest.raises(ScenarioError, match=rf"worlds is 100,000: with 3,000 devices .* ask for {most:,} at most"):
        refuse_too_many_worlds(rooms, site.sectors, 3000, 100_000)
    refuse_too_many_worlds(rooms, site.sectors, 3000, most)
