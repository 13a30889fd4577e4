import pytest

from tapewatch.sdk.declaration import declared
from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.region.layout import Kind


@pytest.mark.parametrize(
    ("kind", "name", "options", "message"),
    [
        (Kind.GAUGE, "depth.of", {}, "'depth.of' is not a metric name: use letters"),
        (Kind.COUNTER, "orders", {}, "does not end in _total: call the counter orders_total"),
        (Kind.INFO, "build", {}, "does not end in _info: call the info build_info"),
        (Kind.GAUGE, "lag", {"unit": "ms"}, "does not end in its unit ms: call it lag_ms"),
        (Kind.COUNTER, "paid_total", {"unit": "usd"}, "call it paid_usd_total"),
        (Kind.GAUGE, "depth", {"labels": "venue"}, r"write them as \(\"venue\",\)"),
        (Kind.GAUGE, "depth", {"labels": ("a-b",)}, "has the label 'a-b'"),
        (Kind.GAUGE, "depth", {"labels": ("__a",)}, "has the label '__a'"),
        (Kind.GAUGE, "depth", {"labels": ("le",)}, "readers give that one a meaning"),
        (Kind.GAUGE, "depth", {"labels": ("a", "a")}, "name each of them once"),
        (Kind.STATE, "session", {"states": ("open",)}, "name two or more, each of them once"),
        (Kind.HISTOGRAM, "took", {"cuts": (2, 1)}, "they must be finite and rise"),
        (Kind.HISTOGRAM, "took", {"cuts": (1, float("inf"))}, r"\+Inf comes by itself"),
        (Kind.HISTOGRAM, "took", {"low": 4, "high": 4}, "the upper bound must lie above"),
        (Kind.HISTOGRAM, "took", {"low": -1}, "bounds are above zero; signed=True counts below"),
        (Kind.GAUGE, "depth", {"series_max": 0}, "may have 0 series: allow at least one"),
    ],
)
def test_what_no_reader_takes_is_refused_with_what_would_be_right(kind, name, options, message):
    with pytest.raises(BadDeclaration, match=message):
        declared(kind, name, "", **options)


@pytest.mark.parametrize(
    ("unit", "low", "high"),
    [("seconds", 2**-30, 2**10), ("us", 2**-10, 2**30), ("ns", 1, 2**40), ("", 2**-24, 2**40)],
)
def test_a_histogram_reaches_as_far_as_its_unit_needs(unit, low, high):
    told = declared(Kind.HISTOGRAM, f"took_{unit}" if unit else "took", "", unit=unit)
    assert 2 ** ((told.index_low - 1) / 8) == low
    assert 2 ** ((told.index_low - 1 + told.bucket_count) / 8) == high
