import struct
import time

import pytest
from tests.agent.seen import one, values

from tapewatch.sdk import instruments
from tapewatch.sdk.region.layout import (
    FAMILY,
    HEADER,
    REMOVED,
    SERIES,
    Kind,
    pack_entry,
    pack_strings,
)


def header(path):
    return HEADER.unpack(path.read_bytes())


def poke(path, name, value):
    field = HEADER.field(name)
    with path.open("r+b") as file:
        file.seek(field.offset)
        file.write(struct.pack("<" + field.form, value))


def add_entry(path, entry):
    """Append an entry as a writer in another language would, with whatever it holds."""
    told = header(path)
    with path.open("r+b") as file:
        file.seek(told["directory_offset"] + told["directory_used"])
        file.write(entry)
    poke(path, "directory_used", told["directory_used"] + len(entry))
    poke(path, "epoch", told["epoch"] + 1)


def family(number, name, kind=Kind.GAUGE, **fields):
    fixed = FAMILY.pack(type=1, number=number, kind=kind, series_max=9, **fields)
    return pack_entry(fixed, pack_strings((name, "", "")))


def series(number, of, offset, *pairs):
    fixed = SERIES.pack(
        type=2, number=number, family=of, value_offset=offset, value_bytes=8, pair_count=len(pairs)
    )
    return pack_entry(fixed, pack_strings(tuple(text for pair in pairs for text in pair)))


@pytest.fixture
def region(make):
    home = make()
    instruments.Gauge("depth", "D", registry=home).bind().set(7)
    return home.status().path


def left_out(regions):
    read = one(regions)
    return read.reading.plan.left_out, values(read.reading)


def test_a_value_outside_of_the_values_is_left_out(region, regions):
    add_entry(region, series(900, 0, 1 << 40, ("venue", "x")))
    add_entry(region, series(901, 0, header(region)["values_offset"] + 3, ("venue", "y")))
    why, told = left_out(regions)
    assert why == [
        'depth{venue="x"}: no room for its value',
        'depth{venue="y"}: no room for its value',
    ]
    assert told == {"depth": 7}


def test_a_series_that_stands_twice_counts_once(region, regions):
    add_entry(region, series(900, 0, header(region)["values_offset"] + 64))
    why, told = left_out(regions)
    assert why == ['depth{instance="one", service="desk"} stands there twice']
    assert told == {"depth": 7}


def test_a_metric_without_a_name_is_left_out(region, regions):
    add_entry(region, family(900, ""))
    add_entry(region, series(900, 900, header(region)["values_offset"]))
    assert left_out(regions) == (["a metric has no name"], {"depth": 7})


def test_labels_may_hold_anything(region, regions):
    add_entry(region, series(900, 0, header(region)["values_offset"], ("a b\n", 'x"\\\u2028')))
    _, told = left_out(regions)
    assert len(told) == 2


def test_a_label_cannot_rename_the_metric(region, regions):
    add_entry(region, series(900, 0, header(region)["values_offset"], ("__name__", "up")))
    assert all(name.startswith("depth") for name in left_out(regions)[1])


def test_histograms_that_overlap_for_ever_are_left_out(region, regions):
    begin = header(region)["values_offset"]
    add_entry(region, family(900, "h", Kind.HISTOGRAM, bucket_count=30_000))
    for number in range(20):
        add_entry(region, series(900 + number, 900, begin, ("n", str(number))))
    read = one(regions)
    assert 0 < len(read.reading.plan.histograms) < 20


def test_bounds_that_no_number_has_are_a_fault_and_not_an_end(region, regions):
    begin = header(region)["values_offset"]
    add_entry(region, family(900, "h", Kind.HISTOGRAM, bucket_count=8, index_low=2**31 - 1))
    add_entry(region, series(900, 900, begin))
    read = one(regions)
    assert read.reading is None
    assert read.process.state == "unreadable"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("version", 99, "its layout has version 99"),
        ("magic", b"NOTAPEWA", "does not begin with TAPEWTCH"),
        ("values_bytes", 1 << 60, "its values would lie beyond its end"),
        ("directory_used", 1 << 50, "its directory would be more than full"),
        ("ring_slots", 1 << 59, "its ring would lie beyond its end"),
        ("region_bytes", 1 << 62, "it says that it has 4,611,686,018,427,387,904 bytes"),
    ],
)
def test_a_header_that_lies_is_not_believed(region, regions, field, value, told):
    poke(region, field, value)
    regions.look()
    (process,) = regions
    assert process.state == "unreadable"
    assert told in process.fault
    assert list(regions.read()) == []


def test_a_file_that_is_cut_off_is_unreadable(region, regions):
    # A copy, because to cut off the file of a process without the guard would end it.
    copy = region.with_name("copy.region")
    copy.write_bytes(region.read_bytes())
    region.unlink()
    assert one(regions).reading is not None
    with copy.open("r+b") as file:
        file.truncate(8192)
    read = one(regions)
    assert read.reading is None
    assert "bytes" in read.process.fault


def test_a_region_that_is_whole_again_is_read_again(region, regions):
    poke(region, "version", 99)
    regions.look()
    poke(region, "version", 1)
    assert values(one(regions).reading) == {"depth": 7}


def test_what_is_new_in_the_directory_is_planned_at_the_next_occasion(make, regions):
    home = make()
    orders = instruments.Counter("orders_total", "O", labels=("venue",), registry=home)
    orders.bind(venue="a").inc()
    plan = one(regions).reading.plan
    assert one(regions).reading.plan is plan
    orders.bind(venue="b").inc(2)
    deadline = time.monotonic() + 10
    while (told := values(one(regions).reading)) and len(told) < 2:
        assert time.monotonic() < deadline
    assert told == {'orders_total{venue="a"}': 1, 'orders_total{venue="b"}': 2}


def test_the_removed_are_not_told(make, regions):
    home = make()
    orders = instruments.Counter("orders_total", "O", labels=("venue",), registry=home)
    orders.bind(venue="a"), orders.bind(venue="b")
    orders.remove(venue="a")
    assert REMOVED
    assert values(one(regions).reading) == {'orders_total{venue="b"}': 0}
