import os
import time

import pytest

from tapewatch.model.histograms import Histogram
from tapewatch.sdk import instruments
from tapewatch.sdk.errors import RegionUnreadable
from tapewatch.sdk.region.identity import Identity, own_identity
from tapewatch.sdk.region.layout import HEADER, Drop, Life
from tapewatch.sdk.region.reader import Reader, Standing, counts_up_to, regions
from tapewatch.sdk.region.ring import read_events


@pytest.fixture
def reader(registry):
    with Reader(registry.status().path) as opened:
        yield opened


def named(snapshot):
    return {(series.family.name, str(series.labels)): series for series in snapshot.series}


def test_what_was_written_is_read_back(registry, reader):
    orders = instruments.Counter("orders_total", "Orders", labels=("venue",), registry=registry)
    orders.bind(venue="binance").inc(3)
    instruments.Gauge("depth", "Depth", registry=registry).bind().set(-2.5)
    session = instruments.State("session", "S", states=("closed", "open"), registry=registry)
    session.bind().set("open")
    instruments.Note("halt_reason", "Why", registry=registry).bind().set("drawdown")
    instruments.Info("build_info", "B", registry=registry).bind().set(
        version="1.2", commit="c0ffee"
    )
    seen = reader.snapshot()
    series = named(seen)
    assert seen.number(series["orders_total", '{venue="binance"}']) == 3
    assert seen.number(series["depth", "{}"]) == -2.5
    assert seen.state(series["session", "{}"]) == "open"
    assert reader.note(series["halt_reason", "{}"]) == "drawdown"
    assert seen.number(series["build_info", '{commit="c0ffee", version="1.2"}']) == 1
    assert (seen.head.service, seen.head.instance) == ("desk", "one")
    assert seen.head.identity == own_identity()
    assert seen.head.life is Life.LIVE


def test_a_histogram_is_read_as_a_native_one(registry, reader):
    slippage = instruments.Histogram(
        "slippage_bps", "S", unit="bps", low=0.5, high=64, signed=True, registry=registry
    ).bind()
    for value in (0.25, 1.0, 1.0, -8.0, 1000.0):
        slippage.observe(value)
    seen = reader.snapshot()
    (series,) = seen.series
    histogram = seen.histogram(series)
    assert histogram == Histogram(
        schema=3,
        count=5,
        sum=994.25,
        zero_threshold=0.5,
        zero_count=1,
        positive={0: 2.0, 49: 1.0},
        negative={24: 1.0},
    )
    assert histogram.faults() == []
    assert seen.extremes(series) == (-8.0, 1000.0)


def test_only_what_is_new_in_the_directory_is_read_again(registry, reader):
    first = reader.snapshot()
    assert reader.snapshot().directory is first.directory
    orders = instruments.Counter("orders_total", "O", labels=("venue",), registry=registry)
    orders.bind(venue="a")
    orders.bind(venue="b")
    assert len(reader.snapshot().directory.series) == 2
    orders.bind(venue="c")
    assert [str(each.labels) for each in reader.snapshot().series][-1] == '{venue="c"}'


def test_a_removed_series_goes_and_comes_back_at_zero(registry, reader):
    orders = instruments.Counter("orders_total", "O", labels=("venue",), registry=registry)
    orders.bind(venue="a").inc(5)
    assert len(list(reader.snapshot().series)) == 1
    orders.remove(venue="a")
    assert list(reader.snapshot().series) == []
    orders.labels("a").inc()
    seen = reader.snapshot()
    (series,) = seen.series
    assert (seen.number(series), len(seen.directory.series)) == (1, 1)


def test_names_of_the_process_may_change(registry, reader):
    reader.snapshot()
    registry.region.rename("desk-2", "two")
    head = reader.snapshot().head
    assert (head.service, head.instance) == ("desk-2", "two")


def test_errors_are_read_once_each_with_their_count(registry, reader):
    for number in range(3):
        try:
            raise ValueError("no price" if number else "no book")
        except ValueError as error:
            registry.errors.record(error)
    first, second = reader.errors()
    assert "ValueError: no price" in first.text
    assert (first.count, second.count) == (2, 1)
    assert first.last_ns > first.first_ns == pytest.approx(time.time_ns(), abs=60e9)


def test_the_error_that_was_quiet_longest_makes_room(registry, reader):
    for number in range(9):
        registry.errors.record(ValueError(number))
    texts = {error.text for error in reader.errors()}
    assert texts == {f"ValueError: {number}" for number in range(1, 9)}
    assert reader.snapshot().drops == {Drop.ERRORS_REPLACED: 1}


