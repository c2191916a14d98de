"""Parts of point sets, and what a site keeps of its openings: the same as asked for whole, or of a site made anew."""

from dataclasses import replace

import numpy as np
from bundled import bundled

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Treatment
from quietwing.coverage.treatments import treated_site
from quietwing.sites.openings import opening_places, with_openings
from quietwing.sites.points import PointSet
from quietwing.sites.trial_point_sets import trial_points

SITE = bundled("houseblock")


def assert_same(one: PointSet, other: PointSet) -> None:
    for name in ("xyz_m", "room", "storey", "building"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert (one.kind, one.patches) == (other.kind, other.patches)


def test_points_of_some_rooms_are_those_among_the_points_of_all():
    whole = trial_points(SITE)
    rooms = {3, 40, SITE.room_index["A2-landing"]}
    assert_same(trial_points(SITE, rooms), whole.some(np.flatnonzero(np.isin(whole.room, list(rooms)))))
    assert len(trial_points(SITE, ())) == 0


def test_points_follow_one_another():
    whole = trial_points(SITE)
    first, rest = np.arange(100), np.arange(100, len(whole))
    assert_same(whole.some(first).followed_by(whole.some(rest)), whole)
    assert_same(whole.followed_by(whole.some(np.arange(0))), whole)


def test_openings_are_where_they_were_whatever_is_put_into_them():
    windows = [opening.id for opening in SITE.openings if opening.kind == "window"]
    treatments = tuple(Treatment(window, "window_mesh") for window in (windows[0], windows[-1]))
    treated = treated_site(SITE, treatments, read_catalogue())
    anew = replace(treated)  # knows of no places yet
    assert opening_places(treated) is opening_places(SITE)
    assert opening_places(treated) == opening_places(anew)
    assert opening_places(anew) is not opening_places(SITE)
    assert treated == anew


def test_a_site_that_was_cut_otherwise_has_places_of_its_own():
    fewer = with_openings(SITE, SITE.openings[1:])
    assert len(opening_places(SITE)) == len(SITE.openings)
    assert len(opening_places(fewer)) == len(fewer.openings)
    higher = with_openings(SITE, tuple(replace(opening, head_m=opening.head_m + 0.2) for opening in SITE.openings))
    assert opening_places(higher) == opening_places(replace(higher)) != opening_places(SITE)
