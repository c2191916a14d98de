"""Openings that overlap in one wall, found by a tree: the pairs are those that trying all of them finds."""

from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.sites import Findings, opening_checks
from quietwing.sites.findings import MOST_ALIKE
from quietwing.sites.opening_checks import OVERLAP_M, _check_overlaps


def placed(rectangles):
    """Openings of one wall as the check takes them: from, to, sill, head."""
    return [
        (SimpleNamespace(id=f"W{at}", sill_m=sill, head_m=head), SimpleNamespace(start_m=start, end_m=end))
        for at, (start, end, sill, head) in enumerate(rectangles)
    ]


def problems_of(neighbours):
    findings = Findings()
    _check_overlaps("openings.geojson", neighbours, findings)
    return list(findings.problems)


def by_trying_all(neighbours):
    along = sorted(neighbours, key=lambda pair: pair[1].start_m)
    found = []
    for at, (one, fit) in enumerate(along):
        for other, beside in along[at + 1 :]:
            wide_m = min(fit.end_m, beside.end_m) - max(fit.start_m, beside.start_m)
            high_m = min(one.head_m, other.head_m) - max(one.sill_m, other.sill_m)
            if wide_m > OVERLAP_M and high_m > OVERLAP_M:
                found.append((one.id, other.id))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_pairs_are_those_that_trying_all_finds(seed):
    rng = np.random.default_rng(seed)
    start, sill = rng.uniform(0, 10, 40).round(2), rng.uniform(0, 2, 40).round(2)
    wide, high = (rng.choice([0.005, 0.01, 0.011, 0.02, 0.5, 1.2], 40) for _ in range(2))
    neighbours = placed(zip(start, start + wide, sill, sill + high, strict=True))
    told = [(text.split(": ")[1], text.split("'")[1]) for text in problems_of(neighbours)]
    assert told == by_trying_all(neighbours)
    assert seed or told


@pytest.mark.parametrize("over_m", [0.0, 0.0099, 0.0101])
def test_a_centimetre_may_overlap(over_m):
    found = problems_of(placed([(0, 1, 1, 2), (1 - over_m, 2, 1, 2)]))
    assert bool(found) == (over_m > OVERLAP_M)


def test_it_stops_where_nobody_reads_more():
    assert len(problems_of(placed([(0, 1, 1, 2)] * 500))) == MOST_ALIKE + 1


def test_many_above_each_other_are_no_pairs_to_be_tried(monkeypatch):
    """119,000 slits of half a centimetre at one place would be 7,000 million pairs."""
    tried = []
    monkeypatch.setattr(opening_checks, "min", lambda *values: tried.append(values), raising=False)
    assert problems_of(placed([(0, 1, 1, 1.005)] * 2000)) == []
    assert not tried
