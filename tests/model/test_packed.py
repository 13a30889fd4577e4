"""A packed histogram is the same histogram, whatever is asked of it."""

import copy
import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.packed import pack, packed_of, unpack

COUNTS = st.floats(0, 1e9)
BUCKETS = st.dictionaries(st.integers(-50, 50), COUNTS, max_size=6)
HISTOGRAMS = st.builds(
    Histogram,
    schema=st.integers(-4, 8),
    count=COUNTS,
    sum=st.floats(allow_nan=False),
    zero_threshold=COUNTS,
    zero_count=COUNTS,
    positive=BUCKETS,
    negative=BUCKETS,
    reset_hint=st.sampled_from(ResetHint),
)


@given(HISTOGRAMS)
def test_packing_changes_nothing(histogram):
    again = unpack(pack(histogram, {}))
    assert again == histogram
    assert histogram == again
    assert repr(again) == repr(histogram)
    assert again.compact() == histogram.compact()
    assert list(again.buckets()) == list(histogram.buckets())
    assert (len(again.positive), list(again.negative)) == (
        len(histogram.positive),
        list(histogram.negative),
    )


@given(HISTOGRAMS)
def test_an_unpacked_one_is_copied_pickled_and_replaced_like_any_other(histogram):
    again = unpack(pack(histogram, {}))
    assert copy.deepcopy(again) == histogram
    assert pickle.loads(pickle.dumps(again)) == histogram
    assert replace(again, sum=2.0) == replace(histogram, sum=2.0)


@given(HISTOGRAMS)
def test_packing_again_takes_the_same_numbers_and_the_new_hint(histogram):
    layouts = {}
    first = pack(histogram, layouts)
    later = pack(replace(unpack(first), reset_hint=ResetHint.NOT_RESET), layouts)
    assert later.numbers is first.numbers
    assert later.hint is ResetHint.NOT_RESET
    assert unpack(first, ResetHint.RESET).reset_hint is ResetHint.RESET
    assert packed_of(histogram) is None
