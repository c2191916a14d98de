"""A batch on a Dask cluster: the same bytes as here, whatever dies; another version is refused."""

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

distributed = pytest.importorskip("distributed")

from quietwing.coverage.batch import cluster as module  # noqa: E402
from quietwing.coverage.batch import (  # noqa: E402
    cluster_worker,
    evaluate_on_cluster,
    frontier_on_cluster,
    local_cluster,
    plan_batch,
    run_batch,
)
from quietwing.coverage.batch.cluster import cluster_client  # noqa: E402
from quietwing.coverage.batch.cluster_worker import is_alone  # noqa: E402
from quietwing.coverage.batch.workers import Worker  # noqa: E402
from quietwing.coverage.catalogue import read_catalogue  # noqa: E402
from quietwing.coverage.cli import app  # noqa: E402
from quietwing.coverage.equipment import Device  # noqa: E402
from quietwing.coverage.errors import ScenarioError  # noqa: E402
from quietwing.coverage.report import frontier_json, rooms_csv, spill_csv  # noqa: E402
from quietwing.coverage.scenario import Scenario  # noqa: E402
from quietwing.coverage.store import result_object  # noqa: E402
from quietwing.coverage.study import evaluate, frontier, plan_apart, prepared_apart  # noqa: E402
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


def test_a_worker_that_is_alone_may_use_all_cores_as_the_local_runner_does(cluster, monkeypatch):
    """Its child has one core where there are two workers; `--local-cluster 1` is no slower than `--workers 1`."""
    name = "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL"
    monkeypatch.setenv(name, "7s")
    with cluster_client(local_workers=1) as client:
        assert list(client.run(is_alone).values()) == [True]
        assert list(client.run(children_here).values()) == [1]  # it loads the engine before there is an item
        assert list(client.run(set_here).values()) == [[False, "7s"]]  # what the user has set stays
    assert os.environ[name] == "7s"
    assert list(cluster.run(is_alone).values()) == [False, False]


def test_workers_of_our_own_do_not_profile_themselves(cluster):
    assert list(cluster.run(set_here).values()) == [[False, "1s"]] * 2
    # It is for the programs of the cluster alone.
    assert not [name for name in local_cluster.ENVIRONMENT if name.startswith("DASK_") and name in os.environ]


def set_here():
    import dask

    return [
        dask.config.get(name) for name in ("distributed.worker.profile.enabled", "distributed.admin.tick.interval")
    ]


def children_here():
    return len(cluster_worker._CHILD)


def test_one_verdict_over_two_workers_is_that_of_one_process(cluster):
    site = build_wing(describe(cells=4, storeys=1, area="suburban"))
    devices, catalogue = (Device("J1", "room_jammer", 0.0, 2.4, 2.7),), read_catalogue()
    asked = {"devices": devices, "catalogue": catalogue, "maps": False}
    here = evaluate(site, Scenario(worlds=100), **asked)
    there = evaluate_on_cluster(cluster, site, Scenario(worlds=100), **asked)
    assert result_object(there, catalogue) == result_object(here, catalogue)
    assert (rooms_csv(there), spill_csv(there)) == (rooms_csv(here), spill_csv(here))


def test_budgets_searched_apart_give_one_frontier_whatever_works_on_it(cluster):
    """Each plan is that of a search of its own, by a site made ready for it alone; the folder says so."""
    site = build_wing(describe(cells=2, storeys=1, area="suburban"))
    asked = Scenario(worlds=100, effort="quick", channels=("EE/B1/LTE",), equipment=("micro_jammer",))

    def one_by_one(ask, budgets):
        return (plan_apart(ask, prepared_apart(ask), budget) for budget in budgets)

    here = frontier(site, asked, (1500.0, 3000.0), apart=one_by_one)
    there = frontier_on_cluster(cluster, site, asked, (1500.0, 3000.0))
    assert frontier_json(there) == frontier_json(here)
    assert "searched apart" in frontier_json(there)
    assert [plan.plan.devices for plan in there.plans] == [plan.plan.devices for plan in here.plans]
    assert there.plans[1].plan.devices


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


def test_workers_of_our_own_that_die_are_started_again(cluster):
    """Were both gone for good, a batch would wait for ever."""
    cluster.wait_for_workers(2, timeout=30)
    before = set(cluster.run(os.getpid).values())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    new, until = set(), time.monotonic() + 30
    while len(new) < 2 and time.monotonic() < until:
        time.sleep(0.1)
        new = {pid for pid in cluster.run(os.getpid, on_error="ignore").values() if isinstance(pid, int)} - before
    assert len(before) == len(new) == 2


def test_files_that_are_not_what_their_item_says_are_not_taken(undisturbed, odd, cluster, tmp_path):
    items, _ = undisturbed
    third = [item for item in items if item.scenario.seed == odd.ODD_SEED]
    outcome = run_batch(third, tmp_path / "results", client=cluster, task=odd.changes_its_answer)
    assert [why for _, why in outcome.failed] == ["its answer: rooms.csv has changed"]
    assert not list((tmp_path / "results" / "items").iterdir())


