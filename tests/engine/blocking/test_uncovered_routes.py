"""Ways to communicate that stand above every headline, because no verdict here is about them."""

from quietwing.coverage.blocking.judging import uncovered_routes


def test_a_satellite_that_sends_in_the_operators_own_bands_is_an_escape_of_its_own():
    own, direct = (route for route in uncovered_routes() if route.startswith("satellite"))
    assert "L and S band" in own
    assert "not in the mobile carriers" not in own + direct
    assert "FDD and SDL bands below 3 GHz" in direct  # as Ofcom allows it
    assert "ordinary phones" in direct
    assert "no managed-access network answers" in direct
    assert "jamming of the same band does act on it" in direct


def test_six_routes_are_named_and_none_twice():
    assert len(uncovered_routes()) == len(set(uncovered_routes())) == 6
