"""Kernels compiled ahead of time are those a study then uses."""

import datetime as dt
import os
from dataclasses import replace
from types import SimpleNamespace

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


def test_code_on_disk_counts_only_while_it_is_no_older_than_its_source(tmp_path):
    def judge(): ...

    source = tmp_path / "kernels.py"
    source.write_text("")
    code = judge.__code__.replace(co_filename=str(source))
    kernel = SimpleNamespace(
        py_func=SimpleNamespace(__code__=code, __name__="judge"), stats=SimpleNamespace(cache_path=str(tmp_path))
    )
    assert not warmup.is_compiled(kernel)
    (tmp_path / "kernels.judge_more-1.py311.nbi").touch()
    assert not warmup.is_compiled(kernel)
    index = tmp_path / "kernels.judge-1.py311.nbi"
    index.touch()
    assert warmup.is_compiled(kernel)
    os.utime(index, ns=(0, 0))
    assert not warmup.is_compiled(kernel)


def test_nothing_is_started_where_all_is_compiled(monkeypatch):
    monkeypatch.setattr(warmup, "is_compiled", lambda kernel: True)
    assert warmup.start() is None


def test_nothing_is_started_while_another_process_compiles(tmp_path, monkeypatch):
    """A batch or a suite starts many processes at once: one compiles for all."""
    claim = tmp_path / "deep" / "warmup"
    assert warmup._claimed(claim) == claim
    assert warmup._claimed(claim) is None
    os.utime(claim, (0, 0))  # its process was killed long ago
    assert warmup._claimed(claim) == claim
    monkeypatch.setattr(warmup, "is_compiled", lambda kernel: False)
    monkeypatch.setattr(warmup, "_claimed", lambda claim: None)
    assert warmup.start() is None


@pytest.mark.slow
@pytest.mark.long
def test_the_process_leaves_its_code_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(warmup, "is_compiled", lambda kernel: False)
    monkeypatch.setattr(warmup, "_claimed", lambda claim: tmp_path / "claim")
    (tmp_path / "claim").touch()
    process = warmup.start()
    assert process is not None
    assert process.wait(120) == 0
    assert not (tmp_path / "claim").exists()
    found = {path.name.split("-")[0] for path in tmp_path.rglob("*.nbi")}
    assert {"_montecarlo.judge", "_spill_kernels.spill_worlds", "_kernels.raster", "_anneal.anneal"} <= found
