"""Three hashes other systems can see, in both twins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model import hashing_pure
from tapewatch.model.compiled import twin

fast = twin("tapewatch.model.hashing")


@pytest.mark.parametrize("module", [fast, hashing_pure], ids=["chosen", "pure"])
def test_known_answers(module):
    assert module.xxhash64(b"") == 0xEF46DB3751D8E999
    assert module.xxhash64(b"abc") == 0x44BC2CF5AD770999
    assert module.fnv1a64(b"a") == 0xAF63DC4C8601EC8C
    assert module.crc32c(b"123456789") == 0xE3069283


@given(st.binary(max_size=200))
def test_the_twins_agree(data):
    assert fast.xxhash64(data) == hashing_pure.xxhash64(data)
    assert fast.fnv1a64(data) == hashing_pure.fnv1a64(data)
    assert fast.crc32c(data) == hashing_pure.crc32c(data)


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=4).map(tuple))
def test_the_fingerprints_of_the_twins_agree(pairs):
    assert fast.fingerprint(pairs) == hashing_pure.fingerprint(pairs)


@pytest.mark.parametrize("module", [fast, hashing_pure], ids=["chosen", "pure"])
def test_a_fingerprint_of_what_is_no_text_is_refused(module):
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        module.fingerprint((("a", "\ud800"),))


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_checksum_can_be_continued(head, tail):
    assert fast.crc32c(tail, fast.crc32c(head)) == fast.crc32c(head + tail)
