"""Whatever stops or spoils a batch, running it again ends with the bytes of an undisturbed run."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quietwing.coverage.batch import BatchInterrupted, plan_batch, run_batch
from quietwing.coverage.batch import workers as module
from quietwing.coverage.batch.item_folder import ITEM, damage
from quietwing.coverage.batch.lock import LOCK, folder_lock
from quietwing.coverage.errors import QuietwingError, ScenarioError


@pytest.fixture
def results(undisturbed, tmp_path):
    """A copy of the finished batch, to be spoilt."""
    import shutil

    shutil.copytree(undisturbed[1], tmp_path / "results")
    return tmp_path / "results"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@ON_LINUX
@pytest.mark.slow
@pytest.mark.long
def test_killed_at_ten_random_points_it_ends_with_the_same_bytes(sweep, tools, start, tmp_path):
    seed = int(os.environ.get("QUIETWING_KILL_SEED", random.SystemRandom().randrange(2**32)))
    print(f"QUIETWING_KILL_SEED={seed}")
    rng = random.Random(seed)
    path = sweep(f"scenario.worlds = 100\nset.seed = {list(range(1, 41))}")
    results = tmp_path / "results"
    amid = 0
    for kill in range(10):
        before = tools.whole_items(results)
        more, delay_s = rng.randrange(4), rng.uniform(0, 0.15)
        process = start(path, results)
        tools.wait_for(
            lambda process=process, goal=before + more: (
                tools.whole_items(results) >= goal or process.poll() is not None
            )
        )
        time.sleep(delay_s)
        workers = children(process.pid) if process.poll() is None else []
        amid += any((results / f".work-{process.pid}").glob("*"))
        if kill % 2:
            process.kill()  # its workers must end by themselves
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        tools.wait_for(lambda workers=workers: not any(alive(worker) for worker in workers), 3.0)
    assert tools.whole_items(results) > 0
    outcome = run_batch(plan_batch(path), results, workers=2)
    assert len(outcome.done) + len(outcome.skipped) == 40
    assert outcome.notes == ()  # nothing a kill left passed for a damaged answer
    run_batch(plan_batch(path), tmp_path / "in peace", workers=2)
    assert tools.contents(results) == tools.contents(tmp_path / "in peace")
    assert amid >= 1, f"seed {seed}: no kill came while something was half done"


def test_a_worker_killed_once_is_replaced_and_the_bytes_are_the_same(undisturbed, odd, tools, tmp_path):
    items, expected = undisturbed
    outcome = run_batch(items, tmp_path / "results", workers=2, task=odd.kills_its_worker_once)
    assert (tmp_path / "flag").exists()
    assert outcome.failed == ()
    assert tools.contents(tmp_path / "results") == tools.contents(expected)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_item_that_kills_its_worker_twice_is_set_aside_and_the_others_finish(
    undisturbed, forked_workers, odd, monkeypatch, tmp_path, workers
):
    items, _ = undisturbed
    if workers == 1:
        monkeypatch.setattr(module, "subprocess", forked_workers)  # a worker of its own
    outcome = run_batch(items, tmp_path / "results", workers=workers, task=odd.kills_its_worker)
    assert outcome.exit_code == 1
    assert [name for name, _ in outcome.failed] == [items[2].id]
    assert set(outcome.done) == {item.id for item in items} - {items[2].id}
    text = (tmp_path / "results" / "failed" / f"{items[2].id}.txt").read_text("utf-8")
    assert "seed = 3" in text
    assert "ended 2 times, the last time with SIGKILL" in text
    assert not (tmp_path / "results" / "items" / items[2].id).exists()
    summary = (tmp_path / "results" / "summary.csv").read_text("utf-8").splitlines()
    assert [line.rsplit(",", 1)[1] for line in summary[1:]] == ["evaluated", "evaluated", "failed", "evaluated"]


def test_what_failed_is_tried_again_and_its_error_goes(undisturbed, odd, tools, tmp_path):
    items, expected = undisturbed
    run_batch(items, tmp_path / "results", workers=2, task=odd.kills_its_worker)
    outcome = run_batch(items, tmp_path / "results", workers=2)
    assert outcome.done == (items[2].id,)
    assert tools.contents(tmp_path / "results") == tools.contents(expected)


def test_bad_input_of_an_item_is_recorded_at_the_first_try(undisturbed, odd, tmp_path):
    items, _ = undisturbed
    outcome = run_batch(items, tmp_path / "results", task=odd.refuses_once)
    assert outcome.failed == ((items[2].id, "scenario: seed: is not liked; give another"),)
    assert (tmp_path / "flag").read_text().split() == ["1", "2", "3", "4"]


def test_a_fault_of_the_engine_is_recorded_with_its_traceback(undisturbed, odd, tmp_path):
    items, _ = undisturbed
    outcome = run_batch(items, tmp_path / "results", task=odd.breaks)
    assert outcome.failed == ((items[2].id, "ZeroDivisionError: one over nothing"),)
    text = (tmp_path / "results" / "failed" / f"{items[2].id}.txt").read_text("utf-8")
    assert "Traceback" in text
    assert "odd_tasks.py" in text


def test_an_item_that_hangs_is_ended_after_its_time(undisturbed, odd, tmp_path):
    items, _ = undisturbed
    begun = time.monotonic()
    outcome = run_batch(items, tmp_path / "results", workers=2, item_timeout_s=5, task=odd.hangs)
    assert time.monotonic() - begun < 60
    assert [name for name, _ in outcome.failed] == [items[2].id]
    assert "took longer than 5 s" in outcome.failed[0][1]
    assert len(outcome.done) == 3


def test_no_time_out_looks_at_the_clock_on_the_wall(undisturbed, monkeypatch, tmp_path):
    monkeypatch.setattr(time, "time", lambda: 1 / 0)
    assert run_batch(undisturbed[0][:1], tmp_path / "results").exit_code == 0


@ON_LINUX
@pytest.mark.slow
def test_a_stopped_computer_is_no_time_out(sweep, tools, start, tmp_path):
    path = sweep("scenario.worlds = 100\nset.seed = [1, 2]")
    process = start(path, tmp_path / "results", workers=1, task="takes_a_second", timeout_s=10.0)
    tools.wait_for(lambda: tools.whole_items(tmp_path / "results") >= 1)
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(11)  # longer than an item may take, which is long enough for a busy machine's first item
    os.killpg(process.pid, signal.SIGCONT)
    assert process.communicate(timeout=60)[0].strip() == "failed 0"


def test_a_full_disk_ends_the_batch_as_the_environments_fault_and_keeps_what_is_finished(
    undisturbed, odd, tools, tmp_path
):
    items, expected = undisturbed
    with pytest.raises(OSError, match="No space left") as caught:
        run_batch(items, tmp_path / "results", task=odd.finds_the_disk_full)
    assert caught.value.filename is not None
    assert tools.whole_items(tmp_path / "results") == 2
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"items", "batch.json", "manifest.json"}
    assert run_batch(items, tmp_path / "results").skipped == (items[0].id, items[1].id)
    assert tools.contents(tmp_path / "results") == tools.contents(expected)


@pytest.mark.parametrize("blocked", ["results", "results/items", "results/.lock"])
def test_a_folder_that_cannot_be_written_fails_before_computing(undisturbed, odd, tmp_path, blocked):
    target = tmp_path / blocked
    target.parent.mkdir(exist_ok=True)
    if blocked.endswith(".lock"):
        target.mkdir()
    else:
        target.write_text("a file")
    with pytest.raises(OSError, match=r"exists|directory"):
        run_batch(undisturbed[0], tmp_path / "results", task=odd.must_not_run)
    assert not (tmp_path / "flag").exists()


@ON_LINUX
def test_a_read_only_folder_fails_before_computing(undisturbed, odd, tmp_path):
    results = tmp_path / "results"
    (results / "items").mkdir(parents=True)
    for folder in (results, results / "items"):
        frozen = subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode == 0
        try:
            if not frozen and os.geteuid() == 0:
                pytest.skip("root may write anywhere, and the file system knows no chattr")
            if not frozen:
                folder.chmod(0o555)
            with pytest.raises(OSError, match=r"permitted|denied"):
                run_batch(undisturbed[0], results, task=odd.must_not_run)
        finally:
            if frozen:
                subprocess.run(["chattr", "-i", folder], check=True)
            else:
                folder.chmod(0o755)
    assert not (tmp_path / "flag").exists()


def test_one_flipped_bit_anywhere_in_an_item_is_found(results, undisturbed):
    folder = results / "items" / undisturbed[0][0].id
    assert damage(folder) is None
    rng = random.Random(9)
    tried = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        name = re.escape(path.relative_to(folder).as_posix())
        for at in {0, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(20))}:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :])
            assert re.match(name, damage(folder) or ""), (path, at)
            tried += 1
        for spoilt in (b"", whole[:-1], whole + b"\n"):
            path.write_bytes(spoilt)
            assert re.match(name, damage(folder) or "")
        path.unlink()
        assert re.match(name, damage(folder) or "")
        path.write_bytes(whole)
    assert tried > 200
    assert damage(folder) is None


def test_damaged_items_are_named_computed_again_and_the_bytes_are_the_same(results, undisturbed, tools):
    items, expected = undisturbed
    first, second, third, fourth = (results / "items" / item.id for item in items)
    content = bytearray((first / "spill.csv").read_bytes())
    content[3] ^= 4
    (first / "spill.csv").write_bytes(content)
    (second / ITEM).unlink()
    (third / "rooms.csv").write_bytes((fourth / "rooms.csv").read_bytes() + b"x")
    outcome = run_batch(items, results)
    assert outcome.notes == (
        f"items/{first.name}: spill.csv has changed; computed anew",
        f"items/{second.name}: {ITEM} is missing; computed anew",
        f"items/{third.name}: rooms.csv has changed; computed anew",
    )
    assert outcome.skipped == (items[3].id,)
    assert tools.contents(results) == tools.contents(expected)


def test_items_of_other_code_are_computed_again_in_their_place_and_one_line_says_so(
    results, undisturbed, other_physics, tools
):
    items, expected = undisturbed
    outcome = run_batch(items, results)
    (said,) = outcome.notes
    assert re.fullmatch(
        r"4 of 4 items: made by other code of quietwing \(\w{16}, here \w{16}\): computed again", said
    )
    assert (outcome.skipped, outcome.done) == ((), tuple(item.id for item in items))
    found = tools.contents(results)
    assert set(found) == set(tools.contents(expected))


def test_an_item_swapped_with_another_is_found(results, undisturbed, tools):
    items, expected = undisturbed
    one, other = (results / "items" / item.id for item in items[:2])
    one.rename(results / "aside")
    other.rename(one)
    (results / "aside").rename(other)
    outcome = run_batch(items, results)
    assert outcome.notes == tuple(
        f"items/{item.id}: {ITEM} is of another item or format; computed anew" for item in items[:2]
    )
    assert tools.contents(results) == tools.contents(expected)


def test_files_of_others_stay_even_beside_an_item_computed_again(results, undisturbed, tools):
    items, expected = undisturbed
    folder = results / "items" / items[0].id
    (folder / "mine.txt").write_text("kept")
    (results / "items" / items[1].id / "mine.txt").write_text("kept too")
    (results / "mine").mkdir()
    (results / "mine" / "note.txt").write_text("mine")
    assert run_batch(items, results).notes == ()
    (folder / "verdict.json").write_text("{}")
    assert len(run_batch(items, results).notes) == 1
    found = tools.contents(results)
    assert found.pop(f"items/{items[0].id}/mine.txt") == b"kept"
    assert found.pop(f"items/{items[1].id}/mine.txt") == b"kept too"
    assert found.pop("mine/note.txt") == b"mine"
    assert found == tools.contents(expected)


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"items": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_changed_index_or_table_is_refused_and_made_again_once_it_is_moved_away(
    results, undisturbed, odd, tools, spoilt
):
    items, expected = undisturbed
    (results / "batch.json").write_bytes(spoilt)
    (results / "summary.csv").write_bytes(spoilt)
    before = tools.contents(results)
    with pytest.raises(QuietwingError, match=r"because of batch\.json, summary\.csv: .* nothing was changed"):
        run_batch(items, results, task=odd.must_not_run)
    assert tools.contents(results) == before
    (results / "batch.json").unlink()
    (results / "summary.csv").unlink()
    (results / "rooms.parquet").unlink()
    assert run_batch(items, results, task=odd.must_not_run).notes == ()
    assert tools.contents(results) == tools.contents(expected)


def test_a_second_batch_in_the_folder_is_refused_at_once_naming_the_first(undisturbed, odd, start, sweep, tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    with folder_lock(results):
        with pytest.raises(ScenarioError, match=rf"process {os.getpid()}\).*one at a time.*another --out"):
            run_batch(undisturbed[0], results, task=odd.must_not_run)
        process = start(sweep("set.seed = [1]"), results)
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 2
        assert f"process {os.getpid()})" in said
    assert [path.name for path in results.iterdir()] == []


def test_the_lock_file_of_a_dead_process_is_taken_over(undisturbed, results, tools):
    items, expected = undisturbed
    (results / LOCK).write_text(f'{{"pid": {os.getpid()}, "host": "{socket.gethostname()}"}}')
    (results / ".work-1").mkdir()
    (results / ".work-1" / "half").write_text("half")
    assert len(run_batch(items, results).skipped) == 4
    assert tools.contents(results) == tools.contents(expected)


def test_of_eight_that_want_the_lock_at_once_one_has_it_at_a_time(tmp_path):
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from quietwing.coverage.batch.lock import folder_lock\n"
        "from quietwing.coverage.errors import ScenarioError\n"
        "folder, won = Path(sys.argv[1]), 0\n"
        "end = time.monotonic() + 1.5\n"
        "while time.monotonic() < end:\n"
        "    try:\n"
        "        with folder_lock(folder):\n"
        "            (folder / 'held').mkdir()\n"  # fails where another is in here
        "            (folder / 'held').rmdir()\n"
        "            won += 1\n"
        "    except ScenarioError:\n"
        "        pass\n"
        "print(won)\n"
    )
    contenders = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    ends = [contender.communicate(timeout=60) for contender in contenders]
    assert [error for _, error in ends if error] == []
    assert sum(int(won) for won, _ in ends) > 0
    assert list(tmp_path.iterdir()) == []


@ON_LINUX
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_stops_within_five_seconds_and_keeps_what_is_finished(
    undisturbed, sweep, tools, start, tmp_path, whole_group
):
    path = sweep("scenario.worlds = 100\nset.seed = [1, 2, 3, 4]")
    results = tmp_path / "results"
    process = start(path, results, workers=1, task="takes_a_second")
    tools.wait_for(lambda: tools.whole_items(results) >= 1)
    workers = children(process.pid)
    assert workers
    begun = time.monotonic()
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    assert time.monotonic() - begun < 5
    assert process.returncode == 130
    kept = tools.whole_items(results)
    assert said.strip() == f"left {4 - kept}"  # no traceback of a worker beside it
    assert not any(alive(worker) for worker in workers)
    assert {path.name for path in results.iterdir()} == {"batch.json", "items", "manifest.json"}
    run_batch(plan_batch(path), results)
    assert tools.contents(results) == tools.contents(undisturbed[1])


def test_ctrl_c_is_a_keyboard_interrupt_that_says_what_is_left(undisturbed, tmp_path):
    def press(what: str, share: float) -> None:
        if what.startswith("1 of"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run_batch(undisturbed[0], tmp_path / "results", progress=press)
    assert isinstance(caught.value, BatchInterrupted)
    assert len(caught.value.outcome.done) == 1
    assert len(caught.value.outcome.interrupted) == 3


def test_a_worker_that_cannot_start_is_the_environments_fault(undisturbed, forked_workers, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "subprocess", forked_workers)
    (tmp_path / "numpy.py").write_text("raise SystemExit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(OSError, match="end before they are ready"):
        run_batch(undisturbed[0], tmp_path / "results")
