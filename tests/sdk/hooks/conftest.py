"""The region of these tests is private memory; each test has a service or venue of its own."""

import os

import pytest

os.environ.setdefault("TAPEWATCH_REGION", "off")


@pytest.fixture
def counted():
    """Read every series of an instrument whose first label has this value."""
    from tapewatch.sdk.instruments import Histogram

    def read(instrument, first):
        return {
            values[1:]: handle.count if isinstance(instrument, Histogram) else handle.value
            for values, handle in instrument.children.items()
            if values[0] == first
        }

    return read