def test_a_dask_worker_loads_no_engine():
    """It hands items to its child, which does: seconds for each worker that a cluster starts."""
    code = (
        "import sys, quietwing.coverage.batch.cluster_worker; print('numba' in sys.modules, 'xarray' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-P", "-c", code], text=True).split() == ["False", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_keeps_the_memory_it_has_freed_whatever_dask_sets(monkeypatch):
    """With Dask's limit of 64 KiB an item takes 1.4 times the CPU."""
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    child = Worker(queue.SimpleQueue(), alone=True)
    try:
        environment = Path(f"/proc/{child.process.pid}/environ").read_bytes().split(b"\0")
        assert not [line for line in environment if line.startswith(b"MALLOC_TRIM_THRESHOLD_")]
    finally:
        child.end()


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


@contextmanager
def scheduler_and_workers(folder: Path, workers: int):
    """Programs as `dask scheduler` and `dask worker` start them: the scheduler's process, and its address."""
    run = [sys.executable, "-m", "dask"]
    programs = [
        subprocess.Popen(
            [*run, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", "s.json"], cwd=folder
        )
    ]
    try:
        address, until = "", time.monotonic() + 60
        while not address and time.monotonic() < until:
            time.sleep(0.1)
            with suppress(OSError, ValueError):  # not there yet, or not whole
                address = json.loads((folder / "s.json").read_text())["address"]
        crew = ["worker", address, "--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"]
        programs.append(subprocess.Popen([*run, *crew], cwd=folder))
        yield programs[0], address
    finally:
        for program in reversed(programs):
            program.kill()
            program.wait()


@pytest.mark.long  # minutes in all: the suite has fifteen on two cores
def test_a_scheduler_that_is_lost_keeps_what_is_finished(undisturbed, tmp_path):
    items, here = undisturbed
    with scheduler_and_workers(tmp_path, 1) as (scheduler, address):

        def end_it(_what, share):
            if 0 < share < 1:
                scheduler.kill()

        with cluster_client(address) as client, pytest.raises(OSError, match="the scheduler was lost"):
            run_batch(items, tmp_path / "results", client=client, progress=end_it)
    outcome = run_batch(items, tmp_path / "results")
    assert outcome.skipped
    assert files_below(tmp_path / "results") == files_below(here)


class Killer(threading.Thread):
    """Kills one worker after another at random shares of the batch, and the scheduler where that is asked for."""

    def __init__(self, client, rng: random.Random, kills: int, scheduler: subprocess.Popen | None = None):
        super().__init__(daemon=True)
        self.client, self.rng, self.scheduler = client, rng, scheduler
        self.shares = sorted(rng.uniform(0.02, 0.8) for _ in range(kills))
        self.enough, self.killed, self.share = threading.Event(), 0, 0.0

    def progress(self, _what, share):
        self.share = share

    def run(self):
        for share in self.shares:
            while self.share < share or not self.alive():
                if self.enough.wait(0.02):
                    return
            os.kill(self.rng.choice(self.alive()), signal.SIGKILL)
            self.killed += 1
        if self.scheduler is not None and not self.enough.is_set():
            self.scheduler.kill()

    def alive(self):
        """Workers that answer and have not just been killed."""
        return sorted(pid for pid in self.client.run(os.getpid, on_error="ignore").values() if isinstance(pid, int))


@pytest.mark.long  # minutes in all: the suite has fifteen on two cores
def test_ten_workers_killed_at_random_and_the_scheduler_once_cost_nothing(hut_folder, tmp_path):
    seed = int(os.environ.get("QUIETWING_KILL_SEED", random.SystemRandom().randrange(2**32)))
    print(f"QUIETWING_KILL_SEED={seed}")
    rng = random.Random(seed)
    sweep = tmp_path / "sweep.toml"
    sweep.write_text(f"site = '{hut_folder}'\nscenario.worlds = 100\nset.seed = {list(range(1, 61))}\n", "utf-8")
    items, results = plan_batch(sweep), tmp_path / "results"
    with scheduler_and_workers(tmp_path, 2) as (scheduler, address), cluster_client(address) as client:
        first = Killer(client, rng, 5, scheduler)
        first.start()
        with pytest.raises(OSError, match="the scheduler was lost"):
            run_batch(items, results, client=client, progress=first.progress)
    finished = len(list((results / "items").iterdir()))
    print(f"{finished} of 60 were there when the scheduler was killed")
    assert 0 < finished < 60
    with cluster_client(local_workers=2) as client:
        second = Killer(client, rng, 5)
        second.start()
        outcome = run_batch(items, results, client=client, progress=second.progress)
        second.enough.set()
        second.join()
    assert first.killed == 5
    assert second.killed >= 1  # as many as there was time for
    print(f"{first.killed} + {second.killed} workers were killed")
    assert not outcome.failed
    assert len(outcome.done) + len(outcome.skipped) == 60
    run_batch(items, tmp_path / "here", workers=2)
    assert files_below(results) == files_below(tmp_path / "here")


@pytest.mark.parametrize(
    "address", ["not an address", "tcp://", "tcp://here", "gopher://here:1", "tcp://here:many", ""]
)
def test_what_is_no_address_is_refused_at_once(address, monkeypatch):
    """Before a client is begun: one that could not be made holds up the end of the program for twenty seconds."""
    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(ScenarioError, match=r"scheduler: .* is no address"), cluster_client(address):
        pass


def test_no_scheduler_is_one_error(monkeypatch):
    monkeypatch.setattr(module, "CONNECT_S", 1.0)
    with pytest.raises(OSError, match="no scheduler answers"), cluster_client("tcp://127.0.0.1:9"):
        pass
    for wrong in ({}, {"scheduler": "tcp://127.0.0.1:9", "local_workers": 2}, {"local_workers": 0}):
        with pytest.raises(ScenarioError), cluster_client(**wrong):
            pass


@pytest.mark.parametrize("command", [("evaluate",), ("frontier", "--budgets", "1000")])
def test_a_command_without_its_scheduler_speaks_of_the_network(hut_folder, monkeypatch, command):
    """Not of the disk."""
    monkeypatch.setattr(module, "CONNECT_S", 1.0)
    ran = CliRunner().invoke(app, [*command, str(hut_folder), "--scheduler", "tcp://127.0.0.1:9"])
    assert ran.exit_code == 5
    assert ran.stderr == "error: tcp://127.0.0.1:9: no scheduler answers; check its address and the network\n"
