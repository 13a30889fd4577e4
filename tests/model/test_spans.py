"""Trace context crosses process borders as text; a bad header must not break a trace."""

import pytest

from tapewatch.model.errors import BadText
from tapewatch.model.records import Severity
from tapewatch.model.spans import TraceContext

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_header_reads_and_prints():
    context = TraceContext.parse(HEADER)
    assert context.sampled
    assert str(context) == HEADER


@pytest.mark.parametrize(
    "header",
    ["", "00-abc", HEADER.upper(), HEADER.replace("b7ad6b7169203331", "0" * 16), "ff" + HEADER[2:]],
)
def test_a_bad_header_is_refused(header):
    with pytest.raises(BadText, match="traceparent"):
        TraceContext.parse(header)


@pytest.mark.parametrize(
    ("word", "severity"),
    [("WARNING", Severity.WARN), ("crit", Severity.FATAL), ("huh", Severity.UNSET)],
)
def test_loggers_words_become_severities(word, severity):
    assert Severity.from_text(word) is severity


def test_a_severity_number_falls_into_its_range():
    assert Severity.from_number(11) is Severity.INFO
