"""Ways out of a building: openings on every side are tried towards places in the open."""

from functools import lru_cache

import numpy as np
import pytest

from quietwing.coverage.propagation import prepare_scene, site_detours
from quietwing.coverage.propagation.detour import DetourModel, detour_model
from quietwing.coverage.propagation.detour_paths import detour_path
from quietwing.sites import load_site, scattered, trial_points

FREQ_MHZ = (800.0, 1800.0, 3500.0)


@lru_cache(maxsize=1)
def example(name: str) -> DetourModel:
    return detour_model(prepare_scene(load_site(name)), FREQ_MHZ)


@pytest.mark.parametrize(
    ("opening", "side"),
    [
        ("A1-end-window", 0),
        ("A1-01-window", 2),
        ("C1-01-window", 6),
        ("C1-11-window", 2),
        ("C1-end-window", 4),
        ("B1-end-window", 6),
    ],
)
def test_an_outer_opening_belongs_to_the_side_that_it_faces(opening, side):
    """East is 0, and then against the clock by eighths: north 2, west 4, south 6, whichever way a wall was drawn."""
    graph = example("houseblock").graph
    found = [
        number for number, members in enumerate(graph.exits) for at in members if graph.portals.ids[at] == opening
    ]
    assert found == [side]


@pytest.mark.parametrize("freq_mhz", FREQ_MHZ)
def test_a_device_leaks_out_on_the_side_where_most_of_it_does_not_leave(freq_mhz):
    """From the landing of wing A: straight through both gates of the core and out by the window at the end of wing C.

    Twenty windows of wing A are nearer, all to the north, east and south. Seen from the place the end window is the
    first that leads there, so that the way in says what the way out must be, to what rounding the arm may differ.
    """
    inside, place = (17.3, 0.0, 1.5), (-124.3, 5.7, 1.5)
    out, back = (detour_path(example("houseblock"), *ends, freq_mhz) for ends in ((inside, place), (place, inside)))
    assert [bend.id for path in (out, back) for bend in path.bends if bend.v > 0] == ["C1-end-window"] * 2
    assert out.loss_db == pytest.approx(back.loss_db, abs=2.5)
    assert out.loss_db < 45  # by the nearest windows and round the building it loses 140 dB


def test_a_place_in_the_open_has_its_detours_whatever_points_are_asked_with_it():
    """Exits are for places in the open alone; a point of a room among them has what it has by itself."""
    site, model = load_site("houseblock"), example("houseblock")
    rooms = trial_points(site)
    some = rooms.some(np.arange(0, len(rooms), 400))
    places = scattered(np.array([(-124.3, 5.7, 1.5), (-4.3, 75.7, 1.5), (60.0, 40.0, 1.5)]))
    senders = site_detours(model, np.array([(17.3, 0.0, 1.5), (-1.0, -18.1, 1.5)]))
    together = senders.routes(some.followed_by(places)).loss_db
    np.testing.assert_array_equal(together[:, : len(some)], senders.routes(some).loss_db)
    np.testing.assert_array_equal(together[:, len(some) :], senders.routes(places).loss_db)
