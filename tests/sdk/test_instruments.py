import pytest

from tapewatch.sdk import instruments
from tapewatch.sdk.errors import BadDeclaration, BadLabels, DeclarationConflict
from tapewatch.sdk.region.layout import Drop
from tapewatch.sdk.region.reader import Reader
from tapewatch.sdk.registry import Registry


def seen(registry):
    with Reader(registry.status().path) as reader:
        return reader.snapshot()


def values(registry):
    told = seen(registry)
    return {f"{series.family.name}{series.labels}": told.number(series) for series in told.series}


def counter(registry, **options):
    options = {"labels": ("venue",), "registry": registry, **options}
    return instruments.Counter("orders_total", "Orders", **options)


def test_the_same_labels_give_the_same_handle(registry):
    orders = counter(registry)
    assert orders.bind(venue="a") is orders.bind(venue="a") is orders.labels("a")


def test_bind_refuses_labels_that_were_not_declared(registry):
    orders = counter(registry)
    for labels in ({}, {"symbol": "x"}, {"venue": "a", "symbol": "x"}):
        with pytest.raises(BadLabels, match="its labels are venue"):
            orders.bind(**labels)


def test_a_look_up_with_wrong_labels_is_counted_and_goes_nowhere(registry):
    orders = counter(registry)
    orders.labels().inc()
    orders.labels("a", "b").inc()
    orders.labels(Unprintable()).inc()
    assert values(registry) == {}
    assert seen(registry).drops == {Drop.BAD_LABELS: 3}


class Unprintable:
    def __str__(self):
        raise RuntimeError("no")


def test_the_same_declaration_gives_the_same_instrument(registry):
    assert counter(registry) is counter(registry)


@pytest.mark.parametrize(
    ("again", "message"),
    [
        ({"labels": ("symbol",)}, r"with labels \('venue',\) and now with \('symbol',\)"),
        ({"series_max": 5}, "with series_max 2000 and now with 5"),
    ],
)
def test_a_contradicting_declaration_is_refused(registry, again, message):
    counter(registry)
    with pytest.raises(DeclarationConflict, match=message):
        counter(registry, **again)


def test_another_kind_under_the_same_name_is_refused(registry):
    counter(registry)
    with pytest.raises(DeclarationConflict, match="with kind 'counter' and now with 'gauge'"):
        instruments.Gauge("orders_total", "Orders", labels=("venue",), registry=registry)


def test_series_over_the_limit_share_one_and_are_counted(registry):
    orders = counter(registry, series_max=2)
    for venue in ("a", "b", "c", "d", "c"):
        orders.labels(venue).inc()
    assert values(registry) == {
        'orders_total{venue="a"}': 1,
        'orders_total{venue="b"}': 1,
        'orders_total{overflow="true"}': 3,
    }
    told = seen(registry)
    assert told.refused(told.directory.families[0]) == 3
    assert told.drops == {Drop.SERIES_OVER_LIMIT: 3}


def test_a_region_without_room_takes_no_more_series_and_says_so(registry):
    took = instruments.Histogram("took", "T", labels=("n",), registry=registry)
    for number in range(100):
        took.labels(number).observe(3.0)
    told = seen(registry)
    kept = len(list(told.series))
    assert 50 < kept < 100
    assert told.drops == {Drop.VALUES_FULL: 100 - kept}
    assert all(told.histogram(series).count == 1 for series in told.series)


def test_long_label_values_are_cut_and_counted(registry):
    counter(registry).bind(venue="x" * 1000).inc()
    (series,) = seen(registry).series
    assert series.labels.get("venue") == "x" * 512
    assert seen(registry).drops == {Drop.TOO_LONG: 1}


def test_a_timer_counts_time_alone(registry):
    with pytest.raises(BadDeclaration, match="a timer's is seconds, ms, us or ns"):
        instruments.Timer("size_bytes", "S", unit="bytes", registry=registry)
    timer = instruments.Timer("step_us", "S", unit="us", registry=registry).bind()
    with timer.time():
        pass
    assert timer.count == 1


def test_a_state_that_was_not_declared_is_dropped(registry):
    state = instruments.State("s", "S", states=("shut", "open"), registry=registry).bind()
    state.set("open")
    state.set("ajar")
    assert state.state == "open"
    assert seen(registry).drops == {Drop.UNKNOWN_STATE: 1}


def test_an_info_says_one_thing_at_a_time(registry):
    build = instruments.Info("build_info", "B", labels=("part",), registry=registry)
    handle = build.bind(part="router")
    for version in ("1", "2", "1", "1"):
        handle.set(version=version)
    assert values(registry) == {'build_info{part="router", version="1"}': 1}
    handle.set(part="other")
    assert seen(registry).drops == {Drop.BAD_LABELS: 1}
    assert build.bind(part="router") is handle


def test_a_note_is_cut_between_two_letters(registry):
    note = instruments.Note("why", "W", registry=registry).bind()
    assert note.text == ""
    note.set("ü" * 200)
    assert note.text == "ü" * 116
    note.set(None)
    assert seen(registry).drops == {Drop.BAD_TEXT: 1}


def test_classic_cuts_and_texts_travel_with_the_declaration(registry):
    instruments.Histogram("took_ms", "Time", unit="ms", cuts=(1, 2.5, 10), registry=registry).bind()
    (family,) = seen(registry).directory.families
    assert (family.help, family.unit, family.cuts) == ("Time", "ms", (1.0, 2.5, 10.0))


def test_an_instrument_of_another_registry_has_its_own_cells_of_the_same_size(registry):
    home = Registry({"TAPEWATCH_REGION": "off"})
    there = instruments.Histogram("order_send_seconds", "Sending", labels=("venue",), registry=home)
    here = there.of(registry)
    here.bind(venue="a").observe(0.5)
    here.bind(venue="b").observe(0.5)
    told = seen(registry)
    assert [told.histogram(series).count for series in told.series] == [1, 1]
    assert there.bind(venue="a").count == 0
    assert here.of(None) is here is there.of(registry)
