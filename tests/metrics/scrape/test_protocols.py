import pytest

from tapewatch.metrics.scrape import protocols
from tapewatch.metrics.scrape.errors import ContentRefused
from tapewatch.metrics.scrape.protocols import Protocol, accept_header, protocol_of
from tapewatch.wire.exposition.escape import Escaping


def test_the_header_weighs_forms_in_their_order():
    assert accept_header(protocols.DEFAULT, Escaping.ALLOW_UTF8) == (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )


@pytest.mark.parametrize(
    ("content_type", "protocol"),
    [
        ("text/plain; version=0.0.4; charset=utf-8", Protocol.TEXT_0),
        ("text/plain", Protocol.TEXT_0),
        ("text/plain; version=1.0.0; escaping=allow-utf-8", Protocol.TEXT_1),
        ("application/openmetrics-text; version=1.0.0", Protocol.OPENMETRICS_1),
        ("application/openmetrics-text; version=0.0.1", Protocol.OPENMETRICS_0),
        ("application/vnd.google.protobuf; encoding=delimited", Protocol.PROTOBUF),
    ],
)
def test_content_types_name_forms(content_type, protocol):
    assert protocol_of(content_type, None) is protocol


@pytest.mark.parametrize("content_type", ["", "text/html", "application/json"])
def test_an_unknown_form_needs_a_fallback(content_type):
    with pytest.raises(ContentRefused, match="set fallback_scrape_protocol"):
        protocol_of(content_type, None)
    assert protocol_of(content_type, Protocol.TEXT_0) is Protocol.TEXT_0
