"""OpenTelemetry's names under the four strategies."""

import pytest

from tapewatch.wire.otlp.names import Instrument, Strategy, label_name, metric_name, unit_name

SUFFIXES = Strategy.UnderscoreEscapingWithSuffixes
PLAIN = Strategy.UnderscoreEscapingWithoutSuffixes
UTF8 = Strategy.NoUTF8EscapingWithSuffixes
NONE = Strategy.NoTranslation


@pytest.mark.parametrize(
    ("instrument", "strategy", "name"),
    [
        (Instrument("order.latency", "s"), SUFFIXES, "order_latency_seconds"),
        (Instrument("order.latency.seconds", "s"), SUFFIXES, "order_latency_seconds"),
        (Instrument("orders.sent", "{orders}", counter=True), SUFFIXES, "orders_sent_total"),
        (Instrument("orders.total.sent", "1", counter=True), SUFFIXES, "orders_sent_total"),
        (Instrument("fill.rate", "1", gauge=True), SUFFIXES, "fill_rate_ratio"),
        (Instrument("feed.traffic", "By/s"), SUFFIXES, "feed_traffic_bytes_per_second"),
        (Instrument("feed.traffic", "m/{x}"), SUFFIXES, "feed_traffic_meters"),
        (Instrument("__a__b", ""), SUFFIXES, "a_b"),
        (Instrument("5m.volume", ""), SUFFIXES, "_5m_volume"),
        (Instrument("temperature", "°F"), SUFFIXES, "temperature_F"),
        (Instrument("€", ""), SUFFIXES, ""),
        (Instrument("order.latency", "s", counter=True), PLAIN, "order_latency"),
        (Instrument("order__latency", "s"), PLAIN, "order__latency"),
        (Instrument("5m", ""), PLAIN, "_5m"),
        (Instrument("order.latency", "s"), UTF8, "order.latency_seconds"),
        (Instrument("order.sent.total", "s", counter=True), UTF8, "order.sent_seconds_total"),
        (Instrument("traffic", "By/s", counter=True), UTF8, "traffic_bytes_per_second_total"),
        (Instrument("share", "1", gauge=True), UTF8, "share_ratio"),
        (Instrument("order.latency", "s", counter=True), NONE, "order.latency"),
    ],
)
def test_a_metric_is_named_by_its_strategy(
    instrument: Instrument, strategy: Strategy, name: str
) -> None:
    assert metric_name(instrument, strategy) == name


@pytest.mark.parametrize(
    ("attribute", "strategy", "name"),
    [
        ("order.venue", SUFFIXES, "order_venue"),
        ("5m", PLAIN, "key_5m"),
        ("_private", SUFFIXES, "key_private"),
        ("__reserved__", SUFFIXES, "__reserved__"),
        ("€€", SUFFIXES, ""),
        ("order.venue", UTF8, "order.venue"),
        ("order.venue", NONE, "order.venue"),
    ],
)
def test_a_label_is_named_by_its_strategy(attribute: str, strategy: Strategy, name: str) -> None:
    assert label_name(attribute, strategy) == name


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("s", "seconds"),
        ("By/s", "bytes_per_second"),
        ("1", ""),
        ("{orders}", ""),
        ("/s", "per_second"),
    ],
)
def test_a_unit_is_spelled_out(unit: str, name: str) -> None:
    assert unit_name(unit, SUFFIXES) == name
