"""What a worker may be given that is not the usual item: tasks that kill, hang, refuse, or take their time."""

import errno
import os
import signal
import time
from pathlib import Path

from quietwing.coverage.batch.tasks import run_item
from quietwing.coverage.errors import ScenarioError

ODD_SEED = 3


def kills_its_worker(item, folder):
    if item.scenario.seed == ODD_SEED:
        folder.mkdir()
        (folder / "half").write_text("written")
        os.kill(os.getpid(), signal.SIGKILL)
    run_item(item, folder)


def kills_its_worker_once(item, folder):
    flag = Path(os.environ["QUIETWING_TEST_FLAG"])
    if item.scenario.seed == ODD_SEED and not flag.exists():
        flag.write_text("killed")
        os.kill(os.getpid(), signal.SIGKILL)
    run_item(item, folder)


def hangs(item, folder):
    if item.scenario.seed == ODD_SEED:
        time.sleep(600)
    run_item(item, folder)


def refuses(item, folder):
    if item.scenario.seed == ODD_SEED:
        raise ScenarioError("scenario: seed: is not liked; give another")
    run_item(item, folder)


def refuses_once(item, folder):
    flag = Path(os.environ["QUIETWING_TEST_FLAG"])
    with open(flag, "a") as file:
        file.write(f"{item.scenario.seed}\n")
    refuses(item, folder)


def breaks(item, folder):
    if item.scenario.seed == ODD_SEED:
        print("this must not pass for an answer")
        raise ZeroDivisionError("one over nothing")
    run_item(item, folder)


def finds_the_disk_full(item, folder):
    if item.scenario.seed == ODD_SEED:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    run_item(item, folder)


def takes_a_second(item, folder):
    time.sleep(1)
    run_item(item, folder)


def changes_its_answer(item, folder):
    run_item(item, folder)
    if item.scenario.seed == ODD_SEED:
        (folder / "rooms.csv").write_text("other")


def must_not_run(item, folder):
    Path(os.environ["QUIETWING_TEST_FLAG"]).write_text("ran")