def test_events_are_read_with_their_formats(registry, reader):
    number = registry.region.format("{venue}: {gap} are missing")
    registry.ring.push(number, "binance", 12)
    told = read_events(*reader.ring())
    (event,) = told.events
    assert reader.snapshot().directory.formats[event.format] == "{venue}: {gap} are missing"
    assert event.arguments == ("binance", 12)
    seconds = reader.head().realtime_ns(event.monotonic_ns) / 1e9
    assert seconds == pytest.approx(time.time(), abs=60)


def test_exemplars_are_read(registry, reader):
    latency = instruments.Timer("latency_seconds", "L", registry=registry).bind()
    latency.observe(0.25, bytes(range(16)))
    (seen,) = reader.exemplars()
    assert (seen.value, seen.trace_id, seen.span_id) == (0.25, bytes(range(16)).hex(), "")


def test_a_change_amid_which_the_writer_died_does_not_stop_the_reader(registry, reader):
    instruments.Counter("orders_total", "O", registry=registry).bind().inc()
    registry.region.memory.store(HEADER.offset("in_progress"), 1)
    seen = reader.snapshot()
    assert [seen.number(series) for series in seen.series] == [1]


def test_an_entry_that_is_claimed_and_not_written_is_read_later(registry, reader):
    memory = registry.region.memory
    used = memory.load(HEADER.offset("directory_used"))
    memory.store(HEADER.offset("directory_used"), used + 64)
    assert reader.snapshot().directory.families == ()
    memory.store(HEADER.offset("directory_used"), used)
    instruments.Counter("orders_total", "O", registry=registry).bind()
    assert [family.name for family in reader.snapshot().directory.families] == ["orders_total"]


def test_a_file_that_is_no_region_is_refused(tmp_path):
    wrong = tmp_path / "x.region"
    for content, message in [
        (b"", "it was cut off: 0 bytes of 4,096 are there"),
        (bytes(4096), "does not begin with TAPEWTCH"),
        (HEADER.pack(magic=b"TAPEWTCH", version=9), "its layout has version 9"),
    ]:
        wrong.write_bytes(content)
        with Reader(wrong) as reader, pytest.raises(RegionUnreadable, match=message):
            reader.snapshot()
    with pytest.raises(RegionUnreadable, match="No such file"):
        Reader(tmp_path / "none.region")


def test_a_region_that_was_cut_off_is_told(registry, reader, shared_folder):
    copy = shared_folder / "copy.region"
    copy.write_bytes(registry.status().path.read_bytes()[:8192])
    with Reader(copy) as cut, pytest.raises(RegionUnreadable, match="it was cut off"):
        cut.snapshot()
    assert regions(shared_folder) == [registry.status().path, copy]


def head_with(reader, **changes):
    import dataclasses

    return dataclasses.replace(reader.head(), **changes)


def test_the_standing_of_a_writer_tells_dead_from_hung_from_quiet(registry, reader):
    assert reader.head().standing() is Standing.QUIET
    registry.region.promise(1_000_000_000)
    beaten_ns = reader.head().heartbeat_monotonic_ns
    assert reader.head().standing(beaten_ns + 2_900_000_000) is Standing.LIVE
    assert reader.head().standing(beaten_ns + 3_100_000_000) is Standing.HUNG
    gone = own_identity()._replace(start_ticks=1)
    assert head_with(reader, identity=gone).standing() is Standing.DEAD
    assert head_with(reader, life=Life.CLOSED).standing() is Standing.CLOSED


def test_a_process_of_another_container_is_told_by_its_promise_alone(reader):
    elsewhere = Identity(1, 1, own_identity().boot_id, 1)
    assert head_with(reader, identity=elsewhere).standing() is Standing.QUIET


def test_a_process_of_another_boot_is_dead(reader):
    before = Identity(os.getpid(), own_identity().start_ticks, bytes(16), 0)
    assert head_with(reader, identity=before).standing() is Standing.DEAD


def test_classic_counts_share_a_bucket_at_a_bound_inside_of_it():
    histogram = Histogram(schema=3, count=14, zero_threshold=0.5, zero_count=2, positive={8: 10.0})
    assert counts_up_to(histogram, (0.5, 1.5, 2.0, 4.0)) == [2, 2, 12, 12]
    middle = 2 ** (7.5 / 8)
    assert counts_up_to(histogram, (-0.5, 0.0, middle)) == [0, 1, 7]
