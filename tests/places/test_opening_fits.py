"""How openings lie on their walls is worked out for many at a time, and is the same one by one."""

from __future__ import annotations

import numpy as np
import shapely

from quietwing.sites import load_site, opening_checks


def test_openings_fit_their_walls_alike_however_many_are_looked_at_together(monkeypatch):
    site = load_site("houseblock")
    walls = {wall.id: wall for wall in site.walls}
    together = opening_checks._fits(walls, site.openings)
    assert sorted(together) == list(range(len(site.openings)))
    monkeypatch.setattr(opening_checks, "PARTS_AT_A_TIME", 1)
    assert opening_checks._fits(walls, site.openings) == together
    for number, opening in enumerate(site.openings):
        part, fit = walls[opening.wall].line, together[number]
        begin, end = shapely.get_coordinates(part)[fit.part : fit.part + 2]
        middle = (begin + (end - begin) * (fit.start_m + fit.end_m) / 2 / fit.length_m).tolist()
        assert np.hypot(*(np.array(middle) - opening.line.centroid.coords[0])) <= opening_checks.ON_WALL_M
