"""Parts of a loop on several threads."""

import threading

import numba
import numpy as np
import pytest

from quietwing.coverage.propagation._threads import in_parts


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 1000])
@pytest.mark.parametrize("at_most", [None, 1, 2])
def test_every_index_is_worked_on_exactly_once(count, at_most):
    seen = np.zeros(count, int)

    def work(first, end):
        assert first < end
        seen[first:end] += 1

    in_parts(work, count, at_most=at_most)
    assert (seen == 1).all()


def test_what_a_part_raises_reaches_the_caller():
    def work(first, end):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_parts(work, 100)


def test_one_thread_is_the_callers_own():
    before, threads = numba.get_num_threads(), set()
    numba.set_num_threads(1)
    try:
        in_parts(lambda first, end: threads.add(threading.get_ident()), 100)
    finally:
        numba.set_num_threads(before)
    assert threads == {threading.get_ident()}
