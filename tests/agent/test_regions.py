import os
import signal
import struct
import time

import pytest
from tests.agent.seen import one, values

from tapewatch.agent.post_mortem import PostMortems
from tapewatch.agent.regions import CLOSED_SHOWN_NS, SHOWN_NS, Regions
from tapewatch.model.clock import ManualClock, SystemClock
from tapewatch.sdk import instruments
from tapewatch.sdk.region.file import Place
from tapewatch.sdk.region.layout import HEADER, Sections
from tapewatch.sdk.region.reader import Reader
from tapewatch.sdk.registry import Start

TINY = Sections(4096, 4096, 1, 1, 1)
COUNT = "orders = Counter('orders_total', 'O').bind(); orders.inc(5)"


def states(regions):
    regions.look()
    return {process.instance: process.state for process in regions}


def test_a_running_process_is_read(start, regions):
    start(COUNT)
    read = one(regions)
    assert (read.process.state, read.process.up) == ("quiet", True)
    assert values(read.reading) == {"orders_total": 5}
    assert read.reading.plan.labels[-1].as_dict() == {
        "__name__": "orders_total",
        "service": "desk",
        "instance": "one",
    }


def test_a_process_that_is_killed_is_dead_and_its_last_numbers_are_read(start, regions, die):
    process = start(COUNT)
    one(regions)
    die(process)
    ended = regions.look()
    (read,) = regions.read(ended)
    assert (read.last, read.process.state, read.process.up) == (True, "dead", False)
    assert values(read.reading) == {"orders_total": 5}
    assert regions.look() == []
    assert list(regions.read()) == []


def test_a_process_that_ends_on_purpose_is_closed(start, regions):
    process = start(COUNT)
    one(regions)
    process.communicate("")
    regions.look()
    (seen,) = regions
    assert seen.state == "closed"


def test_a_stopped_process_is_stopped(start, regions):
    process = start(COUNT)
    process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 10
    while states(regions) != {"one": "stopped"}:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGCONT)


def test_a_broken_promise_is_a_process_that_hangs(start, regions):
    start(COUNT + "; promise(0.001); beat()")
    deadline = time.monotonic() + 10
    while states(regions) != {"one": "hung"}:
        assert time.monotonic() < deadline
    (process,) = regions
    assert not process.up
    assert process.beats
    assert abs(process.heartbeat_ns() - time.time_ns()) < 20e9


def test_a_sealed_region_is_read_after_its_name_has_gone(start, regions, die, tmp_path):
    regions.post_mortems = PostMortems(tmp_path)
    process = start(COUNT, TAPEWATCH_REGION_SEALED="1")
    one(regions)
    die(process)
    (read,) = regions.read(regions.look())
    assert values(read.reading) == {"orders_total": 5}
    (kept,) = tmp_path.glob("*.region")
    with Reader(kept) as reader:
        assert reader.head().standing().value == "dead"


def test_two_processes_by_one_name_are_told_apart(start, regions):
    start(COUNT), start(COUNT)
    regions.look()
    names = sorted(process.instance for process in regions)
    pids = {process.instance: process.head.identity.pid for process in regions}
    assert names[0] == "one"
    assert names[1] == f"one/{pids[names[1]]}"


def test_a_second_process_may_have_the_name_of_a_dead_one(start, regions, die):
    first = start(COUNT)
    one(regions)
    die(first)
    regions.look()
    start(COUNT)
    regions.look()
    assert {(each.instance, each.state) for each in regions} == {("one", "dead"), ("one", "quiet")}
    (shown,) = regions.shown()
    assert shown.up


def test_who_died_long_before_is_not_told_of(folder, make):
    clock = ManualClock(time.time_ns())
    make()
    (path,) = folder.glob("*.region")
    with path.open("r+b") as file:
        file.seek(HEADER.offset("process_start_ticks"))
        file.write(struct.pack("<Q", 1))
    regions = Regions(lambda: [folder], clock)
    regions.look()
    assert len(regions.shown()) == 1
    clock.step(SHOWN_NS / 1e9 + 1)
    assert regions.shown() == []
    assert CLOSED_SHOWN_NS < SHOWN_NS


def test_a_forked_child_is_a_process_of_its_own(start, regions):
    parent = start(
        """
    import os
    orders = Counter("orders_total", "O").bind(); orders.inc(5)
    if os.fork() == 0:
        orders.inc(2)
        import time
        time.sleep(60)
    """,
        instance="desk:0",
    )
    deadline = time.monotonic() + 10
    while sorted(states(regions).values()) != ["quiet", "quiet"]:
        assert time.monotonic() < deadline
    pids = [process.head.identity.pid for process in regions]
    while sorted(values(read.reading)["orders_total"] for read in regions.read()) != [2, 5]:
        assert time.monotonic() < deadline
    for pid in set(pids) - {parent.pid}:
        os.kill(pid, signal.SIGKILL)


def test_a_thousand_regions_are_read(folder, make):
    home = make(sections=TINY)
    instruments.Counter("orders_total", "O", registry=home).bind().inc(3)
    whole = home.status().path.read_bytes()
    field = HEADER.field("instance")
    for number in range(1000):
        data = bytearray(whole)
        data[field.offset : field.offset + field.size] = f"i{number}".encode().ljust(
            field.size, b"\0"
        )
        (folder / f"copy-{number}.region").write_bytes(data)
    regions = Regions(lambda: [folder], SystemClock())
    regions.look()
    read = list(regions.read())
    assert len(read) == 1001
    assert all(values(each.reading) == {"orders_total": 3} for each in read)
    regions.close()


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing", "text"])
def test_what_is_no_region_is_passed_over(folder, regions, kind):
    path = folder / "x.region"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to nothing":
        path.symlink_to(folder / "nowhere")
    else:
        path.write_text("no region\n" * 1000)
    assert regions.look() == []
    assert list(regions.read()) == []


def test_the_reader_writes_nothing(start, regions):
    start(COUNT)
    regions.look()
    (process,) = regions
    before = process.path.read_bytes()
    for _ in range(3):
        list(regions.read())
    assert process.path.read_bytes() == before


def test_errors_are_counted_even_when_their_slots_are_used_again(make, regions):
    home = make()
    for number in range(20):
        home.errors.record(ValueError(f"bad price {number}"))
        one(regions)
    reading = one(regions).reading
    told = dict(zip([each.name for each in reading.plan.labels], reading.values, strict=True))
    assert told["region_errors_total"] == 20


def test_drops_have_a_series_for_every_reason(make, regions):
    home = make()
    instruments.Gauge("depth", "D", registry=home).bind().set("no number")
    read = one(regions)
    assert read.process.drops == {"not_a_number": 1}
    labels = [dict(each) for each in read.reading.plan.labels if each.name == "region_drops_total"]
    assert {each["reason"] for each in labels} >= {"not_a_number", "directory_full"}


def test_a_process_that_calls_itself_otherwise_is_told_by_its_new_name(make, folder, regions):
    home = make("python", "old")
    instruments.Gauge("depth", "D", registry=home).bind().set(1)
    one(regions)
    home.start(Start("maker", "new", Place(folder, on_disk=True)))
    deadline = time.monotonic() + 10
    while (labels := one(regions).reading.plan.labels[-1]).get("service") != "maker":
        assert time.monotonic() < deadline
    assert labels.get("instance") == "new"
