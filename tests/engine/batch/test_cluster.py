"""A batch on a Dask cluster: the same bytes as here, whatever dies; another version is refused."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

distributed = pytest.importorskip("distributed")

from quietwing.coverage.batch import cluster as module  # noqa: E402
from quietwing.coverage.batch import evaluate_on_cluster, run_batch  # noqa: E402
from quietwing.coverage.batch.cluster import cluster_client  # noqa: E402
from quietwing.coverage.catalogue import read_catalogue  # noqa: E402
from quietwing.coverage.equipment import Device  # noqa: E402
from quietwing.coverage.errors import ScenarioError  # noqa: E402
from quietwing.coverage.report import rooms_csv, spill_csv  # noqa: E402
from quietwing.coverage.scenario import Scenario  # noqa: E402
from quietwing.coverage.store import result_object  # noqa: E402
from quietwing.coverage.study import evaluate  # noqa: E402
from quietwing.sites import build_wing, describe  # noqa: E402


@pytest.fixture(scope="module")
def cluster():
    """Two workers on this computer, which know the odd tasks beside this file."""
    with pytest.MonkeyPatch.context() as patch:
        here = str(Path(__file__).parent)
        patch.syspath_prepend(here)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH")))))
        with cluster_client(local_workers=2) as client:
            yield client


def files_below(folder: Path):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_files_are_those_of_the_local_runner_to_the_byte(undisturbed, cluster, tmp_path):
    items, here = undisturbed
    outcome = run_batch(items, tmp_path / "results", client=cluster)
    assert set(outcome.done) == {item.id for item in items}
    assert files_below(tmp_path / "results") == files_below(here)


def test_one_verdict_over_two_workers_is_that_of_one_process(cluster):
    site = build_wing(describe(cells=4, storeys=1, area="suburban"))
    devices, catalogue = (Device("J1", "room_jammer", 0.0, 2.4, 2.7),), read_catalogue()
    asked = {"devices": devices, "catalogue": catalogue, "maps": False}
    here = evaluate(site, Scenario(worlds=100), **asked)
    there = evaluate_on_cluster(cluster, site, Scenario(worlds=100), **asked)
    assert result_object(there, catalogue) == result_object(here, catalogue)
    assert (rooms_csv(there), spill_csv(there)) == (rooms_csv(here), spill_csv(here))


def test_a_wrong_question_is_refused_by_the_cluster_as_here(cluster):
    site = build_wing(describe(cells=2, storeys=1))
    with pytest.raises(ScenarioError, match=r"no channel|unknown channel|channel"):
        evaluate_on_cluster(cluster, site, Scenario(channels=("XX/B1/LTE",)), maps=False)


def test_a_worker_killed_in_the_middle_costs_nothing(undisturbed, cluster, tmp_path):
    items, here = undisturbed
    killed = threading.Event()

    def kill_one(_what, share):
        if share > 0 and not killed.is_set():
            killed.set()
            os.kill(next(iter(cluster.run(os.getpid).values())), signal.SIGKILL)

    outcome = run_batch(items, tmp_path / "results", client=cluster, progress=kill_one)
    assert killed.is_set()
    assert not outcome.failed
    assert files_below(tmp_path / "results") == files_below(here)


@pytest.mark.long  # minutes in all: the suite has fifteen on two cores
@pytest.mark.parametrize(
    ("task", "says"),
    [("kills_its_worker", "its worker process ended 2 times"), ("breaks", "ZeroDivisionError")],
)
def test_an_item_that_kills_or_breaks_fails_by_name_and_the_others_are_answered(
    undisturbed, odd, cluster, tmp_path, task, says
):
    items, _ = undisturbed
    outcome = run_batch(items, tmp_path / "results", client=cluster, task=getattr(odd, task))
    assert outcome.failed
    assert all(says in (tmp_path / "results" / "failed" / f"{name}.txt").read_text() for name, _ in outcome.failed)
    assert len(outcome.failed) + len(outcome.done) == len({item.id for item in items})


def test_an_item_that_hangs_is_ended(undisturbed, odd, cluster, tmp_path):
    items, _ = undisturbed
    third = [item for item in items if item.scenario.seed == odd.ODD_SEED]
    outcome = run_batch(third, tmp_path / "results", client=cluster, task=odd.hangs, item_timeout_s=3)
    assert [why.startswith("took longer than 3 s") for _, why in outcome.failed] == [True]


def test_workers_of_another_version_are_refused_by_name(undisturbed, cluster, tmp_path, monkeypatch):
    items, _ = undisturbed
    monkeypatch.setattr(module, "versions", lambda: {"quietwing": "9.9"})
    with pytest.raises(ScenarioError) as error:
        run_batch(items, tmp_path / "results", client=cluster)
    named = [line for line in str(error.value).splitlines() if "expected quietwing 9.9" in line]
    assert len(named) == 2
    assert all(address in str(error.value) for address in cluster.scheduler_info()["workers"])


@pytest.mark.long  # minutes in all: the suite has fifteen on two cores
def test_a_scheduler_that_is_lost_keeps_what_is_finished(undisturbed, tmp_path):
    items, here = undisturbed
    command = [sys.executable, "-c", "from distributed.cli.dask_scheduler import main; main()"]
    scheduler = subprocess.Popen([*command, "--port", "0", "--no-dashboard", "--scheduler-file", tmp_path / "s.json"])
    try:
        until = time.monotonic() + 60
        while not (tmp_path / "s.json").exists() and time.monotonic() < until:
            time.sleep(0.1)
        address = json.loads((tmp_path / "s.json").read_text())["address"]
        worker_command = [sys.executable, "-c", "from distributed.cli.dask_worker import main; main()", address]
        worker = subprocess.Popen([*worker_command, "--nthreads", "1", "--no-dashboard"], cwd=tmp_path)

        def end_it(_what, share):
            if 0 < share < 1:
                scheduler.kill()

        with cluster_client(address) as client, pytest.raises(OSError, match="the scheduler was lost"):
            run_batch(items, tmp_path / "results", client=client, progress=end_it)
        worker.kill()
        worker.wait()
    finally:
        scheduler.kill()
        scheduler.wait()
    outcome = run_batch(items, tmp_path / "results")
    assert outcome.skipped
    assert files_below(tmp_path / "results") == files_below(here)


def test_no_scheduler_is_one_error(monkeypatch):
    monkeypatch.setattr(module, "CONNECT_S", 1.0)
    with pytest.raises(OSError, match="no scheduler answers"), cluster_client("tcp://127.0.0.1:9"):
        pass
    for wrong in ({}, {"scheduler": "tcp://127.0.0.1:9", "local_workers": 2}, {"local_workers": 0}):
        with pytest.raises(ScenarioError), cluster_client(**wrong):
            pass
