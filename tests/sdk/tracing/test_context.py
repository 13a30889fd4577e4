"""W3C Trace Context, in and out."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.tracing import accept, accepted, current, inject
from tapewatch.sdk.tracing.context import child_of

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_goes_through_us_unchanged():
    headers = {"TraceParent": PARENT, "tracestate": "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"}
    sent = {}
    with accepted(headers):
        inject(sent)
    assert sent == {
        "traceparent": PARENT,
        "tracestate": "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
    }
    assert current() is None


def test_outside_of_a_trace_nothing_is_written():
    sent = {}
    inject(sent)
    assert sent == {}


@pytest.mark.parametrize(
    "parent",
    ["", "00", PARENT.upper(), PARENT.replace("00-", "ff-"), PARENT + "-x", "00-" + "0" * 50],
)
def test_a_header_that_cannot_be_read_begins_no_trace(parent):
    assert accept({"traceparent": parent, "tracestate": "a=b"}) is None
    with accepted({"traceparent": parent}) as trace:
        assert trace is None


@given(st.dictionaries(st.sampled_from(["traceparent", "tracestate", "x"]), st.text(max_size=80)))
def test_any_headers_are_taken(headers):
    accept(headers)


def test_a_state_that_is_too_long_loses_its_long_and_last_members():
    long = "long=" + "x" * 200
    members = ",".join(f"m{number}={'y' * 20}" for number in range(30))
    state = accept({"traceparent": PARENT, "tracestate": f"{long},{members}"}).state
    assert len(state) <= 512
    assert state.startswith("m0=")
    assert "long" not in state
    too_many = ",".join(f"m{number}=1" for number in range(33))
    assert accept({"traceparent": PARENT, "tracestate": too_many}).state == ""


def test_a_step_of_a_trace_keeps_its_trace_and_its_sampling():
    trace = accept({"traceparent": PARENT[:-1] + "0"})
    context = child_of(trace)
    assert context.trace_id == trace.context.trace_id
    assert context.span_id != trace.context.span_id
    assert not context.sampled
    assert child_of(None).trace_id != child_of(None).trace_id


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_draws_other_ids():
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, child_of(None).trace_id)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 16) != child_of(None).trace_id
    os.close(reading)
    os.close(writing)
