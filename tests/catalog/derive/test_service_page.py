"""The page that every service gets without anybody drawing it."""

import pytest

from tapewatch.catalog.derive.boards import board
from tapewatch.catalog.derive.service_page import LADDER, PANELS_MAX, service_page
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.metrics.promql.parse import parse

TEXT = """\
services: {gateway: {title: Gateway, help: Sends orders.}, other: {}}
metrics:
  shared_total: {help: What many have., labels: {kind: [a, b]}}
  orders_total: {help: Orders; also those that fail., labels: {venue: [a, b]}, service: gateway}
  orders_open: {help: Open orders., labels: {symbol: 5000}, service: gateway}
  order_us: {help: Latency., buckets: [1, 2], service: gateway}
  orders_reset_timestamp_seconds: {help: When., service: gateway}
  elsewhere_total: {help: Not ours., service: other}
"""
WHERE = 'service="gateway"'


def page(pack, exposed=()):
    return service_page(pack(TEXT), "gateway", WHERE, exposed)


def panels(page):
    return {panel.title: panel for row in page.rows[1:] for panel in row.panels}


def test_a_silent_service_is_asked_for_what_it_declares(pack):
    assert list(panels(page(pack))) == ["Orders", "Open orders", "Latency"]


def test_what_a_service_exposes_is_shown_its_own_first(pack):
    found = page(pack, {"shared_total", "orders_total", "order_us_bucket", "unknown"})
    assert list(panels(found)) == ["Orders", "Latency", "What many have"]


def test_lines_are_told_apart_by_a_label_of_few_values(pack):
    found = panels(page(pack))
    assert found["Orders"].by == ("venue",)
    assert found["Open orders"].by == ()


def test_a_latency_shows_its_tail(pack):
    assert panels(page(pack))["Latency"].quantiles == LADDER


def test_a_time_of_day_is_no_curve(pack):
    assert "When" not in panels(page(pack))


def test_its_health_comes_first(pack):
    first = page(pack).rows[0]
    assert [panel.kind for panel in first.panels] == ["status", "number", "lines", "lines", "table"]
    assert all(WHERE in panel.show.series[""] for panel in first.panels)


@pytest.mark.parametrize("name", ["hft", "crypto_desk", "low_latency", "forex", "equities"])
def test_every_service_of_the_packs_has_a_page_whose_queries_parse(name):
    catalog = load_catalog(find_pack(name))
    everything = frozenset(catalog.metrics)
    for service in catalog.services:
        for exposed in ((), everything):
            found = service_page(catalog, service, f'service="{service}"', exposed)
            drawn = [
                each for row in board(catalog, service, found)["rows"] for each in row["panels"]
            ]
            assert 5 <= len(drawn) <= PANELS_MAX + 5
            for panel in drawn:
                assert [parse(query["expr"]) for query in panel["queries"]], panel["title"]
