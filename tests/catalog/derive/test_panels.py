"""What panels ask."""

import pytest

from tapewatch.catalog.derive.panels import asked_rows

P99 = 'histogram_quantile(0.99, sum by (le) (rate(latency_us_bucket{venue=~"$venue"}[1m])))'
TEXT = """\
metrics:
  orders_total: {{help: Orders., labels: {{venue: [a], side: [buy]}}}}
  latency_us: {{help: Latency., labels: {{venue: [a]}}, buckets: [1, 2]}}
  native_us: {{help: Latency., buckets: native}}
  pnl_usd: {{help: P&L., labels: {{symbol: 9}}, signed: true}}
  filled_ratio: {{help: Filled., labels: {{venue: [a]}}}}
limits: {{loss_max_usd: 5000}}
log_queries: {{bad: {{title: Bad., logql: '{{a="b"}}'}}}}
objectives: {{up: {{target: 99%, up: up}}}}
dashboards:
  desk:
    title: Desk
    choose: [venue]
    rows: [{{title: Row, panels: [{{title: Panel, {panel}}}]}}]
"""


def asked(pack, panel):
    catalog = pack(TEXT.format(panel=panel))
    (row,) = asked_rows(catalog, catalog.dashboards["desk"])
    return row.panels[0]


@pytest.mark.parametrize(
    ("panel", "queries", "unit"),
    [
        (
            "show: orders_total, by: [side]",
            [('sum by (side) (rate(orders_total{venue=~"$venue"}[1m]))', "{{side}}")],
            "per_second",
        ),
        (
            "show: latency_us, quantiles: [0.99]",
            [
                (
                    P99,
                    "p99",
                )
            ],
            "microseconds",
        ),
        (
            "show: latency_us, kind: heatmap",
            [('sum by (le) (rate(latency_us_bucket{venue=~"$venue"}[1m]))', "{{le}}")],
            "microseconds",
        ),
        (
            "show: native_us, quantiles: [0.5]",
            [("histogram_quantile(0.5, sum(rate(native_us[1m])))", "p50")],
            "microseconds",
        ),
        ("show: pnl_usd, kind: number", [("sum(pnl_usd)", "")], "usd"),
        ("show: filled_ratio, kind: number", [('avg(filled_ratio{venue=~"$venue"})', "")], "ratio"),
        ("show: pnl_usd", [("pnl_usd", "")], "usd"),
        (
            "show: orders_total, where: 'side=\"buy\"'",
            [('sum(rate(orders_total{side="buy",venue=~"$venue"}[1m]))', "")],
            "per_second",
        ),
        (
            "show: {open: sum(pnl_usd)}, compare: 1d",
            [("sum(pnl_usd)", "open"), ("sum(pnl_usd offset 1d)", "open 1d ago")],
            "usd",
        ),
        ("show: bad, kind: logs", [('{a="b"}', "")], "none"),
    ],
)
def test_a_panel_asks_as_its_metric_wants(pack, panel, queries, unit):
    told = asked(pack, panel)
    assert [(query.text, query.legend) for query in told.queries] == queries
    assert told.unit == unit


def test_an_objective_shows_what_is_left_and_how_fast_it_goes(pack):
    told = asked(pack, "show: up, kind: objective")
    assert [query.text for query in told.queries] == [
        'objective:budget_left:ratio{objective="up"}',
        'objective:burn:ratio{objective="up"}',
    ]


def test_a_limit_is_a_line(pack):
    assert asked(pack, "show: pnl_usd, limit: loss_max_usd").limit == 5000
