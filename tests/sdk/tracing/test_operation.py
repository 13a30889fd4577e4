"""Spans of operations: in the ring, or OpenTelemetry's."""

import pytest

from tapewatch.model.spans import SpanStatus
from tapewatch.sdk import Timer
from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.tracing import Operation, accepted, current, exemplar, use_opentelemetry
from tapewatch.sdk.tracing.operation import use_native
from tapewatch.sdk.tracing.recorded import span_format, span_of

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Recorded(Operation):
    """An operation that shows what it would push."""

    def __init__(self, name, **more):
        super().__init__(name, **more)
        self.pushed = []
        self._push = lambda number, *arguments: self.pushed.append(arguments)

    def spans(self, end_ns=10**18):
        return [span_of(span_format(self.name), each, end_ns) for each in self.pushed]


def test_a_span_is_made_whole_from_its_event():
    submit = Recorded("submit_order")
    with accepted({"traceparent": PARENT}), submit(order_id="a1", qty=2) as step:
        assert current() is step.trace
    (span,) = submit.spans()
    assert span.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    assert span.span_id == step.trace.context.span_id
    assert span.name == "submit_order"
    assert span.attributes == {"order_id": "a1", "qty": "2"}
    assert 0 < span.duration_ns < 10**9
    assert span.status is SpanStatus.UNSET


def test_steps_within_steps_are_parent_and_child():
    outer, inner = Recorded("outer"), Recorded("inner")
    with outer(), inner():
        pass
    (above,), (below,) = outer.spans(), inner.spans()
    assert below.parent_span_id == above.span_id
    assert below.trace_id == above.trace_id
    assert above.parent_span_id == b""
    assert current() is None


def test_an_error_ends_the_span_and_goes_on():
    submit = Recorded("submit_order")
    with pytest.raises(KeyError, match="venue"), submit():
        raise KeyError("venue")
    (span,) = submit.spans()
    assert (span.status, span.status_message) == (SpanStatus.ERROR, "KeyError")


def test_a_trace_that_is_not_sampled_is_not_recorded():
    submit = Recorded("submit_order")
    with accepted({"traceparent": PARENT[:-1] + "0"}), submit():
        assert exemplar() is None
    assert submit.pushed == []


def test_a_span_goes_to_the_ring():
    before = REGISTRY.ring.position
    with Operation("ring_span")():
        pass
    assert REGISTRY.ring.position == before + 1


def test_a_duration_is_counted_with_its_trace():
    took = Timer("operation_test_seconds", "Time of a test").bind()
    submit = Operation("submit_order", duration=took)
    with submit():
        assert len(exemplar()) == 24
    assert took.count == 1
    assert exemplar() is None


@pytest.mark.parametrize(
    ("text", "arguments"),
    [("WARN feed: x", [1, 2, 3, 4, 5]), ("SPAN x", [1, 2]), ("SPAN x", ["a"] * 5)],
)
def test_other_events_are_no_spans(text, arguments):
    assert span_of(text, arguments, 0) is None


@pytest.fixture
def exported():
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    use_opentelemetry(provider.get_tracer("test"))
    yield exporter
    use_native()
    provider.shutdown()


def test_with_opentelemetry_spans_are_its_own(exported):
    submit, check = Recorded("submit_order"), Recorded("risk_check")
    with accepted({"traceparent": PARENT}), submit(order_id="a1"), check():
        ids = current().context
    inner, outer = exported.get_finished_spans()
    assert (inner.name, outer.name) == ("risk_check", "submit_order")
    assert f"{outer.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{outer.parent.span_id:016x}" == "b7ad6b7169203331"
    assert inner.parent.span_id == outer.context.span_id
    assert ids.span_id == inner.context.span_id.to_bytes(8, "big")
    assert dict(outer.attributes) == {"order_id": "a1"}
    assert submit.pushed == []


def test_with_opentelemetry_an_error_is_recorded_there(exported):
    with pytest.raises(KeyError), Operation("submit_order")():
        raise KeyError("venue")
    (span,) = exported.get_finished_spans()
    assert span.status.status_code.name == "ERROR"
