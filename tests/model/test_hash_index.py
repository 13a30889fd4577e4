"""The two twins of the index agree with a dictionary, and with each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model import hash_index_pure
from tapewatch.model.labels import Labels

hash_index_fast = pytest.importorskip("tapewatch.model.hash_index_fast")
twins = pytest.mark.parametrize("module", [hash_index_pure, hash_index_fast])

keys = st.one_of(st.binary(max_size=4), st.integers(-5, 300).map(lambda i: Labels.of(i=str(i))))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, st.integers(0, 50)),
        st.tuples(st.just("drop"), st.sets(st.integers(0, 50), max_size=20)),
        st.tuples(st.just("clear")),
    ),
    max_size=200,
)


@twins
@given(steps)
def test_an_index_is_a_dictionary_of_numbers(module, steps):
    index, told = module.HashIndex(), {}
    for name, *details in steps:
        getattr(index, name)(*details)
        if name == "put":
            told[details[0]] = details[1]
        else:
            gone = details[0] if name == "drop" else set(told.values())
            told = {key: number for key, number in told.items() if number not in gone}
        assert len(index) == len(told)
    assert {key: index.get(key) for key in told} == told
    assert index.get("nobody put this") == -1


@twins
def test_many_keys_find_their_numbers(module):
    index = module.HashIndex()
    for number in range(10_000):
        index.put(f"series {number}".encode(), number)
    assert [index.get(f"series {number}".encode()) for number in range(10_000)] == list(
        range(10_000)
    )
