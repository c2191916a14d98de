"""What a batch says and writes, without a worker: reasons on one line, states, cells of a table, safe names."""

from concurrent.futures import CancelledError
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from quietwing.coverage.batch import cluster
from quietwing.coverage.batch.cluster import _heard, came_of, cluster_client, demand_workers, write_files
from quietwing.coverage.batch.cluster_worker import in_words
from quietwing.coverage.batch.runner import BatchInterrupted, BatchOutcome, _ending, _late_in_words, _one_line, _Run
from quietwing.coverage.batch.table import _kind, _write
from quietwing.coverage.errors import ScenarioError

# --- Words.


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "SIGKILL"), (-11, "SIGSEGV"), (-200, "exit code -200"), (3, "exit code 3"), (None, "exit code None")],
)
def test_how_a_worker_ended(code, words):
    assert _ending(code) == words


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one reason\nand more of it", "one reason"),
        ("\n  \nafter blank lines", "after blank lines"),
        ("Traceback (most recent call last):\n  File x\nZeroDivisionError: by 0\n", "ZeroDivisionError: by 0"),
        ("", "no reason given"),
    ],
)
def test_a_reason_on_one_line_is_its_first_and_of_a_traceback_its_last(text, line):
    assert _one_line(text) == line


def test_a_reason_moves_no_cursor_and_is_no_book():
    assert "\x1b" not in _one_line("\x1b[2Jgone")
    assert len(_one_line("x" * 10_000)) <= 301


def test_late_says_after_how_long_and_what_to_do():
    assert (
        _late_in_words(90.0) == "took longer than 90 s (expected an answer by then); allow more time or ask for less"
    )


# --- How a batch went.


def item(name):
    return SimpleNamespace(
        id=name, mode="evaluate", site=SimpleNamespace(name="hut"), keys=(("seed", 7), ("grid", 0.5))
    )


def run(*asked, whole=(), done=(), failed=None) -> _Run:
    """A batch in the middle of its work."""
    one = object.__new__(_Run)
    one.order = list(dict.fromkeys(asked))
    one.by_id = {name: item(name) for name in asked}
    one.whole, one.done, one.failed, one.notes = set(whole), set(done), failed or {}, []
    return one


def test_each_item_is_in_one_list_and_lists_keep_the_order_asked_for():
    went = run(*"cabde", whole="cae", done="ae", failed={"b": "no mast\nat all"}).outcome()
    assert (went.done, went.skipped) == (("a", "e"), ("c",))
    assert (went.failed, went.interrupted) == ((("b", "no mast"),), ("d",))
    assert went.exit_code == 1
    assert run("a", whole="a").outcome().exit_code == 0


@pytest.mark.parametrize(("name", "state"), [("a", "done"), ("b", "failed"), ("c", "pending")])
def test_the_index_has_three_states(name, state):
    assert run(*"abc", whole="a", failed={"b": "why"})._state(name) == state


def test_an_error_file_says_which_question_it_was():
    text = run("a", failed={"a": "no mast"})._failure_text("a")
    assert text == "item a\nmode = evaluate\nsite = hut\nseed = 7\ngrid = 0.5\n\nno mast\n"


def test_an_interruption_says_how_many_are_left():
    stopped = BatchInterrupted(BatchOutcome(interrupted=("a", "b")))
    assert str(stopped) == "2 items left"
    assert isinstance(stopped, KeyboardInterrupt)


# --- Tables.


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], (int, "d")),
        ([1, 2.5], (float, "r")),
        ([True, False], (bool, "")),
        ([True, 1], (str, "")),  # a switch is no number
        ([2**63 - 1], (int, "d")),  # the largest seed there is keeps its last digit
        ([[1, 2]], (str, "")),
        ([None], (str, "")),
    ],
)
def test_a_swept_key_is_a_column_of_the_kind_all_its_values_are(values, kind):
    assert _kind(values) == kind


def test_both_forms_of_a_table_hold_the_same_rows_block_by_block(tmp_path):
    columns = (("item", str, ""), ("share", float, ".3f"), ("passed", bool, ""), ("seed", int, "d"))
    blocks = [[("=1+1", 0.12345, True, 7)], [], [("b", None, None, None), ("c", 1.0, False, -1)]]
    _write("rooms", columns, blocks, tmp_path)
    assert (tmp_path / "rooms.csv").read_text() == (
        "item,share,passed,seed\n'=1+1,0.123,yes,7\nb,,,\nc,1.000,no,-1\n"  # a spreadsheet runs none of it
    )
    rows = pq.read_table(tmp_path / "rooms.parquet").to_pylist()
    assert [tuple(row.values()) for row in rows] == [row for block in blocks for row in block]  # to the last digit
    before = (tmp_path / "rooms.parquet").read_bytes()
    _write("rooms", columns, blocks, tmp_path)
    assert (tmp_path / "rooms.parquet").read_bytes() == before


# --- A cluster, without one.


