"""Log lines: their form, what is joined to them, and that nothing they hold can do harm."""

import asyncio
import io
import json
import logging

import pytest

from tapewatch.sdk.logs import LineHandler, LineRenderer, Redactor, RingHandler, bound
from tapewatch.sdk.logs.handler import DROPPED
from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.tracing import Operation, accepted

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def fresh(name):
    return logging.Logger(name)  # noqa: LOG001 # One that no other test has.


@pytest.fixture
def log():
    logger = fresh("execution_engine.router")
    stream = io.StringIO()
    logger.addHandler(LineHandler(stream))
    return logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_the_form_that_shippers_and_queries_know(log):
    logger, lines = log
    with bound(order_id="a1b2c3d4"):
        logger.info("Order successfully submitted", extra={"symbol": "AAPL", "latency_us": 342})
    (line,) = lines()
    assert list(line) == ["timestamp", "level", "target", "fields", "span"]
    assert line["timestamp"].endswith("Z")
    assert len(line["timestamp"]) == len("2025-10-21T15:06:30.123456Z")
    assert line["level"] == "INFO"
    assert line["target"] == "execution_engine.router"
    assert line["fields"] == {
        "message": "Order successfully submitted",
        "symbol": "AAPL",
        "latency_us": 342,
    }
    assert line["span"] == {"order_id": "a1b2c3d4"}


@pytest.mark.parametrize(
    ("level", "word"), [(logging.WARNING, "WARN"), (logging.CRITICAL, "FATAL"), (7, "Level 7")]
)
def test_levels_have_the_words_of_the_queries(log, level, word):
    logger, lines = log
    logger.log(level, "x")
    assert lines()[0]["level"] == word


def test_a_trace_and_its_step_are_joined(log):
    logger, lines = log
    with accepted({"Traceparent": PARENT}), Operation("submit_order")(order_id="a1"):
        with bound(venue="binance"):
            logger.info("sent")
        logger.info("done")
    first, second = lines()
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert first["span_id"] != "b7ad6b7169203331"
    assert first["span"] == {"name": "submit_order", "order_id": "a1", "venue": "binance"}
    assert second["span"] == {"name": "submit_order", "order_id": "a1"}


def test_tasks_have_their_own_fields(log):
    logger, lines = log

    async def work(order_id):
        with bound(order_id=order_id):
            await asyncio.sleep(0)
            logger.info("x")

    async def both():
        await asyncio.gather(work("a1"), work("a2"))

    asyncio.run(both())
    assert {line["span"]["order_id"] for line in lines()} == {"a1", "a2"}


def test_secrets_do_not_reach_the_stream(log):
    logger, lines = log
    with bound(account="U1234567"):
        logger.warning("GET /ws?token=%s", "tok123", extra={"api_key": "abcdef"})
    (line,) = lines()
    assert line["fields"]["message"] == "GET /ws?token=[redacted]"
    assert line["fields"]["api_key"] == "[redacted]"
    assert line["span"]["account"].startswith("acct-")


def test_an_error_is_told_with_its_stack(log):
    logger, lines = log
    try:
        raise ValueError("password=hunter2 is wrong")
    except ValueError:
        logger.exception("failed")
    fields = lines()[0]["fields"]
    assert fields["error"] == "ValueError: password=[redacted] is wrong"
    assert "Traceback" in fields["stack"]
    assert "hunter2" not in fields["stack"]


def test_a_record_that_cannot_be_written_is_counted(log):
    logger, lines = log
    before = DROPPED.bind(handler="line").value
    logger.info("%d orders", "many")
    logger.info("fine")
    assert DROPPED.bind(handler="line").value == before + 1
    assert [line["fields"]["message"] for line in lines()] == ["fine"]


def test_what_has_no_form_of_its_own_is_written_as_text(log):
    logger, lines = log
    logger.info("x", extra={"order": object, "sizes": {1, 2}, "nan": float("nan")})
    assert lines()[0]["fields"]["order"] == "<class 'object'>"


def test_without_a_redactor_nothing_is_hidden():
    stream = io.StringIO()
    logger = fresh("x")
    logger.addHandler(LineHandler(stream, redactor=None))
    logger.info("token=abc")
    assert "token=abc" in stream.getvalue()


def test_the_ring_takes_records_without_a_system_call():
    logger = fresh("strategy")
    logger.addHandler(RingHandler(redactor=Redactor(b"key")))
    before = REGISTRY.ring.position
    logger.info("filled %s", "a1")
    assert REGISTRY.ring.position == before + 1
    dropped = DROPPED.bind(handler="ring").value
    logger.info("%d", "many")
    assert DROPPED.bind(handler="ring").value == dropped + 1


def test_structlog_writes_the_same_line():
    structlog = pytest.importorskip("structlog")
    written = []

    class Collected:
        def msg(self, text):
            written.append(json.loads(text))

        info = warning = error = msg

    logger = structlog.wrap_logger(
        Collected(),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(),
            structlog.processors.format_exc_info,
            LineRenderer(now_ns=lambda: 1_700_000_000_000_000_000),
        ],
        target="execution_engine",
    )
    logger.bind(order_id="a1", api_secret="abcdef").warning("rejected", reason="limit")
    assert written == [
        {
            "timestamp": "2023-11-14T22:13:20.000000Z",
            "level": "WARN",
            "target": "execution_engine",
            "fields": {
                "message": "rejected",
                "order_id": "a1",
                "api_secret": "[redacted]",
                "reason": "limit",
            },
        }
    ]
