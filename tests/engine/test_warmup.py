"""Kernels compiled ahead of time are those a study then uses."""

import datetime as dt
import os
from dataclasses import replace

import pytest

from quietwing.coverage import warmup
from quietwing.coverage.compiled_code import indexes_of
from quietwing.coverage.equipment import Device
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate, leakage, optimise
from quietwing.sites.model import OutsideLevel
from quietwing.sites.synthetic import build_wing, describe


@pytest.mark.slow
def test_a_study_compiles_no_kernel_again():
    device = Device("d", "micro_jammer", 10.0, 3.0, 1.5, 0)
    site = build_wing(describe(type="houseblock", cells=8, storeys=2))
    read = tuple(OutsideLevel(name, 20.0, 12.0, 1.5, -90.0, dt.date(2026, 11, 10)) for name in site.channels[:2])
    site = replace(site, outside_levels=read)
    asked = Scenario(worlds=100, channels=site.channels[:2], grid_m=5.0)
    leakage(site, asked)  # whole grids of a map have a kernel of their own
    evaluate(site, asked, devices=(device,))
    optimise(site, replace(asked, budget_gbp=2000.0, effort="quick", equipment=("micro_jammer",)), maps=False)
    used = [set(kernel.signatures) for kernel in warmup.KERNELS]
    warmup.compile_kernels()
    assert all(used)
    assert [set(kernel.signatures) for kernel in warmup.KERNELS] == used


@pytest.mark.slow
def test_code_of_a_source_that_was_copied_since_counts_once_it_was_used():
    """numba goes by what a source holds: it compiles nothing anew where only the date of a file is another."""
    for kernel in warmup.KERNELS:
        for index in indexes_of(kernel):
            os.utime(index, ns=(0, 0))
    assert not any(map(warmup.is_compiled, warmup.KERNELS))
    warmup.compile_kernels()
    assert all(map(warmup.is_compiled, warmup.KERNELS))