@pytest.mark.parametrize("name", ["/etc/passwd", "../item.json", "a/../../b", ""])
def test_a_worker_writes_nothing_outside_its_folder(name, tmp_path):
    with pytest.raises(OSError, match="leads out of its folder"):
        write_files({name: b"x"}, tmp_path / "item")
    assert [path.name for path in tmp_path.rglob("*")] == ["item"]


def test_files_of_an_answer_are_written_as_they_came(tmp_path):
    files = {"item.json": b"{}\n", "maps/01.png": bytes(range(256))}
    write_files(files, tmp_path / "item")
    assert {name: (tmp_path / "item" / name).read_bytes() for name in files} == files


def client(*, found=None, late=False):
    def wait(count, timeout):
        if late:
            raise TimeoutError

    return SimpleNamespace(
        scheduler=SimpleNamespace(address="tcp://10.0.0.5:8786"), wait_for_workers=wait,
        run=lambda _what, on_error: found,
    )  # fmt: skip


def test_every_worker_of_another_version_is_named_in_one_error(monkeypatch):
    here = {"quietwing": "1.0", "numpy": "2.0"}
    monkeypatch.setattr(cluster, "versions", lambda: here)
    workers = {"tcp://b": here | {"numpy": "1.26"}, "tcp://a": ImportError("no"), "tcp://c": here}
    with pytest.raises(ScenarioError) as refused:
        demand_workers(client(found=workers))
    assert str(refused.value).splitlines() == [
        "worker tcp://a: quietwing cannot be loaded there (ImportError); install the same versions there",
        "worker tcp://b: has quietwing 1.0, numpy 1.26 (expected quietwing 1.0, numpy 2.0); "
        "install the same versions there",
    ]
    demand_workers(client(found={"tcp://c": here}))
    demand_workers(client(found={"tcp://c": here, "tcp://d": ConnectionError("lost while it was asked")}))


def test_a_scheduler_without_workers_is_the_environments_fault():
    with pytest.raises(OSError, match="the scheduler has no workers"):
        demand_workers(client(late=True))


def test_versions_in_words_move_no_cursor():
    assert in_words({"numpy": "2.0", "numba": "\x1b[2J"}).startswith("numpy 2.0, numba ")
    assert "\x1b" not in in_words({"numba": "\x1b[2J"})


class KilledWorker(Exception):
    """As Dask calls a worker that died over a task."""


def future(status="finished", error=None, answer=None):
    return SimpleNamespace(status=status, exception=lambda: error, result=lambda: answer)


@pytest.mark.parametrize(
    ("came", "kind"),
    [
        (future(error=KilledWorker("x")), ("gone", {"code": None})),  # tried again
        (future(error=ValueError("odd")), ("broken", {"text": "ValueError: odd"})),
        (future(answer={"kind": "late"}), ("late", {"kind": "late"})),
    ],
)
def test_what_came_of_a_task(came, kind):
    assert _heard(client(), came) == kind


@pytest.mark.parametrize("status", ["cancelled", "lost"])
def test_a_lost_scheduler_keeps_what_is_finished(status):
    with pytest.raises(OSError, match="finished items are kept, run the batch again"):
        _heard(client(), future(status))


@pytest.mark.parametrize("raised", [CancelledError("scheduler-connection-lost"), ConnectionResetError("in <TCP>")])
def test_a_scheduler_lost_while_an_answer_is_on_its_way_is_told_as_such(raised):
    """The task was finished when it was asked for; Dask's own words would have been a traceback, or of a socket."""

    def result():
        raise raised

    for on_its_way in (
        SimpleNamespace(status="finished", exception=lambda: None, result=result),
        SimpleNamespace(status="finished", exception=result),
    ):
        with pytest.raises(OSError, match="the scheduler was lost; finished items are kept"):
            _heard(client(), on_its_way)


def test_what_a_task_itself_raised_is_not_taken_for_a_lost_scheduler():
    own = OSError(28, "No space left on device")
    assert came_of(future(error=own), "lost") == (own, None)


def test_a_worker_that_came_later_with_another_version_ends_the_batch():
    with pytest.raises(ScenarioError, match="worker b: has numpy 1; install the same versions there"):
        _heard(client(), future(answer={"kind": "versions", "text": "worker b: has numpy 1"}))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "either the address of a scheduler or a number"),
        ({"scheduler": "tcp://a", "local_workers": 2}, "either the address of a scheduler or a number"),
        ({"local_workers": 0}, "local_cluster is 0 .expected 1 to 256"),
        ({"local_workers": 257}, "local_cluster is 257 .expected 1 to 256"),
    ],
)
def test_a_cluster_is_asked_for_in_one_way_and_of_some_size(asked, says, monkeypatch):
    monkeypatch.setattr(cluster, "demand_cluster", lambda: None)
    monkeypatch.setattr(cluster, "import_module", lambda name: SimpleNamespace())
    with pytest.raises(ScenarioError, match=says), cluster_client(**asked):
        pass


def test_without_dask_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(ScenarioError, match=r"quietwing\[cluster\]"), cluster_client(local_workers=1):
        pass
