"""What the checks say at their edges."""

import pytest

from tapewatch.catalog.checks.run import blocking, check_catalog
from tapewatch.catalog.checks.thresholds import coarse_gap
from tapewatch.catalog.loading import find_pack, load

HISTOGRAM = """\
metrics:
  latency_us: {{help: Latency., buckets: [100, 200, 400, 500, 800]}}
alerts:
  Slow: {{severity: P2, expr: "histogram_quantile(0.9, {rate}) {compared}"}}
"""
RATE = "sum by (le) (rate(latency_us_bucket[5m]))"


@pytest.mark.parametrize(
    ("compared", "found"),
    [("> 800", True), (">= 800", True), ("> 799", False), ("< 800", False), ("> 9000", True)],
)
def test_a_threshold_is_held_against_the_largest_bound(codes, compared, found):
    text = HISTOGRAM.format(rate=RATE, compared=compared)
    assert ("TW101" in codes(text)) is found


def test_a_number_on_the_left_is_a_threshold_too(codes):
    text = HISTOGRAM.format(rate=RATE, compared="> 0").replace(
        f"histogram_quantile(0.9, {RATE}) > 0", f"800 < histogram_quantile(0.9, {RATE})"
    )
    assert "TW101" in codes(text)


def test_a_factor_is_taken_into_account(codes):
    text = HISTOGRAM.format(rate=RATE, compared="/ 1000 > 0.8")
    assert "TW101" in codes(text)


@pytest.mark.parametrize(
    ("value", "gap"),
    [(10, (10, 25)), (5, (2, 5)), (3, (2, 7)), (0.4, (0, 1)), (25, None)],
)
def test_a_bucket_is_coarse_where_it_more_than_doubles(value, gap):
    bounds = (1, 2, 5, 10, 25) if value != 3 else (1, 2, 7, 10)
    assert coarse_gap(bounds, value) == gap


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ('rate(a_total{s="x"}[5m])', "rate(a_total[5m])", True),
        ('sum(rate(a_total{s="x"}[5m]))', "sum(rate(a_total[5m]))", False),
        ('sum by (s) (rate(a_total{s="x"}[5m]))', "sum by (s) (rate(a_total[5m]))", True),
        ('rate(a_total{s="x"}[5m])', "ignoring (s) group_left rate(a_total[5m])", False),
        ('rate(a_total{s="x"}[5m])', 'rate(a_total{s="y"}[5m])', True),
        ('sum by (v) (rate(a_total{s="x"}[5m]))', "sum by (v) (rate(a_total[5m]))", False),
    ],
)
def test_a_ratio_of_itself_goes_by_the_labels_that_meet(codes, left, right, found):
    text = (
        "metrics: {a_total: {help: A., labels: {s: [x, y], v: [a]}}}\n"
        f"records: {{r: {{expr: '{left} / {right}'}}}}\n"
    )
    assert ("TW121" in codes(text)) is found


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("a_total > 0", True),
        ("sum(a_total) > 5", True),
        ("increase(a_total[5m]) > 0", False),
        ("a_total - a_total offset 5m > 0", False),
        ("changes(a_total[5m]) > 0", False),
        ("a_total > 0 and on () increase(a_total[5m]) > 0", True),
    ],
)
def test_a_bare_counter_is_found(codes, expr, found):
    text = f"metrics: {{a_total: {{help: A.}}}}\nalerts: {{A: {{severity: P2, expr: '{expr}'}}}}\n"
    assert ("TW111" in codes(text)) is found


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("sum(rate(orders_total[5m])) == 0", True),
        ("rate(orders_total[5m]) < 1", True),
        ("absent(orders_total)", True),
        ("time() - orders_last_timestamp_seconds > 60", True),
        ("sum(rate(orders_total[5m])) > 100", False),
        ("sum(rate(orders_total[5m])) == 0 and on () hour() > 9", False),
        ('rate(orders_total[5m]) == 0 and on () calendar_open{calendar="XNYS"} == 1', False),
        ("time() - backup_timestamp_seconds > 86400", False),
    ],
)
def test_silence_of_a_market_needs_a_calendar(codes, expr, found):
    text = f"""\
platform: {{name: desk, calendar: XNYS}}
metrics:
  orders_total: {{help: Orders.}}
  orders_last_timestamp_seconds: {{help: The newest order.}}
  backup_timestamp_seconds: {{help: The newest copy.}}
alerts:
  Silent: {{severity: P2, expr: '{expr}'}}
"""
    assert ("TW131" in codes(text)) is found


def test_always_says_that_silence_is_meant_at_night_too(codes):
    text = """\
platform: {name: desk, calendar: XNYS}
metrics: {orders_total: {help: Orders.}}
alerts: {Silent: {severity: P2, expr: "rate(orders_total[5m]) == 0", only_while: always}}
"""
    assert "TW131" not in codes(text)


def test_what_is_accepted_is_not_found(codes):
    text = """\
metrics: {a_total: {help: A.}}
alerts:
  A: {severity: P2, expr: a_total > 0, accept: {TW111: It is reset by hand.}}
"""
    assert "TW111" not in codes(text)


def test_an_unknown_label_of_a_record_is_found(codes):
    text = """\
metrics: {a_total: {help: A., labels: {v: [x], s: [y]}}}
records: {"a:rate": {expr: "sum by (v) (rate(a_total[5m]))"}}
alerts: {A: {severity: P2, expr: 'a:rate{s="y"} > 0'}}
"""
    assert "TW004" in codes(text)


def test_a_command_of_a_runbook_has_to_be_one(write):
    runbook = "# A\n\n```sh\ngrep 'breaker log\n```\n"
    files = {
        "desk.yaml": "platform: {name: desk}\nalerts: {A: {severity: P2, expr: up == 0}}",
        "runbooks/a.md": runbook,
    }
    told = [each for each in check_catalog(load(write(files)).catalog) if each.code == "TW503"]
    assert [(each.line, each.message) for each in told] == [
        (4, "the command cannot be run: no closing quotation")
    ]


def test_slips_that_stop_a_catalog_from_running_block(pack):
    found = check_catalog(pack("alerts: {A: {severity: P2, expr: 'sum(', owner: nobody}}"))
    assert [fault.message.split(":")[0] for fault in blocking(found)] == [
        "1",
        "owners has no 'nobody'",
    ]


def test_the_example_pack_checks_clean():
    loaded = load(find_pack("example"))
    assert loaded.faults == ()
    assert check_catalog(loaded.catalog) == ()


def test_a_hundred_mistakes_are_a_hundred_findings_in_order(pack):
    alerts = "".join(f"  A{i:03}: {{severity: P2, expr: 'a_total > {i}'}}\n" for i in range(100))
    catalog = pack(f"metrics: {{a_total: {{help: A.}}}}\nalerts:\n{alerts}")
    found = [each for each in check_catalog(catalog) if each.code == "TW111"]
    assert [each.line for each in found] == list(range(4, 104))


def test_a_step_that_reaches_nobody_while_somebody_is_on_call_is_found(pack):
    catalog = pack(
        "schedules: {rota: {people: [ann, ben], escalation: [{after: 5m, schedule: rota}]}}\n"
        "channels: {ann: {kind: telegram, to: '1', secret: ann}}\n"
    )
    told = [each.message for each in check_catalog(catalog)]
    assert "reaches nobody while 'ben' is on call: no channel is called so" in told
