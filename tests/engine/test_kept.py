"""What is kept stays within its limit: the latest in use stay, and nothing goes before `trim`."""

from quietwing.coverage.kept import Kept


def test_what_was_in_use_longest_ago_goes_first_and_only_at_trim():
    kept: Kept[str, bytes] = Kept(10, len)
    kept["a"], kept["b"], kept["c"] = b"1234", b"1234", b"1234"
    assert (kept.used, len(kept)) == (12, 3)
    kept.touch(["a", "not there"])
    kept.trim()
    assert list(kept) == ["c", "a"]  # b was in use longest ago; 8 of 10 are used
    assert kept.used == 8


def test_a_value_put_again_counts_once_and_the_last_one_stays_however_large():
    kept: Kept[int, bytes] = Kept(3, len)
    kept[1] = b"12"
    kept[1] = b"123456"
    assert kept.used == 6
    kept.trim()
    assert kept[1] == b"123456"
    kept[2] = b"1"
    kept.trim()
    assert list(kept) == [2]
    del kept[2]
    assert (kept.used, len(kept)) == (0, 0)


def test_without_a_size_each_counts_one():
    kept: Kept[int, str] = Kept(2)
    kept.update({1: "x", 2: "y", 3: "z"})
    kept.trim()
    assert list(reversed(kept)) == [3, 2]
