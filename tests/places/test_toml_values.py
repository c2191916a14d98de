"""What we write as TOML, a reader of TOML reads as it was."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietwing.sites.toml_values import toml_value

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))  # a lone surrogate is no text
PLAIN = st.one_of(TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))


@given(value=PLAIN)
def test_a_value_is_read_as_it_was(value):
    found = tomllib.loads(f"key = {toml_value(value)}\n")["key"]
    assert (type(found), found) == (type(value), value)


@given(values=st.lists(TEXTS).map(tuple))
def test_so_is_a_list(values):
    assert tuple(tomllib.loads(f"key = {toml_value(values)}\n")["key"]) == values


def test_what_toml_cannot_say_is_refused():
    with pytest.raises(TypeError, match="no TOML form for NoneType"):
        toml_value(None)
